//! Removing what no longer means anything: expired sessions and links, and faded counts of guesses.

use std::time::Duration;

use kernel::{Ctx, Fault};

use crate::store::{guesses, links, sessions};

/// How often it is looked.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// Rows removed in one transaction, so that no other writer waits long.
const SWEEP_ROWS: u32 = 500;

/// Removes expired sessions and faded counts; says how many rows that were.
pub async fn sweep(ctx: &Ctx) -> Result<u64, Fault> {
    let now = ctx.now();
    let mut total = 0;
    loop {
        let removed = ctx.db().write(move |tx| {
            let sessions = sessions::sweep(tx, now, SWEEP_ROWS)?;
            let links = links::sweep(tx, now, SWEEP_ROWS)?;
            Ok::<_, Fault>(sessions + links + guesses::sweep(tx, now, SWEEP_ROWS)?)
        });
        match removed.await? {
            0 => return Ok(total),
            some => total += some,
        }
    }
}

/// Sweeps now and then until the program stops. On every node of a fleet; what is gone is gone for all.
pub fn start(ctx: &Ctx) {
    let inner = ctx.clone();
    ctx.spawn(async move {
        while !inner.stop().is_cancelled() {
            if let Err(fault) = sweep(&inner).await {
                tracing::error!("expired sessions can't be swept: {fault}");
            }
            tokio::select! {
                () = inner.clock().sleep(SWEEP_EVERY) => {}
                () = inner.stop().cancelled() => {}
            }
        }
    });
}
