//! Plays: each counts once, for the track, its album and its artists, and the house hears of it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use kernel::{
    Time, on_both_engines,
    outbox::{self, Event, Projection},
    testkit::World,
};
use serde_json::json;

use super::*;

/// Remembers the plays that the house was told of.
#[derive(Default)]
struct Heard(Mutex<Vec<(i64, Value, Time)>>);

impl Projection for Heard {
    fn name(&self) -> &'static str {
        "test_heard"
    }

    fn apply(&self, _: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        if event.kind == "catalog.played" {
            let said = (event.subject, event.payload()?, event.at);
            self.0.lock().expect("nobody panicked").push(said);
        }
        Ok(())
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// The plays that the house has been told of.
async fn heard(ctx: &Ctx) -> Vec<(i64, Value, Time)> {
    let heard = Arc::new(Heard::default());
    let projection: Arc<dyn Projection> = Arc::clone(&heard) as _;
    outbox::catch_up(ctx, &[]).await.expect("events are numbered");
    outbox::rebuild(ctx, &projection).await.expect("events are read");
    heard.0.lock().expect("nobody panicked").clone()
}

async fn play(ctx: &Ctx, body: Value) -> (StatusCode, Value) {
    ask(ctx, Some(listener()), "POST", "/api/v1/plays", Some(body)).await
}

/// Whether a play was counted.
async fn counts(ctx: &Ctx, body: Value) -> bool {
    let (status, answer) = play(ctx, body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer["counted"].as_bool().expect("a truth value")
}

async fn plays_of(ctx: &Ctx, path: &str) -> Value {
    get(ctx, path).await["mark"]["plays"].clone()
}

async fn one(ctx: &Ctx) -> Imported {
    take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await
}

on_both_engines! {
    async fn a_play_counts_for_the_track_its_album_and_each_of_its_artists(world: World) {
        let ctx = &world.ctx;
        let both = TrackTags { artists: strings(&["Air", "Moby"]), ..tags("One", "Air", "Moon") };
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", both),
            song("/m/x/2.flac", tags("Two", "Air", "Moon")),
            song("/m/lone.flac", TrackTags { title: "Lone".to_owned(), ..TrackTags::default() }),
        ]).await;
        for one in &made {
            world.clock.advance(Duration::from_mins(3));
            assert!(counts(ctx, json!({ "track_id": one.track, "client": " Phone\u{7} " })).await);
        }
        world.clock.advance(Duration::from_mins(3));
        let (_, answer) = play(ctx, json!({ "track_id": made[0].track })).await;
        assert_eq!((&answer["mark"]["plays"], &answer["mark"]["played_at"]), (&2.into(), &ctx.now().to_string().into()));
        let album = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert_eq!(album["mark"]["plays"], 3);
        assert_eq!(album["discs"][0]["tracks"][0]["mark"], answer["mark"]);
        let artists = get(ctx, "/api/v1/artists").await;
        let plays: Vec<_> = artists["items"].as_array().expect("a list").iter()
            .map(|artist| (artist["name"].as_str().expect("text"), artist["mark"]["plays"].as_u64().expect("a number")))
            .collect();
        assert_eq!(plays, [("Air", 3), ("Moby", 2), ("Unknown Artist", 1)]);

        let heard = heard(ctx).await;
        assert_eq!(heard.len(), 4);
        let first = kernel::testkit::START.plus(Duration::from_mins(3));
        let said = json!({ "user": "1", "at_us": first.0, "client": "Phone" });
        assert_eq!(heard[0], (made[0].track.0, said, first));
        assert_eq!(heard[3].1, json!({ "user": "1", "at_us": ctx.now().0, "client": "" }));
    }

    async fn a_play_that_is_told_again_is_counted_once(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/x/1.flac", tags("One", "Air", "Moon")),
            song("/m/x/2.flac", tags("Two", "Air", "Moon")),
        ]).await;
        let (track, other) = (made[0].track, made[1].track);
        let named = json!({ "track_id": track, "id": "play-1", "played_at": "2025-12-31T10:00:00Z" });
        assert!(counts(ctx, named.clone()).await);
        assert!(!counts(ctx, named).await, "the same");
        assert!(!counts(ctx, json!({ "track_id": track, "id": "play-1" })).await, "the same by its name");
        assert!(counts(ctx, json!({ "track_id": other, "id": "play-1" })).await, "of another track it is another");
        assert!(counts(ctx, json!({ "track_id": track, "id": "play-2" })).await);

        let timed = |at: &str| json!({ "track_id": track, "played_at": at });
        assert!(counts(ctx, timed("2025-12-31T12:00:00.100Z")).await);
        assert!(!counts(ctx, timed("2025-12-31T12:00:00.900Z")).await, "the same second");
        assert!(!counts(ctx, timed("2025-12-31T13:00:00+01:00")).await, "the same second said otherwise");
        assert!(counts(ctx, timed("2025-12-31T12:00:01Z")).await);
        assert_eq!(plays_of(ctx, &format!("/api/v1/tracks/{track}")).await, 4);
        assert_eq!(plays_of(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await, 5);
        assert_eq!(heard(ctx).await.len(), 5, "the house hears of each once");
    }

    async fn a_client_that_says_no_more_than_the_track_may_repeat_itself(world: World) {
        let ctx = &world.ctx;
        let track = one(ctx).await.track;
        let vague = json!({ "track_id": track });
        assert!(counts(ctx, vague.clone()).await);
        assert!(!counts(ctx, vague.clone()).await);
        world.clock.advance(Duration::from_millis(9_999));
        assert!(!counts(ctx, vague.clone()).await, "a late repetition");
        world.clock.advance(Duration::from_millis(1));
        assert!(counts(ctx, vague).await);
        assert_eq!(plays_of(ctx, &format!("/api/v1/tracks/{track}")).await, 2);
    }

    async fn many_that_tell_of_one_play_at_once_count_it_once(world: World) {
        let ctx = &world.ctx;
        let track = one(ctx).await.track;
        let asked: Vec<_> = (0..16).map(|_| {
            let ctx = ctx.clone();
            tokio::spawn(async move { counts(&ctx, json!({ "track_id": track, "id": "one" })).await })
        }).collect();
        let mut counted = 0;
        for answer in asked {
            counted += u32::from(answer.await.expect("an answer"));
        }
        assert_eq!(counted, 1);
        assert_eq!(plays_of(ctx, &format!("/api/v1/tracks/{track}")).await, 1);
        assert_eq!(heard(ctx).await.len(), 1);
    }

    async fn the_plays_of_another_are_another_s(world: World) {
        let ctx = &world.ctx;
        let track = one(ctx).await.track;
        let body = json!({ "track_id": track, "id": "one" });
        assert!(counts(ctx, body.clone()).await);
        let bob = viewer(2, Role::Listener);
        let (_, answer) = ask(ctx, Some(bob.clone()), "POST", "/api/v1/plays", Some(body)).await;
        assert_eq!((&answer["counted"], &answer["mark"]["plays"]), (&true.into(), &1.into()));
        assert_eq!(plays_of(ctx, &format!("/api/v1/tracks/{track}")).await, 1);
        let carol = viewer(3, Role::Listener);
        let (_, list) = ask(ctx, Some(carol), "GET", "/api/v1/me/plays?kind=track", None).await;
        assert_eq!(list["items"], json!([]));
    }

    async fn an_older_play_that_comes_late_counts_and_is_not_the_last(world: World) {
        let ctx = &world.ctx;
        let track = one(ctx).await.track;
        let path = format!("/api/v1/tracks/{track}");
        counts(ctx, json!({ "track_id": track, "played_at": "2025-12-31T10:00:00Z" })).await;
        counts(ctx, json!({ "track_id": track, "played_at": "2025-12-24T10:00:00Z" })).await;
        let mark = get(ctx, &path).await["mark"].clone();
        assert_eq!((&mark["plays"], &mark["played_at"]), (&2.into(), &"2025-12-31T10:00:00.000Z".into()));
        let ahead = json!({ "track_id": track, "played_at": "2099-01-01T00:00:00Z" });
        assert!(counts(ctx, ahead.clone()).await && !counts(ctx, ahead).await, "a clock that goes wrong repeats itself too");
        assert_eq!(get(ctx, &path).await["mark"]["played_at"], ctx.now().to_string(), "ahead counts as now");
    }

    async fn what_can_not_be_counted_leaves_nothing(world: World) {
        let ctx = &world.ctx;
        let made = one(ctx).await;
        let track = made.track;
        for bad in [
            json!({ "track_id": track, "id": "" }),
            json!({ "track_id": track, "id": "x".repeat(129) }),
            json!({ "track_id": track, "client": "x".repeat(65) }),
            json!({ "track_id": track, "played_at": "1969-12-31T23:59:59Z" }),
            json!({ "track_id": track, "played_at": "yesterday" }),
            json!({ "track_id": 7 }),
            json!({}),
            json!({ "track_id": track, "more": 1 }),
        ] {
            let (status, problem) = play(ctx, bad.clone()).await;
            assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"invalid".into()), "{bad}");
        }
        assert_eq!(play(ctx, json!({ "track_id": "77" })).await.0, StatusCode::NOT_FOUND);
        hide(ctx, track).await;
        assert_eq!(play(ctx, json!({ "track_id": track, "id": "late" })).await.0, StatusCode::NOT_FOUND);
        assert_eq!(crate::store::marks::count(ctx.db()).await.expect("read"), 0);
        assert!(heard(ctx).await.is_empty());
        change(ctx, move |tx, batch| import::show_track(tx, batch, track)).await;
        let longest = json!({ "track_id": track, "id": "é".repeat(128), "client": "é".repeat(64) });
        assert!(counts(ctx, longest).await);
        assert!(counts(ctx, json!({ "track_id": track, "id": "late" })).await, "the refused one is not remembered");
    }

    async fn what_was_played_is_listed_by_time_and_by_number(world: World) {
        let ctx = &world.ctx;
        let songs = ["a", "b", "c"].map(|title| song(&format!("/m/{title}/1.flac"), tags(title, title, title)));
        let made = take_in(ctx, songs.to_vec()).await;
        for at in [0, 1, 1, 2, 0] {
            world.clock.advance(Duration::from_mins(1));
            counts(ctx, json!({ "track_id": made[at].track })).await;
        }
        let list = async |query: &str| {
            let page = get(ctx, &format!("/api/v1/me/plays?{query}")).await;
            let name = if query.contains("artist") { "name" } else { "title" };
            each(&page, name).join("")
        };
        assert_eq!(list("kind=track").await, "acb");
        assert_eq!(list("kind=track&sort=most").await, "bac", "of equal number the younger first");
        assert_eq!(list("kind=album&sort=recent").await, "acb");
        assert_eq!(list("kind=artist&sort=most&limit=1").await, "b");
        assert_eq!(list("kind=video").await, "");
    }
}
