//! The scan: brings the catalogue in step with what is in a library's folder.
//!
//! A scan is a leased job, keyed by its library. Four parts run at once, with bounded channels between them:
//! [`walk`] meets folders, [`compare`] finds those that have changed, readers ([`read`]) take tags, pictures and
//! samples of the changed files, [`write`] puts them into the database in batches. [`finish`] then hides what was not
//! met. None of them holds more than a bounded piece of the library.
//!
//! What is committed stays when the program is killed: folders that are through are passed over by their
//! fingerprints when the job is taken up again, files of others by their size and time.
//!
//! **Which files.** Those with an ending in `kind`'s lists; what they are, their content decides. Hidden files and
//! folders, and those that systems make, are passed over. Links are not followed.
//!
//! **Pictures.** The front cover in the tags, else another picture in them, else `cover.*`, `folder.*`, `front.*`,
//! `album.*`, `albumart.*` beside the file in this order, else that of the folder above when this is one disc of an
//! album.
//!
//! **Lyrics.** Those in the tags, and those in files beside the track with its name; see [`lyrics`]. When only such a
//! file has changed, nothing else is read.
//!
//! **Identity.** See [`identity`]: tracks keep their history through new tags, new names, new places, new
//! encodings, and through absence.
//!
//! **Watching.** A library is looked at again every so often ([`watch`]), and after a few seconds when a file
//! may still have been written to. A look at an unchanged library costs a listing of its folders.

mod apply;
mod compare;
pub(crate) mod cut;
mod finish;
mod identity;
mod kind;
mod lyrics;
mod pictures;
mod place;
mod probed;
mod progress;
mod read;
mod sample;
mod single;
mod sniff;
mod store;
mod tags;
mod trouble;
mod walk;
mod watch;
mod window;
mod write;

use std::{ffi::OsStr, num::NonZeroUsize, os::unix::ffi::OsStrExt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::{LibraryId, access};
use kernel::{
    Ctx, Fault, Time,
    error::FaultKind,
    jobs::{Handler, JobError, Lease},
};
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, task::JoinSet};

pub(crate) use self::single::{Looked, Single, look};
pub use self::watch::watch;

use self::{
    compare::{Compare, Known, Out, Piece, Stopped},
    pictures::{Last, Pictures},
    progress::Counter,
    read::Reader,
    write::{Done, Given, Scene, Writer, Written},
};
use crate::{library, media::Engine};

/// The kind of the jobs; their key is the library's number.
pub const JOB: &str = "ingest.scan";

/// Folders that wait to be compared.
const FOLDERS_WAITING_MAX: usize = 256;
/// Read pieces that wait to be written.
const PIECES_DONE_MAX: usize = 64;

/// Files of one transaction.
const BATCH_FILES: NonZeroUsize = NonZeroUsize::new(500).expect("500 is not 0");

/// What a job is to do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) library: LibraryId,
}

/// How libraries are scanned.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What looks into films and into sound that the tag library can't read.
    pub engine: Engine,
    /// How long after a scan the next one begins by itself; `None` for never.
    pub every: Option<Duration>,
    /// Files that are read at once; two for each core are usual, since each waits for the drive half of the time.
    pub readers: NonZeroUsize,
    /// Files that are written in one transaction, about: larger ones are quicker and hold others up for longer.
    pub batch_files: NonZeroUsize,
}

impl Settings {
    /// With two readers for each core and batches of 500 files.
    pub fn new(engine: Engine, every: Option<Duration>) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let readers = cores.saturating_mul(NonZeroUsize::MIN.saturating_add(1));
        Self { engine, every, readers, batch_files: BATCH_FILES }
    }
}

/// Does the scans; give it to the [`kernel::jobs::Runner`].
pub fn scan_handler(settings: Settings) -> impl Handler {
    ScanHandler { settings }
}

struct ScanHandler {
    settings: Settings,
}

#[async_trait]
impl Handler for ScanHandler {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let Request { library } = lease.payload()?;
        let Some(root) = library::store::root(ctx.db(), library).await? else { return Ok(()) };
        let scene = Scene {
            ctx: ctx.clone(),
            lease: lease.clone(),
            library,
            library_name: root.name.as_str().into(),
            pass: ctx.next_id(),
        };
        let work = async {
            if root.removed {
                finish::remove(&scene).await.map_err(Stopped::Fault)
            } else {
                Box::pin(scan(&scene, &root, &self.settings)).await
            }
        };
        let done = tokio::select! {
            done = work => done.map_err(job_error),
            () = lease.cancelled().cancelled() => Err(JobError::HandBack),
        };
        if let Err(JobError::Retry(why)) = &done {
            tell_why(&scene, why).await;
        }
        done
    }

    async fn gave_up(&self, ctx: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
        let Some(library) = key.and_then(|key| key.parse().ok()) else { return Ok(()) };
        let due = self.settings.every.map_or(Time(i64::MAX), |every| ctx.now().plus(every));
        let reason = reason.to_owned();
        ctx.db()
            .write(move |tx| {
                library::store::set_failed(tx, library, &reason, due)?;
                tx.wake(library::TOPIC_LIBRARIES);
                Ok(())
            })
            .await
    }
}

