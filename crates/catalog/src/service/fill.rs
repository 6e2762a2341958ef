//! Identifiers, in an order that was decided before, become what is shown. What was hidden meanwhile is left out.

use std::collections::HashMap;

use kernel::{Ctx, Fault, http::Viewer};

use super::{Error, shape::Shaper, videos::shape_all};
use crate::{
    model::{Album, Artist, Item, ItemKind, Track, Video},
    store::read::{self, marks},
    visibility,
};

fn shaper(ctx: &Ctx, marks: marks::Marks) -> Shaper {
    Shaper::new(ctx.signer(), ctx.now()).with_marks(marks)
}

/// Puts rows that came in any order into that of `ids`.
fn ordered<T>(ids: &[i64], rows: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<T> {
    let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let mut rows = rows;
    rows.sort_by_key(|row| places.get(&id(row)).copied());
    rows
}

pub(super) async fn albums(ctx: &Ctx, viewer: &Viewer, ids: Vec<i64>) -> Result<Vec<Album>, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = ordered(&ids, read::albums::these(tx, &ids)?, |row| row.id.0);
        let credits = read::albums::credits(tx, &rows)?;
        let marks = marks::of(tx, user, ItemKind::Album, ids.iter().copied())?;
        Ok::<_, Fault>((rows, credits, marks))
    });
    let (rows, credits, marks) = found.await?;
    let shaper = shaper(ctx, marks);
    Ok(rows.into_iter().map(|row| shaper.album(row, &credits)).collect())
}

pub(super) async fn tracks(ctx: &Ctx, viewer: &Viewer, ids: Vec<i64>) -> Result<Vec<Track>, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = ordered(&ids, read::tracks::these(tx, &ids)?, |row| row.id.0);
        let credits = read::tracks::credits(tx, &rows)?;
        let marks = marks::of(tx, user, ItemKind::Track, ids.iter().copied())?;
        Ok::<_, Fault>((rows, credits, marks))
    });
    let (rows, credits, marks) = found.await?;
    let shaper = shaper(ctx, marks);
    Ok(rows.into_iter().map(|row| shaper.track(row, &credits)).collect())
}

pub(super) async fn artists(ctx: &Ctx, viewer: &Viewer, ids: Vec<i64>) -> Result<Vec<Artist>, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = ordered(&ids, read::artists::these(tx, &ids)?, |row| row.id.0);
        let marks = marks::of(tx, user, ItemKind::Artist, ids.iter().copied())?;
        Ok::<_, Fault>((rows, marks))
    });
    let (rows, marks) = found.await?;
    let shaper = shaper(ctx, marks);
    Ok(rows.into_iter().map(|row| shaper.artist(row)).collect())
}

pub(super) async fn videos(ctx: &Ctx, viewer: &Viewer, ids: Vec<i64>) -> Result<Vec<Video>, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = ordered(&ids, read::videos::these(tx, &ids)?, |row| row.id.0);
        let marks = marks::of(tx, user, ItemKind::Video, ids.iter().copied())?;
        Ok::<_, Fault>((rows, marks))
    });
    let (rows, marks) = found.await?;
    Ok(shape_all(ctx, &shaper(ctx, marks), rows).await?)
}

/// Things of one kind, as one of several.
pub(super) async fn items(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: ItemKind,
    ids: Vec<i64>,
) -> Result<Vec<Item>, Error> {
    Ok(match kind {
        ItemKind::Track => tracks(ctx, viewer, ids).await?.into_iter().map(Item::Track).collect(),
        ItemKind::Album => albums(ctx, viewer, ids).await?.into_iter().map(Item::Album).collect(),
        ItemKind::Artist => artists(ctx, viewer, ids).await?.into_iter().map(Item::Artist).collect(),
        ItemKind::Video => videos(ctx, viewer, ids).await?.into_iter().map(Item::Video).collect(),
    })
}
