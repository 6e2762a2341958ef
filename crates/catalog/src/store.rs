//! All SQL of the catalogue, a file for each thing.

pub(crate) mod access;
pub(crate) mod albums;
pub(crate) mod alike;
pub(crate) mod artists;
pub(crate) mod credits;
pub(crate) mod edits;
pub(crate) mod erase;
pub(crate) mod folders;
pub(crate) mod genres;
pub(crate) mod kept;
pub(crate) mod listener;
pub(crate) mod listens;
pub(crate) mod lyrics;
#[cfg(test)]
pub(crate) mod made;
pub(crate) mod marks;
pub(crate) mod media;
pub(crate) mod merged;
pub(crate) mod moved;
pub(crate) mod paths;
pub(crate) mod pictures;
pub(crate) mod playing;
pub(crate) mod playlists;
pub(crate) mod radio;
pub(crate) mod read;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod shelf;
pub(crate) mod smart;
pub(crate) mod sound;
pub(crate) mod tagged;
pub(crate) mod tracks;
pub(crate) mod videos;

use kernel::Fault;
use serde::Serialize;

/// Rows as the JSON that a statement takes apart.
fn json<T: Serialize>(rows: &[T]) -> Result<String, Fault> {
    serde_json::to_string(rows).map_err(|error| Fault::from_error("rows can't be written as JSON", error))
}
