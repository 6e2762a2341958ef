//! The room, on both engines.

use std::time::Duration;

use kernel::{
    Clock, Ctx, Time,
    db::Engine,
    http::{Role, Viewer},
    id::UserId,
    on_both_engines,
    testkit::World,
};

use crate::{
    Error, projections, room,
    store::{self, kept},
    sweep,
};

fn viewer(id: i64, handle: &str) -> Viewer {
    Viewer { id: UserId(id), handle: handle.to_owned(), role: Role::Listener, session: None, within: None }
}

async fn said(ctx: &Ctx, since: Time) -> Vec<String> {
    let messages = room::read(ctx, &viewer(9, "reader"), since, 100).await.expect("read");
    messages.into_iter().map(|message| message.text).collect()
}

async fn places(ctx: &Ctx) -> Vec<i64> {
    kept(ctx.db()).await.expect("read").into_iter().map(|(sequence, _)| sequence).collect()
}

on_both_engines! {
    async fn what_is_said_is_read_by_everybody_the_newest_first(world: World) {
        let ctx = &world.ctx;
        let (ann, bob) = (viewer(1, "ann"), viewer(2, "bob"));
        let first = room::write(ctx, &ann, " Tea?\r\nNow ").await.expect("taken");
        world.clock.advance(Duration::from_micros(300));
        let second = room::write(ctx, &bob, "Yes").await.expect("taken");
        assert_eq!((first.sequence, second.sequence), (1, 2));
        let read = room::read(ctx, &bob, Time(0), 100).await.expect("read");
        assert_eq!(read, [second.clone(), first.clone()]);
        assert_eq!((read[1].author, read[1].text.as_str()), (UserId(1), "Tea?\nNow"));
        assert!(second.sent_at > first.sent_at, "in the same millisecond, too, one is later");
        assert_eq!(second.sent_at.0 % 1000, 0, "a moment in milliseconds says exactly which are newer");
        assert_eq!(said(ctx, first.sent_at).await, ["Yes"]);
        assert_eq!(said(ctx, second.sent_at).await, [""; 0]);
        assert_eq!(room::read(ctx, &ann, Time(0), 1).await.expect("read").len(), 1);
        assert_eq!(said(&world.reopened().await, Time(i64::MIN)).await, ["Yes", "Tea?\nNow"]);
    }

    async fn a_clock_that_is_put_back_brings_no_message_out_of_order(world: World) {
        let ctx = &world.ctx;
        world.clock.advance(Duration::from_hours(1));
        let late = room::write(ctx, &viewer(1, "ann"), "late").await.expect("taken");
        let clock = Clock::manual(kernel::testkit::START);
        let other = Ctx::new(ctx.db().clone(), ctx.blobs().clone(), ctx.bus().clone(), clock, ctx.random().clone());
        let other = other.await.expect("a node whose clock is late");
        let next = room::write(&other, &viewer(2, "bob"), "next").await.expect("taken");
        assert_eq!((next.sequence, next.sent_at), (late.sequence + 1, Time(late.sent_at.0 + 1000)));
        assert_eq!(said(ctx, late.sent_at).await, ["next"]);
    }

    async fn a_clock_that_was_wrong_silences_nobody_once_it_is_put_right(world: World) {
        let ctx = &world.ctx;
        let ann = viewer(1, "ann");
        let wrong = ctx.now().plus(Duration::from_hours(48));
        let hasty = Ctx::new(ctx.db().clone(), ctx.blobs().clone(), ctx.bus().clone(), Clock::manual(wrong), ctx.random().clone());
        let hasty = hasty.await.expect("a node whose clock is two days ahead");
        for at in 0..room::MESSAGES_AT_ONCE_MAX {
            room::write(&hasty, &ann, &format!("{at}")).await.expect("taken");
        }
        let last = room::write(ctx, &ann, "and again").await.expect("what was written in days to come is not lately");
        assert!(last.sent_at > wrong, "its moment still grows with its place");
        for at in 1..room::MESSAGES_AT_ONCE_MAX {
            room::write(ctx, &ann, &format!("{at}")).await.expect("taken");
        }
        let Err(Error::Invalid(problem)) = room::write(ctx, &ann, "more").await else { panic!("it was taken") };
        assert_eq!(problem.retry_after_s, Some(61), "the limit itself holds");
        world.clock.advance(Duration::from_secs(61));
        room::write(ctx, &ann, "now").await.expect("it was waited for");
    }

    async fn whoever_floods_the_room_is_refused_without_a_turn(world: World) {
        let ctx = &world.ctx;
        for at in 0..room::MESSAGES_AT_ONCE_MAX {
            room::write(ctx, &viewer(1, "ann"), &format!("{at}")).await.expect("taken");
        }
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let inner = ctx.clone();
        let writes = tokio::spawn(async move {
            inner.db().write(move |tx| {
                store::take_place(tx, crate::model::HOUSE, kernel::testkit::START)?;
                let _ = begun.send(());
                let _ = ends.recv();
                Ok::<_, kernel::Fault>(())
            }).await
        });
        begins.recv().await.expect("somebody else is writing");
        let refused = tokio::time::timeout(Duration::from_secs(20), async { room::write(ctx, &viewer(1, "ann"), "more").await });
        let refused = refused.await;
        drop(end);
        writes.await.expect("ran").expect("written");
        let Ok(Err(Error::Invalid(problem))) = refused else { panic!("it had to wait, or was taken") };
        assert_eq!(problem.status, 429);
    }

    async fn of_many_who_write_at_once_each_has_a_place_and_none_is_free(world: World) {
        // Two nodes, where there may be two.
        let other = match world.ctx.db().engine() {
            Engine::Sqlite => world.ctx.clone(),
            Engine::Postgres => world.reopened().await,
        };
        let nodes = [world.ctx.clone(), other];
        let mut writers = Vec::new();
        for at in 0..40_i64 {
            let ctx = nodes[usize::from(at % 2 == 0)].clone();
            let writer = async move { room::write(&ctx, &viewer(at % 4, "one"), &format!("{at}")).await };
            writers.push(tokio::spawn(writer));
        }
        let mut given = Vec::new();
        for writer in writers {
            given.push(writer.await.expect("ran").expect("taken"));
        }
        given.sort_by_key(|message| message.sequence);
        assert_eq!(given.iter().map(|message| message.sequence).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
        assert!(given.windows(2).all(|two| two[0].sent_at < two[1].sent_at));
        assert_eq!(places(&nodes[0]).await, (1..=40).collect::<Vec<_>>());
    }

    async fn who_writes_too_much_at_once_waits_and_leaves_no_gap(world: World) {
        let ctx = &world.ctx;
        let (ann, bob) = (viewer(1, "ann"), viewer(2, "bob"));
        for at in 0..room::MESSAGES_AT_ONCE_MAX {
            room::write(ctx, &ann, &format!("{at}")).await.expect("taken");
            world.clock.advance(Duration::from_secs(1));
        }
        let Err(Error::Invalid(problem)) = room::write(ctx, &ann, "more").await else { panic!("it was taken") };
        assert_eq!((problem.status, problem.code.as_str(), problem.retry_after_s), (429, "too_many_messages", Some(41)));
        assert_eq!(room::write(ctx, &bob, "and I?").await.expect("taken").sequence, 21, "what was refused took no place");
        world.clock.advance(Duration::from_secs(41));
        assert_eq!(room::write(ctx, &ann, "again").await.expect("taken").sequence, 22);
        for bad in ["", " \n", &"x".repeat(room::TEXT_CHARS_MAX + 1)] {
            let Err(Error::Invalid(problem)) = room::write(ctx, &bob, bad).await else { panic!("it was taken") };
            assert_eq!(problem.status, 422);
        }
        room::write(ctx, &bob, &"🎵".repeat(room::TEXT_CHARS_MAX)).await.expect("taken");
    }

    async fn who_leaves_takes_the_words_along_and_the_places_stay(world: World) {
        let ctx = &world.ctx;
        for (id, text) in [(1, "mine"), (2, "yours"), (1, "mine, too")] {
            room::write(ctx, &viewer(id, "one"), text).await.expect("taken");
        }
        ctx.db().write(|tx| tx.emit("accounts.user_removed", 1, &(), kernel::testkit::START)).await.expect("told");
        kernel::outbox::catch_up(ctx, &projections()).await.expect("heard");
        assert_eq!(said(ctx, Time(0)).await, ["yours"]);
        let left = kept(ctx.db()).await.expect("read");
        assert_eq!(left, [(1, None), (2, Some("yours".to_owned())), (3, None)]);
        // A request of theirs that was under way.
        let Err(Error::Invalid(problem)) = room::write(ctx, &viewer(1, "one"), "last words").await else { panic!("it was taken") };
        assert_eq!(problem.status, 401);
        assert_eq!(room::write(ctx, &viewer(2, "two"), "next").await.expect("taken").sequence, 4);
    }

    async fn what_is_old_is_not_shown_and_then_gone(world: World) {
        let ctx = &world.ctx;
        room::write(ctx, &viewer(1, "ann"), "old").await.expect("taken");
        world.clock.advance(room::KEPT_FOR.saturating_sub(Duration::from_secs(1)));
        assert_eq!(said(ctx, Time(0)).await, ["old"]);
        room::write(ctx, &viewer(1, "ann"), "new").await.expect("taken");
        assert_eq!(sweep(ctx).await.expect("swept"), 0);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(said(ctx, Time(0)).await, ["new"]);
        assert_eq!(sweep(ctx).await.expect("swept"), 1);
        assert_eq!(places(ctx).await, [2]);
    }

    async fn so_many_are_kept_and_no_more(world: World) {
        let ctx = &world.ctx;
        room::write(ctx, &viewer(1, "ann"), "first").await.expect("taken");
        ctx.db().write(|tx| {
            for _ in 1..room::MESSAGES_KEPT_MAX {
                store::take_place(tx, crate::model::HOUSE, kernel::testkit::START)?;
            }
            Ok::<_, kernel::Fault>(())
        }).await.expect("places were given");
        assert_eq!(places(ctx).await, [1]);
        room::write(ctx, &viewer(1, "ann"), "last").await.expect("taken");
        assert_eq!(places(ctx).await, [room::MESSAGES_KEPT_MAX + 1]);
    }
}
