//! A file of music becomes a track.

use kernel::{Fault, db::Tx};

use super::{
    albums::{self, Bring, Resolved},
    artists::{self, SaidBy},
    batch::{Batch, KnownArtist},
    edits,
    facts::Role,
    follow,
    settle::Unsettled,
    tags::{CleanTags, Named, TrackTags},
};
use crate::{
    AlbumId, ArtistId, GenreId, LibraryId, MediaId, PictureId, TrackId,
    media::{MediaKind, SourceFile},
    model::TOPIC_CATALOG,
    store::{
        credits, folders, genres, lyrics, media, playlists, sound,
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
    let known = match new.existing {
        Some(id) => tracks::lock(tx, id)?.map(|old| (id, old)),
        None => None,
    };
    let edited = match &known {
        Some((id, old)) if old.edits > 0 => edits::tracks::scanned(tx, *id, new.tags)?,
        _ => None,
    };
    let written = match edited {
        None => {
            let tags = new.tags.cleaned();
            Written {
                tags,
                album: AlbumFrom::Tags,
                artists_edited: false,
                credits_edited: false,
                lyrics: true,
            }
        }
        Some(edited) => Written {
            tags: edited.tags.cleaned(),
            album: if edited.moved {
                AlbumFrom::Chosen { stays: true }
            } else {
                AlbumFrom::Said(Box::new(with_artist(new.tags.cleaned())))
            },
            artists_edited: edited.artists_edited,
            credits_edited: edited.credits_edited,
            lyrics: true,
        },
    };
    // In another library the names that people wrote still mean whom they saw.
    let eyes = match &known {
        Some((_, old)) if old.edits > 0 && old.library != new.library => {
            Some(old.scope | batch.scope_in(tx, new.library)?)
        }
        _ => None,
    };
    batch.with_eyes(eyes, |batch| write(tx, batch, new, known, written))
}

/// Where a track's album is taken from.
pub(super) enum AlbumFrom {
    /// From the tags that are written.
    Tags,
    /// From what the file says, over which somebody wrote other things.
    Said(Box<CleanTags>),
    /// From the tags that are written, in which somebody named another album; whether the one that it is in will do
    /// before others.
    Chosen { stays: bool },
    /// It is this one.
    Kept(Option<AlbumId>),
}

/// What is written of a track.
pub(super) struct Written {
    pub(super) tags: CleanTags,
    pub(super) album: AlbumFrom,
    /// Somebody wrote who plays.
    pub(super) artists_edited: bool,
    /// Somebody wrote who is credited.
    pub(super) credits_edited: bool,
    /// The tags have all the lyrics that the files say.
    pub(super) lyrics: bool,
}

/// With somebody who plays, if no tag says who.
fn with_artist(mut tags: CleanTags) -> CleanTags {
    if tags.artists.is_empty() {
        let lead = tags.album_artists.first().filter(|_| !tags.compilation);
        tags.artists = vec![lead.cloned().unwrap_or_else(|| Named::plain(UNKNOWN))];
    }
    tags
}

/// Writes a track as its tags, and what people wrote over them, say.
pub(super) fn write(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    new: &TrackImport<'_>,
    known: Option<(TrackId, OldTrack)>,
    written: Written,
) -> Result<Imported, Fault> {
    let tags = with_artist(written.tags);
    let by = SaidBy::of(written.artists_edited);
    let artists = artists::resolve_all(tx, batch, new.library, &tags.artists, by)?;
    let before = known.as_ref().and_then(|(_, old)| old.album.map(|album| (album, old.picture)));
    let bring = Bring {
        library: new.library,
        track_artists: &artists,
        artists_edited: written.artists_edited,
        chosen: matches!(written.album, AlbumFrom::Chosen { .. }),
        stays: matches!(written.album, AlbumFrom::Chosen { stays: true }),
        folder: new.folder,
        picture: new.picture,
        before,
    };
    let mut unsettled = Unsettled::default();
    let resolved = match &written.album {
        AlbumFrom::Tags | AlbumFrom::Chosen { .. } => albums::resolve(tx, batch, &tags, bring)?,
        AlbumFrom::Said(said) => albums::resolve(tx, batch, said, bring)?,
        AlbumFrom::Kept(album) => {
            unsettled.albums.extend(album.filter(|album| before.is_none_or(|(before, _)| before != *album)));
            album.map(|album| Resolved { album, dropped: Vec::new() })
        }
    };
    let by = SaidBy::of(written.credits_edited);
    let parts = Parts::of(tx, batch, new.library, &artists, (&tags, by))?;
    let album = resolved.map(|resolved| {
        unsettled.artists.extend(resolved.dropped);
        resolved.album
    });
    let (id, media) = match &known {
        Some((id, old)) => (*id, old.media),
        None => (TrackId(batch.ids.next()), MediaId(batch.ids.next())),
    };
    let row = TrackRow {
        id,
        media,
        library: new.library,
        album,
        tags: &tags,
        duration_ms: new.source.duration_ms,
        picture: new.picture,
        scope: batch.scope_in(tx, new.library)?,
    };
    if let Some((_, old)) = known {
        update(tx, batch, &row, &old, (new.source, written.lyrics), &parts, &mut unsettled)?;
    } else {
        media::insert(tx, media, MediaKind::Audio, new.source)?;
        tracks::insert(tx, &row, batch.now)?;
        batch.pending.artists(id, &parts.artists);
        batch.pending.credits(id, &parts.credits);
        batch.pending.genres(id, &parts.genres);
        add_album_genres(batch, album, &parts.genres);
        super::lyrics::insert(tx, batch, id, &tags.lyrics)?;
    }
    batch.write_soon(tx)?;
    unsettled.settle(tx, batch)?;
    tx.wake(TOPIC_CATALOG);
    Ok(Imported { track: id, album, media })
}

/// What a track refers to.
struct Parts {
    artists: Vec<ArtistId>,
    credits: Vec<(ArtistId, Role, Option<String>)>,
    genres: Vec<GenreId>,
}

impl Parts {
    fn of(
        tx: &mut Tx<'_>,
        batch: &mut Batch,
        library: Option<LibraryId>,
        artists: &[KnownArtist],
        (tags, credited_by): (&CleanTags, SaidBy),
    ) -> Result<Self, Fault> {
        Ok(Self {
            artists: artists.iter().map(|artist| artist.id).collect(),
            credits: artists::resolve_credits(tx, batch, library, &tags.credits, credited_by)?,
            genres: super::genres::resolve_all(tx, batch, &tags.genres, &tags.moods)?,
        })
    }
}

/// Gives an album the genres of a shown track of it.
fn add_album_genres(batch: &mut Batch, album: Option<AlbumId>, genres: &[GenreId]) {
    let Some(album) = album else { return };
    for &genre in genres {
        if !batch.album_has(album, genre) {
            batch.pending.album_genre(album, genre);
        }
    }
}

fn update(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    row: &TrackRow<'_>,
    old: &OldTrack,
    (source, lyrics_too): (&SourceFile, bool),
    parts: &Parts,
    unsettled: &mut Unsettled,
) -> Result<(), Fault> {
    batch.pending.write(tx)?;
    renew_source(tx, row.media, source)?;
    if old.hidden.is_none() {
        playlists::track_changes_length(tx, row.id, row.duration_ms)?;
    }
    tracks::update(tx, row)?;
    update_parts(tx, batch, row, old, parts, unsettled)?;
    if lyrics_too {
        lyrics::delete(tx, row.id)?;
        super::lyrics::insert(tx, batch, row.id, &row.tags.lyrics)?;
    }
    if old.hidden.is_some() && !old.deleted {
        tracks::set_gone(tx, row.id, None)?;
        genres::follow_track(tx, row.id, None)?;
        sound::is_back(tx, row.media)?;
        unsettled.folders.extend(folders::of_track(tx, row.id)?);
    }
    if old.scope != row.scope {
        // Whoever was named in the library that it left is perhaps no longer in it.
        genres::follow_track(tx, row.id, old.hidden.filter(|_| old.deleted))?;
        unsettled.albums.extend(row.album);
        unsettled.artists.extend(tracks::everybody(tx, row.id)?);
    }
    if old.deleted {
        // It stays hidden, so what was just shown for its sake may have to be hidden again.
        unsettled.albums.extend(row.album);
        unsettled.artists.extend(&parts.artists);
        unsettled.artists.extend(parts.credits.iter().map(|(artist, ..)| *artist));
        genres::follow_track(tx, row.id, old.hidden)?;
    }
    if let Some(from) = old.album.filter(|_| old.album != row.album) {
        follow::track_left(tx, from, row.album, batch.now)?;
        unsettled.albums.insert(from);
    }
    Ok(())
}

/// Writes what a known track refers to now, as far as that has changed.
fn update_parts(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    row: &TrackRow<'_>,
    old: &OldTrack,
    parts: &Parts,
    unsettled: &mut Unsettled,
) -> Result<(), Fault> {
    let had = tracks::artists(tx, row.id)?;
    if had != parts.artists {
        tracks::delete_artists(tx, row.id)?;
        batch.pending.artists(row.id, &parts.artists);
        follow::artists_left(tx, &had, &parts.artists, batch.now)?;
        unsettled.artists.extend(had);
    }
    let had = credits::of_track(tx, row.id)?;
    if had != parts.credits {
        credits::delete(tx, row.id)?;
        batch.pending.credits(row.id, &parts.credits);
        unsettled.artists.extend(had.into_iter().map(|(artist, ..)| artist));
    }
    let had = genres::of_track(tx, row.id)?;
    if had != parts.genres {
        genres::delete_of_track(tx, row.id)?;
        batch.pending.genres(row.id, &parts.genres);
        let lost: Vec<GenreId> = had.into_iter().filter(|genre| !parts.genres.contains(genre)).collect();
        if !lost.is_empty() {
            unsettled.albums.extend(row.album);
        }
        unsettled.genres.extend(lost);
    }
    if !old.deleted {
        add_album_genres(batch, row.album, &parts.genres);
    }
    // Before anything is done that looks at these rows.
    batch.pending.write(tx)
}

/// Writes what is known of the source now; when its bytes are others, what was encoded of them goes.
pub(super) fn renew_source(tx: &mut Tx<'_>, id: MediaId, source: &SourceFile) -> Result<(), Fault> {
    let before = media::media(tx, id)?.map(|media| media.file);
    if before.as_ref() == Some(source) {
        return Ok(());
    }
    media::update_source(tx, id, source)?;
    let same_bytes = before.is_some_and(|file| file.bytes == source.bytes && file.stamp == source.stamp);
    if same_bytes { sound::is_back(tx, id) } else { media::reset(tx, id) }
}
