//! Which documents match, and which match best.
//!
//! Every word that is asked for must be found. What ranks is, in this order: fewer typos, fewer words of which only
//! the beginning was given, fewer words that are not of the thing's own name, a name that was named whole,
//! popularity, and the older number, so that the order is one and the same everywhere.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    segment::{Dead, Segment},
    trie::Match,
    words::{Asked, whole_of},
};

/// What orders the answers, the least first: typos, beginnings and words of others as one number; not named whole;
/// popularity; number in the house.
pub(crate) type Rank = (u32, bool, Reverse<u32>, i64);

/// Of so short a beginning each large segment remembers the best matches, since everybody types it and it begins very
/// much.
const SHORT: usize = 2;
/// How many it remembers of each.
const HEAD_MAX: usize = 256;
/// A segment of fewer documents is looked through soon enough.
const LARGE: usize = 10_000;

/// Below this share of a segment's documents a list of them is kept instead of a table.
const SPARSE: usize = 16;
/// In a table: the word was not found.
const ABSENT: u8 = u8::MAX;

/// What counts as a match. Whatever a wider reach adds comes after all that a narrower one has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Whole words.
    Whole,
    /// Also words that the open word begins.
    Begun,
    /// Also words with typos.
    Forgiving,
}

/// Collects the best.
pub(crate) struct Best<'a> {
    asked: &'a [Asked],
    scope: i64,
    whole: u8,
    limit: usize,
    kept: BinaryHeap<Rank>,
}

impl<'a> Best<'a> {
    /// Will keep at most `limit`, which is not zero, of what matches `asked` and is in one of the libraries of `scope`.
    pub(crate) fn new(asked: &'a [Asked], scope: i64, limit: usize) -> Self {
        Self { asked, scope, whole: whole_of(asked), limit: limit.max(1), kept: BinaryHeap::new() }
    }

    /// Whether there are as many as wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= self.limit
    }

    /// The numbers of the best, the best first.
    pub(crate) fn into_ids(self) -> Vec<i64> {
        self.kept.into_sorted_vec().into_iter().map(|(_, _, _, id)| id).collect()
    }

    /// Looks through one segment.
    pub(crate) fn look(&mut self, segment: &Segment, dead: &Dead, reach: Reach) {
        if !self.look_at_head(segment, dead, reach) {
            self.look_through(segment, dead, reach);
        }
    }

    /// Takes what the segment remembers of a short beginning; false when that is not enough.
    fn look_at_head(&mut self, segment: &Segment, dead: &Dead, reach: Reach) -> bool {
        let [asked] = self.asked else { return false };
        let short = asked.open && asked.word.chars().count() <= SHORT;
        if !short || reach != Reach::Begun || segment.len() < LARGE || self.limit > HEAD_MAX / 2 {
            return false;
        }
        let head = segment.head(self.scope, &asked.word, || {
            let mut best = Best::new(self.asked, self.scope, HEAD_MAX);
            best.look_through(segment, &Dead::default(), reach);
            best.kept.into_sorted_vec()
        });
        let living: Vec<&Rank> = head
            .iter()
            .filter(|rank| !segment.find(rank.3).is_some_and(|doc| dead.has(doc)))
            .take(self.limit)
            .collect();
        let enough = living.len() == self.limit || head.len() < HEAD_MAX;
        if enough {
            for rank in living {
                self.keep(*rank);
            }
        }
        enough
    }

    fn look_through(&mut self, segment: &Segment, dead: &Dead, reach: Reach) {
        let mut found: Vec<Found> = Vec::with_capacity(self.asked.len());
        for asked in self.asked {
            let mut matches = Vec::new();
            segment.words().exact(&asked.word, asked.open && reach > Reach::Whole, &mut matches);
            if reach == Reach::Forgiving && asked.edits_max > 0 {
                segment.words().misspelled(&asked.word, asked.open, asked.edits_max, &mut matches);
            }
            if matches.is_empty() {
                return;
            }
            let weight = matches.iter().map(|matched| segment.weight(*matched)).sum();
            found.push(Found { matches, weight });
        }
        // The rarest first: the fewer candidates, the less is left to do.
        found.sort_by_key(|found| found.weight);
        let Some((rarest, rest)) = found.split_first() else { return };
        let mut table = Vec::new();
        if rest.is_empty() && rarest.weight > segment.len() / SPARSE {
            rarest.fill(segment, &mut table);
            let there = (0_u32..).zip(&table).filter(|(_, cost)| **cost != ABSENT);
            return there.for_each(|(doc, cost)| self.offer(segment, dead, doc, spread(*cost)));
        }
        let mut candidates = rarest.candidates(segment, &mut table);
        for word in rest {
            word.fill(segment, &mut table);
            candidates.retain_mut(|(doc, sum)| {
                let cost = table[*doc as usize];
                *sum += spread(cost);
                cost != ABSENT
            });
        }
        for (doc, sum) in candidates {
            self.offer(segment, dead, doc, sum);
        }
    }

    fn offer(&mut self, segment: &Segment, dead: &Dead, doc: u32, sum: u32) {
        // Most are worse than what is kept, and this tells it soonest.
        if self.is_full() && self.kept.peek().is_some_and(|worst| sum > worst.0) {
            return;
        }
        let all_of_name = sum.trailing_zeros() >= u8::BITS;
        let whole = all_of_name && segment.whole(doc) == self.whole;
        let rank: Rank = (sum, !whole, Reverse(segment.popularity(doc)), segment.id(doc));
        let wanted = !self.is_full() || self.kept.peek().is_some_and(|worst| rank < *worst);
        if wanted && segment.scope(doc) & self.scope != 0 && !dead.has(doc) {
            self.keep(rank);
        }
    }

    fn keep(&mut self, rank: Rank) {
        if !self.is_full() {
            self.kept.push(rank);
        } else if self.kept.peek().is_some_and(|worst| rank < *worst) {
            self.kept.pop();
            self.kept.push(rank);
        }
    }
}

