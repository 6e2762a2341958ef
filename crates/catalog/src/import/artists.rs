//! Who a name in a tag means.

use kernel::{Fault, db::Tx};

use super::{
    batch::{Batch, KnownArtist},
    facts::Role,
    tags::Named,
};
use crate::{
    ArtistId, LibraryId, fold,
    store::{access, albums, artists},
};

/// Artists of one name that are looked at for one whom an editor sees.
const NAMESAKES_MAX: u32 = 32;

/// Who says a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SaidBy {
    /// A file.
    File,
    /// Somebody who wrote it over what a file says. It means nobody whom its editor does not see
    /// ([`Batch::seeing`]): who is hidden from somebody is as if he were not there.
    Editor,
}

impl SaidBy {
    /// Whoever said it, when somebody edited what files say or not.
    pub(super) fn of(edited: bool) -> Self {
        if edited { Self::Editor } else { Self::File }
    }
}

/// The key by which a name leads to an artist in one library alone.
fn here_key(library: Option<LibraryId>, name: &str) -> Vec<u8> {
    fold::key(&["artist in", &library.map_or(0, |library| library.0).to_string(), name])
}

/// Finds or makes the artist: by the `MusicBrainz` identifier where there is one, else by the folded name. An artist
/// that was known by name alone takes the first identifier that comes with its name. Whoever is named is shown, to those
/// who see the library in which it is.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    library: Option<LibraryId>,
    named: &Named,
    said_by: SaidBy,
) -> Result<KnownArtist, Fault> {
    let scope = batch.scope_in(tx, library)?;
    let here = here_key(library, &named.name);
    let key = match &named.musicbrainz {
        Some(id) => fold::key(&["musicbrainz", id]),
        None => here.clone(),
    };
    let cached = batch.artist(&key).cloned();
    let mut artist = match (cached, batch.eyes()) {
        (Some(artist), _) => artist,
        (None, Some(eyes)) if said_by == SaidBy::Editor && named.musicbrainz.is_none() => {
            by_editor(tx, batch, named, (&here, scope, eyes))?
        }
        (None, _) => {
            let name_key = fold::key(&["artist", &named.name]);
            match find(tx, named, &here, &name_key)? {
                Some(artist) => artist,
                None => insert(tx, batch, named, (&here, &name_key), scope)?,
            }
        }
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
    said_by: SaidBy,
) -> Result<Vec<KnownArtist>, Fault> {
    let mut found: Vec<KnownArtist> = Vec::with_capacity(named.len());
    for named in named {
        let artist = resolve(tx, batch, library, named, said_by)?;
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
    said_by: SaidBy,
) -> Result<Vec<(ArtistId, Role, Option<String>)>, Fault> {
    let mut found = Vec::with_capacity(credits.len());
    for (named, role, detail) in credits {
        let credit = (resolve(tx, batch, library, named, said_by)?.id, *role, detail.clone());
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

/// Whom a file means that lies in a library: to whom the name leads there, else as [`meant`] everywhere.
fn meant_here(tx: &mut Tx<'_>, here: &[u8], name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    let known = artists::here_or_unnumbered(tx, here, name_key)?;
    if known.is_some() {
        return Ok(known);
    }
    let led = artists::by_alias(tx, name_key)?;
    if led.is_some() { Ok(led) } else { artists::by_name(tx, name_key) }
}

/// Whom somebody means who does not see everybody: of those who are called so the first whom he sees. Whoever he does not see
/// is as if he were not there; then the name leads to another one in this library, also for files, so that it means one.
fn by_editor(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    named: &Named,
    (here, scope, eyes): (&[u8], i64, i64),
) -> Result<KnownArtist, Fault> {
    let name_key = fold::key(&["artist", &named.name]);
    // In the order of `meant_here`: files mean the first of these.
    let mut called: Vec<KnownArtist> = Vec::new();
    called.extend(artists::by_alias(tx, here)?);
    called.extend(artists::unnumbered(tx, &name_key)?);
    called.extend(artists::by_alias(tx, &name_key)?);
    called.extend(artists::namesakes(tx, &name_key, NAMESAKES_MAX)?);
    for (place, known) in called.iter().enumerate() {
        if !is_seen(tx, known, eyes)? {
            continue;
        }
        if place > 0 {
            artists::put_alias(tx, here, known.id)?;
        }
        return Ok(known.clone());
    }
    if called.is_empty() {
        return insert(tx, batch, named, (here, &name_key), scope);
    }
    for elsewhere in libraries_in(tx, eyes)? {
        let known = artists::by_alias(tx, &here_key(elsewhere, &named.name))?;
        if let Some(known) = known.filter(|known| known.scope & eyes != 0) {
            artists::put_alias(tx, here, known.id)?;
            return Ok(known);
        }
    }
    insert_apart(tx, batch, named, here, scope)
}

/// Whether somebody who sees these libraries knows of an artist, also of one whose files are away.
fn is_seen(tx: &mut Tx<'_>, known: &KnownArtist, eyes: i64) -> Result<bool, Fault> {
    if !known.hidden && known.scope & eyes != 0 {
        return Ok(true);
    }
    artists::is_named_in(tx, known.id, eyes)
}

/// The libraries that somebody sees, and what lies in none.
fn libraries_in(tx: &mut Tx<'_>, eyes: i64) -> Result<Vec<Option<LibraryId>>, Fault> {
    let all = access::bits(tx)?.into_iter();
    let seen = all.filter(|(_, bit, freed)| bit & eyes != 0 && freed.is_none()).map(|(id, ..)| Some(id));
    Ok(std::iter::once(None).chain(seen).collect())
}

/// Makes an artist of a name that somebody else has, of whom nobody is to learn by that: the name leads there in this
/// library alone.
fn insert_apart(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    named: &Named,
    here: &[u8],
    scope: i64,
) -> Result<KnownArtist, Fault> {
    let id = ArtistId(batch.ids.next());
    let sort_key = fold::sort_key(named.sort.as_ref().unwrap_or(&named.name));
    let own_key = fold::key(&["artist apart", &id.to_string()]);
    artists::insert(tx, id, named, (&own_key, &sort_key), scope)?;
    artists::put_alias(tx, here, id)?;
    Ok(KnownArtist { id, sort_key, sort_given: named.sort.is_some(), hidden: false, scope })
}

fn find(tx: &mut Tx<'_>, named: &Named, here: &[u8], name_key: &[u8]) -> Result<Option<KnownArtist>, Fault> {
    let Some(musicbrainz) = &named.musicbrainz else { return meant_here(tx, here, name_key) };
    let known = artists::by_musicbrainz(tx, musicbrainz)?;
    if known.is_some() {
        return Ok(known);
    }
    let merged = artists::by_alias(tx, &fold::key(&["musicbrainz", musicbrainz]))?;
    if merged.is_some() {
        return Ok(merged);
    }
    // A name leads to whoever has another identifier only where files say none.
    let named = match artists::here_or_unnumbered_without_number(tx, here, name_key)? {
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
    (here, name_key): (&[u8], &[u8]),
    scope: i64,
) -> Result<KnownArtist, Fault> {
    let id = ArtistId(batch.ids.next());
    let sort_key = fold::sort_key(named.sort.as_ref().unwrap_or(&named.name));
    if artists::insert(tx, id, named, (name_key, &sort_key), scope)? {
        return Ok(KnownArtist { id, sort_key, sort_given: named.sort.is_some(), hidden: false, scope });
    }
    let found = find(tx, named, here, name_key)?;
    found.ok_or_else(|| Fault::new("an artist was entered and removed at the same time"))
}
