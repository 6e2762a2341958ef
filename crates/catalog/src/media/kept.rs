//! What is kept of music that was encoded: a cache, which the catalogue keeps the books of. What was encoded of films is
//! no part of it, and neither is any original.

use std::time::Duration;

use kernel::{
    Fault, Time,
    db::{Db, Tx},
};

use super::{Kept, runs};
use crate::{AlbumId, MediaId, TrackId, model, store};

/// When something is asked for again within this time, that is not written down.
pub const ASKED_EVERY: Duration = Duration::from_mins(1);

/// Writes down that what is encoded of a media, or will be, was asked for.
pub fn asked(tx: &mut Tx<'_>, media: MediaId, now: Time) -> Result<(), Fault> {
    store::kept::touch(tx, media, now)
}

/// How much is kept of all music together, in bytes, without what is just being made.
pub async fn kept_bytes(db: &Db) -> Result<u64, Fault> {
    store::kept::bytes(db).await
}

/// What is kept, the longest not asked for first, behind a place in that order.
pub async fn oldest_kept(db: &Db, after: Option<&Kept>, limit: u32) -> Result<Vec<Kept>, Fault> {
    let after = after.map_or((Time(-1), MediaId(0)), |last| (last.asked, last.media));
    store::kept::oldest(db, after, limit).await
}

/// Forgets what was encoded of a media, which is then as if nobody had ever asked for it. `None` when it was asked for
/// since `kept` was read, is being encoded, or is no music; else the generation up to which its blobs are strays.
pub fn evict(tx: &mut Tx<'_>, kept: &Kept) -> Result<Option<i64>, Fault> {
    let generation = store::kept::evict(tx, kept)?;
    if generation.is_some() {
        // The run of an album is made anew when it is wanted; nothing of it is worth keeping.
        if !runs::forget_if_run(tx, kept.media)? {
            store::media::clear(tx, kept.media)?;
        }
        tx.wake(model::TOPIC_CATALOG);
    }
    Ok(generation)
}

/// Shown tracks behind one, by their numbers: each with its album, its media, and whether nobody has asked for that to
/// be encoded yet.
pub async fn unasked(
    db: &Db,
    after: TrackId,
    limit: u32,
) -> Result<Vec<(TrackId, Option<AlbumId>, MediaId, bool)>, Fault> {
    store::kept::unasked(db, after, limit).await
}

/// Whether a media was asked for and is not done.
pub async fn is_underway(db: &Db, media: MediaId) -> Result<bool, Fault> {
    store::kept::is_underway(db, media).await
}

/// The newest track and the newest correction of tags, 0 without: what did not change since is as it was left.
pub async fn newest_music(db: &Db) -> Result<(i64, i64), Fault> {
    store::kept::newest_music(db).await
}
