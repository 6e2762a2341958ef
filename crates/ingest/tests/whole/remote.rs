//! Blobs that are no local files, as in an object store.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use ingest::upload::UploadState;
use kernel::{
    Ctx, Fault,
    blob::{BlobInfo, BlobKey, Blobs, ByteStream, LocalBlobs},
    bus::LocalBus,
    db::Db,
    on_both_engines,
    random::Random,
    testkit::World,
};

use crate::{
    films::{assert_whole, encode_config, ended, film, index, send, song, work},
    support::{House, config},
};

/// The local store behind a wall: bytes go in and out, no path does, and files that are given stay where they are.
struct Remote(LocalBlobs);

#[async_trait]
impl Blobs for Remote {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), Fault> {
        self.0.put(key, bytes).await
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<(), Fault> {
        self.0.put(key, tokio::fs::read(file).await?.into()).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, Fault> {
        self.0.get(key).await
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Option<ByteStream>, Fault> {
        self.0.read(key, range).await
    }

    async fn info(&self, key: &BlobKey) -> Result<Option<BlobInfo>, Fault> {
        self.0.info(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), Fault> {
        self.0.delete(key).await
    }

    async fn list(&self, folder: &BlobKey) -> Result<Vec<BlobInfo>, Fault> {
        self.0.list(folder).await
    }

    fn local_path(&self, _key: &BlobKey) -> Option<PathBuf> {
        None
    }
}

pub async fn far_away(world: &World) -> Ctx {
    let bus = Arc::new(LocalBus::default());
    let db = Db::open(&world.location, bus.clone()).await.unwrap();
    let blobs = Remote(LocalBlobs::open(&world.folder.path().join("blobs")).unwrap());
    Ctx::new(db, Arc::new(blobs), bus, world.clock.clone(), Random::System).await.unwrap()
}

on_both_engines! {
    async fn a_source_in_an_object_store_is_fetched_and_encoded(world: World) {
        let house = House::with(far_away(&world).await, config(&world)).await;
        work(&house, encode_config(&world)).await;
        for (name, bytes) in [("film.mkv", film(&world, 1)), ("song.mp3", song(&world))] {
            let path = send(&house, name, &bytes).await;
            let upload = ended(&house, &path).await;
            assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None), "{name}");
            let index = index(&house.ctx, &upload).await;
            assert!(index.renditions.iter().all(|rendition| rendition.complete));
            if name == "film.mkv" {
                assert_whole(&world, &house, &index).await;
            }
        }
        house.ctx.shut_down().await;
    }
}
