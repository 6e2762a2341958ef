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
/// How long after the last track, or with a full cache, it is looked again when no scan says sooner.
const REST: Duration = Duration::from_mins(10);
/// Ahead of time only this part of the cache is filled, in hundredths: the rest is for what is asked for.
const FILL_HUNDREDTHS: u64 = 90;

/// Goes through the music from the beginning, again after each scan, until the program stops. Spawn it once.
pub async fn watch(ctx: Ctx, encoder: Encoder) {
    let mut heard = ctx.bus().subscribe();
    while !ctx.stop().is_cancelled() {
        if let Err(fault) = round(&ctx, &encoder).await {
            tracing::error!("music can't be encoded ahead of time: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(REST) => {}
            () = heard.wait_for(library::TOPIC_LIBRARIES) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// Asks for every track that nobody has asked for and for every album in one run, a few at a time. Ends early when there is no room.
pub(super) async fn round(ctx: &Ctx, encoder: &Encoder) -> Result<(), Fault> {
    let mut after = TrackId(0);
    let (mut asked, mut before) = (Vec::<MediaId>::new(), None);
    loop {
        let page = media::unasked(ctx.db(), after, PAGE).await?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = *last;
        for (_, album, id, unasked) in page {
            if unasked {
                if !may_go_on(ctx, encoder, &mut asked).await? {
                    return Ok(());
                }
                request(ctx, id).await?;
                asked.push(id);
            }
            // Tracks of an album mostly follow one another.
            if let Some(album) = album.filter(|album| before != Some(*album)) {
                if !may_go_on(ctx, encoder, &mut asked).await? {
                    return Ok(());
                }
                asked.extend(media::make_run_ahead(ctx, album, PRIORITY).await?);
                before = Some(album);
            }
        }
    }
}

/// Waits until something more may be asked for; `false` when nothing may any more.
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
