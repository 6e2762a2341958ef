//! Playlists: the rows themselves. Their entries, editors and folders have a file each.

pub(crate) mod editors;
pub(crate) mod entries;
pub(crate) mod folders;
pub(crate) mod found;

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use super::read::{PictureRow, picture, picture_columns};
use crate::{
    AlbumId, PictureId, TrackId,
    model::playlists::{FolderId, PlaylistId},
    visibility::visible,
};

/// A playlist as it is kept, as one viewer sees it.
#[derive(Clone, Debug)]
pub(crate) struct PlaylistRow {
    pub(crate) id: PlaylistId,
    pub(crate) owner: UserId,
    /// Empty while the name is not known here yet.
    pub(crate) owner_name: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) public: bool,
    pub(crate) rules: Option<String>,
    pub(crate) cover_album: Option<AlbumId>,
    pub(crate) track_count: u64,
    pub(crate) duration_ms: u64,
    pub(crate) version: u64,
    pub(crate) created: Time,
    pub(crate) changed: Time,
    pub(crate) sort_key: Vec<u8>,
    pub(crate) folder: Option<FolderId>,
    pub(crate) edits: bool,
    /// Whether the picture is one that somebody gave.
    pub(crate) given: bool,
    pub(crate) picture: Option<PictureRow>,
}

/// What a [`PlaylistRow`] is selected by, up to its conditions; `pl` is the playlist, `$1` the viewer.
macro_rules! select_playlists {
    () => {
        select_playlists!("")
    };
    ($join:literal) => {
        concat!(
            "SELECT pl.id, pl.owner_id, COALESCE(o.name, ''), pl.name, pl.description, pl.public, pl.rules,
                ca.id, pl.track_count, pl.duration_ms, pl.version, pl.created_us, pl.changed_us,
                pl.sort_key, f.folder_id,
                EXISTS (SELECT 1 FROM catalog_playlist_editor ed
                    WHERE ed.playlist_id = pl.id AND ed.user_id = $1),
                pl.given_picture_id IS NOT NULL, ",
            picture_columns!(),
            " FROM catalog_playlist pl ",
            $join,
            " LEFT JOIN catalog_owner o ON o.id = pl.owner_id
             LEFT JOIN catalog_playlist_place f ON f.user_id = $1 AND f.playlist_id = pl.id
             LEFT JOIN catalog_album ca ON ca.id = pl.cover_album_id AND ",
            visible!("ca"),
            " LEFT JOIN catalog_picture p
                ON p.id = COALESCE(pl.given_picture_id, ca.given_picture_id, ca.picture_id) WHERE "
        )
    };
}

/// The condition under which the viewer `$1` sees the playlist `pl`.
macro_rules! seen {
    () => {
        "(pl.owner_id = $1 OR pl.public OR EXISTS (SELECT 1 FROM catalog_playlist_editor me
            WHERE me.playlist_id = pl.id AND me.user_id = $1))"
    };
}

fn playlist(row: &Row<'_>) -> Result<PlaylistRow, Fault> {
    Ok(PlaylistRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        owner_name: row.get(2)?,
        name: row.get(3)?,
        description: row.get(4)?,
        public: row.get(5)?,
        rules: row.get(6)?,
        cover_album: row.get(7)?,
        track_count: row.get(8)?,
        duration_ms: row.get(9)?,
        version: row.get(10)?,
        created: row.get(11)?,
        changed: row.get(12)?,
        sort_key: row.get(13)?,
        folder: row.get(14)?,
        edits: row.get(15)?,
        given: row.get(16)?,
        picture: picture(row, 17)?,
    })
}

/// A playlist, when the viewer sees it.
pub(crate) fn one(tx: &mut Tx<'_>, viewer: UserId, id: PlaylistId) -> Result<Option<PlaylistRow>, Fault> {
    tx.one(sql!(concat!(select_playlists!(), "pl.id = $2 AND ", seen!())), params![viewer, id], playlist)
}

