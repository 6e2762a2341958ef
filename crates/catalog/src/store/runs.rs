//! The rows of albums that are encoded in one run.

use kernel::{
    Fault,
    db::{Db, Tx},
    params, sql,
};

use super::media::signed;
use crate::{
    AlbumId, MediaId, TrackId,
    media::{RunPiece, RunTrack},
    visibility::{shown, visible},
};

/// The album of a track that the viewer may see.
pub(crate) fn album_of(tx: &mut Tx<'_>, track: TrackId) -> Result<Option<AlbumId>, Fault> {
    let found = tx.one(
        sql!(concat!("SELECT t.album_id FROM catalog_track t WHERE t.id = $1 AND ", visible!("t"))),
        params![track],
        |row| row.get::<Option<AlbumId>>(0),
    )?;
    Ok(found.flatten())
}

/// All that is shown of an album, to whomever, in the order of its page.
pub(crate) fn album_tracks(tx: &mut Tx<'_>, album: AlbumId, limit: usize) -> Result<Vec<RunPiece>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, t.media_id, m.bytes, m.stamp, m.duration_ms,
                CASE WHEN (t.scope & $scope) <> 0 THEN 1 ELSE 0 END
             FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id WHERE t.album_id = $1 AND ",
            shown!("t"),
            " ORDER BY t.disc, COALESCE(t.number, 0), t.sort_key, t.id LIMIT $2"
        )),
        params![album, signed(limit as u64)],
        |row| {
            Ok(RunPiece {
                track: RunTrack {
                    track: row.get(0)?,
                    source: row.get(1)?,
                    bytes: row.get(2)?,
                    stamp: row.get(3)?,
                },
                duration_ms: row.get(4)?,
                seen: row.get::<i64>(5)? == 1,
            })
        },
    )
}

/// The runs of an album, the newest first, each with its rate.
pub(crate) fn of_album(tx: &mut Tx<'_>, album: AlbumId) -> Result<Vec<(MediaId, u32)>, Fault> {
    tx.all(
        sql!("SELECT media_id, rate_hz FROM catalog_run WHERE album_id = $1 ORDER BY media_id DESC"),
        params![album],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What a run was made of, in order, and where each ends.
pub(crate) fn tracks(tx: &mut Tx<'_>, run: MediaId) -> Result<Vec<(RunTrack, Option<u64>)>, Fault> {
    tx.all(
        sql!(
            "SELECT track_id, source_id, bytes, stamp, end_sample FROM catalog_run_track
             WHERE media_id = $1 ORDER BY position"
        ),
        params![run],
        |row| {
            let track =
                RunTrack { track: row.get(0)?, source: row.get(1)?, bytes: row.get(2)?, stamp: row.get(3)? };
            Ok((track, row.get(4)?))
        },
    )
}

pub(crate) fn album(tx: &mut Tx<'_>, run: MediaId) -> Result<Option<AlbumId>, Fault> {
    tx.one(sql!("SELECT album_id FROM catalog_run WHERE media_id = $1"), params![run], |row| row.get(0))
}

pub(crate) fn insert(tx: &mut Tx<'_>, run: MediaId, album: AlbumId) -> Result<(), Fault> {
    tx.run(
        sql!("INSERT INTO catalog_run (media_id, album_id, rate_hz) VALUES ($1, $2, 0)"),
        params![run, album],
    )?;
    Ok(())
}

pub(crate) fn insert_track(
    tx: &mut Tx<'_>,
    run: MediaId,
    position: usize,
    track: &RunTrack,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_run_track (media_id, position, track_id, source_id, bytes, stamp)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        params![run, signed(position as u64), track.track, track.source, signed(track.bytes), track.stamp],
    )?;
    Ok(())
}

pub(crate) fn set_rate(tx: &mut Tx<'_>, run: MediaId, rate_hz: u32) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_run SET rate_hz = $2 WHERE media_id = $1"), params![run, rate_hz])?;
    Ok(())
}

pub(crate) fn clear_ends(tx: &mut Tx<'_>, run: MediaId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_run_track SET end_sample = NULL WHERE media_id = $1"), params![run])?;
    Ok(())
}

pub(crate) fn set_end(tx: &mut Tx<'_>, run: MediaId, position: usize, end: u64) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_run_track SET end_sample = $3 WHERE media_id = $1 AND position = $2"),
        params![run, signed(position as u64), signed(end)],
    )?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx<'_>, run: MediaId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_run_track WHERE media_id = $1"), params![run])?;
    tx.run(sql!("DELETE FROM catalog_run WHERE media_id = $1"), params![run])?;
    Ok(())
}

/// Runs behind one, by their numbers, each with its album.
pub(crate) async fn all(db: &Db, after: MediaId, limit: u32) -> Result<Vec<(MediaId, AlbumId)>, Fault> {
    db.all(
        sql!("SELECT media_id, album_id FROM catalog_run WHERE media_id > $1 ORDER BY media_id LIMIT $2"),
        params![after, i64::from(limit)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}
