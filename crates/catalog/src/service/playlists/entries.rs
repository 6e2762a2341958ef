//! What people put into playlists, and in which order.
//!
//! A move names the entry behind which another goes, never an index, so that two people who change a playlist at once
//! both get what they asked for. Only replacing everything needs to know what it replaces.

use std::collections::HashMap;

use kernel::{
    Ctx, Fault, Page, PageQuery, Problem, Time,
    db::Tx,
    http::Viewer,
    id::{Ids, UserId},
};

use super::{Need, full, hold, seen, smart, stale, tell};
use crate::{
    TrackId,
    model::{
        Track,
        playlists::{EntriesChanged, Entry, EntryId, Place, PlaylistId},
    },
    service::{Error, music},
    store::playlists::{
        self as store, Delta, OldPlaylist,
        entries::{self, EntryRow, GAP, HeldTrack},
    },
    visibility,
};

/// Entries of one playlist.
pub const ENTRIES_MAX: usize = 10_000;
/// Entries that are read at once when all are wanted.
const READ_AT_ONCE: u32 = 2_000;

/// Tracks that are held as they are until a change is made.
pub(super) type Held = HashMap<TrackId, HeldTrack>;

pub(super) fn check_count(count: usize) -> Result<(), Problem> {
    if count <= ENTRIES_MAX {
        return Ok(());
    }
    let message = format!("A playlist holds at most {ENTRIES_MAX} tracks; these are {count}.");
    Err(Problem::invalid("tracks", message))
}

/// Holds tracks that are to be entered; the viewer must see each.
pub(super) fn hold_shown(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<Held, Error> {
    if tracks.is_empty() {
        return Ok(Held::new());
    }
    let held = entries::hold_tracks(tx, tracks)?;
    let absent = tracks.iter().find(|track| !held.get(track).is_some_and(|held| held.visible));
    match absent {
        None => Ok(held),
        Some(track) => {
            let message = format!("There is no track {track}; nothing was changed.");
            Err(Problem::invalid("tracks", message).into())
        }
    }
}

/// Holds those that were not among the ones held so far. Rare: somebody else changed the playlist just before.
fn hold_more(tx: &mut Tx<'_>, held: &mut Held, of: &[(EntryId, TrackId)]) -> Result<(), Fault> {
    let more: Vec<TrackId> =
        of.iter().map(|(_, track)| *track).filter(|track| !held.contains_key(track)).collect();
    if !more.is_empty() {
        held.extend(entries::hold_tracks(tx, &more)?);
    }
    Ok(())
}

/// What entries of these tracks add to the figures of a playlist.
fn delta<'a>(tracks: impl Iterator<Item = &'a TrackId>, held: &Held) -> Delta {
    tracks.fold(Delta::default(), |sum, track| {
        let shown = held.get(track).filter(|held| held.shown);
        Delta {
            entries: sum.entries + 1,
            tracks: sum.tracks + i64::from(shown.is_some()),
            duration_ms: sum.duration_ms + shown.map_or(0, |held| held.duration_ms),
        }
    })
}

/// Positions for so many entries at a place, in their order.
fn positions(tx: &mut Tx<'_>, playlist: PlaylistId, place: Place, count: usize) -> Result<Vec<i64>, Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let spread = |from: i64, step: i64| (1..=count).map(|at| from + step * at).collect();
    for _ in 0..2 {
        let (before, next) = match place {
            Place::End => (entries::last_position(tx, playlist)?, None),
            Place::Start => (None, entries::next_position(tx, playlist, None)?),
            Place::After(entry) => {
                let before = entries::position(tx, playlist, entry)?.ok_or_else(entry_gone)?;
                (Some(before), entries::next_position(tx, playlist, Some(before))?)
            }
        };
        match (before, next) {
            (before, None) => return Ok(spread(before.unwrap_or(0), GAP)),
            (None, Some(next)) => return Ok(spread(next - GAP * (count + 1), GAP)),
            (Some(before), Some(next)) => {
                let step = (next - before) / (count + 1);
                if step > 0 {
                    return Ok(spread(before, step));
                }
                entries::set_apart(tx, playlist)?;
            }
        }
    }
    Err(Error::Fault(Fault::new("entries that were set apart have no room between them")))
}

fn entry_gone() -> Problem {
    Problem::new(http::StatusCode::CONFLICT, "entry_gone", "The entry beside it is gone")
        .detail("Somebody took out the entry that `after` names. Fetch the entries and choose another place.")
}

/// Refuses to change what rules choose.
fn by_hand(old: &OldPlaylist) -> Result<(), Problem> {
    if !old.smart {
        return Ok(());
    }
    Err(Problem::new(http::StatusCode::CONFLICT, "smart", "Rules choose what is in this playlist")
        .detail("Change its rules, or put the tracks into a playlist without rules."))
}

