//! The table of libraries and the list of their problems.

use catalog::LibraryId;
use kernel::{
    Fault, Time,
    db::{Db, Row, Tx},
    params, sql,
};

use super::{FileProblem, Library, LibraryState, Progress, path};

/// A library as the scan needs it.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) id: LibraryId,
    pub(crate) path: Vec<u8>,
    pub(crate) name: String,
    pub(crate) removed: bool,
    /// Files that the last scan found.
    pub(crate) files: i64,
}

/// All libraries that are not removed, the oldest first. Their number is limited.
pub(crate) async fn all(db: &Db) -> Result<Vec<Library>, Fault> {
    db.all(
        sql!(
            "SELECT id, path, name, state, problem, scanned_us, files, tracks, videos, broken, seen, changed
             FROM ingest_library WHERE state <> 'removed' ORDER BY id",
            scan = "at most 200 libraries can be added"
        ),
        params![],
        library,
    )
    .await
}

/// Whether a library is being scanned.
pub(crate) async fn any_scanning(db: &Db) -> Result<bool, Fault> {
    let sql = sql!(
        "SELECT 1 FROM ingest_library WHERE state = 'scanning' LIMIT 1",
        scan = "at most 200 libraries can be added"
    );
    Ok(db.one(sql, params![], |_| Ok(())).await?.is_some())
}

/// How many libraries were scanned, and their times added up: each scan that ends makes other numbers of it.
pub(crate) async fn scans(db: &Db) -> Result<(i64, i64), Fault> {
    let sql = sql!(
        "SELECT COUNT(scanned_us), COALESCE(CAST(SUM(scanned_us) AS BIGINT), 0) FROM ingest_library",
        scan = "at most 200 libraries can be added"
    );
    Ok(db.one(sql, params![], |row| Ok((row.get(0)?, row.get(1)?))).await?.unwrap_or_default())
}

/// One library that is not removed.
pub(crate) async fn one(db: &Db, id: LibraryId) -> Result<Option<Library>, Fault> {
    db.one(
        sql!(
            "SELECT id, path, name, state, problem, scanned_us, files, tracks, videos, broken, seen, changed
             FROM ingest_library WHERE id = $1 AND state <> 'removed'"
        ),
        params![id],
        library,
    )
    .await
}

/// What the scan needs of one library, removed ones included.
pub(crate) async fn root(db: &Db, id: LibraryId) -> Result<Option<Root>, Fault> {
    db.one(
        sql!("SELECT id, path, state, files, name FROM ingest_library WHERE id = $1"),
        params![id],
        |row| {
            Ok(Root {
                id: row.get(0)?,
                path: row.get(1)?,
                name: row.get(4)?,
                removed: row.get::<String>(2)? == "removed",
                files: row.get(3)?,
            })
        },
    )
    .await
}

fn library(row: &Row<'_>) -> Result<Library, Fault> {
    let bytes: Vec<u8> = row.get(1)?;
    let state = match row.get::<String>(3)?.as_str() {
        "scanning" => LibraryState::Scanning,
        "failed" => LibraryState::Failed,
        _ => LibraryState::Idle,
    };
    let progress = Progress { seen: row.get(10)?, changed: row.get(11)? };
    Ok(Library {
        id: row.get(0)?,
        path: path::show(&bytes),
        name: row.get(2)?,
        state,
        problem: row.get(4)?,
        scanned_at: row.get(5)?,
        files: row.get(6)?,
        tracks: row.get(7)?,
        videos: row.get(8)?,
        broken: row.get(9)?,
        progress: (state == LibraryState::Scanning).then_some(progress),
        // Another domain's to say; the service fills it in.
        access: catalog::access::Access::default(),
    })
}

/// The folders of all libraries that are not removed, with which library each is.
pub(crate) fn paths(tx: &mut Tx<'_>) -> Result<Vec<(LibraryId, Vec<u8>)>, Fault> {
    tx.all(
        sql!(
            "SELECT id, path FROM ingest_library WHERE state <> 'removed' ORDER BY id",
            scan = "at most 200 libraries can be added"
        ),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Enters a library, or takes a removed one of the same folder back; gives its number.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    id: LibraryId,
    path: &[u8],
    name: &str,
    now: Time,
) -> Result<LibraryId, Fault> {
    let kept = tx.one(
        sql!(
            "INSERT INTO ingest_library (id, path, name, state, created_us, due_us, again, seen, changed, files,
                tracks, videos, broken)
             VALUES ($1, $2, $3, 'scanning', $4, $5, FALSE, 0, 0, 0, 0, 0, 0)
             ON CONFLICT (path) DO UPDATE SET name = excluded.name, state = 'scanning', problem = NULL,
                due_us = excluded.due_us, again = FALSE, seen = 0, changed = 0, files = 0
             RETURNING id"
        ),
        params![id, path, name, now, Time(i64::MAX)],
        |row| row.get(0),
    )?;
    kept.ok_or_else(|| Fault::new("a library that was entered is not there"))
}

/// Marks a library as being scanned, or the running scan as to be followed by another. False when there is no such
/// library.
pub(crate) fn ask_scan(tx: &mut Tx<'_>, id: LibraryId) -> Result<bool, Fault> {
    let touched = tx.run(
        sql!(
            "UPDATE ingest_library SET
                again = (state = 'scanning'),
                seen = CASE WHEN state = 'scanning' THEN seen ELSE 0 END,
                changed = CASE WHEN state = 'scanning' THEN changed ELSE 0 END,
                state = 'scanning'
             WHERE id = $1 AND state <> 'removed'"
        ),
        params![id],
    )?;
    Ok(touched == 1)
}

