//! What has changed: folders as the walk meets them beside folders as the last scan left them, both in one order, so
//! that neither side is ever held whole. A folder with the same fingerprint costs nothing more than that.

use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
    sync::Arc,
};

use async_channel::{Receiver, Sender};
use catalog::LibraryId;
use kernel::{Ctx, Fault, db::Db};

use super::{
    lyrics,
    progress::Counter,
    store::{self, KnownFile, KnownFolder, State},
    trouble::Trouble,
    walk::{Cover, Entry, Found, Listing, Met, VERSION},
};

/// Known folders that are read at once.
const FOLDERS_AT_ONCE: u32 = 1000;
/// Files of one folder that one reader takes at once.
const FILES_OF_A_PIECE: usize = 32;

/// A folder with something in it to do.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) id: i64,
    pub(super) path: Vec<u8>,
    /// Where it is on the machine.
    pub(super) real: PathBuf,
    pub(super) is_new: bool,
    pub(super) device: i64,
    pub(super) fingerprint: [u8; 32],
    pub(super) cover: Option<Cover>,
    /// Files that are not there any more.
    pub(super) missing: Vec<KnownFile>,
    /// Files that are back as they were.
    pub(super) back: Vec<KnownFile>,
    /// Pieces that the folder was cut into.
    pub(super) pieces: usize,
}

/// A file to be read.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) entry: Entry,
    /// What was at this place before.
    pub(super) known: Option<KnownFile>,
    /// Only the files with its lyrics have changed.
    pub(super) words_only: bool,
}

/// Some of a folder's files.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) folder: Arc<Folder>,
    pub(super) tasks: Vec<Task>,
}

/// Something that needs no reading.
#[derive(Debug)]
pub(super) enum Note {
    /// A folder and its files are not there any more.
    Gone(i64),
    /// A folder must be looked into again next time.
    LookAgain(KnownFolder),
    /// The walk found something wrong: folder, name in it, what.
    Wrong(Vec<u8>, Vec<u8>, Trouble),
}

/// Where what was found goes.
pub(super) struct Out {
    pub(super) pieces: Sender<Piece>,
    pub(super) notes: Sender<Note>,
}

/// How the comparison ended when it did not end well.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Those who take its results are gone, and they know why.
    Unheard,
    /// The library's own folder can't be scanned; why, and what to do.
    Root(String),
    /// Something broke.
    Fault(Fault),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<T> From<async_channel::SendError<T>> for Stopped {
    fn from(_: async_channel::SendError<T>) -> Self {
        Self::Unheard
    }
}

/// Compares everything that the walk meets.
pub(super) struct Compare {
    pub(super) ctx: Ctx,
    pub(super) root: PathBuf,
    /// Whether the last scan found files.
    pub(super) had_files: bool,
    pub(super) known: Known,
    pub(super) out: Out,
    pub(super) counter: Arc<Counter>,
}

impl Compare {
    /// Runs until the walk is through.
    pub(super) async fn run(mut self, met: Receiver<Met>) -> Result<(), Stopped> {
        while let Ok(met) = met.recv().await {
            while let Some(gone) = self.known.next_before(&met.path).await? {
                self.gone(gone).await?;
            }
            let known = self.known.next_if(&met.path).await?;
            for (name, trouble) in met.troubles {
                self.out.notes.send(Note::Wrong(met.path.clone(), name, trouble)).await?;
            }
            match met.found {
                Found::Listed(listing) => self.listed(met.path, listing, known).await?,
                Found::Unreadable(trouble) => self.unreadable(met.path, trouble, known).await?,
            }
        }
        while let Some(gone) = self.known.next().await? {
            self.gone(gone).await?;
        }
        Ok(())
    }

    async fn gone(&self, folder: KnownFolder) -> Result<(), Stopped> {
        if !folder.gone {
            self.out.notes.send(Note::Gone(folder.id)).await?;
        }
        Ok(())
    }

