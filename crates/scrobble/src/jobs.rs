//! What happens by itself: queued listens and favourites are sent, what plays now is told, and what was noted elsewhere is
//! taken over.

mod playing;
mod send;
mod takeover;

use std::{sync::Arc, time::Duration};

use accounts::music;
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    id::UserId,
    jobs::{self, Handler, Lease, NewJob},
};

pub use playing::follow_players;
#[cfg(test)]
pub(crate) use playing::note as note_playing;
pub(crate) use send::next_try;

use crate::{
    Config, ConnectionId,
    model::State,
    projection::TOPIC_QUEUED,
    remote::{Secret, WAIT_MAX},
    store::{self, ConnectionRow, What},
};

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
        Arc::new(takeover::TakeOver(takeover::Listens)),
        Arc::new(takeover::TakeOver(takeover::Favourites)),
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
        let mut takeovers = Vec::new();
        for what in [What::Listens, What::Favourites] {
            let due = store::due_takeovers(tx, what, now, latest, DUE_AT_ONCE)?;
            takeovers.extend(due.into_iter().map(|id| (id, what)));
        }
        Ok::<_, Fault>((due, takeovers))
    });
    let (due, takeovers) = found.await?;
    if due.is_empty() && takeovers.is_empty() {
        return Ok(());
    }
    let inner = ctx.clone();
    ctx.db()
        .write(move |tx| {
            for id in &due {
                enqueue_send(tx, &inner, *id)?;
            }
            for (id, what) in &takeovers {
                enqueue_takeover(tx, &inner, *id, *what)?;
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

pub(crate) fn enqueue_takeover(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    id: ConnectionId,
    what: What,
) -> Result<(), Fault> {
    let kind = match what {
        What::Listens => IMPORT_JOB,
        What::Favourites => LOVED_JOB,
    };
    // After what somebody hears now.
    let job = NewJob::new(kind, &id)?.key(id).priority(PRIORITY + 30);
    jobs::enqueue(tx, ctx, &job)
}

/// A connection that works, held, with what proves to its service who asks.
fn ready(
    tx: &mut Tx<'_>,
    lease: &Lease,
    id: ConnectionId,
) -> Result<Option<(ConnectionRow, Secret)>, Fault> {
    let Some(connection) = store::hold_connection(tx, id)? else { return Ok(None) };
    lease.guard(tx)?;
    if connection.state != State::Working {
        return Ok(None);
    }
    Ok(store::secret(tx, id)?.map(|secret| (connection, secret)))
}

/// Whether a moment is still to come. One later than any wait can be was written by a clock that was wrong.
fn is_ahead(next: Time, now: Time) -> bool {
    next > now && next <= now.plus(WAIT_MAX)
}