/// The viewer's own, by name, after `key`.
pub(crate) fn mine(
    tx: &mut Tx<'_>,
    viewer: UserId,
    key: (&[u8], i64),
    limit: u32,
) -> Result<Vec<PlaylistRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_playlists!(),
            "pl.owner_id = $1 AND (pl.sort_key, pl.id) > ($2, $3) ORDER BY pl.sort_key, pl.id LIMIT $4"
        )),
        params![viewer, key.0, key.1, limit],
        playlist,
    )
}

/// Those of others that the viewer may change, by name, after `key`.
pub(crate) fn edited(
    tx: &mut Tx<'_>,
    viewer: UserId,
    key: (&[u8], i64),
    limit: u32,
) -> Result<Vec<PlaylistRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_playlists!("JOIN catalog_playlist_editor m ON m.playlist_id = pl.id"),
            "m.user_id = $1 AND (m.sort_key, m.playlist_id) > ($2, $3)
             ORDER BY m.sort_key, m.playlist_id LIMIT $4"
        )),
        params![viewer, key.0, key.1, limit],
        playlist,
    )
}

/// Public ones of others that the viewer may only look at, by name, after `key`.
pub(crate) fn public(
    tx: &mut Tx<'_>,
    viewer: UserId,
    key: (&[u8], i64),
    limit: u32,
) -> Result<Vec<PlaylistRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_playlists!(),
            "pl.public AND pl.owner_id <> $1 AND (pl.sort_key, pl.id) > ($2, $3)
             AND NOT EXISTS (SELECT 1 FROM catalog_playlist_editor me
                WHERE me.playlist_id = pl.id AND me.user_id = $1)
             ORDER BY pl.sort_key, pl.id LIMIT $4"
        )),
        params![viewer, key.0, key.1, limit],
        playlist,
    )
}

/// A playlist as it stands before a change.
#[derive(Clone, Debug)]
pub(crate) struct OldPlaylist {
    pub(crate) owner: UserId,
    pub(crate) public: bool,
    pub(crate) smart: bool,
    pub(crate) entry_count: u64,
    pub(crate) version: u64,
}

/// The playlist as it stands, held for a change. Whether the asker may see it is for the caller to ask.
pub(crate) fn lock(tx: &mut Tx<'_>, id: PlaylistId) -> Result<Option<OldPlaylist>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT owner_id, public, rules IS NOT NULL, entry_count, version FROM catalog_playlist
                WHERE id = $1",
            postgres: "SELECT owner_id, public, rules IS NOT NULL, entry_count, version FROM catalog_playlist
                WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| {
            Ok(OldPlaylist {
                owner: row.get(0)?,
                public: row.get(1)?,
                smart: row.get(2)?,
                entry_count: row.get(3)?,
                version: row.get(4)?,
            })
        },
    )
}

/// How many playlists somebody owns.
pub(crate) fn count_of(tx: &mut Tx<'_>, owner: UserId) -> Result<u64, Fault> {
    let count =
        tx.one(sql!("SELECT COUNT(*) FROM catalog_playlist WHERE owner_id = $1"), params![owner], |row| {
            row.get(0)
        })?;
    Ok(count.unwrap_or(0))
}

/// What a new playlist is made of.
pub(crate) struct NewRow<'a> {
    pub(crate) id: PlaylistId,
    pub(crate) owner: UserId,
    pub(crate) name: &'a str,
    pub(crate) sort_key: &'a [u8],
    pub(crate) description: &'a str,
    pub(crate) public: bool,
    pub(crate) rules: Option<&'a str>,
}

pub(crate) fn insert(tx: &mut Tx<'_>, row: &NewRow<'_>, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_playlist (id, owner_id, name, sort_key, description, public, rules, entry_count,
                track_count, duration_ms, version, created_us, changed_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 1, $8, $8)"
        ),
        params![row.id, row.owner, row.name, row.sort_key, row.description, row.public, row.rules, now],
    )?;
    Ok(())
}

