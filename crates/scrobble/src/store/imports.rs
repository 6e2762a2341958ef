//! How far another house's listens have been taken over.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::ConnectionId;

/// An import as it is kept. Times of listens are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImportRow {
    pub(crate) since_s: i64,
    pub(crate) done_s: i64,
    pub(crate) top_s: i64,
    pub(crate) before_s: Option<i64>,
    pub(crate) next_us: i64,
    pub(crate) failures: u32,
    pub(crate) problem: Option<String>,
    pub(crate) finished: Option<Time>,
    pub(crate) counted: u64,
    pub(crate) known: u64,
    pub(crate) unmatched: u64,
}

fn import(row: &Row<'_>) -> Result<ImportRow, Fault> {
    Ok(ImportRow {
        since_s: row.get(0)?,
        done_s: row.get(1)?,
        top_s: row.get(2)?,
        before_s: row.get(3)?,
        next_us: row.get(4)?,
        failures: row.get(5)?,
        problem: row.get(6)?,
        finished: row.get(7)?,
        counted: row.get(8)?,
        known: row.get(9)?,
        unmatched: row.get(10)?,
    })
}

pub(crate) fn import_of(tx: &mut Tx<'_>, id: ConnectionId) -> Result<Option<ImportRow>, Fault> {
    tx.one(
        sql!(
            "SELECT since_s, done_s, top_s, before_s, next_us, failures, problem, finished_us, counted, known, unmatched
             FROM scrobble_import WHERE connection_id = $1"
        ),
        params![id],
        import,
    )
}

/// Writes how far it is.
pub(crate) fn put_import(tx: &mut Tx<'_>, id: ConnectionId, row: &ImportRow) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_import (connection_id, since_s, done_s, top_s, before_s, next_us, failures, problem,
                finished_us, counted, known, unmatched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (connection_id) DO UPDATE SET since_s = excluded.since_s, done_s = excluded.done_s,
                top_s = excluded.top_s, before_s = excluded.before_s, next_us = excluded.next_us,
                failures = excluded.failures, problem = excluded.problem, finished_us = excluded.finished_us,
                counted = excluded.counted, known = excluded.known, unmatched = excluded.unmatched"
        ),
        params![
            id,
            row.since_s,
            row.done_s,
            row.top_s,
            row.before_s,
            row.next_us,
            row.failures,
            row.problem.as_deref(),
            row.finished,
            signed(row.counted),
            signed(row.known),
            signed(row.unmatched)
        ],
    )?;
    Ok(())
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) fn delete_import(tx: &mut Tx<'_>, id: ConnectionId) -> Result<bool, Fault> {
    let rows = tx.run(sql!("DELETE FROM scrobble_import WHERE connection_id = $1"), params![id])?;
    Ok(rows == 1)
}

/// Imports that go on now. A moment later than any wait can be was written by a clock that was wrong.
pub(crate) fn due_imports(
    tx: &mut Tx<'_>,
    now: Time,
    latest: Time,
    limit: u32,
) -> Result<Vec<ConnectionId>, Fault> {
    tx.all(
        sql!(
            "SELECT i.connection_id FROM scrobble_import i JOIN scrobble_connection c ON c.id = i.connection_id
             WHERE (i.next_us <= $1 OR i.next_us > $2) AND c.state = 'working' AND NOT c.held
             ORDER BY i.next_us, i.connection_id LIMIT $3"
        ),
        params![now, latest, limit],
        |row| row.get(0),
    )
}
