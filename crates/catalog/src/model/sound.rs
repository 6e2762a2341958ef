//! The shape in which a track's sound is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sound::Edges;

/// The shape of a track's sound for a seek bar, and its exact edges for joins and crossfades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaveformDetail {
    /// Where it begins and ends.
    #[serde(flatten)]
    pub edges: Edges,
    /// Base64 of 800 bytes, one for each equal part of the track: the highest amplitude in any channel, 255 at full
    /// scale.
    #[schema(content_encoding = "base64")]
    pub peaks: String,
    /// The same of the root of the mean square.
    #[schema(content_encoding = "base64")]
    pub means: String,
}
