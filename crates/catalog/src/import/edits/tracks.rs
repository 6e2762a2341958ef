//! Edits of tracks: fields laid over tags, by the scan and by who edits.

use kernel::{Fault, db::Tx};

use super::{Change, Edit, Fields, FiledAlbum, FiledArtists, Overlay, by_name, remember, words};
use crate::{
    AlbumId, TrackId, fold,
    import::{
        Batch, CleanTags, CreditTag, TrackImport, TrackTags,
        facts::CREDITS_MAX,
        tracks::{AlbumFrom, Written, write},
    },
    model::{CreditEdit, FieldChange, ItemKind, TrackFields},
    store::{
        albums, edits, media, tagged,
        tracks::{self, OldTrack},
    },
};

/// The fields that say in which album a track is.
pub(crate) const OF_ALBUM: [&str; 3] = ["album", "album_artists", "compilation"];

/// The fields that are edited on an album, too, and lie on its tracks.
pub(crate) const SEEN_ON_ALBUM: [&str; 2] = ["genres", "disc_title"];

/// What tags say, as fields; lyrics are apart.
pub(crate) fn said(tags: &CleanTags) -> TrackFields {
    let facts = &tags.recording_facts;
    let text = |text: &Option<String>| Some(text.clone().unwrap_or_default());
    TrackFields {
        title: Some(tags.title.clone()),
        sort_title: text(&facts.sort_title),
        subtitle: text(&facts.subtitle),
        artists: Some(tags.artists.iter().map(|named| named.name.clone()).collect()),
        album: text(&tags.album),
        album_artists: Some(tags.album_artists.iter().map(|named| named.name.clone()).collect()),
        compilation: Some(tags.compilation),
        disc: Some(tags.disc),
        disc_title: text(&tags.disc_title),
        number: Some(tags.number.unwrap_or(0)),
        date: text(&tags.date),
        original_date: text(&facts.original),
        genres: Some(tags.genres.clone()),
        moods: Some(tags.moods.clone()),
        credits: Some(tags.credits.iter().map(credit).collect()),
        work: text(&facts.work),
        movement: text(&facts.movement),
        movement_number: Some(facts.movement_number.unwrap_or(0)),
        comment: text(&facts.comment),
        lyrics: None,
    }
}

fn credit((named, role, detail): &(crate::import::Named, crate::import::Role, Option<String>)) -> CreditEdit {
    CreditEdit { role: *role, name: named.name.clone(), detail: detail.clone() }
}

/// Lays fields over tags.
fn lay(fields: TrackFields, tags: &mut TrackTags) {
    let none = |text: String| Some(text).filter(|text| !text.is_empty());
    let put = |field: Option<String>, tag: &mut Option<String>| {
        if let Some(text) = field {
            *tag = none(text);
        }
    };
    tags.title = fields.title.unwrap_or_else(|| std::mem::take(&mut tags.title));
    put(fields.sort_title, &mut tags.title_sort);
    put(fields.subtitle, &mut tags.recording.subtitle);
    if let Some(names) = fields.artists {
        lay_artists(names, tags);
    }
    if fields.album.is_some() || fields.album_artists.is_some() || fields.compilation.is_some() {
        tags.musicbrainz.release = None;
        tags.album_sort = None;
    }
    put(fields.album, &mut tags.album);
    if let Some(names) = fields.album_artists {
        (tags.album_artists_sort, tags.musicbrainz.album_artists) = (Vec::new(), Vec::new());
        tags.album_artists = names;
    }
    tags.compilation = fields.compilation.unwrap_or(tags.compilation);
    tags.disc = fields.disc.or(tags.disc);
    put(fields.disc_title, &mut tags.disc_title);
    if let Some(number) = fields.number {
        tags.number = Some(number).filter(|number| *number > 0);
    }
    put(fields.date, &mut tags.date);
    put(fields.original_date, &mut tags.recording.original);
    tags.genres = fields.genres.unwrap_or_else(|| std::mem::take(&mut tags.genres));
    tags.moods = fields.moods.unwrap_or_else(|| std::mem::take(&mut tags.moods));
    if let Some(credits) = fields.credits {
        lay_credits(credits, tags);
    }
    put(fields.work, &mut tags.recording.work);
    put(fields.movement, &mut tags.recording.movement);
    if let Some(number) = fields.movement_number {
        tags.recording.movement_number = Some(number).filter(|number| *number > 0);
    }
    put(fields.comment, &mut tags.recording.comment);
}

