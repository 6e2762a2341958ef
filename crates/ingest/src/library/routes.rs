//! The libraries over HTTP, for administrators.

use std::path::PathBuf;

use axum::{extract::State, response::IntoResponse};
use catalog::{LibraryId, access::Access};
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Role, Viewer},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Error, FileProblem, FolderList, Library, path, service};

/// What the handlers are given.
#[derive(Clone)]
struct App {
    ctx: Ctx,
    data: PathBuf,
}

/// The routes of libraries. `data` is the program's own folder, in which no library can be.
pub fn routes(ctx: Ctx, data: PathBuf) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(get_libraries, add_library))
        .routes(routes!(remove_library))
        .routes(routes!(set_access))
        .routes(routes!(scan_library))
        .routes(routes!(get_problems))
        .routes(routes!(get_folders))
        .with_state(App { ctx, data })
}

/// A folder to become a library.
#[derive(Debug, Deserialize, ToSchema)]
struct NewLibrary {
    /// Its whole path on the server.
    path: String,
    /// What people call it; the folder's name unless given.
    name: Option<String>,
    /// Who may see it. Unless given, a new library is open to every member, and one that was removed and comes back is for
    /// those who might see it before.
    access: Option<Access>,
}

/// Which folder's folders are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FolderQuery {
    /// The folder; the top one unless given.
    path: Option<String>,
}

/// All libraries.
#[utoipa::path(get, path = "/api/v1/libraries", operation_id = "get_libraries", tag = "libraries",
    params(PageQuery),
    responses((status = 200, body = Page<Library>), (status = "4XX", body = Problem)))]
async fn get_libraries(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Library>>, Problem> {
    viewer.require(Role::Admin)?;
    let after = query.key::<i64>()?.unwrap_or(0);
    let all = service::libraries(&app.ctx).await.map_err(|error| error.problem())?;
    let rows = all.into_iter().filter(|library| library.id.0 > after).collect();
    Ok(Json(Page::cut(rows, query.limit(), |library: &Library| library.id.0)))
}

/// Makes a folder a library and has it scanned.
#[utoipa::path(post, path = "/api/v1/libraries", operation_id = "add_library", tag = "libraries",
    request_body = NewLibrary,
    responses((status = 201, body = Library), (status = "4XX", body = Problem)))]
async fn add_library(
    State(app): State<App>,
    viewer: Viewer,
    Json(new): Json<NewLibrary>,
) -> Result<impl IntoResponse, Problem> {
    viewer.require(Role::Admin)?;
    let folder = path::given(&new.path);
    let name = new.name.as_deref();
    let added = service::add_library_for(&app.ctx, &app.data, &folder, name, new.access).await;
    Ok((StatusCode::CREATED, Json(added.map_err(|error| error.problem())?)))
}

/// Removes a library: what it held is hidden, nothing is erased.
#[utoipa::path(delete, path = "/api/v1/libraries/{id}", operation_id = "remove_library", tag = "libraries",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn remove_library(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<LibraryId>,
) -> Result<StatusCode, Problem> {
    viewer.require(Role::Admin)?;
    service::remove_library(&app.ctx, id).await.map_err(|error| error.problem())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says who may see a library: every member, or these and administrators. It holds at once.
#[utoipa::path(put, path = "/api/v1/libraries/{id}/access", operation_id = "set_library_access",
    tag = "libraries", request_body = Access, params(("id" = String, Path)),
    responses((status = 200, body = Library), (status = "4XX", body = Problem)))]
async fn set_access(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<LibraryId>,
    Json(who): Json<Access>,
) -> Result<Json<Library>, Problem> {
    viewer.require(Role::Admin)?;
    service::set_access(&app.ctx, id, who).await.map(Json).map_err(|error| error.problem())
}

/// Has a library scanned.
#[utoipa::path(post, path = "/api/v1/libraries/{id}/scan", operation_id = "scan_library", tag = "libraries",
    params(("id" = String, Path)),
    responses((status = 202, body = Library), (status = "4XX", body = Problem)))]
async fn scan_library(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<LibraryId>,
) -> Result<impl IntoResponse, Problem> {
    viewer.require(Role::Admin)?;
    let library = service::request_scan(&app.ctx, id).await.map_err(|error| error.problem())?;
    Ok((StatusCode::ACCEPTED, Json(library)))
}

/// What could not be taken in, and why.
#[utoipa::path(get, path = "/api/v1/libraries/{id}/problems", operation_id = "get_library_problems",
    tag = "libraries", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<FileProblem>), (status = "4XX", body = Problem)))]
async fn get_problems(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<LibraryId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FileProblem>>, Problem> {
    viewer.require(Role::Admin)?;
    service::list_problems(&app.ctx, id, &query).await.map(Json)
}

/// The folders below one, to choose a library from.
#[utoipa::path(get, path = "/api/v1/folders", operation_id = "get_folders", tag = "libraries",
    params(FolderQuery),
    responses((status = 200, body = FolderList), (status = "4XX", body = Problem)))]
async fn get_folders(viewer: Viewer, Query(query): Query<FolderQuery>) -> Result<Json<FolderList>, Problem> {
    viewer.require(Role::Admin)?;
    let at = query.path.filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_owned());
    service::list_folders(at).await.map(Json).map_err(|error: Error| error.problem())
}
