//! Accounts as those see them who run the house.

use kernel::{
    Fault, Time,
    db::{Db, Row, Tx},
    http::Role,
    id::UserId,
    params, sql,
};

use super::role;
use crate::model::Member;

/// Accounts after `after`, the oldest first.
pub(crate) async fn list(db: &Db, after: Option<UserId>, rows: u32) -> Result<Vec<Member>, Fault> {
    db.all(
        sql!(
            "SELECT u.id, u.handle, u.name, u.role, u.created_us, u.disabled_us, u.password = '', l.expires_us \
             FROM accounts_user u LEFT JOIN accounts_link l ON l.user_id = u.id \
             WHERE u.id > $1 ORDER BY u.id LIMIT $2"
        ),
        params![after.map_or(0, |id| id.0), rows],
        member,
    )
    .await
}

/// One account.
pub(crate) async fn one(db: &Db, id: UserId) -> Result<Option<Member>, Fault> {
    db.one(
        sql!(
            "SELECT u.id, u.handle, u.name, u.role, u.created_us, u.disabled_us, u.password = '', l.expires_us \
             FROM accounts_user u LEFT JOIN accounts_link l ON l.user_id = u.id WHERE u.id = $1"
        ),
        params![id],
        member,
    )
    .await
}

/// One account without its link, locked until the transaction ends.
pub(crate) fn lock(tx: &mut Tx<'_>, id: UserId) -> Result<Option<Member>, Fault> {
    tx.one(
        // SQLite has one writer at a time anyway.
        sql!(
            sqlite: "SELECT id, handle, name, role, created_us, disabled_us, password = '', NULL \
                FROM accounts_user WHERE id = $1",
            postgres: "SELECT id, handle, name, role, created_us, disabled_us, password = '', CAST(NULL AS BIGINT) \
                FROM accounts_user WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        member,
    )
}

/// The administrators who can come in, locked until the transaction ends, so that no two go at once.
pub(crate) fn lock_admins(tx: &mut Tx<'_>) -> Result<Vec<UserId>, Fault> {
    tx.all(
        // The bound makes it a search of the index of administrators.
        sql!(
            sqlite: "SELECT id FROM accounts_user WHERE id > 0 AND role = 'admin' AND disabled_us IS NULL \
                AND password <> '' ORDER BY id",
            postgres: "SELECT id FROM accounts_user WHERE id > 0 AND role = 'admin' AND disabled_us IS NULL \
                AND password <> '' ORDER BY id FOR UPDATE"
        ),
        params![],
        |row| row.get(0),
    )
}

/// Whether an account is shut; also one that is gone is.
pub(crate) fn is_disabled(tx: &mut Tx<'_>, id: UserId) -> Result<bool, Fault> {
    let sql = sql!("SELECT id FROM accounts_user WHERE id = $1 AND disabled_us IS NULL");
    Ok(tx.one(sql, params![id], |row| row.get::<i64>(0))?.is_none())
}

/// Writes what of an account can be changed.
pub(crate) fn update(
    tx: &mut Tx<'_>,
    id: UserId,
    name: &str,
    role: Role,
    disabled: Option<Time>,
) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE accounts_user SET name = $2, role = $3, disabled_us = $4 WHERE id = $1"),
        params![id, name, role.word(), disabled],
    )?;
    Ok(())
}

/// Gives an account a password whatever it had before; false when it is shut or gone.
pub(crate) fn give_password(tx: &mut Tx<'_>, id: UserId, password: &str) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("UPDATE accounts_user SET password = $2 WHERE id = $1 AND disabled_us IS NULL"),
        params![id, password],
    )?;
    Ok(rows > 0)
}

/// Removes an account; nothing may refer to it any more.
pub(crate) fn delete(tx: &mut Tx<'_>, id: UserId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM accounts_user WHERE id = $1"), params![id])?;
    Ok(())
}

fn member(row: &Row<'_>) -> Result<Member, Fault> {
    Ok(Member {
        id: row.get(0)?,
        handle: row.get(1)?,
        name: row.get(2)?,
        role: role(row, 3)?,
        created_at: row.get(4)?,
        disabled_at: row.get(5)?,
        invited: row.get(6)?,
        link_until: row.get(7)?,
    })
}
