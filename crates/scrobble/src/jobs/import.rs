//! Takes over what was noted elsewhere: from the newest listen back to where the run before began, page by page.
//!
//! A page is matched, counted and noted in one transaction, so a run that was killed goes on where it stood. What this
//! house counted itself, also what it sent there, is known by its second; the same song close by is the same hearing,
//! told by another program with another clock.

use std::time::Duration;

use async_trait::async_trait;
use catalog::{
    access,
    service::listens::{Matched, Matcher, count_foreign_play},
};
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    http::Viewer,
    id::UserId,
    jobs::{Handler, JobError, Lease},
};

use super::{IMPORT_JOB, is_shut, playing::viewer, send::pause_after};
use crate::{
    ConnectionId,
    model::State,
    projection::wake,
    remote::{
        PAUSE_BUSY, Secret, WAIT_MAX, is_ours,
        listenbrainz::ListenBrainz,
        noted::{Noted, Page},
    },
    store::{self, ConnectionRow, ImportRow},
};

/// Pages that one import reads before others have their turn.
const PAGES_AT_ONCE_MAX: usize = 30;
/// Between two runs.
const EVERY: Duration = Duration::from_mins(30);
/// A run reads this much of what the one before has read, for programs that tell late what was heard on the way.
const OVERLAP_S: i64 = 2 * 24 * 3600;
/// How far apart two tellings of one hearing can lie, at least and at most: one says when a song began, another when it
/// was half over or ended.
const APART_MIN: Duration = Duration::from_secs(30);
const APART_MAX: Duration = Duration::from_mins(4);
/// A server that gives nothing back is asked again after this, in case it has learnt it.
const NEVER_PAUSE: Duration = Duration::from_hours(24);

/// Takes over listens.
pub(super) struct Import;

#[async_trait]
impl Handler for Import {
    fn kind(&self) -> &'static str {
        IMPORT_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: ConnectionId = lease.payload()?;
        for _ in 0..PAGES_AT_ONCE_MAX {
            let Some((connection, secret, row)) = begin(ctx, lease, id).await? else { return Ok(()) };
            if is_shut(ctx, connection.user).await? {
                return Ok(());
            }
            let Some(viewer) = viewer(ctx, connection.user).await? else { return Ok(()) };
            let account = ListenBrainz { root: connection.root.clone(), token: secret.clone() };
            let page = tokio::select! {
                page = account.listens_before(ctx.fetch(), &connection.name, row.before_s) => page?,
                () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
            };
            if !settle(ctx, lease, (&connection, secret), &viewer, page).await? {
                return Ok(());
            }
        }
        // It is due still and goes on at the next look, after others.
        Ok(())
    }
}

async fn begin(
    ctx: &Ctx,
    lease: &Lease,
    id: ConnectionId,
) -> Result<Option<(ConnectionRow, Secret, ImportRow)>, Fault> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        let Some(connection) = store::hold_connection(tx, id)? else { return Ok(None) };
        lease.guard(tx)?;
        let Some(row) = store::import_of(tx, id)? else { return Ok(None) };
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
    (connection, secret): (&ConnectionRow, Secret),
    viewer: &Viewer,
    page: Page,
) -> Result<bool, JobError> {
    let scope = access::scope_of(ctx, viewer).await?;
    let (lease, now, id, user) = (lease.clone(), ctx.now(), connection.id, connection.user);
    let settled = ctx.db().write(move |tx| {
        tx.see(scope);
        if store::hold_connection(tx, id)?.is_none() {
            return Ok(false);
        }
        lease.guard(tx)?;
        let Some(mut row) = store::import_of(tx, id)? else { return Ok(false) };
        wake(tx, user);
        let failed = |row: &mut ImportRow, why: &str, pause: Duration| {
            row.problem = Some(why.to_owned());
            row.failures = row.failures.saturating_add(1);
            row.next_us = now.plus(pause).0;
        };
        let go_on = match &page {
            Page::Listens(listens, after) => {
                let more = take_over(tx, user, &mut row, listens, now)?;
                (row.problem, row.failures) = (None, 0);
                if !more {
                    end_run(&mut row, now);
                }
                let pause = if more { Duration::ZERO } else { EVERY };
                row.next_us = now.plus(pause.max(after.unwrap_or_default())).0;
                more && after.is_none()
            }
            // Connected anew meanwhile: that was the verdict on a token that is gone.
            Page::Token if store::secret(tx, id)?.is_some_and(|now| now != secret) => true,
            Page::Token => {
                let words =
                    "The token of this account is no longer taken. Connect again; the import goes on then.";
                store::set_failing(tx, id, State::Refused, words, now)?;
                false
            }
            Page::Never => {
                failed(
                    &mut row,
                    "This server gives no listens back, so there is nothing to take over.",
                    NEVER_PAUSE,
                );
                false
            }
            Page::Later { why, .. } if is_ours(why) => {
                row.next_us = now.plus(PAUSE_BUSY).0;
                false
            }
            Page::Later { why, after } => {
                let pause = pause_after(row.failures, *after);
                failed(&mut row, why, pause);
                false
            }
        };
        store::put_import(tx, id, &row)?;
        Ok(go_on)
    });
    let go_on: Result<bool, Fault> = settled.await;
    Ok(go_on?)
}

