//! Looks for what is due. That it is, is written in the database, so that nothing is forgotten over a restart, and in a
//! fleet it does not matter who looks.

use std::time::Duration;

use kernel::Ctx;

use crate::library;

/// How long what is due may wait when nobody says that a scan has ended; uploads wait so long, too.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How long several words of a scan are gathered.
const GATHER: Duration = Duration::from_secs(1);

/// Queues jobs while something is due, until the program stops. Spawn it once in every process that measures.
pub async fn watch(ctx: Ctx) {
    let mut heard = ctx.bus().subscribe();
    while !ctx.stop().is_cancelled() {
        if let Err(fault) = super::enqueue_due(&ctx).await {
            tracing::error!("what is to be heard can't be looked for: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(LOOK_EVERY) => {}
            () = async {
                heard.wait_for(library::TOPIC_LIBRARIES).await;
                ctx.clock().sleep(GATHER).await;
            } => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}
