//! Playlists from and to other players.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use kernel::{
    Ctx, Problem,
    http::{Json, Path, Query, Text, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::playlists::{PlaylistId, PlaylistImported},
    service::{
        Error,
        playlists::{self as service, IMPORT_BYTES_MAX},
    },
};

pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(import_m3u)).routes(routes!(export_m3u))
}

/// What a list that comes in is to be called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// The name; what the list calls itself unless said.
    name: Option<String>,
}

/// Takes an M3U8 list of at most 1 MiB in as a new playlist. Tracks are found by the ends of their paths, else by the
/// artist and title of `#EXTINF`; the answer names the lines whose tracks are not here.
#[utoipa::path(post, path = "/api/v1/playlists/import", tag = "playlists", params(ImportQuery),
    request_body(content = String, content_type = "audio/x-mpegurl"),
    responses((status = 201, body = PlaylistImported), (status = 401, body = Problem),
        (status = 408, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
async fn import_m3u(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<ImportQuery>,
    Text(text): Text<IMPORT_BYTES_MAX>,
) -> Result<(StatusCode, Json<PlaylistImported>), Error> {
    let made = service::import_m3u(&ctx, &viewer, query.name.as_deref(), &text).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// With which paths a list is given out.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// The paths of the server's files, for administrators; else paths made of artist, album and title.
    #[serde(default)]
    files: bool,
}

/// A playlist as M3U8.
#[utoipa::path(get, path = "/api/v1/playlists/{id}/m3u8", tag = "playlists",
    params(("id" = PlaylistId, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "audio/x-mpegurl"), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn export_m3u(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Error> {
    let (_, text) = service::export_m3u(&ctx, &viewer, id, query.files).await?;
    let headers = [
        (header::CONTENT_TYPE, "audio/x-mpegurl; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"playlist.m3u8\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}
