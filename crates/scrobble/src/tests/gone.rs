//! What a service will not take is neither tried for ever nor lost in silence: it is kept with its reason, and shown.

use catalog::model::{PlayReport, PlayState};
use kernel::{http::AppKey, on_both_engines};

use super::{favourites::loving, turns::shy, *};
use crate::{
    jobs::note_playing,
    model::{FailedKind, FailedListen, ImportStart, TakeoverState},
};

const DAY: Duration = Duration::from_hours(24);

impl House {
    async fn failed(&self) -> Vec<FailedListen> {
        let query = kernel::PageQuery::default();
        self.scrobbling.failed(&ann(), Service::ListenBrainz, &query).await.expect("a list").items
    }

    async fn try_now(&self, viewer: &Viewer) {
        self.scrobbling.retry(viewer, Service::ListenBrainz).await.expect("pressed");
        self.settle().await;
    }

    /// The file of a track says other tags now.
    async fn retag(&self, track: TrackId, path: &'static str, tags: TrackTags) {
        let (ids, now) = (self.ctx.ids().clone(), self.ctx.now());
        let written = self.ctx.db().write(move |tx| {
            let source = file(path);
            let new = TrackImport {
                existing: Some(track),
                library: Some(LibraryId(1)),
                source: &source,
                tags: &tags,
                picture: None,
                folder: Some("/m"),
            };
            import::upsert_track(tx, &mut Batch::new(&ids, now), &new)
        });
        written.await.expect("it is written");
    }
}

