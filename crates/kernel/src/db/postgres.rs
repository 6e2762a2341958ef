//! `PostgreSQL`: a pool of connections; transactions run on blocking threads so that one function serves both engines.

use std::{collections::BTreeSet, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::runtime::Handle;
use tokio_postgres::{NoTls, error::SqlState, types::ToSql};

use super::{Engine, Params, Row, Statement, Tx, Value, migrate};
use crate::{Fault, error::FaultKind};

/// Connections of one process. A fleet of ten stays below `PostgreSQL`'s usual hundred and more of a managed one.
const CONNECTIONS_MAX: usize = 16;
/// How long somebody waits for a connection before hearing that there is none.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How long a new connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How often a transaction that stood in another's way is tried.
const TRIES_MAX: u32 = 6;

/// What every connection is told. Without compiling of statements to machine code: it took 40 to 70 ms of each
/// execution of a statement whose rows are read in two.
const SETTINGS: &str = "SET jit = off";

/// The names of our tables, with commas between.
const TABLES: &str = "SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";

#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, Fault> {
        let config: tokio_postgres::Config =
            url.parse().map_err(|error| Fault::from_error("the database URL can't be read", error))?;
        let manager =
            Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .wait_timeout(Some(WAIT_MAX))
            .create_timeout(Some(CONNECT_MAX))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
            }))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Fault::from_error("the pool can't be made", error))?;
        let db = Self { pool };
        migrate::postgres(&mut db.client().await?).await?;
        Ok(db)
    }

    async fn client(&self) -> Result<Object, Fault> {
        let client = self.pool.get().await;
        let away =
            |error| Fault::from_error("PostgreSQL can't be reached", error).of_kind(FaultKind::Unavailable);
        client.map_err(away)
    }

    pub(super) async fn all<T>(
        &self,
        sql: &'static Statement,
        params: &Params,
        mut map: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let rows = rows(&self.client().await?, sql, params).await?;
        rows.iter().map(|row| map(&Row::Postgres(row))).collect()
    }

    pub(super) async fn transaction<T, E, F>(
        &self,
        mut run: F,
        read_only: bool,
    ) -> Result<(T, BTreeSet<String>), E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let client = self.client().await?;
        let handle = Handle::current();
        let task = tokio::task::spawn_blocking(move || {
            for attempt in 1.. {
                match attempt_once(&client, &handle, &mut run, read_only) {
                    Attempt::Again(fault) if attempt < TRIES_MAX => {
                        tracing::debug!(attempt, "{fault}; the transaction is tried again");
                    }
                    Attempt::Again(fault) => return Err(fault.into()),
                    Attempt::Done(result) => return result,
                }
            }
            unreachable!("the loop ends by returning")
        });
        task.await.unwrap_or_else(|error| Err(Fault::from_error("a transaction broke off", error).into()))
    }

    pub(super) async fn analyze(&self) -> Result<(), Fault> {
        let client = self.client().await?;
        let failed = |error| fault("the rows can't be counted", error);
        // Ours alone: others may have tables in the same database.
        let all = client.query_one(TABLES, &[]).await.map_err(failed)?;
        match all.get::<_, Option<String>>(0) {
            Some(tables) => client.batch_execute(&format!("ANALYZE {tables}")).await.map_err(failed),
            None => Ok(()),
        }
    }

    pub(super) async fn plan(&self, sql: &'static Statement) -> Result<Vec<String>, Fault> {
        let client = self.client().await?;
        let nulls = vec!["NULL"; sql.parameters()].join(", ");
        let arguments = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
        // The tables of a test are empty, so the planner must be told that reading them whole is not free.
        let text = format!(
            "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE asked AS {}; \
             EXPLAIN EXECUTE asked{arguments}; DEALLOCATE asked; RESET enable_seqscan; RESET plan_cache_mode",
            sql.text(Engine::Postgres)
        );
        let messages = client.simple_query(&text).await.map_err(|error| at(sql, error))?;
        let lines = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok(lines.collect())
    }
}

enum Attempt<T, E> {
    Done(Result<(T, BTreeSet<String>), E>),
    Again(Fault),
}

fn attempt_once<T, E: From<Fault>>(
    client: &Object,
    handle: &Handle,
    run: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    read_only: bool,
) -> Attempt<T, E> {
    let begin = if read_only { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" };
    if let Err(error) = handle.block_on(client.batch_execute(begin)) {
        return Attempt::Done(Err(fault("a transaction can't begin", error).into()));
    }
    let guard = RollBack { client, handle, armed: true };
    let mut tx = Tx::postgres(client, handle.clone());
    let result = run(&mut tx);
    let conflict = tx.take_conflict();
    match result {
        Ok(value) => {
            let committed = handle.block_on(client.batch_execute("COMMIT"));
            guard.disarm();
            match committed.map_err(|error| fault("a commit failed", error)) {
                Ok(()) => Attempt::Done(Ok((value, tx.into_topics()))),
                Err(fault) if fault.kind() == FaultKind::Conflict => Attempt::Again(fault),
                Err(fault) => Attempt::Done(Err(fault.into())),
            }
        }
        Err(error) => {
            drop(guard);
            if conflict {
                Attempt::Again(Fault::new("two transactions stood in each other's way"))
            } else {
                Attempt::Done(Err(error))
            }
        }
    }
}

/// Rolls back when the function inside fails or panics, so that the connection goes back to the pool clean.
struct RollBack<'a> {
    client: &'a Object,
    handle: &'a Handle,
    armed: bool,
}

impl RollBack<'_> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for RollBack<'_> {
    fn drop(&mut self) {
        if self.armed
            && let Err(error) = self.handle.block_on(self.client.batch_execute("ROLLBACK"))
        {
            tracing::warn!(%error, "a rollback failed; the connection is given up");
        }
    }
}

pub(super) async fn run(client: &Object, sql: &'static Statement, params: &[Value]) -> Result<u64, Fault> {
    let statement =
        client.prepare_cached(sql.text(Engine::Postgres)).await.map_err(|error| at(sql, error))?;
    client.execute_raw(&statement, borrowed(params)).await.map_err(|error| at(sql, error))
}

pub(super) async fn rows(
    client: &Object,
    sql: &'static Statement,
    params: &[Value],
) -> Result<Vec<tokio_postgres::Row>, Fault> {
    let statement =
        client.prepare_cached(sql.text(Engine::Postgres)).await.map_err(|error| at(sql, error))?;
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as _).collect();
    client.query(&statement, &params).await.map_err(|error| at(sql, error))
}

fn borrowed(params: &[Value]) -> impl ExactSizeIterator<Item = &dyn ToSql> {
    params.iter().map(|value| value as &dyn ToSql)
}

fn at(sql: &Statement, error: tokio_postgres::Error) -> Fault {
    fault(format!("the statement at {} failed", sql.place), error)
}

pub(super) fn fault(what: impl Into<std::borrow::Cow<'static, str>>, error: tokio_postgres::Error) -> Fault {
    let kind = match error.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => FaultKind::Unique,
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => FaultKind::Conflict,
        Some(&SqlState::DISK_FULL) => FaultKind::NoSpace,
        _ if error.is_closed() => FaultKind::Unavailable,
        _ => FaultKind::Other,
    };
    Fault::from_error(what, error).of_kind(kind)
}
