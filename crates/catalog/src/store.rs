//! All SQL of the catalogue, a file for each thing.

pub(crate) mod media;
pub(crate) mod videos;
