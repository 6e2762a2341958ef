//! What sharing hears of accounts.

use std::sync::Arc;

use kernel::{
    Fault,
    db::Tx,
    id::UserId,
    outbox::{Event, Projection},
};

use crate::store;

/// The projections of sharing, for the program to run.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Leavers)]
}

/// Removes the shares of an account that is gone; they led nowhere since.
struct Leavers;

impl Projection for Leavers {
    fn name(&self) -> &'static str {
        "sharing_leaver"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        if event.kind != "accounts.user_removed" {
            return Ok(());
        }
        store::delete_of(tx, UserId(event.subject))
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        // What is gone stays so, and numbers of accounts are given once.
        Ok(())
    }
}
