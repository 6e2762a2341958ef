//! What services will not take: listens and favourites that are kept with the reason until their listener has seen it.

use catalog::{TrackId, service::listens::ListenFacts};
use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use super::{FavouriteRow, listens::facts};
use crate::{ConnectionId, model::FailedKind, remote::Listen};

/// How much of each kind is kept of a connection; what falls off is counted.
pub(crate) const FAILED_MAX: u32 = if cfg!(test) { 6 } else { 500 };

/// What a service will not take, as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct FailedRow {
    /// The place of its event, which tells it from all others.
    pub(crate) seq: i64,
    pub(crate) kind: FailedKind,
    /// When it was heard, if it was.
    pub(crate) listened: Option<Time>,
    pub(crate) facts: ListenFacts,
    pub(crate) problem: String,
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

/// Notes that a service will not take a favourite, unless that was changed since it stood like this.
pub(crate) fn fail_favourite(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    row: &FavouriteRow,
    problem: &str,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_favourite SET failed_us = $4, problem = $5
             WHERE connection_id = $1 AND thing = $2 AND seq = $3"
        ),
        params![id, &row.thing, row.seq, now, problem],
    )?;
    Ok(())
}

/// Forgets all but the newest [`FAILED_MAX`] of each kind, and counts what it forgot.
pub(crate) fn prune_failed(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    let listens = tx.run(
        sql!(
            "DELETE FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NOT NULL AND seq < (
                SELECT MIN(newest.seq) FROM (SELECT seq FROM scrobble_listen
                    WHERE connection_id = $1 AND failed_us IS NOT NULL ORDER BY seq DESC LIMIT $2) newest)"
        ),
        params![id, FAILED_MAX],
    )?;
    let favourites = tx.run(
        sql!(
            "DELETE FROM scrobble_favourite WHERE connection_id = $1 AND failed_us IS NOT NULL AND seq < (
                SELECT MIN(newest.seq) FROM (SELECT seq FROM scrobble_favourite
                    WHERE connection_id = $1 AND failed_us IS NOT NULL ORDER BY seq DESC LIMIT $2) newest)"
        ),
        params![id, FAILED_MAX],
    )?;
    if listens + favourites == 0 { Ok(()) } else { count_unlisted(tx, id, listens + favourites) }
}

/// Counts what was not taken and is listed nowhere.
pub(crate) fn count_unlisted(tx: &mut Tx<'_>, id: ConnectionId, count: u64) -> Result<(), Fault> {
    let sql = sql!("UPDATE scrobble_connection SET unlisted = unlisted + $2 WHERE id = $1");
    tx.run(sql, params![id, i64::try_from(count).unwrap_or(i64::MAX)])?;
    Ok(())
}

pub(crate) fn count_failed_listens(tx: &mut Tx<'_>, id: ConnectionId) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NOT NULL");
    Ok(tx.one(sql, params![id], |row| row.get(0))?.unwrap_or(0))
}

pub(crate) fn count_failed_favourites(tx: &mut Tx<'_>, id: ConnectionId) -> Result<u64, Fault> {
    let sql =
        sql!("SELECT COUNT(*) FROM scrobble_favourite WHERE connection_id = $1 AND failed_us IS NOT NULL");
    Ok(tx.one(sql, params![id], |row| row.get(0))?.unwrap_or(0))
}

/// What failed before this place, of both kinds, the newest first.
pub(crate) fn failed(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    before: i64,
    limit: u32,
) -> Result<Vec<FailedRow>, Fault> {
    let mut rows = failed_listens(tx, id, before, limit)?;
    rows.extend(failed_favourites(tx, id, before, limit)?);
    rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    rows.truncate(limit as usize);
    Ok(rows)
}

pub(crate) fn failed_listens(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    before: i64,
    limit: u32,
) -> Result<Vec<FailedRow>, Fault> {
    tx.all(
        sql!(
            "SELECT seq, facts, problem, listened_us FROM scrobble_listen
             WHERE connection_id = $1 AND failed_us IS NOT NULL AND seq < $2 ORDER BY seq DESC LIMIT $3"
        ),
        params![id, before, limit],
        |row| failed_row(row, FailedKind::Listen, row.get(3)?),
    )
}

fn failed_favourites(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    before: i64,
    limit: u32,
) -> Result<Vec<FailedRow>, Fault> {
    tx.all(
        sql!(
            "SELECT seq, facts, problem, loved FROM scrobble_favourite
             WHERE connection_id = $1 AND failed_us IS NOT NULL AND seq < $2 ORDER BY seq DESC LIMIT $3"
        ),
        params![id, before, limit],
        |row| {
            let kind = if row.get(3)? { FailedKind::Love } else { FailedKind::Unlove };
            failed_row(row, kind, None)
        },
    )
}

fn failed_row(row: &Row<'_>, kind: FailedKind, listened: Option<Time>) -> Result<FailedRow, Fault> {
    let problem = row.get::<Option<String>>(2)?.unwrap_or_default();
    Ok(FailedRow { seq: row.get(0)?, kind, listened, facts: facts(row, 1)?, problem })
}

/// The track of a listener's play at this place of the order of events.
pub(crate) fn heard_at(tx: &mut Tx<'_>, user: UserId, seq: i64) -> Result<Option<TrackId>, Fault> {
    let sql = sql!("SELECT track_id FROM scrobble_heard WHERE user_id = $1 AND seq = $2");
    tx.one(sql, params![user, seq], |row| row.get(0))
}

/// Has a listen that failed wait again, with what is known of it now; or fail again at once, for this reason.
pub(crate) fn renew_listen(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    listen: &Listen,
    unfit: Option<&str>,
    now: Time,
) -> Result<(), Fault> {
    let facts = serde_json::to_string(&listen.facts)
        .map_err(|error| Fault::from_error("a listen can't be written", error))?;
    tx.run(
        sql!(
            "UPDATE scrobble_listen SET facts = $3, failed_us = $4, problem = $5
             WHERE connection_id = $1 AND seq = $2 AND failed_us IS NOT NULL"
        ),
        params![id, listen.seq, facts, unfit.map(|_| now), unfit],
    )?;
    Ok(())
}

/// Has favourites that failed wait again.
pub(crate) fn renew_favourites(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_favourite SET failed_us = NULL, problem = NULL
             WHERE connection_id = $1 AND failed_us IS NOT NULL"
        ),
        params![id],
    )?;
    Ok(())
}

/// Forgets all that failed, also what is listed no more.
pub(crate) fn delete_failed(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    let sql = sql!("DELETE FROM scrobble_listen WHERE connection_id = $1 AND failed_us IS NOT NULL");
    tx.run(sql, params![id])?;
    let sql = sql!("DELETE FROM scrobble_favourite WHERE connection_id = $1 AND failed_us IS NOT NULL");
    tx.run(sql, params![id])?;
    tx.run(sql!("UPDATE scrobble_connection SET unlisted = 0 WHERE id = $1"), params![id])?;
    Ok(())
}

/// Says of favourites no more that some were refused, or not told. Where none are told at all, that stays said.
pub(crate) fn clear_favours_problem(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    let sql = sql!("UPDATE scrobble_connection SET favours_problem = NULL WHERE id = $1 AND favours");
    tx.run(sql, params![id])?;
    Ok(())
}
