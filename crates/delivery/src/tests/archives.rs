//! Many files as one: whole, in parts, and broken off rather than wrong.

use std::{
    fmt::Write as _,
    fs::{self, File, FileTimes, OpenOptions},
    io::Write as _,
    os::unix::fs::{FileExt as _, MetadataExt as _, symlink},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{Ctx, db::Engine, id::UserId, testkit::World};

use super::file_source;
use crate::{Archive, ArchiveError, Asked, Config, Direct, Packed, PackedFolder, Packer, parts_and_direct};

/// Long ago, so that what is written in a test has another time.
const LONG_AGO: Duration = Duration::from_secs(1_600_000_000);

fn door(ctx: &Ctx) -> Direct {
    parts_and_direct(ctx.clone(), Config::default()).2
}

fn ann() -> Packer {
    Packer::Member(UserId(1))
}

/// Runs a program of others and gives what it says.
pub(crate) fn run(program: &str, args: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "programs of others read what we wrote")]
    let mut command = std::process::Command::new(program);
    let output = command.args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What Python's own reader finds in an archive, a line for each file: name, size, checksum of what it reads, time.
const LIST: &str = "
import sys, zipfile, zlib
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    for i in z.infolist():
        assert i.compress_type == 0 and i.flag_bits == 0x800, i
        print(i.filename, i.file_size, zlib.crc32(z.read(i)), '%04d-%02d-%02d %02d:%02d:%02d' % i.date_time)
";

/// A folder with some files, each with its own bytes.
struct Files {
    folder: PathBuf,
    sizes: Vec<usize>,
}

impl Files {
    fn new(world: &World, sizes: &[usize]) -> Self {
        let files = Self { folder: world.folder.path().to_owned(), sizes: sizes.to_vec() };
        for number in 0..sizes.len() {
            fs::write(files.path(number), files.bytes(number)).expect("written");
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + LONG_AGO);
            let file = OpenOptions::new().append(true).open(files.path(number)).expect("opened");
            file.set_times(times).expect("set");
        }
        files
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number}.flac"))
    }

    fn bytes(&self, number: usize) -> Vec<u8> {
        (0..self.sizes[number]).map(|at| u8::try_from((at * 7 + number) % 251).expect("small")).collect()
    }

    /// An archive of them all, under names that must be mended.
    fn archive(&self) -> Archive {
        let packed = |number: usize| Packed {
            name: format!("{number:02} Où/est: «the»?"),
            file: file_source(&self.path(number), "audio/flac", "flac"),
        };
        let files = (0..self.sizes.len()).map(packed).collect();
        Archive::new("../Ann: Gift", vec![PackedFolder { name: None, files }])
    }
}

struct Sent {
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Vec<u8>, axum::Error>,
}

impl Sent {
    fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

async fn ask(door: &Direct, archive: Archive, method: Method, asked: &[(HeaderName, &str)]) -> Sent {
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        headers.insert(name.clone(), HeaderValue::from_str(value).expect("a header"));
    }
    let asked = Asked { method: &method, headers: &headers };
    let response = door.archive(archive, &ann(), asked).await.expect("there is one");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec());
    Sent { status: parts.status, headers: parts.headers, body }
}

async fn whole(door: &Direct, archive: Archive) -> Vec<u8> {
    let sent = ask(door, archive, Method::GET, &[]).await;
    assert_eq!(sent.status, StatusCode::OK);
    let told = sent.header(&header::CONTENT_LENGTH).parse::<usize>().expect("a length");
    let body = sent.body.expect("it comes whole");
    assert_eq!(body.len(), told, "it is as long as was said");
    body
}

