//! The rows of media, renditions, segments and captions.

use kernel::{
    Fault,
    db::{Db, Row, Tx},
    params, sql,
};

use super::read::list;
use crate::{
    AlbumId, CaptionId, MediaId, RenditionId, TrackId, VideoId,
    media::{
        Bandwidth, Caption, Media, MediaKind, MediaState, NewCaption, NewRendition, Problem, Rendition,
        RenditionKind, Segment, Source, SourceFile,
    },
    visibility::visible,
};

/// The columns that a [`Media`] is read from; `m` is the table.
macro_rules! media_columns {
    () => {
        "m.id, m.kind, m.place, m.source, m.bytes, m.stamp, m.mime, m.codec, m.bitrate_kbps, m.sample_rate_hz,
         m.channels, m.duration_ms, m.state, m.problem_code, m.problem, m.generation, m.asked_us"
    };
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl MediaKind {
    fn word(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

impl MediaState {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Waiting => "waiting",
            Self::Encoding => "encoding",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "waiting" => Self::Waiting,
            "encoding" => Self::Encoding,
            "ready" => Self::Ready,
            "failed" => Self::Failed,
            _ => Self::None,
        }
    }
}

impl Source {
    fn columns(&self) -> (&'static str, String) {
        match self {
            Self::File { path } => ("file", path.clone()),
            Self::Blob { key } => ("blob", key.clone()),
            Self::Run { album } => ("run", album.to_string()),
        }
    }

    fn from_columns(place: &str, source: String) -> Self {
        match place {
            "blob" => Self::Blob { key: source },
            "run" => Self::Run { album: AlbumId(source.parse().unwrap_or(0)) },
            _ => Self::File { path: source },
        }
    }
}

fn media_row(row: &Row<'_>) -> Result<Media, Fault> {
    let (kind, place, source): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let state: String = row.get(12)?;
    let problem = match (row.get::<Option<String>>(13)?, row.get::<Option<String>>(14)?) {
        (Some(code), Some(text)) => Some(Problem { code, text }),
        _ => None,
    };
    Ok(Media {
        id: row.get(0)?,
        kind: if kind == "video" { MediaKind::Video } else { MediaKind::Audio },
        file: SourceFile {
            place: Source::from_columns(&place, source),
            bytes: row.get(4)?,
            stamp: row.get(5)?,
            mime: row.get(6)?,
            codec: row.get(7)?,
            bitrate_kbps: row.get(8)?,
            sample_rate_hz: row.get(9)?,
            channels: row.get(10)?,
            duration_ms: row.get(11)?,
        },
        state: MediaState::from_word(&state),
        problem,
        generation: row.get(15)?,
        asked: row.get(16)?,
    })
}

pub(crate) fn media(tx: &mut Tx<'_>, media: MediaId) -> Result<Option<Media>, Fault> {
    tx.one(
        sql!(concat!("SELECT ", media_columns!(), " FROM catalog_media m WHERE m.id = $1")),
        params![media],
        media_row,
    )
}

/// Several, in no order.
pub(crate) fn several(tx: &mut Tx<'_>, media: &[MediaId]) -> Result<Vec<Media>, Fault> {
    tx.all(
        sql!(
            sqlite: concat!("SELECT ", media_columns!(),
                " FROM json_each($1) wanted JOIN catalog_media m ON m.id = wanted.value"),
            postgres: concat!("SELECT ", media_columns!(),
                " FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_media m ON m.id = CAST(wanted.value AS BIGINT)")
        ),
        params![list(media.iter().map(|id| id.0))],
        media_row,
    )
}

pub(crate) fn of_track(tx: &mut Tx<'_>, track: TrackId) -> Result<Option<Media>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT ",
            media_columns!(),
            " FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id WHERE t.id = $1 AND ",
            visible!("t")
        )),
        params![track],
        media_row,
    )
}

