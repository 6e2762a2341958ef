//! The outbox: a change and its event in one transaction, a relay that puts events in one order without gaps, and
//! projections that read them exactly once and can be rebuilt from nothing.
//!
//! A database's own sequence does not tell the order in which transactions became visible, so an event gets its
//! place only after it was committed: one relay at a time, guarded by the database, numbers what it finds.

use std::{sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Ctx, Fault, Time,
    db::{Engine, Row, Tx},
    params, sql,
};

/// Topic that is published when there are new events to number.
pub const TOPIC_EMITTED: &str = "kernel.emitted";
/// Topic that is published when there are new numbered events to read.
pub const TOPIC_EVENTS: &str = "kernel.events";

/// Events that are numbered, or applied to a projection, in one transaction.
const BATCH_MAX: i64 = 500;
/// How long a lost wake-up may delay an event.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause after a fault before the same events are tried again.
const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(5);
/// Advisory lock of the relay on `PostgreSQL`.
const RELAY_LOCK: i64 = 0x6f64_656f_6e02;

/// An event as it is read.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place in the one order; also what makes applying it twice recognisable.
    pub seq: i64,
    /// What happened: `domain.thing_happened`.
    pub kind: String,
    /// Whom it happened to.
    pub subject: i64,
    /// The particulars, as JSON.
    pub payload: String,
    /// When.
    pub at: Time,
}

impl Event {
    /// The particulars as the type that they were written from.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(&self.payload)
            .map_err(|error| Fault::from_error(format!("event {} can't be read", self.seq), error))
    }
}

impl Tx<'_> {
    /// Writes an event with the change that this transaction makes.
    pub fn emit(
        &mut self,
        kind: &str,
        subject: i64,
        payload: &impl Serialize,
        at: Time,
    ) -> Result<(), Fault> {
        let payload = serde_json::to_string(payload)
            .map_err(|error| Fault::from_error("an event can't be written", error))?;
        self.run(
            sql!("INSERT INTO kernel_event (kind, subject, payload, at_us) VALUES ($1, $2, $3, $4)"),
            params![kind, subject, payload, at],
        )?;
        self.wake(TOPIC_EMITTED);
        Ok(())
    }
}

/// Something that is derived from events and kept beside them.
pub trait Projection: Send + Sync + 'static {
    /// Its name, by which `odeon rebuild` calls it.
    fn name(&self) -> &'static str;

    /// Applies one event. Runs in the transaction that also remembers that it was applied.
    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault>;

    /// Empties what was derived, before it is rebuilt.
    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Fault>;
}

/// Numbers the events that have none, in the order in which they were written; says how many.
pub async fn relay_once(ctx: &Ctx) -> Result<usize, Fault> {
    ctx.db()
        .write(|tx| {
            if tx.engine() == Engine::Postgres {
                // Only one relay at a time, else two could give the same number. SQLite has one writer anyway.
                tx.all(
                    sql!(sqlite: "SELECT $1", postgres: "SELECT 1 FROM pg_advisory_xact_lock($1)"),
                    params![RELAY_LOCK],
                    |_| Ok(()),
                )?;
            }
            let ids = tx.all(
                sql!("SELECT id FROM kernel_event WHERE seq IS NULL ORDER BY id LIMIT $1"),
                params![BATCH_MAX],
                |row| row.get::<i64>(0),
            )?;
            let last = tx.one(
                sql!("SELECT seq FROM kernel_event WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1"),
                params![],
                |row| row.get::<i64>(0),
            )?;
            let mut seq = last.unwrap_or(0);
            for id in &ids {
                seq += 1;
                tx.run(sql!("UPDATE kernel_event SET seq = $1 WHERE id = $2"), params![seq, *id])?;
            }
            if !ids.is_empty() {
                tx.wake(TOPIC_EVENTS);
            }
            Ok::<_, Fault>(ids.len())
        })
        .await
}