/// What the owner says anew; what is `None` stays.
pub(crate) struct EditRow<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) sort_key: Option<&'a [u8]>,
    pub(crate) description: Option<&'a str>,
    pub(crate) public: Option<bool>,
    pub(crate) rules: Option<&'a str>,
}

pub(crate) fn update(tx: &mut Tx<'_>, id: PlaylistId, row: &EditRow<'_>, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_playlist SET name = COALESCE($2, name), sort_key = COALESCE($3, sort_key),
                description = COALESCE($4, description), public = COALESCE($5, public),
                rules = COALESCE($6, rules), changed_us = $7
             WHERE id = $1"
        ),
        params![id, row.name, row.sort_key, row.description, row.public, row.rules, now],
    )?;
    Ok(())
}

pub(crate) fn set_cover(tx: &mut Tx<'_>, id: PlaylistId, album: Option<AlbumId>) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_playlist SET cover_album_id = $2 WHERE id = $1"), params![id, album])?;
    Ok(())
}

pub(crate) fn set_given_picture(
    tx: &mut Tx<'_>,
    id: PlaylistId,
    picture: Option<PictureId>,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_playlist SET given_picture_id = $2, changed_us = $3 WHERE id = $1"),
        params![id, picture, now],
    )?;
    Ok(())
}

/// Whether an album is shown.
pub(crate) fn album_is_shown(tx: &mut Tx<'_>, album: AlbumId) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(concat!("SELECT 1 FROM catalog_album a WHERE a.id = $1 AND ", visible!("a"))),
        params![album],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn delete(tx: &mut Tx<'_>, id: PlaylistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist WHERE id = $1"), params![id])?;
    Ok(())
}

/// By how much the figures of a playlist change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) entries: i64,
    pub(crate) tracks: i64,
    pub(crate) duration_ms: i64,
}

/// Notes a change of the entries: a new version, and the figures moved by `delta`.
pub(crate) fn note_change(tx: &mut Tx<'_>, id: PlaylistId, delta: Delta, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_playlist SET version = version + 1, entry_count = entry_count + $2,
                track_count = track_count + $3, duration_ms = duration_ms + $4, changed_us = $5
             WHERE id = $1"
        ),
        params![id, delta.entries, delta.tracks, delta.duration_ms, now],
    )?;
    Ok(())
}

/// Moves the figures of a playlist when a track in it came, went or got longer.
fn move_figures(tx: &mut Tx<'_>, id: PlaylistId, tracks: i64, duration_ms: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_playlist SET track_count = track_count + $2, duration_ms = duration_ms + $3
             WHERE id = $1"
        ),
        params![id, tracks, duration_ms],
    )?;
    Ok(())
}

/// Keeps the figures of the playlists that hold a track right, before it is hidden or after it is shown again. Costs
/// one look into an index for a track that is in none.
pub(crate) fn track_came_or_went(tx: &mut Tx<'_>, track: TrackId, shown: bool) -> Result<(), Fault> {
    let holders = entries::holders(tx, track)?;
    if holders.is_empty() {
        return Ok(());
    }
    let duration_ms = entries::duration(tx, track)?;
    let sign = if shown { 1 } else { -1 };
    for (playlist, times) in holders {
        move_figures(tx, playlist, sign * times, sign * times * duration_ms)?;
    }
    Ok(())
}

/// Keeps the figures of the playlists that hold a shown track right, before its new length is written.
pub(crate) fn track_changes_length(tx: &mut Tx<'_>, track: TrackId, duration_ms: u64) -> Result<(), Fault> {
    let holders = entries::holders(tx, track)?;
    if holders.is_empty() {
        return Ok(());
    }
    let grown = super::media::signed(duration_ms) - entries::duration(tx, track)?;
    if grown == 0 {
        return Ok(());
    }
    for (playlist, times) in holders {
        move_figures(tx, playlist, 0, times * grown)?;
    }
    Ok(())
}
