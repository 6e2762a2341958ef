//! What needs no account: a link is enough, or a link and its password.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Request, State},
    response::{IntoResponse as _, Response},
};
use catalog::TrackId;
use delivery::{Asked, Playable, TrackGrant};
use http::{HeaderMap, HeaderName, StatusCode, header, request::Parts};
use kernel::{
    Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Error, Sharing,
    model::{Oembed, ShareKey, SharedPage, VisitorPass},
    service::{Visitor, preview},
};

/// The header in which a visitor's pass comes.
const PASS: HeaderName = HeaderName::from_static("x-odeon-visitor");

pub(super) fn routes() -> OpenApiRouter<Sharing> {
    OpenApiRouter::new()
        .routes(routes!(show_shared))
        .routes(routes!(unlock_shared))
        .routes(routes!(grant_shared_track))
        .routes(routes!(note_shared_play))
        .routes(routes!(download_shared_track))
        .routes(routes!(tell_oembed))
}

/// The pass that a request's headers bring.
pub(super) fn pass(headers: &HeaderMap) -> Option<String> {
    headers.get(PASS)?.to_str().ok().map(str::to_owned)
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { pass: pass(&parts.headers), member: parts.extensions.get::<Viewer>().cloned() })
    }
}

/// What a link leads to. It counts as a visit unless its owner looks.
///
/// A link that ended, was revoked, is wrong, or whose sharer may not see any of it any more, has one answer.
#[utoipa::path(get, path = "/api/v1/shared/{secret}", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."),
        ("X-Odeon-Visitor" = Option<String>, Header, description = "The pass, where a password is needed.")),
    responses((status = 200, body = SharedPage), (status = 404, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn show_shared(
    State(sharing): State<Sharing>,
    Path(secret): Path<String>,
    visitor: Visitor,
) -> Result<Json<SharedPage>, Error> {
    sharing.visit(&secret, &visitor).await.map(Json)
}

/// Opens a link with its password. Wrong ones are counted per link and per address, and soon cost a pause.
#[utoipa::path(post, path = "/api/v1/shared/{secret}/unlock", tag = "sharing", security(()), request_body = ShareKey,
    params(("secret" = String, Path, description = "What follows `/s/` in the link.")),
    responses((status = 200, body = VisitorPass),
        (status = 403, description = "The password is wrong.", body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
        (status = 429, description = "Too many wrong passwords.", body = Problem),
        (status = 503, description = "Too many passwords are being checked.", body = Problem)))]
async fn unlock_shared(
    State(sharing): State<Sharing>,
    Path(secret): Path<String>,
    request: Request,
) -> Result<Json<VisitorPass>, Response> {
    let (parts, body) = request.into_parts();
    let address = accounts::music::address(&parts, sharing.config());
    let request = Request::from_parts(parts, body);
    let key = <Json<ShareKey> as axum::extract::FromRequest<()>>::from_request(request, &()).await;
    let Json(key) = key.map_err(Problem::into_response)?;
    sharing.unlock(&secret, key.password, address).await.map(Json).map_err(Error::into_response)
}

/// How a track is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Form {
    /// Whether renditions are wanted although the file may be had as it came, since the browser can't play it.
    encoded: bool,
}

/// Leave for a visitor to play a track of a link, for about an hour. Without downloads it opens renditions alone, never the
/// file as it came: ask again while `state` is `waiting`.
#[utoipa::path(post, path = "/api/v1/shared/{secret}/tracks/{id}/grant", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."),
        ("id" = String, Path, pattern = "^[0-9]+$"),
        ("X-Odeon-Visitor" = Option<String>, Header, description = "The pass, where a password is needed."), Form),
    responses((status = 200, body = TrackGrant),
        (status = 403, description = "The password is needed first.", body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn grant_shared_track(
    State(sharing): State<Sharing>,
    Path((secret, id)): Path<(String, TrackId)>,
    Query(form): Query<Form>,
    visitor: Visitor,
) -> Result<Json<TrackGrant>, Error> {
    sharing.grant(&secret, id, visitor.pass.as_deref(), form.encoded).await.map(Json)
}

/// Counts that a visitor heard a track of a link.
#[utoipa::path(post, path = "/api/v1/shared/{secret}/tracks/{id}/heard", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."),
        ("id" = String, Path, pattern = "^[0-9]+$"),
        ("X-Odeon-Visitor" = Option<String>, Header, description = "The pass, where a password is needed.")),
    responses((status = 204),
        (status = 403, description = "The password is needed first.", body = Problem), (status = 404, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn note_shared_play(
    State(sharing): State<Sharing>,
    Path((secret, id)): Path<(String, TrackId)>,
    visitor: Visitor,
) -> Result<StatusCode, Error> {
    sharing.note_play(&secret, Playable::Track(id), &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The pass, for what a browser fetches without our headers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct PassQuery {
    /// The pass, where a password is needed.
    pub(super) pass: Option<String>,
}

/// The file of a track as it came, where the link allows that.
#[utoipa::path(get, path = "/api/v1/shared/{secret}/tracks/{id}/file", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."),
        ("id" = String, Path, pattern = "^[0-9]+$"), PassQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "A part of it.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "It is as the asker has it."),
        (status = 403, description = "The password is needed first.", body = Problem), (status = 404, body = Problem),
        (status = 412, description = "It is not as the asker has it."),
        (status = 416, description = "There is no such part."),
        (status = 422, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn download_shared_track(
    State(sharing): State<Sharing>,
    Path((secret, id)): Path<(String, TrackId)>,
    Query(query): Query<PassQuery>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    let pass = query.pass.or_else(|| pass(&parts.headers));
    let asked = Asked { method: &parts.method, headers: &parts.headers };
    sharing.file(&secret, Playable::Track(id), pass.as_deref(), asked).await
}

/// What a site asks about a link.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OembedQuery {
    /// The link.
    url: String,
    /// `json`, which it is unless said, or `xml`.
    format: Option<String>,
    /// Widest frame, in pixels.
    maxwidth: Option<u32>,
    /// Highest frame, in pixels.
    maxheight: Option<u32>,
}

/// How to show a link of this house as a player on another site (oEmbed 1.0). Of a link with a password it says nothing
/// else.
#[utoipa::path(get, path = "/api/v1/oembed", tag = "sharing", security(()), params(OembedQuery),
    responses((status = 200, content((Oembed = "application/json"), (String = "text/xml"))),
        (status = 404, description = "It is no link of this house that leads anywhere.", body = Problem),
        (status = 422, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn tell_oembed(
    State(sharing): State<Sharing>,
    Query(query): Query<OembedQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let is_xml = match query.format.as_deref() {
        None | Some("" | "json") => false,
        Some("xml") => true,
        Some(_) => {
            let problem =
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "format", "This format is not spoken");
            return Err(problem.detail("Ask for json or xml.").into());
        }
    };
    let base = accounts::visitors::origin(&headers, sharing.config());
    let said = sharing.oembed(&query.url, base.as_deref(), (query.maxwidth, query.maxheight)).await?;
    if is_xml {
        let kind = [(header::CONTENT_TYPE, "text/xml; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
        return Ok((kind, preview::xml(&said)).into_response());
    }
    Ok(Json(said).into_response())
}
