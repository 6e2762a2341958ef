//! The rows of lyrics.

use kernel::{Fault, db::Tx, params, sql};

use crate::{
    TrackId,
    import::{LyricsSource, LyricsTag},
};

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    id: i64,
    track: TrackId,
    position: i64,
    lyrics: &LyricsTag,
    lines: &str,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_lyrics (id, track_id, position, language, synced, source, lines)
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        ),
        params![
            id,
            track,
            position,
            lyrics.language.clone(),
            lyrics.is_synced(),
            lyrics.source.word(),
            lines
        ],
    )?;
    Ok(())
}

/// All of a track's that files say.
pub(crate) fn delete(tx: &mut Tx<'_>, track: TrackId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_lyrics WHERE track_id = $1 AND position >= 0"), params![track])?;
    Ok(())
}

/// Those of a track that were found in files beside it.
pub(crate) fn delete_beside(tx: &mut Tx<'_>, track: TrackId) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM catalog_lyrics WHERE track_id = $1 AND position >= 0 AND source <> 'tag'"),
        params![track],
    )?;
    Ok(())
}

/// Lyrics as they are kept: language, whether they are synced, source, lines as JSON.
pub(crate) type LyricsRow = (Option<String>, bool, LyricsSource, String);

/// What somebody wrote as a track's lyrics; it stands in front of everything.
pub(crate) fn delete_edited(tx: &mut Tx<'_>, track: TrackId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_lyrics WHERE track_id = $1 AND position < 0"), params![track])?;
    Ok(())
}

/// Says that a track has no lyrics, whatever files say.
pub(crate) fn insert_none(tx: &mut Tx<'_>, id: i64, track: TrackId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_lyrics (id, track_id, position, synced, source, lines)
             VALUES ($1, $2, -1, FALSE, 'none', '[]')"
        ),
        params![id, track],
    )?;
    Ok(())
}

/// Those that are shown: what somebody wrote alone, else all that files say.
pub(crate) fn of_track(tx: &mut Tx<'_>, track: TrackId) -> Result<Vec<LyricsRow>, Fault> {
    let mut rows = every_of_track(tx, track)?;
    if rows.iter().any(|(_, _, source, _)| *source == LyricsSource::Edit) {
        rows.retain(|(_, _, source, lines)| *source == LyricsSource::Edit && lines != "[]");
    }
    Ok(rows)
}

pub(crate) fn every_of_track(tx: &mut Tx<'_>, track: TrackId) -> Result<Vec<LyricsRow>, Fault> {
    tx.all(
        sql!(
            "SELECT language, synced, source, lines FROM catalog_lyrics WHERE track_id = $1 ORDER BY position, id"
        ),
        params![track],
        |row| {
            let source = LyricsSource::from_word(&row.get::<String>(2)?);
            Ok((row.get(0)?, row.get(1)?, source, row.get(3)?))
        },
    )
}
