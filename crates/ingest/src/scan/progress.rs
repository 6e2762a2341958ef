//! How far a scan is.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::library::Progress;

/// Counted by the comparison, read by whoever writes the progress.
#[derive(Debug, Default)]
pub(super) struct Counter {
    seen: AtomicI64,
    changed: AtomicI64,
    /// Files that were written.
    written: AtomicU64,
}

impl Counter {
    pub(super) fn saw(&self, files: usize) {
        self.seen.fetch_add(i64::try_from(files).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn changed(&self, files: usize) {
        self.changed.fetch_add(i64::try_from(files).unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, files: usize) {
        self.written.fetch_add(files as u64, Ordering::Relaxed);
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { seen: self.seen.load(Ordering::Relaxed), changed: self.changed.load(Ordering::Relaxed) }
    }

    /// The part that is done, given how many files the last scan found; below 1 until the end.
    pub(super) fn fraction(&self, files_before: i64) -> f64 {
        let Progress { seen, changed } = self.progress();
        let written = i64::try_from(self.written()).unwrap_or(i64::MAX);
        let waiting = changed.saturating_sub(written).max(0);
        let (done, all) = (seen.saturating_sub(waiting).max(0), seen.max(files_before).max(1));
        #[expect(clippy::cast_precision_loss, reason = "a part of a whole, shown in hundredths")]
        let fraction = done as f64 / all as f64;
        fraction.min(0.99)
    }
}
