//! Places that a listener wants to come back to.

use kernel::{Fault, Time, db::Tx, id::UserId, params, sql};

use crate::{store::media::signed, visibility::visible};

/// A bookmark as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct BookmarkRow {
    /// `track` or `video`.
    pub(crate) kind: String,
    pub(crate) item: i64,
    pub(crate) position_ms: u64,
    pub(crate) comment: String,
    pub(crate) created: Time,
    pub(crate) changed: Time,
}

/// Somebody's bookmarks in what is shown, the last changed first, before `key`.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    user: UserId,
    key: (i64, i64),
    limit: u32,
) -> Result<Vec<BookmarkRow>, Fault> {
    tx.all(
        sql!(concat!(
            "SELECT b.kind, b.item_id, b.position_ms, b.comment, b.created_us, b.changed_us
             FROM catalog_bookmark b
             LEFT JOIN catalog_track t ON b.kind = 'track' AND t.id = b.item_id AND ",
            visible!("t"),
            " LEFT JOIN catalog_video v ON b.kind = 'video' AND v.id = b.item_id AND ",
            visible!("v"),
            " WHERE b.user_id = $1 AND (b.changed_us, b.item_id) < ($2, $3)
                AND (t.id IS NOT NULL OR v.id IS NOT NULL)
             ORDER BY b.changed_us DESC, b.item_id DESC LIMIT $4"
        )),
        params![user, key.0, key.1, limit],
        |row| {
            Ok(BookmarkRow {
                kind: row.get(0)?,
                item: row.get(1)?,
                position_ms: row.get(2)?,
                comment: row.get(3)?,
                created: row.get(4)?,
                changed: row.get(5)?,
            })
        },
    )
}

/// How many somebody has, not counting the one in this.
pub(crate) fn count_others(tx: &mut Tx<'_>, user: UserId, kind: &str, item: i64) -> Result<u64, Fault> {
    let count = tx.one(
        sql!("SELECT COUNT(*) FROM catalog_bookmark WHERE user_id = $1 AND NOT (kind = $2 AND item_id = $3)"),
        params![user, kind, item],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

pub(crate) fn put(tx: &mut Tx<'_>, user: UserId, row: &BookmarkRow) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_bookmark (user_id, kind, item_id, position_ms, comment, created_us, changed_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (user_id, kind, item_id) DO UPDATE SET position_ms = excluded.position_ms,
                comment = excluded.comment, changed_us = excluded.changed_us"
        ),
        params![
            user,
            &row.kind,
            row.item,
            signed(row.position_ms),
            &row.comment,
            row.created,
            row.changed
        ],
    )?;
    Ok(())
}

/// Removes a bookmark; says whether there was one.
pub(crate) fn delete(tx: &mut Tx<'_>, user: UserId, kind: &str, item: i64) -> Result<bool, Fault> {
    let count = tx.run(
        sql!("DELETE FROM catalog_bookmark WHERE user_id = $1 AND kind = $2 AND item_id = $3"),
        params![user, kind, item],
    )?;
    Ok(count > 0)
}
