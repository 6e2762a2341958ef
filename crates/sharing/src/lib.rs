//! Sharing: music for people who have no account, by a link.
//!
//! It owns shares: what somebody shares, until when, behind which password, and how often it was visited and heard. A
//! visitor sees through the eyes of who shared it: whatever that account may not see now, or when there is no such account
//! any more, is not in the share, and an empty share is not there.
//!
//! It never decides visibility (catalog does, asked as the sharer), sends no bytes itself (delivery does, by grants that
//! are short and reach no further than the share), and keeps no link, only hashes. A link that ended, was revoked, is wrong
//! or never was gets one answer.
//!
//! Start reading at [`service`], then `service/visit.rs` for what a visitor may, then `service/preview.rs` for what other
//! sites are told.

mod error;
pub mod model;
mod pages;
mod projection;
mod routes;
pub mod service;
mod store;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use model::ShareId;
pub use pages::{Shell, pages};
pub use projection::projections;
pub use routes::routes;
pub use service::Sharing;
