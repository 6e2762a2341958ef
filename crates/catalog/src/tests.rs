//! Stories about the catalogue, each on both engines.

mod access;
mod edits;
mod folders;
mod follow;
mod genres;
mod hiding;
mod hostile;
mod identity;
mod listener;
mod lists;
mod lyrics;
mod marks;
mod media;
mod paging;
mod pictures;
mod places;
mod playing;
mod playlists;
mod plays;
mod radio;
mod random;
mod roles;
mod runs;
mod search;
mod shelf;
mod sound;
mod statements;
mod videos;

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{
    Ctx, Fault,
    db::Tx,
    http::{Role, Viewer},
    id::UserId,
};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    TrackId,
    import::{self, Batch, Imported, Source, SourceFile, TrackImport, TrackTags},
};

/// A file of music under this path.
fn file(path: &str) -> SourceFile {
    SourceFile {
        place: Source::File { path: path.to_owned() },
        bytes: 1_000,
        stamp: 1,
        mime: "audio/flac".to_owned(),
        codec: "flac".to_owned(),
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: 60_000,
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Tags of a song of an ordinary album.
fn tags(title: &str, artist: &str, album: &str) -> TrackTags {
    TrackTags {
        title: title.to_owned(),
        artists: strings(&[artist]),
        album: Some(album.to_owned()),
        album_artists: strings(&[artist]),
        date: Some("1999".to_owned()),
        ..TrackTags::default()
    }
}

/// Somebody who did something.
fn credit(role: import::Role, name: &str) -> import::CreditTag {
    import::CreditTag { role, name: name.to_owned(), detail: None, sort: None, musicbrainz: None }
}

/// Lyrics of a tag.
fn lyrics(language: &str, lines: &[(Option<u32>, &str)]) -> import::LyricsTag {
    let lines = lines.iter().map(|&(start_ms, text)| import::LyricLine {
        start_ms,
        text: text.to_owned(),
        ..import::LyricLine::default()
    });
    import::LyricsTag {
        language: Some(language.to_owned()),
        source: import::LyricsSource::Tag,
        lines: lines.collect(),
    }
}

/// A file on its way in.
#[derive(Clone)]
struct Song {
    existing: Option<TrackId>,
    file: SourceFile,
    tags: TrackTags,
    folder: Option<String>,
}

/// A song in a file whose folder is its album's.
fn song(path: &str, tags: TrackTags) -> Song {
    let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    Song { existing: None, file: file(path), tags, folder }
}

/// Runs a change in one transaction with a batch of its own.
async fn change<T: Send + 'static>(
    ctx: &Ctx,
    mut run: impl FnMut(&mut Tx<'_>, &mut Batch) -> Result<T, Fault> + Send + 'static,
) -> T {
    let (ids, now) = (ctx.ids().clone(), ctx.now());
    let done = ctx.db().write(move |tx| run(tx, &mut Batch::new(&ids, now))).await;
    done.expect("the change is made")
}

/// Makes a library that is open to everybody, unless it is there.
fn open(tx: &mut Tx<'_>, library: i64) -> Result<(), Fault> {
    let (library, access) = (crate::LibraryId(library), crate::access::Access::everybody());
    if crate::access::get(tx, library)?.is_none() {
        let entered = crate::access::enter(tx, library, Some(&access), kernel::testkit::START);
        entered.map_err(|error| Fault::new(format!("{error:?}")))?;
    }
    Ok(())
}

/// Takes songs in, all in one transaction.
async fn take_in(ctx: &Ctx, songs: Vec<Song>) -> Vec<Imported> {
    change(ctx, move |tx, batch| {
        open(tx, 1)?;
        let each = songs.iter().map(|song| {
            let new = TrackImport {
                existing: song.existing,
                library: Some(crate::LibraryId(1)),
                source: &song.file,
                tags: &song.tags,
                picture: None,
                folder: song.folder.as_deref(),
            };
            import::upsert_track(tx, batch, &new)
        });
        each.collect()
    })
    .await
}

async fn take_in_one(ctx: &Ctx, song: Song) -> Imported {
    take_in(ctx, vec![song]).await[0]
}

async fn hide(ctx: &Ctx, track: TrackId) {
    change(ctx, move |tx, batch| import::hide_track(tx, batch, track)).await;
}

fn viewer(id: i64, role: Role) -> Viewer {
    Viewer { id: UserId(id), handle: format!("user{id}"), role, session: None, within: None }
}

fn listener() -> Viewer {
    viewer(1, Role::Listener)
}

/// Asks the API as somebody.
async fn ask(
    ctx: &Ctx,
    viewer: Option<Viewer>,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let (router, _): (Router, _) = crate::routes(ctx.clone()).split_for_parts();
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut request = request.body(body).expect("a request");
    if let Some(viewer) = viewer {
        request.extensions_mut().insert(viewer);
    }
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// What a listener is shown.
async fn get(ctx: &Ctx, path: &str) -> Value {
    let (status, body) = ask(ctx, Some(listener()), "GET", path, None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

async fn status_of(ctx: &Ctx, path: &str) -> StatusCode {
    ask(ctx, Some(listener()), "GET", path, None).await.0
}

/// One field of every item of a list.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let items = list.get("items").unwrap_or(list).as_array().expect("a list");
    items.iter().map(|item| item[field].as_str().expect("text")).collect()
}
