//! How many are made at once, and sources that lie elsewhere.

use std::{path::Path, time::Duration};

use catalog::media::{Source, SourceFile};
use ingest::{
    media::{Order, SoundCodec, SoundForm, Transcode},
    transcode::{OPEN_MAX, TranscodeConfig, TranscodeError, Transcoder, WAIT_MAX},
    upload::Floor,
};
use kernel::{Ctx, blob::BlobKey, id::UserId, on_both_engines, testkit::World};

use crate::{
    films::{engine, make, song},
    remote::far_away,
};

const ANN: UserId = UserId(1);
const BOB: UserId = UserId(2);

fn transcoder(world: &World, at_once: usize, each: usize) -> Transcoder {
    let config = TranscodeConfig::new(world.folder.path().join("transcodes"));
    Transcoder::new(engine(), TranscodeConfig { floor: Floor::Bytes(0), at_once, each, ..config })
}

fn source(place: Source, bytes: u64) -> SourceFile {
    SourceFile {
        place,
        bytes,
        stamp: 1,
        mime: "audio/wav".to_owned(),
        codec: "pcm_u8".to_owned(),
        bitrate_kbps: 64,
        sample_rate_hz: 8_000,
        channels: 1,
        duration_ms: 3_000_000,
    }
}

/// So long that nobody makes all of it while a test runs.
fn long(world: &World) -> SourceFile {
    let path = make(world, "long.wav", "-f lavfi -i anoisesrc=r=8000:d=3000 -ac 1 -c:a pcm_u8");
    let bytes = std::fs::metadata(&path).unwrap().len();
    source(Source::file(&path), bytes)
}

fn order(codec: SoundCodec, kbps: u32) -> Order {
    let form = SoundForm::new(codec, kbps, 48_000, 2, None).unwrap();
    Order { form, start_ms: 0, duration_ms: 3_000_000, exact: true, part: None }
}

async fn start(
    of: &Transcoder,
    ctx: &Ctx,
    who: UserId,
    file: &SourceFile,
) -> Result<Transcode, TranscodeError> {
    of.start(ctx, who, file, order(SoundCodec::Flac, 0)).await
}

