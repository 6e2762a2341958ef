//! Listening: each piece of music is heard once, and what was measured goes into the catalogue.
//!
//! Which ones are due, the catalogue knows (`catalog::sound`). A handful of jobs of kind [`HEAR_JOB`] share them out,
//! however many there are: each takes those of its shard one after the other, for a while, and then makes room for the
//! next. They wait while a library is scanned, and their processes step back for all others, so that listening is never
//! disturbed by it. What is committed stays when the program is killed; a piece that was in the middle is begun anew.

mod job;
mod watch;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::sound::{self, HEAR_JOB};
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    jobs::{self, Handler, JobError, Lease, NewJob},
};
use serde::{Deserialize, Serialize};

pub use watch::watch;

use crate::{encode::Encoder, library};

/// Jobs that share out what is due; no more workers of a fleet than that work on it at once.
const SHARDS: u32 = 16;
/// How long a job works before it makes room for another shard.
const SHIFT: Duration = Duration::from_mins(10);
/// How long a job steps aside while a library is scanned.
const STEP_ASIDE: Duration = Duration::from_secs(15);

/// What a job is to do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Shard {
    shard: u32,
}

/// Measures sound. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hearing {
    encoder: Encoder,
    at_once: usize,
}

impl Hearing {
    /// With the engine, and the scratch space, of `encoder`: half as many at once as there are cores.
    pub fn new(encoder: Encoder) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { encoder, at_once: (cores / 2).clamp(1, SHARDS as usize) }
    }

    fn scratch(&self, lease: &Lease) -> PathBuf {
        self.encoder.scratch(lease)
    }
}

/// Queues the jobs if anything is due and no library is being scanned. Says whether it did.
pub async fn enqueue_due(ctx: &Ctx) -> Result<bool, Fault> {
    if !sound::any_due(ctx.db()).await? || library::store::any_scanning(ctx.db()).await? {
        return Ok(false);
    }
    let inner = ctx.clone();
    let queued = ctx.db().write(move |tx| {
        let now = inner.now();
        (0..SHARDS).try_for_each(|shard| enqueue(tx, &inner, shard, now))
    });
    queued.await.map(|()| true)
}

fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, shard: u32, at: Time) -> Result<(), Fault> {
    // What a file does wrong is written at the file. The job itself fails only by what passes, such as a missing ffmpeg.
    let job = NewJob::new(HEAR_JOB, &Shard { shard })?.key(shard).run_at(at);
    jobs::enqueue(tx, ctx, &job.priority(300).attempts_max(u32::MAX))
}

#[async_trait]
impl Handler for Hearing {
    fn kind(&self) -> &'static str {
        HEAR_JOB
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let Shard { shard } = lease.payload()?;
        let scratch = self.scratch(lease);
        let result = job::run(self, ctx, lease, shard, &scratch).await;
        // Whatever is left of it goes at the next start.
        let _ = tokio::fs::remove_dir_all(&scratch).await;
        result
    }
}

/// The jobs of listening.
pub fn handlers(hearing: &Hearing) -> Vec<Arc<dyn Handler>> {
    vec![Arc::new(hearing.clone())]
}
