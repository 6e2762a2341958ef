//! Blobs in any store that speaks S3.

use std::{ops::Range, path::Path, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path as StorePath,
};
use tokio::io::AsyncReadExt as _;

use super::{BlobInfo, BlobKey, Blobs, ByteStream};
use crate::Fault;

/// Files above this are sent in parts, so that memory stays small.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that are under way at once.
const PARTS_AT_ONCE: usize = 4;

/// Blobs in an S3 bucket.
#[derive(Debug)]
pub struct S3Blobs {
    store: Arc<AmazonS3>,
}

impl S3Blobs {
    /// Opens the bucket that a URL names: `s3://bucket` takes keys, region and endpoint from the usual `AWS_…`
    /// variables; `http(s)://key:secret@host:port/bucket` says all of it.
    pub fn open(url: &str) -> Result<Self, Fault> {
        let unread = || {
            Fault::new(
                "the object store's URL can't be read; write s3://BUCKET or http://KEY:SECRET@HOST:PORT/BUCKET",
            )
        };
        let builder = if let Some(bucket) = url.strip_prefix("s3://") {
            AmazonS3Builder::from_env().with_bucket_name(bucket.trim_end_matches('/'))
        } else {
            let (scheme, rest) = url.split_once("://").ok_or_else(unread)?;
            let (keys, place) = rest.rsplit_once('@').ok_or_else(unread)?;
            let (key, secret) = keys.split_once(':').ok_or_else(unread)?;
            let (host, bucket) = place.split_once('/').ok_or_else(unread)?;
            AmazonS3Builder::new()
                .with_endpoint(format!("{scheme}://{host}"))
                .with_allow_http(scheme == "http")
                .with_bucket_name(bucket.trim_end_matches('/'))
                .with_access_key_id(key)
                .with_secret_access_key(secret)
                .with_region("us-east-1")
        };
        let store =
            builder.build().map_err(|error| Fault::from_error("the object store can't be opened", error))?;
        Ok(Self { store: Arc::new(store) })
    }
}

fn place(key: &BlobKey) -> StorePath {
    StorePath::from(key.as_str())
}

fn unwritten(error: object_store::Error) -> Fault {
    Fault::from_error("a blob can't be written to the object store", error)
}

fn absent<T>(result: object_store::Result<T>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(unread(error)),
    }
}

fn unread(error: object_store::Error) -> Fault {
    Fault::from_error("a blob can't be read from the object store", error)
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), Fault> {
        self.store.put(&place(key), PutPayload::from_bytes(bytes)).await.map_err(unwritten)?;
        Ok(())
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<(), Fault> {
        let mut source = tokio::fs::File::open(file).await?;
        if source.metadata().await?.len() <= PART_BYTES as u64 {
            let mut bytes = Vec::new();
            source.read_to_end(&mut bytes).await?;
            return self.put(key, bytes.into()).await;
        }
        let upload = self.store.put_multipart(&place(key)).await.map_err(unwritten)?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut buffer = vec![0; PART_BYTES];
        loop {
            let count = match source.read(&mut buffer).await {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => {
                    // What was sent would else be kept, and paid for, unseen.
                    let _ = parts.abort().await;
                    return Err(error.into());
                }
            };
            parts.wait_for_capacity(PARTS_AT_ONCE).await.map_err(unwritten)?;
            parts.write(&buffer[..count]);
        }
        parts.finish().await.map_err(unwritten)?;
        Ok(())
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, Fault> {
        let Some(found) = absent(self.store.get(&place(key)).await)? else { return Ok(None) };
        found.bytes().await.map(Some).map_err(unread)
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Option<ByteStream>, Fault> {
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        let Some(found) = absent(self.store.get_opts(&place(key), options).await)? else { return Ok(None) };
        Ok(Some(found.into_stream().map_err(unread).boxed()))
    }

    async fn info(&self, key: &BlobKey) -> Result<Option<BlobInfo>, Fault> {
        let found = absent(self.store.head(&place(key)).await)?;
        Ok(found.map(|meta| BlobInfo { key: key.clone(), bytes: meta.size }))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), Fault> {
        absent(self.store.delete(&place(key)).await).map(|_| ())
    }

    async fn list(&self, folder: &BlobKey) -> Result<Vec<BlobInfo>, Fault> {
        let metas: Vec<_> = self.store.list(Some(&place(folder))).try_collect().await.map_err(unread)?;
        let infos = metas.into_iter().filter_map(|meta| {
            Some(BlobInfo { key: BlobKey::new(meta.location.to_string())?, bytes: meta.size })
        });
        let mut infos: Vec<_> = infos.collect();
        infos.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(infos)
    }

    fn local_path(&self, _key: &BlobKey) -> Option<PathBuf> {
        None
    }
}
