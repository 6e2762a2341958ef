//! The SQL of scrobbling.

mod connections;
mod failed;
mod favourites;
mod heard;
mod listens;
mod silences;
mod takeovers;

pub(crate) use connections::*;
pub(crate) use failed::*;
pub(crate) use favourites::*;
pub(crate) use heard::*;
pub(crate) use listens::*;
pub(crate) use silences::*;
pub(crate) use takeovers::*;
