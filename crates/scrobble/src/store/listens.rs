//! The queue.

use catalog::service::listens::ListenFacts;
use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::{ConnectionId, remote::Listen};

/// A play on its way into the queue.
pub(crate) struct NewListen<'a> {
    pub(crate) connection: ConnectionId,
    pub(crate) seq: i64,
    pub(crate) listened: Time,
    pub(crate) facts: &'a ListenFacts,
}

/// Puts a play into a connection's queue, once. One that can't be sent is there as failed, with the reason.
pub(crate) fn insert_listen(
    tx: &mut Tx<'_>,
    new: &NewListen<'_>,
    unfit: Option<&str>,
    now: Time,
) -> Result<(), Fault> {
    let facts = serde_json::to_string(new.facts)
        .map_err(|error| Fault::from_error("a listen can't be written", error))?;
    tx.run(
        sql!(
            "INSERT INTO scrobble_listen (connection_id, seq, listened_us, facts, failed_us, problem)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        ),
        params![new.connection, new.seq, new.listened, facts, unfit.map(|_| now), unfit],
    )?;
    Ok(())
}

fn listen(row: &Row<'_>) -> Result<Listen, Fault> {
    Ok(Listen { seq: row.get(0)?, at_s: row.get::<Time>(1)?.seconds(), facts: facts(row, 2)? })
}

fn facts(row: &Row<'_>, at: usize) -> Result<ListenFacts, Fault> {
    serde_json::from_str(&row.get::<String>(at)?)
        .map_err(|error| Fault::from_error("a queued listen can't be read", error))
}

/// What waits, the earliest play first.
pub(crate) fn waiting(tx: &mut Tx<'_>, id: ConnectionId, limit: usize) -> Result<Vec<Listen>, Fault> {
    tx.all(
        sql!(
            "SELECT seq, listened_us, facts FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NULL
             ORDER BY seq LIMIT $2"
        ),
        params![id, i64::try_from(limit).unwrap_or(i64::MAX)],
        listen,
    )
}

pub(crate) fn count_waiting(tx: &mut Tx<'_>, id: ConnectionId) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NULL");
    Ok(tx.one(sql, params![id], |row| row.get(0))?.unwrap_or(0))
}

pub(crate) fn count_failed(tx: &mut Tx<'_>, id: ConnectionId) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NOT NULL");
    Ok(tx.one(sql, params![id], |row| row.get(0))?.unwrap_or(0))
}

/// What lies ahead of the clock was noted by one that was wrong: it is given the present, once, so that a batch that is
/// sent twice is the same twice.
pub(crate) fn bring_to_present(tx: &mut Tx<'_>, id: ConnectionId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_listen SET listened_us = $2
             WHERE connection_id = $1 AND failed_us IS NULL AND listened_us > $2"
        ),
        params![id, now],
    )?;
    Ok(())
}

pub(crate) fn delete_listen(tx: &mut Tx<'_>, id: ConnectionId, seq: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM scrobble_listen WHERE connection_id = $1 AND seq = $2"), params![id, seq])?;
    Ok(())
}

/// Notes that a service will not take a listen.
pub(crate) fn fail_listen(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    seq: i64,
    problem: &str,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE scrobble_listen SET failed_us = $3, problem = $4 WHERE connection_id = $1 AND seq = $2"),
        params![id, seq, now, problem],
    )?;
    Ok(())
}

/// Forgets all but the newest `kept` that failed.
pub(crate) fn prune_failed(tx: &mut Tx<'_>, id: ConnectionId, kept: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NOT NULL AND seq < (
                SELECT MIN(newest.seq) FROM (SELECT seq FROM scrobble_listen
                    WHERE connection_id = $1 AND failed_us IS NOT NULL ORDER BY seq DESC LIMIT $2) newest)"
        ),
        params![id, kept],
    )?;
    Ok(())
}

/// Has what failed wait again.
pub(crate) fn retry_failed(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_listen SET failed_us = NULL, problem = NULL
             WHERE connection_id = $1 AND failed_us IS NOT NULL"
        ),
        params![id],
    )?;
    Ok(())
}

pub(crate) fn delete_failed(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    let sql = sql!("DELETE FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NOT NULL");
    tx.run(sql, params![id])?;
    Ok(())
}

/// A listen that failed, as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct FailedRow {
    pub(crate) seq: i64,
    pub(crate) listened: Time,
    pub(crate) facts: ListenFacts,
    pub(crate) problem: String,
}

/// What failed before this place, the newest first.
pub(crate) fn failed(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    before: i64,
    limit: u32,
) -> Result<Vec<FailedRow>, Fault> {
    tx.all(
        sql!(
            "SELECT seq, listened_us, facts, problem FROM scrobble_listen
             WHERE connection_id = $1 AND failed_us IS NOT NULL AND seq < $2 ORDER BY seq DESC LIMIT $3"
        ),
        params![id, before, limit],
        |row| {
            Ok(FailedRow {
                seq: row.get(0)?,
                listened: row.get(1)?,
                facts: facts(row, 2)?,
                problem: row.get::<Option<String>>(3)?.unwrap_or_default(),
            })
        },
    )
}
