//! Answers made smaller for the way: five hundred songs are half a megabyte of words that repeat, and a phone takes a
//! whole library along like this.

use std::io::Write as _;

use axum::{
    body::{self, Body, Bytes},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header};

/// What is smaller travels in one packet either way.
const BYTES_MIN: usize = 1_400;
/// What is larger takes longer to pack than others should wait for the thread.
const APART_BYTES_MIN: usize = 64 * 1024;

/// Whether the client takes gzip.
pub(crate) fn is_taken(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|list| list.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.trim().parse::<f32>().ok())
            .is_some_and(|q| q <= 0.0);
        matches!(coding.trim(), "gzip" | "x-gzip" | "*") && !refused
    })
}

/// The answer, packed when that is `taken` and worth it.
pub(crate) async fn answer(response: Response, taken: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    // What was rendered is in memory already.
    let Ok(bytes) = body::to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let packed = match bytes.len() {
        _ if !taken => None,
        APART_BYTES_MIN.. => {
            let bytes = bytes.clone();
            tokio::task::spawn_blocking(move || pack(&bytes)).await.ok().flatten()
        }
        BYTES_MIN.. => pack(&bytes),
        _ => None,
    };
    let Some(packed) = packed else { return Response::from_parts(parts, Body::from(bytes)) };
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(packed))
}

/// The fastest level: it makes a tenth of a list of songs, and higher ones take several times as long for little more.
fn pack(bytes: &Bytes) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_given_to_those_who_say_that_they_take_it() {
        for (said, taken) in [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("*", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, said.parse().expect("a value"));
            assert_eq!(is_taken(&headers), taken, "{said}");
        }
        assert!(!is_taken(&HeaderMap::new()));
    }
}
