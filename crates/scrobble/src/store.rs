//! The SQL of scrobbling.

mod connections;
mod heard;
mod imports;
mod listens;

pub(crate) use connections::*;
pub(crate) use heard::*;
pub(crate) use imports::*;
pub(crate) use listens::*;
