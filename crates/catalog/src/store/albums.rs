//! The rows of albums.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use crate::{
    AlbumId, ArtistId, LibraryId, PictureId, TrackId, fold,
    import::{AlbumWish, CleanRelease, KnownAlbum},
    visibility::{shown, visible},
};

/// The columns of a [`KnownAlbum`].
macro_rules! known_columns {
    () => {
        "id, title, released, artists_guessed, picture_id, added_us, hidden_us, artist_shown, sort_title, original,
            version, types, labels, catalogue_numbers, barcode, musicbrainz, release_group, scope, compilation, edits"
    };
}

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
        facts: CleanRelease {
            artists_shown: row.get(7)?,
            sort_title: row.get(8)?,
            original: row.get(9)?,
            version: row.get(10)?,
            types: row.get(11)?,
            labels: row.get(12)?,
            catalogue_numbers: row.get(13)?,
            barcode: row.get(14)?,
            musicbrainz: row.get(15)?,
            group: row.get(16)?,
        },
        renewed: false,
        scope: row.get(17)?,
        compilation: row.get(18)?,
        edits: row.get(19)?,
        overlay: None,
    })
}

/// Held so that nobody removes or hides it before this transaction has given it a track.
pub(crate) fn by_key(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<KnownAlbum>, Fault> {
    tx.one(
        sql!(
            sqlite: concat!("SELECT ", known_columns!(), " FROM catalog_album WHERE key = $1"),
            postgres: concat!("SELECT ", known_columns!(), " FROM catalog_album WHERE key = $1 FOR SHARE")
        ),
        params![key],
        known,
    )
}

/// The album with this number.
pub(crate) fn known_by_id(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<KnownAlbum>, Fault> {
    tx.one(
        sql!(concat!("SELECT ", known_columns!(), " FROM catalog_album WHERE id = $1")),
        params![id],
        known,
    )
}

/// How often an album was edited and the picture that somebody gave it, if the viewer sees it.
pub(crate) fn seen(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<(i64, Option<PictureId>)>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT a.edits, a.given_picture_id FROM catalog_album a WHERE a.id = $1 AND ",
            visible!("a")
        )),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Albums that an artist leads, in these libraries, the oldest first.
pub(crate) fn led_by(
    tx: &mut Tx<'_>,
    artist: ArtistId,
    scope: i64,
    limit: u32,
) -> Result<Vec<(AlbumId, String)>, Fault> {
    tx.all(
        sql!(
            "SELECT a.id, a.title FROM catalog_album_artist aa JOIN catalog_album a ON a.id = aa.album_id
             WHERE aa.artist_id = $1 AND aa.position = 0 AND (a.scope & $2) <> 0 ORDER BY a.id LIMIT $3"
        ),
        params![artist, scope, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Who leads its shown tracks, at most two.
pub(crate) fn leads(tx: &mut Tx<'_>, id: AlbumId) -> Result<Vec<ArtistId>, Fault> {
    let sql = sql!(concat!(
        "SELECT DISTINCT ta.artist_id FROM catalog_track t
         JOIN catalog_track_artist ta ON ta.track_id = t.id AND ta.position = 0 WHERE t.album_id = $1 AND ",
        shown!("t"),
        " LIMIT 2"
    ));
    tx.all(sql, params![id], |row| row.get(0))
}

/// Its shown tracks with their discs.
pub(crate) fn tracks(tx: &mut Tx<'_>, id: AlbumId, limit: u32) -> Result<Vec<TrackOf>, Fault> {
    let sql = sql!(concat!(
        "SELECT t.id, t.disc, t.library_id FROM catalog_track t WHERE t.album_id = $1 AND ",
        shown!("t"),
        " LIMIT $2"
    ));
    tx.all(sql, params![id, limit], |row| {
        Ok(TrackOf { id: row.get(0)?, disc: row.get(1)?, library: row.get(2)? })
    })
}

/// Who uploaded the shown tracks of an album, at most two; nobody is one, too.
pub(crate) fn owners_shown(tx: &mut Tx<'_>, id: AlbumId) -> Result<Vec<Option<UserId>>, Fault> {
    let sql = sql!(concat!(
        "SELECT DISTINCT t.owner_id FROM catalog_track t WHERE t.album_id = $1 AND ",
        shown!("t"),
        " LIMIT 2"
    ));
    tx.all(sql, params![id], |row| row.get(0))
}

/// Who uploaded the tracks of an album, hidden ones too, likewise.
pub(crate) fn owners(tx: &mut Tx<'_>, id: AlbumId) -> Result<Vec<Option<UserId>>, Fault> {
    let sql = sql!("SELECT DISTINCT t.owner_id FROM catalog_track t WHERE t.album_id = $1 LIMIT 2");
    tx.all(sql, params![id], |row| row.get(0))
}

/// A track of an album.
pub(crate) struct TrackOf {
    pub(crate) id: TrackId,
    pub(crate) disc: u32,
    pub(crate) library: Option<LibraryId>,
}

/// Gives the album that has had `old_key` its key in a library, unless it lies in another one.
pub(crate) fn move_library(
    tx: &mut Tx<'_>,
    old_key: &[u8],
    key: &[u8],
    scope: i64,
) -> Result<Option<KnownAlbum>, Fault> {
    tx.one(
        sql!(concat!(
            "UPDATE catalog_album SET key = $2 WHERE key = $1 AND (scope = 0 OR (scope & $3) <> 0) RETURNING ",
            known_columns!()
        )),
        params![old_key, key, scope],
        known,
    )
}

/// Gives the album `id` another key if only its folder differs, within its library.
pub(crate) fn move_folder(
    tx: &mut Tx<'_>,
    id: AlbumId,
    key: &[u8],
    loose_key: &[u8],
    scope: i64,
) -> Result<Option<KnownAlbum>, Fault> {
    tx.one(
        sql!(concat!(
            "UPDATE catalog_album SET key = $2 WHERE id = $1 AND loose_key = $3 AND (scope & $4) <> 0 RETURNING ",
            known_columns!()
        )),
        params![id, key, loose_key, scope],
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
                released_key, compilation, artists_guessed, picture_id, added_us, artist_shown, sort_title, original,
                version, types, labels, catalogue_numbers, barcode, musicbrainz, release_group, scope)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23) ON CONFLICT DO NOTHING"
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
            now,
            wish.facts.artists_shown.clone(),
            wish.facts.sort_title.clone(),
            wish.facts.original.clone(),
            wish.facts.version.clone(),
            wish.facts.types.clone(),
            wish.facts.labels.clone(),
            wish.facts.catalogue_numbers.clone(),
            wish.facts.barcode.clone(),
            wish.facts.musicbrainz.clone(),
            wish.facts.group.clone(),
            wish.scope
        ],
    )?;
    Ok(rows == 1)
}

/// Writes what is shown of an album; its key stays.
pub(crate) fn update(tx: &mut Tx<'_>, album: &KnownAlbum) -> Result<(), Fault> {
    let facts = &album.facts;
    tx.run(
        sql!(
            "UPDATE catalog_album SET title = $2, sort_key = $3, released = $4, released_key = $5,
                compilation = $6, artist_shown = $7, sort_title = $8, original = $9, version = $10, types = $11, labels = $12, catalogue_numbers = $13, barcode = $14, musicbrainz = $15,
                release_group = $16
             WHERE id = $1"
        ),
        params![
            album.id,
            &album.title,
            album.sort_key(),
            album.released.clone(),
            fold::date_key(album.released.as_deref()),
            album.compilation,
            facts.artists_shown.clone(),
            facts.sort_title.clone(),
            facts.original.clone(),
            facts.version.clone(),
            facts.types.clone(),
            facts.labels.clone(),
            facts.catalogue_numbers.clone(),
            facts.barcode.clone(),
            facts.musicbrainz.clone(),
            facts.group.clone()
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

/// When it was added, whether it is hidden, and its scope, with the row held for a change; `None` when it is gone.
pub(crate) fn lock(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<(Time, bool, i64)>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT added_us, hidden_us, scope FROM catalog_album WHERE id = $1",
            postgres: "SELECT added_us, hidden_us, scope FROM catalog_album WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| Ok((row.get(0)?, row.get::<Option<i64>>(1)?.is_some(), row.get(2)?)),
    )
}

pub(crate) fn has_tracks(tx: &mut Tx<'_>, id: AlbumId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM catalog_track WHERE album_id = $1 LIMIT 1");
    Ok(tx.one(sql, params![id], |_| Ok(()))?.is_some())
}

/// In which libraries its shown tracks lie; `None` when none is shown.
pub(crate) fn scope_of_tracks(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<i64>, Fault> {
    let sql =
        sql!(concat!("SELECT DISTINCT t.scope FROM catalog_track t WHERE t.album_id = $1 AND ", shown!("t")));
    let scopes: Vec<i64> = tx.all(sql, params![id], |row| row.get(0))?;
    Ok(scopes.into_iter().reduce(|one, other| one | other))
}

/// Writes in which libraries it is, with the genres of it that lists are made of.
pub(crate) fn set_scope(tx: &mut Tx<'_>, id: AlbumId, scope: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_album SET scope = $2 WHERE id = $1"), params![id, scope])?;
    tx.run(sql!("UPDATE catalog_album_genre SET scope = $2 WHERE album_id = $1"), params![id, scope])?;
    Ok(())
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

/// The picture that somebody gave an album goes along to another, unless that has one.
pub(crate) fn adopt_picture(tx: &mut Tx<'_>, from: AlbumId, to: AlbumId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_album SET given_picture_id = COALESCE(given_picture_id,
                (SELECT other.given_picture_id FROM catalog_album other WHERE other.id = $1)) WHERE id = $2"
        ),
        params![from, to],
    )?;
    Ok(())
}

/// Writes which picture somebody gave.
pub(crate) fn set_given_picture(
    tx: &mut Tx<'_>,
    id: AlbumId,
    picture: Option<PictureId>,
) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_album SET given_picture_id = $2 WHERE id = $1"), params![id, picture])?;
    Ok(())
}
