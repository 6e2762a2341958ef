//! An album in one run, from its files to the rows: every track's place is exact, a killed run ends the same, and a changed
//! album's run is made anew.

use std::sync::Arc;

use catalog::{
    MediaId, TrackId,
    import::{Batch, Imported, TrackImport, TrackTags, upsert_track},
    media::{self, MediaIndex, MediaState, RunPlace, Source, SourceFile},
};
use ingest::encode::Encoder;
use kernel::{
    Ctx,
    blob::BlobKey,
    http::{Role, Viewer},
    id::UserId,
    jobs::Runner,
    on_both_engines,
    testkit::World,
};

use crate::{
    films::{blobs, encode_config, engine, make},
    support::within_a_minute,
};

/// Samples of the tracks, none of them a multiple of anything.
const LENGTHS: [u64; 4] = [88_201, 3_333, 132_077, 44_099];

fn ann() -> Viewer {
    Viewer { id: UserId(1), handle: "ann".to_owned(), role: Role::Listener, session: None, within: None }
}

async fn track(ctx: &Ctx, world: &World, number: usize, samples: u64, existing: Option<TrackId>) -> Imported {
    let args =
        format!("-f lavfi -i anoisesrc=r=44100:seed={number}:d=9 -af atrim=end_sample={samples} -ac 2");
    let path = make(world, &format!("{number}-{samples}.flac"), &args);
    let source = SourceFile {
        place: Source::file(&path),
        bytes: std::fs::metadata(&path).unwrap().len(),
        stamp: 1,
        mime: "audio/flac".to_owned(),
        codec: "flac".to_owned(),
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: samples * 1000 / 44_100,
    };
    let (ids, now) = (ctx.ids().clone(), ctx.now());
    let entered = ctx.db().write(move |tx| {
        let tags = TrackTags {
            title: format!("Movement {number}"),
            artists: vec!["Ann".to_owned()],
            album: Some("Whole".to_owned()),
            album_artists: vec!["Ann".to_owned()],
            number: u32::try_from(number + 1).ok(),
            ..TrackTags::default()
        };
        let new = TrackImport {
            existing,
            library: None,
            source: &source,
            tags: &tags,
            picture: None,
            folder: None,
        };
        upsert_track(tx, &mut Batch::new(&ids, now), &new)
    });
    entered.await.unwrap()
}

async fn album(ctx: &Ctx, world: &World) -> Vec<Imported> {
    let mut made = Vec::new();
    for (number, samples) in LENGTHS.into_iter().enumerate() {
        made.push(track(ctx, world, number, samples, None).await);
    }
    made
}

async fn work(ctx: &Ctx, world: &World) {
    let encoder = Encoder::new(engine(), encode_config(world));
    encoder.sweep_at_start().await.unwrap();
    Runner::new("test").handlers(encoder.handlers()).start(ctx).await.unwrap();
}

async fn run_of(ctx: &Ctx, track: TrackId) -> RunPlace {
    media::make_run(ctx, &ann(), track, 50).await.unwrap().expect("an album")
}

async fn index(ctx: &Ctx, media: MediaId) -> MediaIndex {
    media::index(ctx.db(), media).await.unwrap().expect("it is there")
}

async fn ready(ctx: &Ctx, track: TrackId) -> RunPlace {
    within_a_minute("the album is encoded", || async {
        run_of(ctx, track).await.media.state == MediaState::Ready
    })
    .await;
    run_of(ctx, track).await
}

