//! Looks at libraries again when they are due. That they are is written in the database, so nothing is forgotten over
//! a restart, and in a fleet it does not matter who looks.

use std::time::Duration;

use kernel::Ctx;

use crate::library;

/// How long a due library may wait when a wake-up was lost.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Queues scans as they become due, until the program stops. Spawn it once in every process that works on jobs.
pub async fn watch(ctx: Ctx) {
    let mut heard = ctx.bus().subscribe();
    while !ctx.stop().is_cancelled() {
        let wait = match library::enqueue_due(&ctx).await {
            Ok(due) => due.map_or(LOOK_EVERY, |due| due.since(ctx.now()).min(LOOK_EVERY)),
            Err(fault) => {
                tracing::error!("due libraries can't be looked for: {fault}");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = ctx.clock().sleep(wait.max(Duration::from_millis(100))) => {}
            () = heard.wait_for(library::TOPIC_LIBRARIES) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}
