//! What was encoded of music is a cache: it has a limit, what was not asked for the longest goes first, and nothing is
//! left lying, whatever is killed when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use catalog::{
    MediaId,
    import::{Batch, TrackImport, TrackTags, upsert_track},
    media::{self, AfterFailure, MediaKind, MediaState, Source, SourceFile},
};
use ingest::{
    encode::{self, EVICT_JOB, EncodeConfig, Encoder},
    upload::Floor,
};
use kernel::{
    Ctx,
    blob::BlobKey,
    jobs::{self, Runner},
    on_both_engines,
    testkit::World,
};

use crate::{
    films::{blobs, encode_config, engine, make},
    support::within_a_minute,
};

const SECONDS: u64 = 5;

/// Enters a song that lies in a file.
async fn song(ctx: &Ctx, world: &World, number: u32) -> MediaId {
    let path = make(
        world,
        &format!("{number}.flac"),
        &format!("-f lavfi -i sine=f={}:d={SECONDS} -ac 2", 200 + number),
    );
    let bytes = std::fs::metadata(&path).unwrap().len();
    let source = SourceFile {
        place: Source::file(&path),
        bytes,
        stamp: 1,
        mime: "audio/flac".to_owned(),
        codec: "flac".to_owned(),
        bitrate_kbps: 300,
        sample_rate_hz: 44_100,
        channels: 2,
        duration_ms: SECONDS * 1000,
    };
    let (ids, now) = (ctx.ids().clone(), ctx.now());
    let entered = ctx.db().write(move |tx| {
        let tags = TrackTags { title: format!("Song {number}"), ..TrackTags::default() };
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
    entered.await.unwrap().media
}

async fn work(ctx: &Ctx, config: EncodeConfig) -> Encoder {
    let encoder = Encoder::new(engine(), config);
    encoder.sweep_at_start().await.unwrap();
    Runner::new("test").handlers(encoder.handlers()).start(ctx).await.unwrap();
    encoder
}

/// As a grant does.
async fn ask(ctx: &Ctx, media: MediaId) {
    let (inner, now) = (ctx.clone(), ctx.now());
    let asked = ctx.db().write(move |tx| {
        media::asked(tx, media, now)?;
        media::request_encode(tx, &inner, media, 50, AfterFailure::Leave)
    });
    asked.await.unwrap();
}

async fn state(ctx: &Ctx, media: MediaId) -> MediaState {
    ctx.db().read(move |tx| media::get(tx, media)).await.unwrap().unwrap().state
}

async fn states(ctx: &Ctx, all: &[MediaId]) -> Vec<MediaState> {
    let mut states = Vec::new();
    for media in all {
        states.push(state(ctx, *media).await);
    }
    states
}

async fn ready(ctx: &Ctx, media: MediaId) {
    within_a_minute("it is encoded", || async { state(ctx, media).await == MediaState::Ready }).await;
}

/// Songs that were encoded one after the other, an hour apart, and then not asked for in a while.
async fn songs_of_old(ctx: &Ctx, world: &World, count: u32) -> Vec<MediaId> {
    let mut all = Vec::new();
    for number in 0..count {
        let media = song(ctx, world, number).await;
        ask(ctx, media).await;
        ready(ctx, media).await;
        all.push(media);
        world.clock.advance(Duration::from_hours(1));
    }
    world.clock.advance(Duration::from_hours(2));
    all
}

/// That what lies in the blobs is what the rows of these media name, and as much as the books say.
async fn assert_nothing_stray(ctx: &Ctx, all: &[MediaId]) {
    let (mut named, mut bytes) = (std::collections::BTreeSet::new(), 0);
    for media in all {
        named.extend(media::blob_keys(ctx.db(), *media).await.unwrap());
    }
    let found = blobs(ctx, "media").await;
    assert_eq!(found, named);
    for key in &found {
        bytes += ctx.blobs().get(&BlobKey::new(key.as_str()).unwrap()).await.unwrap().unwrap().len() as u64;
    }
    assert_eq!(media::kept_bytes(ctx.db()).await.unwrap(), bytes);
}

fn limited(world: &World, bytes: u64) -> EncodeConfig {
    EncodeConfig { cache_bytes_max: Some(bytes), ..encode_config(world) }
}

async fn no_eviction_waits(ctx: &Ctx) -> bool {
    let counts = jobs::counts(ctx.db()).await.unwrap();
    !counts.iter().any(|(kind, state, _)| kind == EVICT_JOB && (state == "ready" || state == "running"))
}

use MediaState::{None as Gone, Ready};

on_both_engines! {
    async fn what_was_not_asked_for_the_longest_goes_first_and_comes_back_when_it_is(world: World) {
        let ctx = world.ctx.clone();
        work(&ctx, encode_config(&world)).await;
        let all = songs_of_old(&ctx, &world, 3).await;
        assert_nothing_stray(&ctx, &all).await;
        // Of the first, somebody has thought again.
        ask(&ctx, all[0]).await;
        world.clock.advance(Duration::from_hours(2));
        let kept = media::kept_bytes(ctx.db()).await.unwrap();
        ctx.shut_down().await;

        let ctx = world.reopened().await;
        let encoder = work(&ctx, limited(&world, kept - 1)).await;
        ctx.spawn(encode::watch_cache(ctx.clone(), encoder));
        within_a_minute("one goes", || async { state(&ctx, all[1]).await == Gone }).await;
        within_a_minute("its blobs are gone", || async { no_eviction_waits(&ctx).await }).await;
        assert_eq!(states(&ctx, &all).await, [Ready, Gone, Ready]);
        assert_nothing_stray(&ctx, &all).await;

        ask(&ctx, all[1]).await;
        ready(&ctx, all[1]).await;
        within_a_minute("for it another goes", || async { state(&ctx, all[2]).await == Gone }).await;
        within_a_minute("its blobs are gone", || async { no_eviction_waits(&ctx).await }).await;
        assert_eq!(states(&ctx, &all).await, [Ready, Ready, Gone]);
        assert_nothing_stray(&ctx, &all).await;
        ctx.shut_down().await;
    }

    async fn what_may_be_playing_stays_and_so_do_films(world: World) {
        let ctx = world.ctx.clone();
        let encoder = work(&ctx, limited(&world, 1)).await;
        let media = song(&ctx, &world, 1).await;
        ask(&ctx, media).await;
        ready(&ctx, media).await;
        let film = MediaId(ctx.next_id());
        let path = make(&world, "film.mp4", "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -c:v libx264 -preset ultrafast");
        let source = SourceFile {
            place: Source::file(&path), bytes: std::fs::metadata(&path).unwrap().len(), stamp: 1,
            mime: "video/mp4".to_owned(), codec: "h264".to_owned(), bitrate_kbps: 0, sample_rate_hz: 0,
            channels: 0, duration_ms: 1000,
        };
        ctx.db().write(move |tx| media::insert_apart(tx, film, MediaKind::Video, &source)).await.unwrap();
        ask(&ctx, film).await;
        ready(&ctx, film).await;
        ctx.spawn(encode::watch_cache(ctx.clone(), encoder));
        within_a_minute("it was looked at", || async { no_eviction_waits(&ctx).await }).await;
        world.clock.advance(Duration::from_mins(59));
        within_a_minute("it was looked at", || async { no_eviction_waits(&ctx).await }).await;
        assert_eq!(states(&ctx, &[media, film]).await, [Ready, Ready]);
        within_a_minute("nobody can be playing it any more", || async {
            world.clock.advance(Duration::from_mins(1));
            state(&ctx, media).await == Gone
        }).await;
        assert!(world.clock.now().since(kernel::testkit::START) > Duration::from_hours(1));
        assert_eq!(state(&ctx, film).await, Ready);
        ctx.shut_down().await;
    }

    async fn what_was_asked_for_a_moment_ago_is_not_let_go_by_who_read_it_before(world: World) {
        let ctx = world.ctx.clone();
        work(&ctx, encode_config(&world)).await;
        let all = songs_of_old(&ctx, &world, 1).await;
        let read = media::oldest_kept(ctx.db(), None, 9).await.unwrap();
        assert_eq!(read.iter().map(|kept| kept.media).collect::<Vec<_>>(), all);
        assert!(media::oldest_kept(ctx.db(), Some(&read[0]), 9).await.unwrap().is_empty());
        ask(&ctx, all[0]).await;
        let kept = read[0];
        let gone = ctx.db().write(move |tx| media::evict(tx, &kept)).await.unwrap();
        assert_eq!((gone, state(&ctx, all[0]).await), (None, Ready));
        ctx.shut_down().await;
    }

    async fn making_room_that_is_killed_leaves_nothing_lying(world: World) {
        let world = Arc::new(world);
        let ctx = world.ctx.clone();
        work(&ctx, encode_config(&world)).await;
        let all = songs_of_old(&ctx, &world, 4).await;
        ctx.shut_down().await;
        let ctx = world.reopened().await;
        for _ in 0..3 {
            let before = states(&ctx, &all).await.iter().filter(|state| **state == Ready).count();
            if before == 0 {
                break;
            }
            let life = tokio::runtime::Runtime::new().unwrap();
            let inner = Arc::clone(&world);
            life.spawn(async move {
                let ctx = inner.reopened().await;
                let encoder = work(&ctx, limited(&inner, 1)).await;
                ctx.spawn(encode::watch_cache(ctx.clone(), encoder));
                ctx.stop().cancelled().await;
            });
            within_a_minute("something goes", || async {
                states(&ctx, &all).await.iter().filter(|state| **state == Ready).count() < before
            }).await;
            life.shutdown_background();
        }
        let encoder = work(&ctx, limited(&world, 1)).await;
        ctx.spawn(encode::watch_cache(ctx.clone(), encoder));
        within_a_minute("all goes", || async { states(&ctx, &all).await == [Gone; 4] }).await;
        // What was killed may have taken a job in its last moment, at whatever time it was then.
        let looks = AtomicU32::new(0);
        within_a_minute("no blob is left", || async {
            if looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(100) {
                world.clock.advance(Duration::from_mins(2));
            }
            blobs(&ctx, "media").await.is_empty()
        }).await;
        assert_nothing_stray(&ctx, &all).await;
        ctx.shut_down().await;
    }

    async fn on_a_full_disk_what_nobody_plays_makes_room(world: World) {
        let ctx = world.ctx.clone();
        work(&ctx, encode_config(&world)).await;
        let all = songs_of_old(&ctx, &world, 1).await;
        let new = song(&ctx, &world, 7).await;
        ctx.shut_down().await;
        let ctx = world.reopened().await;
        work(&ctx, EncodeConfig { floor: Floor::Bytes(1 << 60), ..encode_config(&world) }).await;
        ask(&ctx, new).await;
        within_a_minute("the old one goes", || async { state(&ctx, all[0]).await == Gone }).await;
        within_a_minute("its blobs are gone", || async { blobs(&ctx, "media").await.is_empty() }).await;
        assert!(state(&ctx, new).await.is_underway(), "it waits, and is not refused");
        ctx.shut_down().await;
    }

    async fn ahead_of_time_all_is_encoded_while_there_is_room_and_nothing_goes_for_it(world: World) {
        let ctx = world.ctx.clone();
        let mut all = Vec::new();
        for number in 0..6 {
            all.push(song(&ctx, &world, number).await);
        }
        let encoder = work(&ctx, encode_config(&world)).await;
        ask(&ctx, all[0]).await;
        ready(&ctx, all[0]).await;
        let one = media::kept_bytes(ctx.db()).await.unwrap();
        // Room for three and a half, of which the last tenth is not taken ahead of time.
        let tight = Encoder::new(engine(), limited(&world, one * 7 / 2));
        ctx.spawn(encode::watch_ahead(ctx.clone(), tight));
        within_a_minute("there is no more room", || async {
            world.clock.advance(Duration::from_secs(3));
            media::kept_bytes(ctx.db()).await.unwrap() > one * 3
        }).await;
        let underway = |states: Vec<MediaState>| states.iter().any(|state| state.is_underway());
        within_a_minute("it rests", || async { !underway(states(&ctx, &all).await) }).await;
        assert!(states(&ctx, &all).await.contains(&Gone), "it stops before there is too much");
        ctx.spawn(encode::watch_ahead(ctx.clone(), encoder));
        within_a_minute("all are encoded", || async {
            world.clock.advance(Duration::from_secs(3));
            states(&ctx, &all).await == [Ready; 6]
        }).await;
        assert_nothing_stray(&ctx, &all).await;
        ctx.shut_down().await;
    }

    async fn ahead_of_time_nothing_is_looked_at_again_until_there_is_other_music(world: World) {
        let ctx = world.ctx.clone();
        let mut all = vec![song(&ctx, &world, 0).await, song(&ctx, &world, 1).await];
        let encoder = work(&ctx, encode_config(&world)).await;
        let mut ahead = encode::Ahead::default();
        assert!(ahead.look(&ctx, &encoder).await.unwrap());
        within_a_minute("all is encoded", || async { states(&ctx, &all).await == [Ready; 2] }).await;
        let kept = media::oldest_kept(ctx.db(), None, 9).await.unwrap()[0];
        ctx.db().write(move |tx| media::evict(tx, &kept)).await.unwrap().expect("it goes");
        assert!(!ahead.look(&ctx, &encoder).await.unwrap(), "what was let go is not made again for nobody");
        assert_eq!(state(&ctx, kept.media).await, Gone);
        all.push(song(&ctx, &world, 2).await);
        let full = Encoder::new(engine(), limited(&world, 1));
        assert!(!ahead.look(&ctx, &full).await.unwrap(), "there is no room");
        assert!(ahead.look(&ctx, &encoder).await.unwrap(), "there is another song");
        within_a_minute("all is encoded", || async { states(&ctx, &all).await == [Ready; 3] }).await;
        ctx.shut_down().await;
    }
}
