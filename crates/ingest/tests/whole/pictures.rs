//! Pictures that nothing names go after a day, with their bytes in all sizes, and so do bytes that no row names; what is named
//! again, or is named by another domain, stays.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use catalog::{
    AlbumId, PictureId,
    import::{Batch, Source, SourceFile, TrackImport, TrackTags, upsert_track},
    picture,
    service::{self, Given, Pictured},
};
use ingest::{
    foreign::keep_picture,
    pictures::{self, NamedElsewhere, SWEEP_JOB},
};
use kernel::{
    Ctx,
    blob::BlobKey,
    db::Engine,
    http::{Role, Viewer},
    id::UserId,
    jobs::{self, JobState, Runner},
    on_both_engines,
    testkit::World,
};

use crate::{
    films::{blobs, make},
    support::within_a_minute,
};

const DAY: Duration = Duration::from_hours(24);

async fn album(ctx: &Ctx) -> AlbumId {
    let source = SourceFile {
        place: Source::File { path: "/m/1.flac".to_owned() },
        bytes: 1,
        stamp: 1,
        mime: "audio/flac".to_owned(),
        codec: "flac".to_owned(),
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: 1_000,
    };
    let (ids, now) = (ctx.ids().clone(), ctx.now());
    let made = ctx.db().write(move |tx| {
        let tags =
            TrackTags { title: "One".to_owned(), album: Some("Moon".to_owned()), ..TrackTags::default() };
        let new = TrackImport {
            existing: None,
            library: None,
            source: &source,
            tags: &tags,
            picture: None,
            folder: None,
        };
        upsert_track(tx, &mut Batch::new(&ids, now), &new)
    });
    made.await.unwrap().album.unwrap()
}

fn bytes(world: &World, color: &str) -> Bytes {
    let path =
        make(world, &format!("{color}.png"), &format!("-f lavfi -i color={color}:size=40x30 -frames:v 1"));
    std::fs::read(path).unwrap().into()
}

/// Has a picture kept, as a feed has its cover.
async fn keep(ctx: &Ctx, bytes: &Bytes) -> PictureId {
    keep_picture(ctx, bytes.clone()).await.unwrap().expect("a picture")
}

async fn give(ctx: &Ctx, album: AlbumId, picture: Option<PictureId>) {
    let admin =
        Viewer { id: UserId(1), handle: "ann".to_owned(), role: Role::Admin, session: None, within: None };
    service::give_picture(ctx, &admin, Pictured::Album(album), picture.map(Given::Known)).await.unwrap();
}

async fn put(ctx: &Ctx, key: &str) {
    ctx.blobs().put(&BlobKey::new(key).unwrap(), Bytes::from_static(b"bytes")).await.unwrap();
}

async fn key(ctx: &Ctx, id: PictureId) -> Option<String> {
    picture::blob(ctx.db(), id).await.unwrap().map(|(key, _)| key)
}

async fn work(ctx: &Ctx, elsewhere: &'static [NamedElsewhere]) {
    Runner::new("test").handlers(pictures::handlers(elsewhere)).start(ctx).await.unwrap();
}

async fn sweep(ctx: &Ctx) {
    let newest = async || jobs::view_by_key(ctx.db(), SWEEP_JOB, "all".to_owned()).await.unwrap();
    let before = newest().await.map(|job| job.id);
    let inner = ctx.clone();
    ctx.db().write(move |tx| pictures::enqueue_sweep(tx, &inner, inner.now())).await.unwrap();
    within_a_minute("it is swept", || async {
        newest().await.is_some_and(|job| Some(job.id) != before && job.state == JobState::Done)
    })
    .await;
}

/// Stands for another domain, which names everything while it does.
static ELSEWHERE: AtomicBool = AtomicBool::new(false);

