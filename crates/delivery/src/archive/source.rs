//! A file that is packed: as it was found, and the same to its last byte or not at all.

use std::{
    fs::Metadata,
    io,
    ops::Range,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use catalog::media::{Source, SourceFile};
use futures_util::{StreamExt as _, stream};
use kernel::{
    Fault,
    blob::{BlobKey, Blobs, ByteStream},
};

use crate::service::files;

/// A file as it was found.
#[derive(Debug)]
pub(super) struct Found {
    place: Place,
    /// Its size.
    pub bytes: u64,
    /// When it changed, in seconds since 1970, where that is known.
    pub modified_s: Option<i64>,
    /// What is another as soon as its bytes are.
    pub state: String,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Store(BlobKey),
}

/// Looks where these files are; `None` for each that is not there.
pub(super) async fn find(blobs: &Arc<dyn Blobs>, files: &[SourceFile]) -> Result<Vec<Option<Found>>, Fault> {
    let mut places = Vec::with_capacity(files.len());
    for file in files {
        places.push(place(blobs, file));
    }
    files::blocking(move || places.into_iter().map(look).collect()).await
}

/// Where a file should be, with its size where nobody needs look, since a blob never changes.
fn place(blobs: &Arc<dyn Blobs>, file: &SourceFile) -> Option<(Place, u64)> {
    let place = match &file.place {
        Source::File { .. } => Place::File(file.place.path()?),
        Source::Run { .. } => return None,
        Source::Blob { key } => {
            let key = BlobKey::new(key.as_str())?;
            blobs.local_path(&key).map_or(Place::Store(key), Place::File)
        }
    };
    Some((place, file.bytes))
}

fn look(place: Option<(Place, u64)>) -> io::Result<Option<Found>> {
    let Some((place, bytes)) = place else { return Ok(None) };
    Ok(Some(match place {
        Place::Store(key) => {
            Found { state: key.to_string(), place: Place::Store(key), bytes, modified_s: None }
        }
        Place::File(path) => match files::look_at(&path)? {
            None => return Ok(None),
            Some(data) => Found {
                place: Place::File(path),
                bytes: data.len(),
                modified_s: Some(data.mtime()),
                state: state(&data),
            },
        },
    }))
}

/// With the time of the last change of whatever kind, since programs that write tags like to put the other one back.
fn state(data: &Metadata) -> String {
    format!(
        "{:x}.{:x}.{:x}.{:x}.{:x}.{:x}",
        data.mtime(),
        data.mtime_nsec(),
        data.ctime(),
        data.ctime_nsec(),
        data.ino(),
        data.len()
    )
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was packed")
}

impl Found {
    /// These bytes. The stream ends with an error as soon as the file is not what was found any more, and before its last
    /// piece is given.
    pub(super) async fn read(&self, blobs: &Arc<dyn Blobs>, range: Range<u64>) -> Result<ByteStream, Fault> {
        match &self.place {
            Place::File(path) => self.read_file(path, range).await,
            Place::Store(key) => self.read_blob(blobs, key, range).await,
        }
    }

    async fn read_file(&self, path: &Path, range: Range<u64>) -> Result<ByteStream, Fault> {
        let (path, as_found) = (path.to_owned(), self.state.clone());
        let file = files::blocking(move || {
            let opened = files::open_regular(&path)?;
            opened.filter(|(_, data)| state(data) == as_found).map(|(file, _)| file).ok_or_else(changed)
        });
        let (file, as_found) = (Arc::new(file.await?), Arc::new(self.state.clone()));
        let pieces = stream::try_unfold((file, as_found, range), |(file, as_found, range)| async move {
            if range.is_empty() {
                return Ok::<_, Fault>(None);
            }
            let part = range.start..range.end.min(range.start.saturating_add(files::CHUNK_BYTES));
            let rest = part.end..range.end;
            let (reader, then, is_last) = (Arc::clone(&file), Arc::clone(&as_found), rest.is_empty());
            let read = files::blocking(move || {
                let bytes = files::read_part(&reader, &part)?;
                if is_last && state(&reader.metadata()?) != *then {
                    return Err(changed());
                }
                Ok(bytes)
            });
            Ok(Some((read.await?, (file, as_found, rest))))
        });
        Ok(pieces.boxed())
    }

    async fn read_blob(
        &self,
        blobs: &Arc<dyn Blobs>,
        key: &BlobKey,
        range: Range<u64>,
    ) -> Result<ByteStream, Fault> {
        let gone = || Fault::new("a blob that was being packed is not there, or is another");
        let info = blobs.info(key).await?.filter(|info| info.bytes == self.bytes);
        info.ok_or_else(gone)?;
        if range.is_empty() {
            return Ok(stream::empty::<Result<Bytes, Fault>>().boxed());
        }
        blobs.read(key, range).await?.ok_or_else(gone)
    }
}
