//! What sounds alike: the vectors of everything that was heard, in memory, and what lies next to one of them.
//!
//! Every comparison is exact: all vectors are looked through, 48 bytes each. A million tracks take 68 MB and, on one core,
//! some tens of milliseconds; a hundred thousand a tenth of that. They are read from the catalogue when somebody first
//! asks, and again when something was heard since and enough time has passed for what it costs. What is here only
//! proposes: whether a track may be shown is decided when it is read.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kernel::{Ctx, Fault, Time, bus::Listener};

use crate::{
    TrackId,
    sound::{TOPIC_SOUND, VECTOR_DIMENSIONS},
    store,
};

/// Vectors that are read in one go, so that other readers get their turn.
const STEP: u32 = 5_000;
/// After something was heard they are read again once this many times the time has passed that it takes.
const REST_FACTOR: u32 = 20;
/// How old they get when nothing was heard of.
const AGE_MAX: Duration = Duration::from_hours(1);

/// What something sounds like.
pub(crate) type Vector = [i8; VECTOR_DIMENSIONS];

/// All vectors.
#[derive(Debug, Default)]
pub(crate) struct Vectors {
    ids: Vec<i64>,
    all: Vec<Vector>,
    /// 1 by the length of each.
    scales: Vec<f32>,
    /// The libraries in which each lies.
    scopes: Vec<i64>,
}

/// Which of all are looked through.
#[derive(Clone, Debug)]
pub(crate) struct Among {
    /// What the viewer may see, so that nobody notices how much lies near that is for others. It may be as old as the
    /// vectors; whether a track is shown is decided when it is read.
    pub(crate) scope: i64,
    /// These are left out.
    pub(crate) without: HashSet<i64>,
}

fn dot(one: &Vector, other: &Vector) -> f32 {
    let sum: i32 = one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
    // At most 48 times 128 squared, which is exact.
    #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
    let sum = sum as f32;
    sum
}

fn scale(vector: &Vector) -> f32 {
    let square = dot(vector, vector);
    if square > 0.0 { square.sqrt().recip() } else { 0.0 }
}

/// Reads a vector as it is kept; `None` when it is of another version or silent.
pub(crate) fn vector(bytes: &[u8]) -> Option<Vector> {
    let bytes: [u8; VECTOR_DIMENSIONS] = bytes.try_into().ok()?;
    let vector = bytes.map(u8::cast_signed);
    vector.iter().any(|part| *part != 0).then_some(vector)
}

/// The middle of several, each counting the same; `None` of none.
pub(crate) fn middle(of: &[Vector]) -> Option<Vector> {
    let mut sum = [0.0_f32; VECTOR_DIMENSIONS];
    for one in of {
        let scale = scale(one);
        sum.iter_mut().zip(one).for_each(|(sum, part)| *sum += f32::from(*part) * scale);
    }
    let most = sum.iter().fold(0.0_f32, |most, part| most.max(part.abs()));
    if most <= 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
    let middle = sum.map(|part| (part / most * 127.0).round() as i8);
    Some(middle)
}

impl Vectors {
    pub(crate) fn push(&mut self, id: TrackId, vector: Vector, scope: i64) {
        self.ids.push(id.0);
        self.scopes.push(scope);
        self.scales.push(scale(&vector));
        self.all.push(vector);
    }

    /// The cosine of each with one.
    fn cosines(&self, to: &Vector) -> Vec<f32> {
        let own = scale(to);
        self.all.iter().zip(&self.scales).map(|(one, scale)| dot(one, to) * scale * own).collect()
    }

    fn is_among(&self, place: usize, among: &Among) -> bool {
        self.scopes[place] & among.scope != 0 && !among.without.contains(&self.ids[place])
    }

    /// The nearest ones, the nearest first, each with its likeness from 0 to 1; of equals the older first.
    pub(crate) fn nearest(&self, to: &Vector, most: usize, among: &Among) -> Vec<(i64, f64)> {
        let cosines = self.cosines(to);
        let order =
            |a: &usize, b: &usize| cosines[*b].total_cmp(&cosines[*a]).then(self.ids[*a].cmp(&self.ids[*b]));
        let mut places: Vec<usize> =
            (0..self.ids.len()).filter(|place| self.is_among(*place, among)).collect();
        if places.len() > most && most > 0 {
            places.select_nth_unstable_by(most - 1, order);
        }
        places.truncate(most);
        places.sort_unstable_by(order);
        places.into_iter().map(|place| (self.ids[place], likeness(cosines[place]))).collect()
    }

