//! How much of one kind each account may do at once in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::id::UserId;

/// Seats of each account. Cheap to clone; all clones share them.
#[derive(Clone, Debug)]
pub struct Seats {
    most: usize,
    taken: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// A seat that is taken; free again when it is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    account: UserId,
}

impl Seats {
    /// So many for each account.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// A seat, unless the account has taken all of its own.
    pub fn take(&self, account: UserId) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(account).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), account })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_seats_and_gives_them_back() {
        let (seats, ann, bob) = (Seats::new(2), UserId(1), UserId(2));
        let held = [seats.take(ann), seats.clone().take(ann)];
        assert!(held.iter().all(Option::is_some) && seats.take(ann).is_none());
        assert!(seats.take(bob).is_some());
        drop(held);
        assert!(seats.take(ann).is_some());
        assert!(seats.taken.lock().expect("nobody panicked").is_empty(), "nothing is kept of who is done");
    }
}
