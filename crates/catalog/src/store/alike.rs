//! What is compared by its sound, and what the whole house plays. Whether it is shown is decided by who reads it.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::{read::list, sound::heard_of};
use crate::{
    AlbumId, ArtistId, TrackId,
    visibility::{shown, visible},
};

/// A track with its vector and its scope.
fn scoped(row: &Row<'_>) -> Result<(TrackId, Vec<u8>, i64), Fault> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn vector(row: &Row<'_>) -> Result<(TrackId, Vec<u8>), Fault> {
    Ok((row.get(0)?, row.get(1)?))
}

/// The vectors of all tracks that were heard, by their numbers after `after`.
pub(crate) fn vectors(
    tx: &mut Tx<'_>,
    after: TrackId,
    limit: u32,
) -> Result<Vec<(TrackId, Vec<u8>, i64)>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, s.vector, t.scope FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             JOIN catalog_sound s ON ",
            heard_of!(),
            " WHERE t.id > $1 AND ",
            shown!("t"),
            " ORDER BY t.id LIMIT $2"
        )),
        params![after, limit],
        scoped,
    )
}

/// Those of these tracks.
pub(crate) fn vectors_of(tx: &mut Tx<'_>, tracks: &[i64]) -> Result<Vec<(TrackId, Vec<u8>)>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(
                "SELECT t.id, s.vector FROM json_each($1) wanted JOIN catalog_track t ON t.id = wanted.value
                 JOIN catalog_media m ON m.id = t.media_id JOIN catalog_sound s ON ", heard_of!()
            ),
            postgres: concat!(
                "SELECT t.id, s.vector FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_media m ON m.id = t.media_id JOIN catalog_sound s ON ", heard_of!()
            )
        ),
        params![list(tracks.iter().copied())],
        vector,
    )
}

/// Tracks of an artist, the latest first.
pub(crate) fn of_artist(tx: &mut Tx<'_>, artist: ArtistId, limit: u32) -> Result<Vec<i64>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ta.track_id FROM catalog_track_artist ta JOIN catalog_track t ON t.id = ta.track_id
             WHERE ta.artist_id = $1 AND ",
            visible!("t"),
            " ORDER BY ta.track_id DESC LIMIT $2"
        )),
        params![artist, limit],
        |row| row.get(0),
    )
}

/// Tracks of an album.
pub(crate) fn of_album(tx: &mut Tx<'_>, album: AlbumId, limit: u32) -> Result<Vec<i64>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id FROM catalog_track t WHERE t.album_id = $1 AND ",
            visible!("t"),
            " ORDER BY +t.id LIMIT $2"
        )),
        params![album, limit],
        |row| row.get(0),
    )
}

/// Tracks of an artist that somebody played, by how often all have played them.
pub(crate) fn most_played(tx: &mut Tx<'_>, artist: ArtistId, limit: u32) -> Result<Vec<i64>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT ta.track_id FROM catalog_track_artist ta
             JOIN catalog_track t ON t.id = ta.track_id
             JOIN catalog_mark m ON m.kind = 'track' AND m.item_id = ta.track_id
             WHERE ta.artist_id = $1 AND m.plays > 0 AND ",
            visible!("t"),
            " GROUP BY ta.track_id ORDER BY SUM(m.plays) DESC, ta.track_id LIMIT $2"
        )),
        params![artist, limit],
        |row| row.get(0),
    )
}
