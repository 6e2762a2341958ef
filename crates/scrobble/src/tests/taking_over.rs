//! What was noted elsewhere is taken over: matched, counted once, never told back.

use catalog::service;
use kernel::{PageQuery, on_both_engines};

use super::*;
use crate::model::{Import, ImportStart};

const RECORDING: &str = "f59c5520-5f46-4d2c-b2c4-822eabf53419";

fn noted(at_s: i64, title: &str, artist: &str) -> Value {
    json!({ "listened_at": at_s, "track_metadata": { "track_name": title, "artist_name": artist, "additional_info": {} } })
}

/// A `ListenBrainz` that has these listens and takes more.
async fn history(listens: Vec<Value>) -> (Foreign, Arc<std::sync::Mutex<Vec<Value>>>) {
    let kept = Arc::new(std::sync::Mutex::new(listens));
    let inner = Arc::clone(&kept);
    let server = Foreign::start(move |asked: &Asked| {
        let mut kept = inner.lock().expect("held");
        let Some(rest) = asked.path.strip_prefix("/lb/1/user/ann/listens?count=100") else {
            if asked.path == "/lb/1/submit-listens" {
                kept.extend(said(asked)["payload"].as_array().expect("listens").clone());
                return taken();
            }
            let valid = json!({ "valid": true, "user_name": "ann" });
            return answer(200, &[("x-ratelimit-limit", "30")], valid.to_string());
        };
        let before = rest.strip_prefix("&max_ts=").map_or(i64::MAX, |text| text.parse().expect("a number"));
        let at = |one: &Value| one["listened_at"].as_i64().unwrap_or(1);
        let mut found: Vec<Value> = kept.iter().filter(|one| at(one) < before).cloned().collect();
        found.sort_by_key(|one| std::cmp::Reverse(at(one)));
        found.truncate(100);
        answer(200, &[], json!({ "payload": { "listens": found } }).to_string())
    });
    (server.await, kept)
}

impl House {
    /// Ann with an account, since a job looks up what she may see.
    async fn ann(&self) -> Viewer {
        let user =
            accounts::add_user(&self.ctx, "ann", "Ann", Role::Listener, "correct horse battery".to_owned());
        Viewer { id: user.await.expect("added").id, ..ann() }
    }

    async fn import(&self, viewer: &Viewer) -> Import {
        let shown = self.scrobbling.overview(viewer).await.expect("shown").listenbrainz.expect("connected");
        shown.import.expect("an import")
    }

    /// Takes over, and waits until it has read through.
    async fn taken_over(&self, viewer: &Viewer, since: Option<Time>) -> Import {
        self.scrobbling.start_import(viewer, ImportStart { since }).await.expect("begun");
        eventually("it was read through", || async { self.import(viewer).await.finished_at.is_some() }).await;
        self.settle().await;
        self.import(viewer).await
    }

    async fn plays(&self, viewer: &Viewer, track: TrackId) -> u64 {
        service::track(&self.ctx, viewer, track).await.expect("it is there").track.mark.plays
    }
}

