//! The video of a link, for those who need no account.

use axum::{
    extract::{Request, State},
    response::Response,
};
use catalog::VideoId;
use delivery::{Asked, Playable, VideoGrant};
use http::StatusCode;
use kernel::{
    Problem,
    http::{Json, Path, Query},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::visitors::{PassQuery, pass};
use crate::{Error, Sharing, service::Visitor};

pub(super) fn routes() -> OpenApiRouter<Sharing> {
    OpenApiRouter::new()
        .routes(routes!(grant_shared_video))
        .routes(routes!(note_shared_watch))
        .routes(routes!(download_shared_video))
}

/// Leave for a visitor to play the video of a link, for about an hour and as long as it plays. Without downloads it opens
/// renditions and text tracks alone, never the file as it came: ask again while `state` is `waiting`.
#[utoipa::path(post, path = "/api/v1/shared/{secret}/videos/{id}/grant", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."),
        ("id" = String, Path, pattern = "^[0-9]+$"),
        ("X-Odeon-Visitor" = Option<String>, Header, description = "The pass, where a password is needed.")),
    responses((status = 200, body = VideoGrant),
        (status = 403, description = "The password is needed first.", body = Problem), (status = 404, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn grant_shared_video(
    State(sharing): State<Sharing>,
    Path((secret, id)): Path<(String, VideoId)>,
    visitor: Visitor,
) -> Result<Json<VideoGrant>, Error> {
    sharing.grant_video(&secret, id, visitor.pass.as_deref()).await.map(Json)
}

/// Counts that a visitor watched the video of a link.
#[utoipa::path(post, path = "/api/v1/shared/{secret}/videos/{id}/watched", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."),
        ("id" = String, Path, pattern = "^[0-9]+$"),
        ("X-Odeon-Visitor" = Option<String>, Header, description = "The pass, where a password is needed.")),
    responses((status = 204),
        (status = 403, description = "The password is needed first.", body = Problem), (status = 404, body = Problem),
        (status = 503, description = "Too many look at links.", body = Problem)))]
async fn note_shared_watch(
    State(sharing): State<Sharing>,
    Path((secret, id)): Path<(String, VideoId)>,
    visitor: Visitor,
) -> Result<StatusCode, Error> {
    sharing.note_play(&secret, Playable::Video(id), &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The file of the video of a link as it came, where the link allows that.
#[utoipa::path(get, path = "/api/v1/shared/{secret}/videos/{id}/file", tag = "sharing", security(()),
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
async fn download_shared_video(
    State(sharing): State<Sharing>,
    Path((secret, id)): Path<(String, VideoId)>,
    Query(query): Query<PassQuery>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    let pass = query.pass.or_else(|| pass(&parts.headers));
    let asked = Asked { method: &parts.method, headers: &parts.headers };
    sharing.file(&secret, Playable::Video(id), pass.as_deref(), asked).await
}
