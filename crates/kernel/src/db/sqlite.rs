//! `SQLite`: one writer thread where group commit lives, several readers.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
};

use async_channel::{Receiver, Sender};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use tokio::sync::oneshot;

use super::{Engine, Row, Statement, Tx, Value, migrate, stopping};
use crate::{Fault, error::FaultKind};

/// Readers at once; a read that finds none free waits in line.
const READERS: usize = 4;
/// Reads and writes that may wait in line before their callers wait outside.
const WAITING_MAX: usize = 1024;
/// Transactions that share one commit.
const GROUP_MAX: usize = 128;
/// Prepared statements that a connection keeps; the program has a few hundred.
const STATEMENTS_KEPT: usize = 512;

type ReadJob = Box<dyn FnOnce(&mut Connection) + Send>;

/// One transaction that waits for the writer.
trait WriteJob: Send {
    /// Runs it; false when it must be undone.
    fn run(&mut self, conn: &Connection) -> bool;
    /// Tells the caller how it ended. An error here means that the shared commit failed.
    fn finish(self: Box<Self>, commit: Result<(), Fault>);
}

#[derive(Clone)]
pub(super) struct Sqlite {
    reads: Sender<ReadJob>,
    writes: Sender<Box<dyn WriteJob>>,
    closed: Receiver<()>,
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let mut owner = connect(path, false)?;
        migrate::sqlite(&mut owner)?;
        // What a statement or savepoint would have to undo is kept in memory: on the disk it was three quarters of all
        // that a scan wrote. Not before, for a migration may sort a whole table.
        owner.execute_batch("PRAGMA temp_store=MEMORY").map_err(fault)?;
        let (reads, asked) = async_channel::bounded(WAITING_MAX);
        let (writes, transactions) = async_channel::bounded(WAITING_MAX);
        let (done, closed) = async_channel::bounded::<()>(1);
        for number in 0..READERS {
            let conn = connect(path, true)?;
            let jobs = asked.clone();
            spawn(format!("db-read-{number}"), move || serve_reads(conn, &jobs))?;
        }
        spawn("db-write".to_owned(), move || {
            serve_writes(&owner, &transactions);
            // Best effort: what is not folded in now is folded in by the next start.
            let _ = owner.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            drop(done);
        })?;
        Ok(Self { reads, writes, closed })
    }

    pub(super) async fn read<T, F>(&self, run: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: ReadJob = Box::new(move |conn| {
            // The caller may have gone away; then nobody wants the answer.
            let _ = reply.send(run(conn));
        });
        self.reads.send(job).await.map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(Fault::new("a read broke off")))
    }

    pub(super) async fn snapshot<T, E, F>(&self, mut run: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let answer = self.read(move |conn| {
            let snapshot = conn.transaction().map_err(fault)?;
            Ok(run(&mut Tx::sqlite(&snapshot)))
        });
        answer.await?
    }

    pub(super) async fn write<T, E, F>(&self, run: F) -> Result<(T, BTreeSet<String>), E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Job { run, outcome: None, reply });
        self.writes.send(job).await.map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(Fault::new("a write broke off").into()))
    }

    pub(super) async fn close(&self) {
        self.writes.close();
        // Ends in an error when the writer has dropped its end, which is what is waited for.
        let _ = self.closed.recv().await;
        self.reads.close();
    }
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    thread::Builder::new().name(name).spawn(run)?;
    Ok(())
}

fn connect(path: &Path, read_only: bool) -> Result<Connection, Fault> {
    let flags = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::default() };
    let conn =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|error| {
            Fault::from_error(format!("the database file {} can't be opened", path.display()), error)
        })?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    let settings = if read_only {
        // No mapped file: its pages would count as this program's memory, and a drive that fails would end it.
        "PRAGMA busy_timeout=10000; PRAGMA cache_size=-8000; PRAGMA query_only=ON;"
    } else {
        // Full sync: what was acknowledged survives a power cut.
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=10000;
         PRAGMA cache_size=-16000;"
    };
    conn.execute_batch(settings).map_err(fault)?;
    Ok(conn)
}

fn serve_reads(mut conn: Connection, jobs: &Receiver<ReadJob>) {
    while let Ok(job) = jobs.recv_blocking() {
        // A panic in one read is that caller's broken answer, not the end of the reader.
        if catch_unwind(AssertUnwindSafe(|| job(&mut conn))).is_err() {
            tracing::error!("a read panicked");
        }
    }
}

fn serve_writes(conn: &Connection, jobs: &Receiver<Box<dyn WriteJob>>) {
    while let Ok(first) = jobs.recv_blocking() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
        commit_group(conn, group);
    }
}

