//! Makes files: sound by ffmpeg, once for each format and test program, and tags by the tag library.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use lofty::{
    config::WriteOptions,
    file::TaggedFileExt,
    picture::{MimeType, Picture, PictureType},
    probe::Probe,
    tag::{ItemKey, Tag, TagExt},
};

/// Endings of the formats that most libraries are made of.
pub(crate) const FORMATS: [&str; 6] = ["flac", "mp3", "ogg", "opus", "m4a", "wav"];

/// Long ago, so that no file seems to be written to while it is scanned.
const MADE_AT: Duration = Duration::from_secs(1_600_000_000);

/// Runs a program on the test's own files.
pub(crate) fn run(program: &str, args: &[&str]) {
    #[expect(clippy::disallowed_methods, reason = "the test makes its own media")]
    let mut command = std::process::Command::new(program);
    let output = command.args(args).output().expect("the program starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What was made: by ending and tone.
type Made = HashMap<(String, u32), Vec<u8>>;

/// The bytes of a second of sound, a pitch of its own for each `tone`.
pub(crate) fn sound(ending: &str, tone: u32) -> Vec<u8> {
    static MADE: Mutex<Option<Made>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = made.get_or_insert_default();
    let bytes = made.entry((ending.to_owned(), tone)).or_insert_with(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(format!("sound.{ending}"));
        let source = format!("sine=frequency={}:duration=1", 200 + tone * 10);
        let codec = match ending {
            "ogg" => "libvorbis",
            "opus" => "libopus",
            "mp3" => "libmp3lame",
            "m4a" => "aac",
            "wma" => "wmav2",
            "mka" | "flac" => "flac",
            _ => "pcm_s16le",
        };
        let file = file.to_str().expect("text").to_owned();
        run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", &source, "-c:a", codec, "-bitexact", &file]);
        fs::read(file).expect("ffmpeg made it")
    });
    bytes.clone()
}

/// The bytes of a second of film.
pub(crate) fn film(ending: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(format!("film.{ending}"));
    let file = file.to_str().expect("text").to_owned();
    let mut args =
        vec!["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-f", "lavfi"];
    args.extend(["-i", "sine=duration=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]);
    args.extend(["-metadata", "title=A film", &file]);
    run("ffmpeg", &args);
    fs::read(file).expect("ffmpeg made it")
}

/// What a file is to say of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Song<'a> {
    pub(crate) title: &'a str,
    pub(crate) artist: &'a str,
    pub(crate) album: &'a str,
    pub(crate) number: u32,
    pub(crate) picture: Option<Vec<u8>>,
    pub(crate) more: Vec<(ItemKey, String)>,
}

pub(crate) fn song<'a>(title: &'a str, album: &'a str, number: u32) -> Song<'a> {
    Song { title, artist: "Ann", album, number, ..Song::default() }
}

/// Writes a file of sound with these tags.
pub(crate) fn write(path: &Path, tone: u32, song: &Song<'_>) -> PathBuf {
    let ending = path.extension().and_then(|ending| ending.to_str()).expect("an ending");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("a folder");
    }
    fs::write(path, sound(ending, tone)).expect("it can be written");
    tag(path, song);
    path.to_owned()
}

/// Tags a file anew.
pub(crate) fn tag(path: &Path, song: &Song<'_>) {
    let probe = Probe::open(path).expect("it opens").guess_file_type().expect("it reads");
    let file = probe.read().expect("it is sound");
    let mut tag = Tag::new(file.primary_tag_type());
    for (key, text) in [
        (ItemKey::TrackTitle, song.title),
        (ItemKey::TrackArtist, song.artist),
        (ItemKey::AlbumTitle, song.album),
    ] {
        if !text.is_empty() {
            tag.insert_text(key, text.to_owned());
        }
    }
    if song.number > 0 {
        tag.insert_text(ItemKey::TrackNumber, song.number.to_string());
    }
    for (key, text) in &song.more {
        tag.push(lofty::tag::TagItem::new(*key, lofty::tag::ItemValue::Text(text.clone())));
    }
    if let Some(bytes) = &song.picture {
        let picture =
            Picture::unchecked(bytes.clone()).pic_type(PictureType::CoverFront).mime_type(MimeType::Png);
        tag.push_picture(picture.build());
    }
    tag.save_to_path(path, WriteOptions::default()).expect("the tags can be written");
    age(path);
}

/// Makes a file look as if it were written long ago, each at a moment of its own.
pub(crate) fn age(path: &Path) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let later = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    set_time(path, SystemTime::UNIX_EPOCH + MADE_AT + Duration::from_secs(later));
}

pub(crate) fn set_time(path: &Path, time: SystemTime) {
    let file = File::options().append(true).open(path).expect("it opens");
    file.set_modified(time).expect("its time can be set");
}

/// Writes bytes that were there long ago.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> PathBuf {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("a folder");
    }
    fs::write(path, bytes).expect("it can be written");
    age(path);
    path.to_owned()
}

/// A picture of one colour.
pub(crate) fn png(colour: u8, edge: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("picture.png");
    let file = file.to_str().expect("text").to_owned();
    let source = format!("color=c=0x{colour:02x}4080:size={edge}x{edge}:duration=0.1:rate=10");
    run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", &source, "-frames:v", "1", &file]);
    fs::read(file).expect("ffmpeg made it")
}

/// Sets the time of a folder.
pub(crate) fn set_time_of(path: &Path, time: SystemTime) {
    File::open(path).and_then(|folder| folder.set_modified(time)).expect("its time can be set");
}

/// A picture of noise, which no format makes small.
pub(crate) fn noise(seed: u32, edge: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("noise.png");
    let file = file.to_str().expect("text").to_owned();
    let source =
        format!("color=c=gray:size={edge}x{edge}:duration=0.1:rate=10,noise=alls=100:all_seed={seed}");
    run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", &source, "-frames:v", "1", &file]);
    fs::read(file).expect("ffmpeg made it")
}
