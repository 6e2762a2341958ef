//! Things drawn at random: each of those that are shown is as likely as any other, and none comes twice.
//!
//! Places in an order are drawn, and looked up as any other offset is, so that a draw costs the same in a house of any
//! size.

use std::collections::BTreeSet;

use kernel::{Ctx, db::Tx, http::Viewer};

use super::{LIST_MAX, Years, sparse};
use crate::{
    GenreId, TrackId,
    model::Track,
    service::{Error, fill},
    store::read::{
        genres,
        places::{self, Order, Place},
    },
    visibility,
};

/// Tracks of a genre whose numbers are read at once.
const STEP: u32 = 10_000;
/// The last year that anything can come out in.
const YEAR_MAX: u32 = 9_999;

/// Which tracks are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RandomFilter {
    /// Those of these years; of all times unless said, also of unknown ones.
    pub years: Option<Years>,
    /// Those of this genre or mood.
    pub genre: Option<GenreId>,
}

/// Tracks drawn at random, at most [`LIST_MAX`], each at most once; fewer when there are no more.
///
/// # Errors
/// Only faults.
pub async fn random_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    filter: RandomFilter,
    count: u32,
) -> Result<Vec<Track>, Error> {
    if let Some(genre) = filter.genre {
        let ids = draw_of_genre(ctx, viewer, genre, filter.years, count.min(LIST_MAX)).await?;
        return fill::tracks(ctx, viewer, ids).await;
    }
    let order = if filter.years.is_some() { Order::TrackDate } else { Order::TrackTitle };
    let ids = draw(ctx, viewer, order, filter.years, count.min(LIST_MAX)).await?;
    fill::tracks(ctx, viewer, ids).await
}

/// Draws identifiers from an order, or from some years of an order by date.
pub(super) async fn draw(
    ctx: &Ctx,
    viewer: &Viewer,
    order: Order,
    years: Option<Years>,
    count: u32,
) -> Result<Vec<i64>, Error> {
    let sparse = sparse::of(ctx, viewer, order).await?;
    let (start, end) = match years {
        Some(years) => sparse::range(ctx, viewer, &sparse, order, years).await?,
        None => (0, sparse.rows()),
    };
    let drawn = places_of(start, end, count, |bound| ctx.random().below(bound));
    let found = visibility::read(ctx, viewer, move |tx| {
        let wanted: Vec<(&Place, u64)> = drawn.iter().map(|offset| sparse.nearest(*offset)).collect();
        // What was hidden since the keys were made is not there any more.
        places::at(tx, order, &wanted)
    });
    let mut ids = found.await?;
    shuffle(&mut ids, |bound| ctx.random().below(bound));
    Ok(ids)
}

/// Draws tracks of a genre. Their numbers are read along its index, once, and each takes the place of one that was drawn
/// before with the chance that keeps all equally likely (Vitter's algorithm R), so that no more are kept than are drawn.
async fn draw_of_genre(
    ctx: &Ctx,
    viewer: &Viewer,
    genre: GenreId,
    years: Option<Years>,
    count: u32,
) -> Result<Vec<i64>, Error> {
    let count = count as usize;
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut drawn = Vec::with_capacity(count);
    let (mut seen, mut after) = (0_u64, TrackId(0));
    loop {
        let ids = move |tx: &mut Tx<'_>| genres::track_ids(tx, genre, dates(years), after, STEP);
        let step = visibility::read(ctx, viewer, ids).await?;
        let is_last = step.len() < STEP as usize;
        for id in step {
            (seen, after) = (seen + 1, id);
            if drawn.len() < count {
                drawn.push(id.0);
            } else if let Ok(place) = usize::try_from(ctx.random().below(seen))
                && place < count
            {
                drawn[place] = id.0;
            }
        }
        if is_last {
            break;
        }
    }
    shuffle(&mut drawn, |bound| ctx.random().below(bound));
    Ok(drawn)
}

/// From which date to before which one some years last, as dates are compared.
fn dates(years: Option<Years>) -> Option<(String, String)> {
    let year = |year: u32| format!("{:04}", year.clamp(1, YEAR_MAX));
    years.map(|years| {
        let last = years.latest().min(YEAR_MAX);
        let end = if last < YEAR_MAX { year(last + 1) } else { "99999".to_owned() };
        (year(years.earliest()), end)
    })
}

/// `count` different offsets from `start` to before `end`, every choice as likely as any other (Floyd's sampling).
fn places_of(start: u64, end: u64, count: u32, below: impl Fn(u64) -> u64) -> Vec<u64> {
    let all = end.saturating_sub(start);
    let count = u64::from(count).min(all);
    let mut drawn = BTreeSet::new();
    for last in all - count..all {
        let one = below(last + 1);
        if !drawn.insert(one) {
            drawn.insert(last);
        }
    }
    drawn.into_iter().map(|offset| start + offset).collect()
}

/// Puts them in any order, every one as likely (Fisher and Yates).
fn shuffle(ids: &mut [i64], below: impl Fn(u64) -> u64) {
    for at in (1..ids.len()).rev() {
        let other = usize::try_from(below(at as u64 + 1)).unwrap_or(at);
        ids.swap(at, other);
    }
}

#[cfg(test)]
mod tests {
    use kernel::random::Random;

    use super::*;

    #[test]
    fn every_place_is_drawn_as_often_as_any_other_and_none_twice() {
        let random = Random::seeded(7);
        let mut often = [0_u32; 20];
        for _ in 0..10_000 {
            let drawn = places_of(100, 120, 5, |bound| random.below(bound));
            assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 5);
            for place in drawn {
                often[usize::try_from(place - 100).expect("a small number")] += 1;
            }
        }
        // 2,500 each, with a standard deviation of 43.
        assert!(often.iter().all(|count| (2_300..2_700).contains(count)), "{often:?}");
    }

    #[test]
    fn whoever_wants_more_than_there_is_gets_all_of_it() {
        let random = Random::seeded(7);
        assert_eq!(places_of(3, 6, 500, |bound| random.below(bound)), [3, 4, 5]);
        assert!(places_of(3, 3, 500, |bound| random.below(bound)).is_empty());
    }

    #[test]
    fn a_shuffle_puts_each_in_every_place() {
        let random = Random::seeded(7);
        let mut first = [0_u32; 4];
        for _ in 0..4_000 {
            let mut ids = [0, 1, 2, 3];
            shuffle(&mut ids, |bound| random.below(bound));
            first[usize::try_from(ids[0]).expect("a small number")] += 1;
        }
        assert!(first.iter().all(|count| (880..1_120).contains(count)), "{first:?}");
    }
}
