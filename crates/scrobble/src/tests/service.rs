//! Connecting, and who sees what of it.

use accounts::members::{self, Edit};
use kernel::on_both_engines;

use super::*;

fn refused<T>(result: Result<T, Error>) -> (u16, String) {
    match result {
        Ok(_) => panic!("it was taken"),
        Err(error) => {
            let problem = error.problem();
            let field = problem.errors.first().map_or(problem.code, |first| first.field.clone());
            (problem.status, field)
        }
    }
}

on_both_engines! {
    async fn a_token_is_tried_before_it_is_kept_and_is_never_shown(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let nothing = house.scrobbling.overview(&ann()).await.expect("shown");
        assert!(nothing.listenbrainz.is_none() && nothing.lastfm.is_none() && !nothing.lastfm_available);
        for (token, field) in [("wrong", "token"), ("", "token"), ("two words", "token")] {
            let tried = house.scrobbling.connect_listenbrainz(&ann(), account(&server, token)).await;
            assert_eq!(refused(tried), (422, field.to_owned()), "{token}");
        }
        let connection = house.connect(&server).await;
        assert_eq!((connection.name.as_str(), connection.state), ("ann", State::Working));
        assert_eq!(connection.server, server.address.to_string());
        let overview = house.scrobbling.overview(&ann()).await.expect("shown");
        assert!(!serde_json::to_string(&overview).expect("JSON").contains("good"), "no token in any answer");
    }

    async fn servers_are_only_asked_where_the_operator_lets_them_be(world: World) {
        let house = House::new(world);
        for server in ["http://10.0.0.1/", "http://169.254.169.254/latest", "ftp://x.test/", "nonsense", "http://u:p@x.test/"] {
            let account = ListenBrainzAccount { token: "good".to_owned(), server: Some(server.to_owned()) };
            let tried = house.scrobbling.connect_listenbrainz(&ann(), account).await;
            assert_eq!(refused(tried), (422, "server".to_owned()), "{server}");
        }
        let page = Foreign::start(|_: &Asked| answer(200, &[], "<html>hello</html>")).await;
        let tried = house.scrobbling.connect_listenbrainz(&ann(), account(&page, "good")).await;
        assert_eq!(refused(tried), (422, "server".to_owned()), "it is another kind of server");
    }

    async fn one_account_has_few_services_asked_at_once(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let again = Scrobbling::new(house.ctx.clone(), Config::default());
        let held = [&house.scrobbling, &again, &again].map(|one| one.begin_connecting(ann().id).expect("a place"));
        let tried = again.connect_listenbrainz(&ann(), account(&server, "good")).await;
        assert_eq!(refused(tried), (429, "too_many".to_owned()));
        assert!(server.asked().is_empty());
        assert!(again.connect_listenbrainz(&viewer(2), account(&server, "good")).await.is_ok());
        drop(held);
        assert!(again.connect_listenbrainz(&ann(), account(&server, "good")).await.is_ok());
        assert!(again.connect_listenbrainz(&ann(), account(&server, "good")).await.is_ok(), "places are given back");
    }

    async fn nobody_sees_or_touches_the_connections_of_another(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        house.connect(&server).await;
        let bob = viewer(2);
        assert!(house.scrobbling.overview(&bob).await.expect("shown").listenbrainz.is_none());
        let service = Service::ListenBrainz;
        let query = kernel::PageQuery::default();
        assert_eq!(refused(house.scrobbling.disconnect(&bob, service).await).0, 404);
        assert_eq!(refused(house.scrobbling.retry(&bob, service).await).0, 404);
        assert_eq!(refused(house.scrobbling.failed(&bob, service, &query).await).0, 404);
        assert_eq!(refused(house.scrobbling.forget_failed(&bob, service).await).0, 404);
        assert_eq!(refused(house.scrobbling.link_lastfm(&bob).await).0, 404);
        assert!(house.scrobbling.overview(&ann()).await.expect("shown").listenbrainz.is_some());
    }

    async fn an_account_that_is_removed_leaves_nothing_behind(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        house.play(track).await;
        house.settle().await;
        let now = house.ctx.now();
        let told = house.ctx.db().write(move |tx| tx.emit("accounts.user_removed", ann().id.0, &json!({}), now));
        told.await.expect("emitted");
        house.settle().await;
        assert!(house.scrobbling.overview(&ann()).await.expect("shown").listenbrainz.is_none());
        let left = house.ctx.db().read(move |tx| crate::store::heard_after(tx, ann().id, 0, 10)).await;
        assert!(left.expect("read").is_empty());
        house.work().await;
        assert!(sent(&server).is_empty());
    }

    async fn what_waits_of_an_account_that_is_shut_is_held_back_until_it_is_open_or_removed(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let user = accounts::add_user(&house.ctx, "ann", "Ann", Role::Listener, "correct horse battery".to_owned());
        let ann = Viewer { id: user.await.expect("added").id, ..ann() };
        let admin = Viewer { role: Role::Admin, ..viewer(99) };
        let shut = |disabled| Edit { disabled: Some(disabled), ..Edit::default() };
        let track = house.track("One", "Air").await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        house.settle().await;
        let play = |at| NewPlay { track_id: track, played_at: Some(at), id: None, client: None };
        catalog::service::record_play(&house.ctx, &ann, &play(START)).await.expect("counted");
        outbox::catch_up(&house.ctx, &projections()).await.expect("applied");
        // Shut, and what happens by itself has not heard of it yet.
        members::change(&house.ctx, &admin, ann.id, shut(true)).await.expect("shut");
        look(&house.ctx).await.expect("looked");
        house.work().await;
        let idle = || async {
            house.ctx.bus().publish(kernel::jobs::TOPIC_JOBS);
            let counts = kernel::jobs::counts(house.ctx.db()).await.expect("read");
            !counts.iter().any(|(kind, state, _)| {
                kind == crate::jobs::SEND_JOB && (state == "ready" || state == "running")
            })
        };
        eventually("the job has ended", idle).await;
        house.settle().await;
        eventually("no other one was made", idle).await;
        assert!(sent(&server).is_empty());
        let shown = || async { house.scrobbling.overview(&ann).await.expect("shown").listenbrainz };
        assert_eq!(shown().await.expect("connected").waiting, 1);
        members::change(&house.ctx, &admin, ann.id, shut(false)).await.expect("open");
        house.settle().await;
        eventually("it was sent", || async { shown().await.is_some_and(|one| one.sent == 1) }).await;
        members::change(&house.ctx, &admin, ann.id, shut(true)).await.expect("shut");
        catalog::service::record_play(&house.ctx, &ann, &play(START.plus(Duration::from_hours(1)))).await.expect("counted");
        house.settle().await;
        members::remove(&house.ctx, &admin, ann.id).await.expect("removed");
        house.settle().await;
        assert!(shown().await.is_none());
        assert_eq!(sent(&server).len(), 1);
    }

    async fn disconnecting_forgets_what_waited_and_another_account_begins_anew(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        house.play(track).await;
        house.settle().await;
        assert_eq!(house.shown().await.waiting, 1);
        house.scrobbling.disconnect(&ann(), Service::ListenBrainz).await.expect("ended");
        assert!(house.scrobbling.overview(&ann()).await.expect("shown").listenbrainz.is_none());
        house.play(track).await;
        house.settle().await;
        house.connect(&server).await;
        house.work().await;
        house.play(track).await;
        house.settle().await;
        house.eventually("the last was sent", |shown| shown.sent == 1).await;
        assert_eq!(sent(&server).len(), 1, "what was heard in between is nobody's");
        // Elsewhere the name is the same, and yet it is another account.
        let other = listenbrainz(|_| answer(503, &[], "")).await;
        house.connect(&other).await;
        let shown = house.shown().await;
        assert_eq!((shown.sent, shown.waiting), (0, 0));
    }
}
