//! The entries of playlists. Positions are sparse and belong to the order only; an entry is known by its number.

use std::collections::HashMap;

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    id::UserId,
    params, sql,
};

use crate::{
    TrackId,
    model::playlists::{EntryId, PlaylistId},
    store::read::{PictureRow, list, picture, picture_columns},
    visibility::{shown, visible},
};

/// What lies between two neighbours: some twenty halvings before a playlist must be set apart anew.
pub(crate) const GAP: i64 = 1 << 20;

/// An entry as it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryRow {
    pub(crate) id: EntryId,
    pub(crate) position: i64,
    pub(crate) track: TrackId,
    pub(crate) added_by: UserId,
    pub(crate) added: Time,
}

fn entry(row: &Row<'_>) -> Result<EntryRow, Fault> {
    Ok(EntryRow {
        id: row.get(0)?,
        position: row.get(1)?,
        track: row.get(2)?,
        added_by: row.get(3)?,
        added: row.get(4)?,
    })
}

/// The entries whose tracks are shown, after `key`.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    key: (i64, i64),
    limit: u32,
) -> Result<Vec<EntryRow>, Fault> {
    tx.all(
        // A question to each row, and no join, of which the planner might make another order and then sort.
        sql!(concat!(
            "SELECT e.id, e.position, e.track_id, e.added_by, e.added_us FROM catalog_playlist_entry e
             WHERE e.playlist_id = $1 AND (e.position, e.id) > ($2, $3)
                AND (SELECT ",
            visible!("t"),
            " FROM catalog_track t WHERE t.id = e.track_id)
             ORDER BY e.position, e.id LIMIT $4"
        )),
        params![playlist, key.0, key.1, limit],
        entry,
    )
}

/// Where an entry stands now.
pub(crate) fn position(tx: &mut Tx<'_>, playlist: PlaylistId, entry: EntryId) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!("SELECT position FROM catalog_playlist_entry WHERE id = $2 AND playlist_id = $1"),
        params![playlist, entry],
        |row| row.get(0),
    )
}

/// The smallest position behind another, or of all.
pub(crate) fn next_position(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    after: Option<i64>,
) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!(
            "SELECT position FROM catalog_playlist_entry WHERE playlist_id = $1 AND position > $2
             ORDER BY position LIMIT 1"
        ),
        params![playlist, after.unwrap_or(i64::MIN)],
        |row| row.get(0),
    )
}

/// The largest position.
pub(crate) fn last_position(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!(
            "SELECT position FROM catalog_playlist_entry WHERE playlist_id = $1
             ORDER BY position DESC, id DESC LIMIT 1"
        ),
        params![playlist],
        |row| row.get(0),
    )
}

/// Sets the entries of a playlist [`GAP`] apart from each other.
pub(crate) fn set_apart(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_playlist_entry SET position = n.place * $2
             FROM (SELECT e.id, ROW_NUMBER() OVER (ORDER BY e.position, e.id) AS place
                FROM catalog_playlist_entry e WHERE e.playlist_id = $1) n
             WHERE catalog_playlist_entry.id = n.id",
            scan = "every entry of the one playlist gets a new place"
        ),
        params![playlist, GAP],
    )?;
    Ok(())
}

/// An entry to be: number, position and track.
pub(crate) type NewEntry = (EntryId, i64, TrackId);

/// Enters all of them at once.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    new: &[NewEntry],
    by: UserId,
    now: Time,
) -> Result<(), Fault> {
    let rows: Vec<String> =
        new.iter().map(|(entry, position, track)| format!("[{entry},{position},{track}]")).collect();
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_playlist_entry (id, playlist_id, position, track_id, added_by, added_us)
                SELECT CAST(wanted.value ->> 0 AS BIGINT), CAST($2 AS BIGINT),
                    CAST(wanted.value ->> 1 AS BIGINT), CAST(wanted.value ->> 2 AS BIGINT), CAST($3 AS BIGINT),
                    CAST($4 AS BIGINT)
                FROM json_each($1) wanted",
            postgres: "INSERT INTO catalog_playlist_entry (id, playlist_id, position, track_id, added_by, added_us)
                SELECT CAST(wanted.value ->> 0 AS BIGINT), CAST($2 AS BIGINT),
                    CAST(wanted.value ->> 1 AS BIGINT), CAST(wanted.value ->> 2 AS BIGINT), CAST($3 AS BIGINT),
                    CAST($4 AS BIGINT)
                FROM json_array_elements(CAST($1 AS JSON)) wanted"
        ),
        params![format!("[{}]", rows.join(",")), playlist, by, now],
    )?;
    Ok(())
}

