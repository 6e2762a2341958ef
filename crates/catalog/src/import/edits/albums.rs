//! Edits of albums. The key of an album stays what its files make it, so that its tracks find it whatever it is
//! called now.

use kernel::{Fault, db::Tx};

use super::{Change, Edit, Overlay, by_name, remember};
use crate::{
    AlbumId, ArtistId, LibraryId, fold,
    import::{
        AlbumWish, Batch, KnownAlbum, Named,
        albums::various,
        artists::{self, SaidBy},
        facts, follow,
        settle::Unsettled,
    },
    model::{AlbumFields, FieldChange, ItemKind, TOPIC_CATALOG},
    store::{albums, artists as names, edits, genres, read::facts::split},
};

/// Albums of one artist that are looked through for one of a title.
const LED_MAX: u32 = 2_000;

/// What files say of an album, as fields; its artists are apart.
fn said(album: &KnownAlbum, artists: Vec<String>) -> AlbumFields {
    let facts = &album.facts;
    let text = |text: &Option<String>| Some(text.clone().unwrap_or_default());
    AlbumFields {
        title: Some(album.title.clone()),
        sort_title: text(&facts.sort_title),
        artists: Some(artists),
        released: text(&album.released),
        original_date: text(&facts.original),
        version: text(&facts.version),
        labels: Some(split(facts.labels.clone())),
        catalogue_numbers: Some(split(facts.catalogue_numbers.clone())),
        types: Some(split(facts.types.clone())),
        barcode: text(&facts.barcode),
        compilation: Some(album.compilation),
    }
}

/// Lays fields over an album; its artists are apart.
fn lay(fields: AlbumFields, album: &mut KnownAlbum) {
    let put = |field: Option<String>, kept: &mut Option<String>| {
        if let Some(text) = field {
            *kept = Some(text).filter(|text| !text.is_empty());
        }
    };
    album.title = fields.title.unwrap_or_else(|| std::mem::take(&mut album.title));
    put(fields.released, &mut album.released);
    if fields.artists.is_some() {
        album.facts.artists_shown = None;
    }
    let kept = &mut album.facts;
    put(fields.sort_title, &mut kept.sort_title);
    put(fields.original_date, &mut kept.original);
    put(fields.version, &mut kept.version);
    put(fields.barcode, &mut kept.barcode);
    for (field, lines) in [
        (fields.labels, &mut kept.labels),
        (fields.catalogue_numbers, &mut kept.catalogue_numbers),
        (fields.types, &mut kept.types),
    ] {
        if let Some(texts) = field {
            *lines = facts::lines(&texts);
        }
    }
    album.compilation = fields.compilation.unwrap_or(album.compilation);
}

/// Makes an album as its row shows it what its files say of it, with what is written over it beside.
pub(in crate::import) fn uncover(tx: &mut Tx<'_>, album: &mut KnownAlbum) -> Result<(), Fault> {
    if album.edits == 0 {
        return Ok(());
    }
    let overlay = Overlay::of(tx, ItemKind::Album, album.id.0)?;
    if overlay.edited.is_empty() {
        return Ok(());
    }
    lay(overlay.filed()?, album);
    if let Some(artists) = &overlay.filed.artists {
        album.facts.artists_shown.clone_from(&artists.shown);
    }
    album.overlay = Some(Box::new(overlay));
    Ok(())
}

/// An album as it is to be shown; what its files say now is noted.
pub(in crate::import) fn cover(tx: &mut Tx<'_>, album: &mut KnownAlbum) -> Result<KnownAlbum, Fault> {
    let mut shown = album.clone();
    let said = album.overlay.is_some().then(|| by_name(&said(album, Vec::new()))).transpose()?;
    if let (Some(overlay), Some(mut said)) = (&mut album.overlay, said) {
        // The artists were noted when they were looked at.
        match overlay.filed.fields.get("artists") {
            Some(artists) => said.insert("artists".to_owned(), artists.clone()),
            None => said.remove("artists"),
        };
        let before = overlay.filed.clone();
        overlay.note(&said);
        if let Some(artists) = &mut overlay.filed.artists {
            artists.shown.clone_from(&shown.facts.artists_shown);
        }
        if overlay.filed != before {
            overlay.keep(tx, ItemKind::Album, album.id.0)?;
        }
        lay(overlay.edited()?, &mut shown);
    }
    Ok(shown)
}

