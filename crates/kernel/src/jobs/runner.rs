//! The runner: takes jobs, keeps their leases alive, and writes down how they ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{task::JoinSet, time::Instant};

use super::{HEARTBEAT_EVERY, JobError, JobState, LEASE, Lease, TOPIC_JOBS, store};
use crate::{Ctx, Fault};

/// How long a lost wake-up may delay a job.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a job may take to hand itself back when the program stops.
const HAND_BACK_MAX: Duration = Duration::from_secs(10);

/// Does the work of one kind of job.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind of job, `domain.verb`.
    fn kind(&self) -> &'static str;

    /// How many jobs of this kind one process runs at once.
    fn at_once(&self) -> usize {
        1
    }

    /// Does the work. It may run twice, also at the same time after a lost lease, and must not do harm by that.
    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError>;

    /// Called after a job has ended as failed, with the reason. It may be called again after a crash.
    async fn gave_up(&self, _ctx: &Ctx, _lease_key: Option<&str>, _reason: &str) -> Result<(), Fault> {
        Ok(())
    }
}

/// Runs the handlers that it was given.
pub struct Runner {
    worker: String,
    handlers: Vec<Arc<dyn Handler>>,
}

impl Runner {
    /// A runner. `worker` names this process among others and stays the same over restarts, so that what an earlier
    /// life held is taken up at once.
    pub fn new(worker: impl Into<String>) -> Self {
        Self { worker: worker.into(), handlers: Vec::new() }
    }

    /// With a handler.
    #[must_use]
    pub fn handler(self, handler: impl Handler) -> Self {
        self.handlers(vec![Arc::new(handler)])
    }

    /// With several handlers.
    #[must_use]
    pub fn handlers(mut self, handlers: Vec<Arc<dyn Handler>>) -> Self {
        self.handlers.extend(handlers);
        self
    }

    /// Frees what this worker held before it died, then starts the loops. They stop with the program and hand back
    /// what they hold.
    pub async fn start(self, ctx: &Ctx) -> Result<(), Fault> {
        let freed = store::free_worker(ctx.db(), self.worker.clone(), ctx.now()).await?;
        if freed > 0 {
            tracing::info!(freed, "took up jobs that an earlier run of this program held");
        }
        reap(ctx, &self.handlers).await?;
        for handler in &self.handlers {
            for number in 0..handler.at_once() {
                let (ctx, handler, worker) = (ctx.clone(), Arc::clone(handler), self.worker.clone());
                ctx.clone().spawn(async move { work(&ctx, handler, worker, number).await });
            }
        }
        let (inner, handlers) = (ctx.clone(), self.handlers);
        ctx.spawn(async move {
            while !inner.stop().is_cancelled() {
                let looked = inner.clock().stopwatch();
                if let Err(fault) = reap(&inner, &handlers).await {
                    tracing::error!("lost leases can't be collected: {fault}");
                }
                tokio::select! {
                    () = looked.reaches(LEASE / 2) => {}
                    () = inner.stop().cancelled() => {}
                }
            }
        });
        Ok(())
    }
}

async fn reap(ctx: &Ctx, handlers: &[Arc<dyn Handler>]) -> Result<(), Fault> {
    for (kind, key, id) in store::reap(ctx.db(), ctx.now()).await? {
        tracing::error!(job.id = id, kind, "a job was lost in its last try");
        if let Some(handler) = handlers.iter().find(|handler| handler.kind() == kind) {
            handler.gave_up(ctx, key.as_deref(), "The worker stopped in the middle of every try.").await?;
        }
    }
    Ok(())
}

