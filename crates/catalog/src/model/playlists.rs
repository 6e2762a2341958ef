//! The shapes of playlists and of a listener's folders for them.

use kernel::{Time, id::UserId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Owner, Picture, Track};
use crate::{AlbumId, TrackId, rules::Rules};

kernel::id_type!(
    /// A playlist.
    PlaylistId
);
kernel::id_type!(
    /// One place in a playlist; the same track may stand in several.
    EntryId
);
kernel::id_type!(
    /// A folder of somebody's playlists.
    FolderId
);

/// A field that may be absent (`None`), `null` (`Some(None)`) or given.
#[expect(clippy::option_option, reason = "absent, null and given are three things in a request")]
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// What the viewer may do with a playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlaylistRole {
    /// Everything.
    Owner,
    /// Change the entries and the picture.
    Editor,
    /// Look and listen.
    Listener,
}

/// A playlist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Playlist {
    /// Which.
    pub id: PlaylistId,
    /// Its name.
    pub name: String,
    /// What its owner says of it; may have several lines.
    pub description: String,
    /// Whether everybody of the house sees it.
    pub public: bool,
    /// Whose it is.
    pub owner: Owner,
    /// What the viewer may do with it.
    pub role: PlaylistRole,
    /// Whether rules choose the tracks.
    pub smart: bool,
    /// Tracks in it; `null` for a smart one, which holds what its rules find when it is opened.
    #[schema(required)]
    pub track_count: Option<u64>,
    /// How long they play together; `null` for a smart one.
    #[schema(required)]
    pub duration_ms: Option<u64>,
    /// The picture that somebody gave it, else the chosen album's cover, else those of the first four albums in it.
    pub pictures: Vec<Picture>,
    /// The folder that the viewer put it in.
    #[schema(required)]
    pub folder: Option<FolderId>,
    /// Grows with each change of the entries.
    pub version: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it or its entries last changed.
    pub changed_at: Time,
}

/// Somebody who may change the entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Editor {
    /// Which account.
    pub id: UserId,
    /// Its handle.
    pub handle: String,
    /// Its name.
    pub name: String,
}

/// A playlist with its rules and the people who change it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaylistDetail {
    /// The playlist.
    #[serde(flatten)]
    pub playlist: Playlist,
    /// The rules of a smart one.
    #[schema(required)]
    pub rules: Option<Rules>,
    /// The chosen cover's album.
    #[schema(required)]
    pub cover_album: Option<AlbumId>,
    /// The picture that its owner or an editor gave it; it is shown in place of any other.
    #[schema(required)]
    pub given_picture: Option<Picture>,
    /// Who else may change the entries and the picture; shown to the owner and to those editors, empty for others.
    pub editors: Vec<Editor>,
}

/// One place in a playlist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Which; `null` in a smart playlist, whose places nobody changes.
    #[schema(required)]
    pub id: Option<EntryId>,
    /// What stands there.
    pub track: Track,
    /// Who put it there.
    #[schema(required)]
    pub added_by: Option<UserId>,
    /// Since when it stands there.
    #[schema(required)]
    pub added_at: Option<Time>,
}

/// A playlist to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlaylist {
    /// The name, at most 200 characters, not empty.
    pub name: String,
    /// The description, at most 5,000 characters.
    #[serde(default)]
    pub description: String,
    /// Whether everybody of the house sees it.
    #[serde(default)]
    pub public: bool,
    /// The first tracks, at most 10,000.
    #[serde(default)]
    pub tracks: Vec<TrackId>,
    /// Rules make it a smart one, which has no tracks of its own.
    #[serde(default)]
    pub rules: Option<Rules>,
}

/// What the owner changes of a playlist; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaylistEdit {
    /// The name, at most 200 characters, not empty.
    #[serde(default)]
    pub name: Option<String>,
    /// The description, at most 5,000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether everybody of the house sees it.
    #[serde(default)]
    pub public: Option<bool>,
    /// New rules; only for a smart one.
    #[serde(default)]
    pub rules: Option<Rules>,
    /// The album whose cover it gets; `null` goes back to those of the first four albums.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AlbumId>)]
    pub cover_album: Option<Option<AlbumId>>,
}

