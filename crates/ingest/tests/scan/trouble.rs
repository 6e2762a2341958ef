//! What can't be taken in is reported with a reason, and stops nothing else.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use ingest::library::LibraryState;
use kernel::{
    db::Engine,
    on_both_engines,
    testkit::{World, eventually},
};
use lofty::tag::ItemKey;

use crate::{
    house::{self, House},
    making::{Song, film, png, put, set_time, song, sound, tag, write},
};

fn pair(path: &str, code: &str) -> (String, String) {
    (path.to_owned(), code.to_owned())
}

on_both_engines! {
    async fn each_bad_file_is_reported_and_the_good_one_is_there(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let at = |name: &str| music.path().join(name);
        write(&at("good.mp3"), 1, &song("Good", "A", 1));
        put(&at("empty.flac"), b"");
        put(&at("text.mp3"), b"These are words and no sound at all.\n");
        put(&at("picture.mp3"), &png(1, 30));
        put(&at("noise.ogg"), &(0..5000u32).map(|n| (n * n % 251) as u8).collect::<Vec<_>>());
        put(&at("playlist.mp4"), b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n");
        let whole = film("mp4");
        put(&at("cut.mp4"), &whole[..whole.len() / 2]);
        let wav = sound("wav", 2);
        put(&at("cut.wav"), &wav[..wav.len() / 2]);
        let house = House::with(world, music).await;
        assert_eq!(house.titles().await, ["Good"]);
        assert_eq!(house.videos().await, []);
        let codes = house.codes().await;
        assert_eq!(codes, [
            pair("cut.mp4", "truncated"),
            pair("cut.wav", "truncated"),
            pair("empty.flac", "empty"),
            pair("noise.ogg", "not_media"),
            pair("picture.mp3", "picture_not_audio"),
            pair("playlist.mp4", "playlist"),
            pair("text.mp3", "not_media"),
        ]);
        let library = house.wait_until_settled().await;
        assert_eq!((library.files, library.tracks, library.broken), (8, 1, 7));
        for problem in house.problems().await {
            assert!(problem.reason.ends_with('.') && problem.reason.len() > 30, "{problem:?}");
        }
        // Reported once, however often it is scanned, and not read again.
        house.scan_well().await;
        assert_eq!((house.codes().await, house.changed().await), (codes, 0));
        // Mended, they are taken in and the reports go.
        for name in ["text.mp3", "picture.mp3"] {
            write(&house.path(name), 3, &song("Mended", "A", 2));
        }
        fs::remove_file(house.path("noise.ogg")).expect("it goes");
        house.scan_well().await;
        assert_eq!(house.tracks().await.len(), 3);
        assert_eq!(house.codes().await.len(), 4);
        house.ctx.shut_down().await;
    }

    async fn absurd_tags_are_cut_and_reported(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let at = |name: &str| music.path().join(name);
        let long = "very ".repeat(500_000);
        write(&at("long.flac"), 1, &song(&long, "A", 1));
        let many = (0..10_000).map(|n| (ItemKey::TrackArtist, format!("Artist {n}"))).collect();
        write(&at("many.flac"), 2, &Song { artist: "", more: many, ..song("Many", "A", 2) });
        write(&at("nuls.mp3"), 3, &song("Two\0titles\u{202e}desrever", "A\0B", 3));
        write(&at("huge.flac"), 4, &Song { picture: Some(vec![0x89; 15 << 20]), ..song("Huge", "A", 4) });
        let house = House::with(world, music).await;
        let tracks = house.tracks().await;
        assert_eq!(tracks.len(), 4, "{:?}", house.codes().await);
        assert!(tracks.iter().all(|track| track.title.chars().count() <= 1000 && track.artists.len() <= 40));
        assert!(tracks.iter().all(|track| !track.title.contains(['\0', '\u{202e}'])), "{tracks:?}");
        assert_eq!(house.codes().await, [
            pair("huge.flac", "bad_picture"),
            pair("long.flac", "too_large_tag"),
            pair("many.flac", "too_large_tag"),
        ]);
        house.ctx.shut_down().await;
    }

    async fn a_file_that_is_still_written_is_taken_in_when_it_is_finished(world: World) {
        let house = House::open(world).await;
        let whole = sound("wav", 1);
        let path = house.path("copying.wav");
        put(&path, &whole[..whole.len() / 3]);
        // On the clock of this house it changed just now.
        let now = SystemTime::UNIX_EPOCH + Duration::from_micros(house.ctx.now().0.unsigned_abs());
        set_time(&path, now);
        house.scan_well().await;
        assert_eq!(house.codes().await, [pair("copying.wav", "growing")]);
        assert_eq!(house.tracks().await, []);
        put(&path, &whole);
        tokio::spawn(ingest::scan::watch(house.ctx.clone()));
        house.world.clock.advance(Duration::from_secs(7));
        eventually("it is looked at again by itself", || async {
            house.world.clock.advance(Duration::from_secs(1));
            house.tracks().await.len() == 1
        })
        .await;
        house.wait_until_settled().await;
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }

    async fn a_file_that_changes_while_it_is_read_is_not_taken_in_half(world: World) {
        let house = House::open(world).await;
        let path = house.path("changing.flac");
        // A large picture keeps the reader at it for a while.
        let picture = Some([png(1, 30), vec![7; 8 << 20]].concat());
        write(&path, 1, &Song { picture, ..song("Changing", "A", 1) });
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let (stopped, changing) = (stop.clone(), path.clone());
        let writer = std::thread::spawn(move || {
            let mut file = File::options().append(true).open(changing).expect("it opens");
            while !stopped.load(Ordering::Relaxed) {
                file.write_all(&[0; 64]).expect("it is written");
                std::thread::yield_now();
            }
        });
        eventually("it is met while it changes", || async {
            house.scan_well().await;
            house.codes().await == [pair("changing.flac", "growing")]
        })
        .await;
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("the writer ends");
        crate::making::age(&path);
        house.scan_well().await;
        assert_eq!(house.titles().await, ["Changing"]);
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }

    async fn a_track_whose_file_breaks_is_hidden_until_it_is_mended(world: World) {
        let house = House::open(world).await;
        let path = house.path("song.flac");
        write(&path, 1, &song("Song", "A", 1));
        house.scan_well().await;
        let track = house.track("Song").await;
        put(&path, b"These are words now, where music was.");
        house.scan_well().await;
        assert_eq!((house.titles().await, house.codes().await), (vec![], vec![pair("song.flac", "not_media")]));
        write(&path, 1, &song("Song", "A", 1));
        house.scan_well().await;
        assert_eq!(house.track("Song").await.id, track.id);
        assert_eq!(house.codes().await, []);
        house.ctx.shut_down().await;
    }

    async fn a_library_that_vanished_or_is_empty_hides_nothing(world: World) {
        let house = House::open(world).await;
        write(&house.path("a/song.flac"), 1, &song("Song", "A", 1));
        house.scan_well().await;
        let away = tempfile::tempdir().expect("a folder");
        fs::rename(house.path("a"), away.path().join("a")).expect("it moves");
        let library = house.scan().await;
        assert_eq!(library.state, LibraryState::Failed);
        assert!(library.problem.expect("a reason").contains("empty"));
        assert_eq!(house.titles().await, ["Song"]);
        let root = house.music.path().to_owned();
        fs::rename(&root, away.path().join("root")).expect("it moves");
        let library = house.scan().await;
        assert_eq!(library.state, LibraryState::Failed);
        assert_eq!(house.titles().await, ["Song"]);
        fs::rename(away.path().join("root"), &root).expect("it moves");
        fs::rename(away.path().join("a"), house.path("a")).expect("it moves");
        house.scan_well().await;
        assert_eq!(house.titles().await, ["Song"]);
        house.ctx.shut_down().await;
    }

    async fn links_are_not_followed_and_those_that_lead_out_are_reported(world: World) {
        let outside = tempfile::tempdir().expect("a folder");
        write(&outside.path().join("outside.mp3"), 1, &song("Outside", "A", 1));
        let house = House::open(world).await;
        write(&house.path("inside/song.mp3"), 2, &song("Inside", "A", 2));
        symlink(outside.path(), house.path("out")).expect("a link");
        symlink(outside.path().join("outside.mp3"), house.path("inside/out.mp3")).expect("a link");
        symlink(house.path("inside"), house.path("again")).expect("a link");
        symlink("..", house.path("inside/loop")).expect("a link");
        symlink("nowhere", house.path("nowhere.mp3")).expect("a link");
        symlink("/etc/passwd", house.path("passwd")).expect("a link");
        house.scan_well().await;
        assert_eq!(house.titles().await, ["Inside"]);
        let both = [pair("inside/out.mp3", "link_not_followed"), pair("out", "link_not_followed")];
        assert_eq!(house.codes().await, both);
        fs::remove_file(house.path("out")).expect("it goes");
        house.scan_well().await;
        assert_eq!(house.codes().await, both[..1]);
        house.ctx.shut_down().await;
    }

    async fn a_pipe_with_the_name_of_a_song_holds_nothing_up(world: World) {
        let house = House::open(world).await;
        let pipe = house.path("pipe.mp3");
        crate::making::run("mkfifo", &[pipe.to_str().expect("text")]);
        write(&house.path("song.mp3"), 2, &song("Song", "A", 2));
        house.scan_well().await;
        assert_eq!(house.titles().await, ["Song"]);
        house.ctx.shut_down().await;
    }
}

/// The rights that root has over every file would hide what these tests are about.
const NOBODY: u32 = 65_534;

/// Runs a story in which nothing may be read that an ordinary user may not read.
fn as_an_ordinary_user(engine: Engine, story: impl AsyncFnOnce(World) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(|| {
            nix::unistd::setfsuid(NOBODY.into());
        })
        .build()
        .expect("a runtime");
    // This thread as well: the story begins on it.
    std::thread::spawn(move || {
        nix::unistd::setfsuid(NOBODY.into());
        runtime.block_on(async move { story(World::new(engine).await).await });
    })
    .join()
    .expect("the story ends well");
}

async fn what_may_not_be_read_is_reported_and_hides_nothing(world: World) {
    let house = House::open(world).await;
    write(&house.path("closed/below/deep.flac"), 1, &song("Deep", "A", 1));
    write(&house.path("closed/song.flac"), 2, &song("Song", "A", 2));
    write(&house.path("open/file.flac"), 3, &song("File", "A", 3));
    house.scan_well().await;
    let before = house.tracks().await;
    assert_eq!(before.len(), 3);
    let shut =
        |name: &str, mode| fs::set_permissions(house.path(name), Permissions::from_mode(mode)).expect("set");
    shut("closed", 0);
    shut("open/file.flac", 0);
    crate::making::set_time_of(&house.path("open"), SystemTime::UNIX_EPOCH);
    write(&house.path("open/new.flac"), 4, &song("New", "A", 4));
    shut("open/new.flac", 0);
    house.scan_well().await;
    assert_eq!(house.tracks().await, before, "absent is not unreadable");
    let codes = house.codes().await;
    assert_eq!(codes, [pair("closed", "unreadable_folder"), pair("open/new.flac", "unreadable_permission")]);
    shut("closed", 0o755);
    shut("open/file.flac", 0o644);
    shut("open/new.flac", 0o644);
    house.scan_well().await;
    assert_eq!(house.codes().await, []);
    assert_eq!(house.tracks().await.len(), 4);
    // A library that may not be listed at all.
    shut("", 0);
    let library = house.scan().await;
    assert_eq!(library.state, LibraryState::Failed);
    assert!(library.problem.expect("a reason").contains("permission"));
    assert_eq!(house.tracks().await.len(), 4);
    shut("", 0o755);
    house.ctx.shut_down().await;
}

#[test]
fn what_may_not_be_read_is_reported_on_sqlite() {
    as_an_ordinary_user(Engine::Sqlite, what_may_not_be_read_is_reported_and_hides_nothing);
}

#[test]
fn what_may_not_be_read_is_reported_on_postgres() {
    as_an_ordinary_user(Engine::Postgres, what_may_not_be_read_is_reported_and_hides_nothing);
}

/// A tagger that replaces the file while the library is scanned again and again never loses the track.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tagger_at_work_loses_no_track() {
    let house = House::open(World::new(Engine::Sqlite).await).await;
    write(&house.path("song.flac"), 1, &song("Song", "A", 1));
    house.scan_well().await;
    let track = house.track("Song").await;
    for number in 2..12 {
        let path = house.path("song.flac");
        let tagger = tokio::task::spawn_blocking(move || tag(&path, &song("Song", "A", number)));
        house.scan_well().await;
        tagger.await.expect("the tagger ends");
    }
    house.scan_well().await;
    let after = house.track("Song").await;
    assert_eq!((after.id, after.number), (track.id, Some(11)));
    assert_eq!(house::all::<catalog::model::Track>(&house.ctx, "/api/v1/tracks").await.len(), 1);
    house.ctx.shut_down().await;
}
