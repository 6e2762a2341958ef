//! What a smart playlist held when somebody last opened it.

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::{TrackId, model::playlists::PlaylistId, store::read::list};

/// Keeps what was found for the pages that follow.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    viewer: UserId,
    tracks: &[TrackId],
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_playlist_found (playlist_id, user_id, found_us, tracks) VALUES ($1, $2, $3, $4)
             ON CONFLICT (playlist_id, user_id) DO UPDATE SET found_us = excluded.found_us,
                tracks = excluded.tracks"
        ),
        params![playlist, viewer, now, list(tracks.iter().map(|track| track.0))],
    )?;
    Ok(())
}

/// What was found, as a JSON list.
pub(crate) fn get(tx: &mut Tx<'_>, playlist: PlaylistId, viewer: UserId) -> Result<Option<String>, Fault> {
    tx.one(
        sql!("SELECT tracks FROM catalog_playlist_found WHERE playlist_id = $1 AND user_id = $2"),
        params![playlist, viewer],
        |row| row.get(0),
    )
}

/// The rules are others now, or the playlist is gone.
pub(crate) fn forget(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist_found WHERE playlist_id = $1"), params![playlist])?;
    Ok(())
}
