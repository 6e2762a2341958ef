//! The table of files: identities that outlive places.

use catalog::{LibraryId, TrackId, VideoId};
use kernel::{
    Fault,
    db::{Db, Row, Tx},
    params, sql,
};

use crate::scan::walk::{Stat, VERSION};

/// Where a file is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) enum State {
    /// It is in the catalogue.
    Shown,
    /// It is there and can't be taken in.
    Broken,
    /// This scan has not met it; what it was in the catalogue is still shown.
    Missing,
    /// What it was in the catalogue is hidden.
    Gone,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Broken => "broken",
            Self::Missing => "missing",
            Self::Gone => "gone",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "shown" => Self::Shown,
            "broken" => Self::Broken,
            "missing" => Self::Missing,
            _ => Self::Gone,
        }
    }
}

/// A file as the last scan left it.
#[derive(Clone, Debug)]
pub(in crate::scan) struct KnownFile {
    pub(in crate::scan) id: i64,
    pub(in crate::scan) name: Vec<u8>,
    pub(in crate::scan) stat: Stat,
    pub(in crate::scan) state: State,
    pub(in crate::scan) sample: Option<Vec<u8>>,
    pub(in crate::scan) work: Option<Vec<u8>>,
    pub(in crate::scan) track: Option<TrackId>,
    pub(in crate::scan) video: Option<VideoId>,
    /// The version of the scan that read it.
    pub(in crate::scan) taken: i64,
    /// Hash of the files with its lyrics.
    pub(in crate::scan) beside: Option<Vec<u8>>,
}

/// A file that another one may be.
#[derive(Clone, Debug)]
pub(in crate::scan) struct Candidate {
    pub(in crate::scan) file: KnownFile,
    pub(in crate::scan) folder: i64,
    pub(in crate::scan) folder_path: Vec<u8>,
    pub(in crate::scan) library_path: Vec<u8>,
    pub(in crate::scan) library: LibraryId,
}

/// What is written of a file.
#[derive(Clone, Debug)]
pub(in crate::scan) struct NewFile<'a> {
    pub(in crate::scan) library: LibraryId,
    pub(in crate::scan) folder: i64,
    pub(in crate::scan) name: &'a [u8],
    pub(in crate::scan) stat: Stat,
    pub(in crate::scan) state: State,
    pub(in crate::scan) sample: Option<[u8; 32]>,
    pub(in crate::scan) work: Option<[u8; 32]>,
    pub(in crate::scan) track: Option<TrackId>,
    pub(in crate::scan) video: Option<VideoId>,
    pub(in crate::scan) beside: Option<[u8; 32]>,
}

fn known(row: &Row<'_>) -> Result<KnownFile, Fault> {
    Ok(KnownFile {
        id: row.get(0)?,
        name: row.get(1)?,
        stat: Stat { bytes: row.get(2)?, mtime_ns: row.get(3)?, device: row.get(4)?, inode: row.get(5)? },
        state: State::from_word(&row.get::<String>(6)?),
        sample: row.get(7)?,
        track: row.get(8)?,
        video: row.get(9)?,
        work: row.get(10)?,
        taken: row.get(11)?,
        beside: row.get(12)?,
    })
}

fn candidate(row: &Row<'_>) -> Result<Candidate, Fault> {
    Ok(Candidate {
        file: known(row)?,
        folder: row.get(13)?,
        folder_path: row.get(14)?,
        library_path: row.get(15)?,
        library: row.get(16)?,
    })
}

/// All files that were ever in a folder and are not elsewhere now.
pub(in crate::scan) async fn of_folder(db: &Db, folder: i64) -> Result<Vec<KnownFile>, Fault> {
    db.all(
        sql!(
            "SELECT id, name, bytes, mtime_ns, device, inode, state, sample, track_id, video_id, work, taken, beside
             FROM ingest_file WHERE folder_id = $1 ORDER BY name"
        ),
        params![folder],
        known,
    )
    .await
}

/// Whether any file is known at all.
pub(in crate::scan) async fn any_file(db: &Db) -> Result<bool, Fault> {
    let found = db
        .one(
            sql!("SELECT id FROM ingest_file ORDER BY id LIMIT 1", scan = "stops at the first"),
            params![],
            |row| row.get::<i64>(0),
        )
        .await?;
    Ok(found.is_some())
}

