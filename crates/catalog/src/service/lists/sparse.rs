//! The key of every 512th row of an order, in memory: the nearest known place before any offset.
//!
//! It is made when a far offset is first asked for, by as many short steps along the order's index as it has keys (a
//! million rows take a tenth of a second on SQLite, two tenths on PostgreSQL), and shared by all who ask. It is made
//! again when the catalogue has changed: at once as long as that takes less than a twentieth of the time, so after
//! some seconds in a large house while a scan runs. Changes that another process made without a word on the bus are
//! met within a minute.
//!
//! A key is at most some 300 bytes and there are at most 8,192 of an order, so that it takes 2.4 MB at the very most;
//! a million rows with ordinary titles take 0.2 MB. Beyond four million rows every second key is dropped.
//!
//! What is listed depends on the libraries that somebody sees, and so do the keys. All who see the same share them;
//! eight sets of an order are kept, and whoever comes with a ninth has one made in place of the one that served longest
//! ago.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use kernel::{Ctx, Fault, Time, bus::Listener, db::Tx, http::Viewer};

use super::Years;
use crate::{
    access,
    model::TOPIC_CATALOG,
    service::Error,
    store::read::places::{self, Order, Place},
    visibility,
};

/// Rows from one key to the next, as long as there are not too many keys.
const STEP: u64 = 512;
/// Keys of one order that are kept.
const KEYS_MAX: usize = 8_192;
/// Sets of keys of one order that are kept, one for each set of libraries that somebody sees.
const SETS_MAX: usize = 8;
/// Keys that are looked up in one go, so that other readers get their turn.
const KEYS_AT_ONCE: usize = 64;
/// After a change the keys are made again once this many times the time has passed that it takes …
const REST_FACTOR: u32 = 20;
/// … and at the latest after this.
const REST_MAX: Duration = Duration::from_secs(5);
/// How old they get when no change is heard of.
const AGE_MAX: Duration = Duration::from_mins(1);

/// The keys of one order.
#[derive(Debug)]
pub(super) struct Sparse {
    /// Rows from one key to the next.
    step: u64,
    /// `keys[n]` is that of the row before which there are `n * step - 1`; the first is before all rows.
    keys: Vec<Place>,
    /// Rows in the whole order.
    rows: u64,
}

impl Sparse {
    /// The nearest place before the row at `offset`, and how many rows to pass over from there.
    pub(super) fn nearest(&self, offset: u64) -> (&Place, u64) {
        let last = self.keys.len() - 1;
        let at = usize::try_from(offset / self.step).unwrap_or(last).min(last);
        // Beyond the end it doesn't matter how far: a few rows more than there are.
        let skip = (offset - at as u64 * self.step).min(2 * self.step);
        (&self.keys[at], skip)
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }
}

/// All orders of one house.
struct Kept {
    heard: Mutex<Listener>,
    /// Counts the changes of the catalogue that were heard of.
    changes: AtomicU64,
    orders: [tokio::sync::Mutex<Vec<Made>>; Order::COUNT],
}

#[derive(Clone)]
struct Made {
    /// For those who see this.
    scope: i64,
    sparse: Arc<Sparse>,
    /// The changes that had been heard of before it was begun.
    changes: u64,
    at: Time,
    took: Duration,
}

impl Made {
    /// Whether it still serves.
    fn serves(&self, changes: u64, now: Time) -> bool {
        serve(self.changes != changes, self.at, self.took, now)
    }
}

/// Whether keys still serve that were made at a time and took so long.
pub(super) fn serve(changed: bool, at: Time, took: Duration, now: Time) -> bool {
    // A clock that was turned back tells no age.
    let age = if now < at { Duration::MAX } else { now.since(at) };
    let rest = (took * REST_FACTOR).min(REST_MAX);
    age < if changed { rest } else { AGE_MAX }
}

/// The keys of an order as this viewer sees it, made when they are needed; whoever asks meanwhile waits for the same.
pub(super) async fn of(ctx: &Ctx, viewer: &Viewer, order: Order) -> Result<Arc<Sparse>, Error> {
    let kept = ctx.kept(|| Kept {
        heard: Mutex::new(ctx.bus().subscribe()),
        changes: AtomicU64::new(0),
        orders: Default::default(),
    });
    let scope = access::scope_of(ctx, viewer).await?;
    let mut sets = kept.orders[order as usize].lock().await;
    if kept.heard.lock().unwrap_or_else(PoisonError::into_inner).has_heard(TOPIC_CATALOG) {
        kept.changes.fetch_add(1, SeqCst);
    }
    let (changes, begun) = (kept.changes.load(SeqCst), ctx.now());
    // The one that served last is the last.
    let known = sets.iter().position(|made| made.scope == scope).map(|at| sets.remove(at));
    let made = if let Some(made) = known.filter(|made| made.serves(changes, begun)) {
        made
    } else {
        let walk: Walk = Arc::new(move |tx, from, skip, limit| places::walk(tx, order, from, skip, limit));
        let sparse = Arc::new(make(ctx, scope, order.start(), &walk).await?);
        let at = ctx.now();
        Made { scope, sparse, changes, at, took: at.since(begun) }
    };
    let sparse = Arc::clone(&made.sparse);
    if sets.len() >= SETS_MAX {
        sets.remove(0);
    }
    sets.push(made);
    Ok(sparse)
}

