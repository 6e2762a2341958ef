//! The routes of what a listener does: favourites, ratings, plays, what plays now. Each is about the viewer's own.

use axum::extract::State;
use http::StatusCode;
use kernel::{
    Ctx, Page, PageQuery, Problem,
    http::{AppKey, Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AlbumId, ArtistId, TrackId, VideoId,
    model::{Counted, Item, ItemKind, Mark, NewPlay, NowPlaying, PlayReport, PlaySort, RatingEdit},
    service::{self, Error},
};

/// The routes of marks, plays and players.
pub(super) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(favour_track, unfavour_track))
        .routes(routes!(rate_track))
        .routes(routes!(favour_album, unfavour_album))
        .routes(routes!(rate_album))
        .routes(routes!(favour_artist, unfavour_artist))
        .routes(routes!(rate_artist))
        .routes(routes!(favour_video, unfavour_video))
        .routes(routes!(rate_video))
        .routes(routes!(list_favourites))
        .routes(routes!(list_played))
        .routes(routes!(record_play))
        .routes(routes!(show_now_playing, report_playing))
}

/// The three routes that mark one kind of thing: `(name of each, its type, its two paths)`.
macro_rules! marking {
    ($favour:ident, $unfavour:ident, $rate:ident, $id:ty, $favourite_path:literal, $rating_path:literal) => {
        /// Makes it a favourite of the viewer's. What is one already stays one since then.
        #[utoipa::path(put, path = $favourite_path, tag = "marks", params(("id" = $id, Path)),
            responses((status = 200, body = Mark), (status = 401, body = Problem),
                (status = 404, body = Problem)))]
        async fn $favour(
            State(ctx): State<Ctx>,
            viewer: Viewer,
            Path(id): Path<$id>,
        ) -> Result<Json<Mark>, Error> {
            Ok(Json(service::set_favourite(&ctx, &viewer, id, true).await?))
        }

        /// Makes it a favourite of the viewer's no more.
        #[utoipa::path(delete, path = $favourite_path, tag = "marks", params(("id" = $id, Path)),
            responses((status = 200, body = Mark), (status = 401, body = Problem),
                (status = 404, body = Problem)))]
        async fn $unfavour(
            State(ctx): State<Ctx>,
            viewer: Viewer,
            Path(id): Path<$id>,
        ) -> Result<Json<Mark>, Error> {
            Ok(Json(service::set_favourite(&ctx, &viewer, id, false).await?))
        }

        /// Rates it for the viewer, 1 to 5, or takes the rating away.
        #[utoipa::path(put, path = $rating_path, tag = "marks", params(("id" = $id, Path)),
            request_body = RatingEdit,
            responses((status = 200, body = Mark), (status = 401, body = Problem),
                (status = 404, body = Problem), (status = 408, body = Problem), (status = 413, body = Problem),
                (status = 415, body = Problem), (status = 422, body = Problem)))]
        async fn $rate(
            State(ctx): State<Ctx>,
            viewer: Viewer,
            Path(id): Path<$id>,
            Json(edit): Json<RatingEdit>,
        ) -> Result<Json<Mark>, Error> {
            Ok(Json(service::set_rating(&ctx, &viewer, id, edit.rating).await?))
        }
    };
}

marking!(
    favour_track,
    unfavour_track,
    rate_track,
    TrackId,
    "/api/v1/tracks/{id}/favourite",
    "/api/v1/tracks/{id}/rating"
);
marking!(
    favour_album,
    unfavour_album,
    rate_album,
    AlbumId,
    "/api/v1/albums/{id}/favourite",
    "/api/v1/albums/{id}/rating"
);
marking!(
    favour_artist,
    unfavour_artist,
    rate_artist,
    ArtistId,
    "/api/v1/artists/{id}/favourite",
    "/api/v1/artists/{id}/rating"
);
marking!(
    favour_video,
    unfavour_video,
    rate_video,
    VideoId,
    "/api/v1/videos/{id}/favourite",
    "/api/v1/videos/{id}/rating"
);

/// Which favourites are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FavouriteQuery {
    /// Of which kind.
    #[param(inline)]
    kind: ItemKind,
    /// The cursor that the page before ended with.
    after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
}

/// The viewer's favourites of one kind, the latest first.
#[utoipa::path(get, path = "/api/v1/me/favourites", tag = "marks", params(FavouriteQuery),
    responses((status = 200, body = Page<Item>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_favourites(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<FavouriteQuery>,
) -> Result<Json<Page<Item>>, Error> {
    let page = PageQuery { after: query.after, limit: query.limit };
    Ok(Json(service::favourites(&ctx, &viewer, query.kind, &page).await?))
}

/// Which played things are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PlayedQuery {
    /// Of which kind.
    #[param(inline)]
    kind: ItemKind,
    /// The order, `recent` unless said. A cursor belongs to its order.
    #[param(inline)]
    sort: Option<PlaySort>,
    /// The cursor that the page before ended with.
    after: Option<String>,
    /// Rows wanted, 1 to 200; 60 unless said. Who asks for more gets 200.
    #[serde(default, deserialize_with = "kernel::page::rows_wanted")]
    #[param(value_type = Option<u64>, minimum = 0)]
    limit: Option<u32>,
}

/// What the viewer has played of one kind, each thing once: the last played or the most played first.
#[utoipa::path(get, path = "/api/v1/me/plays", tag = "marks", params(PlayedQuery),
    responses((status = 200, body = Page<Item>), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
async fn list_played(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Query(query): Query<PlayedQuery>,
) -> Result<Json<Page<Item>>, Error> {
    let page = PageQuery { after: query.after, limit: query.limit };
    Ok(Json(service::played(&ctx, &viewer, query.kind, query.sort.unwrap_or_default(), &page).await?))
}

/// Counts a play of a track, for its album and artists too. Telling of the same play again changes nothing.
#[utoipa::path(post, path = "/api/v1/plays", tag = "marks", request_body = NewPlay,
    responses((status = 200, body = Counted), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 408, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
async fn record_play(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Json(play): Json<NewPlay>,
) -> Result<Json<Counted>, Error> {
    Ok(Json(service::record_play(&ctx, &viewer, &play).await?))
}

/// What the viewer's players do now, the last to report first.
#[utoipa::path(get, path = "/api/v1/me/now-playing", tag = "marks",
    responses((status = 200, body = Vec<NowPlaying>), (status = 401, body = Problem)))]
async fn show_now_playing(State(ctx): State<Ctx>, viewer: Viewer) -> Result<Json<Vec<NowPlaying>>, Error> {
    Ok(Json(service::now_playing(&ctx, &viewer).await?))
}

/// Takes what one of the viewer's players does. It ends by itself with the track, and after an hour when paused.
#[utoipa::path(put, path = "/api/v1/me/now-playing", tag = "marks", request_body = PlayReport,
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 408, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
async fn report_playing(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    key: AppKey,
    Json(report): Json<PlayReport>,
) -> Result<StatusCode, Error> {
    service::report_playing(&ctx, &viewer, key, &report).await?;
    Ok(StatusCode::NO_CONTENT)
}
