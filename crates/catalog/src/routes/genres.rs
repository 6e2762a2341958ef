//! The routes of genres, moods and lyrics.

use axum::extract::State;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    GenreId, TrackId,
    model::{Album, Genre, GenreKind, Lyrics, Track},
    service::{self, Error},
};

pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list_genres))
        .routes(routes!(show_genre))
        .routes(routes!(list_albums_of_genre))
        .routes(routes!(list_tracks_of_genre))
        .routes(routes!(show_lyrics))
}

/// Which genres are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GenreQuery {
    /// The cursor that the page before ended with.
    after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
    /// Genres or moods, `genre` unless said. A cursor belongs to its kind.
    #[param(inline)]
    kind: Option<GenreKind>,
}

/// Genres or moods by name, with how many albums and tracks have them.
#[utoipa::path(get, path = "/api/v1/genres", tag = "catalogue", params(GenreQuery),
    responses((status = 200, body = Page<Genre>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_genres(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<GenreQuery>,
) -> Result<Json<Page<Genre>>, Error> {
    let page = PageQuery { after: query.after, limit: query.limit };
    Ok(Json(service::genres(&ctx, &viewer, query.kind.unwrap_or_default(), &page).await?))
}

/// A genre or mood.
#[utoipa::path(get, path = "/api/v1/genres/{id}", tag = "catalogue", params(("id" = GenreId, Path)),
    responses((status = 200, body = Genre), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_genre(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<GenreId>,
) -> Result<Json<Genre>, Error> {
    Ok(Json(service::genre_of(&ctx, &viewer, id).await?))
}

/// The albums of a genre or mood by title.
#[utoipa::path(get, path = "/api/v1/genres/{id}/albums", tag = "catalogue",
    params(("id" = GenreId, Path), PageQuery),
    responses((status = 200, body = Page<Album>), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list_albums_of_genre(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<GenreId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Album>>, Error> {
    Ok(Json(service::albums_of_genre(&ctx, &viewer, id, &query).await?))
}

/// The tracks of a genre or mood in the order in which they came in, which keeps albums together.
#[utoipa::path(get, path = "/api/v1/genres/{id}/tracks", tag = "catalogue",
    params(("id" = GenreId, Path), PageQuery),
    responses((status = 200, body = Page<Track>), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list_tracks_of_genre(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<GenreId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Track>>, Error> {
    Ok(Json(service::tracks_of_genre(&ctx, &viewer, id, &query).await?))
}

/// The lyrics of a track, those to be offered first in front; an empty list when there are none.
#[utoipa::path(get, path = "/api/v1/tracks/{id}/lyrics", tag = "catalogue", params(("id" = TrackId, Path)),
    responses((status = 200, body = Vec<Lyrics>), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_lyrics(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<TrackId>,
) -> Result<Json<Vec<Lyrics>>, Error> {
    Ok(Json(service::lyrics(&ctx, &viewer, id).await?))
}