/// Where entries go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Before all others.
    Start,
    /// Behind this one.
    After(EntryId),
    /// Behind all others.
    #[default]
    End,
}

impl Place {
    /// What a request's `after` says: absent the end, `null` the start.
    #[expect(clippy::option_option, reason = "absent, null and given are three things in a request")]
    pub(crate) fn of(after: Option<Option<EntryId>>) -> Self {
        match after {
            None => Self::End,
            Some(None) => Self::Start,
            Some(Some(entry)) => Self::After(entry),
        }
    }
}

/// Tracks to be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntries {
    /// What to add, in this order; 1 to 10,000.
    pub tracks: Vec<TrackId>,
    /// The entry behind which they go; `null` for the start; absent for the end.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<EntryId>)]
    pub after: Option<Option<EntryId>>,
}

/// Where an entry moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryMove {
    /// The entry behind which it goes; `null` for the start.
    pub after: Option<EntryId>,
}

/// Entries to be taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntriesGone {
    /// Which, 1 to 10,000; those that are gone already are passed over.
    pub entries: Vec<EntryId>,
}

/// All tracks of a playlist anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntriesAnew {
    /// The tracks, at most 10,000.
    pub tracks: Vec<TrackId>,
    /// The version of the playlist that this was made of; another one is answered with 409.
    pub version: u64,
}

/// How a playlist stands after a change of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntriesChanged {
    /// The playlist's version now.
    pub version: u64,
    /// The new entries, in their order.
    pub entries: Vec<EntryId>,
}

/// Whom to invite: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// By handle.
    #[serde(default)]
    pub handle: Option<String>,
    /// By account.
    #[serde(default)]
    pub user: Option<UserId>,
}

/// Which playlists are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlaylistScope {
    /// One's own, those that one may change, and public ones.
    #[default]
    All,
    /// One's own.
    Mine,
    /// Those of others that one may change.
    Shared,
    /// Public ones of others.
    Public,
}

/// A folder of somebody's playlists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlaylistFolder)]
pub struct Folder {
    /// Which.
    pub id: FolderId,
    /// Its name.
    pub name: String,
    /// The folder that it lies in; `null` at the top.
    #[schema(required)]
    pub parent: Option<FolderId>,
}

/// A folder to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFolder {
    /// The name, at most 200 characters, not empty.
    pub name: String,
    /// The folder that it goes in; absent or `null` for the top.
    #[serde(default)]
    pub parent: Option<FolderId>,
}

/// What changes of a folder; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderEdit {
    /// The name, at most 200 characters, not empty.
    #[serde(default)]
    pub name: Option<String>,
    /// The folder that it goes in; `null` for the top.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FolderId>)]
    pub parent: Option<Option<FolderId>>,
}

/// Where a playlist lies for the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaylistPlace {
    /// The folder; `null` takes it out of all.
    pub folder: Option<FolderId>,
}

/// What an imported list became.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaylistImported {
    /// The new playlist.
    pub playlist: Playlist,
    /// Lines whose tracks were found.
    pub found: u64,
    /// Lines whose tracks were not found.
    pub missing: u64,
    /// The first of those, at most 200.
    pub missing_lines: Vec<MissingLine>,
}

/// A line of an imported list whose track was not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingLine {
    /// Its number in the list, from 1.
    pub line: u32,
    /// What it says, at most 300 characters.
    pub text: String,
    /// Why nothing was taken: `unknown` or `ambiguous` (several tracks fit it).
    pub why: String,
}

/// What rules find now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// How many tracks fit the rules, before the limit.
    pub matching: u64,
    /// How many tracks the playlist would hold.
    pub track_count: u64,
    /// How long they play together.
    pub duration_ms: u64,
    /// The first of them, at most 50.
    pub tracks: Vec<Track>,
}
