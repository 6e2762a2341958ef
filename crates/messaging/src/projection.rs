//! What messaging hears of accounts.

use std::sync::Arc;

use kernel::{
    Fault,
    db::Tx,
    id::UserId,
    outbox::{Event, Projection},
};

use crate::store;

/// Event of accounts that is followed here; its subject is the account.
const USER_REMOVED: &str = "accounts.user_removed";

/// The projections of messaging, for the program to run.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Leavers)]
}

/// Takes the words of an account that is gone out of the conversations.
struct Leavers;

impl Projection for Leavers {
    fn name(&self) -> &'static str {
        "messaging_leaver"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        if event.kind != USER_REMOVED {
            return Ok(());
        }
        store::forget_author(tx, UserId(event.subject))
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        // What is gone stays so, and numbers of accounts are given once.
        Ok(())
    }
}
