//! What a feed says: RSS 2.0 with the iTunes and podcast namespaces, and Atom. Bytes in, plain values out.
//!
//! Everything in a feed is hostile. A document type and entities of its own are refused, depth is bounded, what is too
//! much is left out and what is too long is cut. HTML becomes plain text ([`plain`]); addresses are kept only when they
//! are such that a page may link to.

pub(crate) mod chapters;
pub(crate) mod opml;
pub(crate) mod plain;
mod read;
#[cfg(test)]
mod tests;
mod times;
mod xml;

use std::collections::HashMap;

pub(crate) use read::parse;

/// Episodes that are taken from one feed, the first ones in it.
pub(crate) const EPISODES_MAX: usize = 2_000;
/// Letters of a name.
pub(crate) const TITLE_MAX: usize = 300;
/// Letters of notes and descriptions.
pub(crate) const TEXT_MAX: usize = 10_000;
/// Bytes of an address.
pub(crate) const ADDRESS_MAX: usize = 2_048;

/// A feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Feed {
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) description: String,
    pub(crate) link: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) explicit: bool,
    /// How long what it says holds.
    pub(crate) ttl_minutes: Option<u64>,
    pub(crate) items: Vec<Item>,
}

/// An episode in a feed. One without a file is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    /// What the feed calls it by; empty when it does not.
    pub(crate) guid: String,
    pub(crate) title: String,
    pub(crate) notes: String,
    pub(crate) link: Option<String>,
    /// Microseconds since 1970.
    pub(crate) published_us: Option<i64>,
    pub(crate) duration_ms: u64,
    pub(crate) season: Option<u32>,
    pub(crate) number: Option<u32>,
    pub(crate) explicit: bool,
    pub(crate) enclosure: String,
    pub(crate) enclosure_bytes: u64,
    pub(crate) chapters: Option<String>,
    pub(crate) transcript: Option<String>,
}

impl Feed {
    /// The key of each item, by which it is known again. Where a feed calls several by the same, the file tells them
    /// apart, so that no episode hides another.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for item in &self.items {
            *seen.entry(&item.guid).or_default() += 1;
        }
        let key = |item: &Item| {
            let alone = !item.guid.is_empty() && seen.get(item.guid.as_str()) == Some(&1);
            let name =
                if alone { format!("g{}", item.guid) } else { format!("{}\n{}", item.guid, item.enclosure) };
            blake3::hash(name.as_bytes()).to_hex()[..32].to_owned()
        };
        self.items.iter().map(key).collect()
    }
}

/// An address that a page may link to and that may be asked, cut from what surrounds it.
pub(crate) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.get(..8)?.to_ascii_lowercase();
    let web = lower.starts_with("http://") || lower.starts_with("https://");
    let clean = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    (web && clean && text.len() <= ADDRESS_MAX).then(|| text.to_owned())
}
