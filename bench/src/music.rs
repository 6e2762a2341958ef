//! A large library of music on each engine: what listeners do in it, and how long that takes.
//!
//! The catalogue is made once for each engine, through the same functions as a scan uses, and every measurement is
//! given it: a further one is a file below this one and a line in [`measure`].

mod catalogue;
mod first_play;
mod lists;
mod loudness;
pub(crate) mod phone;
mod scan;
mod search;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::db::Engine;

use crate::{
    Anything, Setting,
    figure::{self, number},
};
use catalogue::Catalogue;

/// Tracks of the library, and of that of a quick run.
const TRACKS: (u32, u32) = (1_000_000, 20_000);

/// Prints the figures of `music`.
pub(crate) async fn measure(setting: &Setting) -> Result<(), Anything> {
    catalogues(setting).await?;
    sounds(setting)?;
    scans(setting).await
}

/// What listeners do in a large catalogue.
pub(crate) async fn catalogues(setting: &Setting) -> Result<(), Anything> {
    let tracks = if setting.quick { TRACKS.1 } else { TRACKS.0 };
    let (mut searches, mut listed) = (Vec::new(), lists::Lists::default());
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let name = name(engine);
        eprintln!("{name}: entering {tracks} tracks");
        let begun = Instant::now();
        let catalogue = Catalogue::fill(engine, tracks, Arc::from([])).await?;
        let entered = f64::from(tracks) / begun.elapsed().as_secs_f64();
        figure::print_alone(&format!("{name}_tracks_entered_per_s"), entered, "tracks/s", &of(tracks));
        let megabytes = number(catalogue.database_bytes().await?) / 1e6;
        figure::print_alone(&format!("{name}_database_mb"), megabytes, "MB", &of(tracks));
        searches.push(search::measure(&catalogue).await?);
        listed = listed.worst(lists::measure(&catalogue).await?);
        catalogue.close().await;
    }
    let worst = searches.into_iter().fold(0.0, f64::max);
    figure::print("search_p95_ms", worst, "ms", "goal, on the slower engine", 10.0);
    for (list, value) in [
        ("album_page", listed.album_page),
        ("album_list_first", listed.album_first),
        ("album_list_far_offset", listed.album_far),
        ("track_list_far_offset", listed.track_far),
        ("favourites", listed.favourites),
        ("own_marks_far_offset", listed.own_far),
        ("random", listed.random),
    ] {
        figure::print(&format!("{list}_p95_ms"), value, "ms", "goal, on the slower engine", 10.0);
    }
    Ok(())
}

/// The first sound of what must be encoded, and how loud things are found.
pub(crate) fn sounds(setting: &Setting) -> Result<(), Anything> {
    // It asks the program from outside and waits for it.
    tokio::task::block_in_place(|| {
        first_play::measure(setting)?;
        loudness::measure(setting)
    })
}

/// A million files on a drive.
pub(crate) async fn scans(setting: &Setting) -> Result<(), Anything> {
    let scan_peak = scan::measure(setting).await?;
    figure::print("scan_peak_memory_mb", scan_peak, "MB", "goal, on the hungrier engine", 400.0);
    Ok(())
}

/// How an engine is called in the names of figures.
fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

/// What a figure is of.
fn of(tracks: u32) -> String {
    format!("of {tracks} tracks")
}

/// The time within which this share of them lies, in milliseconds; `share` is between 0 and 1.
fn quantile_ms(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is within it"
    )]
    let at = (number(times.len() as u64) * share) as usize;
    times.get(at.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert!((quantile_ms(&mut times, 0.95) - 96.0).abs() < 1e-9);
        assert!((quantile_ms(&mut times, 1.0) - 100.0).abs() < 1e-9);
        assert!(quantile_ms(&mut [], 0.5).abs() < 1e-9);
    }
}
