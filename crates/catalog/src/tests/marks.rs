//! Favourites and ratings: whose they are, where they show, and what becomes of them.

use std::{collections::HashSet, time::Duration};

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::import::VideoImport;

/// One thing of each kind, with its path.
struct Things {
    track: TrackId,
    paths: [String; 4],
}

async fn things(ctx: &Ctx) -> Things {
    let made = take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await;
    let video = change(ctx, move |tx, batch| {
        let source = file("/v/1.mkv");
        let new = VideoImport {
            existing: None,
            library: None,
            owner: None,
            title: "Film",
            source: &source,
            width: 1920,
            height: 1080,
            picture: None,
        };
        import::upsert_video(tx, batch, &new)
    });
    let video = video.await.video;
    let artist = get(ctx, "/api/v1/artists").await["items"][0]["id"].as_str().expect("an id").to_owned();
    let album = made.album.expect("an album");
    let paths = [
        format!("/api/v1/tracks/{}", made.track),
        format!("/api/v1/albums/{album}"),
        format!("/api/v1/artists/{artist}"),
        format!("/api/v1/videos/{video}"),
    ];
    Things { track: made.track, paths }
}

fn bob() -> Viewer {
    viewer(2, Role::Admin)
}

async fn put(ctx: &Ctx, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    ask(ctx, Some(listener()), "PUT", path, body).await
}

async fn marks_left(ctx: &Ctx) -> u64 {
    crate::store::marks::count(ctx.db()).await.expect("read")
}

fn unmarked() -> Value {
    json!({ "favourite": false, "favourite_at": null, "rating": null, "plays": 0, "played_at": null })
}

/// The identifiers of a listener's favourites of a kind.
async fn favourites(ctx: &Ctx, who: Viewer, kind: &str) -> Vec<String> {
    let (status, body) =
        ask(ctx, Some(who), "GET", &format!("/api/v1/me/favourites?kind={kind}"), None).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(body["items"].as_array().expect("a list").iter().all(|item| item["kind"] == kind));
    each(&body, "id").into_iter().map(str::to_owned).collect()
}