on_both_engines! {
    async fn listens_become_plays_once_by_number_or_by_name(world: World) {
        let house = House::new(world);
        let ann = house.ann().await;
        let musicbrainz = MusicBrainz { recording: Some(RECORDING.to_owned()), ..MusicBrainz::default() };
        let moon = house.tagged(TrackTags { musicbrainz, ..tags("Moon", "Air") }).await;
        let sun = house.track("Sun (Live)", "Björk").await;
        let at = START.seconds() - 1_000_000;
        let mut by_number = noted(at, "Whatever it is called there", "Somebody");
        by_number["track_metadata"]["mbid_mapping"] = json!({ "recording_mbid": RECORDING });
        let (server, _) = history(vec![
            by_number,
            noted(at + 600, "SUN (live)", "Björk feat. Guest"),
            noted(at + 1_200, "Sun", "Björk"),
            noted(at + 1_800, "Moon", "Nobody"),
            json!({ "listened_at": "never" }),
        ]).await;
        house.work().await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        let done = house.taken_over(&ann, None).await;
        assert_eq!((done.counted, done.known, done.unmatched, done.problem.clone()), (2, 0, 2, None));
        assert_eq!((house.plays(&ann, moon).await, house.plays(&ann, sun).await), (1, 1));
        // Again from the start, and after the history was derived anew: no play is counted twice, and none is told back.
        outbox::rebuild(&house.ctx, &projections()[0]).await.expect("derived again");
        let again = house.taken_over(&ann, None).await;
        assert_eq!((again.counted, again.known, again.unmatched), (0, 2, 2));
        assert_eq!((house.plays(&ann, moon).await, house.plays(&ann, sun).await), (1, 1));
        house.settle().await;
        assert!(sent(&server).is_empty());
        let query = PageQuery::default();
        let kind = catalog::model::ItemKind::Track;
        let recent = service::played(&house.ctx, &ann, kind, catalog::model::PlaySort::Recent, &query).await.expect("a list");
        assert_eq!(recent.items.len(), 2, "with their own times they stand in the history");
    }

    async fn what_is_derived_again_is_known_all_the_while(world: World) {
        let house = House::new(world);
        let ann = house.ann().await;
        let moon = house.track("Moon", "Air").await;
        // Heard here under a name of its own, as the page tells plays, and noted there by the second.
        let at = START.seconds() - 1_000_000;
        let (played_at, id) = (Some(Time(at * 1_000_000 + 500_000)), Some("its own name".to_owned()));
        let play = NewPlay { track_id: moon, played_at, id, client: None };
        service::record_play(&house.ctx, &ann, &play).await.expect("counted");
        house.settle().await;
        let (server, _) = history(vec![noted(at, "Moon", "Air")]).await;
        house.work().await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        let first = house.taken_over(&ann, None).await;
        assert_eq!((first.counted, first.known), (0, 1));
        // The begin of `odeon rebuild`; the end of it comes after an import.
        house.ctx.db().write(|tx| projections()[0].clear(tx)).await.expect("it is begun");
        let again = house.taken_over(&ann, None).await;
        assert_eq!((again.counted, again.known), (0, 1));
        outbox::rebuild(&house.ctx, &projections()[0]).await.expect("derived again");
        assert_eq!(house.plays(&ann, moon).await, 1);
    }

    async fn what_this_house_sent_does_not_come_back_and_what_is_new_does(world: World) {
        let house = House::new(world);
        let ann = house.ann().await;
        let moon = house.track("Moon", "Air").await;
        let (server, kept) = history(Vec::new()).await;
        house.work().await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        house.settle().await;
        let play = NewPlay { track_id: moon, played_at: None, id: Some("its own name".to_owned()), client: None };
        service::record_play(&house.ctx, &ann, &play).await.expect("counted");
        house.settle().await;
        eventually("it was sent", || async { !kept.lock().expect("held").is_empty() }).await;
        let done = house.taken_over(&ann, None).await;
        assert_eq!((done.counted, done.known), (0, 1));
        // A phone tells the same hearing by its end, and hours later another.
        let now = house.ctx.now().seconds();
        kept.lock().expect("held").extend([noted(now + 80, "Moon", "Air"), noted(now + 7_200, "Moon", "Air")]);
        house.world.clock.advance(Duration::from_hours(3));
        house.settle().await;
        eventually("the new one is counted", || async { house.import(&ann).await.counted == 1 }).await;
        assert_eq!(house.plays(&ann, moon).await, 2);
    }

    async fn a_long_history_is_read_to_its_begin_whatever_lies_in_one_second(world: World) {
        let house = House::new(world);
        let ann = house.ann().await;
        let moon = house.track("Moon", "Air").await;
        let start = START.seconds() - 3_000_000;
        // 350 hearings ten minutes apart, some seconds with strange company, and one before the point.
        let mut listens: Vec<Value> = (0..350).map(|number| noted(start + 600 * number, "Moon", "Air")).collect();
        listens.extend((0..120).map(|number| noted(start + 600 * 250, &format!("Other {number}"), "Else")));
        listens.push(noted(start - 600, "Moon", "Air"));
        let (server, _) = history(listens).await;
        house.work().await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        let done = house.taken_over(&ann, Some(Time(start * 1_000_000))).await;
        assert_eq!(done.since, Some(Time(start * 1_000_000)));
        assert!((349..=350).contains(&done.counted), "{done:?}");
        assert_eq!(house.plays(&ann, moon).await, done.counted);
        let read = server.asked().iter().filter(|asked| asked.path.contains("/listens?")).count();
        assert!(read < 12, "it comes to an end: {read} requests");
    }

    async fn only_what_the_listener_sees_is_counted_and_only_while_it_is_wanted(world: World) {
        let house = House::new(world);
        let ann = house.ann().await;
        let moon = house.track("Moon", "Air").await;
        let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
        let hidden = house.ctx.db().write(move |tx| import::hide_track(tx, &mut Batch::new(&ids, now), moon));
        hidden.await.expect("hidden");
        let (server, kept) = history(vec![noted(START.seconds() - 100, "Moon", "Air")]).await;
        house.work().await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        let done = house.taken_over(&ann, None).await;
        assert_eq!((done.counted, done.unmatched), (0, 1));
        house.scrobbling.stop_import(&ann).await.expect("stopped");
        let asked = server.asked().len();
        kept.lock().expect("held").push(noted(START.seconds() + 50, "Moon", "Air"));
        house.world.clock.advance(Duration::from_hours(1));
        house.settle().await;
        assert_eq!(server.asked().len(), asked);
        assert!(house.scrobbling.overview(&ann).await.expect("shown").listenbrainz.expect("there").import.is_none());
    }

    async fn a_server_that_gives_nothing_back_says_so(world: World) {
        let house = House::new(world);
        let ann = house.ann().await;
        let server = listenbrainz(|_| taken()).await;
        house.work().await;
        house.scrobbling.connect_listenbrainz(&ann, account(&server, "good")).await.expect("connected");
        house.scrobbling.start_import(&ann, ImportStart { since: None }).await.expect("begun");
        eventually("it says so", || async { house.import(&ann).await.problem.is_some_and(|why| why.contains("gives no listens back")) }).await;
        assert_eq!(house.import(&ann).await.finished_at, None);
    }
}
