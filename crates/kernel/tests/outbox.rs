//! The outbox: one order without gaps, exactly once, rebuilt from nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use kernel::{
    Fault,
    db::Tx,
    on_both_engines,
    outbox::{Event, Projection, catch_up, project_once, rebuild, relay_once},
    params, sql,
    testkit::World,
};

/// Counts events per subject in a row of its own; `stumble` makes it fail once in the middle of a batch.
#[derive(Default)]
struct Tally {
    stumble: Mutex<Option<i64>>,
}

impl Projection for Tally {
    fn name(&self) -> &'static str {
        "test_tally"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        tx.run(
            sql!(
                "INSERT INTO kernel_projection (name, seq) VALUES ($1, 1)
                 ON CONFLICT (name) DO UPDATE SET seq = kernel_projection.seq + 1"
            ),
            params![format!("tally/{}", event.subject)],
        )?;
        let mut stumble = self.stumble.lock().expect("no test panics while holding it");
        if *stumble == Some(event.seq) {
            *stumble = None;
            return Err(Fault::new("stumbled"));
        }
        Ok(())
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        tx.run(
            sql!("DELETE FROM kernel_projection WHERE name LIKE 'tally/%'", scan = "a test's"),
            params![],
        )?;
        Ok(())
    }
}

async fn tally(world: &World) -> BTreeMap<String, i64> {
    let rows = world.ctx.db().all(
        sql!("SELECT name, seq FROM kernel_projection WHERE name LIKE 'tally/%'", scan = "a test's"),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    rows.await.expect("a read works").into_iter().collect()
}

async fn emit(world: &World, subject: i64, fails: bool) -> Result<(), Fault> {
    let now = world.ctx.now();
    world
        .ctx
        .db()
        .write(move |tx| {
            tx.emit("test.happened", subject, &subject, now)?;
            if fails { Err(Fault::new("undone")) } else { Ok(()) }
        })
        .await
}

async fn sequence(world: &World) -> Vec<i64> {
    let rows = world.ctx.db().all(
        sql!("SELECT seq FROM kernel_event WHERE seq IS NOT NULL ORDER BY seq", scan = "a test's"),
        params![],
        |row| row.get(0),
    );
    rows.await.expect("a read works")
}

on_both_engines! {
    async fn events_of_undone_changes_do_not_exist_and_leave_no_gap(world: World) {
        for number in 0..30 {
            let _ = emit(&world, number, number % 3 == 0).await;
        }
        while relay_once(&world.ctx).await.expect("the relay works") > 0 {}
        assert_eq!(sequence(&world).await, (1..=20).collect::<Vec<_>>());
    }

    async fn two_relays_at_once_number_each_event_once(world: World) {
        let other = world.reopened().await;
        for number in 0..200 {
            emit(&world, number, false).await.expect("an event is taken");
        }
        let (one, two) = tokio::join!(relay_once(&world.ctx), relay_once(&other));
        assert_eq!(one.expect("works") + two.expect("works"), 200);
        assert_eq!(sequence(&world).await, (1..=200).collect::<Vec<_>>());
    }

    async fn a_projection_that_fails_in_the_middle_applies_each_event_once(world: World) {
        for number in 0..10 {
            emit(&world, number % 2, false).await.expect("an event is taken");
        }
        relay_once(&world.ctx).await.expect("the relay works");
        let projection: Arc<dyn Projection> = Arc::new(Tally { stumble: Mutex::new(Some(7)) });
        assert!(project_once(&world.ctx, &projection).await.is_err());
        assert!(tally(&world).await.is_empty(), "half a batch must not stay");
        catch_up(&world.ctx, std::slice::from_ref(&projection)).await.expect("the second try works");
        assert_eq!(tally(&world).await, BTreeMap::from([("tally/0".to_owned(), 5), ("tally/1".to_owned(), 5)]));
    }

    async fn a_rebuilt_projection_equals_the_live_one(world: World) {
        let projection: Arc<dyn Projection> = Arc::new(Tally::default());
        for number in 0..700 {
            emit(&world, number % 3, false).await.expect("an event is taken");
        }
        catch_up(&world.ctx, std::slice::from_ref(&projection)).await.expect("works");
        let live = tally(&world).await;
        assert_eq!(live.values().sum::<i64>(), 700);
        assert_eq!(rebuild(&world.ctx, &projection).await.expect("works"), 700);
        assert_eq!(tally(&world).await, live);
    }
}