    /// Absent is not unreadable: what was known in and below a folder that can't be listed stays as it is.
    async fn unreadable(
        &mut self,
        path: Vec<u8>,
        trouble: Trouble,
        known: Option<KnownFolder>,
    ) -> Result<(), Stopped> {
        if path.is_empty() {
            return Err(Stopped::Root(format!(
                "The library's own folder can't be scanned. {}",
                trouble.reason
            )));
        }
        self.known.pass_over(&path).await?;
        if let Some(known) = known {
            self.out.notes.send(Note::LookAgain(known)).await?;
        }
        self.out.notes.send(Note::Wrong(path, Vec::new(), trouble)).await?;
        Ok(())
    }

    async fn listed(
        &mut self,
        path: Vec<u8>,
        listing: Listing,
        known: Option<KnownFolder>,
    ) -> Result<(), Stopped> {
        if path.is_empty() && listing.empty && self.had_files {
            let why = "The library's folder is empty, but files were found in it before. If it is a drive that is \
                       not mounted, mount it and scan again; nothing was hidden.";
            return Err(Stopped::Root(why.to_owned()));
        }
        if let Some(known) = &known
            && listing.empty
            && !path.is_empty()
            && !known.gone
            && known.device != listing.device
        {
            return self.unreadable(path, Trouble::unmounted(), Some(known.clone())).await;
        }
        self.counter.saw(listing.files.len());
        match known {
            Some(known) if !known.gone && known.fingerprint == listing.fingerprint => Ok(()),
            known => self.changed(path, listing, known).await,
        }
    }

    async fn changed(
        &mut self,
        path: Vec<u8>,
        listing: Listing,
        known: Option<KnownFolder>,
    ) -> Result<(), Stopped> {
        let files = match &known {
            Some(known) => store::of_folder(self.ctx.db(), known.id).await?,
            None => Vec::new(),
        };
        let mark = listing.cover.as_ref().map_or(&[][..], |cover| &cover.mark);
        let other_cover = known.as_ref().is_none_or(|known| known.cover != mark);
        let Difference { read, back, missing } = difference(listing.files, files, other_cover);
        self.counter.changed(read.len());
        let pieces = read.len().div_ceil(FILES_OF_A_PIECE).max(1);
        let folder = Arc::new(Folder {
            id: known.as_ref().map_or_else(|| self.ctx.next_id(), |known| known.id),
            real: super::walk::real_path(&self.root, &path),
            path,
            is_new: known.is_none(),
            device: listing.device,
            fingerprint: listing.fingerprint,
            cover: listing.cover,
            missing,
            back,
            pieces,
        });
        let mut read = read.into_iter();
        for _ in 0..pieces {
            let tasks = read.by_ref().take(FILES_OF_A_PIECE).collect();
            self.out.pieces.send(Piece { folder: Arc::clone(&folder), tasks }).await?;
        }
        Ok(())
    }
}

struct Difference {
    read: Vec<Task>,
    back: Vec<KnownFile>,
    missing: Vec<KnownFile>,
}

/// What is to be done with the files of one folder.
fn difference(entries: Vec<Entry>, known: Vec<KnownFile>, read_all: bool) -> Difference {
    let mut missing = Vec::new();
    let mut at: HashMap<Vec<u8>, KnownFile> = HashMap::with_capacity(known.len());
    for file in known {
        // Several may have had this name one after the other: the one that is shown counts, else the latest.
        let rank = |file: &KnownFile| (matches!(file.state, State::Shown | State::Broken), file.id);
        match at.get(&file.name) {
            Some(other) if rank(other) > rank(&file) => {}
            _ => {
                at.insert(file.name.clone(), file);
            }
        }
    }
    let (mut read, mut back) = (Vec::new(), Vec::new());
    for entry in entries {
        match at.remove(&entry.name) {
            Some(file) if file.stat == entry.stat && !read_all && !is_outdated(&file) => {
                let same_words = file.track.is_none()
                    || file.beside.as_deref()
                        == lyrics::mark(&entry.beside).as_ref().map(<[u8; 32]>::as_slice);
                match file.state {
                    State::Shown if !same_words => {
                        read.push(Task { entry, known: Some(file), words_only: true });
                    }
                    State::Shown | State::Broken => {}
                    State::Missing | State::Gone
                        if file.sample.is_some() && was_taken(&file) && same_words =>
                    {
                        back.push(file);
                    }
                    State::Missing | State::Gone => {
                        read.push(Task { entry, known: Some(file), words_only: false });
                    }
                }
            }
            known => read.push(Task { entry, known, words_only: false }),
        }
    }
    for file in at.into_values() {
        if matches!(file.state, State::Shown | State::Broken) {
            missing.push(file);
        }
    }
    missing.sort_unstable_by_key(|file: &KnownFile| file.id);
    Difference { read, back, missing }
}

