//! The rows of genres and moods, and of what has them.

use kernel::{Fault, Time, db::Tx, params, sql};

use crate::{AlbumId, GenreId, TrackId, visibility::shown};

/// Held so that nobody removes it before this transaction has given it something.
pub(crate) fn by_key(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<GenreId>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT id FROM catalog_genre WHERE name_key = $1",
            postgres: "SELECT id FROM catalog_genre WHERE name_key = $1 FOR SHARE"
        ),
        params![key],
        |row| row.get(0),
    )
}

/// False when somebody else has entered the same meanwhile.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    id: GenreId,
    kind: &str,
    name: &str,
    key: &[u8],
    sort_key: &[u8],
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO catalog_genre (id, kind, name, name_key, sort_key) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING"
        ),
        params![id, kind, name, key, sort_key],
    )?;
    Ok(rows == 1)
}

/// Enters many: track, position, genre.
pub(crate) fn insert_of_tracks(tx: &mut Tx<'_>, rows: &[(TrackId, usize, GenreId)]) -> Result<(), Fault> {
    let rows: Vec<_> = rows.iter().map(|(track, at, genre)| (track.0, at, genre.0)).collect();
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_track_genre (track_id, position, genre_id, scope)
                SELECT t.id, wanted.value ->> 1, wanted.value ->> 2, t.scope FROM json_each($1) wanted
                JOIN catalog_track t ON t.id = wanted.value ->> 0",
            postgres: "INSERT INTO catalog_track_genre (track_id, position, genre_id, scope)
                SELECT t.id, CAST(wanted.value ->> 1 AS BIGINT), CAST(wanted.value ->> 2 AS BIGINT), t.scope
                FROM json_array_elements(CAST($1 AS JSON)) wanted
                JOIN catalog_track t ON t.id = CAST(wanted.value ->> 0 AS BIGINT)"
        ),
        params![super::json(&rows)?],
    )?;
    Ok(())
}

/// Enters many, those that are there already passed over: album, genre.
pub(crate) fn insert_of_albums(tx: &mut Tx<'_>, rows: &[(AlbumId, GenreId)]) -> Result<(), Fault> {
    // In order, so that two transactions take their locks in the same one.
    let mut rows: Vec<_> = rows.iter().map(|(album, genre)| (album.0, genre.0)).collect();
    rows.sort_unstable();
    tx.run(
        // `WHERE TRUE` tells SQLite that what follows is no join.
        sql!(
            sqlite: "INSERT INTO catalog_album_genre (album_id, genre_id, sort_key, scope)
                SELECT a.id, wanted.value ->> 1, a.sort_key, a.scope FROM json_each($1) wanted
                JOIN catalog_album a ON a.id = wanted.value ->> 0 WHERE TRUE ON CONFLICT DO NOTHING",
            postgres: "INSERT INTO catalog_album_genre (album_id, genre_id, sort_key, scope)
                SELECT a.id, CAST(wanted.value ->> 1 AS BIGINT), a.sort_key, a.scope
                FROM json_array_elements(CAST($1 AS JSON)) wanted
                JOIN catalog_album a ON a.id = CAST(wanted.value ->> 0 AS BIGINT) ON CONFLICT DO NOTHING"
        ),
        params![super::json(&rows)?],
    )?;
    Ok(())
}

/// The genres and moods of a track, in their order.
pub(crate) fn of_track(tx: &mut Tx<'_>, track: TrackId) -> Result<Vec<GenreId>, Fault> {
    tx.all(
        sql!("SELECT genre_id FROM catalog_track_genre WHERE track_id = $1 ORDER BY position"),
        params![track],
        |row| row.get(0),
    )
}

pub(crate) fn delete_of_track(tx: &mut Tx<'_>, track: TrackId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_track_genre WHERE track_id = $1"), params![track])?;
    Ok(())
}

/// What the genres of an album are called, in order.
pub(crate) fn names_of_album(tx: &mut Tx<'_>, album: AlbumId, limit: u32) -> Result<Vec<String>, Fault> {
    tx.all(
        sql!(
            "SELECT g.name FROM catalog_album_genre ag JOIN catalog_genre g ON g.id = ag.genre_id
             WHERE ag.album_id = $1 AND g.kind = 'genre' ORDER BY g.sort_key, g.id LIMIT $2"
        ),
        params![album, limit],
        |row| row.get(0),
    )
}

/// Has a track's rows say whether it is shown, and where it lies.
pub(crate) fn follow_track(tx: &mut Tx<'_>, track: TrackId, hidden: Option<Time>) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_track_genre SET hidden_us = $2,
                scope = COALESCE((SELECT t.scope FROM catalog_track t WHERE t.id = $1), 0)
             WHERE track_id = $1"
        ),
        params![track, hidden],
    )?;
    Ok(())
}

/// Puts an album's new sort key on its rows.
pub(crate) fn follow_album(tx: &mut Tx<'_>, album: AlbumId, sort_key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_album_genre SET sort_key = $2 WHERE album_id = $1"),
        params![album, sort_key],
    )?;
    Ok(())
}

/// Takes from an album the genres that no shown track of it has.
pub(crate) fn drop_of_album(tx: &mut Tx<'_>, album: AlbumId) -> Result<(), Fault> {
    tx.run(
        sql!(concat!(
            "DELETE FROM catalog_album_genre WHERE album_id = $1 AND NOT EXISTS (
                SELECT 1 FROM catalog_track t JOIN catalog_track_genre tg ON tg.track_id = t.id
                WHERE t.album_id = $1 AND tg.genre_id = catalog_album_genre.genre_id AND ",
            shown!("t"),
            ")"
        )),
        params![album],
    )?;
    Ok(())
}

/// Gives an album the genres that its shown tracks have.
pub(crate) fn add_of_album(tx: &mut Tx<'_>, album: AlbumId) -> Result<(), Fault> {
    tx.run(
        sql!(concat!(
            "INSERT INTO catalog_album_genre (album_id, genre_id, sort_key, scope)
             SELECT DISTINCT a.id, tg.genre_id, a.sort_key, a.scope FROM catalog_album a
             JOIN catalog_track t ON t.album_id = a.id JOIN catalog_track_genre tg ON tg.track_id = t.id
             WHERE a.id = $1 AND ",
            shown!("t"),
            " ON CONFLICT DO NOTHING"
        )),
        params![album],
    )?;
    Ok(())
}

/// Whether it is there, held for a change.
pub(crate) fn lock(tx: &mut Tx<'_>, id: GenreId) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            sqlite: "SELECT id FROM catalog_genre WHERE id = $1",
            postgres: "SELECT id FROM catalog_genre WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Whether any track, shown or hidden, has it.
pub(crate) fn is_used(tx: &mut Tx<'_>, id: GenreId) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM catalog_track_genre tg
                    WHERE tg.genre_id = $1 AND tg.hidden_us IS NULL)
                OR EXISTS (SELECT 1 FROM catalog_track_genre tg
                    WHERE tg.genre_id = $1 AND tg.hidden_us IS NOT NULL)"
        ),
        params![id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn delete(tx: &mut Tx<'_>, id: GenreId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_genre WHERE id = $1"), params![id])?;
    Ok(())
}
