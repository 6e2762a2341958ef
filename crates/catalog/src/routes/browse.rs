//! The routes of real folders.

use axum::extract::State;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    FolderId,
    model::browse::{FileTrack, FileVideo, FolderDetail, FolderRef, FolderTracks},
    service::{self, Error},
};

/// The routes of folders.
pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(browse))
        .routes(routes!(browse_folder))
        .routes(routes!(browse_folders))
        .routes(routes!(browse_tracks))
        .routes(routes!(browse_videos))
        .routes(routes!(browse_below))
}

/// The tops of the libraries that the viewer sees, by name: where browsing by real folders begins.
#[utoipa::path(get, path = "/api/v1/browse", tag = "folders", params(PageQuery),
    responses((status = 200, body = Page<FolderRef>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn browse(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FolderRef>>, Error> {
    Ok(Json(service::folders(&ctx, &viewer, None, &query).await?))
}

/// A folder and the way to it. One in which the viewer sees nothing is not there.
#[utoipa::path(get, path = "/api/v1/browse/{id}", tag = "folders", params(("id" = FolderId, Path)),
    responses((status = 200, body = FolderDetail), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn browse_folder(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
) -> Result<Json<FolderDetail>, Error> {
    Ok(Json(service::folder(&ctx, &viewer, id).await?))
}

/// The folders in a folder, by name as people count.
#[utoipa::path(get, path = "/api/v1/browse/{id}/folders", tag = "folders",
    params(("id" = FolderId, Path), PageQuery),
    responses((status = 200, body = Page<FolderRef>), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn browse_folders(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FolderRef>>, Error> {
    Ok(Json(service::folders(&ctx, &viewer, Some(id), &query).await?))
}

/// The tracks in a folder by the names of their files.
#[utoipa::path(get, path = "/api/v1/browse/{id}/tracks", tag = "folders",
    params(("id" = FolderId, Path), PageQuery),
    responses((status = 200, body = Page<FileTrack>), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn browse_tracks(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FileTrack>>, Error> {
    Ok(Json(service::folder_tracks(&ctx, &viewer, id, &query).await?))
}

/// The videos in a folder by the names of their files.
#[utoipa::path(get, path = "/api/v1/browse/{id}/videos", tag = "folders",
    params(("id" = FolderId, Path), PageQuery),
    responses((status = 200, body = Page<FileVideo>), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn browse_videos(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FileVideo>>, Error> {
    Ok(Json(service::folder_videos(&ctx, &viewer, id, &query).await?))
}

/// All tracks of a folder and of those below it, in the order of their files: what plays when it is played. At most
/// 5,000.
#[utoipa::path(get, path = "/api/v1/browse/{id}/below", tag = "folders", params(("id" = FolderId, Path)),
    responses((status = 200, body = FolderTracks), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn browse_below(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<FolderId>,
) -> Result<Json<FolderTracks>, Error> {
    Ok(Json(service::tracks_below(&ctx, &viewer, id).await?))
}
