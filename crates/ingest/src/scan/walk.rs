//! The walk: meets every folder of a library, lists what matters in it, and sums it up in a fingerprint.
//!
//! It runs on a thread of its own and hands folders on through a bounded channel, in the order of their paths'
//! bytes (with a zero byte for each slash), so that what is known can be read beside it in the same order. It holds
//! one folder's entries and, for each level, the names of the folders still to enter: memory does not grow with
//! the library.
//!
//! Links are not followed: what a link inside the library leads to is met by itself, and one that leads out of the
//! library would let a name reach any file of the machine; that one is reported. Other file systems that are mounted
//! inside the library are entered. A folder that is met below itself is not.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use async_channel::Sender;

use super::{
    kind::{self, Kind},
    lyrics::{self, Beside},
    trouble::Trouble,
};

/// Longest path of a folder below its library, in bytes; a deeper one is reported and not entered. An index of
/// `PostgreSQL` takes no more than 2,700.
pub(super) const PATH_BYTES_MAX: usize = 2000;
/// Most entries of one folder; one with more is reported and left as it was.
pub(super) const ENTRIES_MAX: usize = 200_000;
/// Grows when the scan has learned something that it has not taken from the files before: then every folder is looked
/// into once more, and those of its files are read again that were read by an older scan.
pub(super) const VERSION: u8 = 2;

/// A file that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) stat: Stat,
    /// Files with its lyrics, the better first.
    pub(super) beside: Vec<Beside>,
}

/// What tells whether a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) bytes: i64,
    pub(super) mtime_ns: i64,
    pub(super) device: i64,
    pub(super) inode: i64,
}

impl Stat {
    pub(super) fn of(meta: &fs::Metadata) -> Self {
        Self {
            bytes: i64::try_from(meta.size()).unwrap_or(i64::MAX),
            mtime_ns: meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec()),
            device: meta.dev().cast_signed(),
            inode: meta.ino().cast_signed(),
        }
    }
}

/// The picture that stands for a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) path: PathBuf,
    /// Hash of its name, size and time.
    pub(super) mark: [u8; 32],
}

/// A folder as the walk met it.
#[derive(Debug)]
pub(super) struct Met {
    /// Below the library, with zero bytes for slashes; empty for the library's own folder.
    pub(super) path: Vec<u8>,
    pub(super) found: Found,
    /// Links in it, and folders below it that were not entered: name and why.
    pub(super) troubles: Vec<(Vec<u8>, Trouble)>,
}

#[derive(Debug)]
pub(super) enum Found {
    /// What is in it.
    Listed(Listing),
    /// It could not be listed, so nothing is known of what is in it or below.
    Unreadable(Trouble),
}

#[derive(Debug)]
pub(super) struct Listing {
    pub(super) device: i64,
    /// Nothing at all is in it, not even what the scan passes over.
    pub(super) empty: bool,
    /// Sound and films, by name.
    pub(super) files: Vec<Entry>,
    pub(super) cover: Option<Cover>,
    pub(super) fingerprint: [u8; 32],
}

/// Walks the library at `root` until it is through or nobody listens any more.
pub(super) fn walk(root: &Path, out: &Sender<Met>) {
    let mut walk = Walk { root, above: Vec::new(), out };
    if let Some(level) = walk.enter(Vec::new(), None) {
        walk.above.push(level);
    }
    while let Some(level) = walk.above.last_mut() {
        let Some(name) = level.folders.pop() else {
            walk.above.pop();
            continue;
        };
        let mut path = level.path.clone();
        if !path.is_empty() {
            path.push(0);
        }
        path.extend_from_slice(&name);
        let cover = level.cover.clone().filter(|_| kind::is_disc(&name));
        if walk.out.is_closed() {
            return;
        }
        if let Some(level) = walk.enter(path, cover) {
            walk.above.push(level);
        }
    }
}

/// The path on the machine of a folder as it is stored.
pub(super) fn real_path(root: &Path, path: &[u8]) -> PathBuf {
    let mut real = root.to_owned();
    if !path.is_empty() {
        real.extend(path.split(|byte| *byte == 0).map(OsStr::from_bytes));
    }
    real
}

/// A folder whose subfolders are still to be entered.
struct Level {
    path: Vec<u8>,
    /// Names, the next one last.
    folders: Vec<Vec<u8>>,
    cover: Option<Cover>,
    device: u64,
    inode: u64,
}

struct Walk<'a> {
    root: &'a Path,
    above: Vec<Level>,
    out: &'a Sender<Met>,
}

/// What a folder holds, before it is summed up.
#[derive(Default)]
struct Contents {
    entries: usize,
    files: Vec<Entry>,
    pictures: Vec<Entry>,
    lyrics: Vec<Entry>,
    folders: Vec<Vec<u8>>,
    troubles: Vec<(Vec<u8>, Trouble)>,
}

