//! Whole requests through the router, on both engines, and the helpers that they are told with.

mod alike;
mod annotation;
mod browsing;
mod chat;
mod drive;
mod envelope;
mod facts;
mod folders;
mod foreign;
mod jukebox;
mod listener;
mod lists;
mod media;
mod playlists;
mod podcasts;
mod radio;
mod shares;
mod sign_in;
mod transcode;
mod users;

use std::net::{IpAddr, SocketAddr};

use accounts::model::TokenKind;
use axum::{Router, body::Body, extract::ConnectInfo};
use catalog::{
    TrackId, VideoId,
    import::{
        Batch, Imported, Source, SourceFile, TrackImport, TrackTags, VideoImport, upsert_track, upsert_video,
    },
};
use delivery::parts_and_direct;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use ingest::transcode::Transcoder;
use kernel::{Ctx, Fault, db::Tx, http::Role, id::UserId};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::Config;

/// Where requests come from unless a test says otherwise.
const ADDRESS: &str = "192.0.2.7";
const PASSWORD: &str = "seven green herons";

/// The program as far as the dialect and sign-in make it up.
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

impl House {
    fn new(ctx: &Ctx) -> Self {
        Self::with(ctx, transcode::transcoder(8, 4))
    }

    fn with(ctx: &Ctx, transcoder: Transcoder) -> Self {
        let config = accounts::Config::default();
        let (grants, bytes, direct) = parts_and_direct(ctx.clone(), delivery::Config::default());
        let sharing = sharing::Sharing::new(ctx.clone(), direct.clone(), config.clone());
        let app = Router::from(accounts::routes(ctx.clone(), config.clone()))
            .merge(Router::from(grants))
            .layer(accounts::middleware::viewer(ctx.clone(), config.clone()))
            .merge(bytes)
            .merge(crate::routes(ctx.clone(), direct, sharing, transcoder, Config { accounts: config }));
        Self { ctx: ctx.clone(), app }
    }

    /// Makes an account and gives an API key of it.
    async fn member(&self, handle: &str, role: Role) -> String {
        accounts::add_user(&self.ctx, handle, "", role, PASSWORD.to_owned())
            .await
            .expect("an account is made");
        accounts::add_token(&self.ctx, handle, "key").await.expect("a key is made")
    }

    /// An app password of whoever has this API key.
    async fn app_password(&self, key: &str) -> String {
        let body = json!({ "label": "phone", "kind": TokenKind::Subsonic });
        let request = Request::post("/api/v1/me/tokens")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        let answer = self.send(request.expect("a request")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        self.from(ADDRESS, &mut request);
        let response = self.app.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body is read").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    #[expect(clippy::unused_self, reason = "it reads as a part of sending")]
    fn from(&self, address: &str, request: &mut Request<Body>) {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            let address: IpAddr = address.parse().expect("an address");
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 40_000)));
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Calls a method with an API key, in JSON; `more` are further parameters.
    async fn call(&self, key: &str, method: &str, more: &str) -> Value {
        let answer = self.get(&path(key, method, more)).await;
        assert_eq!(answer.status, StatusCode::OK, "{method} {more}: {}", answer.text());
        answer.json()["subsonic-response"].clone()
    }

    /// Calls a method that must be good and gives the element of this name.
    async fn good(&self, key: &str, method: &str, more: &str, name: &str) -> Value {
        let answer = self.call(key, method, more).await;
        assert_eq!(answer["status"], "ok", "{method} {more}: {answer}");
        answer[name].clone()
    }

    /// Calls a method that must be refused and gives the code.
    async fn refused(&self, key: &str, method: &str, more: &str) -> i64 {
        let answer = self.call(key, method, more).await;
        assert_eq!(answer["status"], "failed", "{method} {more}: {answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|message| message.len() > 10), "{answer}");
        answer["error"]["code"].as_i64().expect("a code")
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
    async fn song(&self, source: SourceFile, tags: TrackTags) -> Imported {
        self.change(move |tx, batch| {
            let new = TrackImport {
                existing: None,
                library: None,
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
    async fn film(&self, title: &'static str, source: SourceFile) -> VideoId {
        self.change(move |tx, batch| {
            let new = VideoImport {
                existing: None,
                library: None,
                owner: Some(UserId(1)),
                title,
                source: &source,
                width: 1280,
                height: 720,
                picture: None,
            };
            upsert_video(tx, batch, &new)
        })
        .await
        .video
    }

    /// An album of three songs; their numbers.
    async fn album(&self, artist: &str, title: &str) -> Vec<TrackId> {
        let mut tracks = Vec::new();
        for number in 1..=3 {
            let tags = TrackTags {
                title: format!("{title} {number}"),
                number: Some(number),
                genres: vec!["Rock".to_owned(), "Jazz".to_owned()],
                ..tags(artist, title)
            };
            tracks.push(self.song(file(&format!("/music/{artist}/{title}/{number}.flac")), tags).await.track);
        }
        tracks
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    fn header(&self, name: &header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// The path of a call with an API key, answered in JSON.
fn path(key: &str, method: &str, more: &str) -> String {
    format!("/rest/{method}?apiKey={key}&v=1.16.1&c=test&f=json&{more}")
}

/// A request with a form.
fn form(method: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("/rest/{method}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .expect("a request")
}

/// A file of music under this path.
fn file(path: &str) -> SourceFile {
    SourceFile {
        place: Source::File { path: path.to_owned() },
        bytes: 1_234,
        stamp: 1,
        mime: "audio/flac".to_owned(),
        codec: "flac".to_owned(),
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: 60_600,
    }
}

/// Tags of an ordinary album.
fn tags(artist: &str, album: &str) -> TrackTags {
    TrackTags {
        title: "Untitled".to_owned(),
        artists: vec![artist.to_owned()],
        album: Some(album.to_owned()),
        album_artists: vec![artist.to_owned()],
        date: Some("1999-05-01".to_owned()),
        ..TrackTags::default()
    }
}

/// One field of every element of a list.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| item[field].as_str().unwrap_or_else(|| panic!("text in {item}"))).collect()
}
