//! Libraries: folders of music and video that an administrator names, which the scan keeps in step with the
//! catalogue. Here they are added, listed, removed and asked to be scanned; [`crate::scan`] does the work.
//!
//! A library that is removed hides what it held and forgets nothing: when the same folder is added again, every
//! track is back with its history.

mod error;
mod folders;
mod model;
pub mod path;
mod routes;
mod service;
pub(crate) mod store;

pub use error::Error;
pub use folders::{Folder, FolderList};
pub use model::{FileProblem, Library, LibraryState, Progress};
pub use routes::routes;
pub use service::{
    add_library, add_library_for, ensure_library, last_progress, libraries, library, list_problems,
    remove_library, request_scan, set_access,
};
pub(crate) use service::{enqueue, enqueue_due};

/// Topic that is published when a library, its progress or its problems have changed.
pub const TOPIC_LIBRARIES: &str = "libraries";

/// Most libraries of one house; a further one is refused.
pub const LIBRARIES_MAX: usize = 200;
/// Longest name of a library, in characters; a longer one is refused.
pub const NAME_CHARS_MAX: usize = 100;
