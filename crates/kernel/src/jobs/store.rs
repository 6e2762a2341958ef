//! The table of jobs.

use serde::{Deserialize, Serialize};

use super::{KEEP_ENDED, LEASE, Lease, NewJob, PAUSE_MAX, SKEW_MAX, TOPIC_JOBS, pause_after};
use crate::{
    Fault, Time,
    db::{Db, Row, Tx},
    error::FaultKind,
    params, sql,
};

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for a worker, or for the end of a pause.
    Ready,
    /// A worker holds it.
    Running,
    /// It succeeded.
    Done,
    /// It will not be tried again.
    Failed,
}

impl JobState {
    fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "ready" => Self::Ready,
            "running" => Self::Running,
            "done" => Self::Done,
            _ => Self::Failed,
        }
    }
}

/// A job as somebody who asks sees it.
#[derive(Clone, Debug)]
pub struct JobView {
    /// The job.
    pub id: i64,
    /// Where it is in its life.
    pub state: JobState,
    /// How many tries were begun.
    pub attempt: u32,
    /// How far the running try is, 0 to 1.
    pub progress: f64,
    /// What the last try failed with.
    pub error: Option<String>,
}

pub(super) fn insert(tx: &mut Tx<'_>, id: i64, job: &NewJob, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO kernel_job (id, kind, key, payload, state, priority, run_at_us, leased_until_us, fence,
                attempt, attempts_max, progress, created_us)
             VALUES ($1, $2, $3, $4, 'ready', $5, $6, 0, 0, 0, $7, 0, $8)
             ON CONFLICT (kind, key) WHERE state IN ('ready', 'running') DO UPDATE SET
                priority = CASE WHEN excluded.priority < kernel_job.priority THEN excluded.priority
                    ELSE kernel_job.priority END"
        ),
        params![
            id,
            job.kind,
            job.key.clone(),
            &job.payload,
            job.priority,
            job.run_at.unwrap_or(now),
            job.attempts_max,
            now
        ],
    )?;
    Ok(())
}

pub(super) fn cancel(tx: &mut Tx<'_>, kind: &'static str, key: &str, now: Time) -> Result<(), Fault> {
    // A new fence takes the job out of its worker's hands.
    tx.run(
        sql!(
            "UPDATE kernel_job SET state = 'failed', error = 'cancelled', fence = fence + 1, ended_us = $3
             WHERE kind = $1 AND key = $2 AND state IN ('ready', 'running')"
        ),
        params![kind, key, now],
    )?;
    tx.wake(TOPIC_JOBS);
    Ok(())
}

/// The columns that a taken job is read from.
pub(super) struct Taken {
    pub(super) id: i64,
    pub(super) key: Option<String>,
    pub(super) payload: String,
    pub(super) fence: i64,
    pub(super) attempt: u32,
    pub(super) attempts_max: u32,
}

fn taken(row: &Row<'_>) -> Result<Taken, Fault> {
    Ok(Taken {
        id: row.get(0)?,
        key: row.get(1)?,
        payload: row.get(2)?,
        fence: row.get(3)?,
        attempt: row.get(4)?,
        attempts_max: row.get(5)?,
    })
}

