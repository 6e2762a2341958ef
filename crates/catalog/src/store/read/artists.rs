//! Artists as they are shown.

use std::collections::HashMap;

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::{PictureRow, key_bytes, key_text, list, picture, picture_columns};
use crate::{
    ArtistId,
    import::Role,
    model::{ArtistFacts, RoleCount},
    visibility::visible,
};

/// An artist as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct ArtistRow {
    pub(crate) id: ArtistId,
    pub(crate) name: String,
    pub(crate) counts: Counts,
    pub(crate) picture: Option<PictureRow>,
    pub(crate) sort_key: String,
    pub(crate) sort_name: Option<String>,
    pub(crate) musicbrainz: Option<String>,
}

/// What an [`ArtistRow`] is selected by, without its counts and up to its conditions; `ar` is the artist. The picture is
/// the cover of the newest release.
macro_rules! select_artists {
    () => {
        concat!(
            "SELECT ar.id, ar.name, ",
            picture_columns!(),
            ", ar.sort_key, ar.sort_name, ar.musicbrainz
             FROM catalog_artist ar LEFT JOIN catalog_picture p ON p.id = COALESCE(ar.given_picture_id, (
                SELECT COALESCE(a.given_picture_id, a.picture_id) FROM catalog_album_artist aa
                JOIN catalog_album a ON a.id = aa.album_id
                WHERE aa.artist_id = ar.id AND COALESCE(a.given_picture_id, a.picture_id) IS NOT NULL AND ",
            visible!("a"),
            " ORDER BY +a.released_key DESC, a.id DESC LIMIT 1))
             WHERE ",
            visible!("ar")
        )
    };
}

/// Being one of the JSON list `$1`.
macro_rules! wanted_sqlite {
    () => {
        "IN (SELECT wanted.value FROM json_each($1) wanted)"
    };
}

/// The same. Not `IN`, for which the planner expects a hundred and reads all there are.
macro_rules! wanted_postgres {
    () => {
        "= ANY (ARRAY(SELECT CAST(wanted.value AS BIGINT) FROM json_array_elements_text(CAST($1 AS JSON)) wanted))"
    };
}

fn artist(row: &Row<'_>) -> Result<ArtistRow, Fault> {
    Ok(ArtistRow {
        id: row.get(0)?,
        name: row.get(1)?,
        counts: Counts::default(),
        picture: picture(row, 2)?,
        sort_key: key_text(row.get(6)?),
        sort_name: row.get(7)?,
        musicbrainz: row.get(8)?,
    })
}

/// How much of an artist's is shown: their albums, those others in which a track of theirs is, and their tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) albums: u64,
    pub(crate) tracks: u64,
}

/// The counts of these artists; of whom nothing is shown there are none. It reads every track of theirs.
pub(crate) fn counts(
    tx: &mut Tx<'_>,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<ArtistId, Counts>, Fault> {
    let ids = list(ids);
    let mut counted: HashMap<ArtistId, Counts> = played(tx, &ids)?.into_iter().collect();
    for (id, albums) in own_albums(tx, &ids)? {
        counted.entry(id).or_default().albums += albums;
    }
    Ok(counted)
}

/// Their tracks, and the albums of others in which they are; `ids` is a JSON list. Tracks are grouped by album first, so
/// that each is read once and each album is looked up once.
fn played(tx: &mut Tx<'_>, ids: &str) -> Result<Vec<(ArtistId, Counts)>, Fault> {
    macro_rules! select {
        ($($wanted:tt)+) => {
            concat!(
                "SELECT g.artist_id, CAST(SUM(g.tracks) AS BIGINT), CAST(SUM(CASE WHEN g.album_id IS NULL OR EXISTS (
                    SELECT 1 FROM catalog_album_artist own
                    WHERE own.artist_id = g.artist_id AND own.album_id = g.album_id) THEN 0 ELSE 1 END) AS BIGINT)
                 FROM (SELECT ta.artist_id, t.album_id, COUNT(*) AS tracks
                    FROM catalog_track_artist ta JOIN catalog_track t ON t.id = ta.track_id WHERE ta.artist_id ",
                $($wanted)+,
                " AND ",
                visible!("t"),
                " GROUP BY ta.artist_id, t.album_id) g GROUP BY g.artist_id"
            )
        };
    }
    tx.all(
        sql!(sqlite: select!(wanted_sqlite!()), postgres: select!(wanted_postgres!())),
        params![ids],
        |row| Ok((row.get(0)?, Counts { tracks: row.get(1)?, albums: row.get(2)? })),
    )
}

