//! What is derived from events and can be made again from nothing: the shelf of what is new, and accounts' names and
//! handles.

use std::sync::Arc;

use kernel::{
    Fault,
    db::Tx,
    id::UserId,
    outbox::{Event, Projection},
};
use serde::Deserialize;

use crate::{
    import::events::{
        ALBUM_ADDED, ALBUM_HIDDEN, ALBUM_REMOVED, ALBUM_SHOWN, Added, VIDEO_ADDED, VIDEO_HIDDEN, VIDEO_SHOWN,
    },
    store::{erase, playlists::editors, shelf},
};

/// Events of accounts that are followed here.
const USER_ADDED: &str = "accounts.user_added";
const USER_CHANGED: &str = "accounts.user_changed";
const USER_REMOVED: &str = "accounts.user_removed";

/// The projections of the catalogue, for the program to run.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Shelf), Arc::new(Owners), Arc::new(Handles), Arc::new(Leavers)]
}

/// Albums and videos by the time at which they came in, for the first page.
struct Shelf;

impl Projection for Shelf {
    fn name(&self) -> &'static str {
        "catalog_shelf"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        let (kind, shown) = match event.kind.as_str() {
            ALBUM_ADDED | ALBUM_SHOWN => ("album", true),
            ALBUM_HIDDEN | ALBUM_REMOVED => ("album", false),
            VIDEO_ADDED | VIDEO_SHOWN => ("video", true),
            VIDEO_HIDDEN => ("video", false),
            _ => return Ok(()),
        };
        if shown {
            let added: Added = event.payload()?;
            shelf::put(tx, kind, event.subject, added.added_us)
        } else {
            shelf::take(tx, kind, event.subject)
        }
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        shelf::clear(tx)
    }
}

/// The names of accounts, to be shown beside what they own.
struct Owners;

/// What is read of accounts' event; it says more.
#[derive(Deserialize)]
struct UserNamed {
    handle: String,
    name: String,
}

impl Projection for Owners {
    fn name(&self) -> &'static str {
        "catalog_owner"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        match event.kind.as_str() {
            USER_ADDED | USER_CHANGED => {}
            USER_REMOVED => return shelf::take_owner(tx, event.subject),
            _ => return Ok(()),
        }
        let user: UserNamed = event.payload()?;
        let name = if user.name.is_empty() { &user.handle } else { &user.name };
        shelf::put_owner(tx, event.subject, name)
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        shelf::clear_owners(tx)
    }
}

/// Accounts by their handles, for those who invite somebody. Apart from the names, so that a house that was running
/// before this reads the events once more and knows everybody.
struct Handles;

impl Projection for Handles {
    fn name(&self) -> &'static str {
        "catalog_handle"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        match event.kind.as_str() {
            USER_ADDED => {}
            // The handle is free for somebody else.
            USER_REMOVED => return editors::take_handle(tx, event.subject),
            _ => return Ok(()),
        }
        let user: UserNamed = event.payload()?;
        editors::put_handle(tx, event.subject, &user.handle)
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        editors::clear_handles(tx)
    }
}

/// Removes what was only an account's own once that is gone.
struct Leavers;

impl Projection for Leavers {
    fn name(&self) -> &'static str {
        "catalog_leaver"
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        if event.kind != USER_REMOVED {
            return Ok(());
        }
        erase::everything_of(tx, UserId(event.subject))
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        // What is gone stays so, and numbers of accounts are given once.
        Ok(())
    }
}
