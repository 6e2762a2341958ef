//! Every play that was counted, derived from events.

use catalog::TrackId;
use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

/// A play.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeardRow {
    pub(crate) seq: i64,
    pub(crate) track: TrackId,
    pub(crate) at: Time,
}

/// Enters a play with the place of its event.
pub(crate) fn put_heard(tx: &mut Tx<'_>, user: UserId, row: HeardRow, foreign: bool) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_heard (user_id, at_us, track_id, seq, foreign_play) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id, at_us, track_id) DO UPDATE SET seq = excluded.seq,
                foreign_play = excluded.foreign_play"
        ),
        params![user, row.at, row.track, row.seq, foreign],
    )?;
    Ok(())
}

/// The plays of a listener in the house after a place in the order of events.
pub(crate) fn heard_after(
    tx: &mut Tx<'_>,
    user: UserId,
    seq: i64,
    limit: u64,
) -> Result<Vec<HeardRow>, Fault> {
    tx.all(
        sql!(
            "SELECT seq, track_id, at_us FROM scrobble_heard
             WHERE user_id = $1 AND seq > $2 AND NOT foreign_play ORDER BY seq LIMIT $3"
        ),
        params![user, seq, i64::try_from(limit).unwrap_or(i64::MAX)],
        |row| Ok(HeardRow { seq: row.get(0)?, track: row.get(1)?, at: row.get(2)? }),
    )
}

/// Enters a play that was taken over, before the order of events has reached it.
pub(crate) fn note_foreign(tx: &mut Tx<'_>, user: UserId, track: TrackId, at: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO scrobble_heard (user_id, at_us, track_id, foreign_play) VALUES ($1, $2, $3, TRUE)
             ON CONFLICT DO NOTHING"
        ),
        params![user, at, track],
    )?;
    Ok(())
}

/// Whether a listener heard anything between two moments, both included.
pub(crate) fn heard_between(tx: &mut Tx<'_>, user: UserId, (from, to): (Time, Time)) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM scrobble_heard WHERE user_id = $1 AND at_us >= $2 AND at_us <= $3 LIMIT 1");
    Ok(tx.one(sql, params![user, from, to], |_| Ok(()))?.is_some())
}

/// Whether a listener heard a track between two moments, both included.
pub(crate) fn track_heard_between(
    tx: &mut Tx<'_>,
    user: UserId,
    track: TrackId,
    (from, to): (Time, Time),
) -> Result<bool, Fault> {
    let sql = sql!(
        "SELECT 1 FROM scrobble_heard WHERE user_id = $1 AND track_id = $2 AND at_us >= $3 AND at_us <= $4 LIMIT 1"
    );
    Ok(tx.one(sql, params![user, track, from, to], |_| Ok(()))?.is_some())
}

/// Forgets what a listener heard.
pub(crate) fn forget_heard(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM scrobble_heard WHERE user_id = $1"), params![user])?;
    Ok(())
}
