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
    remote::{Secret, WAIT_MAX, Wait, Whom},
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
/// No job begins another request after this long, so that one who has much to tell, or whose server is slow, holds a place
/// no longer than others. What is left goes on at the next look, behind those who waited longer.
const TURN_MAX: Duration = Duration::from_secs(20);
/// What failed for so long is given up until its listener says so: the service is perhaps no more.
const GIVE_UP_AFTER: Duration = Duration::from_hours(14 * 24);
/// Nobody waits for it, but the sooner the better.
const PRIORITY: i64 = 90;

/// The jobs of scrobbling.
pub fn handlers(config: &Config) -> Vec<Arc<dyn Handler>> {
    vec![
        Arc::new(send::Send { config: config.clone() }),
        Arc::new(takeover::TakeOver::<takeover::Listens>::new()),
        Arc::new(takeover::TakeOver::<takeover::Favourites>::new()),
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
        Ok::<_, Fault>((due, takeovers, store::has_old_silences(tx, now, latest)?))
    });
    let (due, takeovers, old_silences) = found.await?;
    if old_silences {
        // By itself, so that it waits for nobody with a silence in its hands.
        ctx.db().write(move |tx| store::delete_old_silences(tx, now, latest)).await?;
    }
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

/// What one job does before others have their turn.
struct Turn {
    /// Requests that it may still begin.
    left: u32,
    /// Until when.
    until: Time,
}

impl Turn {
    fn begin(now: Time, requests_max: u32) -> Self {
        Self { left: requests_max, until: now.plus(TURN_MAX) }
    }

    /// Whether another request may be begun; counts it.
    fn goes_on(&mut self, now: Time) -> bool {
        let goes_on = self.left > 0 && now < self.until;
        self.left = self.left.saturating_sub(1);
        goes_on
    }
}

/// Since when something fails that failed now and was to be tried at `next`. What nobody tried for a day begins to fail anew:
/// perhaps it was the house that was away.
fn failing_since(failing: Option<Time>, next: Time, now: Time) -> Time {
    failing.filter(|since| *since <= now && now.since(next) <= WAIT_MAX).unwrap_or(now)
}

/// Whether what has failed since then is given up.
fn is_given_up(since: Time, now: Time) -> bool {
    now.since(since) >= GIVE_UP_AFTER
}

/// Notes how long a service wants to be left alone, for all jobs of whomever it means.
fn obey(tx: &mut Tx<'_>, connection: &ConnectionRow, wait: Option<Wait>, now: Time) -> Result<(), Fault> {
    let Some(Wait { whom, long }) = wait.filter(|wait| !wait.long.is_zero()) else { return Ok(()) };
    let name = match whom {
        Whom::Queue => return Ok(()),
        Whom::Account => connection.name.as_str(),
        Whom::House => "",
    };
    store::put_silence(tx, (&connection.root, name), now.plus(long.min(WAIT_MAX)), now.plus(WAIT_MAX))
}

/// Until when the service of a connection wants to be left alone, if it does now.
pub(crate) fn silence(tx: &mut Tx<'_>, connection: &ConnectionRow, now: Time) -> Result<Option<Time>, Fault> {
    store::silence_of(tx, (&connection.root, &connection.name), now, now.plus(WAIT_MAX))
}

/// A connection that works and whose service may be asked now, held, with what proves who asks.
fn ready(
    tx: &mut Tx<'_>,
    lease: &Lease,
    id: ConnectionId,
    now: Time,
) -> Result<Option<(ConnectionRow, Secret)>, Fault> {
    let Some(connection) = store::hold_connection(tx, id)? else { return Ok(None) };
    lease.guard(tx)?;
    if connection.state != State::Working || silence(tx, &connection, now)?.is_some() {
        return Ok(None);
    }
    Ok(store::secret(tx, id)?.map(|secret| (connection, secret)))
}

/// Whether a moment is still to come. One later than any wait can be was written by a clock that was wrong.
fn is_ahead(next: Time, now: Time) -> bool {
    next > now && next <= now.plus(WAIT_MAX)
}
