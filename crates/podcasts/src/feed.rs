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

use std::collections::{HashMap, HashSet};

use kernel::Fault;
use tokio::sync::Semaphore;

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
    /// The key of each item, by which it is known again. Where a feed calls several by the same, the one that came
    /// first keeps it, and the file tells the others apart, so that no episode hides another.
    pub(crate) fn keys(&self) -> Vec<String> {
        // From the oldest: a newcomer takes no name that another bears already.
        let mut order: Vec<usize> = (0..self.items.len()).rev().collect();
        order.sort_by_key(|at| self.items[*at].published_us.unwrap_or(i64::MAX));
        let mut links: HashMap<&str, u32> = HashMap::new();
        for link in self.items.iter().filter_map(|item| item.link.as_deref()) {
            *links.entry(link).or_default() += 1;
        }
        let (mut taken, mut keys) = (HashSet::new(), vec![String::new(); self.items.len()]);
        for at in order {
            let item = &self.items[at];
            let own = item.link.as_deref().filter(|link| links.get(link) == Some(&1));
            let mut name = name_of(item, own);
            if !taken.insert(name.clone()) {
                name = format!("{name}\n{}", item.enclosure);
                let _ = taken.insert(name.clone());
            }
            blake3::hash(name.as_bytes()).to_hex()[..32].clone_into(&mut keys[at]);
        }
        keys
    }
}

/// What an item is called by: its `guid`, else the page that is its alone, else its name and date, else its file
/// without the part of the address that changes from reading to reading.
fn name_of(item: &Item, own_page: Option<&str>) -> String {
    match (item.guid.as_str(), own_page, item.published_us) {
        ("", Some(page), _) => format!("l{page}"),
        ("", None, Some(published)) if !item.title.is_empty() => format!("t{published}\n{}", item.title),
        ("", ..) => format!("f{}", item.enclosure.split(['?', '#']).next().unwrap_or_default()),
        (guid, ..) => format!("g{guid}"),
    }
}

/// Documents that are read at once. Reading is work for a processor, of which there may be two.
static READERS: Semaphore = Semaphore::const_new(2);

/// Reads a document off the async threads, a few at once; `None` when reading broke off.
pub(crate) async fn apart<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Fault> {
    let turn = READERS.acquire().await.map_err(|error| Fault::from_error("no document is read", error))?;
    let read = tokio::task::spawn_blocking(read).await;
    drop(turn);
    Ok(read.ok())
}

/// An address that a page may link to and that may be asked, cut from what surrounds it.
pub(crate) fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.get(..8)?.to_ascii_lowercase();
    let web = lower.starts_with("http://") || lower.starts_with("https://");
    let clean = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    (web && clean && text.len() <= ADDRESS_MAX).then(|| text.to_owned())
}
