//! What can be corrected is looked at: what is shown, what the files say of it, and who edited what.

use std::collections::HashSet;

use kernel::{
    Ctx, Fault,
    db::Tx,
    http::{Role, Viewer},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Error, may_edit, may_edit_album, too_many};
use crate::{
    AlbumId, ArtistId, PictureId, TrackId,
    import::edits::{Fields, Overlay, albums, artists, by_name, check, read, tracks, typed},
    model::{
        AlbumTagsView, ArtistTagsView, EDITED_AT_ONCE_MAX, FieldChange, ItemKind, PastEdit, Picture, Tags,
        TrackTagsView,
    },
    service::music::shaper,
    store::{self, edits as past, pictures, read::PictureRow, read::marks::Marks},
    visibility,
};

/// Longest text that a past edit is told with; the history keeps it whole.
const TOLD_CHARS_MAX: usize = 200;
/// Longest list that a past edit is told with, likewise.
const TOLD_ITEMS_MAX: usize = 32;

/// A thing whose tags are looked at.
struct Looked<'a> {
    kind: ItemKind,
    id: i64,
    version: i64,
    may_edit: bool,
    overlay: &'a Overlay,
    /// All that the files say.
    filed: Fields,
    /// It is looked at by itself, with its history.
    alone: bool,
}

/// The tags of a thing, with what the files say of exactly the edited fields.
fn tags<F: DeserializeOwned>(tx: &mut Tx<'_>, looked: Looked<'_>, fields: F) -> Result<Tags<F>, Fault> {
    let Looked { kind, id, version, may_edit, overlay, filed, alone } = looked;
    let filed = filed.into_iter().filter(|(name, _)| overlay.edited.contains_key(name)).collect();
    let history = if may_edit && alone { history(tx, kind, id)? } else { Vec::new() };
    Ok(Tags {
        id: id.to_string(),
        version,
        fields,
        filed: typed(&filed)?,
        may_edit,
        given_picture: None,
        history,
    })
}

fn history(tx: &mut Tx<'_>, kind: ItemKind, id: i64) -> Result<Vec<PastEdit>, Fault> {
    let each = past::history(tx, kind, id)?.into_iter().map(|row| {
        let mut changes: Vec<FieldChange> = read(&row.changes)?;
        for change in &mut changes {
            shorten(&mut change.before);
            shorten(&mut change.after);
        }
        Ok(PastEdit {
            id: row.edit.to_string(),
            by: row.by,
            name: row.name,
            at: row.at,
            changes,
            undone: row.undone,
        })
    });
    each.collect()
}

/// Cuts what is too long to be told: lyrics, before all.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(TOLD_CHARS_MAX) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => {
            items.truncate(TOLD_ITEMS_MAX);
            items.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// What can be corrected of these tracks, in this order, each once; those that the viewer does not see are left out.
/// Of several at once lyrics and histories are left out, since both may be long.
///
/// # Errors
/// [`Error::Invalid`] for more than [`EDITED_AT_ONCE_MAX`].
pub(crate) async fn track_tags(
    ctx: &Ctx,
    viewer: &Viewer,
    ids: Vec<TrackId>,
) -> Result<Vec<TrackTagsView>, Error> {
    if ids.len() > EDITED_AT_ONCE_MAX {
        return Err(too_many("ids").into());
    }
    let mut known = HashSet::new();
    let wanted: Vec<TrackId> = ids.into_iter().filter(|id| known.insert(*id)).collect();
    let (editor, alone) = (viewer.clone(), wanted.len() == 1);
    visibility::read(ctx, viewer, move |tx| {
        let mut views = Vec::with_capacity(wanted.len());
        for &id in &wanted {
            views.extend(one_track(tx, &editor, id, alone)?);
        }
        Ok(views)
    })
    .await
}

fn one_track(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    id: TrackId,
    alone: bool,
) -> Result<Option<TrackTagsView>, Fault> {
    let Some((version, owner)) = store::tracks::seen(tx, id)? else { return Ok(None) };
    let Some(now) = tracks::now(tx, id)? else { return Ok(None) };
    let mut fields = tracks::said(&now.shown.cleaned());
    let mut filed = if alone {
        tracks::filed_fields(tx, id, &now)?
    } else {
        by_name(&tracks::said(&now.filed.cleaned()))?
    };
    let fits = |text: &str| text.chars().count() <= check::LYRICS_CHARS_MAX;
    if filed.get("lyrics").and_then(|text| text.as_str()).is_some_and(|text| !fits(text)) {
        filed.remove("lyrics");
    }
    let lyrics = now.overlay.edited.get("lyrics").or(filed.get("lyrics")).filter(|_| alone);
    fields.lyrics = lyrics.and_then(|text| text.as_str()).filter(|text| fits(text)).map(str::to_owned);
    let (may_edit, overlay) = (may_edit(viewer, owner), &now.overlay);
    let looked = Looked { kind: ItemKind::Track, id: id.0, version, may_edit, overlay, filed, alone };
    tags(tx, looked, fields).map(Some)
}

/// The picture with this number as it is shown.
async fn given(ctx: &Ctx, id: Option<PictureId>) -> Result<Option<Picture>, Fault> {
    let Some(id) = id else { return Ok(None) };
    let row: Option<PictureRow> = pictures::rows(ctx.db(), &[id]).await?.pop();
    Ok(row.map(|row| shaper(ctx, Marks::new()).picture(row)))
}

/// What can be corrected of an album.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees none.
pub(crate) async fn album_tags(ctx: &Ctx, viewer: &Viewer, id: AlbumId) -> Result<AlbumTagsView, Error> {
    let editor = viewer.clone();
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some((version, picture)) = store::albums::seen(tx, id)? else { return Ok(None) };
        let Some((_, now)) = albums::now(tx, id)? else { return Ok(None) };
        let may_edit = may_edit_album(tx, &editor, id)?;
        let (overlay, filed) = (&now.overlay, by_name(&now.filed)?);
        let looked =
            Looked { kind: ItemKind::Album, id: id.0, version, may_edit, overlay, filed, alone: true };
        let view: AlbumTagsView = tags(tx, looked, now.shown)?;
        Ok::<_, Fault>(Some((view, picture)))
    });
    let (view, picture) = found.await?.ok_or(Error::NotFound)?;
    Ok(Tags { given_picture: given(ctx, picture).await?, ..view })
}

/// What can be corrected of an artist.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees none.
pub(crate) async fn artist_tags(ctx: &Ctx, viewer: &Viewer, id: ArtistId) -> Result<ArtistTagsView, Error> {
    let may_edit = viewer.role >= Role::Admin;
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some((version, picture)) = store::artists::seen(tx, id)? else { return Ok(None) };
        let Some(now) = artists::now(tx, id)? else { return Ok(None) };
        let (overlay, filed) = (&now.overlay, by_name(&now.filed)?);
        let looked =
            Looked { kind: ItemKind::Artist, id: id.0, version, may_edit, overlay, filed, alone: true };
        let view: ArtistTagsView = tags(tx, looked, now.shown)?;
        Ok::<_, Fault>(Some((view, picture)))
    });
    let (view, picture) = found.await?.ok_or(Error::NotFound)?;
    Ok(Tags { given_picture: given(ctx, picture).await?, ..view })
}
