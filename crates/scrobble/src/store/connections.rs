//! Connections and what proves to their services who asks.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use crate::{
    ConnectionId,
    model::{Service, State},
    remote::Secret,
};

/// A connection as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionRow {
    pub(crate) id: ConnectionId,
    pub(crate) user: UserId,
    pub(crate) service: Service,
    pub(crate) root: String,
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) problem: Option<String>,
    pub(crate) created: Time,
    pub(crate) next: Time,
    pub(crate) failures: u32,
    pub(crate) sent: u64,
    pub(crate) sent_at: Option<Time>,
    pub(crate) queued_seq: Option<i64>,
    pub(crate) behind: bool,
    pub(crate) batches: bool,
    pub(crate) playing: Option<String>,
    pub(crate) playing_at: Option<Time>,
    /// Whether favourites are told.
    pub(crate) favours: bool,
    pub(crate) favours_problem: Option<String>,
    pub(crate) favours_seq: Option<i64>,
    pub(crate) favours_sent: u64,
    /// Since when nothing succeeded.
    pub(crate) failing: Option<Time>,
    /// What was not taken and is listed nowhere.
    pub(crate) unlisted: u64,
}

/// An account as a service described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) root: String,
    pub(crate) name: String,
    pub(crate) batches: bool,
}

/// The columns that a [`ConnectionRow`] is read from.
macro_rules! select_connections {
    () => {
        "SELECT id, user_id, service, root, name, state, problem, created_us, next_us, failures, sent, sent_us,
            queued_seq, behind, batches, playing, playing_us, favours, favours_problem, favours_seq, favours_sent,
            failing_us, unlisted
         FROM scrobble_connection "
    };
}

fn connection(row: &Row<'_>) -> Result<ConnectionRow, Fault> {
    Ok(ConnectionRow {
        id: row.get(0)?,
        user: row.get(1)?,
        service: Service::from_word(&row.get::<String>(2)?),
        root: row.get(3)?,
        name: row.get(4)?,
        state: State::from_word(&row.get::<String>(5)?),
        problem: row.get(6)?,
        created: row.get(7)?,
        next: row.get(8)?,
        failures: row.get(9)?,
        sent: row.get(10)?,
        sent_at: row.get(11)?,
        queued_seq: row.get(12)?,
        behind: row.get(13)?,
        batches: row.get(14)?,
        playing: row.get(15)?,
        playing_at: row.get(16)?,
        favours: row.get(17)?,
        favours_problem: row.get(18)?,
        favours_seq: row.get(19)?,
        favours_sent: row.get(20)?,
        failing: row.get(21)?,
        unlisted: row.get(22)?,
    })
}

/// The connections of a listener.
pub(crate) fn connections(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<ConnectionRow>, Fault> {
    tx.all(
        sql!(concat!(select_connections!(), "WHERE user_id = $1 ORDER BY service")),
        params![user],
        connection,
    )
}

pub(crate) fn connection_of(
    tx: &mut Tx<'_>,
    user: UserId,
    service: Service,
) -> Result<Option<ConnectionRow>, Fault> {
    tx.one(
        sql!(concat!(select_connections!(), "WHERE user_id = $1 AND service = $2")),
        params![user, service.word()],
        connection,
    )
}

/// The connections of a listener, held until the transaction ends: who puts into a queue and who takes out of it go one
/// after the other.
pub(crate) fn hold_connections(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<ConnectionRow>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(select_connections!(), "WHERE user_id = $1 ORDER BY service"),
            postgres: concat!(select_connections!(), "WHERE user_id = $1 ORDER BY service FOR UPDATE")
        ),
        params![user],
        connection,
    )
}

/// One connection, held likewise.
pub(crate) fn hold_connection(tx: &mut Tx<'_>, id: ConnectionId) -> Result<Option<ConnectionRow>, Fault> {
    tx.one(
        sql!(
            sqlite: concat!(select_connections!(), "WHERE id = $1"),
            postgres: concat!(select_connections!(), "WHERE id = $1 FOR UPDATE")
        ),
        params![id],
        connection,
    )
}

pub(crate) fn insert_connection(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    user: UserId,
    service: Service,
    account: &Account,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_connection (id, user_id, service, root, name, batches, state, created_us, next_us,
                failures, sent, behind, favours, favours_sent)
             VALUES ($1, $2, $3, $4, $5, $6, 'working', $7, $7, 0, 0, FALSE, TRUE, 0)"
        ),
        params![id, user, service.word(), &account.root, &account.name, account.batches, now],
    )?;
    Ok(())
}

/// Has a connection work again, from now on.
pub(crate) fn mend_connection(tx: &mut Tx<'_>, id: ConnectionId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_connection SET state = 'working', problem = NULL, failures = 0, failing_us = NULL, next_us = $2
             WHERE id = $1"
        ),
        params![id, now],
    )?;
    Ok(())
}

/// Deletes a connection with its token, its queues and its imports.
pub(crate) fn delete_connection(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM scrobble_listen WHERE connection_id = $1"), params![id])?;
    super::delete_favourites(tx, id)?;
    super::delete_takeovers(tx, id)?;
    tx.run(sql!("DELETE FROM scrobble_secret WHERE connection_id = $1"), params![id])?;
    tx.run(sql!("DELETE FROM scrobble_connection WHERE id = $1"), params![id])?;
    Ok(())
}

/// Holds back what waits for a listener's connections, or lets it go.
pub(crate) fn set_held(tx: &mut Tx<'_>, user: UserId, held: bool) -> Result<(), Fault> {
    tx.run(sql!("UPDATE scrobble_connection SET held = $2 WHERE user_id = $1"), params![user, held])?;
    Ok(())
}

