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
}
