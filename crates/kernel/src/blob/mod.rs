//! Blobs: named bytes that are written once, whole, and durable before anybody is told of them.

mod local;
mod s3;

use std::{fmt, ops::Range, path::Path, path::PathBuf, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

pub use local::LocalBlobs;
pub use s3::S3Blobs;

use crate::Fault;

/// Longest name of a blob.
const KEY_CHARS_MAX: usize = 200;

/// The name of a blob: parts of `a-z 0-9 . _ -` with `/` between them, none of them beginning with a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey(String);

impl BlobKey {
    /// Checks a name; `None` when it is not one that a blob can have.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let good = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
        };
        let parts_good =
            text.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(good));
        (text.len() <= KEY_CHARS_MAX && parts_good).then_some(Self(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the store knows of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its name.
    pub key: BlobKey,
    /// Its size.
    pub bytes: u64,
}

/// Bytes as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// Where blobs are kept.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps `bytes` under `key`; durable when this returns. Writing the same again is no error.
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), Fault>;

    /// Keeps a finished local file under `key`; durable when this returns. The file is moved or read, and may be gone
    /// afterwards.
    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<(), Fault>;

    /// The whole blob; `None` when there is none. For blobs that are known to be small.
    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, Fault>;

    /// The bytes in `range`, which the caller has checked against the size; `None` when there is no such blob.
    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Option<ByteStream>, Fault>;

    /// What is known of a blob; `None` when there is none.
    async fn info(&self, key: &BlobKey) -> Result<Option<BlobInfo>, Fault>;

    /// Forgets a blob; no error when there is none.
    async fn delete(&self, key: &BlobKey) -> Result<(), Fault>;

    /// All blobs whose names begin with `folder` and a `/`, in the order of their names.
    async fn list(&self, folder: &BlobKey) -> Result<Vec<BlobInfo>, Fault>;

    /// The blob as a local file, where the store has such; the shortest way from store to socket.
    fn local_path(&self, key: &BlobKey) -> Option<PathBuf>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_the_store() {
        for bad in ["", "/", "a//b", "../a", "a/../b", "a/.tmp", "A", "a b", "a\n", "a/", "/a", "ä"] {
            assert!(BlobKey::new(bad).is_none(), "{bad:?}");
        }
        assert!(BlobKey::new("a".repeat(KEY_CHARS_MAX + 1)).is_none());
        assert!(BlobKey::new("media/42/0a-b.m4s").is_some());
    }
}
