//! Disks that are full, and drives that are not mounted. Each test runs once more within namespaces of its own, where
//! it may mount what it likes.

use std::{collections::HashSet, fs, time::Duration};

use ingest::library::LibraryState;
use kernel::{
    db::Engine,
    testkit::{World, eventually},
};

use crate::{
    house::{House, start_worker, wait_until_settled},
    making::{Song, noise, run, song, write},
    small_disk::SmallDisk,
};

/// Room that is left on the full disk: enough for the database to say what is wrong, not for the pictures.
const FREE: u64 = 300 << 10;
const SONGS: u32 = 8;

async fn a_full_disk_is_told_and_the_scan_goes_on_when_there_is_room(engine: Engine, disk: &SmallDisk) {
    let world = World::new(engine).await;
    let music = tempfile::tempdir().expect("a folder");
    for number in 1..=SONGS {
        let picture = Some(noise(number, 200));
        let path = music.path().join(format!("{number}/song.flac"));
        write(&path, 1, &Song { picture, ..song(&format!("Song {number}"), "A", number) });
    }
    let ctx = world.ctx.clone();
    start_worker(&ctx).await;
    let data = world.folder.path();
    let filler = disk.fill_but(FREE);
    let added = ingest::library::add_library(&ctx, data, music.path(), None).await.expect("it is added");
    if engine == Engine::Postgres {
        // Where the database lies on the full disk as well, it can't always be written.
        eventually("the reason is shown", || async {
            let now = ingest::library::library(&ctx, added.id).await.expect("it is there");
            now.state == LibraryState::Scanning
                && now.problem.is_some_and(|problem| problem.contains("space"))
        })
        .await;
    }
    drop(filler);
    eventually("the scan went on by itself", || async {
        // Slower than a lease runs out, else its heartbeat and whoever collects lost ones race at every step.
        world.clock.advance(Duration::from_secs(2));
        ingest::library::library(&ctx, added.id).await.expect("it is there").state == LibraryState::Idle
    })
    .await;
    let done = wait_until_settled(&ctx, &added).await;
    assert_eq!((done.tracks, done.broken, done.problem), (i64::from(SONGS), 0, None));
    let folder = kernel::blob::BlobKey::new("pictures").expect("a key");
    let kept = ctx.blobs().list(&folder).await.expect("a list");
    // A try that failed may leave bytes behind, which the sweep takes; the time is the end of a name.
    let kept: HashSet<&str> = kept.iter().filter_map(|blob| blob.key.as_str().split('-').next()).collect();
    assert_eq!(kept.len(), SONGS as usize);
    ctx.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_on_sqlite() {
    if let Some(disk) = SmallDisk::enter("disks::a_full_disk_is_told_on_sqlite", 32) {
        a_full_disk_is_told_and_the_scan_goes_on_when_there_is_room(Engine::Sqlite, &disk).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_on_postgres() {
    if let Some(disk) = SmallDisk::enter("disks::a_full_disk_is_told_on_postgres", 32) {
        a_full_disk_is_told_and_the_scan_goes_on_when_there_is_room(Engine::Postgres, &disk).await;
    }
}

/// The database does not matter to what is mounted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drive_that_is_not_mounted_hides_nothing() {
    let Some(_disk) = SmallDisk::enter("disks::a_drive_that_is_not_mounted_hides_nothing", 32) else {
        return;
    };
    let house = House::open(World::new(Engine::Sqlite).await).await;
    let drive = house.path("drive");
    fs::create_dir(&drive).expect("a folder");
    let at = drive.to_str().expect("text");
    let again = house.path("drive again");
    fs::create_dir(&again).expect("a folder");
    run("mount", &["-t", "tmpfs", "tmpfs", at]);
    write(&drive.join("album/song.flac"), 1, &song("On the drive", "A", 1));
    write(&house.path("here.flac"), 2, &song("Here", "A", 2));
    house.scan_well().await;
    assert_eq!(house.titles().await, ["Here", "On the drive"], "what is mounted within is entered");
    let before = house.tracks().await;
    // The drive keeps what is on it while it hangs elsewhere, outside of the library.
    let outside = tempfile::tempdir().expect("a folder");
    run("mount", &["--bind", at, outside.path().to_str().expect("text")]);
    run("umount", &[at]);
    house.scan_well().await;
    assert_eq!(house.tracks().await, before);
    assert_eq!(house.codes().await, [("drive".to_owned(), "unmounted".to_owned())]);
    run("mount", &["--bind", outside.path().to_str().expect("text"), at]);
    house.scan_well().await;
    assert_eq!(house.tracks().await, before);
    assert_eq!(house.codes().await, []);
    // A folder that has itself in it is entered once.
    run("mount", &["--bind", house.music.path().to_str().expect("text"), again.to_str().expect("text")]);
    house.scan_well().await;
    assert_eq!(house.tracks().await, before);
    assert_eq!(house.codes().await, [("drive again".to_owned(), "folder_in_itself".to_owned())]);
    house.ctx.shut_down().await;
}
