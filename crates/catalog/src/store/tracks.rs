//! The rows of tracks.

use kernel::{
    Fault, Time,
    db::{Params, Row, Tx, Value},
    id::UserId,
    params, sql,
};

use crate::{
    AlbumId, ArtistId, LibraryId, MediaId, PictureId, TrackId, import::CleanTags, visibility::visible,
};

/// A track as it stands before a change.
pub(crate) struct OldTrack {
    pub(crate) media: MediaId,
    pub(crate) album: Option<AlbumId>,
    pub(crate) picture: Option<PictureId>,
    pub(crate) hidden: Option<Time>,
    pub(crate) deleted: bool,
    pub(crate) library: Option<LibraryId>,
    pub(crate) scope: i64,
    /// How often it was edited.
    pub(crate) edits: i64,
    pub(crate) owner: Option<UserId>,
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
    /// That of its library.
    pub(crate) scope: i64,
}

impl TrackRow<'_> {
    /// What both writing statements take, in this order.
    fn params(&self) -> Params {
        let tags = self.tags;
        let facts = &tags.recording_facts;
        let gains = facts.gains;
        let genres = (!tags.genres.is_empty()).then(|| tags.genres.join("\n"));
        params![
            self.id,
            self.library,
            self.album,
            &tags.title,
            &tags.title_sort,
            tags.disc,
            tags.disc_title.clone(),
            tags.number,
            tags.date.clone(),
            genres,
            tags.recording.clone(),
            super::media::signed(self.duration_ms),
            self.picture,
            facts.artists_shown.clone(),
            facts.sort_title.clone(),
            facts.subtitle.clone(),
            facts.original.clone(),
            facts.comment.clone(),
            facts.isrcs.clone(),
            facts.work.clone(),
            facts.movement.clone(),
            facts.movement_number,
            facts.movement_total,
            facts.medium.clone(),
            facts.advisory,
            facts.bpm_hundredths,
            gains.track_cdb,
            gains.track_peak_millionths,
            gains.album_cdb,
            gains.album_peak_millionths,
            gains.r128_track_cdb,
            gains.r128_album_cdb,
            self.scope
        ]
    }
}

fn old(row: &Row<'_>) -> Result<OldTrack, Fault> {
    Ok(OldTrack {
        media: row.get(0)?,
        album: row.get(1)?,
        picture: row.get(2)?,
        hidden: row.get(3)?,
        deleted: row.get::<Option<String>>(4)?.as_deref() == Some("deleted"),
        library: row.get(5)?,
        scope: row.get(6)?,
        edits: row.get(7)?,
        owner: row.get(8)?,
    })
}

/// The track as it stands, held for a change.
pub(crate) fn lock(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<OldTrack>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT media_id, album_id, picture_id, hidden_us, hidden_why, library_id, scope, edits,
                owner_id FROM catalog_track
                WHERE id = $1",
            postgres: "SELECT media_id, album_id, picture_id, hidden_us, hidden_why, library_id, scope, edits,
                owner_id FROM catalog_track
                WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        old,
    )
}

pub(crate) fn insert(tx: &mut Tx<'_>, row: &TrackRow<'_>, now: Time) -> Result<(), Fault> {
    let mut params = row.params();
    params.push(Value::from(row.media));
    params.push(Value::from(now));
    tx.run(
        sql!(
            "INSERT INTO catalog_track (id, library_id, album_id, title, sort_key, disc, disc_title, number, date,
                genres, musicbrainz, duration_ms, picture_id, artist_shown, sort_title, subtitle, original, comment, isrcs, work, movement,
                movement_number, movement_total, medium, advisory, bpm_hundredths, track_gain_cdb,
                track_peak_millionths, album_gain_cdb, album_peak_millionths, r128_track_cdb,
                r128_album_cdb, scope, media_id, added_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)"
        ),
        params,
    )?;
    Ok(())
}

/// Writes everything that a file says; what the house knows of the track stays.
pub(crate) fn update(tx: &mut Tx<'_>, row: &TrackRow<'_>) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_track SET library_id = $2, album_id = $3, title = $4, sort_key = $5, disc = $6,
                disc_title = $7, number = $8, date = $9, genres = $10, musicbrainz = $11, duration_ms = $12,
                picture_id = $13, artist_shown = $14, sort_title = $15, subtitle = $16, original = $17,
                comment = $18, isrcs = $19, work = $20, movement = $21, movement_number = $22,
                movement_total = $23, medium = $24, advisory = $25, bpm_hundredths = $26,
                track_gain_cdb = $27, track_peak_millionths = $28, album_gain_cdb = $29,
                album_peak_millionths = $30, r128_track_cdb = $31, r128_album_cdb = $32, scope = $33
             WHERE id = $1"
        ),
        row.params(),
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

/// Everybody who is named on a track, for whatever.
pub(crate) fn everybody(tx: &mut Tx<'_>, id: TrackId) -> Result<Vec<ArtistId>, Fault> {
    tx.all(
        sql!(
            "SELECT artist_id FROM catalog_track_artist WHERE track_id = $1
             UNION SELECT artist_id FROM catalog_credit WHERE track_id = $1"
        ),
        params![id],
        |row| row.get(0),
    )
}

/// Enters many: track, position, artist.
pub(crate) fn insert_artists(tx: &mut Tx<'_>, rows: &[(TrackId, usize, ArtistId)]) -> Result<(), Fault> {
    let rows: Vec<_> = rows.iter().map(|(track, at, artist)| (track.0, at, artist.0)).collect();
    tx.run(
        sql!(
            sqlite: "INSERT INTO catalog_track_artist (track_id, position, artist_id)
                SELECT wanted.value ->> 0, wanted.value ->> 1, wanted.value ->> 2 FROM json_each($1) wanted",
            postgres: "INSERT INTO catalog_track_artist (track_id, position, artist_id)
                SELECT CAST(wanted.value ->> 0 AS BIGINT), CAST(wanted.value ->> 1 AS BIGINT),
                    CAST(wanted.value ->> 2 AS BIGINT)
                FROM json_array_elements(CAST($1 AS JSON)) wanted"
        ),
        params![super::json(&rows)?],
    )?;
    Ok(())
}

pub(crate) fn delete_artists(tx: &mut Tx<'_>, id: TrackId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_track_artist WHERE track_id = $1"), params![id])?;
    Ok(())
}

/// Writes in which library it lies, by the bit that the library has now.
pub(crate) fn set_scope(tx: &mut Tx<'_>, id: TrackId, scope: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_track SET scope = $2 WHERE id = $1"), params![id, scope])?;
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

/// Writes who uploaded it.
pub(crate) fn set_owner(tx: &mut Tx<'_>, id: TrackId, owner: UserId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_track SET owner_id = $2 WHERE id = $1"), params![id, owner])?;
    Ok(())
}

/// How often a track was edited and who uploaded it, if the viewer sees it.
pub(crate) fn seen(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<(i64, Option<UserId>)>, Fault> {
    tx.one(
        sql!(concat!("SELECT t.edits, t.owner_id FROM catalog_track t WHERE t.id = $1 AND ", visible!("t"))),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
