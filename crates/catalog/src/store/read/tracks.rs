//! Tracks as they are shown.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::{
    super::sound::{heard_of, level},
    Credits, PictureRow, credit, gather, key_bytes, key_text, list, picture, picture_columns,
};
use crate::{
    AlbumId, GenreId, TrackId,
    import::Advisory,
    media::MediaState,
    model::GenreKind,
    sound::{Loudness, version_tag},
    visibility::visible,
};

/// A track as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct TrackRow {
    pub(crate) id: TrackId,
    pub(crate) title: String,
    pub(crate) number: Option<u32>,
    pub(crate) disc: u32,
    pub(crate) disc_title: Option<String>,
    pub(crate) duration_ms: u64,
    pub(crate) album: Option<(AlbumId, String)>,
    pub(crate) codec: String,
    pub(crate) bitrate_kbps: u32,
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: u32,
    pub(crate) state: MediaState,
    pub(crate) problem: Option<String>,
    pub(crate) picture: Option<PictureRow>,
    pub(crate) sort_key: String,
    pub(crate) artist_shown: Option<String>,
    pub(crate) advisory: Option<Advisory>,
    pub(crate) medium: Option<String>,
    pub(crate) has_lyrics: bool,
    /// What was measured of its sound, and the version of that.
    pub(crate) sound: Option<(Loudness, String)>,
}

/// What a [`TrackRow`] is selected by, up to its conditions; `t` is the track.
macro_rules! select_tracks {
    () => {
        concat!(
            "SELECT t.id, t.title, t.number, t.disc, t.disc_title, t.duration_ms, a.id, a.title, m.codec,
                m.bitrate_kbps, m.sample_rate_hz, m.channels, m.state, m.problem, ",
            picture_columns!(),
            ", t.sort_key, t.artist_shown, t.advisory, t.medium,
                EXISTS (SELECT 1 FROM catalog_lyrics l WHERE l.track_id = t.id) AND NOT EXISTS (
                    SELECT 1 FROM catalog_lyrics l WHERE l.track_id = t.id AND l.position < 0 AND l.source = 'none'),
                s.loudness, s.peak, s.version, s.bytes, s.stamp
             FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             LEFT JOIN catalog_sound s ON ",
            heard_of!(),
            "
             LEFT JOIN catalog_album a ON a.id = t.album_id
             LEFT JOIN catalog_picture p ON p.id = COALESCE(a.given_picture_id, t.picture_id, a.picture_id) WHERE ",
            visible!("t")
        )
    };
}

fn track(row: &Row<'_>) -> Result<TrackRow, Fault> {
    let album: Option<AlbumId> = row.get(6)?;
    Ok(TrackRow {
        id: row.get(0)?,
        title: row.get(1)?,
        number: row.get(2)?,
        disc: row.get(3)?,
        disc_title: row.get(4)?,
        duration_ms: row.get(5)?,
        album: album.zip(row.get(7)?),
        codec: row.get(8)?,
        bitrate_kbps: row.get(9)?,
        sample_rate_hz: row.get(10)?,
        channels: row.get(11)?,
        state: MediaState::from_word(&row.get::<String>(12)?),
        problem: row.get(13)?,
        picture: picture(row, 14)?,
        sort_key: key_text(row.get(18)?),
        artist_shown: row.get(19)?,
        advisory: row.get::<Option<String>>(20)?.as_deref().and_then(Advisory::from_word),
        medium: row.get(21)?,
        has_lyrics: row.get(22)?,
        sound: sound(row, 23)?,
    })
}

fn sound(row: &Row<'_>, at: usize) -> Result<Option<(Loudness, String)>, Fault> {
    let Some(version) = row.get::<Option<i64>>(at + 2)? else { return Ok(None) };
    let loudness = Loudness { lufs: level(row, at)?, peak_db: level(row, at + 1)? };
    Ok(Some((loudness, version_tag(version, row.get(at + 3)?, row.get(at + 4)?))))
}

pub(crate) fn one(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<TrackRow>, Fault> {
    tx.one(sql!(concat!(select_tracks!(), " AND t.id = $1")), params![id], track)
}

/// Those of these tracks that are shown, in no order.
pub(crate) fn these(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<TrackRow>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!(select_tracks!(), " AND t.id IN (SELECT wanted.value FROM json_each($1) wanted)"),
            postgres: concat!(
                select_tracks!(),
                " AND t.id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($1 AS JSON)) wanted)"
            )
        ),
        params![list(ids.iter().copied())],
        track,
    )
}

/// By title, after `key`.
pub(crate) fn by_title(tx: &mut Tx<'_>, key: (&str, i64), limit: u32) -> Result<Vec<TrackRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_tracks!(),
            " AND (t.sort_key, t.id) > ($1, $2) ORDER BY t.sort_key, t.id LIMIT $3"
        )),
        params![key_bytes(key.0), key.1, limit],
        track,
    )
}

/// The tracks of an album by disc and number; those without a number before others of their disc.
pub(crate) fn of_album(tx: &mut Tx<'_>, album: AlbumId, limit: u32) -> Result<Vec<TrackRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_tracks!(),
            " AND t.album_id = $1 ORDER BY t.disc, COALESCE(t.number, 0), t.sort_key, t.id LIMIT $2"
        )),
        params![album, limit],
        track,
    )
}

/// The tracks of a genre or mood in the order in which they came in, which keeps albums together; after `key`.
pub(crate) fn of_genre(
    tx: &mut Tx<'_>,
    genre: GenreId,
    key: TrackId,
    limit: u32,
) -> Result<Vec<TrackRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_tracks!(),
            " AND t.id IN (SELECT tg.track_id FROM catalog_track_genre tg
                WHERE tg.genre_id = $1 AND tg.track_id > $2 AND ",
            visible!("tg"),
            " ORDER BY tg.track_id LIMIT $3) ORDER BY t.id"
        )),
        params![genre, key, limit],
        track,
    )
}

/// The same, from a place in the list on. The way to the place goes through an index alone.
pub(crate) fn of_genre_at(
    tx: &mut Tx<'_>,
    genre: GenreId,
    offset: u32,
    limit: u32,
) -> Result<Vec<TrackRow>, Fault> {
    tx.all(
        sql!(concat!(
            select_tracks!(),
            " AND t.id IN (SELECT tg.track_id FROM catalog_track_genre tg WHERE tg.genre_id = $1 AND ",
            visible!("tg"),
            " ORDER BY tg.track_id LIMIT $2 OFFSET $3) ORDER BY t.id"
        )),
        params![genre, limit, offset],
        track,
    )
}

/// What these tracks name: their artists in their order, their composers and their genres.
pub(crate) fn credits(tx: &mut Tx<'_>, tracks: &[TrackRow]) -> Result<Credits, Fault> {
    let ids = list(tracks.iter().map(|track| track.id.0));
    let genres = super::genres::of_tracks(tx, &ids, GenreKind::Genre)?;
    let composers = super::facts::composers(tx, &ids)?;
    let rows = tx.all(
        sql!(
            sqlite: "SELECT ta.track_id, ar.id, ar.name FROM json_each($1) wanted
                JOIN catalog_track_artist ta ON ta.track_id = wanted.value
                JOIN catalog_artist ar ON ar.id = ta.artist_id ORDER BY ta.track_id, ta.position",
            postgres: "SELECT ta.track_id, ar.id, ar.name
                FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_track_artist ta ON ta.track_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = ta.artist_id ORDER BY ta.track_id, ta.position"
        ),
        params![ids],
        credit,
    )?;
    Ok(Credits { artists: gather(rows), composers, genres })
}
