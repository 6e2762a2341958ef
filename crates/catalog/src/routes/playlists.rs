//! The routes of playlists. Everybody who is signed in may ask; what is not the asker's to see is not there.

mod entries;
mod folders;
mod m3u;

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
    id::UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    model::playlists::{
        Invitation, NewPlaylist, Playlist, PlaylistDetail, PlaylistEdit, PlaylistId, PlaylistScope, Preview,
    },
    rules::Rules,
    service::{Error, playlists as service},
};

/// The routes under `/api/v1/playlists` and those of a listener's folders.
pub(super) fn routes(ctx: Ctx) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_playlists, create_playlist))
        .routes(routes!(preview_rules))
        .routes(routes!(show_playlist, edit_playlist, delete_playlist))
        .routes(routes!(invite_editor))
        .routes(routes!(remove_editor))
        .merge(entries::routes())
        .merge(folders::routes())
        .merge(m3u::routes())
        .with_state(ctx)
}

/// Which playlists are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PlaylistQuery {
    /// The cursor that the page before ended with.
    after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
    /// Which: all that the asker sees unless said.
    #[param(inline)]
    scope: Option<PlaylistScope>,
}

/// Playlists by name: one's own, those that one may change, and public ones.
#[utoipa::path(get, path = "/api/v1/playlists", tag = "playlists", params(PlaylistQuery),
    responses((status = 200, body = Page<Playlist>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_playlists(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PlaylistQuery>,
) -> Result<Json<Page<Playlist>>, Error> {
    let page = PageQuery { after: query.after, limit: query.limit };
    Ok(Json(service::list(&ctx, &viewer, query.scope.unwrap_or_default(), &page).await?))
}

/// Makes a playlist; with rules a smart one. One account has at most 1,000.
#[utoipa::path(post, path = "/api/v1/playlists", tag = "playlists", request_body = NewPlaylist,
    responses((status = 201, body = PlaylistDetail), (status = 401, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_playlist(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(new): Json<NewPlaylist>,
) -> Result<(StatusCode, Json<PlaylistDetail>), Error> {
    Ok((StatusCode::CREATED, Json(service::create(&ctx, &viewer, &new).await?)))
}

/// Rules to be tried.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewAsked {
    /// The rules.
    rules: Rules,
}

/// What rules find now: how many tracks, and the first 50 of them.
#[utoipa::path(post, path = "/api/v1/playlists/preview", tag = "playlists", request_body = PreviewAsked,
    responses((status = 200, body = Preview), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn preview_rules(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(asked): Json<PreviewAsked>,
) -> Result<Json<Preview>, Error> {
    Ok(Json(service::preview(&ctx, &viewer, &asked.rules).await?))
}

/// A playlist, with its rules and the people who change it.
#[utoipa::path(get, path = "/api/v1/playlists/{id}", tag = "playlists", params(("id" = PlaylistId, Path)),
    responses((status = 200, body = PlaylistDetail), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_playlist(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
) -> Result<Json<PlaylistDetail>, Error> {
    Ok(Json(service::get(&ctx, &viewer, id).await?))
}

/// Changes name, description, publicity, cover or rules of a playlist; for its owner.
#[utoipa::path(patch, path = "/api/v1/playlists/{id}", tag = "playlists", params(("id" = PlaylistId, Path)),
    request_body = PlaylistEdit,
    responses((status = 200, body = PlaylistDetail), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn edit_playlist(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Json(edit): Json<PlaylistEdit>,
) -> Result<Json<PlaylistDetail>, Error> {
    Ok(Json(service::edit(&ctx, &viewer, id, &edit).await?))
}

/// Deletes a playlist; for its owner.
#[utoipa::path(delete, path = "/api/v1/playlists/{id}", tag = "playlists", params(("id" = PlaylistId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn delete_playlist(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
) -> Result<StatusCode, Error> {
    service::delete(&ctx, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets somebody change the entries; for the owner. At most 50 people.
#[utoipa::path(post, path = "/api/v1/playlists/{id}/editors", tag = "playlists",
    params(("id" = PlaylistId, Path)), request_body = Invitation,
    responses((status = 200, body = PlaylistDetail), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn invite_editor(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<PlaylistId>,
    Json(whom): Json<Invitation>,
) -> Result<Json<PlaylistDetail>, Error> {
    Ok(Json(service::invite_editor(&ctx, &viewer, id, &whom).await?))
}

/// Ends somebody's right to change the entries: the owner anybody's, an editor the own.
#[utoipa::path(delete, path = "/api/v1/playlists/{id}/editors/{user}", tag = "playlists",
    params(("id" = PlaylistId, Path), ("user" = UserId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn remove_editor(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path((id, user)): Path<(PlaylistId, UserId)>,
) -> Result<StatusCode, Error> {
    service::remove_editor(&ctx, &viewer, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
