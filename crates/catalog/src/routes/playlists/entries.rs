//! The entries of a playlist.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::playlists::{
        EntriesAnew, EntriesChanged, EntriesGone, Entry, EntryId, EntryMove, NewEntries, Place, PlaylistId,
    },
    service::{Error, playlists as service},
};

pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list_entries, add_entries, replace_entries))
        .routes(routes!(remove_entries))
        .routes(routes!(move_entry, remove_entry))
}

/// The entries in their order. Those of tracks that are out of sight are left out and come back with them.
#[utoipa::path(get, path = "/api/v1/playlists/{id}/entries", tag = "playlists",
    params(("id" = PlaylistId, Path), PageQuery),
    responses((status = 200, body = Page<Entry>), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn list_entries(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Entry>>, Error> {
    Ok(Json(service::list_entries(&ctx, &viewer, id, &query).await?))
}

/// Adds tracks at a place, all or none of them. A playlist holds at most 10,000.
#[utoipa::path(post, path = "/api/v1/playlists/{id}/entries", tag = "playlists",
    params(("id" = PlaylistId, Path)), request_body = NewEntries,
    responses((status = 201, body = EntriesChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn add_entries(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Json(new): Json<NewEntries>,
) -> Result<(StatusCode, Json<EntriesChanged>), Error> {
    let place = Place::of(new.after);
    Ok((StatusCode::CREATED, Json(service::add_entries(&ctx, &viewer, id, new.tracks, place).await?)))
}

/// Puts tracks in place of all that are shown; 409 when the playlist has another version than the one named.
#[utoipa::path(put, path = "/api/v1/playlists/{id}/entries", tag = "playlists",
    params(("id" = PlaylistId, Path)), request_body = EntriesAnew,
    responses((status = 200, body = EntriesChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn replace_entries(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Json(new): Json<EntriesAnew>,
) -> Result<Json<EntriesChanged>, Error> {
    Ok(Json(service::replace_entries(&ctx, &viewer, id, new.tracks, Some(new.version)).await?))
}

/// Takes several entries out; those that are gone already are passed over.
#[utoipa::path(post, path = "/api/v1/playlists/{id}/entries/remove", tag = "playlists",
    params(("id" = PlaylistId, Path)), request_body = EntriesGone,
    responses((status = 200, body = EntriesChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn remove_entries(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Json(gone): Json<EntriesGone>,
) -> Result<Json<EntriesChanged>, Error> {
    Ok(Json(service::remove_entries(&ctx, &viewer, id, gone.entries).await?))
}

/// Moves an entry behind another, or to the start.
#[utoipa::path(patch, path = "/api/v1/playlists/{id}/entries/{entry}", tag = "playlists",
    params(("id" = PlaylistId, Path), ("entry" = EntryId, Path)), request_body = EntryMove,
    responses((status = 200, body = EntriesChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn move_entry(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path((id, entry)): Path<(PlaylistId, EntryId)>,
    Json(to): Json<EntryMove>,
) -> Result<Json<EntriesChanged>, Error> {
    Ok(Json(service::move_entry(&ctx, &viewer, id, entry, Place::of(Some(to.after))).await?))
}

/// Takes an entry out; one that is gone already stays so.
#[utoipa::path(delete, path = "/api/v1/playlists/{id}/entries/{entry}", tag = "playlists",
    params(("id" = PlaylistId, Path), ("entry" = EntryId, Path)),
    responses((status = 200, body = EntriesChanged), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn remove_entry(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path((id, entry)): Path<(PlaylistId, EntryId)>,
) -> Result<Json<EntriesChanged>, Error> {
    Ok(Json(service::remove_entries(&ctx, &viewer, id, vec![entry]).await?))
}
