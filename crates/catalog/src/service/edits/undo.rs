//! Edits are taken back.

use http::StatusCode;
use kernel::{
    Ctx, Fault, Problem,
    db::Tx,
    http::{Role, Viewer},
};

use super::{
    Error, artists_need_admin, edit_one_artist, item, item_of_track, may_edit, may_edit_album, memory,
    new_edit, not_allowed,
};
use crate::{
    AlbumId, ArtistId, TrackId,
    import::{
        Batch,
        edits::{Change, Edit, albums, merges, read, tracks},
    },
    model::{Edited, EditedItem, FieldChange, ItemKind},
    store::{self, edits as past},
    visibility,
};

/// Takes an edit back, of everything that it touched and that is still there; what is hidden meanwhile, since its file is
/// away, comes back as it was.
///
/// # Errors
/// [`Error::NotFound`] when nothing of it is there, or something lies where the viewer sees nothing, [`Error::Invalid`] with 403 when he may not edit
/// what it touched, with 409 when it was taken back already or something was edited after it.
pub(crate) async fn undo(ctx: &Ctx, viewer: &Viewer, id: i64) -> Result<Edited, Error> {
    let (editor, ids, now) = (viewer.clone(), ctx.ids().clone(), ctx.now());
    let edit = Edit { undoes: true, ..new_edit(ctx, viewer) };
    visibility::write(ctx, viewer, move |tx| {
        let mut rows = Vec::new();
        for row in past::of_edit(tx, id)? {
            if is_there(tx, &editor, &row)? {
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Err(Error::NotFound);
        }
        for row in &rows {
            may_undo(tx, row)?;
        }
        let mut batch = memory(tx, &editor, &ids, now);
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
                Some(ItemKind::Artist) if merges::is_merge(&changes) => {
                    part(tx, &mut batch, edit, row.edit)?;
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

/// Makes two artists again of one.
fn part(tx: &mut Tx<'_>, batch: &mut Batch, edit: Edit, merge: i64) -> Result<(), Error> {
    let Some(note) = store::merged::of(tx, merge)? else {
        return conflict("They were merged before it was noted what that changes.");
    };
    if merges::part(tx, batch, edit, (merge, note))? {
        return Ok(());
    }
    conflict("Somebody else has the name or the identifier of the other artist meanwhile.")
}

fn conflict(detail: &str) -> Result<(), Error> {
    let title = "This can't be taken back any more";
    Err(Problem::new(StatusCode::CONFLICT, "not_last", title).detail(detail).into())
}

/// What a past edit was of, as it is now, if the viewer sees it.
fn item_now(tx: &mut Tx<'_>, row: &past::PastRow) -> Result<Option<EditedItem>, Fault> {
    Ok(match ItemKind::from_word(&row.kind) {
        Some(ItemKind::Track) if store::tracks::seen(tx, TrackId(row.item))?.is_some() => {
            Some(item_of_track(tx, TrackId(row.item))?)
        }
        Some(kind @ ItemKind::Album) => {
            store::albums::seen(tx, AlbumId(row.item))?.map(|(version, _)| item(kind, row.item, version))
        }
        Some(kind @ ItemKind::Artist) => {
            store::artists::seen(tx, ArtistId(row.item))?.map(|(version, _)| item(kind, row.item, version))
        }
        _ => None,
    })
}

/// Whether what a past edit was of is still there, held for a change; also what is hidden, since its file is away.
///
/// # Errors
/// [`Error::NotFound`] for what lies where the viewer sees nothing, [`Error::Invalid`] with 403 when he may not edit it.
fn is_there(tx: &mut Tx<'_>, viewer: &Viewer, row: &past::PastRow) -> Result<bool, Error> {
    let allowed = |may: bool| if may { Ok(()) } else { Err(not_allowed()) };
    let (scope, hidden, allowed) = match ItemKind::from_word(&row.kind) {
        Some(ItemKind::Track) => {
            let Some(old) = store::tracks::lock(tx, TrackId(row.item))? else { return Ok(false) };
            (old.scope, old.hidden.is_some(), allowed(may_edit(viewer, old.owner)))
        }
        Some(ItemKind::Album) => {
            let id = AlbumId(row.item);
            let Some((_, hidden, scope)) = store::albums::lock(tx, id)? else { return Ok(false) };
            (scope, hidden, allowed(may_edit_album(tx, viewer, id)?))
        }
        Some(ItemKind::Artist) => {
            let Some((hidden, scope)) = store::artists::lock(tx, ArtistId(row.item))? else {
                return Ok(false);
            };
            // One of whom everything is hidden lies nowhere, and those who edit artists see all.
            if viewer.role >= Role::Admin {
                return Ok(true);
            }
            (scope, hidden, artists_need_admin(viewer))
        }
        _ => return Ok(false),
    };
    // Who may not bring it back learns nothing of what is hidden.
    if scope & tx.scope() == 0 || (hidden && allowed.is_err()) {
        return Err(Error::NotFound);
    }
    allowed.map(|()| true)
}

/// Whether nothing stands against taking back what an edit did to one thing.
fn may_undo(tx: &mut Tx<'_>, row: &past::PastRow) -> Result<(), Error> {
    if row.undone {
        return conflict("Somebody took it back already.");
    }
    let kind = ItemKind::from_word(&row.kind).ok_or(Error::NotFound)?;
    if past::has_later(tx, kind, row.item, row.edit)? {
        return conflict("Something was edited after it; take that back first.");
    }
    Ok(())
}
