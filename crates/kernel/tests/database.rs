//! The database layer on both engines: what is acknowledged is there, what failed is not, values keep their type.

use std::sync::Arc;

use kernel::{
    Fault, Problem,
    bus::LocalBus,
    db::{Db, Engine, Location, Value},
    error::FaultKind,
    on_both_engines, params, sql,
    testkit::World,
};

#[tokio::test]
async fn a_database_that_is_away_is_no_fault_of_the_program() {
    // A port that was free a moment ago.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    drop(taken);
    let away = Location::Postgres(format!("postgres://odeon@127.0.0.1:{port}/odeon"));
    let Err(fault) = Db::open(&away, Arc::new(LocalBus::default())).await else { panic!("nobody is there") };
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    let problem = Problem::fault(&fault);
    assert_eq!((problem.status, problem.code.as_str()), (503, "unavailable"));
    assert!(problem.retry_after_s.is_some());
}

#[tokio::test]
async fn statements_are_not_compiled_to_machine_code() {
    let world = World::new(Engine::Postgres).await;
    let setting = sql!(
        sqlite: "SELECT 'on' WHERE $1 = ''",
        postgres: "SELECT setting FROM pg_settings WHERE name = $1"
    );
    let jit = world.ctx.db().one(setting, params!["jit"], |row| row.get::<String>(0)).await;
    assert_eq!(jit.expect("is read").as_deref(), Some("off"));
}

#[tokio::test]
async fn the_planner_knows_of_rows_that_were_just_entered() {
    let world = World::new(Engine::Postgres).await;
    for number in 0..20 {
        put(&world, &format!("test {number}"), b"a").await.expect("is written");
    }
    let known = sql!(
        sqlite: "SELECT 0 WHERE $1 = ''",
        postgres: "SELECT CAST(c.reltuples AS BIGINT) FROM pg_class c
             WHERE c.relname = $1 AND c.relnamespace = CAST(current_schema() AS regnamespace)"
    );
    let rows = async || {
        let read = world.ctx.db().one(known, params!["kernel_secret"], |row| row.get::<i64>(0)).await;
        read.expect("is read").expect("the table is there")
    };
    assert!(rows().await < 20, "it has not counted yet");
    world.ctx.db().analyze().await.expect("is counted");
    assert!(rows().await >= 20);
}