/// Takes the next job of a kind, if one is ready.
pub(super) async fn take(
    db: &Db,
    kind: &'static str,
    worker: String,
    now: Time,
) -> Result<Option<Taken>, Fault> {
    db.write(move |tx| {
        tx.one(
            sql!(
                sqlite: "UPDATE kernel_job SET state = 'running', fence = fence + 1, attempt = attempt + 1,
                    leased_until_us = $3, worker = $4, progress = 0
                 WHERE id = (SELECT id FROM kernel_job WHERE kind = $1 AND state = 'ready' AND run_at_us <= $2
                    ORDER BY priority, run_at_us, id LIMIT 1)
                 RETURNING id, key, payload, fence, attempt, attempts_max",
                postgres: "UPDATE kernel_job SET state = 'running', fence = fence + 1, attempt = attempt + 1,
                    leased_until_us = $3, worker = $4, progress = 0
                 WHERE id = (SELECT id FROM kernel_job WHERE kind = $1 AND state = 'ready' AND run_at_us <= $2
                    ORDER BY priority, run_at_us, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                 RETURNING id, key, payload, fence, attempt, attempts_max"
            ),
            params![kind, now, now.plus(LEASE), &worker],
            taken,
        )
    })
    .await
}

/// When the earliest paused job of a kind is due.
pub(super) async fn next_due(db: &Db, kind: &'static str) -> Result<Option<Time>, Fault> {
    let found = db
        .one(
            sql!("SELECT MIN(run_at_us) FROM kernel_job WHERE kind = $1 AND state = 'ready'"),
            params![kind],
            |row| row.get(0),
        )
        .await?;
    Ok(found.flatten())
}

/// Renews a lease and writes the progress; false when the lease is lost.
pub(super) async fn heartbeat(db: &Db, id: i64, fence: i64, progress: u32, now: Time) -> Result<bool, Fault> {
    let touched = db
        .write(move |tx| {
            tx.run(
                sql!(
                    "UPDATE kernel_job SET leased_until_us = $3, progress = $4
                     WHERE id = $1 AND fence = $2 AND state = 'running'"
                ),
                params![id, fence, now.plus(LEASE), progress],
            )
        })
        .await?;
    Ok(touched == 1)
}

pub(super) fn guard(tx: &mut Tx<'_>, id: i64, fence: i64) -> Result<(), Fault> {
    let held = tx.one(
        sql!(
            sqlite: "SELECT 1 FROM kernel_job WHERE id = $1 AND fence = $2 AND state = 'running'",
            postgres: "SELECT 1 FROM kernel_job WHERE id = $1 AND fence = $2 AND state = 'running' FOR UPDATE"
        ),
        params![id, fence],
        |_| Ok(()),
    )?;
    held.ok_or_else(|| Fault::new("the job's lease was lost").of_kind(FaultKind::Other))
}

pub(super) fn end(
    tx: &mut Tx<'_>,
    id: i64,
    fence: i64,
    state: JobState,
    error: Option<&str>,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE kernel_job SET state = $3, error = $4, ended_us = $5, progress = 1000
             WHERE id = $1 AND fence = $2 AND state = 'running'"
        ),
        params![id, fence, state.word(), error, now],
    )?;
    Ok(())
}

/// After a failed try: another after a pause, or the end.
pub(super) async fn fail(
    db: &Db,
    lease: &Lease,
    reason: String,
    fatal: bool,
    now: Time,
) -> Result<bool, Fault> {
    let (id, fence, attempt) = (lease.id, lease.fence, lease.attempt);
    let ends = fatal || lease.last_attempt;
    db.write(move |tx| {
        if ends {
            end(tx, id, fence, JobState::Failed, Some(&reason), now)?;
        } else {
            tx.run(
                sql!(
                    "UPDATE kernel_job SET state = 'ready', error = $3, run_at_us = $4
                     WHERE id = $1 AND fence = $2 AND state = 'running'"
                ),
                params![id, fence, &reason, now.plus(pause_after(attempt))],
            )?;
        }
        tx.wake(TOPIC_JOBS);
        Ok(ends)
    })
    .await
}

/// Gives a job back untouched; the try does not count.
pub(super) async fn hand_back(db: &Db, id: i64, fence: i64) -> Result<(), Fault> {
    db.write(move |tx| {
        tx.run(
            sql!(
                "UPDATE kernel_job SET state = 'ready', attempt = attempt - 1
                 WHERE id = $1 AND fence = $2 AND state = 'running'"
            ),
            params![id, fence],
        )?;
        tx.wake(TOPIC_JOBS);
        Ok(())
    })
    .await
}

