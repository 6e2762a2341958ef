//! Stories of scrobbling: real plays of a real catalogue, told to servers on loopback, on both engines.

mod favourites;
mod gone;
mod lastfm;
mod playing;
mod queue;
mod service;
mod taking_over;
mod turns;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use catalog::{
    LibraryId, TrackId,
    access::{self, Access},
    import::{self, Batch, MusicBrainz, Source, SourceFile, TrackImport, TrackTags},
    model::NewPlay,
};
use kernel::{
    Ctx, Fault, Time,
    http::{Role, Viewer},
    id::UserId,
    jobs::Runner,
    outbox,
    testkit::{
        START, World, eventually,
        foreign::{Asked, Foreign, Step, answer, fetcher_on_loopback},
    },
};
use serde_json::{Value, json};

use crate::{
    Config, Error, Lastfm, Scrobbling, handlers,
    jobs::look,
    model::{Connection, ListenBrainzAccount, Service, State},
    projections,
};

/// The house's key at every Last.fm of these stories.
const KEY: &str = "house-key";

/// A house whose plays are told.
struct House {
    world: World,
    ctx: Ctx,
    scrobbling: Scrobbling,
    config: Config,
}

impl House {
    fn new(world: World) -> Self {
        Self::with(world, Config::default())
    }

    fn with(world: World, config: Config) -> Self {
        let ctx = world.ctx.clone().with_fetch(fetcher_on_loopback());
        let scrobbling = Scrobbling::new(ctx.clone(), config.clone());
        Self { world, ctx, scrobbling, config }
    }

    /// One that knows the Last.fm at `server`.
    fn with_lastfm(world: World, server: &Foreign) -> Self {
        let lastfm = Lastfm::new(KEY.to_owned(), "hush".to_owned(), Some(&server.at("/2.0/")));
        Self::with(world, Config { lastfm: Some(lastfm.expect("an address")) })
    }

    /// Starts what works by itself, once.
    async fn work(&self) {
        Runner::new("test").handlers(handlers(&self.config)).start(&self.ctx).await.expect("it starts");
    }

    /// Lets plays come into the queues, and what is due leave them.
    async fn settle(&self) {
        outbox::catch_up(&self.ctx, &projections()).await.expect("events are applied");
        look(&self.ctx).await.expect("looked");
    }

    async fn track(&self, title: &'static str, artist: &'static str) -> TrackId {
        self.tagged(tags(title, artist)).await
    }

    async fn tagged(&self, tags: TrackTags) -> TrackId {
        let (ids, now) = (self.ctx.ids().clone(), self.ctx.now());
        let made = self.ctx.db().write(move |tx| {
            if access::get(tx, LibraryId(1))?.is_none() {
                let entered = access::enter(tx, LibraryId(1), Some(&Access::everybody()), START);
                entered.map_err(|error| Fault::new(format!("{error:?}")))?;
            }
            let source = file(&format!("/m/{}.flac", tags.title));
            let new = TrackImport {
                existing: None,
                library: Some(LibraryId(1)),
                source: &source,
                tags: &tags,
                picture: None,
                folder: Some("/m"),
            };
            import::upsert_track(tx, &mut Batch::new(&ids, now), &new)
        });
        made.await.expect("it is taken in").track
    }

    /// The listener hears a track now; a minute passes.
    async fn play(&self, track: TrackId) -> Time {
        let at = self.ctx.now();
        self.play_at(track, Some(at)).await;
        self.world.clock.advance(Duration::from_mins(1));
        at
    }

    async fn play_at(&self, track: TrackId, at: Option<Time>) {
        let play = NewPlay { track_id: track, played_at: at, id: None, client: None };
        let counted = catalog::service::record_play(&self.ctx, &ann(), &play).await.expect("it is counted");
        assert!(counted.counted);
    }

    async fn connect(&self, server: &Foreign) -> Connection {
        let connected = self.scrobbling.connect_listenbrainz(&ann(), account(server, "good")).await;
        let connection = connected.expect("connected");
        self.settle().await;
        connection
    }

    async fn shown(&self) -> Connection {
        self.scrobbling.overview(&ann()).await.expect("shown").listenbrainz.expect("it is connected")
    }

    async fn eventually(&self, what: &str, holds: impl Fn(&Connection) -> bool) -> Connection {
        eventually(what, || async { holds(&self.shown().await) }).await;
        self.shown().await
    }
}

fn ann() -> Viewer {
    viewer(1)
}

fn viewer(id: i64) -> Viewer {
    Viewer { id: UserId(id), handle: format!("v{id}"), role: Role::Listener, session: None, within: None }
}

fn account(server: &Foreign, token: &str) -> ListenBrainzAccount {
    ListenBrainzAccount { token: token.to_owned(), server: Some(server.at("/lb/1/")) }
}

fn tags(title: &str, artist: &str) -> TrackTags {
    TrackTags {
        title: title.to_owned(),
        artists: vec![artist.to_owned()],
        album: Some("Night".to_owned()),
        album_artists: vec![artist.to_owned()],
        number: Some(3),
        ..TrackTags::default()
    }
}

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
        duration_ms: 180_000,
    }
}

fn said(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).expect("JSON")
}

/// What a server was sent, request by request: the kind and the titles.
fn sent(server: &Foreign) -> Vec<(String, Vec<String>)> {
    let submitted = submissions(server);
    let titles = |body: &Value| {
        let each = body["payload"].as_array().expect("listens").iter();
        each.map(|one| one["track_metadata"]["track_name"].as_str().expect("a title").to_owned()).collect()
    };
    submitted
        .iter()
        .map(|body| (body["listen_type"].as_str().expect("a kind").to_owned(), titles(body)))
        .collect()
}

fn submissions(server: &Foreign) -> Vec<Value> {
    let asked = server.asked();
    asked.iter().filter(|asked| asked.path == "/lb/1/submit-listens").map(said).collect()
}

/// A server that accepts the token `good` and answers listens as `script` says.
async fn listenbrainz(script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static) -> Foreign {
    Foreign::start(move |asked: &Asked| {
        let good = asked.headers.get("authorization").is_some_and(|token| token == "Token good");
        match asked.path.as_str() {
            "/lb/1/validate-token" => {
                let body = if good {
                    json!({ "valid": true, "user_name": "ann" })
                } else {
                    json!({ "valid": false })
                };
                answer(200, &[("x-ratelimit-limit", "30")], body.to_string())
            }
            "/lb/1/submit-listens" => script(&said(asked)),
            _ => answer(404, &[], ""),
        }
    })
    .await
}

fn taken() -> Vec<Step> {
    answer(200, &[], json!({ "status": "ok" }).to_string())
}

/// A server that answers listens with a status that can be changed.
async fn moody() -> (Foreign, Arc<AtomicU16>) {
    let mood = Arc::new(AtomicU16::new(200));
    let inner = Arc::clone(&mood);
    let server = listenbrainz(move |_| match inner.load(Ordering::SeqCst) {
        200 => taken(),
        401 => answer(401, &[], json!({ "code": 401, "error": "Invalid authorization token." }).to_string()),
        429 => answer(429, &[("retry-after", "7200")], ""),
        status => answer(status, &[], "away"),
    });
    (server.await, mood)
}
