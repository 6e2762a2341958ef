//! What an account loves, once for each time it is asked for. It only adds; what is a favourite here stays one.

use std::time::Duration;

use async_trait::async_trait;
use catalog::service::listens::{self, Favour};
use kernel::{Fault, Time, db::Tx, fetch::Fetcher};

use super::Taking;
use crate::{
    favourites::is_being_unloved,
    jobs::LOVED_JOB,
    remote::{Page, listenbrainz::ListenBrainz, loved::Loves},
    store::{ConnectionRow, TakeoverRow, What},
};

/// Loved things of one account that are read; a server that never ends does so here.
const READ_MAX: u64 = if cfg!(test) { 300 } else { 100_000 };

/// Taking over favourites.
pub(crate) enum Favourites {}

#[async_trait]
impl Taking for Favourites {
    type Found = Loves;
    const WHAT: What = What::Favourites;
    const KIND: &'static str = LOVED_JOB;
    const AGAIN: Option<Duration> = None;
    const NEVER: &'static str = "This server gives no favourites back, so there is nothing to take over.";
    const TOKEN: &'static str =
        "The token of this account is no longer taken. Connect again; your favourites follow then.";

    async fn ask(
        account: &ListenBrainz,
        fetch: &Fetcher,
        name: &str,
        row: &TakeoverRow,
    ) -> Result<Page<Loves>, Fault> {
        account.loved_from(fetch, name, row.read).await
    }

    fn take(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        row: &mut TakeoverRow,
        found: &Loves,
        now: Time,
    ) -> Result<bool, Fault> {
        for love in &found.loves {
            // It was taken away here, and the service has merely not heard of that yet.
            if is_being_unloved(tx, connection, &love.recording)? {
                continue;
            }
            let since = love.since_s.map_or(now, |seconds| Time(seconds.saturating_mul(1_000_000)).min(now));
            match listens::favour_recording(tx, connection.user, &love.recording, since)? {
                Favour::Made => row.taken += 1,
                Favour::Known => row.known += 1,
                Favour::Absent => row.unmatched += 1,
            }
        }
        row.read += found.count;
        Ok(found.count > 0 && row.read < READ_MAX)
    }
}
