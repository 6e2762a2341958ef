//! What is known of tracks and albums beyond the lists.

use std::collections::HashMap;

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use super::{Names, credit, gather, genres, list};
use crate::{
    AlbumId, ArtistId, TrackId,
    import::{Advisory, Role},
    model::{AlbumFacts, Credit, GenreKind, GenreRef, TaggedGain, TrackFacts},
    visibility::visible,
};

/// Those who wrote the music of these tracks; `ids` is a JSON list.
pub(crate) fn composers(tx: &mut Tx<'_>, ids: &str) -> Result<Names<ArtistId>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT c.track_id, ar.id, ar.name FROM json_each($1) wanted
                JOIN catalog_credit c ON c.track_id = wanted.value AND c.role = 'composer'
                JOIN catalog_artist ar ON ar.id = c.artist_id ORDER BY c.track_id, c.position",
            postgres: "SELECT c.track_id, ar.id, ar.name FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_credit c ON c.track_id = CAST(wanted.value AS BIGINT) AND c.role = 'composer'
                JOIN catalog_artist ar ON ar.id = c.artist_id ORDER BY c.track_id, c.position"
        ),
        params![ids],
        credit,
    )?;
    Ok(gather(rows))
}

fn person(row: &Row<'_>, at: usize) -> Result<Credit, Fault> {
    let role = Role::from_word(&row.get::<String>(at + 2)?).unwrap_or(Role::Performer);
    Ok(Credit { artist_id: row.get(at)?, name: row.get(at + 1)?, role, detail: row.get(at + 3)? })
}

/// Who did what on these tracks; `ids` is a JSON list.
fn people(tx: &mut Tx<'_>, ids: &str) -> Result<HashMap<i64, Vec<Credit>>, Fault> {
    let rows = tx.all(
        sql!(
            sqlite: "SELECT c.track_id, ar.id, ar.name, c.role, c.detail FROM json_each($1) wanted
                JOIN catalog_credit c ON c.track_id = wanted.value
                JOIN catalog_artist ar ON ar.id = c.artist_id ORDER BY c.track_id, c.position",
            postgres: "SELECT c.track_id, ar.id, ar.name, c.role, c.detail
                FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                JOIN catalog_credit c ON c.track_id = CAST(wanted.value AS BIGINT)
                JOIN catalog_artist ar ON ar.id = c.artist_id ORDER BY c.track_id, c.position"
        ),
        params![ids],
        |row| Ok((row.get::<i64>(0)?, person(row, 1)?)),
    )?;
    let mut found: HashMap<i64, Vec<Credit>> = HashMap::new();
    for (track, credit) in rows {
        found.entry(track).or_default().push(credit);
    }
    Ok(found)
}

/// Who did what on the shown tracks of an album, each once.
pub(crate) fn people_of_album(tx: &mut Tx<'_>, id: AlbumId, limit: u32) -> Result<Vec<Credit>, Fault> {
    let mut people = tx.all(
        sql!(concat!(
            "SELECT ar.id, ar.name, c.role, c.detail FROM catalog_track t
             JOIN catalog_credit c ON c.track_id = t.id JOIN catalog_artist ar ON ar.id = c.artist_id
             WHERE t.album_id = $1 AND ",
            visible!("t"),
            " GROUP BY ar.id, ar.name, c.role, c.detail ORDER BY MIN(c.position), ar.name LIMIT $2"
        )),
        params![id, limit],
        |row| person(row, 0),
    )?;
    people.sort_by_key(|credit| credit.role);
    Ok(people)
}

/// Several texts that are kept one a line.
pub(crate) fn split(text: Option<String>) -> Vec<String> {
    text.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
}

fn track(row: &Row<'_>) -> Result<(TrackId, TrackFacts), Fault> {
    let facts = TrackFacts {
        sort_title: row.get(1)?,
        subtitle: row.get(2)?,
        date: row.get(3)?,
        original_date: row.get(4)?,
        comment: row.get(5)?,
        isrcs: split(row.get(6)?),
        work: row.get(7)?,
        movement: row.get(8)?,
        movement_number: row.get(9)?,
        movement_total: row.get(10)?,
        medium: row.get(11)?,
        bpm_hundredths: row.get(12)?,
        musicbrainz: row.get(13)?,
        moods: Vec::new(),
        credits: Vec::new(),
        gain: TaggedGain {
            track_cdb: row.get(14)?,
            track_peak_millionths: row.get(15)?,
            album_cdb: row.get(16)?,
            album_peak_millionths: row.get(17)?,
            r128_track_cdb: row.get(18)?,
            r128_album_cdb: row.get(19)?,
        },
    };
    Ok((row.get(0)?, facts))
}

