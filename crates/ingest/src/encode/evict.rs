//! What was encoded of music is a cache: when it has become too large, or the disk nearly full, what was not asked for
//! the longest goes. It is encoded again when somebody asks for it.
//!
//! Nothing goes that may be playing: what was asked for within the last hour and twice its own length. When all of it is
//! in use the cache is larger than it should be, until that ends. Originals and films are no part of it.

use std::time::Duration;

use async_trait::async_trait;
use catalog::{
    MediaId,
    media::{self, Kept},
};
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    jobs::{self, Handler, JobError, Lease, NewJob},
};

use super::{Encoder, sweep};
use crate::disk;

/// The kind of the one job that makes room.
pub const EVICT_JOB: &str = "ingest.evict";

/// What was asked for within this time, and twice its length, may be playing.
const IN_USE: Duration = Duration::from_hours(1);
/// Kept media that are looked at together.
const PAGE: u32 = 100;
/// Of a cache that was too large this part is free afterwards, so that not every encode needs room made.
const SPARE_PART: u64 = 20;
/// Room that is made on a disk that is nearly full.
const ROOM_BYTES: u64 = 256 << 20;
/// How often it is looked whether what was in use can go now.
const LOOK_EVERY: Duration = Duration::from_mins(5);
/// At every so manieth of these looks all runs are looked at.
const STALE_EVERY: u64 = 12;

/// Queues the job; there is one at a time.
pub(super) fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx) -> Result<(), Fault> {
    let job = NewJob::new(EVICT_JOB, &())?.key("all").priority(40);
    jobs::enqueue(tx, ctx, &job.attempts_max(u32::MAX))
}

/// Looks now and then whether the cache is larger than it may be, and whether there are runs of albums that are no longer
/// what they were, until the program stops. Spawn it once.
pub async fn watch(ctx: Ctx, encoder: Encoder) {
    for look_number in 0_u64.. {
        if ctx.stop().is_cancelled() {
            return;
        }
        if look_number.is_multiple_of(STALE_EVERY)
            && let Err(fault) = forget_stale(&ctx).await
        {
            tracing::error!("runs of albums that have changed can't be let go: {fault}");
        }
        if let Err(fault) = look(&ctx, &encoder).await {
            tracing::error!("how much of the music that was encoded is kept can't be told: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(LOOK_EVERY) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// Has room made if the cache is larger than it may be.
pub(super) async fn look(ctx: &Ctx, encoder: &Encoder) -> Result<(), Fault> {
    let Some(limit) = encoder.config.cache_bytes_max else { return Ok(()) };
    if media::kept_bytes(ctx.db()).await? <= limit {
        return Ok(());
    }
    let inner = ctx.clone();
    ctx.db().write(move |tx| enqueue(tx, &inner)).await
}

/// Lets go of runs that nobody is given any more, since their albums have changed.
async fn forget_stale(ctx: &Ctx) -> Result<(), Fault> {
    let mut after = MediaId(0);
    loop {
        let (stale, last) = media::stale_runs(ctx.db(), after, PAGE).await?;
        let Some(last) = last else { return Ok(()) };
        after = last;
        for run in stale.into_iter().filter(|run| !in_use(ctx, run.asked, run.file.duration_ms)) {
            let inner = ctx.clone();
            let gone = ctx.db().write(move |tx| {
                media::forget_run(tx, run.id)?;
                sweep::enqueue_sweep(tx, &inner, run.id, None)
            });
            gone.await?;
        }
    }
}

/// Whether something may be playing that was last asked for then.
fn in_use(ctx: &Ctx, asked: Time, duration_ms: u64) -> bool {
    let played = Duration::from_millis(duration_ms.saturating_mul(2));
    ctx.now().since(asked) < IN_USE.saturating_add(played)
}

/// Makes room.
pub(super) struct Evict(pub(super) Encoder);

#[async_trait]
impl Handler for Evict {
    fn kind(&self) -> &'static str {
        EVICT_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let mut over = self.over(ctx).await?;
        let mut last: Option<Kept> = None;
        while over > 0 {
            let page = media::oldest_kept(ctx.db(), last.as_ref(), PAGE).await?;
            if page.is_empty() {
                tracing::warn!(bytes = over, "there is too little room, and all that is kept is in use");
                return Ok(());
            }
            for kept in page {
                if lease.cancelled().is_cancelled() {
                    return Err(JobError::HandBack);
                }
                last = Some(kept);
                if over > 0 && !in_use(ctx, kept.asked, kept.duration_ms) && evict(ctx, lease, kept).await? {
                    over = over.saturating_sub(kept.bytes);
                }
            }
        }
        Ok(())
    }
}

impl Evict {
    /// Bytes that must go.
    async fn over(&self, ctx: &Ctx) -> Result<u64, Fault> {
        let config = &self.0.config;
        let kept = media::kept_bytes(ctx.db()).await?;
        let above = config
            .cache_bytes_max
            .map_or(0, |limit| if kept > limit { kept - (limit - limit / SPARE_PART) } else { 0 });
        // What lies in an object store takes no room here.
        let root = kernel::blob::BlobKey::new("media");
        let local = root.is_some_and(|root| ctx.blobs().local_path(&root).is_some());
        if !local {
            return Ok(above);
        }
        let short = disk::short_of(&config.scratch, config.floor, ROOM_BYTES).await?;
        // A disk with room to spare keeps what it has; only one that has none is made more.
        Ok(above.max(if short > ROOM_BYTES / 2 { short.min(kept) } else { 0 }))
    }
}

/// Lets go of one media. Its rows and the order to sweep its blobs are of one transaction, so that a program that is
/// killed in between leaves nothing lying.
async fn evict(ctx: &Ctx, lease: &Lease, kept: Kept) -> Result<bool, Fault> {
    let (inner, held) = (ctx.clone(), lease.clone());
    let gone = ctx.db().write(move |tx| {
        held.guard(tx)?;
        let gone = media::evict(tx, &kept)?;
        if gone.is_some() {
            sweep::enqueue_sweep(tx, &inner, kept.media, None)?;
        }
        Ok::<_, Fault>(gone)
    });
    let Some(generation) = gone.await? else { return Ok(false) };
    tracing::debug!(media.id = %kept.media, bytes = kept.bytes, "what was encoded of {} is let go", kept.media);
    // Nobody writes to what is ready, so the room is there now and not when the sweep comes.
    sweep::strays(ctx, kept.media, generation).await?;
    Ok(true)
}
