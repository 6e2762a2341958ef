//! What was measured of sound: shown for the file that it was measured of, and for no other.

use kernel::{on_both_engines, testkit::World};

use super::*;
use crate::{
    AlbumId, MediaId,
    media::Media,
    sound::{self, Blocks, Decibels, Edges, Heard, Loudness, Sound, Waveform, energy},
};

/// A sound of this loudness, ten seconds long.
fn sound(lufs: f64) -> Sound {
    let mut blocks = Blocks::default();
    (0..97).for_each(|_| blocks.add(energy(lufs)));
    Sound {
        edges: Edges { sample_rate_hz: 44_100, samples: 441_000, lead_samples: 100, tail_samples: 2_000 },
        loudness: Loudness { lufs: Decibels::of(lufs), peak_db: Decibels::of(lufs + 12.0) },
        range_lu: Some(Decibels(4_200)),
        blocks,
        waveform: Waveform { peaks: vec![200; 800], means: vec![90; 800] },
        vector: (0..48).map(|at| at - 20).collect(),
    }
}

fn silence() -> Sound {
    Sound {
        loudness: Loudness { lufs: None, peak_db: None },
        range_lu: None,
        blocks: Blocks::default(),
        vector: Vec::new(),
        ..sound(-20.0)
    }
}

async fn due(ctx: &Ctx) -> Vec<MediaId> {
    let mut all = Vec::new();
    for shard in 0..4 {
        all.extend(sound::due(ctx.db(), MediaId(0), (shard, 4), 100).await.expect("read"));
    }
    all.sort_unstable();
    assert_eq!(sound::any_due(ctx.db()).await.expect("read"), !all.is_empty());
    all
}

async fn begin(ctx: &Ctx, media: MediaId) -> Option<(Media, u32)> {
    change(ctx, move |tx, _| sound::begin(tx, media)).await
}

async fn put(ctx: &Ctx, source: Media, sound: Sound) -> bool {
    change(ctx, move |tx, _| sound::put(tx, &source, &sound)).await
}

async fn hear(ctx: &Ctx, made: Imported, sound: Sound) {
    let (source, _) = begin(ctx, made.media).await.expect("it is due");
    assert!(put(ctx, source, sound).await);
}

async fn show(ctx: &Ctx, track: TrackId) -> Value {
    get(ctx, &format!("/api/v1/tracks/{track}")).await
}

