//! Whoever may not see a library notices nothing of it: told with the whole router, on both engines.
//!
//! Every operation of the API's description and every method of the dialect stands in a table that says how it is asked
//! ([`api::TABLE`], [`dialect::TABLE`]); one that stands in none fails the test. What lists is asked before the hidden
//! library is filled and after, and must say the same byte for byte; what takes a number is asked with one of the hidden
//! library and with one that never was, and must say the same. At the end the right is given, to see that all of this
//! would have been told, and withdrawn.

mod api;
mod dialect;

use std::collections::BTreeMap;

use axum::{Router, body::Body};
use catalog::{
    LibraryId,
    access::{self, Access},
    import::{
        Batch, CreditTag, Imported, LyricLine, LyricsSource, LyricsTag, Place, Role as Did, Source,
        SourceFile, TrackImport, TrackTags, VideoImport, place_track, place_video, upsert_picture,
        upsert_track, upsert_video,
    },
    sound::{self, Blocks, Decibels, Edges, Loudness, Sound, Waveform},
};
use clap::Parser as _;
use http::{Method, Request, header};
use kernel::{Ctx, Fault, db::Tx, http::Role, on_both_engines, outbox, testkit::World};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{command::Arguments, config::Config, router, workshop::Workshop};

/// Stands in every name of what is hidden, and nowhere else.
const MARK: &str = "zyxhidden";
/// Stands in every name of what everybody sees.
const PLAIN: &str = "plain";
const OPEN: LibraryId = LibraryId(101);
const CLOSED: LibraryId = LibraryId(102);

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xa80P\0\0\x01\xec\0\xc9\x82\xbfcn\0\0\0\0IEND\xaeB`\x82";

/// The whole program, with an administrator and a member.
struct House {
    ctx: Ctx,
    app: Router,
    document: Value,
    ann: String,
    bob: String,
    /// Another key of the member, with which music apps are given the folders of the drive.
    bob_by_drive: String,
}

/// What came back, as far as it must be the same.
#[derive(Clone, PartialEq, Eq)]
struct Told {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text())
    }
}

impl Told {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl House {
    async fn new(world: &World) -> Self {
        let data = world.folder.path().to_str().expect("text");
        let line = Arguments::try_parse_from(["odeon", "openapi", "--data", data]).expect("understood");
        let config = Config::new(line.settings, None).expect("taken");
        let workshop = Workshop::new(&world.ctx, &config).expect("ffmpeg is there");
        let (app, document) = router::routes(&world.ctx, &config, workshop.doors());
        let document = serde_json::to_value(&document).expect("JSON");
        let ctx = world.ctx.clone();
        let mut keys = Vec::new();
        for (handle, role) in [("ann", Role::Admin), ("bob", Role::Creator)] {
            let password = "seven green herons".to_owned();
            accounts::add_user(&ctx, handle, "", role, password).await.expect("an account");
            keys.push(accounts::add_token(&ctx, handle, "key").await.expect("a key"));
        }
        let bob = keys.pop().expect("two keys");
        let bob_by_drive = String::new();
        let mut house = Self { ctx, app, document, ann: keys.pop().expect("two keys"), bob, bob_by_drive };
        let body = json!({ "label": "key", "folders": "drive" }).to_string();
        let made = house.ask(&house.bob, Method::POST, "/api/v1/me/tokens", Some(&body)).await.json();
        made["token"].as_str().expect("a key").clone_into(&mut house.bob_by_drive);
        house
    }

    async fn ask(&self, key: &str, method: Method, path: &str, body: Option<&str>) -> Told {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body.map_or_else(Body::empty, |text| Body::from(text.to_owned())));
        self.send(request.expect("a request")).await
    }

    async fn send(&self, request: Request<Body>) -> Told {
        let response = self.app.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.expect("a body").to_vec();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
        Told { status: parts.status.as_u16(), headers: headers.collect(), body }
    }

    /// Sends a picture.
    async fn give(&self, key: &str, path: &str) -> Told {
        let request = Request::builder().method(Method::PUT).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        self.send(request.body(Body::from(PIXEL)).expect("a request")).await
    }

    async fn get(&self, key: &str, path: &str) -> Told {
        self.ask(key, Method::GET, path, None).await
    }

    async fn change<T: Send + 'static>(
        &self,
        mut run: impl FnMut(&mut Tx<'_>, &mut Batch) -> Result<T, Fault> + Send + 'static,
    ) -> T {
        let (ids, now) = (self.ctx.ids().clone(), self.ctx.now());
        self.ctx.db().write(move |tx| run(tx, &mut Batch::new(&ids, now))).await.expect("the change is made")
    }

    /// Makes both libraries, of which one is for administrators alone.
    async fn libraries(&self) {
        self.change(|tx, _| {
            let now = kernel::testkit::START;
            for (library, everybody) in [(OPEN, true), (CLOSED, false)] {
                let access = Access { everybody, members: Vec::new() };
                access::enter(tx, library, Some(&access), now)
                    .map_err(|error| Fault::new(format!("{error:?}")))?;
            }
            Ok(())
        })
        .await;
    }

    async fn let_in(&self, members: &[&str]) {
        let list = self.get(&self.ann, "/api/v1/users").await.json();
        let users = list["items"].as_array().expect("items").clone();
        let named =
            users.iter().filter(|user| members.contains(&user["handle"].as_str().unwrap_or_default()));
        let members = named.map(|user| user["id"].as_str().and_then(|id| id.parse().ok()).expect("an id"));
        let access = Access { everybody: false, members: members.map(kernel::id::UserId).collect() };
        let set = self.ctx.db().write(move |tx| access::set(tx, CLOSED, &access)).await;
        set.map_err(|error| format!("{error:?}")).expect("it is set");
        self.settle().await;
    }

    /// Brings everything that follows up to now.
    async fn settle(&self) {
        outbox::catch_up(&self.ctx, &catalog::projections()).await.expect("projections follow");
        catalog::search::catch_up(&self.ctx).await.expect("the search follows");
    }

    /// Fills a library: songs, also of an artist, an album title and a genre that both libraries have, and a film.
    async fn fill(&self, library: LibraryId, mark: &'static str) {
        for number in 1..=4_u32 {
            let made = self.change(move |tx, batch| song(tx, batch, library, mark, number)).await;
            self.hear(made, number).await;
        }
        self.change(move |tx, batch| {
            let source = file(&format!("/{mark}/film.mkv"), "video/x-matroska");
            let title = format!("{mark} film");
            let new = VideoImport {
                existing: None,
                library: Some(library),
                owner: None,
                title: &title,
                source: &source,
                width: 640,
                height: 360,
                picture: None,
            };
            let made = upsert_video(tx, batch, &new)?;
            let folder = format!("{mark} films");
            place_video(tx, batch, made.video, &place(library, mark, (folder.as_bytes(), b"film.mkv")))?;
            batch.finish(tx)
        })
        .await;
        self.settle().await;
    }

    /// Hears a song, each a little different.
    async fn hear(&self, made: Imported, number: u32) {
        let mut vector = vec![10_u8.cast_signed(); 48];
        vector[0] = i8::try_from(number * 9).expect("small");
        let sound = Sound {
            edges: Edges { sample_rate_hz: 44_100, samples: 441_000, lead_samples: 0, tail_samples: 0 },
            loudness: Loudness { lufs: Decibels::of(-14.0), peak_db: Decibels::of(-6.0) },
            range_lu: None,
            blocks: Blocks::default(),
            waveform: Waveform { peaks: vec![1; 800], means: vec![1; 800] },
            vector,
        };
        let heard = self.change(move |tx, _| {
            let (source, _) = sound::begin(tx, made.media)?.expect("it is due");
            sound::put(tx, &source, &sound)
        });
        assert!(heard.await);
    }

    /// The number of something of the administrator's list whose text has this in it.
    async fn find(&self, list: &str, mark: &str) -> String {
        let found = self.get(&self.ann, &format!("/api/v1/{list}")).await.json();
        let items = found["items"].as_array().expect("items");
        let found = items.iter().find(|item| {
            let name = item["title"].as_str().or_else(|| item["name"].as_str());
            name.is_some_and(|name| name.contains(mark))
        });
        found.unwrap_or_else(|| panic!("no {mark} in {list}"))["id"].as_str().expect("an id").to_owned()
    }

    /// Numbers of things with this in their names, by kind.
    async fn things(&self, mark: &str) -> BTreeMap<&'static str, String> {
        let mut things = BTreeMap::new();
        for (kind, list) in [
            ("track", "tracks"),
            ("album", "albums"),
            ("artist", "artists"),
            ("video", "videos"),
            ("genre", "genres"),
            ("folder", "browse"),
        ] {
            things.insert(kind, self.find(list, mark).await);
        }
        things
    }

    /// What an administrator does with what only some see: a public playlist of both, favourites, plays.
    async fn use_things(&self, seen: &BTreeMap<&str, String>, hidden: &BTreeMap<&str, String>) {
        for things in [seen, hidden] {
            for kind in ["track", "album", "artist", "video"] {
                let path = format!("/api/v1/{kind}s/{}/favourite", things[kind]);
                assert!(self.ask(&self.ann, Method::PUT, &path, None).await.status < 300);
            }
            let play = json!({ "track_id": things["track"] }).to_string();
            let told = self.ask(&self.ann, Method::POST, "/api/v1/plays", Some(&play)).await;
            assert!(told.status < 300, "{told:?}");
        }
    }
}

fn song(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    library: LibraryId,
    mark: &str,
    number: u32,
) -> Result<Imported, Fault> {
    let artist = if number == 4 { "Both".to_owned() } else { format!("{mark} artist") };
    let album = if number == 3 { "Shared title".to_owned() } else { format!("{mark} album {}", number / 3) };
    let line = LyricLine { start_ms: None, text: format!("{mark} words"), ..LyricLine::default() };
    let credit = CreditTag {
        role: Did::Composer,
        name: format!("{mark} composer"),
        detail: None,
        sort: None,
        musicbrainz: None,
    };
    let tags = TrackTags {
        title: format!("{mark} song {number}"),
        artists: vec![artist.clone()],
        album: Some(album.clone()),
        album_artists: vec![artist],
        number: Some(number),
        date: Some("1999-05-01".to_owned()),
        genres: vec!["Rock".to_owned(), format!("{mark} genre")],
        moods: vec!["Calm".to_owned()],
        credits: vec![credit],
        lyrics: vec![LyricsTag { language: None, source: LyricsSource::Tag, lines: vec![line] }],
        ..TrackTags::default()
    };
    let hash = *blake3_of(&format!("{mark}{number}")).as_slice().first_chunk::<32>().expect("32 bytes");
    let facts = catalog::import::PictureFacts {
        hash,
        blob_key: format!("pictures/aa/{mark}{number}"),
        mime: "image/png",
        width: 8,
        height: 8,
        blur: String::new(),
    };
    let picture = upsert_picture(tx, batch, &facts)?;
    let source = file(&format!("/{mark}/{number}.flac"), "audio/flac");
    let new = TrackImport {
        existing: None,
        library: Some(library),
        source: &source,
        tags: &tags,
        picture: Some(picture),
        folder: Some(&album),
    };
    let made = upsert_track(tx, batch, &new)?;
    // One beside the folders, the others in one for each album.
    let folder = if number == 4 { String::new() } else { format!("{mark} folder\0{album}") };
    let name = format!("{number}.flac");
    place_track(tx, batch, made.track, &place(library, mark, (folder.as_bytes(), name.as_bytes())))?;
    batch.finish(tx)?;
    Ok(made)
}

/// Where a file lies in a library that is called after what is in it.
fn place<'a>(library: LibraryId, library_name: &'a str, (folder, name): (&'a [u8], &'a [u8])) -> Place<'a> {
    Place { library, library_name, folder, name, known: false }
}

/// Some 32 bytes that are others for each text.
fn blake3_of(text: &str) -> Vec<u8> {
    text.bytes().cycle().take(32).collect()
}

fn file(path: &str, mime: &str) -> SourceFile {
    SourceFile {
        place: Source::File { path: path.to_owned() },
        bytes: 1_000,
        stamp: 1,
        mime: mime.to_owned(),
        codec: "flac".to_owned(),
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: 60_000,
    }
}

/// Whether an answer says anything of what is hidden: a name, or a number.
fn tells(told: &Told, hidden: &BTreeMap<&str, String>) -> bool {
    let text = told.text();
    text.to_lowercase().contains(MARK) || hidden.values().any(|id| text.contains(id.as_str()))
}

on_both_engines! {
    async fn who_may_not_see_a_library_notices_nothing_of_it(world: World) {
        let house = House::new(&world).await;
        house.libraries().await;
        house.fill(OPEN, PLAIN).await;
        let seen = house.things(PLAIN).await;
        house.use_things(&seen, &seen).await;
        api::of_ones_own(&house, &seen).await;
        let before = (api::lists(&house, &seen).await, dialect::lists(&house, &seen).await);

        house.fill(CLOSED, MARK).await;
        let hidden = house.things(MARK).await;
        house.use_things(&hidden, &hidden).await;
        let after = (api::lists(&house, &seen).await, dialect::lists(&house, &seen).await);
        for (asked, told) in before.0.iter().chain(&before.1) {
            let now = after.0.get(asked).or_else(|| after.1.get(asked)).expect("asked again");
            assert_eq!(told, now, "{asked} tells of what came into a library that the member may not see");
            assert!(told.status < 400, "{asked}: {told:?}");
            assert!(!tells(now, &hidden), "{asked}: {now:?}");
        }
        // With the right, all of it would have been told; withdrawn, nothing is.
        house.let_in(&["bob"]).await;
        let open = (api::lists(&house, &seen).await, dialect::lists(&house, &seen).await);
        let more = before.0.iter().chain(&before.1).filter(|(asked, told)| {
            open.0.get(*asked).or_else(|| open.1.get(*asked)).is_some_and(|now| now != *told)
        });
        assert!(more.count() > 25, "lists grow with the right");
        house.let_in(&[]).await;
        let again = (api::lists(&house, &seen).await, dialect::lists(&house, &seen).await);
        assert_eq!(before.0, again.0);
        assert_eq!(before.1, again.1);

        let mut compared = api::hidden_is_absent(&house, &hidden).await;
        compared.extend(dialect::hidden_is_absent(&house, &hidden).await);
        house.let_in(&["bob"]).await;
        for (method, path) in &compared {
            let told = house.ask(&house.bob, method.clone(), path, None).await;
            assert!(told.status < 300 && !told.text().contains("\"failed\""), "{method} {path}: {told:?}");
        }
    }

    async fn a_public_playlist_shows_of_itself_what_the_viewer_may_see(world: World) {
        let house = House::new(&world).await;
        house.libraries().await;
        house.fill(OPEN, PLAIN).await;
        house.fill(CLOSED, MARK).await;
        let (seen, hidden) = (house.things(PLAIN).await, house.things(MARK).await);
        let tracks = [&hidden["track"], &seen["track"], &hidden["track"]];
        let mixed = json!({ "name": "Mixed", "public": true, "tracks": tracks }).to_string();
        let rules = json!({ "name": "Clever", "public": true, "rules": { "match": "all", "rules": [] } }).to_string();
        let mut ids = Vec::new();
        for body in [mixed, rules] {
            let made = house.ask(&house.ann, Method::POST, "/api/v1/playlists", Some(&body)).await;
            assert_eq!(made.status, 201, "{made:?}");
            ids.push(made.json()["id"].as_str().expect("an id").to_owned());
        }
        let cover = json!({ "cover_album": hidden["album"] }).to_string();
        let path = format!("/api/v1/playlists/{}", ids[0]);
        assert_eq!(house.ask(&house.ann, Method::PATCH, &path, Some(&cover)).await.status, 200);
        let whole = house.get(&house.ann, &path).await.json();
        assert_eq!((&whole["track_count"], &whole["duration_ms"]), (&json!(3), &json!(180_000)));
        let part = house.get(&house.bob, &path).await;
        assert_eq!((&part.json()["track_count"], &part.json()["duration_ms"]), (&json!(1), &json!(60_000)));
        assert!(!tells(&part, &hidden), "{part:?}");
        // There are no such files on the disk, and the first of them is named.
        let archive = house.get(&house.bob, &format!("{path}/archive")).await;
        assert!(archive.status == 409 && archive.text().contains(PLAIN) && !tells(&archive, &hidden), "{archive:?}");
        assert!(tells(&house.get(&house.ann, &format!("{path}/archive")).await, &hidden), "it would tell");
        let entries = house.get(&house.bob, &format!("{path}/entries")).await;
        assert_eq!(entries.json()["items"].as_array().map(Vec::len), Some(1));
        for path in [
            format!("{path}/entries"),
            format!("{path}/entries?limit=1"),
            format!("{path}/m3u8"),
            "/api/v1/playlists".to_owned(),
            format!("/api/v1/playlists/{}", ids[1]),
            format!("/api/v1/playlists/{}/entries", ids[1]),
            format!("/rest/getPlaylist?f=json&c=x&v=1.16.1&apiKey={}&id=pl-{}", house.bob, ids[0]),
            format!("/rest/getPlaylist?f=json&c=x&v=1.16.1&apiKey={}&id=pl-{}", house.bob, ids[1]),
            format!("/rest/getPlaylists?f=json&c=x&v=1.16.1&apiKey={}", house.bob),
        ] {
            let told = house.get(&house.bob, &path).await;
            assert!(told.status == 200 && !tells(&told, &hidden), "{path}: {told:?}");
            assert!(tells(&house.get(&house.ann, &path.replace(&house.bob, &house.ann)).await, &hidden) || path.contains("playlists") || path.contains("getPlaylists"), "{path} would tell");
        }
    }

    async fn the_picture_of_a_playlist_is_not_there_for_whom_the_playlist_is_not(world: World) {
        let house = House::new(&world).await;
        let new = json!({ "name": MARK }).to_string();
        let made = house.ask(&house.ann, Method::POST, "/api/v1/playlists", Some(&new)).await.json();
        let id = made["id"].as_str().expect("an id").to_owned();
        let (list, gone) = (format!("/api/v1/playlists/{id}"), format!("/api/v1/playlists/{}", api::absent(&id)));
        let rest = |method: &str, more: &str| format!("/rest/{method}?f=json&c=x&v=1.16.1&apiKey={}{more}", house.bob);
        let lists = ["/api/v1/playlists".to_owned(), rest("getPlaylists", "")];
        let mut before = Vec::new();
        for path in &lists {
            before.push(house.get(&house.bob, path).await);
        }
        assert_eq!(house.give(&house.ann, &format!("{list}/picture")).await.status, 204);
        let picture = house.get(&house.ann, &list).await.json()["given_picture"]["id"].as_str().expect("an id").to_owned();
        for (path, before) in lists.iter().zip(&before) {
            assert_eq!(&house.get(&house.bob, path).await, before, "{path}");
        }
        assert_eq!(house.get(&house.bob, &list).await, house.get(&house.bob, &gone).await);
        let [here, there] = [&list, &gone].map(|list| format!("{list}/picture"));
        assert_eq!(house.give(&house.bob, &here).await, house.give(&house.bob, &there).await);
        let take = async |path: &str| house.ask(&house.bob, Method::DELETE, path, None).await;
        assert_eq!((take(&here).await, take(&here).await.status), (take(&there).await, 404));
        let number = format!("{:x}", picture.parse::<i64>().expect("a number"));
        for more in [String::new(), format!("_{number}")] {
            let covers = [&id, &api::absent(&id)].map(|id| rest("getCoverArt", &format!("&id=pl-{id}{more}")));
            let told = house.get(&house.bob, &covers[0]).await;
            assert_eq!(told, house.get(&house.bob, &covers[1]).await);
            assert!(told.text().contains("\"failed\""), "{told:?}");
        }
        let open = json!({ "public": true }).to_string();
        assert_eq!(house.ask(&house.ann, Method::PATCH, &list, Some(&open)).await.status, 200);
        assert_eq!(house.get(&house.bob, &list).await.json()["given_picture"]["id"], picture.as_str());
        assert_eq!((house.give(&house.bob, &here).await.status, take(&here).await.status), (403, 403));
    }
}

/// What was asked, and what was told.
type Answers = BTreeMap<String, Told>;
