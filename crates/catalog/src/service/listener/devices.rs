//! What plays for a listener where, and how one device steers another. A device says that it is there from time to
//! time, and fetches what it was told to do when the stream of events says that there is something.

use std::{collections::HashMap, time::Duration};

use kernel::{Ctx, Fault, Problem, Time, http::Viewer};

use super::{CLIENT_CHARS_MAX, client, position};
use crate::{
    TrackId,
    model::{
        Track,
        listener::{Command, CommandId, Device, DeviceReport, DeviceState, WaitingCommand},
    },
    service::{Error, music},
    store::listener::{
        self,
        devices::{self as store, DeviceRow},
    },
};

/// Devices of one account at once.
pub const DEVICES_MAX: usize = 20;
/// How long a device that says nothing counts as there. It says something every 30 seconds, but browsers let a page in
/// the background do so only once a minute.
pub const DEVICE_ALIVE: Duration = Duration::from_secs(90);
/// Commands that wait for one device.
pub const COMMANDS_MAX: usize = 32;
/// How long a command waits: nobody wants music to begin because a device woke up.
pub const COMMAND_HOLDS: Duration = Duration::from_secs(30);
/// How far a position may be from where it would have come by itself before others are told.
const DRIFT_MS_MAX: u64 = 3_000;
/// Highest volume.
const VOLUME_MAX: u32 = 100;
/// The word for [`DeviceState::Blocked`] in the database.
pub(super) const BLOCKED: &str = "blocked";

fn check_id(device: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=CLIENT_CHARS_MAX).contains(&device.len()) && device.chars().all(plain) {
        return Ok(());
    }
    let message =
        format!("A device's id has 1 to {CLIENT_CHARS_MAX} letters, digits, hyphens and underscores.");
    Err(Problem::invalid("id", message))
}

fn check_volume(volume: u32) -> Result<(), Problem> {
    if volume <= VOLUME_MAX {
        return Ok(());
    }
    Err(Problem::invalid("volume", format!("The volume goes from 0 to {VOLUME_MAX}.")))
}

fn word(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Playing => "playing",
        DeviceState::Paused => "paused",
        DeviceState::Blocked => BLOCKED,
        DeviceState::Stopped => "stopped",
    }
}

fn device(row: DeviceRow, tracks: &HashMap<TrackId, Track>, now: Time) -> Device {
    let state = match row.state.as_str() {
        "playing" => DeviceState::Playing,
        "paused" => DeviceState::Paused,
        BLOCKED => DeviceState::Blocked,
        _ => DeviceState::Stopped,
    };
    Device {
        id: row.device,
        name: row.name,
        state,
        track: row.track.and_then(|id| tracks.get(&id).cloned()),
        position_ms: row.position_ms,
        volume: row.volume,
        seen_at: row.seen,
        seen_ms_ago: u64::try_from(now.since(row.seen).as_millis()).unwrap_or(u64::MAX),
    }
}

/// After when, and up to when, a device must have been heard of to count as there. What was heard of in times to come was
/// so by a clock that was wrong, and would be there for as long; another node's may be a little ahead.
pub(super) fn alive(ctx: &Ctx) -> (Time, Time) {
    let (now, alive_us) = (ctx.now(), i64::try_from(DEVICE_ALIVE.as_micros()).unwrap_or(i64::MAX));
    (Time(now.0.saturating_sub(alive_us)), now.plus(DEVICE_ALIVE))
}

