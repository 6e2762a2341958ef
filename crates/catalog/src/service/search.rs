//! What is found by what is typed.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use http::StatusCode;
use kernel::{Ctx, Fault, Problem, db::Tx, http::Viewer};

use super::{Error, shape::Shaper, videos};
use crate::{
    access,
    model::{ItemKind, SearchResults},
    search::{
        self, Counted, Kind, State,
        words::{Asked, asked_for},
    },
    store::{
        self,
        read::{
            self, Credits, albums::AlbumRow, artists::ArtistRow, marks, tracks::TrackRow, videos::VideoRow,
        },
    },
    visibility,
};

/// Longest query.
pub const QUERY_CHARS_MAX: usize = 200;
/// Most rows of one kind that are given at once; who asks for more gets this many.
pub const LIMIT_MAX: u32 = 500;
/// Behind this many rows of one kind nothing more is found.
pub const OFFSET_MAX: u32 = 20_000;
/// Rows of each kind when the client does not say, and most that it gets.
const LIMIT: (u32, u32) = (10, 100);
/// So far down the index is looked at when much of what it names is not for the viewer.
const REACH_MAX: usize = 50_000;
/// How long a search waits for an index that is being made.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Which of the rows of one kind are wanted: at most `limit` ([`LIMIT_MAX`]) after the first `offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Rows passed over.
    pub offset: u32,
    /// Rows given; 0 for none of this kind.
    pub limit: u32,
}

impl Slice {
    /// Offset and limit within their bounds; nothing behind the last offset.
    fn bounded(self) -> (usize, usize) {
        let limit = if self.offset > OFFSET_MAX { 0 } else { self.limit.min(LIMIT_MAX) };
        (self.offset as usize, limit as usize)
    }
}

/// Which rows of each kind are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of the artists.
    pub artists: Slice,
    /// Of the albums.
    pub albums: Slice,
    /// Of the tracks.
    pub tracks: Slice,
    /// Of the videos.
    pub videos: Slice,
}

impl Wanted {
    fn slice(&mut self, kind: Kind) -> &mut Slice {
        match kind {
            Kind::Artist => &mut self.artists,
            Kind::Album => &mut self.albums,
            Kind::Track => &mut self.tracks,
            Kind::Video => &mut self.videos,
        }
    }
}

/// What the parameters of the route ask for.
pub(crate) fn wanted(kinds: Option<&str>, limit: Option<u32>) -> Result<Wanted, Problem> {
    let limit = limit.unwrap_or(LIMIT.0).clamp(1, LIMIT.1);
    let mut wanted = Wanted::default();
    for word in kinds.unwrap_or("artist,album,track,video").split(',').map(str::trim) {
        let kind = match word {
            "artist" => Kind::Artist,
            "album" => Kind::Album,
            "track" => Kind::Track,
            "video" => Kind::Video,
            _ => {
                let words = "Kinds are artist, album, track and video, with commas between.";
                return Err(Problem::invalid("kinds", words));
            }
        };
        *wanted.slice(kind) = Slice { offset: 0, limit };
    }
    Ok(wanted)
}

/// What is found for a viewer, the best match first. A text without words finds nothing; one of more than
/// [`QUERY_CHARS_MAX`] characters is [`Error::Invalid`], and so is asking while the index is still being made.
pub async fn search(ctx: &Ctx, viewer: &Viewer, text: &str, wanted: &Wanted) -> Result<SearchResults, Error> {
    let chars = text.chars().count();
    if chars > QUERY_CHARS_MAX {
        let words = format!("The query has {chars} characters; at most {QUERY_CHARS_MAX} are taken.");
        return Err(Problem::invalid("q", words).into());
    }
    let asked = Arc::new(asked_for(text));
    if asked.is_empty() {
        return Ok(SearchResults::default());
    }
    let state = index(ctx).await?;
    let found = find(ctx, viewer, &state, &asked, wanted).await?;
    let shaper = Shaper::new(ctx.signer(), ctx.now()).with_marks(marked(ctx, viewer, &found).await?);
    let (album_credits, track_credits) = (found.albums.credits, found.tracks.credits);
    Ok(SearchResults {
        artists: found.artists.rows.into_iter().map(|row| shaper.artist(row)).collect(),
        albums: found.albums.rows.into_iter().map(|row| shaper.album(row, &album_credits)).collect(),
        tracks: found.tracks.rows.into_iter().map(|row| shaper.track(row, &track_credits)).collect(),
        videos: videos::shape_all(ctx, &shaper, found.videos.rows).await?,
    })
}

/// The viewer's own marks on what was found.
async fn marked(ctx: &Ctx, viewer: &Viewer, found: &Found) -> Result<marks::Marks, Fault> {
    fn numbers<T: Numbered>(rows: &Rows<T>) -> Vec<i64> {
        rows.rows.iter().map(Numbered::number).collect()
    }
    let (user, all) = (
        viewer.id,
        [
            (ItemKind::Artist, numbers(&found.artists)),
            (ItemKind::Album, numbers(&found.albums)),
            (ItemKind::Track, numbers(&found.tracks)),
            (ItemKind::Video, numbers(&found.videos)),
        ],
    );
    ctx.db()
        .read(move |tx| {
            let mut marked = marks::Marks::new();
            for (kind, ids) in all.iter().filter(|(_, ids)| !ids.is_empty()) {
                marked.extend(marks::of(tx, user, *kind, ids.iter().copied())?);
            }
            Ok(marked)
        })
        .await
}

