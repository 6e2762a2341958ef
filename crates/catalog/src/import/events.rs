//! What the catalogue tells the house; the shelf of what is new is made of it.

use kernel::{Fault, Time, db::Tx};
use serde::{Deserialize, Serialize};

use crate::{AlbumId, VideoId};

/// An album came in.
pub(crate) const ALBUM_ADDED: &str = "catalog.album_added";
/// An album's last shown track went.
pub(crate) const ALBUM_HIDDEN: &str = "catalog.album_hidden";
/// An album has a shown track again.
pub(crate) const ALBUM_SHOWN: &str = "catalog.album_shown";
/// An album's last track moved to another album.
pub(crate) const ALBUM_REMOVED: &str = "catalog.album_removed";
/// A video came in.
pub(crate) const VIDEO_ADDED: &str = "catalog.video_added";
/// A video's file went, or somebody deleted it.
pub(crate) const VIDEO_HIDDEN: &str = "catalog.video_hidden";
/// A video's file came back.
pub(crate) const VIDEO_SHOWN: &str = "catalog.video_shown";

/// The particulars of each of these events.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Added {
    /// When the thing first came in.
    pub(crate) added_us: i64,
}

pub(super) fn album_added(tx: &mut Tx<'_>, id: AlbumId, now: Time) -> Result<(), Fault> {
    tx.emit(ALBUM_ADDED, id.0, &Added { added_us: now.0 }, now)
}

pub(super) fn album_shown(tx: &mut Tx<'_>, id: AlbumId, added: Time, now: Time) -> Result<(), Fault> {
    tx.emit(ALBUM_SHOWN, id.0, &Added { added_us: added.0 }, now)
}

pub(super) fn album_hidden(tx: &mut Tx<'_>, id: AlbumId, added: Time, now: Time) -> Result<(), Fault> {
    tx.emit(ALBUM_HIDDEN, id.0, &Added { added_us: added.0 }, now)
}

pub(super) fn album_removed(tx: &mut Tx<'_>, id: AlbumId, added: Time, now: Time) -> Result<(), Fault> {
    tx.emit(ALBUM_REMOVED, id.0, &Added { added_us: added.0 }, now)
}

pub(super) fn video_added(tx: &mut Tx<'_>, id: VideoId, now: Time) -> Result<(), Fault> {
    tx.emit(VIDEO_ADDED, id.0, &Added { added_us: now.0 }, now)
}

pub(super) fn video_shown(tx: &mut Tx<'_>, id: VideoId, added: Time, now: Time) -> Result<(), Fault> {
    tx.emit(VIDEO_SHOWN, id.0, &Added { added_us: added.0 }, now)
}

pub(crate) fn video_hidden(tx: &mut Tx<'_>, id: VideoId, added: Time, now: Time) -> Result<(), Fault> {
    tx.emit(VIDEO_HIDDEN, id.0, &Added { added_us: added.0 }, now)
}
