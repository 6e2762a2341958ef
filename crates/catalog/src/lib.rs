//! The catalogue: what there is to hear and see, and where its bytes are.
//!
//! It owns artists, albums, tracks, videos and pictures ([`import`] puts them in, [`routes()`] shows them), and the
//! index of media ([`media`]): sources, renditions, segments, captions, of which delivery makes manifests and into
//! which ingest's encoder writes; and what is found by what is typed ([`search`]). It decides who may see what, in one
//! place (`visibility`).
//!
//! It never reads a media file, starts no process and writes no blob. Of accounts it knows numbers, and the names
//! that their events say.
//!
//! It also keeps what each listener does with all this: favourites, ratings, plays, what plays now.
//!
//! Start reading at [`import::upsert_track`], then [`media`], then [`service`] for the reading side.

pub mod access;
mod alike;
mod fold;
pub mod import;
pub mod media;
pub mod model;
pub mod picture;
mod projection;
mod routes;
pub mod rules;
pub mod search;
pub mod service;
pub mod sound;
mod store;
#[cfg(test)]
mod tests;
mod visibility;

pub use projection::projections;
pub use routes::routes;
pub use service::{Error, listener, playlists};

pub use model::{
    AlbumId, ArtistId, CaptionId, FolderId, GenreId, LibraryId, MediaId, PictureId, RenditionId, TrackId,
    VideoId,
};
