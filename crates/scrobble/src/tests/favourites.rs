//! Favourites are told as they stand, once, and those of elsewhere are taken over.

use catalog::service;
use kernel::on_both_engines;

use super::*;
use crate::model::{Favourites, FavouritesImport, FavouritesSwitch, TakeoverState};

/// A recording's number.
fn recording(number: usize) -> String {
    format!("f59c5520-5f46-4d2c-b2c4-{number:012}")
}

impl House {
    pub(super) async fn recorded(&self, title: &'static str, number: usize) -> TrackId {
        let musicbrainz = MusicBrainz { recording: Some(recording(number)), ..MusicBrainz::default() };
        self.tagged(TrackTags { musicbrainz, ..tags(title, "Air") }).await
    }

    pub(super) async fn favour(&self, track: TrackId, favourite: bool) {
        service::set_favourite(&self.ctx, &ann(), track, favourite).await.expect("marked");
    }

    pub(super) async fn favourites(&self) -> Favourites {
        self.shown().await.favourites
    }

    async fn told(&self, count: u64) -> Favourites {
        self.settle().await;
        eventually("they are told", || async { self.favourites().await.sent == count }).await;
        self.favourites().await
    }
}

/// A server that keeps what is loved; `mood` is its answer to favourites. It gives back `loved`, a page after the other.
pub(super) async fn loving(loved: Vec<Value>) -> (Foreign, Arc<AtomicU16>) {
    let mood = Arc::new(AtomicU16::new(200));
    let inner = Arc::clone(&mood);
    let server = Foreign::start(move |asked: &Asked| match asked.path.as_str() {
        "/lb/1/validate-token" => {
            let valid = json!({ "valid": true, "user_name": "ann" });
            answer(200, &[("x-ratelimit-limit", "30")], valid.to_string())
        }
        "/lb/1/submit-listens" => taken(),
        "/lb/1/feedback/recording-feedback" => match inner.load(Ordering::SeqCst) {
            200 => taken(),
            400 => answer(400, &[], json!({ "error": "no such recording" }).to_string()),
            status => answer(status, &[], ""),
        },
        path => {
            let offset = path.strip_prefix("/lb/1/feedback/user/ann/get-feedback?score=1&count=100&offset=");
            let Some(offset) = offset else { return answer(404, &[], "") };
            let offset: usize = offset.parse().expect("a number");
            let page: Vec<Value> = loved.iter().skip(offset).take(100).cloned().collect();
            answer(200, &[], json!({ "feedback": page, "total_count": 9 }).to_string())
        }
    });
    (server.await, mood)
}

/// What a server was told of favourites.
fn told(server: &Foreign) -> Vec<(String, i64)> {
    let asked = server.asked();
    let told = asked.iter().filter(|asked| asked.path == "/lb/1/feedback/recording-feedback").map(said);
    let each = told.map(|body| {
        assert_eq!(body.as_object().expect("an object").len(), 2, "anything more is refused there");
        (
            body["recording_mbid"].as_str().expect("a number").to_owned(),
            body["score"].as_i64().expect("a score"),
        )
    });
    each.collect()
}

