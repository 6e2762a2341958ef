//! One file is read: opened once, looked at, its tags and a sample of its sound taken, its picture kept.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::unix::ffi::OsStrExt as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use catalog::import::TrackTags;
use kernel::{Clock, Fault, error::FaultKind};
use rustix::fs::{Mode, OFlags};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{
    compare::Task,
    identity::is_mounted,
    kind::{self, Kind},
    lyrics::{self, Words},
    pictures::{Last, Picture, Pictures},
    probed,
    sample::{Sample, sample},
    sniff,
    tags::{self, Sound, Tagged, Unread},
    trouble::{Trouble, VANISHED},
    walk::{Cover, Entry, Stat},
    window::Window,
};
use crate::media::Engine;

/// A file that changed within this time may still be written, and is looked at once more.
const FRESH: Duration = Duration::from_secs(5);

/// What became of a file.
#[derive(Debug)]
pub(super) struct Seen {
    /// As it was when it was opened, or when the walk met it.
    pub(super) stat: Stat,
    /// Somebody may still be writing to it.
    pub(super) fresh: bool,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// Music.
    Track(Box<Heard>),
    /// A film.
    Video(Box<Film>),
    /// New lyrics of music that is known and has not changed.
    Words(Words),
    /// Neither; why.
    Bad(Trouble),
}

/// A file of music.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) tags: TrackTags,
    pub(super) sound: Sound,
    pub(super) picture: Option<Picture>,
    pub(super) sample: [u8; 32],
    pub(super) trouble: Option<Trouble>,
    /// What the files beside it hold; the lyrics are among its tags.
    pub(super) words: Words,
}

/// A film.
#[derive(Debug)]
pub(super) struct Film {
    pub(super) title: String,
    pub(super) sound: Sound,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) sample: [u8; 32],
}

/// What a reader thread works with.
pub(super) struct Reader {
    /// The library's folder.
    pub(super) root: PathBuf,
    pub(super) clock: Clock,
    pub(super) engine: Engine,
    pub(super) pictures: std::sync::Arc<Pictures>,
    pub(super) last: Last,
    pub(super) handle: Handle,
    pub(super) cancel: CancellationToken,
}

/// Opens a file without following a link or waiting for the other end of a pipe.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

impl Reader {
    /// Reads a file. A fault is not the file's: the scan breaks off and is tried again.
    pub(super) fn read(&mut self, folder: &Path, task: &Task, cover: Option<&Cover>) -> Result<Seen, Fault> {
        let entry = &task.entry;
        if task.words_only {
            let fresh = entry.beside.iter().any(|file| self.is_fresh(file.stat));
            let words = lyrics::read_beside(folder, &entry.beside);
            return Ok(Seen { stat: entry.stat, fresh, what: What::Words(words) });
        }
        let path = folder.join(OsStr::from_bytes(&entry.name));
        let bad = |trouble| Ok(Seen { stat: entry.stat, fresh: false, what: What::Bad(trouble) });
        let opened = open(&path).and_then(|file| file.metadata().map(|meta| (file, meta)));
        let (file, meta) = match opened {
            Ok(opened) if opened.1.is_file() => opened,
            Ok(_) => return bad(Trouble::of_file(&io::ErrorKind::NotFound.into())),
            Err(error) => return bad(self.or_unmounted(Trouble::of_file(&error), &path, entry)),
        };
        let stat = Stat::of(&meta);
        let fresh = self.is_fresh(stat);
        let mut what = match meta.len() {
            0 => What::Bad(Trouble::empty()),
            size => self.look(&path, &file, size, entry, cover)?,
        };
        if let What::Bad(trouble) = what {
            what = What::Bad(self.or_unmounted(trouble, &path, entry));
        }
        let fresh_words = entry.beside.iter().any(|file| self.is_fresh(file.stat));
        if let What::Track(heard) = &mut what
            && !entry.beside.is_empty()
        {
            heard.words = lyrics::read_beside(folder, &entry.beside);
            heard.tags.lyrics.splice(..0, std::mem::take(&mut heard.words.lyrics));
        }
        match file.metadata() {
            Ok(after) if Stat::of(&after) == stat => {
                Ok(Seen { stat, fresh: fresh || fresh_words, what: excused(what, fresh) })
            }
            _ => Ok(Seen { stat, fresh: true, what: What::Bad(Trouble::growing()) }),
        }
    }

