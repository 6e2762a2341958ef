//! The routes by which tags are corrected in the page. An edit lies over what the files say and stays when they are
//! read again.

use axum::extract::State;
use kernel::{
    Ctx, Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AlbumId, ArtistId, TrackId,
    model::{
        AlbumEdit, AlbumFields, ArtistEdit, ArtistFields, Edited, Merge, Tags, TagsOfTracks, TracksEdit,
    },
    service::{Error, edits},
};

/// The routes of edits.
pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(show_track_tags, edit_tracks))
        .routes(routes!(show_album_tags, edit_album))
        .routes(routes!(show_artist_tags, edit_artist))
        .routes(routes!(merge_artists))
        .routes(routes!(undo_edit))
}

/// Whose tags are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TagsQuery {
    /// Numbers of tracks with commas between, at most 500. Lyrics and past edits are told when it is one.
    #[param(pattern = "^[0-9]{1,18}(,[0-9]{1,18}){0,499}$")]
    ids: String,
}

/// What can be corrected of tracks, in the order asked for: what is shown, what the files say where somebody edited
/// it, and who edited. Tracks that the viewer does not see are left out, and one that is asked for twice comes once.
#[utoipa::path(get, path = "/api/v1/tags/tracks", tag = "edits", params(TagsQuery),
    responses((status = 200, body = TagsOfTracks), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn show_track_tags(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<TagsQuery>,
) -> Result<Json<TagsOfTracks>, Error> {
    let ids: Result<Vec<TrackId>, _> = query.ids.split(',').map(str::parse).collect();
    let ids = ids.map_err(|_| Problem::invalid("ids", "Write numbers of tracks with commas between."))?;
    Ok(Json(TagsOfTracks { tracks: edits::track_tags(&ctx, &viewer, ids).await? }))
}

/// Corrects tags of several tracks at once, all or none; for moderators, administrators and who uploaded them.
#[utoipa::path(patch, path = "/api/v1/tags/tracks", tag = "edits", request_body = TracksEdit,
    responses((status = 200, body = Edited), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
async fn edit_tracks(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(asked): Json<TracksEdit>,
) -> Result<Json<Edited>, Error> {
    Ok(Json(edits::edit_tracks(&ctx, &viewer, &asked).await?))
}

/// What can be corrected of an album.
#[utoipa::path(get, path = "/api/v1/tags/albums/{id}", tag = "edits", params(("id" = AlbumId, Path)),
    responses((status = 200, body = Tags<AlbumFields>), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_album_tags(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
) -> Result<Json<Tags<AlbumFields>>, Error> {
    Ok(Json(edits::album_tags(&ctx, &viewer, id).await?))
}

/// Corrects an album, and genres and names of discs on all its tracks; for moderators, administrators and who
/// uploaded all of it.
#[utoipa::path(patch, path = "/api/v1/tags/albums/{id}", tag = "edits", params(("id" = AlbumId, Path)),
    request_body = AlbumEdit,
    responses((status = 200, body = Edited), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
async fn edit_album(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
    Json(asked): Json<AlbumEdit>,
) -> Result<Json<Edited>, Error> {
    Ok(Json(edits::edit_album(&ctx, &viewer, id, &asked).await?))
}

/// What can be corrected of an artist.
#[utoipa::path(get, path = "/api/v1/tags/artists/{id}", tag = "edits", params(("id" = ArtistId, Path)),
    responses((status = 200, body = Tags<ArtistFields>), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_artist_tags(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<ArtistId>,
) -> Result<Json<Tags<ArtistFields>>, Error> {
    Ok(Json(edits::artist_tags(&ctx, &viewer, id).await?))
}

/// Corrects the name of an artist everywhere; for administrators.
#[utoipa::path(patch, path = "/api/v1/tags/artists/{id}", tag = "edits", params(("id" = ArtistId, Path)),
    request_body = ArtistEdit,
    responses((status = 200, body = Edited), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
async fn edit_artist(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<ArtistId>,
    Json(asked): Json<ArtistEdit>,
) -> Result<Json<Edited>, Error> {
    Ok(Json(edits::edit_artist(&ctx, &viewer, id, &asked).await?))
}

/// Makes one artist of two: all that names the other names this one, also in files that come later; for
/// administrators. It is taken back as other edits are.
#[utoipa::path(post, path = "/api/v1/tags/artists/{id}/merge", tag = "edits", params(("id" = ArtistId, Path)),
    request_body = Merge,
    responses((status = 200, body = Edited), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 408, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)))]
async fn merge_artists(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<ArtistId>,
    Json(asked): Json<Merge>,
) -> Result<Json<Edited>, Error> {
    Ok(Json(edits::merge_artists(&ctx, &viewer, id, &asked).await?))
}

/// Takes an edit back, of everything that it touched, unless something was edited after it.
#[utoipa::path(post, path = "/api/v1/tags/edits/{id}/undo", tag = "edits", params(("id" = String, Path)),
    responses((status = 200, body = Edited), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn undo_edit(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<Edited>, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    Ok(Json(edits::undo(&ctx, &viewer, id).await?))
}
