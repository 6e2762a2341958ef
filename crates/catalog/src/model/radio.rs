//! Internet radio stations.

use kernel::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

kernel::id_type!(
    /// An internet radio station.
    RadioStationId
);

/// An internet radio station: a stream on somebody else's server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RadioStation {
    /// Which.
    pub id: RadioStationId,
    /// Its name.
    pub name: String,
    /// Where its stream is.
    #[schema(example = "https://radio.example.org/live.mp3")]
    pub stream: String,
    /// Where it tells of itself.
    #[schema(required)]
    pub home_page: Option<String>,
    /// Since when it is listed.
    pub created_at: Time,
}

/// What is said of a station.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRadioStation {
    /// Its name, at most 200 characters, not empty.
    pub name: String,
    /// Where its stream is: `http` or `https`, without a name and password, at most 2,000 characters.
    pub stream: String,
    /// Where it tells of itself; likewise.
    #[serde(default)]
    pub home_page: Option<String>,
}