/// Takes a library out of the list; false when it was not in it.
pub(crate) fn remove(tx: &mut Tx<'_>, id: LibraryId) -> Result<bool, Fault> {
    let touched = tx.run(
        sql!(
            "UPDATE ingest_library SET state = 'removed', problem = NULL, again = FALSE
             WHERE id = $1 AND state <> 'removed'"
        ),
        params![id],
    )?;
    Ok(touched == 1)
}

/// A page of what is wrong in a library, in the order in which it was found.
pub(crate) async fn problems(
    db: &Db,
    id: LibraryId,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<FileProblem>, Fault> {
    db.all(
        sql!(
            "SELECT id, path, reason, code, seen_us FROM ingest_problem
             WHERE library_id = $1 AND id > $2 ORDER BY id LIMIT $3"
        ),
        params![id, after.unwrap_or(0), limit],
        |row| {
            Ok(FileProblem {
                id: row.get(0)?,
                path: row.get(1)?,
                reason: row.get(2)?,
                code: row.get(3)?,
                seen_at: row.get(4)?,
            })
        },
    )
    .await
}

/// Libraries whose next look is due and that are not being scanned. One whose last scan ended after `ahead` was
/// scanned by a clock that ran ahead, which says nothing of when it is due.
pub(crate) async fn due(db: &Db, now: Time, ahead: Time) -> Result<Vec<LibraryId>, Fault> {
    db.all(
        sql!(
            "SELECT id FROM ingest_library WHERE (due_us <= $1 OR (scanned_us > $2 AND due_us < $3))
                AND state <> 'removed' AND state <> 'scanning' ORDER BY due_us LIMIT 200",
            scan = "of at most 200 libraries"
        ),
        params![now, ahead, Time(i64::MAX)],
        |row| row.get(0),
    )
    .await
}

/// When the next look at any library is due.
pub(crate) async fn next_due(db: &Db) -> Result<Option<Time>, Fault> {
    db.one(
        sql!(
            "SELECT due_us FROM ingest_library WHERE state <> 'removed' AND state <> 'scanning'
             ORDER BY due_us LIMIT 1"
        ),
        params![],
        |row| row.get(0),
    )
    .await
}

/// How far the running scan is, or the last one went.
pub(crate) async fn progress(db: &Db, id: LibraryId) -> Result<Option<Progress>, Fault> {
    db.one(sql!("SELECT seen, changed FROM ingest_library WHERE id = $1"), params![id], |row| {
        Ok(Progress { seen: row.get(0)?, changed: row.get(1)? })
    })
    .await
}

/// Writes how far a scan is.
pub(crate) fn set_progress(tx: &mut Tx<'_>, id: LibraryId, progress: Progress) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE ingest_library SET seen = $2, changed = $3 WHERE id = $1"),
        params![id, progress.seen, progress.changed],
    )?;
    Ok(())
}

/// Writes why a scan broke off that is tried again.
pub(crate) fn set_problem(tx: &mut Tx<'_>, id: LibraryId, problem: &str) -> Result<(), Fault> {
    tx.run(sql!("UPDATE ingest_library SET problem = $2 WHERE id = $1"), params![id, problem])?;
    Ok(())
}

/// Writes that a scan could not be done.
pub(crate) fn set_failed(tx: &mut Tx<'_>, id: LibraryId, problem: &str, due: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_library SET state = 'failed', problem = $2, due_us = $3, again = FALSE
             WHERE id = $1 AND state <> 'removed'"
        ),
        params![id, problem, due],
    )?;
    Ok(())
}

/// Counts anew what is wrong in a library, after its scan.
pub(crate) fn count_problems(tx: &mut Tx<'_>, id: LibraryId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_library SET broken = (SELECT COUNT(*) FROM ingest_problem p WHERE p.library_id = $1)
             WHERE id = $1"
        ),
        params![id],
    )?;
    Ok(())
}

/// What a library holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) files: i64,
    pub(crate) tracks: i64,
    pub(crate) videos: i64,
}

/// Counts what a library holds, outside of any transaction that others wait for.
pub(crate) async fn counts(db: &Db, id: LibraryId) -> Result<Counts, Fault> {
    let found = db
        .one(
            sql!(
                "SELECT (SELECT COUNT(*) FROM ingest_file f WHERE f.library_id = $1 AND f.state = 'broken'),
                    COUNT(*), COUNT(track_id), COUNT(video_id)
                 FROM ingest_file WHERE library_id = $1 AND state = 'shown'"
            ),
            params![id],
            |row| {
                let (broken, shown): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(Counts { files: broken + shown, tracks: row.get(2)?, videos: row.get(3)? })
            },
        )
        .await?;
    Ok(found.unwrap_or_default())
}

/// Writes that a scan is done; answers whether somebody has asked for another meanwhile, which is then due at once.
pub(crate) fn set_scanned(
    tx: &mut Tx<'_>,
    id: LibraryId,
    progress: Progress,
    counts: Counts,
    now: Time,
    due: Time,
) -> Result<bool, Fault> {
    let again: Option<bool> = tx.one(
        sql!("SELECT again FROM ingest_library WHERE id = $1 AND state <> 'removed'"),
        params![id],
        |row| row.get(0),
    )?;
    let again = again.unwrap_or(false);
    tx.run(
        sql!(
            "UPDATE ingest_library SET state = $2, problem = NULL, scanned_us = $3, due_us = $4, again = FALSE,
                seen = $5, changed = $6, files = $7, tracks = $8, videos = $9,
                broken = (SELECT COUNT(*) FROM ingest_problem p WHERE p.library_id = $1)
             WHERE id = $1 AND state <> 'removed'"
        ),
        params![
            id,
            if again { "scanning" } else { "idle" },
            now,
            due,
            progress.seen,
            progress.changed,
            counts.files,
            counts.tracks,
            counts.videos
        ],
    )?;
    Ok(again)
}
