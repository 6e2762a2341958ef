//! What was counted of artists that are found again and again: those of whom there is most come first in most answers,
//! and counting the tracks of one with thousands takes longer than all the rest of a search.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kernel::{Fault, db::Tx};

pub(crate) use crate::store::read::artists::Counts;
use crate::{ArtistId, store::read::artists};

/// Artists that are remembered; with more it begins anew.
const ARTISTS_MAX: usize = 50_000;

/// The counts of artists as viewers with a scope see them. It lives and goes with one state of the index, which every
/// change of what is shown replaces, so it is never older than the matches that it stands beside.
#[derive(Default)]
pub(crate) struct Counted {
    /// By scope and artist.
    counts: Mutex<HashMap<(i64, ArtistId), Counts>>,
}

impl Counted {
    /// The counts of these artists for whom the transaction serves; those that nobody with the same scope asked for before
    /// are counted now. Of whom nothing is shown there are none.
    pub(crate) fn of(
        &self,
        tx: &mut Tx<'_>,
        ids: impl Iterator<Item = ArtistId>,
    ) -> Result<HashMap<ArtistId, Counts>, Fault> {
        let scope = tx.scope();
        let (mut known, mut unknown) = (HashMap::new(), Vec::new());
        {
            let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                match counts.get(&(scope, id)) {
                    Some(found) => _ = known.insert(id, *found),
                    None => unknown.push(id),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(known);
        }
        let found = artists::counts(tx, unknown.iter().map(|id| id.0))?;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() + unknown.len() > ARTISTS_MAX {
            counts.clear();
        }
        for id in unknown {
            let of_this = found.get(&id).copied().unwrap_or_default();
            counts.insert((scope, id), of_this);
            known.insert(id, of_this);
        }
        Ok(known)
    }
}
