//! ingest.

mod disk;
pub mod upload;
pub mod media;
pub mod library;
pub mod scan;
