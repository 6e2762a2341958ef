//! Favourites on their way out, one after the other.

use async_trait::async_trait;
use kernel::{Fault, Time, db::Tx, fetch::Fetcher};

use super::Queue;
use crate::{
    ConnectionId,
    remote::{Door, Sent},
    store::{self, ConnectionRow, FavouriteRow},
};

/// What is shown of a server that keeps no favourites.
const NEVER: &str = "This server keeps no favourites, so they are not told there.";

/// The queue of favourites.
pub(super) enum Favourites {}

#[async_trait]
impl Queue for Favourites {
    type Batch = FavouriteRow;
    const ONE: &'static str = "favourite";

    fn next(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        _: usize,
        _: Time,
    ) -> Result<Option<FavouriteRow>, Fault> {
        if connection.favours { store::next_favourite(tx, connection.id) } else { Ok(None) }
    }

    fn count(_: &FavouriteRow) -> usize {
        1
    }

    async fn send(door: &Door, fetch: &Fetcher, row: &FavouriteRow) -> Result<Sent, Fault> {
        door.favour(fetch, (&row.thing, &row.facts), row.loved).await
    }

    fn taken(
        tx: &mut Tx<'_>,
        id: ConnectionId,
        row: &FavouriteRow,
        _: &[(usize, String)],
        _: Time,
    ) -> Result<u64, Fault> {
        store::delete_favourite(tx, id, row)?;
        store::count_favourite_sent(tx, id)?;
        Ok(0)
    }

    fn refused(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        row: &FavouriteRow,
        why: &str,
        now: Time,
    ) -> Result<(), Fault> {
        let problem = format!("{} does not take it: {why}", connection.service);
        store::fail_favourite(tx, connection.id, row, &problem, now)?;
        store::prune_failed(tx, connection.id)?;
        let problem = format!("{} does not take {}: {why}", connection.service, row.facts.title);
        store::set_favours_problem(tx, connection.id, &problem)
    }

    fn never(tx: &mut Tx<'_>, id: ConnectionId) -> Result<(), Fault> {
        store::set_favours(tx, id, false, Some(NEVER))?;
        store::delete_favourites(tx, id)
    }
}
