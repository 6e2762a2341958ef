//! The shapes in which the catalogue is shown. Times are RFC 3339, durations milliseconds, identifiers strings.

use kernel::{Time, id::UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Mark,
    facts::{AlbumFacts, AlbumPeople, GenreRef, RoleCount},
};
use crate::{AlbumId, ArtistId, CaptionId, PictureId, TrackId, VideoId, import::Advisory, sound::Loudness};

/// A picture, and where to have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Picture {
    /// Which.
    pub id: PictureId,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// A tiny data URI to show meanwhile; empty when there is none.
    pub blur: String,
    /// The path. Put 96, 192, 384, 768 or 1536 for `{size}`, the longest edge in pixels. It stays the same for days,
    /// and holds for at least seven.
    pub url: String,
}

/// Something by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedRef {
    /// Which.
    #[schema(value_type = String)]
    pub id: ArtistId,
    /// Its name.
    pub name: String,
}

/// Something by its title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TitledRef {
    /// Which.
    #[schema(value_type = String)]
    pub id: AlbumId,
    /// Its title.
    pub title: String,
}

/// Somebody who plays, sings or wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Artist {
    /// Which.
    pub id: ArtistId,
    /// The name.
    pub name: String,
    /// Albums of theirs, and albums with a track of theirs.
    pub album_count: u64,
    /// Tracks of theirs.
    pub track_count: u64,
    /// The picture that somebody gave, else the cover of their newest album.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// What the viewer has done with it.
    pub mark: Mark,
}

/// An artist with the albums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtistDetail {
    /// The artist.
    #[serde(flatten)]
    pub artist: Artist,
    /// The name as it is sorted, if a tag gives it.
    #[schema(required)]
    pub sort_name: Option<String>,
    /// `MusicBrainz`: the artist.
    #[schema(required)]
    pub musicbrainz: Option<String>,
    /// What else the artist did, and on how much.
    pub roles: Vec<RoleCount>,
    /// The albums, also those of others with a track of the artist; newest release first, at most 500.
    pub albums: Vec<Album>,
    /// Which of `albums` are those of others.
    #[schema(value_type = Vec<String>)]
    pub appears_on: Vec<AlbumId>,
    /// Further albums, for which the artist did something else: composed, produced, …; likewise.
    pub credited_on: Vec<Album>,
}

/// An album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Album {
    /// Which.
    pub id: AlbumId,
    /// Its title.
    pub title: String,
    /// Whose it is.
    pub artists: Vec<NamedRef>,
    /// The artists as the tags show them, `A & B`, where they also name them one by one.
    #[schema(required)]
    pub artist_shown: Option<String>,
    /// Which edition it is.
    #[schema(required)]
    pub version: Option<String>,
    /// What it is, in small letters: `album`, `ep`, `single`, `live`, `compilation`, `soundtrack`, …
    pub types: Vec<String>,
    /// The genres of its tracks.
    pub genres: Vec<GenreRef>,
    /// The year of its release.
    #[schema(required)]
    pub year: Option<u32>,
    /// Its release as far as known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[schema(required)]
    pub released: Option<String>,
    /// Tracks on it.
    pub track_count: u64,
    /// How long they play together.
    pub duration_ms: u64,
    /// The cover.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// When its first track came in.
    pub added_at: Time,
    /// What the viewer has done with it.
    pub mark: Mark,
}

/// An album with its discs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlbumDetail {
    /// The album.
    #[serde(flatten)]
    pub album: Album,
    /// What else is known of it.
    #[serde(flatten)]
    pub facts: AlbumFacts,
    /// Who did what on it, and its other editions.
    #[serde(flatten)]
    pub people: AlbumPeople,
    /// The discs by their numbers.
    pub discs: Vec<Disc>,
    /// How loud all its tracks are together; `null` until each was measured.
    #[schema(required)]
    pub loudness: Option<Loudness>,
}

/// A disc of an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disc {
    /// Its number.
    pub number: u32,
    /// Its title.
    #[schema(required)]
    pub title: Option<String>,
    /// What it is: `CD`, `12" Vinyl`.
    #[schema(required)]
    pub medium: Option<String>,
    /// Its tracks by their numbers; those without one come first.
    pub tracks: Vec<Track>,
}

