//! One SQL text, two engines: a thin layer over `rusqlite` and `tokio-postgres`.
//!
//! Statements are made with [`sql!`](crate::sql), which also enters them in a list that is put together at link
//! time, so that one test prepares every statement of the program on both engines and asks both planners.
//!
//! Reads: [`Db::all`], [`Db::one`], or [`Db::read`] for several in one snapshot. Writes: [`Db::write`] runs a plain
//! function with a [`Tx`]; on `SQLite` many such functions share one commit (group commit), on `PostgreSQL` each
//! has its own transaction. The answer is given after the commit is on stable storage, never before.

mod migrate;
mod postgres;
mod sqlite;
mod statement;
mod tx;
mod value;

use std::{path::PathBuf, sync::Arc};

pub use statement::{STATEMENTS, Statement};
pub use tx::Tx;
pub use value::{Cell, Column, Params, Row, Value};

use crate::{Fault, bus::Bus, error::FaultKind};

/// Which engine holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded engine, one file.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file; it is made when absent.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/name`.
    Postgres(String),
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Inner,
    bus: Arc<dyn Bus>,
}

#[derive(Clone)]
enum Inner {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the database, makes it when absent, and brings its tables up to date.
    ///
    /// After each commit the topics that the transaction named are published on `bus`.
    pub async fn open(location: &Location, bus: Arc<dyn Bus>) -> Result<Self, Fault> {
        let engine = match location {
            Location::Sqlite(path) => {
                let path = path.clone();
                let opened = tokio::task::spawn_blocking(move || sqlite::Sqlite::open(&path)).await;
                Inner::Sqlite(
                    opened.map_err(|error| Fault::from_error("opening the database broke off", error))??,
                )
            }
            Location::Postgres(url) => Inner::Postgres(postgres::Postgres::open(url).await?),
        };
        Ok(Self { engine, bus })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self.engine {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// All rows of a statement, each made into a `T`. A statement with `$scope` needs [`Db::read`] and [`Tx::see`].
    pub async fn all<T, F>(
        &self,
        sql: &'static Statement,
        params: Params,
        mut map: F,
    ) -> Result<Vec<T>, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Row<'_>) -> Result<T, Fault> + Send + 'static,
    {
        if sql.is_scoped() {
            return Err(Fault::new(format!(
                "the statement at {} needs a transaction that says what it sees",
                sql.place
            )));
        }
        match &self.engine {
            Inner::Sqlite(db) => db.read(move |conn| sqlite::all(conn, sql, &params, &mut map)).await,
            Inner::Postgres(db) => db.all(sql, &params, map).await,
        }
    }

    /// The first row of a statement, if there is one.
    pub async fn one<T, F>(&self, sql: &'static Statement, params: Params, map: F) -> Result<Option<T>, Fault>
    where
        T: Send + 'static,
        F: FnMut(&Row<'_>) -> Result<T, Fault> + Send + 'static,
    {
        Ok(self.all(sql, params, map).await?.into_iter().next())
    }

    /// Several statements that see the same state. A write in here fails.
    pub async fn read<T, E, F>(&self, run: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match &self.engine {
            Inner::Sqlite(db) => db.snapshot(run).await,
            Inner::Postgres(db) => db.transaction(run, true).await.map(|(value, _)| value),
        }
    }

    /// Runs `run` in a transaction. `Ok` is answered once the commit is durable; on `Err` nothing has happened.
    ///
    /// `run` may be called again after a conflict with another transaction, so it must not do anything but speak to
    /// the database. It must be quick: on `SQLite` every other writer waits for it.
    pub async fn write<T, E, F>(&self, run: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (value, topics) = match &self.engine {
            Inner::Sqlite(db) => db.write(run).await?,
            Inner::Postgres(db) => db.transaction(run, false).await?,
        };
        for topic in topics {
            self.bus.publish(&topic);
        }
        Ok(value)
    }

    /// Whether the database answers at all; for the question whether this node is ready.
    pub async fn answers(&self) -> Result<(), Fault> {
        self.one(crate::sql!("SELECT 1"), Params::new(), |row| row.get::<i64>(0)).await.map(|_| ())
    }

    /// Prepares a statement and gives the lines of the planner's plan, for the test that asks about every statement.
    pub async fn plan(&self, sql: &'static Statement) -> Result<Vec<String>, Fault> {
        match &self.engine {
            Inner::Sqlite(db) => db.read(move |conn| sqlite::plan(conn, sql)).await,
            Inner::Postgres(db) => db.plan(sql).await,
        }
    }

    /// Has the planner count the rows anew, for whoever has just entered many: `PostgreSQL` does so by itself only after a
    /// minute or more, and until then reads large tables by plans that suit small ones. `SQLite` plans without counts.
    pub async fn analyze(&self) -> Result<(), Fault> {
        match &self.engine {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(db) => db.analyze().await,
        }
    }

    /// Ends the writer after the writes that it was given, and folds `SQLite`'s log into its file.
    pub async fn close(&self) {
        if let Inner::Sqlite(db) = &self.engine {
            db.close().await;
        }
    }
}

/// What to say when the other side of a channel is gone: only happens while stopping.
fn stopping() -> Fault {
    Fault::new("the database is closed").of_kind(FaultKind::Stopping)
}

/// Where a statement's parameters come from: `params![id, &name, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