/// Shows why a scan has to be tried again, as far as that can be written at all.
async fn tell_why(scene: &Scene, why: &str) {
    let problem = format!("The scan broke off and is tried again: {why}.");
    let inner = scene.clone();
    let told = scene.ctx.db().write(move |tx| {
        inner.lease.guard(tx)?;
        library::store::set_problem(tx, inner.library, &problem)?;
        tx.wake(library::TOPIC_LIBRARIES);
        Ok::<_, Fault>(())
    });
    if let Err(fault) = told.await {
        tracing::warn!(library.id = %scene.library, "why a scan broke off can't be written: {fault}");
    }
}

fn job_error(stopped: Stopped) -> JobError {
    match stopped {
        Stopped::Root(why) => JobError::Fatal(why),
        Stopped::Fault(fault) if fault.kind() == FaultKind::Stopping => JobError::HandBack,
        Stopped::Fault(fault) => JobError::Retry(fault.to_string()),
        Stopped::Unheard => JobError::Retry("A part of the scan stopped early.".to_owned()),
    }
}

/// One scan from beginning to end.
/// Sees to it that somebody may see what the scan will find.
async fn ensure_access(scene: &Scene) -> Result<(), Fault> {
    let (scene, db) = (scene.clone(), scene.ctx.db().clone());
    let entered = db.write(move |tx| {
        scene.lease.guard(tx)?;
        Ok::<_, library::Error>(access::ensure(tx, scene.library, scene.ctx.now())?)
    });
    entered.await.map_err(|error| Fault::from_error("a library's rights can't be entered", error))
}

async fn scan(scene: &Scene, library: &library::store::Root, settings: &Settings) -> Result<(), Stopped> {
    let ctx = &scene.ctx;
    ensure_access(scene).await.map_err(Stopped::Fault)?;
    place::place_known(scene).await.map_err(Stopped::Fault)?;
    let root = PathBuf::from(OsStr::from_bytes(&library.path));
    let anything_known = store::any_file(ctx.db()).await?;
    let counter = Arc::new(Counter::default());
    let readers = settings.readers.get();
    let (met_in, met) = async_channel::bounded(FOLDERS_WAITING_MAX);
    let (pieces_in, pieces) = async_channel::bounded(readers * 2);
    let (notes_in, notes) = async_channel::bounded(FOLDERS_WAITING_MAX);
    let (done_in, done) = async_channel::bounded(PIECES_DONE_MAX.max(readers));
    // They end when the channels do, also when this future is dropped in the middle.
    let mut threads = JoinSet::new();
    let walk_root = root.clone();
    threads.spawn_blocking(move || walk::walk(&walk_root, &met_in));
    let pictures = Arc::new(Pictures::new(ctx));
    for _ in 0..readers {
        let reader = Reader {
            root: root.clone(),
            clock: ctx.clock().clone(),
            engine: settings.engine.clone(),
            pictures: Arc::clone(&pictures),
            last: Last::default(),
            handle: Handle::current(),
            cancel: scene.lease.cancelled().clone(),
        };
        let (pieces, done_in) = (pieces.clone(), done_in.clone());
        threads.spawn_blocking(move || read_pieces(reader, &pieces, &done_in));
    }
    drop((pieces, done_in, pictures));
    let compare = Compare {
        ctx: ctx.clone(),
        root,
        had_files: library.files > 0,
        known: Known::new(ctx.db().clone(), library.id),
        out: Out { pieces: pieces_in, notes: notes_in },
        counter: Arc::clone(&counter),
    };
    let given = Given {
        files_before: library.files,
        anything_known,
        counter: Arc::clone(&counter),
        batch_files: settings.batch_files.get(),
    };
    let writer = Writer::new(scene.clone(), given);
    let written = Box::pin(together(compare.run(met), writer.run(done, notes))).await?;
    while let Some(ended) = threads.join_next().await {
        ended.map_err(|error| Fault::from_error("a part of the scan broke off", error))?;
    }
    finish::finish(scene, &written, counter.progress(), settings.every).await?;
    Ok(())
}

/// Runs both to their ends. The first that fails ends both; a comparison that is not heard any more leaves the word
/// to the writer, who knows why.
async fn together(
    compare: impl Future<Output = Result<(), Stopped>>,
    write: impl Future<Output = Result<Written, Fault>>,
) -> Result<Written, Stopped> {
    let compare = async {
        match compare.await {
            Err(Stopped::Unheard) => Ok(true),
            other => other.map(|()| false),
        }
    };
    let write = async { write.await.map_err(Stopped::Fault) };
    match tokio::try_join!(compare, write)? {
        (true, _) => Err(Stopped::Unheard),
        (false, written) => Ok(written),
    }
}

/// A reader thread: reads pieces until there are none or nobody wants them.
fn read_pieces(
    mut reader: Reader,
    pieces: &async_channel::Receiver<Piece>,
    done: &async_channel::Sender<Result<Done, Fault>>,
) {
    tags::prepare_thread();
    while let Ok(Piece { folder, tasks }) = pieces.recv_blocking() {
        let mut files = Vec::with_capacity(tasks.len());
        for task in tasks {
            if done.is_closed() {
                return;
            }
            match reader.read(&folder.real, &task, folder.cover.as_ref()) {
                Ok(seen) => files.push((task, seen)),
                Err(fault) => {
                    // Nobody listens any more only when the scan has ended for another reason.
                    let _ = done.send_blocking(Err(fault));
                    return;
                }
            }
        }
        if done.send_blocking(Ok(Done { folder, files })).is_err() {
            return;
        }
    }
}
