//! Tracks by where their files lie and by what they are called, for lists that come from elsewhere and go there.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::read::list;
use crate::{TrackId, visibility::visible};

/// Most tracks that are looked at for one name.
pub(crate) const ALIKE_MAX: u32 = 200;

/// The name of a media's file, as the index `catalog_media_named` has it; `m` is the media.
macro_rules! file_name {
    () => {
        "substr(m.source, length(rtrim(m.source, replace(m.source, '/', ''))) + 1, 255)"
    };
}

/// A track that may be meant.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) track: TrackId,
    pub(crate) path: String,
}

/// The shown tracks whose file has this name.
pub(crate) fn by_file_name(tx: &mut Tx<'_>, name: &str) -> Result<Vec<Candidate>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, m.source FROM catalog_media m JOIN catalog_track t ON t.media_id = m.id
             WHERE m.place = 'file' AND ",
            file_name!(),
            " = $1 AND ",
            visible!("t"),
            " LIMIT $2"
        )),
        params![name, ALIKE_MAX],
        |row| Ok(Candidate { track: row.get(0)?, path: row.get(1)? }),
    )
}

/// A track that has the title that is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Titled {
    pub(crate) track: TrackId,
    pub(crate) title: String,
    pub(crate) duration_ms: u64,
}

/// The shown tracks that sort as this title does.
pub(crate) fn by_title(tx: &mut Tx<'_>, sort_key: &[u8]) -> Result<Vec<Titled>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, t.title, t.duration_ms FROM catalog_track t WHERE t.sort_key = $1 AND ",
            visible!("t"),
            " ORDER BY t.id LIMIT $2"
        )),
        params![sort_key, ALIKE_MAX],
        |row| Ok(Titled { track: row.get(0)?, title: row.get(1)?, duration_ms: row.get(2)? }),
    )
}

/// Who plays on these tracks.
pub(crate) fn artists(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<Vec<(TrackId, String)>, Fault> {
    let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    tx.all(
        sql!(
            sqlite: "SELECT ta.track_id, ar.name FROM json_each($1) wanted
                JOIN catalog_track_artist ta ON ta.track_id = wanted.value
                JOIN catalog_artist ar ON ar.id = ta.artist_id ORDER BY ta.track_id, ta.position",
            postgres: "SELECT ta.track_id, ar.name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_track_artist ta ON ta.track_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = ta.artist_id ORDER BY ta.track_id, ta.position"
        ),
        params![list(tracks.iter().map(|track| track.0))],
        pair,
    )
}

/// Where the files of these tracks lie, as far as they are files.
pub(crate) fn files(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<Vec<(TrackId, String)>, Fault> {
    let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    tx.all(
        sql!(
            sqlite: concat!(
                "SELECT t.id, m.source FROM json_each($1) wanted JOIN catalog_track t ON t.id = wanted.value
                 JOIN catalog_media m ON m.id = t.media_id WHERE m.place = 'file' AND ",
                visible!("t")
            ),
            postgres: concat!(
                "SELECT t.id, m.source FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT)
                 JOIN catalog_media m ON m.id = t.media_id WHERE m.place = 'file' AND ",
                visible!("t")
            )
        ),
        params![list(tracks.iter().map(|track| track.0))],
        pair,
    )
}
