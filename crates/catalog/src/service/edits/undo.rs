//! Edits are taken back.

use http::StatusCode;
use kernel::{Ctx, Problem, db::Tx, http::Viewer};

use super::{
    Error, edit_one_artist, item, item_of_track, may_change_album, may_change_artist, may_edit_track, new_edit,
};
use crate::{
    AlbumId, ArtistId, TrackId,
    import::{
        Batch,
        edits::{Change, Edit, albums, read, tracks},
    },
    model::{Edited, FieldChange, ItemKind},
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
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            may_undo(tx, &editor, row)?;
        }
        for row in rows {
            let changes: Vec<FieldChange> = read(&row.changes)?;
            let change = Change::back_from(&changes);
            match ItemKind::from_word(&row.kind) {
                Some(ItemKind::Track) => {
                    tracks::edit(tx, &mut batch, edit, TrackId(row.item), &change)?;
                    items.push(item_of_track(tx, TrackId(row.item))?);
                }
                Some(ItemKind::Album) => {
                    albums::edit(tx, &mut batch, edit, AlbumId(row.item), &change)?;
                    let version =
                        store::albums::seen(tx, AlbumId(row.item))?.map_or(0, |(version, _)| version);
                    items.push(item(ItemKind::Album, row.item, version));
                }
                Some(ItemKind::Artist) => {
                    items.extend(edit_one_artist(tx, edit, ArtistId(row.item), &change)?.items);
                }
                _ => {}
            }
        }
        past::set_undone(tx, id)?;
        Ok(Edited { edit: None, items })
    })
    .await
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
