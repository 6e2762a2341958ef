//! The rows of what plays now.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use crate::TrackId;

/// What one of a listener's players does, as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct PlayingRow {
    /// What it is kept under.
    pub(crate) client: String,
    /// What it is called.
    pub(crate) name: String,
    pub(crate) track: TrackId,
    pub(crate) paused: bool,
    pub(crate) since: Time,
    pub(crate) position_ms: u64,
    pub(crate) rate_permille: u32,
    pub(crate) reported: Time,
    pub(crate) until: Time,
}

fn playing(row: &Row<'_>) -> Result<PlayingRow, Fault> {
    Ok(PlayingRow {
        client: row.get(0)?,
        name: row.get(1)?,
        track: row.get(2)?,
        paused: row.get::<String>(3)? == "paused",
        since: row.get(4)?,
        position_ms: row.get(5)?,
        rate_permille: row.get(6)?,
        reported: row.get(7)?,
        until: row.get(8)?,
    })
}

/// Writes what a player does; a track that it played already was begun when it was.
pub(crate) fn put(tx: &mut Tx<'_>, user: UserId, row: &PlayingRow) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_playing (user_id, client, name, track_id, state, since_us, position_ms,
                rate_permille, reported_us, until_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (user_id, client) DO UPDATE SET name = excluded.name, track_id = excluded.track_id, state = excluded.state,
                since_us = CASE WHEN catalog_playing.track_id = excluded.track_id
                    THEN catalog_playing.since_us ELSE excluded.since_us END,
                position_ms = excluded.position_ms, rate_permille = excluded.rate_permille,
                reported_us = excluded.reported_us, until_us = excluded.until_us"
        ),
        params![
            user,
            &row.client,
            &row.name,
            row.track,
            if row.paused { "paused" } else { "playing" },
            row.since,
            super::media::signed(row.position_ms),
            row.rate_permille,
            row.reported,
            row.until
        ],
    )?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx<'_>, user: UserId, client: &str) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playing WHERE user_id = $1 AND client = $2"), params![user, client])?;
    Ok(())
}

/// Deletes what has ended.
pub(crate) fn delete_ended(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playing WHERE user_id = $1 AND until_us <= $2"), params![user, now])?;
    Ok(())
}

/// Deletes all but the `kept` players that reported last.
pub(crate) fn delete_beyond(tx: &mut Tx<'_>, user: UserId, kept: u32) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM catalog_playing WHERE user_id = $1 AND client IN (
                SELECT old.client FROM catalog_playing old WHERE old.user_id = $1
                ORDER BY old.reported_us DESC, old.client LIMIT 1000 OFFSET $2)"
        ),
        params![user, kept],
    )?;
    Ok(())
}

/// What a listener's players do, the last to report first.
pub(crate) fn of_user(tx: &mut Tx<'_>, user: UserId, now: Time) -> Result<Vec<PlayingRow>, Fault> {
    tx.all(
        sql!(
            "SELECT client, CASE WHEN name = '' THEN client ELSE name END, track_id, state, since_us, position_ms,
                rate_permille, reported_us, until_us
             FROM catalog_playing WHERE user_id = $1 AND until_us > $2 ORDER BY reported_us DESC, client"
        ),
        params![user, now],
        playing,
    )
}
