//! Measures the scan beside a bare loop of the tag library over the same files.
//!
//! `cargo run --release -p ingest --example scan_rate -- FILES [POSTGRES_URL]`

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use ingest::{
    library::{self, LibraryState},
    media::{Engine, Launcher, Tools},
    scan::{self, Settings},
};
use kernel::{
    Clock, Ctx,
    blob::{Blobs, LocalBlobs},
    bus::LocalBus,
    db::{Db, Location},
    jobs::Runner,
    random::Random,
};
use lofty::{
    config::WriteOptions,
    file::TaggedFileExt,
    picture::{Picture, PictureType},
    probe::Probe,
    tag::{ItemKey, Tag, TagExt},
};

type Anything = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    if let Some(code) = ingest::media::sandbox_main() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Anything::from).and_then(|runtime| runtime.block_on(measure())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<(), Anything> {
    let count: usize = env::args().nth(1).unwrap_or_else(|| "2000".to_owned()).parse()?;
    let place = env::temp_dir().join(format!("odeon-scan-rate-{count}"));
    let files = make(&place, count)?;
    for round in 1..=2 {
        let begun = Instant::now();
        for file in &files {
            Probe::open(file)?.read()?;
        }
        let bare = begun.elapsed();
        println!("bare loop, round {round}: {:.0} files/s", rate(count, bare));
    }
    let data = tempfile::tempdir()?;
    let location = match env::args().nth(2) {
        Some(url) => Location::Postgres(url),
        None => Location::Sqlite(data.path().join("odeon.db")),
    };
    let bus = Arc::new(LocalBus::default());
    let db = Db::open(&location, bus.clone()).await?;
    let blobs: Arc<dyn Blobs> = Arc::new(LocalBlobs::open(&data.path().join("blobs"))?);
    let ctx = Ctx::new(db, blobs, bus, Clock::System, Random::System).await?;
    let engine = Engine::new(Tools::find()?, Launcher::this_program());
    let runner = Runner::new("rate").handler(scan::scan_handler(Settings::new(engine, None)));
    runner.start(&ctx).await?;
    let begun = Instant::now();
    let library = library::add_library(&ctx, data.path(), &place, None).await?;
    let state = settled(&ctx, library.id).await?;
    let first = begun.elapsed();
    println!("first scan: {:.0} files/s ({:.2} s, {} tracks)", rate(count, first), first.as_secs_f64(), state.tracks);
    for _ in 0..2 {
        let begun = Instant::now();
        library::request_scan(&ctx, library.id).await?;
        settled(&ctx, library.id).await?;
        println!("unchanged: {:.3} s", begun.elapsed().as_secs_f64());
    }
    let status = fs::read_to_string("/proc/self/status")?;
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    ctx.shut_down().await;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

async fn settled(ctx: &Ctx, id: catalog::LibraryId) -> Result<library::Library, Anything> {
    loop {
        let now = library::library(ctx, id).await?;
        match now.state {
            LibraryState::Scanning => tokio::time::sleep(Duration::from_millis(5)).await,
            LibraryState::Idle => return Ok(now),
            LibraryState::Failed => return Err(now.problem.unwrap_or_default().into()),
        }
    }
}

/// Makes albums of twelve, each with a picture of its own, in four formats.
fn make(place: &Path, count: usize) -> Result<Vec<PathBuf>, Anything> {
    let marker = place.join(".made");
    let paths: Vec<PathBuf> = (0..count).map(|number| path(place, number)).collect();
    if marker.exists() {
        return Ok(paths);
    }
    fs::create_dir_all(place)?;
    let mut sounds = Vec::new();
    for ending in ENDINGS {
        let file = place.join(format!("sound.{ending}"));
        let name = file.to_string_lossy().into_owned();
        ffmpeg(&["-f", "lavfi", "-i", "sine=duration=3", &name])?;
        sounds.push(fs::read(&file)?);
        fs::remove_file(file)?;
    }
    let mut picture = Vec::new();
    for (number, file) in paths.iter().enumerate() {
        let (album, on_album) = (number / 12, number % 12);
        if on_album == 0 {
            let name = place.join("picture.jpg");
            let source = format!("testsrc2=size=500x500:duration=1:rate=1,hue=h={}", album % 360);
            let seed = format!("comment={album}");
            ffmpeg(&["-f", "lavfi", "-i", &source, "-frames:v", "1", "-metadata", &seed, &name.to_string_lossy()])?;
            picture = fs::read(&name)?;
            picture.extend(album.to_le_bytes());
            fs::remove_file(name)?;
            fs::create_dir_all(file.parent().ok_or("a folder")?)?;
        }
        fs::write(file, &sounds[album % ENDINGS.len()])?;
        let kind = Probe::open(file)?.read()?.primary_tag_type();
        let mut tag = Tag::new(kind);
        tag.insert_text(ItemKey::TrackTitle, format!("Song number {number}"));
        tag.insert_text(ItemKey::TrackArtist, format!("Artist {}", album / 3));
        tag.insert_text(ItemKey::AlbumArtist, format!("Artist {}", album / 3));
        tag.insert_text(ItemKey::AlbumTitle, format!("Album {album}"));
        tag.insert_text(ItemKey::TrackNumber, (on_album + 1).to_string());
        tag.insert_text(ItemKey::RecordingDate, (1960 + album % 60).to_string());
        tag.insert_text(ItemKey::Genre, "Rock".to_owned());
        tag.push_picture(Picture::unchecked(picture.clone()).pic_type(PictureType::CoverFront).build());
        tag.save_to_path(file, WriteOptions::default())?;
    }
    fs::write(marker, "")?;
    Ok(paths)
}

const ENDINGS: [&str; 4] = ["flac", "mp3", "m4a", "opus"];

fn path(place: &Path, number: usize) -> PathBuf {
    let album = number / 12;
    let ending = ENDINGS[album % ENDINGS.len()];
    place.join(format!("Artist {}/Album {album}/{:02}.{ending}", album / 3, number % 12 + 1))
}

fn ffmpeg(args: &[&str]) -> Result<(), Anything> {
    #[expect(clippy::disallowed_methods, reason = "makes the files that are measured")]
    let mut command = std::process::Command::new("ffmpeg");
    let done = command.args(["-v", "error", "-y"]).args(args).status()?;
    if done.success() { Ok(()) } else { Err("ffmpeg failed".into()) }
}
