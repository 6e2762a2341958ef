//! Which album a track belongs to.

use kernel::{Fault, db::Tx};

use super::{
    artists::{self, SaidBy},
    batch::{Batch, KnownAlbum, KnownArtist},
    edits, events,
    facts::CleanRelease,
    follow,
    tags::{CleanTags, Named},
};
use crate::{
    AlbumId, ArtistId, LibraryId, PictureId, fold,
    store::{albums, genres},
};

/// Whose album it is when it has pieces by several and no tag says more.
const VARIOUS: &str = "Various Artists";
const VARIOUS_MUSICBRAINZ: &str = "89ad4ac3-39f7-470e-963a-56509c546377";

/// An album as the tags of one track have it.
pub(crate) struct AlbumWish {
    /// See `catalog_album.key`.
    pub(crate) key: Vec<u8>,
    /// The same without the library: what it was when albums lay in several.
    old_key: Vec<u8>,
    pub(crate) loose_key: Option<Vec<u8>>,
    pub(crate) title: String,
    pub(crate) sort_key: Vec<u8>,
    pub(crate) artist_sort: Vec<u8>,
    pub(crate) artists: Vec<ArtistId>,
    pub(crate) artists_guessed: bool,
    pub(crate) released: Option<String>,
    pub(crate) compilation: bool,
    pub(crate) facts: CleanRelease,
    /// That of the library in which it lies.
    pub(crate) scope: i64,
}

impl AlbumWish {
    pub(crate) fn released_key(&self) -> i64 {
        fold::date_key(self.released.as_deref())
    }
}

/// An album, and the artists that it no longer has.
pub(super) struct Resolved {
    pub(super) album: AlbumId,
    pub(super) dropped: Vec<ArtistId>,
}

/// What this track brings besides its tags.
#[derive(Clone, Copy)]
pub(super) struct Bring<'a> {
    pub(super) library: Option<LibraryId>,
    pub(super) track_artists: &'a [KnownArtist],
    /// Somebody wrote who they are: they say nothing of whose album it is.
    pub(super) artists_edited: bool,
    /// Somebody named the album: it is the one that is shown under this name, if there is one.
    pub(super) chosen: bool,
    /// Of several that are shown so, the one that the track is in.
    pub(super) stays: bool,
    pub(super) folder: Option<&'a str>,
    pub(super) picture: Option<PictureId>,
    /// The album that the track was in, and its picture then.
    pub(super) before: Option<(AlbumId, Option<PictureId>)>,
}

/// Finds or makes the album that the tags name, shows it, and brings it up to date; `None` when they name none.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    tags: &CleanTags,
    bring: Bring<'_>,
) -> Result<Option<Resolved>, Fault> {
    let Some(wish) = wish(tx, batch, tags, bring)? else { return Ok(None) };
    let mut album = match batch.album(&wish.key).filter(|_| !bring.chosen).cloned() {
        Some(album) => album,
        None => match find(tx, &wish, bring)? {
            Some(mut album) => {
                edits::albums::uncover(tx, &mut album)?;
                album
            }
            None => insert(tx, batch, &wish, bring)?,
        },
    };
    // Who names another album says nothing of it but that a track is on it.
    let retagged = !bring.chosen && bring.before.is_some_and(|(before, _)| before == album.id);
    let dropped = if album.overlay.as_ref().is_some_and(|overlay| overlay.edits_any(&["artists"])) {
        edits::albums::note_artists(tx, &mut album, &wish, retagged)?
    } else if bring.chosen || (bring.artists_edited && wish.artists_guessed) {
        Vec::new()
    } else {
        reconcile_artists(tx, batch, &mut album, &wish, (bring.library, retagged))?
    };
    update_facts(tx, &mut album, &wish, (retagged, bring.chosen))?;
    let old_picture = bring.before.and_then(|(_, picture)| picture).filter(|_| retagged);
    if let Some(picture) = bring.picture
        && album.picture != Some(picture)
        && (album.picture.is_none() || album.picture == old_picture)
    {
        albums::set_picture(tx, album.id, picture)?;
        album.picture = Some(picture);
    }
    if album.scope & wish.scope != wish.scope {
        album.scope |= wish.scope;
        albums::set_scope(tx, album.id, album.scope)?;
    }
    if album.hidden {
        albums::set_hidden(tx, album.id, None)?;
        events::album_shown(tx, album.id, album.added, batch.now)?;
        album.hidden = false;
    }
    let id = album.id;
    if !bring.chosen {
        batch.keep_album(wish.key, album);
    }
    Ok(Some(Resolved { album: id, dropped }))
}

