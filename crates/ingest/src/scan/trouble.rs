//! What can be wrong with a file or folder: a stable code for programs, a sentence that says what to do for people.

use std::io;

use crate::media::MediaError;

/// The code of what is wrong with lyrics, which goes when they are read again.
pub(super) const LYRICS_UNREADABLE: &str = "lyrics_unreadable";

/// The code of a sound that ends too soon, which stays until the file is another one.
pub(super) const CUT_OFF: &str = "cut_off";

/// The code of what was there a moment ago.
pub(super) const VANISHED: &str = "vanished";

/// Something that is wrong with a file or folder of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// A stable word.
    pub(super) code: &'static str,
    /// What is wrong and what to do about it.
    pub(super) reason: String,
    /// Nothing about the file needs to change for this to mend itself, so the next scan looks again.
    pub(super) passing: bool,
}

impl Trouble {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), passing: false }
    }

    fn passing(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), passing: true }
    }

    pub(super) fn empty() -> Self {
        Self::new("empty", "The file is empty. Copy it here again, or delete it.")
    }

    pub(super) fn not_media() -> Self {
        Self::new(
            "not_media",
            "This is no sound or film, whatever its name says. Delete it, or give it its right name.",
        )
    }

    pub(super) fn playlist() -> Self {
        Self::new(
            "playlist",
            "This is a playlist, which only names other files. Those are taken in by themselves; delete it or give \
             it its right ending.",
        )
    }

    pub(super) fn picture() -> Self {
        Self::new(
            "picture_not_audio",
            "This is a picture with the name of a song. Give it the right ending, such as .png or .jpg.",
        )
    }

    pub(super) fn truncated() -> Self {
        Self::new("truncated", "The file ends before its contents do. Copy it here again from a whole one.")
    }

    /// Decoding comes to an end before the header's.
    pub(super) fn cut_off(there_ms: u64, told_ms: u64) -> Self {
        let clock = |ms: u64| format!("{}:{:02}", ms / 60_000, ms / 1000 % 60);
        Self::new(
            CUT_OFF,
            format!(
                "Only {} of {} can be heard: the file is cut off or damaged there. It was taken in and plays up to \
                 there. Copy it here again from a whole one.",
                clock(there_ms),
                clock(told_ms)
            ),
        )
    }

    pub(super) fn tag_too_large() -> Self {
        Self::new(
            "too_large_tag",
            "A tag in this file is larger than any title, name or picture needs. Write its tags anew.",
        )
    }

    pub(super) fn tag_cut(what: &str) -> Self {
        Self::new(
            "too_large_tag",
            format!("{what} The file was taken in with the beginning of it. Write its tags anew."),
        )
    }

    pub(super) fn lyrics(why: &str) -> Self {
        Self::new(
            LYRICS_UNREADABLE,
            format!(
                "These lyrics can't be read: {why}. Write them anew as .lrc, .ttml or .txt, or delete them."
            ),
        )
    }

    pub(super) fn panicked() -> Self {
        Self::new(
            "damaged",
            "The file is damaged in a way that its tags can't be read. Write its tags anew, or replace it.",
        )
    }

    pub(super) fn too_slow() -> Self {
        Self::passing(
            "too_slow",
            "Reading the file took too long. Check the drive that it is on; the next scan tries again.",
        )
    }

    pub(super) fn growing() -> Self {
        Self::passing(
            "growing",
            "The file changed while it was read. It is taken in when nothing writes to it any more.",
        )
    }

    pub(super) fn link() -> Self {
        Self::new(
            "link_not_followed",
            "This is a link that leads out of the library, and such links are not followed. Add the folder that \
             it leads to as a library of its own.",
        )
    }

    pub(super) fn path_too_long() -> Self {
        Self::new(
            "path_too_long",
            format!(
                "The folder's path is longer than {} bytes, so what is in it was left out. Move it further up.",
                super::walk::PATH_BYTES_MAX
            ),
        )
    }

    pub(super) fn too_many_entries() -> Self {
        Self::new(
            "folder_too_large",
            format!(
                "More than {} files are in this one folder, so it was left as it was. Spread them over several.",
                super::walk::ENTRIES_MAX
            ),
        )
    }

    pub(super) fn nested_in_itself() -> Self {
        Self::new(
            "folder_in_itself",
            "This folder has itself in it through a mount, and was not entered again.",
        )
    }

    pub(super) fn unmounted() -> Self {
        Self::passing(
            "unmounted",
            "A drive that was mounted here is not. Mount it and scan again; until then nothing of it is hidden.",
        )
    }

    pub(super) fn picture_unreadable(why: &str) -> Self {
        Self::new(
            "bad_picture",
            format!("The file was taken in, but not its picture: {why}. Replace the picture in its tags."),
        )
    }

    /// A file that ffprobe was asked about; `None` when the program stops.
    pub(super) fn of_media(error: &MediaError) -> Option<Self> {
        let (code, reason) = (error.code(), error.to_string());
        match error {
            MediaError::Cancelled => None,
            MediaError::Transient { code: "file_changing", .. } => Some(Self::growing()),
            MediaError::Refused { code: "empty_file", .. } => Some(Self::empty()),
            MediaError::Refused { code: "absent", .. } => Some(Self::passing(VANISHED, reason)),
            MediaError::Refused { code: "unreadable", .. } => {
                Some(Self::passing("unreadable_permission", reason))
            }
            error if error.is_transient() => Some(Self::passing(code, reason)),
            _ => Some(Self::new(code, reason)),
        }
    }

    /// A file that can't be opened or read.
    pub(super) fn of_file(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::passing(
                "unreadable_permission",
                "The server may not read this file. Give its user permission; the next scan tries again.",
            ),
            io::ErrorKind::NotFound => {
                Self::passing(VANISHED, "The file vanished while the library was scanned.")
            }
            _ => Self::passing(
                "unreadable",
                format!("The file can't be read: {error}. Check the drive; the next scan tries again."),
            ),
        }
    }

    /// A folder that can't be listed.
    pub(super) fn of_folder(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::passing(
                "unreadable_folder",
                "The server may not list this folder. Give its user permission and scan again; until then \
                 nothing of it is hidden.",
            ),
            _ => Self::passing(
                "unreadable_folder",
                format!(
                    "The folder can't be listed: {error}. Check the drive and scan again; until then nothing of \
                     it is hidden."
                ),
            ),
        }
    }
}