    /// For each of `steps` places on the way from one to another, evenly apart, the nearest that was not taken for an
    /// earlier one, with its likeness to the beginning. The way is straight between both directions, so that what is
    /// near to a place follows from how near it is to both ends.
    pub(crate) fn between(&self, from: &Vector, to: &Vector, steps: usize, among: &Among) -> Vec<(i64, f64)> {
        let (near, far) = (self.cosines(from), self.cosines(to));
        let places = (0..self.ids.len()).filter(|place| self.is_among(*place, among)).collect();
        let mut free = foremost(places, &near, &far, steps);
        let mut way = Vec::with_capacity(steps);
        for step in 1..=steps {
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            let share = step as f32 / (steps + 1) as f32;
            let score = |place: usize| (1.0 - share) * near[place] + share * far[place];
            let order = |a: usize, b: usize| score(a).total_cmp(&score(b)).then(b.cmp(&a));
            let Some(at) = (0..free.len()).max_by(|a, b| order(free[*a], free[*b])) else { break };
            let next = free.swap_remove(at);
            way.push((self.ids[next], likeness(near[next])));
        }
        way
    }
}

/// Those of some places that may be among `most` which are taken one after the other, each as the best that is left by
/// some mixture of both cosines: one that as many others precede in both is never the best, since one of them is left.
fn foremost(mut places: Vec<usize>, near: &[f32], far: &[f32], most: usize) -> Vec<usize> {
    places.sort_unstable_by(|a, b| {
        near[*b].total_cmp(&near[*a]).then(far[*b].total_cmp(&far[*a])).then(a.cmp(b))
    });
    // Of those that come before in the first, the best in the second, falling.
    let mut best: Vec<f32> = Vec::with_capacity(most + 1);
    places.retain(|place| {
        let far = far[*place];
        let keep = best.len() < most || best.last().is_some_and(|least| far > *least);
        if keep {
            best.insert(best.partition_point(|one| *one >= far), far);
            best.truncate(most);
        }
        keep
    });
    places
}

/// How alike two are: 1 the same, 0 opposites.
fn likeness(cosine: f32) -> f64 {
    f64::midpoint(f64::from(cosine), 1.0).clamp(0.0, 1.0)
}

/// The same of two vectors.
pub(crate) fn alike(one: &Vector, other: &Vector) -> f64 {
    likeness(dot(one, other) * scale(one) * scale(other))
}

/// The vectors of one house.
struct Kept {
    heard: Mutex<Listener>,
    made: tokio::sync::Mutex<Option<Made>>,
}

struct Made {
    vectors: Arc<Vectors>,
    at: Time,
    took: Duration,
    /// Something was heard since.
    stale: bool,
}

impl Made {
    fn serves(&self, now: Time) -> bool {
        // A clock that was turned back tells no age.
        let age = if now < self.at { Duration::MAX } else { now.since(self.at) };
        age < if self.stale { (self.took * REST_FACTOR).min(AGE_MAX) } else { AGE_MAX }
    }
}

/// All vectors, read when they are needed; whoever asks meanwhile waits for the same.
pub(crate) async fn all(ctx: &Ctx) -> Result<Arc<Vectors>, Fault> {
    let kept =
        ctx.kept(|| Kept { heard: Mutex::new(ctx.bus().subscribe()), made: tokio::sync::Mutex::default() });
    let mut slot = kept.made.lock().await;
    let heard = kept.heard.lock().unwrap_or_else(PoisonError::into_inner).has_heard(TOPIC_SOUND);
    let begun = ctx.now();
    if let Some(made) = slot.as_mut() {
        made.stale |= heard;
        if made.serves(begun) {
            return Ok(Arc::clone(&made.vectors));
        }
    }
    let vectors = Arc::new(read(ctx).await?);
    let at = ctx.now();
    *slot = Some(Made { vectors: Arc::clone(&vectors), at, took: at.since(begun), stale: false });
    Ok(vectors)
}

