//! Lists and details as they are shown. Every list goes by key along an index of its own, and every one of these
//! statements carries `visible!`.

pub(crate) mod albums;
pub(crate) mod artists;
pub(crate) mod dialect;
pub(crate) mod facts;
pub(crate) mod folders;
pub(crate) mod genres;
pub(crate) mod home;
pub(crate) mod marks;
pub(crate) mod places;
pub(crate) mod tracks;
pub(crate) mod videos;

use std::collections::HashMap;

use kernel::{
    Fault,
    db::{Column, Row},
};

use crate::{ArtistId, GenreId, PictureId};

/// A picture as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct PictureRow {
    pub(crate) id: PictureId,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) blur: String,
}

/// The columns of a picture that may be absent; `p` is the table.
macro_rules! picture_columns {
    () => {
        "p.id, p.width, p.height, p.blur"
    };
}
pub(super) use picture_columns;

/// Reads [`picture_columns`] from column `at` on.
pub(super) fn picture(row: &Row<'_>, at: usize) -> Result<Option<PictureRow>, Fault> {
    let Some(id) = row.get::<Option<PictureId>>(at)? else { return Ok(None) };
    Ok(Some(PictureRow { id, width: row.get(at + 1)?, height: row.get(at + 2)?, blur: row.get(at + 3)? }))
}

/// Names by what they stand on: an album or a track.
pub(crate) type Names<I> = HashMap<i64, Vec<(I, String)>>;

/// What a row of a list names, by the number of the album or track.
#[derive(Default)]
pub(crate) struct Credits {
    pub(crate) artists: Names<ArtistId>,
    /// Of tracks only.
    pub(crate) composers: Names<ArtistId>,
    pub(crate) genres: Names<GenreId>,
}

fn credit<I: Column>(row: &Row<'_>) -> Result<(i64, I, String), Fault> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn gather<I>(rows: Vec<(i64, I, String)>) -> Names<I> {
    let mut names = Names::new();
    for (on, id, name) in rows {
        names.entry(on).or_default().push((id, name));
    }
    names
}

/// Numbers as the JSON list that a statement takes apart.
pub(in crate::store) fn list(ids: impl Iterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    format!("[{}]", ids.join(","))
}

/// A key of text as the bytes that the database compares.
fn key_bytes(key: &str) -> Vec<u8> {
    key.as_bytes().to_vec()
}

/// The bytes of a sort key as text for a cursor; the keys are made of text.
fn key_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}