/// Other names; who stays keeps what else is known.
fn lay_artists(names: Vec<String>, tags: &mut TrackTags) {
    let of = |list: &[String], name: &str| {
        let at = tags.artists.iter().position(|known| fold::same(known) == fold::same(name));
        let whole = list.len() == tags.artists.len();
        at.filter(|_| whole).map(|at| list[at].clone()).unwrap_or_default()
    };
    let sorts = names.iter().map(|name| of(&tags.artists_sort, name)).collect();
    let ids = names.iter().map(|name| of(&tags.musicbrainz.artists, name)).collect();
    (tags.artists_sort, tags.musicbrainz.artists) = (sorts, ids);
    tags.artists = names;
    tags.recording.artists_shown = None;
}

fn lay_credits(credits: Vec<CreditEdit>, tags: &mut TrackTags) {
    let before = std::mem::take(&mut tags.credits);
    let known = |name: &str| before.iter().find(|credit| fold::same(&credit.name) == fold::same(name));
    let each = credits.into_iter().take(CREDITS_MAX).map(|credit| {
        let same = known(&credit.name);
        CreditTag {
            role: credit.role,
            detail: credit.detail,
            sort: same.and_then(|same| same.sort.clone()),
            musicbrainz: same.and_then(|same| same.musicbrainz.clone()),
            name: credit.name,
        }
    });
    tags.credits = each.collect();
}

fn artists_of(tags: &TrackTags) -> FiledArtists {
    FiledArtists {
        shown: tags.recording.artists_shown.clone(),
        sorts: tags.artists_sort.clone(),
        ids: tags.musicbrainz.artists.clone(),
    }
}

/// What a scan read, with what people wrote laid over it.
pub(in crate::import) struct Scanned {
    pub(in crate::import) tags: TrackTags,
    pub(in crate::import) artists_edited: bool,
    pub(in crate::import) credits_edited: bool,
    /// Somebody put it into another album than its file says.
    pub(in crate::import) moved: bool,
}

/// Lays the edits of a track over what its file says now, and notes that; `None` when nothing is edited.
pub(in crate::import) fn scanned(
    tx: &mut Tx<'_>,
    id: TrackId,
    tags: &TrackTags,
) -> Result<Option<Scanned>, Fault> {
    let mut overlay = Overlay::of(tx, ItemKind::Track, id.0)?;
    if overlay.edited.is_empty() {
        return Ok(None);
    }
    let before = overlay.filed.clone();
    overlay.note(&by_name(&said(&tags.cleaned()))?);
    if overlay.filed.artists.is_some() {
        overlay.filed.artists = Some(artists_of(tags));
    }
    if let Some(album) = &mut overlay.filed.album {
        album.release.clone_from(&tags.musicbrainz.release);
    }
    if overlay.filed != before {
        overlay.keep(tx, ItemKind::Track, id.0)?;
    }
    let mut edited = tags.clone();
    lay(overlay.edited()?, &mut edited);
    let (artists_edited, moved) = (overlay.edits_any(&["artists"]), overlay.edits_any(&OF_ALBUM));
    let credits_edited = overlay.edits_any(&["credits"]);
    Ok(Some(Scanned { tags: edited, artists_edited, credits_edited, moved }))
}

/// A track's tags now.
pub(crate) struct Now {
    /// What the files say, where it is edited, and the edits.
    pub(crate) overlay: Overlay,
    /// What the files say.
    pub(crate) filed: TrackTags,
    /// What is shown.
    pub(crate) shown: TrackTags,
}