pub(crate) fn set_position(tx: &mut Tx<'_>, entry: EntryId, position: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_playlist_entry SET position = $2 WHERE id = $1"), params![entry, position])?;
    Ok(())
}

/// Those of these entries that the playlist has, with their tracks.
pub(crate) fn of(
    tx: &mut Tx<'_>,
    playlist: PlaylistId,
    entries: &[EntryId],
) -> Result<Vec<(EntryId, TrackId)>, Fault> {
    tx.all(
        sql!(
            sqlite: "SELECT e.id, e.track_id FROM json_each($2) wanted
                CROSS JOIN catalog_playlist_entry e ON e.id = wanted.value WHERE e.playlist_id = $1 ORDER BY e.id",
            postgres: "SELECT e.id, e.track_id FROM json_array_elements_text(CAST($2 AS JSON)) wanted
                JOIN catalog_playlist_entry e ON e.id = CAST(wanted.value AS BIGINT)
                WHERE e.playlist_id = $1 ORDER BY e.id"
        ),
        params![playlist, list(entries.iter().map(|entry| entry.0))],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

pub(crate) fn delete(tx: &mut Tx<'_>, playlist: PlaylistId, entries: &[EntryId]) -> Result<(), Fault> {
    tx.run(
        sql!(
            sqlite: "DELETE FROM catalog_playlist_entry
                WHERE playlist_id = $1 AND id IN (SELECT wanted.value FROM json_each($2) wanted)",
            postgres: "DELETE FROM catalog_playlist_entry
                WHERE playlist_id = $1 AND id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($2 AS JSON)) wanted)"
        ),
        params![playlist, list(entries.iter().map(|entry| entry.0))],
    )?;
    Ok(())
}

/// All entries, those of hidden tracks too.
pub(crate) fn delete_all(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_playlist_entry WHERE playlist_id = $1"), params![playlist])?;
    Ok(())
}

/// What the viewer whom the transaction serves sees of these playlists: tracks, and how long they play. Those of which
/// nothing is seen are left out.
pub(crate) fn figures(
    tx: &mut Tx<'_>,
    playlists: &[PlaylistId],
) -> Result<HashMap<PlaylistId, (u64, u64)>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: concat!(
                "SELECT e.playlist_id, COUNT(*), COALESCE(SUM(t.duration_ms), 0) FROM json_each($1) wanted
                 JOIN catalog_playlist_entry e ON e.playlist_id = wanted.value
                 JOIN catalog_track t ON t.id = e.track_id AND ", visible!("t"), " GROUP BY e.playlist_id"
            ),
            postgres: concat!(
                "SELECT e.playlist_id, COUNT(*), CAST(COALESCE(SUM(t.duration_ms), 0) AS BIGINT)
                 FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_playlist_entry e ON e.playlist_id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_track t ON t.id = e.track_id AND ", visible!("t"), " GROUP BY e.playlist_id"
            )
        ),
        params![list(playlists.iter().map(|playlist| playlist.0))],
        |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
    )?;
    Ok(rows.into_iter().collect())
}

/// All entries whose tracks are shown: number and how long it plays.
pub(crate) fn shown(tx: &mut Tx<'_>, playlist: PlaylistId) -> Result<Vec<(EntryId, TrackId)>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT e.id, e.track_id FROM catalog_playlist_entry e JOIN catalog_track t ON t.id = e.track_id
             WHERE e.playlist_id = $1 AND ",
            visible!("t")
        )),
        params![playlist],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// How a track stands while entries of it are changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldTrack {
    pub(crate) duration_ms: i64,
    /// To anybody.
    pub(crate) shown: bool,
    /// To the viewer whom the transaction serves.
    pub(crate) visible: bool,
}

