//! How ingest puts things in: functions over a transaction, several hundred tracks to one if need be.
//!
//! A [`Batch`] belongs to one run of one transaction's closure: make it *inside* of the closure. It remembers the
//! artists and albums that this transaction has met, so that a further track of the same album costs three
//! statements and one more if it has genres or credits, or, when the batch gathers ([`Batch::gathering`]), two; and
//! what it remembers is dropped with the closure when the transaction is tried again. After an error of one of these
//! functions the transaction must not go on.
//!
//! A [`kernel::error::FaultKind::Unique`] means that another writer entered the same new artist with a `MusicBrainz`
//! identifier in the same moment (`PostgreSQL` only); run the transaction again.

mod albums;
mod artists;
mod batch;
pub(crate) mod edits;
pub(crate) mod events;
mod facts;
mod folders;
mod follow;
mod genres;
mod hide;
mod lyrics;
mod pending;
mod pictures;
mod settle;
mod tags;
mod tracks;
mod videos;

pub use batch::Batch;
pub use facts::{Advisory, CREDITS_MAX, CreditTag, Gains, RecordingTags, ReleaseTags, Role};
pub use folders::{Place, is_placed, name_library, place_track, place_video, set_placed};
pub use hide::{hide_track, hide_tracks, hide_video, own_track, show_track, show_video};
pub use lyrics::{
    LYRIC_LINES_MAX, LYRICS_MAX, LyricLine, LyricWord, LyricsSource, LyricsTag, set_lyrics_beside,
};
pub use pictures::{known_picture, upsert_picture};
pub use tags::{MusicBrainz, TEXTS_MAX, TrackTags};
pub use tracks::{Imported, TrackImport, upsert_track};
pub use videos::{ImportedVideo, VideoImport, upsert_video};

pub(crate) use albums::AlbumWish;
pub(crate) use batch::{KnownAlbum, KnownArtist};
pub(crate) use facts::CleanRelease;
pub(crate) use folders::settle_video;
pub(crate) use tags::{CleanTags, Named};

pub use crate::{
    media::{Source, SourceFile},
    picture::PictureFacts,
};
