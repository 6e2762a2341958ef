//! Favourites that wait to be told, and how far those of another house have been taken over.

use catalog::service::listens::ListenFacts;
use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::ConnectionId;

/// How a thing stands that is to be told.
#[derive(Clone, Debug)]
pub(crate) struct FavouriteRow {
    /// What the service keeps it under.
    pub(crate) thing: String,
    /// The place of the event of its last change.
    pub(crate) seq: i64,
    pub(crate) loved: bool,
    pub(crate) facts: ListenFacts,
}

/// Puts a thing into a connection's queue, in place of how it stood before.
pub(crate) fn put_favourite(tx: &mut Tx<'_>, id: ConnectionId, row: &FavouriteRow) -> Result<(), Fault> {
    let facts = serde_json::to_string(&row.facts)
        .map_err(|error| Fault::from_error("a favourite can't be written", error))?;
    tx.run(
        sql!(
            "INSERT INTO scrobble_favourite (connection_id, thing, seq, loved, facts) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (connection_id, thing) DO UPDATE SET seq = excluded.seq, loved = excluded.loved,
                facts = excluded.facts"
        ),
        params![id, &row.thing, row.seq, row.loved, facts],
    )?;
    Ok(())
}

/// Whether a thing that waits is to be told as loved; `None` when it does not wait.
pub(crate) fn waiting_favourite(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    thing: &str,
) -> Result<Option<bool>, Fault> {
    let sql = sql!("SELECT loved FROM scrobble_favourite WHERE connection_id = $1 AND thing = $2");
    tx.one(sql, params![id, thing], |row| row.get(0))
}

/// What was changed first of what waits.
pub(crate) fn next_favourite(tx: &mut Tx<'_>, id: ConnectionId) -> Result<Option<FavouriteRow>, Fault> {
    tx.one(
        sql!(
            "SELECT thing, seq, loved, facts FROM scrobble_favourite WHERE connection_id = $1
             ORDER BY seq, thing LIMIT 1"
        ),
        params![id],
        |row| {
            let facts = serde_json::from_str(&row.get::<String>(3)?)
                .map_err(|error| Fault::from_error("a queued favourite can't be read", error))?;
            Ok(FavouriteRow { thing: row.get(0)?, seq: row.get(1)?, loved: row.get(2)?, facts })
        },
    )
}

pub(crate) fn count_favourites(tx: &mut Tx<'_>, id: ConnectionId) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM scrobble_favourite WHERE connection_id = $1");
    Ok(tx.one(sql, params![id], |row| row.get(0))?.unwrap_or(0))
}

/// Takes a thing out of the queue, unless it was changed since it stood like this.
pub(crate) fn delete_favourite(tx: &mut Tx<'_>, id: ConnectionId, row: &FavouriteRow) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM scrobble_favourite WHERE connection_id = $1 AND thing = $2 AND seq = $3"),
        params![id, &row.thing, row.seq],
    )?;
    Ok(())
}

/// Forgets all that wait.
pub(crate) fn delete_favourites(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM scrobble_favourite WHERE connection_id = $1"), params![id])?;
    Ok(())
}

/// Notes up to where changes of favourites were looked at.
pub(crate) fn set_favours_seq(tx: &mut Tx<'_>, id: ConnectionId, seq: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE scrobble_connection SET favours_seq = $2 WHERE id = $1"), params![id, seq])?;
    Ok(())
}

/// Whether favourites are told, and what stands in the way.
pub(crate) fn set_favours(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    favours: bool,
    problem: Option<&str>,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE scrobble_connection SET favours = $2, favours_problem = $3 WHERE id = $1"),
        params![id, favours, problem],
    )?;
    Ok(())
}

/// Says what stands in the way of telling favourites.
pub(crate) fn set_favours_problem(tx: &mut Tx<'_>, id: ConnectionId, problem: &str) -> Result<(), Fault> {
    tx.run(sql!("UPDATE scrobble_connection SET favours_problem = $2 WHERE id = $1"), params![id, problem])?;
    Ok(())
}

/// Counts a favourite that was told.
pub(crate) fn count_favourite_sent(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE scrobble_connection SET favours_sent = favours_sent + 1 WHERE id = $1"),
        params![id],
    )?;
    Ok(())
}

/// An import of favourites as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FavouriteImportRow {
    pub(crate) read: u64,
    pub(crate) next_us: i64,
    pub(crate) failures: u32,
    pub(crate) problem: Option<String>,
    pub(crate) finished: Option<Time>,
    pub(crate) added: u64,
    pub(crate) known: u64,
    pub(crate) unmatched: u64,
}

fn import(row: &Row<'_>) -> Result<FavouriteImportRow, Fault> {
    Ok(FavouriteImportRow {
        read: row.get(0)?,
        next_us: row.get(1)?,
        failures: row.get(2)?,
        problem: row.get(3)?,
        finished: row.get(4)?,
        added: row.get(5)?,
        known: row.get(6)?,
        unmatched: row.get(7)?,
    })
}

pub(crate) fn favourite_import_of(
    tx: &mut Tx<'_>,
    id: ConnectionId,
) -> Result<Option<FavouriteImportRow>, Fault> {
    tx.one(
        sql!(
            "SELECT read_count, next_us, failures, problem, finished_us, added, known, unmatched
             FROM scrobble_favourite_import WHERE connection_id = $1"
        ),
        params![id],
        import,
    )
}

/// Writes how far it is.
pub(crate) fn put_favourite_import(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    row: &FavouriteImportRow,
) -> Result<(), Fault> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    tx.run(
        sql!(
            "INSERT INTO scrobble_favourite_import (connection_id, read_count, next_us, failures, problem, finished_us,
                added, known, unmatched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (connection_id) DO UPDATE SET read_count = excluded.read_count, next_us = excluded.next_us,
                failures = excluded.failures, problem = excluded.problem, finished_us = excluded.finished_us,
                added = excluded.added, known = excluded.known, unmatched = excluded.unmatched"
        ),
        params![
            id,
            signed(row.read),
            row.next_us,
            row.failures,
            row.problem.as_deref(),
            row.finished,
            signed(row.added),
            signed(row.known),
            signed(row.unmatched)
        ],
    )?;
    Ok(())
}

pub(crate) fn delete_favourite_import(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM scrobble_favourite_import WHERE connection_id = $1"), params![id])?;
    Ok(())
}

/// Imports of favourites that go on now. A moment later than any wait can be was written by a clock that was wrong.
pub(crate) fn due_favourite_imports(
    tx: &mut Tx<'_>,
    now: Time,
    latest: Time,
    limit: u32,
) -> Result<Vec<ConnectionId>, Fault> {
    tx.all(
        sql!(
            "SELECT i.connection_id FROM scrobble_favourite_import i
             JOIN scrobble_connection c ON c.id = i.connection_id
             WHERE i.finished_us IS NULL AND (i.next_us <= $1 OR i.next_us > $2) AND c.state = 'working' AND NOT c.held
             ORDER BY i.next_us, i.connection_id LIMIT $3"
        ),
        params![now, latest, limit],
        |row| row.get(0),
    )
}
