//! The kernel: what every domain stands on and nothing that a listener would name.
//!
//! It owns time, identifiers, randomness, errors as problem details, paging by key, the database layer that
//! serves `SQLite` and `PostgreSQL` with one text, the transactional outbox, leased jobs, blobs, the wake-up bus,
//! the one way to ask other servers, and the HTTP vocabulary. It never knows a product word, never imports a domain, and starts no process.
//!
//! Start reading at [`Ctx`], which carries everything that comes in from outside, then [`db`], [`outbox`] and
//! [`jobs`].

pub mod blob;
pub mod bus;
pub mod clock;
pub mod ctx;
pub mod db;
pub mod error;
pub mod fetch;
pub mod http;
pub mod id;
pub mod jobs;
pub mod outbox;
pub mod page;
pub mod random;
pub mod seats;
pub mod sign;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use clock::{Clock, Time};
pub use ctx::Ctx;
pub use error::{Fault, Problem};
pub use page::{Page, PageQuery};

#[doc(hidden)]
pub use linkme;
