//! Rules held against tracks as they stream by, keeping no more than the playlist may hold.

use std::cmp::Ordering;

use super::{
    Field, SortBy,
    compile::{Check, Compiled, Node},
};
use crate::{AlbumId, TrackId, fold};

/// What is known of a track.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) album_id: Option<AlbumId>,
    pub(crate) album: Option<String>,
    /// Only filled in when a rule asks.
    pub(crate) artists: Vec<String>,
    /// Only filled in when a rule asks.
    pub(crate) album_artists: Vec<String>,
    /// Only filled in when a rule asks.
    pub(crate) genres: Vec<String>,
    pub(crate) year: Option<i64>,
    pub(crate) added_us: i64,
    pub(crate) duration_ms: u64,
    pub(crate) codec: String,
    pub(crate) bitrate_kbps: i64,
    pub(crate) disc: i64,
    pub(crate) number: Option<i64>,
    pub(crate) library: Option<i64>,
    /// Only filled in when a rule asks.
    pub(crate) mark: Mark,
}

/// What a listener thinks of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) favourite: bool,
    pub(crate) rating: i64,
    pub(crate) plays: i64,
    pub(crate) played_us: Option<i64>,
}

/// A track that fits and has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    pub(crate) id: TrackId,
    pub(crate) duration_ms: u64,
}

/// What a track is put in order by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// What is not known comes first.
    None,
    Number(i64),
    Text(String),
}

struct Held {
    picked: Picked,
    limit_keys: Vec<Key>,
    sort_keys: Vec<Key>,
}

/// Lets through what fits, and keeps what the playlist may hold of it.
pub(crate) struct Sieve<'a> {
    rules: &'a Compiled,
    held: Vec<Held>,
    matching: u64,
}

impl<'a> Sieve<'a> {
    pub(crate) fn new(rules: &'a Compiled) -> Self {
        Self { rules, held: Vec::new(), matching: 0 }
    }

    /// Looks at one more track.
    pub(crate) fn take(&mut self, facts: &Facts) {
        if !self.rules.root.fits(facts) {
            return;
        }
        self.matching += 1;
        let keys = |by: &[SortBy]| by.iter().map(|by| key(by.field, facts, self.rules.day)).collect();
        self.held.push(Held {
            picked: Picked { id: TrackId(facts.id), duration_ms: facts.duration_ms },
            limit_keys: keys(&self.rules.limit_by),
            sort_keys: keys(&self.rules.sort),
        });
        // Twice what is wanted, so that sorting is paid once in as many tracks.
        if self.held.len() >= 2 * self.rules.count_max + 1_000 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let by = &self.rules.limit_by;
        self.held.sort_unstable_by(|a, b| {
            compared(by, &a.limit_keys, &b.limit_keys).then(a.picked.id.cmp(&b.picked.id))
        });
        self.held.truncate(self.rules.count_max);
    }

    /// How many fit, and those that are kept, in their order.
    pub(crate) fn end(mut self) -> (u64, Vec<Picked>) {
        self.cut();
        if let Some(ms_max) = self.rules.ms_max {
            let mut sum = 0;
            let whole = self.held.iter().take_while(|held| {
                sum += held.picked.duration_ms;
                sum <= ms_max
            });
            let whole = whole.count();
            self.held.truncate(whole);
        }
        let by = &self.rules.sort;
        self.held.sort_unstable_by(|a, b| {
            compared(by, &a.sort_keys, &b.sort_keys).then(a.picked.id.cmp(&b.picked.id))
        });
        (self.matching, self.held.into_iter().map(|held| held.picked).collect())
    }
}

fn compared(by: &[SortBy], a: &[Key], b: &[Key]) -> Ordering {
    let pairs = by.iter().zip(a.iter().zip(b));
    let each = pairs.map(|(by, (a, b))| if by.descending { b.cmp(a) } else { a.cmp(b) });
    each.fold(Ordering::Equal, Ordering::then)
}

fn key(field: Field, facts: &Facts, day: i64) -> Key {
    if field == Field::Random {
        let hash = blake3::hash(&[day.to_le_bytes(), facts.id.to_le_bytes()].concat());
        let bytes: [u8; 8] = hash.as_bytes()[..8].try_into().unwrap_or_default();
        return Key::Number(i64::from_le_bytes(bytes));
    }
    if let Some(number) = number(field, facts) {
        return Key::Number(number);
    }
    texts(field, facts).next().map_or(Key::None, |text| Key::Text(fold::loose(text)))
}

impl Node {
    pub(super) fn fits(&self, facts: &Facts) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.fits(facts)),
            Self::Any(nodes) => nodes.iter().any(|node| node.fits(facts)),
            Self::Test { field, check, negate } => check.holds(*field, facts) != *negate,
        }
    }
}

impl Check {
    fn holds(&self, field: Field, facts: &Facts) -> bool {
        let any = |test: &dyn Fn(&str) -> bool| texts(field, facts).any(|text| test(&fold::loose(text)));
        match self {
            Self::Is(value) => any(&|text| text == value),
            Self::Contains(value) => any(&|text| text.contains(value.as_str())),
            Self::Begins(value) => any(&|text| text.starts_with(value.as_str())),
            Self::Ends(value) => any(&|text| text.ends_with(value.as_str())),
            Self::Range(from, to) => {
                number(field, facts).is_some_and(|number| (from..=to).contains(&&number))
            }
            Self::Flag(wanted) => facts.mark.favourite == *wanted,
        }
    }
}

fn number(field: Field, facts: &Facts) -> Option<i64> {
    match field {
        Field::Year => facts.year,
        Field::Added => Some(facts.added_us),
        Field::Duration => i64::try_from(facts.duration_ms / 1000).ok(),
        Field::Bitrate => Some(facts.bitrate_kbps),
        Field::Favourite => Some(i64::from(facts.mark.favourite)),
        Field::Rating => Some(facts.mark.rating),
        Field::Plays => Some(facts.mark.plays),
        Field::LastPlayed => facts.mark.played_us,
        Field::Disc => Some(facts.disc),
        Field::Number => facts.number,
        Field::Library => facts.library,
        _ => None,
    }
}

fn texts(field: Field, facts: &Facts) -> impl Iterator<Item = &str> {
    let (one, many): (Option<&str>, &[String]) = match field {
        Field::Title => (Some(&facts.title), &[]),
        Field::Album => (facts.album.as_deref(), &[]),
        Field::Codec => (Some(&facts.codec), &[]),
        Field::Artist => (None, &facts.artists),
        Field::AlbumArtist => (None, &facts.album_artists),
        Field::Genre => (None, &facts.genres),
        _ => (None, &[]),
    };
    one.into_iter().chain(many.iter().map(String::as_str))
}
