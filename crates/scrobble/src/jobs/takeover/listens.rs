//! Listens: from the newest back to where the run before began. What this house counted itself, also what it sent there, is
//! known by its second; the same song close by is the same hearing, told by another program with another clock.

use std::time::Duration;

use async_trait::async_trait;
use catalog::service::listens::{Matched, Matcher, count_foreign_play};
use kernel::{Fault, Time, db::Tx, fetch::Fetcher, id::UserId};

use super::Taking;
use crate::{
    jobs::IMPORT_JOB,
    remote::{Page, listenbrainz::ListenBrainz, noted::Noted},
    store::{self, ConnectionRow, TakeoverRow, What},
};

/// Between two runs.
const EVERY: Duration = Duration::from_mins(30);
/// A run reads this much of what the one before has read, for programs that tell late what was heard on the way.
const OVERLAP_S: i64 = 2 * 24 * 3600;
/// How far apart two tellings of one hearing can lie, at least and at most: one says when a song began, another when it
/// was half over or ended.
const APART_MIN: Duration = Duration::from_secs(30);
const APART_MAX: Duration = Duration::from_mins(4);

/// Taking over listens.
pub(crate) enum Listens {}

#[async_trait]
impl Taking for Listens {
    type Found = Vec<Noted>;
    const WHAT: What = What::Listens;
    const KIND: &'static str = IMPORT_JOB;
    const AGAIN: Option<Duration> = Some(EVERY);
    const NEVER: &'static str = "This server gives no listens back, so there is nothing to take over.";
    const TOKEN: &'static str =
        "The token of this account is no longer taken. Connect again; the import goes on then.";

    async fn ask(
        account: &ListenBrainz,
        fetch: &Fetcher,
        name: &str,
        row: &TakeoverRow,
    ) -> Result<Page<Vec<Noted>>, Fault> {
        account.listens_before(fetch, name, row.before_s).await
    }

    fn take(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        row: &mut TakeoverRow,
        found: &Vec<Noted>,
        now: Time,
    ) -> Result<bool, Fault> {
        let more = take_over(tx, connection.user, row, found, now)?;
        if !more {
            // The run has reached where the one before began.
            row.done_s = row.done_s.max(row.top_s);
            row.before_s = None;
        }
        Ok(more)
    }
}

/// Where a run ends: nothing before this is read.
fn floor(row: &TakeoverRow) -> i64 {
    if row.done_s == 0 { row.since_s } else { row.since_s.max(row.done_s - OVERLAP_S) }
}

/// Counts the listens of a page; says whether there are older ones to read.
fn take_over(
    tx: &mut Tx<'_>,
    user: UserId,
    row: &mut TakeoverRow,
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
            Some(true) => row.taken += 1,
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
