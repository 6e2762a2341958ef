//! Takes over what somebody loved elsewhere, once for each time it is asked for: page by page, each in one transaction
//! with how far it is. It only adds; what is a favourite here stays one.

use std::time::Duration;

use async_trait::async_trait;
use catalog::{
    access,
    service::listens::{self, Favour},
};
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    http::Viewer,
    jobs::{Handler, JobError, Lease},
};

use super::{LOVED_JOB, is_shut, playing::viewer, send::pause_after};
use crate::{
    ConnectionId,
    favourites::is_being_unloved,
    model::State,
    projection::wake,
    remote::{
        Secret, WAIT_MAX,
        listenbrainz::ListenBrainz,
        loved::{Love, Page},
    },
    store::{self, ConnectionRow, FavouriteImportRow},
};

/// Pages that one import reads before others have their turn.
const PAGES_AT_ONCE_MAX: usize = 30;
/// Loved things of one account that are read; a server that never ends does so here.
const READ_MAX: u64 = if cfg!(test) { 300 } else { 100_000 };

/// Takes over favourites.
pub(super) struct Loved;

#[async_trait]
impl Handler for Loved {
    fn kind(&self) -> &'static str {
        LOVED_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: ConnectionId = lease.payload()?;
        for _ in 0..PAGES_AT_ONCE_MAX {
            let Some((connection, secret, row)) = begin(ctx, lease, id).await? else { return Ok(()) };
            if is_shut(ctx, connection.user).await? {
                return Ok(());
            }
            let Some(viewer) = viewer(ctx, connection.user).await? else { return Ok(()) };
            let account = ListenBrainz { root: connection.root.clone(), token: secret };
            let page = tokio::select! {
                page = account.loved_from(ctx.fetch(), &connection.name, row.read) => page?,
                () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
            };
            if !settle(ctx, lease, &connection, &viewer, page).await? {
                return Ok(());
            }
        }
        Ok(())
    }
}

async fn begin(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
) -> Result<Option<(ConnectionRow, Secret, FavouriteImportRow)>, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        let Some(connection) = store::hold_connection(tx, id)? else { return Ok(None) };
        lease.guard(tx)?;
        let row = store::favourite_import_of(tx, id)?.filter(|row| row.finished.is_none());
        let Some(row) = row else { return Ok(None) };
        let next = Time(row.next_us);
        if connection.state != State::Working || (next > now && next <= now.plus(WAIT_MAX)) {
            return Ok(None);
        }
        let secret = store::secret(tx, id)?;
        Ok::<_, Fault>(secret.map(|secret| (connection, secret, row)))
    });
    begun.await
}

/// Notes what a page brought; says whether to go on at once.
async fn settle(
    ctx: &Ctx,
    lease: &Lease,
    connection: &ConnectionRow,
    viewer: &Viewer,
    page: Page,
) -> Result<bool, JobError> {
    let scope = access::scope_of(ctx, viewer).await?;
    let (lease, now, connection) = (lease.clone(), ctx.now(), connection.clone());
    let id = connection.id;
    let settled = ctx.db().write(move |tx| {
        tx.see(scope);
        if store::hold_connection(tx, id)?.is_none() {
            return Ok(false);
        }
        lease.guard(tx)?;
        let Some(mut row) = store::favourite_import_of(tx, id)? else { return Ok(false) };
        wake(tx, connection.user);
        let go_on = match &page {
            Page::Loves { loves, count, after } => {
                take_over(tx, &connection, &mut row, loves, now)?;
                (row.problem, row.failures) = (None, 0);
                row.read += count;
                let more = *count > 0 && row.read < READ_MAX;
                row.finished = (!more).then_some(now);
                row.next_us = now.plus(after.unwrap_or_default()).0;
                more && after.is_none()
            }
            Page::Token => {
                let words = "The token of this account is no longer taken. Connect again; your favourites follow then.";
                store::set_failing(tx, id, State::Refused, words, now)?;
                false
            }
            Page::Never => {
                row.problem = Some("This server gives no favourites back, so there is nothing to take over.".to_owned());
                row.finished = Some(now);
                false
            }
            Page::Later { why, after } => {
                later(&mut row, why, *after, now);
                false
            }
        };
        store::put_favourite_import(tx, id, &row)?;
        Ok(go_on)
    });
    let go_on: Result<bool, Fault> = settled.await;
    Ok(go_on?)
}

fn later(row: &mut FavouriteImportRow, why: &str, after: Option<Duration>, now: Time) {
    row.problem = Some(why.to_owned());
    row.next_us = now.plus(pause_after(row.failures, after)).0;
    row.failures = row.failures.saturating_add(1);
}

fn take_over(
    tx: &mut Tx<'_>,
    connection: &ConnectionRow,
    row: &mut FavouriteImportRow,
    loves: &[Love],
    now: Time,
) -> Result<(), Fault> {
    for love in loves {
        // It was taken away here, and the service has merely not heard of that yet.
        if is_being_unloved(tx, connection, &love.recording)? {
            continue;
        }
        let since = love.since_s.map_or(now, |seconds| Time(seconds.saturating_mul(1_000_000)).min(now));
        match listens::favour_recording(tx, connection.user, &love.recording, since)? {
            Favour::Made => row.added += 1,
            Favour::Known => row.known += 1,
            Favour::Absent => row.unmatched += 1,
        }
    }
    Ok(())
}
