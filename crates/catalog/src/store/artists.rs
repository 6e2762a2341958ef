//! The rows of artists.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::{
    AlbumId, ArtistId, PictureId, TrackId,
    import::{KnownArtist, Named},
    visibility::{shown, visible},
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

/// The artist to whom a name leads in one library, else the one with this name that has no identifier; held likewise.
pub(crate) fn here_or_unnumbered(
    tx: &mut Tx<'_>,
    here: &[u8],
    name_key: &[u8],
) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist ar
                WHERE ar.id = COALESCE((SELECT al.artist_id FROM catalog_artist_alias al WHERE al.key = $1),
                    (SELECT un.id FROM catalog_artist un WHERE un.name_key = $2 AND un.musicbrainz IS NULL))",
            postgres: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist ar
                WHERE ar.id = COALESCE((SELECT al.artist_id FROM catalog_artist_alias al WHERE al.key = $1),
                    (SELECT un.id FROM catalog_artist un WHERE un.name_key = $2 AND un.musicbrainz IS NULL))
                FOR SHARE OF ar"
        ),
        params![here, name_key],
        known,
    )
}

/// The same, passing over one to whom the name leads in the library if he has an identifier.
pub(crate) fn here_or_unnumbered_without_number(
    tx: &mut Tx<'_>,
    here: &[u8],
    name_key: &[u8],
) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist ar
                WHERE ar.id = COALESCE((SELECT led.id FROM catalog_artist_alias al
                    JOIN catalog_artist led ON led.id = al.artist_id WHERE al.key = $1 AND led.musicbrainz IS NULL),
                    (SELECT un.id FROM catalog_artist un WHERE un.name_key = $2 AND un.musicbrainz IS NULL))",
            postgres: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist ar
                WHERE ar.id = COALESCE((SELECT led.id FROM catalog_artist_alias al
                    JOIN catalog_artist led ON led.id = al.artist_id WHERE al.key = $1 AND led.musicbrainz IS NULL),
                    (SELECT un.id FROM catalog_artist un WHERE un.name_key = $2 AND un.musicbrainz IS NULL))
                FOR SHARE OF ar"
        ),
        params![here, name_key],
        known,
    )
}

/// All artists with this name, in the order of [`by_name`]; held likewise.
pub(crate) fn namesakes(tx: &mut Tx<'_>, name_key: &[u8], limit: u32) -> Result<Vec<KnownArtist>, Fault> {
    tx.all(
        sql!(
            sqlite: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist WHERE name_key = $1
                ORDER BY musicbrainz IS NOT NULL, id LIMIT $2",
            postgres: "SELECT id, sort_key, sort_given, hidden_us, scope FROM catalog_artist WHERE name_key = $1
                ORDER BY musicbrainz IS NOT NULL, id LIMIT $2 FOR SHARE"
        ),
        params![name_key, limit],
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

/// Whether a track or album in one of these libraries names it, be that hidden or not.
pub(crate) fn is_named_in(tx: &mut Tx<'_>, id: ArtistId, scope: i64) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM catalog_track_artist ta
                JOIN catalog_track t ON t.id = ta.track_id WHERE ta.artist_id = $1 AND (t.scope & $2) <> 0)
             OR EXISTS (SELECT 1 FROM catalog_album_artist aa
                JOIN catalog_album a ON a.id = aa.album_id WHERE aa.artist_id = $1 AND (a.scope & $2) <> 0)
             OR EXISTS (SELECT 1 FROM catalog_credit c
                JOIN catalog_track t ON t.id = c.track_id WHERE c.artist_id = $1 AND (t.scope & $2) <> 0)"
        ),
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

/// Takes an artist away of whom nothing is left, with the names that lead to him.
pub(crate) fn delete(tx: &mut Tx<'_>, id: ArtistId) -> Result<(), Fault> {
    delete_aliases(tx, id)?;
    tx.run(sql!("DELETE FROM catalog_artist WHERE id = $1"), params![id])?;
    Ok(())
}

/// What an artist is called.
pub(crate) struct NamedRow {
    pub(crate) name: String,
    pub(crate) sort_name: Option<String>,
    pub(crate) name_key: Vec<u8>,
    pub(crate) musicbrainz: Option<String>,
}

pub(crate) fn named(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<NamedRow>, Fault> {
    tx.one(
        sql!("SELECT name, sort_name, name_key, musicbrainz FROM catalog_artist WHERE id = $1"),
        params![id],
        |row| {
            Ok(NamedRow {
                name: row.get(0)?,
                sort_name: row.get(1)?,
                name_key: row.get(2)?,
                musicbrainz: row.get(3)?,
            })
        },
    )
}

/// How often an artist was edited and the picture that somebody gave, if the viewer sees the artist.
pub(crate) fn seen(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<(i64, Option<PictureId>)>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT ar.edits, ar.given_picture_id FROM catalog_artist ar WHERE ar.id = $1 AND ",
            visible!("ar")
        )),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The names of these artists, in this order.
pub(crate) fn names_of(tx: &mut Tx<'_>, ids: &[ArtistId]) -> Result<Vec<String>, Fault> {
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        let sql = sql!("SELECT name FROM catalog_artist WHERE id = $1");
        names.extend(tx.one(sql, params![*id], |row| row.get::<String>(0))?);
    }
    Ok(names)
}

