//! `/s/…` and `/embed/…`: the page itself with a head that previews can read, and what previews fetch.
//!
//! A link that leads nowhere is answered 404 with the page as it always is, which then says so. Nothing here is kept by
//! caches or found by search engines, and no other site learns the link from a `Referer`.

use std::sync::Arc;

use accounts::visitors;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use delivery::Asked;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kernel::http::Path;

use crate::{Error, Sharing};

/// The page as the binary has it.
#[derive(Clone)]
pub struct Shell {
    /// The document, with one `<title>` in its head; `None` when the program was built without the page.
    pub html: fn() -> Option<String>,
    /// The content security policy of a page that may stand in a frame of any site.
    pub framed: HeaderValue,
}

/// The routes of links. Merge them beside the layers that look for a session: a link needs none.
pub fn pages(sharing: Sharing, shell: Shell) -> Router {
    let house = Arc::new((sharing, shell));
    Router::new()
        .route("/s/{secret}", get(show_link))
        .route("/embed/{secret}", get(show_frame))
        .route("/s/{secret}/cover", get(send_cover))
        .route("/s/{secret}/audio", get(lead_to_audio))
        .route("/s/{secret}/video", get(lead_to_video))
        .with_state(house)
}

type House = State<Arc<(Sharing, Shell)>>;

async fn show_link(State(house): House, Path(secret): Path<String>, headers: HeaderMap) -> Response {
    page(&house, &secret, &headers).await
}

async fn show_frame(State(house): House, Path(secret): Path<String>, headers: HeaderMap) -> Response {
    let mut response = page(&house, &secret, &headers).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, house.1.framed.clone());
    response
}

async fn page((sharing, shell): &(Sharing, Shell), secret: &str, headers: &HeaderMap) -> Response {
    let base = visitors::origin(headers, sharing.config());
    let (status, head) = match sharing.preview(secret, base.as_deref()).await {
        Ok(head) => (StatusCode::OK, Some(head)),
        Err(Error::NotFound) => (StatusCode::NOT_FOUND, None),
        Err(error) => return private(error.into_response()),
    };
    let Some(html) = (shell.html)() else { return private(Error::NotFound.into_response()) };
    let html = match head {
        Some(head) => with_head(&html, &head),
        None => html,
    };
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    private((status, kind, html).into_response())
}

/// The document with `head` in place of its title.
fn with_head(html: &str, head: &str) -> String {
    let title = html.find("<title>").zip(html.find("</title>"));
    let Some((from, to)) = title.filter(|(from, to)| from < to) else { return html.to_owned() };
    let to = to + "</title>".len();
    [&html[..from], head, &html[to..]].concat()
}

/// Not kept, not found by search engines, not told to other sites.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    secret(headers);
    response
}

fn secret(headers: &mut HeaderMap) {
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let robots = HeaderName::from_static("x-robots-tag");
    headers.insert(robots, HeaderValue::from_static("noindex, nofollow"));
}

async fn send_cover(State(house): House, Path(secret_of): Path<String>, request: Request<Body>) -> Response {
    let (parts, _) = request.into_parts();
    let asked = Asked { method: &parts.method, headers: &parts.headers };
    let mut response = match house.0.cover(&secret_of, asked).await {
        Ok(response) => response,
        Err(error) => return private(error.into_response()),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    secret(headers);
    response
}

async fn lead_to_audio(State(house): House, Path(secret): Path<String>) -> Response {
    lead_to(house.0.audio(&secret).await)
}

async fn lead_to_video(State(house): House, Path(secret): Path<String>) -> Response {
    lead_to(house.0.video(&secret).await)
}

fn lead_to(path: Result<String, Error>) -> Response {
    let to = path.and_then(|path| HeaderValue::from_str(&path).map_err(|_| Error::NotFound));
    private(match to {
        Ok(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Err(error) => error.into_response(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_takes_the_place_of_the_title() {
        let html = "<head><title>Odeon</title><meta></head><title>x</title>";
        assert_eq!(
            with_head(html, "<title>A</title><b>"),
            "<head><title>A</title><b><meta></head><title>x</title>"
        );
        for odd in ["", "<title>", "</title><title>"] {
            assert_eq!(with_head(odd, "x"), odd);
        }
    }
}
