//! Encodes that are killed, starved, taken back: nothing twice, nothing lost, nothing left lying.

use std::sync::Arc;

use catalog::media;
use ingest::{
    encode::{EncodeConfig, Encoder},
    upload::{Floor, UploadState},
};
use kernel::{
    on_both_engines, outbox,
    testkit::{World, eventually},
};
use tokio::runtime::Runtime;

use crate::{
    films::{assert_whole, blobs, encode_config, ended, engine, film, index, mp4, send, start, work},
    support::{ANN, House, config, within_a_minute},
};

/// A life of the program that ends without a word: its tasks are dropped where they stand.
struct Life {
    runtime: Runtime,
    house: Arc<House>,
}

impl Life {
    async fn begin(world: &Arc<World>, encode: EncodeConfig) -> Self {
        let runtime = Runtime::new().unwrap();
        let world = Arc::clone(world);
        let begun = runtime.spawn(async move {
            let house = House::with(world.reopened().await, config(&world)).await;
            work(&house, encode).await;
            Arc::new(house)
        });
        Self { house: begun.await.unwrap(), runtime }
    }

    fn kill(self) {
        self.runtime.shutdown_background();
    }
}

async fn segments(house: &House, path: &str) -> usize {
    let upload = house.upload(path).await;
    if upload.video_id.is_none() {
        return 0;
    }
    index(&house.ctx, &upload).await.renditions.iter().map(|rendition| rendition.segments.len()).sum()
}

