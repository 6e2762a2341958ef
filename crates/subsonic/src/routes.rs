//! Requests under `/rest/`: read, find out who asks, call the method, put the answer in its envelope.

use std::{sync::Arc, time::Duration};

use accounts::passwords::Passwords;
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::any,
};
use delivery::Direct;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use ingest::transcode::Transcoder;
use kernel::Ctx;
use podcasts::Podcasts;
use sharing::Sharing;

use crate::{
    call::{App, Asking, Call, Reply},
    endpoints::{self, Endpoint},
    error::{Code, Error},
    params::Params,
    render::{self, Format},
    sign_in,
    whole::{Turn, Whole},
};

/// Largest body that is read: a form with the tracks of a long playlist.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a body may take to come.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Longest name of a method that is looked at.
const NAME_CHARS_MAX: usize = 40;
/// The version of the API that is spoken, as numbers.
const VERSION: (u32, u32) = (1, 16);

/// What the dialect must know of how the program is reached.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// As accounts have it.
    pub accounts: accounts::Config,
}

/// The dialect's routes. Merge them beside the layers that look for a session, not below: a cookie means nothing here.
pub fn routes(ctx: Ctx, direct: Direct, sharing: Sharing, transcoder: Transcoder, config: Config) -> Router {
    let podcasts = Podcasts::new(ctx.clone(), direct.clone());
    let (whole, passwords, config) = (Whole::default(), Passwords::default(), config.accounts);
    let app = App { ctx, direct, podcasts, sharing, whole, transcoder, passwords, config };
    Router::new().route("/rest/{endpoint}", any(answer)).with_state(Arc::new(app))
}

/// Answers one request, whatever becomes of it.
async fn answer(State(app): State<Arc<App>>, Path(name): Path<String>, request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return open(StatusCode::NO_CONTENT.into_response());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
        let allow = [(header::ALLOW, "GET, HEAD, POST")];
        return open((StatusCode::METHOD_NOT_ALLOWED, allow).into_response());
    }
    let (parts, body) = request.into_parts();
    let (params, body) = match read(&parts, body).await {
        Ok(read) => read,
        // The body can't be had; what the address says of the format still counts.
        Err(error) => {
            let params = Params::read(parts.uri.query().unwrap_or_default(), b"").unwrap_or_default();
            let format = Format::of(&params).unwrap_or_else(|(format, _)| format);
            return open(render::bad(&format, &error));
        }
    };
    let format = match Format::of(&params) {
        Ok(format) => format,
        Err((format, error)) => return open(render::bad(&format, &error)),
    };
    let packs = render::pack::is_taken(&parts.headers);
    // Held until the answer is packed.
    let mut turn = None;
    let response = match call(app, &name, parts, params, body, &mut turn).await {
        Ok(Reply::Raw(response)) => return open(*response),
        Ok(Reply::Done) => render::good(&format, None),
        Ok(Reply::Element(name, element)) => render::good(&format, Some((name, element))),
        Err(error) if bare(&name) == endpoints::IN_HTTP => render::bad(&format, &error.in_http()),
        Err(error) => render::bad(&format, &error),
    };
    let packed = render::pack::answer(response, packs).await;
    drop(turn);
    open(packed)
}

async fn call(
    app: Arc<App>,
    name: &str,
    parts: Parts,
    params: Params,
    body: Vec<u8>,
    turn: &mut Option<Turn>,
) -> Result<Reply, Error> {
    let address = accounts::music::address(&parts, &app.config);
    let name = bare(name);
    let run = match find(name)? {
        Endpoint::Open(run) => return Ok(run(&app)),
        Endpoint::Closed(run) => run,
    };
    check_version(&params)?;
    let caller = sign_in::sign_in(&Asking { app: &app, params: &params, address }).await?;
    *turn = app.whole.turn(name, &params).await?;
    let Parts { method, headers, .. } = parts;
    let mut call = Call { app, caller, method, headers, params, body };
    call.enter_folder(name).await?;
    run(&call).await
}

/// A method's name without the ending of old.
fn bare(name: &str) -> &str {
    let bare = name.strip_suffix(".view").unwrap_or(name);
    if bare == "hls.m3u8" { "hls" } else { bare }
}

/// The method of this name.
fn find(bare: &str) -> Result<&'static Endpoint, Error> {
    endpoints::find(bare).ok_or_else(|| {
        let shown: String = bare.chars().take(NAME_CHARS_MAX).collect();
        Error::refused(format!("The API has no method {shown:?}."))
    })
}

/// Reads parameters and body. A body that is no form is kept as it came.
async fn read(parts: &Parts, body: Body) -> Result<(Params, Vec<u8>), Error> {
    let query = parts.uri.query().unwrap_or_default();
    if parts.method != Method::POST {
        return Ok((Params::read(query, b"")?, Vec::new()));
    }
    let bytes = tokio::time::timeout(BODY_TIME_MAX, axum::body::to_bytes(body, BODY_BYTES_MAX)).await;
    let bytes = bytes
        .map_err(|_| {
            Error::refused(format!("The body did not come in {} seconds.", BODY_TIME_MAX.as_secs()))
        })?
        .map_err(|_| {
            Error::refused(format!("The body broke off or has more than {BODY_BYTES_MAX} bytes."))
        })?;
    if is_form(&parts.headers) {
        return Ok((Params::read(query, &bytes)?, Vec::new()));
    }
    Ok((Params::read(query, b"")?, bytes.to_vec()))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Which version the client speaks and what it is called must be said.
fn check_version(params: &Params) -> Result<(), Error> {
    let version = params.filled("v").ok_or_else(|| Error::missing("v"))?;
    params.filled("c").ok_or_else(|| Error::missing("c"))?;
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return Err(Error::refused(format!(
            "v must be a version of the API such as 1.16.1, not {version:?}."
        )));
    };
    if major < VERSION.0 {
        return Err(Error::new(Code::ClientTooOld, "This app speaks a version of the API that is too old."));
    }
    if (major, minor) > VERSION {
        let message =
            format!("This server speaks version {} of the API, not {version:?}.", render::API_VERSION);
        return Err(Error::new(Code::ServerTooOld, message));
    }
    Ok(())
}

/// Lets pages of other sites read the answer: apps are pages too, and what allows a request stands in it, not in a
/// cookie that a page could borrow.
fn open(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, Range"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Content-Length, Content-Range, ETag, Content-Disposition, X-Content-Duration",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
