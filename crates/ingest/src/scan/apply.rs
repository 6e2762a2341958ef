//! One transaction of a scan.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use catalog::{
    PictureId,
    import::{self, Batch, Place, Source, SourceFile, TrackImport, VideoImport},
};
use kernel::{Fault, db::Tx};

use super::{
    compare::Note,
    identity::{Marks, Was},
    kind,
    lyrics::Words,
    pictures::Picture,
    read::{Film, Heard, What},
    store::{self, KnownFile, NewFile, ProblemOf, State},
    tags::Sound,
    trouble::{CUT_OFF, LYRICS_UNREADABLE, Trouble, VANISHED},
    walk::Stat,
    write::{FileOp, Op, Scene},
};
use crate::library::path;

/// Writes everything in `ops`, if the lease still holds.
pub(super) fn apply(tx: &mut Tx<'_>, scene: &Scene, ops: &[Op]) -> Result<(), Fault> {
    scene.lease.guard(tx)?;
    let batch = Batch::gathering(scene.ctx.ids(), scene.ctx.now());
    let mut apply = Apply { tx, scene, batch };
    for op in ops {
        match op {
            Op::NewFolder(folder) => {
                store::insert_folder(apply.tx, folder.id, scene.library, &folder.path, folder.device)?;
            }
            Op::Missing(folder, file) => store::mark_missing(apply.tx, file.id, *folder, &file.name)?,
            Op::Back(file) => apply.back(file)?,
            Op::File(file) => apply.file(file)?,
            Op::Through(folder, again) => {
                let fingerprint = if *again { &[][..] } else { &folder.fingerprint };
                let cover = folder.cover.as_ref().map_or(&[][..], |cover| &cover.mark);
                store::set_folder(apply.tx, folder.id, folder.device, fingerprint, cover)?;
            }
            Op::Note(note, id) => apply.note(note, *id)?,
        }
    }
    let Apply { tx, mut batch, .. } = apply;
    batch.finish(tx)
}

struct Apply<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    scene: &'a Scene,
    batch: Batch,
}

/// The row that a file has, or is to get.
struct Row {
    id: i64,
    before: Option<KnownFile>,
}

impl Apply<'_, '_> {
    fn back(&mut self, file: &KnownFile) -> Result<(), Fault> {
        if let Some(track) = file.track {
            import::show_track(self.tx, &mut self.batch, track)?;
        }
        if let Some(video) = file.video {
            import::show_video(self.tx, &mut self.batch, video)?;
        }
        store::set_state(self.tx, file.id, State::Shown)
    }

    fn note(&mut self, note: &Note, id: i64) -> Result<(), Fault> {
        match note {
            Note::Gone(folder) => {
                store::set_folder_gone(self.tx, *folder)?;
                store::mark_missing_below(self.tx, *folder)
            }
            Note::LookAgain(known) => store::set_folder(self.tx, known.id, known.device, &[], &known.cover),
            Note::Wrong(folder, name, trouble) => {
                let of = ProblemOf {
                    library: self.scene.library,
                    folder,
                    name,
                    file: None,
                    pass: self.scene.pass,
                };
                store::put_problem(self.tx, id, of, trouble, self.scene.ctx.now())
            }
        }
    }

    fn file(&mut self, op: &FileOp) -> Result<(), Fault> {
        let row = self.row(op)?;
        match &op.seen.what {
            What::Track(heard) => self.track(op, &row, heard),
            What::Video(film) => self.video(op, &row, film),
            What::Words(words) => self.words(op, &row, words),
            What::Bad(trouble) if trouble.code == VANISHED => match row.before {
                Some(before) => store::mark_missing(self.tx, before.id, op.folder.id, &before.name),
                None => Ok(()),
            },
            What::Bad(trouble) => self.bad(op, &row, trouble),
        }
    }

    /// Decides which row this file has, taking it from elsewhere if need be.
    fn row(&mut self, op: &FileOp) -> Result<Row, Fault> {
        let new = || Row { id: op.fresh_id, before: None };
        Ok(match &op.was {
            Was::New => new(),
            Was::Here(known) => Row { id: known.id, before: Some(known.clone()) },
            Was::Replaced(known) => {
                self.displace(known, op.folder.id)?;
                new()
            }
            Was::Elsewhere(candidate, here) => {
                if let Some(here) = here {
                    self.displace(here, op.folder.id)?;
                }
                if store::claim_file(self.tx, candidate)? {
                    Row { id: candidate.file.id, before: Some(candidate.file.clone()) }
                } else {
                    new()
                }
            }
        })
    }

