//! What is derived from events and can be made again from nothing: the shelf of what is new, and accounts' names and
//! handles.

use std::sync::Arc;

use kernel::{
    Fault,
    db::Tx,
    outbox::{Event, Projection},
};
use serde::Deserialize;

use crate::{
    import::events::{
        ALBUM_ADDED, ALBUM_HIDDEN, ALBUM_REMOVED, ALBUM_SHOWN, Added, VIDEO_ADDED, VIDEO_HIDDEN, VIDEO_SHOWN,
    },
    store::{playlists::editors, shelf},
};

/// The projections of the catalogue, for the program to run.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(Shelf), Arc::new(Owners), Arc::new(Handles)]
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
        if event.kind != "accounts.user_added" {
            return Ok(());
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
        if event.kind != "accounts.user_added" {
            return Ok(());
        }
        let user: UserNamed = event.payload()?;
        editors::put_handle(tx, event.subject, &user.handle)
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        editors::clear_handles(tx)
    }
}
