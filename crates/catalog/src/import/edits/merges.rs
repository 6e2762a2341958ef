//! Two artists who are one, and who are two again when that is taken back.

use kernel::{Fault, db::Tx};
use serde_json::Value;

use super::{
    Edit, Overlay,
    artists::{keep_name, name_key, number_key},
    remember,
};
use crate::{
    ArtistId,
    import::{Batch, artists, follow, settle::Unsettled},
    model::{FieldChange, ItemKind, TOPIC_CATALOG},
    store::{albums, artists as store, edits, merged, search},
};

/// The field under which the history tells of a merge.
const MERGED: &str = "merged";

/// Whether a past edit was a merge.
pub(crate) fn is_merge(changes: &[FieldChange]) -> bool {
    changes.iter().any(|change| change.field == MERGED)
}

fn told(name: String) -> [FieldChange; 1] {
    let field = MERGED.to_owned();
    [FieldChange { field, before: name.into(), edited_before: false, after: Value::Null }]
}

/// Has one artist take the place of another: everything that names the other names this one, files that do so later
/// too, and what people did with the other counts for this one. What that changes is noted.
pub(crate) fn merge(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    edit: Edit,
    (from, to): (ArtistId, ArtistId),
) -> Result<(), Fault> {
    let Some(gone) = store::named(tx, from)? else { return Ok(()) };
    // Another one of this name may be meant by files that say no identifier.
    let meant = artists::meant(tx, &gone.name_key)?.is_some_and(|meant| meant.id == from);
    merged::note(tx, edit.id, from, to)?;
    for album in store::replace_on_albums(tx, from, to)? {
        store::drop_double_of_album(tx, album, to)?;
    }
    for track in store::replace_on_tracks(tx, from, to)? {
        store::drop_double_of_track(tx, track, to)?;
    }
    for track in store::replace_in_credits(tx, from, to)? {
        store::drop_double_credits(tx, track, to)?;
    }
    store::adopt_picture(tx, from, to)?;
    store::move_aliases(tx, from, to)?;
    let scope = store::take_away(tx, from, to)?;
    if meant {
        lead(tx, edit.id, &gone.name_key, to)?;
        if keep_name(tx, to, &gone.name_key)? {
            merged::note_led(tx, edit.id)?;
        }
    }
    if let Some(musicbrainz) = &gone.musicbrainz {
        lead(tx, edit.id, &number_key(musicbrainz), to)?;
    }
    store::add_scope(tx, to, scope)?;
    follow::goes_to(tx, ItemKind::Artist, from.0, to.0)?;
    edits::delete_all(tx, ItemKind::Artist, from.0)?;
    if let Some(sort) = store::sort_key_of(tx, to)? {
        albums::follow_sort(tx, to, &sort)?;
    }
    edits::count_artist(tx, to.0)?;
    remember(tx, edit, (ItemKind::Artist, to.0), &told(gone.name))?;
    let unsettled = Unsettled { artists: [to].into_iter().collect(), gained: scope, ..Unsettled::default() };
    unsettled.settle(tx, batch)?;
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Has a name or an identifier lead to who took its artist in.
fn lead(tx: &mut Tx<'_>, edit: i64, key: &[u8], to: ArtistId) -> Result<(), Fault> {
    merged::note_alias(tx, edit, key)?;
    store::put_alias(tx, key, to)
}

/// Takes a merge back, which the caller has found to be noted and the last edit of who is left. False, with nothing
/// changed, when somebody else has the name or the identifier of the other meanwhile.
pub(crate) fn part(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    edit: Edit,
    (merge, note): (i64, merged::Merged),
) -> Result<bool, Fault> {
    let (from, to) = (note.from, note.to);
    if !merged::restore_artist(tx, merge)? {
        return Ok(false);
    }
    merged::restore_picture(tx, merge, to)?;
    merged::restore_places(tx, merge, from, to)?;
    merged::restore_aliases(tx, merge, to)?;
    merged::restore_marks(tx, merge, from, to)?;
    if let Some((edited, filed)) = &note.overlay {
        edits::put(tx, ItemKind::Artist, from.0, edited, filed)?;
    }
    if note.led {
        let mut overlay = Overlay::of(tx, ItemKind::Artist, to.0)?;
        let name = overlay.edited.get("name").and_then(Value::as_str);
        overlay.filed.leads = name.is_some_and(|name| name_key(name) == note.name_key);
        overlay.keep(tx, ItemKind::Artist, to.0)?;
    }
    albums::follow_sort(tx, from, &note.sort_key)?;
    search::note_renamed(tx, from)?;
    edits::count_artist(tx, to.0)?;
    merged::forget(tx, to.0, merge..=merge)?;
    remember(tx, edit, (ItemKind::Artist, to.0), &told(note.name))?;
    let unsettled = Unsettled { artists: [from, to].into_iter().collect(), ..Unsettled::default() };
    unsettled.settle(tx, batch)?;
    tx.wake(TOPIC_CATALOG);
    Ok(true)
}
