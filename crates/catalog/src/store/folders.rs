//! The rows of folders, and of what lies in them.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use crate::{
    FolderId, LibraryId, TrackId, VideoId,
    visibility::{in_scope, shown, visible},
};

/// A folder as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct FolderRow {
    pub(crate) id: FolderId,
    pub(crate) parent: FolderId,
    pub(crate) name: String,
    pub(crate) sort_key: Vec<u8>,
}

pub(super) fn folder(row: &Row<'_>) -> Result<FolderRow, Fault> {
    Ok(FolderRow { id: row.get(0)?, parent: row.get(1)?, name: row.get(2)?, sort_key: row.get(3)? })
}

pub(crate) fn by_key(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<FolderId>, Fault> {
    tx.one(sql!("SELECT id FROM catalog_folder WHERE key = $1"), params![key], |row| row.get(0))
}

/// False when somebody else has entered the same meanwhile.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    folder: &FolderRow,
    library: LibraryId,
    key: &[u8],
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO catalog_folder (id, library_id, parent_id, key, name, sort_key, scope)
             VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT DO NOTHING"
        ),
        params![folder.id, library, folder.parent, key, &folder.name, &folder.sort_key],
    )?;
    Ok(rows == 1)
}

/// Calls a folder otherwise; false when it is called so, or is not there.
pub(crate) fn rename(tx: &mut Tx<'_>, key: &[u8], name: &str, sort_key: &[u8]) -> Result<bool, Fault> {
    let sql = sql!("UPDATE catalog_folder SET name = $2, sort_key = $3 WHERE key = $1 AND name <> $2");
    Ok(tx.run(sql, params![key, name, sort_key])? == 1)
}

/// Where files lie: which, in which folder, the key that orders it, its name.
pub(crate) type Placed = (i64, i64, String, String);

/// The statement that writes where files lie, over the table of what they are.
macro_rules! place {
    ($table:literal) => {
        sql!(
            sqlite: concat!(
                "UPDATE ", $table, " SET folder_id = wanted.value ->> 1,
                    file_key = CAST(wanted.value ->> 2 AS BLOB), file_name = wanted.value ->> 3
                FROM json_each($1) wanted WHERE ", $table, ".id = wanted.value ->> 0"
            ),
            postgres: concat!(
                "UPDATE ", $table, " SET folder_id = CAST(wanted.value ->> 1 AS BIGINT),
                    file_key = convert_to(wanted.value ->> 2, 'UTF8'), file_name = wanted.value ->> 3
                FROM json_array_elements(CAST($1 AS JSON)) wanted
                WHERE ", $table, ".id = CAST(wanted.value ->> 0 AS BIGINT)"
            )
        )
    };
}

/// Writes where the files of tracks lie.
pub(crate) fn place_tracks(tx: &mut Tx<'_>, rows: &[Placed]) -> Result<(), Fault> {
    tx.run(place!("catalog_track"), params![super::json(rows)?])?;
    Ok(())
}

/// Writes where the files of videos lie.
pub(crate) fn place_videos(tx: &mut Tx<'_>, rows: &[Placed]) -> Result<(), Fault> {
    tx.run(place!("catalog_video"), params![super::json(rows)?])?;
    Ok(())
}

/// The statement that asks in which folder a file lies, likewise.
macro_rules! folder_of {
    ($table:literal) => {
        sql!(concat!("SELECT x.folder_id FROM ", $table, " x WHERE x.id = $1"))
    };
}

