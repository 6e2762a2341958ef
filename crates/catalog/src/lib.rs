//! The catalogue: what there is to hear and see, and where its bytes are.
//!
//! It owns artists, albums, tracks, videos and pictures ([`import`] puts them in, [`routes`] shows them), and the
//! index of media ([`media`]): sources, renditions, segments, captions, of which delivery makes manifests and into
//! which ingest's encoder writes. It decides who may see what, in one place (`visibility`).
//!
//! It never reads a media file, starts no process, writes no blob, and knows no account but by its number: names of
//! owners come through [`People`].
//!
//! Start reading at [`import::upsert_track`], then [`media`], then `service` for the reading side.

mod fold;
pub mod import;
pub mod media;
pub mod model;
pub mod picture;
mod store;
mod visibility;

pub use model::{AlbumId, ArtistId, CaptionId, LibraryId, MediaId, PictureId, RenditionId, TrackId, VideoId};
