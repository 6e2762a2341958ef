//! Sound made into another form while somebody listens: how many may at once, and where the source is.
//!
//! Each listener has some places and the house has some; who finds none waits for a moment, since the one who just went
//! on to the next song has not quite gone from the last, and is then told to come again. A place is kept until ffmpeg has
//! ended, which is long before the song has when the listener's side keeps what comes. What was made and is not yet taken
//! lies in memory, so that there is a number of answers, too, of which a listener has no more.
//!
//! Whether somebody may hear the source is decided by who calls.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use catalog::media::{Source, SourceFile};
use kernel::{Ctx, Fault, blob::BlobKey, id::UserId, seats::Seats};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    disk::{self, Floor},
    encode,
    media::{Engine, MediaError, Order, SoundForm, Transcode, is_lossless},
};

/// How long somebody waits for a place.
pub const WAIT_MAX: Duration = Duration::from_secs(5);
/// Those who wait for a place of the house; further ones are told at once. One listener is in this line no more often
/// than they have places of their own, so that nobody fills it.
const WAITING_MAX: usize = 64;
/// Answers of one listener that wait for a place, are made, or are not yet taken: each may hold a MiB.
pub const OPEN_MAX: usize = 16;
/// Transcodings of one listener at once, unless the house has fewer: what plays, what comes next, and what an app keeps.
const EACH_MAX: usize = 4;

/// How transcodings run.
#[derive(Clone, Debug)]
pub struct TranscodeConfig {
    /// The folder for copies of sources that lie in an object store. One process owns it.
    pub scratch: PathBuf,
    /// The room on the disk that copies leave free.
    pub floor: Floor,
    /// Transcodings that run at once; with 0 there are none.
    pub at_once: usize,
    /// Transcodings of one listener at once.
    pub each: usize,
}

impl TranscodeConfig {
    /// The defaults, with copies in `scratch`: four for each core and at least eight, since most of them stand still until
    /// the listener has room for more.
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let config = Self { scratch: scratch.into(), floor: Floor::default(), at_once: 0, each: EACH_MAX };
        config.at_once((cores * 4).max(8))
    }

    /// The same with so many at once.
    #[must_use]
    pub fn at_once(mut self, at_once: usize) -> Self {
        self.at_once = at_once.min(Semaphore::MAX_PERMITS);
        self.each = at_once.min(EACH_MAX);
        self
    }
}

/// Why nothing is made.
#[derive(Debug)]
pub enum TranscodeError {
    /// All places of the house are taken: come again in a moment.
    HouseBusy,
    /// All places of this listener are taken, or all the answers open that they may have: end one of them, or come again
    /// in a moment.
    ListenerBusy,
    /// This house makes none.
    Never,
    /// There is no room on the disk for a copy of the source.
    NoRoom,
    /// The source is not there any more.
    Gone,
    /// The media engine's reason.
    Media(MediaError),
    /// The program must answer for it.
    Fault(Fault),
}

impl From<Fault> for TranscodeError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<MediaError> for TranscodeError {
    fn from(error: MediaError) -> Self {
        if error.code() == "absent" { Self::Gone } else { Self::Media(error) }
    }
}

/// Makes sound into other forms. Cheap to clone; clones share their places.
#[derive(Clone, Debug)]
pub struct Transcoder {
    engine: Engine,
    config: Arc<TranscodeConfig>,
    places: Arc<Places>,
}

#[derive(Debug)]
struct Places {
    house: Arc<Semaphore>,
    line: Semaphore,
    /// Answers that are open.
    open: Seats,
    /// Those who have a place or wait for one; others are forgotten as new ones come.
    own: Mutex<HashMap<UserId, Weak<Semaphore>>>,
}

/// A copy of a source, gone with this.
struct Copied(PathBuf);

