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

/// What stands for the time at which a library went while it is still going: its bit is not free.
const GOING: Time = Time(i64::MAX);

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

/// The bit that what is still shown of a library bears, also while it is going; `None` when it is not known, or gone.
pub(crate) fn bit_borne(tx: &mut Tx<'_>, library: LibraryId) -> Result<Option<i64>, Fault> {
    tx.one(
        sql!("SELECT bit FROM catalog_library WHERE id = $1 AND (freed_us IS NULL OR freed_us = $2)"),
        params![library, GOING],
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
            "SELECT 1 FROM catalog_library l
             WHERE (l.freed_us IS NULL OR l.freed_us = $1) AND (l.bit & $scope) = 0 LIMIT 1",
            scan = "there are few libraries"
        ),
        params![GOING],
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

/// A library that is removed is seen by nobody from now on; who may see it is kept should it come back.
pub(crate) fn shut(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE catalog_library SET freed_us = $2 WHERE id = $1 AND freed_us IS NULL"),
        params![library, GOING],
    )?;
    Ok(())
}

/// Nothing of the library is shown any more; its bit waits.
pub(crate) fn free(tx: &mut Tx<'_>, library: LibraryId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE catalog_library SET freed_us = $2 WHERE id = $1 AND (freed_us IS NULL OR freed_us = $3)"
        ),
        params![library, now, GOING],
    )?;
    Ok(())
}

/// Takes the bit of a library that is gone, for another.
pub(crate) fn take_bit(tx: &mut Tx<'_>, library: LibraryId, none: i64) -> Result<(), Fault> {
    tx.run(sql!("UPDATE catalog_library SET bit = $2 WHERE id = $1"), params![library, none])?;
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

/// Whether a library is or was open to every member; `None` when it was never entered.
pub(crate) fn was_open(tx: &mut Tx<'_>, library: LibraryId) -> Result<Option<bool>, Fault> {
    tx.one(sql!("SELECT open FROM catalog_library WHERE id = $1"), params![library], |row| row.get(0))
}

/// Every library that is there, and whether it is open to every member.
pub(crate) fn every(tx: &mut Tx<'_>) -> Result<Vec<(LibraryId, bool)>, Fault> {
    tx.all(
        sql!(
            "SELECT id, open FROM catalog_library WHERE freed_us IS NULL ORDER BY id",
            scan = "there are few libraries"
        ),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Who may see which library besides.
pub(crate) fn every_member(tx: &mut Tx<'_>) -> Result<Vec<(LibraryId, UserId)>, Fault> {
    tx.all(
        sql!(
            "SELECT library_id, user_id FROM catalog_library_member ORDER BY library_id, user_id",
            scan = "at most 1,000 members of each of 200 libraries"
        ),
        params![],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// The libraries to which somebody was chosen, by number.
pub(crate) fn named(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<LibraryId>, Fault> {
    tx.all(
        sql!("SELECT library_id FROM catalog_library_member WHERE user_id = $1 ORDER BY library_id"),
        params![user],
        |row| row.get(0),
    )
}

/// Somebody is chosen for no library any more.
pub(crate) fn delete_named(tx: &mut Tx<'_>, user: UserId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM catalog_library_member WHERE user_id = $1"), params![user])?;
    Ok(())
}

/// How many were chosen for a library.
pub(crate) fn count_members(tx: &mut Tx<'_>, library: LibraryId) -> Result<u64, Fault> {
    let sql = sql!("SELECT COUNT(*) FROM catalog_library_member WHERE library_id = $1");
    Ok(tx.one(sql, params![library], |row| row.get(0))?.unwrap_or(0))
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