/// Takes jobs from workers that have not been heard of, and forgets jobs that ended long ago. Says which jobs
/// ended as failed because their last try was lost: (kind, key, id).
pub(super) async fn reap(db: &Db, now: Time) -> Result<Vec<(String, Option<String>, i64)>, Fault> {
    db.write(move |tx| {
        let failed = tx.all(
            sql!(
                "UPDATE kernel_job SET state = 'failed', ended_us = $1, fence = fence + 1,
                    error = COALESCE(error, 'the worker stopped in the middle of every try')
                 WHERE state = 'running' AND leased_until_us < $1 AND attempt >= attempts_max
                 RETURNING kind, key, id"
            ),
            params![now],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let freed = tx.run(
            sql!(
                "UPDATE kernel_job SET state = 'ready', run_at_us = $1
                 WHERE state = 'running' AND leased_until_us < $1"
            ),
            params![now],
        )?;
        let shifted = mend_times(tx, now)?;
        let old = Time(now.0 - i64::try_from(KEEP_ENDED.as_micros()).unwrap_or(i64::MAX));
        tx.run(
            sql!("DELETE FROM kernel_job WHERE state IN ('done', 'failed') AND ended_us < $1"),
            params![old],
        )?;
        if freed > 0 || shifted {
            tx.wake(TOPIC_JOBS);
        }
        Ok(failed)
    })
    .await
}

/// Brings times back that only a clock which ran ahead can have written: else a clock that was put right would leave
/// jobs waiting, and dead workers holding theirs, for as long as it was wrong. Says whether a job may be due now.
fn mend_times(tx: &mut Tx<'_>, now: Time) -> Result<bool, Fault> {
    // Whoever is alive renews this; whoever is not loses it.
    tx.run(
        sql!("UPDATE kernel_job SET leased_until_us = $1 WHERE state = 'running' AND leased_until_us > $2"),
        params![now.plus(LEASE), now.plus(LEASE + SKEW_MAX)],
    )?;
    let made = tx.run(
        sql!(
            "UPDATE kernel_job SET run_at_us = run_at_us - (created_us - $1), created_us = $1
             WHERE state = 'ready' AND attempt = 0 AND created_us > $2",
            scan = "of what waits"
        ),
        params![now, now.plus(SKEW_MAX)],
    )?;
    let paused = tx.run(
        sql!(
            "UPDATE kernel_job SET run_at_us = $1 WHERE state = 'ready' AND attempt > 0 AND run_at_us > $2",
            scan = "of what waits"
        ),
        params![now, now.plus(PAUSE_MAX + SKEW_MAX)],
    )?;
    Ok(made + paused > 0)
}

/// Frees what a worker of this name held, at its start: it held it in an earlier life.
pub(super) async fn free_worker(db: &Db, worker: String, now: Time) -> Result<u64, Fault> {
    db.write(move |tx| {
        tx.run(
            sql!(
                "UPDATE kernel_job SET leased_until_us = 0, run_at_us = $2
                 WHERE state = 'running' AND worker = $1 AND leased_until_us >= 0"
            ),
            params![&worker, now],
        )
    })
    .await
}

/// The newest job with this kind and key.
pub async fn view_by_key(db: &Db, kind: &'static str, key: String) -> Result<Option<JobView>, Fault> {
    db.one(
        sql!(
            "SELECT id, state, attempt, progress, error FROM kernel_job WHERE kind = $1 AND key = $2
             ORDER BY id DESC LIMIT 1"
        ),
        params![kind, key],
        job_view,
    )
    .await
}

/// One job.
pub async fn view(db: &Db, id: i64) -> Result<Option<JobView>, Fault> {
    db.one(
        sql!("SELECT id, state, attempt, progress, error FROM kernel_job WHERE id = $1"),
        params![id],
        job_view,
    )
    .await
}

/// How many jobs of each kind are in each state.
pub async fn counts(db: &Db) -> Result<Vec<(String, String, i64)>, Fault> {
    db.all(
        sql!(
            "SELECT kind, state, COUNT(*) FROM kernel_job GROUP BY kind, state ORDER BY kind, state",
            scan = "for the operator, who asks rarely"
        ),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}

fn job_view(row: &Row<'_>) -> Result<JobView, Fault> {
    let state: String = row.get(1)?;
    let thousandths: u32 = row.get(3)?;
    Ok(JobView {
        id: row.get(0)?,
        state: JobState::from_word(&state),
        attempt: row.get(2)?,
        progress: f64::from(thousandths) / 1000.0,
        error: row.get(4)?,
    })
}
