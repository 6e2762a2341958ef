//! What follows a listener from device to device.

use std::time::Duration;

use kernel::{Clock, bus::Heard, id::UserId, on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{listener as service, store::listener::devices as store};

fn ann() -> Viewer {
    viewer(11, Role::Listener)
}

fn bob() -> Viewer {
    viewer(12, Role::Admin)
}

async fn call(ctx: &Ctx, who: &Viewer, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = (!body.is_null()).then_some(body);
    let (status, answer) = ask(ctx, Some(who.clone()), method, &format!("/api/v1/me/{path}"), body).await;
    (status.as_u16(), answer)
}

async fn good(ctx: &Ctx, who: &Viewer, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = call(ctx, who, method, path, body).await;
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}

async fn some_tracks(ctx: &Ctx, count: usize) -> Vec<TrackId> {
    let songs = (0..count).map(|at| song(&format!("/m/{at}.flac"), tags(&format!("T{at}"), "Air", "Moon")));
    take_in(ctx, songs.collect()).await.into_iter().map(|made| made.track).collect()
}

fn queue(tracks: &[TrackId], version: u64) -> Value {
    json!({ "tracks": tracks, "current": 1, "position_ms": 1_500, "changed_by": "Phone", "version": version })
}

/// What is said on the bus while something happens.
async fn said(ctx: &Ctx, happens: impl Future<Output = ()>) -> Vec<String> {
    let mut heard = ctx.bus().subscribe();
    happens.await;
    ctx.bus().publish("end");
    let mut topics = Vec::new();
    while let Some(Heard::Topic(topic)) = heard.next().await {
        if &*topic == "end" {
            break;
        }
        topics.push(topic.to_string());
    }
    topics
}

on_both_engines! {
    async fn a_queue_goes_on_on_another_device(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 3).await;
        let empty = good(ctx, &ann(), "GET", "queue", Value::Null).await;
        assert_eq!((&empty["tracks"], &empty["version"], &empty["changed_at"]), (&json!([]), &0.into(), &Value::Null));
        let put = good(ctx, &ann(), "PUT", "queue", queue(&tracks, 0)).await;
        assert_eq!((&put["version"], &put["changed_by"], &put["tracks"]), (&1.into(), &"Phone".into(), &json!(tracks)));
        world.clock.advance(Duration::from_secs(5));
        let at = json!({ "current": 2, "position_ms": 7_000, "changed_by": "Car", "version": 1 });
        good(ctx, &ann(), "PATCH", "queue", at).await;
        let shown = good(ctx, &ann(), "GET", "queue", Value::Null).await;
        assert_eq!((&shown["current"], &shown["position_ms"], &shown["changed_by"], &shown["version"]),
            (&2.into(), &7_000.into(), &"Car".into(), &1.into()));
        assert_ne!(shown["changed_at"], put["changed_at"]);
        let page = good(ctx, &ann(), "GET", "queue/tracks?limit=2", Value::Null).await;
        let rest = good(ctx, &ann(), "GET", &format!("queue/tracks?after={}", page["next"].as_str().expect("more")), Value::Null).await;
        assert_eq!((&rest["items"][0]["index"], &rest["items"][0]["track"]["title"]), (&2.into(), &"T2".into()));
        assert!(rest["next"].is_null());
    }

    async fn two_devices_do_not_overwrite_each_other_unseen(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 3).await;
        assert_eq!(call(ctx, &ann(), "PUT", "queue", queue(&tracks, 4)).await.1["code"], "stale", "there is none yet");
        good(ctx, &ann(), "PUT", "queue", queue(&tracks, 0)).await;
        good(ctx, &ann(), "PUT", "queue", queue(&tracks[..2], 1)).await;
        let (status, problem) = call(ctx, &ann(), "PUT", "queue", queue(&tracks, 1)).await;
        assert_eq!((status, &problem["code"]), (409, &"stale".into()));
        let at = json!({ "current": 0, "position_ms": 0, "changed_by": "Car", "version": 1 });
        assert_eq!(call(ctx, &ann(), "PATCH", "queue", at).await.1["code"], "stale");
        let shown = good(ctx, &ann(), "GET", "queue", Value::Null).await;
        assert_eq!((&shown["version"], &shown["tracks"], &shown["current"]), (&2.into(), &json!(tracks[..2]), &1.into()));
    }

    async fn of_many_who_write_at_once_one_wins(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 8).await;
        for version in [0, 1] {
            let writers = tracks.iter().map(|track| {
                let (ctx, body) = (ctx.clone(), queue(&[*track, *track], version));
                tokio::spawn(async move { call(&ctx, &ann(), "PUT", "queue", body).await.0 })
            });
            let mut answers = Vec::new();
            for writer in writers.collect::<Vec<_>>() {
                answers.push(writer.await.expect("an answer"));
            }
            answers.sort_unstable();
            assert_eq!(answers, [200, 409, 409, 409, 409, 409, 409, 409]);
        }
    }

    async fn tracks_out_of_sight_keep_their_places_in_the_queue(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 3).await;
        let with_absent = [tracks[0], TrackId(5), tracks[1], tracks[2]];
        good(ctx, &ann(), "PUT", "queue", queue(&with_absent, 0)).await;
        hide(ctx, tracks[1]).await;
        let indexes = async || {
            let page = good(ctx, &ann(), "GET", "queue/tracks", Value::Null).await;
            page["items"].as_array().expect("a list").iter().map(|item| item["index"].as_u64().expect("a number")).collect::<Vec<_>>()
        };
        assert_eq!(indexes().await, [0, 3]);
        let back = tracks[1];
        change(ctx, move |tx, batch| import::show_track(tx, batch, back)).await;
        assert_eq!(indexes().await, [0, 2, 3]);
        assert_eq!(service::queue_tracks(ctx, &ann()).await.expect("read").len(), 3);
    }

    async fn a_queue_has_limits_and_a_bad_one_changes_nothing(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 1).await;
        let full = vec![tracks[0]; service::QUEUE_TRACKS_MAX];
        good(ctx, &ann(), "PUT", "queue", queue(&full, 0)).await;
        let more = vec![tracks[0]; service::QUEUE_TRACKS_MAX + 1];
        let with = |field: &str, value: Value| {
            let mut body = queue(&full, 1);
            body[field] = value;
            body
        };
        for body in [
            queue(&more, 1), with("current", json!(5_000)), with("changed_by", json!(" ")),
            with("changed_by", json!("x".repeat(81))), with("position_ms", json!(u64::MAX)), with("owner", json!(1)),
        ] {
            assert_eq!(call(ctx, &ann(), "PUT", "queue", body).await.0, 422);
        }
        let at = json!({ "current": 5_000, "position_ms": 0, "changed_by": "Car", "version": 1 });
        assert_eq!(call(ctx, &ann(), "PATCH", "queue", at).await.0, 422);
        assert_eq!(good(ctx, &ann(), "GET", "queue", Value::Null).await["version"], 1);
    }

    async fn nobody_learns_of_another_s_queue_bookmarks_and_devices(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 2).await;
        let report = json!({ "name": "Kitchen", "state": "playing" });
        let topics = said(ctx, async {
            good(ctx, &ann(), "PUT", "queue", queue(&tracks, 0)).await;
            let at = json!({ "current": 0, "position_ms": 1, "changed_by": "Car", "version": 1 });
            good(ctx, &ann(), "PATCH", "queue", at).await;
            good(ctx, &ann(), "PUT", &format!("bookmarks/track/{}", tracks[0]), json!({ "position_ms": 5 })).await;
            good(ctx, &ann(), "PUT", "devices/k", report).await;
            good(ctx, &ann(), "POST", "devices/k/command", json!({ "command": "pause" })).await;
        }).await;
        assert_eq!(topics, ["queue:11", "queue:11", "devices:11", "commands:11"], "only her own streams are told");
        assert_eq!(good(ctx, &bob(), "GET", "queue", Value::Null).await["version"], 0);
        assert_eq!(good(ctx, &bob(), "GET", "queue/tracks", Value::Null).await["items"], json!([]));
        assert_eq!(good(ctx, &bob(), "GET", "bookmarks", Value::Null).await["items"], json!([]));
        assert_eq!(call(ctx, &bob(), "DELETE", &format!("bookmarks/track/{}", tracks[0]), Value::Null).await.0, 404);
        assert_eq!(good(ctx, &bob(), "GET", "devices", Value::Null).await, json!([]));
        assert_eq!(call(ctx, &bob(), "POST", "devices/k/command", json!({ "command": "next" })).await.0, 404);
        assert_eq!(call(ctx, &bob(), "DELETE", "devices/k", Value::Null).await.0, 404);
        assert_eq!(good(ctx, &bob(), "POST", "devices/k/commands/take", Value::Null).await, json!([]));
        let hers = good(ctx, &ann(), "POST", "devices/k/commands/take", Value::Null).await;
        assert_eq!(each(&hers, "command"), ["pause"]);
    }

    async fn bookmarks_lie_in_what_one_sees(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 2).await;
        let path = |track: TrackId| format!("bookmarks/track/{track}");
        good(ctx, &ann(), "PUT", &path(tracks[0]), json!({ "position_ms": 5, "comment": " a\r\nb " })).await;
        world.clock.advance(Duration::from_secs(1));
        good(ctx, &ann(), "PUT", &path(tracks[1]), json!({ "position_ms": 7 })).await;
        world.clock.advance(Duration::from_secs(1));
        good(ctx, &ann(), "PUT", &path(tracks[0]), json!({ "position_ms": 9, "comment": "here" })).await;
        let shown = good(ctx, &ann(), "GET", "bookmarks?limit=1", Value::Null).await;
        let first = &shown["items"][0];
        assert_eq!((&first["position_ms"], &first["comment"], &first["track"]["title"], &first["video"]),
            (&9.into(), &"here".into(), &"T0".into(), &Value::Null));
        assert_ne!(first["created_at"], first["changed_at"]);
        let rest = good(ctx, &ann(), "GET", &format!("bookmarks?after={}", shown["next"].as_str().expect("more")), Value::Null).await;
        assert_eq!(rest["items"][0]["track"]["title"], "T1");
        hide(ctx, tracks[0]).await;
        let shown = good(ctx, &ann(), "GET", "bookmarks", Value::Null).await;
        assert_eq!(shown["items"].as_array().map(Vec::len), Some(1));
        for (path, body, status) in [
            (path(tracks[0]), json!({ "position_ms": 1 }), 404),
            (path(TrackId(5)), json!({ "position_ms": 1 }), 404),
            (format!("bookmarks/video/{}", tracks[1]), json!({ "position_ms": 1 }), 404),
            (format!("bookmarks/album/{}", tracks[1]), json!({ "position_ms": 1 }), 404),
            (path(tracks[1]), json!({ "position_ms": 1, "comment": "x".repeat(1_001) }), 422),
            (path(tracks[1]), json!({ "position_ms": u64::MAX }), 422),
        ] {
            assert_eq!(call(ctx, &ann(), "PUT", &path, body).await.0, status, "{path}");
        }
        good(ctx, &ann(), "DELETE", &path(tracks[1]), Value::Null).await;
        assert_eq!(call(ctx, &ann(), "DELETE", &path(tracks[1]), Value::Null).await.0, 404);
        assert_eq!(good(ctx, &ann(), "GET", "bookmarks", Value::Null).await["items"], json!([]));
    }

    async fn an_account_has_so_many_bookmarks_and_no_more(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 2).await;
        good(ctx, &ann(), "PUT", &format!("bookmarks/track/{}", tracks[0]), json!({ "position_ms": 1 })).await;
        change(ctx, move |tx, _| {
            for item in 1..i64::try_from(service::BOOKMARKS_MAX).expect("few") {
                let row = crate::store::listener::bookmarks::BookmarkRow {
                    kind: "track".to_owned(), item, position_ms: 1, comment: String::new(),
                    created: kernel::testkit::START, changed: kernel::testkit::START,
                };
                crate::store::listener::bookmarks::put(tx, UserId(11), &row)?;
            }
            Ok(())
        }).await;
        let put = async |track: TrackId| call(ctx, &ann(), "PUT", &format!("bookmarks/track/{track}"), json!({ "position_ms": 2 })).await;
        assert_eq!(put(tracks[1]).await.1["code"], "full");
        assert_eq!(put(tracks[0]).await.0, 204, "the one that is there can be moved");
    }

    async fn a_device_is_there_while_it_says_so(world: World) {
        let ctx = &world.ctx;
        let track = some_tracks(ctx, 1).await[0];
        let playing = |position_ms: u64| json!({ "name": "Kitchen", "state": "playing", "track": track, "position_ms": position_ms, "volume": 40 });
        good(ctx, &ann(), "PUT", "devices/kitchen-1", playing(0)).await;
        let shown = good(ctx, &ann(), "GET", "devices", Value::Null).await;
        assert_eq!((&shown[0]["id"], &shown[0]["name"], &shown[0]["state"], &shown[0]["track"]["id"], &shown[0]["volume"]),
            (&"kitchen-1".into(), &"Kitchen".into(), &"playing".into(), &json!(track), &40.into()));
        world.clock.advance(Duration::from_secs(15));
        let shown = good(ctx, &ann(), "GET", "devices", Value::Null).await;
        assert_eq!(shown[0]["seen_ms_ago"], 15_000);
        let quiet = said(ctx, async { good(ctx, &ann(), "PUT", "devices/kitchen-1", playing(15_200)).await; }).await;
        assert_eq!(quiet, Vec::<String>::new(), "a mere sign of life wakes nobody");
        let seek = said(ctx, async { good(ctx, &ann(), "PUT", "devices/kitchen-1", playing(90_000)).await; }).await;
        assert_eq!(seek, ["devices:11"]);
        world.clock.advance(service::DEVICE_ALIVE);
        assert_eq!(good(ctx, &ann(), "GET", "devices", Value::Null).await, json!([]));
        assert_eq!(call(ctx, &ann(), "POST", "devices/kitchen-1/command", json!({ "command": "play" })).await.0, 404);
        good(ctx, &ann(), "PUT", "devices/kitchen-1", playing(0)).await;
        good(ctx, &ann(), "DELETE", "devices/kitchen-1", Value::Null).await;
        assert_eq!(good(ctx, &ann(), "GET", "devices", Value::Null).await, json!([]));
    }

    async fn a_device_tells_nothing_of_a_track_that_is_out_of_sight(world: World) {
        let ctx = &world.ctx;
        let track = some_tracks(ctx, 1).await[0];
        hide(ctx, track).await;
        for id in [track, TrackId(5)] {
            good(ctx, &ann(), "PUT", "devices/k", json!({ "name": "Kitchen", "state": "playing", "track": id })).await;
            let shown = good(ctx, &ann(), "GET", "devices", Value::Null).await;
            assert_eq!((&shown[0]["state"], &shown[0]["track"]), (&"playing".into(), &Value::Null), "{id}");
        }
    }

    async fn a_device_does_what_it_is_told_once_and_in_order(world: World) {
        let ctx = &world.ctx;
        good(ctx, &ann(), "PUT", "devices/k", json!({ "name": "Kitchen" })).await;
        let commands = [
            json!({ "command": "seek", "position_ms": 5 }), json!({ "command": "volume", "volume": 7 }),
            json!({ "command": "take_over" }), json!({ "command": "previous" }),
            json!({ "command": "load", "play": true }), json!({ "command": "jump", "index": 3, "position_ms": 9 }),
        ];
        for command in &commands {
            assert_eq!(call(ctx, &ann(), "POST", "devices/k/command", command.clone()).await.0, 202);
        }
        let mut taken = good(ctx, &ann(), "POST", "devices/k/commands/take", Value::Null).await;
        for command in taken.as_array_mut().expect("a list") {
            command.as_object_mut().expect("an object").remove("id").expect("each has a number");
        }
        assert_eq!(taken, json!(commands));
        assert_eq!(good(ctx, &ann(), "POST", "devices/k/commands/take", Value::Null).await, json!([]));
        for bad in [json!({ "command": "explode" }), json!({ "command": "seek" }), json!({ "command": "volume", "volume": 101 }),
            json!({ "command": "seek", "position_ms": u64::MAX }), json!({ "command": "jump" }), json!({ "command": "jump", "index": -1 }),
            json!({ "command": "jump", "index": 0, "position_ms": u64::MAX }), json!({ "command": "load", "play": 1 })] {
            assert_eq!(call(ctx, &ann(), "POST", "devices/k/command", bad.clone()).await.0, 422, "{bad}");
        }
    }

    async fn to_load_the_queue_twice_in_a_row_is_told_once(world: World) {
        let ctx = &world.ctx;
        let here = async || good(ctx, &ann(), "PUT", "devices/k", json!({ "name": "Kitchen" })).await;
        let tell = async |command: Value| call(ctx, &ann(), "POST", "devices/k/command", command).await.0;
        let (load, play, next) = (json!({ "command": "load" }), json!({ "command": "load", "play": true }), json!({ "command": "next" }));
        here().await;
        for command in [&load, &load, &play, &load, &next, &next, &load] {
            assert_eq!(tell(command.clone()).await, 202);
        }
        let taken = good(ctx, &ann(), "POST", "devices/k/commands/take", Value::Null).await;
        assert_eq!(each(&taken, "command"), ["load", "load", "load", "next", "next", "load"]);
        let played: Vec<_> = taken.as_array().expect("a list").iter().map(|one| one["play"].clone()).collect();
        assert_eq!(json!(played), json!([false, true, false, null, null, false]));
        tell(load.clone()).await;
        world.clock.advance(service::COMMAND_HOLDS);
        here().await;
        tell(load).await;
        let taken = good(ctx, &ann(), "POST", "devices/k/commands/take", Value::Null).await;
        assert_eq!(each(&taken, "command"), ["load"], "one that expired is told again");
    }

    async fn commands_are_bounded_and_expire_unheard(world: World) {
        let ctx = &world.ctx;
        let here = async || good(ctx, &ann(), "PUT", "devices/k", json!({ "name": "Kitchen" })).await;
        here().await;
        let tell = async || call(ctx, &ann(), "POST", "devices/k/command", json!({ "command": "next" })).await;
        for _ in 0..service::COMMANDS_MAX {
            assert_eq!(tell().await.0, 202);
        }
        let (status, problem) = tell().await;
        assert_eq!((status, &problem["code"]), (429, &"device_busy".into()));
        world.clock.advance(service::COMMAND_HOLDS);
        here().await;
        assert_eq!(tell().await.0, 202, "the old ones are dropped");
        let taken = good(ctx, &ann(), "POST", "devices/k/commands/take", Value::Null).await;
        assert_eq!(taken.as_array().map(Vec::len), Some(1));
    }

    async fn what_a_device_that_went_silent_was_told_is_forgotten(world: World) {
        let ctx = &world.ctx;
        for id in ["gone", "k"] {
            good(ctx, &ann(), "PUT", &format!("devices/{id}"), json!({ "name": "Kitchen" })).await;
            for command in ["next", "previous"] {
                assert_eq!(call(ctx, &ann(), "POST", &format!("devices/{id}/command"), json!({ "command": command })).await.0, 202);
            }
        }
        world.clock.advance(service::COMMAND_HOLDS);
        good(ctx, &ann(), "PUT", "devices/k", json!({ "name": "Kitchen" })).await;
        let left = async |device: &'static str| {
            let waiting = ctx.db().read(move |tx| store::commands(tx, UserId(11), device)).await;
            waiting.expect("read").len()
        };
        assert_eq!((left("gone").await, left("k").await), (0, 0));
    }

    async fn a_device_that_its_browser_keeps_silent_says_so(world: World) {
        let ctx = &world.ctx;
        let report = |state: &str| json!({ "name": "Kitchen", "state": state, "position_ms": 4_000 });
        good(ctx, &ann(), "PUT", "devices/k", report("paused")).await;
        let told = said(ctx, async { good(ctx, &ann(), "PUT", "devices/k", report("blocked")).await; }).await;
        assert_eq!(told, ["devices:11"]);
        let shown = good(ctx, &ann(), "GET", "devices", Value::Null).await;
        assert_eq!((&shown[0]["state"], &shown[0]["position_ms"]), (&"blocked".into(), &4_000.into()));
    }

    async fn a_clock_that_was_ahead_leaves_no_device_behind(world: World) {
        let ctx = &world.ctx;
        let clock = Clock::manual(ctx.now().plus(Duration::from_hours(5)));
        let ahead = Ctx::new(ctx.db().clone(), ctx.blobs().clone(), ctx.bus().clone(), clock, ctx.random().clone());
        let ahead = ahead.await.expect("a node whose clock is ahead");
        for at in 0..service::DEVICES_MAX {
            good(&ahead, &ann(), "PUT", &format!("devices/d{at}"), json!({ "name": "Kitchen", "state": "playing" })).await;
        }
        assert_eq!(good(ctx, &ann(), "GET", "devices", Value::Null).await, json!([]), "its time is put right");
        good(ctx, &ann(), "PUT", "devices/k", json!({ "name": "Kitchen" })).await;
        assert_eq!(each(&good(ctx, &ann(), "GET", "devices", Value::Null).await, "id"), ["k"]);
    }

    async fn what_can_be_no_device_is_not_there(world: World) {
        let ctx = &world.ctx;
        for id in ["%00", "a%20b", "%E2%80%AE", &"x".repeat(81)] {
            assert_eq!(call(ctx, &ann(), "DELETE", &format!("devices/{id}"), Value::Null).await.0, 404, "{id}");
            assert_eq!(call(ctx, &ann(), "POST", &format!("devices/{id}/commands/take"), Value::Null).await.0, 404, "{id}");
            assert_eq!(call(ctx, &ann(), "POST", &format!("devices/{id}/command"), json!({ "command": "next" })).await.0, 404, "{id}");
        }
    }

    async fn an_account_has_so_many_devices_at_once_and_no_more(world: World) {
        let ctx = &world.ctx;
        let report = json!({ "name": "Kitchen" });
        for at in 0..service::DEVICES_MAX {
            good(ctx, &ann(), "PUT", &format!("devices/d{at}"), report.clone()).await;
        }
        assert_eq!(call(ctx, &ann(), "PUT", "devices/more", report.clone()).await.1["code"], "full");
        good(ctx, &ann(), "PUT", "devices/d0", report.clone()).await;
        world.clock.advance(service::DEVICE_ALIVE);
        good(ctx, &ann(), "PUT", "devices/more", report.clone()).await;
        for bad in ["devices/a%20b", &format!("devices/{}", "x".repeat(81))] {
            assert_eq!(call(ctx, &ann(), "PUT", bad, report.clone()).await.0, 422, "{bad}");
        }
        let loud = json!({ "name": "Kitchen", "volume": 101 });
        assert_eq!(call(ctx, &ann(), "PUT", "devices/more", loud).await.0, 422);
    }
}