/// Forgets everything of an account that is no more.
pub(crate) fn forget_listener(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    for connection in hold_connections(tx, user)? {
        delete_connection(tx, connection.id)?;
    }
    tx.run(sql!("DELETE FROM scrobble_pending WHERE user_id = $1"), params![user])?;
    super::forget_heard(tx, user)
}

pub(crate) fn put_secret(tx: &mut Tx<'_>, id: ConnectionId, secret: &Secret) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_secret (connection_id, token) VALUES ($1, $2)
             ON CONFLICT (connection_id) DO UPDATE SET token = excluded.token"
        ),
        params![id, secret.reveal()],
    )?;
    Ok(())
}

pub(crate) fn secret(tx: &mut Tx<'_>, id: ConnectionId) -> Result<Option<Secret>, Fault> {
    tx.one(sql!("SELECT token FROM scrobble_secret WHERE connection_id = $1"), params![id], |row| {
        row.get(0).map(Secret::new)
    })
}

/// Keeps a token that its owner has not allowed yet, in place of an earlier one.
pub(crate) fn put_pending(
    tx: &mut Tx<'_>,
    user: UserId,
    service: Service,
    token: &Secret,
    expires: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_pending (user_id, service, token, expires_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, service) DO UPDATE SET token = excluded.token, expires_us = excluded.expires_us"
        ),
        params![user, service.word(), token.reveal(), expires],
    )?;
    Ok(())
}

pub(crate) fn pending(
    tx: &mut Tx<'_>,
    user: UserId,
    service: Service,
    now: Time,
) -> Result<Option<Secret>, Fault> {
    tx.one(
        sql!("SELECT token FROM scrobble_pending WHERE user_id = $1 AND service = $2 AND expires_us > $3"),
        params![user, service.word(), now],
        |row| row.get(0).map(Secret::new),
    )
}

pub(crate) fn delete_pending(tx: &mut Tx<'_>, user: UserId, service: Service) -> Result<(), Fault> {
    let sql = sql!("DELETE FROM scrobble_pending WHERE user_id = $1 AND service = $2");
    tx.run(sql, params![user, service.word()])?;
    Ok(())
}

/// Working connections of which something waits and may be sent now, those that waited longest first. A moment later than any wait can be was written by
/// a clock that was wrong, and does not count.
pub(crate) fn due_connections(
    tx: &mut Tx<'_>,
    now: Time,
    latest: Time,
    limit: u32,
) -> Result<Vec<ConnectionId>, Fault> {
    tx.all(
        sql!(
            "SELECT c.id FROM scrobble_connection c
             WHERE c.state = 'working' AND NOT c.held AND (c.next_us <= $1 OR c.next_us > $2)
                AND NOT EXISTS (SELECT 1 FROM scrobble_silence s WHERE s.root = c.root
                    AND (s.name = c.name OR s.name = '') AND s.until_us > $1 AND s.until_us <= $2)
                AND (c.behind
                    OR EXISTS (SELECT 1 FROM scrobble_listen l WHERE l.connection_id = c.id AND l.failed_us IS NULL)
                    OR EXISTS (SELECT 1 FROM scrobble_favourite f WHERE f.connection_id = c.id AND f.failed_us IS NULL))
             ORDER BY c.next_us, c.id LIMIT $3"
        ),
        params![now, latest, limit],
        |row| row.get(0),
    )
}

/// Begins a connection's queues at this place of the order of events, unless they have begun.
pub(crate) fn open_queue(tx: &mut Tx<'_>, id: ConnectionId, seq: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_connection SET queued_seq = $2, favours_seq = $2 WHERE id = $1 AND queued_seq IS NULL"
        ),
        params![id, seq],
    )?;
    Ok(())
}

/// Notes up to where plays are queued, and whether more of them wait.
pub(crate) fn set_queued(tx: &mut Tx<'_>, id: ConnectionId, seq: i64, behind: bool) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE scrobble_connection SET queued_seq = $2, behind = $3 WHERE id = $1"),
        params![id, seq, behind],
    )?;
    Ok(())
}

/// After a success: nothing more is sent before `next`.
pub(crate) fn set_sent(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    count: u64,
    now: Time,
    next: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_connection SET sent = sent + $2,
                sent_us = CASE WHEN $2 > 0 THEN $3 ELSE sent_us END, next_us = $4, failures = 0,
                failing_us = NULL, problem = NULL
             WHERE id = $1"
        ),
        params![id, i64::try_from(count).unwrap_or(i64::MAX), now, next],
    )?;
    Ok(())
}

/// After a failure, the first of which was at `since`.
pub(crate) fn set_failing(
    tx: &mut Tx<'_>,
    id: ConnectionId,
    (state, problem): (State, &str),
    since: Time,
    next: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE scrobble_connection SET state = $2, problem = $3, next_us = $4, failures = failures + 1,
                failing_us = $5
             WHERE id = $1"
        ),
        params![id, state.word(), problem, next, since],
    )?;
    Ok(())
}

/// Leaves a connection alone for a while, without a word about it.
pub(crate) fn put_off(tx: &mut Tx<'_>, id: ConnectionId, next: Time) -> Result<(), Fault> {
    tx.run(sql!("UPDATE scrobble_connection SET next_us = $2 WHERE id = $1"), params![id, next])?;
    Ok(())
}

/// Notes what was told as playing now.
pub(crate) fn set_playing(tx: &mut Tx<'_>, id: ConnectionId, playing: &str, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE scrobble_connection SET playing = $2, playing_us = $3 WHERE id = $1"),
        params![id, playing, now],
    )?;
    Ok(())
}
