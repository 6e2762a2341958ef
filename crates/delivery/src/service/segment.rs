//! Segments: out of memory, else off the disk or the object store, and never with the database.

use std::{fs::File, path::PathBuf, sync::Arc};

use kernel::{Fault, blob::BlobKey};

use crate::{
    cache::Hot,
    error::Error,
    service::{Delivery, files},
    wire,
};

/// Segments that are read into memory at once; further ones wait their turn.
pub(crate) const READS_AT_ONCE: usize = 16;

/// Where the bytes of a blob are.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    /// In memory.
    Hot(Hot),
    /// In an open file, too large for memory.
    File(Arc<File>, u64),
    /// In the object store, too large for memory.
    Store(BlobKey, u64),
}

impl Delivery {
    /// The segment of this name, which the path's grammar has checked.
    pub(crate) async fn segment(&self, name: &str) -> Result<Bytes, Error> {
        if let Some(hot) = self.cache.get(name) {
            return Ok(Bytes::Hot(hot));
        }
        let key = BlobKey::new(format!("media/{name}")).ok_or(Error::Absent)?;
        self.flights.share(name, self.fetch(name, key)).await
    }

    /// Reads a blob, into memory and the cache when it is small. `name` is its place in the cache.
    pub(crate) async fn fetch(&self, name: &str, key: BlobKey) -> Result<Bytes, Error> {
        // Whoever was a moment earlier may have fetched it.
        if let Some(hot) = self.cache.get(name) {
            return Ok(Bytes::Hot(hot));
        }
        let file_name = key.as_str().rsplit('/').next().unwrap_or_default();
        let etag = wire::tag(file_name).ok_or(Error::Absent)?;
        let _turn = self.reads.acquire().await.map_err(|_| Fault::new("the turns to read are over"))?;
        let small = self.cache.entry_bytes_max() as u64;
        let found = match self.ctx.blobs().local_path(&key) {
            Some(path) => read_local(path, small).await?,
            None => self.read_store(&key, small).await?,
        };
        match found.ok_or(Error::Absent)? {
            Found::Small(bytes) => {
                let hot = Hot { bytes, etag };
                self.cache.put(name, hot.clone());
                Ok(Bytes::Hot(hot))
            }
            Found::Large(file, length) => Ok(Bytes::File(Arc::new(file), length)),
            Found::Remote(length) => Ok(Bytes::Store(key, length)),
        }
    }

    async fn read_store(&self, key: &BlobKey, small: u64) -> Result<Option<Found>, Fault> {
        let Some(info) = self.ctx.blobs().info(key).await? else { return Ok(None) };
        if info.bytes > small {
            return Ok(Some(Found::Remote(info.bytes)));
        }
        Ok(self.ctx.blobs().get(key).await?.map(Found::Small))
    }
}

enum Found {
    Small(bytes::Bytes),
    Large(File, u64),
    Remote(u64),
}

/// Opens, measures and reads in one hop to a thread that may block.
async fn read_local(path: PathBuf, small: u64) -> Result<Option<Found>, Fault> {
    files::blocking(move || {
        let Some((file, data)) = files::open_regular(&path)? else { return Ok(None) };
        if data.len() > small {
            return Ok(Some(Found::Large(file, data.len())));
        }
        let bytes = files::read_all(&file, data.len())?;
        Ok(Some(Found::Small(bytes)))
    })
    .await
}
