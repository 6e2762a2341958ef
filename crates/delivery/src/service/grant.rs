//! Grants: visibility decided once, then a signed path that needs no further question.

use std::time::Duration;

use catalog::{
    MediaId, TrackId, VideoId,
    media::{self, AfterFailure, Media, MediaIndex, MediaKind, MediaState},
    model::TOPIC_CATALOG,
};
use kernel::{Fault, Time, http::Viewer};

use crate::{
    error::Error,
    manifest::Presentation,
    model::{GrantState, GrantedCaption, MediaOriginal, Quality, RunWish, TrackGrant, VideoGrant},
    path::Thing,
    service::{Delivery, playable},
};

/// How long music is granted beyond its own length: whoever plays it asks again at each song, and a right that was
/// withdrawn ends with this.
const MUSIC_HOLDS: Duration = Duration::from_hours(1);
/// Grants given within this time are the same, so that caches along the way keep what they hold.
const SAME_FOR_S: i64 = 3600;
/// Somebody waits and nothing plays yet: before what was merely uploaded.
pub(super) const PRIORITY_AWAITED: i64 = 50;
/// The original plays; the ladder is for lines that are too narrow for it.
pub(super) const PRIORITY_SPARE: i64 = 150;
/// Longest that a grant is held back until there is something to play.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(5);

/// How long a lost wake-up may delay who waits.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The purpose of the signature of a grant that opens everything of a media but the file as it came.
const RUNGS_GRANT: &str = "media.rungs";

/// How far a grant reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Until when.
    pub until: Time,
    /// Whether it opens the file as it came.
    pub original: bool,
}

/// How something is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// As what.
    pub quality: Quality,
    /// How long the asker would rather wait than be told that there is nothing yet.
    pub wait: Duration,
    /// Whether the run of the album will do.
    pub run: RunWish,
}

impl Wish {
    /// What is encoded, of whatever rung, at once.
    pub(crate) const ENCODED: Self =
        Self { quality: Quality::High, wait: Duration::ZERO, run: RunWish::Never };

    /// Whether this needs renditions of a file.
    fn needs_encode(self, facts: &Media) -> bool {
        match (facts.kind, self.quality) {
            (MediaKind::Video, _) | (_, Quality::Lossless | Quality::High | Quality::Low) => true,
            (MediaKind::Audio, Quality::Original) => false,
            (MediaKind::Audio, Quality::Auto) => !playable::everywhere(&facts.file),
        }
    }
}

impl Delivery {
    /// Grants a track.
    pub(crate) async fn grant_track(
        &self,
        viewer: &Viewer,
        track: TrackId,
        wish: Wish,
    ) -> Result<TrackGrant, Error> {
        let media = media::for_track(&self.ctx, viewer, track).await?.ok_or(Error::Absent)?;
        let Some(found) = self.run_of(viewer, track, wish).await? else {
            let (grant, _) = self.grant(media, wish).await?;
            return Ok(grant);
        };
        // What the run has, or will have in a moment, need not be encoded once more; else nobody waits twice.
        let quality = if found.serves { Quality::Original } else { wish.quality };
        let wait = if found.waited { Duration::ZERO } else { wish.wait };
        let (grant, _) = self.grant(media, Wish { quality, wait, ..wish }).await?;
        Ok(TrackGrant { run: Some(found.run), ..grant })
    }

    /// Grants a video with its text tracks.
    pub(crate) async fn grant_video(&self, viewer: &Viewer, video: VideoId) -> Result<VideoGrant, Error> {
        let media = media::for_video(&self.ctx, viewer, video).await?.ok_or(Error::Absent)?;
        let reach = Reach { until: self.expiry(&media), original: true };
        self.grant_film(reach, media).await
    }

    /// Grants a video that its asker may have, as far as that.
    pub(crate) async fn grant_film(&self, reach: Reach, media: Media) -> Result<VideoGrant, Error> {
        let (grant, index) = self.grant_as_far_as(reach, media, Wish::ENCODED).await?;
        let base = self.base_as_far_as(grant.media_id, reach);
        let captions = index.captions.into_iter().map(|caption| GrantedCaption {
            url: format!("{base}/captions/{}.vtt", caption.id),
            id: caption.id,
            language: caption.language,
            label: caption.label,
        });
        let captions = captions.collect();
        let TrackGrant { media_id, expires_at, original, hls, dash, state, problem, duration_ms, run: _ } =
            grant;
        Ok(VideoGrant { media_id, expires_at, original, hls, dash, state, problem, duration_ms, captions })
    }

    /// Grants a media that its asker may have, with what the index holds of it at this moment.
    pub(crate) async fn grant(&self, facts: Media, wish: Wish) -> Result<(TrackGrant, MediaIndex), Error> {
        let until = self.expiry(&facts);
        self.grant_as_far_as(Reach { until, original: true }, facts, wish).await
    }

