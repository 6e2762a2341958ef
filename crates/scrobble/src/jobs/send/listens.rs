//! Listens on their way out.

use async_trait::async_trait;
use kernel::{Fault, Time, db::Tx, fetch::Fetcher};

use super::Queue;
use crate::{
    ConnectionId,
    projection::refill,
    remote::{Door, Listen, Sent, batch_max},
    store::{self, ConnectionRow},
};

/// The queue of listens.
pub(super) enum Listens {}

#[async_trait]
impl Queue for Listens {
    type Batch = Vec<Listen>;
    const ONE: &'static str = "listen";

    fn next(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        most: usize,
        now: Time,
    ) -> Result<Option<Vec<Listen>>, Fault> {
        refill(tx, connection, now)?;
        store::bring_to_present(tx, connection.id, now)?;
        let batch = store::waiting(tx, connection.id, most.min(batch_max(connection)))?;
        Ok((!batch.is_empty()).then_some(batch))
    }

    fn count(batch: &Vec<Listen>) -> usize {
        batch.len()
    }

    async fn send(door: &Door, fetch: &Fetcher, batch: &Vec<Listen>) -> Result<Sent, Fault> {
        door.submit(fetch, batch).await
    }

    fn taken(
        tx: &mut Tx<'_>,
        id: ConnectionId,
        batch: &Vec<Listen>,
        refused: &[(usize, String)],
        now: Time,
    ) -> Result<u64, Fault> {
        for (place, listen) in batch.iter().enumerate() {
            match refused.iter().find(|(at, _)| *at == place) {
                Some((_, why)) => store::fail_listen(tx, id, listen.seq, why, now)?,
                None => store::delete_listen(tx, id, listen.seq)?,
            }
        }
        store::prune_failed(tx, id)?;
        Ok(batch.len().saturating_sub(refused.len()) as u64)
    }

    fn refused(
        tx: &mut Tx<'_>,
        connection: &ConnectionRow,
        batch: &Vec<Listen>,
        why: &str,
        now: Time,
    ) -> Result<(), Fault> {
        let problem = format!("{} does not take it: {why}", connection.service);
        for listen in batch {
            store::fail_listen(tx, connection.id, listen.seq, &problem, now)?;
        }
        store::prune_failed(tx, connection.id)
    }

    fn never(_: &mut Tx<'_>, _: ConnectionId) -> Result<(), Fault> {
        Err(Fault::new("no service is told that it keeps no listens"))
    }
}
