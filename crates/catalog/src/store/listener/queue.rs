//! A listener's queue: the list, and apart from it where it stands, so that a new position writes little.

use std::collections::HashMap;

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::{
    TrackId,
    store::{media::signed, read::list},
    visibility::visible,
};

/// Where a queue stands.
#[derive(Clone, Debug)]
pub(crate) struct QueueRow {
    pub(crate) version: u64,
    pub(crate) track_count: u32,
    pub(crate) current: u32,
    pub(crate) position_ms: u64,
    pub(crate) changed_by: String,
    pub(crate) changed: Time,
}

/// Where somebody's queue stands; `None` when there never was one.
pub(crate) fn one(tx: &mut Tx<'_>, user: UserId) -> Result<Option<QueueRow>, Fault> {
    tx.one(
        sql!(
            "SELECT version, track_count, current_index, position_ms, changed_by, changed_us FROM catalog_queue
             WHERE user_id = $1"
        ),
        params![user],
        |row| {
            Ok(QueueRow {
                version: row.get(0)?,
                track_count: row.get(1)?,
                current: row.get(2)?,
                position_ms: row.get(3)?,
                changed_by: row.get(4)?,
                changed: row.get(5)?,
            })
        },
    )
}

/// The list, as JSON.
pub(crate) fn tracks(tx: &mut Tx<'_>, user: UserId) -> Result<Option<String>, Fault> {
    tx.one(sql!("SELECT tracks FROM catalog_queue_list WHERE user_id = $1"), params![user], |row| row.get(0))
}

/// Writes where a new list stands, when `version` is the one that is there (0 for none); says whether it was.
pub(crate) fn put(tx: &mut Tx<'_>, user: UserId, row: &QueueRow) -> Result<bool, Fault> {
    let (count, position) = (row.track_count, signed(row.position_ms));
    let version = signed(row.version);
    let made = tx.run(
        sql!(
            "INSERT INTO catalog_queue (user_id, version, track_count, current_index, position_ms, changed_by, changed_us)
             VALUES ($1, CAST($2 AS BIGINT) + 1, $3, $4, $5, $6, $7)
             ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, track_count = excluded.track_count,
                current_index = excluded.current_index, position_ms = excluded.position_ms,
                changed_by = excluded.changed_by, changed_us = excluded.changed_us
             WHERE catalog_queue.version = excluded.version - 1"
        ),
        params![user, version, count, row.current, position, &row.changed_by, row.changed],
    )?;
    Ok(made > 0)
}

pub(crate) fn put_tracks(tx: &mut Tx<'_>, user: UserId, tracks: &[TrackId]) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_queue_list (user_id, tracks) VALUES ($1, $2)
             ON CONFLICT (user_id) DO UPDATE SET tracks = excluded.tracks"
        ),
        params![user, list(tracks.iter().map(|track| track.0))],
    )?;
    Ok(())
}

/// Moves the position in the list of this version; says whether it was that.
pub(crate) fn set_position(tx: &mut Tx<'_>, user: UserId, row: &QueueRow) -> Result<bool, Fault> {
    let position = signed(row.position_ms);
    let version = signed(row.version);
    let count = tx.run(
        sql!(
            "UPDATE catalog_queue SET current_index = $3, position_ms = $4, changed_by = $5, changed_us = $6
             WHERE user_id = $1 AND version = $2"
        ),
        params![user, version, row.current, position, &row.changed_by, row.changed],
    )?;
    Ok(count > 0)
}

/// Those of these tracks that are shown, with how long they are in milliseconds.
pub(crate) fn shown(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<HashMap<TrackId, u64>, Fault> {
    let found = tx.all(
        sql!(
            sqlite: concat!(
                "SELECT t.id, t.duration_ms FROM catalog_track t
                 WHERE t.id IN (SELECT wanted.value FROM json_each($1) wanted) AND ",
                visible!("t")
            ),
            postgres: concat!(
                "SELECT t.id, t.duration_ms FROM catalog_track t
                 WHERE t.id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($1 AS JSON)) wanted) AND ",
                visible!("t")
            )
        ),
        params![list(tracks.iter().map(|track| track.0))],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.into_iter().collect())
}
