//! Jobs: leased, fenced, tried again, given up; nothing lost with a worker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use kernel::{
    Ctx, Fault,
    jobs::{self, Handler, JobError, JobState, Lease, NewJob, Runner},
    on_both_engines,
    testkit::{World, eventually},
};
use tokio::sync::Semaphore;

const KIND: &str = "test.work";

#[derive(Clone)]
struct Work {
    begun: Arc<AtomicU32>,
    gave_up: Arc<AtomicU32>,
    /// Tries that fail before one succeeds.
    failures: u32,
    /// Each try takes a permit before it goes on.
    gate: Arc<Semaphore>,
}

impl Work {
    fn new(failures: u32, permits: usize) -> Self {
        Self {
            begun: Arc::default(),
            gave_up: Arc::default(),
            failures,
            gate: Arc::new(Semaphore::new(permits)),
        }
    }

    fn begun(&self) -> u32 {
        self.begun.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Handler for Work {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, _: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::select! {
            permit = self.gate.acquire() => permit.expect("the gate stays").forget(),
            () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
        }
        if number <= self.failures {
            Err(JobError::Retry(format!("failed the {number}. time")))
        } else {
            Ok(())
        }
    }

    async fn gave_up(&self, _: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
        assert_eq!((key, reason.starts_with("failed")), (Some("k"), true));
        self.gave_up.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn enqueue(ctx: &Ctx, job: NewJob) {
    let inner = ctx.clone();
    ctx.db().write(move |tx| jobs::enqueue(tx, &inner, &job)).await.expect("a job is taken");
}

fn job() -> NewJob {
    NewJob::new(KIND, &"payload").expect("a job is made").key("k")
}

async fn state(ctx: &Ctx) -> (JobState, u32, Option<String>) {
    let view =
        jobs::view_by_key(ctx.db(), KIND, "k".to_owned()).await.expect("a read works").expect("it is there");
    (view.state, view.attempt, view.error)
}

async fn until_state(ctx: &Ctx, wanted: JobState, attempt: u32) {
    eventually("the job is where it should be", || async {
        let (state, tries, _) = state(ctx).await;
        (state, tries) == (wanted, attempt)
    })
    .await;
}

/// The clock goes on while waiting: a worker that lays itself down just after a step would else sleep for ever.
async fn until_state_while_time_passes(world: &World, wanted: JobState, attempt: u32) {
    eventually("the job is where it should be", || async {
        world.clock.advance(Duration::from_secs(1));
        let (state, tries, _) = state(&world.ctx).await;
        (state, tries) == (wanted, attempt)
    })
    .await;
}

on_both_engines! {
    async fn a_job_that_fails_is_tried_again_after_a_pause_and_not_before(world: World) {
        let work = Work::new(1, 10);
        Runner::new("w").handler(work.clone()).start(&world.ctx).await.expect("the runner starts");
        enqueue(&world.ctx, job()).await;
        until_state(&world.ctx, JobState::Ready, 1).await;
        world.clock.advance(Duration::from_millis(1900));
        assert_eq!(work.begun(), 1);
        until_state_while_time_passes(&world, JobState::Done, 2).await;
        world.ctx.shut_down().await;
    }

    async fn a_job_that_never_succeeds_ends_as_failed_with_its_reason(world: World) {
        let work = Work::new(u32::MAX, 10);
        Runner::new("w").handler(work.clone()).start(&world.ctx).await.expect("the runner starts");
        enqueue(&world.ctx, job().attempts_max(2)).await;
        until_state(&world.ctx, JobState::Ready, 1).await;
        until_state_while_time_passes(&world, JobState::Failed, 2).await;
        assert_eq!(state(&world.ctx).await.2.as_deref(), Some("failed the 2. time"));
        assert_eq!(work.gave_up.load(Ordering::SeqCst), 1);
        world.ctx.shut_down().await;
    }

    async fn a_worker_that_died_loses_its_job_to_another(world: World) {
        let dead = Work::new(0, 0);
        let first = world.reopened().await;
        Runner::new("first").handler(dead.clone()).start(&first).await.expect("the runner starts");
        enqueue(&first, job()).await;
        eventually("the first worker has begun", || async { dead.begun() == 1 }).await;
        let work = Work::new(0, 10);
        Runner::new("second").handler(work.clone()).start(&world.ctx).await.expect("the runner starts");
        assert_eq!(work.begun(), 0, "a held lease is respected");
        // The first worker hears nothing of the clock's jump before the second has looked: it may renew or lose.
        drop(first);
        for _ in 0..8 {
            world.clock.advance(Duration::from_secs(31));
            tokio::task::yield_now().await;
        }
        eventually("somebody finished the job", || async {
            dead.gate.add_permits(1);
            state(&world.ctx).await.0 == JobState::Done
        })
        .await;
        world.ctx.shut_down().await;
    }

    async fn a_clock_that_was_ahead_and_is_put_right_leaves_no_job_waiting(world: World) {
        let start = world.clock.now();
        // One that nobody has begun, one that waits for its next try, and one whose worker died.
        for (days, (failures, permits)) in (90..).zip([(None, 0), (Some(1), 1), (Some(0), 0)]) {
            world.clock.turn(start.plus(Duration::from_hours(days * 24)));
            let first = world.reopened().await;
            enqueue(&first, job()).await;
            if let Some(failures) = failures {
                let (dead, inner) = (Work::new(failures, permits), first.clone());
                let runner = Runner::new("first").handler(dead.clone());
                // A life of its own, which ends in the middle as a process does that is killed.
                let life = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
                let life = life.expect("a runtime");
                life.spawn(async move {
                    runner.start(&inner).await.expect("the runner starts");
                    inner.stop().cancelled().await;
                });
                eventually("it was begun", || async { dead.begun() == 1 }).await;
                if failures > 0 {
                    until_state(&first, JobState::Ready, 1).await;
                }
                life.shutdown_background();
            }
            world.clock.turn(start);
            let ctx = world.reopened().await;
            Runner::new("second").handler(Work::new(0, 10)).start(&ctx).await.expect("the runner starts");
            eventually("the job is done within minutes, not months", || async {
                world.clock.advance(Duration::from_secs(1));
                state(&ctx).await.0 == JobState::Done
            })
            .await;
            assert!(world.clock.now() < start.plus(Duration::from_hours(24)));
            ctx.shut_down().await;
        }
    }

    async fn a_late_worker_is_refused_by_its_fence(world: World) {
        let outcome = Arc::new(AtomicU32::new(0));
        let late = Late { outcome: Arc::clone(&outcome) };
        Runner::new("w").handler(late).start(&world.ctx).await.expect("the runner starts");
        enqueue(&world.ctx, job()).await;
        eventually("the guard has spoken", || async { outcome.load(Ordering::SeqCst) != 0 }).await;
        assert_eq!(outcome.load(Ordering::SeqCst), 2, "1: it could still write; 2: it was refused");
        world.ctx.shut_down().await;
    }

    async fn stopping_hands_the_job_back_and_the_try_does_not_count(world: World) {
        let ctx = world.reopened().await;
        let work = Work::new(0, 0);
        Runner::new("w").handler(work.clone()).start(&ctx).await.expect("the runner starts");
        enqueue(&ctx, job()).await;
        eventually("the work has begun", || async { work.begun() == 1 }).await;
        ctx.shut_down().await;
        assert_eq!(state(&world.ctx).await, (JobState::Ready, 0, None));
    }

    async fn the_same_worker_after_a_crash_goes_on_at_once(world: World) {
        let ctx = world.reopened().await;
        let work = Work::new(0, 0);
        Runner::new("w").handler(work.clone()).start(&ctx).await.expect("the runner starts");
        enqueue(&ctx, job()).await;
        eventually("the work has begun", || async { work.begun() == 1 }).await;
        // No shutting down: the process is gone, its lease still runs.
        let again = Work::new(0, 10);
        Runner::new("w").handler(again.clone()).start(&world.ctx).await.expect("the runner starts");
        until_state(&world.ctx, JobState::Done, 2).await;
        world.ctx.shut_down().await;
    }

    async fn a_waiting_job_with_the_same_key_is_made_once(world: World) {
        enqueue(&world.ctx, job()).await;
        enqueue(&world.ctx, job().priority(1)).await;
        let counts = jobs::counts(world.ctx.db()).await.expect("a read works");
        assert_eq!(counts, [(KIND.to_owned(), "ready".to_owned(), 1)]);
    }
}

/// Loses its job in the middle, then tries to write.
struct Late {
    outcome: Arc<AtomicU32>,
}

#[async_trait]
impl Handler for Late {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let now = ctx.now();
        ctx.db().write(move |tx| jobs::cancel(tx, KIND, "k", now)).await?;
        let own = lease.clone();
        let result = ctx.db().write(move |tx| own.guard(tx)).await;
        self.outcome.store(if result.is_ok() { 1 } else { 2 }, Ordering::SeqCst);
        Ok(())
    }
}
