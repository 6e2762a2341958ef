//! What was read goes into the database: a bounded number of files to a transaction, each guarded by the
//! lease. A folder's fingerprint is written in or after the transaction that writes the last of its files, so a scan
//! that is killed takes up where it was.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use async_channel::Receiver;
use catalog::LibraryId;
use kernel::{Ctx, Fault, error::FaultKind, jobs::Lease};
use tokio::task::JoinSet;

use super::{
    apply,
    compare::{Folder, Note, Task},
    identity::{self, Was},
    pictures::until_durable,
    progress::Counter,
    read::{Seen, What},
    store::KnownFile,
};
use crate::library;

/// How long a file may wait for others to share its transaction.
const WAIT_MAX: Duration = Duration::from_millis(60);
/// How often the progress is written.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Links and folders that one walk reports; more are counted by nobody.
const WALK_PROBLEMS_MAX: usize = 10_000;
/// So many files written have the planner count its rows anew, again each time that they have doubled, and at the end.
const ANALYZE_FROM: u64 = 1000;
/// How often a batch is tried that another writer stood in the way of.
const TRIES_MAX: u32 = 5;

/// A piece, read.
pub(super) struct Done {
    pub(super) folder: Arc<Folder>,
    pub(super) files: Vec<(Task, Seen)>,
}

/// One thing to write.
#[derive(Debug)]
pub(super) enum Op {
    /// A folder that is new.
    NewFolder(Arc<Folder>),
    /// A file of a folder is not there any more: folder, file.
    Missing(i64, KnownFile),
    /// A file is back as it was.
    Back(KnownFile),
    /// A file that was read.
    File(Box<FileOp>),
    /// A folder is through; whether it must be looked into again.
    Through(Arc<Folder>, bool),
    /// Something that needed no reading, with a number for the problem that it may be.
    Note(Note, i64),
}

/// A file to write.
#[derive(Debug)]
pub(super) struct FileOp {
    pub(super) folder: Arc<Folder>,
    pub(super) task: Task,
    pub(super) seen: Seen,
    pub(super) was: Was,
    /// Its number if it turns out to be new.
    pub(super) fresh_id: i64,
    /// The number of the problem that it may have.
    pub(super) problem_id: i64,
}

/// A folder of which pieces are still to come.
struct Open {
    left: usize,
    again: bool,
}

/// Writes one scan's results.
pub(super) struct Writer {
    pub(super) ctx: Ctx,
    pub(super) lease: Lease,
    pub(super) library: LibraryId,
    library_name: Arc<str>,
    pub(super) files_before: i64,
    pub(super) pass: i64,
    pub(super) anything_known: bool,
    pub(super) counter: Arc<Counter>,
    /// Files of one transaction.
    pub(super) batch_files: usize,
    open: HashMap<i64, Open>,
    ops: Vec<Op>,
    walk_problems: usize,
    /// Some file may still be written to.
    fresh: bool,
    told: Instant,
    /// At how many written files the planner counts next.
    analyze_at: u64,
    /// The batch that is being written while the next one is gathered; how many files it has.
    flying: JoinSet<Result<usize, Fault>>,
}

/// What a writer is told besides.
pub(super) struct Given {
    /// Files that the last scan found.
    pub(super) files_before: i64,
    /// Whether the database knew any file when the scan began.
    pub(super) anything_known: bool,
    pub(super) counter: Arc<Counter>,
    /// Files of one transaction.
    pub(super) batch_files: usize,
}

/// What a writer leaves.
pub(super) struct Written {
    /// Some file may still be written to: look again soon.
    pub(super) fresh: bool,
}

/// What every transaction of a scan needs.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) ctx: Ctx,
    pub(super) lease: Lease,
    pub(super) library: LibraryId,
    /// What people call it.
    pub(super) library_name: Arc<str>,
    pub(super) pass: i64,
}

impl Writer {
    pub(super) fn new(scene: Scene, given: Given) -> Self {
        let Scene { ctx, lease, library, library_name, pass } = scene;
        let Given { files_before, anything_known, counter, batch_files } = given;
        Self {
            ctx,
            lease,
            library,
            library_name,
            files_before,
            pass,
            anything_known,
            counter,
            batch_files,
            open: HashMap::new(),
            ops: Vec::new(),
            walk_problems: 0,
            fresh: false,
            told: Instant::now(),
            analyze_at: ANALYZE_FROM,
            flying: JoinSet::new(),
        }
    }

    /// Writes until both channels end.
    pub(super) async fn run(
        mut self,
        done: Receiver<Result<Done, Fault>>,
        notes: Receiver<Note>,
    ) -> Result<Written, Fault> {
        let (mut done_open, mut notes_open) = (true, true);
        while done_open || notes_open {
            let wait = if self.ops.is_empty() { PROGRESS_EVERY } else { WAIT_MAX };
            tokio::select! {
                next = done.recv(), if done_open => match next {
                    Ok(next) => self.take(next?).await?,
                    Err(_) => done_open = false,
                },
                next = notes.recv(), if notes_open => match next {
                    Ok(note) => self.note(note),
                    Err(_) => notes_open = false,
                },
                () = tokio::time::sleep(wait) => self.flush().await?,
            }
            if self.ops.len() >= self.batch_files {
                self.flush().await?;
            }
            self.tell().await?;
        }
        self.flush().await?;
        self.land().await?;
        if self.counter.written() >= ANALYZE_FROM {
            self.analyze().await;
        }
        Ok(Written { fresh: self.fresh })
    }

