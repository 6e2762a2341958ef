//! How many archives are under way at once: each holds a file open, a piece of it in memory, and much of the line.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kernel::id::UserId;

/// Archives of all together.
pub(super) const AT_ONCE_MAX: usize = 32;
/// Those of visitors among them, so that strangers with a link leave room for members.
pub(super) const VISITORS_AT_ONCE_MAX: usize = 16;
/// Of one asker.
pub(super) const EACH_MAX: usize = 3;

/// Who asks for an archive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packer {
    /// Somebody with an account.
    Member(UserId),
    /// Somebody with a link, from this address or network.
    Visitor(String),
}

/// Whose places are all taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The asker's own.
    Own,
    /// Everybody's.
    House,
}

/// The places, each with who has it.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: Mutex<HashMap<Packer, usize>>,
}

/// A place that is taken; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    packer: Packer,
}

impl Places {
    /// A place, if there is one: nobody waits for one, since those before may take hours.
    pub(super) fn take(self: &Arc<Self>, packer: &Packer) -> Result<Place, Full> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |visitors_only: bool| -> usize {
            let counted =
                taken.iter().filter(|(packer, _)| !visitors_only || matches!(packer, Packer::Visitor(_)));
            counted.map(|(_, count)| count).sum()
        };
        let is_visitor = matches!(packer, Packer::Visitor(_));
        if taken.get(packer).is_some_and(|own| *own >= EACH_MAX) {
            return Err(Full::Own);
        }
        if count(false) >= AT_ONCE_MAX || (is_visitor && count(true) >= VISITORS_AT_ONCE_MAX) {
            return Err(Full::House);
        }
        *taken.entry(packer.clone()).or_default() += 1;
        Ok(Place { places: Arc::clone(self), packer: packer.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.packer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.packer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_some_places_and_visitors_leave_room_for_members() {
        let places = Arc::new(Places::default());
        let visitor = |number: usize| Packer::Visitor(format!("192.0.2.{number}"));
        let own: Vec<_> = (0..EACH_MAX).map(|_| places.take(&visitor(0)).expect("a place")).collect();
        assert_eq!(places.take(&visitor(0)).err(), Some(Full::Own));
        let others: Vec<_> =
            (EACH_MAX..VISITORS_AT_ONCE_MAX).map(|n| places.take(&visitor(n)).expect("a place")).collect();
        assert_eq!(places.take(&visitor(99)).err(), Some(Full::House));
        let member = |number: usize| Packer::Member(UserId(i64::try_from(number).expect("small")));
        let members: Vec<_> = (VISITORS_AT_ONCE_MAX..AT_ONCE_MAX)
            .map(|number| places.take(&member(number)).expect("there is room for members"))
            .collect();
        assert_eq!(places.take(&member(999)).err(), Some(Full::House));
        drop((own, others, members));
        assert!(places.taken.lock().expect("nobody panicked").is_empty(), "nothing is kept of who is done");
        assert!(places.take(&visitor(99)).is_ok());
    }
}