/// Brings what is shown of an album up to date: it learns what it did not know, and follows a track of it that was
/// tagged anew.
fn update_facts(
    tx: &mut Tx<'_>,
    album: &mut KnownAlbum,
    wish: &AlbumWish,
    (retagged, chosen): (bool, bool),
) -> Result<(), Fault> {
    let gains_date = album.released.is_none() && wish.released.is_some();
    let says_other = album.title != wish.title || album.released != wish.released;
    let sorted_before = (album.facts.sort_title.clone(), album.title.clone());
    // The first of several that were tagged anew clears what is not said any more, the others add to it.
    let renews = retagged && !album.renewed;
    album.renewed |= retagged;
    let other_facts = if renews && album.facts != wish.facts {
        album.facts = wish.facts.clone();
        true
    } else {
        album.facts.learn(&wish.facts)
    };
    let other_wish = gains_date || (retagged && says_other);
    if other_wish {
        album.released.clone_from(&wish.released);
    }
    if !other_wish && !other_facts {
        return Ok(());
    }
    // Who names an album by what it is called in the page says nothing of what its files call it.
    if !chosen {
        album.compilation = wish.compilation;
        if other_wish {
            album.title.clone_from(&wish.title);
        }
    }
    let shown = edits::albums::cover(tx, album)?;
    albums::update(tx, &shown)?;
    if sorted_before != (album.facts.sort_title.clone(), album.title.clone()) {
        genres::follow_album(tx, album.id, &shown.sort_key())?;
    }
    Ok(())
}

/// What tells this album from others: the library in which it lies, so that it shows nothing of any other; its `MusicBrainz` release; else its artists, title and year; and where the
/// tags name no artist of the album, or where the year is each track's own, the folder instead.
fn wish(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    tags: &CleanTags,
    bring: Bring<'_>,
) -> Result<Option<AlbumWish>, Fault> {
    let Some(title) = &tags.album else { return Ok(None) };
    let guessed = tags.album_artists.is_empty() && !tags.compilation;
    let artists = match (tags.album_artists.as_slice(), tags.compilation) {
        ([], true) => vec![various(tx, batch, bring.library)?],
        ([], false) => bring.track_artists.iter().take(1).cloned().collect(),
        (named, _) => artists::resolve_all(tx, batch, bring.library, named, SaidBy::of(bring.chosen))?,
    };
    let year = tags.date.as_deref().and_then(|date| date.get(..4)).unwrap_or_default();
    let names: Vec<&str> = tags.album_artists.iter().map(|named| named.name.as_str()).collect();
    let (key, loose_key) = match (&tags.release, bring.folder) {
        (Some(release), _) => (fold::key(&["release", release]), None),
        (None, Some(folder)) if guessed || tags.compilation => {
            let hashed = blake3::hash(folder.as_bytes()).to_hex();
            let key = fold::key(&[&["folder", title.as_str(), hashed.as_str()], names.as_slice()].concat());
            (key, Some(fold::key(&[&["loose", title.as_str()], names.as_slice()].concat())))
        }
        (None, _) if guessed => {
            let lead = tags.artists.first().map_or("", |named| named.name.as_str());
            (fold::key(&["artist", title, year, lead]), None)
        }
        (None, _) if tags.compilation => {
            (fold::key(&[&["compilation", title.as_str()], names.as_slice()].concat()), None)
        }
        (None, _) => (fold::key(&[&["artist", title.as_str(), year], names.as_slice()].concat()), None),
    };
    Ok(Some(AlbumWish {
        key: key_in(bring.library, &key),
        old_key: key,
        scope: batch.scope_in(tx, bring.library)?,
        loose_key,
        title: title.clone(),
        sort_key: fold::sort_key(tags.album_sort.as_ref().unwrap_or(title)),
        artist_sort: artists.first().map(|artist| artist.sort_key.clone()).unwrap_or_default(),
        artists: artists.iter().map(|artist| artist.id).collect(),
        artists_guessed: guessed,
        released: tags.released.clone(),
        compilation: tags.compilation,
        facts: if bring.chosen { CleanRelease::default() } else { tags.release_facts.clone() },
    }))
}

