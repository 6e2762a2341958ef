//! The shapes in which tags are corrected: what may be edited, what the files say, who edited what.

use kernel::{Time, id::UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{ItemKind, Picture};
use crate::{AlbumId, ArtistId, TrackId, import::Role};

/// Things that are edited at once.
pub const EDITED_AT_ONCE_MAX: usize = 500;

/// Somebody who did something for a track, as it is edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditEdit {
    /// What.
    pub role: Role,
    /// Who.
    #[schema(max_length = 1000)]
    pub name: String,
    /// What a performer plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub detail: Option<String>,
}

/// The fields of a track that can be edited. In a change a field that is absent stays as it is, and one that is null
/// goes back to what the file says. An empty text, an empty list and the number 0 say that there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackFields {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub title: Option<String>,
    /// The title as it is sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub sort_title: Option<String>,
    /// More to the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub subtitle: Option<String>,
    /// Who plays, each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub artists: Option<Vec<String>>,
    /// The album. Another one moves the track: into the album of this title and these artists if its library has it,
    /// else into a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub album: Option<String>,
    /// Whose album it is, each by itself; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub album_artists: Option<Vec<String>>,
    /// Whether the album gathers pieces by several artists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compilation: Option<bool>,
    /// The number of the disc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9999)]
    pub disc: Option<u32>,
    /// The name of the disc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub disc_title: Option<String>,
    /// The number on the disc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 9999)]
    pub number: Option<u32>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10)]
    pub date: Option<String>,
    /// When it first came out, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10)]
    pub original_date: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub genres: Option<Vec<String>>,
    /// How it feels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub moods: Option<Vec<String>>,
    /// Who did what besides the artists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 128)]
    pub credits: Option<Vec<CreditEdit>>,
    /// The work that is played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub work: Option<String>,
    /// The part of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub movement: Option<String>,
    /// The number of the part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 9999)]
    pub movement_number: Option<u32>,
    /// A comment; may have several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub comment: Option<String>,
    /// The words, a line each; lines that all begin with a time, `[mm:ss.xx]`, are synced.
    /// Longer ones that files have are left out here, and stay; when several tracks are asked for, all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 50_000)]
    pub lyrics: Option<String>,
}

/// The name of one disc of an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscTitle {
    /// The number of the disc.
    #[schema(minimum = 1, maximum = 9999)]
    pub disc: u32,
    /// Its name; empty for none.
    #[schema(max_length = 1000)]
    pub title: String,
}

/// The fields of an album that can be edited; as those of a track.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlbumFields {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub title: Option<String>,
    /// The title as it is sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub sort_title: Option<String>,
    /// Whose album it is, each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub artists: Option<Vec<String>>,
    /// When this edition came out: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10)]
    pub released: Option<String>,
    /// When it first came out, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10)]
    pub original_date: Option<String>,
    /// Which edition it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub version: Option<String>,
    /// Who put it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub labels: Option<Vec<String>>,
    /// Under which numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub catalogue_numbers: Option<Vec<String>>,
    /// What it is: `album`, `live`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub types: Option<Vec<String>>,
    /// Its barcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub barcode: Option<String>,
    /// Whether it gathers pieces by several artists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compilation: Option<bool>,
}

/// The fields of an artist that can be edited; as those of a track.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtistFields {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub name: Option<String>,
    /// The name as it is sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub sort_name: Option<String>,
}

/// A thing whose tags are to be edited, and which state of it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Which track.
    #[schema(value_type = String)]
    pub id: TrackId,
    /// The `version` of its tags that was seen.
    #[schema(minimum = 0)]
    pub version: i64,
}

/// A change to the tags of several tracks at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TracksEdit)]
pub struct TracksEdit {
    /// The tracks, 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    pub tracks: Vec<Seen>,
    /// What changes on each of them.
    #[schema(value_type = TrackFields)]
    pub changes: Map<String, Value>,
}

/// A change to the tags of an album.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlbumEdit)]
pub struct AlbumEdit {
    /// The `version` of its tags that was seen.
    #[schema(minimum = 0)]
    pub version: i64,
    /// What changes on the album itself.
    #[serde(default)]
    #[schema(value_type = AlbumFields)]
    pub changes: Map<String, Value>,
    /// The genres that all its tracks have from now on, if they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub genres: Option<Vec<String>>,
    /// Names of discs, for all tracks on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub discs: Vec<DiscTitle>,
}

/// A change to an artist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArtistEdit)]
pub struct ArtistEdit {
    /// The `version` that was seen.
    #[schema(minimum = 0)]
    pub version: i64,
    /// What changes.
    #[schema(value_type = ArtistFields)]
    pub changes: Map<String, Value>,
}

/// One field that an edit changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// Which; of an album also `genres`, and `disc_2` for the name of a disc, which lie on its tracks.
    pub field: String,
    /// What was shown before.
    pub before: Value,
    /// Whether that was an edit already.
    pub edited_before: bool,
    /// What it became; null when it went back to what the files say.
    pub after: Value,
}

/// An edit that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PastEdit {
    /// Which; several things that were edited at once share it.
    pub id: String,
    /// Who made it.
    #[schema(value_type = String)]
    pub by: UserId,
    /// The name; empty while it is not known.
    pub name: String,
    /// When.
    pub at: Time,
    /// What it changed here.
    pub changes: Vec<FieldChange>,
    /// Somebody took it back.
    pub undone: bool,
}

/// What can be corrected of a track, an album or an artist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tags<F> {
    /// Which.
    pub id: String,
    /// Which state of the edits this is; who edits says it.
    pub version: i64,
    /// Everything as it is shown.
    pub fields: F,
    /// What the files say where somebody edited it: exactly the edited fields.
    pub filed: F,
    /// Whether the viewer may edit it.
    pub may_edit: bool,
    /// The picture that somebody gave it, which goes before those of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_picture: Option<Picture>,
    /// The last 20 edits, the newest first, with long values cut; for those who may edit, and only of a thing that is
    /// asked for by itself.
    pub history: Vec<PastEdit>,
}

/// What can be corrected of several tracks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagsOfTracks {
    /// Each of them.
    pub tracks: Vec<Tags<TrackFields>>,
}

/// What can be corrected of a track.
pub type TrackTagsView = Tags<TrackFields>;
/// What can be corrected of an album.
pub type AlbumTagsView = Tags<AlbumFields>;
/// What can be corrected of an artist.
pub type ArtistTagsView = Tags<ArtistFields>;

/// What was edited, and where it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EditedItem {
    /// What it is.
    pub kind: ItemKind,
    /// Which.
    pub id: String,
    /// The version that its tags have now.
    pub version: i64,
    /// The album of a track now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub album: Option<AlbumId>,
}

/// An edit that was made, or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edited {
    /// By which it can be taken back; absent when nothing was different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
    /// Everything that it touched.
    pub items: Vec<EditedItem>,
}

/// Two artists who are one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The one who goes; all that he has goes to the one in the path.
    #[schema(value_type = String)]
    pub from: ArtistId,
}
