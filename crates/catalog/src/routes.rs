//! The routes under `/api/v1` that show what there is, and take what listeners do with it. Everybody who is signed in
//! may ask.

mod browse;
mod edits;
mod genres;
mod listener;
mod marks;
mod playlists;
mod radio;
mod sound;

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AlbumId, ArtistId, TrackId, VideoId,
    model::{
        Album, AlbumDetail, AlbumSort, Artist, ArtistDetail, Home, SearchResults, Track, TrackDetail, Video,
        VideoDetail, VideoEdit,
    },
    service::{self, Error},
};

/// The routes of the catalogue.
pub fn routes(ctx: Ctx) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_home))
        .routes(routes!(search))
        .routes(routes!(list_artists))
        .routes(routes!(show_artist))
        .routes(routes!(list_albums))
        .routes(routes!(show_album))
        .routes(routes!(list_tracks))
        .routes(routes!(show_track))
        .merge(genres::routes())
        .routes(routes!(sound::show_waveform))
        .routes(routes!(list_videos))
        .routes(routes!(show_video, edit_video, delete_video))
        .merge(marks::routes())
        .merge(radio::routes())
        .merge(edits::routes())
        .merge(browse::routes())
        .with_state(ctx.clone())
        .merge(playlists::routes(ctx.clone()))
        .merge(listener::routes(ctx))
}

/// Which artists are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ArtistQuery {
    /// The cursor that the page before ended with.
    after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
    /// Only those of whom there is music under their own name, not who was only credited as a composer, say.
    #[serde(default)]
    performing: bool,
}

/// In which order albums are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AlbumQuery {
    /// The cursor that the page before ended with.
    after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
    /// The order, `title` unless said. A cursor belongs to its order.
    #[param(inline)]
    sort: Option<AlbumSort>,
    /// Only albums that came out in this year or, with `to_year`, between both. They come in the order of their
    /// release, the newest first when `from_year` is the later one; `sort` does not count then.
    #[param(minimum = 1, maximum = 9999)]
    from_year: Option<u32>,
    /// Only albums that came out in this year or, with `from_year`, between both.
    #[param(minimum = 1, maximum = 9999)]
    to_year: Option<u32>,
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchParameters {
    /// What is typed, at most 200 characters. Every word must be found; the last may be the beginning of one. Without
    /// any word nothing is found.
    #[param(max_length = 200)]
    q: String,
    /// The kinds looked for, with commas between; all unless said.
    #[param(pattern = "^(artist|album|track|video)(,(artist|album|track|video))*$")]
    kinds: Option<String>,
    /// Rows wanted of each kind, 1 to 100; 10 unless said. Who asks for more gets 100.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
}

/// Finds artists, albums, tracks and videos by what is typed, also with a typo or two; the best match first, then the
/// most popular. Every word must be found in the name, or in that of the artists or the album.
#[utoipa::path(get, path = "/api/v1/search", tag = "catalogue", params(SearchParameters),
    responses((status = 200, body = SearchResults), (status = 401, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn search(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<SearchParameters>,
) -> Result<Json<SearchResults>, Error> {
    let wanted = service::search::wanted(query.kinds.as_deref(), query.limit)?;
    Ok(Json(service::search::search(&ctx, &viewer, &query.q, &wanted).await?))
}

/// What the first page shows: what is new, and how much there is.
#[utoipa::path(get, path = "/api/v1/home", tag = "catalogue",
    responses((status = 200, body = Home), (status = 401, body = Problem)))]
async fn show_home(State(ctx): State<Ctx>, viewer: Viewer) -> Result<Json<Home>, Error> {
    Ok(Json(service::home(&ctx, &viewer).await?))
}

/// Artists by name.
#[utoipa::path(get, path = "/api/v1/artists", tag = "catalogue", params(ArtistQuery),
    responses((status = 200, body = Page<Artist>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_artists(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<ArtistQuery>,
) -> Result<Json<Page<Artist>>, Error> {
    let page = PageQuery { after: query.after, limit: query.limit };
    Ok(Json(service::artists(&ctx, &viewer, &page, query.performing).await?))
}

/// An artist with the albums, newest release first.
#[utoipa::path(get, path = "/api/v1/artists/{id}", tag = "catalogue", params(("id" = ArtistId, Path)),
    responses((status = 200, body = ArtistDetail), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_artist(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<ArtistId>,
) -> Result<Json<ArtistDetail>, Error> {
    Ok(Json(service::artist(&ctx, &viewer, id).await?))
}

/// Albums.
#[utoipa::path(get, path = "/api/v1/albums", tag = "catalogue", params(AlbumQuery),
    responses((status = 200, body = Page<Album>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_albums(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<AlbumQuery>,
) -> Result<Json<Page<Album>>, Error> {
    let page = PageQuery { after: query.after, limit: query.limit };
    if let Some(from) = query.from_year.or(query.to_year) {
        let years = service::Years { from, to: query.to_year.unwrap_or(from) };
        return Ok(Json(service::albums_of_years(&ctx, &viewer, years, &page).await?));
    }
    Ok(Json(service::albums(&ctx, &viewer, &page, query.sort.unwrap_or_default()).await?))
}

/// An album with its discs and tracks.
#[utoipa::path(get, path = "/api/v1/albums/{id}", tag = "catalogue", params(("id" = AlbumId, Path)),
    responses((status = 200, body = AlbumDetail), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_album(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<AlbumId>,
) -> Result<Json<AlbumDetail>, Error> {
    Ok(Json(service::album(&ctx, &viewer, id).await?))
}

/// Tracks by title.
#[utoipa::path(get, path = "/api/v1/tracks", tag = "catalogue", params(PageQuery),
    responses((status = 200, body = Page<Track>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_tracks(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Track>>, Error> {
    Ok(Json(service::tracks(&ctx, &viewer, &query).await?))
}

/// A track with everything that is known of it.
#[utoipa::path(get, path = "/api/v1/tracks/{id}", tag = "catalogue", params(("id" = TrackId, Path)),
    responses((status = 200, body = TrackDetail), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_track(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<TrackId>,
) -> Result<Json<TrackDetail>, Error> {
    Ok(Json(service::track(&ctx, &viewer, id).await?))
}

/// Videos, the newest first.
#[utoipa::path(get, path = "/api/v1/videos", tag = "catalogue", params(PageQuery),
    responses((status = 200, body = Page<Video>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_videos(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Video>>, Error> {
    Ok(Json(service::videos(&ctx, &viewer, &query).await?))
}

/// A video with its text tracks and rungs.
#[utoipa::path(get, path = "/api/v1/videos/{id}", tag = "catalogue", params(("id" = VideoId, Path)),
    responses((status = 200, body = VideoDetail), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
async fn show_video(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<VideoId>,
) -> Result<Json<VideoDetail>, Error> {
    Ok(Json(service::video(&ctx, &viewer, id).await?))
}

/// Changes title or description of a video; for its owner and administrators.
#[utoipa::path(patch, path = "/api/v1/videos/{id}", tag = "catalogue", params(("id" = VideoId, Path)),
    request_body = VideoEdit,
    responses((status = 200, body = VideoDetail), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn edit_video(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<VideoId>,
    Json(edit): Json<VideoEdit>,
) -> Result<Json<VideoDetail>, Error> {
    Ok(Json(service::edit_video(&ctx, &viewer, id, &edit).await?))
}

/// Deletes a video; for its owner and administrators.
#[utoipa::path(delete, path = "/api/v1/videos/{id}", tag = "catalogue", params(("id" = VideoId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn delete_video(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<VideoId>,
) -> Result<StatusCode, Error> {
    service::delete_video(&ctx, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
