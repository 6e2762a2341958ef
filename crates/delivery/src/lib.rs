//! Delivery: how media gets out.
//!
//! It owns grants (leave to play something, decided once), the manifests of HLS and DASH, which it makes from
//! catalog's index of segments, and the ways by which segments, originals, text tracks and pictures reach a socket.
//!
//! It keeps no table and writes no media, never decides visibility (catalog does, when a grant is asked for), and
//! never asks the database for a segment: a signature that ends allows the path, and the path names the blob.
//!
//! Start reading at [`parts`], then `service/grant.rs`, then `routes/media.rs`; for many files as one `archive.rs`.

mod archive;
mod cache;
mod direct;
mod error;
mod flight;
mod manifest;
mod model;
mod path;
mod routes;
mod service;
#[cfg(test)]
mod tests;
mod wire;

pub use archive::{Archive, ArchiveError, Packed, PackedFolder, Packer};
pub use direct::{Asked, Direct, Hls, Playable};
pub use model::{
    AlbumRun, Config, GrantState, GrantedCaption, MediaOriginal, Quality, RunWish, TrackGrant, VideoGrant,
};
pub use routes::{parts, parts_and_direct};
pub use wire::range::{Wanted, wanted as wanted_range};
