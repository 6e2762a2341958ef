//! Genres and moods, what has them, and albums by the years in which they came out.
//!
//! Each list is given by key, for those who go on from where they were, and from a place in it, for those who must.

use kernel::{Ctx, Fault, Page, PageQuery, Problem, db::Tx, http::Viewer, id::UserId};

use super::{
    Error,
    lists::{LIST_MAX, Years},
    music::shaper,
};
use crate::{
    GenreId, TrackId, fold,
    model::{Album, Genre, GenreKind, ItemKind, Track},
    store::read::{
        self, Credits,
        albums::AlbumRow,
        genres::GenreRow,
        marks::{self, Marks},
        tracks::TrackRow,
    },
    visibility,
};

/// Genres that are given at once, the first by name.
pub const GENRES_MAX: u32 = 5_000;
/// The last year that anything can come out in.
const YEAR_MAX: u32 = 9_999;

fn genre(row: GenreRow) -> Genre {
    let GenreRow { id, name, kind, album_count, track_count, .. } = row;
    Genre { id, name, kind, album_count, track_count }
}

/// Genres or moods by name, those of which something is shown.
pub async fn genres(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: GenreKind,
    query: &PageQuery,
) -> Result<Page<Genre>, Error> {
    let limit = query.limit();
    let (name, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let found =
        visibility::read(ctx, viewer, move |tx| read::genres::by_name(tx, kind, (&name, id), limit + 1));
    let rows = found.await.map_err(Error::Fault)?;
    Ok(Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0)).map(genre))
}

/// All genres or moods by name, at most [`GENRES_MAX`].
pub async fn every_genre(ctx: &Ctx, viewer: &Viewer, kind: GenreKind) -> Result<Vec<Genre>, Error> {
    let found = visibility::read(ctx, viewer, move |tx| read::genres::by_name(tx, kind, ("", 0), GENRES_MAX));
    Ok(found.await.map_err(Error::Fault)?.into_iter().map(genre).collect())
}

/// One genre or mood. [`Error::NotFound`] also when nothing of it is shown.
pub async fn genre_of(ctx: &Ctx, viewer: &Viewer, id: GenreId) -> Result<Genre, Error> {
    let found = visibility::read(ctx, viewer, move |tx| read::genres::one(tx, id));
    found.await.map_err(Error::Fault)?.map(genre).ok_or(Error::NotFound)
}

/// The genre or mood with this name, however its case and accents are typed; `None` when there is none.
pub async fn genre_named(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: GenreKind,
    name: &str,
) -> Result<Option<Genre>, Error> {
    let key = fold::key(&[kind.word(), &fold::clean(name)]);
    let found = visibility::read(ctx, viewer, move |tx| read::genres::by_key(tx, &key));
    Ok(found.await.map_err(Error::Fault)?.map(genre))
}

/// Rows of albums with what they name and how the viewer marked them.
fn albums(
    tx: &mut Tx<'_>,
    user: UserId,
    rows: Vec<AlbumRow>,
) -> Result<(Vec<AlbumRow>, Credits, Marks), Fault> {
    let credits = read::albums::credits(tx, &rows)?;
    let marks = marks::of(tx, user, ItemKind::Album, rows.iter().map(|row| row.id.0))?;
    Ok((rows, credits, marks))
}

/// The same of tracks.
fn tracks(
    tx: &mut Tx<'_>,
    user: UserId,
    rows: Vec<TrackRow>,
) -> Result<(Vec<TrackRow>, Credits, Marks), Fault> {
    let credits = read::tracks::credits(tx, &rows)?;
    let marks = marks::of(tx, user, ItemKind::Track, rows.iter().map(|row| row.id.0))?;
    Ok((rows, credits, marks))
}

/// The albums of a genre or mood by title, a page of them.
///
/// # Errors
/// [`Error::NotFound`] when nothing of the genre is shown, [`Error::Invalid`] for a cursor that this list did not give.
pub async fn albums_of_genre(
    ctx: &Ctx,
    viewer: &Viewer,
    id: GenreId,
    query: &PageQuery,
) -> Result<Page<Album>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let (title, album) = query.key::<(String, i64)>()?.unwrap_or_default();
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(_) = read::genres::one(tx, id)? else { return Ok(None) };
        let rows = read::albums::of_genre(tx, id, (&title, album), limit + 1)?;
        albums(tx, user, rows).map(Some)
    });
    let (rows, credits, marks) = found.await.map_err(Error::Fault)?.ok_or(Error::NotFound)?;
    let shaper = shaper(ctx, marks);
    let page = Page::cut(rows, limit, |row| (row.sort_key.clone(), row.id.0));
    Ok(page.map(|row| shaper.album(row, &credits)))
}

