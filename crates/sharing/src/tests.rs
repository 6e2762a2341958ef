//! Whole requests through the router, on both engines, and the helpers that they are told with.

mod archives;
mod films;
mod limits;
mod members;
mod passwords;
mod previews;
mod rights;
mod visitors;

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use catalog::{
    AlbumId, LibraryId, TrackId, VideoId,
    access::{self, Access},
    import::{
        Batch, Imported, Source, SourceFile, TrackImport, TrackTags, VideoImport, hide_track, hide_video,
        upsert_track, upsert_video,
    },
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{
    Ctx, Fault,
    db::Tx,
    http::{Role, Viewer},
    on_both_engines,
    testkit::World,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{Sharing, Shell, pages, routes};

/// Where requests come from unless a test says otherwise.
const ADDRESS: &str = "192.0.2.7";
const HOST: &str = "odeon.example";

/// The program as far as sharing makes it up.
struct House {
    ctx: Ctx,
    app: Router,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

fn shell() -> Shell {
    let html = || Some("<html><head><title>Odeon</title></head><body>the page</body></html>".to_owned());
    Shell { html, framed: HeaderValue::from_static("frame-ancestors *") }
}

impl House {
    fn new(ctx: &Ctx) -> Self {
        Self::with(ctx, accounts::Config::default())
    }

    fn with(ctx: &Ctx, config: accounts::Config) -> Self {
        let (grants, bytes, direct) = delivery::parts_and_direct(ctx.clone(), delivery::Config::default());
        let sharing = Sharing::new(ctx.clone(), direct, config);
        let app = Router::from(routes(sharing.clone()))
            .merge(Router::from(catalog::routes(ctx.clone())))
            .merge(Router::from(grants))
            .merge(bytes)
            .merge(pages(sharing, shell()));
        Self { ctx: ctx.clone(), app }
    }

    async fn member(&self, handle: &str, role: Role) -> Viewer {
        let user = accounts::add_user(&self.ctx, handle, "", role, "seven green herons".to_owned()).await;
        let user = user.expect("an account is made");
        // The catalogue hears of accounts by their events.
        kernel::outbox::catch_up(&self.ctx, &catalog::projections()).await.expect("they are told");
        Viewer { id: user.id, handle: user.handle, role, session: None, within: None }
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            let address: IpAddr = ADDRESS.parse().expect("an address");
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 40_000)));
        }
        if !request.headers().contains_key("host") {
            request.headers_mut().insert("host", HeaderValue::from_static(HOST));
        }
        let response = self.app.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body is read").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// Asks as a visitor.
    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Asks as a visitor who has a pass.
    async fn get_with(&self, path: &str, pass: &str) -> Answer {
        let request = Request::get(path).header("x-odeon-visitor", pass);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Posts as a visitor.
    async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// Asks as a member.
    async fn ask(&self, viewer: &Viewer, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder().method(method).uri(path).extension(viewer.clone());
        let request = request.header("content-type", "application/json");
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Shares something; the share.
    async fn share(&self, viewer: &Viewer, body: Value) -> Value {
        let answer = self.ask(viewer, Method::POST, "/api/v1/shares", Some(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    /// A share of the viewer's own, as it is now.
    async fn seen(&self, viewer: &Viewer, share: &Value) -> Value {
        let path = format!("/api/v1/shares/{}", share["id"].as_str().expect("an id"));
        let answer = self.ask(viewer, Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    async fn edit(&self, viewer: &Viewer, share: &Value, body: Value) -> Answer {
        let path = format!("/api/v1/shares/{}", share["id"].as_str().expect("an id"));
        self.ask(viewer, Method::PATCH, &path, Some(&body)).await
    }

    async fn revoke(&self, viewer: &Viewer, share: &Value) -> StatusCode {
        let path = format!("/api/v1/shares/{}", share["id"].as_str().expect("an id"));
        self.ask(viewer, Method::DELETE, &path, None).await.status
    }

    async fn change<T: Send + 'static>(
        &self,
        mut run: impl FnMut(&mut Tx<'_>, &mut Batch) -> Result<T, Fault> + Send + 'static,
    ) -> T {
        let (ids, now) = (self.ctx.ids().clone(), self.ctx.now());
        let done = self.ctx.db().write(move |tx| run(tx, &mut Batch::new(&ids, now))).await;
        done.expect("the change is made")
    }

    /// Takes a song in.
    async fn song(&self, path: &str, library: Option<LibraryId>, tags: TrackTags) -> Imported {
        let source = SourceFile {
            place: Source::File { path: path.to_owned() },
            bytes: 10,
            stamp: 1,
            mime: "audio/flac".to_owned(),
            codec: "flac".to_owned(),
            bitrate_kbps: 900,
            sample_rate_hz: 44_100,
            channels: 2,
            duration_ms: 60_600,
        };
        self.change(move |tx, batch| {
            let new = TrackImport {
                existing: None,
                library,
                source: &source,
                tags: &tags,
                picture: None,
                folder: Some("folder"),
            };
            upsert_track(tx, batch, &new)
        })
        .await
    }

    /// Takes a film in.
    async fn film(
        &self,
        title: &'static str,
        path: &str,
        library: Option<LibraryId>,
        duration_ms: u64,
    ) -> VideoId {
        let source = SourceFile {
            place: Source::File { path: path.to_owned() },
            bytes: 10,
            stamp: 1,
            mime: "video/mp4".to_owned(),
            codec: "h264".to_owned(),
            bitrate_kbps: 900,
            sample_rate_hz: 44_100,
            channels: 2,
            duration_ms,
        };
        let taken = self.change(move |tx, batch| {
            let new = VideoImport {
                existing: None,
                library,
                owner: None,
                title,
                source: &source,
                width: 1920,
                height: 1080,
                picture: None,
            };
            upsert_video(tx, batch, &new)
        });
        taken.await.video
    }

    /// An album of so many songs; its number and theirs.
    async fn album(&self, title: &str, library: Option<LibraryId>, count: u32) -> (AlbumId, Vec<TrackId>) {
        let mut tracks = Vec::new();
        for number in 1..=count {
            let tags = TrackTags {
                title: format!("{title} {number}"),
                number: Some(number),
                artists: vec!["Ann Other".to_owned()],
                album: Some(title.to_owned()),
                album_artists: vec!["Ann Other".to_owned()],
                ..TrackTags::default()
            };
            tracks.push(self.song(&format!("/music/{title}/{number}.flac"), library, tags).await.track);
        }
        let root = Viewer {
            id: kernel::id::UserId(i64::MAX),
            handle: String::new(),
            role: Role::Admin,
            session: None,
            within: None,
        };
        let found = catalog::service::track(&self.ctx, &root, tracks[0]).await.expect("it is there");
        (found.track.album.expect("on an album").id, tracks)
    }

    /// A library that these members see, and administrators.
    async fn library(&self, id: i64, members: &[&Viewer]) -> LibraryId {
        let library = LibraryId(id);
        let members = members.iter().map(|viewer| viewer.id).collect();
        let now = self.ctx.now();
        let entered = self.ctx.db().write(move |tx| {
            let access = Access { everybody: false, members: Clone::clone(&members) };
            access::enter(tx, library, Some(&access), now)
        });
        entered.await.map_err(catalog::Error::problem).expect("a library");
        library
    }

    /// Says anew who sees a library.
    async fn let_see(&self, library: LibraryId, members: &[&Viewer]) {
        let members: Vec<_> = members.iter().map(|viewer| viewer.id).collect();
        let set = self.ctx.db().write(move |tx| {
            access::set(tx, library, &Access { everybody: false, members: Clone::clone(&members) })
        });
        set.await.map_err(catalog::Error::problem).expect("it is set");
    }

    async fn hide_film(&self, video: VideoId) {
        self.change(move |tx, batch| hide_video(tx, batch, video)).await;
    }

    async fn hide(&self, track: TrackId) {
        self.change(move |tx, batch| hide_track(tx, batch, track)).await;
    }
}

fn link(share: &Value) -> &str {
    share["link"].as_str().expect("a link")
}

/// The path below which a visitor asks.
fn shared(share: &Value) -> String {
    format!("/api/v1/shared/{}", link(share).strip_prefix("/s/").expect("a link"))
}

/// The titles that a visitor sees.
async fn titles(house: &House, share: &Value) -> Vec<String> {
    let answer = house.get(&shared(share)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let page = answer.json();
    let tracks = page["shared"]["tracks"].as_array().expect("tracks").iter();
    tracks.map(|track| track["title"].as_str().expect("a title").to_owned()).collect()
}

fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}
