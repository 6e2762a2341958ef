//! An unchanging part of the index: documents of one kind in order of their numbers, and for each word the documents
//! that hold it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    rank::Rank,
    trie::{Match, Words},
};

/// Words of a document that count.
pub(crate) const DOC_WORDS_MAX: usize = 512;

/// Short beginnings of which a segment remembers the best matches; when there are more, all are forgotten.
const HEADS_MAX: usize = 1024;

/// A thing as it is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Doc {
    pub(crate) id: i64,
    pub(crate) popularity: u32,
    /// The libraries in which it is.
    pub(crate) scope: i64,
    /// How many words it takes to name it whole.
    pub(crate) whole: u8,
    /// Words of its own name.
    pub(crate) name: Vec<String>,
    /// Words of what it belongs to.
    pub(crate) other: Vec<String>,
}

/// Documents and words, made once and never changed.
#[derive(Default)]
pub(crate) struct Segment {
    ids: Vec<i64>,
    popularity: Vec<u32>,
    scopes: Scopes,
    whole: Vec<u8>,
    words: Words,
    /// Where each word's list begins in `lists`, and where the last one ends.
    starts: Vec<u32>,
    /// For each word its documents in order: twice the distance from the one before, as a number of seven bits a
    /// byte, plus one when the word is not of its own name.
    lists: Vec<u8>,
    heads: Mutex<Heads>,
}

/// The best matches of short beginnings, by what the asker sees and by the beginning.
type Heads = HashMap<(i64, String), Arc<Vec<Rank>>>;

/// The scope of each document. There are few different ones, so each is kept once.
#[derive(Default)]
struct Scopes {
    different: Vec<i64>,
    /// For each document which of them.
    which: Vec<u32>,
}

impl Scopes {
    fn new(scopes: impl Iterator<Item = i64>) -> Self {
        let mut places = HashMap::new();
        let mut made = Self::default();
        for scope in scopes {
            let place = *places.entry(scope).or_insert_with(|| {
                made.different.push(scope);
                u32::try_from(made.different.len() - 1).unwrap_or(0)
            });
            made.which.push(place);
        }
        made.which.shrink_to_fit();
        made
    }

    fn of(&self, doc: u32) -> i64 {
        self.different[self.which[doc as usize] as usize]
    }
}

/// Numbers of documents that are no longer what is shown.
#[derive(Clone, Default)]
pub(crate) struct Dead {
    bits: Vec<u64>,
    pub(crate) count: u32,
}

impl Dead {
    pub(crate) fn has(&self, doc: u32) -> bool {
        self.bits.get(doc as usize / 64).is_some_and(|bits| bits >> (doc % 64) & 1 == 1)
    }

    pub(crate) fn add(&mut self, doc: u32) {
        let at = doc as usize / 64;
        if self.bits.len() <= at {
            self.bits.resize(at + 1, 0);
        }
        let bit = 1 << (doc % 64);
        self.count += u32::from(self.bits[at] & bit == 0);
        self.bits[at] |= bit;
    }
}

impl Segment {
    /// Makes a segment of documents; of several with one number the last counts.
    pub(crate) fn new(mut docs: Vec<Doc>) -> Self {
        docs.sort_by_key(|doc| doc.id);
        docs.reverse();
        docs.dedup_by_key(|doc| doc.id);
        docs.reverse();
        let mut lists: HashMap<&str, Vec<u32>> = HashMap::new();
        for (number, doc) in (0_u32..).zip(&docs) {
            let names = doc.name.iter().map(|word| (word, 0));
            let others = doc.other.iter().map(|word| (word, 1));
            for (word, other) in names.chain(others).take(DOC_WORDS_MAX) {
                let list = lists.entry(word).or_default();
                // The name comes first, and a word counts once.
                if list.last().is_none_or(|last| last >> 1 != number) {
                    list.push(number << 1 | other);
                }
            }
        }
        let mut lists: Vec<(&str, Vec<u32>)> = lists.into_iter().collect();
        lists.sort_unstable_by_key(|(word, _)| *word);
        let mut made = Maker::default();
        let words = Words::new(lists.iter().map(|(word, _)| *word));
        for (_, list) in &lists {
            made.list(list);
        }
        made.segment(
            docs.iter().map(|doc| doc.id).collect(),
            docs.iter().map(|doc| doc.popularity).collect(),
            Scopes::new(docs.iter().map(|doc| doc.scope)),
            docs.iter().map(|doc| doc.whole).collect(),
            words,
        )
    }

