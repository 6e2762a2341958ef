//! Edits are taken back.

use http::StatusCode;
use kernel::{Ctx, Fault, Problem, db::Tx, http::Viewer};

use super::{
    Error, edit_one_artist, item, item_of_track, may_change_album, may_change_artist, may_edit_track, new_edit,
};
use crate::{
    AlbumId, ArtistId, PictureId, TrackId,
    import::{
        Batch,
        edits::{Change, Edit, albums, read, tracks},
    },
    model::{Edited, EditedItem, FieldChange, ItemKind},
    store::{self, edits as past},
    visibility,
};

/// Takes an edit back, of everything that it touched.
///
/// # Errors
/// [`Error::NotFound`] when there is none of what the viewer sees, [`Error::Invalid`] with 403 when he may not edit
/// what it touched, with 409 when it was taken back already or something was edited after it.
pub(crate) async fn undo(ctx: &Ctx, viewer: &Viewer, id: i64) -> Result<Edited, Error> {
    let (editor, ids, now) = (viewer.clone(), ctx.ids().clone(), ctx.now());
    let edit = Edit { undoes: true, ..new_edit(ctx, viewer) };
    visibility::write(ctx, viewer, move |tx| {
        let rows = past::of_edit(tx, id)?;
        if rows.is_empty() {
            return Err(Error::NotFound);
        }
        let mut batch = Batch::new(&ids, now);
        for row in &rows {
            may_undo(tx, &editor, row)?;
        }
        for row in &rows {
            let changes: Vec<FieldChange> = read(&row.changes)?;
            let change = Change::back_from(&changes);
            match ItemKind::from_word(&row.kind) {
                Some(ItemKind::Track) => {
                    tracks::edit(tx, &mut batch, edit, TrackId(row.item), &change)?;
                }
                Some(ItemKind::Album) => {
                    albums::edit(tx, &mut batch, edit, AlbumId(row.item), (&change, Vec::new()))?;
                }
                Some(ItemKind::Artist) => {
                    edit_one_artist(tx, edit, ArtistId(row.item), &change)?;
                }
                _ => {}
            }
        }
        past::set_undone(tx, id)?;
        // Each as all of this left it: the genres of tracks count on their album, too.
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            items.extend(item_now(tx, row)?);
        }
        Ok(Edited { edit: None, items })
    })
    .await
}

/// What a past edit was of, as it is now.
fn item_now(tx: &mut Tx<'_>, row: &past::PastRow) -> Result<Option<EditedItem>, Fault> {
    let version = |seen: Option<(i64, Option<PictureId>)>| seen.map_or(0, |(version, _)| version);
    Ok(match ItemKind::from_word(&row.kind) {
        Some(ItemKind::Track) => Some(item_of_track(tx, TrackId(row.item))?),
        Some(kind @ ItemKind::Album) => {
            Some(item(kind, row.item, version(store::albums::seen(tx, AlbumId(row.item))?)))
        }
        Some(kind @ ItemKind::Artist) => {
            Some(item(kind, row.item, version(store::artists::seen(tx, ArtistId(row.item))?)))
        }
        _ => None,
    })
}

fn may_undo(tx: &mut Tx<'_>, viewer: &Viewer, row: &past::PastRow) -> Result<(), Error> {
    let kind = match ItemKind::from_word(&row.kind) {
        Some(ItemKind::Track) => may_edit_track(tx, viewer, TrackId(row.item)).map(|_| ItemKind::Track)?,
        Some(ItemKind::Album) => may_change_album(tx, viewer, AlbumId(row.item)).map(|_| ItemKind::Album)?,
        Some(ItemKind::Artist) => {
            may_change_artist(tx, viewer, ArtistId(row.item)).map(|_| ItemKind::Artist)?
        }
        _ => return Err(Error::NotFound),
    };
    let conflict = |detail: &str| {
        let title = "This can't be taken back any more";
        Err(Problem::new(StatusCode::CONFLICT, "not_last", title).detail(detail).into())
    };
    let changes: Vec<FieldChange> = read(&row.changes)?;
    if changes.iter().any(|change| change.field == "merged") {
        return conflict("Artists who were merged are not taken apart again.");
    }
    if row.undone {
        return conflict("Somebody took it back already.");
    }
    if past::has_later(tx, kind, row.item, row.edit)? {
        return conflict("Something was edited after it; take that back first.");
    }
    Ok(())
}