/// Reads up to so many places of an order after one, once so many were passed over.
pub(super) type Walk = Arc<dyn Fn(&mut Tx<'_>, &Place, i64, u32) -> Result<Vec<Place>, Fault> + Send + Sync>;

/// Walks an order from its start, once.
pub(super) async fn make(ctx: &Ctx, scope: i64, start: Place, walk: &Walk) -> Result<Sparse, Fault> {
    let mut sparse = Sparse { step: STEP, keys: vec![start], rows: 0 };
    loop {
        let (from, step) = (sparse.keys[sparse.keys.len() - 1].clone(), sparse.step);
        let walk = Arc::clone(walk);
        let found = ctx.db().read(move |tx| {
            tx.see(scope);
            let mut keys = Vec::with_capacity(KEYS_AT_ONCE);
            let skip = i64::try_from(step).unwrap_or(i64::MAX) - 1;
            while keys.len() < KEYS_AT_ONCE {
                let from = keys.last().unwrap_or(&from);
                let Some(next) = walk(tx, from, skip, 1)?.pop() else { break };
                keys.push(next);
            }
            let most = u32::try_from(step).unwrap_or(u32::MAX);
            let last = keys.last().unwrap_or(&from);
            let ended = keys.len() < KEYS_AT_ONCE;
            let tail = if ended { walk(tx, last, 0, most)?.len() } else { 0 };
            Ok::<_, Fault>((keys, ended, tail))
        });
        let (keys, ended, tail) = found.await?;
        sparse.keys.extend(keys);
        if ended {
            sparse.rows = (sparse.keys.len() as u64 - 1) * sparse.step + tail as u64;
            return Ok(sparse);
        }
        if sparse.keys.len() > KEYS_MAX {
            // The first stands before all rows, so that every second one is twice as far from it.
            let mut at = 0_usize;
            sparse.keys.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            sparse.step *= 2;
        }
    }
}

/// From which offset to which one the rows of some years are, in an order by date.
pub(super) async fn range(
    ctx: &Ctx,
    viewer: &Viewer,
    sparse: &Sparse,
    order: Order,
    years: Years,
) -> Result<(u64, u64), Error> {
    let start = before(ctx, viewer, sparse, order, years.earliest()).await?;
    let end = before(ctx, viewer, sparse, order, years.latest().saturating_add(1)).await?;
    Ok((start, end.max(start)))
}

/// How many rows there are before a year.
async fn before(ctx: &Ctx, viewer: &Viewer, sparse: &Sparse, order: Order, year: u32) -> Result<u64, Error> {
    // Dates have years of four digits, and those without a date do not count as of any year.
    let year = year.max(1);
    if year > 9_999 {
        return Ok(sparse.rows());
    }
    let end = match order {
        Order::TrackDate => Place { text: format!("{year:04}").into_bytes(), number: 0, id: 0 },
        _ => Place { text: Vec::new(), number: i64::from(year) * 10_000, id: 0 },
    };
    let at = sparse.keys.partition_point(|key| *key < end).saturating_sub(1);
    let (from, most) = (sparse.keys[at].clone(), u32::try_from(sparse.step).unwrap_or(u32::MAX));
    let found = visibility::read(ctx, viewer, move |tx| places::count_before(tx, order, &from, &end, most));
    Ok(at as u64 * sparse.step + found.await.map_err(Error::Fault)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(at: Time, took: Duration) -> Made {
        let sparse = Sparse { step: STEP, keys: vec![Order::TrackTitle.start()], rows: 0 };
        Made { scope: 1, sparse: Arc::new(sparse), changes: 3, at, took }
    }

    #[test]
    fn keys_serve_until_a_change_and_in_a_large_house_a_little_longer() {
        let begin = Time(1_000_000_000_000);
        let after = |seconds| begin.plus(Duration::from_secs(seconds));
        let (quick, slow) = (made(begin, Duration::ZERO), made(begin, Duration::from_millis(100)));
        assert!(quick.serves(3, begin) && quick.serves(3, after(59)));
        assert!(!quick.serves(3, after(60)), "another process may have changed something");
        assert!(!quick.serves(4, begin), "what costs nothing is made again at once");
        assert!(slow.serves(4, after(1)) && !slow.serves(4, after(2)));
        let slowest = made(begin, Duration::from_secs(10));
        assert!(slowest.serves(4, after(4)) && !slowest.serves(4, after(5)));
        assert!(!slow.serves(3, Time(0)), "a clock that was turned back tells no age");
    }
}
