//! Blobs: the same rules for the folder and for S3.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use kernel::{
    blob::{BlobKey, Blobs, LocalBlobs, S3Blobs},
    random::Random,
    testkit::S3_VARIABLE,
};

fn key(text: &str) -> BlobKey {
    BlobKey::new(text).expect("a good key")
}

async fn rules(store: Arc<dyn Blobs>, folder: &str) {
    let one = key(&format!("{folder}/a/one.bin"));
    assert_eq!(store.get(&one).await.expect("works"), None);
    assert!(store.read(&one, 0..1).await.expect("works").is_none());
    store.delete(&one).await.expect("deleting nothing is no error");

    let bytes = Bytes::from((0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect::<Vec<u8>>());
    store.put(&one, bytes.clone()).await.expect("is kept");
    store.put(&one, bytes.clone()).await.expect("keeping it again is no error");
    assert_eq!(store.get(&one).await.expect("works"), Some(bytes.clone()));
    assert_eq!(store.info(&one).await.expect("works").expect("is there").bytes, 1_000_000);
    let stream = store.read(&one, 300_000..900_001).await.expect("works").expect("is there");
    let parts: Vec<Bytes> = stream.try_collect().await.expect("reads to the end");
    assert_eq!(parts.concat(), &bytes[300_000..900_001]);

    let file = tempfile::NamedTempFile::new().expect("a file");
    let large = vec![7_u8; 20 * 1024 * 1024];
    std::fs::write(file.path(), &large).expect("written");
    let two = key(&format!("{folder}/b/two.bin"));
    store.put_file(&two, file.path()).await.expect("is kept");
    assert_eq!(store.info(&two).await.expect("works").expect("is there").bytes, large.len() as u64);

    let listed = store.list(&key(folder)).await.expect("works");
    assert_eq!(listed.iter().map(|info| &info.key).collect::<Vec<_>>(), [&one, &two]);
    assert!(store.list(&key(&format!("{folder}/absent"))).await.expect("works").is_empty());

    store.delete(&one).await.expect("works");
    store.delete(&two).await.expect("works");
    assert!(store.list(&key(folder)).await.expect("works").is_empty());
}

#[tokio::test]
async fn a_folder_keeps_blobs() {
    let folder = tempfile::tempdir().expect("a folder");
    rules(Arc::new(LocalBlobs::open(folder.path()).expect("opens")), "rules").await;
}

#[tokio::test]
async fn an_s3_bucket_keeps_blobs() {
    let url = std::env::var(S3_VARIABLE).unwrap_or_else(|_| {
        panic!("{S3_VARIABLE} names no S3 bucket; run the tests with `cargo xtask test`")
    });
    let folder = format!("rules-{:x}", Random::System.below(u64::MAX));
    rules(Arc::new(S3Blobs::open(&url).expect("opens")), &folder).await;
}

#[tokio::test]
async fn what_was_unfinished_is_gone_after_a_restart_and_what_was_finished_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = LocalBlobs::open(folder.path()).expect("opens");
    store.put(&key("a/kept"), Bytes::from_static(b"kept")).await.expect("is kept");
    let part = folder.path().join(".unfinished").join("0-left-behind");
    std::fs::write(&part, b"half").expect("written");
    let again = LocalBlobs::open(folder.path()).expect("opens again");
    assert_eq!(again.clear_unfinished().expect("clears"), 1);
    assert!(!part.exists());
    assert_eq!(again.get(&key("a/kept")).await.expect("works"), Some(Bytes::from_static(b"kept")));
}

#[tokio::test]
async fn a_write_that_fails_leaves_no_name_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = LocalBlobs::open(folder.path()).expect("opens");
    // A file stands where a folder is needed.
    std::fs::write(folder.path().join("a"), b"in the way").expect("written");
    assert!(store.put(&key("a/b"), Bytes::from_static(b"x")).await.is_err());
    assert_eq!(store.get(&key("a/b")).await.expect("works"), None);
    assert_eq!(std::fs::read_dir(folder.path().join(".unfinished")).expect("is there").count(), 0);
}