/// Applies the next events to a projection; says how many there were.
pub async fn project_once(ctx: &Ctx, projection: &Arc<dyn Projection>) -> Result<usize, Fault> {
    let projection = Arc::clone(projection);
    ctx.db()
        .write(move |tx| {
            let cursor = lock_cursor(tx, projection.name())?;
            let events = tx.all(
                sql!(
                    "SELECT seq, kind, subject, payload, at_us FROM kernel_event WHERE seq > $1 ORDER BY seq LIMIT $2"
                ),
                params![cursor, BATCH_MAX],
                event,
            )?;
            for event in &events {
                projection.apply(tx, event)?;
            }
            if let Some(last) = events.last() {
                tx.run(
                    sql!("UPDATE kernel_projection SET seq = $1 WHERE name = $2"),
                    params![last.seq, projection.name()],
                )?;
            }
            Ok::<_, Fault>(events.len())
        })
        .await
}

/// Empties a projection and derives it again from the first event.
pub async fn rebuild(ctx: &Ctx, projection: &Arc<dyn Projection>) -> Result<usize, Fault> {
    let cleared = Arc::clone(projection);
    ctx.db()
        .write(move |tx| {
            lock_cursor(tx, cleared.name())?;
            cleared.clear(tx)?;
            tx.run(sql!("UPDATE kernel_projection SET seq = 0 WHERE name = $1"), params![cleared.name()])
        })
        .await?;
    while relay_once(ctx).await? > 0 {}
    let mut total = 0;
    loop {
        match project_once(ctx, projection).await? {
            0 => return Ok(total),
            some => total += some,
        }
    }
}

/// Numbers and projects everything that is there now.
pub async fn catch_up(ctx: &Ctx, projections: &[Arc<dyn Projection>]) -> Result<(), Fault> {
    while relay_once(ctx).await? > 0 {}
    for projection in projections {
        while project_once(ctx, projection).await? > 0 {}
    }
    Ok(())
}

/// Starts the relay and the projections; they stop with the program.
pub fn start(ctx: &Ctx, projections: Vec<Arc<dyn Projection>>) {
    spawn_loop(ctx, TOPIC_EMITTED, |ctx| async move { relay_once(&ctx).await });
    for projection in projections {
        spawn_loop(ctx, TOPIC_EVENTS, move |ctx| {
            let projection = Arc::clone(&projection);
            async move { project_once(&ctx, &projection).await }
        });
    }
}

/// Repeats `step` while it finds work, then waits for `topic`, or for a while in case the wake-up was lost.
fn spawn_loop<F, R>(ctx: &Ctx, topic: &'static str, step: F)
where
    F: Fn(Ctx) -> R + Send + 'static,
    R: Future<Output = Result<usize, Fault>> + Send,
{
    let mut heard = ctx.bus().subscribe();
    let inner = ctx.clone();
    ctx.spawn(async move {
        while !inner.stop().is_cancelled() {
            match step(inner.clone()).await {
                Ok(0) => tokio::select! {
                    () = heard.wait_for(topic) => {}
                    () = inner.clock().sleep(LOOK_EVERY) => {}
                    () = inner.stop().cancelled() => {}
                },
                Ok(_) => {}
                Err(fault) => {
                    tracing::error!("events are held up: {fault}");
                    tokio::select! {
                        () = inner.clock().sleep(PAUSE_AFTER_FAULT) => {}
                        () = inner.stop().cancelled() => {}
                    }
                }
            }
        }
    });
}

fn lock_cursor(tx: &mut Tx<'_>, name: &'static str) -> Result<i64, Fault> {
    tx.run(
        sql!("INSERT INTO kernel_projection (name, seq) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING"),
        params![name],
    )?;
    let seq = tx.one(
        sql!(
            sqlite: "SELECT seq FROM kernel_projection WHERE name = $1",
            postgres: "SELECT seq FROM kernel_projection WHERE name = $1 FOR UPDATE"
        ),
        params![name],
        |row| row.get(0),
    )?;
    seq.ok_or_else(|| Fault::new("a projection's cursor is missing"))
}

fn event(row: &Row<'_>) -> Result<Event, Fault> {
    Ok(Event {
        seq: row.get(0)?,
        kind: row.get(1)?,
        subject: row.get(2)?,
        payload: row.get(3)?,
        at: row.get(4)?,
    })
}
