//! The shapes of the media index.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use kernel::Time;
use serde::{Deserialize, Serialize};

use super::Bandwidth;
use crate::{AlbumId, CaptionId, MediaId, RenditionId};

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of a library, by its absolute path.
    File {
        /// The path as text: make it with [`Source::file`] and read it with [`Source::path`], since a path need not be
        /// text.
        path: String,
    },
    /// An uploaded file in the blobs.
    Blob {
        /// The blob's name.
        key: String,
    },
    /// No file: the tracks of an album, one after the other.
    Run {
        /// Which album.
        album: AlbumId,
    },
}

/// What the text of a path begins with when the path is no text: its bytes in hexadecimal follow. No absolute path
/// begins so.
const PATH_BYTES: &str = "bytes:";

impl Source {
    /// A file by its absolute path, whatever bytes that is made of.
    pub fn file(path: &Path) -> Self {
        let text = path.to_str().map(str::to_owned);
        let hexadecimal = || {
            let bytes = path.as_os_str().as_bytes().iter();
            bytes.fold(PATH_BYTES.to_owned(), |text, byte| format!("{text}{byte:02x}"))
        };
        Self::File { path: text.unwrap_or_else(hexadecimal) }
    }

    /// The path of a file; `None` when the source is in the blobs.
    pub fn path(&self) -> Option<PathBuf> {
        let Self::File { path } = self else { return None };
        let Some(digits) = path.strip_prefix(PATH_BYTES) else { return Some(PathBuf::from(path)) };
        let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
        let byte = |pair: &[u8]| pair.iter().fold(0, |byte, &each| byte << 4 | digit(each));
        let bytes = digits.as_bytes().chunks(2).map(|pair| u8::try_from(byte(pair)).unwrap_or(0)).collect();
        Some(PathBuf::from(OsString::from_vec(bytes)))
    }
}

/// A source and what is known of it without decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub place: Source,
    /// Its size.
    pub bytes: u64,
    /// Any number that changes whenever the bytes do, such as a file's time of change. With another `stamp` or size
    /// what was encoded of it is thrown away.
    pub stamp: i64,
    /// Its type, as a player is told: `audio/flac`.
    pub mime: String,
    /// The codec of its sound, or of its picture when it has one: `flac`, `h264`.
    pub codec: String,
    /// Thousand bits a second on average, 0 when unknown.
    pub bitrate_kbps: u32,
    /// Samples a second, 0 without sound.
    pub sample_rate_hz: u32,
    /// Channels, 0 without sound.
    pub channels: u32,
    /// How long it plays.
    pub duration_ms: u64,
}

impl SourceFile {
    /// The ending of the file's name, in small letters: its own where that is an ordinary one, else one for its type.
    pub fn suffix(&self) -> String {
        let name = match &self.place {
            Source::File { path } if path.starts_with(PATH_BYTES) => "",
            Source::File { path } => path,
            Source::Blob { key } => key,
            Source::Run { .. } => "",
        };
        let name = name.rsplit('/').next().unwrap_or_default();
        let own = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| is_ending(ending));
        own.map_or_else(|| ending_of(&self.mime).to_owned(), str::to_ascii_lowercase)
    }
}

fn is_ending(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The ending that files of a type mostly have.
fn ending_of(mime: &str) -> &'static str {
    match mime.split(';').next().unwrap_or_default().trim() {
        "audio/flac" | "audio/x-flac" => "flac",
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/ogg" | "application/ogg" => "ogg",
        "audio/opus" => "opus",
        "audio/mp4" | "audio/x-m4a" | "audio/m4a" => "m4a",
        "audio/aac" | "audio/aacp" => "aac",
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "wav",
        "audio/webm" | "video/webm" => "webm",
        "video/mp4" => "mp4",
        "video/x-matroska" => "mkv",
        _ => "bin",
    }
}

/// What sort of media it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// Sound only.
    Audio,
    /// Pictures, with or without sound.
    Video,
}

/// How far the encoding of a media is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaState {
    /// Nobody has asked for it.
    None,
    /// Its job is queued.
    Waiting,
    /// A worker is at it.
    Encoding,
    /// Every rung is complete.
    Ready,
    /// It can't be encoded; the problem says why.
    Failed,
}

impl MediaState {
    /// Whether something is about to come, or more of it.
    pub fn is_underway(self) -> bool {
        matches!(self, Self::Waiting | Self::Encoding)
    }
}

/// Why a media can't be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A stable word for programs.
    pub code: String,
    /// For people: what is wrong and what to do.
    pub text: String,
}

/// The facts of a media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Which.
    pub id: MediaId,
    /// What sort.
    pub kind: MediaKind,
    /// Its source.
    pub file: SourceFile,
    /// How far its encoding is.
    pub state: MediaState,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// Grows with each new source and each try to encode it.
    pub generation: i64,
    /// When what is encoded of it was last asked for, to the minute; the beginning of time if never.
    pub asked: Time,
}

/// Music of which something encoded is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub media: MediaId,
    /// When it was last asked for.
    pub asked: Time,
    /// How much is kept of it.
    pub bytes: u64,
    /// How long it plays.
    pub duration_ms: u64,
}

