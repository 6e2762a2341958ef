//! Counted guesses.

use kernel::{Fault, Time, db::Tx, params, sql};

use crate::guesses::{Count, Counted};

/// Until when nothing is taken under a key; `None` when nothing was counted.
pub(crate) fn paused_until(tx: &mut Tx<'_>, key: &str) -> Result<Option<Time>, Fault> {
    tx.one(sql!("SELECT until_us FROM accounts_guess WHERE key = $1"), params![key], |row| row.get(0))
}

/// The count under a key, made when there is none, and locked until the transaction ends.
pub(crate) fn lock(tx: &mut Tx<'_>, key: &str, now: Time) -> Result<Count, Fault> {
    let count = tx.one(
        // The update changes nothing; it is what locks the row on PostgreSQL.
        sql!(
            "INSERT INTO accounts_guess (key, failures, faded_us, until_us, forget_us) \
             VALUES ($1, 0, $2, $2, $2) \
             ON CONFLICT (key) DO UPDATE SET failures = accounts_guess.failures \
             RETURNING failures, faded_us, until_us"
        ),
        params![key, now],
        |row| Ok(Count { failures: row.get(0)?, faded: row.get(1)?, until: row.get(2)? }),
    )?;
    count.ok_or_else(|| Fault::new("a count of guesses vanished"))
}

/// Writes a count.
pub(crate) fn put(tx: &mut Tx<'_>, key: &str, counted: &Counted) -> Result<u64, Fault> {
    let Counted { count, forget } = counted;
    tx.run(
        sql!(
            "UPDATE accounts_guess SET failures = $1, faded_us = $2, until_us = $3, forget_us = $4 \
             WHERE key = $5"
        ),
        params![count.failures, count.faded, count.until, *forget, key],
    )
}

/// Takes one guess back. The pause that it began is lifted, unless somebody guessed since, whose pause it then is.
pub(crate) fn take_back(tx: &mut Tx<'_>, key: &str, made: Count, before: Time) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "UPDATE accounts_guess SET failures = failures - 1, \
             until_us = CASE WHEN failures = $1 AND until_us = $2 THEN $3 ELSE until_us END \
             WHERE key = $4 AND failures > 0"
        ),
        params![made.failures, made.until, before, key],
    )
}

/// Forgets what was counted under a key.
pub(crate) fn forget(tx: &mut Tx<'_>, key: &str) -> Result<u64, Fault> {
    tx.run(sql!("DELETE FROM accounts_guess WHERE key = $1"), params![key])
}

/// Removes counts that have faded, at most `rows`; says how many.
pub(crate) fn sweep(tx: &mut Tx<'_>, now: Time, rows: u32) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "DELETE FROM accounts_guess WHERE key IN \
             (SELECT key FROM accounts_guess WHERE forget_us <= $1 ORDER BY forget_us LIMIT $2)"
        ),
        params![now, rows],
    )
}
