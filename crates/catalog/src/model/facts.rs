//! The shapes of what is known beyond the lists: genres, credits, releases, recordings, lyrics.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{Album, Track};
use crate::{
    ArtistId, GenreId,
    import::{Advisory, LyricLine, LyricsSource, Role},
};

/// Genres are what music is, moods how it feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GenreKind {
    /// What it is.
    #[default]
    Genre,
    /// How it feels.
    Mood,
}

impl GenreKind {
    /// The word for it in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Genre => "genre",
            Self::Mood => "mood",
        }
    }
}

/// A genre or mood by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GenreRef {
    /// Which.
    #[schema(value_type = String)]
    pub id: GenreId,
    /// Its name.
    pub name: String,
}

/// A genre or mood, and how much has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Genre {
    /// Which.
    pub id: GenreId,
    /// Its name.
    pub name: String,
    /// Which of both it is.
    pub kind: GenreKind,
    /// Albums with a track that has it.
    pub album_count: u64,
    /// Tracks that have it.
    pub track_count: u64,
}

/// Somebody who did something for a track or an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credit {
    /// Who.
    #[schema(value_type = String)]
    pub artist_id: ArtistId,
    /// The name.
    pub name: String,
    /// What.
    pub role: Role,
    /// What a performer plays.
    #[schema(required)]
    pub detail: Option<String>,
}

/// In which role an artist did how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleCount {
    /// The role.
    pub role: Role,
    /// On tracks.
    pub track_count: u64,
    /// On albums.
    pub album_count: u64,
}

/// Loudness as the tags say it; nothing here was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaggedGain {
    /// `ReplayGain` of the track, hundredths of a decibel.
    #[schema(required)]
    pub track_cdb: Option<i32>,
    /// Peak of the track, millionths of full scale.
    #[schema(required)]
    pub track_peak_millionths: Option<u32>,
    /// `ReplayGain` of the album, hundredths of a decibel.
    #[schema(required)]
    pub album_cdb: Option<i32>,
    /// Peak of the album, millionths of full scale.
    #[schema(required)]
    pub album_peak_millionths: Option<u32>,
    /// R128 gain of the track towards -23 LUFS, hundredths of a decibel.
    #[schema(required)]
    pub r128_track_cdb: Option<i32>,
    /// R128 gain of the album towards -23 LUFS, hundredths of a decibel.
    #[schema(required)]
    pub r128_album_cdb: Option<i32>,
}

/// What is known of a track beyond the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrackFacts {
    /// The title as it is sorted, if a tag gives it.
    #[schema(required)]
    pub sort_title: Option<String>,
    /// More to the title.
    #[schema(required)]
    pub subtitle: Option<String>,
    /// Its date as tagged: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[schema(required)]
    pub date: Option<String>,
    /// When it first came out, likewise.
    #[schema(required)]
    pub original_date: Option<String>,
    /// A comment; may have several lines.
    #[schema(required)]
    pub comment: Option<String>,
    /// International standard recording codes.
    pub isrcs: Vec<String>,
    /// The work that is played.
    #[schema(required)]
    pub work: Option<String>,
    /// The part of the work.
    #[schema(required)]
    pub movement: Option<String>,
    /// The number of the part.
    #[schema(required)]
    pub movement_number: Option<u32>,
    /// How many parts the work has.
    #[schema(required)]
    pub movement_total: Option<u32>,
    /// What its disc is: `CD`.
    #[schema(required)]
    pub medium: Option<String>,
    /// Beats a minute, in hundredths.
    #[schema(required)]
    pub bpm_hundredths: Option<u32>,
    /// `MusicBrainz`: the recording.
    #[schema(required)]
    pub musicbrainz: Option<String>,
    /// How it feels.
    pub moods: Vec<GenreRef>,
    /// Who did what besides its artists.
    pub credits: Vec<Credit>,
    /// Loudness as tagged.
    pub gain: TaggedGain,
}

/// A track with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrackDetail {
    /// The track.
    #[serde(flatten)]
    pub track: Track,
    /// The rest.
    #[serde(flatten)]
    pub facts: TrackFacts,
}

/// What is known of an album beyond the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlbumFacts {
    /// The title as it is sorted, if a tag gives it.
    #[schema(required)]
    pub sort_title: Option<String>,
    /// When it first came out, in whatever edition: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[schema(required)]
    pub original_date: Option<String>,
    /// Who put it out.
    pub labels: Vec<String>,
    /// Under which numbers.
    pub catalogue_numbers: Vec<String>,
    /// Its barcode.
    #[schema(required)]
    pub barcode: Option<String>,
    /// `MusicBrainz`: this release.
    #[schema(required)]
    pub musicbrainz: Option<String>,
    /// `MusicBrainz`: what all editions of it share.
    #[schema(required)]
    pub release_group: Option<String>,
    /// Whether it gathers pieces by several artists.
    pub compilation: bool,
    /// Explicit when a track of it is; clean when one is and none is explicit.
    #[schema(required)]
    pub advisory: Option<Advisory>,
    /// How it feels.
    pub moods: Vec<GenreRef>,
}

/// What is known of an artist beyond the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtistFacts {
    /// The name as it is sorted, if a tag gives it.
    pub sort_name: Option<String>,
    /// `MusicBrainz`: the artist.
    pub musicbrainz: Option<String>,
    /// Whether an album that is shown is theirs.
    pub has_albums: bool,
    /// Whether they play on a track that is shown.
    pub has_tracks: bool,
    /// What else they did on tracks that are shown.
    pub roles: Vec<Role>,
}

/// Lyrics of a track in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lyrics {
    /// BCP 47 or ISO 639, in small letters.
    #[schema(required)]
    pub language: Option<String>,
    /// Whether every line has a time.
    pub synced: bool,
    /// Where they were found.
    pub source: LyricsSource,
    /// The lines in their order. An offset that their file names is applied.
    pub lines: Vec<LyricLine>,
}

/// Other editions of an album, and who did what on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlbumPeople {
    /// Who did what on its tracks besides their artists, at most 500.
    pub credits: Vec<Credit>,
    /// Other editions of it, the oldest first, at most 50.
    pub editions: Vec<Album>,
}
