//! The shape of a track's sound.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use kernel::{Ctx, Problem, http::Viewer};

use super::Error;
use crate::{
    TrackId,
    model::WaveformDetail,
    sound::{self, Heard},
};

/// The shape, and its version.
pub(crate) async fn waveform(
    ctx: &Ctx,
    viewer: &Viewer,
    track: TrackId,
) -> Result<(WaveformDetail, String), Error> {
    if let Some((edges, waveform, version)) = sound::waveform(ctx, viewer, track).await? {
        let detail = WaveformDetail {
            edges,
            peaks: STANDARD.encode(&waveform.peaks),
            means: STANDARD.encode(&waveform.means),
        };
        return Ok((detail, version));
    }
    let heard = sound::state(ctx, viewer, track).await?.ok_or(Error::NotFound)?;
    let not_heard = Problem::new(StatusCode::NOT_FOUND, "not_measured", "Its sound was not measured");
    Err(match heard {
        Heard::Failed(reason) => not_heard.detail(reason),
        Heard::Due | Heard::Done => not_heard.detail("It is measured when its turn comes. Ask again later."),
    }
    .into())
}
