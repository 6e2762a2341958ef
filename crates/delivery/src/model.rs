//! What delivery takes and gives.

use catalog::{CaptionId, MediaId, media::MediaState};
use kernel::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much delivery may take and for how long it grants.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Memory for hot segments and pictures, in bytes; taken only as they are asked for. 0 keeps nothing.
    pub cache_bytes: usize,
    /// How long a granted path holds at least, in hours; music holds an hour and its own length, if that is less.
    pub grant_hours: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { cache_bytes: 64 * 1024 * 1024, grant_hours: 12 }
    }
}

/// As what a track is to be played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SoundQuality)]
pub enum Quality {
    /// The file as it came where nearly all browsers play it; otherwise it is encoded.
    #[default]
    Auto,
    /// The file as it came, whatever it is. Nothing is encoded for this.
    Original,
    /// Also without loss in a form that every browser plays, where the file is lossless.
    Lossless,
    /// Also encoded, for who can't play the file or has too narrow a line for it.
    High,
    /// Also encoded as small as it gets.
    Low,
}

/// Whether the one run of a track's album will do, or is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AlbumRunWish)]
pub enum RunWish {
    /// The track by itself.
    #[default]
    Never,
    /// The run, where there is one; then the track is not encoded by itself.
    Use,
    /// The same, and where there is none it is made.
    Make,
}

/// How far the encoding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GrantState {
    /// Nothing is encoded, and this grant asked for nothing that must be: the original plays.
    None,
    /// It will begin.
    Waiting,
    /// It is under way; what there is can be played.
    Encoding,
    /// It is done.
    Ready,
    /// It can't be done; the original may play nevertheless.
    Failed,
}

impl From<MediaState> for GrantState {
    fn from(state: MediaState) -> Self {
        match state {
            MediaState::None => Self::None,
            MediaState::Waiting => Self::Waiting,
            MediaState::Encoding => Self::Encoding,
            MediaState::Ready => Self::Ready,
            MediaState::Failed => Self::Failed,
        }
    }
}

/// A file that can be streamed as it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MediaOriginal {
    /// Its path, with ranges.
    pub url: String,
    /// Its type, for `canPlayType`.
    pub mime: String,
}

/// Leave to play a whole album that is encoded as one continuous sound, of which the track is a range. Its renditions have no
/// seam where one track becomes the next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlbumRun {
    /// What is played.
    pub media_id: MediaId,
    /// Its HLS master playlist, once there is something of this track to play.
    pub hls: Option<String>,
    /// How far its encoding is.
    pub state: GrantState,
    /// Samples a second by which the range counts, whatever rates the renditions have; 0 while that is not known.
    pub rate_hz: u32,
    /// The track's first sample, counted from the beginning of the sound (not of the coder's delay, which initialisation
    /// segments tell); unknown while those before it are not encoded.
    pub start_sample: Option<u64>,
    /// The sample behind its last one, which is the next track's first; unknown while it is not encoded.
    pub end_sample: Option<u64>,
}

/// Leave to play something for a while.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrackGrant {
    /// What is played.
    pub media_id: MediaId,
    /// When the paths end.
    pub expires_at: Time,
    /// The file as it came, where a browser could play it.
    pub original: Option<MediaOriginal>,
    /// The HLS master playlist, once there is something to play.
    pub hls: Option<String>,
    /// The DASH manifest, once there is something to play.
    pub dash: Option<String>,
    /// How far the encoding is.
    pub state: GrantState,
    /// Why it failed.
    pub problem: Option<String>,
    /// How long it plays.
    pub duration_ms: u64,
    /// The run of its album, if that was asked for and there is one.
    pub run: Option<AlbumRun>,
}

/// A text track that is granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GrantedCaption {
    /// Which.
    pub id: CaptionId,
    /// BCP 47; `und` when unknown.
    pub language: String,
    /// What the menu says.
    pub label: String,
    /// Its `WebVTT`.
    pub url: String,
}

/// Leave to play a video for a while.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VideoGrant {
    /// What is played.
    pub media_id: MediaId,
    /// When the paths end.
    pub expires_at: Time,
    /// The file as it came, where a browser could play it.
    pub original: Option<MediaOriginal>,
    /// The HLS master playlist, once there is something to play.
    pub hls: Option<String>,
    /// The DASH manifest, once there is something to play.
    pub dash: Option<String>,
    /// How far the encoding is.
    pub state: GrantState,
    /// Why it failed.
    pub problem: Option<String>,
    /// How long it plays.
    pub duration_ms: u64,
    /// Its text tracks.
    pub captions: Vec<GrantedCaption>,
}
