//! Sends what waits for one connection, batch by batch, in the order in which it was played; then its favourites.
//!
//! A batch leaves the queue in the transaction that notes its success. Killed between the two, the same listens are sent
//! once more, with the same times, and services know them again by title and second.

use std::time::Duration;

use async_trait::async_trait;
use kernel::{
    Ctx, Fault, Time,
    jobs::{Handler, JobError, Lease},
};

use super::{SEND_JOB, favourites, is_shut};
use crate::{
    Config, ConnectionId,
    model::{Service, State},
    projection::{refill, wake},
    remote::{Listen, PAUSE_BUSY, Secret, Sent, WAIT_MAX, is_ours, lastfm, listenbrainz},
    store::{self, ConnectionRow},
};

/// Pause after the first failure; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(30);
/// Longest pause that a service did not ask for itself.
const PAUSE_MAX: Duration = Duration::from_hours(1);
/// Listens that a service refuses one after the other before it is left alone for a while: then it is perhaps not the
/// listens that are wrong.
pub(super) const REFUSED_IN_A_ROW_MAX: u32 = 5;
/// Listens that failed and are kept for their listener to see, of each connection.
pub(crate) const FAILED_MAX: u32 = 500;

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
        let id: ConnectionId = lease.payload()?;
        self.listens(ctx, lease, id).await?;
        favourites::tell(ctx, lease, id, &self.config).await
    }
}

impl Send {
    /// Sends listens until none waits, or the service wants to be left alone.
    async fn listens(&self, ctx: &Ctx, lease: &Lease, id: ConnectionId) -> Result<(), JobError> {
        let mut most = usize::MAX;
        let mut refused_in_a_row = 0;
        loop {
            let Some((connection, secret, batch)) = begin(ctx, lease, id, most).await? else { return Ok(()) };
            if is_shut(ctx, connection.user).await? {
                return Ok(());
            }
            let sent = tokio::select! {
                sent = self.send(ctx, &connection, secret.clone(), &batch) => sent?,
                () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
            };
            // Which of several is wrong is not said, so they are halved until it stands alone.
            if matches!(&sent, Sent::Refused(_)) && batch.len() > 1 {
                most = batch.len() / 2;
                continue;
            }
            let alone = matches!(&sent, Sent::Refused(_));
            refused_in_a_row = if alone { refused_in_a_row + 1 } else { 0 };
            let enough = refused_in_a_row >= REFUSED_IN_A_ROW_MAX;
            if !settle(ctx, lease, (&connection, secret), batch, sent, enough).await? {
                return Ok(());
            }
            most = if alone { most } else { most.saturating_mul(2) };
        }
    }

    async fn send(
        &self,
        ctx: &Ctx,
        connection: &ConnectionRow,
        secret: Secret,
        batch: &[Listen],
    ) -> Result<Sent, Fault> {
        match connection.service {
            Service::ListenBrainz => {
                let account = listenbrainz::ListenBrainz { root: connection.root.clone(), token: secret };
                account.submit(ctx.fetch(), batch).await
            }
            Service::Lastfm => {
                let Some(program) = self.config.lastfm.clone() else { return Ok(no_key()) };
                lastfm::Account { program, session: secret }.submit(ctx.fetch(), batch).await
            }
        }
    }
}

/// The operator took the house's key for Last.fm away.
pub(super) fn no_key() -> Sent {
    Sent::later(
        "This house is no longer set up with Last.fm. Its operator can mend that; what waits is kept.",
    )
}

fn batch_max(connection: &ConnectionRow) -> usize {
    match connection.service {
        _ if !connection.batches => 1,
        Service::ListenBrainz => listenbrainz::LISTENS_MAX,
        Service::Lastfm => lastfm::LISTENS_MAX,
    }
}

/// What is to be sent now; `None` when there is nothing, or not yet.
async fn begin(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
    most: usize,
) -> Result<Option<(ConnectionRow, Secret, Vec<Listen>)>, JobError> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        let Some(connection) = store::hold_connection(tx, id)? else { return Ok(None) };
        lease.guard(tx)?;
        let waits = connection.next > now && connection.next <= now.plus(WAIT_MAX);
        if connection.state != State::Working || waits {
            return Ok(None);
        }
        refill(tx, &connection, now)?;
        store::bring_to_present(tx, id, now)?;
        let batch = store::waiting(tx, id, most.min(batch_max(&connection)))?;
        let Some(secret) = store::secret(tx, id)? else { return Ok(None) };
        Ok::<_, Fault>((!batch.is_empty()).then_some((connection, secret, batch)))
    });
    Ok(begun.await?)
}

/// Notes what became of a batch; says whether to go on.
async fn settle(
    ctx: &Ctx,
    lease: &Lease,
    (connection, secret): (&ConnectionRow, Secret),
    batch: Vec<Listen>,
    sent: Sent,
    enough: bool,
) -> Result<bool, JobError> {
    let (lease, now, connection) = (lease.clone(), ctx.now(), connection.clone());
    let (id, service) = (connection.id, connection.service);
    let settled = ctx.db().write(move |tx| {
        if store::hold_connection(tx, id)?.is_none() {
            return Ok(false);
        }
        lease.guard(tx)?;
        wake(tx, connection.user);
        match &sent {
            Sent::Taken { refused, pause } => {
                for (place, listen) in batch.iter().enumerate() {
                    match refused.iter().find(|(at, _)| *at == place) {
                        Some((_, why)) => store::fail_listen(tx, id, listen.seq, why, now)?,
                        None => store::delete_listen(tx, id, listen.seq)?,
                    }
                }
                store::prune_failed(tx, id, FAILED_MAX)?;
                let taken = batch.len().saturating_sub(refused.len()) as u64;
                store::set_sent(tx, id, taken, now, now.plus(*pause))?;
                Ok(pause.is_zero())
            }
            Sent::Refused(why) => {
                for listen in &batch {
                    store::fail_listen(
                        tx,
                        id,
                        listen.seq,
                        &format!("{service} does not take it: {why}"),
                        now,
                    )?;
                }
                store::prune_failed(tx, id, FAILED_MAX)?;
                if enough {
                    let problem =
                        format!("{service} refuses one listen after the other. The last time it said: {why}");
                    let next = now.plus(pause_after(connection.failures, None));
                    store::set_failing(tx, id, State::Working, &problem, next)?;
                }
                Ok(!enough)
            }
            // Connected anew meanwhile: that was the verdict on a token that is gone.
            Sent::Token(_) if store::secret(tx, id)?.is_some_and(|now| now != secret) => Ok(true),
            Sent::Token(_) => {
                store::set_failing(tx, id, State::Refused, &token_refused(service), now)?;
                Ok(false)
            }
            Sent::Later { why, .. } if is_ours(why) => {
                store::put_off(tx, id, now.plus(PAUSE_BUSY))?;
                Ok(false)
            }
            Sent::Later { why, after } => {
                let next = now.plus(pause_after(connection.failures, *after));
                store::set_failing(tx, id, State::Working, why, next)?;
                Ok(false)
            }
        }
    });
    let go_on: Result<bool, Fault> = settled.await;
    Ok(go_on?)
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