    /// What was at this place is elsewhere, or nowhere any more.
    fn displace(&mut self, here: &KnownFile, folder: i64) -> Result<(), Fault> {
        store::mark_missing(self.tx, here.id, folder, &here.name)?;
        store::clear_problem(self.tx, here.id)
    }

    fn track(&mut self, op: &FileOp, row: &Row, heard: &Heard) -> Result<(), Fault> {
        if let Some(video) = row.before.as_ref().and_then(|before| before.video) {
            import::hide_video(self.tx, &mut self.batch, video)?;
        }
        let picture = heard.picture.as_ref().map(|picture| self.picture(picture)).transpose()?.flatten();
        let source = source(op, &heard.sound);
        let folder = album_folder(&op.folder.real);
        let imported = import::upsert_track(
            self.tx,
            &mut self.batch,
            &TrackImport {
                existing: row.before.as_ref().and_then(|before| before.track),
                library: Some(self.scene.library),
                source: &source,
                tags: &heard.tags,
                picture,
                folder: Some(&folder),
            },
        )?;
        let known = row.before.as_ref().is_some_and(|before| before.track.is_some());
        let place = place(self.scene, op, known);
        import::place_track(self.tx, &mut self.batch, imported.track, &place)?;
        let marks = Marks::of(&op.seen);
        let file = NewFile {
            sample: Some(heard.sample),
            work: marks.and_then(|marks| marks.work()),
            track: Some(imported.track),
            beside: heard.words.mark,
            ..self.new_file(op, op.seen.stat, State::Shown)
        };
        self.keep(op, row, &file, heard.trouble.as_ref())?;
        self.put_troubles(op, row.id, &heard.words)
    }

    /// The music has not changed, but the lyrics beside it have.
    fn words(&mut self, op: &FileOp, row: &Row, words: &Words) -> Result<(), Fault> {
        let Some(before) = &row.before else { return Ok(()) };
        if let Some(track) = before.track {
            import::set_lyrics_beside(self.tx, &mut self.batch, track, &words.lyrics)?;
        }
        store::set_beside(self.tx, before.id, words.mark)?;
        store::clear_problem_of_kind(self.tx, before.id, LYRICS_UNREADABLE)?;
        self.put_troubles(op, before.id, words)
    }

    /// Each file of lyrics has a problem of its own, which goes with those of the music.
    fn put_troubles(&mut self, op: &FileOp, file: i64, words: &Words) -> Result<(), Fault> {
        for (name, trouble) in &words.troubles {
            let of = ProblemOf {
                library: self.scene.library,
                folder: &op.folder.path,
                name,
                file: Some(file),
                pass: self.scene.pass,
            };
            let trouble = Trouble { code: LYRICS_UNREADABLE, ..trouble.clone() };
            store::put_problem(self.tx, self.scene.ctx.next_id(), of, &trouble, self.scene.ctx.now())?;
        }
        Ok(())
    }

    fn video(&mut self, op: &FileOp, row: &Row, film: &Film) -> Result<(), Fault> {
        if let Some(track) = row.before.as_ref().and_then(|before| before.track) {
            import::hide_track(self.tx, &mut self.batch, track)?;
        }
        let source = source(op, &film.sound);
        let imported = import::upsert_video(
            self.tx,
            &mut self.batch,
            &VideoImport {
                existing: row.before.as_ref().and_then(|before| before.video),
                library: Some(self.scene.library),
                owner: None,
                title: &film.title,
                source: &source,
                width: film.width,
                height: film.height,
                picture: None,
            },
        )?;
        let known = row.before.as_ref().is_some_and(|before| before.video.is_some());
        let place = place(self.scene, op, known);
        import::place_video(self.tx, &mut self.batch, imported.video, &place)?;
        let new = NewFile {
            sample: Some(film.sample),
            video: Some(imported.video),
            ..self.new_file(op, op.seen.stat, State::Shown)
        };
        self.keep(op, row, &new, None)
    }

