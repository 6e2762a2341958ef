//! What changed since, in one order; and the texts by which things are found.

use std::collections::HashMap;

use kernel::{
    Fault, Time,
    db::{Engine, Row, Statement, Tx},
    params, sql,
};

use super::read::list;
use crate::{
    ArtistId,
    search::Kind,
    visibility::{shown, visible},
};

/// Advisory lock on `PostgreSQL` of whoever gives changes their numbers.
const LOCK: i64 = 0x6f64_656f_6e08;

/// Texts by which a thing is found.
pub(crate) struct Texts {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) other: Option<String>,
    pub(crate) popularity: i64,
    pub(crate) scope: i64,
}

fn texts(row: &Row<'_>) -> Result<Texts, Fault> {
    Ok(Texts {
        id: row.get(0)?,
        name: row.get(1)?,
        other: row.get(2)?,
        popularity: row.get(3)?,
        scope: row.get(4)?,
    })
}

/// Whether anything changed that has no number yet.
pub(crate) fn is_dirty(tx: &mut Tx<'_>) -> Result<bool, Fault> {
    let found = tx.one(
        sql!("SELECT id FROM catalog_search_dirty WHERE id > 0 ORDER BY id LIMIT 1"),
        params![],
        |_| Ok(()),
    );
    Ok(found?.is_some())
}

/// Notes that what is shown changed though no thing did: somebody may see more or less of it, or files lie elsewhere.
pub(crate) fn note_rights(tx: &mut Tx<'_>) -> Result<(), Fault> {
    tx.run(sql!("INSERT INTO catalog_search_dirty (kind, item_id) VALUES (1, 0)"), params![])?;
    Ok(())
}

/// Notes that an artist is called otherwise, and with him all that bears his name.
pub(crate) fn note_renamed(tx: &mut Tx<'_>, artist: ArtistId) -> Result<(), Fault> {
    tx.run(sql!("INSERT INTO catalog_search_dirty (kind, item_id) VALUES (5, $1)"), params![artist])?;
    Ok(())
}

/// One at a time gives numbers; until the transaction ends.
pub(crate) fn lock(tx: &mut Tx<'_>) -> Result<(), Fault> {
    if tx.engine() == Engine::Postgres {
        tx.all(
            sql!(sqlite: "SELECT $1", postgres: "SELECT 1 FROM pg_advisory_xact_lock($1)"),
            params![LOCK],
            |_| Ok(()),
        )?;
    }
    Ok(())
}

