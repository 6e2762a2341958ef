//! Answers that are given whole, however long the list in them is. Each lies in memory several times until it is packed,
//! so a few are made at once, a few more wait, and who comes after them is told to come back.

use std::sync::Arc;

use kernel::Fault;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{error::Error, params::Params};

/// Answers that are made at once.
const AT_ONCE: usize = 4;
/// Calls that wait for that.
const WAITING_MAX: usize = 64;

/// The methods that give all of something.
const METHODS: [&str; 14] = [
    "getArtists",
    "getBookmarks",
    "getChatMessages",
    "getIndexes",
    "getMusicDirectory",
    "getPlayQueue",
    "getPlayQueueByIndex",
    "getPlaylist",
    "getPlaylists",
    "getPodcasts",
    "getShares",
    "getStarred",
    "getStarred2",
    "getVideos",
];

/// The line for such answers.
pub(crate) struct Whole {
    making: Arc<Semaphore>,
    line: Arc<Semaphore>,
}

/// A place among those that are made; given back when it is dropped.
pub(crate) struct Turn {
    _line: OwnedSemaphorePermit,
    _making: OwnedSemaphorePermit,
}

impl Default for Whole {
    fn default() -> Self {
        Self::with_room(AT_ONCE, WAITING_MAX)
    }
}

impl Whole {
    fn with_room(at_once: usize, waiting: usize) -> Self {
        Self { making: Arc::new(Semaphore::new(at_once)), line: Arc::new(Semaphore::new(at_once + waiting)) }
    }

    /// Waits for a turn to answer this method with these parameters; `None` when it needs none.
    ///
    /// # Errors
    /// A refusal when too many wait already.
    pub(crate) async fn turn(&self, method: &str, params: &Params) -> Result<Option<Turn>, Error> {
        // The jukebox tells its whole queue, or in a few numbers how it is.
        let is_queue = || method == "jukeboxControl" && params.first("action") == Some("get");
        if !METHODS.contains(&method) && !is_queue() {
            return Ok(None);
        }
        let line = Arc::clone(&self.line).try_acquire_owned().map_err(|_| {
            Error::refused("This server makes many long answers right now. Try again in a moment.")
        })?;
        let making = Arc::clone(&self.making).acquire_owned().await;
        let making = making.map_err(|error| Fault::from_error("the line of answers is closed", error))?;
        Ok(Some(Turn { _line: line, _making: making }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn action(name: &str) -> Params {
        Params::read(&format!("action={name}"), b"").expect("few")
    }

    #[test]
    fn the_methods_that_are_named_are_methods() {
        assert!(METHODS.iter().all(|name| crate::endpoints::find(name).is_some()));
    }

    #[tokio::test]
    async fn so_many_are_made_so_many_wait_and_the_next_is_told_so() {
        let whole = Whole::with_room(1, 1);
        let (none, get, status) = (Params::default(), action("get"), action("status"));
        let first = whole.turn("getPodcasts", &none).await.expect("a turn");
        assert!(first.is_some());
        let mut second = Box::pin(whole.turn("getBookmarks", &none));
        let now = tokio::time::timeout(Duration::from_millis(10), &mut second).await;
        assert!(now.is_err(), "it waits");
        for (method, params) in [("getArtists", &none), ("getChatMessages", &none), ("jukeboxControl", &get)]
        {
            assert!(whole.turn(method, params).await.is_err(), "{method}");
        }
        for (method, params) in [("getSong", &none), ("jukeboxControl", &status), ("jukeboxControl", &none)] {
            assert!(whole.turn(method, params).await.expect("no turn is needed").is_none(), "{method}");
        }
        drop(first);
        assert!(second.await.expect("its turn").is_some());
        assert!(whole.turn("getArtists", &none).await.is_ok());
    }
}
