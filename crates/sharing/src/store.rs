//! All SQL of sharing.

use catalog::TrackId;
use kernel::{
    Fault, Time,
    db::{Db, Row, Tx},
    id::UserId,
    params, sql,
};

use crate::{
    ShareId,
    model::{SharedKind, What},
};

/// A share as it is kept; `what` of tracks comes without them.
#[derive(Clone, Debug)]
pub(crate) struct ShareRow {
    pub(crate) id: ShareId,
    pub(crate) owner: UserId,
    pub(crate) kind: SharedKind,
    pub(crate) item: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) password: Option<String>,
    pub(crate) password_number: i64,
    pub(crate) downloads: bool,
    pub(crate) created: Time,
    pub(crate) expires: Option<Time>,
    pub(crate) visits: u64,
    pub(crate) plays: u64,
    pub(crate) visited: Option<Time>,
}

/// What a [`ShareRow`] is selected by, up to its conditions.
macro_rules! select_shares {
    () => {
        "SELECT id, owner_id, kind, item_id, title, description, password, password_number, downloads, created_us,
            expires_us, visits, plays, visited_us FROM sharing_share "
    };
}

fn share(row: &Row<'_>) -> Result<ShareRow, Fault> {
    let word: String = row.get(2)?;
    let kinds =
        [SharedKind::Tracks, SharedKind::Album, SharedKind::Playlist, SharedKind::Artist, SharedKind::Video];
    let kind = kinds.into_iter().find(|kind| kind.word() == word);
    Ok(ShareRow {
        id: row.get(0)?,
        owner: row.get(1)?,
        kind: kind.ok_or_else(|| Fault::new("a share is of no kind that is known"))?,
        item: row.get(3)?,
        title: row.get(4)?,
        description: row.get(5)?,
        password: row.get(6)?,
        password_number: row.get(7)?,
        downloads: row.get(8)?,
        created: row.get(9)?,
        expires: row.get(10)?,
        visits: row.get(11)?,
        plays: row.get(12)?,
        visited: row.get(13)?,
    })
}

/// Has whoever else makes a share of this account wait until the transaction ends; false when the account is gone.
pub(crate) fn lock_owner(tx: &mut Tx<'_>, owner: UserId) -> Result<bool, Fault> {
    tx.run(
        sql!(
            "INSERT INTO sharing_owner (owner_id) VALUES ($1)
             ON CONFLICT (owner_id) DO UPDATE SET owner_id = excluded.owner_id"
        ),
        params![owner],
    )?;
    let sql = sql!("SELECT 1 FROM sharing_owner WHERE owner_id = $1 AND NOT gone");
    Ok(tx.one(sql, params![owner], |_| Ok(()))?.is_some())
}

pub(crate) fn count_of(tx: &mut Tx<'_>, owner: UserId) -> Result<u64, Fault> {
    let count =
        tx.one(sql!("SELECT COUNT(*) FROM sharing_share WHERE owner_id = $1"), params![owner], |row| {
            row.get(0)
        })?;
    Ok(count.unwrap_or(0))
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    row: &ShareRow,
    what: &What,
    secret_hash: [u8; 32],
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO sharing_share (id, owner_id, secret_hash, kind, item_id, title, description, password,
                password_number, downloads, created_us, expires_us, visits, plays)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0)"
        ),
        params![
            row.id,
            row.owner,
            secret_hash,
            row.kind.word(),
            row.item,
            &row.title,
            &row.description,
            row.password.clone(),
            row.password_number,
            row.downloads,
            row.created,
            row.expires,
        ],
    )?;
    let What::Tracks(tracks) = what else { return Ok(()) };
    let list: Vec<String> = tracks.iter().map(ToString::to_string).collect();
    let list = format!("[{}]", list.join(","));
    tx.run(
        sql!(
            sqlite: "INSERT INTO sharing_track (share_id, position, track_id)
                SELECT CAST($1 AS BIGINT), wanted.key, wanted.value FROM json_each($2) wanted",
            postgres: "INSERT INTO sharing_track (share_id, position, track_id)
                SELECT CAST($1 AS BIGINT), wanted.place - 1, CAST(wanted.value AS BIGINT)
                FROM json_array_elements_text(CAST($2 AS JSON)) WITH ORDINALITY AS wanted (value, place)"
        ),
        params![row.id, list],
    )?;
    Ok(())
}