/// The columns of [`TrackFacts`]; `t` is the track.
macro_rules! track_columns {
    () => {
        "t.id, t.sort_title, t.subtitle, t.date, t.original, t.comment, t.isrcs, t.work, t.movement,
            t.movement_number, t.movement_total, t.medium, t.bpm_hundredths, t.musicbrainz, t.track_gain_cdb,
            t.track_peak_millionths, t.album_gain_cdb, t.album_peak_millionths, t.r128_track_cdb, t.r128_album_cdb"
    };
}

/// The facts of those of these tracks that are shown.
pub(crate) fn of_tracks(tx: &mut Tx<'_>, tracks: &[TrackId]) -> Result<HashMap<TrackId, TrackFacts>, Fault> {
    let ids = list(tracks.iter().map(|track| track.0));
    let rows = tx.all(
        sql!(
            sqlite: concat!(
                "SELECT ", track_columns!(), " FROM json_each($1) wanted JOIN catalog_track t ON t.id = wanted.value
                 WHERE ", visible!("t")
            ),
            postgres: concat!(
                "SELECT ", track_columns!(), " FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_track t ON t.id = CAST(wanted.value AS BIGINT) WHERE ", visible!("t")
            )
        ),
        params![&ids],
        track,
    )?;
    let mut facts: HashMap<TrackId, TrackFacts> = rows.into_iter().collect();
    let (mut moods, mut people) = (genres::of_tracks(tx, &ids, GenreKind::Mood)?, people(tx, &ids)?);
    for (id, facts) in &mut facts {
        facts.moods = refs(moods.remove(&id.0));
        facts.credits = people.remove(&id.0).unwrap_or_default();
    }
    Ok(facts)
}

fn refs(names: Option<Vec<(crate::GenreId, String)>>) -> Vec<GenreRef> {
    names.unwrap_or_default().into_iter().map(|(id, name)| GenreRef { id, name }).collect()
}

fn album(row: &Row<'_>) -> Result<(AlbumId, AlbumFacts), Fault> {
    let (explicit, clean): (bool, bool) = (row.get(9)?, row.get(10)?);
    let advisory = match (explicit, clean) {
        (true, _) => Some(Advisory::Explicit),
        (false, true) => Some(Advisory::Clean),
        (false, false) => None,
    };
    let facts = AlbumFacts {
        sort_title: row.get(1)?,
        original_date: row.get(2)?,
        labels: split(row.get(3)?),
        catalogue_numbers: split(row.get(4)?),
        barcode: row.get(5)?,
        musicbrainz: row.get(6)?,
        release_group: row.get(7)?,
        compilation: row.get(8)?,
        advisory,
        moods: Vec::new(),
    };
    Ok((row.get(0)?, facts))
}

/// The columns of [`AlbumFacts`]; `a` is the album.
macro_rules! album_columns {
    () => {
        concat!(
            "a.id, a.sort_title, a.original, a.labels, a.catalogue_numbers, a.barcode, a.musicbrainz, a.release_group,
                a.compilation,
                EXISTS (SELECT 1 FROM catalog_track t WHERE t.album_id = a.id AND t.advisory = 'explicit' AND ",
            visible!("t"),
            "), EXISTS (SELECT 1 FROM catalog_track t WHERE t.album_id = a.id AND t.advisory = 'clean' AND ",
            visible!("t"),
            ")"
        )
    };
}

/// The facts of those of these albums that are shown.
pub(crate) fn of_albums(tx: &mut Tx<'_>, albums: &[AlbumId]) -> Result<HashMap<AlbumId, AlbumFacts>, Fault> {
    let ids = list(albums.iter().map(|album| album.0));
    let rows = tx.all(
        sql!(
            sqlite: concat!(
                "SELECT ", album_columns!(), " FROM json_each($1) wanted JOIN catalog_album a ON a.id = wanted.value
                 WHERE ", visible!("a")
            ),
            postgres: concat!(
                "SELECT ", album_columns!(), " FROM json_array_elements_text(CAST($1 AS JSON)) wanted
                 JOIN catalog_album a ON a.id = CAST(wanted.value AS BIGINT) WHERE ", visible!("a")
            )
        ),
        params![&ids],
        album,
    )?;
    let mut facts: HashMap<AlbumId, AlbumFacts> = rows.into_iter().collect();
    let mut moods = genres::of_albums(tx, &ids, GenreKind::Mood)?;
    for (id, facts) in &mut facts {
        facts.moods = refs(moods.remove(&id.0));
    }
    Ok(facts)
}
