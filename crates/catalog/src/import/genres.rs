//! Which genre or mood a word in a tag means.

use kernel::{Fault, db::Tx};

use super::batch::Batch;
use crate::{GenreId, fold, store::genres};

/// The genres and moods of a track, in this order, made where they are new.
pub(super) fn resolve_all(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    genres: &[String],
    moods: &[String],
) -> Result<Vec<GenreId>, Fault> {
    let named = genres.iter().map(|name| ("genre", name)).chain(moods.iter().map(|name| ("mood", name)));
    let mut found = Vec::with_capacity(genres.len() + moods.len());
    for (kind, name) in named {
        let genre = resolve(tx, batch, kind, name)?;
        // Two spellings may mean one.
        if !found.contains(&genre) {
            found.push(genre);
        }
    }
    Ok(found)
}

fn resolve(tx: &mut Tx<'_>, batch: &mut Batch, kind: &'static str, name: &str) -> Result<GenreId, Fault> {
    let key = fold::key(&[kind, name]);
    if let Some(known) = batch.genre(&key) {
        return Ok(known);
    }
    let id = match genres::by_key(tx, &key)? {
        Some(id) => id,
        None => insert(tx, batch, kind, name, &key)?,
    };
    batch.keep_genre(key, id);
    Ok(id)
}

fn insert(tx: &mut Tx<'_>, batch: &Batch, kind: &str, name: &str, key: &[u8]) -> Result<GenreId, Fault> {
    let id = GenreId(batch.ids.next());
    if genres::insert(tx, id, kind, name, key, &fold::sort_key(name))? {
        return Ok(id);
    }
    let found = genres::by_key(tx, key)?;
    found.ok_or_else(|| Fault::new("a genre was entered and removed at the same time"))
}
