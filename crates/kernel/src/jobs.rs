//! Jobs: work that outlives its request. A job is a row, leased with a fencing number by one worker at a time; a
//! worker that dies loses its lease and the job goes to another; a job that fails is tried again after growing
//! pauses and ends as failed with its reason, never as pending.

mod runner;
mod store;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

pub use runner::{Handler, Runner};
pub use store::{JobState, JobView, counts, view, view_by_key};

use crate::{Ctx, Fault, Time, db::Tx};

/// Topic that is published when there may be jobs to take.
pub const TOPIC_JOBS: &str = "kernel.jobs";

/// How long a lease holds without a heartbeat.
const LEASE: Duration = Duration::from_secs(30);
/// How often a running job's lease is renewed.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(8);
/// How often a job is tried unless it says otherwise.
const ATTEMPTS_MAX: u32 = 5;
/// Pause after the first failure; each further one is four times as long.
const PAUSE_FIRST: Duration = Duration::from_secs(2);
/// Longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_mins(15);
/// How far the clocks of machines may be apart; a time that is further ahead was written by a clock that was wrong.
const SKEW_MAX: Duration = Duration::from_mins(2);
/// How long ended jobs are kept for those who ask how they went.
const KEEP_ENDED: Duration = Duration::from_hours(7 * 24);

/// A job to be.
#[derive(Clone, Debug)]
pub struct NewJob {
    kind: &'static str,
    key: Option<String>,
    payload: String,
    priority: i64,
    run_at: Option<Time>,
    attempts_max: u32,
}

impl NewJob {
    /// A job of `kind` with what its handler needs to know.
    pub fn new(kind: &'static str, payload: &impl Serialize) -> Result<Self, Fault> {
        let payload = serde_json::to_string(payload)
            .map_err(|error| Fault::from_error("a job can't be written", error))?;
        Ok(Self { kind, key: None, payload, priority: 100, run_at: None, attempts_max: ATTEMPTS_MAX })
    }

    /// With a key: while a job of the same kind and key waits or runs, another is not made.
    #[must_use]
    pub fn key(mut self, key: impl std::fmt::Display) -> Self {
        self.key = Some(key.to_string());
        self
    }

    /// With a priority; lower comes first, 100 is usual.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Not before `time`.
    #[must_use]
    pub fn run_at(mut self, time: Time) -> Self {
        self.run_at = Some(time);
        self
    }

    /// Tried at most `times`.
    #[must_use]
    pub fn attempts_max(mut self, times: u32) -> Self {
        self.attempts_max = times.max(1);
        self
    }
}

/// Enters a job in the transaction that needs it. A waiting job with the same key takes the better of the two
/// priorities and the new one is dropped.
pub fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, job: &NewJob) -> Result<(), Fault> {
    store::insert(tx, ctx.next_id(), job, ctx.now())?;
    tx.wake(TOPIC_JOBS);
    Ok(())
}

/// Takes back the waiting job with this key, and asks a running one to stop at its next heartbeat.
pub fn cancel(tx: &mut Tx<'_>, kind: &'static str, key: &str, now: Time) -> Result<(), Fault> {
    store::cancel(tx, kind, key, now)
}

/// Why a job did not succeed.
#[derive(Debug)]
pub enum JobError {
    /// Trying again may help.
    Retry(String),
    /// Trying again is useless.
    Fatal(String),
    /// The program stops, or the lease went to another: hand the job back, this try does not count.
    HandBack,
}

impl From<Fault> for JobError {
    fn from(fault: Fault) -> Self {
        Self::Retry(fault.to_string())
    }
}

/// A job in the hands of this worker.
#[derive(Clone)]
pub struct Lease {
    /// The job.
    pub id: i64,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Whether there will be no further try.
    pub last_attempt: bool,
    fence: i64,
    payload: String,
    cancel: CancellationToken,
    progress: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

impl Lease {
    /// What the job needs to know.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_str(&self.payload)
            .map_err(|error| JobError::Fatal(format!("the job can't be read: {error}")))
    }

    /// Cancelled when the lease is lost or the program stops; the handler then returns [`JobError::HandBack`] soon.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Says how far the work is, 0 to 1; written with the next heartbeat.
    pub fn set_progress(&self, fraction: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=1000 first"
        )]
        let thousandths = (fraction.clamp(0.0, 1.0) * 1000.0) as u32;
        self.progress.store(thousandths, std::sync::atomic::Ordering::Relaxed);
    }

    /// Makes a transaction fail unless this worker still holds the job. Call it in every transaction that writes a
    /// result, so that a worker that was thought dead writes nothing.
    pub fn guard(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        store::guard(tx, self.id, self.fence)
    }

    /// Ends the job as done in the transaction that writes its result.
    pub fn complete(&self, tx: &mut Tx<'_>, now: Time) -> Result<(), Fault> {
        self.guard(tx)?;
        store::end(tx, self.id, self.fence, JobState::Done, None, now)
    }
}

/// The pause before try number `attempt + 1`.
fn pause_after(attempt: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(4u32.saturating_pow(attempt.saturating_sub(1))).min(PAUSE_MAX)
}