/// The tags of a track, as they are shown and as its file says them.
pub(crate) fn now(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<Now>, Fault> {
    let Some(shown) = tagged::track(tx, id)? else { return Ok(None) };
    let overlay = Overlay::of(tx, ItemKind::Track, id.0)?;
    let mut filed = shown.clone();
    lay(overlay.filed()?, &mut filed);
    if let Some(artists) = &overlay.filed.artists {
        filed.recording.artists_shown.clone_from(&artists.shown);
        filed.artists_sort.clone_from(&artists.sorts);
        filed.musicbrainz.artists.clone_from(&artists.ids);
    }
    if let Some(album) = &overlay.filed.album {
        filed.musicbrainz.release.clone_from(&album.release);
    }
    Ok(Some(Now { overlay, filed, shown }))
}

/// Everything that the files say, with the lyrics.
pub(crate) fn filed_fields(tx: &mut Tx<'_>, id: TrackId, now: &Now) -> Result<Fields, Fault> {
    let mut fields = said(&now.filed.cleaned());
    fields.lyrics = Some(words::of_files(tx, id)?.unwrap_or_default());
    by_name(&fields)
}

/// Edits one track, which the caller has found to be there. What was different.
pub(crate) fn edit(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    edit: Edit,
    id: TrackId,
    change: &Change,
) -> Result<Vec<FieldChange>, Fault> {
    let (Some(old), Some(now)) = (tracks::lock(tx, id)?, now(tx, id)?) else { return Ok(Vec::new()) };
    // No edit shows what is hidden.
    let old = OldTrack { deleted: old.hidden.is_some(), ..old };
    let said = filed_fields(tx, id, &now)?;
    let mut overlay = now.overlay.clone();
    let changes = overlay.change(change, &said);
    if changes.is_empty() {
        return Ok(changes);
    }
    let artists_edited = overlay.edits_any(&["artists"]);
    overlay.filed.artists = artists_edited.then(|| artists_of(&now.filed));
    let album = album_after(tx, change, (&now.overlay, &mut overlay), old.album, &now)?;
    let mut tags = now.filed.clone();
    lay(overlay.edited()?, &mut tags);
    let source = media::media(tx, old.media)?.ok_or_else(|| Fault::new("a track has no media"))?.file;
    let new = TrackImport {
        existing: Some(id),
        library: old.library,
        source: &source,
        tags: &tags,
        picture: old.picture,
        folder: None,
    };
    let credits_edited = overlay.edits_any(&["credits"]);
    let written = Written { tags: tags.cleaned(), album, artists_edited, credits_edited, lyrics: false };
    let known = Some((id, old));
    let imported = write(tx, batch, &new, known, written)?;
    if change.touches(&["lyrics"]) {
        let text = overlay.edited.get("lyrics").and_then(serde_json::Value::as_str);
        words::put(tx, batch, id, text)?;
    }
    overlay.keep(tx, ItemKind::Track, id.0)?;
    edits::count_track(tx, id.0)?;
    // Who edits the album sees these as the album's, so they make another state of it.
    let of_album = |change: &FieldChange| SEEN_ON_ALBUM.contains(&change.field.as_str());
    if let Some(album) = imported.album.filter(|_| changes.iter().any(of_album)) {
        edits::count_album(tx, album.0)?;
    }
    if change.touches(&["artists"]) {
        super::albums::guess_again(tx, batch, imported.album)?;
    }
    remember(tx, edit, (ItemKind::Track, id.0), &changes)?;
    Ok(changes)
}

/// Where the track is after the edit: where it was, unless the fields that say it are touched.
fn album_after(
    tx: &mut Tx<'_>,
    change: &Change,
    (before, after): (&Overlay, &mut Overlay),
    album: Option<AlbumId>,
    now: &Now,
) -> Result<AlbumFrom, Fault> {
    if !change.touches(&OF_ALBUM) {
        return Ok(AlbumFrom::Kept(album));
    }
    if after.edits_any(&OF_ALBUM) {
        let release = now.filed.musicbrainz.release.clone();
        after.filed.album.get_or_insert(FiledAlbum { home: album, release });
        return Ok(AlbumFrom::Chosen { stays: false });
    }
    after.filed.album = None;
    let Some(filed) = &before.filed.album else { return Ok(AlbumFrom::Kept(album)) };
    match filed.home {
        Some(home) if albums::lock(tx, home)?.is_some() => Ok(AlbumFrom::Kept(Some(home))),
        Some(_) => Ok(AlbumFrom::Said(Box::new(now.filed.cleaned()))),
        None => Ok(AlbumFrom::Kept(None)),
    }
}
