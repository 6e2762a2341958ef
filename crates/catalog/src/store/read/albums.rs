//! Albums as they are shown.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use super::{Credits, PictureRow, credit, gather, key_bytes, key_text, list, picture, picture_columns};
use crate::{
    AlbumId, ArtistId, GenreId,
    model::GenreKind,
    visibility::{in_scope, visible},
};

/// An album as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct AlbumRow {
    pub(crate) id: AlbumId,
    pub(crate) title: String,
    pub(crate) released: Option<String>,
    pub(crate) added: Time,
    pub(crate) track_count: u64,
    pub(crate) duration_ms: u64,
    pub(crate) picture: Option<PictureRow>,
    pub(crate) sort_key: String,
    pub(crate) released_key: i64,
    pub(crate) artist_sort: String,
    pub(crate) artist_shown: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) types: Option<String>,
}

/// What an [`AlbumRow`] is selected by, up to its conditions; `a` is the album.
macro_rules! select_albums {
    () => {
        select_albums!("")
    };
    ($join:literal) => {
        concat!(
            "SELECT a.id, a.title, a.released, a.added_us,
                (SELECT COUNT(*) FROM catalog_track t WHERE t.album_id = a.id AND ",
            visible!("t"),
            "),
                (SELECT COALESCE(CAST(SUM(t.duration_ms) AS BIGINT), 0) FROM catalog_track t
                 WHERE t.album_id = a.id AND ",
            visible!("t"),
            "), ",
            picture_columns!(),
            ", a.sort_key, a.released_key, a.artist_sort, a.artist_shown, a.version, a.types
             FROM catalog_album a LEFT JOIN catalog_picture p ON p.id = COALESCE(a.given_picture_id, a.picture_id) ",
            $join,
            " WHERE ",
            visible!("a")
        )
    };
}
pub(super) use select_albums;

pub(super) fn album(row: &Row<'_>) -> Result<AlbumRow, Fault> {
    Ok(AlbumRow {
        id: row.get(0)?,
        title: row.get(1)?,
        released: row.get(2)?,
        added: row.get(3)?,
        track_count: row.get(4)?,
        duration_ms: row.get(5)?,
        picture: picture(row, 6)?,
        sort_key: key_text(row.get(10)?),
        released_key: row.get(11)?,
        artist_sort: key_text(row.get(12)?),
        artist_shown: row.get(13)?,
        version: row.get(14)?,
        types: row.get(15)?,
    })
}

pub(crate) fn one(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<AlbumRow>, Fault> {
    tx.one(sql!(concat!(select_albums!(), " AND a.id = $1")), params![id], album)
}

/// Those of these albums that are shown, in no order.
pub(crate) fn these(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(select_albums!(), " AND a.id IN (SELECT wanted.value FROM json_each($1) wanted)"),
            postgres: concat!(
                select_albums!(),
                " AND a.id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($1 AS JSON)) wanted)"
            )
        ),
        params![list(ids.iter().copied())],
        album,
    )
}

/// By title, after `key`.
pub(crate) fn by_title(tx: &mut Tx<'_>, key: (&str, i64), limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND (a.sort_key, a.id) > ($1, $2) ORDER BY a.sort_key, a.id LIMIT $3"
        )),
        params![key_bytes(key.0), key.1, limit],
        album,
    )
}

/// The newest first, before `key`.
pub(crate) fn by_added(tx: &mut Tx<'_>, key: (i64, i64), limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND (a.added_us, a.id) < ($1, $2) ORDER BY a.added_us DESC, a.id DESC LIMIT $3"
        )),
        params![key.0, key.1, limit],
        album,
    )
}

/// The newest release first, before `key`.
pub(crate) fn by_released(tx: &mut Tx<'_>, key: (i64, i64), limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND (a.released_key, a.id) < ($1, $2) ORDER BY a.released_key DESC, a.id DESC LIMIT $3"
        )),
        params![key.0, key.1, limit],
        album,
    )
}

/// By first artist, then release, after `key`.
pub(crate) fn by_artist(tx: &mut Tx<'_>, key: (&str, i64, i64), limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND (a.artist_sort, a.released_key, a.id) > ($1, $2, $3)
              ORDER BY a.artist_sort, a.released_key, a.id LIMIT $4"
        )),
        params![key_bytes(key.0), key.1, key.2, limit],
        album,
    )
}

/// The albums of an artist, and those with a track by the artist; the newest release first.
pub(crate) fn of_artist(tx: &mut Tx<'_>, artist: ArtistId, limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        // The plus keeps the planners from walking through all albums in this order to find a few.
        sql!(concat!(
            select_albums!(),
            " AND a.id IN (SELECT aa.album_id FROM catalog_album_artist aa WHERE aa.artist_id = $1
                UNION SELECT t.album_id FROM catalog_track_artist ta JOIN catalog_track t ON t.id = ta.track_id
                WHERE ta.artist_id = $1 AND ",
            visible!("t"),
            ") ORDER BY +a.released_key DESC, a.id DESC LIMIT $2"
        )),
        params![artist, limit],
        album,
    )
}