#[tokio::test]
async fn programs_of_others_read_an_archive() {
    let world = World::new(Engine::Sqlite).await;
    let files = Files::new(&world, &[10, 0, 700_000, 1]);
    let door = door(&world.ctx);
    let body = whole(&door, files.archive()).await;
    let path = world.folder.path().join("a.zip");
    fs::write(&path, &body).expect("written");
    let path = path.to_str().expect("text");
    let mut expected = String::new();
    for number in 0..4 {
        let bytes = files.bytes(number);
        let sum = crc32fast::hash(&bytes);
        let name = format!("_._Ann_ Gift/{number:02} Où_est_ «the»_.flac");
        let _ = writeln!(expected, "{name} {} {sum} 2020-09-13 12:26:40", bytes.len());
    }
    assert_eq!(run("python3", &["-c", LIST, path]), expected);
    let sent = ask(&door, files.archive(), Method::HEAD, &[]).await;
    assert_eq!(sent.header(&header::CONTENT_TYPE), "application/zip");
    assert!(
        sent.header(&header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"_._Ann_ Gift.zip\"")
    );
    assert_eq!(sent.header(&header::CONTENT_LENGTH), body.len().to_string());
    assert!(sent.body.expect("an end").is_empty());
}

#[tokio::test]
async fn a_part_is_of_the_very_same_bytes_also_after_a_restart() {
    let world = World::new(Engine::Sqlite).await;
    let files = Files::new(&world, &[300, 0, 600_000, 50]);
    let first = door(&world.ctx);
    let all = whole(&first, files.archive()).await;
    let tag = ask(&first, files.archive(), Method::HEAD, &[]).await.header(&header::ETAG).to_owned();
    let end = all.len();
    let parts = [
        (0, 0),
        (0, end - 1),
        (29, 400),
        (310, 340),
        (5_000, 400_000),
        (599_000, end - 1),
        (end - 1, end - 1),
        (end - 30, end - 3),
    ];
    for (from, to) in parts {
        // One that knows no checksum yet must read for them what it does not send.
        for door in [&first, &door(&world.ctx)] {
            let range = format!("bytes={from}-{to}");
            let asked = [(header::RANGE, range.as_str()), (header::IF_RANGE, tag.as_str())];
            let sent = ask(door, files.archive(), Method::GET, &asked).await;
            assert_eq!(sent.status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert!(sent.body.expect("it comes whole") == all[from..=to], "{range}");
            assert_eq!(sent.headers[header::CONTENT_RANGE], format!("bytes {from}-{to}/{end}"));
        }
    }
    for (asked, status) in [
        ((header::RANGE, format!("bytes={end}-")), StatusCode::RANGE_NOT_SATISFIABLE),
        ((header::IF_NONE_MATCH, tag.clone()), StatusCode::NOT_MODIFIED),
        ((header::IF_MATCH, "\"other\"".to_owned()), StatusCode::PRECONDITION_FAILED),
    ] {
        let sent = ask(&first, files.archive(), Method::GET, &[(asked.0, asked.1.as_str())]).await;
        assert_eq!(sent.status, status);
    }
    // Another state of a file is another archive, of which no part fits.
    fs::write(files.path(3), [1; 50]).expect("written");
    let asked = [(header::RANGE, "bytes=10-20"), (header::IF_RANGE, tag.as_str())];
    let sent = ask(&first, files.archive(), Method::GET, &asked).await;
    assert_eq!((sent.status, sent.body.expect("whole").len()), (StatusCode::OK, end));
    assert_ne!(sent.headers[header::ETAG], tag);
}

/// Writes a byte into a file and puts its time of modification back, as programs that write tags do.
fn change_unseen(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).expect("opened");
    let before = file.metadata().expect("known");
    let times = FileTimes::new().set_modified(before.modified().expect("a time"));
    // The clock of a file system has steps; a change within one of them would be no change.
    while file.metadata().expect("known").ctime_nsec() == before.ctime_nsec() {
        file.write_all_at(b"!", 0).expect("written");
        file.set_times(times).expect("set");
    }
}

/// What happens to the second of two files.
type Change = fn(&Path);

