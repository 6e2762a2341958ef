//! Artists, albums, tracks, and the first page.

use std::collections::HashMap;

use kernel::{Ctx, Fault, Page, PageQuery, Problem, http::Viewer};

use super::{Error, fill, shape::Shaper, videos};
use crate::{
    AlbumId, ArtistId, TrackId,
    model::{Album, AlbumDetail, AlbumPeople, AlbumSort, Artist, ArtistDetail, Disc, Home, ItemKind, Track},
    sound,
    store::read::{self, Credits, albums::AlbumRow, marks, tracks::TrackRow},
    visibility,
};

/// Albums of an artist that are shown at once.
const ARTIST_ALBUMS_MAX: u32 = 500;
/// Tracks of an album that are shown at once; the longest audio books have fewer.
const ALBUM_TRACKS_MAX: u32 = 5_000;
/// Tracks that are read at once when many are wanted by their numbers.
const TRACKS_AT_ONCE: usize = 1_000;
/// Credits of an album that are shown at once.
const ALBUM_CREDITS_MAX: u32 = 500;
/// Other editions of an album that are shown at once.
const EDITIONS_MAX: u32 = 50;
/// New things on the first page.
const HOME_ROW_MAX: u32 = 20;

pub(super) fn shaper(ctx: &Ctx, marks: marks::Marks) -> Shaper {
    Shaper::new(ctx.signer(), ctx.now()).with_marks(marks)
}

/// Artists by name, a page of them; with `performing` without those who were only credited.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that this list did not give.
pub async fn artists(
    ctx: &Ctx,
    viewer: &Viewer,
    query: &PageQuery,
    performing: bool,
) -> Result<Page<Artist>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let (name, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let found = visibility::read(ctx, viewer, move |tx| {
        let list = if performing { read::artists::performing_by_name } else { read::artists::by_name };
        let rows = list(tx, (&name, id), limit + 1)?;
        let marks = marks::of(tx, user, ItemKind::Artist, rows.iter().map(|row| row.id.0))?;
        Ok::<_, Fault>((rows, marks))
    });
    let (rows, marks) = found.await?;
    let shaper = shaper(ctx, marks);
    let page = Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0));
    Ok(page.map(|row| shaper.artist(row)))
}

/// An artist with the albums, newest release first.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see.
pub async fn artist(ctx: &Ctx, viewer: &Viewer, id: ArtistId) -> Result<ArtistDetail, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(artist) = read::artists::one(tx, id)? else { return Ok(None) };
        let roles = read::artists::roles(tx, id)?;
        let mut albums = read::albums::of_artist(tx, id, ARTIST_ALBUMS_MAX)?;
        let own = albums.len();
        if !roles.is_empty() {
            albums.extend(read::albums::credited(tx, id, ARTIST_ALBUMS_MAX)?);
        }
        let credits = read::albums::credits(tx, &albums)?;
        let mut marks = marks::of(tx, user, ItemKind::Album, albums.iter().map(|row| row.id.0))?;
        marks.extend(marks::of(tx, user, ItemKind::Artist, [id.0].into_iter())?);
        let credited = albums.split_off(own);
        Ok::<_, Fault>(Some((artist, roles, (albums, credited, credits), marks)))
    });
    let (artist, roles, (albums, credited, credits), marks) = found.await?.ok_or(Error::NotFound)?;
    let shaper = shaper(ctx, marks);
    let covers = |rows: Vec<AlbumRow>| -> Vec<Album> {
        rows.into_iter().map(|row| shaper.album(row, &credits)).collect()
    };
    let (albums, credited_on) = (covers(albums), covers(credited));
    let of_others = |album: &&Album| album.artists.iter().all(|artist| artist.id != id);
    Ok(ArtistDetail {
        sort_name: artist.sort_name.clone(),
        musicbrainz: artist.musicbrainz.clone(),
        artist: shaper.artist(artist),
        roles,
        appears_on: albums.iter().filter(of_others).map(|album| album.id).collect(),
        albums,
        credited_on,
    })
}

