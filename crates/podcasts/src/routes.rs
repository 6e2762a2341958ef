//! The routes under `/api/v1/podcasts`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use kernel::{
    Page, PageQuery, Problem,
    http::{Json, Path, Query, Text, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    EpisodeId, Error, PodcastId, Podcasts,
    model::{
        Episode, EpisodeDetail, EpisodeGrant, EpisodeProgress, NewPodcast, OpmlImport, Podcast,
        PodcastSettings,
    },
};

/// Bytes of a list of subscriptions.
const OPML_BYTES_MAX: usize = 1 << 20;

/// The routes of podcasts.
pub fn routes(podcasts: Podcasts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_podcasts, subscribe))
        .routes(routes!(export_podcasts, import_podcasts))
        .routes(routes!(show_podcast, set_podcast, unsubscribe))
        .routes(routes!(refresh_podcast))
        .routes(routes!(list_episodes))
        .routes(routes!(show_episode))
        .routes(routes!(set_episode_progress))
        .routes(routes!(download_episode, delete_episode_download))
        .routes(routes!(grant_episode))
        .with_state(podcasts)
}

/// The podcasts that the viewer subscribes to. Nobody else sees them.
#[utoipa::path(get, path = "/api/v1/podcasts", tag = "podcasts", params(PageQuery),
    responses((status = 200, body = Page<Podcast>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn list_podcasts(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Podcast>>, Error> {
    podcasts.list(&viewer, &query).await.map(Json)
}

/// Subscribes to the feed at an address, which is read at once. One account has at most 500.
#[utoipa::path(post, path = "/api/v1/podcasts", tag = "podcasts", request_body = NewPodcast,
    responses((status = 201, body = Podcast), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem)))]
async fn subscribe(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Json(new): Json<NewPodcast>,
) -> Result<(StatusCode, Json<Podcast>), Error> {
    Ok((StatusCode::CREATED, Json(podcasts.subscribe(&viewer, &new.address).await?)))
}

/// The viewer's subscriptions as OPML, which other podcast apps read.
#[utoipa::path(get, path = "/api/v1/podcasts/opml", tag = "podcasts",
    responses((status = 200, body = String, content_type = "text/x-opml"), (status = 401, body = Problem)))]
async fn export_podcasts(State(podcasts): State<Podcasts>, viewer: Viewer) -> Result<Response, Error> {
    let list = podcasts.export(&viewer).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/x-opml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"podcasts.opml\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, list).into_response())
}

/// Subscribes to every feed of a list in OPML, of at most 1 MiB and 1,000 feeds. They are read one after the other
/// afterwards.
#[utoipa::path(post, path = "/api/v1/podcasts/opml", tag = "podcasts",
    request_body(content = String, content_type = "text/x-opml"),
    responses((status = 200, body = OpmlImport), (status = 401, body = Problem), (status = 408, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn import_podcasts(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Text(list): Text<OPML_BYTES_MAX>,
) -> Result<Json<OpmlImport>, Error> {
    podcasts.import(&viewer, &list).await.map(Json)
}

/// A podcast.
#[utoipa::path(get, path = "/api/v1/podcasts/{id}", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = Podcast), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_podcast(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<PodcastId>,
) -> Result<Json<Podcast>, Error> {
    podcasts.podcast(&viewer, id).await.map(Json)
}

/// Sets how the viewer has a podcast. With fewer downloads to keep, the older ones go.
#[utoipa::path(put, path = "/api/v1/podcasts/{id}", tag = "podcasts", request_body = PodcastSettings,
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = Podcast), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn set_podcast(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<PodcastId>,
    Json(settings): Json<PodcastSettings>,
) -> Result<Json<Podcast>, Error> {
    podcasts.set_settings(&viewer, id, settings).await.map(Json)
}

/// Ends a subscription. Downloads that nobody else wants are deleted.
#[utoipa::path(delete, path = "/api/v1/podcasts/{id}", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn unsubscribe(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<PodcastId>,
) -> Result<StatusCode, Error> {
    podcasts.unsubscribe(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a feed read again soon; not more often than once a minute.
#[utoipa::path(post, path = "/api/v1/podcasts/{id}/refresh", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 202), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn refresh_podcast(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<PodcastId>,
) -> Result<StatusCode, Error> {
    podcasts.refresh(&viewer, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The episodes of a podcast, the newest first.
#[utoipa::path(get, path = "/api/v1/podcasts/{id}/episodes", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$"), PageQuery),
    responses((status = 200, body = Page<Episode>), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn list_episodes(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<PodcastId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Episode>>, Error> {
    podcasts.episodes(&viewer, id, &query).await.map(Json)
}

/// An episode with its notes and chapters.
#[utoipa::path(get, path = "/api/v1/episodes/{id}", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = EpisodeDetail), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn show_episode(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<EpisodeId>,
) -> Result<Json<EpisodeDetail>, Error> {
    podcasts.episode(&viewer, id).await.map(Json)
}

/// Notes how far the viewer has heard an episode, and whether the viewer is done with it.
#[utoipa::path(put, path = "/api/v1/episodes/{id}/progress", tag = "podcasts", request_body = EpisodeProgress,
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn set_episode_progress(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<EpisodeId>,
    Json(progress): Json<EpisodeProgress>,
) -> Result<StatusCode, Error> {
    podcasts.set_progress(&viewer, id, progress).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has the bytes of an episode brought here, also when that failed before. One account has at most 500 of them.
#[utoipa::path(put, path = "/api/v1/episodes/{id}/download", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 202), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn download_episode(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<EpisodeId>,
) -> Result<StatusCode, Error> {
    podcasts.download(&viewer, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Lets go of the bytes of an episode.
#[utoipa::path(delete, path = "/api/v1/episodes/{id}/download", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn delete_episode_download(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<EpisodeId>,
) -> Result<StatusCode, Error> {
    podcasts.delete_download(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leave to play an episode. The first time its bytes are brought here: ask again while `state` is `waiting`.
#[utoipa::path(post, path = "/api/v1/episodes/{id}/grant", tag = "podcasts",
    params(("id" = String, Path, pattern = "^[0-9]+$")),
    responses((status = 200, body = EpisodeGrant), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn grant_episode(
    State(podcasts): State<Podcasts>,
    viewer: Viewer,
    Path(id): Path<EpisodeId>,
) -> Result<Json<EpisodeGrant>, Error> {
    podcasts.grant(&viewer, id).await.map(Json)
}