/// At most `limit` albums of a genre or mood by title, after the first `offset`, at most [`LIST_MAX`]. None of a genre
/// that is not there.
///
/// # Errors
/// Only faults.
pub async fn albums_of_genre_at(
    ctx: &Ctx,
    viewer: &Viewer,
    id: GenreId,
    offset: u32,
    limit: u32,
) -> Result<Vec<Album>, Error> {
    let (limit, user) = (limit.min(LIST_MAX), viewer.id);
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = read::albums::of_genre_at(tx, id, offset, limit)?;
        albums(tx, user, rows)
    });
    let (rows, credits, marks) = found.await.map_err(Error::Fault)?;
    let shaper = shaper(ctx, marks);
    Ok(rows.into_iter().map(|row| shaper.album(row, &credits)).collect())
}

/// The tracks of a genre or mood in the order in which they came in, which keeps albums together; a page of them.
///
/// # Errors
/// As [`albums_of_genre`].
pub async fn tracks_of_genre(
    ctx: &Ctx,
    viewer: &Viewer,
    id: GenreId,
    query: &PageQuery,
) -> Result<Page<Track>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let after = query.key::<i64>()?.map_or(TrackId(0), TrackId);
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(_) = read::genres::one(tx, id)? else { return Ok(None) };
        let rows = read::tracks::of_genre(tx, id, after, limit + 1)?;
        tracks(tx, user, rows).map(Some)
    });
    let (rows, credits, marks) = found.await.map_err(Error::Fault)?.ok_or(Error::NotFound)?;
    let shaper = shaper(ctx, marks);
    Ok(Page::cut(rows, limit, |row: &TrackRow| row.id.0).map(|row| shaper.track(row, &credits)))
}

/// At most `limit` tracks of a genre or mood, likewise, after the first `offset`, at most [`LIST_MAX`].
///
/// # Errors
/// Only faults.
pub async fn tracks_of_genre_at(
    ctx: &Ctx,
    viewer: &Viewer,
    id: GenreId,
    offset: u32,
    limit: u32,
) -> Result<Vec<Track>, Error> {
    let (limit, user) = (limit.min(LIST_MAX), viewer.id);
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = read::tracks::of_genre_at(tx, id, offset, limit)?;
        tracks(tx, user, rows)
    });
    let (rows, credits, marks) = found.await.map_err(Error::Fault)?;
    let shaper = shaper(ctx, marks);
    Ok(rows.into_iter().map(|row| shaper.track(row, &credits)).collect())
}

/// The first and last date of years, as `YYYYMMDD`; what came out at an unknown date is in none.
fn dates(years: Years) -> Result<(i64, i64), Problem> {
    if ![years.from, years.to].iter().all(|year| (1..=YEAR_MAX).contains(year)) {
        return Err(Problem::invalid("from_year", format!("A year is a number from 1 to {YEAR_MAX}.")));
    }
    let (first, last) = (years.from.min(years.to), years.from.max(years.to));
    Ok((i64::from(first) * 10_000, i64::from(last) * 10_000 + 9_999))
}

/// Albums by the years in which they came out, a page of them; see [`Years`] for the order.
///
/// # Errors
/// [`Error::Invalid`] for a year that is none, and for a cursor that this list did not give.
pub async fn albums_of_years(
    ctx: &Ctx,
    viewer: &Viewer,
    years: Years,
    query: &PageQuery,
) -> Result<Page<Album>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let (dates, back) = (dates(years)?, years.from > years.to);
    let end = if back { (i64::MAX, i64::MAX) } else { (0, 0) };
    let key = query.key::<(i64, i64)>()?.unwrap_or(end);
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = if back {
            read::albums::of_years_back(tx, dates, key, limit + 1)?
        } else {
            read::albums::of_years(tx, dates, key, limit + 1)?
        };
        albums(tx, user, rows)
    });
    let (rows, credits, marks) = found.await?;
    let shaper = shaper(ctx, marks);
    let page = Page::cut(rows, limit, |row| (row.released_key, row.id.0));
    Ok(page.map(|row| shaper.album(row, &credits)))
}
