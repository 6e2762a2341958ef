//! Scrobbling: telling the services where a listener keeps what was heard, and taking over what was noted there.
//!
//! It owns the connections of listeners to accounts elsewhere, the queues of listens and favourites that wait to be sent,
//! and how far another house's have been read. It learns of plays from the catalogue's events, so that each play is queued
//! once for each connection, and it sends from a job, so that nothing is lost while a service is away.
//!
//! It never counts a play itself ([`catalog::service::record_play`] does), never sends what happened before somebody
//! connected or what came from elsewhere, and gives a token to nobody but the service that it is for.
//!
//! Start reading at [`service`], then `projection` for how listens come into the queue, then `jobs` for how they leave it.

mod config;
pub mod error;
mod favourites;
mod jobs;
pub mod model;
mod projection;
mod remote;
mod routes;
pub mod service;
mod store;
#[cfg(test)]
mod tests;

pub use config::{Config, Lastfm};
pub use error::Error;
pub use jobs::{follow_players, handlers, watch};
pub use model::ConnectionId;
pub use projection::projections;
pub use routes::routes;
pub use service::Scrobbling;
