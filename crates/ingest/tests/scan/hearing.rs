//! Music that was scanned is heard: once, after the scan, however often the program is killed meanwhile.

use std::{path::Path, time::Duration};

use catalog::{model::Track, sound};
use ingest::{
    encode::{EncodeConfig, Encoder},
    hear::{self, Hearing},
    library,
    upload::Floor,
};
use kernel::{
    Ctx,
    jobs::{self, Runner},
    on_both_engines,
    testkit::World,
};

use crate::{
    house::{House, all, engine, start_worker, wait_until_settled},
    making::{put, run, song, write},
};

fn hearing(world: &World) -> Hearing {
    let scratch =
        EncodeConfig { floor: Floor::Bytes(0), ..EncodeConfig::new(world.folder.path().join("scratch")) };
    Hearing::new(Encoder::new(engine(), scratch))
}

async fn start(ctx: &Ctx, world: &World) {
    let runner = Runner::new("hearer").handlers(hear::handlers(&hearing(world)));
    runner.start(ctx).await.expect("the worker starts");
}

/// Has everything heard that is due, and waits for that.
async fn hear_all(ctx: &Ctx) {
    hear::enqueue_due(ctx).await.expect("the jobs are queued");
    wait_until_idle(ctx).await;
    assert!(!sound::any_due(ctx.db()).await.expect("read"), "nothing is left");
}

async fn wait_until_idle(ctx: &Ctx) {
    for _ in 0..6_000 {
        let counts = jobs::counts(ctx.db()).await.expect("read");
        let open = |state: &str| state == "ready" || state == "running";
        if !counts.iter().any(|(kind, state, _)| kind == sound::HEAR_JOB && open(state)) {
            return;
        }
        wait_a_moment().await;
    }
    panic!("the listening did not end within a minute");
}

async fn wait_a_moment() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

async fn ended(ctx: &Ctx) -> i64 {
    let counts = jobs::counts(ctx.db()).await.expect("read");
    counts.iter().filter(|(kind, _, _)| kind == sound::HEAR_JOB).map(|(_, _, count)| count).sum()
}

async fn tracks(ctx: &Ctx) -> Vec<Track> {
    all(ctx, "/api/v1/tracks").await
}

/// A file that the tag library reads and no decoder does.
fn hollow(path: &Path) {
    write(path, 1, &song("Hollow", "Album", 9));
    let mut bytes = std::fs::read(path).expect("a song");
    // The frames of FLAC begin with fourteen ones; without them there is no frame.
    let begin = bytes.windows(2).position(|pair| pair == [0xff, 0xf8]).expect("a frame");
    bytes[begin..].fill(0);
    put(path, &bytes);
}

