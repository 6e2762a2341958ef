//! What accounts decides.

pub(crate) mod credential;
pub(crate) mod guess;
pub mod members;
pub mod music;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod sweep;
pub(crate) mod tokens;
pub(crate) mod users;
pub mod visitors;

use kernel::{Ctx, db::Tx, id::UserId};

use crate::{Config, passwords::Passwords};

/// What the routes share.
pub(crate) struct Accounts {
    pub(crate) ctx: Ctx,
    pub(crate) config: Config,
    pub(crate) passwords: Passwords,
}

/// Topic, followed by a colon and the account, that is published when what somebody may do has changed, or what lets
/// somebody in holds no more.
const TOPIC: &str = "account";

/// Has what is open in somebody's name end, to come back if it may.
pub(crate) fn wake(tx: &mut Tx<'_>, id: UserId) {
    tx.wake(&format!("{TOPIC}:{id}"));
}

/// The hash under which the database knows a secret of 256 random bits. Being random it needs no salt and no
/// slowness.
pub(crate) fn secret_hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}