pub(crate) fn of_video(tx: &mut Tx<'_>, video: VideoId) -> Result<Option<Media>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT ",
            media_columns!(),
            " FROM catalog_video v JOIN catalog_media m ON m.id = v.media_id WHERE v.id = $1 AND ",
            visible!("v")
        )),
        params![video],
        media_row,
    )
}

pub(crate) async fn is_source(db: &Db, key: &str) -> Result<bool, Fault> {
    let found = db
        .one(sql!("SELECT 1 FROM catalog_media WHERE place = 'blob' AND source = $1"), params![key], |_| {
            Ok(())
        })
        .await?;
    Ok(found.is_some())
}

pub(crate) fn insert(tx: &mut Tx<'_>, id: MediaId, kind: MediaKind, file: &SourceFile) -> Result<(), Fault> {
    let (place, source) = file.place.columns();
    tx.run(
        sql!(
            "INSERT INTO catalog_media (id, kind, place, source, bytes, stamp, mime, codec, bitrate_kbps,
                sample_rate_hz, channels, duration_ms, state, generation)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'none', 1)"
        ),
        params![
            id,
            kind.word(),
            place,
            source,
            signed(file.bytes),
            file.stamp,
            &file.mime,
            &file.codec,
            file.bitrate_kbps,
            file.sample_rate_hz,
            file.channels,
            signed(file.duration_ms)
        ],
    )?;
    Ok(())
}

/// Writes what is known of a source; its state and its generation stay.
pub(crate) fn update_source(tx: &mut Tx<'_>, id: MediaId, file: &SourceFile) -> Result<(), Fault> {
    let (place, source) = file.place.columns();
    tx.run(
        sql!(
            "UPDATE catalog_media SET place = $2, source = $3, bytes = $4, stamp = $5, mime = $6, codec = $7,
                bitrate_kbps = $8, sample_rate_hz = $9, channels = $10, duration_ms = $11
             WHERE id = $1"
        ),
        params![
            id,
            place,
            source,
            signed(file.bytes),
            file.stamp,
            &file.mime,
            &file.codec,
            file.bitrate_kbps,
            file.sample_rate_hz,
            file.channels,
            signed(file.duration_ms)
        ],
    )?;
    Ok(())
}

/// Back to never encoded, in a new generation, because the source is another.
pub(crate) fn reset(tx: &mut Tx<'_>, id: MediaId) -> Result<(), Fault> {
    clear(tx, id)?;
    tx.run(
        sql!(
            "UPDATE catalog_media SET state = 'none', problem_code = NULL, problem = NULL,
                generation = generation + 1, encoded_bytes = 0, heard = 'due', heard_tries = 0,
                heard_problem = NULL
             WHERE id = $1"
        ),
        params![id],
    )?;
    Ok(())
}

/// The state, with the row held until the transaction ends, so that two who decide by it do so one after the other.
pub(crate) fn state(tx: &mut Tx<'_>, id: MediaId) -> Result<Option<MediaState>, Fault> {
    tx.one(
        sql!(
            sqlite: "SELECT state FROM catalog_media WHERE id = $1",
            postgres: "SELECT state FROM catalog_media WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| Ok(MediaState::from_word(&row.get::<String>(0)?)),
    )
}

pub(crate) fn set_state(
    tx: &mut Tx<'_>,
    id: MediaId,
    state: MediaState,
    problem: Option<&Problem>,
) -> Result<(), Fault> {
    let (code, text) = problem.map(|problem| (&problem.code, &problem.text)).unzip();
    tx.run(
        sql!("UPDATE catalog_media SET state = $2, problem_code = $3, problem = $4 WHERE id = $1"),
        params![id, state.word(), code, text],
    )?;
    Ok(())
}

pub(crate) fn begin(tx: &mut Tx<'_>, id: MediaId) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!(
            "UPDATE catalog_media SET state = 'encoding', problem_code = NULL, problem = NULL,
                generation = generation + 1, encoded_bytes = 0
             WHERE id = $1 RETURNING generation"
        ),
        params![id],
        |row| row.get(0),
    )
}

