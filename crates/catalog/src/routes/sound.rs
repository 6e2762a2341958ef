//! The shape of a track's sound.

use axum::{extract::State, response::IntoResponse};
use http::{HeaderValue, header};
use kernel::{
    Ctx, Problem,
    http::{Json, Path, Query, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    TrackId,
    model::WaveformDetail,
    service::{self, Error},
};

/// Which version of a shape is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WaveformQuery {
    /// The version that the track's path names; with it the answer may be kept for ever.
    v: Option<String>,
}

/// The shape of a track's sound for the seek bar, and its exact edges. Answers 404 until it was measured.
#[utoipa::path(get, path = "/api/v1/tracks/{id}/waveform", tag = "catalogue",
    params(("id" = TrackId, Path), WaveformQuery),
    responses((status = 200, body = WaveformDetail), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn show_waveform(
    State(ctx): State<Ctx>,
    viewer: Viewer,
    Path(id): Path<TrackId>,
    Query(query): Query<WaveformQuery>,
) -> Result<impl IntoResponse, Error> {
    let (shape, version) = service::waveform(&ctx, &viewer, id).await?;
    let mut response = Json(shape).into_response();
    if query.v.is_some_and(|asked| asked == version) {
        let for_ever = HeaderValue::from_static("private, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, for_ever);
    }
    Ok(response)
}