on_both_engines! {
    async fn a_mark_shows_wherever_the_thing_does(world: World) {
        let ctx = &world.ctx;
        let things = things(ctx).await;
        for path in &things.paths {
            let marked = put(ctx, &format!("{path}/favourite"), None).await;
            assert_eq!((marked.0, &marked.1["favourite"]), (StatusCode::OK, &true.into()), "{path}");
            let rated = put(ctx, &format!("{path}/rating"), Some(json!({ "rating": 4 }))).await;
            assert_eq!((rated.0, &rated.1["rating"]), (StatusCode::OK, &4.into()), "{path}");
            let shown = get(ctx, path).await["mark"].clone();
            assert_eq!(shown, rated.1, "{path}");
            assert_eq!(shown["favourite_at"], ctx.now().to_string(), "{path}");
        }
        kernel::outbox::catch_up(ctx, &crate::projections()).await.expect("the shelf is filled");
        let [track, album, artist, _] = &things.paths;
        let mark = get(ctx, track).await["mark"].clone();
        for list in ["tracks", "albums", "albums?sort=added", "albums?sort=artist", "artists", "videos"] {
            assert_eq!(get(ctx, &format!("/api/v1/{list}")).await["items"][0]["mark"], mark, "{list}");
        }
        assert_eq!(get(ctx, album).await["discs"][0]["tracks"][0]["mark"], mark);
        assert_eq!(get(ctx, artist).await["albums"][0]["mark"], mark);
        crate::search::catch_up(ctx).await.expect("the index follows");
        for (query, kind) in [("one", "tracks"), ("moon", "albums"), ("air", "artists"), ("film", "videos")] {
            let found = get(ctx, &format!("/api/v1/search?q={query}")).await;
            assert_eq!(found[kind][0]["mark"], mark, "{kind} that are found");
        }
        let home = get(ctx, "/api/v1/home").await;
        assert_eq!((&home["recent_albums"][0]["mark"], &home["recent_videos"][0]["mark"]), (&mark, &mark));
    }

    async fn nobody_sees_or_changes_the_marks_of_another(world: World) {
        let ctx = &world.ctx;
        let things = things(ctx).await;
        for (path, kind) in things.paths.iter().zip(["track", "album", "artist", "video"]) {
            put(ctx, &format!("{path}/favourite"), None).await;
            put(ctx, &format!("{path}/rating"), Some(json!({ "rating": 5 }))).await;
            let mine = get(ctx, path).await["mark"].clone();
            let (_, theirs) = ask(ctx, Some(bob()), "GET", path, None).await;
            assert_eq!(theirs["mark"], unmarked(), "{path}");
            assert_eq!(favourites(ctx, bob(), kind).await.len(), 0);
            assert_eq!(favourites(ctx, listener(), kind).await.len(), 1);
            ask(ctx, Some(bob()), "DELETE", &format!("{path}/favourite"), None).await;
            ask(ctx, Some(bob()), "PUT", &format!("{path}/rating"), Some(json!({ "rating": 1 }))).await;
            assert_eq!(get(ctx, path).await["mark"], mine, "{path}");
        }
    }

    async fn a_favourite_stays_one_since_it_became_one_until_it_is_none(world: World) {
        let ctx = &world.ctx;
        let path = format!("{}/favourite", things(ctx).await.paths[0]);
        let first = put(ctx, &path, None).await.1;
        world.clock.advance(Duration::from_hours(1));
        assert_eq!(put(ctx, &path, None).await.1, first, "again changes nothing");
        let (status, gone) = ask(ctx, Some(listener()), "DELETE", &path, None).await;
        assert_eq!((status, gone), (StatusCode::OK, unmarked()));
        assert_eq!(ask(ctx, Some(listener()), "DELETE", &path, None).await, (StatusCode::OK, unmarked()));
        assert_eq!(marks_left(ctx).await, 0, "an empty mark leaves no row");
        assert_eq!(put(ctx, &path, None).await.1["favourite_at"], ctx.now().to_string(), "it begins anew");
    }

    async fn a_rating_is_one_to_five_or_none(world: World) {
        let ctx = &world.ctx;
        let path = things(ctx).await.paths[0].clone();
        let rating = format!("{path}/rating");
        for good in [1, 5, 3] {
            assert_eq!(put(ctx, &rating, Some(json!({ "rating": good }))).await.1["rating"], good);
        }
        for bad in [
            json!({ "rating": 0 }), json!({ "rating": 6 }), json!({ "rating": -1 }), json!({ "rating": 2.5 }),
            json!({ "rating": 257 }), json!({ "rating": "3" }), json!({}), json!({ "rating": 3, "more": 1 }), json!(3),
        ] {
            let (status, problem) = put(ctx, &rating, Some(bad.clone())).await;
            assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"invalid".into()), "{bad}");
        }
        assert_eq!(get(ctx, &path).await["mark"]["rating"], 3, "a bad one changes nothing");
        assert_eq!(put(ctx, &rating, Some(json!({ "rating": null }))).await.1, unmarked());
        assert_eq!(marks_left(ctx).await, 0);
    }

    async fn what_is_unknown_or_hidden_can_not_be_marked_and_looks_the_same(world: World) {
        let ctx = &world.ctx;
        let things = things(ctx).await;
        hide(ctx, things.track).await;
        for kind in ["tracks", "albums", "artists", "videos"] {
            let hidden = things.paths.iter().find(|path| path.contains(kind) && kind != "videos");
            for path in hidden.cloned().into_iter().chain([format!("/api/v1/{kind}/77"), format!("/api/v1/{kind}/x")]) {
                let answers = [
                    put(ctx, &format!("{path}/favourite"), None).await,
                    ask(ctx, Some(listener()), "DELETE", &format!("{path}/favourite"), None).await,
                    put(ctx, &format!("{path}/rating"), Some(json!({ "rating": 3 }))).await,
                ];
                for (status, problem) in answers {
                    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &"not_found".into()), "{path}");
                }
            }
        }
        assert_eq!(marks_left(ctx).await, 0);
    }

    async fn the_marks_of_what_is_hidden_are_out_of_sight_and_come_back(world: World) {
        let ctx = &world.ctx;
        let things = things(ctx).await;
        for path in &things.paths[..3] {
            put(ctx, &format!("{path}/favourite"), None).await;
        }
        let marked = get(ctx, &things.paths[0]).await["mark"].clone();
        hide(ctx, things.track).await;
        for kind in ["track", "album", "artist"] {
            assert_eq!(favourites(ctx, listener(), kind).await.len(), 0, "{kind}");
        }
        let track = things.track;
        change(ctx, move |tx, batch| import::show_track(tx, batch, track)).await;
        for path in &things.paths[..3] {
            assert_eq!(get(ctx, path).await["mark"], marked, "{path}");
        }
        for kind in ["track", "album", "artist"] {
            assert_eq!(favourites(ctx, listener(), kind).await.len(), 1, "{kind}");
        }
    }

    async fn a_moved_and_retagged_file_keeps_its_track_s_marks(world: World) {
        let ctx = &world.ctx;
        let things = things(ctx).await;
        put(ctx, &format!("{}/rating", things.paths[0]), Some(json!({ "rating": 2 }))).await;
        let moved = Song { existing: Some(things.track), ..song("/other/2.flac", tags("Two", "Moby", "Play")) };
        take_in_one(ctx, moved).await;
        let shown = get(ctx, &things.paths[0]).await;
        assert_eq!((&shown["title"], &shown["mark"]["rating"]), (&"Two".into(), &2.into()));
    }

    async fn favourites_come_latest_first_and_pages_skip_and_repeat_nothing(world: World) {
        let ctx = &world.ctx;
        let songs = (0..40).map(|at| song(&format!("/m/{at}.flac"), tags(&format!("t{at:02}"), "Air", "Moon")));
        let made = take_in(ctx, songs.collect()).await;
        for (at, one) in made[..30].iter().enumerate() {
            // Several in one moment.
            if at % 3 == 0 {
                world.clock.advance(Duration::from_secs(1));
            }
            put(ctx, &format!("/api/v1/tracks/{}/favourite", one.track), None).await;
        }
        let list = "/api/v1/me/favourites?kind=track&limit=7";
        let (mut found, mut path, mut new) = (Vec::new(), list.to_owned(), made[30..].iter());
        loop {
            let page = get(ctx, &path).await;
            found.extend(each(&page, "title").into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{list}&after={next}");
            // A new favourite between two pages comes at the top, where nobody looks any more.
            world.clock.advance(Duration::from_secs(1));
            let one = new.next().expect("one of ten").track;
            put(ctx, &format!("/api/v1/tracks/{one}/favourite"), None).await;
        }
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 30);
        assert_eq!(found.len(), 30);
        let moments: Vec<u32> = found.iter().map(|title| title[1..].parse::<u32>().expect("a number") / 3).collect();
        assert!(moments.is_sorted_by(|a, b| a >= b), "{found:?}");
        let all = get(ctx, "/api/v1/me/favourites?kind=track").await;
        assert_eq!((each(&all, "title").len(), each(&all, "title")[0]), (34, "t33"));
    }
}

#[tokio::test]
async fn a_bad_question_about_marks_is_a_problem_and_a_stranger_is_asked_to_sign_in() {
    let world = World::new(kernel::db::Engine::Sqlite).await;
    let ctx = &world.ctx;
    for path in [
        "me/favourites",
        "me/favourites?kind=song",
        "me/favourites?kind=track&after=x",
        "me/plays?kind=track&sort=x",
        "me/plays?kind=album&after=bnVsbA",
        "me/plays?sort=recent",
    ] {
        let (status, problem) = ask(ctx, Some(listener()), "GET", &format!("/api/v1/{path}"), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(problem["code"], "invalid", "{path}");
    }
    let closed = [
        ("GET", "me/favourites?kind=track"),
        ("GET", "me/plays?kind=track"),
        ("GET", "me/now-playing"),
        ("PUT", "me/now-playing"),
        ("POST", "plays"),
        ("PUT", "tracks/1/favourite"),
        ("DELETE", "albums/1/favourite"),
        ("PUT", "artists/1/rating"),
        ("PUT", "videos/1/favourite"),
    ];
    for (method, path) in closed {
        let (status, problem) = ask(ctx, None, method, &format!("/api/v1/{path}"), None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &"sign_in".into()), "{path}");
    }
}
