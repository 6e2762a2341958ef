//! What plays for a listener where, and what each device was told to do.

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::{TrackId, model::listener::CommandId, store::media::signed};

/// A device as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct DeviceRow {
    pub(crate) device: String,
    pub(crate) name: String,
    /// `playing`, `paused`, `blocked` or `stopped`.
    pub(crate) state: String,
    pub(crate) track: Option<TrackId>,
    pub(crate) position_ms: u64,
    pub(crate) volume: u32,
    pub(crate) seen: Time,
}

/// Somebody's devices that were heard of after a time and up to another.
pub(crate) fn of(
    tx: &mut Tx<'_>,
    user: UserId,
    (since, until): (Time, Time),
) -> Result<Vec<DeviceRow>, Fault> {
    tx.all(
        sql!(
            "SELECT device, name, state, track_id, position_ms, volume, seen_us FROM catalog_device
             WHERE user_id = $1 AND seen_us > $2 AND seen_us <= $3 ORDER BY device"
        ),
        params![user, since, until],
        |row| {
            Ok(DeviceRow {
                device: row.get(0)?,
                name: row.get(1)?,
                state: row.get(2)?,
                track: row.get(3)?,
                position_ms: row.get(4)?,
                volume: row.get(5)?,
                seen: row.get(6)?,
            })
        },
    )
}

pub(crate) fn put(tx: &mut Tx<'_>, user: UserId, row: &DeviceRow) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_device (user_id, device, name, state, track_id, position_ms, volume, seen_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (user_id, device) DO UPDATE SET name = excluded.name, state = excluded.state,
                track_id = excluded.track_id, position_ms = excluded.position_ms, volume = excluded.volume,
                seen_us = excluded.seen_us"
        ),
        params![
            user,
            &row.device,
            &row.name,
            &row.state,
            row.track,
            signed(row.position_ms),
            row.volume,
            row.seen
        ],
    )?;
    Ok(())
}

/// Forgets somebody's devices that were not heard of after a time and up to another.
pub(crate) fn delete_silent(
    tx: &mut Tx<'_>,
    user: UserId,
    (since, until): (Time, Time),
) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM catalog_device WHERE user_id = $1 AND (seen_us <= $2 OR seen_us > $3)"),
        params![user, since, until],
    )?;
    Ok(())
}

/// Forgets one device; says whether there was one.
pub(crate) fn delete(tx: &mut Tx<'_>, user: UserId, device: &str) -> Result<bool, Fault> {
    let count =
        tx.run(sql!("DELETE FROM catalog_device WHERE user_id = $1 AND device = $2"), params![user, device])?;
    Ok(count > 0)
}

pub(crate) fn insert_command(
    tx: &mut Tx<'_>,
    user: UserId,
    device: &str,
    id: CommandId,
    command: &str,
    expires: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_device_command (id, user_id, device, command, expires_us)
             VALUES ($1, $2, $3, $4, $5)"
        ),
        params![id, user, device, command, expires],
    )?;
    Ok(())
}

/// What waits for a device, in the order in which it was said, with when it expires.
pub(crate) fn commands(
    tx: &mut Tx<'_>,
    user: UserId,
    device: &str,
) -> Result<Vec<(CommandId, String, Time)>, Fault> {
    tx.all(
        sql!(
            "SELECT id, command, expires_us FROM catalog_device_command WHERE user_id = $1 AND device = $2
             ORDER BY id"
        ),
        params![user, device],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Forgets what somebody's devices did not fetch in time.
pub(crate) fn delete_expired(tx: &mut Tx<'_>, user: UserId, until: Time) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM catalog_device_command WHERE user_id = $1 AND expires_us <= $2"),
        params![user, until],
    )?;
    Ok(())
}

/// Forgets what waits for a device up to a number.
pub(crate) fn delete_commands(
    tx: &mut Tx<'_>,
    user: UserId,
    device: &str,
    up_to: CommandId,
) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM catalog_device_command WHERE user_id = $1 AND device = $2 AND id <= $3"),
        params![user, device, up_to],
    )?;
    Ok(())
}
