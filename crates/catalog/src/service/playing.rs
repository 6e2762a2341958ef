//! What plays now: what each of a listener's players last said, until it must have ended.

use std::{collections::HashMap, time::Duration};

use kernel::{
    Ctx, Problem, Time,
    http::{AppKey, Viewer},
};

use super::{Error, fill, marks::wake, plays};
use crate::{
    model::{NowPlaying, PlayReport, PlayState, TOPIC_PLAYING},
    store::{
        playing::{self, PlayingRow},
        read,
    },
    visibility,
};

/// Players of one listener that are remembered; one more takes the place of the one that was silent longest.
pub const PLAYERS_MAX: u32 = 16;
/// The name of a player that gives none.
const NAMELESS: &str = "Odeon";
/// A player may be late by this much at the end of a track.
const LATE: Duration = Duration::from_secs(30);
/// A player that waits is believed to wait for this long.
const PATIENCE: Duration = Duration::from_hours(1);
const RATE_MIN: f64 = 0.1;
const RATE_MAX: f64 = 10.0;

/// Takes what a player of the viewer's says that it does. What it said ends by itself: with the track, and after an
/// hour when it waits. Players of one name are told apart by the session or the app key with which they come.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such track; [`Error::Invalid`] for a rate out of 0.1 to 10, or a name
/// that is too long.
pub async fn report_playing(
    ctx: &Ctx,
    viewer: &Viewer,
    key: AppKey,
    report: &PlayReport,
) -> Result<(), Error> {
    let (user, now, track) = (viewer.id, ctx.now(), report.track_id);
    let mut name = plays::client(report.client.as_deref())?;
    if name.is_empty() {
        NAMELESS.clone_into(&mut name);
    }
    let client = told_apart(&name, viewer, key);
    let rate_permille = permille(report.rate)?;
    let (state, position_ms) = (report.state, report.position_ms);
    visibility::write(ctx, viewer, move |tx| {
        let row = read::tracks::one(tx, track)?.ok_or(Error::NotFound)?;
        playing::delete_ended(tx, user, now)?;
        if state == PlayState::Stopped {
            playing::delete(tx, user, &client)?;
        } else {
            let position_ms = position_ms.min(row.duration_ms);
            let left_ms = (row.duration_ms - position_ms) * 1000 / u64::from(rate_permille);
            let paused = state == PlayState::Paused;
            let holds = if paused { PATIENCE } else { Duration::from_millis(left_ms) + LATE };
            let (client, name) = (client.clone(), name.clone());
            let until = now.plus(holds);
            let row = PlayingRow {
                client,
                name,
                track,
                paused,
                since: now,
                position_ms,
                rate_permille,
                reported: now,
                until,
            };
            playing::put(tx, user, &row)?;
            playing::delete_beyond(tx, user, PLAYERS_MAX)?;
            if !paused {
                tx.wake(&format!("{TOPIC_PLAYING}:{user}"));
            }
        }
        wake(tx, user);
        Ok(())
    })
    .await
}

/// What a player is kept under. Names hold no line breaks, so that none is another's.
fn told_apart(name: &str, viewer: &Viewer, key: AppKey) -> String {
    match (viewer.session, key.0) {
        (Some(session), _) => format!("{name}\nsession {session}"),
        (None, Some(key)) => format!("{name}\nkey {key}"),
        (None, None) => name.to_owned(),
    }
}

fn permille(rate: f64) -> Result<u32, Problem> {
    if !(RATE_MIN..=RATE_MAX).contains(&rate) {
        return Err(Problem::invalid("rate", format!("The rate is between {RATE_MIN} and {RATE_MAX}.")));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 100 and 10,000"
    )]
    Ok((rate * 1000.0).round() as u32)
}

/// What the viewer's players do now, the last to report first; never anybody else's.
///
/// # Errors
/// Only faults.
pub async fn now_playing(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<NowPlaying>, Error> {
    let (user, now) = (viewer.id, ctx.now());
    let rows = ctx.db().read(move |tx| playing::of_user(tx, user, now)).await.map_err(Error::Fault)?;
    let ids = rows.iter().map(|row| row.track.0).collect();
    let tracks = fill::tracks(ctx, viewer, ids).await?;
    let tracks: HashMap<_, _> = tracks.into_iter().map(|track| (track.id, track)).collect();
    let shown = rows.into_iter().filter_map(|row| {
        let track = tracks.get(&row.track)?.clone();
        let position_ms = position_ms(&row, now).min(track.duration_ms);
        Some(NowPlaying {
            client: row.name,
            track,
            state: if row.paused { PlayState::Paused } else { PlayState::Playing },
            since: row.since,
            position_ms,
            rate: f64::from(row.rate_permille) / 1000.0,
            reported_at: row.reported,
        })
    });
    Ok(shown.collect())
}

/// Where it should be by now.
fn position_ms(row: &PlayingRow, now: Time) -> u64 {
    if row.paused {
        return row.position_ms;
    }
    let passed_ms = u64::try_from(now.since(row.reported).as_millis()).unwrap_or(u64::MAX);
    row.position_ms.saturating_add(passed_ms.saturating_mul(row.rate_permille.into()) / 1000)
}