/// In which folder the file of a track lies.
pub(crate) fn of_track(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<FolderId>, Fault> {
    Ok(tx.one(folder_of!("catalog_track"), params![id], |row| row.get(0))?.flatten())
}

/// In which folder the file of a video lies.
pub(crate) fn of_video(tx: &mut Tx<'_>, id: VideoId) -> Result<Option<FolderId>, Fault> {
    Ok(tx.one(folder_of!("catalog_video"), params![id], |row| row.get(0))?.flatten())
}

/// The folder above and the scope, with the row held for a change.
pub(crate) fn lock(tx: &mut Tx<'_>, id: FolderId) -> Result<Option<(FolderId, i64)>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT parent_id, scope FROM catalog_folder WHERE id = $1",
            postgres: "SELECT parent_id, scope FROM catalog_folder WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The statement that asks for the scope of one thing that is shown in a folder, likewise.
macro_rules! scope_in {
    ($table:literal) => {
        sql!(concat!(
            "SELECT x.scope FROM ",
            $table,
            " x WHERE x.folder_id = $1 AND ",
            shown!("x"),
            " LIMIT 1"
        ))
    };
}

/// The scope of one thing that is shown in a folder, or in one below; 0 when nothing is.
pub(crate) fn scope_inside(tx: &mut Tx<'_>, id: FolderId) -> Result<i64, Fault> {
    let below = sql!("SELECT f.scope FROM catalog_folder f WHERE f.parent_id = $1 AND f.scope <> 0 LIMIT 1");
    for sql in [scope_in!("catalog_track"), scope_in!("catalog_video"), below] {
        if let Some(scope) = tx.one(sql, params![id], |row| row.get(0))? {
            return Ok(scope);
        }
    }
    Ok(0)
}

pub(crate) fn set_scope(tx: &mut Tx<'_>, id: FolderId, scope: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_folder SET scope = $2 WHERE id = $1"), params![id, scope])?;
    Ok(())
}

/// A folder that the viewer sees.
pub(crate) fn one(tx: &mut Tx<'_>, id: FolderId) -> Result<Option<FolderRow>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT f.id, f.parent_id, f.name, f.sort_key FROM catalog_folder f WHERE f.id = $1 AND ",
            in_scope!("f")
        )),
        params![id],
        folder,
    )
}

/// The folders in a folder that the viewer sees, by name, after `key`.
pub(crate) fn inside(
    tx: &mut Tx<'_>,
    parent: FolderId,
    (name, id): (&[u8], i64),
    limit: u32,
) -> Result<Vec<FolderRow>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT f.id, f.parent_id, f.name, f.sort_key FROM catalog_folder f
             WHERE f.parent_id = $1 AND (f.sort_key, f.id) > ($2, $3) AND ",
            in_scope!("f"),
            " ORDER BY f.sort_key, f.id LIMIT $4"
        )),
        params![parent, name, id, limit],
        folder,
    )
}

/// A file in a folder: its number, the key that orders it, its name.
pub(crate) type FileRow = (i64, Vec<u8>, String);

fn file(row: &Row<'_>) -> Result<FileRow, Fault> {
    Ok((row.get(0)?, row.get(1)?, row.get::<Option<String>>(2)?.unwrap_or_default()))
}

/// The statement that lists what lies in a folder and the viewer sees, likewise.
macro_rules! files_in {
    ($table:literal) => {
        sql!(concat!(
            "SELECT x.id, x.file_key, x.file_name FROM ",
            $table,
            " x WHERE x.folder_id = $1 AND (x.file_key, x.id) > ($2, $3) AND ",
            visible!("x"),
            " ORDER BY x.file_key, x.id LIMIT $4"
        ))
    };
}

/// The tracks in a folder that the viewer sees, in the order of their files, after `key`.
pub(crate) fn tracks(
    tx: &mut Tx<'_>,
    folder: FolderId,
    (name, id): (&[u8], i64),
    limit: u32,
) -> Result<Vec<FileRow>, Fault> {
    tx.all(files_in!("catalog_track"), params![folder, name, id, limit], file)
}

/// The videos in a folder that the viewer sees, likewise.
pub(crate) fn videos(
    tx: &mut Tx<'_>,
    folder: FolderId,
    (name, id): (&[u8], i64),
    limit: u32,
) -> Result<Vec<FileRow>, Fault> {
    tx.all(files_in!("catalog_video"), params![folder, name, id, limit], file)
}

/// Whether the files of a library are in their folders.
pub(crate) fn is_placed(tx: &mut Tx<'_>, library: LibraryId) -> Result<bool, Fault> {
    let sql = sql!("SELECT placed FROM catalog_library WHERE id = $1");
    Ok(tx.one(sql, params![library], |row| row.get(0))?.unwrap_or(false))
}

pub(crate) fn set_placed(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_library SET placed = TRUE WHERE id = $1"), params![library])?;
    Ok(())
}

/// Whether another transaction waits for what this one holds; on `SQLite` they follow each other.
#[cfg(test)]
pub(crate) fn is_waited_for(tx: &mut Tx<'_>) -> Result<bool, Fault> {
    let sql = sql!(
        sqlite: "SELECT 1",
        postgres: "SELECT 1 FROM pg_locks mine JOIN pg_locks theirs ON theirs.transactionid = mine.transactionid
            WHERE mine.pid = pg_backend_pid() AND mine.granted AND NOT theirs.granted LIMIT 1"
    );
    Ok(tx.one(sql, params![], |_| Ok(()))?.is_some())
}
