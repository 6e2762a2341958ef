//! Whole requests through the router, on both engines, and the helpers that they are told with.

mod forgery;
mod guessing;
mod hostile;
mod members;
mod music;
mod reach;
mod sessions;
mod setup;
mod sign_in;
mod statements;
mod tokens;
mod users;

use std::net::{IpAddr, SocketAddr};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kernel::{Ctx, http::Role};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Config, middleware::viewer, model::User, passwords::Passwords, routes::with_passwords, service};

const PASSWORD: &str = "seven green herons";
const OTHER_PASSWORD: &str = "eight white herons";
/// Where requests come from unless a test says otherwise.
const ADDRESS: &str = "192.0.2.7";
/// The host that they ask for: not a loopback one, so plain HTTP and the plain cookie.
const HOST: &str = "odeon.example";

/// The program as far as accounts make it up.
struct House {
    ctx: Ctx,
    passwords: Passwords,
    app: Router,
}

impl House {
    fn new(ctx: &Ctx) -> Self {
        Self::with(ctx, Config::default())
    }

    fn with(ctx: &Ctx, config: Config) -> Self {
        Self::with_line(ctx, config, Passwords::default())
    }

    fn with_line(ctx: &Ctx, config: Config, passwords: Passwords) -> Self {
        let (app, _) = with_passwords(ctx.clone(), config.clone(), passwords.clone()).split_for_parts();
        let app = app.layer(viewer(ctx.clone(), config));
        Self { ctx: ctx.clone(), passwords, app }
    }

    async fn ask(&self, ask: Ask) -> Answer {
        let response = self.app.clone().oneshot(ask.into_request()).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body is read").to_bytes();
        Answer { status: parts.status, headers: parts.headers, bytes: bytes.to_vec() }
    }

    /// Makes an account with [`PASSWORD`].
    async fn account(&self, handle: &str, role: Role) -> User {
        service::users::add_user(&self.ctx, handle, "", role, PASSWORD.into())
            .await
            .expect("an account is made")
    }

    /// Signs in with [`PASSWORD`]; the answer is the cookie, `name=token`.
    async fn signed_in(&self, handle: &str) -> String {
        let answer = self.ask(sign_in(handle, PASSWORD)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.cookie()
    }

    /// Makes an account and signs in.
    async fn member(&self, handle: &str, role: Role) -> String {
        self.account(handle, role).await;
        self.signed_in(handle).await
    }
}

/// A request to be.
struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
    from: Option<IpAddr>,
}

impl Ask {
    fn new(method: Method, path: &str) -> Self {
        let from = Some(ADDRESS.parse().expect("an address"));
        let ask = Self { method, path: path.to_owned(), headers: HeaderMap::new(), body: Vec::new(), from };
        ask.header("host", HOST)
    }

    fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    fn post(path: &str, body: &Value) -> Self {
        Self::new(Method::POST, path).json(body)
    }

    fn delete(path: &str) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn json(mut self, body: &Value) -> Self {
        self.body = serde_json::to_vec(body).expect("JSON is written");
        self.header("content-type", "application/json")
    }

    /// Sets a header in place of one that may be there.
    fn header(self, name: &str, value: &str) -> Self {
        self.raw_header(name, value.as_bytes())
    }

    fn raw_header(mut self, name: &str, value: &[u8]) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        self.headers.insert(name, value.try_into().expect("a header's value"));
        self
    }

    /// As our own page asks.
    fn page(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("x-odeon", "1")
    }

    fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    fn from(mut self, address: &str) -> Self {
        self.from = Some(address.parse().expect("an address"));
        self
    }

    fn into_request(self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().expect("a path");
        *request.headers_mut() = self.headers;
        if let Some(address) = self.from {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 40_000)));
        }
        request
    }
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

    /// The status and the code of the problem that this is; an empty code when it is none.
    fn problem(&self) -> (u16, String) {
        let code = serde_json::from_slice::<Value>(&self.bytes)
            .ok()
            .and_then(|body| Some(body.get("code")?.as_str()?.to_owned()))
            .unwrap_or_default();
        (self.status.as_u16(), code)
    }

    fn set_cookie(&self) -> &str {
        self.headers.get(header::SET_COOKIE).map_or("", |value| value.to_str().expect("a readable cookie"))
    }

    /// The cookie as the browser sends it back.
    fn cookie(&self) -> String {
        self.set_cookie().split(';').next().unwrap_or_default().to_owned()
    }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn sign_in(handle: &str, password: &str) -> Ask {
    Ask::post("/api/v1/session", &json!({ "handle": handle, "password": password }))
}

fn whoami(cookie: &str) -> Ask {
    Ask::get("/api/v1/session").header("cookie", cookie)
}
