//! The limits of uploads.

use std::{path::PathBuf, time::Duration};

use crate::disk::Floor;

/// Where uploads are staged and what is taken.
#[derive(Clone, Debug)]
pub struct UploadConfig {
    /// The folder of files that are still being received. One process owns it.
    pub folder: PathBuf,
    /// Largest file.
    pub bytes_max: u64,
    /// Unfinished uploads of one user.
    pub open_per_user_max: u32,
    /// Requests that send bytes at the same moment.
    pub sending_max: usize,
    /// Of them, those of one user, so that nobody takes the places of all others.
    pub sending_per_user_max: usize,
    /// How long an unfinished upload is kept after its last bytes, and a failed one that may be tried again.
    pub keep: Duration,
    /// How long ready and failed uploads are listed unless their owner dismisses them.
    pub keep_ended: Duration,
    /// How long a request may send nothing before it is ended.
    pub idle_max: Duration,
    /// The room on the disk that uploads leave free.
    pub floor: Floor,
}

impl UploadConfig {
    /// The defaults, staging in `folder`: 50 GiB a file, 100 unfinished uploads a user, kept for three days.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            folder: folder.into(),
            bytes_max: 50 << 30,
            open_per_user_max: 100,
            sending_max: 128,
            sending_per_user_max: 16,
            keep: 3 * DAY,
            keep_ended: 30 * DAY,
            idle_max: Duration::from_mins(1),
            floor: Floor::default(),
        }
    }
}
