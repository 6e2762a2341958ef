//! Takes over what an account elsewhere has noted: its listens, and what it loves. It is read page by page, each matched
//! and noted in one transaction with how far that is, so that who was killed goes on where it stood.

mod favourites;
mod listens;

use std::{marker::PhantomData, time::Duration};

use async_trait::async_trait;
use catalog::access;
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    fetch::Fetcher,
    http::Viewer,
    jobs::{Handler, JobError, Lease},
};

pub(super) use self::{favourites::Favourites, listens::Listens};
use super::{
    Turn, failing_since, is_ahead, is_given_up, is_shut, obey, playing::viewer, ready, send::pause_after,
};
use crate::{
    ConnectionId,
    model::State,
    projection::wake,
    remote::{PAUSE_BUSY, Page, Secret, is_ours, listenbrainz::ListenBrainz},
    store::{self, ConnectionRow, TakeoverRow, What},
};

/// Pages that one job reads before others have their turn.
const PAGES_MAX: u32 = if cfg!(test) { 12 } else { 30 };
/// A server that gives nothing back is asked again after this, in case it has learnt it.
const NEVER_PAUSE: Duration = Duration::from_hours(24);

/// One kind of what is taken over.
#[async_trait]
pub(super) trait Taking: Send + Sync + 'static {
    /// What a page holds.
    type Found: Send + Sync + 'static;
    /// What it is.
    const WHAT: What;
    /// The kind of its jobs.
    const KIND: &'static str;
    /// Between two runs; `None` when it is read once for each time it is asked for.
    const AGAIN: Option<Duration>;
    /// What is shown of a server that gives none of it back.
    const NEVER: &'static str;
    /// What is shown when the token is refused.
    const TOKEN: &'static str;

    /// Asks for the next page.
    async fn ask(
        account: &ListenBrainz,
        fetch: &Fetcher,
        name: &str,
        row: &TakeoverRow,
    ) -> Result<Page<Self::Found>, Fault>;

    /// Takes over what a page holds, in a transaction that sees what the listener sees; says whether there is more to read.
    fn take(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        row: &mut TakeoverRow,
        found: &Self::Found,
        now: Time,
    ) -> Result<bool, Fault>;
}

/// Takes one kind over.
pub(super) struct TakeOver<T>(PhantomData<T>);

impl<T: Taking> TakeOver<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<T: Taking> Handler for TakeOver<T> {
    fn kind(&self) -> &'static str {
        T::KIND
    }

    fn at_once(&self) -> usize {
        2
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: ConnectionId = lease.payload()?;
        let mut turn = Turn::begin(ctx.now(), PAGES_MAX);
        while turn.goes_on(ctx.now()) {
            let Some((connection, secret, row)) = begin::<T>(ctx, lease, id).await? else { return Ok(()) };
            if is_shut(ctx, connection.user).await? {
                return Ok(());
            }
            let Some(viewer) = viewer(ctx, connection.user).await? else { return Ok(()) };
            let account = ListenBrainz { root: connection.root.clone(), token: secret.clone() };
            let page = tokio::select! {
                page = T::ask(&account, ctx.fetch(), &connection.name, &row) => page?,
                () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
            };
            if !settle::<T>(ctx, lease, (connection, secret), &viewer, page).await? {
                return Ok(());
            }
        }
        Ok(())
    }
}

async fn begin<T: Taking>(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
) -> Result<Option<(ConnectionRow, Secret, TakeoverRow)>, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        let Some((connection, secret)) = ready(tx, &lease, id, now)? else { return Ok(None) };
        let row = store::takeover_of(tx, id, T::WHAT)?;
        let due = row.filter(|row| row.next.is_some_and(|next| !is_ahead(next, now)));
        Ok::<_, Fault>(due.map(|row| (connection, secret, row)))
    });
    begun.await
}

/// Notes what a page brought; says whether to go on at once.
async fn settle<T: Taking>(
    ctx: &Ctx,
    lease: &Lease,
    (connection, secret): (ConnectionRow, Secret),
    viewer: &Viewer,
    page: Page<T::Found>,
) -> Result<bool, Fault> {
    let scope = access::scope_of(ctx, viewer).await?;
    let (lease, now, id) = (lease.clone(), ctx.now(), connection.id);
    let settled = ctx.db().write(move |tx| {
        tx.see(scope);
        if store::hold_connection(tx, id)?.is_none() {
            return Ok(false);
        }
        lease.guard(tx)?;
        let Some(mut row) = store::takeover_of(tx, id, T::WHAT)? else { return Ok(false) };
        wake(tx, connection.user);
        let go_on = match &page {
            Page::Found(found, after) => {
                let more = T::take(tx, &connection, &mut row, found, now)?;
                (row.problem, row.failures, row.failing) = (None, 0, None);
                obey(tx, &connection, *after, now)?;
                let after = after.map_or(Duration::ZERO, |after| after.long);
                if more {
                    row.next = Some(now.plus(after));
                } else {
                    row.finished = Some(now);
                    row.next = T::AGAIN.map(|again| now.plus(again.max(after)));
                }
                more && after.is_zero()
            }
            // Connected anew meanwhile: that was the verdict on a token that is gone.
            Page::Token if store::secret(tx, id)?.is_some_and(|now| now != secret) => true,
            Page::Token => {
                store::set_failing(tx, id, (State::Refused, T::TOKEN), now, now)?;
                false
            }
            Page::Never if T::AGAIN.is_some() => {
                fail(&mut row, T::NEVER, now.plus(NEVER_PAUSE), now);
                false
            }
            Page::Never => {
                row.problem = Some(T::NEVER.to_owned());
                (row.finished, row.next) = (Some(now), None);
                false
            }
            Page::Later { why, .. } if is_ours(why) => {
                row.next = Some(now.plus(PAUSE_BUSY));
                false
            }
            Page::Later { why, after } => {
                obey(tx, &connection, *after, now)?;
                let next = now.plus(pause_after(row.failures, after.map(|after| after.long)));
                fail(&mut row, why, next, now);
                false
            }
        };
        store::put_takeover(tx, id, T::WHAT, &row)?;
        Ok(go_on)
    });
    settled.await
}

/// Notes a failure: it is tried again, unless it has failed for too long.
fn fail(row: &mut TakeoverRow, why: &str, next: Time, now: Time) {
    let since = failing_since(row.failing, row.next.unwrap_or(now), now);
    row.failing = Some(since);
    row.failures = row.failures.saturating_add(1);
    if is_given_up(since, now) {
        row.problem = Some(format!("{why} That was so for two weeks, so it is no longer tried by itself."));
        row.next = None;
    } else {
        row.problem = Some(why.to_owned());
        row.next = Some(next);
    }
}
