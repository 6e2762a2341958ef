//! The index: for each kind a row of segments, the large and old ones first. What changes comes as a new segment, and
//! segments at the end that are not much smaller than their neighbour are made one with it, so that there are few.

use std::sync::Arc;

use super::{
    Kind,
    rank::{Best, Reach},
    segment::{Dead, Doc, Segment},
    words::Asked,
};

/// A segment is made one with the one before it unless that is this many times larger.
const STEP: usize = 3;

/// The index of everything.
#[derive(Clone, Default)]
pub(crate) struct Index {
    shelves: [Shelf; 4],
}

/// The index of one kind.
#[derive(Clone, Default)]
struct Shelf {
    parts: Vec<Part>,
}

#[derive(Clone)]
struct Part {
    segment: Arc<Segment>,
    dead: Arc<Dead>,
}

impl Index {
    /// Puts documents in, each in place of the one with its number, and takes `gone` out.
    pub(crate) fn put(&mut self, kind: Kind, docs: Vec<Doc>, gone: &[i64]) {
        let of_kind = &mut self.shelves[kind.place()];
        for part in &mut of_kind.parts {
            let changed = docs.iter().map(|doc| doc.id).chain(gone.iter().copied());
            let found: Vec<u32> = changed.filter_map(|id| part.segment.find(id)).collect();
            if found.iter().any(|doc| !part.dead.has(*doc)) {
                let dead = Arc::make_mut(&mut part.dead);
                for doc in found {
                    dead.add(doc);
                }
            }
        }
        if !docs.is_empty() {
            of_kind.parts.push(Part { segment: Arc::new(Segment::new(docs)), dead: Arc::default() });
        }
        of_kind.tidy();
    }

    /// The numbers of the documents of a kind that match best and are in one of the libraries of `scope`, the best
    /// first, at most `limit`.
    pub(crate) fn best(&self, kind: Kind, asked: &[Asked], scope: i64, limit: usize) -> Vec<i64> {
        if asked.is_empty() || limit == 0 {
            return Vec::new();
        }
        let parts = &self.shelves[kind.place()].parts;
        let mut found = Vec::new();
        for reach in [Reach::Whole, Reach::Begun, Reach::Forgiving] {
            let mut best = Best::new(asked, scope, limit);
            for part in parts {
                best.look(&part.segment, &part.dead, reach);
            }
            let full = best.is_full();
            found = best.into_ids();
            let forgiving = asked.iter().any(|word| word.edits_max > 0);
            if full || (reach == Reach::Begun && !forgiving) {
                break;
            }
        }
        found
    }

    /// Memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.shelves.iter().flat_map(|shelf| &shelf.parts).map(|part| part.segment.bytes()).sum()
    }

    /// How many things are found in it.
    pub(crate) fn len(&self) -> usize {
        self.shelves.iter().flat_map(|shelf| &shelf.parts).map(Part::living).sum()
    }
}

impl Shelf {
    fn tidy(&mut self) {
        self.parts.retain(|part| part.living() > 0);
        while let [.., before, last] = self.parts.as_slice() {
            if last.segment.len() * STEP < before.segment.len() {
                break;
            }
            let merged = merged(&[before, last]);
            self.parts.truncate(self.parts.len() - 2);
            self.parts.push(merged);
        }
        for part in &mut self.parts {
            if part.dead.count as usize * STEP > part.segment.len() {
                *part = merged(&[part]);
            }
        }
    }
}

impl Part {
    fn living(&self) -> usize {
        self.segment.len() - self.dead.count as usize
    }
}

fn merged(parts: &[&Part]) -> Part {
    let parts: Vec<(&Segment, &Dead)> = parts.iter().map(|part| (&*part.segment, &*part.dead)).collect();
    Part { segment: Arc::new(Segment::merged(&parts)), dead: Arc::default() }
}
