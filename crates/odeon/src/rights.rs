//! Which libraries a member may see. Here, since accounts know who there is, libraries are ingest's, and rights the
//! catalogue's.

use axum::extract::State;
use catalog::{LibraryId, access};
use kernel::{
    Ctx, Problem,
    db::Tx,
    http::{Json, Path, Role, Viewer},
    id::UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// A library as one member has it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberLibrary {
    /// Which.
    #[schema(value_type = String)]
    id: LibraryId,
    /// What people call it.
    name: String,
    /// It is open to every member.
    everybody: bool,
    /// This member was chosen for it by name, which counts while it is not open to every member.
    named: bool,
}

/// The libraries of the house, as one member has them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberLibraries {
    /// All of them, at most 200.
    libraries: Vec<MemberLibrary>,
}

/// For which libraries a member is chosen.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SetMemberLibraries {
    /// These and no others.
    #[schema(value_type = Vec<String>, max_items = 200)]
    libraries: Vec<LibraryId>,
}

/// The routes.
pub(crate) fn routes(ctx: Ctx) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(get_member_libraries, set_member_libraries)).with_state(ctx)
}

async fn libraries_of(ctx: &Ctx, member: UserId) -> Result<Json<MemberLibraries>, Problem> {
    accounts::music::user(ctx, member).await?.ok_or_else(Problem::not_found)?;
    let named = ctx.db().read(move |tx| access::named(tx, member)).await?;
    let all = ingest::library::libraries(ctx).await.map_err(|error| error.problem())?;
    let libraries = all.into_iter().map(|library| MemberLibrary {
        named: named.contains(&library.id),
        everybody: library.access.everybody,
        id: library.id,
        name: library.name,
    });
    Ok(Json(MemberLibraries { libraries: libraries.collect() }))
}

/// Which libraries a member may see. For administrators; who is one sees all, whatever this says.
#[utoipa::path(get, path = "/api/v1/users/{id}/libraries", operation_id = "get_member_libraries", tag = "libraries",
    params(("id" = String, Path, description = "the account")),
    responses((status = 200, body = MemberLibraries), (status = "4XX", body = Problem)))]
async fn get_member_libraries(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<UserId>,
) -> Result<Json<MemberLibraries>, Problem> {
    viewer.require(Role::Admin)?;
    libraries_of(&ctx, id).await
}

/// Chooses a member for libraries, and for no others. For administrators. It holds at once. Libraries that are open to
/// every member stay so.
#[utoipa::path(put, path = "/api/v1/users/{id}/libraries", operation_id = "set_member_libraries", tag = "libraries",
    request_body = SetMemberLibraries, params(("id" = String, Path, description = "the account")),
    responses((status = 200, body = MemberLibraries), (status = "4XX", body = Problem)))]
async fn set_member_libraries(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<UserId>,
    Json(chosen): Json<SetMemberLibraries>,
) -> Result<Json<MemberLibraries>, Problem> {
    viewer.require(Role::Admin)?;
    accounts::music::user(&ctx, id).await?.ok_or_else(Problem::not_found)?;
    let libraries = chosen.libraries;
    let change = move |tx: &mut Tx<'_>| access::set_named(tx, id, &libraries);
    ctx.db().write(change).await.map_err(catalog::Error::problem)?;
    libraries_of(&ctx, id).await
}
