//! Originals: the files as they came, where a browser can play them.

use std::{
    collections::HashMap,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use catalog::{
    MediaId,
    media::{self, Media, Source},
};
use kernel::{Time, blob::BlobKey};

use crate::{
    error::Error,
    service::{Delivery, files, playable, segment::Bytes},
    wire,
};

/// How long a place is remembered; a source that moves is then found again.
const REMEMBERED_FOR: Duration = Duration::from_mins(2);
/// Places that are remembered at once.
const REMEMBERED_MAX: usize = 4096;

/// Where an original is and what it is.
#[derive(Debug)]
struct Place {
    source: Source,
    mime: Option<&'static str>,
}

/// Where originals were a moment ago, so that a player's many ranges don't each ask the database.
#[derive(Debug, Default)]
pub(crate) struct Originals {
    places: Mutex<HashMap<i64, (Time, Arc<Place>)>>,
}

impl Originals {
    /// Remembers where a media's original is.
    pub(crate) fn remember(&self, facts: &Media, now: Time) {
        let place = Place { source: facts.file.place.clone(), mime: playable::mime(&facts.file) };
        self.keep(facts.id, Arc::new(place), now);
    }

    fn keep(&self, media: MediaId, place: Arc<Place>, now: Time) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= REMEMBERED_MAX {
            places.retain(|_, (until, _)| *until > now);
        }
        if places.len() >= REMEMBERED_MAX {
            // It only costs a question to the database each.
            places.clear();
        }
        places.insert(media.0, (now.plus(REMEMBERED_FOR), place));
    }

    fn find(&self, media: MediaId, now: Time) -> Option<Arc<Place>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&media.0).filter(|(until, _)| *until > now).map(|(_, place)| Arc::clone(place))
    }
}

/// An original, ready to be sent.
#[derive(Debug)]
pub(crate) struct Original {
    /// Its bytes.
    pub bytes: Bytes,
    /// How many.
    pub length: u64,
    /// Its type.
    pub mime: &'static str,
    /// Its tag.
    pub etag: http::HeaderValue,
    /// When it last changed, in seconds since 1970.
    pub modified_s: Option<u64>,
}

impl Delivery {
    /// Opens the original of a media. A file that has changed since it was scanned is sent as it is now, under another
    /// tag; one that is gone, or that no browser plays, is absent.
    pub(crate) async fn original(&self, id: MediaId) -> Result<Original, Error> {
        let place = match self.originals.find(id, self.ctx.now()) {
            Some(place) => place,
            None => self.look_up(id).await?,
        };
        self.open(&place.source, place.mime.ok_or(Error::Absent)?).await
    }

    /// Opens a source, of whatever kind it is; see [`Delivery::original`].
    pub(crate) async fn open(&self, source: &Source, mime: &'static str) -> Result<Original, Error> {
        match source {
            Source::File { .. } => file(source.path().ok_or(Error::Absent)?, mime, None).await,
            Source::Run { .. } => Err(Error::Absent),
            Source::Blob { key } => {
                let key = BlobKey::new(key.as_str()).ok_or(Error::Absent)?;
                // A blob never changes, so its name can stand for its bytes.
                let etag = wire::tag_of(key.as_str().as_bytes());
                if let Some(path) = self.ctx.blobs().local_path(&key) {
                    return file(path, mime, Some(etag)).await;
                }
                let length = self.ctx.blobs().info(&key).await?.ok_or(Error::Absent)?.bytes;
                Ok(Original { bytes: Bytes::Store(key, length), length, mime, etag, modified_s: None })
            }
        }
    }

    async fn look_up(&self, id: MediaId) -> Result<Arc<Place>, Error> {
        let found = self.ctx.db().read(move |tx| media::get(tx, id)).await?;
        let facts = found.ok_or(Error::Absent)?;
        let place = Arc::new(Place { mime: playable::mime(&facts.file), source: facts.file.place });
        self.originals.keep(id, Arc::clone(&place), self.ctx.now());
        Ok(place)
    }
}

async fn file(path: PathBuf, mime: &'static str, etag: Option<http::HeaderValue>) -> Result<Original, Error> {
    let opened = files::blocking(move || files::open_regular(&path)).await?;
    let (file, data) = opened.ok_or(Error::Absent)?;
    let length = data.len();
    // To the nanosecond, with the file's number and size, this is as good as a hash of the bytes.
    let state = format!("{:x}.{:x}.{:x}.{length:x}", data.mtime(), data.mtime_nsec(), data.ino());
    let etag = etag.or_else(|| wire::tag(&state)).ok_or(Error::Absent)?;
    let modified_s = u64::try_from(data.mtime()).ok();
    Ok(Original { bytes: Bytes::File(Arc::new(file), length), length, mime, etag, modified_s })
}