/// Notes whose album the files say it is, where somebody wrote something else; gives those who are named for nothing.
pub(in crate::import) fn note_artists(
    tx: &mut Tx<'_>,
    album: &mut KnownAlbum,
    wish: &AlbumWish,
    retagged: bool,
) -> Result<Vec<ArtistId>, Fault> {
    let (id, now) = (album.id, albums::artists(tx, album.id)?);
    if let Some(overlay) = &mut album.overlay
        && retagged
        && !wish.artists_guessed
    {
        let names: Vec<String> = names::names_of(tx, &wish.artists)?;
        let names = serde_json::Value::from(names);
        if overlay.filed.fields.get("artists") != Some(&names) {
            overlay.filed.fields.insert("artists".to_owned(), names);
            overlay.filed.guessed = false;
            overlay.keep(tx, ItemKind::Album, id.0)?;
        }
    }
    Ok(wish.artists.iter().copied().filter(|artist| !now.contains(artist)).collect())
}

/// The album that is shown under this title with these artists in the same library: the one that the track is in
/// before others.
pub(in crate::import) fn shown_as(
    tx: &mut Tx<'_>,
    wish: &AlbumWish,
    before: Option<AlbumId>,
) -> Result<Option<KnownAlbum>, Fault> {
    let Some(&lead) = wish.artists.first() else { return Ok(None) };
    let title = fold::same(&wish.title);
    let mut titled: Vec<AlbumId> = albums::led_by(tx, lead, wish.scope, LED_MAX)?
        .into_iter()
        .filter(|(_, other)| fold::same(other) == title)
        .map(|(id, _)| id)
        .collect();
    titled.sort_by_key(|id| before != Some(*id));
    for id in titled {
        if albums::artists(tx, id)? == wish.artists && albums::lock(tx, id)?.is_some() {
            return albums::known_by_id(tx, id);
        }
    }
    // It may have been called otherwise since the track was put there.
    let Some(before) = before else { return Ok(None) };
    let overlay = Overlay::of(tx, ItemKind::Album, before.0)?;
    let filed = overlay.filed.fields.get("title").and_then(serde_json::Value::as_str).map(fold::same);
    let edited_artists = overlay.edits_any(&["artists"]);
    if (filed.is_some() || edited_artists) && filed.is_none_or(|filed| filed == title) {
        return albums::known_by_id(tx, before);
    }
    Ok(None)
}

/// Whose album it is, when no tag says it: the one who leads all its tracks, else various artists.
pub(in crate::import) fn guess_again(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    id: Option<AlbumId>,
) -> Result<(), Fault> {
    let Some(album) = id.map(|id| albums::known_by_id(tx, id)).transpose()?.flatten() else { return Ok(()) };
    if !album.artists_guessed || album.compilation {
        return Ok(());
    }
    let library = library_of(tx, album.id)?;
    let wanted = match albums::leads(tx, album.id)?[..] {
        [] => return Ok(()),
        [one] => one,
        _ => various(tx, batch, library)?.id,
    };
    write_artists(tx, batch, &album, &[wanted], true)
}