/// Albums, a page of them.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that this list did not give in this order.
pub async fn albums(
    ctx: &Ctx,
    viewer: &Viewer,
    query: &PageQuery,
    sort: AlbumSort,
) -> Result<Page<Album>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let from = AlbumsFrom::new(query, sort)?;
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = match &from {
            AlbumsFrom::Title(key, id) => read::albums::by_title(tx, (key, *id), limit + 1)?,
            AlbumsFrom::Added(key, id) => read::albums::by_added(tx, (*key, *id), limit + 1)?,
            AlbumsFrom::Released(key, id) => read::albums::by_released(tx, (*key, *id), limit + 1)?,
            AlbumsFrom::Artist(key, released, id) => {
                read::albums::by_artist(tx, (key, *released, *id), limit + 1)?
            }
        };
        let credits = read::albums::credits(tx, &rows)?;
        let marks = marks::of(tx, user, ItemKind::Album, rows.iter().map(|row| row.id.0))?;
        Ok::<_, Fault>((rows, credits, marks))
    });
    let (rows, credits, marks) = found.await?;
    Ok(cut_albums(rows, limit, sort, &credits, &shaper(ctx, marks)))
}

/// Where a page of albums begins, by sort.
enum AlbumsFrom {
    Title(String, i64),
    Added(i64, i64),
    Released(i64, i64),
    Artist(String, i64, i64),
}

impl AlbumsFrom {
    fn new(query: &PageQuery, sort: AlbumSort) -> Result<Self, Problem> {
        let last = || (i64::MAX, i64::MAX);
        Ok(match sort {
            AlbumSort::Title => {
                let (key, id) = query.key()?.unwrap_or_default();
                Self::Title(key, id)
            }
            AlbumSort::Added => {
                let (key, id) = query.key()?.unwrap_or_else(last);
                Self::Added(key, id)
            }
            AlbumSort::Released => {
                let (key, id) = query.key()?.unwrap_or_else(last);
                Self::Released(key, id)
            }
            AlbumSort::Artist => {
                let (key, released, id) = query.key()?.unwrap_or_default();
                Self::Artist(key, released, id)
            }
        })
    }
}

fn cut_albums(
    rows: Vec<AlbumRow>,
    limit: u32,
    sort: AlbumSort,
    credits: &Credits,
    shaper: &Shaper,
) -> Page<Album> {
    let page = match sort {
        AlbumSort::Title => Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0)),
        AlbumSort::Added => Page::cut(rows, limit, |row| (row.added.0, row.id.0)),
        AlbumSort::Released => Page::cut(rows, limit, |row| (row.released_key, row.id.0)),
        AlbumSort::Artist => {
            Page::cut(rows, limit, |row| (row.artist_sort.clone(), row.released_key, row.id.0))
        }
    };
    page.map(|row| shaper.album(row, credits))
}

/// An album with its discs and tracks.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see.
pub async fn album(ctx: &Ctx, viewer: &Viewer, id: AlbumId) -> Result<AlbumDetail, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(album) = read::albums::one(tx, id)? else { return Ok(None) };
        let facts = read::facts::of_albums(tx, &[id])?.remove(&id).unwrap_or_default();
        let mut albums = vec![album];
        if let Some(group) = &facts.release_group {
            albums.extend(read::albums::editions(tx, id, group, EDITIONS_MAX)?);
        }
        let album_credits = read::albums::credits(tx, &albums)?;
        let people = read::facts::people_of_album(tx, id, ALBUM_CREDITS_MAX)?;
        let tracks = read::tracks::of_album(tx, id, ALBUM_TRACKS_MAX)?;
        let credits = read::tracks::credits(tx, &tracks)?;
        let mut marks = marks::of(tx, user, ItemKind::Track, tracks.iter().map(|row| row.id.0))?;
        marks.extend(marks::of(tx, user, ItemKind::Album, albums.iter().map(|row| row.id.0))?);
        let loudness = sound::album_loudness(tx, id)?;
        Ok::<_, Fault>(Some(((albums, album_credits), (facts, people, loudness), (tracks, credits), marks)))
    });
    let ((albums, album_credits), (facts, people, loudness), (tracks, credits), marks) =
        found.await?.ok_or(Error::NotFound)?;
    let shaper = shaper(ctx, marks);
    let mut albums = albums.into_iter().map(|row| shaper.album(row, &album_credits));
    let album = albums.next().ok_or(Error::NotFound)?;
    let people = AlbumPeople { credits: people, editions: albums.collect() };
    Ok(AlbumDetail { album, facts, people, discs: discs(tracks, &credits, &shaper), loudness })
}

