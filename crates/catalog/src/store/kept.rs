//! The rows of what is kept of music that was encoded.

use kernel::{
    Fault, Time,
    db::{Db, Tx},
    params, sql,
};

use crate::{AlbumId, MediaId, TrackId, media::Kept, visibility::shown};

pub(crate) fn touch(tx: &mut Tx<'_>, id: MediaId, now: Time) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_media SET asked_us = $2 WHERE id = $1 AND asked_us < $2"), params![id, now])?;
    Ok(())
}

/// Writes how large everything is that was encoded of a media.
pub(crate) fn set_bytes(tx: &mut Tx<'_>, id: MediaId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_media SET encoded_bytes =
                COALESCE((SELECT CAST(SUM(s.bytes) AS BIGINT) FROM catalog_rendition r
                    JOIN catalog_segment s ON s.rendition_id = r.id WHERE r.media_id = $1), 0)
                + COALESCE((SELECT CAST(SUM(r.init_bytes) AS BIGINT) FROM catalog_rendition r
                    WHERE r.media_id = $1), 0)
             WHERE id = $1"
        ),
        params![id],
    )?;
    Ok(())
}

pub(crate) async fn bytes(db: &Db) -> Result<u64, Fault> {
    let sum = db
        .one(
            sql!(
                "SELECT COALESCE(CAST(SUM(m.encoded_bytes) AS BIGINT), 0) FROM catalog_media m
                 WHERE m.kind = 'audio' AND m.encoded_bytes > 0",
                scan = "the index holds no more than what is kept"
            ),
            params![],
            |row| row.get(0),
        )
        .await?;
    Ok(sum.unwrap_or(0))
}

pub(crate) async fn oldest(db: &Db, after: (Time, MediaId), limit: u32) -> Result<Vec<Kept>, Fault> {
    db.all(
        sql!(
            "SELECT m.id, m.asked_us, m.encoded_bytes, m.duration_ms FROM catalog_media m
             WHERE m.kind = 'audio' AND m.encoded_bytes > 0 AND (m.asked_us, m.id) > ($1, $2)
             ORDER BY m.asked_us, m.id LIMIT $3"
        ),
        params![after.0, after.1, i64::from(limit)],
        |row| {
            Ok(Kept { media: row.get(0)?, asked: row.get(1)?, bytes: row.get(2)?, duration_ms: row.get(3)? })
        },
    )
    .await
}

/// Back to never encoded, in a new generation, unless it was asked for since `asked`. The new generation.
pub(crate) fn evict(tx: &mut Tx<'_>, kept: &Kept) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!(
            "UPDATE catalog_media SET state = 'none', generation = generation + 1, encoded_bytes = 0
             WHERE id = $1 AND kind = 'audio' AND state = 'ready' AND asked_us = $2 RETURNING generation"
        ),
        params![kept.media, kept.asked],
        |row| row.get(0),
    )
}

/// Tracks in the order of their numbers, each with its album, its media and whether nobody has asked for that yet.
pub(crate) async fn unasked(
    db: &Db,
    after: TrackId,
    limit: u32,
) -> Result<Vec<(TrackId, Option<AlbumId>, MediaId, bool)>, Fault> {
    db.all(
        sql!(concat!(
            "SELECT t.id, t.album_id, m.id, m.state FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             WHERE t.id > $1 AND ",
            shown!("t"),
            " ORDER BY t.id LIMIT $2"
        )),
        params![after, i64::from(limit)],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<String>(3)? == "none")),
    )
    .await
}

/// Whether somebody has asked for a media and it is not done.
pub(crate) async fn is_underway(db: &Db, id: MediaId) -> Result<bool, Fault> {
    let found = db
        .one(
            sql!("SELECT 1 FROM catalog_media WHERE id = $1 AND state IN ('waiting', 'encoding')"),
            params![id],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}

pub(crate) async fn newest_music(db: &Db) -> Result<(i64, i64), Fault> {
    let newest = db.read(|tx| {
        let track = tx.one(
            sql!("SELECT id FROM catalog_track WHERE id > 0 ORDER BY id DESC LIMIT 1"),
            params![],
            |row| row.get(0),
        )?;
        let edit = tx.one(
            sql!("SELECT edit_id FROM catalog_edit_history WHERE edit_id > 0 ORDER BY edit_id DESC LIMIT 1"),
            params![],
            |row| row.get(0),
        )?;
        Ok::<_, Fault>((track.unwrap_or(0), edit.unwrap_or(0)))
    });
    newest.await
}
