//! What a listener does with things: marks, plays, what plays now.

use kernel::Time;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::answers::{Album, Artist, Track, Video};
use crate::{AlbumId, ArtistId, TrackId, VideoId};

/// What can be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// Tracks.
    Track,
    /// Albums.
    Album,
    /// Artists.
    Artist,
    /// Videos.
    Video,
}

impl ItemKind {
    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Track, Self::Album, Self::Artist, Self::Video].into_iter().find(|kind| kind.word() == word)
    }

    /// The word for it in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Album => "album",
            Self::Artist => "artist",
            Self::Video => "video",
        }
    }
}

/// One thing that can be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemId {
    /// A track.
    Track(TrackId),
    /// An album.
    Album(AlbumId),
    /// An artist.
    Artist(ArtistId),
    /// A video.
    Video(VideoId),
}

impl ItemId {
    /// What it is.
    pub fn kind(self) -> ItemKind {
        match self {
            Self::Track(_) => ItemKind::Track,
            Self::Album(_) => ItemKind::Album,
            Self::Artist(_) => ItemKind::Artist,
            Self::Video(_) => ItemKind::Video,
        }
    }

    /// Which of its kind.
    pub fn number(self) -> i64 {
        match self {
            Self::Track(id) => id.0,
            Self::Album(id) => id.0,
            Self::Artist(id) => id.0,
            Self::Video(id) => id.0,
        }
    }
}

impl From<TrackId> for ItemId {
    fn from(id: TrackId) -> Self {
        Self::Track(id)
    }
}

impl From<AlbumId> for ItemId {
    fn from(id: AlbumId) -> Self {
        Self::Album(id)
    }
}

impl From<ArtistId> for ItemId {
    fn from(id: ArtistId) -> Self {
        Self::Artist(id)
    }
}

impl From<VideoId> for ItemId {
    fn from(id: VideoId) -> Self {
        Self::Video(id)
    }
}

/// What the viewer, and nobody else, has done with something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// Whether it is a favourite.
    pub favourite: bool,
    /// Since when it is a favourite.
    #[schema(required)]
    pub favourite_at: Option<Time>,
    /// The viewer's rating, 1 to 5.
    #[schema(required)]
    pub rating: Option<u8>,
    /// How often it was played; for albums and artists, how often tracks of theirs were.
    pub plays: u64,
    /// When it was last played.
    #[schema(required)]
    pub played_at: Option<Time>,
}

/// A rating on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingEdit {
    /// 1 to 5, or `null` for none.
    #[serde(deserialize_with = "given")]
    #[schema(required, minimum = 1, maximum = 5)]
    pub rating: Option<i64>,
}

/// A field that may be `null` but not absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Option::deserialize(deserializer)
}

/// A track was played to its end, or far enough to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlay {
    /// Which track.
    pub track_id: TrackId,
    /// When it was played; now unless said. What lies ahead of the server's clock is taken as now.
    #[serde(default)]
    pub played_at: Option<Time>,
    /// What the client calls this play, at most 128 characters; the same one is counted once however often it is
    /// told. Without it, plays of one track in one second are one.
    #[serde(default)]
    pub id: Option<String>,
    /// The name of the program that played it, at most 64 characters.
    #[serde(default)]
    pub client: Option<String>,
}

/// What became of a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counted {
    /// False when it had been counted before.
    pub counted: bool,
    /// The track's mark now.
    pub mark: Mark,
}

/// What a player is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlayState {
    /// It plays.
    #[default]
    Playing,
    /// It waits in the middle.
    Paused,
    /// It has ended.
    Stopped,
}

/// What a player says that it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayReport {
    /// Which track.
    pub track_id: TrackId,
    /// What the player is doing; playing unless said.
    #[serde(default)]
    pub state: PlayState,
    /// Where in the track it is.
    #[serde(default)]
    pub position_ms: u64,
    /// How fast it plays, 0.1 to 10; 1 unless said.
    #[serde(default = "ordinary")]
    #[schema(minimum = 0.1, maximum = 10)]
    pub rate: f64,
    /// The name of the player, which tells this listener's players apart, at most 64 characters; `Odeon` unless said.
    #[serde(default)]
    pub client: Option<String>,
}

fn ordinary() -> f64 {
    1.0
}

/// What a player of the viewer's is playing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NowPlaying {
    /// The player's name.
    pub client: String,
    /// What it plays.
    pub track: Track,
    /// Whether it plays or waits.
    pub state: PlayState,
    /// When this track was begun.
    pub since: Time,
    /// Where in the track it should be now.
    pub position_ms: u64,
    /// How fast it plays.
    pub rate: f64,
    /// When the player last said so.
    pub reported_at: Time,
}

/// One of several kinds of things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Item {
    /// A track.
    Track(Track),
    /// An album.
    Album(Album),
    /// An artist.
    Artist(Artist),
    /// A video.
    Video(Video),
}

/// By which of the viewer's marks things are put in order; those without that mark are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkOrder {
    /// Favourites, the latest first.
    Favourites,
    /// The highest rated first.
    HighestRated,
    /// The last played first.
    RecentlyPlayed,
    /// The most played first.
    MostPlayed,
}

/// In which order what was played is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlaySort {
    /// The last played first.
    #[default]
    Recent,
    /// The most played first.
    Most,
}
