//! What dialects of other music servers ask for besides: facts of many tracks at once, all artists in large steps, and
//! which picture stands for something.

pub mod folders;

use std::collections::HashMap;

use kernel::{Ctx, Fault, Time, http::Viewer};

use super::shape::Shaper;
use crate::{
    AlbumId, ArtistId, PictureId, TrackId, VideoId,
    model::{Artist, ItemKind, NamedRef},
    store::read::{self, Names, dialect as store, marks},
    visibility,
};

/// Most tracks whose facts are told at once, and most artists of one step.
pub const ROWS_MAX: u32 = 1000;

/// What a track's file and tags say besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFacts {
    /// Size of the file.
    pub bytes: u64,
    /// Its type: `audio/flac`.
    pub mime: String,
    /// The ending of its name: `flac`.
    pub suffix: String,
    /// When it came in.
    pub added_at: Time,
    /// `YYYY[-MM[-DD]]`.
    pub date: Option<String>,
    /// Genres, each by itself.
    pub genres: Vec<String>,
    /// The `MusicBrainz` recording.
    pub musicbrainz: Option<String>,
    /// Whose album it is on.
    pub album_artists: Vec<NamedRef>,
    /// Whether its picture is another than its album's.
    pub own_picture: bool,
}

/// Something that a picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictured {
    /// An artist: the cover of the newest release.
    Artist(ArtistId),
    /// An album.
    Album(AlbumId),
    /// A track: its own picture, else its album's.
    Track(TrackId),
    /// A video.
    Video(VideoId),
}

/// The facts of these tracks, at most [`ROWS_MAX`] of them; a track that is not shown has none.
pub async fn track_facts(
    ctx: &Ctx,
    viewer: &Viewer,
    mut tracks: Vec<TrackId>,
) -> Result<HashMap<TrackId, TrackFacts>, Fault> {
    tracks.truncate(ROWS_MAX as usize);
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = store::facts(tx, &tracks)?;
        let mut albums: Vec<AlbumId> = rows.iter().filter_map(|row| row.album).collect();
        albums.sort_unstable();
        albums.dedup();
        let artists = store::album_artists(tx, &albums)?;
        Ok::<_, Fault>((rows, artists))
    });
    let (rows, artists) = found.await?;
    Ok(rows.into_iter().map(|row| (row.track, shape(row, &artists))).collect())
}

fn shape(row: store::FactsRow, artists: &Names<ArtistId>) -> TrackFacts {
    let album_artists =
        row.album.and_then(|album| artists.get(&album.0)).map(Vec::as_slice).unwrap_or_default();
    TrackFacts {
        bytes: row.file.bytes,
        suffix: row.file.suffix(),
        mime: row.file.mime,
        added_at: row.added,
        date: row.date,
        genres: row.genres.unwrap_or_default().lines().map(str::to_owned).collect(),
        musicbrainz: row.musicbrainz,
        own_picture: row.pictures.0 != 0 && row.pictures.0 != row.pictures.1,
        album_artists: album_artists
            .iter()
            .map(|(id, name)| NamedRef { id: *id, name: name.clone() })
            .collect(),
    }
}

/// What a video's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFacts {
    /// Size of the file.
    pub bytes: u64,
    /// Its type: `video/mp4`.
    pub mime: String,
    /// The ending of its name: `mp4`.
    pub suffix: String,
    /// Thousand bits a second on average, 0 when unknown.
    pub bitrate_kbps: u32,
}

/// The facts of these videos, at most [`ROWS_MAX`] of them; a video that is not shown has none.
pub async fn video_facts(
    ctx: &Ctx,
    viewer: &Viewer,
    mut videos: Vec<VideoId>,
) -> Result<HashMap<VideoId, VideoFacts>, Fault> {
    videos.truncate(ROWS_MAX as usize);
    let rows = visibility::read(ctx, viewer, move |tx| store::video_files(tx, &videos)).await?;
    let shaped = rows.into_iter().map(|(id, file)| {
        let facts = VideoFacts {
            bytes: file.bytes,
            suffix: file.suffix(),
            mime: file.mime,
            bitrate_kbps: file.bitrate_kbps,
        };
        (id, facts)
    });
    Ok(shaped.collect::<HashMap<_, _>>())
}

/// Artists by name after `key`, at most [`ROWS_MAX`], each with the key by which it is sorted and with which to go on.
pub async fn artists_after(
    ctx: &Ctx,
    viewer: &Viewer,
    key: Option<(String, ArtistId)>,
    rows: u32,
) -> Result<Vec<(Artist, String)>, Fault> {
    let (name, id) = key.unwrap_or((String::new(), ArtistId(0)));
    let (rows, user) = (rows.min(ROWS_MAX), viewer.id);
    let found = visibility::read(ctx, viewer, move |tx| {
        let found = read::artists::by_name(tx, (&name, id.0), rows)?;
        let marks = marks::of(tx, user, ItemKind::Artist, found.iter().map(|row| row.id.0))?;
        Ok::<_, Fault>((found, marks))
    });
    let (found, marks) = found.await?;
    let shaper = Shaper::new(ctx.signer(), ctx.now()).with_marks(marks);
    let artists = found.into_iter().map(|row| {
        let key = row.sort_key.clone();
        (shaper.artist(row), key)
    });
    Ok(artists.collect())
}

/// Which picture stands for something; `None` when none does, or when it is not shown.
pub async fn picture_of(ctx: &Ctx, viewer: &Viewer, what: Pictured) -> Result<Option<PictureId>, Fault> {
    let found = visibility::read(ctx, viewer, move |tx| match what {
        Pictured::Artist(id) => store::artist_cover(tx, id),
        Pictured::Album(id) => store::album_cover(tx, id),
        Pictured::Track(id) => store::track_cover(tx, id),
        Pictured::Video(id) => store::video_cover(tx, id),
    });
    found.await
}