/// Enters tracks into a playlist that has none yet.
pub(super) fn fill(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    tracks: &[TrackId],
    held: &Held,
    by: UserId,
    (ids, now): (&Ids, Time),
) -> Result<(), Error> {
    if !tracks.is_empty() {
        enter(tx, playlist, tracks, Place::End, by, (ids, now))?;
        store::note_change(tx, playlist, delta(tracks.iter(), held), now)?;
    }
    Ok(())
}

fn enter(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    tracks: &[TrackId],
    place: Place,
    by: UserId,
    (ids, now): (&Ids, Time),
) -> Result<Vec<EntryId>, Error> {
    let positions = positions(tx, playlist, place, tracks.len())?;
    let new =
        positions.into_iter().zip(tracks).map(|(position, track)| (EntryId(ids.next()), position, *track));
    let new: Vec<entries::NewEntry> = new.collect();
    entries::insert(tx, playlist, &new, by, now)?;
    Ok(new.into_iter().map(|(entry, ..)| entry).collect())
}

/// Puts tracks into a playlist, all or none of them.
///
/// 403 for who sees it but may not change it, 409 `full` beyond [`ENTRIES_MAX`], `entry_gone` when the place is gone,
/// `smart` when rules choose, 422 for tracks that are not there.
pub async fn add_entries(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    tracks: Vec<TrackId>,
    place: Place,
) -> Result<EntriesChanged, Error> {
    check_count(tracks.len())?;
    if tracks.is_empty() {
        return Err(Problem::invalid("tracks", "Name at least one track.").into());
    }
    let (user, ids, now) = (viewer.id, ctx.ids().clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        let held = entries::hold_tracks(tx, &tracks)?;
        let old = hold(tx, user, playlist, Need::Edit)?;
        by_hand(&old)?;
        // Only now: who may not see the playlist is not told about tracks either.
        hold_shown(tx, &tracks)?;
        if old.entry_count + tracks.len() as u64 > ENTRIES_MAX as u64 {
            let what = format!("A playlist holds at most {ENTRIES_MAX} tracks; take some out first.");
            return Err(full(&what).into());
        }
        let entries = enter(tx, playlist, &tracks, place, user, (&ids, now))?;
        store::note_change(tx, playlist, delta(tracks.iter(), &held), now)?;
        tell(tx, playlist, &old)?;
        Ok(EntriesChanged { version: old.version + 1, entries })
    })
    .await
}

/// Moves an entry to a place; one row is written. 404 when the entry is gone.
pub async fn move_entry(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    entry: EntryId,
    place: Place,
) -> Result<EntriesChanged, Error> {
    let (user, now) = (viewer.id, ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        let old = hold(tx, user, playlist, Need::Edit)?;
        entries::position(tx, playlist, entry)?.ok_or(Error::NotFound)?;
        if place == Place::After(entry) {
            return Ok(EntriesChanged { version: old.version, entries: vec![entry] });
        }
        let position = positions(tx, playlist, place, 1)?;
        entries::set_position(tx, entry, position[0])?;
        store::note_change(tx, playlist, Delta::default(), now)?;
        tell(tx, playlist, &old)?;
        Ok(EntriesChanged { version: old.version + 1, entries: vec![entry] })
    })
    .await
}

/// Takes entries out; those that are gone already are passed over.
pub async fn remove_entries(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    mut gone: Vec<EntryId>,
) -> Result<EntriesChanged, Error> {
    if gone.is_empty() || gone.len() > ENTRIES_MAX {
        return Err(Problem::invalid("entries", format!("Name 1 to {ENTRIES_MAX} entries.")).into());
    }
    gone.sort_unstable();
    gone.dedup();
    let (user, now) = (viewer.id, ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        let before = entries::of(tx, playlist, &gone)?;
        let tracks: Vec<TrackId> = before.iter().map(|(_, track)| *track).collect();
        let held = entries::hold_tracks(tx, &tracks)?;
        let old = hold(tx, user, playlist, Need::Edit)?;
        // Others may have taken some out while this waited; nobody changes the track of an entry.
        let there = entries::of(tx, playlist, &gone)?;
        if there.is_empty() {
            return Ok(EntriesChanged { version: old.version, entries: Vec::new() });
        }
        entries::delete(tx, playlist, &gone)?;
        let sum = delta(there.iter().map(|(_, track)| track), &held);
        store::note_change(tx, playlist, less(sum), now)?;
        tell(tx, playlist, &old)?;
        Ok(EntriesChanged { version: old.version + 1, entries: Vec::new() })
    })
    .await
}

fn less(sum: Delta) -> Delta {
    Delta { entries: -sum.entries, tracks: -sum.tracks, duration_ms: -sum.duration_ms }
}

