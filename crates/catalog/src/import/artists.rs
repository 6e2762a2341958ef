//! Who a name in a tag means.

use kernel::{Fault, db::Tx};

use super::{
    batch::{Batch, KnownArtist},
    facts::Role,
    tags::Named,
};
use crate::{ArtistId, LibraryId, fold, store::albums, store::artists};

/// Finds or makes the artist: by the `MusicBrainz` identifier where there is one, else by the folded name. An artist
/// that was known by name alone takes the first identifier that comes with its name. Whoever is named is shown, to those
/// who see the library in which it is.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    library: Option<LibraryId>,
    named: &Named,
) -> Result<KnownArtist, Fault> {
    let scope = batch.scope_in(tx, library)?;
    let name_key = fold::key(&["artist", &named.name]);
    let key = match &named.musicbrainz {
        Some(id) => fold::key(&["musicbrainz", id]),
        None => name_key.clone(),
    };
    let cached = batch.artist(&key).cloned();
    let mut artist = match cached {
        Some(artist) => artist,
        None => match find(tx, named, &name_key)? {
            Some(artist) => artist,
            None => insert(tx, batch, named, &name_key, scope)?,
        },
    };
    if let Some(name) = named.sort.as_deref().filter(|_| !artist.sort_given) {
        let sort = fold::sort_key(name);
        artists::set_sort(tx, artist.id, name, &sort)?;
        albums::follow_sort(tx, artist.id, &sort)?;
        (artist.sort_key, artist.sort_given) = (sort, true);
    }
    if artist.hidden {
        artists::set_hidden(tx, artist.id, None)?;
        artist.hidden = false;
    }
    if artist.scope & scope != scope {
        artists::add_scope(tx, artist.id, scope)?;
        artist.scope |= scope;
    }
    batch.keep_artist(key, artist.clone());
    Ok(artist)
}

pub(super) fn resolve_all(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    library: Option<LibraryId>,
    named: &[Named],
) -> Result<Vec<KnownArtist>, Fault> {
    let mut found: Vec<KnownArtist> = Vec::with_capacity(named.len());
    for named in named {
        let artist = resolve(tx, batch, library, named)?;
        // Two spellings may mean one artist.
        if !found.iter().any(|known| known.id == artist.id) {
            found.push(artist);
        }
    }
    Ok(found)
}

/// Those who are credited, with what they did.
pub(super) fn resolve_credits(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    library: Option<LibraryId>,
    credits: &[(Named, Role, Option<String>)],
) -> Result<Vec<(ArtistId, Role, Option<String>)>, Fault> {
    let mut found = Vec::with_capacity(credits.len());
    for (named, role, detail) in credits {
        let credit = (resolve(tx, batch, library, named)?.id, *role, detail.clone());
        if !found.contains(&credit) {
            found.push(credit);
        }
    }
    Ok(found)
}

/// Whom a name means that comes without identifier: who has it and no identifier; else to whom people said that it
/// leads; else who has it with one.
pub(super) fn meant(tx: &mut Tx<'_>, name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    for look in [artists::unnumbered, artists::by_alias] {
        let known = look(tx, name_key)?;
        if known.is_some() {
            return Ok(known);
        }
    }
    artists::by_name(tx, name_key)
}

fn find(tx: &mut Tx<'_>, named: &Named, name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    let Some(musicbrainz) = &named.musicbrainz else { return meant(tx, name_key) };
    let known = artists::by_musicbrainz(tx, musicbrainz)?;
    if known.is_some() {
        return Ok(known);
    }
    let merged = artists::by_alias(tx, &fold::key(&["musicbrainz", musicbrainz]))?;
    if merged.is_some() {
        return Ok(merged);
    }
    // A name leads to whoever has another identifier only where files say none.
    let named = match artists::unnumbered(tx, name_key)? {
        Some(artist) => Some(artist),
        None => artists::unnumbered_by_alias(tx, name_key)?,
    };
    if let Some(artist) = &named {
        artists::number(tx, artist.id, musicbrainz)?;
    }
    Ok(named)
}

fn insert(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    named: &Named,
    name_key: &[u8],
    scope: i64,
) -> Result<KnownArtist, Fault> {
    let id = ArtistId(batch.ids.next());
    let sort_key = fold::sort_key(named.sort.as_ref().unwrap_or(&named.name));
    if artists::insert(tx, id, named, (name_key, &sort_key), scope)? {
        return Ok(KnownArtist { id, sort_key, sort_given: named.sort.is_some(), hidden: false, scope });
    }
    let found = find(tx, named, name_key)?;
    found.ok_or_else(|| Fault::new("an artist was entered and removed at the same time"))
}