    /// A file that can't be taken in. What it was before stays shown while the trouble may pass by itself, and is
    /// hidden when its bytes are no good any more.
    fn bad(&mut self, op: &FileOp, row: &Row, trouble: &Trouble) -> Result<(), Fault> {
        let before = row.before.as_ref();
        let shown = before.is_some_and(|before| before.state == State::Shown);
        if trouble.passing && shown {
            return self.put_problem(op, row.id, trouble);
        }
        if !trouble.passing {
            if let Some(track) = before.and_then(|before| before.track) {
                import::hide_track(self.tx, &mut self.batch, track)?;
            }
            if let Some(video) = before.and_then(|before| before.video) {
                import::hide_video(self.tx, &mut self.batch, video)?;
            }
        }
        // No file has this size, so one with a passing trouble is read again by the next scan.
        let stat = if trouble.passing { Stat { bytes: -1, ..op.seen.stat } } else { op.seen.stat };
        let file = NewFile {
            track: before.and_then(|before| before.track),
            video: before.and_then(|before| before.video),
            ..self.new_file(op, stat, State::Broken)
        };
        self.keep(op, row, &file, Some(trouble))
    }

    fn new_file<'b>(&self, op: &'b FileOp, stat: Stat, state: State) -> NewFile<'b> {
        NewFile {
            library: self.scene.library,
            folder: op.folder.id,
            name: &op.task.entry.name,
            stat,
            state,
            sample: None,
            work: None,
            track: None,
            video: None,
            beside: None,
        }
    }

    fn keep(
        &mut self,
        op: &FileOp,
        row: &Row,
        file: &NewFile<'_>,
        trouble: Option<&Trouble>,
    ) -> Result<(), Fault> {
        let mut heard = None;
        if let Some(before) = &row.before {
            // The same bytes are not heard again, wherever they lie now: what was wrong with their sound still is.
            let (old, new) = (before.stat, file.stat);
            if (old.bytes, old.mtime_ns) == (new.bytes, new.mtime_ns) {
                heard = store::problem_of_kind(self.tx, row.id, CUT_OFF)?;
            }
            store::update_file(self.tx, row.id, file)?;
            store::clear_problem(self.tx, row.id)?;
        } else {
            store::insert_file(self.tx, row.id, file)?;
        }
        let heard = heard.map(|reason| Trouble::new(CUT_OFF, reason));
        trouble.or(heard.as_ref()).map_or(Ok(()), |trouble| self.put_problem(op, row.id, trouble))
    }

    fn put_problem(&mut self, op: &FileOp, file: i64, trouble: &Trouble) -> Result<(), Fault> {
        let of = ProblemOf {
            library: self.scene.library,
            folder: &op.folder.path,
            name: &op.task.entry.name,
            file: Some(file),
            pass: self.scene.pass,
        };
        store::put_problem(self.tx, op.problem_id, of, trouble, self.scene.ctx.now())
    }

    fn picture(&mut self, picture: &Picture) -> Result<Option<PictureId>, Fault> {
        match picture {
            Picture::Known(id) => Ok(Some(*id)),
            Picture::New(facts, _) => import::upsert_picture(self.tx, &mut self.batch, facts).map(Some),
            Picture::Refused(_) => Ok(None),
        }
    }
}

/// Where a file lies, beside what its tags make of it.
fn place<'a>(scene: &'a Scene, op: &'a FileOp, known: bool) -> Place<'a> {
    Place {
        library: scene.library,
        library_name: &scene.library_name,
        folder: &op.folder.path,
        name: &op.task.entry.name,
        known,
    }
}

fn source(op: &FileOp, sound: &Sound) -> SourceFile {
    let file = op.folder.real.join(OsStr::from_bytes(&op.task.entry.name));
    SourceFile {
        place: Source::file(&file),
        bytes: u64::try_from(op.seen.stat.bytes).unwrap_or(0),
        stamp: op.seen.stat.mtime_ns,
        mime: sound.mime.to_string(),
        codec: sound.codec.to_string(),
        bitrate_kbps: sound.bitrate_kbps,
        sample_rate_hz: sound.sample_rate_hz,
        channels: sound.channels,
        duration_ms: sound.duration_ms,
    }
}

/// The folder of an album: the file's own, or the one above it when that is one disc of several.
fn album_folder(folder: &Path) -> String {
    let is_disc = folder.file_name().is_some_and(|name| kind::is_disc(name.as_bytes()));
    let album = folder.parent().filter(|_| is_disc).unwrap_or(folder);
    path::show(album.as_os_str().as_bytes())
}
