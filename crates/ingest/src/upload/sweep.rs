//! Clearing away: uploads that were not finished in time, files that belong to nobody, entries of long ago.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    jobs::{self, Handler, JobError, Lease, NewJob},
};

use super::{
    accept::sweep_originals,
    model::{UploadId, UploadState},
    service::{Uploads, topic},
    staging::Found,
    store,
};

/// The kind of the job that clears away, again and again.
const SWEEP_JOB: &str = "ingest.sweep_uploads";
/// How often it does.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// Rows that are looked at together.
const ROWS_AT_ONCE: u32 = 200;

fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, at: Time) -> Result<(), Fault> {
    // It only ends by succeeding; what makes it fail passes.
    jobs::enqueue(tx, ctx, &NewJob::new(SWEEP_JOB, &())?.key("all").run_at(at).attempts_max(u32::MAX))
}

impl Uploads {
    /// Makes the staging folder ready before the first request: files that belong to no upload are removed, uploads
    /// whose files are gone end as failed, and the clearing away is scheduled.
    pub async fn sweep_at_start(&self) -> Result<(), Fault> {
        self.staging.make().await?;
        for found in self.staging.list().await? {
            match found {
                Found::Stray(path) => self.staging.remove_path(path).await?,
                Found::Upload(id) => {
                    let row = store::read(self.ctx.db(), id).await?;
                    if !row.is_some_and(|row| row.staged) {
                        self.staging.remove(id).await?;
                    }
                }
            }
        }
        self.fail_lost().await?;
        let (ctx, now) = (self.ctx.clone(), self.ctx.now());
        self.ctx.db().write(move |tx| enqueue(tx, &ctx, now)).await
    }

    async fn fail_lost(&self) -> Result<(), Fault> {
        let mut after = UploadId(0);
        loop {
            let rows = store::staged(self.ctx.db(), after, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.upload.id;
            for row in rows {
                let bytes = self.staging.bytes(row.upload.id).await?;
                if bytes.is_none_or(|bytes| bytes < row.upload.received_bytes) {
                    tracing::error!(upload.id = %row.upload.id, "the staging file of an upload is gone or too short");
                    self.lose(&row).await?;
                }
            }
        }
    }

    async fn sweep(&self, now: Time) -> Result<(), Fault> {
        loop {
            let rows = store::expired(self.ctx.db(), now, ROWS_AT_ONCE).await?;
            let mut moved = 0;
            for row in &rows {
                moved += usize::from(self.expire(row).await?);
            }
            if moved == 0 {
                break;
            }
        }
        let keep = i64::try_from(self.config.keep_ended.as_micros()).unwrap_or(i64::MAX);
        let before = Time(now.0.saturating_sub(keep));
        let deleted = self.ctx.db().write(move |tx| {
            for owner in store::delete_ended(tx, before)? {
                tx.wake(&topic(owner));
            }
            Ok(())
        });
        deleted.await
    }

    /// Marks an upload that was not finished in time, unless it went on meanwhile; says whether it did.
    async fn expire(&self, row: &super::model::Row) -> Result<bool, Fault> {
        // Whoever is sending right now keeps it alive.
        let Ok(_hold) = self.holders.take(row.upload.id, None, false).await else { return Ok(false) };
        let Some(row) = store::read(self.ctx.db(), row.upload.id).await? else { return Ok(false) };
        if row.upload.expires_at.is_none_or(|expires| expires > self.ctx.now()) {
            return Ok(false);
        }
        let problem = match (row.upload.state, &row.upload.problem) {
            (UploadState::Failed, Some(problem)) => problem.clone(),
            _ => super::service::expired_problem(),
        };
        self.fail(row.upload.id, row.owner, problem).await?;
        Ok(true)
    }
}

/// Clears away from time to time.
pub(super) struct Sweep {
    uploads: Uploads,
    /// Whether the originals were looked through since the program began; once is enough.
    originals_swept: AtomicBool,
}

impl Sweep {
    pub(super) fn new(uploads: Uploads) -> Self {
        Self { uploads, originals_swept: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Handler for Sweep {
    fn kind(&self) -> &'static str {
        SWEEP_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        // The next time counts from here: what becomes due during this one waits no longer than it must.
        let now = ctx.now();
        self.uploads.sweep(now).await?;
        if !self.originals_swept.load(Ordering::Relaxed) {
            sweep_originals(ctx).await?;
            self.originals_swept.store(true, Ordering::Relaxed);
        }
        let (inner, lease) = (ctx.clone(), lease.clone());
        let done = ctx.db().write(move |tx| {
            lease.complete(tx, now)?;
            enqueue(tx, &inner, now.plus(SWEEP_EVERY))
        });
        Ok(done.await?)
    }
}
