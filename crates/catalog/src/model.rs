//! The identifiers of what there is, and the shapes in which it is shown.

mod alike;
mod answers;
pub mod browse;
mod edits;
mod facts;
pub mod listener;
mod marks;
pub mod playlists;
pub mod radio;
mod sound;

pub use alike::{SimilarArtist, SimilarTrack};
pub use answers::{
    Album, AlbumDetail, AlbumSort, Artist, ArtistDetail, Caption, Counts, Disc, Home, NamedRef, Owner,
    Picture, Rung, RungKind, RungState, SearchResults, TitledRef, Track, Video, VideoDetail, VideoEdit,
    VideoState,
};
pub use edits::{
    AlbumEdit, AlbumFields, AlbumTagsView, ArtistEdit, ArtistFields, ArtistTagsView, CreditEdit, DiscTitle,
    EDITED_AT_ONCE_MAX, Edited, EditedItem, FieldChange, Merge, PastEdit, Seen, Tags, TagsOfTracks,
    TrackFields, TrackTagsView, TracksEdit,
};
pub use facts::{
    AlbumFacts, AlbumPeople, ArtistFacts, Credit, Genre, GenreKind, GenreRef, Lyrics, RoleCount, TaggedGain,
    TrackDetail, TrackFacts,
};
pub use marks::{
    Counted, Item, ItemId, ItemKind, Mark, MarkOrder, NewPlay, NowPlaying, PlayReport, PlaySort, PlayState,
    RatingEdit,
};

pub use crate::import::{Advisory, LyricLine, LyricWord, LyricsSource, Role};

pub use sound::WaveformDetail;

kernel::id_type!(
    /// Somebody who plays, sings or wrote.
    ArtistId
);
kernel::id_type!(
    /// An album, an edition of its own.
    AlbumId
);
kernel::id_type!(
    /// A piece of music; it survives moves and new tags.
    TrackId
);
kernel::id_type!(
    /// A folder of files.
    FolderId
);
kernel::id_type!(
    /// A genre or a mood.
    GenreId
);
kernel::id_type!(
    /// A film.
    VideoId
);
kernel::id_type!(
    /// A picture, the same for everybody whose picture has the same bytes.
    PictureId
);
kernel::id_type!(
    /// A scanned folder; ingest owns it.
    LibraryId
);
kernel::id_type!(
    /// What can be played: a source and what was encoded of it.
    MediaId
);
kernel::id_type!(
    /// One rung of one media's ladder.
    RenditionId
);
kernel::id_type!(
    /// A text track of one media.
    CaptionId
);

/// Topic that is published when something in the catalogue has changed.
pub const TOPIC_CATALOG: &str = "catalog";

/// Topic that is published, with `:` and the account's number after it, when an account's marks or players changed.
pub const TOPIC_MARKS: &str = "marks";

/// Topic that is published, with `:` and the account's number after it, when a player of an account says that it plays.
pub const TOPIC_PLAYING: &str = "playing";
