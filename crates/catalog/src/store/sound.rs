//! The rows of what was measured of music.

use kernel::{
    Fault,
    db::{Db, Row, Tx},
    params, sql,
};

use super::{media::signed, read::list};
use crate::{
    AlbumId, MediaId, TrackId,
    media::Media,
    sound::{Decibels, Edges, Heard, Loudness, Sound, TrackSound, VERSION, Waveform, version_tag},
    visibility::visible,
};

/// What joins a media `m` with what was measured of its present state, `s`.
macro_rules! heard_of {
    () => {
        "s.media_id = m.id AND s.bytes = m.bytes AND s.stamp = m.stamp"
    };
}
pub(super) use heard_of;

pub(crate) async fn any_due(db: &Db) -> Result<bool, Fault> {
    let found = db
        .one(
            sql!("SELECT 1 FROM catalog_media m WHERE m.kind = 'audio' AND m.heard = 'due' LIMIT 1"),
            params![],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}

/// Numbers are spread over the shards by the millisecond and the counter in them: their last bits are the process's.
pub(crate) async fn due(
    db: &Db,
    after: MediaId,
    (shard, shards): (u32, u32),
    limit: u32,
) -> Result<Vec<MediaId>, Fault> {
    db.all(
        sql!(
            "SELECT m.id FROM catalog_media m
             WHERE m.kind = 'audio' AND m.heard = 'due' AND m.id > $1
                AND (m.id / 1024 + m.id / 1048576) % $2 = $3
             ORDER BY m.id LIMIT $4"
        ),
        params![after, i64::from(shards), i64::from(shard), i64::from(limit)],
        |row| row.get(0),
    )
    .await
}

pub(crate) fn begin(tx: &mut Tx<'_>, media: MediaId) -> Result<Option<u32>, Fault> {
    tx.one(
        sql!(
            "UPDATE catalog_media SET heard_tries = heard_tries + 1 WHERE id = $1 AND heard = 'due'
             RETURNING heard_tries"
        ),
        params![media],
        |row| row.get(0),
    )
}

pub(crate) fn hand_back(tx: &mut Tx<'_>, media: MediaId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_media SET heard_tries = heard_tries - 1
             WHERE id = $1 AND heard = 'due' AND heard_tries > 0"
        ),
        params![media],
    )?;
    Ok(())
}

/// Ends the measuring of a source, unless another is there by now.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    source: &Media,
    heard: &'static str,
    problem: Option<&str>,
) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "UPDATE catalog_media SET heard = $4, heard_problem = $5, heard_tries = 0
             WHERE id = $1 AND bytes = $2 AND stamp = $3"
        ),
        params![source.id, signed(source.file.bytes), source.file.stamp, heard, problem],
    )?;
    Ok(rows == 1)
}

/// A file that was away is there again.
pub(crate) fn is_back(tx: &mut Tx<'_>, media: MediaId) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_media SET heard = 'due' WHERE id = $1 AND heard = 'away'"), params![media])?;
    Ok(())
}

pub(crate) fn put(tx: &mut Tx<'_>, source: &Media, sound: &Sound) -> Result<(), Fault> {
    let level = |level: Option<Decibels>| level.map(|level| i64::from(level.0));
    let vector: Vec<u8> = sound.vector.iter().map(|dimension| dimension.cast_unsigned()).collect();
    tx.run(
        sql!(
            "INSERT INTO catalog_sound (media_id, bytes, stamp, version, sample_rate_hz, samples, lead_samples,
                tail_samples, loudness, peak, loudness_range, blocks, vector)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (media_id) DO UPDATE SET bytes = excluded.bytes, stamp = excluded.stamp,
                version = excluded.version, sample_rate_hz = excluded.sample_rate_hz,
                samples = excluded.samples, lead_samples = excluded.lead_samples,
                tail_samples = excluded.tail_samples, loudness = excluded.loudness, peak = excluded.peak,
                loudness_range = excluded.loudness_range, blocks = excluded.blocks, vector = excluded.vector"
        ),
        params![
            source.id,
            signed(source.file.bytes),
            source.file.stamp,
            VERSION,
            sound.edges.sample_rate_hz,
            signed(sound.edges.samples),
            signed(sound.edges.lead_samples),
            signed(sound.edges.tail_samples),
            level(sound.loudness.lufs),
            level(sound.loudness.peak_db),
            level(sound.range_lu),
            sound.blocks.to_bytes(),
            vector
        ],
    )?;
    Ok(())
}

pub(crate) fn put_waveform(tx: &mut Tx<'_>, media: MediaId, waveform: &Waveform) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_waveform (media_id, peaks, means) VALUES ($1, $2, $3)
             ON CONFLICT (media_id) DO UPDATE SET peaks = excluded.peaks, means = excluded.means"
        ),
        params![media, &waveform.peaks, &waveform.means],
    )?;
    Ok(())
}

/// Reads a level that may be absent.
pub(super) fn level(row: &Row<'_>, at: usize) -> Result<Option<Decibels>, Fault> {
    Ok(row.get::<Option<i32>>(at)?.map(Decibels))
}

fn edges(row: &Row<'_>, at: usize) -> Result<Edges, Fault> {
    Ok(Edges {
        sample_rate_hz: row.get(at)?,
        samples: row.get(at + 1)?,
        lead_samples: row.get(at + 2)?,
        tail_samples: row.get(at + 3)?,
    })
}

