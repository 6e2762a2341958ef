//! Search: everything that is shown, by what is typed, as it is typed.
//!
//! Every process that answers has the whole index in its memory (`Index`), made of the rows of the catalogue when it
//! starts, in a few seconds for a million tracks. It follows changes: triggers write down what changed in the very
//! transaction that changes it, a relay puts that in one order, and each process reads the things again that were
//! named. What is in memory can't be lost, and a process that missed too much reads everything again. Which words
//! find a thing is said in `words`, which things come first in `rank`. Nothing here depends on the database's engine.
//!
//! The index says which things may be shown; whether they are is asked of the database with every answer.

mod counted;
mod follow;
mod index;
mod rank;
mod segment;
#[cfg(test)]
mod tests;
mod trie;
pub(crate) mod words;

use std::sync::{Arc, PoisonError, RwLock};

use kernel::{Ctx, Fault, Time, db::Tx};

pub(crate) use counted::Counted;
pub use follow::{catch_up, rebuild, start};
pub(crate) use index::Index;

use crate::{AlbumId, ArtistId, TrackId, VideoId, store};
pub use crate::{
    model::SearchResults,
    service::search::{LIMIT_MAX, OFFSET_MAX, QUERY_CHARS_MAX, Slice, Wanted, search},
};

/// What `odeon rebuild` calls the index.
pub const NAME: &str = "catalog_search";

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// An artist.
    Artist,
    /// An album.
    Album,
    /// A track.
    Track,
    /// A video.
    Video,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Artist, Self::Album, Self::Track, Self::Video];

    /// Its place among all.
    pub(crate) fn place(self) -> usize {
        self as usize
    }

    /// As it is kept.
    fn code(self) -> i64 {
        self as i64 + 1
    }
}

/// What is in memory.
#[derive(Default)]
pub(crate) struct Held {
    state: RwLock<Option<Arc<State>>>,
    /// Held by whoever brings the index up to date.
    one: tokio::sync::Mutex<()>,
}

/// The index and the last change that is in it.
pub(crate) struct State {
    pub(crate) index: Index,
    /// What was counted of artists that were found in it.
    pub(crate) counted: Counted,
    seq: i64,
}

impl State {
    fn new(index: Index, seq: i64) -> Self {
        Self { index, counted: Counted::default(), seq }
    }
}

impl Held {
    /// The index as it is now; `None` while nobody has asked for it yet.
    pub(crate) fn state(&self) -> Option<Arc<State>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(state));
    }
}

/// The index, made now if there is none.
pub(crate) async fn ready(ctx: &Ctx) -> Result<Arc<State>, Fault> {
    let held = ctx.kept(Held::default);
    if let Some(state) = held.state() {
        return Ok(state);
    }
    follow::follow(ctx).await?;
    held.state().ok_or_else(|| Fault::new("the index of the search was not made"))
}

/// Something whose popularity can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liked {
    /// An artist.
    Artist(ArtistId),
    /// An album.
    Album(AlbumId),
    /// A track.
    Track(TrackId),
    /// A video.
    Video(VideoId),
}

/// Says how popular a thing is, by any measure that counts upwards from 0 and is the same for its kind. Among equal
/// matches the more popular one comes first.
pub fn set_popularity(tx: &mut Tx<'_>, of: Liked, popularity: i64) -> Result<(), Fault> {
    let (kind, id) = match of {
        Liked::Artist(id) => (Kind::Artist, id.0),
        Liked::Album(id) => (Kind::Album, id.0),
        Liked::Track(id) => (Kind::Track, id.0),
        Liked::Video(id) => (Kind::Video, id.0),
    };
    store::search::set_popularity(tx, kind.code(), id, popularity)
}

/// When what is shown last changed, as far as it was noticed; `None` when that is not known. What is noticed later gets
/// a later time, so that who asked before is told of it the next time.
pub async fn changed(ctx: &Ctx) -> Result<Option<Time>, Fault> {
    ctx.db().read(store::search::changed).await
}