pub(crate) fn sort_key_of(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<Vec<u8>>, Fault> {
    tx.one(sql!("SELECT sort_key FROM catalog_artist WHERE id = $1"), params![id], |row| row.get(0))
}

/// Calls an artist otherwise; the key by which files find it stays.
pub(crate) fn rename(
    tx: &mut Tx<'_>,
    id: ArtistId,
    name: &str,
    sort_name: Option<&str>,
    sort_key: &[u8],
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_artist SET name = $2, sort_name = $3, sort_given = $4, sort_key = $5 WHERE id = $1"
        ),
        params![id, name, sort_name.map(str::to_owned), sort_name.is_some(), sort_key],
    )?;
    Ok(())
}

/// The artist to whom another name or identifier leads; held likewise.
pub(crate) fn by_alias(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist_alias al
                JOIN catalog_artist ar ON ar.id = al.artist_id WHERE al.key = $1",
            postgres: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist_alias al
                JOIN catalog_artist ar ON ar.id = al.artist_id WHERE al.key = $1 FOR SHARE OF ar"
        ),
        params![key],
        known,
    )
}

/// The artist to whom another name leads and who has no `MusicBrainz` identifier; held likewise.
pub(crate) fn unnumbered_by_alias(tx: &mut Tx<'_>, key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist_alias al
                JOIN catalog_artist ar ON ar.id = al.artist_id WHERE al.key = $1 AND ar.musicbrainz IS NULL",
            postgres: "SELECT ar.id, ar.sort_key, ar.sort_given, ar.hidden_us, ar.scope FROM catalog_artist_alias al
                JOIN catalog_artist ar ON ar.id = al.artist_id WHERE al.key = $1 AND ar.musicbrainz IS NULL
                FOR SHARE OF ar"
        ),
        params![key],
        known,
    )
}

/// Has a name lead to an artist, unless it leads somewhere already; says whether it did not.
pub(crate) fn add_alias(tx: &mut Tx<'_>, key: &[u8], id: ArtistId) -> Result<bool, Fault> {
    let sql =
        sql!("INSERT INTO catalog_artist_alias (key, artist_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    Ok(tx.run(sql, params![key, id])? == 1)
}

/// A name leads to this artist no more.
pub(crate) fn drop_alias(tx: &mut Tx<'_>, key: &[u8], id: ArtistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_artist_alias WHERE key = $1 AND artist_id = $2"), params![key, id])?;
    Ok(())
}

/// Has a name or identifier lead to an artist, wherever it led.
pub(crate) fn put_alias(tx: &mut Tx<'_>, key: &[u8], id: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_artist_alias (key, artist_id) VALUES ($1, $2)
             ON CONFLICT (key) DO UPDATE SET artist_id = excluded.artist_id"
        ),
        params![key, id],
    )?;
    Ok(())
}

/// What led to one artist leads to another.
pub(crate) fn move_aliases(tx: &mut Tx<'_>, from: ArtistId, to: ArtistId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist_alias SET artist_id = $2 WHERE artist_id = $1"), params![from, to])?;
    Ok(())
}