/// Whether a worker of this generation may still write; the row is held until the transaction ends.
pub(crate) fn is_current(tx: &mut Tx<'_>, id: MediaId, generation: i64) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            sqlite: "SELECT 1 FROM catalog_media WHERE id = $1 AND generation = $2 AND state = 'encoding'",
            postgres: "SELECT 1 FROM catalog_media WHERE id = $1 AND generation = $2 AND state = 'encoding'
                FOR UPDATE"
        ),
        params![id, generation],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Forgets everything that was encoded.
pub(crate) fn clear(tx: &mut Tx<'_>, id: MediaId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "DELETE FROM catalog_segment
             WHERE rendition_id IN (SELECT id FROM catalog_rendition WHERE media_id = $1)"
        ),
        params![id],
    )?;
    tx.run(sql!("DELETE FROM catalog_rendition WHERE media_id = $1"), params![id])?;
    tx.run(sql!("DELETE FROM catalog_caption WHERE media_id = $1"), params![id])?;
    Ok(())
}

/// Leaves a media out of what is measured.
pub(crate) fn never_hear(tx: &mut Tx<'_>, id: MediaId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_media SET heard = 'apart' WHERE id = $1"), params![id])?;
    Ok(())
}

/// Removes a media of which nothing is left.
pub(crate) fn delete(tx: &mut Tx<'_>, id: MediaId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_media WHERE id = $1"), params![id])?;
    Ok(())
}

pub(crate) fn insert_rendition(
    tx: &mut Tx<'_>,
    id: RenditionId,
    media: MediaId,
    new: &NewRendition,
) -> Result<Option<RenditionId>, Fault> {
    let kind = match new.kind {
        RenditionKind::Video => "video",
        RenditionKind::Audio => "audio",
    };
    tx.one(
        sql!(
            "INSERT INTO catalog_rendition (id, media_id, name, kind, codecs, width, height, frame_rate_num,
                frame_rate_den, channels, sample_rate_hz, language, timescale, init_key, init_bytes, state,
                peak_bps, average_bps)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'growing', 0, 0)
             ON CONFLICT (media_id, name) DO UPDATE SET codecs = excluded.codecs, init_key = excluded.init_key,
                init_bytes = excluded.init_bytes
             RETURNING id"
        ),
        params![
            id,
            media,
            &new.name,
            kind,
            &new.codecs,
            new.width,
            new.height,
            new.frame_rate.0,
            new.frame_rate.1,
            new.channels,
            new.sample_rate_hz,
            new.language.clone(),
            new.timescale,
            &new.init_key,
            signed(new.init_bytes)
        ],
        |row| row.get(0),
    )
}

pub(crate) fn insert_segment(
    tx: &mut Tx<'_>,
    rendition: RenditionId,
    segment: &Segment,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_segment (rendition_id, number, start_ticks, duration_ticks, bytes, blob_key)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (rendition_id, number) DO UPDATE SET start_ticks = excluded.start_ticks,
                duration_ticks = excluded.duration_ticks, bytes = excluded.bytes, blob_key = excluded.blob_key"
        ),
        params![
            rendition,
            segment.number,
            signed(segment.start_ticks),
            signed(segment.duration_ticks),
            signed(segment.bytes),
            &segment.blob_key
        ],
    )?;
    Ok(())
}

pub(crate) fn insert_caption(
    tx: &mut Tx<'_>,
    id: CaptionId,
    media: MediaId,
    new: &NewCaption,
) -> Result<Option<CaptionId>, Fault> {
    tx.one(
        sql!(
            "INSERT INTO catalog_caption (id, media_id, language, label, blob_key) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (media_id, blob_key) DO UPDATE SET language = excluded.language, label = excluded.label
             RETURNING id"
        ),
        params![id, media, &new.language, &new.label, &new.blob_key],
        |row| row.get(0),
    )
}

