//! Genres and moods as they are shown.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::{Names, credit, gather, key_bytes, key_text};
use crate::{
    GenreId, TrackId,
    model::GenreKind,
    visibility::{in_scope, visible},
};

/// A genre or mood as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct GenreRow {
    pub(crate) id: GenreId,
    pub(crate) name: String,
    pub(crate) kind: GenreKind,
    pub(crate) album_count: u64,
    pub(crate) track_count: u64,
    pub(crate) sort_key: String,
}

/// What a [`GenreRow`] is selected by, up to its conditions; `g` is the genre. Those of which nothing is shown are
/// left out.
macro_rules! select_genres {
    () => {
        concat!(
            "SELECT g.id, g.name, g.kind,
                (SELECT COUNT(*) FROM catalog_album_genre ag WHERE ag.genre_id = g.id AND ",
            in_scope!("ag"),
            "),
                (SELECT COUNT(*) FROM catalog_track_genre tg WHERE tg.genre_id = g.id AND ",
            visible!("tg"),
            "), g.sort_key
             FROM catalog_genre g WHERE EXISTS (SELECT 1 FROM catalog_track_genre tg WHERE tg.genre_id = g.id AND ",
            visible!("tg"),
            ")"
        )
    };
}

fn genre(row: &Row<'_>) -> Result<GenreRow, Fault> {
    let is_mood = row.get::<String>(2)? == GenreKind::Mood.word();
    Ok(GenreRow {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: if is_mood { GenreKind::Mood } else { GenreKind::Genre },
        album_count: row.get(3)?,
        track_count: row.get(4)?,
        sort_key: key_text(row.get(5)?),
    })
}

pub(crate) fn one(tx: &mut Tx<'_>, id: GenreId) -> Result<Option<GenreRow>, Fault> {
    tx.one(sql!(concat!(select_genres!(), " AND g.id = $1")), params![id], genre)
}

/// By the hash of kind and folded name.
pub(crate) fn by_key(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<GenreRow>, Fault> {
    tx.one(sql!(concat!(select_genres!(), " AND g.name_key = $1")), params![key], genre)
}

/// By name, after `key`.
pub(crate) fn by_name(
    tx: &mut Tx<'_>,
    kind: GenreKind,
    key: (&str, i64),
    limit: u32,
) -> Result<Vec<GenreRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_genres!(),
            " AND (g.sort_key, g.id) > ($1, $2) AND g.kind = $3 ORDER BY g.sort_key, g.id LIMIT $4"
        )),
        params![key_bytes(key.0), key.1, kind.word(), limit],
        genre,
    )
}

/// Those of these tracks, in their order; `ids` is a JSON list.
pub(crate) fn of_tracks(tx: &mut Tx<'_>, ids: &str, kind: GenreKind) -> Result<Names<GenreId>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT tg.track_id, g.id, g.name FROM json_each($1) wanted
                JOIN catalog_track_genre tg ON tg.track_id = wanted.value
                JOIN catalog_genre g ON g.id = tg.genre_id AND g.kind = $2 ORDER BY tg.track_id, tg.position",
            postgres: "SELECT tg.track_id, g.id, g.name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_track_genre tg ON tg.track_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_genre g ON g.id = tg.genre_id AND g.kind = $2 ORDER BY tg.track_id, tg.position"
        ),
        params![ids, kind.word()],
        credit,
    )?;
    Ok(gather(rows))
}

/// Those of these albums, by name; `ids` is a JSON list.
pub(crate) fn of_albums(tx: &mut Tx<'_>, ids: &str, kind: GenreKind) -> Result<Names<GenreId>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT ag.album_id, g.id, g.name FROM json_each($1) wanted
                CROSS JOIN catalog_album_genre ag ON ag.album_id = wanted.value
                JOIN catalog_genre g ON g.id = ag.genre_id AND g.kind = $2 ORDER BY ag.album_id, g.sort_key",
            postgres: "SELECT ag.album_id, g.id, g.name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_album_genre ag ON ag.album_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_genre g ON g.id = ag.genre_id AND g.kind = $2 ORDER BY ag.album_id, g.sort_key"
        ),
        params![ids, kind.word()],
        credit,
    )?;
    Ok(gather(rows))
}

/// The numbers of a genre's or mood's tracks after `after`, of all or of those with a date in a range.
pub(crate) fn track_ids(
    tx: &mut Tx<'_>,
    genre: GenreId,
    dates: Option<(String, String)>,
    after: TrackId,
    limit: u32,
) -> Result<Vec<TrackId>, Fault> {
    let id = |row: &Row<'_>| row.get(0);
    match dates {
        None => tx.all(
            sql!(concat!(
                "SELECT tg.track_id FROM catalog_track_genre tg
                 WHERE tg.genre_id = $1 AND tg.track_id > $2 AND ",
                visible!("tg"),
                " ORDER BY tg.track_id LIMIT $3"
            )),
            params![genre, after, limit],
            id,
        ),
        Some((from, to)) => tx.all(
            sql!(concat!(
                "SELECT tg.track_id FROM catalog_track_genre tg JOIN catalog_track t ON t.id = tg.track_id
                 WHERE tg.genre_id = $1 AND tg.track_id > $2 AND t.date >= $4 AND t.date < $5 AND ",
                visible!("tg"),
                " ORDER BY tg.track_id LIMIT $3"
            )),
            params![genre, after, limit, from, to],
            id,
        ),
    }
}
