//! From a play to a service: once, in order, whatever happens on the way.

use catalog::service::listens::ListenFacts;
use kernel::on_both_engines;

use super::*;
use crate::store;

fn single(title: &str) -> (String, Vec<String>) {
    ("single".to_owned(), vec![title.to_owned()])
}

on_both_engines! {
    async fn a_play_is_told_once_with_what_the_catalogue_knows(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let number = "f59c5520-5f46-4d2c-b2c4-822eabf53419";
        let musicbrainz = MusicBrainz { recording: Some(number.to_owned()), ..MusicBrainz::default() };
        let track = house.tagged(TrackTags { musicbrainz, ..tags("Moon", "Air") }).await;
        house.work().await;
        house.connect(&server).await;
        let at = house.play(track).await;
        house.settle().await;
        let shown = house.eventually("it was sent", |shown| shown.sent == 1).await;
        assert_eq!((shown.waiting, shown.failed, shown.problem.clone()), (0, 0, None));
        let body = &submissions(&server)[0];
        assert_eq!(body["listen_type"], "single");
        let listen = &body["payload"][0];
        assert_eq!(listen["listened_at"], at.seconds());
        let told = &listen["track_metadata"];
        assert_eq!((&told["artist_name"], &told["track_name"], &told["release_name"]), (&json!("Air"), &json!("Moon"), &json!("Night")));
        let more = &told["additional_info"];
        assert_eq!((&more["recording_mbid"], &more["duration_ms"], &more["tracknumber"]), (&json!(number), &json!(180_000), &json!(3)));
        assert_eq!((&more["submission_client"], &more["media_player"]), (&json!("Odeon"), &json!("Odeon")));
        // Told again by the page, derived again by the operator: still once.
        let again = NewPlay { track_id: track, played_at: Some(at), id: None, client: None };
        catalog::service::record_play(&house.ctx, &ann(), &again).await.expect("taken");
        outbox::rebuild(&house.ctx, &projections()[0]).await.expect("derived again");
        house.settle().await;
        assert_eq!((house.shown().await.waiting, sent(&server).len()), (0, 1));
    }

    async fn what_was_heard_before_connecting_and_by_others_is_not_told(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let (moon, sun) = (house.track("Moon", "Air").await, house.track("Sun", "Air").await);
        house.play(moon).await;
        // Connected while that play waits for its place in the order of events.
        house.connect(&server).await;
        let play = NewPlay { track_id: sun, played_at: None, id: None, client: None };
        catalog::service::record_play(&house.ctx, &viewer(2), &play).await.expect("counted");
        house.settle().await;
        assert_eq!(house.shown().await.waiting, 0);
        house.work().await;
        house.play(sun).await;
        house.settle().await;
        house.eventually("the new one was sent", |shown| shown.sent == 1).await;
        assert_eq!(sent(&server), [single("Sun")]);
    }

    async fn a_service_that_is_away_gets_all_of_it_in_order_when_it_is_back(world: World) {
        let house = House::new(world);
        let (server, mood) = moody().await;
        let tracks = [house.track("One", "Air").await, house.track("Two", "Air").await, house.track("Three", "Air").await];
        house.work().await;
        house.connect(&server).await;
        mood.store(503, Ordering::SeqCst);
        for track in tracks {
            house.play(track).await;
        }
        house.settle().await;
        let away = house.eventually("it says that the service is away", |shown| shown.problem.is_some()).await;
        assert_eq!((away.waiting, away.sent, away.state), (3, 0, State::Working));
        house.idle().await;
        assert!(away.next_at.is_some_and(|next| next > house.ctx.now()));
        let tries = sent(&server).len();
        house.settle().await;
        assert_eq!(sent(&server).len(), tries, "it is left alone for a while");
        mood.store(200, Ordering::SeqCst);
        house.world.clock.advance(Duration::from_hours(1));
        house.settle().await;
        let back = house.eventually("all was sent", |shown| shown.sent == 3).await;
        assert_eq!((back.waiting, back.problem.clone(), back.next_at), (0, None, None));
        let all = ("import".to_owned(), vec!["One".to_owned(), "Two".to_owned(), "Three".to_owned()]);
        assert_eq!(sent(&server).last(), Some(&all));
        let times: Vec<i64> = submissions(&server).last().expect("sent")["payload"].as_array().expect("listens")
            .iter().map(|one| one["listened_at"].as_i64().expect("a time")).collect();
        assert_eq!(times, [0, 60, 120].map(|later| START.seconds() + later), "with the times at which they were heard");
    }

    async fn a_house_that_asks_too_much_puts_off_what_it_tells_and_blames_nobody(world: World) {
        let house = House::new(world);
        let server = Foreign::start(|asked: &Asked| match asked.path.as_str() {
            "/lb/1/validate-token" => answer(200, &[], json!({ "valid": true, "user_name": "me" }).to_string()),
            "/hang" => vec![Step::Hang],
            _ => taken(),
        }).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        // One after the other stays there until there is no place for the next.
        let ask = kernel::fetch::Ask::get(&server.at("/hang")).expect("an address");
        let mut hanging = tokio::task::JoinSet::new();
        loop {
            let tried = house.ctx.fetch().send(&ask);
            let tried = tokio::time::timeout(Duration::from_millis(20), tried).await;
            if matches!(tried, Ok(Err(kernel::fetch::FetchError::Busy))) {
                break;
            }
            assert!(hanging.len() < 100, "it never is full");
            let (fetch, ask) = (house.ctx.fetch().clone(), ask.clone());
            hanging.spawn(async move { fetch.send(&ask).await.is_ok() });
        }
        house.work().await;
        house.play(track).await;
        house.settle().await;
        let put_off = || async {
            let row = house.ctx.db().read(|tx| store::connection_of(tx, ann().id, Service::ListenBrainz)).await;
            row.expect("read").is_some_and(|row| row.next > house.ctx.now() && row.failures == 0)
        };
        eventually("it is put off", put_off).await;
        house.idle().await;
        let shown = house.shown().await;
        assert_eq!((shown.waiting, shown.state, shown.problem, shown.next_at), (1, State::Working, None, None));
        hanging.shutdown().await;
        house.world.clock.advance(Duration::from_mins(5));
        house.settle().await;
        house.eventually("it was sent", |shown| shown.sent == 1).await;
    }

    async fn a_verdict_on_an_old_token_does_not_stop_a_new_one(world: World) {
        let house = House::new(world);
        let server = Foreign::start(|asked: &Asked| {
            let old = asked.headers.get("authorization").is_some_and(|token| token == "Token old");
            match asked.path.as_str() {
                "/lb/1/validate-token" => answer(200, &[], json!({ "valid": true, "user_name": "ann" }).to_string()),
                // Slowly, so that the new token is there before the verdict is.
                _ if old => answer(401, &[], "{}").into_iter().map(|step| match step {
                    Step::Bytes(bytes) => Step::Drip(bytes, Duration::from_millis(30)),
                    other => other,
                }).collect(),
                _ => taken(),
            }
        }).await;
        let track = house.track("One", "Air").await;
        let connect = |token: &'static str| {
            let (scrobbling, account) = (&house.scrobbling, account(&server, token));
            async move { scrobbling.connect_listenbrainz(&ann(), account).await }
        };
        connect("old").await.expect("connected");
        house.settle().await;
        house.work().await;
        house.play(track).await;
        house.settle().await;
        let asked = || server.asked().iter().any(|asked| asked.path == "/lb/1/submit-listens");
        eventually("it was sent with the old token", || async { asked() }).await;
        connect("new").await.expect("connected anew");
        let shown = house.eventually("it was sent with the new one", |shown| shown.sent == 1).await;
        assert_eq!((shown.state, shown.problem, shown.waiting), (State::Working, None, 0));
    }

    async fn an_answer_that_is_lost_has_the_very_same_listens_sent_again(world: World) {
        let house = House::new(world);
        let tries = Arc::new(AtomicU16::new(0));
        let inner = Arc::clone(&tries);
        // The first time the server takes them and the line is cut before it can say so.
        let server = listenbrainz(move |_| match inner.fetch_add(1, Ordering::SeqCst) {
            0 => vec![Step::Bytes(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())],
            _ => taken(),
        }).await;
        let (one, two) = (house.track("One", "Air").await, house.track("Two", "Air").await);
        house.connect(&server).await;
        house.play(one).await;
        house.play(two).await;
        house.work().await;
        house.settle().await;
        house.eventually("it failed", |shown| shown.problem.is_some()).await;
        house.idle().await;
        // Later plays do not change what is sent again first.
        house.world.clock.advance(Duration::from_mins(1));
        house.settle().await;
        house.eventually("all was sent", |shown| shown.sent == 2).await;
        let bodies = submissions(&server);
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1], "so that the service knows them again");
    }

    async fn a_server_that_only_speaks_like_listenbrainz_is_sent_one_after_the_other(world: World) {
        let house = House::new(world);
        let server = Foreign::start(|asked: &Asked| match asked.path.as_str() {
            "/lb/1/validate-token" => answer(200, &[], json!({ "valid": true, "user_name": "me" }).to_string()),
            _ => taken(),
        }).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        for _ in 0..3 {
            house.play(track).await;
        }
        house.settle().await;
        house.work().await;
        house.eventually("all was sent", |shown| shown.sent == 3).await;
        assert_eq!(sent(&server), [single("One"), single("One"), single("One")]);
    }

    async fn a_service_is_not_asked_before_the_time_that_it_named(world: World) {
        let house = House::new(world);
        let (server, mood) = moody().await;
        let track = house.track("One", "Air").await;
        house.work().await;
        house.connect(&server).await;
        mood.store(429, Ordering::SeqCst);
        house.play(track).await;
        house.settle().await;
        house.eventually("it is asked to wait", |shown| shown.problem.is_some()).await;
        mood.store(200, Ordering::SeqCst);
        house.world.clock.advance(Duration::from_mins(100));
        house.settle().await;
        assert_eq!((house.shown().await.waiting, sent(&server).len()), (1, 1));
        house.world.clock.advance(Duration::from_mins(21));
        house.settle().await;
        house.eventually("it was sent", |shown| shown.sent == 1).await;
    }

    async fn an_allowance_that_is_used_up_is_waited_for(world: World) {
        let house = House::new(world);
        let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-in", "9")];
        let server = listenbrainz(move |_| answer(200, &used_up, "{}")).await;
        let (one, two) = (house.track("One", "Air").await, house.track("Two", "Air").await);
        house.work().await;
        house.connect(&server).await;
        house.play_at(one, None).await;
        house.settle().await;
        house.eventually("the first was sent", |shown| shown.sent == 1).await;
        house.play_at(two, None).await;
        house.settle().await;
        assert_eq!(house.shown().await.waiting, 1);
        house.world.clock.advance(Duration::from_secs(10));
        house.settle().await;
        house.eventually("the second was sent", |shown| shown.sent == 2).await;
    }

    async fn a_token_that_is_refused_keeps_the_queue_for_the_next_one(world: World) {
        let house = House::new(world);
        let (server, mood) = moody().await;
        let track = house.track("One", "Air").await;
        house.work().await;
        house.connect(&server).await;
        mood.store(401, Ordering::SeqCst);
        house.play(track).await;
        house.settle().await;
        let refused = house.eventually("it is refused", |shown| shown.state == State::Refused).await;
        assert!(refused.problem.clone().expect("words").contains("Connect again"));
        house.play(track).await;
        house.world.clock.advance(Duration::from_hours(48));
        house.settle().await;
        assert_eq!((house.shown().await.waiting, sent(&server).len()), (2, 1), "nothing is tried any more");
        mood.store(200, Ordering::SeqCst);
        let again = house.connect(&server).await;
        assert_eq!((again.state, again.waiting), (State::Working, 2));
        house.eventually("what waited was sent", |shown| shown.sent == 2).await;
    }

    async fn one_listen_that_is_refused_holds_up_no_other(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|body| {
            let each = body["payload"].as_array().expect("listens");
            if each.iter().any(|one| one["track_metadata"]["track_name"] == "Bad") {
                return answer(400, &[], json!({ "error": "JSON document is too\u{7} bad." }).to_string());
            }
            taken()
        }).await;
        let bad = house.track("Bad", "Air").await;
        let good = house.track("Good", "Air").await;
        house.connect(&server).await;
        for track in [good, good, bad, good, good] {
            house.play(track).await;
        }
        house.settle().await;
        house.work().await;
        let done = house.eventually("the others were sent", |shown| shown.sent == 4).await;
        assert_eq!((done.waiting, done.failed), (0, 1));
        let query = kernel::PageQuery::default();
        let failed = house.scrobbling.failed(&ann(), Service::ListenBrainz, &query).await.expect("a list").items;
        assert_eq!((failed[0].title.as_str(), failed[0].artist.as_str()), ("Bad", "Air"));
        assert_eq!(failed[0].problem, "ListenBrainz does not take it: JSON document is too bad.");
        house.scrobbling.retry(&ann(), Service::ListenBrainz).await.expect("tried");
        house.eventually("it failed again", |shown| shown.failed == 1 && shown.waiting == 0).await;
        house.scrobbling.forget_failed(&ann(), Service::ListenBrainz).await.expect("forgotten");
        assert_eq!(house.shown().await.failed, 0);
    }

    async fn a_server_that_refuses_everything_is_left_alone_before_it_has_emptied_the_queue(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| answer(400, &[], "{}")).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        for _ in 0..8 {
            house.play(track).await;
        }
        house.settle().await;
        house.work().await;
        let left = house.eventually("it gave up for now", |shown| shown.problem.is_some()).await;
        assert_eq!((left.failed, left.waiting, left.state), (5, 3, State::Working));
    }

    async fn a_full_queue_goes_on_with_the_history_and_loses_nothing(world: World) {
        let house = House::new(world);
        let (server, mood) = moody().await;
        let tracks = [house.track("A", "Air").await, house.track("B", "Air").await];
        house.work().await;
        house.connect(&server).await;
        mood.store(500, Ordering::SeqCst);
        let mut expected = Vec::new();
        for number in 0..25 {
            house.play(tracks[number % 2]).await;
            expected.push(["A", "B"][number % 2].to_owned());
        }
        house.settle().await;
        let full = house.eventually("it failed", |shown| shown.problem.is_some()).await;
        assert_eq!((full.waiting, full.full), (10, true));
        mood.store(200, Ordering::SeqCst);
        house.world.clock.advance(Duration::from_hours(1));
        house.settle().await;
        let done = house.eventually("all was sent", |shown| shown.sent == 25).await;
        assert_eq!((done.waiting, done.full, done.failed), (0, false, 0));
        let taken: Vec<String> = submissions(&server).iter().zip(sent(&server)).skip(1).flat_map(|(_, sent)| sent.1).collect();
        assert_eq!(taken, expected, "each once, in its order");
        house.play(tracks[0]).await;
        house.settle().await;
        house.eventually("it goes on as before", |shown| shown.sent == 26).await;
    }

    async fn what_a_wrong_clock_dated_ahead_is_sent_with_the_present(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        house.connect(&server).await;
        // A clock that was a year ahead dated this play, and the moment of the next try.
        let ahead = house.ctx.now().plus(Duration::from_hours(365 * 24));
        house.ctx.db().write(move |tx| {
            let connection = store::connection_of(tx, ann().id, Service::ListenBrainz)?.expect("there").id;
            let facts = ListenFacts { title: "One".to_owned(), artist: "Air".to_owned(), ..ListenFacts::default() };
            let new = store::NewListen { connection, seq: 1_000, listened: ahead, facts: &facts };
            store::insert_listen(tx, &new, None, ahead)?;
            store::set_sent(tx, connection, 0, ahead, ahead)
        }).await.expect("the clock was wrong");
        house.work().await;
        house.settle().await;
        house.eventually("it was sent", |shown| shown.sent == 1).await;
        assert_eq!(submissions(&server)[0]["payload"][0]["listened_at"], house.ctx.now().seconds());
    }

    async fn what_no_service_takes_fails_at_once_and_says_why(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let nameless = house.tagged(TrackTags { artists: Vec::new(), album_artists: Vec::new(), ..tags("Hum", "") }).await;
        let old = house.track("Old", "Air").await;
        house.connect(&server).await;
        house.play(nameless).await;
        house.play_at(old, Some(Time(1_000_000_000_000_000))).await;
        house.settle().await;
        let shown = house.shown().await;
        let query = kernel::PageQuery::default();
        let failed = house.scrobbling.failed(&ann(), Service::ListenBrainz, &query).await.expect("a list").items;
        let why: Vec<_> = failed.iter().map(|one| (one.title.as_str(), one.problem.contains("2002"))).collect();
        assert!(why.contains(&("Old", true)), "{why:?}");
        assert_eq!(usize::try_from(shown.failed).expect("few"), failed.len());
        assert!(sent(&server).is_empty());
    }

    async fn a_track_that_was_hidden_after_it_was_heard_is_still_told(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| taken()).await;
        let track = house.track("Gone", "Air").await;
        house.work().await;
        house.connect(&server).await;
        house.play(track).await;
        let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
        let hidden = house.ctx.db().write(move |tx| import::hide_track(tx, &mut Batch::new(&ids, now), track));
        hidden.await.expect("hidden");
        house.settle().await;
        house.eventually("it was sent", |shown| shown.sent == 1).await;
        assert_eq!(sent(&server), [single("Gone")]);
    }
}
