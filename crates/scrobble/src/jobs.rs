//! What happens by itself: queued listens and favourites are sent, what plays now is told, and what was noted elsewhere is
//! taken over.

mod favourites;
mod import;
mod loved;
mod playing;
mod send;

use std::{sync::Arc, time::Duration};

use accounts::music;
use kernel::{
    Ctx, Fault,
    db::Tx,
    id::UserId,
    jobs::{self, Handler, NewJob},
};

pub use playing::follow_players;
#[cfg(test)]
pub(crate) use playing::note as note_playing;
pub(crate) use send::next_try;

use crate::{Config, ConnectionId, projection::TOPIC_QUEUED, remote::WAIT_MAX, store};

/// Sends what waits for a connection; the payload and the key are its number.
pub(crate) const SEND_JOB: &str = "scrobble.send";
/// Tells what plays for a listener; the payload is the account's number, the key also has the second of the telling.
pub(crate) const PLAYING_JOB: &str = "scrobble.playing";

/// Takes over listens of an account elsewhere; the payload and the key are its connection's number.
pub(crate) const IMPORT_JOB: &str = "scrobble.import";

/// Takes over favourites of an account elsewhere; the payload and the key are its connection's number.
pub(crate) const LOVED_JOB: &str = "scrobble.loved";

/// How often it is looked for what is due, besides when something was queued.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Connections for which a job is made at one look.
const DUE_AT_ONCE: u32 = 100;
/// Nobody waits for it, but the sooner the better.
const PRIORITY: i64 = 90;

/// The jobs of scrobbling.
pub fn handlers(config: &Config) -> Vec<Arc<dyn Handler>> {
    vec![
        Arc::new(send::Send { config: config.clone() }),
        Arc::new(import::Import),
        Arc::new(loved::Loved),
        Arc::new(playing::Playing { config: config.clone() }),
    ]
}

/// Makes jobs for connections that are due, until the program stops.
pub async fn watch(ctx: Ctx) {
    let mut heard = ctx.bus().subscribe();
    while !ctx.stop().is_cancelled() {
        if let Err(fault) = look(&ctx).await {
            tracing::error!("due scrobbles can't be looked for: {fault}");
        }
        tokio::select! {
            () = heard.wait_for(TOPIC_QUEUED) => {}
            () = ctx.clock().sleep(LOOK_EVERY) => {}
            () = ctx.stop().cancelled() => {}
        }
    }
}

/// Makes a job for each of the connections that have waited longest.
pub(crate) async fn look(ctx: &Ctx) -> Result<(), Fault> {
    let now = ctx.now();
    let latest = now.plus(WAIT_MAX);
    let found = ctx.db().read(move |tx| {
        let due = store::due_connections(tx, now, latest, DUE_AT_ONCE)?;
        let imports = store::due_imports(tx, now, latest, DUE_AT_ONCE)?;
        Ok::<_, Fault>((due, imports, store::due_favourite_imports(tx, now, latest, DUE_AT_ONCE)?))
    });
    let (due, imports, loved) = found.await?;
    if due.is_empty() && imports.is_empty() && loved.is_empty() {
        return Ok(());
    }
    let inner = ctx.clone();
    ctx.db()
        .write(move |tx| {
            for id in &due {
                enqueue_send(tx, &inner, *id)?;
            }
            for id in &imports {
                enqueue_import(tx, &inner, *id)?;
            }
            for id in &loved {
                enqueue_loved(tx, &inner, *id)?;
            }
            Ok::<_, Fault>(())
        })
        .await
}

/// Whether a listener's account is shut, asked before anything is told or taken over in its name; then its connections
/// are held back until accounts say that it is open again.
async fn is_shut(ctx: &Ctx, user: UserId) -> Result<bool, Fault> {
    if !music::is_shut(ctx, user).await? {
        return Ok(false);
    }
    let held = ctx.db().write(move |tx| {
        // Asked once more with the account held, so that whoever opens it meanwhile has the last word.
        let shut = music::is_held_shut(tx, user)?;
        if shut {
            store::set_held(tx, user, true)?;
        }
        Ok(shut)
    });
    held.await
}

pub(crate) fn enqueue_send(tx: &mut Tx<'_>, ctx: &Ctx, id: ConnectionId) -> Result<(), Fault> {
    let job = NewJob::new(SEND_JOB, &id)?.key(id).priority(PRIORITY);
    jobs::enqueue(tx, ctx, &job)
}

pub(crate) fn enqueue_import(tx: &mut Tx<'_>, ctx: &Ctx, id: ConnectionId) -> Result<(), Fault> {
    // After what somebody hears now.
    let job = NewJob::new(IMPORT_JOB, &id)?.key(id).priority(PRIORITY + 30);
    jobs::enqueue(tx, ctx, &job)
}

pub(crate) fn enqueue_loved(tx: &mut Tx<'_>, ctx: &Ctx, id: ConnectionId) -> Result<(), Fault> {
    let job = NewJob::new(LOVED_JOB, &id)?.key(id).priority(PRIORITY + 30);
    jobs::enqueue(tx, ctx, &job)
}
