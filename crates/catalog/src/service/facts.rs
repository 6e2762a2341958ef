//! What is known of tracks and albums beyond the lists, and lyrics.

use std::collections::HashMap;

use kernel::{Ctx, Fault, http::Viewer};

use super::{Error, music::shaper};
use crate::{
    AlbumId, ArtistId, TrackId,
    model::{AlbumFacts, ArtistFacts, ItemKind, Lyrics, TrackDetail, TrackFacts},
    store::{
        lyrics,
        read::{self, marks},
    },
    visibility,
};

/// Tracks or albums whose facts are given at once; those beyond are left out.
pub const FACTS_AT_ONCE_MAX: usize = 500;

/// A track with everything that is known of it.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see.
pub async fn track(ctx: &Ctx, viewer: &Viewer, id: TrackId) -> Result<TrackDetail, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(track) = read::tracks::one(tx, id)? else { return Ok(None) };
        let tracks = [track];
        let credits = read::tracks::credits(tx, &tracks)?;
        let facts = read::facts::of_tracks(tx, &[id])?.remove(&id).unwrap_or_default();
        let marks = marks::of(tx, user, ItemKind::Track, [id.0].into_iter())?;
        let [track] = tracks;
        Ok::<_, Fault>(Some((track, credits, facts, marks)))
    });
    let (track, credits, facts, marks) = found.await?.ok_or(Error::NotFound)?;
    Ok(TrackDetail { track: shaper(ctx, marks).track(track, &credits), facts })
}

/// The facts of those of these tracks that are shown, at most [`FACTS_AT_ONCE_MAX`].
pub async fn track_facts(
    ctx: &Ctx,
    viewer: &Viewer,
    ids: &[TrackId],
) -> Result<HashMap<TrackId, TrackFacts>, Error> {
    let ids: Vec<TrackId> = ids.iter().copied().take(FACTS_AT_ONCE_MAX).collect();
    Ok(visibility::read(ctx, viewer, move |tx| read::facts::of_tracks(tx, &ids)).await?)
}

/// The facts of those of these albums that are shown, at most [`FACTS_AT_ONCE_MAX`].
pub async fn album_facts(
    ctx: &Ctx,
    viewer: &Viewer,
    ids: &[AlbumId],
) -> Result<HashMap<AlbumId, AlbumFacts>, Error> {
    let ids: Vec<AlbumId> = ids.iter().copied().take(FACTS_AT_ONCE_MAX).collect();
    Ok(visibility::read(ctx, viewer, move |tx| read::facts::of_albums(tx, &ids)).await?)
}

/// The facts of those of these artists that are shown, at most [`FACTS_AT_ONCE_MAX`].
pub async fn artist_facts(
    ctx: &Ctx,
    viewer: &Viewer,
    ids: &[ArtistId],
) -> Result<HashMap<ArtistId, ArtistFacts>, Error> {
    let ids: Vec<ArtistId> = ids.iter().copied().take(FACTS_AT_ONCE_MAX).collect();
    Ok(visibility::read(ctx, viewer, move |tx| read::artists::facts(tx, &ids)).await?)
}

/// The lyrics of a track, those to be offered first in front: from files beside it, then from its tags.
pub async fn lyrics(ctx: &Ctx, viewer: &Viewer, id: TrackId) -> Result<Vec<Lyrics>, Error> {
    let found = visibility::read(ctx, viewer, move |tx| {
        if read::tracks::one(tx, id)?.is_none() {
            return Ok(None);
        }
        lyrics::of_track(tx, id).map(Some)
    });
    let rows = found.await.map_err(Error::Fault)?.ok_or(Error::NotFound)?;
    let each = rows.into_iter().map(|(language, synced, source, lines)| {
        let lines = serde_json::from_str(&lines)
            .map_err(|error| Fault::from_error("lyrics in the database can't be read", error))?;
        Ok(Lyrics { language, synced, source, lines })
    });
    each.collect()
}
