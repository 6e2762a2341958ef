//! How much is asked at once: in total, of one origin, and how many may wait for that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::FetchError;

/// Requests under way at once.
const TOTAL_MAX: usize = 32;
/// Of them to one origin, so that a slow one does not hold all.
const ORIGIN_MAX: usize = 4;
/// Requests that wait for one of these places; one more is told to come later.
const WAITING_MAX: usize = 512;
/// Of them for one origin, so that nobody fills the queue with a server that does not answer.
const WAITING_FOR_ORIGIN_MAX: usize = 16;
/// Origins remembered before those that nobody asks are forgotten.
const ORIGINS_KEPT: usize = 256;

pub(super) struct Turns {
    total: Arc<Semaphore>,
    waiting: Semaphore,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
}

/// The places of one origin, and those to wait for one.
struct Origin {
    places: Arc<Semaphore>,
    waiting: Semaphore,
}

/// A place among the requests under way; given back when it is dropped.
pub(super) struct Turn {
    _place: OwnedSemaphorePermit,
    /// Held so that the origin is not forgotten meanwhile.
    _origin: Arc<Origin>,
    _total: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            total: Arc::new(Semaphore::new(TOTAL_MAX)),
            waiting: Semaphore::new(WAITING_MAX),
            origins: Mutex::default(),
        }
    }
}

impl Turns {
    /// Waits for a turn. First for the origin's, so that those who wait for it hold no place that others could use.
    pub(super) async fn take(&self, origin: &str) -> Result<Turn, FetchError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| FetchError::Busy)?;
        let origin = self.origin(origin);
        let closed = |_| FetchError::Busy;
        let place = {
            let _waiting = origin.waiting.try_acquire().map_err(|_| FetchError::Busy)?;
            Arc::clone(&origin.places).acquire_owned().await.map_err(closed)?
        };
        let total = Arc::clone(&self.total).acquire_owned().await.map_err(closed)?;
        Ok(Turn { _place: place, _origin: origin, _total: total })
    }

    fn origin(&self, origin: &str) -> Arc<Origin> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.len() >= ORIGINS_KEPT {
            // One that a permit or somebody who waits still holds has a second owner.
            origins.retain(|_, origin| Arc::strong_count(origin) > 1);
        }
        let fresh = || Origin {
            places: Arc::new(Semaphore::new(ORIGIN_MAX)),
            waiting: Semaphore::new(WAITING_FOR_ORIGIN_MAX),
        };
        Arc::clone(origins.entry(origin.to_owned()).or_insert_with(|| Arc::new(fresh())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_origin_never_holds_more_than_its_share() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..ORIGIN_MAX {
            held.push(turns.take("https://slow.example").await.unwrap());
        }
        let mut next = Box::pin(turns.take("https://slow.example"));
        assert!(futures_util::poll!(&mut next).is_pending(), "a fifth request waits");
        held.push(turns.take("https://other.example").await.unwrap());
        held.remove(0);
        assert!(next.await.is_ok(), "and goes on when a place is free");
    }

    #[tokio::test]
    async fn who_would_wait_behind_too_many_is_told_to_come_later() {
        let turns = Turns::default();
        let _all = turns.waiting.try_acquire_many(u32::try_from(WAITING_MAX).unwrap()).unwrap();
        assert!(matches!(turns.take("https://a.example").await, Err(FetchError::Busy)));
    }

    #[tokio::test]
    async fn a_queue_for_one_origin_leaves_room_for_the_others() {
        let turns = Turns::default();
        let slow = "https://slow.example";
        let mut held = Vec::new();
        for _ in 0..ORIGIN_MAX {
            held.push(turns.take(slow).await.unwrap());
        }
        let mut queue: Vec<_> = (0..WAITING_FOR_ORIGIN_MAX).map(|_| Box::pin(turns.take(slow))).collect();
        for waiting in &mut queue {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        assert!(matches!(turns.take(slow).await, Err(FetchError::Busy)));
        assert!(turns.take("https://other.example").await.is_ok());
        drop(queue);
        held.clear();
        assert!(turns.take(slow).await.is_ok(), "who stops waiting gives the place back");
    }

    #[tokio::test]
    async fn origins_that_nobody_asks_are_forgotten() {
        let turns = Turns::default();
        for number in 0..=3 * ORIGINS_KEPT {
            drop(turns.take(&format!("https://{number}.example")).await.unwrap());
        }
        assert!(turns.origins.lock().unwrap().len() <= ORIGINS_KEPT);
    }
}
