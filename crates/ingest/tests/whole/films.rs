//! Media made on the spot by the real ffmpeg, and the house at work on them.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::{
    MediaId,
    media::{self, MediaIndex},
};
use ingest::{
    encode::{EncodeConfig, Encoder},
    media::{Engine, Launcher, Tools},
    upload::{Floor, Upload, UploadState},
};
use kernel::{
    Ctx,
    blob::BlobKey,
    jobs::{Handler, Runner},
    testkit::World,
};

use crate::support::{House, within_a_minute};

pub fn engine() -> Engine {
    // The test program has a main of its own, so the sandbox is an example beside it.
    let tests = std::env::current_exe().expect("a test knows its own file");
    let sandbox = tests.parent().and_then(Path::parent).expect("target/…/deps").join("examples/sandbox");
    assert!(sandbox.is_file(), "build it first: cargo build -p ingest --examples");
    let tools = Tools::find().expect("ffmpeg is installed (apt install ffmpeg)");
    Engine::new(tools, Launcher::other_program(sandbox))
}

pub fn encode_config(world: &World) -> EncodeConfig {
    EncodeConfig {
        floor: Floor::Bytes(0),
        at_once: 1,
        preset: "ultrafast".to_owned(),
        ..EncodeConfig::new(world.folder.path().join("scratch"))
    }
}

/// Makes a file with ffmpeg; `args` in words.
pub fn make(world: &World, name: &str, args: &str) -> PathBuf {
    let path = world.folder.path().join(name);
    let start = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"].map(OsStr::new);
    #[expect(clippy::disallowed_methods, reason = "the test's own media, not the engine's")]
    let mut ffmpeg = std::process::Command::new("ffmpeg");
    ffmpeg.args(start).args(args.split_whitespace()).arg(&path);
    let output = ffmpeg.output().expect("ffmpeg starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

/// A film with two rungs, sound and subtitles.
pub fn film(world: &World, seconds: u32) -> Vec<u8> {
    let srt = world.folder.path().join("film.srt");
    std::fs::write(&srt, "1\n00:00:00,000 --> 00:00:01,000\nHello.\n").unwrap();
    let args = format!(
        "-f lavfi -i testsrc2=s=640x360:r=25:d={seconds} -f lavfi -i sine=d={seconds} -i {} -map 0 -map 1 -map 2 \
         -c:v libx264 -preset ultrafast -c:a aac -c:s srt -metadata title=A_Film -metadata:s:s:0 language=eng",
        srt.display()
    );
    std::fs::read(make(world, "film.mkv", &args)).unwrap()
}

pub fn mp4(world: &World, seconds: u32) -> Vec<u8> {
    let args = format!(
        "-f lavfi -i testsrc2=s=320x180:r=25:d={seconds} -f lavfi -i sine=d={seconds} \
         -c:v libx264 -preset ultrafast -c:a aac"
    );
    std::fs::read(make(world, "film.mp4", &args)).unwrap()
}

/// An MP3 with tags and a picture.
pub fn song(world: &World) -> Vec<u8> {
    let cover = make(world, "cover.png", "-f lavfi -i color=red:s=64x64 -frames:v 1");
    let args = format!(
        "-f lavfi -i sine=d=2 -i {} -map 0 -map 1 -c:a libmp3lame -b:a 128k -c:v copy -disposition:v attached_pic \
         -metadata title=Song -metadata artist=Ann -metadata album=First -metadata track=3/9",
        cover.display()
    );
    std::fs::read(make(world, "song.mp3", &args)).unwrap()
}

/// Has a house do its jobs.
pub async fn start(house: &House, handlers: Vec<Arc<dyn Handler>>) {
    Runner::new("test").handlers(handlers).start(&house.ctx).await.expect("the runner starts");
}

/// All jobs of uploads and encodes.
pub async fn work(house: &House, config: EncodeConfig) {
    let encoder = Encoder::new(engine(), config);
    encoder.sweep_at_start().await.expect("the scratch folder is swept");
    let mut handlers = house.service.handlers(engine());
    handlers.extend(encoder.handlers());
    start(house, handlers).await;
}

/// Uploads a whole file.
pub async fn send(house: &House, name: &str, bytes: &[u8]) -> String {
    let path = house.create_named(bytes.len(), name).await;
    if !bytes.is_empty() {
        let answer = house.patch(&path, 0, bytes).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
    path
}

/// Waits until an upload has ended, well or badly.
pub async fn ended(house: &House, path: &str) -> Upload {
    within_a_minute("the upload has ended", || async {
        matches!(house.upload(path).await.state, UploadState::Ready | UploadState::Failed)
    })
    .await;
    house.upload(path).await
}

/// The media that an upload became.
pub async fn index(ctx: &Ctx, upload: &Upload) -> MediaIndex {
    let media = media_of(ctx, upload).await;
    media::index(ctx.db(), media).await.unwrap().expect("the media is there")
}

pub async fn media_of(ctx: &Ctx, upload: &Upload) -> MediaId {
    let viewer = kernel::http::Viewer {
        id: kernel::id::UserId(1),
        handle: "ann".to_owned(),
        role: kernel::http::Role::Admin,
        session: None,
        within: None,
    };
    let found = match (upload.video_id, upload.track_id) {
        (Some(video), _) => media::for_video(ctx, &viewer, video).await.unwrap(),
        (_, Some(track)) => media::for_track(ctx, &viewer, track).await.unwrap(),
        _ => None,
    };
    found.expect("the upload became something").id
}

/// The names of all blobs in a folder.
pub async fn blobs(ctx: &Ctx, folder: &str) -> BTreeSet<String> {
    let found = ctx.blobs().list(&BlobKey::new(folder).unwrap()).await.unwrap();
    found.into_iter().map(|blob| blob.key.as_str().to_owned()).collect()
}

/// Asserts that a ready media is whole: every row has its blob, every blob its row, times without gaps, no file left
/// lying anywhere.
pub async fn assert_whole(world: &World, house: &House, index: &MediaIndex) {
    let ctx = &house.ctx;
    let rows = media::blob_keys(ctx.db(), index.media.id).await.unwrap();
    let mut found = blobs(ctx, "media").await;
    found.extend(blobs(ctx, "originals").await);
    assert_eq!(found, rows);
    for rendition in &index.renditions {
        assert!(rendition.complete, "{}", rendition.name);
        let mut next = 0;
        for (number, segment) in rendition.segments.iter().enumerate() {
            assert_eq!((segment.number as usize, segment.start_ticks), (number, next), "{}", rendition.name);
            next += segment.duration_ticks;
            let blob = ctx.blobs().get(&BlobKey::new(segment.blob_key.clone()).unwrap()).await.unwrap();
            assert_eq!(blob.expect("the blob is there").len() as u64, segment.bytes);
        }
    }
    assert!(house.staged_names().is_empty());
    within_a_minute("the scratch folder is empty", || async {
        std::fs::read_dir(world.folder.path().join("scratch")).unwrap().count() == 0
    })
    .await;
    let unfinished = world.folder.path().join("blobs/.unfinished");
    assert_eq!(std::fs::read_dir(unfinished).unwrap().count(), 0);
}
