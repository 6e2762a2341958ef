//! Pictures that nothing names go: covers that were replaced or taken away, those of albums and feeds that are gone, and bytes
//! whose row was never written.
//!
//! A picture that is found without a name is marked, and goes when it still has none a day later. Its row goes first, by a
//! statement that asks once more; its bytes only once that is committed, from a blob in which nobody keeps the same
//! picture again (`catalog::picture`). A program that is killed in between leaves bytes that no row names, which go at the
//! next sweep.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::{
    PictureId,
    picture::{self, Standing},
};
use kernel::{
    Ctx, Fault, Time,
    blob::BlobKey,
    db::Tx,
    jobs::{self, Handler, JobError, Lease, NewJob},
};

/// The kind of the one job that sweeps.
pub const SWEEP_JOB: &str = "ingest.sweep_pictures";

/// How long a picture stays that nothing names, and bytes that no row names.
const GRACE: Duration = Duration::from_hours(24);
/// Pictures that are looked at together, and go in one transaction.
const PAGE: u32 = 200;
/// A house is swept once in this time, at a moment that all processes know.
const EVERY: Duration = Duration::from_hours(24);
/// How often a process sees to it that there is a job for the next time.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Whether something outside the catalogue names a picture.
pub type NamedElsewhere = fn(&mut Tx<'_>, PictureId) -> Result<bool, Fault>;

/// Queues the sweep; there is one at a time.
pub fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, at: Time) -> Result<(), Fault> {
    let job = NewJob::new(SWEEP_JOB, &())?.key("all").priority(500).run_at(at);
    jobs::enqueue(tx, ctx, &job)
}

/// Has pictures swept once a day, at midnight (UTC), until the program stops. Spawn it once in every worker.
pub async fn watch(ctx: Ctx) {
    while !ctx.stop().is_cancelled() {
        let every = i64::try_from(EVERY.as_micros()).unwrap_or(i64::MAX);
        let next = Time((ctx.now().0 / every).saturating_add(1).saturating_mul(every));
        let inner = ctx.clone();
        if let Err(fault) = ctx.db().write(move |tx| enqueue(tx, &inner, next)).await {
            tracing::error!("pictures that nothing names can't be swept: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(LOOK_EVERY) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// The job; other domains that name pictures say so.
pub fn handlers(elsewhere: &'static [NamedElsewhere]) -> Vec<Arc<dyn Handler>> {
    vec![Arc::new(SweepPictures { elsewhere })]
}

struct SweepPictures {
    elsewhere: &'static [NamedElsewhere],
}

#[async_trait]
impl Handler for SweepPictures {
    fn kind(&self) -> &'static str {
        SWEEP_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let mut after = PictureId(0);
        loop {
            let page = picture::standings(ctx.db(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for key in self.settle(ctx, lease, page).await? {
                delete(ctx, &key).await?;
            }
            go_on(lease)?;
        }
        strays(ctx, lease).await
    }
}

impl SweepPictures {
    fn named_elsewhere(&self, tx: &mut Tx<'_>, id: PictureId) -> Result<bool, Fault> {
        for names in self.elsewhere {
            if names(tx, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Marks and forgets what nothing names; the blobs of what was forgotten.
    async fn settle(&self, ctx: &Ctx, lease: &Lease, page: Vec<Standing>) -> Result<Vec<String>, Fault> {
        let elsewhere = Self { elsewhere: self.elsewhere };
        let looked = ctx.db().read(move |tx| {
            let mut standing = page.clone();
            for one in standing.iter_mut().filter(|one| !one.named) {
                one.named = elsewhere.named_elsewhere(tx, one.id)?;
            }
            // Most are named and were never loose: nothing is to be written of them.
            standing.retain(|one| !one.named || one.loose.is_some());
            Ok::<_, Fault>(standing)
        });
        let standing = looked.await?;
        let now = ctx.now();
        let waits = |one: &Standing| !one.named && one.loose.is_some_and(|since| now.since(since) < GRACE);
        if standing.iter().all(waits) {
            return Ok(Vec::new());
        }
        let (held, elsewhere) = (lease.clone(), Self { elsewhere: self.elsewhere });
        let before = Time(now.0.saturating_sub(i64::try_from(GRACE.as_micros()).unwrap_or(i64::MAX)));
        ctx.db()
            .write(move |tx| {
                held.guard(tx)?;
                let mut gone = Vec::new();
                for one in &standing {
                    if one.named {
                        picture::hold(tx, one.id)?;
                    } else if one.loose.is_none() {
                        picture::loosen(tx, one.id, now)?;
                    } else if !elsewhere.named_elsewhere(tx, one.id)? {
                        gone.extend(picture::forget(tx, one.id, before)?);
                    }
                }
                Ok::<_, Fault>(gone)
            })
            .await
    }
}

fn go_on(lease: &Lease) -> Result<(), JobError> {
    if lease.cancelled().is_cancelled() { Err(JobError::HandBack) } else { Ok(()) }
}

fn blob(key: &str) -> Result<BlobKey, Fault> {
    BlobKey::new(key).ok_or_else(|| Fault::new(format!("{key:?} is no name of a blob")))
}

/// Deletes the bytes of a picture that was forgotten, in all sizes.
async fn delete(ctx: &Ctx, key: &str) -> Result<(), Fault> {
    ctx.blobs().delete(&blob(key)?).await?;
    for size in ctx.blobs().list(&blob(&picture::sizes_of(key))?).await? {
        ctx.blobs().delete(&size.key).await?;
    }
    tracing::info!(blob = key, "deleted a picture that nothing names");
    Ok(())
}

/// Deletes bytes that no row names: of somebody who was killed, or sent away, between keeping and entering them.
async fn strays(ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
    let mut last = (String::new(), true);
    for found in ctx.blobs().list(&blob("pictures")?).await? {
        go_on(lease)?;
        let Some(original) = picture::original_of(found.key.as_str()) else { continue };
        // Their row may be still to come.
        if picture::kept_at(&original).is_some_and(|kept| ctx.now().since(kept) < GRACE) {
            continue;
        }
        // All sizes of a picture follow one another.
        if last.0 != original {
            let used = picture::is_used(ctx.db(), &original).await?;
            last = (original, used);
        }
        if !last.1 {
            ctx.blobs().delete(&found.key).await?;
        }
    }
    Ok(())
}
