//! Rules of delivery, told from outside: requests go in, answers come out.

pub(crate) mod archives;
mod bytes;
mod direct;
mod grants;
mod originals;
mod pictures;
mod runs;
mod s3;

use std::{path::Path, time::Duration};

use axum::{Router, body::Body, response::Response};
use catalog::{
    CaptionId, MediaId, RenditionId, TrackId, VideoId,
    import::{Batch, TrackImport, TrackTags, VideoImport, upsert_track, upsert_video},
    media::{self, NewCaption, NewRendition, RenditionKind, Segment, Source, SourceFile},
};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use kernel::{
    Ctx, Fault,
    blob::BlobKey,
    http::{Role, Viewer},
    id::UserId,
};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::Config;

/// Delivery in a house, asked as the network asks.
pub(super) struct House {
    pub ctx: Ctx,
    router: Router,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl House {
    pub(super) fn new(ctx: &Ctx) -> Self {
        Self::with(ctx, Config::default())
    }

    pub(super) fn with(ctx: &Ctx, config: Config) -> Self {
        let (grants, bytes) = crate::parts(ctx.clone(), config);
        Self { ctx: ctx.clone(), router: Router::from(grants).merge(bytes) }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    /// Asks and reads the whole answer; a body that breaks off is a panic, see [`Self::send`].
    pub(super) async fn ask(&self, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Answer {
        let response = self.send(method, path, headers).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body comes whole").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn send(&self, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.router.clone().oneshot(request).await.expect("routers do not fail")
    }

    /// Asks for a grant as somebody who is signed in.
    pub(super) async fn grant(&self, path: &str) -> (StatusCode, Value) {
        let request = Request::post(path).extension(ann()).body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("routers do not fail");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body comes whole").to_bytes();
        (parts.status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// A token for a media that ends in an hour.
    pub(super) fn token(&self, media: MediaId) -> String {
        self.ctx.signer().grant("media", &media.to_string(), self.ctx.now().plus(Duration::from_hours(1)))
    }

    /// The path of something of a media, granted for an hour.
    pub(super) fn path(&self, media: MediaId, rest: &str) -> String {
        format!("/media/{}/{media}/{rest}", self.token(media))
    }

    pub(super) async fn put(&self, key: &str, bytes: &[u8]) {
        let key = BlobKey::new(key).expect("a good name");
        self.ctx.blobs().put(&key, bytes.to_vec().into()).await.expect("is kept");
    }

    pub(super) async fn add_track(&self, source: SourceFile) -> (TrackId, MediaId) {
        let (ids, now) = (self.ctx.ids().clone(), self.ctx.now());
        let added = self.ctx.db().write(move |tx| {
            let tags = TrackTags { title: "Air".to_owned(), ..TrackTags::default() };
            let new = TrackImport {
                existing: None,
                library: None,
                source: &source,
                tags: &tags,
                picture: None,
                folder: None,
            };
            let added = upsert_track(tx, &mut Batch::new(&ids, now), &new)?;
            Ok::<_, Fault>((added.track, added.media))
        });
        added.await.expect("is entered")
    }

    pub(super) async fn add_video(&self, source: SourceFile) -> (VideoId, MediaId) {
        let (ids, now) = (self.ctx.ids().clone(), self.ctx.now());
        let added = self.ctx.db().write(move |tx| {
            let new = VideoImport {
                existing: None,
                library: None,
                owner: Some(UserId(1)),
                title: "Film",
                source: &source,
                width: 1280,
                height: 720,
                picture: None,
            };
            let added = upsert_video(tx, &mut Batch::new(&ids, now), &new)?;
            Ok::<_, Fault>((added.video, added.media))
        });
        added.await.expect("is entered")
    }

    /// Begins the encode of a media and gives its generation.
    pub(super) async fn begin(&self, media: MediaId) -> i64 {
        let begun = self.ctx.db().write(move |tx| media::begin_encode(tx, media));
        let begun: Option<i64> = begun.await.expect("begins");
        begun.expect("there is such a media")
    }

    /// Adds a rung with an init segment and `count` segments of four seconds.
    pub(super) async fn add_rung(&self, media: MediaId, generation: i64, name: &'static str, count: u32) {
        let picture = name.starts_with('v');
        let folder = format!("{}/{generation}", media::folder(media));
        let init_key = format!("{folder}/{name}/init-0ff.mp4");
        self.put(&init_key, b"init").await;
        let mut segments = Vec::new();
        for number in 1..=count {
            let blob_key = format!("{folder}/{name}/{number}-0ab.m4s");
            let bytes = format!("{name} {number} ").repeat(1000);
            self.put(&blob_key, bytes.as_bytes()).await;
            let start_ticks = u64::from(number - 1) * 192_000;
            let bytes = bytes.len() as u64;
            segments.push(Segment { number, start_ticks, duration_ticks: 192_000, bytes, blob_key });
        }
        let new = NewRendition {
            name: name.to_owned(),
            kind: if picture { RenditionKind::Video } else { RenditionKind::Audio },
            codecs: if picture { "avc1.64001f" } else { "mp4a.40.2" }.to_owned(),
            width: if picture { 1280 } else { 0 },
            height: if picture { 720 } else { 0 },
            frame_rate: if picture { (25, 1) } else { (0, 1) },
            channels: if picture { 0 } else { 2 },
            sample_rate_hz: if picture { 0 } else { 48_000 },
            language: None,
            timescale: 48_000,
            init_key,
            init_bytes: 4,
        };
        let id = RenditionId(self.ctx.next_id());
        let entered = self.ctx.db().write(move |tx| {
            let rung = media::add_rendition(tx, id, media, generation, &new)?.expect("the current try");
            assert!(media::add_segments(tx, media, generation, rung, &segments)?, "the current try");
            Ok::<_, Fault>(())
        });
        entered.await.expect("is entered");
    }

    pub(super) async fn add_caption(&self, media: MediaId, generation: i64, text: &str) -> CaptionId {
        let blob_key = format!("{}/{generation}/captions/0ab.vtt", media::folder(media));
        self.put(&blob_key, text.as_bytes()).await;
        let id = CaptionId(self.ctx.next_id());
        let new = NewCaption { language: "en".to_owned(), label: "English".to_owned(), blob_key };
        let entered = self.ctx.db().write(move |tx| media::add_caption(tx, id, media, generation, &new));
        let entered: Option<CaptionId> = entered.await.expect("is entered");
        entered.expect("the current try")
    }

    pub(super) async fn complete(&self, media: MediaId, generation: i64) {
        let done = self.ctx.db().write(move |tx| media::complete_encode(tx, media, generation));
        let done: bool = done.await.expect("ends");
        assert!(done, "the current try");
    }
}

/// Somebody who listens.
pub(super) fn ann() -> Viewer {
    Viewer { id: UserId(1), handle: "ann".to_owned(), role: Role::Listener, session: None, within: None }
}

impl Answer {
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// That this is the one answer to whatever is not there.
    #[track_caller]
    pub(super) fn assert_absent(&self) {
        assert_eq!(self.status, StatusCode::NOT_FOUND, "{}", self.text());
        let problem: Value = serde_json::from_slice(&self.body).expect("a problem");
        assert_eq!(problem, serde_json::to_value(kernel::Problem::not_found()).expect("JSON"));
        assert_eq!(self.header(&http::header::CONTENT_TYPE), "application/problem+json");
    }
}

fn source(place: Source, mime: &str, codec: &str) -> SourceFile {
    SourceFile {
        place,
        bytes: 1,
        stamp: 1,
        mime: mime.to_owned(),
        codec: codec.to_owned(),
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: 12_000,
    }
}

pub(super) fn blob_source(key: &str, mime: &str, codec: &str) -> SourceFile {
    source(Source::Blob { key: key.to_owned() }, mime, codec)
}

pub(super) fn file_source(path: &Path, mime: &str, codec: &str) -> SourceFile {
    source(Source::file(path), mime, codec)
}
