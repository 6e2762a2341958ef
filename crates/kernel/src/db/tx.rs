//! A transaction, as the function inside it sees it.

use std::collections::BTreeSet;

use tokio::runtime::Handle;

use super::{Engine, Params, Row, Statement, Value, postgres, sqlite};
use crate::{Fault, error::FaultKind};

/// What a transaction sees that was not told whom it serves.
const NOTHING: i64 = 0;

/// A running transaction. Its methods block, which is why it only exists on the layer's own threads.
pub struct Tx<'a> {
    conn: Conn<'a>,
    topics: BTreeSet<String>,
    conflict: bool,
    scope: i64,
}

enum Conn<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a deadpool_postgres::Object, Handle),
}

impl<'a> Tx<'a> {
    pub(super) fn sqlite(conn: &'a rusqlite::Connection) -> Self {
        Self { conn: Conn::Sqlite(conn), topics: BTreeSet::new(), conflict: false, scope: NOTHING }
    }

    pub(super) fn postgres(client: &'a deadpool_postgres::Object, handle: Handle) -> Self {
        Self {
            conn: Conn::Postgres(client, handle),
            topics: BTreeSet::new(),
            conflict: false,
            scope: NOTHING,
        }
    }

    /// Whether a statement failed because another transaction stood in the way.
    pub(super) fn take_conflict(&mut self) -> bool {
        std::mem::take(&mut self.conflict)
    }

    fn note<T>(&mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        self.conflict |= result.as_ref().is_err_and(|fault| fault.kind() == FaultKind::Conflict);
        result
    }

    pub(super) fn into_topics(self) -> BTreeSet<String> {
        self.topics
    }

    /// Which engine this runs on.
    pub fn engine(&self) -> Engine {
        match self.conn {
            Conn::Sqlite(_) => Engine::Sqlite,
            Conn::Postgres(..) => Engine::Postgres,
        }
    }

    /// Says what this transaction may see, a bit for each part of the house: what stands for `$scope` in statements.
    /// Until it is said, nothing is seen of what has a scope, so that a forgotten question shows too little and never
    /// too much.
    pub fn see(&mut self, scope: i64) {
        self.scope = scope;
    }

    /// What this transaction may see.
    pub fn scope(&self) -> i64 {
        self.scope
    }

    fn with_scope(&self, sql: &Statement, mut params: Params) -> Params {
        if sql.is_scoped() {
            params.push(Value::from(self.scope));
        }
        params
    }

    /// Has `topic` published on the bus once this transaction is durable.
    pub fn wake(&mut self, topic: &str) {
        self.topics.insert(topic.to_owned());
    }

    /// Runs a statement and says how many rows it touched.
    pub fn run(&mut self, sql: &'static Statement, params: Params) -> Result<u64, Fault> {
        let params = self.with_scope(sql, params);
        let result = match &self.conn {
            Conn::Sqlite(conn) => sqlite::run(conn, sql, &params),
            Conn::Postgres(client, handle) => handle.block_on(postgres::run(client, sql, &params)),
        };
        self.note(result)
    }

    /// All rows of a statement, each made into a `T`.
    pub fn all<T>(
        &mut self,
        sql: &'static Statement,
        params: Params,
        mut map: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let params = self.with_scope(sql, params);
        match &self.conn {
            Conn::Sqlite(conn) => sqlite::all(conn, sql, &params, &mut map),
            Conn::Postgres(client, handle) => {
                let rows = handle.block_on(postgres::rows(client, sql, &params));
                self.note(rows)?.iter().map(|row| map(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row of a statement, if there is one.
    pub fn one<T>(
        &mut self,
        sql: &'static Statement,
        params: Params,
        map: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        Ok(self.all(sql, params, map)?.into_iter().next())
    }
}
