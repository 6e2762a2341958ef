//! The shapes in which real folders are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Track, Video};
use crate::FolderId;

/// A folder by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FolderRef)]
pub struct FolderRef {
    /// Which.
    pub id: FolderId,
    /// Its name as it is shown; two names that are no text may look the same.
    pub name: String,
}

/// A folder, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FolderDetail)]
pub struct FolderDetail {
    /// The folder.
    #[serde(flatten)]
    pub folder: FolderRef,
    /// The folders that it lies in, the library first.
    pub path: Vec<FolderRef>,
}

/// A track by the name of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileTrack {
    /// The name of the file.
    pub file: String,
    /// The track.
    #[serde(flatten)]
    pub track: Track,
}

/// A video by the name of its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileVideo {
    /// The name of the file.
    pub file: String,
    /// The video.
    #[serde(flatten)]
    pub video: Video,
}

/// All tracks of a folder and of those below it, in the order of their files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderTracks {
    /// At most 5,000.
    pub tracks: Vec<Track>,
    /// There are more.
    pub truncated: bool,
}
