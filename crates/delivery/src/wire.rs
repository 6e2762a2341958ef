//! What goes over the wire: the head of an answer with bytes, after ranges and conditions were obeyed.

mod conditional;
pub(crate) mod range;

use std::ops::Range;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use kernel::Problem;

use conditional::{Plan, Validators};

/// Names are made of content: what is under one never changes.
pub(crate) const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// May change at any time: ask each time, with the tag.
pub(crate) const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The state of something that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Representation {
    /// Its type.
    pub content_type: HeaderValue,
    /// Its strong tag.
    pub etag: HeaderValue,
    /// When it last changed, in seconds since 1970, where that is known.
    pub modified_s: Option<u64>,
    /// Its size in bytes.
    pub length: u64,
    /// How it may be kept.
    pub caching: HeaderValue,
}

/// The head of the answer, and the bytes to put behind it; `None` when there is nothing to put.
pub(crate) fn answer(
    method: &Method,
    asked: &HeaderMap,
    it: &Representation,
) -> (Response, Option<Range<u64>>) {
    let validators = Validators { etag: it.etag.to_str().unwrap_or_default(), modified_s: it.modified_s };
    let (status, part) = match conditional::plan(method, asked, validators, it.length) {
        Plan::Whole => (StatusCode::OK, Some(0..it.length)),
        Plan::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(part)),
        Plan::NotModified => (StatusCode::NOT_MODIFIED, None),
        Plan::Failed => return (failed(), None),
        Plan::Beyond => return (beyond(it.length), None),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(header::ETAG, it.etag.clone());
    headers.insert(header::CACHE_CONTROL, it.caching.clone());
    if let Some(modified) = it.modified_s
        && let Ok(value) = HeaderValue::from_str(&conditional::http_date(modified))
    {
        headers.insert(header::LAST_MODIFIED, value);
    }
    let Some(part) = part else { return (response, None) };
    headers.insert(header::CONTENT_TYPE, it.content_type.clone());
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(SAME_SITE_ONLY.0, SAME_SITE_ONLY.1);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{}", part.start, part.end - 1, it.length);
        if let Ok(value) = HeaderValue::from_str(&range) {
            headers.insert(header::CONTENT_RANGE, value);
        }
    }
    // HEAD says all that GET would, and sends nothing.
    (response, (method == Method::GET).then_some(part))
}

/// No other site may show our bytes as its own.
const SAME_SITE_ONLY: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));

fn failed() -> Response {
    let title = "It is not in the state that you asked for";
    Problem::new(StatusCode::PRECONDITION_FAILED, "changed", title).into_response()
}

fn beyond(length: u64) -> Response {
    let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", "There are no such bytes")
        .detail(format!("There are {length} bytes, counted from 0."));
    let mut response = problem.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

/// A strong tag out of text that needs no escape; `None` when it holds something that does.
pub(crate) fn tag(text: &str) -> Option<HeaderValue> {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !text.bytes().all(bare) {
        return None;
    }
    HeaderValue::from_str(&format!("\"{text}\"")).ok()
}

/// A strong tag out of the bytes that are to be sent.
pub(crate) fn tag_of(bytes: &[u8]) -> HeaderValue {
    let hash = blake3::hash(bytes).to_hex();
    tag(&hash[..32]).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The answer to a method that is neither GET nor HEAD.
pub(crate) fn only_reading() -> Response {
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Only reading is possible here");
    let mut response = problem.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
