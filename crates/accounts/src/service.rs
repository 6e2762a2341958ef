//! What accounts decides.

pub(crate) mod guess;
pub mod members;
pub mod music;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod sweep;
pub(crate) mod tokens;
pub(crate) mod users;
pub mod visitors;

use kernel::Ctx;

use crate::{Config, passwords::Passwords};

/// What the routes share.
pub(crate) struct Accounts {
    pub(crate) ctx: Ctx,
    pub(crate) config: Config,
    pub(crate) passwords: Passwords,
}

/// The hash under which the database knows a secret of 256 random bits. Being random it needs no salt and no
/// slowness.
pub(crate) fn secret_hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}
