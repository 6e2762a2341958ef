//! What rules ask about tracks, a bounded number of them at a time.

use std::collections::HashMap;

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use super::read::list;
use crate::{
    rules::{Facts, Mark},
    visibility::visible,
};

/// What [`Facts`] are selected by, up to their conditions; `t` is the track.
macro_rules! select_facts {
    () => {
        concat!(
            "SELECT t.id, t.title, t.album_id, a.title, t.genres, t.date, t.added_us, t.duration_ms, m.codec,
                m.bitrate_kbps, t.disc, t.number, t.library_id
             FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             LEFT JOIN catalog_album a ON a.id = t.album_id WHERE ",
            visible!("t")
        )
    };
}

fn facts(row: &Row<'_>) -> Result<Facts, Fault> {
    let genres: Option<String> = row.get(4)?;
    let date: Option<String> = row.get(5)?;
    Ok(Facts {
        id: row.get(0)?,
        title: row.get(1)?,
        album_id: row.get(2)?,
        album: row.get(3)?,
        genres: genres.iter().flat_map(|genres| genres.lines()).map(str::to_owned).collect(),
        year: date.and_then(|date| date.get(..4)?.parse().ok()),
        added_us: row.get(6)?,
        duration_ms: row.get(7)?,
        codec: row.get(8)?,
        bitrate_kbps: row.get(9)?,
        disc: row.get(10)?,
        number: row.get(11)?,
        library: row.get(12)?,
        ..Facts::default()
    })
}

/// All tracks by their numbers, after `key`.
pub(crate) fn all(tx: &mut Tx<'_>, key: i64, limit: u32) -> Result<Vec<Facts>, Fault> {
    tx.all(
        sql!(concat!(select_facts!(), " AND t.id > $1 ORDER BY t.id LIMIT $2")),
        params![key, limit],
        facts,
    )
}

/// Those that a listener has marked or played, by their numbers, after `key`.
pub(crate) fn marked(tx: &mut Tx<'_>, viewer: UserId, key: i64, limit: u32) -> Result<Vec<Facts>, Fault> {
    tx.all(
        sql!(concat!(
            select_facts!(),
            " AND t.id > $2 AND t.id IN (SELECT k.item_id FROM catalog_mark k
                WHERE k.user_id = $1 AND k.kind = 'track') ORDER BY t.id LIMIT $3"
        )),
        params![viewer, key, limit],
        facts,
    )
}

/// Tracks that came in since a time, the oldest first, after `key`.
pub(crate) fn added_since(
    tx: &mut Tx<'_>,
    since: Time,
    key: (i64, i64),
    limit: u32,
) -> Result<Vec<Facts>, Fault> {
    tx.all(
        sql!(concat!(
            select_facts!(),
            " AND t.added_us >= $1 AND (t.added_us, t.id) > ($2, $3) ORDER BY t.added_us, t.id LIMIT $4"
        )),
        params![since, key.0, key.1, limit],
        facts,
    )
}

fn name(row: &Row<'_>) -> Result<(i64, String), Fault> {
    Ok((row.get(0)?, row.get(1)?))
}

fn gather(rows: Vec<(i64, String)>) -> HashMap<i64, Vec<String>> {
    let mut names = HashMap::<i64, Vec<String>>::new();
    for (of, name) in rows {
        names.entry(of).or_default().push(name);
    }
    names
}

/// Fills in who plays.
pub(crate) fn fill_artists(tx: &mut Tx<'_>, facts: &mut [Facts]) -> Result<(), Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT ta.track_id, ar.name FROM json_each($1) wanted
                JOIN catalog_track_artist ta ON ta.track_id = wanted.value
                JOIN catalog_artist ar ON ar.id = ta.artist_id ORDER BY ta.track_id, ta.position",
            postgres: "SELECT ta.track_id, ar.name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_track_artist ta ON ta.track_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = ta.artist_id ORDER BY ta.track_id, ta.position"
        ),
        params![list(facts.iter().map(|facts| facts.id))],
        name,
    )?;
    let mut names = gather(rows);
    for facts in facts {
        facts.artists = names.remove(&facts.id).unwrap_or_default();
    }
    Ok(())
}

/// Fills in whose albums they are.
pub(crate) fn fill_album_artists(tx: &mut Tx<'_>, facts: &mut [Facts]) -> Result<(), Fault> {
    let mut albums: Vec<i64> = facts.iter().filter_map(|facts| facts.album_id).map(|album| album.0).collect();
    albums.sort_unstable();
    albums.dedup();
    let rows = tx.all(
        sql!(
            sqlite: "SELECT aa.album_id, ar.name FROM json_each($1) wanted
                JOIN catalog_album_artist aa ON aa.album_id = wanted.value
                JOIN catalog_artist ar ON ar.id = aa.artist_id ORDER BY aa.album_id, aa.position",
            postgres: "SELECT aa.album_id, ar.name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_album_artist aa ON aa.album_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = aa.artist_id ORDER BY aa.album_id, aa.position"
        ),
        params![list(albums.into_iter())],
        name,
    )?;
    let names = gather(rows);
    for facts in facts {
        let album = facts.album_id.and_then(|album| names.get(&album.0));
        facts.album_artists = album.cloned().unwrap_or_default();
    }
    Ok(())
}

/// Fills in what a listener thinks of them.
pub(crate) fn fill_marks(tx: &mut Tx<'_>, viewer: UserId, facts: &mut [Facts]) -> Result<(), Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT k.item_id, k.favourite_us IS NOT NULL, COALESCE(k.rating, 0), k.plays, k.played_us
                FROM json_each($2) wanted
                CROSS JOIN catalog_mark k ON k.user_id = $1 AND k.kind = 'track' AND k.item_id = wanted.value",
            postgres: "SELECT k.item_id, k.favourite_us IS NOT NULL, COALESCE(k.rating, 0), k.plays, k.played_us
                FROM json_array_elements_text(CAST($2 AS JSON)) wanted
                JOIN catalog_mark k ON k.user_id = $1 AND k.kind = 'track'
                    AND k.item_id = CAST(wanted.value AS BIGINT)"
        ),
        params![viewer, list(facts.iter().map(|facts| facts.id))],
        |row| {
            let mark = Mark {
                favourite: row.get(1)?,
                rating: row.get(2)?,
                plays: row.get(3)?,
                played_us: row.get(4)?,
            };
            Ok((row.get::<i64>(0)?, mark))
        },
    )?;
    let marks: HashMap<i64, Mark> = rows.into_iter().collect();
    for facts in facts {
        facts.mark = marks.get(&facts.id).copied().unwrap_or_default();
    }
    Ok(())
}
