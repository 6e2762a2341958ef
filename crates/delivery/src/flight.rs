//! Work that many ask for at once is done once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// What is under way, by name.
#[derive(Debug)]
pub(crate) struct Flights<T> {
    cells: Mutex<HashMap<String, Arc<OnceCell<T>>>>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<T: Clone> Flights<T> {
    /// Does `work` unless somebody does it already, whose result is then shared. When it fails, or whoever does it goes
    /// away, the next in line tries.
    pub(crate) async fn share<E, F>(&self, key: &str, work: F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key.to_owned()).or_default())
        };
        let seat = Seat { flights: self, key, cell };
        seat.cell.get_or_try_init(|| work).await.cloned()
    }
}

/// Somebody's interest in a flight; the last to leave takes it off the list, also when dropped half-way.
struct Seat<'a, T> {
    flights: &'a Flights<T>,
    key: &'a str,
    cell: Arc<OnceCell<T>>,
}

impl<T> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        let mut cells = self.flights.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cell) = cells.get(self.key).filter(|cell| Arc::ptr_eq(cell, &self.cell)) else { return };
        // One that nobody is in any more has two owners, the list and this seat; others join and leave under the same
        // lock. What was fetched lies in the cache or the store by then.
        if Arc::strong_count(cell) <= 2 {
            cells.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_share_one_result() {
        let flights = Arc::new(Flights::<u32>::default());
        let (runs, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let askers: Vec<_> = (0..10)
            .map(|_| {
                let (flights, runs, gate) = (Arc::clone(&flights), Arc::clone(&runs), Arc::clone(&gate));
                tokio::spawn(async move {
                    let work = async {
                        runs.fetch_add(1, Ordering::SeqCst);
                        let _ = gate.acquire().await;
                        Ok::<_, ()>(42)
                    };
                    flights.share("a", work).await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        gate.add_permits(1);
        for asker in askers {
            assert_eq!(asker.await.expect("no panic"), Ok(42));
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(flights.cells.lock().expect("whole").is_empty());
    }

    #[tokio::test]
    async fn a_failure_and_an_asker_who_leaves_stop_nobody_else() {
        let flights = Flights::<u32>::default();
        assert_eq!(flights.share("a", async { Err::<u32, _>("no") }).await, Err("no"));
        {
            let left = flights.share("a", std::future::pending::<Result<u32, &str>>());
            tokio::pin!(left);
            assert!(futures_util::poll!(left.as_mut()).is_pending());
        }
        assert!(flights.cells.lock().expect("whole").is_empty());
        assert_eq!(flights.share("a", async { Ok::<_, &str>(1) }).await, Ok(1));
    }
}
