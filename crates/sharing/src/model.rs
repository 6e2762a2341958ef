//! Shares as their owner, an administrator and a visitor see them.

use catalog::{
    AlbumId, ArtistId, TrackId, VideoId,
    model::{Picture, VideoState, playlists::PlaylistId},
};
use kernel::{Time, id::UserId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

kernel::id_type!(
    /// Something that somebody shares by a link.
    ShareId
);

/// A field that may be absent (`None`), `null` (`Some(None)`) or given.
#[expect(clippy::option_option, reason = "absent, null and given are three things in a request")]
fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// What kind of thing is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SharedKind {
    /// One or more tracks, chosen once.
    Tracks,
    /// An album, as it is now.
    Album,
    /// A playlist, as it is now.
    Playlist,
    /// An artist's own albums, as they are now.
    Artist,
    /// A video.
    Video,
}

impl SharedKind {
    /// The word for it in the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tracks => "tracks",
            Self::Album => "album",
            Self::Playlist => "playlist",
            Self::Artist => "artist",
            Self::Video => "video",
        }
    }
}

/// What is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// These, in this order.
    Tracks(Vec<TrackId>),
    /// An album.
    Album(AlbumId),
    /// A playlist.
    Playlist(PlaylistId),
    /// An artist.
    Artist(ArtistId),
    /// A video.
    Video(VideoId),
}

impl What {
    pub(crate) fn kind(&self) -> SharedKind {
        match self {
            Self::Tracks(_) => SharedKind::Tracks,
            Self::Album(_) => SharedKind::Album,
            Self::Playlist(_) => SharedKind::Playlist,
            Self::Artist(_) => SharedKind::Artist,
            Self::Video(_) => SharedKind::Video,
        }
    }

    /// The number of the one thing; 0 for tracks.
    pub(crate) fn item(&self) -> i64 {
        match self {
            Self::Tracks(_) => 0,
            Self::Album(id) => id.0,
            Self::Playlist(id) => id.0,
            Self::Artist(id) => id.0,
            Self::Video(id) => id.0,
        }
    }
}

/// Who shares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ShareOwner {
    /// Which account.
    pub id: UserId,
    /// The name; empty when there is no such account any more, in which case the link leads nowhere.
    pub name: String,
}

/// A share, as its owner and administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Share {
    /// Which.
    pub id: ShareId,
    /// What kind of thing it is.
    pub kind: SharedKind,
    /// The number of the album, playlist, artist or video; `null` for tracks.
    #[schema(required)]
    pub item: Option<String>,
    /// What it was called when it was shared.
    pub title: String,
    /// What its owner says of it to visitors; may have several lines.
    pub description: String,
    /// Who shares it.
    pub owner: ShareOwner,
    /// The path of the link, for its owner alone: whoever knows it may listen or watch.
    #[schema(required, example = "/s/Xk3…")]
    pub link: Option<String>,
    /// Whether a visitor needs a password.
    pub has_password: bool,
    /// Whether visitors may keep the files as they came.
    pub downloads: bool,
    /// When it was shared.
    pub created_at: Time,
    /// When the link ends; `null` when it does not by itself.
    #[schema(required)]
    pub expires_at: Option<Time>,
    /// Whether that was.
    pub expired: bool,
    /// How often a visitor opened it.
    pub visits: u64,
    /// How often a visitor heard one of its tracks, or watched it.
    pub plays: u64,
    /// When it was last opened.
    #[schema(required)]
    pub visited_at: Option<Time>,
}

