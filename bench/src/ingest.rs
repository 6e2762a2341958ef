//! What comes in: the scan beside a bare loop of the tag library, the look at an unchanged library, the ladder beside
//! plain ffmpeg, and the start.

use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::Advice;
use serde_json::json;

use crate::{
    Anything, Setting, bare,
    figure::{self, median, number},
    house::{House, Server},
    ladder,
    library::{self, Kind},
    machine, start,
};

/// How long a scan may take before something is wrong, and how often it is asked after.
const SCANNING: (Duration, Duration) = (Duration::from_mins(15), Duration::from_millis(10));
/// Scans of files that are not in memory, each beside the bare loop.
const COLD_PAIRS: usize = 5;

/// Prints the figures of `ingest`.
pub(crate) fn measure(setting: &Setting) -> Result<(), Anything> {
    let house = scans(setting)?;
    start::measure(setting, &house)?;
    rescans(setting)?;
    ladder::measure(setting)
}

/// One pair: the bare loops and the scan of a new house, over the same files.
#[expect(clippy::struct_field_names, reason = "units end the names")]
struct Pair {
    bare_s: f64,
    bare_cpu_s: f64,
    bare_threads_s: f64,
    scan_s: f64,
    scan_cpu_s: f64,
}

/// Scans the made library in new houses; the last of them is handed on.
fn scans(setting: &Setting) -> Result<House, Anything> {
    let (count, pairs) = if setting.quick { (4_000, 1) } else { (20_000, 3) };
    eprintln!("making {count} tracks");
    let place = setting.folder.join("music");
    let files = library::make(&place, count, Kind::Usual)?;
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    // The page cache is warm for whoever comes first too.
    bare::read_tags(&files, threads)?;
    let (mut measured, mut last) = (Vec::new(), None);
    for round in 1..=pairs {
        let house = House::new(&setting.program, setting.folder.join(format!("scanned-{round}")))?;
        measured.push(pair(&house, &place, &files, threads)?);
        last = Some(house);
    }
    let middle = |of: fn(&Pair) -> f64| median(&measured.iter().map(of).collect::<Vec<_>>());
    let tracks = number(count as u64);
    let peer = format!("lofty in a bare loop, 1 thread, {count} files");
    let (scan, bare) = (middle(|pair| tracks_per_s(pair.scan_s)), middle(|pair| tracks_per_s(pair.bare_s)));
    figure::print("scan_tracks_per_s", tracks * scan, "tracks/s", &peer, tracks * bare);
    figure::print("scan_of_bare_tag_loop", middle(|pair| pair.bare_s / pair.scan_s), "ratio", &peer, 1.0);
    let peer = format!("lofty in a bare loop, {threads} threads, {count} files");
    figure::print(
        "scan_of_bare_threads",
        middle(|pair| pair.bare_threads_s / pair.scan_s),
        "ratio",
        &peer,
        1.0,
    );
    let per_track = 1e6 / tracks;
    figure::print(
        "scan_cpu_us",
        middle(|pair| pair.scan_cpu_s) * per_track,
        "µs CPU/track",
        "lofty in a bare loop",
        middle(|pair| pair.bare_cpu_s) * per_track,
    );
    if !setting.quick {
        cold_scans(setting, &place, &files)?;
    }
    last.ok_or_else(|| "nothing was scanned".into())
}

fn tracks_per_s(seconds: f64) -> f64 {
    1.0 / seconds
}

fn pair(house: &House, place: &Path, files: &[PathBuf], threads: usize) -> Result<Pair, Anything> {
    let before = machine::cpu_s("self")?;
    let bare_s = bare::read_tags(files, 1)?.as_secs_f64();
    let bare_cpu_s = machine::cpu_s("self")? - before;
    let bare_threads_s = bare::read_tags(files, threads)?.as_secs_f64();
    let (server, _) = house.serve()?;
    let before = server.cpu_s()?;
    let (scan_s, _) = first_scan(&server, place, files.len())?;
    let scan_cpu_s = server.cpu_s()? - before;
    eprintln!(
        "load {}: bare loop {bare_s:.2} s, {bare_cpu_s:.2} s CPU; {threads} threads {bare_threads_s:.2} s; scan \
         {scan_s:.2} s, {scan_cpu_s:.2} s CPU",
        machine::load()
    );
    Ok(Pair { bare_s, bare_cpu_s, bare_threads_s, scan_s, scan_cpu_s })
}

