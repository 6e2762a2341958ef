//! One-time links.

use kernel::{
    Fault, Time,
    db::{Db, Tx},
    id::UserId,
    params, sql,
};

/// Makes this the one link of an account that holds.
pub(crate) fn put(tx: &mut Tx<'_>, user: UserId, token_hash: [u8; 32], expires: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO accounts_link (user_id, token_hash, expires_us) VALUES ($1, $2, $3) \
             ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, expires_us = excluded.expires_us"
        ),
        params![user, token_hash, expires],
    )?;
    Ok(())
}

/// Whose link this is and until when it holds, if it holds and the account is not shut.
pub(crate) async fn holder(
    db: &Db,
    token_hash: [u8; 32],
    now: Time,
) -> Result<Option<(UserId, Time)>, Fault> {
    db.one(
        sql!(
            "SELECT l.user_id, l.expires_us FROM accounts_link l JOIN accounts_user u ON u.id = l.user_id \
             WHERE l.token_hash = $1 AND l.expires_us > $2 AND u.disabled_us IS NULL"
        ),
        params![token_hash, now],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

/// Uses a link up; of several transactions that try only one is told that it did.
pub(crate) fn take(tx: &mut Tx<'_>, user: UserId, token_hash: [u8; 32], now: Time) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("DELETE FROM accounts_link WHERE user_id = $1 AND token_hash = $2 AND expires_us > $3"),
        params![user, token_hash, now],
    )?;
    Ok(rows > 0)
}

/// Makes no link of an account hold.
pub(crate) fn clear(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM accounts_link WHERE user_id = $1"), params![user])?;
    Ok(())
}

/// Removes links that have expired, at most `rows`; says how many.
pub(crate) fn sweep(tx: &mut Tx<'_>, now: Time, rows: u32) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "DELETE FROM accounts_link WHERE user_id IN \
             (SELECT user_id FROM accounts_link WHERE expires_us <= $1 ORDER BY expires_us LIMIT $2)"
        ),
        params![now, rows],
    )
}
