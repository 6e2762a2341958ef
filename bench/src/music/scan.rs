//! Files on a drive, taken in by the program itself: how long the first scan takes, how long one that finds nothing
//! changed, and how much memory the program had at most in each.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use kernel::{
    db::{Engine, Location},
    testkit::World,
};

use super::name;
use crate::{
    Anything, Setting,
    figure::{self, median, number},
    house::{House, Server},
    ingest::{first_scan, settled},
    library::{self, Kind},
    machine,
};

/// Files of the library, and of that of a quick run.
const FILES: (usize, usize) = (1_000_000, 3_000);
/// Looks at the unchanged library.
const ROUNDS: usize = 3;
/// How long one may take, and how much memory each scan.
const GOALS: (f64, f64) = (60.0, 400.0);

/// Prints the figures of scans on both engines; gives the most memory that a first scan took, in megabytes.
pub(super) async fn measure(setting: &Setting) -> Result<f64, Anything> {
    let count = if setting.quick { FILES.1 } else { FILES.0 };
    eprintln!("making {count} small tracks");
    let place = setting.folder.join("scanned-music");
    let made = library::make(&place, count, Kind::Small)?.len();
    let mut worst: f64 = 0.0;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        // The world is there for its database alone.
        let world = World::new(engine).await;
        let database = match &world.location {
            Location::Postgres(url) => Some(url.clone()),
            Location::Sqlite(_) => None,
        };
        let data = setting.folder.join(format!("scanned-on-{}", name(engine)));
        let house = House::on(&setting.program, data, database)?;
        let place = place.clone();
        let peak = tokio::task::spawn_blocking(move || {
            scans(&house, &place, made, engine).map_err(|why| why.to_string())
        });
        worst = worst.max(peak.await??);
        world.ctx.shut_down().await;
    }
    fs::remove_dir_all(&place)?;
    Ok(worst)
}

fn scans(house: &House, place: &Path, made: usize, engine: Engine) -> Result<f64, Anything> {
    let (engine, note) = (name(engine), format!("{made} files of some kilobytes that share 32 pictures"));
    let (server, _) = house.serve()?;
    let (first_s, id) = first_scan(&server, place, made)?;
    let peak = machine::peak_mb(server.id())?;
    let per_s = number(made as u64) / first_s;
    figure::print_alone(&format!("{engine}_first_scan_s"), first_s, "s", &note);
    figure::print_alone(&format!("{engine}_first_scan_tracks_per_s"), per_s, "tracks/s", &note);
    figure::print(&format!("{engine}_first_scan_peak_mb"), peak, "MB", "goal; VmHWM of the program", GOALS.1);
    drop(server);
    // Another process, so that its peak is that of the second scan.
    let (server, _) = house.serve()?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(again(&server, &id, made)?.as_secs_f64());
    }
    let again_peak = machine::peak_mb(server.id())?;
    let goal = format!("goal; {note}");
    figure::print(&format!("{engine}_rescan_unchanged_s"), median(&times), "s", &goal, GOALS.0);
    figure::print(
        &format!("{engine}_rescan_peak_mb"),
        again_peak,
        "MB",
        "goal; VmHWM of the program",
        GOALS.1,
    );
    Ok(peak.max(again_peak))
}

/// One look at a library in which nothing has changed.
fn again(server: &Server, id: &str, made: usize) -> Result<Duration, Anything> {
    let before = settled(server, id, "")?["scanned_at"].as_str().unwrap_or_default().to_owned();
    let begun = Instant::now();
    server.api("POST", &format!("/libraries/{id}/scan"), "")?;
    let after = settled(server, id, &before)?;
    let took = begun.elapsed();
    if after["tracks"] != made {
        return Err(format!("an unchanged library changed: {after}").into());
    }
    Ok(took)
}