    /// As [`Delivery::grant`], and no further than that.
    pub(crate) async fn grant_as_far_as(
        &self,
        reach: Reach,
        facts: Media,
        wish: Wish,
    ) -> Result<(TrackGrant, MediaIndex), Error> {
        let id = facts.id;
        let original = if reach.original { playable::mime(&facts.file) } else { None };
        self.originals.remember(&facts, self.ctx.now());
        // Heard from before the question is asked, so that no answer is missed.
        let mut heard = self.ctx.bus().subscribe();
        let asked = self.ask_for_encode(&facts, wish, original.is_some()).await?;
        // Read after asking, so that what the answer says is of one moment.
        let mut index = self.index(id).await?;
        if wish.needs_encode(&facts) && !wish.wait.is_zero() {
            let late = self.ctx.clock().sleep(wish.wait.min(WAIT_MAX));
            tokio::pin!(late);
            while index.media.state.is_underway() && Presentation::of(&index)?.is_none() {
                tokio::select! {
                    () = heard.wait_for(TOPIC_CATALOG) => {}
                    () = self.ctx.clock().sleep(LOOK_EVERY) => {}
                    () = &mut late => break,
                }
                index = self.index(id).await?;
            }
        }
        let shown = Presentation::of(&index)?.is_some();
        let base = self.base_as_far_as(id, reach);
        let grant = TrackGrant {
            media_id: id,
            expires_at: reach.until,
            original: original
                .map(|mime| MediaOriginal { url: format!("{base}/original"), mime: mime.to_owned() }),
            hls: shown.then(|| format!("{base}/master.m3u8")),
            dash: shown.then(|| format!("{base}/manifest.mpd")),
            state: state(&index, asked),
            problem: index.media.problem.as_ref().map(|problem| problem.text.clone()),
            duration_ms: index.media.file.duration_ms,
            run: None,
        };
        Ok((grant, index))
    }

    /// Starts the encode where it is needed and there is none yet, and has a waiting one done sooner.
    async fn ask_for_encode(
        &self,
        facts: &Media,
        wish: Wish,
        plays: bool,
    ) -> Result<Option<MediaState>, Fault> {
        let spare = plays && matches!(wish.quality, Quality::Auto | Quality::Lossless);
        let priority = if spare { PRIORITY_SPARE } else { PRIORITY_AWAITED };
        let needed = wish.needs_encode(facts);
        let now = self.ctx.now();
        // What was asked for a moment ago is kept, so that nobody need look whether it still is.
        let touch = needed && facts.kind == MediaKind::Audio && now.since(facts.asked) >= media::ASKED_EVERY;
        let ask = match facts.state {
            MediaState::None => needed,
            MediaState::Waiting => !spare,
            _ => false,
        };
        if !ask && !touch {
            return Ok(None);
        }
        let (ctx, id) = (self.ctx.clone(), facts.id);
        self.ctx
            .db()
            .write(move |tx| {
                if touch {
                    media::asked(tx, id, now)?;
                }
                media::request_encode(tx, &ctx, id, priority, AfterFailure::Leave)
            })
            .await
    }

    /// When a grant of this ends that is given now.
    pub(super) fn expiry(&self, facts: &Media) -> Time {
        // What plays through without a break is not cut off in the middle.
        let music = MUSIC_HOLDS.saturating_add(Duration::from_millis(facts.file.duration_ms));
        match facts.kind {
            MediaKind::Audio => expiry(self.ctx.now(), music.min(self.longest())),
            MediaKind::Video => self.latest_expiry(),
        }
    }

    /// When a grant ends that is given now for what no right can be withdrawn to.
    pub(crate) fn latest_expiry(&self) -> Time {
        expiry(self.ctx.now(), self.longest())
    }

    fn longest(&self) -> Duration {
        Duration::from_hours(self.config.grant_hours.into())
    }

    /// The path below which everything of a media is granted until a time.
    pub(crate) fn base(&self, media: MediaId, expires: Time) -> String {
        self.base_as_far_as(media, Reach { until: expires, original: true })
    }

    fn base_as_far_as(&self, media: MediaId, reach: Reach) -> String {
        let purpose = if reach.original { media::GRANT } else { RUNGS_GRANT };
        let token = self.ctx.signer().grant(purpose, &media.to_string(), reach.until);
        format!("/media/{token}/{media}")
    }

    /// Whether a token allows this of a media now. Touches nothing but the key and the clock.
    pub(crate) fn allows(&self, subject: &str, token: &str, thing: Thing<'_>) -> bool {
        let (signer, now) = (self.ctx.signer(), self.ctx.now());
        signer.allows(media::GRANT, subject, token, now)
            || (thing != Thing::Original && signer.allows(RUNGS_GRANT, subject, token, now))
    }
}

/// What a client is told of the encode. What was asked for a moment ago is never told as not asked for.
fn state(index: &MediaIndex, asked: Option<MediaState>) -> GrantState {
    match (index.media.state, asked) {
        (MediaState::None, Some(asked)) => asked.into(),
        (state, _) => state.into(),
    }
}

/// When a grant given now ends: no sooner than this from now, and for all of an hour at the same time.
fn expiry(now: Time, least: Duration) -> Time {
    let begun = now.seconds().div_euclid(SAME_FOR_S) * SAME_FOR_S;
    Time(begun * 1_000_000).plus(Duration::from_secs(SAME_FOR_S.unsigned_abs())).plus(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_of_the_same_hour_end_at_the_same_time_and_never_too_early() {
        let hour = 3600 * 1_000_000;
        let begin = Time(490_000 * hour);
        let last = Time(begin.0 + hour - 1);
        let holds = Duration::from_mins(64);
        assert_eq!(expiry(begin, holds), expiry(last, holds));
        assert!(expiry(last, holds) > last.plus(holds));
        assert_ne!(expiry(begin, holds), expiry(Time(begin.0 + hour), holds));
    }
}
