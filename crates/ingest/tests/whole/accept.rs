//! What is accepted becomes something that can be found and played.

use catalog::{
    import::{Batch, SourceFile, VideoImport, upsert_video},
    media::{self, AfterFailure, MediaKind, MediaState, RenditionKind, Source},
};
use ingest::upload::UploadState;
use kernel::{blob::BlobKey, on_both_engines, testkit::World};

use crate::{
    films::{assert_whole, encode_config, ended, film, index, mp4, send, song, work},
    support::{House, within_a_minute},
};

on_both_engines! {
    async fn an_uploaded_film_becomes_a_video_with_its_ladder(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        let bytes = film(&world, 9);
        let path = send(&house, "holiday.mkv", &bytes).await;
        let upload = ended(&house, &path).await;
        assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None));
        assert!(upload.video_id.is_some() && upload.track_id.is_none());
        assert!((upload.progress - 1.0).abs() < f64::EPSILON);
        let index = index(&house.ctx, &upload).await;
        assert_eq!(index.media.kind, MediaKind::Video);
        let names: Vec<_> = index.renditions.iter().map(|one| (one.name.as_str(), one.kind, one.segments.len())).collect();
        let video = RenditionKind::Video;
        assert_eq!(names, [("360p", video, 3), ("240p", video, 3), ("audio", RenditionKind::Audio, 3)]);
        assert_eq!(index.renditions[0].frame_rate, (25, 1));
        assert!(index.renditions.iter().all(|one| one.bandwidth.peak_bps > 0 && !one.codecs.is_empty()));
        assert_eq!(index.captions.len(), 1);
        assert_eq!(index.captions[0].language, "eng");
        let text = house.ctx.blobs().get(&BlobKey::new(index.captions[0].blob_key.clone()).unwrap()).await.unwrap();
        assert!(String::from_utf8_lossy(&text.unwrap()).contains("Hello."));
        let Source::Blob { key } = &index.media.file.place else { panic!("no blob") };
        let kept = house.ctx.blobs().get(&BlobKey::new(key.clone()).unwrap()).await.unwrap().unwrap();
        assert!(kept == bytes, "the original is kept byte for byte");
        assert_whole(&world, &house, &index).await;
        house.ctx.shut_down().await;
    }

    async fn an_uploaded_song_becomes_a_track_on_its_album(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        let path = send(&house, "whatever.mp3", &song(&world)).await;
        let upload = ended(&house, &path).await;
        assert_eq!((upload.state, upload.problem.clone()), (UploadState::Ready, None));
        assert!(upload.video_id.is_none() && upload.track_id.is_some() && upload.album_id.is_some());
        let index = index(&house.ctx, &upload).await;
        assert_eq!((index.media.kind, index.media.file.mime.as_str()), (MediaKind::Audio, "audio/mpeg"));
        assert!(index.renditions.iter().all(|one| one.kind == RenditionKind::Audio && one.complete));
        assert!(index.renditions.len() >= 2);
        let pictures = crate::films::blobs(&house.ctx, "pictures").await;
        assert_eq!(pictures.len(), 1);
        assert_whole(&world, &house, &index).await;
        house.ctx.shut_down().await;
    }

    async fn two_uploads_of_the_same_bytes_are_two_videos(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        let bytes = mp4(&world, 1);
        let (one, other) = (send(&house, "a.mp4", &bytes).await, send(&house, "a.mp4", &bytes).await);
        let (one, other) = (ended(&house, &one).await, ended(&house, &other).await);
        assert_eq!((one.state, other.state), (UploadState::Ready, UploadState::Ready));
        assert_ne!(one.video_id, other.video_id);
        house.ctx.shut_down().await;
    }

    async fn a_finished_entry_is_dismissed_and_the_video_stays(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        let path = send(&house, "a.mp4", &mp4(&world, 1)).await;
        let upload = ended(&house, &path).await;
        let mine = format!("/api/v1/me/uploads/{}", upload.id);
        let ann = [("test-user", crate::support::ANN)];
        house.ask("POST", &format!("{mine}/retry"), &ann, b"").await.refused(409, "not_retryable");
        assert_eq!(house.ask("DELETE", &mine, &ann, b"").await.status, 204);
        assert!(house.uploads().await.is_empty());
        assert_whole(&world, &house, &index(&house.ctx, &upload).await).await;
        house.ctx.shut_down().await;
    }

    async fn a_film_of_a_library_is_encoded_where_it_lies(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        let _ = mp4(&world, 1);
        let file = world.folder.path().join("film.mp4");
        let source = SourceFile {
            place: Source::file(&file), bytes: std::fs::metadata(&file).unwrap().len(), stamp: 1,
            mime: "video/mp4".to_owned(), codec: "h264".to_owned(), bitrate_kbps: 0, sample_rate_hz: 44_100,
            channels: 1, duration_ms: 1000,
        };
        let ctx = house.ctx.clone();
        let entered = house.ctx.db().write(move |tx| {
            let new = VideoImport {
                existing: None, library: Some(catalog::LibraryId(1)), owner: None, title: "Film", source: &source,
                width: 320, height: 180, picture: None,
            };
            let imported = upsert_video(tx, &mut Batch::new(ctx.ids(), ctx.now()), &new)?;
            media::request_encode(tx, &ctx, imported.media, 10, AfterFailure::Leave)?;
            Ok::<_, kernel::Fault>(imported.media)
        });
        let id = entered.await.unwrap();
        within_a_minute("it is ready", || async {
            media::index(house.ctx.db(), id).await.unwrap().unwrap().media.state == MediaState::Ready
        }).await;
        let index = media::index(house.ctx.db(), id).await.unwrap().unwrap();
        assert_eq!(index.renditions.len(), 2);
        assert_whole_but_source(&house, &index).await;
        assert_eq!(crate::films::blobs(&house.ctx, "pictures").await.len(), 1, "a poster");
        assert!(file.exists());
        house.ctx.shut_down().await;
    }
}

/// Every row has its blob and every blob its row.
async fn assert_whole_but_source(house: &House, index: &media::MediaIndex) {
    let rows = media::blob_keys(house.ctx.db(), index.media.id).await.unwrap();
    assert_eq!(crate::films::blobs(&house.ctx, "media").await, rows);
}
