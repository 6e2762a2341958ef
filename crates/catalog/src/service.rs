//! What others may ask of the catalogue: what there is, lists by cursor and by offset, what a listener does with it.
//!
//! Every function takes the context and who asks, shows only what that viewer may see, and of marks only the viewer's
//! own. Other crates, such as a dialect that existing apps speak, call these and nothing below them.

mod alike;
mod browse;
pub mod dialect;
pub(crate) mod edits;
mod facts;
mod fill;
mod genres;
mod giving;
pub mod listener;
pub mod listens;
mod lists;
mod marks;
mod music;
mod pictures;
mod playing;
pub mod playlists;
mod plays;
pub mod radio;
pub(crate) mod search;
mod shape;
mod sound;
mod videos;

use http::StatusCode;
use kernel::{Fault, Problem};

pub use alike::{ALIKE_MAX, PATH_MAX, Seed, similar_artists, similar_tracks, sonic_path, top_tracks};
pub use browse::{FOLDER_TRACKS_MAX, folder, folder_tracks, folder_videos, folders, tracks_below};
pub use facts::{FACTS_AT_ONCE_MAX, album_facts, artist_facts, lyrics, track, track_facts};
pub use genres::{
    GENRES_MAX, albums_of_genre, albums_of_genre_at, albums_of_years, every_genre, genre_named, genre_of,
    genres, tracks_of_genre, tracks_of_genre_at,
};
pub use giving::{GIVEN_MAX, GIVEN_WITHIN, Given, Pictured, give_picture, may_give_picture};
pub use lists::{
    AlbumOrder, LIST_MAX, RandomFilter, Years, list_albums, list_artists, list_marked_artists,
    list_marked_tracks, list_tracks, random_tracks,
};
pub use marks::{favourites, played, set_favourite, set_rating};
pub use music::{album, albums, artist, artists, home, tracks, tracks_by_id};
pub use pictures::pictures;
pub use playing::{PLAYERS_MAX, now_playing, report_playing};
pub use plays::record_play;
pub(crate) use sound::waveform;
pub use videos::{bare_video, delete_video, edit_video, video, videos};

/// Everything that the catalogue can answer besides success.
#[derive(Debug)]
pub enum Error {
    /// It is not there, or not for this viewer.
    NotFound,
    /// The viewer sees it but may not change it.
    NotOwner,
    /// A field, or the request as a whole, can't be taken.
    Invalid(Box<Problem>),
    /// Something broke in the house.
    Fault(Fault),
}

impl Error {
    /// What the client is told.
    pub fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::NotOwner => Problem::new(StatusCode::FORBIDDEN, "not_owner", "This is somebody else's")
                .detail("Only who uploaded it and administrators may change it."),
            Self::Invalid(problem) => *problem,
            Self::Fault(fault) => Problem::fault(&fault),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Invalid(Box::new(problem))
    }
}

kernel::answer_with_problem!(Error);
