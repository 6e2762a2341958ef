//! What somebody leaves behind who has no account any more, for it to go too.

use kernel::{Fault, db::Tx, id::UserId, params, sql};

use super::playlists;
use crate::model::playlists::PlaylistId;

/// Removes everything that was one account's own: playlists, marks, plays, queue, bookmarks, devices, rights. What it
/// gave to the house stays.
pub(crate) fn everything_of(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    for playlist in playlists_of(tx, user)? {
        playlists::entries::delete_all(tx, playlist)?;
        playlists::editors::delete_all(tx, playlist)?;
        playlists::folders::forget(tx, playlist)?;
        playlists::found::forget(tx, playlist)?;
        playlists::delete(tx, playlist)?;
    }
    let statements = [
        sql!("DELETE FROM catalog_playlist_editor WHERE user_id = $1"),
        sql!("DELETE FROM catalog_playlist_place WHERE user_id = $1"),
        sql!("DELETE FROM catalog_playlist_folder WHERE user_id = $1"),
        sql!(
            "DELETE FROM catalog_playlist_found WHERE user_id = $1",
            scan = "an account is seldom removed, and few lists are kept"
        ),
        sql!("DELETE FROM catalog_mark WHERE user_id = $1"),
        sql!("DELETE FROM catalog_merge_mark WHERE user_id = $1"),
        sql!("DELETE FROM catalog_play WHERE user_id = $1"),
        sql!("DELETE FROM catalog_playing WHERE user_id = $1"),
        sql!("DELETE FROM catalog_queue WHERE user_id = $1"),
        sql!("DELETE FROM catalog_queue_list WHERE user_id = $1"),
        sql!("DELETE FROM catalog_bookmark WHERE user_id = $1"),
        sql!("DELETE FROM catalog_device WHERE user_id = $1"),
        sql!("DELETE FROM catalog_device_command WHERE user_id = $1"),
        sql!("DELETE FROM catalog_library_member WHERE user_id = $1"),
        sql!("DELETE FROM catalog_giver WHERE user_id = $1"),
    ];
    for statement in statements {
        tx.run(statement, params![user])?;
    }
    Ok(())
}

fn playlists_of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<PlaylistId>, Fault> {
    tx.all(sql!("SELECT id FROM catalog_playlist WHERE owner_id = $1 ORDER BY id"), params![user], |row| {
        row.get(0)
    })
}

/// How many rows there are of one account, for a test that none is left over.
#[cfg(test)]
pub(crate) async fn rows_of(db: &kernel::db::Db, user: UserId) -> Result<i64, Fault> {
    let sql = sql!(
        "SELECT (SELECT COUNT(*) FROM catalog_playlist WHERE owner_id = $1)
            + (SELECT COUNT(*) FROM catalog_playlist_editor WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_playlist_folder WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_playlist_place WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_playlist_found WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_mark WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_merge_mark WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_play WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_playing WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_queue WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_queue_list WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_bookmark WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_device WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_device_command WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_library_member WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_giver WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_handle WHERE user_id = $1)
            + (SELECT COUNT(*) FROM catalog_owner WHERE id = $1)",
        scan = "a test counts all of them"
    );
    Ok(db.one(sql, params![user], |row| row.get(0)).await?.unwrap_or(0))
}