/// Takes what changed, kind and number.
pub(crate) fn take_dirty(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<(i64, i64)>, Fault> {
    tx.all(
        sql!(
            "DELETE FROM catalog_search_dirty
             WHERE id IN (SELECT id FROM catalog_search_dirty WHERE id > 0 ORDER BY id LIMIT $1)
             RETURNING kind, item_id"
        ),
        params![limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The number of the last change.
pub(crate) fn newest(tx: &mut Tx<'_>) -> Result<i64, Fault> {
    let sql = sql!("SELECT seq FROM catalog_search_change WHERE seq > 0 ORDER BY seq DESC LIMIT 1");
    Ok(tx.one(sql, params![], |row| row.get(0))?.unwrap_or(0))
}

/// Writes a change down, packed as the migration says.
pub(crate) fn insert_change(tx: &mut Tx<'_>, seq: i64, items: &[u8], now: Time) -> Result<(), Fault> {
    tx.run(
        sql!("INSERT INTO catalog_search_change (seq, items, made_us) VALUES ($1, $2, $3)"),
        params![seq, items, now],
    )?;
    Ok(())
}

/// When the last change got its number; `None` when that is not known.
pub(crate) fn changed(tx: &mut Tx<'_>) -> Result<Option<Time>, Fault> {
    let sql = sql!("SELECT made_us FROM catalog_search_change WHERE seq > 0 ORDER BY seq DESC LIMIT 1");
    Ok(tx.one(sql, params![], |row| row.get::<Time>(0))?.filter(|at| at.0 > 0))
}

pub(crate) fn delete_changes(tx: &mut Tx<'_>, up_to: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_search_change WHERE seq <= $1"), params![up_to])?;
    Ok(())
}

/// Changes after `seq` in their order.
pub(crate) fn changes(tx: &mut Tx<'_>, seq: i64, limit: u32) -> Result<Vec<(i64, Vec<u8>)>, Fault> {
    tx.all(
        sql!("SELECT seq, items FROM catalog_search_change WHERE seq > $1 ORDER BY seq LIMIT $2"),
        params![seq, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// How much a thing is liked.
pub(crate) fn set_popularity(tx: &mut Tx<'_>, kind: i64, id: i64, popularity: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_popularity (kind, item_id, popularity) VALUES ($1, $2, $3)
             ON CONFLICT (kind, item_id) DO UPDATE SET popularity = excluded.popularity"
        ),
        params![kind, id, popularity],
    )?;
    Ok(())
}

fn ids(tx: &mut Tx<'_>, sql: &'static Statement, after: i64, limit: u32) -> Result<Vec<i64>, Fault> {
    tx.all(sql, params![after, limit], |row| row.get(0))
}

/// Numbers of artists that are shown, in order.
pub(crate) fn artist_ids(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<i64>, Fault> {
    let sql = sql!(concat!(
        "SELECT ar.id FROM catalog_artist ar WHERE ar.id > $1 AND ",
        shown!("ar"),
        " ORDER BY ar.id LIMIT $2"
    ));
    ids(tx, sql, after, limit)
}

/// Numbers of albums that are shown, in order.
pub(crate) fn album_ids(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<i64>, Fault> {
    let sql = sql!(concat!(
        "SELECT a.id FROM catalog_album a WHERE a.id > $1 AND ",
        shown!("a"),
        " ORDER BY a.id LIMIT $2"
    ));
    ids(tx, sql, after, limit)
}

/// Numbers of tracks that are shown, in order.
pub(crate) fn track_ids(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<i64>, Fault> {
    let sql = sql!(concat!(
        "SELECT t.id FROM catalog_track t WHERE t.id > $1 AND ",
        shown!("t"),
        " ORDER BY t.id LIMIT $2"
    ));
    ids(tx, sql, after, limit)
}

/// Numbers of videos that are shown, in order.
pub(crate) fn video_ids(tx: &mut Tx<'_>, after: i64, limit: u32) -> Result<Vec<i64>, Fault> {
    let sql = sql!(concat!(
        "SELECT v.id FROM catalog_video v WHERE v.id > $1 AND ",
        shown!("v"),
        " ORDER BY v.id LIMIT $2"
    ));
    ids(tx, sql, after, limit)
}

/// Numbers out of a JSON list, as the table `wanted`.
macro_rules! wanted {
    (sqlite) => {
        " FROM json_each($1) wanted "
    };
    (postgres) => {
        " FROM (SELECT CAST(listed.value AS BIGINT) AS value
            FROM json_array_elements_text(CAST($1 AS JSON)) listed) wanted "
    };
}

/// A statement that picks `$columns` of what is listed.
macro_rules! of_wanted {
    ($columns:literal, $($rest:expr),+ $(,)?) => {
        sql!(
            sqlite: concat!("SELECT ", $columns, wanted!(sqlite), $($rest),+),
            postgres: concat!("SELECT ", $columns, wanted!(postgres), $($rest),+)
        )
    };
}

/// Those of these artists that are shown.
pub(crate) fn artists(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Texts>, Fault> {
    tx.all(
        of_wanted!(
            "ar.id, ar.name, NULL, COALESCE(p.popularity, 0), ar.scope",
            "JOIN catalog_artist ar ON ar.id = wanted.value
             LEFT JOIN catalog_popularity p ON p.kind = 1 AND p.item_id = ar.id WHERE ",
            shown!("ar")
        ),
        params![list(ids.iter().copied())],
        texts,
    )
}

/// Those of these albums that are shown.
pub(crate) fn albums(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Texts>, Fault> {
    tx.all(
        of_wanted!(
            "a.id, a.title, NULL, COALESCE(p.popularity, 0), a.scope",
            "JOIN catalog_album a ON a.id = wanted.value
             LEFT JOIN catalog_popularity p ON p.kind = 2 AND p.item_id = a.id WHERE ",
            shown!("a")
        ),
        params![list(ids.iter().copied())],
        texts,
    )
}

/// Those of these tracks that are shown.
pub(crate) fn tracks(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Texts>, Fault> {
    tx.all(
        of_wanted!(
            "t.id, t.title, a.title, COALESCE(p.popularity, 0), t.scope",
            "JOIN catalog_track t ON t.id = wanted.value
             LEFT JOIN catalog_album a ON a.id = t.album_id
             LEFT JOIN catalog_popularity p ON p.kind = 3 AND p.item_id = t.id WHERE ",
            shown!("t")
        ),
        params![list(ids.iter().copied())],
        texts,
    )
}

/// Those of these videos that are shown.
pub(crate) fn videos(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<Texts>, Fault> {
    tx.all(
        of_wanted!(
            "v.id, v.title, NULL, COALESCE(p.popularity, 0), v.scope",
            "JOIN catalog_video v ON v.id = wanted.value
             LEFT JOIN catalog_popularity p ON p.kind = 4 AND p.item_id = v.id WHERE ",
            shown!("v")
        ),
        params![list(ids.iter().copied())],
        texts,
    )
}

/// The statement that picks what a viewer sees of what is listed.
macro_rules! seen_of_wanted {
    ($table:literal) => {
        of_wanted!("x.id", "JOIN ", $table, " x ON x.id = wanted.value WHERE ", visible!("x"))
    };
}

/// Those of these that the viewer sees whom the transaction serves.
pub(crate) fn seen(tx: &mut Tx<'_>, kind: Kind, ids: &[i64]) -> Result<Vec<i64>, Fault> {
    let sql: &'static Statement = match kind {
        Kind::Artist => seen_of_wanted!("catalog_artist"),
        Kind::Album => seen_of_wanted!("catalog_album"),
        Kind::Track => seen_of_wanted!("catalog_track"),
        Kind::Video => seen_of_wanted!("catalog_video"),
    };
    held_by(tx, sql, ids)
}

/// Names of artists by what they are credited on.
pub(crate) type Names = HashMap<i64, Vec<String>>;

fn names(tx: &mut Tx<'_>, sql: &'static Statement, ids: &[i64]) -> Result<Names, Fault> {
    let rows = tx.all(sql, params![list(ids.iter().copied())], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let mut names = Names::new();
    for (on, name) in rows {
        names.entry(on).or_default().push(name);
    }
    Ok(names)
}

/// Who is named on these albums.
pub(crate) fn album_names(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Names, Fault> {
    let sql = of_wanted!(
        "aa.album_id, ar.name",
        "JOIN catalog_album_artist aa ON aa.album_id = wanted.value
         JOIN catalog_artist ar ON ar.id = aa.artist_id"
    );
    names(tx, sql, ids)
}

/// Who is named on these tracks.
pub(crate) fn track_names(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Names, Fault> {
    let sql = of_wanted!(
        "ta.track_id, ar.name",
        "JOIN catalog_track_artist ta ON ta.track_id = wanted.value
         JOIN catalog_artist ar ON ar.id = ta.artist_id"
    );
    names(tx, sql, ids)
}

fn held_by(tx: &mut Tx<'_>, sql: &'static Statement, ids: &[i64]) -> Result<Vec<i64>, Fault> {
    tx.all(sql, params![list(ids.iter().copied())], |row| row.get(0))
}

/// The albums that name these artists.
pub(crate) fn albums_of_artists(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<i64>, Fault> {
    let sql = of_wanted!("aa.album_id", "JOIN catalog_album_artist aa ON aa.artist_id = wanted.value");
    held_by(tx, sql, ids)
}

/// The tracks that name these artists.
pub(crate) fn tracks_of_artists(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<i64>, Fault> {
    let sql = of_wanted!("ta.track_id", "JOIN catalog_track_artist ta ON ta.artist_id = wanted.value");
    held_by(tx, sql, ids)
}

/// The tracks of these albums.
pub(crate) fn tracks_of_albums(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<i64>, Fault> {
    let sql = of_wanted!("t.id", "JOIN catalog_track t ON t.album_id = wanted.value");
    held_by(tx, sql, ids)
}
