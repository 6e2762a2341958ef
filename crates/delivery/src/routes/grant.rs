//! Grants over HTTP.

use std::sync::Arc;

use axum::extract::State;
use catalog::{TrackId, VideoId};
use kernel::{
    Problem,
    http::{Json, Path, Viewer},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    error::Error,
    model::{TrackGrant, VideoGrant},
    service::Delivery,
};

pub(crate) fn routes() -> OpenApiRouter<Arc<Delivery>> {
    OpenApiRouter::new().routes(routes!(grant_track)).routes(routes!(grant_video))
}

/// Leave to play a track.
///
/// Starts the encode where there is none yet; ask again while `state` is `waiting`. Grants of the same hour hold the
/// same paths.
#[utoipa::path(
    post,
    path = "/api/v1/tracks/{id}/grant",
    tag = "delivery",
    params(("id" = String, Path, description = "The track.")),
    responses(
        (status = 200, body = TrackGrant),
        (status = 401, description = "Nobody is signed in.", body = Problem),
        (status = 404, description = "There is no such track for you.", body = Problem),
    )
)]
async fn grant_track(
    State(delivery): State<Arc<Delivery>>,
    viewer: Viewer,
    Path(id): Path<TrackId>,
) -> Result<Json<TrackGrant>, Error> {
    delivery.grant_track(&viewer, id).await.map(Json)
}

/// Leave to play a video.
///
/// Starts the encode where there is none yet; ask again while `state` is `waiting`.
#[utoipa::path(
    post,
    path = "/api/v1/videos/{id}/grant",
    tag = "delivery",
    params(("id" = String, Path, description = "The video.")),
    responses(
        (status = 200, body = VideoGrant),
        (status = 401, description = "Nobody is signed in.", body = Problem),
        (status = 404, description = "There is no such video for you.", body = Problem),
    )
)]
async fn grant_video(
    State(delivery): State<Arc<Delivery>>,
    viewer: Viewer,
    Path(id): Path<VideoId>,
) -> Result<Json<VideoGrant>, Error> {
    delivery.grant_video(&viewer, id).await.map(Json)
}