/// The viewer's devices that are there.
pub async fn list_devices(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<Device>, Error> {
    let (user, alive) = (viewer.id, alive(ctx));
    let rows = ctx.db().read(move |tx| store::of(tx, user, alive)).await.map_err(Error::Fault)?;
    let tracks = music::tracks_by_id(ctx, viewer, rows.iter().filter_map(|row| row.track).collect()).await?;
    Ok(rows.into_iter().map(|row| device(row, &tracks, ctx.now())).collect())
}

/// Notes what a device says of itself, and that it is there. 409 `full` beyond [`DEVICES_MAX`].
pub async fn report_device(ctx: &Ctx, viewer: &Viewer, id: &str, report: &DeviceReport) -> Result<(), Error> {
    check_id(id)?;
    check_volume(report.volume)?;
    let row = DeviceRow {
        device: id.to_owned(),
        name: client("name", &report.name)?,
        state: word(report.state).to_owned(),
        track: report.track,
        position_ms: position(report.position_ms)?,
        volume: report.volume,
        seen: ctx.now(),
    };
    let (user, alive) = (viewer.id, alive(ctx));
    ctx.db()
        .write(move |tx| {
            listener::lock(tx, user)?;
            store::delete_silent(tx, user, alive)?;
            // A device that went without a word fetches nothing any more.
            store::delete_expired(tx, user, row.seen)?;
            let there = store::of(tx, user, alive)?;
            let old = there.iter().find(|old| old.device == row.device);
            if old.is_none() && there.len() >= DEVICES_MAX {
                let full = Problem::new(http::StatusCode::CONFLICT, "full", "There is no room for more");
                let detail = format!("At most {DEVICES_MAX} devices of one account are there at once.");
                return Err(full.detail(detail).into());
            }
            store::put(tx, user, &row)?;
            // A mere sign of life wakes nobody.
            if old.is_none_or(|old| differs(old, &row)) {
                tx.wake(&format!("devices:{user}"));
            }
            Ok(())
        })
        .await
}

fn differs(old: &DeviceRow, new: &DeviceRow) -> bool {
    let played = if old.state == "playing" { new.seen.since(old.seen).as_millis() } else { 0 };
    let expected = old.position_ms.saturating_add(u64::try_from(played).unwrap_or(u64::MAX));
    (&old.name, &old.state, old.track, old.volume) != (&new.name, &new.state, new.track, new.volume)
        || expected.abs_diff(new.position_ms) > DRIFT_MS_MAX
}

/// A device says goodbye. 404 when it is not there.
pub async fn delete_device(ctx: &Ctx, viewer: &Viewer, id: &str) -> Result<(), Error> {
    check_id(id).map_err(|_| Error::NotFound)?;
    let (user, id) = (viewer.id, id.to_owned());
    ctx.db()
        .write(move |tx| {
            if !store::delete(tx, user, &id)? {
                return Err(Error::NotFound);
            }
            store::delete_commands(tx, user, &id, CommandId(i64::MAX))?;
            tx.wake(&format!("devices:{user}"));
            Ok(())
        })
        .await
}

/// Tells a device of the viewer's to do something. 404 when it is not there, 429 when [`COMMANDS_MAX`] wait for it. The
/// same [`Command::Load`] twice in a row is one.
pub async fn command_device(
    ctx: &Ctx,
    viewer: &Viewer,
    id: &str,
    command: Command,
) -> Result<CommandId, Error> {
    match command {
        Command::Volume { volume } => check_volume(volume)?,
        Command::Seek { position_ms } | Command::Jump { position_ms, .. } => _ = position(position_ms)?,
        _ => {}
    }
    let text = serde_json::to_string(&command)
        .map_err(|error| Fault::from_error("a command can't be written", error))?;
    let is_load = matches!(command, Command::Load { .. });
    let number = CommandId(ctx.next_id());
    let (user, id, alive, now) = (viewer.id, id.to_owned(), alive(ctx), ctx.now());
    ctx.db()
        .write(move |tx| {
            listener::lock(tx, user)?;
            if !store::of(tx, user, alive)?.iter().any(|device| device.device == id) {
                return Err(Error::NotFound);
            }
            let waiting = store::commands(tx, user, &id)?;
            // All hold for the same time, so the expired ones are those at the front.
            if let Some((last, ..)) = waiting.iter().rfind(|(.., expires)| *expires <= now) {
                store::delete_commands(tx, user, &id, *last)?;
            }
            let holding: Vec<_> = waiting.iter().filter(|(.., expires)| *expires > now).collect();
            // An app that adds songs one by one has the queue taken once.
            if let Some((last, ..)) = holding.last().filter(|(_, last, _)| is_load && *last == text) {
                tx.wake(&format!("commands:{user}"));
                return Ok(*last);
            }
            if holding.len() >= COMMANDS_MAX {
                let problem = Problem::new(
                    http::StatusCode::TOO_MANY_REQUESTS,
                    "device_busy",
                    "The device does not do what it is told",
                );
                let detail =
                    format!("{COMMANDS_MAX} commands wait for it already; they are dropped unheard soon.");
                return Err(problem.detail(detail).retry_after(COMMAND_HOLDS.as_secs()).into());
            }
            store::insert_command(tx, user, &id, number, &text, now.plus(COMMAND_HOLDS))?;
            tx.wake(&format!("commands:{user}"));
            Ok(number)
        })
        .await
}

/// What a device was told to do, in the order in which it was said; each is given once, and not after its time. 404 for
/// what can't be a device's id.
pub async fn take_commands(ctx: &Ctx, viewer: &Viewer, id: &str) -> Result<Vec<WaitingCommand>, Error> {
    check_id(id).map_err(|_| Error::NotFound)?;
    let (user, id, now) = (viewer.id, id.to_owned(), ctx.now());
    let taken = ctx.db().write(move |tx| {
        listener::lock(tx, user)?;
        let waiting = store::commands(tx, user, &id)?;
        if let Some((last, ..)) = waiting.last() {
            store::delete_commands(tx, user, &id, *last)?;
        }
        Ok::<_, Fault>(waiting)
    });
    let holding = taken.await?.into_iter().filter(|(.., expires)| *expires > now);
    let read = |(id, text, _): (CommandId, String, _)| {
        let command = serde_json::from_str(&text)
            .map_err(|error| Fault::from_error("a kept command can't be read", error))?;
        Ok(WaitingCommand { id, command })
    };
    holding.map(read).collect::<Result<_, Fault>>().map_err(Error::Fault)
}
