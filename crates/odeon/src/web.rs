//! The page: its build is embedded in the program.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use kernel::Problem;

/// Nothing comes from elsewhere, nothing inline runs, nobody frames the page. `blob:` is what media sources need.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types default svelte-trusted-html";

/// What is shown by a program that was built without the page.
const ABSENT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Odeon</title>\
    <main><h1>Odeon runs without its page</h1><p>This program was built without <code>web/dist</code>. \
    Use <code>cargo xtask run</code>, which builds both.</p></main></html>";

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Built;

/// Headers that every answer carries.
pub(crate) fn secure(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// What sharing shows its links with: the page, and the policy under which it may stand in a frame of another site. That
/// one differs in nothing else, and goes with no other path.
pub(crate) fn shell() -> sharing::Shell {
    let framed = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *");
    let framed =
        HeaderValue::try_from(framed).expect("it differs by a star from one that is a header's value");
    sharing::Shell { html: document, framed }
}

fn document() -> Option<String> {
    String::from_utf8(Built::get("index.html")?.data.into_owned()).ok()
}

/// Answers with a file of the page, or with the page itself, which then shows the path that was asked for.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    // Not every path begins with a slash: that of CONNECT is empty, that of `OPTIONS *` a star.
    let path = uri.path().trim_start_matches('/');
    let is_ours = ["api/", "media/", "pictures/", "rest/"].iter().any(|prefix| path.starts_with(prefix));
    if is_ours {
        return Problem::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Only reading is possible here")
            .into_response();
    }
    if !path.is_empty() && Built::get(path).is_some() {
        return file(path, &headers);
    }
    // A file that is not there is not the page: a stale script must fail and not be fed HTML.
    if path.starts_with("assets/") {
        return Problem::not_found().into_response();
    }
    if Built::get("index.html").is_none() {
        return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], ABSENT).into_response();
    }
    file("index.html", &headers)
}

fn file(path: &str, asked: &HeaderMap) -> Response {
    let compressed = accepts_brotli(asked).then(|| Built::get(&format!("{path}.br"))).flatten();
    let encoded = compressed.is_some();
    let Some(file) = compressed.or_else(|| Built::get(path)) else {
        return Problem::not_found().into_response();
    };
    let hash = file.metadata.sha256_hash();
    let short = u64::from_be_bytes(hash[..8].try_into().unwrap_or_default());
    let tag = format!("\"{short:016x}\"");
    let immutable = path.starts_with("assets/");
    let caching = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut answer = Response::builder()
        .header(header::CACHE_CONTROL, caching)
        .header(header::VARY, "accept-encoding")
        .header(header::ETAG, &tag);
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return built(answer.status(StatusCode::NOT_MODIFIED).body(Body::empty()));
    }
    if encoded {
        answer = answer.header(header::CONTENT_ENCODING, "br");
    }
    answer = answer.header(header::CONTENT_TYPE, content_type(path));
    built(answer.body(file.data.into_owned().into()))
}

fn built(answer: Result<Response, http::Error>) -> Response {
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn accepts_brotli(asked: &HeaderMap) -> bool {
    let encodings =
        asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    encodings.split(',').any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        parts.next() == Some("br") && parts.all(|weight| weight != "q=0")
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(method: Method, uri: &str) -> StatusCode {
        page(method, uri.parse().expect("a target"), HeaderMap::new()).await.status()
    }

    #[tokio::test]
    async fn a_target_without_a_path_is_answered_like_any_other() {
        assert_eq!(asked(Method::CONNECT, "example.org:80").await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(asked(Method::OPTIONS, "*").await, StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn what_programs_ask_for_is_never_answered_with_the_page() {
        for uri in [
            "/api/v1/absent",
            "//api/v1/home",
            "/media/x",
            "/pictures/x",
            "/rest/ping.view",
            "/assets/absent.js",
        ] {
            assert_eq!(asked(Method::GET, uri).await, StatusCode::NOT_FOUND, "{uri}");
        }
    }
}
