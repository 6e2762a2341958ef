//! Which file is which: a file that is new at its place may be one that was known elsewhere.
//!
//! In this order, and only among files that are not where they were:
//! 1. the same sound, size and time of change: moved or renamed;
//! 2. at a known place: what was known there, unless its tags say that it is another piece;
//! 3. the same sound with the same inode or name, or the only such one: moved and tagged anew;
//! 4. the same `MusicBrainz` recording and release, or the same title, artists, album and number: moved and encoded
//!    anew.
//!
//! A file whose like is still where it was is a copy, and a copy is a track of its own. So is one whose like can't be
//! looked for because its drive is away. Of several that are alike those of the same library come first.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    io::ErrorKind,
    os::unix::{ffi::OsStrExt, fs::MetadataExt as _},
    path::Path,
};

use catalog::{LibraryId, import::TrackTags};
use kernel::{
    Ctx, Fault,
    db::{Db, Tx},
};

use super::{
    compare::Task,
    read::{Seen, What},
    store::{self, Candidate, KnownFile, State},
    walk::{Stat, real_path},
};

/// Files that are looked at for one; when more are alike, nothing can be told from that.
const CANDIDATES_MAX: u32 = 64;

/// What a file was before.
#[derive(Clone, Debug)]
pub(super) enum Was {
    /// Nothing that is known.
    New,
    /// What was at its place.
    Here(KnownFile),
    /// Something from elsewhere; whatever was at its place before is no longer.
    Elsewhere(Box<Candidate>, Option<KnownFile>),
    /// Nothing that is known; whatever was at its place before is no longer.
    Replaced(KnownFile),
}

/// What makes two files the same piece, whatever they sound like.
pub(super) fn work(tags: &TrackTags) -> Option<[u8; 32]> {
    let mut hash = blake3::Hasher::new();
    let ids = &tags.musicbrainz;
    if let (Some(recording), Some(release)) = (&ids.recording, &ids.release) {
        add(&mut hash, &["musicbrainz", recording, release]);
        return Some(*hash.finalize().as_bytes());
    }
    let album = tags.album.as_deref().filter(|album| !album.trim().is_empty())?;
    let number = tags.number?;
    if tags.artists.is_empty() {
        return None;
    }
    add(&mut hash, &["tags", &tags.title, album, &number.to_string(), &tags.disc.unwrap_or(1).to_string()]);
    for artist in &tags.artists {
        add(&mut hash, &[artist]);
    }
    Some(*hash.finalize().as_bytes())
}

fn add(hash: &mut blake3::Hasher, parts: &[&str]) {
    for part in parts {
        hash.update(part.trim().to_lowercase().as_bytes()).update(&[0]);
    }
}

/// The marks by which a file is known again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    stat: Stat,
    sample: [u8; 32],
    work: Option<[u8; 32]>,
}

impl Marks {
    pub(super) fn of(seen: &Seen) -> Option<Self> {
        match &seen.what {
            What::Track(heard) => {
                Some(Self { stat: seen.stat, sample: heard.sample, work: work(&heard.tags) })
            }
            What::Video(film) => Some(Self { stat: seen.stat, sample: film.sample, work: None }),
            What::Words(_) | What::Bad(_) => None,
        }
    }

    pub(super) fn work(&self) -> Option<[u8; 32]> {
        self.work
    }
}

/// A file whose past is asked for.
struct Question {
    at: usize,
    marks: Marks,
    found: Found,
}

#[derive(Default)]
struct Found {
    same: Vec<Candidate>,
    sounding_same: Vec<Candidate>,
    same_work: Vec<Candidate>,
}

/// Says for each file what it was. `anything_known` is false when the database was empty before this scan, and then
/// nothing is asked of it.
pub(super) async fn recognise(
    ctx: &Ctx,
    library: LibraryId,
    files: &[(Task, Seen)],
    anything_known: bool,
) -> Result<Vec<Was>, Fault> {
    let mut was: Vec<Was> =
        files.iter().map(|(task, _)| task.known.clone().map_or(Was::New, Was::Here)).collect();
    let asked = files.iter().enumerate().filter_map(|(at, (task, seen))| {
        let marks = Marks::of(seen)?;
        let same = |known: &KnownFile| known.sample.as_deref() == Some(&marks.sample);
        (!task.known.as_ref().is_some_and(same)).then(|| Question { at, marks, found: Found::default() })
    });
    let questions: Vec<Question> = asked.collect();
    if questions.is_empty() || !anything_known {
        return Ok(was);
    }
    let questions = with_candidates(ctx.db(), questions).await?;
    let tasks: Vec<Task> = questions.iter().map(|question| files[question.at].0.clone()).collect();
    let answers = tokio::task::spawn_blocking(move || {
        let mut claimed = HashSet::new();
        let answer = |(question, task): (Question, &Task)| {
            (question.at, decide(library, &question, task, &mut claimed))
        };
        questions.into_iter().zip(&tasks).map(answer).collect::<Vec<_>>()
    });
    let answers =
        answers.await.map_err(|error| Fault::from_error("looking for moved files broke off", error))?;
    for (at, answer) in answers {
        was[at] = answer;
    }
    Ok(was)
}