    fn note(&mut self, note: Note) {
        if let Note::Wrong(..) = &note {
            self.walk_problems += 1;
            if self.walk_problems > WALK_PROBLEMS_MAX {
                return;
            }
        }
        self.ops.push(Op::Note(note, self.ctx.next_id()));
    }

    async fn take(&mut self, done: Done) -> Result<(), Fault> {
        let Done { folder, files } = done;
        // Not more than two batches, one of them on its way, and one piece are held.
        if self.ops.len() + files.len() > self.batch_files {
            self.flush().await?;
        }
        if let Entry::Vacant(place) = self.open.entry(folder.id) {
            place.insert(Open { left: folder.pieces, again: false });
            if folder.is_new {
                self.ops.push(Op::NewFolder(Arc::clone(&folder)));
            }
            self.ops.extend(folder.missing.iter().map(|file| Op::Missing(folder.id, file.clone())));
            self.ops.extend(folder.back.iter().cloned().map(Op::Back));
        }
        let again = files.iter().any(|(_, seen)| seen.fresh || is_passing(seen));
        self.fresh |= files.iter().any(|(_, seen)| seen.fresh);
        for (_, seen) in &files {
            if let What::Track(heard) = &seen.what
                && let Some(picture) = &heard.picture
            {
                until_durable(picture).await?;
            }
        }
        let was = identity::recognise(&self.ctx, self.library, &files, self.anything_known).await?;
        for ((task, seen), was) in files.into_iter().zip(was) {
            self.ops.push(Op::File(Box::new(FileOp {
                folder: Arc::clone(&folder),
                task,
                seen,
                was,
                fresh_id: self.ctx.next_id(),
                problem_id: self.ctx.next_id(),
            })));
        }
        let Some(open) = self.open.get_mut(&folder.id) else { return Ok(()) };
        open.left -= 1;
        open.again |= again;
        if open.left == 0 {
            let again = open.again;
            self.open.remove(&folder.id);
            self.ops.push(Op::Through(folder, again));
        }
        Ok(())
    }

    /// Hands what was gathered to the database as soon as it has written what it was handed before.
    async fn flush(&mut self) -> Result<(), Fault> {
        self.land().await?;
        if !self.ops.is_empty() {
            let ops = Arc::new(std::mem::take(&mut self.ops));
            self.flying.spawn(write(self.scene(), ops, self.batch_files * 2));
        }
        Ok(())
    }

    /// Waits until what was handed to the database is written.
    async fn land(&mut self) -> Result<(), Fault> {
        while let Some(written) = self.flying.join_next().await {
            let broke_off = |error| Err(Fault::from_error("writing a part of the scan broke off", error));
            self.counter.wrote(written.unwrap_or_else(broke_off)?);
            if self.counter.written() >= self.analyze_at {
                self.analyze().await;
            }
        }
        Ok(())
    }

    /// Has the planner count what was entered.
    async fn analyze(&mut self) {
        self.analyze_at = self.counter.written() * 2;
        if let Err(fault) = self.ctx.db().analyze().await {
            tracing::warn!("the planner goes on with what it knows: {fault}");
        }
    }

    fn scene(&self) -> Scene {
        Scene {
            ctx: self.ctx.clone(),
            lease: self.lease.clone(),
            library: self.library,
            library_name: Arc::clone(&self.library_name),
            pass: self.pass,
        }
    }

    /// Writes how far the scan is, now and then.
    async fn tell(&mut self) -> Result<(), Fault> {
        if self.told.elapsed() < PROGRESS_EVERY {
            return Ok(());
        }
        self.told = Instant::now();
        self.lease.set_progress(self.counter.fraction(self.files_before));
        let (lease, library, progress) = (self.lease.clone(), self.library, self.counter.progress());
        self.ctx
            .db()
            .write(move |tx| {
                lease.guard(tx)?;
                library::store::set_progress(tx, library, progress)?;
                tx.wake(library::TOPIC_LIBRARIES);
                Ok(())
            })
            .await
    }
}

/// Writes what was gathered; how many files that are.
async fn write(scene: Scene, ops: Arc<Vec<Op>>, ops_max: usize) -> Result<usize, Fault> {
    for part in parts(ops.len(), ops_max) {
        write_part(&scene, &ops, part).await?;
    }
    Ok(ops.iter().filter(|op| matches!(op, Op::File(_))).count())
}

async fn write_part(scene: &Scene, ops: &Arc<Vec<Op>>, part: Range<usize>) -> Result<(), Fault> {
    for attempt in 1.. {
        let (inner, ops, part) = (scene.clone(), Arc::clone(ops), part.clone());
        let written = scene.ctx.db().write(move |tx| apply::apply(tx, &inner, &ops[part.clone()])).await;
        match written {
            // Another writer entered the same new artist in the same moment.
            Err(fault) if fault.kind() == FaultKind::Unique && attempt < TRIES_MAX => {}
            result => return result,
        }
    }
    Ok(())
}

/// Cuts what is to be written into transactions; a folder of very many vanished files takes several.
fn parts(all: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    (0..all).step_by(most.max(1)).map(move |start| start..(start + most).min(all))
}

/// Whether what is wrong with a file may mend itself, so that the next scan must read it again.
pub(super) fn is_passing(seen: &Seen) -> bool {
    match &seen.what {
        What::Bad(trouble) => trouble.passing,
        What::Track(heard) => heard.words.is_passing(),
        What::Words(words) => words.is_passing(),
        What::Video(_) => false,
    }
}