/// The run has reached where the one before began.
fn end_run(row: &mut ImportRow, now: Time) {
    row.done_s = row.done_s.max(row.top_s);
    row.before_s = None;
    row.finished = Some(now);
}

/// Where a run ends: nothing before this is read.
fn floor(row: &ImportRow) -> i64 {
    if row.done_s == 0 { row.since_s } else { row.since_s.max(row.done_s - OVERLAP_S) }
}

/// Counts the listens of a page; says whether there are older ones to read.
fn take_over(
    tx: &mut Tx<'_>,
    user: UserId,
    row: &mut ImportRow,
    listens: &[Noted],
    now: Time,
) -> Result<bool, Fault> {
    let floor = floor(row);
    let mut matcher = Matcher::default();
    // The second at the edge of the page before is read once more, since more listens may share it.
    let edge = row.before_s.map(|before| before - 1);
    for listen in listens.iter().filter(|listen| listen.at_s >= floor && listen.at_s <= now.seconds()) {
        let fresh = listen.at_s > row.done_s && Some(listen.at_s) != edge;
        match count(tx, user, &mut matcher, listen, now)? {
            Some(true) => row.counted += 1,
            Some(false) if fresh => row.known += 1,
            None if fresh => row.unmatched += 1,
            _ => {}
        }
        row.top_s = row.top_s.max(listen.at_s);
    }
    let Some(oldest) = listens.iter().map(|listen| listen.at_s).min() else { return Ok(false) };
    // When a whole page lies within one second, the second is given up rather than the rest.
    let next = if Some(oldest) == edge { oldest } else { oldest + 1 };
    let stuck = row.before_s.is_some_and(|before| next >= before && oldest >= before);
    row.before_s = Some(next);
    Ok(oldest >= floor && !stuck)
}

/// Counts one listen: true when it is a play that was not known, false when it was, `None` when no track is meant.
fn count(
    tx: &mut Tx<'_>,
    user: UserId,
    matcher: &mut Matcher,
    listen: &Noted,
    now: Time,
) -> Result<Option<bool>, Fault> {
    let at = Time(listen.at_s * 1_000_000);
    let second = (at, Time(at.0 + 999_999));
    if store::heard_between(tx, user, second)? {
        return Ok(Some(false));
    }
    let Some(Matched { track, duration_ms }) = matcher.find(tx, &listen.spoken)? else { return Ok(None) };
    let apart = Duration::from_millis(duration_ms / 2).clamp(APART_MIN, APART_MAX);
    let apart_us = i64::try_from(apart.as_micros()).unwrap_or(i64::MAX);
    if store::track_heard_between(tx, user, track, (Time(at.0 - apart_us), Time(at.0 + apart_us)))? {
        return Ok(Some(false));
    }
    if !count_foreign_play(tx, user, track, at, "ListenBrainz", now)? {
        return Ok(Some(false));
    }
    store::note_foreign(tx, user, track, at)?;
    Ok(Some(true))
}
