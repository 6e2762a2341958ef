//! Blobs that no row names, and scratch space of encodes that are over.

use std::{io::ErrorKind, path::PathBuf, time::Duration};

use async_trait::async_trait;
use catalog::{MediaId, media};
use kernel::{
    Ctx, Fault,
    blob::BlobKey,
    db::Tx,
    jobs::{self, Handler, JobError, Lease, NewJob},
};
use serde::{Deserialize, Serialize};

/// The kind of the jobs that sweep one media's folder.
const SWEEP_JOB: &str = "ingest.sweep_media";
/// A worker that has lost its lease may write for so long.
const LATE: Duration = Duration::from_mins(1);

/// What is to be swept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sweep {
    media: MediaId,
    /// The source's blob, when nobody wants that either.
    source: Option<String>,
}

/// Has the blobs of a media swept when no worker writes to it any more; with them its `source`, where that is given.
pub(crate) fn enqueue_sweep(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    media: MediaId,
    source: Option<String>,
) -> Result<(), Fault> {
    // Two keys, so that a sweep that takes the source along is not taken for one that does not.
    let key = if source.is_some() { format!("{media}-and-source") } else { media.to_string() };
    let job = NewJob::new(SWEEP_JOB, &Sweep { media, source })?.key(key);
    jobs::enqueue(tx, ctx, &job.run_at(ctx.now().plus(LATE)).attempts_max(100))
}

fn folder(media: MediaId) -> Result<BlobKey, Fault> {
    BlobKey::new(media::folder(media)).ok_or_else(|| Fault::new("a media's folder is no name of a blob"))
}

/// Deletes the blobs of a media that no row names, up to a generation in which nobody writes any more: a try that began
/// meanwhile has blobs whose rows are still to come.
pub(super) async fn strays(ctx: &Ctx, media: MediaId, generation: i64) -> Result<(), Fault> {
    let folder = folder(media)?;
    let found = ctx.blobs().list(&folder).await?;
    let used = media::blob_keys(ctx.db(), media).await?;
    for blob in found {
        let below = blob.key.as_str().strip_prefix(folder.as_str()).unwrap_or_default();
        let of = below.split('/').nth(1).and_then(|of| of.parse().ok()).unwrap_or(0);
        if of <= generation && !used.contains(blob.key.as_str()) {
            ctx.blobs().delete(&blob.key).await?;
        }
    }
    Ok(())
}

/// Deletes what a worker wrote in a generation that has passed to another; the other's blobs lie elsewhere.
pub(super) async fn passed_generation(ctx: &Ctx, media: MediaId, generation: i64) -> Result<(), Fault> {
    let now = ctx.db().write(move |tx| media::get(tx, media)).await?;
    if now.is_some_and(|media| media.generation == generation) {
        return Ok(());
    }
    let folder = BlobKey::new(format!("{}/{generation}", folder(media)?));
    let folder = folder.ok_or_else(|| Fault::new("a generation's folder is no name of a blob"))?;
    for blob in ctx.blobs().list(&folder).await? {
        ctx.blobs().delete(&blob.key).await?;
    }
    Ok(())
}

/// Empties the scratch folder.
pub(crate) async fn scratch(folder: PathBuf) -> Result<(), Fault> {
    match tokio::fs::remove_dir_all(&folder).await {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(tokio::fs::create_dir_all(&folder).await?)
}

/// Sweeps a media's folder when its encode has ended badly or was taken back.
pub(super) struct SweepMedia;

#[async_trait]
impl Handler for SweepMedia {
    fn kind(&self) -> &'static str {
        SWEEP_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let Sweep { media: id, source } = lease.payload()?;
        let facts = ctx.db().write(move |tx| media::get(tx, id)).await?;
        // Somebody is at it again, who sweeps at the end.
        if facts.as_ref().is_some_and(|facts| facts.state.is_underway()) {
            return Ok(());
        }
        // Of what is no longer there every generation is over.
        strays(ctx, id, facts.map_or(i64::MAX, |facts| facts.generation)).await?;
        if let Some(key) = source.and_then(BlobKey::new) {
            ctx.blobs().delete(&key).await?;
        }
        Ok(())
    }
}
