//! What people did with an album or an artist follows when new tags give it another identity.
//!
//! A track keeps its identity and therefore its marks. An album or artist does not: a corrected title makes another
//! one, into which the tracks move one after the other, over several transactions and perhaps hours. So each move
//! leaves a note, and when the last track has gone and all went to one place, the marks go there too.

use std::time::Duration;

use kernel::{Fault, Time, db::Tx};

use crate::{
    AlbumId, ArtistId,
    model::ItemKind,
    store::{marks, moved},
};

/// Moves that are older than this had another reason than the last one.
const TOGETHER: Duration = Duration::from_hours(7 * 24);
/// The place of what went nowhere.
const NOWHERE: i64 = 0;

/// Notes that a track left an album for another, or for none.
pub(super) fn track_left(
    tx: &mut Tx<'_>,
    from: AlbumId,
    to: Option<AlbumId>,
    now: Time,
) -> Result<(), Fault> {
    note(tx, ItemKind::Album, from.0, to.map(|to| to.0), now)
}

/// Notes whose place each artist took who is no longer named: the one who now stands where he stood, if the others
/// stand where they did.
pub(super) fn artists_left(
    tx: &mut Tx<'_>,
    had: &[ArtistId],
    has: &[ArtistId],
    now: Time,
) -> Result<(), Fault> {
    for (position, gone) in had.iter().enumerate().filter(|(_, artist)| !has.contains(artist)) {
        let new = has.get(position).filter(|new| had.len() == has.len() && !had.contains(new));
        note(tx, ItemKind::Artist, gone.0, new.map(|new| new.0), now)?;
    }
    Ok(())
}

fn note(tx: &mut Tx<'_>, kind: ItemKind, from: i64, to: Option<i64>, now: Time) -> Result<(), Fault> {
    if let Some(to) = to {
        moved::delete(tx, kind, to, from)?;
    }
    moved::insert(tx, kind, from, to.unwrap_or(NOWHERE), now)
}

/// Before an album or artist is removed of which nothing is left: its marks go where all its tracks went lately,
/// else they end with it. Gives that place.
pub(super) fn follow(tx: &mut Tx<'_>, kind: ItemKind, from: i64, now: Time) -> Result<Option<i64>, Fault> {
    let since = Time(now.0.saturating_sub(i64::try_from(TOGETHER.as_micros()).unwrap_or(i64::MAX)));
    let place = match moved::places(tx, kind, from, since)?[..] {
        [to] if to != NOWHERE => Some(to),
        _ => None,
    };
    if let Some(to) = place {
        marks::add_all(tx, kind, from, to)?;
    }
    marks::delete_all(tx, kind, from)?;
    moved::delete_all(tx, kind, from)?;
    Ok(place)
}

/// What people did with one thing counts for another from now on.
pub(super) fn goes_to(tx: &mut Tx<'_>, kind: ItemKind, from: i64, to: i64) -> Result<(), Fault> {
    marks::add_all(tx, kind, from, to)?;
    marks::delete_all(tx, kind, from)?;
    moved::delete_all(tx, kind, from)
}