async fn with_candidates(db: &Db, mut questions: Vec<Question>) -> Result<Vec<Question>, Fault> {
    let marks: Vec<Marks> = questions.iter().map(|question| question.marks).collect();
    let found =
        db.read(move |tx| marks.iter().map(|marks| candidates(tx, marks)).collect::<Result<Vec<_>, Fault>>());
    for (question, found) in questions.iter_mut().zip(found.await?) {
        question.found = found;
    }
    Ok(questions)
}

fn candidates(tx: &mut Tx<'_>, marks: &Marks) -> Result<Found, Fault> {
    Ok(Found {
        same: store::by_stat(tx, &marks.sample, marks.stat, CANDIDATES_MAX)?,
        sounding_same: store::by_sample(tx, &marks.sample, CANDIDATES_MAX)?,
        same_work: match &marks.work {
            Some(work) => store::by_work(tx, work, CANDIDATES_MAX)?,
            None => Vec::new(),
        },
    })
}

fn decide(library: LibraryId, question: &Question, task: &Task, claimed: &mut HashSet<i64>) -> Was {
    let Question { marks, found, .. } = question;
    let here = task.known.as_ref();
    let usable = |from: &[Candidate], changed_counts: bool| -> Vec<Candidate> {
        let free = |candidate: &&Candidate| {
            !claimed.contains(&candidate.file.id)
                && here.is_none_or(|here| here.id != candidate.file.id)
                && is_away(candidate, changed_counts)
        };
        let mut usable: Vec<Candidate> = from.iter().filter(free).cloned().collect();
        // Where two libraries show the same folder, each keeps its own.
        usable.sort_by_key(|candidate| candidate.library != library);
        usable
    };
    let exact = usable(&found.same, true);
    let chosen = likeliest(&exact, task, marks).or(exact.first()).cloned();
    let chosen = match (chosen, here) {
        (Some(candidate), _) => Some(candidate),
        (None, Some(here)) if is_same_piece(here, marks) => {
            claimed.insert(here.id);
            return Was::Here(here.clone());
        }
        (None, _) => {
            let alike = usable(&found.sounding_same, false);
            let of_work = usable(&found.same_work, false);
            likeliest(&alike, task, marks)
                .or_else(|| only(&alike))
                .or_else(|| likeliest(&of_work, task, marks))
                .or_else(|| only(&of_work))
                .cloned()
        }
    };
    match (chosen, here) {
        (Some(candidate), here) => {
            claimed.insert(candidate.file.id);
            Was::Elsewhere(Box::new(candidate), here.cloned())
        }
        (None, Some(here)) => Was::Replaced(here.clone()),
        (None, None) => Was::New,
    }
}

/// Whether what is at a known place now is still what was there, although it sounds different: unless both have tags
/// that tell them apart.
fn is_same_piece(here: &KnownFile, marks: &Marks) -> bool {
    match (&here.work, &marks.work) {
        (Some(then), Some(now)) => then.as_slice() == now,
        _ => true,
    }
}

/// The one with the same inode, else the first with the same name.
fn likeliest<'a>(from: &'a [Candidate], task: &Task, marks: &Marks) -> Option<&'a Candidate> {
    let place = |stat: &Stat| (stat.device, stat.inode);
    let same_inode = from.iter().find(|candidate| place(&candidate.file.stat) == place(&marks.stat));
    same_inode.or_else(|| from.iter().find(|candidate| candidate.file.name == task.entry.name))
}

fn only(from: &[Candidate]) -> Option<&Candidate> {
    match from {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether a known file is not where it was. With `changed_counts` a file that has other bytes now is not, either.
fn is_away(candidate: &Candidate, changed_counts: bool) -> bool {
    if matches!(candidate.file.state, State::Missing | State::Gone) {
        return true;
    }
    let root = Path::new(OsStr::from_bytes(&candidate.library_path));
    let path = real_path(root, &candidate.folder_path).join(OsStr::from_bytes(&candidate.file.name));
    match fs::symlink_metadata(&path) {
        Ok(meta) => changed_counts && Stat::of(&meta) != candidate.file.stat,
        // A library that is not mounted has not lost its files.
        Err(error) => {
            error.kind() == ErrorKind::NotFound && is_mounted(root, &path, candidate.file.stat.device)
        }
    }
}

/// Whether what a file that is not found lay on is still there: the file is gone then, else only its drive is. `device`
/// is what it lay on. A drive that is not mounted leaves an empty folder, mostly, which lies on another device.
pub(super) fn is_mounted(root: &Path, file: &Path, device: i64) -> bool {
    let above = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    let mut above = above.filter_map(|folder| Some((folder, fs::metadata(folder).ok()?)));
    let Some((folder, meta)) = above.next() else { return false };
    let is_empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    !is_empty || (folder != root && meta.dev().cast_signed() == device)
}
