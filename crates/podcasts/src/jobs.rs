//! What happens by itself: feeds are read again, episodes are brought here and go.

mod load;
mod refresh;

use std::{path::PathBuf, sync::Arc, time::Duration};

use ingest::{media::Engine, upload::Floor};
use kernel::{
    Ctx, Fault,
    jobs::{self, Handler, NewJob},
};

pub(crate) use refresh::{ask_for_feed, enter, read_feed};

use crate::{service::PRIORITY_EAGER, store};

/// Reads a feed again; the payload and the key are its number.
pub(crate) const REFRESH_JOB: &str = "podcasts.refresh";
/// Brings an episode here; the payload and the key are its number.
pub(crate) const LOAD_JOB: &str = "podcasts.load";
/// Deletes the bytes of an episode that nobody wants; the payload and the key are its number.
pub(crate) const DROP_JOB: &str = "podcasts.drop";

/// How often it is looked which feeds are due.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Feeds for which a job is made at one look.
const DUE_AT_ONCE: u32 = 50;

/// What bringing episodes here needs to be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Looks at files.
    pub engine: Engine,
    /// The folder for what is on its way.
    pub staging: PathBuf,
    /// What stays free on its disk.
    pub floor: Floor,
}

/// The jobs of podcasts.
pub fn handlers(settings: &Settings) -> Vec<Arc<dyn Handler>> {
    vec![
        Arc::new(refresh::Refresh),
        Arc::new(load::Load { settings: settings.clone() }),
        Arc::new(load::Drop),
    ]
}

/// The job that reads feeds, for stories that need no sandbox.
#[cfg(test)]
pub(crate) fn refresh_handler() -> Arc<dyn Handler> {
    Arc::new(refresh::Refresh)
}

/// Makes jobs for feeds that are due, until the program stops.
pub async fn watch(ctx: Ctx) {
    while !ctx.stop().is_cancelled() {
        if let Err(fault) = look(&ctx).await {
            tracing::error!("due podcasts can't be looked for: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(LOOK_EVERY) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// Makes a job for each of the feeds that have waited longest.
pub(crate) async fn look(ctx: &Ctx) -> Result<(), Fault> {
    let now = ctx.now();
    let due = ctx.db().read(move |tx| store::due_feeds(tx, now, DUE_AT_ONCE)).await?;
    if due.is_empty() {
        return Ok(());
    }
    let inner = ctx.clone();
    ctx.db()
        .write(move |tx| {
            for id in &due {
                let job = NewJob::new(REFRESH_JOB, id)?.key(id).priority(PRIORITY_EAGER).attempts_max(3);
                jobs::enqueue(tx, &inner, &job)?;
            }
            Ok::<_, Fault>(())
        })
        .await
}
