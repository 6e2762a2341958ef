//! Encoding ahead of the first play, where the operator wants that: all music that is shown, piece by piece, while nobody
//! asks for anything sooner and there is room in the cache. It never makes anything else go.

use std::time::Duration;

use catalog::{
    MediaId, TrackId,
    media::{self, AfterFailure},
};
use kernel::{Ctx, Fault};

use super::Encoder;
use crate::{disk, library};

/// After everything that somebody asked for.
const PRIORITY: i64 = 400;
/// Tracks that are looked at together.
const PAGE: u32 = 200;
/// Media that are asked for at once; what is behind them waits in the catalogue and in no queue.
const ASKED_MAX: usize = 2;
/// How often it is looked whether those are done.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long after the last track, or with a full cache, it is looked whether there is more to do, when no scan says sooner.
const REST: Duration = Duration::from_mins(10);
/// Ahead of time only this part of the cache is filled, in hundredths: the rest is for what is asked for.
const FILL_HUNDREDTHS: u64 = 90;

/// Goes through the music from the beginning, again after each scan and whenever music came or was corrected, until the
/// program stops. Spawn it once.
pub async fn watch(ctx: Ctx, encoder: Encoder) {
    let mut heard = ctx.bus().subscribe();
    let mut ahead = Ahead::default();
    while !ctx.stop().is_cancelled() {
        if let Err(fault) = ahead.look(&ctx, &encoder).await {
            tracing::error!("music can't be encoded ahead of time: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(REST) => {}
            () = heard.wait_for(library::TOPIC_LIBRARIES) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// In which state the music is: how many libraries were scanned and when, the newest track, the newest correction.
type State = ((i64, i64), (i64, i64));

async fn state(ctx: &Ctx) -> Result<State, Fault> {
    Ok((library::store::scans(ctx.db()).await?, media::newest_music(ctx.db()).await?))
}

/// Remembers what the last whole round found, so that nothing is looked through again while it is so.
#[derive(Debug, Default)]
pub struct Ahead {
    done: Option<State>,
}

impl Ahead {
    /// One round, unless the music is as the last whole one left it, or is just being scanned. Whether one was begun; it asks
    /// for two things at a time and waits for them, until all was asked for or there is no room.
    pub async fn look(&mut self, ctx: &Ctx, encoder: &Encoder) -> Result<bool, Fault> {
        if library::store::any_scanning(ctx.db()).await? {
            return Ok(false);
        }
        // What changes while the round goes on is for the next one.
        let now = state(ctx).await?;
        if self.done == Some(now) || !has_room(ctx, encoder).await? {
            return Ok(false);
        }
        if round(ctx, encoder).await? {
            self.done = Some(now);
        }
        Ok(true)
    }
}

/// Asks for every track that nobody has asked for and for every album in one run, a few at a time. `false` when it ended
/// early: there is no room, or the program stops.
async fn round(ctx: &Ctx, encoder: &Encoder) -> Result<bool, Fault> {
    let mut after = TrackId(0);
    let (mut asked, mut before) = (Vec::<MediaId>::new(), None);
    loop {
        let page = media::unasked(ctx.db(), after, PAGE).await?;
        let Some((last, ..)) = page.last() else { return Ok(true) };
        after = *last;
        for (_, album, id, unasked) in page {
            if unasked {
                if !may_go_on(ctx, encoder, &mut asked).await? {
                    return Ok(false);
                }
                request(ctx, id).await?;
                asked.push(id);
            }
            // Tracks of an album mostly follow one another.
            let Some(album) = album.filter(|album| before != Some(*album)) else { continue };
            before = Some(album);
            // Most have theirs, and reading that stands in nobody's way.
            if !media::lacks_run(ctx.db(), album).await? {
                continue;
            }
            if !may_go_on(ctx, encoder, &mut asked).await? {
                return Ok(false);
            }
            asked.extend(media::make_run_ahead(ctx, album, PRIORITY).await?);
        }
        if ctx.stop().is_cancelled() {
            return Ok(false);
        }
    }
}

/// Waits until something more may be asked for; `false` when nothing may any more. Called only when there is something.
async fn may_go_on(ctx: &Ctx, encoder: &Encoder, asked: &mut Vec<MediaId>) -> Result<bool, Fault> {
    while asked.len() >= ASKED_MAX {
        let done = settled(ctx, asked).await?;
        if !done && !rest(ctx, LOOK_EVERY).await {
            return Ok(false);
        }
    }
    while library::store::any_scanning(ctx.db()).await? {
        if !rest(ctx, LOOK_EVERY).await {
            return Ok(false);
        }
    }
    Ok(!ctx.stop().is_cancelled() && has_room(ctx, encoder).await?)
}

async fn request(ctx: &Ctx, id: MediaId) -> Result<(), Fault> {
    // That nobody asked for it is left as it is: what is never played is the first that goes.
    let inner = ctx.clone();
    let asked =
        ctx.db().write(move |tx| media::request_encode(tx, &inner, id, PRIORITY, AfterFailure::Leave));
    asked.await.map(|_| ())
}

/// Forgets what is done; whether anything was.
async fn settled(ctx: &Ctx, asked: &mut Vec<MediaId>) -> Result<bool, Fault> {
    let before = asked.len();
    for id in std::mem::take(asked) {
        if media::is_underway(ctx.db(), id).await? {
            asked.push(id);
        }
    }
    Ok(asked.len() < before)
}

async fn has_room(ctx: &Ctx, encoder: &Encoder) -> Result<bool, Fault> {
    let config = &encoder.config;
    if disk::room(&config.scratch, config.floor).await? == 0 {
        return Ok(false);
    }
    let Some(limit) = config.cache_bytes_max else { return Ok(true) };
    Ok(media::kept_bytes(ctx.db()).await? < limit / 100 * FILL_HUNDREDTHS)
}

/// Waits; `false` when the program stops.
async fn rest(ctx: &Ctx, time: Duration) -> bool {
    tokio::select! {
        () = ctx.clock().sleep(time) => true,
        () = ctx.stop().cancelled() => false,
    }
}
