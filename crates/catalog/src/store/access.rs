//! Who may see which library.

use kernel::{
    Fault, Time,
    db::{Db, Engine, Tx},
    id::UserId,
    params, sql,
};

use crate::LibraryId;

/// Advisory lock on `PostgreSQL` of whoever gives a library its bit.
const LOCK: i64 = 0x6f64_656f_6e0e;

/// A library as somebody sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) library: LibraryId,
    pub(crate) bit: i64,
    /// It is open to everybody, or to this one.
    pub(crate) sees: bool,
}

/// All libraries, and which of them somebody sees who is no administrator.
pub(crate) async fn seen_by(db: &Db, user: UserId) -> Result<Vec<Seen>, Fault> {
    db.all(
        sql!(
            "SELECT l.id, l.bit, l.open OR EXISTS (SELECT 1 FROM catalog_library_member m
                WHERE m.user_id = $1 AND m.library_id = l.id)
             FROM catalog_library l WHERE l.freed_us IS NULL",
            scan = "there are few libraries"
        ),
        params![user],
        |row| Ok(Seen { library: row.get(0)?, bit: row.get(1)?, sees: row.get(2)? }),
    )
    .await
}

/// One at a time enters libraries; until the transaction ends.
pub(crate) fn lock(tx: &mut Tx<'_>) -> Result<(), Fault> {
    if tx.engine() == Engine::Postgres {
        tx.all(
            sql!(sqlite: "SELECT $1", postgres: "SELECT 1 FROM pg_advisory_xact_lock($1)"),
            params![LOCK],
            |_| Ok(()),
        )?;
    }
    Ok(())
}

/// The bit of a library; `None` when it is not known, or gone.
pub(crate) fn bit(tx: &mut Tx<'_>, library: LibraryId) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!("SELECT bit FROM catalog_library WHERE id = $1 AND freed_us IS NULL"),
        params![library],
        |row| row.get(0),
    )
}

/// Whether a library was ever entered, also one that is gone.
pub(crate) fn is_known(tx: &mut Tx<'_>, library: LibraryId) -> Result<bool, Fault> {
    let sql = sql!("SELECT 1 FROM catalog_library WHERE id = $1");
    Ok(tx.one(sql, params![library], |_| Ok(()))?.is_some())
}

/// Every bit that was given, with when its library went if it did.
pub(crate) fn bits(tx: &mut Tx<'_>) -> Result<Vec<(LibraryId, i64, Option<Time>)>, Fault> {
    tx.all(
        sql!("SELECT id, bit, freed_us FROM catalog_library ORDER BY id", scan = "there are few libraries"),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Whether there is something that this transaction does not see.
pub(crate) fn is_partial(tx: &mut Tx<'_>) -> Result<bool, Fault> {
    let found = tx.one(
        sql!(
            "SELECT 1 FROM catalog_library l WHERE l.freed_us IS NULL AND (l.bit & $scope) = 0 LIMIT 1",
            scan = "there are few libraries"
        ),
        params![],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(crate) fn put(tx: &mut Tx<'_>, library: LibraryId, bit: i64, open: bool) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_library (id, bit, open) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET bit = excluded.bit, open = excluded.open, freed_us = NULL"
        ),
        params![library, bit, open],
    )?;
    Ok(())
}

/// False when there is no such library.
pub(crate) fn set_open(tx: &mut Tx<'_>, library: LibraryId, open: bool) -> Result<bool, Fault> {
    let rows = tx.run(
        sql!("UPDATE catalog_library SET open = $2 WHERE id = $1 AND freed_us IS NULL"),
        params![library, open],
    )?;
    Ok(rows == 1)
}

/// The library is gone; its bit waits.
pub(crate) fn free(tx: &mut Tx<'_>, library: LibraryId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_library SET open = FALSE, freed_us = $2 WHERE id = $1 AND freed_us IS NULL"),
        params![library, now],
    )?;
    Ok(())
}

/// Forgets a library whose bit another gets.
pub(crate) fn delete(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_library WHERE id = $1"), params![library])?;
    Ok(())
}

pub(crate) fn insert_member(tx: &mut Tx<'_>, library: LibraryId, user: UserId) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO catalog_library_member (user_id, library_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        ),
        params![user, library],
    )?;
    Ok(())
}

pub(crate) fn delete_members(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_library_member WHERE library_id = $1"), params![library])?;
    Ok(())
}

/// Whether a library is open to every member; `None` when there is no such library.
pub(crate) fn is_open(tx: &mut Tx<'_>, library: LibraryId) -> Result<Option<bool>, Fault> {
    tx.one(
        sql!("SELECT open FROM catalog_library WHERE id = $1 AND freed_us IS NULL"),
        params![library],
        |row| row.get(0),
    )
}

/// Who may see a library besides, by number.
pub(crate) fn members(tx: &mut Tx<'_>, library: LibraryId) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!("SELECT user_id FROM catalog_library_member WHERE library_id = $1 ORDER BY user_id"),
        params![library],
        |row| row.get(0),
    )
}
