//! What listens of tracks say, and tracks by what a listen says.

use kernel::{
    Fault,
    db::{Row, Tx},
    params, sql,
};

use crate::{
    AlbumId, TrackId,
    service::listens::{ListenArtist, ListenFacts},
    visibility::visible,
};

/// What a track and its album say, which album that is, and the artists in one line where a tag has them so.
pub(crate) type Told = (ListenFacts, Option<AlbumId>, Option<String>);

/// What the rows of a track and its album say. Also of a track that is not shown: it was when it was played.
pub(crate) fn facts(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<Told>, Fault> {
    tx.one(
        sql!(
            "SELECT t.title, t.artist_shown, t.number, t.duration_ms, t.musicbrainz, t.isrcs, a.id, a.title,
                a.artist_shown, a.musicbrainz, a.release_group
             FROM catalog_track t LEFT JOIN catalog_album a ON a.id = t.album_id WHERE t.id = $1"
        ),
        params![id],
        |row| {
            let isrcs: Option<String> = row.get(5)?;
            let facts = ListenFacts {
                title: row.get(0)?,
                number: row.get(2)?,
                duration_ms: row.get(3)?,
                recording: row.get(4)?,
                isrc: isrcs.and_then(|all| all.lines().next().map(str::to_owned)),
                album: row.get(7)?,
                album_artist: row.get(8)?,
                release: row.get(9)?,
                release_group: row.get(10)?,
                ..ListenFacts::default()
            };
            Ok((facts, row.get(6)?, row.get(1)?))
        },
    )
}

pub(crate) fn artists(tx: &mut Tx<'_>, id: TrackId, limit: u32) -> Result<Vec<ListenArtist>, Fault> {
    tx.all(
        sql!(
            "SELECT ar.name, ar.musicbrainz FROM catalog_track_artist ta
             JOIN catalog_artist ar ON ar.id = ta.artist_id WHERE ta.track_id = $1 ORDER BY ta.position LIMIT $2"
        ),
        params![id, limit],
        |row| Ok(ListenArtist { name: row.get(0)?, musicbrainz: row.get(1)? }),
    )
}

pub(crate) fn album_artists(tx: &mut Tx<'_>, id: AlbumId, limit: u32) -> Result<Vec<String>, Fault> {
    tx.all(
        sql!(
            "SELECT ar.name FROM catalog_album_artist aa JOIN catalog_artist ar ON ar.id = aa.artist_id
             WHERE aa.album_id = $1 ORDER BY aa.position LIMIT $2"
        ),
        params![id, limit],
        |row| row.get(0),
    )
}

/// A track that a listen may mean.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) track: TrackId,
    pub(crate) title: String,
    pub(crate) duration_ms: u64,
    pub(crate) album: Option<String>,
    pub(crate) release: Option<String>,
}

fn candidate(row: &Row<'_>) -> Result<Candidate, Fault> {
    Ok(Candidate {
        track: row.get(0)?,
        title: row.get(1)?,
        duration_ms: row.get(2)?,
        album: row.get(3)?,
        release: row.get(4)?,
    })
}

/// Tracks of a `MusicBrainz` recording: one on several albums is several tracks.
pub(crate) fn by_recording(tx: &mut Tx<'_>, recording: &str) -> Result<Vec<Candidate>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, t.title, t.duration_ms, a.title, a.musicbrainz FROM catalog_track t
             LEFT JOIN catalog_album a ON a.id = t.album_id WHERE t.musicbrainz = $1 AND ",
            visible!("t"),
            " ORDER BY t.id LIMIT 50"
        )),
        params![recording],
        candidate,
    )
}

/// Tracks of the artists with this folded name.
pub(crate) fn by_artist(tx: &mut Tx<'_>, name_key: &[u8], limit: u32) -> Result<Vec<Candidate>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT t.id, t.title, t.duration_ms, a.title, a.musicbrainz FROM catalog_artist ar
             JOIN catalog_track_artist ta ON ta.artist_id = ar.id JOIN catalog_track t ON t.id = ta.track_id
             LEFT JOIN catalog_album a ON a.id = t.album_id WHERE ar.name_key = $1 AND ",
            visible!("t"),
            " ORDER BY t.id LIMIT $2"
        )),
        params![name_key, limit],
        candidate,
    )
}