/// The key of an album that lies in a library, or in none.
fn key_in(library: Option<LibraryId>, key: &[u8]) -> Vec<u8> {
    let hashed = blake3::hash(key).to_hex();
    fold::key(&["library", &library.map_or(0, |library| library.0).to_string(), hashed.as_str()])
}

pub(super) fn various(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    library: Option<LibraryId>,
) -> Result<KnownArtist, Fault> {
    let named = Named { musicbrainz: Some(VARIOUS_MUSICBRAINZ.to_owned()), ..Named::plain(VARIOUS) };
    artists::resolve(tx, batch, library, &named, SaidBy::File)
}

/// The album with this key; or the one that has had it without the library, unless it is another library's; or the one
/// that the track was in, when only the folder has another name now. Its other tracks follow when their files are read,
/// and find it under the new key.
fn find(tx: &mut Tx<'_>, wish: &AlbumWish, bring: Bring<'_>) -> Result<Option<KnownAlbum>, Fault> {
    if bring.chosen
        && let Some(album) =
            edits::albums::shown_as(tx, wish, bring.before.filter(|_| bring.stays).map(|(album, _)| album))?
    {
        return Ok(Some(album));
    }
    if let Some(album) = albums::by_key(tx, &wish.key)? {
        return Ok(Some(album));
    }
    if let Some(album) = albums::move_library(tx, &wish.old_key, &wish.key, wish.scope)? {
        return Ok(Some(album));
    }
    match (bring.before, &wish.loose_key) {
        (Some((before, _)), Some(loose)) => albums::move_folder(tx, before, &wish.key, loose, wish.scope),
        _ => Ok(None),
    }
}

fn insert(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    wish: &AlbumWish,
    bring: Bring<'_>,
) -> Result<KnownAlbum, Fault> {
    let id = AlbumId(batch.ids.next());
    if !albums::insert(tx, id, wish, bring.picture, batch.now)? {
        let found = albums::by_key(tx, &wish.key)?;
        return found.ok_or_else(|| Fault::new("an album was entered and removed at the same time"));
    }
    albums::insert_artists(tx, id, &wish.artists)?;
    events::album_added(tx, id, batch.now)?;
    Ok(KnownAlbum {
        id,
        title: wish.title.clone(),
        released: wish.released.clone(),
        artists_guessed: wish.artists_guessed,
        artists: Some(wish.artists.clone()),
        picture: bring.picture,
        added: batch.now,
        hidden: false,
        scope: wish.scope,
        facts: wish.facts.clone(),
        renewed: false,
        compilation: wish.compilation,
        edits: 0,
        overlay: None,
    })
}

/// Decides between the artists that the album has and those of this track's tags, and says which it loses.
///
/// Guessed artists that differ make it an album of various artists; named ones replace guessed ones, and replace
/// named ones when a track of the album was retagged.
fn reconcile_artists(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    album: &mut KnownAlbum,
    wish: &AlbumWish,
    (library, retagged): (Option<LibraryId>, bool),
) -> Result<Vec<ArtistId>, Fault> {
    let has = match &album.artists {
        Some(artists) => artists.clone(),
        None => albums::artists(tx, album.id)?,
    };
    album.artists = Some(has.clone());
    let (wanted, sort, guessed) = match (album.artists_guessed, wish.artists_guessed) {
        _ if has == wish.artists => return Ok(Vec::new()),
        (false, true) => return Ok(Vec::new()),
        (false, false) if !retagged => return Ok(Vec::new()),
        (_, false) => (wish.artists.clone(), wish.artist_sort.clone(), false),
        (true, true) => {
            let various = various(tx, batch, library)?;
            if has.first() == Some(&various.id) {
                return Ok(Vec::new());
            }
            (vec![various.id], various.sort_key, true)
        }
    };
    albums::set_artists(tx, album.id, &wanted, &sort, guessed)?;
    if !guessed {
        follow::artists_left(tx, &has, &wanted, batch.now)?;
    }
    album.artists_guessed = guessed;
    album.artists = Some(wanted.clone());
    Ok(has.into_iter().filter(|artist| !wanted.contains(artist)).collect())
}