/// Runs a group of transactions, each undone alone when it fails, and commits them together.
fn commit_group(conn: &Connection, mut group: Vec<Box<dyn WriteJob>>) {
    let result = conn.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
        if let [job] = group.as_mut_slice() {
            // Undone as a whole, one alone needs no savepoint, which would keep a copy of every page that it changes.
            let kept = catch_unwind(AssertUnwindSafe(|| job.run(conn))).unwrap_or(false);
            return conn.execute_batch(if kept { "COMMIT" } else { "ROLLBACK" });
        }
        for job in &mut group {
            conn.execute_batch("SAVEPOINT one")?;
            let kept = catch_unwind(AssertUnwindSafe(|| job.run(conn))).unwrap_or(false);
            conn.execute_batch(if kept { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" })?;
        }
        conn.execute_batch("COMMIT")
    });
    match result {
        Ok(()) => group.into_iter().for_each(|job| job.finish(Ok(()))),
        Err(error) => {
            // The engine may have rolled back by itself, as it does on a full disk; then this says so and no more.
            let _ = conn.execute_batch("ROLLBACK");
            if group.len() > 1 {
                // One transaction that can't be carried must not take the others with it.
                tracing::warn!(%error, transactions = group.len(), "a shared commit failed; each is tried alone");
                return group.into_iter().for_each(|job| commit_group(conn, vec![job]));
            }
            for job in group {
                job.finish(Err(fault_of(&error)));
            }
        }
    }
}

struct Job<T, E, F> {
    run: F,
    outcome: Option<Result<(T, BTreeSet<String>), E>>,
    reply: oneshot::Sender<Result<(T, BTreeSet<String>), E>>,
}

impl<T, E, F> WriteJob for Job<T, E, F>
where
    T: Send,
    E: From<Fault> + Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &Connection) -> bool {
        // A caller that has gone away before its turn wants nothing done.
        if self.reply.is_closed() {
            return false;
        }
        self.outcome = None;
        let mut tx = Tx::sqlite(conn);
        let result = (self.run)(&mut tx);
        let kept = result.is_ok();
        self.outcome = Some(result.map(|value| (value, tx.into_topics())));
        kept
    }

    fn finish(self: Box<Self>, commit: Result<(), Fault>) {
        let outcome = match (commit, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Fault::new("a write panicked").into()),
            // What the function itself found wrong is the better answer than that the commit failed as well.
            (Err(_), Some(Err(error))) => Err(error),
            (Err(fault), _) => Err(fault.into()),
        };
        let _ = self.reply.send(outcome);
    }
}

pub(super) fn run(conn: &Connection, sql: &'static Statement, params: &[Value]) -> Result<u64, Fault> {
    let mut statement = conn.prepare_cached(sql.text(Engine::Sqlite)).map_err(|error| at(sql, error))?;
    let count = statement.execute(params_from_iter(params)).map_err(|error| at(sql, error))?;
    Ok(count as u64)
}

pub(super) fn all<T>(
    conn: &Connection,
    sql: &'static Statement,
    params: &[Value],
    map: &mut impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = conn.prepare_cached(sql.text(Engine::Sqlite)).map_err(|error| at(sql, error))?;
    let mut rows = statement.query(params_from_iter(params)).map_err(|error| at(sql, error))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| at(sql, error))? {
        found.push(map(&Row::Sqlite(row))?);
    }
    Ok(found)
}

pub(super) fn plan(conn: &Connection, sql: &'static Statement) -> Result<Vec<String>, Fault> {
    let text = format!("EXPLAIN QUERY PLAN {}", sql.text(Engine::Sqlite));
    let mut statement = conn.prepare(&text).map_err(|error| at(sql, error))?;
    let nulls = vec![Value::Null; statement.parameter_count()];
    let mut rows = statement.query(params_from_iter(&nulls)).map_err(|error| at(sql, error))?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next().map_err(|error| at(sql, error))? {
        lines.push(row.get(3).map_err(|error| at(sql, error))?);
    }
    Ok(lines)
}

fn at(sql: &Statement, error: rusqlite::Error) -> Fault {
    let kind = fault_of(&error).kind();
    Fault::from_error(format!("the statement at {} failed", sql.place), error).of_kind(kind)
}

pub(super) fn fault(error: rusqlite::Error) -> Fault {
    let kind = fault_of(&error).kind();
    Fault::from_error("the database refused", error).of_kind(kind)
}

fn fault_of(error: &rusqlite::Error) -> Fault {
    use rusqlite::ffi::{ErrorCode, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let kind = match error.sqlite_error() {
        Some(inner) if inner.code == ErrorCode::DiskFull => FaultKind::NoSpace,
        Some(inner)
            if matches!(inner.extended_code, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) =>
        {
            FaultKind::Unique
        }
        Some(inner) if matches!(inner.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            FaultKind::Conflict
        }
        _ => FaultKind::Other,
    };
    Fault::new(format!("the database refused: {error}")).of_kind(kind)
}