on_both_engines! {
    async fn a_cover_that_was_replaced_goes_after_a_day_and_may_be_given_again(world: World) {
        let ctx = &world.ctx;
        let id = album(ctx).await;
        let (red, blue) = (bytes(&world, "red"), bytes(&world, "blue"));
        let first = keep(ctx, &red).await;
        give(ctx, id, Some(first)).await;
        let second = keep(ctx, &blue).await;
        give(ctx, id, Some(second)).await;
        let (old, kept) = (key(ctx, first).await.unwrap(), key(ctx, second).await.unwrap());
        let small = format!("{}/96.jpg", picture::sizes_of(&old));
        put(ctx, &small).await;
        work(ctx, &[]).await;
        sweep(ctx).await;
        assert_eq!(blobs(ctx, "pictures").await.len(), 3, "nothing goes at once");
        world.clock.advance(DAY / 2);
        sweep(ctx).await;
        assert_eq!(blobs(ctx, "pictures").await.len(), 3);
        world.clock.advance(DAY / 2);
        sweep(ctx).await;
        assert_eq!(blobs(ctx, "pictures").await.into_iter().collect::<Vec<_>>(), std::slice::from_ref(&kept));
        assert_eq!((key(ctx, first).await, key(ctx, second).await), (None, Some(kept)));
        let again = keep(ctx, &red).await;
        give(ctx, id, Some(again)).await;
        let new = key(ctx, again).await.unwrap();
        assert_ne!(new, old);
        assert_eq!(ctx.blobs().get(&BlobKey::new(new).unwrap()).await.unwrap(), Some(red));
        ctx.shut_down().await;
    }

    async fn a_picture_that_somebody_meets_again_has_another_day_to_be_named(world: World) {
        let ctx = &world.ctx;
        let (id, red) = (album(ctx).await, bytes(&world, "red"));
        let picture = keep(ctx, &red).await;
        work(ctx, &[]).await;
        sweep(ctx).await;
        world.clock.advance(DAY);
        assert_eq!(keep(ctx, &red).await, picture);
        sweep(ctx).await;
        assert!(key(ctx, picture).await.is_some(), "who met it is about to name it");
        give(ctx, id, Some(picture)).await;
        world.clock.advance(DAY);
        sweep(ctx).await;
        assert!(key(ctx, picture).await.is_some());
        give(ctx, id, None).await;
        sweep(ctx).await;
        world.clock.advance(DAY);
        sweep(ctx).await;
        assert_eq!(key(ctx, picture).await, None);
        assert!(blobs(ctx, "pictures").await.is_empty());
        ctx.shut_down().await;
    }

    async fn bytes_that_no_row_names_go_once_they_are_old(world: World) {
        let ctx = &world.ctx;
        let red = keep(ctx, &bytes(&world, "red")).await;
        give(ctx, album(ctx).await, Some(red)).await;
        let kept = key(ctx, red).await.unwrap();
        let now = ctx.now().0;
        let young = format!("pictures/ab/abcd-{now}");
        for key in [young.clone(), "pictures/ef/ef01".to_owned(), format!("pictures/ef/ef23-{}", now - 2 * 86_400_000_000), "pictures/ef45-1/96.jpg".to_owned()] {
            put(ctx, &key).await;
        }
        work(ctx, &[]).await;
        sweep(ctx).await;
        let mut left = vec![kept.clone(), young];
        left.sort();
        assert_eq!(blobs(ctx, "pictures").await.into_iter().collect::<Vec<_>>(), left);
        world.clock.advance(DAY);
        sweep(ctx).await;
        assert_eq!(blobs(ctx, "pictures").await.into_iter().collect::<Vec<_>>(), [kept]);
        ctx.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_domain_names_stays_until_it_does_not() {
    let world = World::new(Engine::Sqlite).await;
    let ctx = &world.ctx;
    ELSEWHERE.store(true, Ordering::Relaxed);
    let picture = keep(ctx, &bytes(&world, "red")).await;
    work(ctx, &[|_, _| Ok(ELSEWHERE.load(Ordering::Relaxed))]).await;
    for _ in 0..3 {
        sweep(ctx).await;
        world.clock.advance(DAY);
    }
    assert!(key(ctx, picture).await.is_some());
    ELSEWHERE.store(false, Ordering::Relaxed);
    sweep(ctx).await;
    assert!(key(ctx, picture).await.is_some(), "it has a day from now on");
    world.clock.advance(DAY);
    sweep(ctx).await;
    assert_eq!(key(ctx, picture).await, None);
    ctx.shut_down().await;
}