#[tokio::test]
async fn a_file_that_goes_or_changes_breaks_the_transfer_off() {
    let changes: [(&str, Change); 6] = [
        ("gone", |path| fs::remove_file(path).expect("removed")),
        ("grown", |path| {
            let mut file = OpenOptions::new().append(true).open(path).expect("opened");
            file.write_all(b"more").expect("written");
        }),
        ("cut", |path| File::options().write(true).open(path).and_then(|file| file.set_len(5)).expect("cut")),
        ("other bytes", change_unseen),
        ("replaced", |path| {
            let bytes = fs::read(path).expect("read");
            fs::remove_file(path).expect("removed");
            fs::write(path, bytes).expect("written");
        }),
        ("a link", |path| {
            let other = path.with_extension("other");
            fs::rename(path, &other).expect("moved");
            symlink(&other, path).expect("linked");
        }),
    ];
    for (what, change) in changes {
        let world = World::new(Engine::Sqlite).await;
        let files = Files::new(&world, &[100, 900_000, 100]);
        let door = door(&world.ctx);
        let headers = HeaderMap::new();
        let asked = Asked { method: &Method::GET, headers: &headers };
        let response = door.archive(files.archive(), &ann(), asked).await.expect("there is one");
        let told = response.headers()[header::CONTENT_LENGTH].to_str().expect("text").parse::<usize>();
        change(&files.path(1));
        let mut body = response.into_body();
        let mut read = 0;
        let broke = loop {
            match body.frame().await {
                Some(Ok(frame)) => read += frame.into_data().map_or(0, |bytes| bytes.len()),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert!(broke, "{what}");
        assert!(read < told.expect("a length") && read >= 100, "{what}: the first file came, {read}");
    }
}

#[tokio::test]
async fn a_file_that_changes_in_the_middle_is_not_given_to_its_end() {
    let world = World::new(Engine::Sqlite).await;
    let files = Files::new(&world, &[900_000]);
    let door = door(&world.ctx);
    let headers = HeaderMap::new();
    let asked = Asked { method: &Method::GET, headers: &headers };
    let response = door.archive(files.archive(), &ann(), asked).await.expect("there is one");
    let mut body = response.into_body();
    let mut read = 0;
    while read < 300_000 {
        let frame = body.frame().await.expect("there is more").expect("it is as it was");
        read += frame.into_data().map_or(0, |bytes| bytes.len());
    }
    let mut file = OpenOptions::new().append(true).open(files.path(0)).expect("opened");
    file.write_all(b"more").expect("written");
    assert!(body.collect().await.is_err());
}

#[tokio::test]
async fn what_is_not_there_refuses_the_archive_and_says_which() {
    let world = World::new(Engine::Sqlite).await;
    let files = Files::new(&world, &[10, 10]);
    let door = door(&world.ctx);
    let headers = HeaderMap::new();
    let asked = Asked { method: &Method::GET, headers: &headers };
    fs::remove_file(files.path(1)).expect("removed");
    for stage in ["nothing", "a link", "a folder"] {
        match stage {
            "a link" => symlink(files.path(0), files.path(1)).expect("linked"),
            "a folder" => {
                fs::remove_file(files.path(1)).expect("removed");
                fs::create_dir(files.path(1)).expect("made");
            }
            _ => {}
        }
        let refused = door.archive(files.archive(), &ann(), asked).await;
        let Err(ArchiveError::Incomplete(name)) = refused else { panic!("{stage}: {refused:?}") };
        assert_eq!(name, "_._Ann_ Gift/01 Où_est_ «the»_.flac", "{stage}");
    }
}

#[tokio::test]
async fn an_asker_has_three_at_once_and_a_place_is_free_again_with_its_body() {
    let world = World::new(Engine::Sqlite).await;
    let files = Files::new(&world, &[10]);
    let door = door(&world.ctx);
    let headers = HeaderMap::new();
    let asked = Asked { method: &Method::GET, headers: &headers };
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(door.archive(files.archive(), &ann(), asked).await.expect("a place"));
    }
    let refused = door.archive(files.archive(), &ann(), asked).await;
    assert!(matches!(refused, Err(ArchiveError::AskerBusy)), "{refused:?}");
    let only_head = Asked { method: &Method::HEAD, headers: &headers };
    door.archive(files.archive(), &ann(), only_head).await.expect("what sends nothing takes no place");
    let bob = Packer::Member(UserId(2));
    door.archive(files.archive(), &bob, asked).await.expect("others have their own");
    let body = held.pop().expect("three").into_body();
    body.collect().await.expect("it comes whole");
    door.archive(files.archive(), &ann(), asked).await.expect("what is read is over");
    drop(held);
    door.archive(files.archive(), &ann(), asked).await.expect("and so is what was dropped");
}
