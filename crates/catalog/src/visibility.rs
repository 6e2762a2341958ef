//! Who may see what, decided here and nowhere else.
//!
//! A thing is shown when it is not hidden and when its scope, the libraries in which it lies, has one in common with
//! those that the viewer may see ([`crate::access`]). A transaction says whom it serves with [`read`] or [`write`];
//! one that does not sees nothing.

use kernel::{Ctx, Fault, db::Tx, http::Viewer};

use crate::access;

/// The condition under which rows of a table under this alias are shown to the viewer whom the transaction serves, for
/// use within `concat!`. It is the whole decision in lists, and the indexes of `migrations/0014_catalog.sql` carry it.
macro_rules! visible {
    ($alias:literal) => {
        concat!($alias, ".hidden_us IS NULL AND (", $alias, ".scope & $scope) <> 0")
    };
}
pub(crate) use visible;

/// The condition under which rows of a table under this alias are shown to anybody: for what the house keeps for all
/// at once, never for an answer.
macro_rules! shown {
    ($alias:literal) => {
        concat!($alias, ".hidden_us IS NULL")
    };
}
pub(crate) use shown;

/// The condition under which rows that have a scope and are never hidden are seen by the viewer.
macro_rules! in_scope {
    ($alias:literal) => {
        concat!("(", $alias, ".scope & $scope) <> 0")
    };
}
pub(crate) use in_scope;

/// Several statements that see the same state, as this viewer sees it.
pub(crate) async fn read<T, E, F>(ctx: &Ctx, viewer: &Viewer, mut run: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Fault> + Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
{
    let scope = access::scope_of(ctx, viewer).await?;
    let look = move |tx: &mut Tx<'_>| {
        tx.see(scope);
        run(tx)
    };
    ctx.db().read(look).await
}

/// A change that looks at things as this viewer sees them.
pub(crate) async fn write<T, E, F>(ctx: &Ctx, viewer: &Viewer, mut run: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Fault> + Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
{
    let scope = access::scope_of(ctx, viewer).await?;
    let change = move |tx: &mut Tx<'_>| {
        tx.see(scope);
        run(tx)
    };
    ctx.db().write(change).await
}