/// The index; a search that comes while it is being made waits a little.
async fn index(ctx: &Ctx) -> Result<Arc<State>, Error> {
    tokio::select! {
        ready = search::ready(ctx) => Ok(ready?),
        () = ctx.clock().sleep(WAIT_MAX) => {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "search_starting", "The search is starting")
                .detail("The house has just been opened and still reads its catalogue. Ask again in a moment.")
                .retry_after(WAIT_MAX.as_secs());
            Err(problem.into())
        }
    }
}

/// Rows that are shown, with who is credited on them.
struct Rows<T> {
    rows: Vec<T>,
    credits: Credits,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), credits: Credits::default() }
    }
}

/// The rows of all kinds.
struct Found {
    artists: Rows<ArtistRow>,
    albums: Rows<AlbumRow>,
    tracks: Rows<TrackRow>,
    videos: Rows<VideoRow>,
}

/// The wanted rows. What the index names and the database does not show, since it was hidden a moment ago or is not
/// for this viewer, is passed over, and more is asked of the index.
async fn find(
    ctx: &Ctx,
    viewer: &Viewer,
    state: &Arc<State>,
    asked: &Arc<Vec<Asked>>,
    wanted: &Wanted,
) -> Result<Found, Fault> {
    let scope = access::scope_of(ctx, viewer).await?;
    let slices = [wanted.artists, wanted.albums, wanted.tracks, wanted.videos].map(Slice::bounded);
    let mut reach = slices.map(|(offset, limit)| if limit == 0 { 0 } else { offset + limit });
    loop {
        let (looked, asked) = (Arc::clone(state), Arc::clone(asked));
        let best = tokio::task::spawn_blocking(move || {
            Kind::ALL.map(|kind| looked.index.best(kind, &asked, scope, reach[kind.place()]))
        });
        let best = best.await.map_err(|error| Fault::from_error("a search broke off", error))?;
        let lengths = [0, 1, 2, 3].map(|kind| best[kind].len());
        let counted = Arc::clone(state);
        let read = move |tx: &mut Tx<'_>| {
            read_all(tx, &best, slices, |tx, ids| read_artists(tx, ids, &counted.counted))
        };
        let found = visibility::read(ctx, viewer, read).await?;
        let counts = [
            found.artists.rows.len(),
            found.albums.rows.len(),
            found.tracks.rows.len(),
            found.videos.rows.len(),
        ];
        let mut enough = true;
        for kind in 0..Kind::ALL.len() {
            let more = lengths[kind] == reach[kind] && (1..REACH_MAX).contains(&reach[kind]);
            if more && counts[kind] < slices[kind].1 {
                reach[kind] *= 4;
                enough = false;
            }
        }
        if enough {
            return Ok(found);
        }
    }
}

fn read_all(
    tx: &mut Tx<'_>,
    best: &[Vec<i64>; 4],
    slices: [(usize, usize); 4],
    read_artists: impl FnOnce(&mut Tx<'_>, &[i64]) -> Result<Rows<ArtistRow>, Fault>,
) -> Result<Found, Fault> {
    let [artists, albums, tracks, videos] = best;
    Ok(Found {
        artists: shown(tx, Kind::Artist, artists, slices[0], read_artists)?,
        albums: shown(tx, Kind::Album, albums, slices[1], read_albums)?,
        tracks: shown(tx, Kind::Track, tracks, slices[2], read_tracks)?,
        videos: shown(tx, Kind::Video, videos, slices[3], read_videos)?,
    })
}

/// The rows of `ids` that are shown, in their order, `limit` after the first `offset`.
fn shown<T: Numbered>(
    tx: &mut Tx<'_>,
    kind: Kind,
    ids: &[i64],
    (offset, limit): (usize, usize),
    read: impl FnOnce(&mut Tx<'_>, &[i64]) -> Result<Rows<T>, Fault>,
) -> Result<Rows<T>, Fault> {
    let mut wanted = ids.to_vec();
    if offset > 0 || ids.len() > limit {
        let shown: HashSet<i64> = store::search::seen(tx, kind, ids)?.into_iter().collect();
        wanted.retain(|id| shown.contains(id));
        wanted = wanted.into_iter().skip(offset).take(limit).collect();
    }
    if wanted.is_empty() {
        return Ok(Rows::default());
    }
    let mut found = read(tx, &wanted)?;
    let place: HashMap<i64, usize> = wanted.iter().copied().zip(0..).collect();
    found.rows.sort_by_key(|row| place.get(&row.number()).copied());
    Ok(found)
}

/// A row with its number.
trait Numbered {
    fn number(&self) -> i64;
}

macro_rules! numbered {
    ($($row:ty),*) => { $(
        impl Numbered for $row {
            fn number(&self) -> i64 {
                self.id.0
            }
        }
    )* };
}

numbered!(ArtistRow, AlbumRow, TrackRow, VideoRow);

fn read_artists(tx: &mut Tx<'_>, ids: &[i64], counted: &Counted) -> Result<Rows<ArtistRow>, Fault> {
    let mut rows = read::artists::these_uncounted(tx, ids)?;
    let counts = counted.of(tx, rows.iter().map(|row| row.id))?;
    for row in &mut rows {
        row.counts = counts.get(&row.id).copied().unwrap_or_default();
    }
    Ok(Rows { rows, credits: Credits::default() })
}

fn read_albums(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Rows<AlbumRow>, Fault> {
    let rows = read::albums::these(tx, ids)?;
    Ok(Rows { credits: read::albums::credits(tx, &rows)?, rows })
}

fn read_tracks(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Rows<TrackRow>, Fault> {
    let rows = read::tracks::these(tx, ids)?;
    Ok(Rows { credits: read::tracks::credits(tx, &rows)?, rows })
}

fn read_videos(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Rows<VideoRow>, Fault> {
    Ok(Rows { rows: read::videos::these(tx, ids)?, credits: Credits::default() })
}
