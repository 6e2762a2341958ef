//! Lists by offset, for clients that page so, flat however far the offset, and things drawn at random.
//!
//! An offset below [`NEAR`] is walked to along the order's index. A far one is looked up in memory ([`sparse`]), which
//! knows the key of every 512th row, and walked to from there: 512 rows at most. A listener's own orders have keys of
//! their own ([`own`]).

mod own;
mod random;
mod sparse;

use kernel::{Ctx, http::Viewer};

use self::sparse::Sparse;
use super::{Error, fill};
use crate::{
    model::{Album, Artist, ItemKind, MarkOrder, Track},
    store::read::{
        self,
        marks::From as ListFrom,
        places::{self, Order, Place},
    },
    visibility,
};

pub use random::{RandomFilter, random_tracks};

/// Most rows that one of these lists gives at once; who asks for more gets this many.
pub const LIST_MAX: u32 = 500;
/// Rows up to which an order is simply walked from its beginning.
const NEAR: u64 = 1024;

/// Years, from and to, both included. When the first is the later one, the list goes back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Years {
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
}

impl Years {
    fn earliest(self) -> u32 {
        self.from.min(self.to)
    }

    fn latest(self) -> u32 {
        self.from.max(self.to)
    }
}

/// In which order albums are listed by offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlbumOrder {
    /// By title.
    Title,
    /// By first artist, then release.
    Artist,
    /// The newest in the house first.
    Newest,
    /// Those released in these years, by release.
    Years(Years),
    /// Those of the viewer's that have this mark; the others are left out.
    Marked(MarkOrder),
    /// Drawn at random, each album once; the offset does not count.
    Random,
}

/// Albums from an offset on, at most [`LIST_MAX`]. Beyond the end there are none.
///
/// Whoever pages through a catalogue that does not change meets every album once. While it changes, offsets may be
/// some seconds old.
///
/// # Errors
/// Only faults.
pub async fn list_albums(
    ctx: &Ctx,
    viewer: &Viewer,
    order: AlbumOrder,
    offset: u64,
    limit: u32,
) -> Result<Vec<Album>, Error> {
    let limit = limit.min(LIST_MAX);
    let ids = match order {
        AlbumOrder::Title => slice(ctx, viewer, Order::AlbumTitle, offset, limit).await?,
        AlbumOrder::Artist => slice(ctx, viewer, Order::AlbumArtist, offset, limit).await?,
        AlbumOrder::Newest => slice(ctx, viewer, Order::AlbumAdded, offset, limit).await?,
        AlbumOrder::Years(years) => of_years(ctx, viewer, years, offset, limit).await?,
        AlbumOrder::Marked(order) => marked(ctx, viewer, ItemKind::Album, order, offset, limit).await?,
        AlbumOrder::Random => random::draw(ctx, viewer, Order::AlbumTitle, None, limit).await?,
    };
    fill::albums(ctx, viewer, ids).await
}

/// All tracks by title from an offset on, as [`list_albums`].
///
/// # Errors
/// Only faults.
pub async fn list_tracks(ctx: &Ctx, viewer: &Viewer, offset: u64, limit: u32) -> Result<Vec<Track>, Error> {
    fill::tracks(ctx, viewer, slice(ctx, viewer, Order::TrackTitle, offset, limit.min(LIST_MAX)).await?).await
}

/// All artists by name from an offset on, as [`list_albums`].
///
/// # Errors
/// Only faults.
pub async fn list_artists(ctx: &Ctx, viewer: &Viewer, offset: u64, limit: u32) -> Result<Vec<Artist>, Error> {
    fill::artists(ctx, viewer, slice(ctx, viewer, Order::ArtistName, offset, limit.min(LIST_MAX)).await?)
        .await
}

/// The tracks that have this mark of the viewer's, from an offset on.
///
/// # Errors
/// Only faults.
pub async fn list_marked_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    order: MarkOrder,
    offset: u64,
    limit: u32,
) -> Result<Vec<Track>, Error> {
    let ids = marked(ctx, viewer, ItemKind::Track, order, offset, limit.min(LIST_MAX)).await?;
    fill::tracks(ctx, viewer, ids).await
}

/// The artists that have this mark of the viewer's, from an offset on.
///
/// # Errors
/// Only faults.
pub async fn list_marked_artists(
    ctx: &Ctx,
    viewer: &Viewer,
    order: MarkOrder,
    offset: u64,
    limit: u32,
) -> Result<Vec<Artist>, Error> {
    let ids = marked(ctx, viewer, ItemKind::Artist, order, offset, limit.min(LIST_MAX)).await?;
    fill::artists(ctx, viewer, ids).await
}

/// Identifiers along a listener's marks.
async fn marked(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: ItemKind,
    order: MarkOrder,
    offset: u64,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    let (before, skip) = if offset.saturating_add(limit.into()) <= NEAR {
        (ListFrom::TOP.before, offset)
    } else {
        let sparse = own::of(ctx, viewer, kind, order).await?;
        let (from, skip) = sparse.nearest(offset);
        ((from.number, from.id), skip)
    };
    let (user, skip) = (viewer.id, i64::try_from(skip).unwrap_or(i64::MAX));
    let from = ListFrom { before, skip };
    let found =
        visibility::read(ctx, viewer, move |tx| read::marks::by_mark(tx, user, kind, order, from, limit));
    Ok(found.await.map_err(Error::Fault)?.into_iter().map(|row| row.id).collect())
}

/// Identifiers along an order of everything.
async fn slice(ctx: &Ctx, viewer: &Viewer, order: Order, offset: u64, limit: u32) -> Result<Vec<i64>, Error> {
    if offset.saturating_add(limit.into()) <= NEAR {
        return walk(ctx, viewer, order, order.start(), offset, limit).await;
    }
    let sparse = sparse::of(ctx, viewer, order).await?;
    from_sparse(ctx, viewer, &sparse, order, offset, limit).await
}

async fn from_sparse(
    ctx: &Ctx,
    viewer: &Viewer,
    sparse: &Sparse,
    order: Order,
    offset: u64,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    let (from, skip) = sparse.nearest(offset);
    walk(ctx, viewer, order, from.clone(), skip, limit).await
}

async fn walk(
    ctx: &Ctx,
    viewer: &Viewer,
    order: Order,
    from: Place,
    skip: u64,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let found = visibility::read(ctx, viewer, move |tx| places::walk(tx, order, &from, skip, limit));
    Ok(found.await.map_err(Error::Fault)?.into_iter().map(|place| place.id).collect())
}

/// The albums of some years: a slice of all albums by release, taken from its end when the list goes back in time.
async fn of_years(
    ctx: &Ctx,
    viewer: &Viewer,
    years: Years,
    offset: u64,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    let order = Order::AlbumReleased;
    let sparse = sparse::of(ctx, viewer, order).await?;
    let (start, end) = sparse::range(ctx, viewer, &sparse, order, years).await?;
    let count = u64::from(limit).min((end - start).saturating_sub(offset));
    if count == 0 {
        return Ok(Vec::new());
    }
    let back = years.from > years.to;
    let at = if back { end - offset - count } else { start + offset };
    let count = u32::try_from(count).unwrap_or(limit);
    let mut ids = from_sparse(ctx, viewer, &sparse, order, at, count).await?;
    if back {
        ids.reverse();
    }
    Ok(ids)
}
