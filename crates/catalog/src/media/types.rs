//! The shapes of the media index.

use serde::{Deserialize, Serialize};

use super::Bandwidth;
use crate::{CaptionId, MediaId, RenditionId};

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of a library, by its absolute path.
    File {
        /// The path; one that is no UTF-8 can't be kept and is refused by the scan.
        path: String,
    },
    /// An uploaded file in the blobs.
    Blob {
        /// The blob's name.
        key: String,
    },
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
