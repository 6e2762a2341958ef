//! Services that asked to be left alone. A moment later than any wait can be was written by a clock that was wrong, and
//! does not count.

use kernel::{Fault, Time, db::Tx, params, sql};

/// Notes until when a server, or an account there, wants to be left alone; of two wishes the longer holds. An empty name
/// stands for the whole server.
pub(crate) fn put_silence(
    tx: &mut Tx<'_>,
    (root, name): (&str, &str),
    until: Time,
    latest: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_silence (root, name, until_us) VALUES ($1, $2, $3)
             ON CONFLICT (root, name) DO UPDATE SET until_us = CASE
                WHEN scrobble_silence.until_us > excluded.until_us AND scrobble_silence.until_us <= $4
                THEN scrobble_silence.until_us ELSE excluded.until_us END"
        ),
        params![root, name, until, latest],
    )?;
    Ok(())
}

/// Until when an account, or the whole server on which it is, wants to be left alone, if it does now.
pub(crate) fn silence_of(
    tx: &mut Tx<'_>,
    (root, name): (&str, &str),
    now: Time,
    latest: Time,
) -> Result<Option<Time>, Fault> {
    let found = tx.one(
        sql!(
            "SELECT MAX(until_us) FROM scrobble_silence
             WHERE root = $1 AND (name = $2 OR name = '') AND until_us > $3 AND until_us <= $4"
        ),
        params![root, name, now, latest],
        |row| row.get::<Option<Time>>(0),
    )?;
    Ok(found.flatten())
}

/// Whether any silence is over.
pub(crate) fn has_old_silences(tx: &mut Tx<'_>, now: Time, latest: Time) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM scrobble_silence WHERE until_us <= $1 OR until_us > $2 LIMIT 1");
    Ok(tx.one(sql, params![now, latest], |_| Ok(()))?.is_some())
}

/// Forgets those that are over.
pub(crate) fn delete_old_silences(tx: &mut Tx<'_>, now: Time, latest: Time) -> Result<(), Fault> {
    let sql = sql!("DELETE FROM scrobble_silence WHERE until_us <= $1 OR until_us > $2");
    tx.run(sql, params![now, latest])?;
    Ok(())
}
