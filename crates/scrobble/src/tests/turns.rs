//! Who has much to tell or to take over holds up nobody, and a service that asks for silence gets it from everything.

use catalog::{
    model::{PlayReport, PlayState},
    service,
};
use kernel::{Clock, http::AppKey, on_both_engines};

use super::*;
use crate::{
    jobs::note_playing,
    model::{Import, ImportStart},
};

/// What a server says of whoever comes with a token: that it is his name.
fn valid(asked: &Asked) -> Vec<Step> {
    let name = asked.headers.get("authorization").map_or("", |token| token.trim_start_matches("Token "));
    answer(200, &[("x-ratelimit-limit", "30")], json!({ "valid": true, "user_name": name }).to_string())
}

/// A server whose history never ends; a clock that is given goes on by eleven seconds for each page.
async fn endless(clock: Option<Clock>) -> Foreign {
    Foreign::start(move |asked: &Asked| {
        let Some((_, query)) = asked.path.split_once("/listens?count=100") else { return valid(asked) };
        if let Some(clock) = &clock {
            clock.advance(Duration::from_secs(11));
        }
        let before =
            query.strip_prefix("&max_ts=").map_or(START.seconds(), |at| at.parse().expect("a number"));
        let listens: Vec<Value> = (1..=100)
            .map(|number| {
                let song = json!({ "track_name": "Else", "artist_name": "Nobody", "additional_info": {} });
                json!({ "listened_at": before - 600 * number, "track_metadata": song })
            })
            .collect();
        answer(200, &[], json!({ "payload": { "listens": listens } }).to_string())
    })
    .await
}

/// A server that answers everything but a new token as its mood is: a status with a pause of ten minutes, or well.
pub(super) async fn shy() -> (Foreign, Arc<AtomicU16>) {
    let mood = Arc::new(AtomicU16::new(200));
    let inner = Arc::clone(&mood);
    let server =
        Foreign::start(move |asked: &Asked| match (asked.path.as_str(), inner.load(Ordering::SeqCst)) {
            ("/lb/1/validate-token", _) => valid(asked),
            (path, 200) if path.contains("/listens?") => {
                answer(200, &[], json!({ "payload": { "listens": [] } }).to_string())
            }
            (path, 200) if path.contains("/get-feedback?") => {
                answer(200, &[], json!({ "feedback": [] }).to_string())
            }
            (_, 200) => taken(),
            (_, status) => answer(status, &[("retry-after", "600")], ""),
        });
    (server.await, mood)
}

impl House {
    pub(super) async fn account(&self, handle: &'static str) -> Viewer {
        let user =
            accounts::add_user(&self.ctx, handle, "", Role::Listener, "correct horse battery".to_owned());
        Viewer { id: user.await.expect("added").id, handle: handle.to_owned(), ..ann() }
    }

    pub(super) async fn join(&self, viewer: &Viewer, server: &Foreign) {
        let account = account(server, &viewer.handle);
        self.scrobbling.connect_listenbrainz(viewer, account).await.expect("connected");
        self.settle().await;
    }

    async fn hears(&self, viewer: &Viewer, track: TrackId) {
        let play = NewPlay { track_id: track, played_at: Some(self.ctx.now()), id: None, client: None };
        assert!(service::record_play(&self.ctx, viewer, &play).await.expect("taken").counted);
        self.world.clock.advance(Duration::from_secs(1));
        self.settle().await;
    }

    pub(super) async fn sees(&self, viewer: &Viewer) -> Connection {
        self.scrobbling.overview(viewer).await.expect("shown").listenbrainz.expect("connected")
    }

    pub(super) async fn takes_over(&self, viewer: &Viewer) -> Import {
        self.sees(viewer).await.import.expect("an import")
    }

    /// Waits until no job of scrobbling is left to run.
    pub(super) async fn idle(&self) {
        eventually("the jobs have ended", || async {
            self.ctx.bus().publish(kernel::jobs::TOPIC_JOBS);
            let counts = kernel::jobs::counts(self.ctx.db()).await.expect("read");
            let open = |state: &str| state == "ready" || state == "running";
            !counts.iter().any(|(kind, state, _)| kind.starts_with("scrobble.") && open(state))
        })
        .await;
    }
}

