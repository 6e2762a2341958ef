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

pub(super) fn facts(row: &Row<'_>, at: usize) -> Result<ListenFacts, Fault> {
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
