//! What is here and what is wanted become the same again, whatever broke in between.

use std::time::Duration;

use catalog::media;
use kernel::{
    Ctx, Fault, Time,
    blob::BlobKey,
    jobs::{self, NewJob},
};

use super::{DROP_JOB, load::FOLDER};
use crate::{
    model::EpisodeState,
    service::{self, PRIORITY_EAGER},
    store,
};

/// Episodes of each kind that one sweep cares for.
const AT_ONCE: u32 = 500;
/// A blob younger than this may be on its way to being entered.
const IN_FLIGHT_MAX: Duration = Duration::from_hours(24);

/// Has brought what is waited for, tried again what failed for a while, and dropped what nobody wants.
pub(crate) async fn sweep(ctx: &Ctx) -> Result<(), Fault> {
    let inner = ctx.clone();
    ctx.db()
        .write(move |tx| {
            // Where a job is there already, no second is made.
            for id in store::waited_for(tx, AT_ONCE)? {
                service::enqueue_load(tx, &inner, id, PRIORITY_EAGER)?;
            }
            for id in store::to_retry(tx, inner.now(), AT_ONCE)? {
                service::load(tx, &inner, id, PRIORITY_EAGER)?;
            }
            for state in [EpisodeState::Ready, EpisodeState::Failed] {
                for id in store::unwanted(tx, state, AT_ONCE)? {
                    jobs::enqueue(tx, &inner, &NewJob::new(DROP_JOB, &id)?.key(id).attempts_max(20))?;
                }
            }
            Ok::<_, Fault>(())
        })
        .await
}

/// Deletes the blobs that no episode has: of tries that broke off between keeping the bytes and entering them.
pub(crate) async fn sweep_blobs(ctx: &Ctx) -> Result<(), Fault> {
    let folder =
        BlobKey::new(FOLDER).ok_or_else(|| Fault::new("the folder of episodes is no name of a blob"))?;
    for blob in ctx.blobs().list(&folder).await? {
        let old = kept_at(blob.key.as_str()).is_none_or(|kept| ctx.now().since(kept) > IN_FLIGHT_MAX);
        if old && !media::is_source(ctx.db(), blob.key.as_str()).await? {
            tracing::info!(blob = blob.key.as_str(), "deleting an episode's bytes that no episode has");
            ctx.blobs().delete(&blob.key).await?;
        }
    }
    Ok(())
}

/// When a blob was made, which is in its name.
fn kept_at(key: &str) -> Option<Time> {
    let (_, name) = key.rsplit_once('/')?;
    name.split_once('-')?.0.parse().ok().map(Time)
}
