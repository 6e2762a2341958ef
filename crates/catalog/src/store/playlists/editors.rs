//! Who else may change a playlist's entries, and accounts by their handles.

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::model::playlists::PlaylistId;

/// An editor as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct EditorRow {
    pub(crate) id: UserId,
    /// Empty while not known here yet.
    pub(crate) handle: String,
    /// Empty while not known here yet.
    pub(crate) name: String,
}

/// The editors of a playlist, the oldest account first.
pub(crate) fn of(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<Vec<EditorRow>, Fault> {
    tx.all(
        sql!(
            "SELECT ed.user_id, COALESCE(h.handle, ''), COALESCE(o.name, '')
             FROM catalog_playlist_editor ed LEFT JOIN catalog_handle h ON h.user_id = ed.user_id
             LEFT JOIN catalog_owner o ON o.id = ed.user_id
             WHERE ed.playlist_id = $1 ORDER BY ed.user_id"
        ),
        params![playlist],
        |row| Ok(EditorRow { id: row.get(0)?, handle: row.get(1)?, name: row.get(2)? }),
    )
}

/// Whether somebody may change a playlist's entries without owning it.
pub(crate) fn is_editor(tx: &mut Tx<'_>, playlist: PlaylistId, user: UserId) -> Result<bool, Fault> {
    let found = tx.one(
        sql!("SELECT 1 FROM catalog_playlist_editor WHERE playlist_id = $1 AND user_id = $2"),
        params![playlist, user],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Makes somebody an editor; who is one stays one.
pub(crate) fn insert(tx: &mut Tx<'_>, playlist: PlaylistId, user: UserId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_playlist_editor (playlist_id, user_id, sort_key, added_us)
             SELECT pl.id, CAST($2 AS BIGINT), pl.sort_key, CAST($3 AS BIGINT) FROM catalog_playlist pl WHERE pl.id = $1
             ON CONFLICT (playlist_id, user_id) DO NOTHING"
        ),
        params![playlist, user, now],
    )?;
    Ok(())
}

/// Ends somebody's right; says whether there was one.
pub(crate) fn delete(tx: &mut Tx<'_>, playlist: PlaylistId, user: UserId) -> Result<bool, Fault> {
    let count = tx.run(
        sql!("DELETE FROM catalog_playlist_editor WHERE playlist_id = $1 AND user_id = $2"),
        params![playlist, user],
    )?;
    Ok(count > 0)
}

pub(crate) fn delete_all(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist_editor WHERE playlist_id = $1"), params![playlist])?;
    Ok(())
}

/// The playlist has another name now.
pub(crate) fn set_sort_key(tx: &mut Tx<'_>, playlist: PlaylistId, sort_key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_playlist_editor SET sort_key = $2 WHERE playlist_id = $1"),
        params![playlist, sort_key],
    )?;
    Ok(())
}

/// The account with this handle.
pub(crate) fn by_handle(tx: &mut Tx<'_>, handle: &str) -> Result<Option<UserId>, Fault> {
    tx.one(sql!("SELECT user_id FROM catalog_handle WHERE handle = $1"), params![handle], |row| row.get(0))
}

/// Whether there is such an account.
pub(crate) fn is_account(tx: &mut Tx<'_>, user: UserId) -> Result<bool, Fault> {
    let found = tx.one(sql!("SELECT 1 FROM catalog_handle WHERE user_id = $1"), params![user], |_| Ok(()))?;
    Ok(found.is_some())
}

/// What the projection of handles writes.
pub(crate) fn put_handle(tx: &mut Tx<'_>, user: i64, handle: &str) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_handle (user_id, handle) VALUES ($1, $2)
             ON CONFLICT (user_id) DO UPDATE SET handle = excluded.handle"
        ),
        params![user, handle],
    )?;
    Ok(())
}

pub(crate) fn take_handle(tx: &mut Tx<'_>, user: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_handle WHERE user_id = $1"), params![user])?;
    Ok(())
}

pub(crate) fn clear_handles(tx: &mut Tx<'_>) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_handle", scan = "it is made again from nothing"), params![])?;
    Ok(())
}