/// Puts these tracks in place of all that are shown. Entries of hidden tracks stay, behind the new ones, since nobody
/// who replaces what is shown has seen them.
///
/// 409 `stale` when `version` is given and the playlist has another one, and as [`add_entries`].
pub async fn replace_entries(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    tracks: Vec<TrackId>,
    version: Option<u64>,
) -> Result<EntriesChanged, Error> {
    check_count(tracks.len())?;
    let (user, ids, now) = (viewer.id, ctx.ids().clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        let before = entries::shown(tx, playlist)?;
        let all: Vec<TrackId> =
            before.iter().map(|(_, track)| *track).chain(tracks.iter().copied()).collect();
        let mut held = entries::hold_tracks(tx, &all)?;
        let old = hold(tx, user, playlist, Need::Edit)?;
        by_hand(&old)?;
        if version.is_some_and(|version| version != old.version) {
            return Err(stale(old.version).into());
        }
        hold_shown(tx, &tracks)?;
        let there = entries::shown(tx, playlist)?;
        hold_more(tx, &mut held, &there)?;
        let hidden = old.entry_count.saturating_sub(there.len() as u64);
        if hidden + tracks.len() as u64 > ENTRIES_MAX as u64 {
            let what = format!("With {hidden} entries of hidden tracks these are more than {ENTRIES_MAX}.");
            return Err(full(&what).into());
        }
        let gone: Vec<EntryId> = there.iter().map(|(entry, _)| *entry).collect();
        entries::delete(tx, playlist, &gone)?;
        let entries = enter(tx, playlist, &tracks, Place::Start, user, (&ids, now))?;
        let (old_sum, new_sum) =
            (delta(there.iter().map(|(_, track)| track), &held), delta(tracks.iter(), &held));
        let change = Delta {
            entries: new_sum.entries - old_sum.entries,
            tracks: new_sum.tracks - old_sum.tracks,
            duration_ms: new_sum.duration_ms - old_sum.duration_ms,
        };
        store::note_change(tx, playlist, change, now)?;
        tell(tx, playlist, &old)?;
        Ok(EntriesChanged { version: old.version + 1, entries })
    })
    .await
}

/// The entries of a playlist in their order, page by page. Those of hidden tracks are left out.
pub async fn list_entries(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    query: &PageQuery,
) -> Result<Page<Entry>, Error> {
    let row = seen(ctx, viewer, playlist).await?;
    if row.rules.is_some() {
        return smart::list_entries(ctx, viewer, &row, query).await;
    }
    let limit = query.limit();
    let key = query.key::<(i64, i64)>()?;
    let found = visibility::read(ctx, viewer, move |tx| {
        let after = match key {
            None => (i64::MIN, i64::MIN),
            // Where the last one of the page before stands now; where it stood, when it is gone.
            Some((position, id)) => (entries::position(tx, playlist, EntryId(id))?.unwrap_or(position), id),
        };
        entries::page(tx, playlist, after, limit + 1)
    });
    let rows = found.await.map_err(Error::Fault)?;
    let Page { items, next } = Page::cut(rows, limit, |row| (row.position, row.id.0));
    let tracks = music::tracks_by_id(ctx, viewer, items.iter().map(|row| row.track).collect()).await?;
    Ok(Page { items: items.iter().filter_map(|row| entry(row, &tracks)).collect(), next })
}

fn entry(row: &EntryRow, tracks: &HashMap<TrackId, Track>) -> Option<Entry> {
    Some(Entry {
        id: Some(row.id),
        track: tracks.get(&row.track)?.clone(),
        added_by: Some(row.added_by),
        added_at: Some(row.added),
    })
}

/// All entries of a playlist, with their numbers, in their order: what a client that knows no pages wants. Of a smart
/// one what its rules find now.
pub async fn tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
) -> Result<Vec<(Option<EntryId>, Track)>, Error> {
    let row = seen(ctx, viewer, playlist).await?;
    let ids = if row.rules.is_some() {
        smart::found(ctx, viewer, &row).await?.into_iter().map(|track| (None, track)).collect()
    } else {
        let found = visibility::read(ctx, viewer, move |tx| all(tx, playlist)).await.map_err(Error::Fault)?;
        found.into_iter().map(|row| (Some(row.id), row.track)).collect::<Vec<_>>()
    };
    let shaped = music::tracks_by_id(ctx, viewer, ids.iter().map(|(_, track)| *track).collect()).await?;
    Ok(ids.into_iter().filter_map(|(entry, track)| Some((entry, shaped.get(&track)?.clone()))).collect())
}

fn all(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<Vec<EntryRow>, Fault> {
    let mut all: Vec<EntryRow> = Vec::new();
    loop {
        let after = all.last().map_or((i64::MIN, i64::MIN), |row| (row.position, row.id.0));
        let rows = entries::page(tx, playlist, after, READ_AT_ONCE)?;
        let more = rows.len() == READ_AT_ONCE as usize;
        all.extend(rows);
        if !more {
            return Ok(all);
        }
    }
}

/// Shapes rows in the order of `ids`.
pub(super) fn in_order(ids: &[TrackId], tracks: &HashMap<TrackId, Track>) -> Vec<Track> {
    ids.iter().filter_map(|id| tracks.get(id).cloned()).collect()
}