/// Files with the same sound, size and time.
pub(in crate::scan) fn by_stat(
    tx: &mut Tx<'_>,
    sample: &[u8; 32],
    stat: Stat,
    limit: u32,
) -> Result<Vec<Candidate>, Fault> {
    tx.all(
        sql!(
            "SELECT f.id, f.name, f.bytes, f.mtime_ns, f.device, f.inode, f.state, f.sample, f.track_id, f.video_id,
                f.work, f.taken, f.beside, f.folder_id, d.path, l.path, f.library_id
             FROM ingest_file f JOIN ingest_folder d ON d.id = f.folder_id JOIN ingest_library l ON l.id = f.library_id
             WHERE f.sample = $1 AND f.bytes = $2 AND f.mtime_ns = $3 LIMIT $4"
        ),
        params![*sample, stat.bytes, stat.mtime_ns, limit],
        candidate,
    )
}

/// Files with the same sound.
pub(in crate::scan) fn by_sample(
    tx: &mut Tx<'_>,
    sample: &[u8; 32],
    limit: u32,
) -> Result<Vec<Candidate>, Fault> {
    tx.all(
        sql!(
            "SELECT f.id, f.name, f.bytes, f.mtime_ns, f.device, f.inode, f.state, f.sample, f.track_id, f.video_id,
                f.work, f.taken, f.beside, f.folder_id, d.path, l.path, f.library_id
             FROM ingest_file f JOIN ingest_folder d ON d.id = f.folder_id JOIN ingest_library l ON l.id = f.library_id
             WHERE f.sample = $1 LIMIT $2"
        ),
        params![*sample, limit],
        candidate,
    )
}

/// Files of the same recording on the same release.
pub(in crate::scan) fn by_work(
    tx: &mut Tx<'_>,
    work: &[u8; 32],
    limit: u32,
) -> Result<Vec<Candidate>, Fault> {
    tx.all(
        sql!(
            "SELECT f.id, f.name, f.bytes, f.mtime_ns, f.device, f.inode, f.state, f.sample, f.track_id, f.video_id,
                f.work, f.taken, f.beside, f.folder_id, d.path, l.path, f.library_id
             FROM ingest_file f JOIN ingest_folder d ON d.id = f.folder_id JOIN ingest_library l ON l.id = f.library_id
             WHERE f.work = $1 LIMIT $2"
        ),
        params![*work, limit],
        candidate,
    )
}

/// A known file, and where it lies.
pub(in crate::scan) struct PlacedFile {
    pub(in crate::scan) id: i64,
    /// The path of its folder below the library's.
    pub(in crate::scan) folder: Vec<u8>,
    pub(in crate::scan) name: Vec<u8>,
    pub(in crate::scan) track: Option<TrackId>,
    pub(in crate::scan) video: Option<VideoId>,
}

/// The known files of a library that are a track or a video, after one of them.
pub(in crate::scan) fn files_to_place(
    tx: &mut Tx<'_>,
    library: LibraryId,
    after: i64,
    limit: u32,
) -> Result<Vec<PlacedFile>, Fault> {
    tx.all(
        sql!(
            "SELECT f.id, d.path, f.name, f.track_id, f.video_id FROM ingest_file f
             JOIN ingest_folder d ON d.id = f.folder_id
             WHERE f.library_id = $1 AND f.id > $2 AND (f.track_id IS NOT NULL OR f.video_id IS NOT NULL)
             ORDER BY f.id LIMIT $3"
        ),
        params![library, after, limit],
        |row| {
            Ok(PlacedFile {
                id: row.get(0)?,
                folder: row.get(1)?,
                name: row.get(2)?,
                track: row.get(3)?,
                video: row.get(4)?,
            })
        },
    )
}

/// Enters a file.
pub(in crate::scan) fn insert_file(tx: &mut Tx<'_>, id: i64, file: &NewFile<'_>) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO ingest_file (id, library_id, folder_id, name, bytes, mtime_ns, device, inode, sample, work,
                state, track_id, video_id, taken, beside)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        ),
        params![
            id,
            file.library,
            file.folder,
            file.name,
            file.stat.bytes,
            file.stat.mtime_ns,
            file.stat.device,
            file.stat.inode,
            file.sample,
            file.work,
            file.state.word(),
            file.track,
            file.video,
            i64::from(VERSION),
            file.beside
        ],
    )?;
    Ok(())
}

