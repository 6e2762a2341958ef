//! Things that sound like others.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{Artist, Track};

/// A track that sounds like something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarTrack {
    /// The track.
    #[serde(flatten)]
    pub track: Track,
    /// How alike both sound, by what was measured: 1 the same, 0 the opposite.
    pub similarity: f64,
}

/// An artist whose tracks sound like another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarArtist {
    /// The artist.
    #[serde(flatten)]
    pub artist: Artist,
    /// How alike the likest track of theirs is to the middle of the other's: 1 the same, 0 the opposite.
    pub similarity: f64,
}