/// One's own, the newest first, before `before`.
pub(crate) async fn of_owner(
    db: &Db,
    owner: UserId,
    before: i64,
    limit: u32,
) -> Result<Vec<ShareRow>, Fault> {
    db.all(
        sql!(concat!(select_shares!(), "WHERE owner_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3")),
        params![owner, before, limit],
        share,
    )
    .await
}

/// Everybody's, the newest first, before `before`.
pub(crate) async fn all(db: &Db, before: i64, limit: u32) -> Result<Vec<ShareRow>, Fault> {
    db.all(
        sql!(concat!(select_shares!(), "WHERE id < $1 ORDER BY id DESC LIMIT $2")),
        params![before, limit],
        share,
    )
    .await
}

pub(crate) async fn one(db: &Db, id: ShareId) -> Result<Option<ShareRow>, Fault> {
    db.one(sql!(concat!(select_shares!(), "WHERE id = $1")), params![id], share).await
}

pub(crate) async fn by_secret(db: &Db, hash: [u8; 32]) -> Result<Option<ShareRow>, Fault> {
    db.one(sql!(concat!(select_shares!(), "WHERE secret_hash = $1")), params![hash], share).await
}

/// The tracks of a share of tracks, in their order.
pub(crate) async fn tracks(db: &Db, id: ShareId) -> Result<Vec<TrackId>, Fault> {
    db.all(
        sql!("SELECT track_id FROM sharing_track WHERE share_id = $1 ORDER BY position"),
        params![id],
        |row| row.get(0),
    )
    .await
}

/// The columns that can be changed.
pub(crate) struct Change {
    pub(crate) description: Option<String>,
    /// Whether the end is another, and which.
    pub(crate) expires: (bool, Option<Time>),
    /// Whether the password is another, and its hash.
    pub(crate) password: (bool, Option<String>),
    pub(crate) downloads: Option<bool>,
}

/// Changes a share of this owner; false when there is none.
pub(crate) fn update(tx: &mut Tx<'_>, id: ShareId, owner: UserId, change: &Change) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "UPDATE sharing_share SET description = COALESCE($3, description),
                expires_us = CASE WHEN $4 THEN $5 ELSE expires_us END,
                password = CASE WHEN $6 THEN $7 ELSE password END,
                password_number = password_number + CASE WHEN $6 THEN 1 ELSE 0 END,
                downloads = COALESCE($8, downloads)
             WHERE id = $1 AND owner_id = $2"
        ),
        params![
            id,
            owner,
            change.description.clone(),
            change.expires.0,
            change.expires.1,
            change.password.0,
            change.password.1.clone(),
            change.downloads,
        ],
    )?;
    Ok(rows > 0)
}

/// Removes a share; of another's only when `owner` is `None`. False when there is none.
pub(crate) fn delete(tx: &mut Tx<'_>, id: ShareId, owner: Option<UserId>) -> Result<bool, Fault> {
    let rows = match owner {
        Some(owner) => {
            tx.run(sql!("DELETE FROM sharing_share WHERE id = $1 AND owner_id = $2"), params![id, owner])?
        }
        None => tx.run(sql!("DELETE FROM sharing_share WHERE id = $1"), params![id])?,
    };
    if rows > 0 {
        tx.run(sql!("DELETE FROM sharing_track WHERE share_id = $1"), params![id])?;
    }
    Ok(rows > 0)
}

pub(crate) fn note_visit(tx: &mut Tx<'_>, id: ShareId, now: Time) -> Result<u64, Fault> {
    tx.run(
        sql!("UPDATE sharing_share SET visits = visits + 1, visited_us = $2 WHERE id = $1"),
        params![id, now],
    )
}

pub(crate) fn note_play(tx: &mut Tx<'_>, id: ShareId) -> Result<u64, Fault> {
    tx.run(sql!("UPDATE sharing_share SET plays = plays + 1 WHERE id = $1"), params![id])
}

/// Removes everything that somebody shared whose account is gone. A share that is being made is waited for, and one that
/// comes later is refused.
pub(crate) fn delete_of(tx: &mut Tx<'_>, owner: UserId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO sharing_owner (owner_id, gone) VALUES ($1, TRUE)
             ON CONFLICT (owner_id) DO UPDATE SET gone = TRUE"
        ),
        params![owner],
    )?;
    tx.run(
        sql!(
            "DELETE FROM sharing_track WHERE share_id IN (SELECT id FROM sharing_share WHERE owner_id = $1)"
        ),
        params![owner],
    )?;
    tx.run(sql!("DELETE FROM sharing_share WHERE owner_id = $1"), params![owner])?;
    Ok(())
}
