//! Room on the disk: an encode that would fill it waits, and says so.

use std::time::Duration;

use catalog::MediaId;
use kernel::{
    Ctx, Fault,
    error::FaultKind,
    jobs::{JobError, Lease},
};

use super::{Encoder, evict};
use crate::{disk, upload};

/// How often a waiting encode looks for room.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Waits until at least `bytes` may be written without touching the floor.
pub(super) async fn wait(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    media: MediaId,
    bytes: u64,
) -> Result<(), JobError> {
    if has_room(encoder, bytes).await? {
        return Ok(());
    }
    tracing::warn!(media.id = %media, "an encode waits: the disk is nearly full");
    say(ctx, media, true).await;
    make_room(ctx).await;
    loop {
        pause(ctx, lease).await?;
        if has_room(encoder, bytes).await? {
            say(ctx, media, false).await;
            return Ok(());
        }
    }
}

/// Waits a while after the disk refused a write.
pub(super) async fn wait_after_refusal(
    ctx: &Ctx,
    lease: &Lease,
    media: MediaId,
    fault: Fault,
) -> Result<(), JobError> {
    if fault.kind() != FaultKind::NoSpace {
        return Err(super::fault_outcome(&fault, lease));
    }
    tracing::warn!(media.id = %media, "an encode waits: the disk is full");
    say(ctx, media, true).await;
    make_room(ctx).await;
    pause(ctx, lease).await
}

/// Says in the list of uploads that the encode waits for room, or no longer does.
pub(super) async fn say(ctx: &Ctx, media: MediaId, waits: bool) {
    let now = ctx.now();
    let said = ctx.db().write(move |tx| upload::encode_waits_for_room(tx, media, waits, now)).await;
    if let Err(fault) = said {
        // The database may have no room either, and the encode waits all the same.
        tracing::warn!(media.id = %media, "that an encode waits can't be written down: {fault}");
    }
}

/// Has music that nobody asked for lately give way.
async fn make_room(ctx: &Ctx) {
    let inner = ctx.clone();
    if let Err(fault) = ctx.db().write(move |tx| evict::enqueue(tx, &inner)).await {
        // The database may have no room either, and the encode waits all the same.
        tracing::warn!("that room is wanted can't be written down: {fault}");
    }
}

async fn pause(ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
    tokio::select! {
        () = ctx.clock().sleep(LOOK_EVERY) => Ok(()),
        () = lease.cancelled().cancelled() => Err(JobError::HandBack),
    }
}

async fn has_room(encoder: &Encoder, bytes: u64) -> Result<bool, Fault> {
    Ok(disk::room(&encoder.config.scratch, encoder.config.floor).await? >= bytes.max(1))
}