fn delete_aliases(tx: &mut Tx<'_>, id: ArtistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_artist_alias WHERE artist_id = $1"), params![id])?;
    Ok(())
}

/// Albums of one artist become another's; which.
pub(crate) fn replace_on_albums(
    tx: &mut Tx<'_>,
    from: ArtistId,
    to: ArtistId,
) -> Result<Vec<AlbumId>, Fault> {
    tx.all(
        sql!("UPDATE catalog_album_artist SET artist_id = $2 WHERE artist_id = $1 RETURNING album_id"),
        params![from, to],
        |row| row.get(0),
    )
}

/// An artist who stands twice on an album stands there once.
pub(crate) fn drop_double_of_album(tx: &mut Tx<'_>, album: AlbumId, id: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM catalog_album_artist WHERE album_id = $1 AND artist_id = $2 AND position > (
                SELECT MIN(aa.position) FROM catalog_album_artist aa WHERE aa.album_id = $1 AND aa.artist_id = $2)"
        ),
        params![album, id],
    )?;
    Ok(())
}

/// Tracks of one artist become another's; which.
pub(crate) fn replace_on_tracks(
    tx: &mut Tx<'_>,
    from: ArtistId,
    to: ArtistId,
) -> Result<Vec<TrackId>, Fault> {
    tx.all(
        sql!("UPDATE catalog_track_artist SET artist_id = $2 WHERE artist_id = $1 RETURNING track_id"),
        params![from, to],
        |row| row.get(0),
    )
}

/// An artist who stands twice on a track stands there once.
pub(crate) fn drop_double_of_track(tx: &mut Tx<'_>, track: TrackId, id: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM catalog_track_artist WHERE track_id = $1 AND artist_id = $2 AND position > (
                SELECT MIN(ta.position) FROM catalog_track_artist ta WHERE ta.track_id = $1 AND ta.artist_id = $2)"
        ),
        params![track, id],
    )?;
    Ok(())
}

/// What one artist did was done by another; on which tracks.
pub(crate) fn replace_in_credits(
    tx: &mut Tx<'_>,
    from: ArtistId,
    to: ArtistId,
) -> Result<Vec<TrackId>, Fault> {
    tx.all(
        sql!("UPDATE catalog_credit SET artist_id = $2 WHERE artist_id = $1 RETURNING track_id"),
        params![from, to],
        |row| row.get(0),
    )
}

/// An artist who is credited twice on a track for the same is credited once.
pub(crate) fn drop_double_credits(tx: &mut Tx<'_>, track: TrackId, id: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM catalog_credit WHERE track_id = $1 AND artist_id = $2 AND position > (
                SELECT MIN(c.position) FROM catalog_credit c WHERE c.track_id = $1 AND c.artist_id = $2
                    AND c.role = catalog_credit.role
                    AND COALESCE(c.detail, '') = COALESCE(catalog_credit.detail, ''))"
        ),
        params![track, id],
    )?;
    Ok(())
}

/// The picture that somebody gave an artist goes along to another, unless that has one.
pub(crate) fn adopt_picture(tx: &mut Tx<'_>, from: ArtistId, to: ArtistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_artist SET given_picture_id = COALESCE(given_picture_id,
                (SELECT other.given_picture_id FROM catalog_artist other WHERE other.id = $1)) WHERE id = $2"
        ),
        params![from, to],
    )?;
    Ok(())
}

/// Takes an artist away who is named no more; gives his scope. Searches hear of all that bears the other's name.
pub(crate) fn take_away(tx: &mut Tx<'_>, from: ArtistId, to: ArtistId) -> Result<i64, Fault> {
    super::search::note_renamed(tx, to)?;
    let sql = sql!("DELETE FROM catalog_artist WHERE id = $1 RETURNING scope");
    Ok(tx.one(sql, params![from], |row| row.get(0))?.unwrap_or(0))
}

/// Writes which picture somebody gave.
pub(crate) fn set_given_picture(
    tx: &mut Tx<'_>,
    id: ArtistId,
    picture: Option<PictureId>,
) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist SET given_picture_id = $2 WHERE id = $1"), params![id, picture])?;
    Ok(())
}
