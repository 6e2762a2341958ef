//! Forgetting what was said too long ago.

use std::time::Duration;

use kernel::{Ctx, Fault};

use crate::{model::HOUSE, room::oldest, store};

/// How often it is looked.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// Rows removed in one transaction, so that no other writer waits long.
const SWEEP_ROWS: u32 = 500;

/// Removes messages that are older than they are kept; says how many.
pub async fn sweep(ctx: &Ctx) -> Result<u64, Fault> {
    let until = oldest(ctx);
    let mut total = 0;
    loop {
        let removed = ctx.db().write(move |tx| store::sweep(tx, HOUSE, until, SWEEP_ROWS)).await?;
        if removed == 0 {
            return Ok(total);
        }
        total += removed;
    }
}

/// Sweeps now and then until the program stops. On every node of a fleet; what is gone is gone for all.
pub fn start(ctx: &Ctx) {
    let inner = ctx.clone();
    ctx.spawn(async move {
        while !inner.stop().is_cancelled() {
            if let Err(fault) = sweep(&inner).await {
                tracing::error!("old messages can't be swept: {fault}");
            }
            tokio::select! {
                () = inner.clock().sleep(SWEEP_EVERY) => {}
                () = inner.stop().cancelled() => {}
            }
        }
    });
}
