//! All SQL of the catalogue, a file for each thing.

pub(crate) mod albums;
pub(crate) mod artists;
pub(crate) mod media;
pub(crate) mod pictures;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod shelf;
pub(crate) mod tracks;
pub(crate) mod videos;
