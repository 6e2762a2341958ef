//! Originals: a library's files as they lie on the disk, uploads as they came.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use catalog::MediaId;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{db::Engine, testkit::World};

use super::{House, blob_source, file_source};

struct Shelf {
    _world: World,
    house: House,
    file: PathBuf,
    media: MediaId,
}

impl Shelf {
    /// A library's file of a million bytes; its name is neither text nor harmless.
    async fn new() -> Self {
        let world = World::new(Engine::Sqlite).await;
        let house = House::new(&world.ctx);
        let file = world.folder.path().join(OsStr::from_bytes(b"S\xf6ng \"1\"\r\n.flac"));
        fs::write(&file, bytes()).expect("written");
        let (_, media) = house.add_track(file_source(&file, "audio/flac", "flac")).await;
        Self { _world: world, house, file, media }
    }

    fn path(&self) -> String {
        self.house.path(self.media, "original")
    }
}

fn bytes() -> Vec<u8> {
    (0..250_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[tokio::test]
async fn a_librarys_file_is_streamed_with_ranges() {
    let shelf = Shelf::new().await;
    let whole = shelf.house.get(&shelf.path()).await;
    assert_eq!((whole.status, whole.body == bytes()), (StatusCode::OK, true));
    assert_eq!(whole.header(&header::CONTENT_TYPE), "audio/flac");
    assert_eq!(whole.header(&header::CACHE_CONTROL), "private, no-cache");
    assert_eq!(whole.header(&header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    let name = format!("inline; filename=\"odeon-{}.flac\"", shelf.media);
    assert_eq!(whole.header(&header::CONTENT_DISPOSITION), name, "the file's own name is not trusted");
    assert!(whole.header(&header::CONTENT_SECURITY_POLICY).contains("sandbox"));
    assert!(whole.headers.contains_key(header::LAST_MODIFIED));
    for (range, part) in [
        ("bytes=0-1", 0..2),
        ("bytes=262143-524289", 262_143..524_290),
        ("bytes=999999-", 999_999..1_000_000),
        ("bytes=-3", 999_997..1_000_000),
    ] {
        let answer = shelf.house.ask(Method::GET, &shelf.path(), &[(header::RANGE, range)]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
        assert!(answer.body == bytes()[part], "{range}");
    }
    let head = shelf.house.ask(Method::HEAD, &shelf.path(), &[]).await;
    assert_eq!((head.header(&header::CONTENT_LENGTH), head.body.len()), ("1000000", 0));
}

#[tokio::test]
async fn a_file_that_changed_has_another_tag() {
    let shelf = Shelf::new().await;
    let before = shelf.house.get(&shelf.path()).await;
    let (tag, since) = (before.header(&header::ETAG), before.header(&header::LAST_MODIFIED));
    let same = shelf.house.ask(Method::GET, &shelf.path(), &[(header::IF_NONE_MATCH, tag)]).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    let same = shelf.house.ask(Method::GET, &shelf.path(), &[(header::IF_MODIFIED_SINCE, since)]).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    // Same length, same second or not: another state.
    let mut other = bytes();
    other[0] ^= 1;
    fs::write(&shelf.file, &other).expect("written");
    let file = File::options().write(true).open(&shelf.file).expect("opens");
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).expect("is set");
    let resumed = [(header::RANGE, "bytes=0-9"), (header::IF_RANGE, tag)];
    let after = shelf.house.ask(Method::GET, &shelf.path(), &resumed).await;
    assert_eq!(after.status, StatusCode::OK, "a part of the new would not fit the old");
    assert!(after.body == other);
    assert_ne!(after.header(&header::ETAG), tag);
    assert_eq!(after.header(&header::LAST_MODIFIED), "Tue, 14 Nov 2023 22:13:20 GMT");
}

#[tokio::test]
async fn a_file_that_is_gone_or_no_file_is_absent() {
    let shelf = Shelf::new().await;
    assert_eq!(shelf.house.get(&shelf.path()).await.status, StatusCode::OK);
    fs::remove_file(&shelf.file).expect("removed");
    shelf.house.get(&shelf.path()).await.assert_absent();
    fs::create_dir(&shelf.file).expect("made");
    shelf.house.get(&shelf.path()).await.assert_absent();
    fs::remove_dir(&shelf.file).expect("removed");
    symlink("/etc/hostname", &shelf.file).expect("linked");
    shelf.house.get(&shelf.path()).await.assert_absent();
    fs::remove_file(&shelf.file).expect("removed");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &shelf.file,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .expect("a pipe is made");
    shelf.house.get(&shelf.path()).await.assert_absent();
    fs::remove_file(&shelf.file).expect("removed");
    let _socket = std::os::unix::net::UnixListener::bind(&shelf.file).expect("a socket is made");
    shelf.house.get(&shelf.path()).await.assert_absent();
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_breaks_off() {
    let shelf = Shelf::new().await;
    let response = shelf.house.send(Method::GET, &shelf.path(), &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    File::options().write(true).open(&shelf.file).expect("opens").set_len(10).expect("is cut");
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn an_upload_is_streamed_as_it_came() {
    let shelf = Shelf::new().await;
    shelf.house.put("originals/9/a.mp3", &bytes()).await;
    let (_, media) = shelf.house.add_track(blob_source("originals/9/a.mp3", "audio/mpeg", "mp3")).await;
    let path = shelf.house.path(media, "original");
    let part = shelf.house.ask(Method::GET, &path, &[(header::RANGE, "bytes=-4")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, 249_999_u32.to_le_bytes());
    assert_eq!(part.header(&header::CONTENT_TYPE), "audio/mpeg");
    let key = kernel::blob::BlobKey::new("originals/9/a.mp3").expect("a good name");
    shelf.house.ctx.blobs().delete(&key).await.expect("is deleted");
    shelf.house.get(&path).await.assert_absent();
}