on_both_engines! {
    async fn what_was_measured_is_shown_with_the_track_and_its_album(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/1.flac", tags("One", "Air", "Moon")), song("/m/2.flac", tags("Two", "Air", "Moon")),
        ]).await;
        assert_eq!(due(ctx).await, made.iter().map(|one| one.media).collect::<Vec<_>>());
        let before = show(ctx, made[0].track).await;
        assert_eq!((&before["loudness"], &before["waveform"]), (&Value::Null, &Value::Null));
        let path = format!("/api/v1/tracks/{}/waveform", made[0].track);
        let (status, problem) = ask(ctx, Some(listener()), "GET", &path, None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &"not_measured".into()));

        hear(ctx, made[0], sound(-14.0)).await;
        let track = show(ctx, made[0].track).await;
        assert_eq!(track["loudness"], serde_json::json!({"lufs": -14.0, "peak_db": -2.0}));
        let shape = get(ctx, track["waveform"].as_str().expect("a path")).await;
        assert_eq!((&shape["samples"], &shape["lead_samples"]), (&441_000.into(), &100.into()));
        assert_eq!(shape["peaks"].as_str().expect("text").len(), 1_068);
        let album = format!("/api/v1/albums/{}", made[0].album.expect("an album"));
        assert_eq!(get(ctx, &album).await["loudness"], Value::Null, "until all of it was measured");
        hear(ctx, made[1], sound(-20.0)).await;
        let loudness = get(ctx, &album).await["loudness"].clone();
        // The mean of both energies: 10 lg ((1 + 10^-0.6) / 2) = -2.036 LU below the louder one.
        let lufs = loudness["lufs"].as_f64().expect("a number");
        assert!((lufs + 16.036).abs() <= 0.05, "{lufs}");
        assert_eq!(loudness["peak_db"], -2.0);
        assert!(due(ctx).await.is_empty());
        assert!(begin(ctx, made[0].media).await.is_none(), "what was heard is not heard again");
    }

    async fn others_are_given_what_they_need_of_it(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/1.flac", tags("One", "Air", "Moon")), song("/m/2.flac", tags("Two", "Air", "Moon")),
            song("/m/3.flac", tags("Three", "Air", "Sun")),
        ]).await;
        hear(ctx, made[0], sound(-14.0)).await;
        hear(ctx, made[1], silence()).await;
        let asked: Vec<TrackId> = made.iter().map(|one| one.track).chain([TrackId(404)]).collect();
        let found = sound::of_tracks(ctx, &listener(), &asked).await.expect("read");
        assert_eq!(found.len(), 2);
        assert_eq!(found[&made[0].track].loudness.replay_gain_db(), Some(-4.0));
        assert_eq!(found[&made[1].track].loudness, Loudness { lufs: None, peak_db: None });
        let moon = sound::of_album(ctx, &listener(), made[0].album.expect("an album")).await.expect("read");
        assert!((moon.expect("measured").lufs.expect("not silent").as_f64() + 14.0).abs() <= 0.05);
        let nothing = sound::of_album(ctx, &listener(), AlbumId(404)).await.expect("read");
        assert_eq!(nothing, None);
        let vectors = sound::vectors(ctx, &listener(), TrackId(0), 10).await.expect("read");
        assert_eq!(vectors, [(made[0].track, sound(-14.0).vector)]);
        assert!(sound::vectors(ctx, &listener(), made[0].track, 10).await.expect("read").is_empty());
        hide(ctx, made[0].track).await;
        assert!(sound::vectors(ctx, &listener(), TrackId(0), 10).await.expect("read").is_empty());
        assert_eq!(sound::of_tracks(ctx, &listener(), &asked).await.expect("read").len(), 1);
        let hidden = format!("/api/v1/tracks/{}/waveform", made[0].track);
        let (status, problem) = ask(ctx, Some(listener()), "GET", &hidden, None).await;
        let (_, absent) = ask(ctx, Some(listener()), "GET", "/api/v1/tracks/404/waveform", None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &absent["code"]));
        assert_eq!(ask(ctx, None, "GET", &hidden, None).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn a_file_that_changed_is_heard_again_and_the_old_result_is_refused(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        let (old, _) = begin(ctx, made.media).await.expect("it is due");
        assert!(put(ctx, old.clone(), sound(-14.0)).await);
        let shape = show(ctx, made.track).await["waveform"].clone();
        // New tags alone: the same bytes as far as anybody knows.
        let renamed = Song { existing: Some(made.track), ..song("/m/1.flac", tags("Eins", "Air", "Moon")) };
        take_in_one(ctx, renamed.clone()).await;
        assert!(due(ctx).await.is_empty(), "what did not change is not heard again");
        let mut other = renamed;
        other.file.stamp = 2;
        take_in_one(ctx, other.clone()).await;
        assert_eq!(due(ctx).await, [made.media]);
        assert_eq!(show(ctx, made.track).await["loudness"], Value::Null, "what was measured of another file is not shown");
        assert!(!put(ctx, old.clone(), sound(-14.0)).await);
        assert!(!change(ctx, { let old = old.clone(); move |tx, _| sound::fail(tx, &old, "x: y") }).await);
        assert_eq!(due(ctx).await, [made.media]);
        hear(ctx, made, sound(-9.0)).await;
        let track = show(ctx, made.track).await;
        assert_eq!(track["loudness"]["lufs"], -9.0);
        assert_ne!(track["waveform"], shape, "another shape has another path");
    }

    async fn a_failure_says_why_and_is_final_until_the_file_changes(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        let (source, tries) = begin(ctx, made.media).await.expect("it is due");
        assert_eq!(tries, 1);
        change(ctx, move |tx, _| sound::hand_back(tx, made.media)).await;
        assert_eq!(begin(ctx, made.media).await.expect("it is due").1, 1, "a try that was handed back does not count");
        assert_eq!(begin(ctx, made.media).await.expect("it is due").1, 2);
        let failed = change(ctx, move |tx, _| sound::fail(tx, &source, "undecodable: It ends in the middle.")).await;
        assert!(failed && due(ctx).await.is_empty());
        let path = format!("/api/v1/tracks/{}/waveform", made.track);
        let (status, problem) = ask(ctx, Some(listener()), "GET", &path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(problem["detail"].as_str().expect("text").contains("ends in the middle"));
        let state = sound::state(ctx, &listener(), made.track).await.expect("read");
        assert!(matches!(state, Some(Heard::Failed(_))));
        let mut mended = song("/m/1.flac", tags("One", "Air", "Moon"));
        (mended.existing, mended.file.bytes) = (Some(made.track), 2_000);
        take_in_one(ctx, mended).await;
        assert_eq!(begin(ctx, made.media).await.expect("it is due").1, 1);
    }

    async fn an_album_with_a_track_that_fails_has_the_loudness_of_the_others(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/1.flac", tags("One", "Air", "Moon")), song("/m/2.flac", tags("Two", "Air", "Moon")),
        ]).await;
        hear(ctx, made[0], sound(-14.0)).await;
        let (source, _) = begin(ctx, made[1].media).await.expect("it is due");
        change(ctx, move |tx, _| sound::fail(tx, &source, "undecodable: x")).await;
        let album = get(ctx, &format!("/api/v1/albums/{}", made[0].album.expect("an album"))).await;
        assert!((album["loudness"]["lufs"].as_f64().expect("a number") + 14.0).abs() <= 0.05);
    }

    async fn a_file_that_was_away_is_due_when_it_comes_back(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        let away = || async {
            let (source, _) = begin(ctx, made.media).await.expect("it is due");
            assert!(change(ctx, move |tx, _| sound::set_away(tx, &source)).await);
            assert!(due(ctx).await.is_empty());
        };
        away().await;
        hide(ctx, made.track).await;
        change(ctx, move |tx, batch| import::show_track(tx, batch, made.track)).await;
        assert_eq!(due(ctx).await, [made.media]);
        away().await;
        // Found elsewhere, the same file.
        take_in_one(ctx, Song { existing: Some(made.track), ..song("/n/1.flac", tags("One", "Air", "Moon")) }).await;
        assert_eq!(due(ctx).await, [made.media]);
        away().await;
        hide(ctx, made.track).await;
        take_in_one(ctx, Song { existing: Some(made.track), ..song("/n/1.flac", tags("One", "Air", "Moon")) }).await;
        assert_eq!(due(ctx).await, [made.media]);
    }

    async fn a_shape_may_be_kept_for_ever_only_under_its_own_path(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1.flac", tags("One", "Air", "Moon"))).await;
        hear(ctx, made, sound(-14.0)).await;
        let path = show(ctx, made.track).await["waveform"].as_str().expect("a path").to_owned();
        let plain = path.split('?').next().expect("a path").to_owned();
        for (path, caching) in [
            (path, "private, max-age=31536000, immutable"),
            (plain.clone(), "no-store"),
            (format!("{plain}?v=other"), "no-store"),
        ] {
            let (router, _): (Router, _) = crate::routes(ctx.clone()).split_for_parts();
            let request = Request::get(&path).extension(listener()).body(Body::empty()).expect("a request");
            let answer = router.oneshot(request).await.expect("an answer");
            assert_eq!(answer.headers()["cache-control"], caching, "{path}");
        }
    }
}