    /// One segment of several, without their dead documents.
    pub(crate) fn merged(parts: &[(&Self, &Dead)]) -> Self {
        let (living, numbers) = renumbered(parts);
        let mut heads: Vec<u32> = vec![0; parts.len()];
        let (mut text, mut ends) = (String::new(), Vec::new());
        let (mut made, mut list) = (Maker::default(), Vec::new());
        loop {
            let next = parts.iter().zip(&heads).filter(|((part, _), head)| **head < part.words.len());
            let Some(word) = next.map(|((part, _), head)| part.words.word(*head)).min() else { break };
            list.clear();
            for ((part, _), (head, numbers)) in parts.iter().zip(heads.iter_mut().zip(&numbers)) {
                if *head < part.words.len() && part.words.word(*head) == word {
                    part.each(*head, |doc, other| {
                        if let Some(number) = numbers[doc as usize] {
                            list.push(number << 1 | u32::from(other));
                        }
                    });
                    *head += 1;
                }
            }
            if !list.is_empty() {
                list.sort_unstable();
                made.list(&list);
                text.push_str(word);
                ends.push(text.len());
            }
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let words = Words::new(starts.zip(&ends).map(|(start, end)| &text[start..*end]));
        let of = |at: &(usize, u32)| (parts[at.0].0, at.1 as usize);
        made.segment(
            living.iter().map(|at| of(at).0.ids[of(at).1]).collect(),
            living.iter().map(|at| of(at).0.popularity[of(at).1]).collect(),
            Scopes::new(living.iter().map(|at| of(at).0.scopes.of(at.1))),
            living.iter().map(|at| of(at).0.whole[of(at).1]).collect(),
            words,
        )
    }

    /// How many documents, dead ones included.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        17 * self.ids.len() + self.words.bytes() + 4 * self.starts.len() + self.lists.len()
    }

    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    pub(crate) fn id(&self, doc: u32) -> i64 {
        self.ids[doc as usize]
    }

    pub(crate) fn popularity(&self, doc: u32) -> u32 {
        self.popularity[doc as usize]
    }

    /// The libraries in which a document is.
    pub(crate) fn scope(&self, doc: u32) -> i64 {
        self.scopes.of(doc)
    }

    pub(crate) fn whole(&self, doc: u32) -> u8 {
        self.whole[doc as usize]
    }

    /// The document with this number of the house.
    pub(crate) fn find(&self, id: i64) -> Option<u32> {
        self.ids.binary_search(&id).ok().and_then(|at| u32::try_from(at).ok())
    }

    /// The best matches of a short beginning for those who see these libraries, found by `find` when they are asked for first.
    pub(crate) fn head(&self, scope: i64, asked: &str, find: impl FnOnce() -> Vec<Rank>) -> Arc<Vec<Rank>> {
        let key = (scope, asked.to_owned());
        let heads = || self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = heads().get(&key) {
            return Arc::clone(head);
        }
        let head = Arc::new(find());
        let mut heads = heads();
        if heads.len() >= HEADS_MAX {
            heads.clear();
        }
        heads.insert(key, Arc::clone(&head));
        head
    }

    /// How long the lists of these words are together, in bytes.
    pub(crate) fn weight(&self, matched: Match) -> usize {
        (self.starts[matched.end as usize] - self.starts[matched.first as usize]) as usize
    }

    /// Each document of a word, and whether the word is of what it belongs to.
    pub(crate) fn each(&self, word: u32, mut see: impl FnMut(u32, bool)) {
        let (start, end) = (self.starts[word as usize], self.starts[word as usize + 1]);
        let mut doc = 0_u32;
        let (mut number, mut shift) = (0_u32, 0);
        for &byte in &self.lists[start as usize..end as usize] {
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 != 0 {
                shift += 7;
                continue;
            }
            doc += number >> 1;
            see(doc, number & 1 == 1);
            (number, shift) = (0, 0);
        }
    }
}

/// For each document of a part its number in the merged segment; `None` for a dead one.
type NewNumbers = Vec<Option<u32>>;

/// The living documents of all parts in order of their numbers in the house, and for each part the new number of
/// each of its documents.
fn renumbered(parts: &[(&Segment, &Dead)]) -> (Vec<(usize, u32)>, Vec<NewNumbers>) {
    let mut living: Vec<(usize, u32)> = Vec::new();
    for (part, (segment, dead)) in parts.iter().enumerate() {
        living.extend((0_u32..).take(segment.len()).filter(|doc| !dead.has(*doc)).map(|doc| (part, doc)));
    }
    living.sort_unstable_by_key(|(part, doc)| parts[*part].0.id(*doc));
    let mut numbers: Vec<NewNumbers> = parts.iter().map(|(part, _)| vec![None; part.len()]).collect();
    for (number, (part, doc)) in (0_u32..).zip(&living) {
        numbers[*part][*doc as usize] = Some(number);
    }
    (living, numbers)
}

/// Writes the lists of a segment.
#[derive(Default)]
struct Maker {
    starts: Vec<u32>,
    lists: Vec<u8>,
}

impl Maker {
    fn list(&mut self, list: &[u32]) {
        self.start();
        let mut before = 0;
        for entry in list {
            let mut number = ((entry >> 1) - before) << 1 | (entry & 1);
            before = entry >> 1;
            while number >= 0x80 {
                self.lists.push(number.to_le_bytes()[0] | 0x80);
                number >>= 7;
            }
            self.lists.push(number.to_le_bytes()[0]);
        }
    }

    fn start(&mut self) {
        self.starts
            .push(u32::try_from(self.lists.len()).expect("a segment's lists are below four gigabytes"));
    }

    fn segment(
        mut self,
        ids: Vec<i64>,
        popularity: Vec<u32>,
        scopes: Scopes,
        whole: Vec<u8>,
        words: Words,
    ) -> Segment {
        self.start();
        self.lists.shrink_to_fit();
        self.starts.shrink_to_fit();
        Segment {
            ids,
            popularity,
            scopes,
            whole,
            words,
            starts: self.starts,
            lists: self.lists,
            heads: Mutex::default(),
        }
    }
}