on_both_engines! {
    async fn who_takes_over_an_endless_history_holds_up_nobody(world: World) {
        let house = House::new(world);
        let (server, small) = (endless(None).await, shy().await.0);
        let mut greedy = Vec::new();
        for handle in ["bea", "cem", "dov"] {
            let viewer = house.account(handle).await;
            house.join(&viewer, &server).await;
            house.scrobbling.start_import(&viewer, ImportStart { since: None }).await.expect("begun");
            greedy.push(viewer);
        }
        let ann = house.account("ann").await;
        house.join(&ann, &small).await;
        house.scrobbling.start_import(&ann, ImportStart { since: None }).await.expect("begun");
        house.work().await;
        eventually("the last in line was served", || async { house.takes_over(&ann).await.finished_at.is_some() }).await;
        house.idle().await;
        let mut read = Vec::new();
        for viewer in &greedy {
            let import = house.takes_over(viewer).await;
            assert!(import.finished_at.is_none() && import.problem.is_none(), "{import:?}");
            read.push(import.unmatched);
        }
        assert_eq!(read, [1_200, 1_200, 1_200], "a turn each");
        house.settle().await;
        house.idle().await;
        assert_eq!(house.takes_over(&greedy[2]).await.unmatched, 2_400, "and the next");
    }

    async fn a_slow_server_does_not_make_a_turn_longer(world: World) {
        let house = House::new(world);
        let server = endless(Some(house.world.clock.clone())).await;
        let ann = house.account("ann").await;
        house.join(&ann, &server).await;
        house.scrobbling.start_import(&ann, ImportStart { since: None }).await.expect("begun");
        house.work().await;
        house.idle().await;
        assert_eq!(house.takes_over(&ann).await.unmatched, 200, "twenty seconds are over after the second page");
    }

    async fn who_has_much_to_tell_does_it_in_turns(world: World) {
        let house = House::new(world);
        // It takes one listen at a time.
        let server = Foreign::start(|asked: &Asked| match asked.path.as_str() {
            "/lb/1/validate-token" => answer(200, &[], json!({ "valid": true, "user_name": "me" }).to_string()),
            _ => taken(),
        }).await;
        let track = house.track("One", "Air").await;
        house.connect(&server).await;
        for _ in 0..25 {
            house.play(track).await;
        }
        house.settle().await;
        house.work().await;
        house.idle().await;
        assert_eq!((house.shown().await.sent, sent(&server).len()), (20, 20));
        house.settle().await;
        house.eventually("the next turn tells the rest", |shown| shown.sent == 25).await;
    }

    async fn one_silence_is_kept_by_every_job_and_by_who_presses_try_now(world: World) {
        let house = House::new(world);
        let (server, mood) = shy().await;
        let ann = house.account("ann").await;
        let recording = Some("f59c5520-5f46-4d2c-b2c4-822eabf53419".to_owned());
        let track = house.tagged(TrackTags {
            musicbrainz: MusicBrainz { recording, ..MusicBrainz::default() },
            ..tags("Moon", "Air")
        }).await;
        house.join(&ann, &server).await;
        house.work().await;
        house.idle().await;
        mood.store(429, Ordering::SeqCst);
        house.hears(&ann, track).await;
        eventually("it asked for silence", || async { house.sees(&ann).await.quiet_until.is_some() }).await;
        house.idle().await;
        let (asked, until) = (server.asked().len(), house.sees(&ann).await.quiet_until.expect("until then"));
        assert_eq!(until, house.sees(&ann).await.next_at.expect("it says when it goes on"));
        service::set_favourite(&house.ctx, &ann, track, true).await.expect("marked");
        house.scrobbling.start_import(&ann, ImportStart { since: None }).await.expect("begun");
        house.scrobbling.take_over_favourites(&ann).await.expect("begun");
        let report = PlayReport { track_id: track, state: PlayState::Playing, position_ms: 0, rate: 1.0, client: None };
        service::report_playing(&house.ctx, &ann, AppKey::default(), &report).await.expect("taken");
        note_playing(&house.ctx, ann.id).await.expect("noted");
        house.scrobbling.retry(&ann, Service::ListenBrainz).await.expect("pressed");
        for _ in 0..3 {
            house.world.clock.advance(Duration::from_mins(3));
            house.settle().await;
            house.idle().await;
            assert_eq!(server.asked().len(), asked, "nobody asked it");
        }
        let shown = house.sees(&ann).await;
        assert_eq!((shown.waiting, shown.favourites.waiting, shown.quiet_until), (1, 1, Some(until)));
        mood.store(200, Ordering::SeqCst);
        house.world.clock.advance(Duration::from_mins(2));
        house.settle().await;
        eventually("all of it goes on", || async {
            let shown = house.sees(&ann).await;
            let through = shown.import.is_some_and(|import| import.finished_at.is_some());
            let loved = shown.favourites.import.is_some_and(|import| import.finished_at.is_some());
            shown.sent == 1 && shown.favourites.sent == 1 && through && loved && shown.quiet_until.is_none()
        }).await;
    }

    async fn an_account_is_silent_for_itself_and_a_server_that_is_away_for_all(world: World) {
        let house = House::new(world);
        let (server, mood) = shy().await;
        let track = house.track("Moon", "Air").await;
        let (ann, bob) = (house.account("ann").await, house.account("bob").await);
        house.join(&ann, &server).await;
        house.join(&bob, &server).await;
        house.work().await;
        house.idle().await;
        mood.store(429, Ordering::SeqCst);
        house.hears(&bob, track).await;
        eventually("bob is asked for silence", || async { house.sees(&bob).await.quiet_until.is_some() }).await;
        house.idle().await;
        mood.store(200, Ordering::SeqCst);
        house.hears(&ann, track).await;
        eventually("ann is not", || async { house.sees(&ann).await.sent == 1 }).await;
        house.idle().await;
        mood.store(503, Ordering::SeqCst);
        house.hears(&ann, track).await;
        eventually("all are", || async { house.sees(&ann).await.quiet_until.is_some() }).await;
        house.idle().await;
        let (asked, carl) = (server.asked().len(), house.account("carl").await);
        mood.store(200, Ordering::SeqCst);
        house.scrobbling.retry(&bob, Service::ListenBrainz).await.expect("pressed");
        house.idle().await;
        let refused = house.scrobbling.connect_listenbrainz(&carl, account(&server, "carl")).await;
        let problem = refused.expect_err("it is not asked").problem();
        assert_eq!((problem.status, problem.code.as_str()), (503, "quiet"));
        assert_eq!(server.asked().len(), asked);
        house.world.clock.advance(Duration::from_mins(11));
        house.settle().await;
        eventually("both go on", || async { house.sees(&ann).await.sent == 2 && house.sees(&bob).await.sent == 1 }).await;
        assert!(house.scrobbling.connect_listenbrainz(&carl, account(&server, "carl")).await.is_ok());
    }
}
