//! Grants: decided once, the same for an hour, and what they start.

use std::{sync::Arc, time::Duration};

use catalog::{
    TrackId,
    import::{Batch, SourceFile, hide_track},
    media::{self, ENCODE_JOB},
};
use http::{Method, StatusCode};
use kernel::{
    Fault, Time, jobs,
    testkit::{World, eventually},
};

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
        assert_eq!(grant["state"], "none");
        assert_eq!(grant["duration_ms"], 12_000);
        assert_eq!((&grant["hls"], &grant["dash"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        assert_eq!(grant["original"]["mime"], "audio/flac");
        let answer = house.get(grant["original"]["url"].as_str().expect("a path")).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, "fLaC and so on"));
        let job = jobs::view_by_key(house.ctx.db(), ENCODE_JOB, media.to_string()).await.expect("works");
        assert!(job.is_none(), "nothing is encoded that nobody asked for");
    }

    async fn nothing_is_encoded_of_what_browsers_play_unless_a_rung_is_asked_for(world: World) {
        let house = House::new(&world.ctx);
        for (number, (mime, codec)) in [
            ("audio/flac", "flac"), ("audio/mpeg", "mp3"), ("audio/ogg", "opus"), ("audio/ogg", "vorbis"),
            ("audio/mp4", "aac"), ("audio/aac", "aac"), ("audio/wav", "pcm_s16le"),
        ].into_iter().enumerate() {
            let (track, media) = house.add_track(blob_source(&format!("originals/{number}/a"), mime, codec)).await;
            for asked in ["", "?quality=auto", "?quality=original", "?wait_ms=5000"] {
                let (status, grant) = house.grant(&format!("{}{asked}", track_path(track))).await;
                assert_eq!((status, &grant["state"]), (StatusCode::OK, &"none".into()), "{codec} {asked}");
                assert!(!grant["original"].is_null());
            }
            assert!(!is_queued(&house, media).await, "{codec}");
            let asked = ["lossless", "high", "low"][number % 3];
            let (_, grant) = house.grant(&format!("{}?quality={asked}", track_path(track))).await;
            assert_eq!(grant["state"], "waiting", "{codec} {asked}");
            assert!(is_queued(&house, media).await, "{codec} {asked}");
        }
    }

    async fn what_few_browsers_play_is_encoded_unless_only_the_original_is_wanted(world: World) {
        let house = House::new(&world.ctx);
        for (number, (mime, codec)) in [("audio/mp4", "alac"), ("audio/x-ape", "ape")].into_iter().enumerate() {
            let (track, media) = house.add_track(blob_source(&format!("originals/{number}/a"), mime, codec)).await;
            let (_, grant) = house.grant(&format!("{}?quality=original", track_path(track))).await;
            assert_eq!(grant["state"], "none", "{codec}");
            assert!(!is_queued(&house, media).await, "{codec}");
            let (_, grant) = house.grant(&track_path(track)).await;
            assert_eq!(grant["state"], "waiting", "{codec}");
            assert!(is_queued(&house, media).await, "{codec}");
        }
    }

    async fn an_odd_wish_is_refused(world: World) {
        let house = House::new(&world.ctx);
        let (track, media) = house.add_track(blob_source("originals/1/a", "audio/flac", "flac")).await;
        for asked in ["?quality=loud", "?quality=", "?wait_ms=-1", "?wait_ms=70000", "?speed=2"] {
            let (status, _) = house.grant(&format!("{}{asked}", track_path(track))).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}");
        }
        assert!(!is_queued(&house, media).await);
    }

    async fn who_waits_is_answered_as_soon_as_there_is_something_to_play(world: World) {
        let house = Arc::new(House::new(&world.ctx));
        let (track, media) = house.add_track(blob_source("originals/1/a.ape", "audio/x-ape", "ape")).await;
        let asker = tokio::spawn({
            let house = Arc::clone(&house);
            async move { house.grant(&format!("{}?wait_ms=5000", track_path(track))).await }
        });
        eventually("it is queued", || is_queued(&house, media)).await;
        let generation = house.begin(media).await;
        house.add_rung(media, generation, "a128", 1).await;
        eventually("it was answered", || async {
            // Also when the word that there is something was lost.
            world.clock.advance(Duration::from_millis(10));
            asker.is_finished()
        }).await;
        let (_, grant) = asker.await.expect("no panic");
        assert_eq!(grant["state"], "encoding");
        assert_eq!(house.get(grant["hls"].as_str().expect("it plays")).await.status, StatusCode::OK);
    }

    async fn who_waits_in_vain_is_told_so_in_time(world: World) {
        let house = Arc::new(House::new(&world.ctx));
        let (track, media) = house.add_track(blob_source("originals/1/a.ape", "audio/x-ape", "ape")).await;
        let asker = tokio::spawn({
            let house = Arc::clone(&house);
            async move { house.grant(&format!("{}?wait_ms=60000", track_path(track))).await }
        });
        eventually("it is queued", || is_queued(&house, media)).await;
        eventually("it has waited long enough", || async {
            world.clock.advance(Duration::from_secs(1));
            asker.is_finished()
        }).await;
        let (_, grant) = asker.await.expect("no panic");
        assert_eq!((&grant["state"], grant["hls"].is_null()), (&"waiting".into(), true));
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
        // The song is twelve seconds long.
        world.clock.advance(Duration::from_hours(1));
        let path = first["original"]["url"].as_str().expect("a path");
        house.get(path).await.assert_absent();
        let later = house.get(third["original"]["url"].as_str().expect("a path")).await;
        assert_eq!(later.status, StatusCode::OK);
    }

    async fn music_is_granted_for_an_hour_and_its_own_length_and_films_for_longer(world: World) {
        let house = House::new(&world.ctx);
        let source = |key: &str, minutes: u64| {
            SourceFile { duration_ms: minutes * 60_000, ..blob_source(key, "audio/flac", "flac") }
        };
        let (song, _) = house.add_track(source("originals/1/a.flac", 4)).await;
        let (mix, _) = house.add_track(source("originals/2/a.flac", 300)).await;
        let (endless, _) = house.add_track(source("originals/3/a.flac", 6_000)).await;
        let (film, _) = house.add_video(blob_source("originals/4/a.mp4", "video/mp4", "h264")).await;
        let now = house.ctx.now();
        let minutes = |grant: &serde_json::Value| {
            let until: Time = serde_json::from_value(grant["expires_at"].clone()).expect("a time");
            until.since(now).as_secs() / 60
        };
        for (track, least) in [(song, 64), (mix, 360), (endless, 720)] {
            let (_, grant) = house.grant(&track_path(track)).await;
            assert!((least..=least + 60).contains(&minutes(&grant)), "{grant}");
        }
        let (_, grant) = house.grant(&format!("/api/v1/videos/{film}/grant")).await;
        assert!((720..=780).contains(&minutes(&grant)), "{grant}");
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

async fn is_queued(house: &House, media: catalog::MediaId) -> bool {
    jobs::view_by_key(house.ctx.db(), ENCODE_JOB, media.to_string()).await.expect("works").is_some()
}

async fn hide(house: &House, track: TrackId) {
    let (ids, now) = (house.ctx.ids().clone(), house.ctx.now());
    let hidden = house.ctx.db().write(move |tx| hide_track(tx, &mut Batch::new(&ids, now), track));
    let hidden: Result<(), Fault> = hidden.await;
    hidden.expect("is hidden");
}