/// One loop: take a job, run it, wait when there is none.
async fn work(ctx: &Ctx, handler: Arc<dyn Handler>, worker: String, number: usize) {
    let kind = handler.kind();
    let mut heard = ctx.bus().subscribe();
    while !ctx.stop().is_cancelled() {
        let (looked, now) = (ctx.clock().stopwatch(), ctx.now());
        match store::take(ctx.db(), kind, worker.clone(), now).await {
            Ok(Some(taken)) => {
                let lease = Lease {
                    id: taken.id,
                    key: taken.key,
                    attempt: taken.attempt,
                    last_attempt: taken.attempt >= taken.attempts_max,
                    fence: taken.fence,
                    payload: taken.payload,
                    cancel: ctx.stop().child_token(),
                    progress: Arc::new(AtomicU32::new(0)),
                };
                run_one(ctx, &handler, lease).await;
                continue;
            }
            Ok(None) => {}
            Err(fault) => tracing::error!(kind, number, "no job can be taken: {fault}"),
        }
        let due = store::next_due(ctx.db(), kind).await.ok().flatten();
        let wait = due.map_or(LOOK_EVERY, |due| due.since(now).clamp(Duration::from_millis(5), LOOK_EVERY));
        tokio::select! {
            () = heard.wait_for(TOPIC_JOBS) => {}
            () = looked.reaches(wait) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

async fn run_one(ctx: &Ctx, handler: &Arc<dyn Handler>, lease: Lease) {
    let result = run_with_heartbeat(ctx, handler, &lease).await;
    let kind = handler.kind();
    if let Err(fault) = write_end(ctx, handler, &lease, result).await {
        // The lease runs out by itself and the job is tried again.
        tracing::error!(job.id = lease.id, kind, "how a job ended can't be written: {fault}");
    }
}

async fn run_with_heartbeat(ctx: &Ctx, handler: &Arc<dyn Handler>, lease: &Lease) -> Result<(), JobError> {
    // In a task of its own, so that a panic is this job's failure and nothing else's.
    let mut running = JoinSet::new();
    let (inner, task, own) = (ctx.clone(), Arc::clone(handler), lease.clone());
    running.spawn(async move { task.run(&inner, &own).await });
    let mut give_up_at: Option<Instant> = None;
    loop {
        tokio::select! {
            ended = running.join_next() => {
                return match ended {
                    Some(Ok(result)) => result,
                    Some(Err(error)) => Err(JobError::Retry(format!("the work broke off: {error}"))),
                    None => Err(JobError::HandBack),
                };
            }
            () = ctx.clock().sleep(HEARTBEAT_EVERY) => {
                let progress = lease.progress.load(Ordering::Relaxed);
                match store::heartbeat(ctx.db(), lease.id, lease.fence, progress, ctx.now()).await {
                    Ok(true) => {}
                    Ok(false) => lease.cancel.cancel(),
                    Err(fault) => tracing::warn!(job.id = lease.id, "a heartbeat was lost: {fault}"),
                }
            }
            () = lease.cancel.cancelled(), if give_up_at.is_none() => {
                give_up_at = Some(Instant::now() + HAND_BACK_MAX);
            }
            () = until(give_up_at) => {
                running.abort_all();
                return Err(JobError::HandBack);
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn write_end(
    ctx: &Ctx,
    handler: &Arc<dyn Handler>,
    lease: &Lease,
    result: Result<(), JobError>,
) -> Result<(), Fault> {
    let (db, now, kind) = (ctx.db(), ctx.now(), handler.kind());
    let (reason, fatal) = match result {
        Ok(()) => {
            let (id, fence) = (lease.id, lease.fence);
            return db.write(move |tx| store::end(tx, id, fence, JobState::Done, None, now)).await;
        }
        Err(JobError::HandBack) => return store::hand_back(db, lease.id, lease.fence).await,
        // What breaks because the lease was lost or the program stops says nothing about the job.
        Err(_) if lease.cancel.is_cancelled() => return store::hand_back(db, lease.id, lease.fence).await,
        Err(JobError::Retry(reason)) => (reason, false),
        Err(JobError::Fatal(reason)) => (reason, true),
    };
    tracing::warn!(job.id = lease.id, kind, attempt = lease.attempt, fatal, "a job failed: {reason}");
    if fatal || lease.last_attempt {
        // First what others see, then the job's end: killed between the two, the try is repeated and not forgotten.
        handler.gave_up(ctx, lease.key.as_deref(), &reason).await?;
    }
    store::fail(db, lease, reason, fatal, now).await?;
    Ok(())
}
