//! App tokens.

use kernel::{
    Fault, Time,
    db::{Db, Row, Tx},
    http::Viewer,
    id::UserId,
    params, sql,
};

use super::role;
use crate::model::{AppFolders, Token, TokenId, TokenKind};

/// An app token that holds, with whom it signs in.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) viewer: Viewer,
    pub(crate) token: TokenId,
    pub(crate) kind: TokenKind,
    pub(crate) used: Option<Time>,
    pub(crate) folders: AppFolders,
    /// Since when it is that, unless it always was.
    pub(crate) folders_since: Option<Time>,
}

/// Enters an app token.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    user: UserId,
    token: &Token,
    token_hash: [u8; 32],
) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "INSERT INTO accounts_token (id, user_id, token_hash, label, kind, folders, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        ),
        params![
            token.id,
            user,
            token_hash,
            &token.label,
            token.kind.word(),
            token.folders.word(),
            token.created_at
        ],
    )
}

/// How many app tokens somebody has.
pub(crate) fn count(tx: &mut Tx<'_>, user: UserId) -> Result<u32, Fault> {
    let count =
        tx.one(sql!("SELECT COUNT(*) FROM accounts_token WHERE user_id = $1"), params![user], |row| {
            row.get(0)
        })?;
    Ok(count.unwrap_or(0))
}

/// The app token with this hash.
pub(crate) async fn by_token(db: &Db, token_hash: [u8; 32]) -> Result<Option<Found>, Fault> {
    db.one(
        sql!(
            "SELECT u.id, u.handle, u.role, t.id, t.kind, t.used_us, t.folders, t.folders_us \
             FROM accounts_token t JOIN accounts_user u ON u.id = t.user_id WHERE t.token_hash = $1 AND u.disabled_us IS NULL"
        ),
        params![token_hash],
        found,
    )
    .await
}

/// The app tokens of one kind of the account with this handle, the newest first, at most `rows`.
pub(crate) async fn of_handle(
    db: &Db,
    handle: &str,
    kind: TokenKind,
    rows: u32,
) -> Result<Vec<Found>, Fault> {
    db.all(
        sql!(
            "SELECT u.id, u.handle, u.role, t.id, t.kind, t.used_us, t.folders, t.folders_us \
             FROM accounts_user u JOIN accounts_token t ON t.user_id = u.id \
             WHERE u.handle = $1 AND t.kind = $2 AND u.disabled_us IS NULL ORDER BY t.id DESC LIMIT $3"
        ),
        params![handle, kind.word(), rows],
        found,
    )
    .await
}

fn found(row: &Row<'_>) -> Result<Found, Fault> {
    let viewer =
        Viewer { id: row.get(0)?, handle: row.get(1)?, role: role(row, 2)?, session: None, within: None };
    let kind = TokenKind::from_word(&row.get::<String>(4)?);
    Ok(Found {
        viewer,
        token: row.get(3)?,
        kind,
        used: row.get(5)?,
        folders: AppFolders::from_word(&row.get::<String>(6)?),
        folders_since: row.get(7)?,
    })
}

/// Notes that an app token was used.
pub(crate) fn touch(tx: &mut Tx<'_>, id: TokenId, used: Time) -> Result<u64, Fault> {
    tx.run(sql!("UPDATE accounts_token SET used_us = $1 WHERE id = $2"), params![used, id])
}

/// Says anew what music apps are given as folders; a token for which that is said already stays as it is.
pub(crate) fn set_folders(
    tx: &mut Tx<'_>,
    user: UserId,
    id: TokenId,
    folders: AppFolders,
    now: Time,
) -> Result<u64, Fault> {
    tx.run(
        sql!(
            "UPDATE accounts_token SET folders = $3, folders_us = $4 \
             WHERE id = $1 AND user_id = $2 AND folders <> $3"
        ),
        params![id, user, folders.word(), now],
    )
}

/// One of somebody's app tokens.
pub(crate) fn one(tx: &mut Tx<'_>, user: UserId, id: TokenId) -> Result<Option<Token>, Fault> {
    tx.one(
        sql!(
            "SELECT id, label, kind, created_us, used_us, folders FROM accounts_token \
             WHERE id = $1 AND user_id = $2"
        ),
        params![id, user],
        token,
    )
}

/// Somebody's app tokens, the newest first.
pub(crate) async fn list(
    db: &Db,
    user: UserId,
    after: Option<TokenId>,
    rows: u32,
) -> Result<Vec<Token>, Fault> {
    db.all(
        sql!(
            "SELECT id, label, kind, created_us, used_us, folders FROM accounts_token \
             WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
        ),
        params![user, after.map_or(i64::MAX, |id| id.0), rows],
        token,
    )
    .await
}

fn token(row: &Row<'_>) -> Result<Token, Fault> {
    Ok(Token {
        id: row.get(0)?,
        label: row.get(1)?,
        kind: TokenKind::from_word(&row.get::<String>(2)?),
        created_at: row.get(3)?,
        used_at: row.get(4)?,
        folders: AppFolders::from_word(&row.get::<String>(5)?),
    })
}

/// Revokes one of somebody's app tokens; says whether there was such a one.
pub(crate) fn delete(tx: &mut Tx<'_>, user: UserId, id: TokenId) -> Result<bool, Fault> {
    let rows =
        tx.run(sql!("DELETE FROM accounts_token WHERE id = $1 AND user_id = $2"), params![id, user])?;
    Ok(rows > 0)
}

/// Revokes all of somebody's app tokens.
pub(crate) fn delete_all(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM accounts_token WHERE user_id = $1"), params![user])?;
    Ok(())
}
