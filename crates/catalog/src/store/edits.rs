//! The rows of edits: what people wrote over what files say, and its history.

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::model::ItemKind;

/// Past edits that are kept of a thing.
pub(crate) const HISTORY_MAX: u32 = 20;

/// What is written over a thing: JSON of the edited fields, and of what the files say instead.
pub(crate) fn of(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<Option<(String, String)>, Fault> {
    tx.one(
        sql!("SELECT edited, filed FROM catalog_edit WHERE kind = $1 AND item_id = $2"),
        params![kind.word(), id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

pub(crate) fn put(tx: &mut Tx<'_>, kind: ItemKind, id: i64, edited: &str, filed: &str) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_edit (kind, item_id, edited, filed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, item_id) DO UPDATE SET edited = excluded.edited, filed = excluded.filed"
        ),
        params![kind.word(), id, edited, filed],
    )?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_edit WHERE kind = $1 AND item_id = $2"), params![kind.word(), id])?;
    Ok(())
}

/// Forgets everything that people wrote over a thing that goes, with its history.
pub(crate) fn delete_all(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<(), Fault> {
    delete(tx, kind, id)?;
    let sql = sql!("DELETE FROM catalog_edit_history WHERE kind = $1 AND item_id = $2");
    tx.run(sql, params![kind.word(), id])?;
    if kind == ItemKind::Artist {
        super::merged::forget(tx, id, i64::MIN..=i64::MAX)?;
    }
    Ok(())
}

/// Counts one more edit of a track.
pub(crate) fn count_track(tx: &mut Tx<'_>, id: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_track SET edits = edits + 1 WHERE id = $1"), params![id])?;
    Ok(())
}

/// Counts one more edit of an album.
pub(crate) fn count_album(tx: &mut Tx<'_>, id: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_album SET edits = edits + 1 WHERE id = $1"), params![id])?;
    Ok(())
}

/// Counts one more edit of an artist.
pub(crate) fn count_artist(tx: &mut Tx<'_>, id: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_artist SET edits = edits + 1 WHERE id = $1"), params![id])?;
    Ok(())
}

/// An edit as it is kept.
pub(crate) struct PastRow {
    pub(crate) edit: i64,
    pub(crate) kind: String,
    pub(crate) item: i64,
    pub(crate) by: UserId,
    /// Empty while it is not known here.
    pub(crate) name: String,
    pub(crate) at: Time,
    /// JSON.
    pub(crate) changes: String,
    pub(crate) undone: bool,
}

pub(crate) fn remember(
    tx: &mut Tx<'_>,
    (edit, by, at): (i64, UserId, Time),
    (kind, id): (ItemKind, i64),
    changes: &str,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_edit_history (edit_id, kind, item_id, user_id, edited_us, changes, undone)
             VALUES ($1, $2, $3, $4, $5, $6, FALSE)"
        ),
        params![edit, kind.word(), id, by, at, changes],
    )?;
    Ok(())
}

/// The columns of a [`PastRow`].
macro_rules! past_columns {
    () => {
        "SELECT h.edit_id, h.kind, h.item_id, h.user_id, COALESCE(o.name, ''), h.edited_us, h.changes, h.undone
         FROM catalog_edit_history h LEFT JOIN catalog_owner o ON o.id = h.user_id "
    };
}

fn past(row: &kernel::db::Row<'_>) -> Result<PastRow, Fault> {
    Ok(PastRow {
        edit: row.get(0)?,
        kind: row.get(1)?,
        item: row.get(2)?,
        by: row.get(3)?,
        name: row.get(4)?,
        at: row.get(5)?,
        changes: row.get(6)?,
        undone: row.get(7)?,
    })
}

/// The last edits of a thing, the newest first.
pub(crate) fn history(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<Vec<PastRow>, Fault> {
    tx.all(
        sql!(concat!(
            past_columns!(),
            "WHERE h.kind = $1 AND h.item_id = $2 ORDER BY h.edit_id DESC LIMIT $3"
        )),
        params![kind.word(), id, HISTORY_MAX],
        past,
    )
}

/// Forgets the edits that are older than those that are kept of a thing, each with everything that it touched: nobody
/// takes half of it back.
pub(crate) fn trim(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<(), Fault> {
    let last = tx.one(
        sql!(
            "SELECT h.edit_id FROM catalog_edit_history h WHERE h.kind = $1 AND h.item_id = $2
             ORDER BY h.edit_id DESC LIMIT 1 OFFSET $3"
        ),
        params![kind.word(), id, HISTORY_MAX],
        |row| row.get::<i64>(0),
    )?;
    let Some(last) = last else { return Ok(()) };
    tx.run(
        sql!(
            "DELETE FROM catalog_edit_history WHERE edit_id IN (
                SELECT h.edit_id FROM catalog_edit_history h WHERE h.kind = $1 AND h.item_id = $2 AND h.edit_id <= $3)"
        ),
        params![kind.word(), id, last],
    )?;
    if kind == ItemKind::Artist {
        super::merged::forget(tx, id, i64::MIN..=last)?;
    }
    Ok(())
}

/// Everything that one edit touched.
pub(crate) fn of_edit(tx: &mut Tx<'_>, edit: i64) -> Result<Vec<PastRow>, Fault> {
    tx.all(
        sql!(concat!(past_columns!(), "WHERE h.edit_id = $1 ORDER BY h.kind, h.item_id")),
        params![edit],
        past,
    )
}

/// Whether a thing was edited after this edit, which still holds.
pub(crate) fn has_later(tx: &mut Tx<'_>, kind: ItemKind, id: i64, edit: i64) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            "SELECT 1 FROM catalog_edit_history h WHERE h.kind = $1 AND h.item_id = $2 AND h.edit_id > $3
                AND NOT h.undone LIMIT 1"
        ),
        params![kind.word(), id, edit],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn set_undone(tx: &mut Tx<'_>, edit: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_edit_history SET undone = TRUE WHERE edit_id = $1"), params![edit])?;
    Ok(())
}

/// The history of one thing goes on with another.
pub(crate) fn move_history(tx: &mut Tx<'_>, kind: ItemKind, from: i64, to: i64) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_edit_history SET item_id = $3 WHERE kind = $1 AND item_id = $2 AND NOT EXISTS (
                SELECT 1 FROM catalog_edit_history other WHERE other.edit_id = catalog_edit_history.edit_id
                    AND other.kind = $1 AND other.item_id = $3)"
        ),
        params![kind.word(), from, to],
    )?;
    Ok(())
}
