//! After something was taken away or put back: albums, artists and genres that hold nothing are removed, albums and
//! artists that hold only hidden things are hidden, the others are shown.

use std::collections::BTreeSet;

use kernel::{Fault, db::Tx};

use super::{batch::Batch, events, follow};
use crate::{
    AlbumId, ArtistId, GenreId,
    model::ItemKind,
    store::{albums, artists, genres},
};

/// Albums, artists and genres that a change may have left wrong. In order, so that two transactions take their locks in the
/// same one.
#[derive(Default)]
pub(super) struct Unsettled {
    pub(super) albums: BTreeSet<AlbumId>,
    pub(super) artists: BTreeSet<ArtistId>,
    /// Genres that a track lost.
    pub(super) genres: BTreeSet<GenreId>,
}

impl Unsettled {
    pub(super) fn settle(mut self, tx: &mut Tx<'_>, batch: &mut Batch) -> Result<(), Fault> {
        if self.albums.is_empty() && self.artists.is_empty() && self.genres.is_empty() {
            return Ok(());
        }
        batch.pending.write(tx)?;
        for &album in &self.albums {
            self.artists.extend(settle_album(tx, batch, album)?);
        }
        for &artist in &self.artists {
            settle_artist(tx, batch, artist)?;
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
fn settle_album(tx: &mut Tx<'_>, batch: &Batch, id: AlbumId) -> Result<Vec<ArtistId>, Fault> {
    let Some((added, hidden)) = albums::lock(tx, id)? else { return Ok(Vec::new()) };
    genres::drop_of_album(tx, id)?;
    genres::add_of_album(tx, id)?;
    let shown = albums::has_shown_tracks(tx, id)?;
    let empty = !shown && !albums::has_tracks(tx, id)?;
    if shown != hidden && !empty {
        return Ok(Vec::new());
    }
    let its_artists = albums::artists(tx, id)?;
    if shown {
        albums::set_hidden(tx, id, None)?;
        events::album_shown(tx, id, added, batch.now)?;
    } else if empty {
        follow::follow(tx, ItemKind::Album, id.0, batch.now)?;
        albums::delete(tx, id)?;
        events::album_removed(tx, id, added, batch.now)?;
    } else {
        albums::set_hidden(tx, id, Some(batch.now))?;
        events::album_hidden(tx, id, added, batch.now)?;
    }
    Ok(its_artists)
}

fn settle_artist(tx: &mut Tx<'_>, batch: &Batch, id: ArtistId) -> Result<(), Fault> {
    let Some(hidden) = artists::lock(tx, id)? else { return Ok(()) };
    if artists::is_shown_by(tx, id)? {
        return if hidden { artists::set_hidden(tx, id, None) } else { Ok(()) };
    }
    if !artists::is_named(tx, id)? {
        follow::follow(tx, ItemKind::Artist, id.0, batch.now)?;
        return artists::delete(tx, id);
    }
    if hidden { Ok(()) } else { artists::set_hidden(tx, id, Some(batch.now)) }
}
