//! A listener's folders, and which playlist lies in which.

use kernel::{Fault, db::Tx, id::UserId, params, sql};

use crate::model::playlists::{Folder, FolderId, PlaylistId};

/// All folders of somebody, by name.
pub(crate) fn of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Folder>, Fault> {
    tx.all(
        sql!(
            "SELECT id, name, parent_id FROM catalog_playlist_folder WHERE user_id = $1
             ORDER BY sort_key, id"
        ),
        params![user],
        |row| Ok(Folder { id: row.get(0)?, name: row.get(1)?, parent: row.get(2)? }),
    )
}

pub(crate) fn insert(tx: &mut Tx<'_>, user: UserId, folder: &Folder, sort_key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_playlist_folder (id, user_id, parent_id, name, sort_key)
             VALUES ($1, $2, $3, $4, $5)"
        ),
        params![folder.id, user, folder.parent, &folder.name, sort_key],
    )?;
    Ok(())
}

pub(crate) fn update(tx: &mut Tx<'_>, folder: &Folder, sort_key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_playlist_folder SET parent_id = $2, name = $3, sort_key = $4 WHERE id = $1"),
        params![folder.id, folder.parent, &folder.name, sort_key],
    )?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx<'_>, folder: FolderId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist_folder WHERE id = $1"), params![folder])?;
    Ok(())
}

/// Whether a folder is somebody's.
pub(crate) fn is_of(tx: &mut Tx<'_>, user: UserId, folder: FolderId) -> Result<bool, Fault> {
    let found = tx.one(
        sql!("SELECT 1 FROM catalog_playlist_folder WHERE id = $1 AND user_id = $2"),
        params![folder, user],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Puts a playlist into a folder, for one listener.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    user: UserId,
    playlist: PlaylistId,
    folder: FolderId,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_playlist_place (user_id, playlist_id, folder_id) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, playlist_id) DO UPDATE SET folder_id = excluded.folder_id"
        ),
        params![user, playlist, folder],
    )?;
    Ok(())
}

/// Takes a playlist out of its folder, for one listener.
pub(crate) fn take(tx: &mut Tx<'_>, user: UserId, playlist: PlaylistId) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM catalog_playlist_place WHERE user_id = $1 AND playlist_id = $2"),
        params![user, playlist],
    )?;
    Ok(())
}

/// Takes everything out of a folder.
pub(crate) fn empty(tx: &mut Tx<'_>, folder: FolderId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist_place WHERE folder_id = $1"), params![folder])?;
    Ok(())
}

/// A playlist is gone for everybody.
pub(crate) fn forget(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist_place WHERE playlist_id = $1"), params![playlist])?;
    Ok(())
}