/// The payload of a job of kind [`ENCODE_JOB`](super::ENCODE_JOB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodeRequest {
    /// What to encode.
    pub media: MediaId,
}

/// Whether a rung carries pictures or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenditionKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// A rung to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRendition {
    /// Its name in paths, unique in its media: `v720`, `a128`.
    pub name: String,
    /// What it carries.
    pub kind: RenditionKind,
    /// As in manifests, RFC 6381: `avc1.64001f`.
    pub codecs: String,
    /// Pixels, 0 for sound.
    pub width: u32,
    /// Pixels, 0 for sound.
    pub height: u32,
    /// Frames a second as a fraction, 0/1 for sound.
    pub frame_rate: (u32, u32),
    /// Channels, 0 for pictures.
    pub channels: u32,
    /// Samples a second, 0 for pictures.
    pub sample_rate_hz: u32,
    /// BCP 47, when known.
    pub language: Option<String>,
    /// Ticks a second of its segments' times.
    pub timescale: u32,
    /// The blob of its initialisation segment.
    pub init_key: String,
    /// The size of that.
    pub init_bytes: u64,
}

/// A rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// Which.
    pub id: RenditionId,
    /// Its name in paths, unique in its media.
    pub name: String,
    /// What it carries.
    pub kind: RenditionKind,
    /// As in manifests, RFC 6381.
    pub codecs: String,
    /// Pixels, 0 for sound.
    pub width: u32,
    /// Pixels, 0 for sound.
    pub height: u32,
    /// Frames a second as a fraction, 0/1 for sound.
    pub frame_rate: (u32, u32),
    /// Channels, 0 for pictures.
    pub channels: u32,
    /// Samples a second, 0 for pictures.
    pub sample_rate_hz: u32,
    /// BCP 47, when known.
    pub language: Option<String>,
    /// Ticks a second of its segments' times.
    pub timescale: u32,
    /// The blob of its initialisation segment.
    pub init_key: String,
    /// The size of that.
    pub init_bytes: u64,
    /// Whether no segment will follow.
    pub complete: bool,
    /// Of the segments that there are.
    pub bandwidth: Bandwidth,
    /// The segments, by their numbers.
    pub segments: Vec<Segment>,
}

/// A segment, durable in the blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its place in its rung, from 0 or 1 as the packager counts.
    pub number: u32,
    /// When it begins, in ticks of its rung.
    pub start_ticks: u64,
    /// How long it is, in ticks of its rung.
    pub duration_ticks: u64,
    /// Its size.
    pub bytes: u64,
    /// Its blob.
    pub blob_key: String,
}

/// A text track to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCaption {
    /// BCP 47; `und` when unknown.
    pub language: String,
    /// What the menu says.
    pub label: String,
    /// The blob of its `WebVTT`.
    pub blob_key: String,
}

/// A text track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// Which.
    pub id: CaptionId,
    /// BCP 47; `und` when unknown.
    pub language: String,
    /// What the menu says.
    pub label: String,
    /// The blob of its `WebVTT`.
    pub blob_key: String,
}

/// Everything that a manifest needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaIndex {
    /// The facts of the media.
    pub media: Media,
    /// Its rungs with their segments: pictures first, the best first.
    pub renditions: Vec<Rendition>,
    /// Its text tracks.
    pub captions: Vec<Caption>,
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_file_keeps_its_ending_where_that_is_an_ordinary_one() {
        let suffix = |place: Source, mime: &str| {
            let (mime, codec) = (mime.to_owned(), String::new());
            let numbers = (1, 1, 1, 1, 1);
            let (bytes, bitrate_kbps, sample_rate_hz, channels, duration_ms) = numbers;
            let stamp = 1;
            let file = SourceFile {
                place,
                bytes,
                stamp,
                mime,
                codec,
                bitrate_kbps,
                sample_rate_hz,
                channels,
                duration_ms,
            };
            file.suffix()
        };
        let file = |path: &str| Source::file(Path::new(path));
        assert_eq!(suffix(file("/a.b/c.FLAC"), "audio/x"), "flac");
        assert_eq!(suffix(file("/a.b/c"), "audio/mpeg"), "mp3");
        assert_eq!(suffix(file("/a/c.d e"), "audio/ogg; codecs=opus"), "ogg");
        assert_eq!(suffix(file("/a/c.\u{202e}3pm"), "text/html"), "bin");
        assert_eq!(suffix(Source::Blob { key: "originals/9/a".to_owned() }, "video/mp4"), "mp4");
        let bytes = Source::file(Path::new(OsStr::from_bytes(b"/caf\xe9.mp3")));
        assert_eq!(suffix(bytes, "audio/flac"), "flac");
    }

    #[test]
    fn a_path_that_is_no_text_is_kept_byte_for_byte() {
        for bytes in [&b"/music/a.flac"[..], b"/caf\xe9\xff/two\nlines.mp3", "/ünï".as_bytes()] {
            let path = Path::new(OsStr::from_bytes(bytes));
            let source = Source::file(path);
            assert_eq!(source.path().as_deref(), Some(path), "{source:?}");
        }
        assert_eq!(Source::Blob { key: "a".to_owned() }.path(), None);
    }
}