/// Writes a file anew, wherever it was.
pub(in crate::scan) fn update_file(tx: &mut Tx<'_>, id: i64, file: &NewFile<'_>) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_file SET library_id = $2, folder_id = $3, name = $4, bytes = $5, mtime_ns = $6, device = $7,
                inode = $8, sample = $9, work = $10, state = $11, track_id = $12, video_id = $13,
                taken = $14, beside = $15
             WHERE id = $1"
        ),
        params![
            id,
            file.library,
            file.folder,
            file.name,
            file.stat.bytes,
            file.stat.mtime_ns,
            file.stat.device,
            file.stat.inode,
            file.sample,
            file.work,
            file.state.word(),
            file.track,
            file.video,
            i64::from(VERSION),
            file.beside
        ],
    )?;
    Ok(())
}

/// Whether a file is still where it was known to be: another scan may have done something with it meanwhile. Holds it
/// there until the transaction ends.
pub(in crate::scan) fn claim_file(tx: &mut Tx<'_>, candidate: &Candidate) -> Result<bool, Fault> {
    let touched = tx.run(
        sql!(
            "UPDATE ingest_file SET state = state WHERE id = $1 AND folder_id = $2 AND name = $3 AND mtime_ns = $4"
        ),
        params![
            candidate.file.id,
            candidate.folder,
            &candidate.file.name,
            candidate.file.stat.mtime_ns
        ],
    )?;
    Ok(touched == 1)
}

/// Writes that this scan has not met a file where it was, if that is still where it is known to be.
pub(in crate::scan) fn mark_missing(tx: &mut Tx<'_>, id: i64, folder: i64, name: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_file SET state = 'missing'
             WHERE id = $1 AND folder_id = $2 AND name = $3 AND state IN ('shown', 'broken')"
        ),
        params![id, folder, name],
    )?;
    Ok(())
}

/// Writes that this scan has met none of the files of a folder.
pub(in crate::scan) fn mark_missing_below(tx: &mut Tx<'_>, folder: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_file SET state = 'missing' WHERE folder_id = $1 AND state IN ('shown', 'broken')"
        ),
        params![folder],
    )?;
    Ok(())
}

/// Writes where a file is in its life.
pub(in crate::scan) fn set_state(tx: &mut Tx<'_>, id: i64, state: State) -> Result<(), Fault> {
    tx.run(sql!("UPDATE ingest_file SET state = $2 WHERE id = $1"), params![id, state.word()])?;
    Ok(())
}

/// Writes which files with its lyrics were read.
pub(in crate::scan) fn set_beside(tx: &mut Tx<'_>, id: i64, beside: Option<[u8; 32]>) -> Result<(), Fault> {
    tx.run(sql!("UPDATE ingest_file SET beside = $2 WHERE id = $1"), params![id, beside])?;
    Ok(())
}

/// Files of a library in a state, the oldest first.
pub(in crate::scan) fn page_in_state(
    tx: &mut Tx<'_>,
    library: LibraryId,
    state: State,
    limit: u32,
) -> Result<Vec<KnownFile>, Fault> {
    tx.all(
        sql!(
            "SELECT id, name, bytes, mtime_ns, device, inode, state, sample, track_id, video_id, work, taken, beside
             FROM ingest_file WHERE library_id = $1 AND state = $2 ORDER BY id LIMIT $3"
        ),
        params![library, state.word(), limit],
        known,
    )
}

/// The file of this name in a folder, which is given with zero bytes for slashes, if it is in the catalogue.
pub(in crate::scan) fn file_at(
    tx: &mut Tx<'_>,
    library: LibraryId,
    folder: &[u8],
    name: &[u8],
) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!(
            "SELECT f.id FROM ingest_folder d JOIN ingest_file f ON f.folder_id = d.id AND f.name = $3
             WHERE d.library_id = $1 AND d.path = $2 AND f.state = 'shown' LIMIT 1"
        ),
        params![library, folder, name],
        |row| row.get(0),
    )
}
