//! What happens by itself: feeds are read again, episodes are brought here and go.

mod load;
mod refresh;
mod sweep;

use std::{path::PathBuf, sync::Arc, time::Duration};

use catalog::PictureId;
use ingest::{media::Engine, upload::Floor};
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    id::UserId,
    jobs::{self, Handler, NewJob},
};

pub(crate) use refresh::{PAUSE_MIN, ask_for_feed, enter, read_feed};
pub(crate) use sweep::{sweep, sweep_blobs};

use crate::{PodcastId, service::PRIORITY_EAGER, store};

/// Reads a feed again; the payload and the key are its number.
pub(crate) const REFRESH_JOB: &str = "podcasts.refresh";
/// Brings an episode here; the payload and the key are its number.
pub(crate) const LOAD_JOB: &str = "podcasts.load";
/// Deletes the bytes of an episode that nobody wants; the payload and the key are its number.
pub(crate) const DROP_JOB: &str = "podcasts.drop";

/// What pages are told; a listener's number follows.
const TOPIC: &str = "podcasts";
/// How often it is looked which feeds are due.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Feeds for which a job is made at one look.
const DUE_AT_ONCE: u32 = 500;
/// Feeds without a subscriber that go at one look.
const ABANDONED_AT_ONCE: u32 = 100;
/// How often it is looked whether what is here and what is wanted are the same.
const SWEEP_EVERY: Duration = Duration::from_mins(15);
/// How often the blobs are looked through, which costs a listing of them.
const SWEEP_BLOBS_EVERY: Duration = Duration::from_hours(24);

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
    let load = load::Load::new(settings.clone());
    vec![
        Arc::new(refresh::Refresh { disk: Some((settings.staging.clone(), settings.floor)) }),
        Arc::new(load.clone()),
        Arc::new(load::Drop { load }),
    ]
}

/// Whether a feed names this picture: then it is not swept.
pub fn names_picture(tx: &mut Tx<'_>, picture: PictureId) -> Result<bool, Fault> {
    store::names_picture(tx, picture)
}

/// The job that reads feeds, for stories that need no sandbox.
#[cfg(test)]
pub(crate) fn refresh_handler() -> Arc<dyn Handler> {
    Arc::new(refresh::Refresh { disk: None })
}

/// Makes jobs for feeds that are due, until the program stops.
pub async fn watch(ctx: Ctx) {
    let (mut swept, mut swept_blobs) = (None, None);
    while !ctx.stop().is_cancelled() {
        if is_time(&ctx, &mut swept, SWEEP_EVERY)
            && let Err(fault) = sweep(&ctx).await
        {
            tracing::error!("podcasts can't be swept: {fault}");
        }
        if is_time(&ctx, &mut swept_blobs, SWEEP_BLOBS_EVERY)
            && let Err(fault) = sweep_blobs(&ctx).await
        {
            tracing::error!("the bytes of podcasts can't be swept: {fault}");
        }
        if let Err(fault) = look(&ctx).await {
            tracing::error!("due podcasts can't be looked for: {fault}");
        }
        tokio::select! {
            () = ctx.clock().sleep(LOOK_EVERY) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// Tells the open pages of these listeners, and of nobody else, that something of their podcasts changed.
fn wake(tx: &mut Tx<'_>, users: &[UserId]) {
    for user in users {
        tx.wake(&format!("{TOPIC}:{user}"));
    }
}

/// Whether `every` is over since `last`, which then becomes now.
fn is_time(ctx: &Ctx, last: &mut Option<Time>, every: Duration) -> bool {
    let due = last.is_none_or(|last| ctx.now().since(last) >= every);
    if due {
        *last = Some(ctx.now());
    }
    due
}

/// Removes a feed to which nobody subscribes and of which no bytes are here.
fn remove_if_abandoned(tx: &mut Tx<'_>, id: PodcastId) -> Result<(), Fault> {
    if store::hold_feed(tx, id)? && !store::has_subscribers(tx, id)? && !store::has_media(tx, id)? {
        store::delete_feed(tx, id)?;
    }
    Ok(())
}

/// Makes a job for each of the feeds that have waited longest, of those that somebody subscribes to. The others go.
pub(crate) async fn look(ctx: &Ctx) -> Result<(), Fault> {
    let now = ctx.now();
    ctx.db()
        .write(move |tx| {
            for id in store::abandoned_feeds(tx, now, ABANDONED_AT_ONCE)? {
                remove_if_abandoned(tx, id)?;
            }
            Ok::<_, Fault>(())
        })
        .await?;
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
