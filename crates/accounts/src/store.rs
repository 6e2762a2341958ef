//! The only place of accounts that speaks SQL.

pub(crate) mod guesses;
pub(crate) mod links;
pub(crate) mod members;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod tokens;
pub(crate) mod users;

use kernel::{Fault, db::Row, http::Role};

/// Reads a role's word.
fn role(row: &Row<'_>, column: usize) -> Result<Role, Fault> {
    row.get::<String>(column)?.parse().map_err(|error: String| Fault::new(error))
}
