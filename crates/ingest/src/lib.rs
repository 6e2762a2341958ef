//! ingest.

mod disk;
pub mod upload;
pub mod media;
