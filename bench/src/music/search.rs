//! The search as somebody types: every key is a query, and one name in four has a typo.

use std::time::{Duration, Instant};

use catalog::search::{self, Slice, Wanted};
use kernel::{
    http::{Role, Viewer},
    id::UserId,
    random::Random,
};

use super::{
    catalogue::{Catalogue, below},
    name, of, quantile_ms,
};
use crate::{
    Anything,
    figure::{self, number},
    machine,
};

/// Names that are typed.
const NAMES: u32 = 200;
/// Rows of each kind that are shown while somebody types.
const ROWS: u32 = 10;

/// Prints the figures of the search on one engine; gives the 95th percentile in milliseconds.
pub(super) async fn measure(catalogue: &Catalogue) -> Result<f64, Anything> {
    let (ctx, engine) = (&catalogue.world.ctx, name(catalogue.engine));
    let begun = Instant::now();
    let things = search::rebuild(ctx).await?;
    let note = format!("{}, {things} things", of(catalogue.tracks));
    figure::print_alone(&format!("{engine}_index_made_s"), begun.elapsed().as_secs_f64(), "s", &note);
    // Other names than those that are measured: nothing has been looked for twice.
    let (warming, queries) = (typed(catalogue, 4), typed(catalogue, 5));
    let viewer =
        Viewer { id: UserId(1), handle: "ann".to_owned(), role: Role::Listener, session: None, within: None };
    let slice = Slice { offset: 0, limit: ROWS };
    let wanted = Wanted { artists: slice, albums: slice, tracks: slice, videos: slice };
    let (mut times, mut found) = (Vec::with_capacity(queries.len()), 0);
    for (round, query) in warming.iter().chain(&queries).enumerate() {
        let begun = Instant::now();
        let results =
            search::search(ctx, &viewer, query, &wanted).await.map_err(|error| format!("{error:?}"))?;
        let body = serde_json::to_vec(&results)?;
        if round >= warming.len() {
            times.push((begun.elapsed(), query));
            found += u64::from(body.len() > 60);
        }
    }
    times.sort_unstable();
    for (time, query) in times.iter().rev().take(5) {
        eprintln!("{engine}: among the slowest: {time:?} for {query:?}");
    }
    let mut times: Vec<Duration> = times.into_iter().map(|(time, _)| time).collect();
    let note = format!("{}, {} queries, one after the other", of(catalogue.tracks), times.len());
    let p95 = quantile_ms(&mut times, 0.95);
    figure::print_alone(&format!("{engine}_search_p50_ms"), quantile_ms(&mut times, 0.5), "ms", &note);
    figure::print(&format!("{engine}_search_p95_ms"), p95, "ms", "goal", 10.0);
    figure::print_alone(&format!("{engine}_search_p99_ms"), quantile_ms(&mut times, 0.99), "ms", &note);
    let share = number(found) / number(times.len() as u64);
    figure::print_alone(&format!("{engine}_search_found"), share, "of the queries", &note);
    let resident = machine::resident_mb(std::process::id())?;
    figure::print_alone(&format!("{engine}_search_resident_mb"), resident, "MB", "this whole program");
    Ok(p95)
}

/// What somebody types who looks for these names: each beginning of each.
fn typed(catalogue: &Catalogue, seed: u64) -> Vec<String> {
    let random = Random::seeded(seed);
    let mut queries = Vec::new();
    for _ in 0..NAMES {
        let album = catalogue.album(u32::try_from(below(&random, 1 << 30)).unwrap_or(0));
        let track = &album.tracks[below(&random, album.tracks.len())];
        let wanted = match below(&random, 4) {
            0 => album.artist.clone(),
            1 => album.title.clone(),
            2 => track.clone(),
            _ => format!("{} {}", album.artist, track),
        };
        let mut keys: Vec<char> = wanted.to_lowercase().chars().collect();
        if below(&random, 4) == 0 {
            mistype(&random, &mut keys);
        }
        queries.extend((1..=keys.len()).map(|end| keys[..end].iter().collect::<String>()));
    }
    queries
}

/// One key too many, too few, a wrong one, or two in each other's place; never the first.
fn mistype(random: &Random, keys: &mut Vec<char>) {
    if keys.len() < 5 {
        return;
    }
    let at = 1 + below(random, keys.len() - 2);
    match below(random, 4) {
        0 => keys.insert(at, 'e'),
        1 => drop(keys.remove(at)),
        2 => keys[at] = 'r',
        _ => keys.swap(at, at + 1),
    }
}
