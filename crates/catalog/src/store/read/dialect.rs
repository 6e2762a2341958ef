//! What dialects of other music servers show besides, for many rows at once.

use kernel::{
    Fault, Time,
    db::{Row, Tx},
    params, sql,
};

use super::{Names, credit, gather, list};
use crate::{
    AlbumId, ArtistId, PictureId, TrackId, VideoId,
    media::{Source, SourceFile},
    visibility::visible,
};

/// What a track's file and tags say besides.
#[derive(Clone, Debug)]
pub(crate) struct FactsRow {
    pub(crate) track: TrackId,
    pub(crate) album: Option<AlbumId>,
    pub(crate) file: SourceFile,
    pub(crate) added: Time,
    pub(crate) date: Option<String>,
    /// One a line.
    pub(crate) genres: Option<String>,
    pub(crate) musicbrainz: Option<String>,
    /// Its own picture, and its album's; 0 for none.
    pub(crate) pictures: (i64, i64),
}

fn facts_row(row: &Row<'_>) -> Result<FactsRow, Fault> {
    Ok(FactsRow {
        track: row.get(0)?,
        album: row.get(1)?,
        added: row.get(2)?,
        date: row.get(3)?,
        genres: row.get(4)?,
        musicbrainz: row.get(5)?,
        file: source_file(row, 6)?,
        pictures: (row.get(16)?, row.get(17)?),
    })
}

/// Reads place, source, bytes, stamp, type, codec, bitrate, sample rate, channels and duration from column `at` on.
fn source_file(row: &Row<'_>, at: usize) -> Result<SourceFile, Fault> {
    let (place, source): (String, String) = (row.get(at)?, row.get(at + 1)?);
    Ok(SourceFile {
        place: if place == "blob" { Source::Blob { key: source } } else { Source::File { path: source } },
        bytes: row.get(at + 2)?,
        stamp: row.get(at + 3)?,
        mime: row.get(at + 4)?,
        codec: row.get(at + 5)?,
        bitrate_kbps: row.get(at + 6)?,
        sample_rate_hz: row.get(at + 7)?,
        channels: row.get(at + 8)?,
        duration_ms: row.get(at + 9)?,
    })
}

/// The facts of these tracks, in no order; those that are not shown are left out.
pub(crate) fn facts(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<Vec<FactsRow>, Fault> {
    macro_rules! columns {
        () => {
            "SELECT t.id, t.album_id, t.added_us, t.date, t.genres, t.musicbrainz, m.place, m.source, m.bytes,
                m.stamp, m.mime, m.codec, m.bitrate_kbps, m.sample_rate_hz, m.channels, m.duration_ms,
                COALESCE(a.given_picture_id, t.picture_id, 0), COALESCE(a.given_picture_id, a.picture_id, 0) "
        };
    }
    tx.all(
        sql!(
            sqlite: concat!(
                columns!(),
                "FROM json_each($1) wanted JOIN catalog_track t ON t.id = wanted.value
                 JOIN catalog_media m ON m.id = t.media_id
                 LEFT JOIN catalog_album a ON a.id = t.album_id WHERE ",
                visible!("t")
            ),
            postgres: concat!(
                columns!(),
                "FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_media m ON m.id = t.media_id
                 LEFT JOIN catalog_album a ON a.id = t.album_id WHERE ",
                visible!("t")
            )
        ),
        params![list(tracks.iter().map(|track| track.0))],
        facts_row,
    )
}

/// The sources of these videos, in no order; those that are not shown are left out.
pub(crate) fn video_files(tx: &mut Tx<'_>, videos: &[VideoId]) -> Result<Vec<(VideoId, SourceFile)>, Fault> {
    macro_rules! columns {
        () => {
            "SELECT v.id, m.place, m.source, m.bytes, m.stamp, m.mime, m.codec, m.bitrate_kbps,
                m.sample_rate_hz, m.channels, m.duration_ms "
        };
    }
    tx.all(
        sql!(
            sqlite: concat!(
                columns!(),
                "FROM json_each($1) wanted JOIN catalog_video v ON v.id = wanted.value
                 JOIN catalog_media m ON m.id = v.media_id WHERE ",
                visible!("v")
            ),
            postgres: concat!(
                columns!(),
                "FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_video v ON v.id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_media m ON m.id = v.media_id WHERE ",
                visible!("v")
            )
        ),
        params![list(videos.iter().map(|video| video.0))],
        |row| Ok((row.get(0)?, source_file(row, 1)?)),
    )
}

/// The files of these tracks, in no order; those that are not shown are left out.
pub(crate) fn track_files(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<Vec<(TrackId, SourceFile)>, Fault> {
    macro_rules! columns {
        () => {
            "SELECT t.id, m.place, m.source, m.bytes, m.stamp, m.mime, m.codec, m.bitrate_kbps,
                m.sample_rate_hz, m.channels, m.duration_ms "
        };
    }
    tx.all(
        sql!(
            sqlite: concat!(
                columns!(),
                "FROM json_each($1) wanted JOIN catalog_track t ON t.id = wanted.value
                 JOIN catalog_media m ON m.id = t.media_id WHERE ",
                visible!("t")
            ),
            postgres: concat!(
                columns!(),
                "FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_media m ON m.id = t.media_id WHERE ",
                visible!("t")
            )
        ),
        params![list(tracks.iter().map(|track| track.0))],
        |row| Ok((row.get(0)?, source_file(row, 1)?)),
    )
}

/// The artists of these albums, in their order.
pub(crate) fn album_artists(tx: &mut Tx<'_>, albums: &[AlbumId]) -> Result<Names<ArtistId>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT aa.album_id, ar.id, ar.name FROM json_each($1) wanted
                JOIN catalog_album_artist aa ON aa.album_id = wanted.value
                JOIN catalog_artist ar ON ar.id = aa.artist_id ORDER BY aa.album_id, aa.position",
            postgres: "SELECT aa.album_id, ar.id, ar.name
                FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_album_artist aa ON aa.album_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = aa.artist_id ORDER BY aa.album_id, aa.position"
        ),
        params![list(albums.iter().map(|album| album.0))],
        credit,
    )?;
    Ok(gather(rows))
}