async fn read(ctx: &Ctx) -> Result<Vectors, Fault> {
    let (mut vectors, mut after) = (Vectors::default(), TrackId(0));
    loop {
        let rows = ctx.db().read(move |tx| store::alike::vectors(tx, after, STEP)).await?;
        let is_last = rows.len() < STEP as usize;
        for (id, bytes, scope) in rows {
            after = id;
            if let Some(vector) = vector(&bytes) {
                vectors.push(id, vector, scope);
            }
        }
        if is_last {
            return Ok(vectors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toward(angle: f32) -> Vector {
        let mut vector = [0; VECTOR_DIMENSIONS];
        #[expect(clippy::cast_possible_truncation, reason = "between -100 and 100")]
        let parts = [(100.0 * angle.cos()) as i8, (100.0 * angle.sin()) as i8];
        vector[..2].copy_from_slice(&parts);
        vector
    }

    fn fan() -> Vectors {
        let mut all = Vectors::default();
        (0..10_u8)
            .for_each(|n| all.push(TrackId(i64::from(n) + 1), toward(f32::from(n) * 0.3), 1 << (n / 5)));
        all
    }

    fn among(without: &[i64]) -> Among {
        Among { scope: 3, without: without.iter().copied().collect() }
    }

    #[test]
    fn who_sees_a_part_finds_as_many_as_there_are_in_it() {
        let all = fan();
        let part = Among { scope: 2, without: HashSet::new() };
        let near = all.nearest(&toward(0.0), 3, &part);
        assert_eq!(near.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [6, 7, 8]);
        let way = all.between(&toward(0.0), &toward(1.5), 3, &part);
        assert!(way.len() == 3 && way.iter().all(|(id, _)| *id > 5), "{way:?}");
    }

    #[test]
    fn the_nearest_come_first_and_none_twice() {
        let all = fan();
        let ids = |found: Vec<(i64, f64)>| found.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(all.nearest(&toward(0.0), 3, &among(&[]))), [1, 2, 3]);
        assert_eq!(ids(all.nearest(&toward(0.0), 3, &among(&[1]))), [2, 3, 4]);
        assert_eq!(all.nearest(&toward(0.0), 100, &among(&[])).len(), 10);
        assert!(all.nearest(&toward(0.0), 0, &among(&[])).is_empty());
        let first = all.nearest(&toward(0.0), 1, &among(&[]))[0].1;
        assert!((first - 1.0).abs() < 1e-6, "{first}");
        assert!(alike(&toward(0.0), &toward(std::f32::consts::PI)) < 1e-3);
    }

    #[test]
    fn a_way_goes_from_one_to_the_other() {
        let ids: Vec<i64> = fan()
            .between(&toward(0.0), &toward(1.5), 3, &among(&[1, 6]))
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids.len(), 3);
        assert!(ids.is_sorted() && ids.iter().all(|id| (2..=5).contains(id)), "{ids:?}");
    }

    #[test]
    fn a_way_is_the_same_as_if_everything_were_looked_through_at_each_step() {
        let mut seed = 7_u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24).to_le_bytes()[0].cast_signed()
        };
        let mut all = Vectors::default();
        for id in 0..3_000 {
            let mut vector = [0; VECTOR_DIMENSIONS];
            vector[..6].fill_with(&mut next);
            // Some sound the same.
            all.push(TrackId(id), if id % 50 == 0 { toward(0.2) } else { vector }, 1 << (id % 3));
        }
        let (from, to) = (toward(0.0), toward(1.5));
        let without = among(&[50, 100]);
        for steps in [0, 1, 7, 98] {
            let (near, far) = (all.cosines(&from), all.cosines(&to));
            let mut free: Vec<usize> = (0..3_000).filter(|place| all.is_among(*place, &without)).collect();
            let mut slowly = Vec::new();
            for step in 1..=steps {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let share = step as f32 / (steps + 1) as f32;
                let score = |place: usize| (1.0 - share) * near[place] + share * far[place];
                let first = free.iter().copied().reduce(|a, b| if score(b) > score(a) { b } else { a });
                let first = first.expect("some are left");
                free.retain(|place| *place != first);
                slowly.push(all.ids[first]);
            }
            let way = all.between(&from, &to, steps, &without);
            assert_eq!(way.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), slowly, "{steps} steps");
        }
        let places: Vec<usize> = (0..3_000).collect();
        let left = foremost(places, &all.cosines(&from), &all.cosines(&to), 10);
        assert!(left.len() < 600, "most are never looked at again, but {} are", left.len());
    }

    #[test]
    fn the_middle_of_several_lies_between_them() {
        let middle = middle(&[toward(0.0), toward(1.0)]).expect("several");
        assert!(alike(&middle, &toward(0.5)) > 0.999);
        assert!(super::middle(&[]).is_none());
        assert!(vector(&[0; VECTOR_DIMENSIONS]).is_none() && vector(&[1; 3]).is_none());
    }
}
