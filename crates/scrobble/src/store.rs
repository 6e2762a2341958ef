//! The SQL of scrobbling.

mod connections;
mod favourites;
mod heard;
mod imports;
mod listens;

pub(crate) use connections::*;
pub(crate) use favourites::*;
pub(crate) use heard::*;
pub(crate) use imports::*;
pub(crate) use listens::*;
