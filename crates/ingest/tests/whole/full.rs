//! Encodes on a disk that is really full.

use ingest::upload::UploadState;
use kernel::{db::Engine, testkit::World};

use crate::{
    films::{assert_whole, encode_config, ended, engine, index, mp4, send, start, work},
    support::{House, SmallDisk, within_a_minute},
};

async fn an_encode_outlives_a_full_disk(engine_of_db: Engine, disk: &SmallDisk) {
    let world = World::new(engine_of_db).await;
    let house = House::open(&world).await;
    let bytes = mp4(&world, 30);
    std::fs::remove_file(world.folder.path().join("film.mp4")).unwrap();
    let path = send(&house, "film.mp4", &bytes).await;
    start(&house, house.service.handlers(engine())).await;
    within_a_minute("it is accepted", || async { house.upload(&path).await.state == UploadState::Encoding })
        .await;
    house.ctx.shut_down().await;
    // The floor is 0 here and there is room to begin, so that the disk itself refuses a segment.
    let config = encode_config(&world);
    let house = House::with(world.reopened().await, crate::support::config(&world)).await;
    let filler = disk.fill_but(600 * 1024);
    work(&house, config).await;
    within_a_minute("it waits", || async { house.upload(&path).await.problem.is_some() }).await;
    assert_eq!(house.upload(&path).await.problem.unwrap().code, "no_space");
    drop(filler);
    // However it waits, in the middle or for another try, the time comes.
    within_a_minute("it is done", || async {
        // Slower than a lease runs out.
        world.clock.advance(std::time::Duration::from_secs(5));
        house.upload(&path).await.state == UploadState::Ready
    })
    .await;
    let upload = ended(&house, &path).await;
    assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None));
    assert_whole(&world, &house, &index(&house.ctx, &upload).await).await;
    house.ctx.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encode_outlives_a_full_disk_on_sqlite() {
    if let Some(disk) = SmallDisk::enter("full::an_encode_outlives_a_full_disk_on_sqlite", 48) {
        an_encode_outlives_a_full_disk(Engine::Sqlite, &disk).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encode_outlives_a_full_disk_on_postgres() {
    if let Some(disk) = SmallDisk::enter("full::an_encode_outlives_a_full_disk_on_postgres", 48) {
        an_encode_outlives_a_full_disk(Engine::Postgres, &disk).await;
    }
}