/// Whether an older scan read it, which did not take everything from it. Of films nothing more is taken.
fn is_outdated(file: &KnownFile) -> bool {
    file.video.is_none() && file.taken < i64::from(VERSION)
}

fn was_taken(file: &KnownFile) -> bool {
    file.track.is_some() || file.video.is_some()
}

/// The known folders of a library, in the order of a walk, a page at a time.
pub(super) struct Known {
    db: Db,
    library: LibraryId,
    page: VecDeque<KnownFolder>,
    last: Option<Vec<u8>>,
    through: bool,
}

impl Known {
    pub(super) fn new(db: Db, library: LibraryId) -> Self {
        Self { db, library, page: VecDeque::new(), last: None, through: false }
    }

    async fn peek(&mut self) -> Result<Option<&KnownFolder>, Fault> {
        if self.page.is_empty() && !self.through {
            let rows =
                store::folders_after(&self.db, self.library, self.last.clone(), FOLDERS_AT_ONCE).await?;
            self.through = rows.len() < FOLDERS_AT_ONCE as usize;
            self.last = rows.last().map(|row| row.path.clone());
            self.page = rows.into();
        }
        Ok(self.page.front())
    }

    async fn next(&mut self) -> Result<Option<KnownFolder>, Fault> {
        self.peek().await?;
        Ok(self.page.pop_front())
    }

    /// The next one, if it comes before `path`.
    async fn next_before(&mut self, path: &[u8]) -> Result<Option<KnownFolder>, Fault> {
        let is_before = self.peek().await?.is_some_and(|next| next.path.as_slice() < path);
        Ok(if is_before { self.page.pop_front() } else { None })
    }

    /// The next one, if it is `path`.
    async fn next_if(&mut self, path: &[u8]) -> Result<Option<KnownFolder>, Fault> {
        let is_it = self.peek().await?.is_some_and(|next| next.path == path);
        Ok(if is_it { self.page.pop_front() } else { None })
    }

    /// Leaves out everything below `path`.
    async fn pass_over(&mut self, path: &[u8]) -> Result<(), Fault> {
        let is_below =
            |next: &KnownFolder| next.path.strip_prefix(path).is_some_and(|rest| rest.first() == Some(&0));
        while self.peek().await?.is_some_and(is_below) {
            self.page.pop_front();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{kind::Kind, walk::Stat};

    const STAT: Stat = Stat { bytes: 1, mtime_ns: 2, device: 3, inode: 4 };

    fn entry(name: &str) -> Entry {
        Entry { name: name.into(), kind: Kind::Sound, stat: STAT, beside: Vec::new() }
    }

    fn known(name: &str) -> KnownFile {
        KnownFile {
            id: 1,
            name: name.into(),
            stat: STAT,
            state: State::Shown,
            sample: Some(vec![1]),
            work: None,
            track: Some(catalog::TrackId(1)),
            video: None,
            taken: i64::from(VERSION),
            beside: None,
        }
    }

    fn to_read(known: KnownFile) -> usize {
        difference(vec![entry("a")], vec![known], false).read.len()
    }

    #[test]
    fn what_an_older_scan_read_is_read_again_once_but_no_film() {
        let old = i64::from(VERSION) - 1;
        assert_eq!(to_read(known("a")), 0);
        assert_eq!(to_read(KnownFile { taken: old, ..known("a") }), 1);
        assert_eq!(to_read(KnownFile { taken: old, state: State::Gone, ..known("a") }), 1);
        assert_eq!(
            to_read(KnownFile { taken: old, track: None, video: Some(catalog::VideoId(1)), ..known("a") }),
            0
        );
    }

    #[test]
    fn other_lyrics_alone_have_only_the_lyrics_read() {
        let had = KnownFile { beside: Some(vec![7; 32]), ..known("a") };
        let difference = difference(vec![entry("a")], vec![had], false);
        assert!(difference.read.len() == 1 && difference.read[0].words_only);
    }
}