/// Holds tracks as they are until the change is made, so that none is hidden or shown between being counted and being
/// entered. Always before the playlist is locked, as whoever hides a track does it.
pub(crate) fn hold_tracks(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<HashMap<TrackId, HeldTrack>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: concat!("SELECT t.id, t.duration_ms, ", shown!("t"), ", ", visible!("t"), " FROM catalog_track t
                WHERE t.id IN (SELECT wanted.value FROM json_each($1) wanted) ORDER BY t.id"),
            postgres: concat!("SELECT t.id, t.duration_ms, ", shown!("t"), ", ", visible!("t"), " FROM catalog_track t
                WHERE t.id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($1 AS JSON)) wanted) ORDER BY t.id FOR SHARE OF t")
        ),
        params![list(tracks.iter().map(|track| track.0))],
        |row| Ok((row.get(0)?, HeldTrack { duration_ms: row.get(1)?, shown: row.get(2)?, visible: row.get(3)? })),
    )?;
    Ok(rows.into_iter().collect())
}

/// The playlists that hold a track, and how often.
pub(super) fn holders(tx: &mut Tx<'_>, track: TrackId) -> Result<Vec<(PlaylistId, i64)>, Fault> {
    tx.all(
        sql!(
            "SELECT e.playlist_id, COUNT(*) FROM catalog_playlist_entry e WHERE e.track_id = $1
             GROUP BY e.playlist_id ORDER BY e.playlist_id"
        ),
        params![track],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

pub(super) fn duration(tx: &mut Tx<'_>, track: TrackId) -> Result<i64, Fault> {
    let found =
        tx.one(sql!("SELECT duration_ms FROM catalog_track WHERE id = $1"), params![track], |row| {
            row.get(0)
        })?;
    Ok(found.unwrap_or(0))
}

/// The pictures of the first albums in each of these playlists: of a few entries at the front, in their order.
pub(crate) fn front_pictures(
    tx: &mut Tx<'_>,
    playlists: &[PlaylistId],
) -> Result<Vec<(PlaylistId, PictureRow)>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: concat!(
                "SELECT wanted.value, ", picture_columns!(),
                " FROM json_each($1) wanted
                 JOIN catalog_playlist_entry e ON e.id IN (SELECT f.id FROM catalog_playlist_entry f
                    WHERE f.playlist_id = wanted.value ORDER BY f.position, f.id LIMIT 24)
                 JOIN catalog_track t ON t.id = e.track_id AND ", visible!("t"),
                " JOIN catalog_album a ON a.id = t.album_id
                 JOIN catalog_picture p ON p.id = COALESCE(a.given_picture_id, a.picture_id)
                 ORDER BY wanted.key, e.position, e.id"
            ),
            postgres: concat!(
                "SELECT CAST(wanted.value AS BIGINT), ", picture_columns!(),
                " FROM json_array_elements_text(CAST($1 AS JSON)) WITH ORDINALITY wanted (value, place)
                 CROSS JOIN LATERAL (SELECT f.id, f.position, f.track_id FROM catalog_playlist_entry f
                    WHERE f.playlist_id = CAST(wanted.value AS BIGINT) ORDER BY f.position, f.id LIMIT 24) e
                 JOIN catalog_track t ON t.id = e.track_id AND ", visible!("t"),
                " JOIN catalog_album a ON a.id = t.album_id
                 JOIN catalog_picture p ON p.id = COALESCE(a.given_picture_id, a.picture_id)
                 ORDER BY wanted.place, e.position, e.id"
            )
        ),
        params![list(playlists.iter().map(|playlist| playlist.0))],
        |row| Ok((row.get(0)?, picture(row, 1)?)),
    )?;
    Ok(rows.into_iter().filter_map(|(playlist, picture)| Some((playlist, picture?))).collect())
}