on_both_engines! {
    async fn a_favourite_is_told_once_and_so_is_that_it_is_none_any_more(world: World) {
        let house = House::new(world);
        let (server, _) = loving(Vec::new()).await;
        let (moon, hum) = (house.recorded("Moon", 1).await, house.track("Hum", "Air").await);
        let before = house.recorded("Before", 2).await;
        house.work().await;
        house.favour(before, true).await;
        house.connect(&server).await;
        house.favour(moon, true).await;
        house.favour(moon, true).await;
        house.favour(hum, true).await;
        house.told(1).await;
        house.favour(moon, false).await;
        let shown = house.told(2).await;
        assert_eq!((shown.told, shown.waiting, shown.problem), (true, 0, None));
        assert_eq!(told(&server), [(recording(1), 1), (recording(1), 0)]);
        // Derived again by the operator: nothing of it is told again.
        outbox::rebuild(&house.ctx, &projections()[0]).await.expect("derived again");
        house.settle().await;
        assert_eq!((house.favourites().await.waiting, told(&server).len()), (0, 2));
    }

    async fn what_was_changed_while_the_service_was_away_is_told_as_it_stands(world: World) {
        let house = House::new(world);
        let (server, mood) = loving(Vec::new()).await;
        let (moon, sun) = (house.recorded("Moon", 1).await, house.recorded("Sun", 2).await);
        house.connect(&server).await;
        mood.store(503, Ordering::SeqCst);
        for (track, favourite) in [(moon, true), (sun, true), (sun, false), (moon, false), (moon, true)] {
            house.favour(track, favourite).await;
        }
        house.settle().await;
        house.work().await;
        let away = house.eventually("it says that the service is away", |shown| shown.problem.is_some()).await;
        assert_eq!((away.favourites.waiting, away.state), (2, State::Working));
        house.idle().await;
        mood.store(200, Ordering::SeqCst);
        house.world.clock.advance(Duration::from_hours(1));
        house.told(2).await;
        assert_eq!(told(&server)[1..], [(recording(2), 0), (recording(1), 1)]);
        assert_eq!(house.shown().await.problem, None);
    }

    async fn a_recording_is_loved_until_none_of_its_tracks_is(world: World) {
        let house = House::new(world);
        let (server, _) = loving(Vec::new()).await;
        let (single, album) = (house.recorded("Moon", 1).await, house.recorded("Moon (album)", 1).await);
        house.work().await;
        house.connect(&server).await;
        house.favour(single, true).await;
        house.favour(album, true).await;
        house.settle().await;
        house.favour(single, false).await;
        house.settle().await;
        eventually("nothing waits", || async { house.favourites().await.waiting == 0 }).await;
        assert!(told(&server).iter().all(|(_, score)| *score == 1), "{:?}", told(&server));
        house.favour(album, false).await;
        house.settle().await;
        eventually("it is loved no more", || async { told(&server).last() == Some(&(recording(1), 0)) }).await;
    }

    async fn nothing_is_told_while_it_is_switched_off(world: World) {
        let house = House::new(world);
        let (server, mood) = loving(Vec::new()).await;
        let (moon, sun) = (house.recorded("Moon", 1).await, house.recorded("Sun", 2).await);
        let service = Service::ListenBrainz;
        let refused = house.scrobbling.switch_favourites(&ann(), service, FavouritesSwitch { told: true }).await;
        assert!(matches!(refused, Err(Error::NotFound)), "she is not connected");
        house.connect(&server).await;
        mood.store(503, Ordering::SeqCst);
        house.favour(moon, true).await;
        house.settle().await;
        assert_eq!(house.favourites().await.waiting, 1);
        house.scrobbling.switch_favourites(&ann(), service, FavouritesSwitch { told: false }).await.expect("off");
        assert_eq!((house.favourites().await.waiting, house.favourites().await.told), (0, false));
        house.favour(sun, true).await;
        house.settle().await;
        mood.store(200, Ordering::SeqCst);
        house.work().await;
        house.scrobbling.switch_favourites(&ann(), service, FavouritesSwitch { told: true }).await.expect("on");
        house.settle().await;
        house.favour(sun, false).await;
        house.told(1).await;
        assert_eq!(told(&server), [(recording(2), 0)]);
    }

    async fn a_server_that_keeps_no_favourites_is_told_none_and_goes_on_with_listens(world: World) {
        let house = House::new(world);
        let (server, mood) = loving(Vec::new()).await;
        let moon = house.recorded("Moon", 1).await;
        house.work().await;
        house.connect(&server).await;
        mood.store(404, Ordering::SeqCst);
        house.favour(moon, true).await;
        house.settle().await;
        eventually("it is switched off", || async { !house.favourites().await.told }).await;
        house.idle().await;
        let shown = house.favourites().await;
        assert!(shown.waiting == 0 && shown.problem.is_some_and(|why| why.contains("keeps no favourites")));
        house.play(moon).await;
        house.settle().await;
        house.eventually("the listen was sent", |shown| shown.sent == 1 && shown.problem.is_none()).await;
    }

    async fn one_that_is_refused_does_not_hold_up_the_others_and_many_wait_for_better_times(world: World) {
        let house = House::new(world);
        let (server, mood) = loving(Vec::new()).await;
        let titles = ["A", "B", "C", "D", "E", "F"];
        let mut tracks = Vec::new();
        for (number, title) in titles.into_iter().enumerate() {
            tracks.push(house.recorded(title, number).await);
        }
        house.connect(&server).await;
        for track in &tracks {
            house.favour(*track, true).await;
        }
        house.settle().await;
        let full = house.favourites().await;
        assert_eq!(full.waiting, 5);
        assert!(full.problem.is_some_and(|why| why.contains("So many")));
        mood.store(400, Ordering::SeqCst);
        house.work().await;
        house.settle().await;
        let left = house.eventually("it gave up for now", |shown| shown.problem.is_some()).await;
        assert_eq!((left.favourites.waiting, left.favourites.sent, left.state), (0, 0, State::Working));
        assert!(left.favourites.problem.is_some_and(|why| why.contains("no such recording")));
    }

    async fn what_is_loved_there_is_taken_over_and_nothing_here_is_lost(world: World) {
        let house = House::new(world);
        let user = accounts::add_user(&house.ctx, "ann", "Ann", Role::Listener, "correct horse battery".to_owned());
        let ann = Viewer { id: user.await.expect("added").id, ..ann() };
        let (moon, sun) = (house.recorded("Moon", 1).await, house.recorded("Sun", 2).await);
        let (own, hidden) = (house.recorded("Own", 3).await, house.recorded("Hidden", 4).await);
        let taken_away = house.recorded("Taken away", 5).await;
        let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
        let hide = house.ctx.db().write(move |tx| import::hide_track(tx, &mut Batch::new(&ids, now), hidden));
        hide.await.expect("hidden");
        let since = START.seconds() - 1_000;
        let love = |number| json!({ "recording_mbid": recording(number), "score": 1, "created": since });
        // On two pages, with what nobody can make use of.
        let mut loved = vec![love(1), love(2), love(4), love(5), json!({ "recording_mbid": "rubbish", "score": 1 })];
        loved.extend((0..120).map(|number| love(1_000 + number)));
        let (server, mood) = loving(loved).await;
        for track in [sun, own, taken_away] {
            service::set_favourite(&house.ctx, &ann, track, true).await.expect("marked");
        }
        mood.store(503, Ordering::SeqCst);
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        house.settle().await;
        service::set_favourite(&house.ctx, &ann, taken_away, false).await.expect("marked");
        house.settle().await;
        house.scrobbling.take_over_favourites(&ann).await.expect("begun");
        let shown = || async { house.scrobbling.overview(&ann).await.expect("shown").listenbrainz.expect("there").favourites };
        house.work().await;
        eventually("it was read through", || async {
            house.world.clock.advance(Duration::from_mins(1));
            look(&house.ctx).await.expect("looked");
            shown().await.import.is_some_and(|import| import.finished_at.is_some())
        }).await;
        let import = shown().await.import.expect("an import");
        let (state, next_at) = (TakeoverState::Done, None);
        let expected = FavouritesImport { state, next_at, added: 1, known: 1, unmatched: 122, finished_at: import.finished_at, problem: None };
        assert_eq!(import, expected);
        for (track, favourite) in [(moon, true), (sun, true), (own, true), (taken_away, false)] {
            let mark = service::track(&house.ctx, &ann, track).await.expect("it is there").track.mark;
            assert_eq!(mark.favourite, favourite, "{track}");
        }
        let mark = service::track(&house.ctx, &ann, moon).await.expect("it is there").track.mark;
        assert_eq!(mark.favourite_at, Some(Time(since * 1_000_000)));
        // What came from there is not told back.
        assert!(told(&server).iter().all(|(number, _)| *number == recording(5)), "{:?}", told(&server));
    }
}
