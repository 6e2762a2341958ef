//! What is known of libraries.

use catalog::{LibraryId, access::Access};
use kernel::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a library is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LibraryState {
    /// It was scanned and nothing is to be done.
    Idle,
    /// A scan is under way or waits for its turn.
    Scanning,
    /// The last scan could not be done; `problem` says why.
    Failed,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Files that were met.
    pub seen: i64,
    /// Files that were new or different and had to be read.
    pub changed: i64,
}

/// A library as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Library {
    /// Which.
    #[schema(value_type = String)]
    pub id: LibraryId,
    /// Its folder; bytes that are no text are written as `\xNN`.
    pub path: String,
    /// What people call it.
    pub name: String,
    /// What it is doing.
    pub state: LibraryState,
    /// Why the last scan failed and what to do about it.
    pub problem: Option<String>,
    /// When a scan last finished.
    pub scanned_at: Option<Time>,
    /// Files of sound or picture that were found.
    pub files: i64,
    /// Of them, those that are tracks.
    pub tracks: i64,
    /// Of them, those that are videos.
    pub videos: i64,
    /// Entries in the list of problems.
    pub broken: i64,
    /// How far the scan is, while one runs.
    pub progress: Option<Progress>,
    /// Who may see it.
    pub access: Access,
}

/// Something in a library that could not be taken in as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileProblem {
    /// Which entry.
    #[serde(with = "text_id")]
    #[schema(value_type = String)]
    pub id: i64,
    /// The file or folder, below the library's folder; bytes that are no text are written as `\xNN`.
    pub path: String,
    /// What is wrong and what to do about it.
    pub reason: String,
    /// A stable word for programs.
    pub code: String,
    /// When it was last found so.
    pub seen_at: Time,
}

/// Identifiers are strings in JSON.
mod text_id {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
