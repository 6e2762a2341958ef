//! After something was taken away or put back: albums, artists and genres that hold nothing are removed, albums and
//! artists that hold only hidden things are hidden, the others are shown.

use std::collections::BTreeSet;

use kernel::{Fault, db::Tx};

use super::{batch::Batch, edits, events, folders, follow};
use crate::{
    AlbumId, ArtistId, FolderId, GenreId,
    model::ItemKind,
    store::{self, albums, artists, genres},
};

/// Albums, artists and genres that a change may have left wrong. In order, so that two transactions take their locks in the
/// same one.
#[derive(Default)]
pub(super) struct Unsettled {
    pub(super) albums: BTreeSet<AlbumId>,
    pub(super) artists: BTreeSet<ArtistId>,
    /// Genres that a track lost.
    pub(super) genres: BTreeSet<GenreId>,
    /// Folders in which something was hidden or shown.
    pub(super) folders: BTreeSet<FolderId>,
    /// Libraries in which they may be now and were not before.
    pub(super) gained: i64,
}

impl Unsettled {
    pub(super) fn settle(mut self, tx: &mut Tx<'_>, batch: &mut Batch) -> Result<(), Fault> {
        folders::settle(tx, std::mem::take(&mut self.folders))?;
        if self.albums.is_empty() && self.artists.is_empty() && self.genres.is_empty() {
            return Ok(());
        }
        batch.pending.write(tx)?;
        for &album in &self.albums {
            self.artists.extend(settle_album(tx, batch, album)?);
        }
        for &artist in &self.artists {
            settle_artist(tx, batch, artist, self.gained)?;
        }
        for &genre in &self.genres {
            if genres::lock(tx, genre)? && !genres::is_used(tx, genre)? {
                genres::delete(tx, genre)?;
            }
        }
        batch.forget(&self.albums, &self.artists, &self.genres);
        Ok(())
    }
}

/// Puts one album right, and gives its artists when that may concern them.
fn settle_album(tx: &mut Tx<'_>, batch: &mut Batch, id: AlbumId) -> Result<Vec<ArtistId>, Fault> {
    let Some((added, hidden, scope)) = albums::lock(tx, id)? else { return Ok(Vec::new()) };
    genres::drop_of_album(tx, id)?;
    genres::add_of_album(tx, id)?;
    let scope_now = albums::scope_of_tracks(tx, id)?;
    let shown = scope_now.is_some();
    let moves = scope_now.is_some_and(|now| now != scope);
    if let Some(now) = scope_now.filter(|_| moves) {
        albums::set_scope(tx, id, now)?;
    }
    let empty = !shown && !albums::has_tracks(tx, id)?;
    if shown != hidden && !empty {
        return if moves { albums::artists(tx, id) } else { Ok(Vec::new()) };
    }
    let its_artists = albums::artists(tx, id)?;
    if shown {
        albums::set_hidden(tx, id, None)?;
        events::album_shown(tx, id, added, batch.now)?;
    } else if empty {
        match follow::follow(tx, ItemKind::Album, id.0, batch.now)? {
            Some(to) => edits::albums::adopt(tx, batch, id.0, to)?,
            None => store::edits::delete_all(tx, ItemKind::Album, id.0)?,
        }
        albums::delete(tx, id)?;
        events::album_removed(tx, id, added, batch.now)?;
    } else {
        albums::set_hidden(tx, id, Some(batch.now))?;
        events::album_hidden(tx, id, added, batch.now)?;
    }
    Ok(its_artists)
}

fn settle_artist(tx: &mut Tx<'_>, batch: &Batch, id: ArtistId, gained: i64) -> Result<(), Fault> {
    let Some((hidden, scope)) = artists::lock(tx, id)? else { return Ok(()) };
    let mut scope_now = 0;
    let mut left = scope | gained;
    while left != 0 {
        let bit = left & left.wrapping_neg();
        left &= !bit;
        if artists::is_shown_in(tx, id, bit)? {
            scope_now |= bit;
        }
    }
    if scope_now != scope {
        artists::set_scope(tx, id, scope_now)?;
    }
    if scope_now != 0 {
        return if hidden { artists::set_hidden(tx, id, None) } else { Ok(()) };
    }
    if !artists::is_named(tx, id)? {
        follow::follow(tx, ItemKind::Artist, id.0, batch.now)?;
        store::edits::delete_all(tx, ItemKind::Artist, id.0)?;
        return artists::delete(tx, id);
    }
    if hidden { Ok(()) } else { artists::set_hidden(tx, id, Some(batch.now)) }
}
