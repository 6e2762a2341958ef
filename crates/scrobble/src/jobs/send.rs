//! Sends what waits for one connection: its listens, batch by batch, in the order in which they were played; then its
//! favourites.
//!
//! What was taken leaves its queue in the transaction that notes the success. Killed between the two, the same is sent once
//! more: services know listens again by title and second, and a favourite that is told twice stands as it stood.

mod favourites;
mod listens;

use std::time::Duration;

use async_trait::async_trait;
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    fetch::Fetcher,
    jobs::{Handler, JobError, Lease},
};

use self::{favourites::Favourites, listens::Listens};
use super::{SEND_JOB, Turn, failing_since, is_ahead, is_given_up, is_shut, obey, ready};
use crate::{
    Config, ConnectionId,
    model::{Service, State},
    projection::wake,
    remote::{Door, NO_KEY, PAUSE_BUSY, Secret, Sent, WAIT_MAX, Wait, Whom, is_ours},
    store::{self, ConnectionRow},
};

/// Requests that one job makes before others have their turn.
const REQUESTS_MAX: u32 = if cfg!(test) { 20 } else { 200 };
/// Pause after the first failure; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(30);
/// Longest pause that a service did not ask for itself.
const PAUSE_MAX: Duration = Duration::from_hours(1);
/// What a service refuses one after the other before it is left alone for a while: then it is perhaps not the listens that
/// are wrong.
const REFUSED_IN_A_ROW_MAX: u32 = 5;

/// Sends listens and favourites.
pub(super) struct Send {
    pub(super) config: Config,
}

#[async_trait]
impl Handler for Send {
    fn kind(&self) -> &'static str {
        SEND_JOB
    }

    fn at_once(&self) -> usize {
        4
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let mut turn = Turn::begin(ctx.now(), REQUESTS_MAX);
        tell::<Listens>(ctx, lease, &self.config, &mut turn).await?;
        tell::<Favourites>(ctx, lease, &self.config, &mut turn).await
    }
}

/// One kind of what waits for connections.
#[async_trait]
trait Queue: 'static {
    /// What is sent in one request.
    type Batch: std::marker::Send + Sync + 'static;
    /// What one of it is called.
    const ONE: &'static str;

    /// What is sent next, at most so much; `None` when nothing waits. The connection is held.
    fn next(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        most: usize,
        now: Time,
    ) -> Result<Option<Self::Batch>, Fault>;

    /// How much it is.
    fn count(batch: &Self::Batch) -> usize;

    /// Sends it.
    async fn send(door: &Door, fetch: &Fetcher, batch: &Self::Batch) -> Result<Sent, Fault>;

    /// It was taken, but for these, by their places; how many listens of the account that makes more.
    fn taken(
        tx: &mut Tx<'_>,
        id: ConnectionId,
        batch: &Self::Batch,
        refused: &[(usize, String)],
        now: Time,
    ) -> Result<u64, Fault>;

    /// It was refused, for this reason.
    fn refused(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        batch: &Self::Batch,
        why: &str,
        now: Time,
    ) -> Result<(), Fault>;

    /// The service keeps nothing of this kind.
    fn never(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault>;
}

/// Sends one kind of what waits until none does, the service wants to be left alone, or others have their turn.
async fn tell<Q: Queue>(ctx: &Ctx, lease: &Lease, config: &Config, turn: &mut Turn) -> Result<(), JobError> {
    let id: ConnectionId = lease.payload()?;
    let (mut most, mut refused_in_a_row) = (usize::MAX, 0);
    while turn.goes_on(ctx.now()) {
        let Some((connection, secret, batch)) = begin::<Q>(ctx, lease, id, most).await? else {
            return Ok(());
        };
        if is_shut(ctx, connection.user).await? {
            return Ok(());
        }
        let door = Door::of(&connection, secret.clone(), config);
        let sent = tokio::select! {
            sent = Q::send(&door, ctx.fetch(), &batch) => sent?,
            () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
        };
        let (refused, count) = (matches!(&sent, Sent::Refused(_)), Q::count(&batch));
        // Which of several is wrong is not said, so they are halved until it stands alone.
        if refused && count > 1 {
            most = count / 2;
            continue;
        }
        refused_in_a_row = if refused { refused_in_a_row + 1 } else { 0 };
        let enough = refused_in_a_row >= REFUSED_IN_A_ROW_MAX;
        if !settle::<Q>(ctx, lease, (connection, secret), batch, sent, enough).await? {
            return Ok(());
        }
        most = if refused { most } else { most.saturating_mul(2) };
    }
    Ok(())
}

