//! A phone app's first sync: everything that there is, in the order in which such apps ask for it, through the dialect's
//! own routes and as the bytes that would leave the house. The page at the end must cost what the one at the beginning
//! does, so both are asked for in turns and their 95th percentiles stand beside each other.

use std::{
    collections::HashSet,
    io::Read as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use catalog::picture::PictureFacts;
use flate2::read::GzDecoder;
use http::{HeaderName, Request, header, response::Parts};
use ingest::{
    media::{Engine, Launcher, Tools},
    transcode::{TranscodeConfig, Transcoder},
};
use kernel::{Ctx, blob::BlobKey, db, http::Role, random::Random};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{
    catalogue::{Catalogue, below},
    name, of, quantile_ms,
};
use crate::{
    Anything, Setting,
    figure::{self, number},
    library,
};

/// Tracks of the library, and of that of a quick run.
const TRACKS: (u32, u32) = (200_000, 20_000);
/// Rows of a page, the most that the API gives.
const PAGE: usize = 500;
/// Pages of the first and of the last tenth that are asked for in turns.
const PAIRS: usize = 100;
/// Times that a whole answer is asked for.
const ROUNDS: usize = 20;
/// Albums with a cover of their own.
const COVERS: u32 = 200;
/// Favourites and songs of the queue of whoever syncs.
const FAVOURITES: usize = 1_000;
const QUEUE: usize = 200;

/// Prints the figures of `phone`.
pub(crate) async fn measure(setting: &Setting) -> Result<(), Anything> {
    let tracks = if setting.quick { TRACKS.1 } else { TRACKS.0 };
    let pictures: Vec<Vec<u8>> = covers(setting)?;
    for engine in [db::Engine::Sqlite, db::Engine::Postgres] {
        eprintln!("{}: entering {tracks} tracks", name(engine));
        let facts: Result<Vec<PictureFacts>, _> =
            pictures.iter().map(|bytes| catalog::picture::facts(bytes)).collect();
        let facts = facts.map_err(|why| format!("a made picture is refused: {why:?}"))?;
        let catalogue = Catalogue::fill(engine, tracks, Arc::from(facts)).await?;
        keep(&catalogue.world.ctx, &pictures).await?;
        let phone = Phone::new(&catalogue, &setting.folder.join("scratch")).await?;
        phone.sync().await?;
        catalogue.close().await;
    }
    Ok(())
}

/// JPEG pictures, each unlike the others.
fn covers(setting: &Setting) -> Result<Vec<Vec<u8>>, Anything> {
    let drawn = library::pictures(&setting.folder)?;
    let each = (0..COVERS).map(|number| {
        let mut bytes = drawn[number as usize % drawn.len()].clone();
        bytes.extend(number.to_le_bytes());
        bytes
    });
    Ok(each.collect())
}

async fn keep(ctx: &Ctx, pictures: &[Vec<u8>]) -> Result<(), Anything> {
    for bytes in pictures {
        let facts =
            catalog::picture::facts(bytes).map_err(|why| format!("a made picture is refused: {why:?}"))?;
        let key = BlobKey::new(facts.blob_key.as_str()).ok_or("a picture's key is a key")?;
        ctx.blobs().put(&key, bytes.clone().into()).await?;
    }
    Ok(())
}

/// An app that was just signed in.
struct Phone<'a> {
    catalogue: &'a Catalogue,
    app: Router,
    key: String,
    engine: &'static str,
}

/// One paged list: how it is asked for, and where its rows are.
struct Paged {
    name: &'static str,
    method: &'static str,
    more: &'static str,
    offset: &'static str,
    rows: &'static str,
}

const PAGED: [Paged; 3] = [
    Paged {
        name: "albums_by_name",
        method: "getAlbumList2",
        more: "type=alphabeticalByName&size=500",
        offset: "offset",
        rows: "/albumList2/album",
    },
    Paged {
        name: "albums_newest",
        method: "getAlbumList2",
        more: "type=newest&size=500",
        offset: "offset",
        rows: "/albumList2/album",
    },
    Paged {
        name: "songs",
        method: "search3",
        more: "query=&artistCount=0&albumCount=0&songCount=500",
        offset: "songOffset",
        rows: "/searchResult3/song",
    },
];

/// What is given whole, in the order of a sync.
const WHOLE: [(&str, &str); 7] = [
    ("artists", "getArtists"),
    ("indexes", "getIndexes"),
    ("genres", "getGenres"),
    ("playlists", "getPlaylists"),
    ("starred", "getStarred2"),
    ("play_queue", "getPlayQueue"),
    ("scan_status", "getScanStatus"),
];