/// The same for one who waits until he is refused: the clock goes on until then.
async fn wait_until_refused(
    world: &World,
    of: &Transcoder,
    ctx: &Ctx,
    who: UserId,
    file: &SourceFile,
) -> TranscodeError {
    let (clock, waited) = (world.clock.clone(), world.clock.now());
    let turning = async move {
        loop {
            clock.advance(Duration::from_millis(100));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let refused = tokio::select! {
        started = start(of, ctx, who, file) => started.expect_err("there is no place"),
        () = turning => unreachable!(),
    };
    assert!(world.clock.now() >= waited.plus(WAIT_MAX), "it was waited for a place");
    refused
}

fn copies(world: &World) -> usize {
    let folder = world.folder.path().join("transcodes");
    folder.read_dir().map_or(0, Iterator::count)
}

on_both_engines! {
    async fn one_more_than_there_is_room_for_waits_and_is_told_to_come_again(world: World) {
        let (ctx, file) = (world.ctx.clone(), long(&world));
        let of = transcoder(&world, 2, 2);
        let first = start(&of, &ctx, ANN, &file).await.expect("a place");
        let second = start(&of, &ctx, BOB, &file).await.expect("a place");
        assert!(matches!(wait_until_refused(&world, &of, &ctx, BOB, &file).await, TranscodeError::HouseBusy));
        // Who waits gets the place of one who goes, without any clock.
        let waiting = start(&of, &ctx, ANN, &file);
        let (third, ()) = tokio::join!(waiting, async { drop(first) });
        let third = third.expect("the place that became free");
        assert!(matches!(wait_until_refused(&world, &of, &ctx, BOB, &file).await, TranscodeError::HouseBusy));
        drop((second, third));
        start(&of, &ctx, BOB, &file).await.expect("a place");
        ctx.shut_down().await;
    }

    async fn one_listener_does_not_take_the_places_of_all(world: World) {
        let (ctx, file) = (world.ctx.clone(), long(&world));
        let of = transcoder(&world, 3, 2);
        let own = [start(&of, &ctx, ANN, &file).await.expect("a place"), start(&of, &ctx, ANN, &file).await.expect("a place")];
        assert!(matches!(wait_until_refused(&world, &of, &ctx, ANN, &file).await, TranscodeError::ListenerBusy));
        start(&of, &ctx, BOB, &file).await.expect("others have theirs");
        drop(own);
        start(&of, &ctx, ANN, &file).await.expect("and so has she again");
        let none = transcoder(&world, 0, 0);
        assert!(!none.makes_any());
        assert!(matches!(start(&none, &ctx, ANN, &file).await, Err(TranscodeError::Never)));
        ctx.shut_down().await;
    }

    async fn who_asks_a_hundred_times_keeps_nobody_else_from_a_place(world: World) {
        let (ctx, file) = (world.ctx.clone(), long(&world));
        let of = transcoder(&world, 3, 1);
        let own = start(&of, &ctx, ANN, &file).await.expect("a place");
        let ask = || {
            let (of, ctx, file) = (of.clone(), ctx.clone(), file.clone());
            tokio::spawn(async move { start(&of, &ctx, ANN, &file).await })
        };
        let asking: Vec<_> = (0..100).map(|_| ask()).collect();
        // As many wait as may; the clock stands still, so that the others were told at once.
        let waiting = || asking.iter().filter(|asked| !asked.is_finished()).count();
        let settled = async {
            while waiting() >= OPEN_MAX {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settled).await.expect("they are told");
        start(&of, &ctx, BOB, &file).await.expect("he has his place");
        assert_eq!(waiting(), OPEN_MAX - 1);
        drop(own);
        asking.iter().for_each(tokio::task::JoinHandle::abort);
        ctx.shut_down().await;
    }

    async fn what_is_made_and_not_taken_has_its_bound(world: World) {
        let ctx = world.ctx.clone();
        let of = transcoder(&world, 1, 1);
        let path = make(&world, "short.wav", "-f lavfi -i sine=d=0.2 -c:a pcm_s16le");
        let short = source(Source::file(&path), 1);
        let mut open = Vec::new();
        for _ in 0..OPEN_MAX {
            open.push(start(&of, &ctx, ANN, &short).await.expect("ffmpeg has ended"));
        }
        assert!(matches!(start(&of, &ctx, ANN, &short).await, Err(TranscodeError::ListenerBusy)));
        start(&of, &ctx, BOB, &short).await.expect("it is hers alone");
        let mut taken = open.pop().expect("one");
        while taken.next().await.is_some() {}
        drop(taken);
        start(&of, &ctx, ANN, &short).await.expect("whoever takes may go on");
        ctx.shut_down().await;
    }

    async fn a_place_is_free_again_when_all_was_made_though_not_all_was_taken(world: World) {
        let ctx = world.ctx.clone();
        let of = transcoder(&world, 1, 1);
        let path = make(&world, "short.wav", "-f lavfi -i sine=d=1 -c:a pcm_s16le");
        let short = source(Source::file(&path), 1);
        let made = start(&of, &ctx, ANN, &short).await.expect("a place");
        let again = start(&of, &ctx, BOB, &short).await.expect("ffmpeg has ended");
        drop((made, again));
        std::fs::remove_file(path).unwrap();
        assert!(matches!(start(&of, &ctx, ANN, &short).await, Err(TranscodeError::Gone)));
        ctx.shut_down().await;
    }

    async fn a_source_in_an_object_store_is_copied_and_the_copy_goes_with_the_process(world: World) {
        let ctx = far_away(&world).await;
        let bytes = song(&world);
        let key = BlobKey::new("media/1/source.mp3").unwrap();
        ctx.blobs().put(&key, bytes.clone().into()).await.unwrap();
        let file = source(Source::Blob { key: key.as_str().to_owned() }, bytes.len() as u64);
        let of = transcoder(&world, 1, 1);
        let mut made = of.start(&ctx, ANN, &file, order(SoundCodec::Opus, 64)).await.expect("it begins");
        let mut whole = Vec::new();
        while let Some(piece) = made.next().await {
            whole.extend_from_slice(&piece.expect("good"));
        }
        assert!(whole.starts_with(b"OggS"));
        drop(made);
        assert_eq!(copies(&world), 0);
        // A listener who goes away in the middle leaves none either, and what a killed program left is swept.
        let long = long(&world);
        let far = BlobKey::new("media/2/source.wav").unwrap();
        ctx.blobs().put_file(&far, Path::new(&long.place.path().unwrap())).await.unwrap();
        let far = SourceFile { place: Source::Blob { key: far.as_str().to_owned() }, ..long };
        let made = start(&of, &ctx, ANN, &far).await.expect("it begins");
        assert_eq!(copies(&world), 1);
        drop(made);
        start(&of, &ctx, ANN, &far).await.expect("the place, and so the process, is free");
        let gone = SourceFile { place: Source::Blob { key: "media/3/none".to_owned() }, ..far };
        assert!(matches!(start(&of, &ctx, ANN, &gone).await, Err(TranscodeError::Gone)));
        of.sweep_at_start().await.unwrap();
        assert_eq!(copies(&world), 0);
        ctx.shut_down().await;
    }
}
