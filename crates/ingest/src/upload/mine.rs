//! What is happening to my uploads.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    model::{Error, Upload, UploadId},
    service::Uploads,
};

/// The routes of a user's own list.
pub(super) fn routes(uploads: Uploads) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_uploads))
        .routes(routes!(dismiss_upload))
        .routes(routes!(retry_upload))
        .with_state(uploads)
}

/// My uploads, newest first: what is under way, what became of the others.
#[utoipa::path(
    get, path = "/api/v1/me/uploads", operation_id = "list_uploads", tag = "uploads", params(PageQuery),
    responses((status = 200, body = Page<Upload>), (status = 401, body = Problem), (status = 422, body = Problem)),
)]
async fn list_uploads(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Upload>>, Error> {
    uploads.list(&viewer, &query).await.map(Json)
}

/// Take an entry off the list. One that is still under way is cancelled, and what it became is removed with it.
#[utoipa::path(
    delete, path = "/api/v1/me/uploads/{id}", operation_id = "dismiss_upload", tag = "uploads",
    params(("id" = UploadId, Path)),
    responses((status = 204, description = "It is off the list"), (status = 404, body = Problem)),
)]
async fn dismiss_upload(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
) -> Result<StatusCode, Error> {
    uploads.remove(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try an upload again that failed after all of its bytes had come.
#[utoipa::path(
    post, path = "/api/v1/me/uploads/{id}/retry", operation_id = "retry_upload", tag = "uploads",
    params(("id" = UploadId, Path)),
    responses(
        (status = 202, description = "It is tried again", body = Upload),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
async fn retry_upload(
    State(uploads): State<Uploads>,
    viewer: Viewer,
    Path(id): Path<UploadId>,
) -> Result<(StatusCode, Json<Upload>), Error> {
    let upload = uploads.retry(&viewer, id).await?;
    Ok((StatusCode::ACCEPTED, Json(upload)))
}
