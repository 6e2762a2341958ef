//! What happens at the same time: on `PostgreSQL` two transactions may each not see what the other does.

use super::*;
use crate::{service::feed_for, store};

on_both_engines! {
    async fn a_feed_does_not_go_while_somebody_subscribes_to_it(world: World) {
        let (ctx, podcasts) = house(&world);
        let address = "http://feeds.test/1";
        let (inner, now) = (ctx.clone(), ctx.now());
        let entered = ctx.db().write(move |tx| feed_for(tx, &inner, address, "The show")).await;
        let id = entered.expect("it is entered, and nobody subscribes to it");
        let (holds, mut held) = tokio::sync::mpsc::unbounded_channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let inner = ctx.clone();
        let subscribing = tokio::spawn(async move {
            let db = inner.db().clone();
            let subscribed = db.write(move |tx| {
                let id = feed_for(tx, &inner, address, "")?;
                let _ = holds.send(());
                let _ = wait.recv();
                let settings = PodcastSettings { keep: 1, fetch_new: false, speed_percent: 100 };
                store::subscribe(tx, UserId(1), id, settings, now)
            });
            subscribed.await
        });
        held.recv().await.expect("the feed is held");
        let inner = ctx.clone();
        let mut removing = tokio::spawn(async move { look(&inner).await });
        // It waits now for who subscribes, or does what it must not.
        let done = tokio::time::timeout(Duration::from_millis(300), &mut removing).await;
        drop(go);
        assert!(subscribing.await.expect("it runs").expect("subscribed"));
        match done {
            Ok(done) => done.expect("it runs").expect("looked"),
            Err(_) => removing.await.expect("it runs").expect("looked"),
        }
        assert_eq!(podcasts.podcast(&viewer(1), id).await.expect("it is there").title, "The show");
    }

    async fn two_lists_at_once_bring_no_more_than_one_listener_may_have(world: World) {
        let (_, podcasts) = house(&world);
        let ann = viewer(1);
        let list = |range: std::ops::Range<u64>| {
            let one = |number| format!("<outline xmlUrl=\"http://feeds.test/{number}\"/>");
            format!("<opml><body>{}</body></opml>", range.map(one).collect::<String>())
        };
        podcasts.import(&ann, &list(5_000..5_001)).await.expect("a list");
        let (one, two) = (list(0..300), list(1_000..1_300));
        let (one, two) = tokio::join!(podcasts.import(&ann, &one), podcasts.import(&ann, &two));
        let (one, two) = (one.expect("a list"), two.expect("a list"));
        assert_eq!(u64::from(1 + one.added + two.added), crate::service::SUBSCRIPTIONS_MAX);
        assert_eq!(one.refused.len() + two.refused.len(), 101);
    }

    async fn feeds_are_counted_together_whoever_speaks_to_us(world: World) {
        let (ctx, page) = house(&world);
        let (_, _, direct) = delivery::parts_and_direct(ctx.clone(), Config::default());
        let dialect = Podcasts::new(ctx, direct);
        let (ann, bob) = (UserId(1), UserId(2));
        let held = [page.begin_subscribing(ann), dialect.begin_subscribing(ann), page.begin_subscribing(ann)];
        assert!(held.iter().all(Result::is_ok));
        for podcasts in [&page, &dialect] {
            let refused = podcasts.begin_subscribing(ann).expect_err("three are under way");
            assert_eq!(refused.problem().status, 429);
            assert!(podcasts.begin_subscribing(bob).is_ok());
        }
        drop(held);
        assert!(dialect.begin_subscribing(ann).is_ok());
    }

    async fn who_is_removed_leaves_nothing_and_what_was_under_way_comes_too_late(world: World) {
        let (ctx, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(2))).await;
        let (ann, bob) = (viewer(1), viewer(2));
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        podcasts.subscribe(&bob, &server.at("/feed")).await.expect("it is a feed");
        let query = PageQuery::default();
        let id = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items[0].id;
        let half = EpisodeProgress { position_ms: 1_000, played: false, heard_ms_ago: 0 };
        podcasts.set_progress(&ann, id, half).await.expect("noted");
        podcasts.set_progress(&bob, id, half).await.expect("noted");
        podcasts.download(&ann, id).await.expect("asked for");
        let now = ctx.now();
        let told = ctx.db().write(move |tx| tx.emit("accounts.user_removed", 1, &serde_json::json!({}), now)).await;
        told.expect("emitted");
        kernel::outbox::catch_up(&ctx, &crate::projections(&ctx)).await.expect("it is heard");
        let left = ctx.db().read(move |tx| {
            let wanted = store::count_wanted(tx, UserId(1))?;
            Ok::<_, kernel::Fault>((store::count_subscriptions(tx, UserId(1))?, wanted, store::is_wanted(tx, id)?))
        });
        assert_eq!(left.await.expect("read"), (0, 0, false));
        absent(podcasts.subscribe(&ann, &server.at("/feed")).await);
        absent(podcasts.import(&ann, "<opml><body><outline xmlUrl=\"http://feeds.test/1\"/></body></opml>").await);
        absent(podcasts.download(&ann, id).await);
        absent(podcasts.set_progress(&ann, id, half).await);
        let bobs = podcasts.episode(&bob, id).await.expect("it is there").episode;
        assert_eq!(bobs.position_ms, 1_000, "what is another's stays");
        // The position is gone too, which a subscription that is entered by hand would show.
        let (inner, feed) = (ctx.clone(), podcast.id);
        let again = ctx.db().write(move |tx| {
            let settings = PodcastSettings { keep: 1, fetch_new: false, speed_percent: 100 };
            store::subscribe(tx, UserId(1), feed, settings, inner.now())
        });
        assert!(again.await.expect("written"));
        assert_eq!(podcasts.episode(&ann, id).await.expect("it is there").episode.position_ms, 0);
    }
}