/// The library in which an album lies.
fn library_of(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<LibraryId>, Fault> {
    Ok(albums::tracks(tx, id, 1)?.first().and_then(|track| track.library))
}

fn write_artists(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    album: &KnownAlbum,
    wanted: &[ArtistId],
    guessed: bool,
) -> Result<(), Fault> {
    let had = albums::artists(tx, album.id)?;
    if had != wanted || album.artists_guessed != guessed {
        let sort = match wanted.first() {
            Some(lead) => names::sort_key_of(tx, *lead)?.unwrap_or_default(),
            None => Vec::new(),
        };
        albums::set_artists(tx, album.id, wanted, &sort, guessed)?;
        follow::artists_left(tx, &had, wanted, batch.now)?;
    }
    // Whoever was named was shown for that, also when the album is hidden.
    let artists = had.into_iter().chain(wanted.iter().copied()).collect();
    Unsettled { artists, ..Unsettled::default() }.settle(tx, batch)
}

/// An album as it is shown and as its files say it, with the names of its artists as they are shown.
pub(crate) struct Now {
    pub(crate) shown: AlbumFields,
    pub(crate) filed: AlbumFields,
    pub(crate) overlay: Overlay,
}

/// The tags of an album.
pub(crate) fn now(tx: &mut Tx<'_>, id: AlbumId) -> Result<Option<(KnownAlbum, Now)>, Fault> {
    let Some(mut album) = albums::known_by_id(tx, id)? else { return Ok(None) };
    let ids = albums::artists(tx, id)?;
    let names: Vec<String> = names::names_of(tx, &ids)?;
    let shown = said(&album, names.clone());
    uncover(tx, &mut album)?;
    let overlay = album.overlay.as_deref().cloned().unwrap_or_default();
    let of_files = overlay.filed::<AlbumFields>()?.artists.unwrap_or(names);
    let now = Now { shown, filed: said(&album, of_files), overlay };
    Ok(Some((album, now)))
}

/// Edits one album, which the caller has found to be there, and remembers with that what the same edit did on its
/// tracks. Whether anything was different.
pub(crate) fn edit(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    edit: Edit,
    id: AlbumId,
    (change, on_tracks): (&Change, Vec<FieldChange>),
) -> Result<bool, Fault> {
    albums::lock(tx, id)?;
    let Some((album, mut now)) = now(tx, id)? else { return Ok(false) };
    let mut changes = now.overlay.change(change, &by_name(&now.filed)?);
    if !changes.is_empty() {
        write(tx, batch, &album, now, change)?;
    }
    changes.extend(on_tracks);
    if changes.is_empty() {
        return Ok(false);
    }
    edits::count_album(tx, id.0)?;
    remember(tx, edit, (ItemKind::Album, id.0), &changes)?;
    tx.wake(TOPIC_CATALOG);
    Ok(true)
}

/// Keeps the overlay of an album that was changed, and shows what it says.
fn write(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    album: &KnownAlbum,
    now: Now,
    change: &Change,
) -> Result<(), Fault> {
    let (id, mut overlay) = (album.id, now.overlay);
    let (had, has) = (
        album.overlay.as_ref().is_some_and(|one| one.edits_any(&["artists"])),
        overlay.edits_any(&["artists"]),
    );
    if has && !had {
        overlay.filed.guessed = album.artists_guessed;
        overlay.filed.artists =
            Some(super::FiledArtists { shown: album.facts.artists_shown.clone(), ..Default::default() });
    }
    let was_guessed = overlay.filed.guessed;
    if !has {
        (overlay.filed.artists, overlay.filed.guessed) = (None, false);
    }
    overlay.keep(tx, ItemKind::Album, id.0)?;
    let mut shown = album.clone();
    lay(overlay.edited()?, &mut shown);
    albums::update(tx, &shown)?;
    genres::follow_album(tx, id, &shown.sort_key())?;
    if change.touches(&["artists"]) {
        let fields: AlbumFields = if has { overlay.edited()? } else { now.filed };
        let library = library_of(tx, id)?;
        let named: Vec<Named> =
            fields.artists.unwrap_or_default().iter().map(|name| Named::plain(name)).collect();
        let wanted = artists::resolve_all(tx, batch, library, &named, SaidBy::of(has))?;
        let wanted: Vec<ArtistId> = wanted.into_iter().map(|artist| artist.id).collect();
        let guessed = !has && was_guessed;
        let as_written = KnownAlbum { artists_guessed: !guessed, ..album.clone() };
        write_artists(tx, batch, &as_written, &wanted, guessed)?;
        if guessed {
            guess_again(tx, batch, Some(id))?;
        }
    }
    Ok(())
}

/// When all tracks of an album went into another one, since their files say another title, so does what people wrote
/// over it with its history, unless the other has been edited itself.
pub(in crate::import) fn adopt(tx: &mut Tx<'_>, batch: &mut Batch, from: i64, to: i64) -> Result<(), Fault> {
    let overlay = Overlay::of(tx, ItemKind::Album, from)?;
    let Some((album, now)) = now(tx, AlbumId(to))? else {
        return edits::delete_all(tx, ItemKind::Album, from);
    };
    albums::adopt_picture(tx, AlbumId(from), album.id)?;
    if now.overlay.edited.is_empty() {
        edits::move_history(tx, ItemKind::Album, from, to)?;
        edits::trim(tx, ItemKind::Album, to)?;
    }
    edits::delete_all(tx, ItemKind::Album, from)?;
    if overlay.edited.is_empty() || !now.overlay.edited.is_empty() {
        return Ok(());
    }
    let change = Change { set: overlay.edited, back: Vec::new() };
    let mut adopted = Overlay::default();
    adopted.change(&change, &by_name(&now.filed)?);
    adopted.filed.guessed = album.artists_guessed;
    adopted.keep(tx, ItemKind::Album, to)?;
    let mut shown = album.clone();
    lay(adopted.edited()?, &mut shown);
    albums::update(tx, &shown)?;
    genres::follow_album(tx, album.id, &shown.sort_key())?;
    if adopted.edits_any(&["artists"]) {
        let fields: AlbumFields = adopted.edited()?;
        let library = library_of(tx, album.id)?;
        let named: Vec<Named> =
            fields.artists.unwrap_or_default().iter().map(|name| Named::plain(name)).collect();
        // What people wrote still means whom they saw where they wrote it.
        let eyes = albums::lock(tx, AlbumId(from))?.map(|(_, _, scope)| scope | album.scope);
        let wanted = batch
            .with_eyes(eyes, |batch| artists::resolve_all(tx, batch, library, &named, SaidBy::Editor))?;
        let wanted: Vec<ArtistId> = wanted.into_iter().map(|artist| artist.id).collect();
        write_artists(tx, batch, &album, &wanted, false)?;
    }
    edits::count_album(tx, to)
}
