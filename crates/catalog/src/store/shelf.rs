//! The rows that are derived from events: the shelf of what is new, and the names of owners.

use kernel::{Fault, db::Tx, params, sql};

pub(crate) fn put(tx: &mut Tx<'_>, kind: &str, item: i64, added_us: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_shelf (kind, item_id, added_us) VALUES ($1, $2, $3)
             ON CONFLICT (kind, item_id) DO UPDATE SET added_us = excluded.added_us"
        ),
        params![kind, item, added_us],
    )?;
    Ok(())
}

pub(crate) fn take(tx: &mut Tx<'_>, kind: &str, item: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_shelf WHERE kind = $1 AND item_id = $2"), params![kind, item])?;
    Ok(())
}

pub(crate) fn clear(tx: &mut Tx<'_>) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_shelf", scan = "it is made again from nothing"), params![])?;
    Ok(())
}

pub(crate) fn put_owner(tx: &mut Tx<'_>, id: i64, name: &str) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_owner (id, name) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name"
        ),
        params![id, name],
    )?;
    Ok(())
}

pub(crate) fn take_owner(tx: &mut Tx<'_>, id: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_owner WHERE id = $1"), params![id])?;
    Ok(())
}

pub(crate) fn clear_owners(tx: &mut Tx<'_>) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_owner", scan = "it is made again from nothing"), params![])?;
    Ok(())
}

/// The whole shelf, for a test to compare.
#[cfg(test)]
pub(crate) async fn all(db: &kernel::db::Db) -> Result<Vec<(String, i64, i64)>, Fault> {
    db.all(
        sql!(
            "SELECT kind, item_id, added_us FROM catalog_shelf ORDER BY kind, item_id",
            scan = "a test compares all of it"
        ),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .await
}