/// How many albums are theirs; `ids` is a JSON list.
fn own_albums(tx: &mut Tx<'_>, ids: &str) -> Result<Vec<(ArtistId, u64)>, Fault> {
    macro_rules! select {
        ($($wanted:tt)+) => {
            concat!(
                "SELECT aa.artist_id, COUNT(*) FROM catalog_album_artist aa JOIN catalog_album a ON a.id = aa.album_id
                 WHERE aa.artist_id ",
                $($wanted)+,
                " AND ",
                visible!("a"),
                " GROUP BY aa.artist_id"
            )
        };
    }
    tx.all(
        sql!(sqlite: select!(wanted_sqlite!()), postgres: select!(wanted_postgres!())),
        params![ids],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The same artists, counted.
fn counted(tx: &mut Tx<'_>, mut rows: Vec<ArtistRow>) -> Result<Vec<ArtistRow>, Fault> {
    let counts = counts(tx, rows.iter().map(|row| row.id.0))?;
    for row in &mut rows {
        row.counts = counts.get(&row.id).copied().unwrap_or_default();
    }
    Ok(rows)
}

pub(crate) fn one(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<ArtistRow>, Fault> {
    let found = tx.one(sql!(concat!(select_artists!(), " AND ar.id = $1")), params![id], artist)?;
    Ok(counted(tx, found.into_iter().collect())?.pop())
}

/// Those of these artists that are shown, in no order.
pub(crate) fn these(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<ArtistRow>, Fault> {
    let rows = these_uncounted(tx, ids)?;
    counted(tx, rows)
}

/// The same without their counts, for who has those already.
pub(crate) fn these_uncounted(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<ArtistRow>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(select_artists!(), " AND ar.id ", wanted_sqlite!()),
            postgres: concat!(select_artists!(), " AND ar.id ", wanted_postgres!())
        ),
        params![list(ids.iter().copied())],
        artist,
    )
}

/// By sort name, after `key`.
pub(crate) fn by_name(tx: &mut Tx<'_>, key: (&str, i64), limit: u32) -> Result<Vec<ArtistRow>, Fault> {
    let rows = tx.all(
        sql!(concat!(
            select_artists!(),
            " AND (ar.sort_key, ar.id) > ($1, $2) ORDER BY ar.sort_key, ar.id LIMIT $3"
        )),
        params![key_bytes(key.0), key.1, limit],
        artist,
    )?;
    counted(tx, rows)
}

/// Those of whom there is music under their own name, by sort name, after `key`. Who was only credited is passed over row
/// by row.
pub(crate) fn performing_by_name(
    tx: &mut Tx<'_>,
    key: (&str, i64),
    limit: u32,
) -> Result<Vec<ArtistRow>, Fault> {
    let rows = tx.all(
        sql!(concat!(
            select_artists!(),
            " AND (ar.sort_key, ar.id) > ($1, $2)
             AND (EXISTS (SELECT 1 FROM catalog_album_artist aa JOIN catalog_album a ON a.id = aa.album_id
                    WHERE aa.artist_id = ar.id AND ",
            visible!("a"),
            ") OR EXISTS (SELECT 1 FROM catalog_track_artist ta JOIN catalog_track t ON t.id = ta.track_id
                    WHERE ta.artist_id = ar.id AND ",
            visible!("t"),
            ")) ORDER BY ar.sort_key, ar.id LIMIT $3"
        )),
        params![key_bytes(key.0), key.1, limit],
        artist,
    )?;
    counted(tx, rows)
}

/// What an artist did besides being one, and on how many tracks and albums that are shown.
pub(crate) fn roles(tx: &mut Tx<'_>, id: ArtistId) -> Result<Vec<RoleCount>, Fault> {
    let rows = tx.all(
        sql!(concat!(
            "SELECT c.role, COUNT(DISTINCT c.track_id), COUNT(DISTINCT t.album_id) FROM catalog_credit c
             JOIN catalog_track t ON t.id = c.track_id WHERE c.artist_id = $1 AND ",
            visible!("t"),
            " GROUP BY c.role"
        )),
        params![id],
        |row| Ok((row.get::<String>(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let roles = rows.into_iter().filter_map(|(role, track_count, album_count)| {
        Some(RoleCount { role: Role::from_word(&role)?, track_count, album_count })
    });
    let mut roles: Vec<RoleCount> = roles.collect();
    roles.sort_by_key(|count| count.role);
    Ok(roles)
}

/// The facts of those of these artists that are shown.
pub(crate) fn facts(tx: &mut Tx<'_>, artists: &[ArtistId]) -> Result<HashMap<ArtistId, ArtistFacts>, Fault> {
    let ids = list(artists.iter().map(|artist| artist.0));
    let mut found: HashMap<ArtistId, ArtistFacts> = names(tx, &ids)?.into_iter().collect();
    for (id, role) in credited(tx, &ids)? {
        if let Some((facts, role)) = found.get_mut(&id).zip(Role::from_word(&role)) {
            facts.roles.push(role);
        }
    }
    for facts in found.values_mut() {
        facts.roles.sort_unstable();
    }
    Ok(found)
}

/// Their names and whether there are albums and tracks of theirs; `ids` is a JSON list.
fn names(tx: &mut Tx<'_>, ids: &str) -> Result<Vec<(ArtistId, ArtistFacts)>, Fault> {
    macro_rules! columns {
        () => {
            concat!(
                "SELECT ar.id, ar.sort_name, ar.musicbrainz,
                    EXISTS (SELECT 1 FROM catalog_album_artist aa JOIN catalog_album a ON a.id = aa.album_id
                        WHERE aa.artist_id = ar.id AND ",
                visible!("a"),
                "), EXISTS (SELECT 1 FROM catalog_track_artist ta JOIN catalog_track t ON t.id = ta.track_id
                        WHERE ta.artist_id = ar.id AND ",
                visible!("t"),
                ") "
            )
        };
    }
    tx.all(
        sql!(
            sqlite: concat!(
                columns!(),
                "FROM json_each($1) wanted JOIN catalog_artist ar ON ar.id = wanted.value WHERE ",
                visible!("ar")
            ),
            postgres: concat!(
                columns!(),
                "FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_artist ar ON ar.id = CAST(wanted.value AS BIGINT) WHERE ",
                visible!("ar")
            )
        ),
        params![ids],
        |row| {
            let facts = ArtistFacts {
                sort_name: row.get(1)?,
                musicbrainz: row.get(2)?,
                has_albums: row.get(3)?,
                has_tracks: row.get(4)?,
                roles: Vec::new(),
            };
            Ok((row.get(0)?, facts))
        },
    )
}

/// What they did besides on tracks that are shown, each role once; `ids` is a JSON list.
fn credited(tx: &mut Tx<'_>, ids: &str) -> Result<Vec<(ArtistId, String)>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(
                "SELECT DISTINCT c.artist_id, c.role FROM json_each($1) wanted
                 JOIN catalog_credit c ON c.artist_id = wanted.value
                 JOIN catalog_track t ON t.id = c.track_id WHERE ",
                visible!("t")
            ),
            postgres: concat!(
                "SELECT DISTINCT c.artist_id, c.role FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_credit c ON c.artist_id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_track t ON t.id = c.track_id WHERE ",
                visible!("t")
            )
        ),
        params![ids],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