    /// A file that vanished with its drive is not gone.
    fn or_unmounted(&self, trouble: Trouble, path: &Path, entry: &Entry) -> Trouble {
        let vanished = trouble.code == VANISHED;
        if vanished && !is_mounted(&self.root, path, entry.stat.device) {
            Trouble::unmounted()
        } else {
            trouble
        }
    }

    fn is_fresh(&self, stat: Stat) -> bool {
        let age_ms = self.clock.now().0 / 1000 - stat.mtime_ns / 1_000_000;
        u128::from(age_ms.unsigned_abs()) < FRESH.as_millis()
    }

    fn look(
        &mut self,
        path: &Path,
        file: &File,
        size: u64,
        entry: &Entry,
        cover: Option<&Cover>,
    ) -> Result<What, Fault> {
        let mut window = Window::new(file, size);
        let mut head = [0; sniff::BYTES];
        let head = match window.read_at(0, &mut head) {
            Ok(count) => &head[..count],
            Err(error) => return Ok(What::Bad(Trouble::of_file(&error))),
        };
        if let Some(trouble) = sniff::plainly_wrong(head) {
            return Ok(What::Bad(trouble));
        }
        let begins_well = sniff::begins_well(head);
        let title = kind::stem(&entry.name);
        let tagged = match entry.kind {
            Kind::Sound => {
                // Nothing that is used afterwards is left half-made by a panic: the window only remembers a place.
                let read = catch_unwind(AssertUnwindSafe(|| tags::read(&mut window, &title)));
                read.unwrap_or(Err(Unread::Bad(Trouble::panicked())))
            }
            Kind::Probed | Kind::Picture | Kind::Lyrics => Err(Unread::Unknown),
        };
        let sample = match sample(&mut window) {
            Ok(sample) if sample.truncated => return Ok(What::Bad(Trouble::truncated())),
            Ok(sample) => sample,
            Err(error) => return Ok(What::Bad(Trouble::of_file(&error))),
        };
        match tagged {
            Ok(tagged) => self.heard(tagged, sample, cover).map(|heard| What::Track(Box::new(heard))),
            Err(Unread::Bad(trouble)) => Ok(What::Bad(trouble)),
            Err(Unread::Unknown) => match self.probe(path, &title, sample, cover)? {
                What::Bad(trouble) if trouble.code == "truncated" && !begins_well => {
                    Ok(What::Bad(Trouble::not_media()))
                }
                what => Ok(what),
            },
        }
    }

    fn heard(&mut self, tagged: Tagged, sample: Sample, cover: Option<&Cover>) -> Result<Heard, Fault> {
        let Tagged { tags, sound, picture, mut trouble } = tagged;
        let mut picture = picture.map(|bytes| self.pictures.take(bytes, &mut self.last)).transpose()?;
        if let Some(Picture::Refused(why)) = &picture {
            trouble.get_or_insert_with(|| Trouble::picture_unreadable(why));
            picture = None;
        }
        if picture.is_none()
            && let Some(cover) = cover
        {
            picture = self.pictures.take_cover(cover)?.filter(|cover| !matches!(cover, Picture::Refused(_)));
        }
        Ok(Heard { tags, sound, picture, sample: sample.hash, trouble, words: Words::default() })
    }

    fn probe(
        &mut self,
        path: &Path,
        title: &str,
        sample: Sample,
        cover: Option<&Cover>,
    ) -> Result<What, Fault> {
        let probe = match self.handle.block_on(self.engine.probe(path, &self.cancel)) {
            Ok(probe) => probe,
            Err(error) => {
                let stopping = || Fault::new("the scan was stopped").of_kind(FaultKind::Stopping);
                return Trouble::of_media(&error).map(What::Bad).ok_or_else(stopping);
            }
        };
        if let Some(video) = &probe.video {
            return Ok(What::Video(Box::new(Film {
                title: probed::title(&probe, title),
                sound: probed::sound(&probe),
                width: video.display_width,
                height: video.display_height,
                sample: sample.hash,
            })));
        }
        let tagged = Tagged {
            tags: probed::tags(&probe, title),
            sound: probed::sound(&probe),
            picture: None,
            trouble: None,
        };
        self.heard(tagged, sample, cover).map(|heard| What::Track(Box::new(heard)))
    }
}

/// What is wrong with a file that may still be written is that it is not finished.
fn excused(what: What, fresh: bool) -> What {
    match what {
        What::Bad(trouble) if fresh && !trouble.passing => What::Bad(Trouble::growing()),
        what => what,
    }
}