pub(crate) fn state(tx: &mut Tx<'_>, track: TrackId) -> Result<Option<Heard>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT m.heard, m.heard_problem FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             WHERE t.id = $1 AND ",
            visible!("t")
        )),
        params![track],
        |row| {
            Ok(match row.get::<String>(0)?.as_str() {
                "done" => Heard::Done,
                "failed" => Heard::Failed(row.get::<Option<String>>(1)?.unwrap_or_default()),
                _ => Heard::Due,
            })
        },
    )
}

pub(crate) fn of_tracks(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<Vec<(TrackId, TrackSound)>, Fault> {
    let sql = sql!(
        sqlite: concat!(
            "SELECT t.id, s.loudness, s.peak, s.sample_rate_hz, s.samples, s.lead_samples, s.tail_samples
             FROM json_each($1) wanted JOIN catalog_track t ON t.id = wanted.value
             JOIN catalog_media m ON m.id = t.media_id JOIN catalog_sound s ON ",
            heard_of!(), " WHERE ", visible!("t")
        ),
        postgres: concat!(
            "SELECT t.id, s.loudness, s.peak, s.sample_rate_hz, s.samples, s.lead_samples, s.tail_samples
             FROM json_array_elements_text(CAST($1 AS JSON)) wanted
             JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT)
             JOIN catalog_media m ON m.id = t.media_id JOIN catalog_sound s ON ",
            heard_of!(), " WHERE ", visible!("t")
        )
    );
    tx.all(sql, params![list(tracks.iter().map(|track| track.0))], |row| {
        let loudness = Loudness { lufs: level(row, 1)?, peak_db: level(row, 2)? };
        Ok((row.get(0)?, TrackSound { loudness, edges: edges(row, 3)? }))
    })
}

/// What one track adds to its album's loudness.
pub(crate) struct AlbumPart {
    /// It is still to be heard.
    pub(crate) pending: bool,
    /// Its blocks as they are kept, and its peak.
    pub(crate) heard: Option<(Vec<u8>, Option<Decibels>)>,
}

pub(crate) fn album_parts(tx: &mut Tx<'_>, album: AlbumId, limit: u32) -> Result<Vec<AlbumPart>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT m.heard, s.blocks, s.peak FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             LEFT JOIN catalog_sound s ON ",
            heard_of!(),
            " WHERE t.album_id = $1 AND ",
            visible!("t"),
            " LIMIT $2"
        )),
        params![album, limit],
        album_part,
    )
}

/// The same of several albums, each part with its album.
pub(crate) fn albums_parts(
    tx: &mut Tx<'_>,
    albums: &[AlbumId],
    limit: u32,
) -> Result<Vec<(AlbumId, AlbumPart)>, Fault> {
    let sql = sql!(
        sqlite: concat!(
            "SELECT m.heard, s.blocks, s.peak, t.album_id FROM json_each($1) wanted
             JOIN catalog_track t ON t.album_id = wanted.value JOIN catalog_media m ON m.id = t.media_id
             LEFT JOIN catalog_sound s ON ", heard_of!(), " WHERE ", visible!("t"), " LIMIT $2"
        ),
        postgres: concat!(
            "SELECT m.heard, s.blocks, s.peak, t.album_id
             FROM json_array_elements_text(CAST($1 AS JSON)) wanted
             JOIN catalog_track t ON t.album_id = CAST(wanted.value AS BIGINT)
             JOIN catalog_media m ON m.id = t.media_id
             LEFT JOIN catalog_sound s ON ", heard_of!(), " WHERE ", visible!("t"), " LIMIT $2"
        )
    );
    tx.all(sql, params![list(albums.iter().map(|album| album.0)), limit], |row| {
        Ok((row.get(3)?, album_part(row)?))
    })
}

/// Reads how far it was heard, its blocks and its peak.
fn album_part(row: &Row<'_>) -> Result<AlbumPart, Fault> {
    let heard: String = row.get(0)?;
    let blocks: Option<Vec<u8>> = row.get(1)?;
    let peak = level(row, 2)?;
    Ok(AlbumPart {
        pending: blocks.is_none() && heard != "failed",
        heard: blocks.map(|blocks| (blocks, peak)),
    })
}

pub(crate) fn waveform(tx: &mut Tx<'_>, track: TrackId) -> Result<Option<(Edges, Waveform, String)>, Fault> {
    tx.one(
        sql!(concat!(
            "SELECT s.sample_rate_hz, s.samples, s.lead_samples, s.tail_samples, w.peaks, w.means, s.version,
                s.bytes, s.stamp
             FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id JOIN catalog_sound s ON ",
            heard_of!(),
            " JOIN catalog_waveform w ON w.media_id = s.media_id WHERE t.id = $1 AND ",
            visible!("t")
        )),
        params![track],
        |row| {
            let waveform = Waveform { peaks: row.get(4)?, means: row.get(5)? };
            Ok((edges(row, 0)?, waveform, version_tag(row.get(6)?, row.get(7)?, row.get(8)?)))
        },
    )
}

pub(crate) fn vectors(tx: &mut Tx<'_>, after: TrackId, limit: u32) -> Result<Vec<(TrackId, Vec<i8>)>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, s.vector FROM catalog_track t JOIN catalog_media m ON m.id = t.media_id
             JOIN catalog_sound s ON ",
            heard_of!(),
            " WHERE t.id > $1 AND LENGTH(s.vector) > 0 AND ",
            visible!("t"),
            " ORDER BY t.id LIMIT $2"
        )),
        params![after, limit],
        |row| {
            let vector: Vec<u8> = row.get(1)?;
            Ok((row.get(0)?, vector.into_iter().map(u8::cast_signed).collect()))
        },
    )
}
