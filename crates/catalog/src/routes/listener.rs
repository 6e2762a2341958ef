//! The routes under `/api/v1/me` of what belongs to one listener: queue, bookmarks, devices.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::listener::{
        Bookmark, BookmarkKind, Command, Device, DeviceReport, NewBookmark, Queue, QueueAnew, QueueItem,
        QueuePosition, WaitingCommand,
    },
    service::{Error, listener as service},
};

pub(super) fn routes(ctx: Ctx) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_queue, put_queue, set_queue_position))
        .routes(routes!(list_queue_tracks))
        .routes(routes!(list_bookmarks))
        .routes(routes!(put_bookmark, delete_bookmark))
        .routes(routes!(list_devices))
        .routes(routes!(report_device, delete_device))
        .routes(routes!(command_device))
        .routes(routes!(take_commands))
        .with_state(ctx)
}

/// The queue: its tracks by their numbers, which of them plays, and how far.
#[utoipa::path(get, path = "/api/v1/me/queue", tag = "listener",
    responses((status = 200, body = Queue), (status = 401, body = Problem)))]
async fn show_queue(State(ctx): State<Ctx>, viewer: Viewer) -> Result<Json<Queue>, Error> {
    Ok(Json(service::get_queue(&ctx, &viewer).await?))
}

/// Puts a new queue in place of the one whose version is named; 409 when it has another.
#[utoipa::path(put, path = "/api/v1/me/queue", tag = "listener", request_body = QueueAnew,
    responses((status = 200, body = Queue), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn put_queue(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(new): Json<QueueAnew>,
) -> Result<Json<Queue>, Error> {
    Ok(Json(service::put_queue(&ctx, &viewer, &new).await?))
}

/// Notes which track of the queue plays and how far; 409 when the list is another one.
#[utoipa::path(patch, path = "/api/v1/me/queue", tag = "listener", request_body = QueuePosition,
    responses((status = 204), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn set_queue_position(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(new): Json<QueuePosition>,
) -> Result<StatusCode, Error> {
    service::set_queue_position(&ctx, &viewer, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What of the queue can be played, with the places in it. Tracks that are out of sight are left out.
#[utoipa::path(get, path = "/api/v1/me/queue/tracks", tag = "listener", params(PageQuery),
    responses((status = 200, body = Page<QueueItem>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_queue_tracks(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<QueueItem>>, Error> {
    Ok(Json(service::list_queue_tracks(&ctx, &viewer, &query).await?))
}

/// Bookmarks, the last changed first.
#[utoipa::path(get, path = "/api/v1/me/bookmarks", tag = "listener", params(PageQuery),
    responses((status = 200, body = Page<Bookmark>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_bookmarks(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Bookmark>>, Error> {
    Ok(Json(service::list_bookmarks(&ctx, &viewer, &query).await?))
}

/// Puts a bookmark into a track or video, in place of the one that is there. One account has at most 1,000.
#[utoipa::path(put, path = "/api/v1/me/bookmarks/{kind}/{id}", tag = "listener",
    params(("kind" = inline(BookmarkKind), Path), ("id" = String, Path, pattern = "^[0-9]+$")),
    request_body = NewBookmark,
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn put_bookmark(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path((kind, id)): Path<(BookmarkKind, i64)>,
    Json(new): Json<NewBookmark>,
) -> Result<StatusCode, Error> {
    service::put_bookmark(&ctx, &viewer, kind, id, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a bookmark.
#[utoipa::path(delete, path = "/api/v1/me/bookmarks/{kind}/{id}", tag = "listener",
    params(("kind" = inline(BookmarkKind), Path), ("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn delete_bookmark(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path((kind, id)): Path<(BookmarkKind, i64)>,
) -> Result<StatusCode, Error> {
    service::delete_bookmark(&ctx, &viewer, kind, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The devices of this account that were heard of within 90 seconds.
#[utoipa::path(get, path = "/api/v1/me/devices", tag = "listener",
    responses((status = 200, body = Vec<Device>), (status = 401, body = Problem)))]
async fn list_devices(State(ctx): State<Ctx>, viewer: Viewer) -> Result<Json<Vec<Device>>, Error> {
    Ok(Json(service::list_devices(&ctx, &viewer).await?))
}

/// What a device says of itself, every 30 seconds and when something changes. At most 20 are there at once.
#[utoipa::path(put, path = "/api/v1/me/devices/{id}", tag = "listener", params(("id" = String, Path)),
    request_body = DeviceReport,
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn report_device(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(report): Json<DeviceReport>,
) -> Result<StatusCode, Error> {
    service::report_device(&ctx, &viewer, &id, &report).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A device says goodbye.
#[utoipa::path(delete, path = "/api/v1/me/devices/{id}", tag = "listener", params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn delete_device(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    service::delete_device(&ctx, &viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells a device to do something. It hears of it as `commands` in the stream of events; what it does not fetch within
/// 30 seconds is dropped.
#[utoipa::path(post, path = "/api/v1/me/devices/{id}/command", tag = "listener", params(("id" = String, Path)),
    request_body = Command,
    responses((status = 202), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn command_device(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(command): Json<Command>,
) -> Result<StatusCode, Error> {
    service::command_device(&ctx, &viewer, &id, command).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What a device was told to do and has not fetched yet; each command is given once.
#[utoipa::path(post, path = "/api/v1/me/devices/{id}/commands/take", tag = "listener",
    params(("id" = String, Path)),
    responses((status = 200, body = Vec<WaitingCommand>), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn take_commands(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Vec<WaitingCommand>>, Error> {
    Ok(Json(service::take_commands(&ctx, &viewer, &id).await?))
}
