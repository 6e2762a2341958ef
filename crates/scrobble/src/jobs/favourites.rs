//! Tells favourites, one after the other, after the listens: a thing that is told twice stands as it stood.

use kernel::{
    Ctx, Fault,
    jobs::{JobError, Lease},
};

use super::{
    is_shut,
    send::{REFUSED_IN_A_ROW_MAX, no_key, pause_after, token_refused},
};
use crate::{
    Config, ConnectionId,
    model::{Service, State},
    projection::wake,
    remote::{Secret, Sent, WAIT_MAX, lastfm, listenbrainz},
    store::{self, ConnectionRow, FavouriteRow},
};

/// Favourites that one job tells before others have their turn.
const TOLD_AT_ONCE_MAX: usize = 200;
/// What is shown of a server that keeps no favourites.
const NEVER: &str = "This server keeps no favourites, so they are not told there.";

/// Tells what waits for a connection.
pub(super) async fn tell(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
    config: &Config,
) -> Result<(), JobError> {
    let mut refused_in_a_row = 0;
    for _ in 0..TOLD_AT_ONCE_MAX {
        let Some((connection, secret, row)) = begin(ctx, lease, id).await? else { return Ok(()) };
        if is_shut(ctx, connection.user).await? {
            return Ok(());
        }
        let sent = tokio::select! {
            sent = send(ctx, &connection, secret, &row, config) => sent?,
            () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
        };
        let alone = matches!(&sent, Some(Sent::Refused(_)));
        refused_in_a_row = if alone { refused_in_a_row + 1 } else { 0 };
        let enough = refused_in_a_row >= REFUSED_IN_A_ROW_MAX;
        if !settle(ctx, lease, &connection, row, sent, enough).await? {
            return Ok(());
        }
    }
    // The connection is due still and goes on at the next look, after others.
    Ok(())
}

async fn begin(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
) -> Result<Option<(ConnectionRow, Secret, FavouriteRow)>, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        let Some(connection) = store::hold_connection(tx, id)? else { return Ok(None) };
        lease.guard(tx)?;
        let waits = connection.next > now && connection.next <= now.plus(WAIT_MAX);
        if connection.state != State::Working || !connection.favours || waits {
            return Ok(None);
        }
        let Some(row) = store::next_favourite(tx, id)? else { return Ok(None) };
        let secret = store::secret(tx, id)?;
        Ok::<_, Fault>(secret.map(|secret| (connection, secret, row)))
    });
    begun.await
}

/// Tells one; `None` when the server keeps no favourites.
async fn send(
    ctx: &Ctx,
    connection: &ConnectionRow,
    secret: Secret,
    row: &FavouriteRow,
    config: &Config,
) -> Result<Option<Sent>, Fault> {
    match connection.service {
        Service::ListenBrainz => {
            let account = listenbrainz::ListenBrainz { root: connection.root.clone(), token: secret };
            account.favour(ctx.fetch(), &row.thing, row.loved).await
        }
        Service::Lastfm => {
            let Some(program) = config.lastfm.clone() else { return Ok(Some(no_key())) };
            lastfm::Account { program, session: secret }
                .favour(ctx.fetch(), &row.facts, row.loved)
                .await
                .map(Some)
        }
    }
}

/// Notes what became of one; says whether to go on.
async fn settle(
    ctx: &Ctx,
    lease: &Lease,
    connection: &ConnectionRow,
    row: FavouriteRow,
    sent: Option<Sent>,
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
            None => {
                store::set_favours(tx, id, false, Some(NEVER))?;
                store::delete_favourites(tx, id)?;
                Ok(false)
            }
            Some(Sent::Taken { pause, .. }) => {
                store::delete_favourite(tx, id, &row)?;
                store::count_favourite_sent(tx, id)?;
                store::set_sent(tx, id, 0, now, now.plus(*pause))?;
                Ok(pause.is_zero())
            }
            Some(Sent::Refused(why)) => {
                store::delete_favourite(tx, id, &row)?;
                let problem = format!("{service} does not take {}: {why}", row.facts.title);
                store::set_favours_problem(tx, id, &problem)?;
                if enough {
                    let problem = format!(
                        "{service} refuses one favourite after the other. The last time it said: {why}"
                    );
                    let next = now.plus(pause_after(connection.failures, None));
                    store::set_failing(tx, id, State::Working, &problem, next)?;
                }
                Ok(!enough)
            }
            Some(Sent::Token(_)) => {
                store::set_failing(tx, id, State::Refused, &token_refused(service), now)?;
                Ok(false)
            }
            Some(Sent::Later { why, after }) => {
                let next = now.plus(pause_after(connection.failures, *after));
                store::set_failing(tx, id, State::Working, why, next)?;
                Ok(false)
            }
        }
    });
    let go_on: Result<bool, Fault> = settled.await;
    Ok(go_on?)
}
