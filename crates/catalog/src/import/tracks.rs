//! A file of music becomes a track.

use kernel::{Fault, Time, db::Tx};

use super::{
    albums::{self, Bring},
    artists,
    batch::Batch,
    follow,
    settle::Unsettled,
    tags::{Named, TrackTags},
};
use crate::{
    AlbumId, ArtistId, LibraryId, MediaId, PictureId, TrackId,
    media::{MediaKind, SourceFile},
    model::TOPIC_CATALOG,
    store::{
        media, playlists,
        tracks::{self, OldTrack, TrackRow},
    },
};

/// Who plays when no tag says it.
const UNKNOWN: &str = "Unknown Artist";

/// A file of music on its way in.
#[derive(Clone, Copy, Debug)]
pub struct TrackImport<'a> {
    /// The track that this file is, when it was known before: it keeps its identity however file and tags changed.
    pub existing: Option<TrackId>,
    /// The library that it lies in; `None` for an upload.
    pub library: Option<LibraryId>,
    /// The file.
    pub source: &'a SourceFile,
    /// What its tags say.
    pub tags: &'a TrackTags,
    /// Its own picture, else that of its folder.
    pub picture: Option<PictureId>,
    /// The folder of its album: the path without the file and without a folder for a disc. It tells albums apart
    /// whose tags name no artist of the album. `None` for an upload.
    pub folder: Option<&'a str>,
}

/// What a file became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The track.
    pub track: TrackId,
    /// The album that it is in.
    pub album: Option<AlbumId>,
    /// Its media.
    pub media: MediaId,
}

/// Makes or updates a track with its artists, its album and its media.
///
/// A known track keeps its number, its date and what people have done with it; with other tags it moves, and albums
/// and artists that it leaves empty go. A track that was hidden because its file was gone is shown again; one that
/// somebody deleted stays hidden.
pub fn upsert_track(tx: &mut Tx<'_>, batch: &mut Batch, new: &TrackImport<'_>) -> Result<Imported, Fault> {
    let mut tags = new.tags.cleaned();
    if tags.artists.is_empty() {
        let lead = tags.album_artists.first().filter(|_| !tags.compilation);
        tags.artists = vec![lead.cloned().unwrap_or_else(|| Named::plain(UNKNOWN))];
    }
    let known = match new.existing {
        Some(id) => tracks::lock(tx, id)?.map(|old| (id, old)),
        None => None,
    };
    let artists = artists::resolve_all(tx, batch, &tags.artists)?;
    let before = known.as_ref().and_then(|(_, old)| old.album.map(|album| (album, old.picture)));
    let bring = Bring { track_artists: &artists, folder: new.folder, picture: new.picture, before };
    let resolved = albums::resolve(tx, batch, &tags, bring)?;
    let mut unsettled = Unsettled::default();
    let album = resolved.map(|resolved| {
        unsettled.artists.extend(resolved.dropped);
        resolved.album
    });
    let (id, media) = match &known {
        Some((id, old)) => (*id, old.media),
        None => (TrackId(batch.ids.next()), MediaId(batch.ids.next())),
    };
    let artists: Vec<ArtistId> = artists.iter().map(|artist| artist.id).collect();
    let row = TrackRow {
        id,
        media,
        library: new.library,
        album,
        tags: &tags,
        duration_ms: new.source.duration_ms,
        picture: new.picture,
    };
    if let Some((_, old)) = known {
        update(tx, &row, &old, new.source, &artists, batch.now, &mut unsettled)?;
    } else {
        media::insert(tx, media, MediaKind::Audio, new.source)?;
        tracks::insert(tx, &row, batch.now)?;
        tracks::insert_artists(tx, id, &artists)?;
    }
    unsettled.settle(tx, batch)?;
    tx.wake(TOPIC_CATALOG);
    Ok(Imported { track: id, album, media })
}

fn update(
    tx: &mut Tx<'_>,
    row: &TrackRow<'_>,
    old: &OldTrack,
    source: &SourceFile,
    artists: &[ArtistId],
    now: Time,
    unsettled: &mut Unsettled,
) -> Result<(), Fault> {
    renew_source(tx, row.media, source)?;
    if old.hidden.is_none() {
        playlists::track_changes_length(tx, row.id, row.duration_ms)?;
    }
    tracks::update(tx, row)?;
    let had = tracks::artists(tx, row.id)?;
    if had != artists {
        tracks::delete_artists(tx, row.id)?;
        tracks::insert_artists(tx, row.id, artists)?;
        follow::artists_left(tx, &had, artists, now)?;
        unsettled.artists.extend(had);
    }
    if old.hidden.is_some() && !old.deleted {
        tracks::set_gone(tx, row.id, None)?;
    }
    if old.deleted {
        // It stays hidden, so what was just shown for its sake may have to be hidden again.
        unsettled.albums.extend(row.album);
        unsettled.artists.extend(artists);
    }
    if let Some(from) = old.album.filter(|_| old.album != row.album) {
        follow::track_left(tx, from, row.album, now)?;
        unsettled.albums.insert(from);
    }
    Ok(())
}

/// Writes what is known of the source now; when its bytes are others, what was encoded of them goes.
pub(super) fn renew_source(tx: &mut Tx<'_>, id: MediaId, source: &SourceFile) -> Result<(), Fault> {
    let before = media::media(tx, id)?.map(|media| media.file);
    if before.as_ref() == Some(source) {
        return Ok(());
    }
    media::update_source(tx, id, source)?;
    let same_bytes = before.is_some_and(|file| file.bytes == source.bytes && file.stamp == source.stamp);
    if same_bytes { Ok(()) } else { media::reset(tx, id) }
}
