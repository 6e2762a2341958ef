//! One shift of one shard.

use std::path::Path;

use catalog::{
    MediaId,
    media::Media,
    sound::{self, Sound},
};
use kernel::{
    Ctx, Fault,
    db::Tx,
    jobs::{JobError, Lease},
};

use super::{Hearing, SHARDS, SHIFT, STEP_ASIDE};
use crate::{
    encode::{self, reason},
    library,
    media::MediaError,
    scan::cut,
};

/// Media that are looked up together.
const PAGE: u32 = 100;
/// Tries after which a file is given up: one that brings down its worker each time, or never stays the same.
const TRIES_MAX: u32 = 5;

const GAVE_UP: &str = "gave_up: The program stopped in the middle of every try to measure this file. It is damaged or too \
                       large.";

pub(super) async fn run(
    hearing: &Hearing,
    ctx: &Ctx,
    lease: &Lease,
    shard: u32,
    scratch: &Path,
) -> Result<(), JobError> {
    let end = ctx.now().plus(SHIFT);
    let mut after = MediaId(0);
    loop {
        let due = sound::due(ctx.db(), after, (shard, SHARDS), PAGE).await?;
        let Some(last) = due.last() else { return Ok(()) };
        after = *last;
        for media in due {
            if lease.cancelled().is_cancelled() {
                return Err(JobError::HandBack);
            }
            if library::store::any_scanning(ctx.db()).await? || ctx.now() > end {
                return make_room(ctx, lease, shard).await;
            }
            hear(hearing, ctx, lease, media, scratch).await?;
        }
    }
}

/// Ends this job and queues the shard's next one, which comes after those that wait already.
async fn make_room(ctx: &Ctx, lease: &Lease, shard: u32) -> Result<(), JobError> {
    let (inner, lease, now) = (ctx.clone(), lease.clone(), ctx.now());
    let done = ctx.db().write(move |tx| {
        lease.complete(tx, now)?;
        super::enqueue(tx, &inner, shard, now.plus(STEP_ASIDE))
    });
    Ok(done.await?)
}

/// What became of a try.
enum Heard {
    Sound(Box<Sound>),
    /// The file is not there.
    Away,
    /// It will never do.
    Failed(String),
    /// Another try may do.
    Later,
}

async fn hear(
    hearing: &Hearing,
    ctx: &Ctx,
    lease: &Lease,
    media: MediaId,
    scratch: &Path,
) -> Result<(), JobError> {
    let begun = guarded(ctx, lease, move |tx| sound::begin(tx, media)).await?;
    let Some((facts, tries)) = begun else { return Ok(()) };
    let heard = if tries > TRIES_MAX {
        Ok(Heard::Failed(GAVE_UP.to_owned()))
    } else {
        measure(hearing, ctx, lease, &facts, scratch, tries == TRIES_MAX).await
    };
    let heard = match heard {
        Ok(heard) => heard,
        Err(stopped) => {
            // That the program stops, or lacks something, is not the file's fault. A lost lease has lost this, too.
            let _ = guarded(ctx, lease, move |tx| sound::hand_back(tx, media)).await;
            return Err(stopped);
        }
    };
    if let Heard::Failed(why) = &heard {
        tracing::warn!(media.id = %media, "the sound of a file can't be measured: {why}");
    }
    // Refused when the source is another by now; then it is due again.
    let inner = ctx.clone();
    guarded(ctx, lease, move |tx| match &heard {
        Heard::Sound(sound) => {
            let fits = sound::put(tx, &facts, sound)?;
            if fits {
                cut::note(tx, &inner, &facts, sound.edges)?;
            }
            Ok(fits)
        }
        Heard::Away => sound::set_away(tx, &facts),
        Heard::Failed(why) => sound::fail(tx, &facts, why),
        Heard::Later => Ok(true),
    })
    .await?;
    Ok(())
}

/// Runs `write` in a transaction under the lease.
async fn guarded<T, F>(ctx: &Ctx, lease: &Lease, mut write: F) -> Result<T, Fault>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
{
    let lease = lease.clone();
    ctx.db()
        .write(move |tx| {
            lease.guard(tx)?;
            write(tx)
        })
        .await
}

async fn measure(
    hearing: &Hearing,
    ctx: &Ctx,
    lease: &Lease,
    facts: &Media,
    scratch: &Path,
    last: bool,
) -> Result<Heard, JobError> {
    tokio::fs::create_dir_all(scratch).await.map_err(Fault::from)?;
    let path = match encode::local_source(&hearing.encoder, ctx, lease, facts, scratch).await {
        Ok(path) => path,
        Err(JobError::Fatal(why)) => return Ok(Heard::Failed(why)),
        Err(other) => return Err(other),
    };
    let heard = hearing.encoder.engine().hear(&path, lease.cancelled()).await;
    if path.starts_with(scratch) {
        // A copy of an object: the next one needs its room.
        let _ = tokio::fs::remove_file(&path).await;
    }
    match heard {
        Ok(sound) => Ok(Heard::Sound(Box::new(sound))),
        Err(MediaError::Cancelled) => Err(JobError::HandBack),
        Err(error @ (MediaError::Missing { .. } | MediaError::Unconfined { .. })) => {
            Err(JobError::Retry(reason(&error)))
        }
        Err(error) if error.code() == "absent" => Ok(Heard::Away),
        Err(error) if error.is_transient() && !last => Ok(Heard::Later),
        Err(error) => Ok(Heard::Failed(reason(&error))),
    }
}
