//! The one set-up token.

use kernel::{
    Fault, Time,
    db::{Db, Tx},
    params, sql,
};

/// The number of the only row.
const ONLY: i64 = 1;

/// Makes this the one set-up token that holds.
pub(crate) fn put(tx: &mut Tx<'_>, token_hash: [u8; 32], now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO accounts_setup (id, token_hash, created_us) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash, created_us = excluded.created_us"
        ),
        params![ONLY, token_hash, now],
    )?;
    Ok(())
}

/// Whether this set-up token holds.
pub(crate) async fn holds(db: &Db, token_hash: [u8; 32]) -> Result<bool, Fault> {
    let row = db.one(
        sql!("SELECT id FROM accounts_setup WHERE id = $1 AND token_hash = $2"),
        params![ONLY, token_hash],
        |row| row.get::<i64>(0),
    );
    Ok(row.await?.is_some())
}

/// Uses the set-up token up; of several transactions that try only one is told that it did.
pub(crate) fn take(tx: &mut Tx<'_>, token_hash: [u8; 32]) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("DELETE FROM accounts_setup WHERE id = $1 AND token_hash = $2"),
        params![ONLY, token_hash],
    )?;
    Ok(rows > 0)
}

/// Makes no set-up token hold.
pub(crate) fn clear(tx: &mut Tx<'_>) -> Result<u64, Fault> {
    tx.run(sql!("DELETE FROM accounts_setup WHERE id = $1"), params![ONLY])
}
