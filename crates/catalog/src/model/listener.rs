//! The shapes of what belongs to one listener: queue, bookmarks, devices.

use kernel::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Track, Video};
use crate::TrackId;

kernel::id_type!(
    /// One thing that a device is told to do.
    CommandId
);

/// What a listener hears now and next, on whichever device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// The tracks in their order. Places of tracks that are out of sight stay, so that indexes hold; ask
    /// `/api/v1/me/queue/tracks` for those that can be played.
    pub tracks: Vec<TrackId>,
    /// Index of the track that plays, from 0.
    pub current: u32,
    /// How far it is.
    pub position_ms: u64,
    /// What the client that wrote last calls itself.
    pub changed_by: String,
    /// Grows with each new list; 0 while there was none.
    pub version: u64,
    /// When list or position last changed.
    #[schema(required)]
    pub changed_at: Option<Time>,
}

/// The whole queue anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueAnew {
    /// The tracks in their order, at most 5,000.
    pub tracks: Vec<TrackId>,
    /// Index of the track that plays, from 0.
    #[serde(default)]
    pub current: u32,
    /// How far it is.
    #[serde(default)]
    pub position_ms: u64,
    /// What this client calls itself, at most 80 characters.
    pub changed_by: String,
    /// The version that this was made of; another one is answered with 409.
    pub version: u64,
}

/// A new place in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueuePosition {
    /// Index of the track that plays, from 0.
    pub current: u32,
    /// How far it is.
    pub position_ms: u64,
    /// What this client calls itself, at most 80 characters.
    pub changed_by: String,
    /// The version of the list that the index belongs to; another one is answered with 409.
    pub version: u64,
}

/// A track of the queue at its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueItem {
    /// Its index, from 0.
    pub index: u32,
    /// The track.
    pub track: Track,
}

/// What sort of thing a bookmark lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BookmarkKind {
    /// A track.
    Track,
    /// A video.
    Video,
}

/// A place to come back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bookmark {
    /// How far.
    pub position_ms: u64,
    /// What the listener wrote to it.
    pub comment: String,
    /// The track, when it lies in one.
    #[schema(required)]
    pub track: Option<Track>,
    /// The video, when it lies in one.
    #[schema(required)]
    pub video: Option<Video>,
    /// When it was first put there.
    pub created_at: Time,
    /// When it last changed.
    pub changed_at: Time,
}

/// A place to be remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBookmark {
    /// How far.
    pub position_ms: u64,
    /// Words to it, at most 1,000 characters.
    #[serde(default)]
    pub comment: String,
}

/// Whether a device plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// It plays.
    Playing,
    /// It could go on at once.
    Paused,
    /// It was told to play, and its browser lets no sound begin before somebody presses Play there once.
    Blocked,
    /// It is merely there.
    #[default]
    Stopped,
}

/// Something that plays for a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// As the device calls itself, the same at each visit.
    pub id: String,
    /// For people: `Kitchen`.
    pub name: String,
    /// Whether it plays.
    pub state: DeviceState,
    /// What it plays, where that can be seen.
    #[schema(required)]
    pub track: Option<Track>,
    /// How far that is, at `seen_at`.
    pub position_ms: u64,
    /// Its volume, 0 to 100.
    pub volume: u32,
    /// When it was last heard of.
    pub seen_at: Time,
    /// How long ago that was when this was answered, for clients whose clock is another.
    pub seen_ms_ago: u64,
}

/// What a device says of itself, every 30 seconds and when something changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceReport {
    /// For people, at most 80 characters.
    pub name: String,
    /// Whether it plays.
    #[serde(default)]
    pub state: DeviceState,
    /// What it plays.
    #[serde(default)]
    pub track: Option<TrackId>,
    /// How far that is.
    #[serde(default)]
    pub position_ms: u64,
    /// Its volume, 0 to 100.
    #[serde(default = "full")]
    pub volume: u32,
}

fn full() -> u32 {
    100
}

/// What a device is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Go on.
    Play,
    /// Stand still.
    Pause,
    /// On to the next track.
    Next,
    /// Back to the track before.
    Previous,
    /// Go to a place in the track.
    Seek {
        /// Which.
        position_ms: u64,
    },
    /// Be louder or softer.
    Volume {
        /// 0 to 100.
        volume: u32,
    },
    /// Go on with the queue where it stands, in place of the device that played.
    TakeOver,
    /// Take the kept queue in place of one's own. What is played or shown stays where it is if it is in it.
    Load {
        /// Whether to play as well; what is silent otherwise stays silent.
        #[serde(default)]
        play: bool,
    },
    /// Take the kept queue, and play what is at a place in it.
    Jump {
        /// The place, from 0.
        index: u32,
        /// Where in the track to begin.
        #[serde(default)]
        position_ms: u64,
    },
}

/// A command that waits for its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitingCommand {
    /// Which.
    pub id: CommandId,
    /// What to do.
    #[serde(flatten)]
    pub command: Command,
}
