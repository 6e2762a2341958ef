//! Hot bytes in memory: bounded, filled only by use, read without writing to anything that is shared.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use http::HeaderValue;

/// A single entry may take at most this part of the cache, so that one large segment does not empty it.
const ENTRY_SHARE: usize = 4;
/// What an entry costs beside its bytes: names, tag, the map's and the queue's slots.
const ENTRY_OVERHEAD_BYTES: usize = 256;

/// Bytes with the tag that names them.
#[derive(Clone, Debug)]
pub(crate) struct Hot {
    /// The whole of it.
    pub bytes: Bytes,
    /// Its strong tag.
    pub etag: HeaderValue,
}

/// Keeps the bytes that were asked for lately, up to a number of bytes.
///
/// The order of eviction is that of the clock algorithm (Corbató, 1968): first in, first out, but what was asked for
/// since it was last looked at is passed over once. A hit thus takes a shared lock and sets a flag.
#[derive(Debug)]
pub(crate) struct Cache {
    bytes_max: usize,
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: HashMap<Arc<str>, Entry>,
    queue: VecDeque<Arc<str>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    hot: Hot,
    asked: AtomicBool,
}

impl Cache {
    /// A cache for `bytes_max` bytes; it takes no memory until it is used. With 0 it keeps nothing.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, inner: RwLock::default() }
    }

    /// The largest bytes that are kept.
    pub(crate) fn entry_bytes_max(&self) -> usize {
        (self.bytes_max / ENTRY_SHARE).saturating_sub(ENTRY_OVERHEAD_BYTES)
    }

    /// What is kept under `key`.
    pub(crate) fn get(&self, key: &str) -> Option<Hot> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let entry = inner.entries.get(key)?;
        // Written only when it changes, so that hits on many cores do not fight for the line.
        if !entry.asked.load(Ordering::Relaxed) {
            entry.asked.store(true, Ordering::Relaxed);
        }
        Some(entry.hot.clone())
    }

    /// Keeps bytes, if they are not too large; what is not asked for any more makes room.
    pub(crate) fn put(&self, key: &str, hot: Hot) {
        let cost = hot.bytes.len() + ENTRY_OVERHEAD_BYTES;
        if hot.bytes.len() > self.entry_bytes_max() {
            return;
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.entries.contains_key(key) {
            // Names are made of content: what is there is the same.
            return;
        }
        while inner.bytes + cost > self.bytes_max && inner.drop_one() {}
        let key: Arc<str> = key.into();
        inner.bytes += cost;
        inner.queue.push_back(Arc::clone(&key));
        inner.entries.insert(key, Entry { hot, asked: AtomicBool::new(false) });
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.inner.read().expect("no writer broke").bytes
    }
}

impl Inner {
    /// Drops the first entry that was not asked for; ends because each pass clears a flag.
    fn drop_one(&mut self) -> bool {
        while let Some(key) = self.queue.pop_front() {
            let Some(entry) = self.entries.get(&key) else { continue };
            if entry.asked.swap(false, Ordering::Relaxed) {
                self.queue.push_back(key);
                continue;
            }
            self.bytes -= entry.hot.bytes.len() + ENTRY_OVERHEAD_BYTES;
            self.entries.remove(&key);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hot(length: usize) -> Hot {
        Hot { bytes: vec![7; length].into(), etag: HeaderValue::from_static("\"t\"") }
    }

    #[test]
    fn the_cache_never_holds_more_than_its_bytes() {
        let cache = Cache::new(100_000);
        for number in 0..1000 {
            cache.put(&number.to_string(), hot(1000 + number));
            assert!(cache.bytes() <= 100_000);
        }
        assert!(cache.get("999").is_some());
        assert!(cache.get("0").is_none());
    }

    #[test]
    fn what_is_asked_for_outlives_what_is_not() {
        let cache = Cache::new(100_000);
        cache.put("wanted", hot(10_000));
        for number in 0..100 {
            assert!(cache.get("wanted").is_some(), "gone after {number}");
            cache.put(&number.to_string(), hot(10_000));
        }
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_drops_nothing() {
        let cache = Cache::new(100_000);
        cache.put("small", hot(10));
        cache.put("large", hot(cache.entry_bytes_max() + 1));
        assert!(cache.get("large").is_none());
        assert!(cache.get("small").is_some());
        let none = Cache::new(0);
        none.put("a", hot(1));
        assert!(none.get("a").is_none());
    }

    #[test]
    fn the_same_name_is_counted_once() {
        let cache = Cache::new(100_000);
        cache.put("a", hot(10));
        let before = cache.bytes();
        cache.put("a", hot(10));
        assert_eq!(cache.bytes(), before);
    }
}
