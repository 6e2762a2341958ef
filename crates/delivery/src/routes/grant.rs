//! Grants over HTTP.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use catalog::{TrackId, VideoId};
use kernel::{
    Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    error::Error,
    model::{Quality, RunWish, TrackGrant, VideoGrant},
    service::{Delivery, Wish},
};

pub(crate) fn routes() -> OpenApiRouter<Arc<Delivery>> {
    OpenApiRouter::new().routes(routes!(grant_track)).routes(routes!(grant_video))
}

/// How a track is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TrackWish {
    /// As what it is to be played.
    #[param(inline)]
    quality: Quality,
    /// How many milliseconds to wait for the beginning of an encode that this needs; more than 5000 are as 5000. Otherwise the
    /// answer comes at once.
    #[param(maximum = 65535)]
    wait_ms: u16,
    /// Whether the run of the album will do, or is wanted, for the qualities `high` and `low`: all of the album as one
    /// continuous sound, of which `run` in the answer names the track's range. Albums of one track, of more than 200, or of
    /// more than six hours have none.
    #[param(inline)]
    run: RunWish,
}

/// Leave to play a track.
///
/// What browsers play as it is is not encoded, unless `quality` asks for it. Otherwise this starts the encode where there
/// is none yet; ask again while `state` is `waiting`. Grants of the same hour hold the same paths.
#[utoipa::path(
    post,
    path = "/api/v1/tracks/{id}/grant",
    tag = "delivery",
    params(("id" = String, Path, description = "The track."), TrackWish),
    responses(
        (status = 200, body = TrackGrant),
        (status = 401, description = "Nobody is signed in.", body = Problem),
        (status = 404, description = "There is no such track for you.", body = Problem),
        (status = 422, description = "The wish can't be read.", body = Problem),
    )
)]
async fn grant_track(
    State(delivery): State<Arc<Delivery>>,
    viewer: Viewer,
    Path(id): Path<TrackId>,
    Query(wish): Query<TrackWish>,
) -> Result<Json<TrackGrant>, Error> {
    let wait = Duration::from_millis(wish.wait_ms.into());
    delivery.grant_track(&viewer, id, Wish { quality: wish.quality, wait, run: wish.run }).await.map(Json)
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
