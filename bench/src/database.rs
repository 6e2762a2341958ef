//! The database layer beside the plain drivers: point selects and grouped inserts per second on each engine.

use std::time::{Duration, Instant};

use kernel::{
    Fault,
    db::{Db, Engine, Location},
    params, sql,
    testkit::World,
};

use crate::figure;

const ROWS: i64 = 100_000;
/// Tasks that select at once.
const READERS: i64 = 8;
/// Inserts that share a commit, for the plain driver; tasks that insert at once, for the layer.
const GROUP: i64 = 64;

/// Measures both engines in one run.
pub(crate) async fn measure(quick: bool) {
    let time = Duration::from_secs(if quick { 2 } else { 6 });
    let world = World::new(Engine::Sqlite).await;
    fill(world.ctx.db()).await;
    let ours = (selects(world.ctx.db(), time).await, inserts(world.ctx.db(), time).await);
    let Location::Sqlite(path) = world.location.clone() else { return };
    let plain = tokio::task::spawn_blocking(move || {
        let conn = rusqlite::Connection::open(path).expect("the file opens");
        conn.execute_batch("PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA mmap_size=268435456;")
            .expect("settings are taken");
        (plain_sqlite_selects(&conn, time), plain_sqlite_inserts(&conn, time))
    });
    let plain = plain.await.expect("the plain driver ran");
    figure::print("sqlite_selects_per_s", ours.0, "1/s", "rusqlite, one thread", plain.0);
    figure::print("sqlite_grouped_inserts_per_s", ours.1, "1/s", "rusqlite, 64 in a transaction", plain.1);

    let world = World::new(Engine::Postgres).await;
    fill(world.ctx.db()).await;
    let ours = (selects(world.ctx.db(), time).await, inserts(world.ctx.db(), time).await);
    let Location::Postgres(own) = &world.location else { return };
    let plain = (plain_postgres_selects(own, time).await, plain_postgres_inserts(own, time).await);

    figure::print("postgres_selects_per_s", ours.0, "1/s", "tokio-postgres, 8 connections", plain.0);
    figure::print(
        "postgres_grouped_inserts_per_s",
        ours.1,
        "1/s",
        "tokio-postgres, 64 in a transaction",
        plain.1,
    );
}

async fn fill(db: &Db) {
    for start in (0..ROWS).step_by(5000) {
        let filled = db.write(move |tx| {
            for number in start..start + 5000 {
                tx.run(
                    sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"),
                    params![format!("row{number}"), [7_u8; 32]],
                )?;
            }
            Ok::<_, Fault>(())
        });
        filled.await.expect("rows are taken");
    }
}

async fn selects(db: &Db, time: Duration) -> f64 {
    let begun = Instant::now();
    let tasks = (0..READERS).map(|reader| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut count = 0_i64;
            while begun.elapsed() < time {
                let name = format!("row{}", (count * 7919 + reader) % ROWS);
                let found = db
                    .one(sql!("SELECT bytes FROM kernel_secret WHERE name = $1"), params![name], |row| {
                        row.get::<Vec<u8>>(0)
                    })
                    .await;
                assert_eq!(found.expect("a read works").map(|bytes| bytes.len()), Some(32));
                count += 1;
            }
            count
        })
    });
    sum(tasks.collect(), begun).await
}

async fn inserts(db: &Db, time: Duration) -> f64 {
    let begun = Instant::now();
    let tasks = (0..GROUP).map(|writer| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut count = 0_i64;
            while begun.elapsed() < time {
                let name = format!("new{writer}-{count}");
                let written = db.write(move |tx| {
                    tx.run(
                        sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"),
                        params![&name, [7_u8; 32]],
                    )
                });
                written.await.expect("a write works");
                count += 1;
            }
            count
        })
    });
    sum(tasks.collect(), begun).await
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds are small")]
async fn sum(tasks: Vec<tokio::task::JoinHandle<i64>>, begun: Instant) -> f64 {
    let mut total = 0;
    for task in tasks {
        total += task.await.expect("the task ran");
    }
    total as f64 / begun.elapsed().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds are small")]
fn plain_sqlite_selects(conn: &rusqlite::Connection, time: Duration) -> f64 {
    let (begun, mut count) = (Instant::now(), 0_i64);
    while begun.elapsed() < time {
        let name = format!("row{}", (count * 7919) % ROWS);
        let mut statement =
            conn.prepare_cached("SELECT bytes FROM kernel_secret WHERE name = ?1").expect("it prepares");
        let bytes: Vec<u8> = statement.query_row([name], |row| row.get(0)).expect("the row is there");
        assert_eq!(bytes.len(), 32);
        count += 1;
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds are small")]
fn plain_sqlite_inserts(conn: &rusqlite::Connection, time: Duration) -> f64 {
    let (begun, mut count) = (Instant::now(), 0_i64);
    while begun.elapsed() < time {
        conn.execute_batch("BEGIN IMMEDIATE").expect("begins");
        for _ in 0..GROUP {
            let mut statement = conn
                .prepare_cached("INSERT INTO kernel_secret (name, bytes) VALUES (?1, ?2)")
                .expect("it prepares");
            statement.execute((format!("plain{count}"), [7_u8; 32])).expect("it is taken");
            count += 1;
        }
        conn.execute_batch("COMMIT").expect("commits");
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}

async fn plain_postgres_selects(url: &str, time: Duration) -> f64 {
    let mut clients = Vec::new();
    for _ in 0..READERS {
        clients.push(connect(url).await);
    }
    let begun = Instant::now();
    let tasks = clients.into_iter().zip(0_i64..).map(|(client, reader)| {
        tokio::spawn(async move {
            let statement =
                client.prepare("SELECT bytes FROM kernel_secret WHERE name = $1").await.expect("it prepares");
            let mut count = 0_i64;
            while begun.elapsed() < time {
                let name = format!("row{}", (count * 7919 + reader) % ROWS);
                let row = client.query_one(&statement, &[&name]).await.expect("the row is there");
                assert_eq!(row.get::<_, Vec<u8>>(0).len(), 32);
                count += 1;
            }
            count
        })
    });
    sum(tasks.collect(), begun).await
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds are small")]
async fn plain_postgres_inserts(url: &str, time: Duration) -> f64 {
    let client = connect(url).await;
    let statement =
        client.prepare("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)").await.expect("it prepares");
    let (begun, mut count) = (Instant::now(), 0_i64);
    while begun.elapsed() < time {
        client.batch_execute("BEGIN").await.expect("begins");
        for _ in 0..GROUP {
            let name = format!("plain{count}");
            client.execute(&statement, &[&name, &vec![7_u8; 32]]).await.expect("it is taken");
            count += 1;
        }
        client.batch_execute("COMMIT").await.expect("commits");
    }
    count as f64 / begun.elapsed().as_secs_f64()
}
