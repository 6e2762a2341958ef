//! Podcasts, as a listener has them: subscriptions, episodes, downloads, and how far somebody has heard.
//!
//! It owns feeds and their episodes, which all subscribers share, and what each listener does with them, which nobody
//! else sees. It fetches through `kernel::fetch` alone, has files looked at by ingest's sandbox, and leaves sending bytes
//! to delivery. It believes nothing that a feed says: texts become plain, sizes are limited, addresses are checked when
//! they are asked.
//!
//! It never publishes a feed, and shows an episode only to those who subscribe to its feed: to others it does not exist.
//!
//! Start reading at [`service`], then `feed` for what is read, then `jobs` for what happens by itself.

pub mod error;
mod feed;
mod jobs;
pub mod model;
mod projection;
mod routes;
pub mod service;
mod store;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use jobs::{Settings, handlers, names_picture, watch};
pub use model::{EpisodeId, PodcastId};
pub use projection::projections;
pub use routes::routes;
pub use service::Podcasts;
