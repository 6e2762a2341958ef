//! Accounts.

use kernel::{
    Fault, Time,
    db::{Db, Row, Tx},
    id::UserId,
    params, sql,
};

use super::role;
use crate::model::{Handle, User};

/// Enters an account unless its handle is taken; says whether it was entered.
pub(crate) fn insert(tx: &mut Tx<'_>, user: &User, password: &str) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!(
            "INSERT INTO accounts_user (id, handle, name, role, password, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (handle) DO NOTHING"
        ),
        params![user.id, &user.handle, &user.name, user.role.word(), password, user.created_at],
    )?;
    Ok(rows > 0)
}

/// Whether there is an account at all.
pub(crate) async fn is_there_any(db: &Db) -> Result<bool, Fault> {
    db.read(is_there_any_in).await
}

/// Whether there is an account at all, within a transaction.
pub(crate) fn is_there_any_in(tx: &mut Tx<'_>) -> Result<bool, Fault> {
    // The bound makes it a search of the key that stops at the first row.
    let first = tx
        .one(sql!("SELECT id FROM accounts_user WHERE id > 0 LIMIT 1"), params![], |row| row.get::<i64>(0))?;
    Ok(first.is_some())
}

/// An account by its number.
pub(crate) async fn by_id(db: &Db, id: UserId) -> Result<Option<User>, Fault> {
    db.one(
        sql!("SELECT id, handle, name, role, created_us FROM accounts_user WHERE id = $1"),
        params![id],
        user,
    )
    .await
}

/// An account by its handle, with the hash of its password.
pub(crate) async fn by_handle(db: &Db, handle: &Handle) -> Result<Option<(User, String)>, Fault> {
    db.one(
        sql!("SELECT id, handle, name, role, created_us, password FROM accounts_user WHERE handle = $1"),
        params![handle.as_str()],
        |row| Ok((user(row)?, row.get(5)?)),
    )
    .await
}

/// The hash of an account's password.
pub(crate) async fn password(db: &Db, id: UserId) -> Result<Option<String>, Fault> {
    db.one(sql!("SELECT password FROM accounts_user WHERE id = $1"), params![id], |row| row.get(0)).await
}

/// The hash of an account's password, with the account locked until the transaction ends.
pub(crate) fn lock_password(tx: &mut Tx<'_>, id: UserId) -> Result<Option<String>, Fault> {
    tx.one(
        // SQLite has one writer at a time anyway.
        sql!(
            sqlite: "SELECT password FROM accounts_user WHERE id = $1",
            postgres: "SELECT password FROM accounts_user WHERE id = $1 FOR UPDATE"
        ),
        params![id],
        |row| row.get(0),
    )
}

/// Changes an account's password unless it is no longer `before`; says whether it was changed.
pub(crate) fn set_password(tx: &mut Tx<'_>, id: UserId, before: &str, password: &str) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("UPDATE accounts_user SET password = $1 WHERE id = $2 AND password = $3"),
        params![password, id, before],
    )?;
    Ok(rows > 0)
}

/// Accounts after `after`, the oldest first.
pub(crate) async fn list(db: &Db, after: Option<UserId>, rows: u32) -> Result<Vec<User>, Fault> {
    db.all(
        sql!(
            "SELECT id, handle, name, role, created_us FROM accounts_user WHERE id > $1 ORDER BY id LIMIT $2"
        ),
        params![after.map_or(0, |id| id.0), rows],
        user,
    )
    .await
}

/// The handles of these accounts, in no order.
pub(crate) async fn handles(db: &Db, ids: &[UserId]) -> Result<Vec<(UserId, String)>, Fault> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    db.all(
        sql!(
            sqlite: "SELECT id, handle FROM accounts_user
                WHERE id IN (SELECT wanted.value FROM json_each($1) wanted)",
            postgres: "SELECT id, handle FROM accounts_user
                WHERE id IN (SELECT CAST(wanted.value AS BIGINT)
                    FROM json_array_elements_text(CAST($1 AS JSON)) wanted)"
        ),
        params![format!("[{}]", ids.join(","))],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .await
}

fn user(row: &Row<'_>) -> Result<User, Fault> {
    Ok(User {
        id: row.get(0)?,
        handle: row.get(1)?,
        name: row.get(2)?,
        role: role(row, 3)?,
        created_at: row.get::<Time>(4)?,
    })
}
