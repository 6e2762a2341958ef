//! Albums, playlists and what links lead to, each as one archive.

use axum::{
    extract::{Request, State},
    response::Response,
};
use catalog::{AlbumId, model::playlists::PlaylistId};
use delivery::Asked;
use kernel::{
    Problem,
    http::{Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::visitors::{PassQuery, pass};
use crate::{Error, Sharing};

pub(super) fn routes() -> OpenApiRouter<Sharing> {
    OpenApiRouter::new()
        .routes(routes!(download_album))
        .routes(routes!(download_playlist))
        .routes(routes!(download_shared))
}

/// An album as one ZIP: every file as it came, named by its number and title.
///
/// It is made while it is sent, with nothing compressed. It has a length and a tag, and a download that broke off goes on
/// with `Range` and `If-Range`. When a file goes or changes meanwhile, the transfer breaks off.
#[utoipa::path(get, path = "/api/v1/albums/{id}/archive", tag = "sharing",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"),
        (status = 206, description = "A part of it.", body = Vec<u8>, content_type = "application/zip"),
        (status = 304, description = "It is as the asker has it."),
        (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "A file is not there, or it is too much for one archive.", body = Problem),
        (status = 412, description = "It is not as the asker has it.", body = Problem),
        (status = 416, description = "There is no such part.", body = Problem),
        (status = 429, description = "The viewer has as many archives under way as one may.", body = Problem),
        (status = 503, description = "The house has as many under way as it may.", body = Problem)))]
async fn download_album(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    sharing.album_archive(&viewer, id, Asked { method: &parts.method, headers: &parts.headers }).await
}

/// A playlist as one ZIP: every file as it came, named by its place, its artists and its title. A track that stands there
/// twice is in it once. See the archive of an album for the rest.
#[utoipa::path(get, path = "/api/v1/playlists/{id}/archive", tag = "sharing",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"),
        (status = 206, description = "A part of it.", body = Vec<u8>, content_type = "application/zip"),
        (status = 304, description = "It is as the asker has it."),
        (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, description = "A file is not there, or it is too much for one archive.", body = Problem),
        (status = 412, description = "It is not as the asker has it.", body = Problem),
        (status = 416, description = "There is no such part.", body = Problem),
        (status = 429, description = "The viewer has as many archives under way as one may.", body = Problem),
        (status = 503, description = "The house has as many under way as it may.", body = Problem)))]
async fn download_playlist(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    sharing.playlist_archive(&viewer, id, Asked { method: &parts.method, headers: &parts.headers }).await
}

/// All that a link leads to as one ZIP, where the link allows that. See the archive of an album for the rest.
#[utoipa::path(get, path = "/api/v1/shared/{secret}/archive", tag = "sharing", security(()),
    params(("secret" = String, Path, description = "What follows `/s/` in the link."), PassQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"),
        (status = 206, description = "A part of it.", body = Vec<u8>, content_type = "application/zip"),
        (status = 304, description = "It is as the asker has it."),
        (status = 403, description = "The password is needed first.", body = Problem), (status = 404, body = Problem),
        (status = 409, description = "A file is not there, or it is too much for one archive.", body = Problem),
        (status = 412, description = "It is not as the asker has it.", body = Problem),
        (status = 416, description = "There is no such part.", body = Problem),
        (status = 422, body = Problem),
        (status = 429, description = "The visitor has as many archives under way as one may.", body = Problem),
        (status = 503, description = "Too many look at links, or too many archives are under way.", body = Problem)))]
async fn download_shared(
    State(sharing): State<Sharing>,
    Path(secret): Path<String>,
    Query(query): Query<PassQuery>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, _) = request.into_parts();
    let address = accounts::music::address(&parts, sharing.config());
    let pass = query.pass.or_else(|| pass(&parts.headers));
    let asked = Asked { method: &parts.method, headers: &parts.headers };
    sharing.shared_archive(&secret, pass.as_deref(), address, asked).await
}