/// The words of a segment that match one that was asked for.
struct Found {
    matches: Vec<Match>,
    weight: usize,
}

impl Found {
    /// Every document with one of the words, and the least that it costs.
    fn candidates(&self, segment: &Segment, table: &mut Vec<u8>) -> Vec<(u32, u32)> {
        if self.weight > segment.len() / SPARSE {
            self.fill(segment, table);
            let there = (0_u32..).zip(&*table).filter(|(_, cost)| **cost != ABSENT);
            return there.map(|(doc, cost)| (doc, spread(*cost))).collect();
        }
        let mut candidates: Vec<(u32, u32)> = Vec::with_capacity(self.weight);
        for matched in &self.matches {
            let cost = cost(*matched);
            for word in matched.first..matched.end {
                segment.each(word, |doc, other| candidates.push((doc, spread(cost | u8::from(other)))));
            }
        }
        candidates.sort_unstable();
        candidates.dedup_by_key(|(doc, _)| *doc);
        candidates
    }

    /// The least cost of every document of the segment.
    fn fill(&self, segment: &Segment, table: &mut Vec<u8>) {
        table.clear();
        table.resize(segment.len(), ABSENT);
        for matched in &self.matches {
            let cost = cost(*matched);
            for word in matched.first..matched.end {
                segment.each(word, |doc, other| {
                    let known = &mut table[doc as usize];
                    *known = (*known).min(cost | u8::from(other));
                });
            }
        }
    }
}

/// Typos before beginnings; the last bit is for words of others.
fn cost(matched: Match) -> u8 {
    matched.edits << 2 | u8::from(matched.begun) << 1
}

/// The same with room to be added up: at most [`super::words::ASKED_MAX`] words, two typos each.
fn spread(cost: u8) -> u32 {
    u32::from(cost >> 2) << 16 | u32::from(cost >> 1 & 1) << 8 | u32::from(cost & 1)
}
