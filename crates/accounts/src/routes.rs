//! The requests: parse, call, shape.

mod members;

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, State},
    response::{AppendHeaders, IntoResponse},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Config, Error,
    client::{Client, check_origin},
    model::{AppFolders, NewToken, Session, SessionId, Token, TokenId, TokenKind, User},
    passwords::Passwords,
    service::{Accounts, session, session::SignedIn, setup, tokens, users, users::Choice},
};

/// The routes of accounts, whole paths, with their documents. [`crate::middleware::viewer`] must be around them.
pub fn routes(ctx: Ctx, config: Config) -> OpenApiRouter {
    with_passwords(ctx, config, Passwords::default())
}

/// The routes with a line of hashes of one's own.
pub(crate) fn with_passwords(ctx: Ctx, config: Config, passwords: Passwords) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(setup_state, set_up))
        .routes(routes!(sign_in, current_session, sign_out))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
        .routes(routes!(change_password))
        .routes(routes!(list_tokens, add_token))
        .routes(routes!(edit_token, revoke_token))
        .routes(routes!(members::list_users, members::add_user))
        .routes(routes!(members::edit_user, members::remove_user))
        .routes(routes!(members::make_link))
        .routes(routes!(members::look_at_link, members::use_link))
        .with_state(Arc::new(Accounts { ctx, config, passwords }))
}

type Shared = State<Arc<Accounts>>;

impl FromRef<Arc<Accounts>> for Config {
    fn from_ref(accounts: &Arc<Accounts>) -> Self {
        accounts.config.clone()
    }
}

/// A request that no page of another site sent, as far as its browser says where it came from. For the requests that
/// sign somebody in, so that nobody is signed in to another's account unawares.
struct OwnPage;

impl FromRequestParts<Arc<Accounts>> for OwnPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, accounts: &Arc<Accounts>) -> Result<Self, Problem> {
        check_origin(parts, &accounts.config, false).map(|()| Self)
    }
}

/// Who asks, if anybody.
struct MaybeViewer(Option<Viewer>);

impl<S: Sync> FromRequestParts<S> for MaybeViewer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get().cloned()))
    }
}

type SetCookie = AppendHeaders<[(HeaderName, HeaderValue); 1]>;

fn welcome(client: &Client, signed_in: SignedIn) -> Result<(SetCookie, Json<User>), Error> {
    let cookie = client.set_cookie(&signed_in.token)?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(signed_in.user)))
}

/// Whether the first administrator is still to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SetupState {
    /// True until there is an account.
    pub needed: bool,
}

/// The first administrator to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetUp {
    /// The token from the link that the program printed at its start.
    pub token: String,
    /// 2 to 32 of a-z, 0-9, `_`, `-`, `.`; capitals become small.
    pub handle: String,
    /// How it is shown, at most 80 characters; empty for the same as the handle.
    #[serde(default)]
    pub name: String,
    /// 10 to 1024 bytes.
    pub password: String,
}

/// Somebody who wants in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignIn {
    /// The handle, capitals or not.
    pub handle: String,
    /// The password.
    pub password: String,
}

/// A password to be changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangePassword {
    /// The password until now.
    pub current: String,
    /// The password from now on, 10 to 1024 bytes.
    pub new: String,
}

/// An app token to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AddToken {
    /// What it is for, 1 to 80 characters.
    pub label: String,
    /// What it signs in to: `api` unless said.
    #[serde(default)]
    #[schema(required = false)]
    pub kind: TokenKind,
    /// What a music app that signs in with it is given as folders: `tags` unless said.
    #[serde(default)]
    #[schema(required = false)]
    pub folders: AppFolders,
}

/// What is to be otherwise with an app token.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EditToken {
    /// What a music app that signs in with it is given as folders from now on.
    pub folders: AppFolders,
}

/// Says whether the house is still to be set up.
#[utoipa::path(get, path = "/api/v1/setup", tag = "accounts", responses(
    (status = 200, body = SetupState),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn setup_state(State(accounts): Shared) -> Result<Json<SetupState>, Error> {
    Ok(Json(SetupState { needed: setup::is_needed(&accounts.ctx).await? }))
}