impl<'a> Phone<'a> {
    async fn new(catalogue: &'a Catalogue, scratch: &Path) -> Result<Self, Anything> {
        let ctx = &catalogue.world.ctx;
        let password = "seven green herons".to_owned();
        accounts::add_user(ctx, "ann", "", Role::Listener, password)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let key = accounts::add_token(ctx, "ann", "phone").await.map_err(|error| format!("{error:?}"))?;
        let (_, _, direct) = delivery::parts_and_direct(ctx.clone(), delivery::Config::default());
        let config = subsonic::Config::default();
        let sharing = sharing::Sharing::new(ctx.clone(), direct.clone(), config.accounts.clone());
        let engine = Engine::new(Tools::find()?, Launcher::this_program());
        let transcoder = Transcoder::new(engine, TranscodeConfig::new(scratch));
        let app = subsonic::routes(ctx.clone(), direct, sharing, transcoder, config);
        Ok(Self { catalogue, app, key, engine: name(catalogue.engine) })
    }

    /// Asks as apps do, ready to take what is packed; the body as it came, and how long it took.
    async fn ask(&self, method: &str, more: &str) -> Result<(Vec<u8>, Duration), Anything> {
        let path = format!("/rest/{method}?apiKey={}&v=1.16.1&c=phone&f=json&{more}", self.key);
        let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip").body(Body::empty())?;
        let begun = Instant::now();
        let response = self.app.clone().oneshot(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await?.to_vec();
        let took = begun.elapsed();
        must_be_an_answer(method, &parts, &bytes)?;
        Ok((bytes, took))
    }

    /// The rows of a list, read.
    async fn rows(&self, method: &str, more: &str, at: &str) -> Result<Vec<Value>, Anything> {
        let path = format!("/rest/{method}?apiKey={}&v=1.16.1&c=phone&f=json&{more}", self.key);
        let response = self.app.clone().oneshot(Request::get(path).body(Body::empty())?).await?;
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
        let answer: Value = serde_json::from_slice(&bytes)?;
        let answer = &answer["subsonic-response"];
        if answer["status"] != "ok" {
            return Err(format!("{method} was refused: {answer}").into());
        }
        Ok(answer.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default())
    }

    async fn sync(&self) -> Result<(), Anything> {
        self.live().await?;
        let (mut bytes, mut calls, mut seconds) = (0, 0, 0.0);
        for (_, method) in WHOLE {
            let (body, took) = self.ask(method, "").await?;
            bytes += body.len() as u64;
            seconds += took.as_secs_f64();
            calls += 1;
        }
        for list in &PAGED {
            let met = self.walk(list).await?;
            bytes += met.bytes;
            seconds += met.took.as_secs_f64();
            calls += met.calls;
        }
        let note =
            format!("{}, {calls} calls one after the other, without covers", of(self.catalogue.tracks));
        let engine = self.engine;
        figure::print_alone(&format!("{engine}_first_sync_s"), seconds, "s", &note);
        figure::print_alone(&format!("{engine}_first_sync_mb"), number(bytes) / 1e6, "MB sent", &note);
        for list in &PAGED {
            self.pairs(list).await?;
        }
        for (name, method) in WHOLE {
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                times.push(self.ask(method, "").await?.1);
            }
            let note = format!("{}, {ROUNDS} times {method}", of(self.catalogue.tracks));
            figure::print_alone(
                &format!("{engine}_{name}_p95_ms"),
                quantile_ms(&mut times, 0.95),
                "ms",
                &note,
            );
        }
        self.covers().await
    }

    /// What somebody has who moves to a new phone.
    async fn live(&self) -> Result<(), Anything> {
        let songs = self.rows("getRandomSongs", "size=500", "/randomSongs/song").await?;
        let named = |name: &str, some: usize| {
            let each = songs.iter().take(some).map(|song| format!("{name}={}", text(&song["id"])));
            each.collect::<Vec<_>>().join("&")
        };
        self.ask("savePlayQueue", &named("id", QUEUE)).await?;
        for list in 0..20 {
            self.ask("createPlaylist", &format!("name=List{list}&{}", named("songId", PAGE))).await?;
        }
        let mut left = FAVOURITES;
        while left > 0 {
            let albums = self.rows("getAlbumList2", "type=random&size=500", "/albumList2/album").await?;
            let some = albums.iter().take(left).map(|album| format!("albumId={}", text(&album["id"])));
            let some: Vec<String> = some.collect();
            left -= some.len().min(left);
            self.ask("star", &some.join("&")).await?;
        }
        Ok(())
    }

