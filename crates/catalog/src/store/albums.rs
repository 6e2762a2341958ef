//! The rows of albums.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::{
    AlbumId, ArtistId, PictureId,
    import::{AlbumWish, KnownAlbum},
    visibility::visible,
};

fn known(row: &Row<'_>) -> Result<KnownAlbum, Fault> {
    Ok(KnownAlbum {
        id: row.get(0)?,
        title: row.get(1)?,
        released: row.get(2)?,
        artists_guessed: row.get(3)?,
        picture: row.get(4)?,
        added: row.get(5)?,
        hidden: row.get::<Option<i64>>(6)?.is_some(),
        artists: None,
    })
}

/// Held so that nobody removes or hides it before this transaction has given it a track.
pub(crate) fn by_key(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<KnownAlbum>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT id, title, released, artists_guessed, picture_id, added_us, hidden_us
                FROM catalog_album WHERE key = $1",
            postgres: "SELECT id, title, released, artists_guessed, picture_id, added_us, hidden_us
                FROM catalog_album WHERE key = $1 FOR SHARE"
        ),
        params![key],
        known,
    )
}

/// Gives the album `id` another key if only its folder differs.
pub(crate) fn move_folder(
    tx: &mut Tx<'_>,
    id: AlbumId,
    key: &[u8],
    loose_key: &[u8],
) -> Result<Option<KnownAlbum>, Fault> {
    tx.one(
        sql!(
            "UPDATE catalog_album SET key = $2 WHERE id = $1 AND loose_key = $3
             RETURNING id, title, released, artists_guessed, picture_id, added_us, hidden_us"
        ),
        params![id, key, loose_key],
        known,
    )
}

/// False when somebody else has entered the same album meanwhile.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    id: AlbumId,
    wish: &AlbumWish,
    picture: Option<PictureId>,
    now: Time,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO catalog_album (id, key, loose_key, title, sort_key, artist_sort, released,
                released_key, compilation, artists_guessed, picture_id, added_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"
        ),
        params![
            id,
            &wish.key,
            wish.loose_key.clone(),
            &wish.title,
            &wish.sort_key,
            &wish.artist_sort,
            wish.released.clone(),
            wish.released_key(),
            wish.compilation,
            wish.artists_guessed,
            picture,
            now
        ],
    )?;
    Ok(rows == 1)
}

/// Writes what the tags say of an album; its key stays.
pub(crate) fn update(tx: &mut Tx<'_>, id: AlbumId, wish: &AlbumWish) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_album SET title = $2, sort_key = $3, released = $4, released_key = $5,
                compilation = $6
             WHERE id = $1"
        ),
        params![
            id,
            &wish.title,
            &wish.sort_key,
            wish.released.clone(),
            wish.released_key(),
            wish.compilation
        ],
    )?;
    Ok(())
}

pub(crate) fn set_picture(tx: &mut Tx<'_>, id: AlbumId, picture: PictureId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_album SET picture_id = $2 WHERE id = $1"), params![id, picture])?;
    Ok(())
}

pub(crate) fn artists(tx: &mut Tx<'_>, id: AlbumId) -> Result<Vec<ArtistId>, Fault> {
    tx.all(
        sql!("SELECT artist_id FROM catalog_album_artist WHERE album_id = $1 ORDER BY position"),
        params![id],
        |row| row.get(0),
    )
}

/// Replaces its artists.
pub(crate) fn set_artists(
    tx: &mut Tx<'_>,
    id: AlbumId,
    artists: &[ArtistId],
    artist_sort: &[u8],
    guessed: bool,
) -> Result<(), Fault> {
    delete_artists(tx, id)?;
    insert_artists(tx, id, artists)?;
    tx.run(
        sql!("UPDATE catalog_album SET artist_sort = $2, artists_guessed = $3 WHERE id = $1"),
        params![id, artist_sort, guessed],
    )?;
    Ok(())
}

pub(crate) fn insert_artists(tx: &mut Tx<'_>, id: AlbumId, artists: &[ArtistId]) -> Result<(), Fault> {
    for (position, artist) in (0_i64..).zip(artists) {
        tx.run(
            sql!("INSERT INTO catalog_album_artist (album_id, position, artist_id) VALUES ($1, $2, $3)"),
            params![id, position, *artist],
        )?;
    }
    Ok(())
}

fn delete_artists(tx: &mut Tx<'_>, id: AlbumId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_album_artist WHERE album_id = $1"), params![id])?;
    Ok(())
}

/// Puts an artist's new sort key on the albums that it leads.
pub(crate) fn follow_sort(tx: &mut Tx<'_>, artist: ArtistId, sort_key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_album SET artist_sort = $2
             WHERE id IN (SELECT album_id FROM catalog_album_artist WHERE artist_id = $1 AND position = 0)"
        ),
        params![artist, sort_key],
    )?;
    Ok(())
}

/// When it was added and whether it is hidden, with the row held for a change; `None` when it is gone.
pub(crate) fn lock(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<(Time, bool)>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT added_us, hidden_us FROM catalog_album WHERE id = $1",
            postgres: "SELECT added_us, hidden_us FROM catalog_album WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| Ok((row.get(0)?, row.get::<Option<i64>>(1)?.is_some())),
    )
}

pub(crate) fn has_tracks(tx: &mut Tx<'_>, id: AlbumId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM catalog_track WHERE album_id = $1 LIMIT 1");
    Ok(tx.one(sql, params![id], |_| Ok(()))?.is_some())
}

pub(crate) fn has_shown_tracks(tx: &mut Tx<'_>, id: AlbumId) -> Result<bool, Fault> {
    let sql =
        sql!(concat!("SELECT 1 FROM catalog_track t WHERE t.album_id = $1 AND ", visible!("t"), " LIMIT 1"));
    Ok(tx.one(sql, params![id], |_| Ok(()))?.is_some())
}

pub(crate) fn set_hidden(tx: &mut Tx<'_>, id: AlbumId, hidden: Option<Time>) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_album SET hidden_us = $2 WHERE id = $1"), params![id, hidden])?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx<'_>, id: AlbumId) -> Result<(), Fault> {
    delete_artists(tx, id)?;
    tx.run(sql!("DELETE FROM catalog_album WHERE id = $1"), params![id])?;
    Ok(())
}
