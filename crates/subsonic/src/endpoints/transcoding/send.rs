//! The answer with what is made while it is heard.

use axum::{body::Body, response::Response};
use catalog::media::SourceFile;
use delivery::{Wanted, wanted_range};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use ingest::{
    media::{MediaError, Order, SoundForm},
    transcode::TranscodeError,
};

use super::choose;
use crate::{
    call::{Call, Reply},
    error::Error,
};

/// How long the result plays, in seconds: other servers of this API say it so, since no length in bytes does.
const DURATION: HeaderName = HeaderName::from_static("x-content-duration");
/// Should somebody open it by itself: it may do nothing but be heard.
const NOTHING_ELSE: HeaderValue = HeaderValue::from_static("default-src 'none'; media-src 'self'; sandbox");
/// In how many seconds those who found no place may come again.
const AGAIN_S: u32 = 10;

/// What is asked for of a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) form: SoundForm,
    pub(super) start_ms: u64,
    /// Whether to say how many bytes it has.
    pub(super) length: bool,
}

/// What an answer says of its bytes, where they can be foretold.
struct Foretold {
    length: u64,
    etag: String,
    part: Option<(u64, u64)>,
}

/// Sends a source, which the caller may hear, in another form. Parts are given where the whole can be foretold: they are
/// made like the whole, so its bytes are theirs. Elsewhere a `Range` is not obeyed (RFC 9110, section 14.2).
pub(super) async fn send(call: &Call, source: &SourceFile, asked: Asked) -> Result<Reply, Error> {
    let mut order = call.app.transcoder.order(source, asked.form, asked.start_ms).await;
    if order.start_ms > 0 && order.duration_ms > 0 && order.left_ms() == 0 {
        let seconds = order.duration_ms / 1000;
        return Err(Error::refused(format!("It is over there: it plays for {seconds} seconds.")));
    }
    let foretold = match order.bytes().map(|length| foretell(call, source, &order, length)) {
        Some(Err(length)) => return Ok(beyond(length)),
        other => other.and_then(Result::ok),
    };
    if let Some(foretold) = &foretold {
        order.part = foretold.part.or(asked.length.then_some((0, foretold.length)));
    }
    if !call.app.transcoder.makes_any() {
        return Err(refusal(TranscodeError::Never));
    }
    let body = if call.method == Method::HEAD {
        // It is not known whether it has a length, so none is said but what is foretold.
        Body::from_stream(futures_util::stream::empty::<Result<Vec<u8>, MediaError>>())
    } else {
        let started = call.app.transcoder.start(call.ctx(), call.viewer().id, source, order).await;
        let place = source.place.clone();
        Body::from_stream(started.map_err(refusal)?.into_stream().inspect_err(move |error| {
            // The answer has begun, so that it breaks off is all that its listener is told.
            if *error != MediaError::Cancelled {
                tracing::warn!(%error, ?place, "a stream breaks off");
            }
        }))
    };
    let mut response = Response::new(body);
    describe(response.headers_mut(), &order, foretold.as_ref());
    if foretold.is_some_and(|foretold| foretold.part.is_some()) {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(Reply::Raw(Box::new(response)))
}

/// What is asked of bytes that can be foretold; their number when none of those asked for are there.
fn foretell(call: &Call, source: &SourceFile, order: &Order, length: u64) -> Result<Foretold, u64> {
    let form = choose::told(&order.form);
    // The length is in it too, since it may be another when the catalogue has learned how long the song plays.
    let (stamp, bytes, start_ms) = (source.stamp, source.bytes, order.start_ms);
    let etag = format!("\"{stamp:x}.{bytes:x}.{form}.{start_ms:x}.{length:x}\"");
    let same = call.headers.get(header::IF_RANGE).is_none_or(|tag| tag.as_bytes() == etag.as_bytes());
    let range = call.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let range = range.filter(|_| same && call.method != Method::HEAD);
    let part = match range.map(|range| wanted_range(range, length)) {
        None | Some(Wanted::Whole) => None,
        Some(Wanted::Part(part)) => Some((part.start, part.end)),
        Some(Wanted::Beyond) => return Err(length),
    };
    Ok(Foretold { length, etag, part })
}

fn describe(headers: &mut HeaderMap, order: &Order, foretold: Option<&Foretold>) {
    for (name, value) in [
        (header::CONTENT_TYPE, HeaderValue::from_static(order.form.codec().mime())),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, NOTHING_ELSE),
    ] {
        headers.insert(name, value);
    }
    let ranges = if foretold.is_some() { "bytes" } else { "none" };
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static(ranges));
    let mut text = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    let (seconds, thousandths) = (order.left_ms() / 1000, order.left_ms() % 1000);
    if order.left_ms() > 0 {
        text(DURATION, format!("{seconds}.{thousandths:03}"));
    }
    if let Some((start, end)) = order.part {
        text(header::CONTENT_LENGTH, (end - start).to_string());
    }
    if let Some(Foretold { length, etag, part }) = foretold {
        text(header::ETAG, etag.clone());
        if let Some((start, end)) = part {
            text(header::CONTENT_RANGE, format!("bytes {start}-{}/{length}", end - 1));
        }
    }
}

/// There are no such bytes.
fn beyond(length: u64) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    Reply::Raw(Box::new(response))
}

fn refusal(error: TranscodeError) -> Error {
    match error {
        TranscodeError::ListenerBusy => Error::busy(
            "You have as many streams made for you as one listener may. End one, or try again.",
            AGAIN_S,
        )
        .too_many(),
        TranscodeError::HouseBusy => {
            Error::busy("This server is making as many streams as it can. Try again in a moment.", AGAIN_S)
        }
        TranscodeError::NoRoom => {
            Error::busy("There is no room on the server's disk at this moment. Try again later.", 60)
        }
        TranscodeError::Never => Error::refused("This server does not make files into others on the way."),
        TranscodeError::Gone => Error::absent(),
        TranscodeError::Media(error) if error.is_transient() || error == MediaError::Cancelled => {
            tracing::warn!(%error, "a stream can't be made");
            Error::busy("It can't be made into another form at this moment. Try again later.", AGAIN_S)
        }
        TranscodeError::Media(error) => Error::refused(error.to_string()),
        TranscodeError::Fault(fault) => fault.into(),
    }
}