/// That ranges follow one another as the tracks do, and every rendition holds all of it.
async fn assert_exact(ctx: &Ctx, made: &[Imported], lengths: &[u64]) {
    let mut next = 0;
    for (track, length) in made.iter().zip(lengths) {
        let place = run_of(ctx, track.track).await;
        assert_eq!((place.rate_hz, place.start, place.end), (44_100, Some(next), Some(next + length)));
        next += length;
    }
    let run = run_of(ctx, made[0].track).await.media.id;
    let index = index(ctx, run).await;
    let mut names: Vec<&str> = index.renditions.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["aac-128", "aac-256", "opus-128", "opus-64"], "lossless is joined from the files");
    for rendition in &index.renditions {
        let ticks: u64 = rendition.segments.iter().map(|segment| segment.duration_ticks).sum();
        let whole = next * u64::from(rendition.timescale) / 44_100;
        let delay = if rendition.name.starts_with("aac") { 1_024 } else { 312 };
        assert!(
            ticks >= whole + delay && ticks < whole + delay + 2_048,
            "{}: {ticks} of {whole}",
            rendition.name
        );
    }
    let rows = media::blob_keys(ctx.db(), run).await.unwrap();
    let found = blobs(ctx, &media::folder(run)).await;
    assert_eq!(found, rows, "nothing is left lying");
    for key in found {
        assert!(ctx.blobs().info(&BlobKey::new(key).unwrap()).await.unwrap().is_some());
    }
}

on_both_engines! {
    async fn every_track_of_an_album_is_an_exact_range_of_its_run(world: World) {
        let ctx = world.ctx.clone();
        let made = album(&ctx, &world).await;
        work(&ctx, &world).await;
        run_of(&ctx, made[2].track).await;
        ready(&ctx, made[2].track).await;
        assert_exact(&ctx, &made, &LENGTHS).await;
        for track in &made {
            assert_eq!(index(&ctx, track.media).await.media.state, MediaState::None, "no track was encoded by itself");
        }
        // One of them changes: the run is made anew, of what the album is now.
        let old = run_of(&ctx, made[0].track).await.media.id;
        let mut lengths = LENGTHS;
        lengths[1] = 50_001;
        track(&ctx, &world, 1, lengths[1], Some(made[1].track)).await;
        let new = run_of(&ctx, made[0].track).await.media.id;
        assert_ne!(old, new);
        ready(&ctx, made[0].track).await;
        assert_exact(&ctx, &made, &lengths).await;
        ctx.shut_down().await;
    }

    async fn a_run_that_is_killed_is_taken_up_and_ends_the_same(world: World) {
        let world = Arc::new(world);
        let ctx = world.ctx.clone();
        let mut made = album(&ctx, &world).await;
        let mut lengths = LENGTHS.to_vec();
        // Long enough to be killed in the middle.
        lengths.push(44_100 * 9 - 5);
        made.push(track(&ctx, &world, 4, lengths[4], None).await);
        let run = run_of(&ctx, made[0].track).await.media.id;
        for _ in 0..2 {
            let life = tokio::runtime::Runtime::new().unwrap();
            let inner = Arc::clone(&world);
            life.spawn(async move {
                let ctx = inner.reopened().await;
                work(&ctx, &inner).await;
                ctx.stop().cancelled().await;
            });
            within_a_minute("it is under way", || async {
                let state = index(&ctx, run).await.media.state;
                state == MediaState::Encoding || state == MediaState::Ready
            }).await;
            life.shutdown_background();
        }
        work(&ctx, &world).await;
        ready(&ctx, made[0].track).await;
        assert_exact(&ctx, &made, &lengths).await;
        ctx.shut_down().await;
    }

    async fn an_album_with_a_file_that_cannot_be_decoded_has_no_run_and_says_why(world: World) {
        let ctx = world.ctx.clone();
        let made = album(&ctx, &world).await;
        let path = world.folder.path().join(format!("3-{}.flac", LENGTHS[3]));
        let mut bytes = std::fs::read(&path).unwrap();
        let begin = bytes.windows(2).position(|pair| pair == [0xff, 0xf8]).expect("a frame");
        bytes[begin..].fill(0);
        std::fs::write(&path, bytes).unwrap();
        work(&ctx, &world).await;
        let run = run_of(&ctx, made[0].track).await.media.id;
        within_a_minute("it fails", || async { index(&ctx, run).await.media.state == MediaState::Failed }).await;
        let failed = index(&ctx, run).await;
        assert!(failed.renditions.is_empty() && failed.media.problem.is_some());
        assert_eq!(run_of(&ctx, made[0].track).await.media.id, run, "it is not tried again and again");
        world.clock.advance(std::time::Duration::from_mins(2));
        within_a_minute("nothing is left lying", || async { blobs(&ctx, "media").await.is_empty() }).await;
        ctx.shut_down().await;
    }
}
