//! Favourites, ratings, and the lists of what a listener marked and played.

use kernel::{Ctx, Fault, Page, PageQuery, Problem, db::Tx, http::Viewer, id::UserId};
use serde::{Deserialize, Serialize};

use super::{Error, fill};
use crate::{
    model::{Item, ItemId, ItemKind, Mark, MarkOrder, PlaySort, TOPIC_MARKS},
    store::{
        self,
        read::{self, marks::From as ListFrom},
    },
    visibility,
};

/// What the house is told when a track became a listener's favourite, or is one no more; its subject is the track, its
/// particulars are [`Favoured`].
pub const FAVOURED: &str = "catalog.favoured";
/// The best rating.
const RATING_MAX: u8 = 5;

/// The particulars of [`FAVOURED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favoured {
    /// Whose.
    pub user: UserId,
    /// Whether it is one now.
    pub favourite: bool,
}

/// Says on the bus that this listener's marks or players changed, for the listener's other devices.
pub(super) fn wake(tx: &mut Tx<'_>, user: UserId) {
    tx.wake(&format!("{TOPIC_MARKS}:{user}"));
}

/// The mark that a listener has on something now.
pub(super) fn mark_of(tx: &mut Tx<'_>, user: UserId, id: ItemId) -> Result<Mark, Fault> {
    let marks = read::marks::of(tx, user, id.kind(), [id.number()].into_iter())?;
    Ok(marks.into_values().next().unwrap_or_default())
}

/// Changes the viewer's mark on something that the viewer sees, and gives it as it is then.
async fn change(
    ctx: &Ctx,
    viewer: &Viewer,
    id: ItemId,
    change: impl Fn(&mut Tx<'_>, UserId) -> Result<(), Fault> + Send + 'static,
) -> Result<Mark, Error> {
    let user = viewer.id;
    visibility::write(ctx, viewer, move |tx| {
        if !store::marks::hold(tx, id)? {
            return Err(Error::NotFound);
        }
        change(tx, user)?;
        wake(tx, user);
        Ok(mark_of(tx, user, id)?)
    })
    .await
}

/// Makes something a favourite of the viewer's, or one no more. What is a favourite already stays one since then. The
/// house is told what became of a track, in the same transaction.
///
/// # Errors
/// [`Error::NotFound`] when there is nothing that the viewer may see.
pub async fn set_favourite(
    ctx: &Ctx,
    viewer: &Viewer,
    id: impl Into<ItemId>,
    favourite: bool,
) -> Result<Mark, Error> {
    let (id, now) = (id.into(), ctx.now());
    change(ctx, viewer, id, move |tx, user| {
        let was = mark_of(tx, user, id)?.favourite;
        if favourite {
            store::marks::set_favourite(tx, user, id, now)?;
        } else {
            store::marks::unset_favourite(tx, user, id)?;
        }
        match id {
            ItemId::Track(track) if was != favourite => {
                tx.emit(FAVOURED, track.0, &Favoured { user, favourite }, now)
            }
            _ => Ok(()),
        }
    })
    .await
}

/// Rates something for the viewer, 1 to 5, or takes the rating away.
///
/// # Errors
/// [`Error::Invalid`] for another number, [`Error::NotFound`] when there is nothing that the viewer may see.
pub async fn set_rating(
    ctx: &Ctx,
    viewer: &Viewer,
    id: impl Into<ItemId>,
    rating: Option<i64>,
) -> Result<Mark, Error> {
    let id = id.into();
    let rating = rating.map(checked).transpose()?;
    change(ctx, viewer, id, move |tx, user| match rating {
        Some(rating) => store::marks::set_rating(tx, user, id, rating),
        None => store::marks::unset_rating(tx, user, id),
    })
    .await
}

fn checked(rating: i64) -> Result<u8, Problem> {
    let fits = u8::try_from(rating).ok().filter(|rating| (1..=RATING_MAX).contains(rating));
    fits.ok_or_else(|| {
        Problem::invalid("rating", format!("Rate from 1 to {RATING_MAX}, or give null for no rating."))
    })
}

/// The viewer's favourites of one kind, the latest first, a page of them.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that this list did not give.
pub async fn favourites(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: ItemKind,
    query: &PageQuery,
) -> Result<Page<Item>, Error> {
    page(ctx, viewer, kind, MarkOrder::Favourites, query).await
}

/// What the viewer has played of one kind, a page of it.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that this list did not give.
pub async fn played(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: ItemKind,
    sort: PlaySort,
    query: &PageQuery,
) -> Result<Page<Item>, Error> {
    let order = match sort {
        PlaySort::Recent => MarkOrder::RecentlyPlayed,
        PlaySort::Most => MarkOrder::MostPlayed,
    };
    page(ctx, viewer, kind, order, query).await
}

async fn page(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: ItemKind,
    order: MarkOrder,
    query: &PageQuery,
) -> Result<Page<Item>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let from = match query.key()? {
        Some(before) => ListFrom { before, skip: 0 },
        None => ListFrom::TOP,
    };
    let found =
        visibility::read(ctx, viewer, move |tx| read::marks::by_mark(tx, user, kind, order, from, limit + 1));
    let rows = found.await.map_err(Error::Fault)?;
    let Page { items, next } = Page::cut(rows, limit, |row| (row.key, row.id));
    let ids = items.into_iter().map(|row| row.id).collect();
    Ok(Page { items: fill::items(ctx, viewer, kind, ids).await?, next })
}
