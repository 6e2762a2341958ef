//! How favourites come into their queue: in the one order of events, and each thing once, as it stands now.
//!
//! A service keeps whether somebody loves a thing, not how that came about, so a thing that is changed while it waits is
//! told once. Up to where changes were looked at stands in the connection's row, whether they are told or not: when the
//! history is derived again, nothing is told that was done before somebody wished it.

use catalog::{
    TrackId,
    service::listens::{self, Favoured, ListenFacts},
};
use kernel::{Fault, db::Tx};

use crate::{
    model::{Service, State},
    projection::{TOPIC_QUEUED, wake},
    store::{self, ConnectionRow, FavouriteRow},
};

/// Favourites that wait for one connection; a change of a further thing is not told, and its listener sees that.
pub(crate) const FAVOURITES_MAX: u64 = if cfg!(test) { 5 } else { 10_000 };
/// What is shown when so many wait.
const FULL: &str = "So many favourites waited that some changes were not told there.";

/// Queues a change for each of the listener's connections that were there before it and wish for it.
pub(crate) fn queue(tx: &mut Tx<'_>, track: TrackId, told: Favoured, seq: i64) -> Result<(), Fault> {
    for connection in store::hold_connections(tx, told.user)? {
        if connection.favours_seq.is_none_or(|looked| looked >= seq) {
            continue;
        }
        store::set_favours_seq(tx, connection.id, seq)?;
        if !connection.favours {
            continue;
        }
        let Some(facts) = listens::listen_facts(tx, track)? else { continue };
        let Some(row) = row(tx, &connection, track, told, (seq, facts))? else { continue };
        put(tx, &connection, &row)?;
    }
    Ok(())
}

/// What is told of a track there; `None` when the service has no name for it.
fn row(
    tx: &mut Tx<'_>,
    connection: &ConnectionRow,
    track: TrackId,
    told: Favoured,
    (seq, facts): (i64, ListenFacts),
) -> Result<Option<FavouriteRow>, Fault> {
    let (thing, loved) = match connection.service {
        Service::ListenBrainz => {
            let Some(recording) = facts.recording.clone() else { return Ok(None) };
            // It is loved for as long as any track of it is a favourite.
            let loved = told.favourite || listens::is_favoured(tx, told.user, &recording)?;
            (recording, loved)
        }
        Service::Lastfm if facts.artist.is_empty() || facts.title.is_empty() => return Ok(None),
        Service::Lastfm => (track.to_string(), told.favourite),
    };
    Ok(Some(FavouriteRow { thing, seq, loved, facts }))
}

fn put(tx: &mut Tx<'_>, connection: &ConnectionRow, row: &FavouriteRow) -> Result<(), Fault> {
    let known = store::waiting_favourite(tx, connection.id, &row.thing)?.is_some();
    if !known && store::count_favourites(tx, connection.id)? >= FAVOURITES_MAX {
        store::set_favours_problem(tx, connection.id, FULL)?;
        store::count_unlisted(tx, connection.id, 1)?;
    } else {
        store::put_favourite(tx, connection.id, row)?;
        if connection.state == State::Working {
            tx.wake(TOPIC_QUEUED);
        }
    }
    wake(tx, connection.user);
    Ok(())
}

/// Whether a recording waits to be told as loved no more: then it is not taken over from there in the meantime.
pub(crate) fn is_being_unloved(
    tx: &mut Tx<'_>,
    connection: &ConnectionRow,
    recording: &str,
) -> Result<bool, Fault> {
    let waiting = store::waiting_favourite(tx, connection.id, recording)?;
    Ok(waiting.is_some_and(|loved| !loved))
}

/// Whether a listener's favourites are told from now on. Switched off, what waits is forgotten.
pub(crate) fn switch(tx: &mut Tx<'_>, connection: &ConnectionRow, told: bool) -> Result<(), Fault> {
    store::set_favours(tx, connection.id, told, None)?;
    if !told {
        store::delete_favourites(tx, connection.id)?;
    }
    Ok(())
}