on_both_engines! {
    async fn an_encode_that_is_killed_is_taken_up_and_ends_the_same(world: World) {
        let world = Arc::new(world);
        let house = House::open(&world).await;
        let path = send(&house, "film.mkv", &film(&world, 40)).await;
        let mut killed = 0;
        for wanted in [1, 6] {
            let life = Life::begin(&world, encode_config(&world)).await;
            within_a_minute("segments appear", || async { segments(&life.house, &path).await >= wanted }).await;
            killed += usize::from(life.house.upload(&path).await.state == UploadState::Encoding);
            life.kill();
        }
        assert!(killed >= 1, "the encode was too quick to be killed in the middle of it");
        let life = Life::begin(&world, encode_config(&world)).await;
        let upload = ended(&life.house, &path).await;
        assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None));
        let index = index(&house.ctx, &upload).await;
        assert_eq!(index.renditions.iter().map(|one| one.segments.len()).collect::<Vec<_>>(), [10, 10, 10]);
        assert_whole(&world, &house, &index).await;
        life.house.ctx.shut_down().await;
        life.kill();
    }

    async fn an_acceptance_that_is_killed_is_taken_up(world: World) {
        let world = Arc::new(world);
        let house = House::open(&world).await;
        let bytes = mp4(&world, 1);
        let path = send(&house, "film.mp4", &bytes).await;
        // Killed after the file went into the blobs and before the catalogue knew of it.
        let id = path.rsplit('/').next().unwrap();
        let key = kernel::blob::BlobKey::new(format!("originals/{id}/source")).unwrap();
        house.ctx.blobs().put(&key, bytes.clone().into()).await.unwrap();
        std::fs::write(house.folder.join(format!("{id}.out")), b"half").unwrap();
        let life = Life::begin(&world, encode_config(&world)).await;
        let upload = ended(&life.house, &path).await;
        assert_eq!(upload.state, UploadState::Ready);
        assert_whole(&world, &house, &index(&house.ctx, &upload).await).await;
        life.house.ctx.shut_down().await;
        life.kill();
    }

    async fn an_uploaded_file_that_nobody_knows_is_swept(world: World) {
        let house = House::open(&world).await;
        let key = kernel::blob::BlobKey::new("originals/7/source").unwrap();
        house.ctx.blobs().put(&key, "stray".into()).await.unwrap();
        work(&house, encode_config(&world)).await;
        eventually("it is gone", || async { blobs(&house.ctx, "originals").await.is_empty() }).await;
        house.ctx.shut_down().await;
    }

    async fn an_encode_waits_for_room_and_says_so(world: World) {
        let world = Arc::new(world);
        let house = House::open(&world).await;
        let path = send(&house, "film.mp4", &mp4(&world, 1)).await;
        let full = EncodeConfig { floor: Floor::Bytes(1 << 60), ..encode_config(&world) };
        let life = Life::begin(&world, full).await;
        within_a_minute("it waits", || async { house.upload(&path).await.problem.is_some() }).await;
        let upload = house.upload(&path).await;
        assert_eq!(upload.state, UploadState::Encoding);
        assert_eq!(upload.problem.unwrap().code, "no_space");
        assert!(blobs(&house.ctx, "media").await.is_empty());
        life.kill();
        let life = Life::begin(&world, encode_config(&world)).await;
        let upload = ended(&life.house, &path).await;
        assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None));
        life.house.ctx.shut_down().await;
        life.kill();
    }

    async fn an_encode_whose_source_is_gone_fails_and_can_be_tried_again(world: World) {
        let house = House::open(&world).await;
        let bytes = mp4(&world, 1);
        let path = send(&house, "film.mp4", &bytes).await;
        start(&house, house.service.handlers(engine())).await;
        within_a_minute("it is accepted", || async { house.upload(&path).await.state == UploadState::Encoding }).await;
        let id = path.rsplit('/').next().unwrap();
        let key = kernel::blob::BlobKey::new(format!("originals/{id}/source")).unwrap();
        house.ctx.blobs().delete(&key).await.unwrap();
        let encoder = Encoder::new(engine(), encode_config(&world));
        encoder.sweep_at_start().await.unwrap();
        start(&house, encoder.handlers()).await;
        let upload = ended(&house, &path).await;
        assert_eq!(upload.state, UploadState::Failed);
        let problem = upload.problem.clone().unwrap();
        assert_eq!(problem.code, "absent", "{problem:?}");
        let shown = index(&house.ctx, &upload).await.media;
        assert_eq!(shown.problem.unwrap().code, "absent");
        within_a_minute("its job has ended", || async {
            let job = kernel::jobs::view_by_key(house.ctx.db(), media::ENCODE_JOB, shown.id.to_string());
            job.await.unwrap().is_some_and(|job| job.state == kernel::jobs::JobState::Failed)
        })
        .await;
        house.ctx.blobs().put(&key, bytes.into()).await.unwrap();
        let retry = format!("/api/v1/me/uploads/{id}/retry");
        let answer = house.ask("POST", &retry, &[("test-user", ANN)], b"").await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let upload = ended(&house, &path).await;
        assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None));
        assert_whole(&world, &house, &index(&house.ctx, &upload).await).await;
        house.ctx.shut_down().await;
    }

    async fn an_upload_that_is_taken_back_while_encoding_leaves_no_segment(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        let path = send(&house, "film.mkv", &film(&world, 60)).await;
        within_a_minute("segments appear", || async { segments(&house, &path).await >= 1 }).await;
        let upload = house.upload(&path).await;
        let media = crate::films::media_of(&house.ctx, &upload).await;
        let mine = format!("/api/v1/me/uploads/{}", upload.id);
        assert_eq!(house.ask("DELETE", &mine, &[("test-user", ANN)], b"").await.status, 204);
        assert!(house.uploads().await.is_empty());
        let view = kernel::jobs::view_by_key(house.ctx.db(), media::ENCODE_JOB, media.to_string()).await.unwrap();
        assert_eq!(view.unwrap().state, kernel::jobs::JobState::Failed);
        // The worker hears of it at its next heartbeat, and what it made goes after that.
        world.clock.advance(std::time::Duration::from_secs(10));
        within_a_minute("the scratch folder is empty", || async {
            std::fs::read_dir(world.folder.path().join("scratch")).unwrap().count() == 0
        }).await;
        world.clock.advance(std::time::Duration::from_mins(2));
        within_a_minute("its blobs are gone", || async {
            blobs(&house.ctx, "media").await.is_empty() && blobs(&house.ctx, "originals").await.is_empty()
        }).await;
        house.ctx.shut_down().await;
    }

    async fn an_upload_whose_video_is_deleted_while_encoding_is_over(world: World) {
        let house = House::open(&world).await;
        let path = send(&house, "film.mp4", &mp4(&world, 1)).await;
        start(&house, house.service.handlers(engine())).await;
        within_a_minute("it is accepted", || async { house.upload(&path).await.state == UploadState::Encoding }).await;
        let upload = house.upload(&path).await;
        let media = crate::films::media_of(&house.ctx, &upload).await;
        let (ids, now, video) = (house.ctx.ids().clone(), house.ctx.now(), upload.video_id.unwrap());
        let hidden = house.ctx.db().write(move |tx| {
            catalog::import::hide_video(tx, &mut catalog::import::Batch::new(&ids, now), video)
        });
        hidden.await.unwrap();
        outbox::catch_up(&house.ctx, &house.service.projections()).await.unwrap();
        assert!(house.uploads().await.is_empty());
        let view = kernel::jobs::view_by_key(house.ctx.db(), media::ENCODE_JOB, media.to_string()).await.unwrap();
        assert_eq!(view.unwrap().state, kernel::jobs::JobState::Failed);
        house.ctx.shut_down().await;
    }
}