impl Walk<'_> {
    /// Lists a folder and hands it on; gives what is to be entered below it.
    fn enter(&mut self, path: Vec<u8>, inherited: Option<Cover>) -> Option<Level> {
        let real = real_path(self.root, &path);
        let (found, level, troubles) = match self.list(&real, &path) {
            Ok((meta, mut contents)) => {
                let cover = own_cover(&real, &contents.pictures).or(inherited);
                contents.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                put_beside(&mut contents.files, contents.lyrics);
                contents.folders.sort_unstable_by(|a, b| b.cmp(a));
                let listing = Listing {
                    device: meta.dev().cast_signed(),
                    empty: contents.entries == 0,
                    fingerprint: fingerprint(&contents.files, cover.as_ref()),
                    files: contents.files,
                    cover: cover.clone(),
                };
                let (device, inode) = (meta.dev(), meta.ino());
                let level = Level { path: path.clone(), folders: contents.folders, cover, device, inode };
                (Found::Listed(listing), Some(level), contents.troubles)
            }
            Err(trouble) => (Found::Unreadable(trouble), None, Vec::new()),
        };
        // When nobody listens the walk ends at the next folder.
        let _ = self.out.send_blocking(Met { path, found, troubles });
        level
    }

    fn list(&self, real: &Path, path: &[u8]) -> Result<(fs::Metadata, Contents), Trouble> {
        if path.len() > PATH_BYTES_MAX {
            return Err(Trouble::path_too_long());
        }
        let meta = fs::symlink_metadata(real).map_err(|error| Trouble::of_folder(&error))?;
        if self.above.iter().any(|level| level.device == meta.dev() && level.inode == meta.ino()) {
            return Err(Trouble::nested_in_itself());
        }
        let mut contents = Contents::default();
        for entry in fs::read_dir(real).map_err(|error| Trouble::of_folder(&error))? {
            contents.entries += 1;
            if contents.entries > ENTRIES_MAX {
                return Err(Trouble::too_many_entries());
            }
            let looked = entry.and_then(|entry| self.look(&entry, &mut contents));
            looked.map_err(|error| Trouble::of_folder(&error))?;
        }
        Ok((meta, contents))
    }

    fn look(&self, entry: &fs::DirEntry, contents: &mut Contents) -> io::Result<()> {
        let name = entry.file_name().as_bytes().to_vec();
        let file_type = entry.file_type()?;
        if file_type.is_dir() {
            if !kind::is_passed_over(&name) {
                contents.folders.push(name);
            }
            return Ok(());
        }
        if file_type.is_symlink() {
            if self.leads_out(&entry.path(), &name) {
                contents.troubles.push((name, Trouble::link()));
            }
            return Ok(());
        }
        let Some(kind) = kind::of_name(&name).filter(|_| file_type.is_file()) else { return Ok(()) };
        let meta = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            meta => meta?,
        };
        let entry = Entry { name, kind, stat: Stat::of(&meta), beside: Vec::new() };
        match kind {
            Kind::Picture => contents.pictures.push(entry),
            Kind::Lyrics => contents.lyrics.push(entry),
            Kind::Sound | Kind::Probed => contents.files.push(entry),
        }
        Ok(())
    }

    /// Whether a link that somebody meant as part of the library leads out of it. One that leads nowhere, or to
    /// what the scan passes over, is nobody's concern.
    fn leads_out(&self, link: &Path, name: &[u8]) -> bool {
        let Ok(target) = link.canonicalize() else { return false };
        if target.starts_with(self.root) {
            return false;
        }
        if target.is_dir() {
            !kind::is_passed_over(name)
        } else {
            matches!(kind::of_name(name), Some(Kind::Sound | Kind::Probed))
        }
    }
}

/// Gives lyrics to the files that they belong to; those that belong to none are passed over.
fn put_beside(files: &mut [Entry], lyrics: Vec<Entry>) {
    if lyrics.is_empty() {
        return;
    }
    let mut by_stem: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (at, file) in files.iter().enumerate() {
        by_stem.entry(kind::stem_bytes(&file.name).to_vec()).or_default().push(at);
    }
    for entry in lyrics {
        let Some(format) = lyrics::format(&entry.name) else { continue };
        let owners = lyrics::belongs_to(&entry.name).into_iter().flatten();
        let mut owners = owners.filter_map(|(stem, language)| Some((by_stem.get(stem)?, language)));
        let Some((owners, language)) = owners.next() else { continue };
        for &at in owners {
            let (name, language) = (entry.name.clone(), language.clone());
            files[at].beside.push(Beside { name, format, language, stat: entry.stat });
        }
    }
    for file in files {
        file.beside.sort_unstable_by(|a, b| (a.rank(), &a.name).cmp(&(b.rank(), &b.name)));
        file.beside.truncate(lyrics::FILES_MAX);
    }
}

fn own_cover(folder: &Path, pictures: &[Entry]) -> Option<Cover> {
    let ranked = pictures.iter().filter_map(|entry| Some((kind::cover_rank(&entry.name)?, entry)));
    let (_, best) = ranked.min_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)))?;
    let mut hash = blake3::Hasher::new();
    add_to(&mut hash, best);
    let path = folder.join(OsStr::from_bytes(&best.name));
    Some(Cover { path, mark: *hash.finalize().as_bytes() })
}

fn fingerprint(files: &[Entry], cover: Option<&Cover>) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(&[VERSION]);
    for file in files {
        add_to(&mut hash, file);
        if let Some(mark) = lyrics::mark(&file.beside) {
            hash.update(&mark);
        }
    }
    if let Some(cover) = cover {
        hash.update(&cover.mark);
    }
    *hash.finalize().as_bytes()
}

fn add_to(hash: &mut blake3::Hasher, entry: &Entry) {
    hash.update(&entry.name);
    hash.update(&[0]);
    for number in [entry.stat.bytes, entry.stat.mtime_ns, entry.stat.inode] {
        hash.update(&number.to_le_bytes());
    }
}
