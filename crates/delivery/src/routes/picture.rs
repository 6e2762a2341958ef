//! Pictures by a signed path.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use catalog::{PictureId, picture::SIZES};
use http::{HeaderValue, Method, request::Parts};

use crate::{error::Error, path, routes::media, service::Delivery, wire};

pub(crate) const JPEG: HeaderValue = HeaderValue::from_static("image/jpeg");

/// Answers everything under `/pictures/`.
pub(crate) async fn picture(State(delivery): State<Arc<Delivery>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return wire::only_reading();
    }
    let (parts, _) = request.into_parts();
    send(&delivery, &parts).await.unwrap_or_else(Error::into_response)
}

async fn send(delivery: &Delivery, request: &Parts) -> Result<Response, Error> {
    let (subject, id, edge) = read(request.uri.path()).ok_or(Error::Absent)?;
    let token = request.uri.query().and_then(token).ok_or(Error::Absent)?;
    if !delivery.allows_picture(subject, token) {
        return Err(Error::Absent);
    }
    let bytes = delivery.picture(id, edge).await?;
    media::blob(delivery, (&request.method, &request.headers), bytes, JPEG, subject).await
}

/// Reads `/pictures/{id}/{size}`, strictly.
fn read(path: &str) -> Option<(&str, PictureId, u32)> {
    let (subject, edge) = path.strip_prefix("/pictures/")?.split_once('/')?;
    let id = PictureId(path::number(subject)?);
    let edge = SIZES.into_iter().find(|size| size.to_string() == edge)?;
    Some((subject, id, edge))
}

/// The value of `t`; our tokens need no escape.
fn token(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("t="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sizes_of_the_page_are_made() {
        assert_eq!(read("/pictures/7/384"), Some(("7", PictureId(7), 384)));
        for path in [
            "/pictures/7/385",
            "/pictures/7/0384",
            "/pictures/7/384/",
            "/pictures/7/",
            "/pictures/07/384",
            "/pictures/../384",
            "/pictures/-7/384",
            "/pictures/7",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
        assert_eq!(token("a=1&t=6a.x"), Some("6a.x"));
        assert_eq!(token("tt=6a.x"), None);
    }
}
