//! Who a name in a tag means.

use kernel::{Fault, db::Tx};

use super::{
    batch::{Batch, KnownArtist},
    tags::Named,
};
use crate::{ArtistId, fold, store::albums, store::artists};

/// Finds or makes the artist: by the `MusicBrainz` identifier where there is one, else by the folded name. An artist
/// that was known by name alone takes the first identifier that comes with its name. Whoever is named is shown.
pub(super) fn resolve(tx: &mut Tx<'_>, batch: &mut Batch, named: &Named) -> Result<KnownArtist, Fault> {
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
            None => insert(tx, batch, named, &name_key)?,
        },
    };
    let sort = named.sort.as_deref().map(fold::sort_key);
    if let Some(sort) = sort.filter(|_| !artist.sort_given) {
        artists::set_sort(tx, artist.id, &sort)?;
        albums::follow_sort(tx, artist.id, &sort)?;
        (artist.sort_key, artist.sort_given) = (sort, true);
    }
    if artist.hidden {
        artists::set_hidden(tx, artist.id, None)?;
        artist.hidden = false;
    }
    batch.keep_artist(key, artist.clone());
    Ok(artist)
}

pub(super) fn resolve_all(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    named: &[Named],
) -> Result<Vec<KnownArtist>, Fault> {
    let mut found: Vec<KnownArtist> = Vec::with_capacity(named.len());
    for named in named {
        let artist = resolve(tx, batch, named)?;
        // Two spellings may mean one artist.
        if !found.iter().any(|known| known.id == artist.id) {
            found.push(artist);
        }
    }
    Ok(found)
}

fn find(tx: &mut Tx<'_>, named: &Named, name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    let Some(musicbrainz) = &named.musicbrainz else { return artists::by_name(tx, name_key) };
    if let Some(artist) = artists::by_musicbrainz(tx, musicbrainz)? {
        return Ok(Some(artist));
    }
    let Some(artist) = artists::unnumbered(tx, name_key)? else { return Ok(None) };
    artists::number(tx, artist.id, musicbrainz)?;
    Ok(Some(artist))
}

fn insert(tx: &mut Tx<'_>, batch: &mut Batch, named: &Named, name_key: &[u8]) -> Result<KnownArtist, Fault> {
    let id = ArtistId(batch.ids.next());
    let sort_key = fold::sort_key(named.sort.as_ref().unwrap_or(&named.name));
    let sort_given = named.sort.is_some();
    let musicbrainz = named.musicbrainz.as_deref();
    if artists::insert(tx, id, &named.name, name_key, musicbrainz, (&sort_key, sort_given))? {
        return Ok(KnownArtist { id, sort_key, sort_given, hidden: false });
    }
    let found = find(tx, named, name_key)?;
    found.ok_or_else(|| Fault::new("an artist was entered and removed at the same time"))
}
