//! The rows of tracks.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use crate::{AlbumId, ArtistId, LibraryId, MediaId, PictureId, TrackId, import::CleanTags};

/// A track as it stands before a change.
pub(crate) struct OldTrack {
    pub(crate) media: MediaId,
    pub(crate) album: Option<AlbumId>,
    pub(crate) picture: Option<PictureId>,
    pub(crate) hidden: Option<Time>,
    pub(crate) deleted: bool,
}

/// What a track is made of.
pub(crate) struct TrackRow<'a> {
    pub(crate) id: TrackId,
    pub(crate) media: MediaId,
    pub(crate) library: Option<LibraryId>,
    pub(crate) album: Option<AlbumId>,
    pub(crate) tags: &'a CleanTags,
    pub(crate) duration_ms: u64,
    pub(crate) picture: Option<PictureId>,
}

fn old(row: &Row<'_>) -> Result<OldTrack, Fault> {
    Ok(OldTrack {
        media: row.get(0)?,
        album: row.get(1)?,
        picture: row.get(2)?,
        hidden: row.get(3)?,
        deleted: row.get::<Option<String>>(4)?.as_deref() == Some("deleted"),
    })
}

/// The track as it stands, held for a change.
pub(crate) fn lock(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<OldTrack>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT media_id, album_id, picture_id, hidden_us, hidden_why FROM catalog_track
                WHERE id = $1",
            postgres: "SELECT media_id, album_id, picture_id, hidden_us, hidden_why FROM catalog_track
                WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        old,
    )
}

pub(crate) fn insert(tx: &mut Tx<'_>, row: &TrackRow<'_>, now: Time) -> Result<(), Fault> {
    let tags = row.tags;
    tx.run(
        sql!(
            "INSERT INTO catalog_track (id, media_id, library_id, album_id, title, sort_key, disc, disc_title,
                number, date, genres, musicbrainz, duration_ms, picture_id, added_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        ),
        params![
            row.id,
            row.media,
            row.library,
            row.album,
            &tags.title,
            &tags.title_sort,
            tags.disc,
            tags.disc_title.clone(),
            tags.number,
            tags.date.clone(),
            tags.genres.clone(),
            tags.recording.clone(),
            super::media::signed(row.duration_ms),
            row.picture,
            now
        ],
    )?;
    Ok(())
}

/// Writes everything that a file says; what the house knows of the track stays.
pub(crate) fn update(tx: &mut Tx<'_>, row: &TrackRow<'_>) -> Result<(), Fault> {
    let tags = row.tags;
    tx.run(
        sql!(
            "UPDATE catalog_track SET library_id = $2, album_id = $3, title = $4, sort_key = $5, disc = $6,
                disc_title = $7, number = $8, date = $9, genres = $10, musicbrainz = $11, duration_ms = $12,
                picture_id = $13
             WHERE id = $1"
        ),
        params![
            row.id,
            row.library,
            row.album,
            &tags.title,
            &tags.title_sort,
            tags.disc,
            tags.disc_title.clone(),
            tags.number,
            tags.date.clone(),
            tags.genres.clone(),
            tags.recording.clone(),
            super::media::signed(row.duration_ms),
            row.picture
        ],
    )?;
    Ok(())
}

pub(crate) fn artists(tx: &mut Tx<'_>, id: TrackId) -> Result<Vec<ArtistId>, Fault> {
    tx.all(
        sql!("SELECT artist_id FROM catalog_track_artist WHERE track_id = $1 ORDER BY position"),
        params![id],
        |row| row.get(0),
    )
}

pub(crate) fn insert_artists(tx: &mut Tx<'_>, id: TrackId, artists: &[ArtistId]) -> Result<(), Fault> {
    for (position, artist) in (0_i64..).zip(artists) {
        tx.run(
            sql!("INSERT INTO catalog_track_artist (track_id, position, artist_id) VALUES ($1, $2, $3)"),
            params![id, position, *artist],
        )?;
    }
    Ok(())
}

pub(crate) fn delete_artists(tx: &mut Tx<'_>, id: TrackId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_track_artist WHERE track_id = $1"), params![id])?;
    Ok(())
}

/// Hides a track whose file is gone, or shows it again.
pub(crate) fn set_gone(tx: &mut Tx<'_>, id: TrackId, hidden: Option<Time>) -> Result<(), Fault> {
    super::playlists::track_came_or_went(tx, id, hidden.is_none())?;
    let why = hidden.map(|_| "gone");
    tx.run(
        sql!("UPDATE catalog_track SET hidden_us = $2, hidden_why = $3 WHERE id = $1"),
        params![id, hidden, why],
    )?;
    Ok(())
}