/// The rungs without their segments: pictures first, the best first.
pub(crate) fn renditions(tx: &mut Tx<'_>, media: MediaId) -> Result<Vec<Rendition>, Fault> {
    tx.all(
        sql!(
            "SELECT id, name, kind, codecs, width, height, frame_rate_num, frame_rate_den, channels,
                sample_rate_hz, language, timescale, init_key, init_bytes, state, peak_bps, average_bps
             FROM catalog_rendition WHERE media_id = $1
             ORDER BY kind DESC, height DESC, average_bps DESC, id"
        ),
        params![media],
        |row| {
            let (kind, state): (String, String) = (row.get(2)?, row.get(14)?);
            Ok(Rendition {
                id: row.get(0)?,
                name: row.get(1)?,
                kind: if kind == "audio" { RenditionKind::Audio } else { RenditionKind::Video },
                codecs: row.get(3)?,
                width: row.get(4)?,
                height: row.get(5)?,
                frame_rate: (row.get(6)?, row.get(7)?),
                channels: row.get(8)?,
                sample_rate_hz: row.get(9)?,
                language: row.get(10)?,
                timescale: row.get(11)?,
                init_key: row.get(12)?,
                init_bytes: row.get(13)?,
                complete: state == "complete",
                bandwidth: Bandwidth { peak_bps: row.get(15)?, average_bps: row.get(16)? },
                segments: Vec::new(),
            })
        },
    )
}

pub(crate) fn growing(tx: &mut Tx<'_>, media: MediaId) -> Result<Vec<RenditionId>, Fault> {
    tx.all(
        sql!("SELECT id FROM catalog_rendition WHERE media_id = $1 AND state = 'growing' ORDER BY id"),
        params![media],
        |row| row.get(0),
    )
}

pub(crate) fn timescale(tx: &mut Tx<'_>, rendition: RenditionId) -> Result<Option<u32>, Fault> {
    tx.one(sql!("SELECT timescale FROM catalog_rendition WHERE id = $1"), params![rendition], |row| {
        row.get(0)
    })
}

pub(crate) fn complete_rendition(
    tx: &mut Tx<'_>,
    rendition: RenditionId,
    bandwidth: Bandwidth,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_rendition SET state = 'complete', peak_bps = $2, average_bps = $3 WHERE id = $1"
        ),
        params![rendition, signed(bandwidth.peak_bps), signed(bandwidth.average_bps)],
    )?;
    Ok(())
}

pub(crate) fn segments(tx: &mut Tx<'_>, rendition: RenditionId) -> Result<Vec<Segment>, Fault> {
    tx.all(
        sql!(
            "SELECT number, start_ticks, duration_ticks, bytes, blob_key FROM catalog_segment
             WHERE rendition_id = $1 ORDER BY number"
        ),
        params![rendition],
        |row| {
            Ok(Segment {
                number: row.get(0)?,
                start_ticks: row.get(1)?,
                duration_ticks: row.get(2)?,
                bytes: row.get(3)?,
                blob_key: row.get(4)?,
            })
        },
    )
}

pub(crate) fn segment_keys(tx: &mut Tx<'_>, media: MediaId) -> Result<Vec<String>, Fault> {
    tx.all(
        sql!(
            "SELECT s.blob_key FROM catalog_rendition r JOIN catalog_segment s ON s.rendition_id = r.id
             WHERE r.media_id = $1"
        ),
        params![media],
        |row| row.get(0),
    )
}

pub(crate) fn captions(tx: &mut Tx<'_>, media: MediaId) -> Result<Vec<Caption>, Fault> {
    tx.all(
        sql!(
            "SELECT id, language, label, blob_key FROM catalog_caption WHERE media_id = $1
             ORDER BY language, label, id"
        ),
        params![media],
        |row| {
            Ok(Caption { id: row.get(0)?, language: row.get(1)?, label: row.get(2)?, blob_key: row.get(3)? })
        },
    )
}
