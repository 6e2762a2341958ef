//! How far what an account elsewhere has noted was taken over.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::ConnectionId;

/// What is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Listens,
    Favourites,
}

impl What {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Listens => "listens",
            Self::Favourites => "favourites",
        }
    }
}

/// How far it is. Times of listens are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TakeoverRow {
    pub(crate) since_s: i64,
    pub(crate) done_s: i64,
    pub(crate) top_s: i64,
    pub(crate) before_s: Option<i64>,
    /// Favourites that were read.
    pub(crate) read: u64,
    /// When it goes on; `None` when it does not by itself.
    pub(crate) next: Option<Time>,
    pub(crate) failures: u32,
    /// Since when it fails.
    pub(crate) failing: Option<Time>,
    pub(crate) problem: Option<String>,
    pub(crate) finished: Option<Time>,
    pub(crate) taken: u64,
    pub(crate) known: u64,
    pub(crate) unmatched: u64,
}

fn takeover(row: &Row<'_>) -> Result<TakeoverRow, Fault> {
    Ok(TakeoverRow {
        since_s: row.get(0)?,
        done_s: row.get(1)?,
        top_s: row.get(2)?,
        before_s: row.get(3)?,
        read: row.get(4)?,
        next: row.get(5)?,
        failures: row.get(6)?,
        problem: row.get(7)?,
        finished: row.get(8)?,
        taken: row.get(9)?,
        known: row.get(10)?,
        unmatched: row.get(11)?,
        failing: row.get(12)?,
    })
}

pub(crate) fn takeover_of(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    what: What,
) -> Result<Option<TakeoverRow>, Fault> {
    tx.one(
        sql!(
            "SELECT since_s, done_s, top_s, before_s, read_count, next_us, failures, problem, finished_us, taken, known,
                unmatched, failing_us
             FROM scrobble_takeover WHERE connection_id = $1 AND what = $2"
        ),
        params![id, what.word()],
        takeover,
    )
}

/// Writes how far it is.
pub(crate) fn put_takeover(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    what: What,
    row: &TakeoverRow,
) -> Result<(), Fault> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    tx.run(
        sql!(
            "INSERT INTO scrobble_takeover (connection_id, what, since_s, done_s, top_s, before_s, read_count, next_us,
                failures, problem, finished_us, taken, known, unmatched, failing_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (connection_id, what) DO UPDATE SET since_s = excluded.since_s, done_s = excluded.done_s,
                top_s = excluded.top_s, before_s = excluded.before_s, read_count = excluded.read_count,
                next_us = excluded.next_us, failures = excluded.failures, problem = excluded.problem,
                finished_us = excluded.finished_us, taken = excluded.taken, known = excluded.known,
                unmatched = excluded.unmatched, failing_us = excluded.failing_us"
        ),
        params![
            id,
            what.word(),
            row.since_s,
            row.done_s,
            row.top_s,
            row.before_s,
            signed(row.read),
            row.next,
            row.failures,
            row.problem.as_deref(),
            row.finished,
            signed(row.taken),
            signed(row.known),
            signed(row.unmatched),
            row.failing
        ],
    )?;
    Ok(())
}

/// Has what failed go on now.
pub(crate) fn mend_takeovers(tx: &mut Tx<'_>, id: ConnectionId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_takeover SET next_us = $2, failures = 0, failing_us = NULL, problem = NULL
             WHERE connection_id = $1 AND problem IS NOT NULL AND (what = 'listens' OR finished_us IS NULL)"
        ),
        params![id, now],
    )?;
    Ok(())
}

pub(crate) fn delete_takeover(tx: &mut Tx<'_>, id: ConnectionId, what: What) -> Result<(), Fault> {
    let sql = sql!("DELETE FROM scrobble_takeover WHERE connection_id = $1 AND what = $2");
    tx.run(sql, params![id, what.word()])?;
    Ok(())
}

pub(crate) fn delete_takeovers(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM scrobble_takeover WHERE connection_id = $1"), params![id])?;
    Ok(())
}

/// Connections of which this goes on now, the one that waited longest first. A moment later than any wait can be was
/// written by a clock that was wrong.
pub(crate) fn due_takeovers(
    tx: &mut Tx<'_>,
    what: What,
    now: Time,
    latest: Time,
    limit: u32,
) -> Result<Vec<ConnectionId>, Fault> {
    tx.all(
        sql!(
            "SELECT i.connection_id FROM scrobble_takeover i JOIN scrobble_connection c ON c.id = i.connection_id
             WHERE i.what = $1 AND i.next_us IS NOT NULL AND (i.next_us <= $2 OR i.next_us > $3)
                AND c.state = 'working' AND NOT c.held
                AND NOT EXISTS (SELECT 1 FROM scrobble_silence s WHERE s.root = c.root
                    AND (s.name = c.name OR s.name = '') AND s.until_us > $2 AND s.until_us <= $3)
             ORDER BY i.next_us, i.connection_id LIMIT $4"
        ),
        params![what.word(), now, latest, limit],
        |row| row.get(0),
    )
}