on_both_engines! {
    async fn music_is_heard_once_after_its_scan(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        for number in 1..=3 {
            write(&music.path().join(format!("Album/{number}.flac")), number, &song(&format!("Song {number}"), "Album", number));
        }
        hollow(&music.path().join("Album/hollow.flac"));
        let house = House::with(world, music).await;
        start(&house.ctx, &house.world).await;
        hear_all(&house.ctx).await;
        let found = tracks(&house.ctx).await;
        assert_eq!(found.len(), 4);
        for track in &found {
            if track.title == "Hollow" {
                assert_eq!(track.loudness, None);
                assert!(track.playable, "that it can't be measured does not keep anybody from trying to play it");
                let state = sound::state(&house.ctx, &crate::house::viewer(kernel::http::Role::Listener), track.id).await;
                let Some(sound::Heard::Failed(why)) = state.expect("read") else { panic!("it failed") };
                assert!(why.contains(": ") && !why.contains("/tmp"), "{why}");
            } else {
                let lufs = track.loudness.expect("measured").lufs.expect("not silent").as_f64();
                // ffmpeg's sine is an eighth of full scale: -18.06 dBFS, and mono.
                assert!((-24.0..-19.0).contains(&lufs), "{lufs}");
            }
        }
        let album = house.album(found[0].album.clone().expect("an album").id).await;
        assert!(album.loudness.is_some());

        let jobs = ended(&house.ctx).await;
        house.scan_well().await;
        assert!(!hear::enqueue_due(&house.ctx).await.expect("asked"), "an unchanged library has nothing due");
        assert_eq!(ended(&house.ctx).await, jobs);

        write(&house.path("Album/1.flac"), 30, &song("Song 1", "Album", 1));
        house.scan_well().await;
        assert_eq!(house.track("Song 1").await.loudness, None);
        hear_all(&house.ctx).await;
        assert!(house.track("Song 1").await.loudness.is_some());
        house.ctx.shut_down().await;
    }

    async fn listening_that_is_killed_goes_on_where_it_was(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let count = 40;
        for number in 1..=count {
            write(&music.path().join(format!("{number}.flac")), number % 3, &song(&format!("Song {number}"), "Album", number));
        }
        // One that takes long enough to be killed in the middle of it.
        let long = music.path().join("long.flac");
        run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=900:r=44100", "-ac", "2", long.to_str().expect("text")]);
        let ctx = world.ctx.clone();
        start_worker(&ctx).await;
        let added = library::add_library(&ctx, world.folder.path(), music.path(), None).await.expect("it is added");
        wait_until_settled(&ctx, &added).await;
        hear::enqueue_due(&ctx).await.expect("the jobs are queued");
        let heard = || async { tracks(&ctx).await.iter().filter(|track| track.loudness.is_some()).count() };
        let mut seen = Vec::new();
        for more in [1, 7, 3] {
            let before = heard().await;
            let life = tokio::runtime::Runtime::new().expect("a runtime");
            let (inner, hearing) = (world.reopened().await, hearing(&world));
            life.spawn(async move {
                let runner = Runner::new("hearer").handlers(hear::handlers(&hearing));
                runner.start(&inner).await.expect("the worker starts");
                inner.stop().cancelled().await;
            });
            while heard().await < before + more {
                wait_a_moment().await;
            }
            life.shutdown_background();
            seen.push(heard().await);
        }
        assert!(seen.iter().all(|heard| *heard < count as usize), "it was killed in the middle: {seen:?}");
        start(&ctx, &world).await;
        wait_until_idle(&ctx).await;
        hear_all(&ctx).await;
        assert_eq!(heard().await, count as usize + 1);
        ctx.shut_down().await;
    }

    async fn a_file_that_is_away_is_heard_when_it_comes_back(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let path = music.path().join("1.flac");
        write(&path, 1, &song("Song", "Album", 1));
        // An empty folder would be taken for a drive that is not mounted.
        write(&music.path().join("2.flac"), 2, &song("Other", "Album", 2));
        let house = House::with(world, music).await;
        let elsewhere = house.world.folder.path().join("kept.flac");
        std::fs::rename(&path, &elsewhere).expect("moved away");
        start(&house.ctx, &house.world).await;
        hear_all(&house.ctx).await;
        assert_eq!(house.track("Song").await.loudness, None);
        house.scan_well().await;
        std::fs::rename(&elsewhere, &path).expect("moved back");
        house.scan_well().await;
        hear_all(&house.ctx).await;
        assert!(house.track("Song").await.loudness.is_some());
        house.ctx.shut_down().await;
    }

    async fn listening_waits_while_a_library_is_scanned(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        write(&music.path().join("1.flac"), 1, &song("Song", "Album", 1));
        let house = House::with(world, music).await;
        // Asked for, and nobody to do it: the worker is gone.
        house.ctx.shut_down().await;
        let ctx = house.world.reopened().await;
        library::request_scan(&ctx, house.library.id).await.expect("a scan is asked for");
        assert!(!hear::enqueue_due(&ctx).await.expect("asked"));
        start_worker(&ctx).await;
        wait_until_settled(&ctx, &house.library).await;
        assert!(hear::enqueue_due(&ctx).await.expect("asked"));
        ctx.shut_down().await;
    }
    async fn a_file_that_was_cut_off_is_taken_in_and_told_of_until_it_is_whole(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let whole = music.path().join("whole.flac");
        run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=20:r=44100", whole.to_str().expect("text")]);
        let bytes = std::fs::read(&whole).expect("a song");
        let cut = music.path().join("Album/cut.flac");
        put(&cut, &bytes[..bytes.len() / 2]);
        std::fs::remove_file(&whole).expect("removed");
        write(&music.path().join("Album/short.flac"), 1, &song("Short", "Album", 1));
        let house = House::with(world, music).await;
        start(&house.ctx, &house.world).await;
        hear_all(&house.ctx).await;
        let found = tracks(&house.ctx).await;
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|track| track.playable && track.loudness.is_some()));
        let problems = house.problems().await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].path.as_str(), problems[0].code.as_str()), ("Album/cut.flac", "cut_off"));
        assert!(problems[0].reason.contains("of 0:20 can be heard"), "{}", problems[0].reason);
        let library = || async { library::library(&house.ctx, house.library.id).await.expect("it is there").broken };
        assert_eq!(library().await, 1);
        // Elsewhere it is the same, and is not heard again.
        let moved = house.path("Other/cut.flac");
        std::fs::create_dir(house.path("Other")).expect("made");
        std::fs::rename(house.path("Album/cut.flac"), &moved).expect("moved");
        house.scan_well().await;
        assert_eq!(house.codes().await, [("Other/cut.flac".to_owned(), "cut_off".to_owned())]);
        // A whole one in its place.
        put(&moved, &bytes);
        house.scan_well().await;
        hear_all(&house.ctx).await;
        assert!(house.codes().await.is_empty());
        assert_eq!(library().await, 0);
        house.ctx.shut_down().await;
    }
}