/// Makes the first administrator and signs it in. The token is the one of the link that the program printed at its
/// start; it holds once.
#[utoipa::path(post, path = "/api/v1/setup", tag = "accounts", request_body = SetUp, responses(
    (status = 201, body = User, headers(("Set-Cookie" = String, description = "the session"))),
    (status = 403, body = Problem, content_type = "application/problem+json",
        description = "`setup_token`: not the link of the last start; `csrf`: not our own page"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`setup_done`"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid`"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn set_up(
    _: OwnPage,
    State(accounts): Shared,
    client: Client,
    Json(body): Json<SetUp>,
) -> Result<impl IntoResponse, Error> {
    let choice = Choice::check(&body.handle, &body.name, body.password);
    let signed_in = setup::set_up(&accounts, &client, &body.token, choice).await?;
    Ok((StatusCode::CREATED, welcome(&client, signed_in)?))
}

/// Signs in with handle and password. A browser that was signed in gets a new session in place of the old one.
#[utoipa::path(post, path = "/api/v1/session", tag = "accounts", request_body = SignIn, responses(
    (status = 200, body = User, headers(("Set-Cookie" = String, description = "the session"))),
    (status = 401, body = Problem, content_type = "application/problem+json",
        description = "`credentials`: the same whether the handle or the password is wrong"),
    (status = 429, body = Problem, content_type = "application/problem+json",
        description = "`too_many_guesses`, with Retry-After; until then even the right password is refused"),
    (status = 503, body = Problem, content_type = "application/problem+json",
        description = "`busy`, with Retry-After"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn sign_in(
    _: OwnPage,
    State(accounts): Shared,
    client: Client,
    MaybeViewer(viewer): MaybeViewer,
    Json(body): Json<SignIn>,
) -> Result<impl IntoResponse, Error> {
    let signed_in = session::sign_in(&accounts, &client, &body.handle, body.password, viewer).await?;
    welcome(&client, signed_in)
}

/// Says who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "accounts", responses(
    (status = 200, body = User),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`sign_in`"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn current_session(State(accounts): Shared, viewer: Viewer) -> Result<Json<User>, Error> {
    users::get(&accounts.ctx, viewer.id).await.map(Json)
}

/// Signs out. With an app token there is no session to end, and the answer is 404.
#[utoipa::path(delete, path = "/api/v1/session", tag = "accounts", responses(
    (status = 204),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn sign_out(
    State(accounts): Shared,
    client: Client,
    viewer: Viewer,
) -> Result<impl IntoResponse, Error> {
    let id = viewer.session.map(SessionId).ok_or(Error::NotFound)?;
    session::end(&accounts.ctx, viewer.id, id).await?;
    let cookie = client.clear_cookie()?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

/// Lists one's own sessions, the newest first.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "accounts", params(PageQuery), responses(
    (status = 200, body = Page<Session>),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn list_sessions(
    State(accounts): Shared,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Session>>, Problem> {
    session::list(&accounts.ctx, &viewer, &query).await.map(Json)
}

/// Ends one of one's own sessions; it stops working at once.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "accounts",
    params(("id" = SessionId, Path, description = "the session")),
    responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
async fn end_session(
    State(accounts): Shared,
    viewer: Viewer,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Error> {
    session::end(&accounts.ctx, viewer.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes one's own password and ends one's other sessions. A one-time link of the account holds no more; app tokens
/// stay.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "accounts", request_body = ChangePassword, responses(
    (status = 204),
    (status = 422, body = Problem, content_type = "application/problem+json",
        description = "`current_password`: wrong; `invalid`: the new one can't be taken"),
    (status = 429, body = Problem, content_type = "application/problem+json",
        description = "`too_many_guesses`, with Retry-After"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn change_password(
    State(accounts): Shared,
    client: Client,
    viewer: Viewer,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Error> {
    session::change_password(&accounts, &client, viewer, body.current, body.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists one's own app tokens, the newest first.
#[utoipa::path(get, path = "/api/v1/me/tokens", tag = "accounts", params(PageQuery), responses(
    (status = 200, body = Page<Token>),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn list_tokens(
    State(accounts): Shared,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Token>>, Problem> {
    tokens::list(&accounts.ctx, &viewer, &query).await.map(Json)
}

/// Makes an app token. The answer is the only time that it is shown. One of kind `subsonic` is a password for music
/// apps, which type it beside the handle; it opens nothing else.
#[utoipa::path(post, path = "/api/v1/me/tokens", tag = "accounts", request_body = AddToken, responses(
    (status = 201, body = NewToken),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`too_many_tokens`"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
async fn add_token(
    State(accounts): Shared,
    viewer: Viewer,
    Json(body): Json<AddToken>,
) -> Result<impl IntoResponse, Error> {
    let token = tokens::add(&accounts.ctx, viewer.id, &body.label, (body.kind, body.folders)).await?;
    Ok((StatusCode::CREATED, Json(token)))
}

/// Says what music apps that sign in with one of one's own app tokens are given as folders: artists and albums as the tags
/// have them, or the folders in which the files lie.
#[utoipa::path(patch, path = "/api/v1/me/tokens/{id}", tag = "accounts", request_body = EditToken,
    params(("id" = TokenId, Path, description = "the token's number")),
    responses(
        (status = 200, body = Token),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
async fn edit_token(
    State(accounts): Shared,
    viewer: Viewer,
    Path(id): Path<TokenId>,
    Json(body): Json<EditToken>,
) -> Result<Json<Token>, Error> {
    tokens::set_folders(&accounts.ctx, viewer.id, id, body.folders).await.map(Json)
}

/// Revokes one of one's own app tokens; it stops working at once.
#[utoipa::path(delete, path = "/api/v1/me/tokens/{id}", tag = "accounts",
    params(("id" = TokenId, Path, description = "the token's number")),
    responses(
        (status = 204),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`not_found`"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    ))]
async fn revoke_token(
    State(accounts): Shared,
    viewer: Viewer,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Error> {
    tokens::revoke(&accounts.ctx, viewer.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