/// The picture that somebody gave an artist, else the cover of the newest release.
pub(crate) fn artist_cover(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<PictureId>, Fault> {
    let given = crate::store::artists::seen(tx, id)?.and_then(|(_, picture)| picture);
    if given.is_some() {
        return Ok(given);
    }
    tx.one(
        // The plus keeps the planners from walking through all albums in this order to find a few.
        sql!(concat!(
            "SELECT COALESCE(a.given_picture_id, a.picture_id) FROM catalog_artist ar
             JOIN catalog_album_artist aa ON aa.artist_id = ar.id JOIN catalog_album a ON a.id = aa.album_id
             WHERE ar.id = $1 AND COALESCE(a.given_picture_id, a.picture_id) IS NOT NULL AND ",
            visible!("ar"),
            " AND ",
            visible!("a"),
            " ORDER BY +a.released_key DESC, a.id DESC LIMIT 1"
        )),
        params![id],
        |row| row.get(0),
    )
}

/// An album's cover.
pub(crate) fn album_cover(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<PictureId>, Fault> {
    let found = tx.one(
        sql!(concat!(
            "SELECT COALESCE(a.given_picture_id, a.picture_id) FROM catalog_album a WHERE a.id = $1 AND ",
            visible!("a")
        )),
        params![id],
        |row| row.get(0),
    )?;
    Ok(found.flatten())
}

/// A track's own picture, else its album's.
pub(crate) fn track_cover(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<PictureId>, Fault> {
    let found = tx.one(
        sql!(concat!(
            "SELECT COALESCE(a.given_picture_id, t.picture_id, a.picture_id) FROM catalog_track t
             LEFT JOIN catalog_album a ON a.id = t.album_id WHERE t.id = $1 AND ",
            visible!("t")
        )),
        params![id],
        |row| row.get(0),
    )?;
    Ok(found.flatten())
}

/// A video's poster.
pub(crate) fn video_cover(tx: &mut Tx<'_>, id: VideoId) -> Result<Option<PictureId>, Fault> {
    let found = tx.one(
        sql!(concat!("SELECT v.picture_id FROM catalog_video v WHERE v.id = $1 AND ", visible!("v"))),
        params![id],
        |row| row.get(0),
    )?;
    Ok(found.flatten())
}
