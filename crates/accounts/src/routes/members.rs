//! The accounts of the house, for administrators, and the one-time links that they give away.

use axum::{extract::State, response::IntoResponse};
use http::StatusCode;
use kernel::{
    Page, PageQuery, Problem,
    http::{Json, Path, Query, Role, Viewer},
    id::UserId,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{OwnPage, Shared, welcome};
use crate::{
    Error,
    client::Client,
    model::{LinkHolder, Member, NewLink, User},
    service::members::{self, Edit},
};

/// An account to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AddUser {
    /// 2 to 32 of a-z, 0-9, `_`, `-`, `.`; capitals become small.
    pub handle: String,
    /// How it is shown, at most 80 characters; empty for the same as the handle.
    #[serde(default)]
    pub name: String,
    /// 10 to 1024 bytes. Without one its owner chooses it, by a one-time link.
    #[serde(default)]
    pub password: Option<String>,
    /// What it may do.
    pub role: Role,
}

/// What is to be changed of an account; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EditUser {
    /// How it is shown, at most 80 characters; empty for the same as the handle.
    pub name: Option<String>,
    /// What it may do, from the next request on.
    pub role: Option<Role>,
    /// Whether it is shut: signed out everywhere, and nobody signs in to it.
    pub disabled: Option<bool>,
}

/// A one-time link.
#[derive(Deserialize, ToSchema)]
#[schema(as = AccountLink)]
pub(crate) struct Link {
    /// The token of its address.
    pub token: String,
}

/// A one-time link and what its holder chose.
#[derive(Deserialize, ToSchema)]
#[schema(as = UseAccountLink)]
pub(crate) struct UseLink {
    /// The token of the link's address.
    pub token: String,
    /// The password from now on, 10 to 1024 bytes.
    pub password: String,
}

/// Lists the accounts, the oldest first. For administrators.
#[utoipa::path(get, path = "/api/v1/users", tag = "accounts", params(PageQuery), responses(
    (status = 200, body = Page<Member>),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`forbidden`"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list_users(
    State(accounts): Shared,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Member>>, Problem> {
    members::list(&accounts.ctx, &viewer, &query).await.map(Json)
}

/// Makes an account. For administrators. One without a password waits for its owner, who chooses it by a link.
#[utoipa::path(post, path = "/api/v1/users", tag = "accounts", request_body = AddUser, responses(
    (status = 201, body = Member),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`forbidden`"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`handle_taken`"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid`"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn add_user(
    State(accounts): Shared,
    viewer: Viewer,
    Json(body): Json<AddUser>,
) -> Result<impl IntoResponse, Problem> {
    let names = (body.handle.as_str(), body.name.as_str());
    let made = members::add(&accounts, &viewer, names, body.password, body.role).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Changes an account: its name, what it may do, whether it is shut. For administrators.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "accounts", request_body = EditUser,
    params(("id" = UserId, Path, description = "the account")),
    responses(
        (status = 200, body = Member),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`forbidden`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "`last_admin`: nobody would be left to run the house; `own_account`: shutting one's own"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn edit_user(
    State(accounts): Shared,
    viewer: Viewer,
    Path(id): Path<UserId>,
    Json(body): Json<EditUser>,
) -> Result<Json<Member>, Problem> {
    let edit = Edit { name: body.name, role: body.role, disabled: body.disabled };
    Ok(Json(members::change(&accounts.ctx, &viewer, id, edit).await?))
}

/// Removes an account and what only its owner has: playlists, favourites, ratings, plays, queue, bookmarks, podcasts.
/// What was uploaded stays. For administrators.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "accounts",
    params(("id" = UserId, Path, description = "the account")),
    responses(
        (status = 204),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`forbidden`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "`last_admin`; `own_account`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn remove_user(
    State(accounts): Shared,
    viewer: Viewer,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    members::remove(&accounts.ctx, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a one-time link with which an account's owner chooses a password: an invitation, or another password for who
/// forgot it. It holds seven days; a link that was made before holds no more. For administrators.
#[utoipa::path(post, path = "/api/v1/users/{id}/link", operation_id = "make_account_link", tag = "accounts",
    params(("id" = UserId, Path, description = "the account")),
    responses(
        (status = 201, body = NewLink),
        (status = 403, body = Problem, content_type = "application/problem+json",
            description = "`forbidden`; `account_disabled`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn make_link(
    State(accounts): Shared,
    viewer: Viewer,
    Path(id): Path<UserId>,
) -> Result<impl IntoResponse, Problem> {
    let link = members::make_link(&accounts.ctx, &viewer, id).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// Says whom a one-time link is for. Nobody need be signed in.
#[utoipa::path(post, path = "/api/v1/link", operation_id = "look_at_account_link", tag = "accounts",
    request_body = Link, responses(
        (status = 200, body = LinkHolder),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`link`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn look_at_link(
    State(accounts): Shared,
    Json(body): Json<Link>,
) -> Result<Json<LinkHolder>, Error> {
    members::look_at_link(&accounts.ctx, &body.token).await.map(Json)
}

/// Chooses a password by a one-time link and signs in. All other sessions of the account end; app tokens stay.
#[utoipa::path(put, path = "/api/v1/link", operation_id = "use_account_link", tag = "accounts",
    request_body = UseLink, responses(
        (status = 200, body = User, headers(("Set-Cookie" = String, description = "the session"))),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`csrf`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`link`"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`busy`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn use_link(
    _: OwnPage,
    State(accounts): Shared,
    client: Client,
    Json(body): Json<UseLink>,
) -> Result<impl IntoResponse, Error> {
    let signed_in = members::use_link(&accounts, &client, &body.token, body.password).await?;
    welcome(&client, signed_in)
}
