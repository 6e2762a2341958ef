//! What podcasts hear of accounts.

use std::sync::Arc;

use kernel::{
    Ctx, Fault,
    db::Tx,
    id::UserId,
    outbox::{Event, Projection},
};

use crate::service;

/// The projections of podcasts, for the program to run.
pub fn projections(ctx: &Ctx) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Leavers(ctx.clone()))]
}

/// Ends the subscriptions of an account that is gone.
struct Leavers(Ctx);

impl Projection for Leavers {
    fn name(&self) -> &'static str {
        "podcasts_leaver"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        if event.kind != "accounts.user_removed" {
            return Ok(());
        }
        service::leave(tx, &self.0, UserId(event.subject))
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        // What is gone stays so, and numbers of accounts are given once.
        Ok(())
    }
}
