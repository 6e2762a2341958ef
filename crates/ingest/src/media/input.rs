//! The file that is read: what it is before ffmpeg sees it, and whether it is still the same afterwards.

use std::{
    ffi::OsString,
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use tokio::io::AsyncReadExt as _;

use super::error::MediaError;

/// A regular, non-empty file, and its state when it was first looked at.
#[derive(Debug, Clone)]
pub(super) struct Input {
    path: PathBuf,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl State {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Input {
    /// Looks at the file and refuses what can be refused without ffmpeg.
    pub(super) async fn open(path: &Path) -> Result<Self, MediaError> {
        // The scan takes no links, so a link was put in the place of what it took, and may lead out of the library.
        let own = tokio::fs::symlink_metadata(path).await.map_err(|error| MediaError::open(&error))?;
        if own.is_symlink() {
            return Err(MediaError::open(&ErrorKind::NotFound.into()));
        }
        let path = tokio::fs::canonicalize(path).await.map_err(|error| MediaError::open(&error))?;
        // The metadata comes first: opening a named pipe would wait for its other end.
        let metadata = tokio::fs::metadata(&path).await.map_err(|error| MediaError::open(&error))?;
        if !metadata.is_file() {
            return Err(MediaError::refused("not_a_file", "This is not a file. Choose a media file."));
        }
        if metadata.len() == 0 {
            return Err(MediaError::refused(
                "empty_file",
                "The file is empty. Check that it was copied whole, then try again.",
            ));
        }
        let file = tokio::fs::File::open(&path).await.map_err(|error| MediaError::open(&error))?;
        let mut head = Vec::new();
        file.take(HEAD_BYTES)
            .read_to_end(&mut head)
            .await
            .map_err(|error| MediaError::io("The file could not be read", &error))?;
        refuse_playlist(&head)?;
        Ok(Self { path, state: State::of(&metadata) })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its size when first looked at.
    pub(super) fn bytes(&self) -> u64 {
        self.state.bytes
    }

    /// Its name for ffmpeg. The prefix keeps names such as `concat:…` from being read as a protocol.
    pub(super) fn argument(&self) -> OsString {
        let mut argument = OsString::from("file:");
        argument.push(&self.path);
        argument
    }

    /// Fails if the file is another one, or of another size or time, than when it was first looked at.
    pub(super) async fn check_unchanged(&self) -> Result<(), MediaError> {
        let now = tokio::fs::metadata(&self.path).await.ok().map(|metadata| State::of(&metadata));
        if now == Some(self.state) {
            return Ok(());
        }
        Err(changing())
    }

    /// Fails if the file is not the one that was probed.
    pub(super) fn check_size(&self, bytes: u64) -> Result<(), MediaError> {
        if self.state.bytes == bytes { Ok(()) } else { Err(changing()) }
    }
}

fn changing() -> MediaError {
    MediaError::transient(
        "file_changing",
        "The file changed while it was read. It is tried again once it stays the same; if it is still being \
         copied there is nothing to do.",
    )
}

/// How much of the file is looked at for [`refuse_playlist`].
const HEAD_BYTES: u64 = 512;

/// Texts that name other files or addresses. The format list would refuse them as well; this gives the reason.
fn refuse_playlist(head: &[u8]) -> Result<(), MediaError> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let markup = starts(b"<") && {
        let lower = text.to_ascii_lowercase();
        [&b"<mpd"[..], b"<smil", b"<asx", b"<playlist", b"<assetmap", b"<compositionplaylist"]
            .iter()
            .any(|word| lower.windows(word.len()).any(|window| window == *word))
    };
    if markup
        || [&b"#EXTM3U"[..], b"ffconcat", b"[playlist]", b"#EXTINF", b"v=0\r\n", b"v=0\n"]
            .iter()
            .any(|w| starts(w))
    {
        return Err(MediaError::refused(
            "playlist",
            "This is a playlist that names other files, not a media file. Upload the media itself.",
        ));
    }
    Ok(())
}