/// Further albums for which an artist did something, the newest release first.
pub(crate) fn credited(tx: &mut Tx<'_>, artist: ArtistId, limit: u32) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND a.id IN (SELECT t.album_id FROM catalog_credit c JOIN catalog_track t ON t.id = c.track_id
                WHERE c.artist_id = $1 AND ",
            visible!("t"),
            ") AND NOT EXISTS (SELECT 1 FROM catalog_album_artist own
                WHERE own.artist_id = $1 AND own.album_id = a.id)
             AND NOT EXISTS (SELECT 1 FROM catalog_track t JOIN catalog_track_artist ta ON ta.track_id = t.id
                WHERE t.album_id = a.id AND ta.artist_id = $1 AND ",
            visible!("t"),
            ") ORDER BY +a.released_key DESC, a.id DESC LIMIT $2"
        )),
        params![artist, limit],
        album,
    )
}

/// The albums of a genre or mood by title, after `key`.
pub(crate) fn of_genre(
    tx: &mut Tx<'_>,
    genre: GenreId,
    key: (&str, i64),
    limit: u32,
) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        // Choosing first and looking up afterwards costs the same at any place; what follows is a page, put in order.
        sql!(concat!(
            select_albums!(),
            " AND a.id IN (SELECT ag.album_id FROM catalog_album_genre ag
                WHERE ag.genre_id = $1 AND (ag.sort_key, ag.album_id) > ($2, $3) AND ",
            in_scope!("ag"),
            " ORDER BY ag.sort_key, ag.album_id LIMIT $4)
             ORDER BY COALESCE(a.sort_key, a.sort_key), a.id"
        )),
        params![genre, key_bytes(key.0), key.1, limit],
        album,
    )
}

/// The same, from a place in the list on. The way to the place goes through an index alone.
pub(crate) fn of_genre_at(
    tx: &mut Tx<'_>,
    genre: GenreId,
    offset: u32,
    limit: u32,
) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND a.id IN (SELECT ag.album_id FROM catalog_album_genre ag WHERE ag.genre_id = $1 AND ",
            in_scope!("ag"),
            " ORDER BY ag.sort_key, ag.album_id LIMIT $2 OFFSET $3)
             ORDER BY COALESCE(a.sort_key, a.sort_key), a.id"
        )),
        params![genre, limit, offset],
        album,
    )
}

/// The albums released in a range of dates, the oldest first, after `key`.
pub(crate) fn of_years(
    tx: &mut Tx<'_>,
    dates: (i64, i64),
    key: (i64, i64),
    limit: u32,
) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND (a.released_key, a.id) > ($1, $2) AND a.released_key >= $3 AND a.released_key <= $4
             ORDER BY a.released_key, a.id LIMIT $5"
        )),
        params![key.0, key.1, dates.0, dates.1, limit],
        album,
    )
}

/// The same, the newest first, before `key`.
pub(crate) fn of_years_back(
    tx: &mut Tx<'_>,
    dates: (i64, i64),
    key: (i64, i64),
    limit: u32,
) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND (a.released_key, a.id) < ($1, $2) AND a.released_key >= $3 AND a.released_key <= $4
             ORDER BY a.released_key DESC, a.id DESC LIMIT $5"
        )),
        params![key.0, key.1, dates.0, dates.1, limit],
        album,
    )
}

/// Other editions of an album, the oldest first.
pub(crate) fn editions(
    tx: &mut Tx<'_>,
    id: AlbumId,
    group: &str,
    limit: u32,
) -> Result<Vec<AlbumRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_albums!(),
            " AND a.release_group = $1 AND a.id <> $2 ORDER BY a.released_key, a.id LIMIT $3"
        )),
        params![group, id, limit],
        album,
    )
}

/// What these albums name: their artists in their order, and their genres.
pub(crate) fn credits(tx: &mut Tx<'_>, albums: &[AlbumRow]) -> Result<Credits, Fault> {
    let ids = list(albums.iter().map(|album| album.id.0));
    let genres = super::genres::of_albums(tx, &ids, GenreKind::Genre)?;
    let rows = tx.all(
        sql!(
            sqlite: "SELECT aa.album_id, ar.id, ar.name FROM json_each($1) wanted
                JOIN catalog_album_artist aa ON aa.album_id = wanted.value
                JOIN catalog_artist ar ON ar.id = aa.artist_id ORDER BY aa.album_id, aa.position",
            postgres: "SELECT aa.album_id, ar.id, ar.name
                FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_album_artist aa ON aa.album_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = aa.artist_id ORDER BY aa.album_id, aa.position"
        ),
        params![ids],
        credit,
    )?;
    Ok(Credits { artists: gather(rows), genres, ..Credits::default() })
}
