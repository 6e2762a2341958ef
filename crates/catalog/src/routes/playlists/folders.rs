//! A listener's folders for playlists.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Problem,
    http::{Json, Path, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::playlists::{Folder, FolderEdit, FolderId, NewFolder, PlaylistId, PlaylistPlace},
    service::{Error, playlists as service},
};

pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list_folders, add_folder))
        .routes(routes!(edit_folder, delete_folder))
        .routes(routes!(put_in_folder))
}

/// One's folders by name, at most 500; each says in which it lies.
#[utoipa::path(get, path = "/api/v1/me/playlist-folders", tag = "playlists",
    responses((status = 200, body = Vec<Folder>), (status = 401, body = Problem)))]
async fn list_folders(State(ctx): State<Ctx>, viewer: Viewer) -> Result<Json<Vec<Folder>>, Error> {
    Ok(Json(service::list_folders(&ctx, &viewer).await?))
}

/// Makes a folder; at most 500, at most 5 deep in each other.
#[utoipa::path(post, path = "/api/v1/me/playlist-folders", tag = "playlists", request_body = NewFolder,
    responses((status = 201, body = Folder), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn add_folder(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(new): Json<NewFolder>,
) -> Result<(StatusCode, Json<Folder>), Error> {
    Ok((StatusCode::CREATED, Json(service::add_folder(&ctx, &viewer, &new).await?)))
}

/// Renames or moves a folder.
#[utoipa::path(patch, path = "/api/v1/me/playlist-folders/{id}", tag = "playlists",
    params(("id" = FolderId, Path)), request_body = FolderEdit,
    responses((status = 200, body = Folder), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn edit_folder(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
    Json(edit): Json<FolderEdit>,
) -> Result<Json<Folder>, Error> {
    Ok(Json(service::edit_folder(&ctx, &viewer, id, &edit).await?))
}

/// Deletes a folder with the folders in it; the playlists in them stay.
#[utoipa::path(delete, path = "/api/v1/me/playlist-folders/{id}", tag = "playlists",
    params(("id" = FolderId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn delete_folder(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
) -> Result<StatusCode, Error> {
    service::delete_folder(&ctx, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a playlist into a folder of one's own, for oneself only.
#[utoipa::path(put, path = "/api/v1/playlists/{id}/folder", tag = "playlists",
    params(("id" = PlaylistId, Path)), request_body = PlaylistPlace,
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn put_in_folder(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Json(place): Json<PlaylistPlace>,
) -> Result<StatusCode, Error> {
    service::put_in_folder(&ctx, &viewer, id, place.folder).await?;
    Ok(StatusCode::NO_CONTENT)
}
