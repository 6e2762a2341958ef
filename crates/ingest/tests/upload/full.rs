//! A disk that is really full.

use ingest::upload::UploadState;
use kernel::{db::Engine, testkit::World};

use crate::support::{House, SmallDisk, noise};

const MIB: u64 = 1 << 20;

/// The database lies on the same disk where it is embedded.
async fn a_full_disk_keeps_what_was_acknowledged(engine: Engine, disk: &SmallDisk) {
    let world = World::new(engine).await;
    let house = House::open(&world).await;
    let bytes = noise(12 << 20, 23);
    let path = house.create(bytes.len()).await;
    assert_eq!(house.patch(&path, 0, &bytes[..1 << 20]).await.status, 204);
    let filler = disk.fill_but(5 * MIB);
    // With a checksum that could not be looked at, nothing of it is kept.
    let mut line = house.line().await;
    let sum = [("upload-checksum", "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=")];
    line.patch_head(&path, MIB, bytes.len() - (1 << 20), &sum).await;
    line.send(&bytes[1 << 20..9 << 20]).await;
    line.answer("PATCH").await.refused(507, "no_space");
    assert_eq!(house.offset(&path).await, MIB);
    // More than fits, on a line that stays open, so that the server has to give up by itself.
    let mut line = house.line().await;
    line.patch_head(&path, MIB, bytes.len() - (1 << 20), &[]).await;
    line.send(&bytes[1 << 20..9 << 20]).await;
    line.answer("PATCH").await.refused(507, "no_space");
    let offset = house.offset(&path).await;
    assert!((MIB..7 * MIB).contains(&offset), "{offset}");
    let known = usize::try_from(offset).unwrap();
    assert!(house.staged(&path).unwrap() == bytes[..known]);
    house.try_create(8 << 20, b"more.mp4").await.refused(507, "no_space");
    drop(filler);
    assert_eq!(house.patch(&path, offset, &bytes[known..]).await.status, 204);
    assert!(house.staged(&path).unwrap() == bytes);
    assert_eq!(house.upload(&path).await.state, UploadState::Waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_keeps_what_was_acknowledged_on_sqlite() {
    if let Some(disk) = SmallDisk::enter("full::a_full_disk_keeps_what_was_acknowledged_on_sqlite", 24) {
        a_full_disk_keeps_what_was_acknowledged(Engine::Sqlite, &disk).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_keeps_what_was_acknowledged_on_postgres() {
    if let Some(disk) = SmallDisk::enter("full::a_full_disk_keeps_what_was_acknowledged_on_postgres", 24) {
        a_full_disk_keeps_what_was_acknowledged(Engine::Postgres, &disk).await;
    }
}