    /// Reads a list to its end and fails unless each row came once.
    async fn walk(&self, list: &Paged) -> Result<Met, Anything> {
        let mut met = Met { bytes: 0, calls: 0, rows: 0, took: Duration::ZERO };
        let mut seen = HashSet::new();
        loop {
            let more = format!("{}&{}={}", list.more, list.offset, met.rows);
            // Asked twice, so that what is measured is what an app gets, packed, and what is checked can be read.
            let (body, took) = self.ask(list.method, &more).await?;
            met.bytes += body.len() as u64;
            met.took += took;
            met.calls += 1;
            let rows = self.rows(list.method, &more, list.rows).await?;
            met.rows += rows.len();
            for row in &rows {
                if !seen.insert(text(&row["id"])) {
                    return Err(format!("{} gave {} twice", list.name, row["id"]).into());
                }
            }
            if rows.len() < PAGE {
                break;
            }
        }
        if list.name == "songs" && met.rows != self.catalogue.tracks as usize {
            return Err(format!("{} of {} songs were met", met.rows, self.catalogue.tracks).into());
        }
        Ok(met)
    }

    /// Pages of the first and of the last tenth, in turns.
    async fn pairs(&self, list: &Paged) -> Result<(), Anything> {
        let rows = match list.name {
            "songs" => self.catalogue.tracks as usize,
            _ => self.walk(list).await?.rows,
        };
        let random = Random::seeded(3);
        let tenth = (rows / 10).max(1);
        let (mut beginning, mut end) = (Vec::new(), Vec::new());
        for _ in 0..PAIRS {
            let early = below(&random, tenth.saturating_sub(PAGE).max(1));
            let late = rows.saturating_sub(PAGE) - below(&random, tenth.saturating_sub(PAGE).max(1));
            for (at, times) in [(early, &mut beginning), (late, &mut end)] {
                let more = format!("{}&{}={at}", list.more, list.offset);
                times.push(self.ask(list.method, &more).await?.1);
            }
        }
        let (engine, list) = (self.engine, list.name);
        let (early, late) = (quantile_ms(&mut beginning, 0.95), quantile_ms(&mut end, 0.95));
        let note = format!("{}, {PAIRS} pages of {PAGE} of {rows} rows, in turns", of(self.catalogue.tracks));
        figure::print_alone(&format!("{engine}_{list}_first_tenth_p95_ms"), early, "ms", &note);
        figure::print_alone(&format!("{engine}_{list}_last_tenth_p95_ms"), late, "ms", &note);
        let middle = quantile_ms(&mut end, 0.5) / quantile_ms(&mut beginning, 0.5);
        figure::print_alone(&format!("{engine}_{list}_last_of_first"), late / early, "ratio of p95", &note);
        figure::print_alone(&format!("{engine}_{list}_last_of_first_p50"), middle, "ratio of p50", &note);
        Ok(())
    }

    /// Covers, the first time and once they are at hand.
    async fn covers(&self) -> Result<(), Anything> {
        let mut ids = Vec::new();
        for offset in (0..).step_by(PAGE) {
            let more = format!("type=newest&size=500&offset={offset}");
            let rows = self.rows("getAlbumList2", &more, "/albumList2/album").await?;
            ids.extend(rows.iter().filter_map(|album| Some(album["coverArt"].as_str()?.to_owned())));
            if rows.len() < PAGE {
                break;
            }
        }
        if ids.len() < COVERS as usize / 2 {
            return Err(format!("only {} albums have covers", ids.len()).into());
        }
        for (name, note) in
            [("first", "each made smaller when it is first asked for"), ("again", "asked for again")]
        {
            let mut times = Vec::new();
            for id in &ids {
                times.push(self.ask("getCoverArt", &format!("id={id}&size=300")).await?.1);
            }
            let note = format!("{} covers of 300 pixels, {note}", ids.len());
            let name = format!("{}_cover_{name}_p95_ms", self.engine);
            figure::print_alone(&name, quantile_ms(&mut times, 0.95), "ms", &note);
        }
        Ok(())
    }
}

/// What was met on the way through a list.
struct Met {
    bytes: u64,
    calls: u64,
    rows: usize,
    took: Duration,
}

/// Refusals are answered with 200 as well, so what came is read; a picture must be one.
fn must_be_an_answer(method: &str, parts: &Parts, bytes: &[u8]) -> Result<(), Anything> {
    let header =
        |name: HeaderName| parts.headers.get(&name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let refused = |said: &str| Err(format!("{method} was answered with {}: {said}", parts.status).into());
    if !parts.status.is_success() {
        return refused("it is no success");
    }
    if header(header::CONTENT_TYPE).starts_with("image/") {
        return Ok(());
    }
    let mut text = Vec::new();
    if header(header::CONTENT_ENCODING) == "gzip" {
        GzDecoder::new(bytes).read_to_end(&mut text)?;
    } else {
        text.extend_from_slice(bytes);
    }
    let answer: Value = serde_json::from_slice(&text)?;
    if answer["subsonic-response"]["status"] == "ok" { Ok(()) } else { refused(&answer.to_string()) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