/// What is to be sent now; `None` when there is nothing, or not yet.
async fn begin<Q: Queue>(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
    most: usize,
) -> Result<Option<(ConnectionRow, Secret, Q::Batch)>, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        let Some((connection, secret)) = ready(tx, &lease, id, now)? else { return Ok(None) };
        if is_ahead(connection.next, now) {
            return Ok(None);
        }
        let batch = Q::next(tx, &connection, most, now)?;
        Ok::<_, Fault>(batch.map(|batch| (connection, secret, batch)))
    });
    begun.await
}

/// Notes what became of a batch; says whether to go on.
async fn settle<Q: Queue>(
    ctx: &Ctx,
    lease: &Lease,
    (connection, secret): (ConnectionRow, Secret),
    batch: Q::Batch,
    sent: Sent,
    enough: bool,
) -> Result<bool, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let (id, service) = (connection.id, connection.service);
    let since = failing_since(connection.failing, connection.next, now);
    let settled = ctx.db().write(move |tx| {
        if store::hold_connection(tx, id)?.is_none() {
            return Ok(false);
        }
        lease.guard(tx)?;
        wake(tx, connection.user);
        match &sent {
            Sent::Taken { refused, pause } => {
                let taken = Q::taken(tx, id, &batch, refused, now)?;
                obey(tx, &connection, Some(Wait { whom: Whom::Account, long: *pause }), now)?;
                store::set_sent(tx, id, taken, now, now.plus(*pause))?;
                Ok(pause.is_zero())
            }
            Sent::Refused(why) => {
                Q::refused(tx, &connection, &batch, why, now)?;
                if enough {
                    let one = Q::ONE;
                    let problem =
                        format!("{service} refuses one {one} after the other. The last time it said: {why}");
                    let next = now.plus(pause_after(connection.failures, None));
                    store::set_failing(tx, id, (State::Working, &problem), since, next)?;
                }
                Ok(!enough)
            }
            Sent::Never => Q::never(tx, id).map(|()| false),
            // Connected anew meanwhile: that was the verdict on a token that is gone.
            Sent::Token(_) if store::secret(tx, id)?.is_some_and(|now| now != secret) => Ok(true),
            Sent::Token(_) => {
                store::set_failing(tx, id, (State::Refused, &token_refused(service)), since, now)?;
                Ok(false)
            }
            Sent::Later { why, .. } if is_ours(why) => {
                store::put_off(tx, id, now.plus(PAUSE_BUSY))?;
                Ok(false)
            }
            Sent::Later { why, after } => {
                obey(tx, &connection, *after, now)?;
                let asked = after.map(|after| after.long);
                let next = now.plus(pause_after(connection.failures, asked));
                let (state, problem) = if is_given_up(since, now) && why != NO_KEY {
                    (State::Gone, given_up(why))
                } else {
                    (State::Working, why.clone())
                };
                store::set_failing(tx, id, (state, &problem), since, next)?;
                Ok(false)
            }
        }
    });
    settled.await
}

/// What is shown when a service is given up.
fn given_up(why: &str) -> String {
    format!(
        "{why} Nothing has come through for two weeks, so it is no longer tried by itself. What waits is kept: try again \
         when the service is back, or disconnect it."
    )
}

/// What is shown when a token is refused.
pub(super) fn token_refused(service: Service) -> String {
    format!(
        "{service} no longer takes the token of this account. Connect again; what waits is kept and follows."
    )
}

/// How long a service is left alone after a failure: ever longer, and at least as long as it asks for.
pub(super) fn pause_after(failures: u32, asked: Option<Duration>) -> Duration {
    let grown = PAUSE_FIRST.saturating_mul(2u32.saturating_pow(failures.min(16))).min(PAUSE_MAX);
    asked.map_or(grown, |asked| asked.max(Duration::from_secs(1)).min(WAIT_MAX))
}

/// When a connection is tried again, if something failed.
pub(crate) fn next_try(connection: &ConnectionRow, now: Time) -> Option<Time> {
    let failing = connection.state == State::Working && connection.problem.is_some();
    failing.then(|| connection.next.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_fails_is_asked_ever_less_often_and_never_sooner_than_it_asks_for() {
        assert_eq!(pause_after(0, None), PAUSE_FIRST);
        assert_eq!(pause_after(3, None), PAUSE_FIRST * 8);
        assert_eq!(pause_after(1_000, None), PAUSE_MAX);
        assert_eq!(pause_after(0, Some(Duration::from_hours(2))), Duration::from_hours(2));
        assert_eq!(pause_after(9, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(pause_after(0, Some(Duration::from_hours(1_000))), WAIT_MAX);
        assert_eq!(pause_after(0, Some(Duration::ZERO)), Duration::from_secs(1));
    }
}
