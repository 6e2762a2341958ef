//! What belongs to one listener: queue, bookmarks, devices. Every statement names the listener.

pub(crate) mod bookmarks;
pub(crate) mod devices;
pub(crate) mod queue;

use kernel::{Fault, db::Tx, id::UserId, params, sql};

/// Lets one change at a time of what a listener has a limited number of, so that none slips past the limit
/// (`PostgreSQL`; the other engine has one writer anyway).
pub(crate) fn lock(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.all(
        sql!(sqlite: "SELECT $1", postgres: "SELECT 1 FROM pg_advisory_xact_lock($1)"),
        params![user],
        |_| Ok(()),
    )?;
    Ok(())
}
