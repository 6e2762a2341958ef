//! ingest.

mod disk;
pub mod encode;
mod pictures;
pub mod upload;
pub mod media;
pub mod library;
pub mod scan;
