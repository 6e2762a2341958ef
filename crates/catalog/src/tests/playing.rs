//! What plays now: it says what the players said, and ends by itself.

use std::time::Duration;

use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;

async fn report(ctx: &Ctx, body: Value) -> StatusCode {
    let (status, answer) = ask(ctx, Some(listener()), "PUT", "/api/v1/me/now-playing", Some(body)).await;
    assert!(status != StatusCode::NO_CONTENT || answer == Value::Null);
    status
}

async fn reported(ctx: &Ctx, body: Value) {
    assert_eq!(report(ctx, body.clone()).await, StatusCode::NO_CONTENT, "{body}");
}

/// What a listener's players do: name, state, position.
async fn playing(ctx: &Ctx) -> Vec<(String, String, u64)> {
    let shown = get(ctx, "/api/v1/me/now-playing").await;
    let rows = shown.as_array().expect("a list").iter().map(|row| {
        let text = |field: &str| row[field].as_str().expect("text").to_owned();
        (text("client"), text("state"), row["position_ms"].as_u64().expect("a number"))
    });
    rows.collect()
}

fn row(client: &str, state: &str, position_ms: u64) -> (String, String, u64) {
    (client.to_owned(), state.to_owned(), position_ms)
}

/// A track of a minute.
async fn minute(ctx: &Ctx) -> TrackId {
    take_in_one(ctx, song("/m/x/1.flac", tags("One", "Air", "Moon"))).await.track
}

on_both_engines! {
    async fn what_plays_moves_on_and_ends_with_its_track(world: World) {
        let ctx = &world.ctx;
        let track = minute(ctx).await;
        reported(ctx, json!({ "track_id": track })).await;
        assert_eq!(playing(ctx).await, [row("Odeon", "playing", 0)]);
        world.clock.advance(Duration::from_secs(20));
        assert_eq!(playing(ctx).await, [row("Odeon", "playing", 20_000)]);
        reported(ctx, json!({ "track_id": track, "position_ms": 10_000, "rate": 2 })).await;
        world.clock.advance(Duration::from_secs(5));
        let shown = get(ctx, "/api/v1/me/now-playing").await;
        assert_eq!((&shown[0]["position_ms"], &shown[0]["rate"]), (&20_000.into(), &2.0.into()));
        assert_eq!(shown[0]["since"], kernel::testkit::START.to_string(), "it is the same as before");
        assert_eq!(shown[0]["track"]["title"], "One");
        // 25 seconds at twice the speed were left after the report, and half a minute is granted.
        world.clock.advance(Duration::from_secs(49));
        assert_eq!(playing(ctx).await, [row("Odeon", "playing", 60_000)], "it does not run past its end");
        world.clock.advance(Duration::from_secs(1));
        assert!(playing(ctx).await.is_empty());
        reported(ctx, json!({ "track_id": track })).await;
        assert_eq!(get(ctx, "/api/v1/me/now-playing").await[0]["since"], ctx.now().to_string(), "it begins anew");
    }

    async fn a_paused_player_stands_and_is_given_up_after_an_hour(world: World) {
        let ctx = &world.ctx;
        let track = minute(ctx).await;
        reported(ctx, json!({ "track_id": track, "state": "paused", "position_ms": 30_000 })).await;
        world.clock.advance(Duration::from_mins(59));
        assert_eq!(playing(ctx).await, [row("Odeon", "paused", 30_000)]);
        world.clock.advance(Duration::from_mins(1));
        assert!(playing(ctx).await.is_empty());
    }

    async fn each_player_has_its_own_place_and_the_silent_ones_make_room(world: World) {
        let ctx = &world.ctx;
        let track = minute(ctx).await;
        for at in 0..20 {
            world.clock.advance(Duration::from_secs(1));
            reported(ctx, json!({ "track_id": track, "state": "paused", "client": format!("Player {at}") })).await;
        }
        let names: Vec<String> = playing(ctx).await.into_iter().map(|row| row.0).collect();
        assert_eq!((names.len(), names[0].as_str(), names[15].as_str()), (16, "Player 19", "Player 4"));
        reported(ctx, json!({ "track_id": track, "state": "stopped", "client": "Player 19" })).await;
        reported(ctx, json!({ "track_id": track, "state": "stopped", "client": "Player 1" })).await;
        assert_eq!(playing(ctx).await.len(), 15);
    }

    async fn nobody_sees_or_stops_the_players_of_another(world: World) {
        let ctx = &world.ctx;
        let track = minute(ctx).await;
        reported(ctx, json!({ "track_id": track })).await;
        let admin = viewer(2, Role::Admin);
        let (_, theirs) = ask(ctx, Some(admin.clone()), "GET", "/api/v1/me/now-playing", None).await;
        assert_eq!(theirs, json!([]));
        let stop = json!({ "track_id": track, "state": "stopped" });
        ask(ctx, Some(admin), "PUT", "/api/v1/me/now-playing", Some(stop)).await;
        assert_eq!(playing(ctx).await, [row("Odeon", "playing", 0)]);
    }

    async fn what_is_hidden_does_not_play_and_bad_reports_change_nothing(world: World) {
        let ctx = &world.ctx;
        let track = minute(ctx).await;
        for bad in [
            json!({ "track_id": track, "rate": 0 }),
            json!({ "track_id": track, "rate": 10.1 }),
            json!({ "track_id": track, "rate": "fast" }),
            json!({ "track_id": track, "state": "lost" }),
            json!({ "track_id": track, "position_ms": -1 }),
            json!({ "track_id": track, "client": "x".repeat(65) }),
            json!({ "state": "stopped" }),
        ] {
            assert_eq!(report(ctx, bad.clone()).await, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
        assert_eq!(report(ctx, json!({ "track_id": "77" })).await, StatusCode::NOT_FOUND);
        assert!(playing(ctx).await.is_empty());
        reported(ctx, json!({ "track_id": track, "position_ms": u64::MAX, "rate": 0.1 })).await;
        assert_eq!(playing(ctx).await, [row("Odeon", "playing", 60_000)], "not past its end");
        hide(ctx, track).await;
        assert!(playing(ctx).await.is_empty());
        assert_eq!(report(ctx, json!({ "track_id": track })).await, StatusCode::NOT_FOUND);
    }
    async fn players_of_one_name_in_two_sessions_are_two(world: World) {
        let ctx = &world.ctx;
        let track = minute(ctx).await;
        for (session, position_ms) in [(5, 1_000), (6, 2_000), (5, 3_000)] {
            let viewer = Viewer { session: Some(session), ..listener() };
            let body = json!({ "track_id": track, "client": "Kitchen", "position_ms": position_ms });
            let (status, _) = ask(ctx, Some(viewer), "PUT", "/api/v1/me/now-playing", Some(body)).await;
            assert_eq!(status, StatusCode::NO_CONTENT);
        }
        let mut found = playing(ctx).await;
        found.sort_unstable();
        assert_eq!(found, [row("Kitchen", "playing", 2_000), row("Kitchen", "playing", 3_000)]);
    }
}
