//! Sessions.

use kernel::{
    Fault, Time,
    db::{Db, Row, Tx},
    http::Viewer,
    id::UserId,
    params, sql,
};

use super::role;
use crate::model::{Session, SessionId};

/// A session to be.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token_hash: [u8; 32],
    pub(crate) agent: String,
    pub(crate) now: Time,
    pub(crate) expires: Time,
}

/// A session that holds, with whom it signs in.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) viewer: Viewer,
    pub(crate) session: SessionId,
    pub(crate) created: Time,
    pub(crate) seen: Time,
}

/// Enters a session.
pub(crate) fn insert(tx: &mut Tx<'_>, session: &NewSession) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO accounts_session (id, user_id, token_hash, agent, created_us, seen_us, expires_us) \
             VALUES ($1, $2, $3, $4, $5, $5, $6)"
        ),
        params![session.id, session.user, session.token_hash, &session.agent, session.now, session.expires],
    )?;
    Ok(())
}

/// The session with this token, unless it has expired.
pub(crate) async fn by_token(db: &Db, token_hash: [u8; 32], now: Time) -> Result<Option<Found>, Fault> {
    db.one(
        sql!(
            "SELECT u.id, u.handle, u.role, s.id, s.created_us, s.seen_us FROM accounts_session s \
             JOIN accounts_user u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_us > $2 AND u.disabled_us IS NULL"
        ),
        params![token_hash, now],
        |row| {
            let session: SessionId = row.get(3)?;
            let viewer = Viewer {
                id: row.get(0)?,
                handle: row.get(1)?,
                role: role(row, 2)?,
                session: Some(session.0),
                within: None,
            };
            Ok(Found { viewer, session, created: row.get(4)?, seen: row.get(5)? })
        },
    )
    .await
}

/// Notes that a session was used.
pub(crate) fn touch(tx: &mut Tx<'_>, id: SessionId, seen: Time, expires: Time) -> Result<u64, Fault> {
    tx.run(
        sql!("UPDATE accounts_session SET seen_us = $1, expires_us = $2 WHERE id = $3 AND seen_us < $1"),
        params![seen, expires, id],
    )
}

/// Somebody's sessions that hold, the newest first.
pub(crate) async fn list(
    db: &Db,
    user: UserId,
    after: Option<SessionId>,
    rows: u32,
    now: Time,
) -> Result<Vec<Session>, Fault> {
    db.all(
        sql!(
            "SELECT id, created_us, seen_us, agent FROM accounts_session \
             WHERE user_id = $1 AND id < $2 AND expires_us > $3 ORDER BY id DESC LIMIT $4"
        ),
        params![user, after.map_or(i64::MAX, |id| id.0), now, rows],
        session,
    )
    .await
}

fn session(row: &Row<'_>) -> Result<Session, Fault> {
    Ok(Session {
        id: row.get(0)?,
        created_at: row.get(1)?,
        seen_at: row.get(2)?,
        agent: row.get(3)?,
        current: false,
    })
}

/// Ends one of somebody's sessions; says whether there was such a one.
pub(crate) fn delete(tx: &mut Tx<'_>, user: UserId, id: SessionId) -> Result<bool, Fault> {
    let rows =
        tx.run(sql!("DELETE FROM accounts_session WHERE id = $1 AND user_id = $2"), params![id, user])?;
    Ok(rows > 0)
}

/// Ends all of somebody's sessions but one.
pub(crate) fn delete_others(tx: &mut Tx<'_>, user: UserId, kept: Option<SessionId>) -> Result<u64, Fault> {
    tx.run(
        sql!("DELETE FROM accounts_session WHERE user_id = $1 AND id <> $2"),
        params![user, kept.map_or(0, |id| id.0)],
    )
}

/// Ends all of somebody's sessions.
pub(crate) fn delete_all(tx: &mut Tx<'_>, user: UserId) -> Result<u64, Fault> {
    delete_others(tx, user, None)
}

/// Ends those of somebody's sessions that were seen least lately, so that `kept` are left.
pub(crate) fn delete_beyond(tx: &mut Tx<'_>, user: UserId, kept: u32) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "DELETE FROM accounts_session WHERE id IN (SELECT id FROM accounts_session WHERE user_id = $1 \
             ORDER BY seen_us DESC, id DESC LIMIT 1000 OFFSET $2)"
        ),
        params![user, kept],
    )
}

/// Removes sessions that have expired, at most `rows`; says how many.
pub(crate) fn sweep(tx: &mut Tx<'_>, now: Time, rows: u32) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "DELETE FROM accounts_session WHERE id IN \
             (SELECT id FROM accounts_session WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)"
        ),
        params![now, rows],
    )
}
