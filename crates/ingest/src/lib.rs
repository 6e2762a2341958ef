//! ingest.

mod disk;
pub mod upload;
