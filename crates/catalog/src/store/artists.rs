//! The rows of artists.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::{
    ArtistId,
    import::{KnownArtist, Named},
    visibility::shown,
};

fn known(row: &Row<'_>) -> Result<KnownArtist, Fault> {
    Ok(KnownArtist {
        id: row.get(0)?,
        sort_key: row.get(1)?,
        sort_given: row.get(2)?,
        hidden: row.get::<Option<i64>>(3)?.is_some(),
        scope: row.get(4)?,
    })
}

/// Held so that nobody removes or hides it before this transaction has given it something.
pub(crate) fn by_musicbrainz(tx: &mut Tx<'_>, musicbrainz: &str) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist WHERE musicbrainz = $1",
            postgres: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist WHERE musicbrainz = $1
                FOR SHARE"
        ),
        params![musicbrainz],
        known,
    )
}

/// The artist with this name that has no `MusicBrainz` identifier; held likewise.
pub(crate) fn unnumbered(tx: &mut Tx<'_>, name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist
                WHERE name_key = $1 AND musicbrainz IS NULL",
            postgres: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist
                WHERE name_key = $1 AND musicbrainz IS NULL FOR SHARE"
        ),
        params![name_key],
        known,
    )
}

/// The artist with this name: one without identifier before others, the oldest of several; held likewise.
pub(crate) fn by_name(tx: &mut Tx<'_>, name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist WHERE name_key = $1
                ORDER BY musicbrainz IS NOT NULL, id LIMIT 1",
            postgres: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist WHERE name_key = $1
                ORDER BY musicbrainz IS NOT NULL, id LIMIT 1 FOR SHARE"
        ),
        params![name_key],
        known,
    )
}

/// Gives an artist known by name its identifier.
pub(crate) fn number(tx: &mut Tx<'_>, id: ArtistId, musicbrainz: &str) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist SET musicbrainz = $2 WHERE id = $1"), params![id, musicbrainz])?;
    Ok(())
}

/// False when somebody else has entered the same artist meanwhile.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    id: ArtistId,
    named: &Named,
    (name_key, sort_key): (&[u8], &[u8]),
    scope: i64,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO catalog_artist (id, name, name_key, musicbrainz, sort_key, sort_given, sort_name, scope)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
        ),
        params![
            id,
            &named.name,
            name_key,
            named.musicbrainz.clone(),
            sort_key,
            named.sort.is_some(),
            named.sort.clone(),
            scope
        ],
    )?;
    Ok(rows == 1)
}

pub(crate) fn set_sort(tx: &mut Tx<'_>, id: ArtistId, sort_name: &str, sort_key: &[u8]) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_artist SET sort_key = $2, sort_given = TRUE, sort_name = $3 WHERE id = $1"),
        params![id, sort_key, sort_name],
    )?;
    Ok(())
}

/// Whether it is hidden, and its scope, with the row held for a change; `None` when it is gone.
pub(crate) fn lock(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<(bool, i64)>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT hidden_us, scope FROM catalog_artist WHERE id = $1",
            postgres: "SELECT hidden_us, scope FROM catalog_artist WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| Ok((row.get::<Option<i64>>(0)?.is_some(), row.get(1)?)),
    )
}

/// Whether any track or album, shown or hidden, names it.
pub(crate) fn is_named(tx: &mut Tx<'_>, id: ArtistId) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM catalog_track_artist ta WHERE ta.artist_id = $1)
                OR EXISTS (SELECT 1 FROM catalog_album_artist aa WHERE aa.artist_id = $1)
                OR EXISTS (SELECT 1 FROM catalog_credit c WHERE c.artist_id = $1)"
        ),
        params![id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Whether a track or album that is shown and lies in one of these libraries names it.
pub(crate) fn is_shown_in(tx: &mut Tx<'_>, id: ArtistId, scope: i64) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(concat!(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM catalog_track_artist ta
                JOIN catalog_track t ON t.id = ta.track_id WHERE ta.artist_id = $1 AND (t.scope & $2) <> 0 AND ",
            shown!("t"),
            ") OR EXISTS (SELECT 1 FROM catalog_album_artist aa
                JOIN catalog_album a ON a.id = aa.album_id WHERE aa.artist_id = $1 AND (a.scope & $2) <> 0 AND ",
            shown!("a"),
            ") OR EXISTS (SELECT 1 FROM catalog_credit c
                JOIN catalog_track t ON t.id = c.track_id WHERE c.artist_id = $1 AND (t.scope & $2) <> 0 AND ",
            shown!("t"),
            ")"
        )),
        params![id, scope],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// It is in these libraries too.
pub(crate) fn add_scope(tx: &mut Tx<'_>, id: ArtistId, scope: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist SET scope = scope | $2 WHERE id = $1"), params![id, scope])?;
    Ok(())
}

pub(crate) fn set_scope(tx: &mut Tx<'_>, id: ArtistId, scope: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist SET scope = $2 WHERE id = $1"), params![id, scope])?;
    Ok(())
}

pub(crate) fn set_hidden(tx: &mut Tx<'_>, id: ArtistId, hidden: Option<Time>) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist SET hidden_us = $2 WHERE id = $1"), params![id, hidden])?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx<'_>, id: ArtistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_artist WHERE id = $1"), params![id])?;
    Ok(())
}