/// The same with none of the files in memory, as a library is met for the first time; the median of some pairs, since a
/// drive is less even than a processor.
fn cold_scans(setting: &Setting, place: &Path, files: &[PathBuf]) -> Result<(), Anything> {
    let mut ratios = Vec::new();
    for round in 1..=COLD_PAIRS {
        let house = House::new(&setting.program, setting.folder.join(format!("scanned-cold-{round}")))?;
        forget(files)?;
        let bare_s = bare::read_tags(files, 1)?.as_secs_f64();
        forget(files)?;
        let (server, _) = house.serve()?;
        let (scan_s, _) = first_scan(&server, place, files.len())?;
        eprintln!("load {}: not in memory: bare loop {bare_s:.2} s, scan {scan_s:.2} s", machine::load());
        ratios.push(bare_s / scan_s);
    }
    let peer = format!("lofty in a bare loop, 1 thread, {} files that are not in memory", files.len());
    figure::print("cold_scan_of_bare_tag_loop", median(&ratios), "ratio", &peer, 1.0);
    Ok(())
}

/// Has the system let go of the files' pages.
fn forget(files: &[PathBuf]) -> Result<(), Anything> {
    let first = files.first().ok_or("there are files")?;
    // What is not on the disk yet can't be let go of.
    rustix::fs::syncfs(fs::File::open(first)?)?;
    for file in files {
        rustix::fs::fadvise(fs::File::open(file)?, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

/// Makes a folder a library, over the API, and waits until all of it is in the catalogue; seconds, and its path there.
pub(crate) fn first_scan(server: &Server, place: &Path, tracks: usize) -> Result<(f64, String), Anything> {
    let begun = Instant::now();
    let added = server.api("POST", "/libraries", &json!({ "path": place }).to_string())?;
    let id = added["id"].as_str().ok_or("a library has an id")?.to_owned();
    let done = settled(server, &id, "")?;
    let took = begun.elapsed().as_secs_f64();
    if done["tracks"] != tracks || done["broken"] != 0 {
        return Err(format!("not all of the {tracks} tracks were taken in: {done}").into());
    }
    Ok((took, id))
}

/// The library once a scan later than the one at `before` is through.
pub(crate) fn settled(server: &Server, id: &str, before: &str) -> Result<serde_json::Value, Anything> {
    let the = |list: &serde_json::Value| {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|library| library["id"] == id).unwrap_or_default()
    };
    let later = |list: &serde_json::Value| {
        let library = the(list);
        let scanned = library["scanned_at"].as_str().is_some_and(|at| at > before);
        library["state"] == "failed" || (library["state"] == "idle" && scanned)
    };
    Ok(the(&server.wait_for(("GET", "/libraries"), SCANNING, later)?))
}

fn rescans(setting: &Setting) -> Result<(), Anything> {
    let count: usize = if setting.quick { 5_000 } else { 100_000 };
    eprintln!("making {count} small tracks");
    let place = setting.folder.join("many");
    let made = library::make(&place, count, Kind::Small)?.len();
    let house = House::new(&setting.program, setting.folder.join("rescanned"))?;
    let (server, _) = house.serve()?;
    let (first_s, id) = first_scan(&server, &place, made)?;
    eprintln!("load {}: the first scan of {count} tracks took {first_s:.1} s", machine::load());
    let (mut ours, mut walks) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let before = settled(&server, &id, "")?["scanned_at"].as_str().unwrap_or_default().to_owned();
        let begun = Instant::now();
        server.api("POST", &format!("/libraries/{id}/scan"), "")?;
        let after = settled(&server, &id, &before)?;
        ours.push(begun.elapsed().as_secs_f64());
        if after["tracks"] != made {
            return Err(format!("an unchanged library changed: {after}").into());
        }
        let (files, walk) = bare::walk(&place)?;
        walks.push(walk.as_secs_f64());
        if files < made as u64 {
            return Err("the bare walk missed files".into());
        }
    }
    eprintln!("load {}: unchanged {ours:.3?} s, bare walks {walks:.3?} s", machine::load());
    let unit = format!("s for {count} tracks");
    let peer = "read_dir and lstat of everything, 1 thread";
    figure::print("rescan_unchanged_100k_s", median(&ours), &unit, peer, median(&walks));
    Ok(())
}
