//! Artists, albums, tracks, and the first page.

use kernel::{Ctx, Fault, Page, PageQuery, Problem};

use super::{Error, shape::Shaper, videos};
use crate::{
    AlbumId, ArtistId, TrackId,
    model::{Album, AlbumDetail, AlbumSort, Artist, ArtistDetail, Disc, Home, Track},
    store::read::{self, Credits, albums::AlbumRow, tracks::TrackRow},
};

/// Albums of an artist that are shown at once.
const ARTIST_ALBUMS_MAX: u32 = 500;
/// Tracks of an album that are shown at once; the longest audio books have fewer.
const ALBUM_TRACKS_MAX: u32 = 5_000;
/// New things on the first page.
const HOME_ROW_MAX: u32 = 20;

fn shaper(ctx: &Ctx) -> Shaper {
    Shaper::new(ctx.signer(), ctx.now())
}

pub(crate) async fn artists(ctx: &Ctx, query: &PageQuery) -> Result<Page<Artist>, Error> {
    let limit = query.limit();
    let (name, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let rows = ctx
        .db()
        .read(move |tx| read::artists::by_name(tx, (&name, id), limit + 1))
        .await
        .map_err(Error::Fault)?;
    let shaper = shaper(ctx);
    let page = Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0));
    Ok(page.map(|row| shaper.artist(row)))
}

pub(crate) async fn artist(ctx: &Ctx, id: ArtistId) -> Result<ArtistDetail, Error> {
    let found = ctx.db().read(move |tx| {
        let Some(artist) = read::artists::one(tx, id)? else { return Ok(None) };
        let albums = read::albums::of_artist(tx, id, ARTIST_ALBUMS_MAX)?;
        let credits = read::albums::credits(tx, &albums)?;
        Ok::<_, Fault>(Some((artist, albums, credits)))
    });
    let (artist, albums, credits) = found.await?.ok_or(Error::NotFound)?;
    let shaper = shaper(ctx);
    Ok(ArtistDetail {
        artist: shaper.artist(artist),
        albums: albums.into_iter().map(|row| shaper.album(row, &credits)).collect(),
    })
}

pub(crate) async fn albums(ctx: &Ctx, query: &PageQuery, sort: AlbumSort) -> Result<Page<Album>, Error> {
    let limit = query.limit();
    let from = AlbumsFrom::new(query, sort)?;
    let found = ctx.db().read(move |tx| {
        let rows = match &from {
            AlbumsFrom::Title(key, id) => read::albums::by_title(tx, (key, *id), limit + 1)?,
            AlbumsFrom::Added(key, id) => read::albums::by_added(tx, (*key, *id), limit + 1)?,
            AlbumsFrom::Released(key, id) => read::albums::by_released(tx, (*key, *id), limit + 1)?,
            AlbumsFrom::Artist(key, released, id) => {
                read::albums::by_artist(tx, (key, *released, *id), limit + 1)?
            }
        };
        let credits = read::albums::credits(tx, &rows)?;
        Ok::<_, Fault>((rows, credits))
    });
    let (rows, credits) = found.await?;
    Ok(cut_albums(rows, limit, sort, &credits, &shaper(ctx)))
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

pub(crate) async fn album(ctx: &Ctx, id: AlbumId) -> Result<AlbumDetail, Error> {
    let found = ctx.db().read(move |tx| {
        let Some(album) = read::albums::one(tx, id)? else { return Ok(None) };
        let albums = [album];
        let album_credits = read::albums::credits(tx, &albums)?;
        let tracks = read::tracks::of_album(tx, id, ALBUM_TRACKS_MAX)?;
        let credits = read::tracks::credits(tx, &tracks)?;
        let [album] = albums;
        Ok::<_, Fault>(Some((album, album_credits, tracks, credits)))
    });
    let (album, album_credits, tracks, credits) = found.await?.ok_or(Error::NotFound)?;
    let shaper = shaper(ctx);
    Ok(AlbumDetail { album: shaper.album(album, &album_credits), discs: discs(tracks, &credits, &shaper) })
}

/// The discs of tracks that come in their order; a disc has the first title that one of its tracks gives.
fn discs(tracks: Vec<TrackRow>, credits: &Credits, shaper: &Shaper) -> Vec<Disc> {
    let mut discs: Vec<Disc> = Vec::new();
    for row in tracks {
        let title = row.disc_title.clone();
        let track = shaper.track(row, credits);
        match discs.last_mut() {
            Some(disc) if disc.number == track.disc => {
                disc.title = disc.title.take().or(title);
                disc.tracks.push(track);
            }
            _ => discs.push(Disc { number: track.disc, title, tracks: vec![track] }),
        }
    }
    discs
}

pub(crate) async fn tracks(ctx: &Ctx, query: &PageQuery) -> Result<Page<Track>, Error> {
    let limit = query.limit();
    let (title, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let found = ctx.db().read(move |tx| {
        let rows = read::tracks::by_title(tx, (&title, id), limit + 1)?;
        let credits = read::tracks::credits(tx, &rows)?;
        Ok::<_, Fault>((rows, credits))
    });
    let (rows, credits) = found.await?;
    let shaper = shaper(ctx);
    let page = Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0));
    Ok(page.map(|row| shaper.track(row, &credits)))
}

pub(crate) async fn track(ctx: &Ctx, id: TrackId) -> Result<Track, Error> {
    let found = ctx.db().read(move |tx| {
        let Some(track) = read::tracks::one(tx, id)? else { return Ok(None) };
        let tracks = [track];
        let credits = read::tracks::credits(tx, &tracks)?;
        let [track] = tracks;
        Ok::<_, Fault>(Some((track, credits)))
    });
    let (track, credits) = found.await?.ok_or(Error::NotFound)?;
    Ok(shaper(ctx).track(track, &credits))
}

pub(crate) async fn home(ctx: &Ctx) -> Result<Home, Error> {
    let found = ctx.db().read(|tx| {
        let albums = read::home::new_albums(tx, HOME_ROW_MAX)?;
        let credits = read::albums::credits(tx, &albums)?;
        let videos = read::home::new_videos(tx, HOME_ROW_MAX)?;
        let counts = read::home::counts(tx)?;
        Ok::<_, Fault>((albums, credits, videos, counts))
    });
    let (albums, credits, new_videos, counts) = found.await?;
    let shaper = shaper(ctx);
    Ok(Home {
        recent_albums: albums.into_iter().map(|row| shaper.album(row, &credits)).collect(),
        recent_videos: videos::shape_all(ctx, new_videos).await?,
        counts,
    })
}
