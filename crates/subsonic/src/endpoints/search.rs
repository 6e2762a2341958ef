//! Search; with an empty query it is how apps take the whole library along.

use catalog::{
    model::{Album, AlbumSort, Artist, Track},
    service::dialect::{self, ROWS_MAX},
};

use super::{browsing::songs, lists, not_yet};
use crate::{
    call::{Call, Reply},
    error::Error,
    shape,
    tree::Element,
};

/// Rows of each kind unless said.
const COUNT_DEFAULT: u32 = 20;
/// Most rows of each kind.
const COUNT_MAX: u32 = 500;

/// What was found.
struct Found {
    artists: Vec<Artist>,
    albums: Vec<Album>,
    tracks: Vec<Track>,
}

/// By folders.
pub(super) async fn search2(call: &Call) -> Result<Reply, Error> {
    let found = find(call).await?;
    let element = Element::new()
        .list("artist", found.artists.iter().map(shape::artist_name))
        .list("album", found.albums.iter().map(shape::album_folder))
        .list("song", songs(call, &found.tracks.iter().collect::<Vec<_>>()).await?);
    Reply::element("searchResult2", element)
}

/// By tags.
pub(super) async fn search3(call: &Call) -> Result<Reply, Error> {
    let found = find(call).await?;
    let element = Element::new()
        .list("artist", found.artists.iter().map(shape::artist))
        .list("album", found.albums.iter().map(shape::album))
        .list("song", songs(call, &found.tracks.iter().collect::<Vec<_>>()).await?);
    Reply::element("searchResult3", element)
}

async fn find(call: &Call) -> Result<Found, Error> {
    let query = call.params.required("query")?;
    call.check_folder()?;
    let params = &call.params;
    let count = |name: &str| params.number(name, COUNT_DEFAULT, COUNT_MAX);
    let offset = |name: &str| params.number(name, 0, u32::MAX);
    let artists = (offset("artistOffset")?, count("artistCount")?);
    let albums = (offset("albumOffset")?, count("albumCount")?);
    let tracks = (offset("songOffset")?, count("songCount")?);
    // Some apps write an empty query as two quotes.
    if !query.trim().trim_matches('"').is_empty() {
        return Err(not_yet());
    }
    Ok(Found {
        artists: artists_at(call, artists.0, artists.1).await?,
        albums: lists::albums_at(call, AlbumSort::Title, albums.0, albums.1).await?,
        tracks: lists::tracks_at(call, tracks.0, tracks.1).await?,
    })
}

/// `size` artists after the first `offset` by name.
async fn artists_at(call: &Call, offset: u32, size: u32) -> Result<Vec<Artist>, Error> {
    let (mut skip, mut artists, mut last) = (offset as usize, Vec::new(), None);
    while artists.len() < size as usize {
        let step = dialect::artists_after(call.ctx(), last, ROWS_MAX).await?;
        let is_last = step.len() < ROWS_MAX as usize;
        last = step.last().map(|(artist, key)| (key.clone(), artist.id));
        let skipped = skip.min(step.len());
        skip -= skipped;
        artists.extend(step.into_iter().skip(skipped).map(|(artist, _)| artist));
        if is_last {
            break;
        }
    }
    artists.truncate(size as usize);
    Ok(artists)
}
