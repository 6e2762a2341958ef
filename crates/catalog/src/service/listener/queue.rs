//! The one queue of a listener. A new list names the version that it was made of, so that two devices do not overwrite
//! each other unseen; a new position is one small row.

use std::collections::HashMap;

use kernel::{Ctx, Fault, Page, PageQuery, Problem, db::Tx, http::Viewer, id::UserId};

use super::{client, position};
use crate::{
    TrackId,
    model::{
        Track,
        listener::{Queue, QueueAnew, QueueItem, QueuePosition},
    },
    service::{Error, music},
    store::listener::queue::{self as store, QueueRow},
};

/// Tracks of a queue.
pub const QUEUE_TRACKS_MAX: usize = 5_000;

fn stale(version: u64) -> Error {
    let detail = format!("The queue's version is {version} now. Fetch it, then send that version.");
    let problem =
        Problem::new(http::StatusCode::CONFLICT, "stale", "Another device changed the queue meanwhile");
    problem.detail(detail).into()
}

pub(super) fn ids(text: Option<String>) -> Result<Vec<TrackId>, Fault> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let numbers: Vec<i64> = serde_json::from_str(&text)
        .map_err(|error| Fault::from_error("a kept queue can't be read", error))?;
    Ok(numbers.into_iter().map(TrackId).collect())
}

async fn read(ctx: &Ctx, user: UserId) -> Result<Queue, Error> {
    let found = ctx.db().read(move |tx| Ok::<_, Fault>((store::one(tx, user)?, store::tracks(tx, user)?)));
    let (row, list) = found.await?;
    let Some(row) = row else { return Ok(Queue::default()) };
    Ok(Queue {
        tracks: ids(list)?,
        current: row.current,
        position_ms: row.position_ms,
        changed_by: row.changed_by,
        version: row.version,
        changed_at: Some(row.changed),
    })
}

/// The viewer's queue; an empty one of version 0 while there was none.
pub async fn get_queue(ctx: &Ctx, viewer: &Viewer) -> Result<Queue, Error> {
    read(ctx, viewer.id).await
}

/// What of the queue can be played, with the places in it.
pub async fn queue_tracks(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<QueueItem>, Error> {
    let queue = read(ctx, viewer.id).await?;
    let tracks = music::tracks_by_id(ctx, viewer, queue.tracks.clone()).await?;
    Ok(items((0..).zip(queue.tracks), &tracks))
}

fn items(places: impl Iterator<Item = (u32, TrackId)>, tracks: &HashMap<TrackId, Track>) -> Vec<QueueItem> {
    let items = places.filter_map(|(index, id)| Some(QueueItem { index, track: tracks.get(&id)?.clone() }));
    items.collect()
}

/// The same page by page. A cursor of an older version of the queue goes on at the same index.
pub async fn list_queue_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    query: &PageQuery,
) -> Result<Page<QueueItem>, Error> {
    let limit = query.limit();
    let from = query.key::<u32>()?.unwrap_or(0);
    let queue = read(ctx, viewer.id).await?;
    let places = (0..).zip(queue.tracks).skip(from as usize).take(limit as usize + 1);
    let Page { items: places, next } = Page::cut(places.collect(), limit, |(index, _)| index + 1);
    let tracks = music::tracks_by_id(ctx, viewer, places.iter().map(|(_, id)| *id).collect()).await?;
    Ok(Page { items: items(places.into_iter(), &tracks), next })
}

/// Whether an index is in a list of so many.
fn check_index(current: u32, count: usize) -> Result<(), Problem> {
    if (current as usize) < count || current == 0 {
        return Ok(());
    }
    Err(Problem::invalid("current", format!("The queue has {count} tracks, counted from 0.")))
}

/// Puts a new queue in place of the one whose version it names.
///
/// Numbers of tracks that are not there are taken and never shown: the answer is the same whether they are hidden or
/// never were. 409 `stale` for another version, 422 for more than [`QUEUE_TRACKS_MAX`] or a wrong index.
pub async fn put_queue(ctx: &Ctx, viewer: &Viewer, new: &QueueAnew) -> Result<Queue, Error> {
    if new.tracks.len() > QUEUE_TRACKS_MAX {
        let message =
            format!("A queue has at most {QUEUE_TRACKS_MAX} tracks; this has {}.", new.tracks.len());
        return Err(Problem::invalid("tracks", message).into());
    }
    check_index(new.current, new.tracks.len())?;
    let row = QueueRow {
        version: new.version,
        track_count: u32::try_from(new.tracks.len()).unwrap_or(u32::MAX),
        current: new.current,
        position_ms: position(new.position_ms)?,
        changed_by: client("changed_by", &new.changed_by)?,
        changed: ctx.now(),
    };
    let (user, tracks) = (viewer.id, new.tracks.clone());
    ctx.db()
        .write(move |tx| {
            let version = version(tx, user)?;
            if version != row.version || !store::put(tx, user, &row)? {
                return Err(stale(version));
            }
            store::put_tracks(tx, user, &tracks)?;
            tx.wake(&format!("queue:{user}"));
            Ok(())
        })
        .await?;
    read(ctx, viewer.id).await
}

fn version(tx: &mut Tx<'_>, user: UserId) -> Result<u64, Error> {
    Ok(store::one(tx, user)?.map_or(0, |row| row.version))
}

/// Notes where the queue stands now; the list is not written again. 409 `stale` when the list is another one.
pub async fn set_queue_position(ctx: &Ctx, viewer: &Viewer, new: &QueuePosition) -> Result<(), Error> {
    let row = QueueRow {
        version: new.version,
        track_count: 0,
        current: new.current,
        position_ms: position(new.position_ms)?,
        changed_by: client("changed_by", &new.changed_by)?,
        changed: ctx.now(),
    };
    let user = viewer.id;
    ctx.db()
        .write(move |tx| {
            let old = store::one(tx, user)?;
            let old = old.filter(|old| old.version == row.version);
            let Some(old) = old else { return Err(stale(version(tx, user)?)) };
            check_index(row.current, old.track_count as usize)?;
            if !store::set_position(tx, user, &row)? {
                return Err(stale(version(tx, user)?));
            }
            tx.wake(&format!("queue:{user}"));
            Ok(())
        })
        .await
}
