//! A scan that is killed in the middle is taken up where it was: nothing twice, nothing missing.

use std::{collections::BTreeSet, num::NonZeroUsize, path::Path, time::Duration};

use ingest::{
    library, pictures,
    scan::{self, Settings},
};
use kernel::{
    Ctx,
    jobs::{self, JobState, Runner},
    on_both_engines,
    testkit::{World, eventually},
};

use crate::{
    house::{all, settings, start_worker, wait_until_settled},
    making::{Song, png, put, song, write},
};

const FOLDERS: u32 = 24;
const FILES: u32 = 12;

fn fill(root: &Path) {
    for folder in 0..FOLDERS {
        let (album, cover) =
            (format!("Album {folder}"), png(u8::try_from(folder).expect("few"), 16 + 2 * folder));
        for number in 1..=FILES {
            let title = format!("Song {folder}.{number}");
            let path = root.join(format!("{folder:02}/{number:02}.flac"));
            // Most sound the same: a killed scan must not mistake one for another.
            write(&path, folder % 3, &Song { picture: Some(cover.clone()), ..song(&title, &album, number) });
        }
        put(&root.join(format!("{folder:02}/bad.mp3")), b"no sound");
    }
}

async fn titles(ctx: &Ctx) -> Vec<String> {
    all::<catalog::model::Track>(ctx, "/api/v1/tracks").await.into_iter().map(|track| track.title).collect()
}

/// Lets a worker with a life of its own run until it has committed something `times`, then drops it with all that it
/// does, as if its process were killed.
async fn run_until_it_wrote(world: &World, times: u32) {
    let life = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let life = life.expect("a runtime");
    let ctx = world.reopened().await;
    let mut heard = ctx.bus().subscribe();
    let settings = Settings { batch_files: NonZeroUsize::new(8).expect("eight"), ..settings() };
    life.spawn(async move {
        let runner = Runner::new("worker").handler(scan::scan_handler(settings));
        runner.start(&ctx).await.expect("the worker starts");
        ctx.stop().cancelled().await;
    });
    for _ in 0..times {
        let next = heard.wait_for(catalog::model::TOPIC_CATALOG);
        tokio::time::timeout(Duration::from_secs(20), next).await.expect("the scan goes on");
    }
    life.shutdown_background();
}

/// Sweeps pictures a day later, when what no row names may go.
async fn sweep_pictures(world: &World, ctx: &Ctx) {
    world.clock.advance(Duration::from_hours(25));
    Runner::new("sweeper").handlers(pictures::handlers(&[])).start(ctx).await.expect("the sweeper starts");
    let inner = ctx.clone();
    let asked = ctx.db().write(move |tx| pictures::enqueue_sweep(tx, &inner, inner.now()));
    asked.await.expect("a sweep is asked for");
    eventually("pictures are swept", || async {
        let job = jobs::view_by_key(ctx.db(), pictures::SWEEP_JOB, "all".to_owned()).await.expect("jobs");
        job.is_some_and(|job| job.state == JobState::Done)
    })
    .await;
}

on_both_engines! {
    async fn a_killed_scan_is_taken_up_and_takes_in_everything_once(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        fill(music.path());
        let ctx = world.ctx.clone();
        let data = world.folder.path();
        let added = library::add_library(&ctx, data, music.path(), None).await.expect("it is added");
        let mut seen = BTreeSet::new();
        for times in [1, 3, 1, 2, 5, 1, 4] {
            run_until_it_wrote(&world, times).await;
            seen.insert(titles(&ctx).await.len());
        }
        let all_of_them = (FOLDERS * FILES) as usize;
        assert!(seen.len() > 3 && seen.iter().all(|count| *count < all_of_them), "it was killed in the middle: {seen:?}");
        start_worker(&ctx).await;
        let library = wait_until_settled(&ctx, &added).await;
        let found = titles(&ctx).await;
        assert_eq!(found.len(), all_of_them);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), all_of_them, "nothing is there twice");
        assert_eq!((library.tracks, library.broken), (i64::from(FOLDERS * FILES), i64::from(FOLDERS)));
        let albums: Vec<catalog::model::Album> = all(&ctx, "/api/v1/albums").await;
        assert_eq!(albums.len(), FOLDERS as usize);
        assert!(albums.iter().all(|album| album.track_count == u64::from(FILES)), "{albums:?}");
        // Every picture that is shown has its bytes, and a day later none lies there for nobody.
        sweep_pictures(&world, &ctx).await;
        let pictures: BTreeSet<_> = albums.iter().map(|album| album.picture.clone().expect("a picture").id).collect();
        let folder = kernel::blob::BlobKey::new("pictures").expect("a key");
        let blobs = ctx.blobs().list(&folder).await.expect("a list");
        assert_eq!((pictures.len(), blobs.len()), (FOLDERS as usize, FOLDERS as usize));
        ctx.shut_down().await;
    }
}