async fn put(world: &World, name: &str, bytes: &[u8]) -> Result<(), Fault> {
    let (name, bytes) = (name.to_owned(), bytes.to_vec());
    world
        .ctx
        .db()
        .write(move |tx| {
            tx.run(sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"), params![&name, &bytes])
        })
        .await
        .map(|_| ())
}

async fn names(world: &World) -> Vec<String> {
    world
        .ctx
        .db()
        .all(
            sql!(
                "SELECT name FROM kernel_secret WHERE name LIKE 'test%' ORDER BY name",
                scan = "a test's table is small"
            ),
            params![],
            |row| row.get(0),
        )
        .await
        .expect("a read works")
}

on_both_engines! {
    async fn a_failed_write_leaves_nothing(world: World) {
        let result: Result<(), Fault> = world
            .ctx
            .db()
            .write(|tx| {
                tx.run(
                    sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"),
                    params!["test", vec![1_u8]],
                )?;
                Err(Fault::new("changed my mind"))
            })
            .await;
        assert!(result.is_err());
        assert!(names(&world).await.is_empty());
    }

    async fn one_failing_write_of_many_does_not_take_the_others_with_it(world: World) {
        let writes = (0..100).map(|number| {
            let db = world.ctx.db().clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    tx.run(
                        sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"),
                        params![format!("test{number:03}"), vec![0_u8]],
                    )?;
                    if number % 10 == 3 { Err(Fault::new("odd one out")) } else { Ok(()) }
                })
                .await
            })
        });
        let mut kept = 0;
        for write in writes.collect::<Vec<_>>() {
            kept += usize::from(write.await.expect("no panic").is_ok());
        }
        assert_eq!(kept, 90);
        assert_eq!(names(&world).await.len(), 90);
    }

    async fn a_panicking_write_is_one_callers_fault_and_the_database_goes_on(world: World) {
        let result: Result<(), Fault> = world
            .ctx
            .db()
            .write(|tx| {
                tx.run(
                    sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"),
                    params!["test-panic", vec![1_u8]],
                )?;
                panic!("on purpose")
            })
            .await;
        assert!(result.is_err());
        for number in 0..40 {
            put(&world, &format!("test{number}"), b"x").await.expect("the next write works");
        }
        assert_eq!(names(&world).await.len(), 40);
    }

    async fn a_second_row_with_the_same_key_is_told_apart_from_other_faults(world: World) {
        put(&world, "test", b"one").await.expect("the first is taken");
        let fault = put(&world, "test", b"two").await.expect_err("the second is not");
        assert_eq!(fault.kind(), FaultKind::Unique);
    }

    async fn values_come_back_as_they_went_in(world: World) {
        let read = |value: Value| {
            let db = world.ctx.db().clone();
            async move {
                db.one(
                    sql!("SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS DOUBLE PRECISION)"),
                    vec![value, Value::Int(i64::MIN), Value::Real(0.1)],
                    |row| Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?, row.get::<f64>(2)?)),
                )
                .await
                .expect("a read works")
            }
        };
        assert_eq!(read(Value::from("ü\n'\"")).await, Some((Some("ü\n'\"".to_owned()), i64::MIN, 0.1)));
        assert_eq!(read(Value::Null).await, Some((None, i64::MIN, 0.1)));
        let bytes: Vec<u8> = (0..=255).collect();
        put(&world, "test", &bytes).await.expect("bytes are taken");
        let found = world
            .ctx
            .db()
            .one(sql!("SELECT bytes FROM kernel_secret WHERE name = $1"), params!["test"], |row| row.get::<Vec<u8>>(0))
            .await;
        assert_eq!(found.expect("a read works"), Some(bytes));
    }

    async fn a_read_cannot_write(world: World) {
        let result: Result<u64, Fault> = world
            .ctx
            .db()
            .read(|tx| {
                tx.run(
                    sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2)"),
                    params!["test", vec![1_u8]],
                )
            })
            .await;
        assert!(result.is_err());
        assert!(names(&world).await.is_empty());
        put(&world, "test", b"x").await.expect("writing goes on");
    }

    async fn what_was_written_is_there_after_a_restart(world: World) {
        put(&world, "test", b"kept").await.expect("a write works");
        let again = world.reopened().await;
        let found = again
            .db()
            .one(sql!("SELECT bytes FROM kernel_secret WHERE name = $1"), params!["test"], |row| row.get::<Vec<u8>>(0))
            .await;
        assert_eq!(found.expect("a read works").as_deref(), Some(&b"kept"[..]));
    }

    async fn a_counter_that_many_raise_at_once_loses_no_step(world: World) {
        put(&world, "test", b"0").await.expect("a write works");
        let steps = (0..64).map(|_| {
            let db = world.ctx.db().clone();
            tokio::spawn(async move {
                db.write(|tx| {
                    tx.run(
                        sql!(
                            sqlite: "UPDATE kernel_secret SET bytes = CAST(CAST(bytes AS INTEGER) + 1 AS TEXT)
                                WHERE name = $1",
                            postgres: "UPDATE kernel_secret
                                SET bytes = convert_to((convert_from(bytes, 'UTF8')::bigint + 1)::text, 'UTF8')
                                WHERE name = $1"
                        ),
                        params!["test"],
                    )
                })
                .await
            })
        });
        for step in steps.collect::<Vec<_>>() {
            step.await.expect("no panic").expect("each step is taken");
        }
        let text = sql!(
            sqlite: "SELECT CAST(bytes AS TEXT) FROM kernel_secret WHERE name = $1",
            postgres: "SELECT convert_from(bytes, 'UTF8') FROM kernel_secret WHERE name = $1"
        );
        let found = world.ctx.db().one(text, params!["test"], |row| row.get::<String>(0)).await;
        assert_eq!(found.expect("a read works").as_deref(), Some("64"));
    }
}