/// What is to be shared: tracks, or an album, or a playlist, or an artist, or a video.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// Tracks in their order, at most 500.
    #[schema(max_items = 500)]
    #[serde(default)]
    pub tracks: Vec<TrackId>,
    /// An album; later changes of it are seen.
    #[serde(default)]
    pub album: Option<AlbumId>,
    /// A playlist; later changes of it are seen.
    #[serde(default)]
    pub playlist: Option<PlaylistId>,
    /// An artist with the albums that are the artist's own.
    #[serde(default)]
    pub artist: Option<ArtistId>,
    /// A video.
    #[serde(default)]
    pub video: Option<VideoId>,
    /// What to say of it to visitors, at most 1,000 characters.
    #[serde(default)]
    pub description: String,
    /// When the link ends, at most ten years from now; never when absent.
    #[serde(default)]
    pub expires_at: Option<Time>,
    /// The password that visitors need, 6 to 1,024 bytes; none when absent.
    #[serde(default)]
    pub password: Option<String>,
    /// Whether visitors may keep the files as they came.
    #[serde(default)]
    pub downloads: bool,
}

/// Changes to a share; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareEdit {
    /// What to say of it to visitors, at most 1,000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// When the link ends, at most ten years from now; `null` for never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub expires_at: Option<Option<Time>>,
    /// The password that visitors need, 6 to 1,024 bytes; `null` for none. A change ends what visitors proved before.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Option<String>>,
    /// Whether visitors may keep the files as they came.
    #[serde(default)]
    pub downloads: Option<bool>,
}

/// A track, as a visitor sees it: nothing of what the sharer or anybody else did with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SharedTrack {
    /// Which.
    pub id: TrackId,
    /// Its title.
    pub title: String,
    /// Who plays.
    pub artists: String,
    /// Its album.
    #[schema(required)]
    pub album: Option<String>,
    /// Its number on its disc.
    #[schema(required)]
    pub number: Option<u32>,
    /// Its disc.
    pub disc: u32,
    /// How long it plays.
    pub duration_ms: u64,
    /// Its own picture, else its album's.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// Whether it can be played.
    pub playable: bool,
}

/// A video, as a visitor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SharedVideo {
    /// Which.
    pub id: VideoId,
    /// What its owner says of it; may have several lines.
    pub about: String,
    /// How long it plays.
    pub duration_ms: u64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// How far it is.
    pub state: VideoState,
    /// Bytes of its file, where that may be kept as it came.
    #[schema(required)]
    pub file_bytes: Option<u64>,
}

/// What is shared, as a visitor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shared {
    /// What kind of thing it is.
    pub kind: SharedKind,
    /// What it is called.
    pub title: String,
    /// Whose it is: the artists of an album or of the one track; empty for a playlist.
    pub by: String,
    /// What the sharer says of it; may have several lines.
    pub description: String,
    /// The name of who shares it.
    pub sharer: String,
    /// What stands for it.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// The tracks in their order, at most 1,000; none of a video.
    pub tracks: Vec<SharedTrack>,
    /// The video, if it is one.
    #[schema(required)]
    pub video: Option<SharedVideo>,
    /// Whether there are more than are shown.
    pub more: bool,
    /// Whether the files may be kept as they came.
    pub downloads: bool,
    /// Bytes of all of them as one archive, about; `null` where they may not be kept, or are more than go into one.
    #[schema(required)]
    pub archive_bytes: Option<u64>,
    /// When the link ends.
    #[schema(required)]
    pub expires_at: Option<Time>,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SharedPage {
    /// Whether its password is needed first.
    pub locked: bool,
    /// What is shared; `null` while it is locked.
    #[schema(required)]
    pub shared: Option<Shared>,
}

/// A visitor's try of a password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ShareKey {
    /// What was typed.
    pub password: String,
}

/// That a visitor knows the password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VisitorPass {
    /// What to send in the header `X-Odeon-Visitor`. It opens this link and nothing else.
    pub token: String,
    /// When it ends.
    pub expires_at: Time,
}

/// What is said to a site that shows a link as a player of its own (oEmbed 1.0).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Oembed {
    /// `1.0`.
    pub version: &'static str,
    /// `rich`, or `video` for a video.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it is called.
    pub title: String,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// `Odeon`.
    pub provider_name: &'static str,
    /// Where this house is.
    pub provider_url: String,
    /// How long this may be kept, in seconds.
    pub cache_age: u32,
    /// The frame to show.
    pub html: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_width: Option<u32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_height: Option<u32>,
}
