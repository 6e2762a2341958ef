//! Migrations: forward only, each once, in the order of their numbers, each in a transaction of its own.
//!
//! A migration is written as `PostgreSQL` reads it. For `SQLite` two phrases are put into its words: `BIGINT PRIMARY
//! KEY` and `BIGSERIAL PRIMARY KEY` become `INTEGER PRIMARY KEY`, which is its row's own number and the fastest key.
//! `BYTEA` and `BOOLEAN` are left: its columns take any name, and values keep their own type.

use deadpool_postgres::Object;

use super::{postgres, sqlite};
use crate::Fault;

struct Migration {
    name: &'static str,
    text: &'static str,
    postgres: Option<&'static str>,
}

const MIGRATIONS: &[Migration] = &include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

const TABLE: &str = "CREATE TABLE IF NOT EXISTS kernel_migration (
    name TEXT NOT NULL PRIMARY KEY,
    sum TEXT NOT NULL
)";

/// Held while migrating, so that of several starting processes one migrates and the others wait.
const LOCK: i64 = 0x6f64_656f_6e01;

fn sum(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// Which migrations are still to be run, given those that were; an error when the past differs.
fn missing(applied: &[(String, String)]) -> Result<&'static [Migration], Fault> {
    for (position, (name, known)) in applied.iter().enumerate() {
        let Some(migration) = MIGRATIONS.get(position) else {
            return Err(Fault::new(format!(
                "the database was used by a newer Odeon (it has {name}); start that version, or restore a backup"
            )));
        };
        if migration.name != name || sum(migration.text) != *known {
            return Err(Fault::new(format!(
                "the database's migration {name} is not the one this program carries ({}); nothing was changed",
                migration.name
            )));
        }
    }
    Ok(&MIGRATIONS[applied.len()..])
}

pub(super) fn sqlite(conn: &mut rusqlite::Connection) -> Result<(), Fault> {
    let tx =
        conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(sqlite::fault)?;
    tx.execute_batch(TABLE).map_err(sqlite::fault)?;
    let applied = {
        let mut statement =
            tx.prepare("SELECT name, sum FROM kernel_migration ORDER BY name").map_err(sqlite::fault)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(sqlite::fault)?;
        rows.collect::<Result<Vec<(String, String)>, _>>().map_err(sqlite::fault)?
    };
    for migration in missing(&applied)? {
        let text = migration
            .text
            .replace("BIGSERIAL PRIMARY KEY", "INTEGER PRIMARY KEY")
            .replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY");
        let failed = |error| Fault::from_error(format!("the migration {} failed", migration.name), error);
        tx.execute_batch(&text).map_err(failed)?;
        tx.execute(
            "INSERT INTO kernel_migration (name, sum) VALUES (?1, ?2)",
            (migration.name, sum(migration.text)),
        )
        .map_err(failed)?;
    }
    tx.commit().map_err(sqlite::fault)
}

pub(super) async fn postgres(client: &mut Object) -> Result<(), Fault> {
    let refused = |error| postgres::fault("the migrations can't be run", error);
    let tx = client.transaction().await.map_err(refused)?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map_err(refused)?;
    tx.batch_execute(TABLE).await.map_err(refused)?;
    let rows =
        tx.query("SELECT name, sum FROM kernel_migration ORDER BY name", &[]).await.map_err(refused)?;
    let applied: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for migration in missing(&applied)? {
        let failed = |error| postgres::fault(format!("the migration {} failed", migration.name), error);
        tx.batch_execute(migration.postgres.unwrap_or(migration.text)).await.map_err(failed)?;
        tx.execute(
            "INSERT INTO kernel_migration (name, sum) VALUES ($1, $2)",
            &[&migration.name, &sum(migration.text)],
        )
        .await
        .map_err(failed)?;
    }
    tx.commit().await.map_err(refused)
}
