use std::sync::Arc;

use accounts::Config;
use axum::{
    Router,
    body::{Body, BodyDataStream},
};
use futures_util::{StreamExt as _, poll};
use http::{HeaderName, Method, Request, header};
use kernel::{
    bus::{Bus, LocalBus},
    db::{Db, Engine},
    id::UserId,
    on_both_engines,
    random::Random,
    testkit::World,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::*;

const PASSWORD: &str = "seven green herons";

/// The program as far as accounts and streams make it up.
struct House {
    ctx: Ctx,
    app: Router,
}

impl House {
    async fn new(ctx: Ctx) -> Self {
        let config = Config::default();
        let streams = OpenApiRouter::new().routes(routes!(follow_events));
        let streams = streams.with_state((ctx.clone(), Streams::default()));
        let (app, _) = accounts::routes(ctx.clone(), config.clone()).merge(streams).split_for_parts();
        let app = app.layer(accounts::middleware::viewer(ctx.clone(), config));
        accounts::add_user(&ctx, "ann", "", Role::Listener, PASSWORD.to_owned()).await.expect("an account");
        Self { ctx, app }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        (name, value): (HeaderName, &str),
        body: &Value,
    ) -> axum::response::Response {
        let request = Request::builder().method(method).uri(path).header("host", "odeon.example");
        let request = request.header("content-type", "application/json").header("x-odeon", "1");
        let request = request.header(name, value).body(Body::from(body.to_string())).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("the router answers");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response
    }

    /// Signs in; the cookie.
    async fn signed_in(&self, password: &str) -> String {
        let body = json!({ "handle": "ann", "password": password });
        let nothing = (header::ACCEPT, "*/*");
        let response = self.ask(Method::POST, "/api/v1/session", nothing, &body).await;
        let cookie = response.headers()[header::SET_COOKIE].to_str().expect("text");
        cookie.split(';').next().expect("a pair").to_owned()
    }

    /// A stream that was opened with this, and is open.
    async fn stream(&self, proof: (HeaderName, &str)) -> BodyDataStream {
        let response = self.ask(Method::GET, "/api/v1/events", proof, &Value::Null).await;
        let mut stream = response.into_body().into_data_stream();
        assert!(is_open(&mut stream).await);
        stream
    }

    async fn sign_out(&self, cookie: &str) {
        self.ask(Method::DELETE, "/api/v1/session", (header::COOKIE, cookie), &Value::Null).await;
    }
}

async fn is_open(stream: &mut BodyDataStream) -> bool {
    poll!(stream.next()).is_pending()
}

async fn ended(mut stream: BodyDataStream, why: &str) {
    let all = async { while stream.next().await.is_some() {} };
    assert!(tokio::time::timeout(Duration::from_secs(10), all).await.is_ok(), "it is still open: {why}");
}

/// A bus on which what is said of accounts is lost.
#[derive(Default)]
struct Deaf(LocalBus);

impl Bus for Deaf {
    fn publish(&self, topic: &str) {
        if !topic.starts_with("account:") {
            self.0.publish(topic);
        }
    }

    fn subscribe(&self) -> Listener {
        self.0.subscribe()
    }
}

on_both_engines! {
    async fn a_stream_ends_with_what_it_was_opened_by(world: World) {
        let house = House::new(world.ctx.clone()).await;
        let cookie = house.signed_in(PASSWORD).await;
        let stream = house.stream((header::COOKIE, &cookie)).await;
        house.sign_out(&cookie).await;
        ended(stream, "signed out").await;

        let (here, there) = (house.signed_in(PASSWORD).await, house.signed_in(PASSWORD).await);
        let stream = house.stream((header::COOKIE, &there)).await;
        let other = "eight white herons";
        let body = json!({ "current": PASSWORD, "new": other });
        house.ask(Method::PUT, "/api/v1/me/password", (header::COOKIE, &here), &body).await;
        ended(stream, "another password").await;

        let stream = house.stream((header::COOKIE, &here)).await;
        let link = accounts::members::link_for(&house.ctx, "ann").await.expect("a link");
        let body = json!({ "token": link.token, "password": PASSWORD });
        house.ask(Method::PUT, "/api/v1/link", (header::ACCEPT, "*/*"), &body).await;
        ended(stream, "a link was used").await;

        let cookie = house.signed_in(PASSWORD).await;
        let token = accounts::add_token(&house.ctx, "ann", "script").await.expect("a token");
        let stream = house.stream((header::AUTHORIZATION, &format!("Bearer {token}"))).await;
        let list = house.ask(Method::GET, "/api/v1/me/tokens", (header::COOKIE, &cookie), &Value::Null).await;
        let list = axum::body::to_bytes(list.into_body(), 100_000).await.expect("read");
        let list: Value = serde_json::from_slice(&list).expect("JSON");
        let path = format!("/api/v1/me/tokens/{}", list["items"][0]["id"].as_str().expect("an id"));
        house.ask(Method::DELETE, &path, (header::COOKIE, &cookie), &Value::Null).await;
        ended(stream, "the token was revoked").await;
    }

    async fn a_stream_that_heard_nothing_of_it_asks_and_ends(world: World) {
        let bus = Arc::new(Deaf::default());
        let db = Db::open(&world.location, bus.clone()).await.expect("the database opens");
        let blobs = Arc::clone(world.ctx.blobs());
        let ctx = Ctx::new(db, blobs, bus, world.clock.clone(), Random::System).await.expect("a context");
        let house = House::new(ctx).await;
        let cookie = house.signed_in(PASSWORD).await;
        let mut stream = house.stream((header::COOKIE, &cookie)).await;
        house.sign_out(&cookie).await;
        assert!(is_open(&mut stream).await, "the word was lost");
        world.clock.advance(ASK_EVERY);
        ended(stream, "it asks from time to time").await;

        let cookie = house.signed_in(PASSWORD).await;
        let stream = house.stream((header::COOKIE, &cookie)).await;
        house.sign_out(&cookie).await;
        for _ in 0..5_000 {
            house.ctx.bus().publish("something");
        }
        ended(stream, "it missed what was said").await;

        let cookie = house.signed_in(PASSWORD).await;
        let mut stream = house.stream((header::COOKIE, &cookie)).await;
        world.clock.advance(ASK_EVERY);
        for _ in 0..5_000 {
            house.ctx.bus().publish("something");
        }
        let told = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("in time");
        assert!(told.is_some(), "what still holds goes on");
    }
}

#[tokio::test]
async fn what_belongs_to_one_account_is_told_to_nobody_else() {
    let world = World::new(Engine::Sqlite).await;
    let account = UserId(7);
    let streams = Streams::default();
    let viewer =
        Viewer { id: account, handle: "ann".to_owned(), role: Role::Listener, session: None, within: None };
    let mut follower = Follower {
        credential: Credential::new("a token", &viewer),
        viewer,
        heard: world.ctx.bus().subscribe(),
        asked: world.ctx.now(),
        ctx: world.ctx,
        waiting: BTreeSet::new(),
        doubtful: false,
        over: false,
        _seat: streams.0.take(account).expect("a seat"),
    };
    for topic in ["queue:8", "devices:77", "commands:71", "playlists:8", "unknown:7", "unknown"] {
        follower.note(&Heard::Topic(topic.into()));
    }
    assert!(follower.waiting.is_empty(), "{:?}", follower.waiting);
    for topic in ["queue:7", "commands:7", "playlists"] {
        follower.note(&Heard::Topic(topic.into()));
    }
    assert_eq!(follower.waiting, BTreeSet::from(["queue", "commands", "playlists"]));
    follower.note(&Heard::Topic("account:77".into()));
    assert!(!follower.over);
    // Somebody who was shut out, or has another role, is told nothing more by this stream.
    follower.note(&Heard::Topic("account:7".into()));
    assert!(follower.over);
    assert_eq!(follower.next().await, None, "also not what waited");
}
