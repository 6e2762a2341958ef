//! Favourites that wait to be told.

use catalog::service::listens::ListenFacts;
use kernel::{Fault, db::Tx, params, sql};

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
                facts = excluded.facts, failed_us = NULL, problem = NULL"
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
    let sql = sql!(
        "SELECT loved FROM scrobble_favourite WHERE connection_id = $1 AND thing = $2 AND failed_us IS NULL"
    );
    tx.one(sql, params![id, thing], |row| row.get(0))
}

/// What was changed first of what waits.
pub(crate) fn next_favourite(tx: &mut Tx<'_>, id: ConnectionId) -> Result<Option<FavouriteRow>, Fault> {
    tx.one(
        sql!(
            "SELECT thing, seq, loved, facts FROM scrobble_favourite
             WHERE connection_id = $1 AND failed_us IS NULL ORDER BY seq, thing LIMIT 1"
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
    let sql = sql!("SELECT COUNT(*) FROM scrobble_favourite WHERE connection_id = $1 AND failed_us IS NULL");
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

/// Forgets all that wait and all that failed.
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