on_both_engines! {
    async fn of_more_that_was_refused_than_is_kept_the_rest_is_counted(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|_| answer(400, &[], json!({ "error": "no" }).to_string())).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        for _ in 0..10 {
            house.play(track).await;
        }
        house.settle().await;
        house.work().await;
        house.eventually("five are refused", |shown| shown.failed == 5).await;
        house.idle().await;
        house.world.clock.advance(Duration::from_hours(1));
        house.settle().await;
        let done = house.eventually("all are refused", |shown| shown.waiting == 0).await;
        assert_eq!((done.failed, done.unlisted, done.sent), (6, 4, 0));
        let asked = server.asked().len();
        house.world.clock.advance(DAY);
        house.settle().await;
        house.idle().await;
        assert_eq!(server.asked().len(), asked, "none is tried again by itself");
        let failed = house.failed().await;
        assert_eq!((failed.len(), failed[0].kind), (6, FailedKind::Listen));
        assert!(failed.iter().all(|one| one.problem.ends_with("it: no") && one.advice.contains("try again")), "{failed:?}");
        house.scrobbling.forget_failed(&ann(), Service::ListenBrainz).await.expect("forgotten");
        assert_eq!((house.shown().await.failed, house.shown().await.unlisted), (0, 0));
    }

    async fn tags_that_were_corrected_are_what_is_tried_again(world: World) {
        let house = House::new(world);
        let server = listenbrainz(|body| match body["payload"][0]["track_metadata"]["track_name"].as_str() {
            Some("Bad") => answer(400, &[], json!({ "error": "no such song" }).to_string()),
            _ => taken(),
        }).await;
        let track = house.track("Bad", "Air").await;
        house.work().await;
        house.connect(&server).await;
        house.play(track).await;
        house.settle().await;
        house.eventually("it is refused", |shown| shown.failed == 1).await;
        house.idle().await;
        house.try_now(&ann()).await;
        house.idle().await;
        assert_eq!((house.shown().await.failed, sent(&server).len()), (1, 2), "it is as it was");
        house.retag(track, "/m/Bad.flac", tags("Good", "Air")).await;
        house.try_now(&ann()).await;
        house.eventually("it was sent", |shown| shown.sent == 1 && shown.failed == 0).await;
        assert_eq!(sent(&server)[2], ("single".to_owned(), vec!["Good".to_owned()]));
    }

    async fn a_favourite_that_is_refused_is_listed_and_can_be_tried_again(world: World) {
        let house = House::new(world);
        let (server, mood) = loving(Vec::new()).await;
        let (moon, sun) = (house.recorded("Moon", 1).await, house.recorded("Sun", 2).await);
        house.work().await;
        house.connect(&server).await;
        mood.store(400, Ordering::SeqCst);
        house.favour(moon, true).await;
        house.settle().await;
        eventually("it is refused", || async { house.favourites().await.failed == 1 }).await;
        house.idle().await;
        mood.store(200, Ordering::SeqCst);
        house.favour(sun, true).await;
        house.settle().await;
        eventually("the other is told", || async { house.favourites().await.sent == 1 }).await;
        let failed = house.failed().await;
        assert_eq!((failed.len(), failed[0].kind, failed[0].title.as_str()), (1, FailedKind::Love, "Moon"));
        assert_eq!((failed[0].listened_at, failed[0].problem.as_str()), (None, "ListenBrainz does not take it: no such recording"));
        assert_eq!((house.shown().await.failed, house.favourites().await.waiting), (0, 0));
        house.try_now(&ann()).await;
        eventually("it is told", || async { house.favourites().await.sent == 2 }).await;
        let now = house.favourites().await;
        assert_eq!((now.failed, now.problem), (0, None));
        // What was changed since it was refused is told as it stands.
        mood.store(400, Ordering::SeqCst);
        house.favour(moon, false).await;
        house.settle().await;
        eventually("it is refused", || async { house.favourites().await.failed == 1 }).await;
        house.idle().await;
        assert_eq!(house.failed().await[0].kind, FailedKind::Unlove);
        mood.store(200, Ordering::SeqCst);
        house.favour(moon, true).await;
        house.settle().await;
        eventually("it is told", || async { house.favourites().await.sent == 3 }).await;
        assert_eq!(house.favourites().await.failed, 0);
    }

    async fn a_service_that_never_comes_back_is_asked_no_more_until_its_listener_says_so(world: World) {
        let house = House::new(world);
        let (server, mood) = moody().await;
        let track = house.track("One", "Air").await;
        house.work().await;
        house.connect(&server).await;
        mood.store(502, Ordering::SeqCst);
        house.play(track).await;
        for _ in 0..13 {
            house.settle().await;
            house.idle().await;
            house.world.clock.advance(DAY);
        }
        assert_eq!(house.shown().await.state, State::Working);
        for _ in 0..3 {
            house.settle().await;
            house.idle().await;
            house.world.clock.advance(DAY);
        }
        let gone = house.shown().await;
        assert_eq!((gone.state, gone.waiting, gone.next_at), (State::Gone, 1, None));
        assert!(gone.problem.expect("a reason").contains("no longer tried by itself"));
        let asked = server.asked().len();
        house.world.clock.advance(DAY);
        house.settle().await;
        house.idle().await;
        assert_eq!(server.asked().len(), asked);
        mood.store(200, Ordering::SeqCst);
        house.try_now(&ann()).await;
        let back = house.eventually("it was sent", |shown| shown.sent == 1).await;
        assert_eq!((back.state, back.problem), (State::Working, None));
    }

    async fn what_can_not_be_taken_over_is_given_up_and_taken_up_again(world: World) {
        let house = House::new(world);
        let (server, mood) = shy().await;
        let ann = house.account("ann").await;
        house.join(&ann, &server).await;
        house.work().await;
        mood.store(404, Ordering::SeqCst);
        house.scrobbling.start_import(&ann, ImportStart { since: None }).await.expect("begun");
        for _ in 0..17 {
            house.settle().await;
            house.idle().await;
            house.world.clock.advance(DAY);
        }
        let gone = house.takes_over(&ann).await;
        assert_eq!((gone.state, gone.next_at), (TakeoverState::Gone, None));
        assert!(gone.problem.expect("a reason").contains("no longer tried by itself"));
        assert_eq!(house.sees(&ann).await.state, State::Working, "what is heard is told all the while");
        let asked = server.asked().len();
        house.world.clock.advance(DAY);
        house.settle().await;
        house.idle().await;
        assert_eq!(server.asked().len(), asked);
        mood.store(200, Ordering::SeqCst);
        house.try_now(&ann).await;
        eventually("it is read", || async { house.takes_over(&ann).await.state == TakeoverState::Done }).await;
    }

    async fn a_token_that_was_withdrawn_is_noticed_by_what_plays(world: World) {
        let house = House::new(world);
        let (server, mood) = shy().await;
        let ann = house.account("ann").await;
        let track = house.track("Moon", "Air").await;
        house.join(&ann, &server).await;
        house.work().await;
        mood.store(401, Ordering::SeqCst);
        let report = PlayReport { track_id: track, state: PlayState::Playing, position_ms: 0, rate: 1.0, client: None };
        catalog::service::report_playing(&house.ctx, &ann, AppKey::default(), &report).await.expect("taken");
        note_playing(&house.ctx, ann.id).await.expect("noted");
        house.world.clock.advance(Duration::from_secs(2));
        house.idle().await;
        let shown = house.sees(&ann).await;
        assert_eq!(shown.state, State::Refused);
        assert!(shown.problem.expect("a reason").contains("Connect again"));
    }
}