/// The discs of tracks that come in their order; a disc has the first title that one of its tracks gives.
fn discs(tracks: Vec<TrackRow>, credits: &Credits, shaper: &Shaper) -> Vec<Disc> {
    let mut discs: Vec<Disc> = Vec::new();
    for row in tracks {
        let (title, medium) = (row.disc_title.clone(), row.medium.clone());
        let track = shaper.track(row, credits);
        match discs.last_mut() {
            Some(disc) if disc.number == track.disc => {
                disc.title = disc.title.take().or(title);
                disc.medium = disc.medium.take().or(medium);
                disc.tracks.push(track);
            }
            _ => discs.push(Disc { number: track.disc, title, medium, tracks: vec![track] }),
        }
    }
    discs
}

/// Tracks by title, a page of them.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that this list did not give.
pub async fn tracks(ctx: &Ctx, viewer: &Viewer, query: &PageQuery) -> Result<Page<Track>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let (title, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = read::tracks::by_title(tx, (&title, id), limit + 1)?;
        let credits = read::tracks::credits(tx, &rows)?;
        let marks = marks::of(tx, user, ItemKind::Track, rows.iter().map(|row| row.id.0))?;
        Ok::<_, Fault>((rows, credits, marks))
    });
    let (rows, credits, marks) = found.await?;
    let shaper = shaper(ctx, marks);
    let page = Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0));
    Ok(page.map(|row| shaper.track(row, &credits)))
}

/// These tracks as far as they are shown; any number of them.
pub async fn tracks_by_id(
    ctx: &Ctx,
    viewer: &Viewer,
    ids: Vec<TrackId>,
) -> Result<HashMap<TrackId, Track>, Error> {
    let mut tracks = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(TRACKS_AT_ONCE) {
        let found = fill::tracks(ctx, viewer, chunk.iter().map(|id| id.0).collect()).await?;
        tracks.extend(found.into_iter().map(|track| (track.id, track)));
    }
    Ok(tracks)
}

/// What the first page shows.
///
/// # Errors
/// Only faults.
pub async fn home(ctx: &Ctx, viewer: &Viewer) -> Result<Home, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let albums = read::home::new_albums(tx, HOME_ROW_MAX)?;
        let credits = read::albums::credits(tx, &albums)?;
        let videos = read::home::new_videos(tx, HOME_ROW_MAX)?;
        let counts = read::home::counts(tx)?;
        let mut marks = marks::of(tx, user, ItemKind::Album, albums.iter().map(|row| row.id.0))?;
        marks.extend(marks::of(tx, user, ItemKind::Video, videos.iter().map(|row| row.id.0))?);
        Ok::<_, Fault>(((albums, credits, videos), marks, counts))
    });
    let ((albums, credits, new_videos), marks, counts) = found.await?;
    let shaper = shaper(ctx, marks);
    Ok(Home {
        recent_albums: albums.into_iter().map(|row| shaper.album(row, &credits)).collect(),
        recent_videos: videos::shape_all(ctx, &shaper, new_videos).await?,
        counts,
    })
}
