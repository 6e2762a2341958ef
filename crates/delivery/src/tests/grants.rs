//! Grants: decided once, the same for an hour, and what they start.

use std::time::Duration;

use catalog::{
    TrackId,
    import::{Batch, hide_track},
    media::{self, ENCODE_JOB},
};
use http::{Method, StatusCode};
use kernel::{Fault, jobs, testkit::World};

use super::{House, blob_source};

fn track_path(track: TrackId) -> String {
    format!("/api/v1/tracks/{track}/grant")
}

kernel::on_both_engines! {
    async fn a_track_that_plays_as_it_is_is_granted_as_it_is(world: World) {
        let house = House::new(&world.ctx);
        house.put("originals/1/a.flac", b"fLaC and so on").await;
        let (track, media) = house.add_track(blob_source("originals/1/a.flac", "audio/flac", "flac")).await;
        let (status, grant) = house.grant(&track_path(track)).await;
        assert_eq!(status, StatusCode::OK, "{grant}");
        assert_eq!(grant["media_id"], media.to_string());
        assert_eq!(grant["state"], "waiting");
        assert_eq!(grant["duration_ms"], 12_000);
        assert_eq!((&grant["hls"], &grant["dash"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        assert_eq!(grant["original"]["mime"], "audio/flac");
        let answer = house.get(grant["original"]["url"].as_str().expect("a path")).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, "fLaC and so on"));
        let job = jobs::view_by_key(house.ctx.db(), ENCODE_JOB, media.to_string()).await.expect("works");
        assert!(job.is_some(), "the ladder is begun");
    }

    async fn what_no_browser_plays_waits_for_its_encode(world: World) {
        let house = House::new(&world.ctx);
        let (track, media) = house.add_track(blob_source("originals/1/a.ape", "audio/x-ape", "ape")).await;
        let (_, grant) = house.grant(&track_path(track)).await;
        assert!(grant["original"].is_null());
        assert_eq!(grant["state"], "waiting");
        house.get(&house.path(media, "original")).await.assert_absent();

        let generation = house.begin(media).await;
        let (_, grant) = house.grant(&track_path(track)).await;
        assert_eq!((&grant["state"], grant["hls"].is_null()), (&"encoding".into(), true));
        house.add_rung(media, generation, "a128", 1).await;
        let (_, grant) = house.grant(&track_path(track)).await;
        assert_eq!(grant["state"], "encoding");
        let growing = house.get(grant["hls"].as_str().expect("plays while it grows")).await;
        assert_eq!(growing.status, StatusCode::OK);
        house.complete(media, generation).await;
        let (_, grant) = house.grant(&track_path(track)).await;
        assert_eq!(grant["state"], "ready");
        assert_eq!(house.get(grant["dash"].as_str().expect("a path")).await.status, StatusCode::OK);
    }

    async fn a_failed_encode_says_why_and_is_not_begun_again_by_asking(world: World) {
        let house = House::new(&world.ctx);
        let (track, media) = house.add_track(blob_source("originals/1/a.ape", "audio/x-ape", "ape")).await;
        house.begin(media).await;
        let problem = media::Problem { code: "broken".to_owned(), text: "It ends in the middle.".to_owned() };
        let failed = house.ctx.db().write(move |tx| media::fail_encode(tx, media, &problem));
        let failed: Result<(), Fault> = failed.await;
        failed.expect("is entered");
        let (_, grant) = house.grant(&track_path(track)).await;
        assert_eq!((&grant["state"], &grant["problem"]), (&"failed".into(), &"It ends in the middle.".into()));
        let job = jobs::view_by_key(house.ctx.db(), ENCODE_JOB, media.to_string()).await.expect("works");
        assert!(job.is_none());
    }

    async fn grants_of_one_hour_hold_the_same_paths(world: World) {
        let house = House::new(&world.ctx);
        house.put("originals/1/a.flac", b"fLaC").await;
        let (track, _) = house.add_track(blob_source("originals/1/a.flac", "audio/flac", "flac")).await;
        let (_, first) = house.grant(&track_path(track)).await;
        world.clock.advance(Duration::from_mins(59));
        let (_, second) = house.grant(&track_path(track)).await;
        assert_eq!(first, second);
        world.clock.advance(Duration::from_mins(2));
        let (_, third) = house.grant(&track_path(track)).await;
        assert_ne!(first["original"], third["original"]);
        world.clock.advance(Duration::from_hours(12));
        let path = first["original"]["url"].as_str().expect("a path");
        house.get(path).await.assert_absent();
        let later = house.get(third["original"]["url"].as_str().expect("a path")).await;
        assert_eq!(later.status, StatusCode::OK);
    }

    async fn what_is_hidden_is_granted_like_what_never_was(world: World) {
        let house = House::new(&world.ctx);
        let (track, _) = house.add_track(blob_source("originals/1/a.flac", "audio/flac", "flac")).await;
        hide(&house, track).await;
        let hidden = house.grant(&track_path(track)).await;
        let absent = house.grant(&track_path(TrackId(1))).await;
        assert_eq!(hidden.0, StatusCode::NOT_FOUND);
        assert_eq!(hidden, absent);
        assert_eq!(house.grant("/api/v1/tracks/x/grant").await, absent);
        assert_eq!(house.grant("/api/v1/videos/1/grant").await, absent);
    }

    async fn a_video_is_granted_with_its_captions(world: World) {
        let house = House::new(&world.ctx);
        let (video, media) = house.add_video(blob_source("originals/1/a.mkv", "video/x-matroska", "h264")).await;
        let generation = house.begin(media).await;
        house.add_rung(media, generation, "v720", 1).await;
        let caption = house.add_caption(media, generation, "WEBVTT\n\n00:00.000 --> 00:01.000\nHello").await;
        house.complete(media, generation).await;
        let (status, grant) = house.grant(&format!("/api/v1/videos/{video}/grant")).await;
        assert_eq!(status, StatusCode::OK, "{grant}");
        assert!(grant["original"].is_null(), "no browser plays Matroska");
        let track = &grant["captions"][0];
        assert_eq!((&track["id"], &track["label"]), (&caption.to_string().into(), &"English".into()));
        let text = house.get(track["url"].as_str().expect("a path")).await;
        assert!(text.text().ends_with("Hello"));
        assert_eq!(house.get(grant["hls"].as_str().expect("a path")).await.status, StatusCode::OK);
    }

    async fn nobody_is_granted_anything_without_signing_in(world: World) {
        let house = House::new(&world.ctx);
        let (track, _) = house.add_track(blob_source("originals/1/a.flac", "audio/flac", "flac")).await;
        let answer = house.ask(Method::POST, &track_path(track), &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

async fn hide(house: &House, track: TrackId) {
    let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
    let hidden = house.ctx.db().write(move |tx| hide_track(tx, &mut Batch::new(&ids, now), track));
    let hidden: Result<(), Fault> = hidden.await;
    hidden.expect("is hidden");
}
