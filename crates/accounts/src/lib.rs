//! Accounts: who somebody is.
//!
//! It owns accounts with their handles, roles and passwords, the first-run set-up, sessions, app tokens and the
//! slowing of guesses, and one-time links. It tells everybody else who asks by putting a [`kernel::http::Viewer`] into each request
//! ([`middleware::viewer`]); no domain imports accounts merely to learn that. It never stores a password, a session
//! token, an app token or a client's address, only hashes of them, and it never decides what a role may do with
//! another domain's things.
//!
//! Start reading at [`middleware`], then `service::session` for the way of a sign-in, `guesses` for how guessing is
//! slowed and [`passwords`] for how hashing is kept from taking the machine.

mod client;
mod error;
mod guesses;
pub mod middleware;
pub mod model;
pub mod passwords;
mod routes;
mod service;
mod store;

pub use client::Config;
pub use error::Error;
pub use routes::routes;
pub use service::{
    credential::Credential,
    members, music,
    setup::setup_link_token,
    sweep::{start, sweep},
    tokens::add_token,
    users::{USER_ADDED, UserAdded, add_user},
    visitors,
};
#[cfg(test)]
mod tests;