impl Drop for Copied {
    fn drop(&mut self) {
        // What can't be removed now goes at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Transcoder {
    /// One that uses `engine`.
    pub fn new(engine: Engine, config: TranscodeConfig) -> Self {
        let places = Places {
            house: Arc::new(Semaphore::new(config.at_once)),
            line: Semaphore::new(WAITING_MAX),
            open: Seats::new(OPEN_MAX),
            own: Mutex::default(),
        };
        Self { engine, config: Arc::new(config), places: Arc::new(places) }
    }

    /// Removes what an earlier run of the program left. Before the first transcoding.
    pub async fn sweep_at_start(&self) -> Result<(), Fault> {
        encode::sweep_scratch(self.config.scratch.clone()).await
    }

    /// Whether there are any at all.
    pub fn makes_any(&self) -> bool {
        self.config.at_once > 0
    }

    /// The order for all of `source` in a form from a place on, in milliseconds. Of a file that is no longer as large as the
    /// one that was scanned nobody knows how long it plays.
    pub async fn order(&self, source: &SourceFile, form: SoundForm, start_ms: u64) -> Order {
        let same = match source.place.path() {
            Some(path) => tokio::fs::metadata(path).await.is_ok_and(|now| now.len() == source.bytes),
            None => true,
        };
        let duration_ms = if same { source.duration_ms } else { 0 };
        Order { form, start_ms, duration_ms, exact: is_lossless(&source.codec), part: None }
    }

    /// Makes `source` into what `order` says, for `listener`, who may hear it. Answers when its beginning is there.
    pub async fn start(
        &self,
        ctx: &Ctx,
        listener: UserId,
        source: &SourceFile,
        order: Order,
    ) -> Result<Transcode, TranscodeError> {
        if !self.makes_any() {
            return Err(TranscodeError::Never);
        }
        let open = self.places.open.take(listener).ok_or(TranscodeError::ListenerBusy)?;
        let places = self.take_places(ctx, listener).await?;
        let (path, copied) = self.local(ctx, source).await?;
        let made = self.engine.transcode(&path, order, (copied, places), ctx.stop()).await?;
        Ok(made.holding(open))
    }

    async fn take_places(
        &self,
        ctx: &Ctx,
        listener: UserId,
    ) -> Result<[OwnedSemaphorePermit; 2], TranscodeError> {
        use TranscodeError::{HouseBusy, ListenerBusy};
        // First one's own: whoever has none left must not stand in the way of others, nor in their line.
        let own = wait(ctx, self.places.own(listener, self.config.each)).await.ok_or(ListenerBusy)?;
        let house = Arc::clone(&self.places.house);
        if let Ok(house) = Arc::clone(&house).try_acquire_owned() {
            return Ok([own, house]);
        }
        let _in_line = self.places.line.try_acquire().map_err(|_| HouseBusy)?;
        let house = wait(ctx, house).await.ok_or(HouseBusy)?;
        Ok([own, house])
    }

    /// The path of a source, and the copy that was made if it lies in an object store.
    async fn local(
        &self,
        ctx: &Ctx,
        source: &SourceFile,
    ) -> Result<(PathBuf, Option<Copied>), TranscodeError> {
        if let Some(path) = source.place.path() {
            return Ok((path, None));
        }
        let Source::Blob { key } = &source.place else { return Err(TranscodeError::Gone) };
        let key = BlobKey::new(key.as_str()).ok_or(TranscodeError::Gone)?;
        if let Some(path) = ctx.blobs().local_path(&key) {
            return Ok((path, None));
        }
        let scratch = &self.config.scratch;
        tokio::fs::create_dir_all(scratch).await.map_err(Fault::from)?;
        if disk::room(scratch, self.config.floor).await? < source.bytes {
            return Err(TranscodeError::NoRoom);
        }
        let path = scratch.join(ctx.next_id().to_string());
        let copied = Copied(path.clone());
        if !encode::fetch(ctx, &key, source.bytes, &path).await? {
            return Err(TranscodeError::Gone);
        }
        Ok((path, Some(copied)))
    }
}

impl Places {
    fn own(&self, listener: UserId, each: usize) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = own.get(&listener).and_then(Weak::upgrade) {
            return known;
        }
        own.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(each));
        own.insert(listener, Arc::downgrade(&places));
        places
    }
}

/// A place, if one becomes free in time.
async fn wait(ctx: &Ctx, places: Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    tokio::select! {
        biased;
        place = places.acquire_owned() => place.ok(),
        () = ctx.clock().sleep(WAIT_MAX) => None,
    }
}
