//! Where tracks of albums and artists went.

use kernel::{Fault, Time, db::Tx, params, sql};

use crate::model::ItemKind;

pub(crate) fn insert(tx: &mut Tx<'_>, kind: ItemKind, from: i64, to: i64, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_moved (kind, item_id, to_id, moved_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, item_id, to_id) DO UPDATE SET moved_us = excluded.moved_us"
        ),
        params![kind.word(), from, to, now],
    )?;
    Ok(())
}

/// Forgets that something went from here to there, since it came back.
pub(crate) fn delete(tx: &mut Tx<'_>, kind: ItemKind, from: i64, to: i64) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM catalog_moved WHERE kind = $1 AND item_id = $2 AND to_id = $3"),
        params![kind.word(), from, to],
    )?;
    Ok(())
}

/// Forgets all that went from here.
pub(crate) fn delete_all(tx: &mut Tx<'_>, kind: ItemKind, from: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_moved WHERE kind = $1 AND item_id = $2"), params![kind.word(), from])?;
    Ok(())
}

/// Where what was here went after `since`, at most two places; 0 is nowhere.
pub(crate) fn places(tx: &mut Tx<'_>, kind: ItemKind, from: i64, since: Time) -> Result<Vec<i64>, Fault> {
    tx.all(
        sql!(
            "SELECT to_id FROM catalog_moved WHERE kind = $1 AND item_id = $2 AND moved_us > $3
             ORDER BY to_id LIMIT 2"
        ),
        params![kind.word(), from, since],
        |row| row.get(0),
    )
}
