//! The routes under `/api/v1/shares` for members, `/api/v1/shared` for visitors, `/api/v1/oembed` for other sites, and of
//! archives.

mod archives;
mod films;
mod visitors;

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Error, ShareId, Sharing,
    model::{NewShare, Share, ShareEdit},
};

/// The routes of sharing.
pub fn routes(sharing: Sharing) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_shares, create_share))
        .routes(routes!(show_share, edit_share, revoke_share))
        .merge(visitors::routes())
        .merge(archives::routes())
        .merge(films::routes())
        .with_state(sharing)
}

/// Which shares are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Whether those of everybody, which is for administrators; the links of others are left out.
    everybody: bool,
}

/// The viewer's own shares, the newest first.
#[utoipa::path(get, path = "/api/v1/shares", tag = "sharing", params(PageQuery, Whose),
    responses((status = 200, body = Page<Share>), (status = 401, body = Problem),
        (status = 403, description = "Those of everybody are for administrators.", body = Problem),
        (status = 422, body = Problem)))]
async fn list_shares(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
    Query(whose): Query<Whose>,
) -> Result<Json<Page<Share>>, Error> {
    let page = if whose.everybody {
        sharing.list_all(&viewer, &query).await
    } else {
        sharing.list(&viewer, &query).await
    };
    page.map(Json)
}

/// Shares something by a link. One account has at most 500 links.
#[utoipa::path(post, path = "/api/v1/shares", tag = "sharing", request_body = NewShare,
    responses((status = 201, body = Share), (status = 401, body = Problem),
        (status = 404, description = "It is not there for the viewer, or not all of it.", body = Problem),
        (status = 409, description = "There are as many links as may be.", body = Problem),
        (status = 422, body = Problem),
        (status = 503, description = "Too many passwords are being hashed.", body = Problem)))]
async fn create_share(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Json(new): Json<NewShare>,
) -> Result<(StatusCode, Json<Share>), Error> {
    Ok((StatusCode::CREATED, Json(sharing.create(&viewer, new).await?)))
}

/// A share of the viewer's own; of anybody's for administrators.
#[utoipa::path(get, path = "/api/v1/shares/{id}", tag = "sharing",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = Share), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_share(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Path(id): Path<ShareId>,
) -> Result<Json<Share>, Error> {
    sharing.get(&viewer, id).await.map(Json)
}

/// Changes a share of the viewer's own. The link stays the same.
#[utoipa::path(patch, path = "/api/v1/shares/{id}", tag = "sharing", request_body = ShareEdit,
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = Share), (status = 401, body = Problem),
        (status = 403, description = "It is somebody else's; an administrator may revoke it.", body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 503, description = "Too many passwords are being hashed.", body = Problem)))]
async fn edit_share(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Path(id): Path<ShareId>,
    Json(edit): Json<ShareEdit>,
) -> Result<Json<Share>, Error> {
    sharing.edit(&viewer, id, edit).await.map(Json)
}

/// Revokes a share: its link leads nowhere from now on. Of the viewer's own; of anybody's for administrators.
#[utoipa::path(delete, path = "/api/v1/shares/{id}", tag = "sharing",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn revoke_share(
    State(sharing): State<Sharing>,
    viewer: Viewer,
    Path(id): Path<ShareId>,
) -> Result<StatusCode, Error> {
    sharing.revoke(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