/// A piece of music.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Track {
    /// Which.
    pub id: TrackId,
    /// Its title.
    pub title: String,
    /// Its number on its disc.
    #[schema(required)]
    pub number: Option<u32>,
    /// Its disc; 1 unless said.
    pub disc: u32,
    /// Who plays.
    pub artists: Vec<NamedRef>,
    /// The artists as the tags show them, `A feat. B`, where they also name them one by one.
    #[schema(required)]
    pub artist_shown: Option<String>,
    /// Who wrote the music.
    pub composers: Vec<NamedRef>,
    /// What it is.
    pub genres: Vec<GenreRef>,
    /// Whether it is fit for children, if a tag says so.
    #[schema(required)]
    pub advisory: Option<Advisory>,
    /// Whether there are lyrics.
    pub has_lyrics: bool,
    /// Its album.
    #[schema(required)]
    pub album: Option<TitledRef>,
    /// How long it plays.
    pub duration_ms: u64,
    /// Its own picture, else its album's.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// The codec of its file: `flac`.
    pub codec: String,
    /// Thousand bits a second of its file, 0 when unknown.
    pub bitrate_kbps: u32,
    /// Samples a second of its file.
    pub sample_rate_hz: u32,
    /// Channels of its file.
    pub channels: u32,
    /// Whether it can be played.
    pub playable: bool,
    /// Why it can't be played.
    #[schema(required)]
    pub problem: Option<String>,
    /// What the viewer has done with it.
    pub mark: Mark,
    /// How loud it is; `null` until it was measured.
    #[schema(required)]
    pub loudness: Option<Loudness>,
    /// Where to have the shape of its sound and its exact edges; `null` until it was measured. What this path answers
    /// never changes: another shape has another path.
    #[schema(required)]
    pub waveform: Option<String>,
}

/// Who uploaded a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owner {
    /// Which account.
    pub id: UserId,
    /// The name.
    pub name: String,
}

/// How far a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VideoState {
    /// Not encoded yet.
    Waiting,
    /// Being encoded.
    Encoding,
    /// Encoded.
    Ready,
    /// It can't be encoded; the problem says why.
    Failed,
}

/// A video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Video {
    /// Which.
    pub id: VideoId,
    /// Its title.
    pub title: String,
    /// What its owner says of it; may have several lines.
    pub description: String,
    /// How long it plays.
    pub duration_ms: u64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The poster.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// When it came in.
    pub added_at: Time,
    /// Who uploaded it; `null` for what was found in a library.
    #[schema(required)]
    pub owner: Option<Owner>,
    /// How far it is.
    pub state: VideoState,
    /// How far the encoding is, 0 to 1.
    pub progress: f64,
    /// Why it can't be played.
    #[schema(required)]
    pub problem: Option<String>,
    /// What the viewer has done with it.
    pub mark: Mark,
}

/// A text track of a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Caption {
    /// Which.
    pub id: CaptionId,
    /// BCP 47; `und` when unknown.
    pub language: String,
    /// What the menu says.
    pub label: String,
    /// Where to have it as `WebVTT`; holds for at least a day.
    pub url: String,
}

/// What a rung carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RungKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// Whether a rung still grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RungState {
    /// More of it will come.
    Growing,
    /// It is whole.
    Complete,
}

/// A rung of a video's ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rung {
    /// What it carries.
    pub kind: RungKind,
    /// What people call it: `720p`.
    pub name: String,
    /// As in manifests, RFC 6381.
    pub codec: String,
    /// Pixels, 0 for sound.
    pub width: u32,
    /// Pixels, 0 for sound.
    pub height: u32,
    /// Thousand bits a second on average, of what there is.
    pub bitrate_kbps: u64,
    /// Whether it still grows.
    pub state: RungState,
}

/// A video with its text tracks and rungs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VideoDetail {
    /// The video.
    #[serde(flatten)]
    pub video: Video,
    /// Its text tracks.
    pub captions: Vec<Caption>,
    /// Its rungs: pictures first, the best first.
    pub renditions: Vec<Rung>,
}

/// What its owner changes of a video; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoEdit {
    /// The title, at most 300 characters, not empty.
    #[serde(default)]
    pub title: Option<String>,
    /// The description, at most 10,000 characters.
    #[serde(default)]
    pub description: Option<String>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Artists.
    pub artists: u64,
    /// Albums.
    pub albums: u64,
    /// Tracks.
    pub tracks: u64,
    /// Videos.
    pub videos: u64,
}

/// What the first page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Home {
    /// The newest albums, at most 20.
    pub recent_albums: Vec<Album>,
    /// The newest videos, at most 20.
    pub recent_videos: Vec<Video>,
    /// How much there is.
    pub counts: Counts,
}

/// In which order albums are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlbumSort {
    /// By title.
    #[default]
    Title,
    /// The newest in the house first.
    Added,
    /// The newest release first; those of unknown date last.
    Released,
    /// By the first artist, then by release.
    Artist,
}

/// What was found, of each kind the best match first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchResults {
    /// Artists by name.
    pub artists: Vec<Artist>,
    /// Albums by title and artists.
    pub albums: Vec<Album>,
    /// Tracks by title, artists and album.
    pub tracks: Vec<Track>,
    /// Videos by title.
    pub videos: Vec<Video>,
}
