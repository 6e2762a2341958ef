//! The tags of a track as its rows say them: what a scan would have to read from a file to make the same rows.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::read::facts::split;
use crate::{
    TrackId,
    import::{Advisory, CreditTag, Gains, MusicBrainz, RecordingTags, Role, TrackTags},
};

fn recording(row: &Row<'_>, at: usize) -> Result<RecordingTags, Fault> {
    Ok(RecordingTags {
        artists_shown: row.get(at)?,
        subtitle: row.get(at + 1)?,
        original: row.get(at + 2)?,
        comment: row.get(at + 3)?,
        isrcs: split(row.get(at + 4)?),
        work: row.get(at + 5)?,
        movement: row.get(at + 6)?,
        movement_number: row.get(at + 7)?,
        movement_total: row.get(at + 8)?,
        medium: row.get(at + 9)?,
        advisory: row.get::<Option<String>>(at + 10)?.as_deref().and_then(Advisory::from_word),
        bpm_hundredths: row.get(at + 11)?,
        gains: Gains {
            track_cdb: row.get(at + 12)?,
            track_peak_millionths: row.get(at + 13)?,
            album_cdb: row.get(at + 14)?,
            album_peak_millionths: row.get(at + 15)?,
            r128_track_cdb: row.get(at + 16)?,
            r128_album_cdb: row.get(at + 17)?,
        },
    })
}

/// The tags of a track, without its lyrics. Of the album they say what is shown of it.
pub(crate) fn track(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<TrackTags>, Fault> {
    let found = tx.one(
        sql!(
            "SELECT t.title, t.sort_title, t.disc, t.disc_title, t.number, t.date, t.musicbrainz, a.title, a.compilation,
                a.artists_guessed, a.sort_title, a.musicbrainz, t.artist_shown, t.subtitle, t.original, t.comment,
                t.isrcs, t.work, t.movement, t.movement_number, t.movement_total, t.medium, t.advisory,
                t.bpm_hundredths, t.track_gain_cdb, t.track_peak_millionths, t.album_gain_cdb,
                t.album_peak_millionths, t.r128_track_cdb, t.r128_album_cdb
             FROM catalog_track t LEFT JOIN catalog_album a ON a.id = t.album_id WHERE t.id = $1"
        ),
        params![id],
        |row| {
            let guessed: Option<bool> = row.get(9)?;
            let tags = TrackTags {
                title: row.get(0)?,
                title_sort: row.get(1)?,
                disc: row.get(2)?,
                disc_title: row.get(3)?,
                number: row.get(4)?,
                date: row.get(5)?,
                album: row.get(7)?,
                compilation: row.get::<Option<bool>>(8)?.unwrap_or(false),
                album_sort: row.get(10)?,
                musicbrainz: MusicBrainz {
                    recording: row.get(6)?,
                    release: row.get(11)?,
                    ..MusicBrainz::default()
                },
                recording: recording(row, 12)?,
                ..TrackTags::default()
            };
            Ok((tags, guessed))
        },
    )?;
    let Some((mut tags, guessed)) = found else { return Ok(None) };
    (tags.artists, tags.artists_sort, tags.musicbrainz.artists) = artists(tx, id)?;
    if guessed == Some(false) {
        let (names, sorts, ids) = album_artists(tx, id)?;
        (tags.album_artists, tags.album_artists_sort, tags.musicbrainz.album_artists) = (names, sorts, ids);
    }
    tags.credits = credits(tx, id)?;
    (tags.genres, tags.moods) = genres(tx, id)?;
    Ok(Some(tags))
}

/// Names, sort names and identifiers, as long as each other; empty where there is none.
type People = (Vec<String>, Vec<String>, Vec<String>);

fn people(rows: Vec<(String, Option<String>, Option<String>)>) -> People {
    let mut people = People::default();
    for (name, sort, musicbrainz) in rows {
        people.0.push(name);
        people.1.push(sort.unwrap_or_default());
        people.2.push(musicbrainz.unwrap_or_default());
    }
    people
}

fn artists(tx: &mut Tx<'_>, id: TrackId) -> Result<People, Fault> {
    let rows = tx.all(
        sql!(
            "SELECT ar.name, ar.sort_name, ar.musicbrainz FROM catalog_track_artist ta
             JOIN catalog_artist ar ON ar.id = ta.artist_id WHERE ta.track_id = $1 ORDER BY ta.position"
        ),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(people(rows))
}

fn album_artists(tx: &mut Tx<'_>, id: TrackId) -> Result<People, Fault> {
    let rows = tx.all(
        sql!(
            "SELECT ar.name, ar.sort_name, ar.musicbrainz FROM catalog_track t
             JOIN catalog_album_artist aa ON aa.album_id = t.album_id
             JOIN catalog_artist ar ON ar.id = aa.artist_id WHERE t.id = $1 ORDER BY aa.position"
        ),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(people(rows))
}

fn credits(tx: &mut Tx<'_>, id: TrackId) -> Result<Vec<CreditTag>, Fault> {
    tx.all(
        sql!(
            "SELECT c.role, ar.name, c.detail, ar.sort_name, ar.musicbrainz FROM catalog_credit c
             JOIN catalog_artist ar ON ar.id = c.artist_id WHERE c.track_id = $1 ORDER BY c.position"
        ),
        params![id],
        |row| {
            Ok(CreditTag {
                role: Role::from_word(&row.get::<String>(0)?).unwrap_or(Role::Performer),
                name: row.get(1)?,
                detail: row.get(2)?,
                sort: row.get(3)?,
                musicbrainz: row.get(4)?,
            })
        },
    )
}

/// Genres, and moods.
fn genres(tx: &mut Tx<'_>, id: TrackId) -> Result<(Vec<String>, Vec<String>), Fault> {
    let rows: Vec<(String, String)> = tx.all(
        sql!(
            "SELECT g.kind, g.name FROM catalog_track_genre tg JOIN catalog_genre g ON g.id = tg.genre_id
             WHERE tg.track_id = $1 ORDER BY tg.position"
        ),
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (moods, genres): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(kind, _)| kind == "mood");
    let names = |rows: Vec<(String, String)>| rows.into_iter().map(|(_, name)| name).collect();
    Ok((names(genres), names(moods)))
}
