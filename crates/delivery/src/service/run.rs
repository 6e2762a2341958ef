//! The run of an album: one grant for all of it, given to who sees all of it.

use std::time::Duration;

use catalog::{
    TrackId,
    media::{self, MediaState, RunPlace},
    model::TOPIC_CATALOG,
};
use kernel::http::Viewer;

use super::grant::{LOOK_EVERY, PRIORITY_AWAITED, PRIORITY_SPARE, WAIT_MAX};
use crate::{
    error::Error,
    manifest::Presentation,
    model::{AlbumRun, Quality, RunWish},
    service::{Delivery, Wish},
};

/// A run with less than this of a track does not play it yet.
const LEAST_US: u64 = 500_000;

/// A run, and what that means for the track by itself.
pub(super) struct Found {
    pub(super) run: AlbumRun,
    /// The track is there, or will be in a moment, so that it need not be encoded by itself.
    pub(super) serves: bool,
    /// The asker has waited already.
    pub(super) waited: bool,
}

impl Delivery {
    /// The run of a track's album, where it was asked for and there is one for this viewer.
    pub(super) async fn run_of(
        &self,
        viewer: &Viewer,
        track: TrackId,
        wish: Wish,
    ) -> Result<Option<Found>, Error> {
        if wish.run == RunWish::Never || !matches!(wish.quality, Quality::High | Quality::Low) {
            return Ok(None);
        }
        let mut heard = self.ctx.bus().subscribe();
        let found = media::find_run(&self.ctx, viewer, track).await?;
        let new = found.is_none() && wish.run == RunWish::Make;
        let mut place = if new { self.make(viewer, track).await? } else { found };
        let Some(first) = place.as_ref() else { return Ok(None) };
        self.keep(first).await?;
        // The beginning of a new one comes as soon as that of its first track would. Of one that waits behind others, or
        // whose encoder is still far away, nobody knows when it comes.
        let waits = new && first.position == 0 && !wish.wait.is_zero();
        let late = self.ctx.clock().sleep(if waits { wish.wait.min(WAIT_MAX) } else { Duration::ZERO });
        tokio::pin!(late);
        loop {
            let Some(now) = place.filter(|now| now.media.state != MediaState::Failed) else {
                return Ok(None);
            };
            let shown = self.shows(&now).await?;
            if shown || !waits || !now.media.state.is_underway() {
                return Ok(Some(self.tell(&now, shown, waits)));
            }
            tokio::select! {
                () = heard.wait_for(TOPIC_CATALOG) => {}
                () = self.ctx.clock().sleep(LOOK_EVERY) => {}
                () = &mut late => return Ok(Some(self.tell(&now, false, true))),
            }
            place = media::find_run(&self.ctx, viewer, track).await?;
        }
    }

    async fn make(&self, viewer: &Viewer, track: TrackId) -> Result<Option<RunPlace>, Error> {
        let made = media::make_run(&self.ctx, viewer, track, PRIORITY_SPARE).await?;
        match made {
            Some(place) if place.position == 0 => {
                Ok(media::make_run(&self.ctx, viewer, track, PRIORITY_AWAITED).await?)
            }
            other => Ok(other),
        }
    }

    /// Has it kept as long as it is asked for.
    async fn keep(&self, place: &RunPlace) -> Result<(), Error> {
        let (id, now) = (place.media.id, self.ctx.now());
        if now.since(place.media.asked) >= media::ASKED_EVERY {
            self.ctx.db().write(move |tx| media::asked(tx, id, now)).await?;
        }
        Ok(())
    }

    /// Whether all renditions of a run have come to a track.
    async fn shows(&self, place: &RunPlace) -> Result<bool, Error> {
        let Some(start) = place.start.filter(|_| place.rate_hz > 0) else { return Ok(false) };
        // It may be gone since.
        let Some(index) = media::index(self.ctx.db(), place.media.id).await? else { return Ok(false) };
        let Some(show) = Presentation::of(&index)? else { return Ok(false) };
        let begins_us = u128::from(start) * 1_000_000 / u128::from(place.rate_hz);
        Ok(show.complete || u128::from(show.whole_us()) > begins_us + u128::from(LEAST_US))
    }

    fn tell(&self, place: &RunPlace, shown: bool, waited: bool) -> Found {
        let (id, state) = (place.media.id, place.media.state);
        let base = self.base(id, self.expiry(&place.media));
        let coming = place.position == 0 && state == MediaState::Encoding;
        Found {
            run: AlbumRun {
                media_id: id,
                hls: shown.then(|| format!("{base}/master.m3u8")),
                state: state.into(),
                rate_hz: place.rate_hz,
                start_sample: place.start,
                end_sample: place.end,
            },
            serves: shown || coming,
            waited,
        }
    }
}
