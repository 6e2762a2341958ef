//! The table of folders.

use catalog::LibraryId;
use kernel::{
    Fault,
    db::{Db, Tx},
    params, sql,
};

/// A folder as the last scan left it.
#[derive(Clone, Debug)]
pub(in crate::scan) struct KnownFolder {
    pub(in crate::scan) id: i64,
    pub(in crate::scan) path: Vec<u8>,
    pub(in crate::scan) device: i64,
    pub(in crate::scan) fingerprint: Vec<u8>,
    pub(in crate::scan) cover: Vec<u8>,
    pub(in crate::scan) gone: bool,
}

/// Folders of a library in the order of a walk, those after `after`.
pub(in crate::scan) async fn folders_after(
    db: &Db,
    library: LibraryId,
    after: Option<Vec<u8>>,
    limit: u32,
) -> Result<Vec<KnownFolder>, Fault> {
    let row = |row: &kernel::db::Row<'_>| {
        Ok(KnownFolder {
            id: row.get(0)?,
            path: row.get(1)?,
            device: row.get(2)?,
            fingerprint: row.get(3)?,
            cover: row.get(4)?,
            gone: row.get(5)?,
        })
    };
    let Some(after) = after else {
        let sql = sql!(
            "SELECT id, path, device, fingerprint, cover, gone FROM ingest_folder
             WHERE library_id = $1 ORDER BY path LIMIT $2"
        );
        return db.all(sql, params![library, limit], row).await;
    };
    let sql = sql!(
        "SELECT id, path, device, fingerprint, cover, gone FROM ingest_folder
         WHERE library_id = $1 AND path > $2 ORDER BY path LIMIT $3"
    );
    db.all(sql, params![library, after, limit], row).await
}

/// Enters a folder that must still be looked into.
pub(in crate::scan) fn insert_folder(
    tx: &mut Tx<'_>,
    id: i64,
    library: LibraryId,
    path: &[u8],
    device: i64,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO ingest_folder (id, library_id, path, device, fingerprint, cover, gone)
             VALUES ($1, $2, $3, $4, $5, $5, FALSE)"
        ),
        params![id, library, path, device, Vec::new()],
    )?;
    Ok(())
}

/// Writes what a folder looks like, once everything in it is in the database; an empty fingerprint has it looked
/// into again.
pub(in crate::scan) fn set_folder(
    tx: &mut Tx<'_>,
    id: i64,
    device: i64,
    fingerprint: &[u8],
    cover: &[u8],
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_folder SET device = $2, fingerprint = $3, cover = $4, gone = FALSE WHERE id = $1"
        ),
        params![id, device, fingerprint, cover],
    )?;
    Ok(())
}

/// Writes that a folder is not there any more.
pub(in crate::scan) fn set_folder_gone(tx: &mut Tx<'_>, id: i64) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE ingest_folder SET fingerprint = $2, gone = TRUE WHERE id = $1"),
        params![id, Vec::new()],
    )?;
    Ok(())
}

/// Has every folder of a library looked into again, as if each were new.
pub(in crate::scan) fn forget_folders(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE ingest_folder SET fingerprint = $2, gone = TRUE WHERE library_id = $1"),
        params![library, Vec::new()],
    )?;
    Ok(())
}
