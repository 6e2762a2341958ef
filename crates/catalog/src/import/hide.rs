//! A file that is gone hides what it was, and erases nothing.

use kernel::{Fault, db::Tx, id::UserId};

use super::{batch::Batch, events, folders::settle_video, settle::Unsettled};
use crate::{
    TrackId, VideoId,
    model::TOPIC_CATALOG,
    store::{folders, genres, sound, tracks, videos},
};

/// Hides tracks whose files are gone, and albums and artists of which nothing is left to show. Unknown and hidden
/// ones are passed over. A few hundred at a time are quicker than one by one, and do not hold other writers up.
pub fn hide_tracks(tx: &mut Tx<'_>, batch: &mut Batch, ids: &[TrackId]) -> Result<(), Fault> {
    batch.pending.write(tx)?;
    let mut unsettled = Unsettled::default();
    for &id in ids {
        let Some(old) = tracks::lock(tx, id)?.filter(|old| old.hidden.is_none()) else { continue };
        tracks::set_gone(tx, id, Some(batch.now))?;
        genres::follow_track(tx, id, Some(batch.now))?;
        unsettled.albums.extend(old.album);
        unsettled.artists.extend(tracks::everybody(tx, id)?);
        unsettled.folders.extend(folders::of_track(tx, id)?);
    }
    unsettled.settle(tx, batch)?;
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Hides one track; see [`hide_tracks`].
pub fn hide_track(tx: &mut Tx<'_>, batch: &mut Batch, id: TrackId) -> Result<(), Fault> {
    hide_tracks(tx, batch, &[id])
}

/// Shows a track whose file is back unchanged. One that somebody deleted stays hidden.
pub fn show_track(tx: &mut Tx<'_>, batch: &mut Batch, id: TrackId) -> Result<(), Fault> {
    batch.pending.write(tx)?;
    let hidden = |old: &tracks::OldTrack| old.hidden.is_some() && !old.deleted;
    let Some(old) = tracks::lock(tx, id)?.filter(hidden) else { return Ok(()) };
    tracks::set_gone(tx, id, None)?;
    // Its library may have been away meanwhile and have another bit.
    let scope = batch.scope_in(tx, old.library)?;
    if scope != old.scope {
        tracks::set_scope(tx, id, scope)?;
    }
    genres::follow_track(tx, id, None)?;
    sound::is_back(tx, old.media)?;
    let mut unsettled = Unsettled { gained: scope, ..Unsettled::default() };
    unsettled.albums.extend(old.album);
    unsettled.artists.extend(tracks::everybody(tx, id)?);
    unsettled.folders.extend(folders::of_track(tx, id)?);
    unsettled.settle(tx, batch)?;
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Hides a video whose file is gone.
pub fn hide_video(tx: &mut Tx<'_>, batch: &mut Batch, id: VideoId) -> Result<(), Fault> {
    let Some(old) = videos::lock(tx, id)?.filter(|old| old.hidden.is_none()) else { return Ok(()) };
    videos::set_hidden(tx, id, Some(batch.now), Some("gone"))?;
    settle_video(tx, id)?;
    events::video_hidden(tx, id, old.added, batch.now)?;
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Shows a video whose file is back unchanged. One that somebody deleted stays hidden.
pub fn show_video(tx: &mut Tx<'_>, batch: &mut Batch, id: VideoId) -> Result<(), Fault> {
    let hidden = |old: &videos::OldVideo| old.hidden.is_some() && !old.deleted;
    let Some(old) = videos::lock(tx, id)?.filter(hidden) else { return Ok(()) };
    videos::set_hidden(tx, id, None, None)?;
    let scope = batch.scope_in(tx, old.library)?;
    if scope != old.scope {
        videos::set_scope(tx, id, scope)?;
    }
    settle_video(tx, id)?;
    events::video_shown(tx, id, old.added, batch.now)?;
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Notes who uploaded a track, who may therefore correct its tags.
pub fn own_track(tx: &mut Tx<'_>, id: TrackId, owner: UserId) -> Result<(), Fault> {
    tracks::set_owner(tx, id, owner)
}
