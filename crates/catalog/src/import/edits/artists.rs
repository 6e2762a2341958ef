//! Edits of artists. The key of an artist stays what files make it; other names lead to it by an alias.

use kernel::{Fault, db::Tx};

use super::{Change, Edit, Overlay, by_name, remember};
use crate::{
    ArtistId, fold,
    import::artists,
    model::{ArtistFields, ItemKind, TOPIC_CATALOG},
    store::{albums, artists as store, edits},
};

/// The key of a name.
pub(crate) fn name_key(name: &str) -> Vec<u8> {
    fold::key(&["artist", name])
}

/// The key of an identifier.
pub(crate) fn number_key(musicbrainz: &str) -> Vec<u8> {
    fold::key(&["musicbrainz", musicbrainz])
}

/// An artist as it is shown, and as files say it.
pub(crate) struct Now {
    pub(crate) shown: ArtistFields,
    pub(crate) filed: ArtistFields,
    pub(crate) overlay: Overlay,
    pub(crate) musicbrainz: Option<String>,
}

pub(crate) fn now(tx: &mut Tx<'_>, id: ArtistId) -> Result<Option<Now>, Fault> {
    let Some(row) = store::named(tx, id)? else { return Ok(None) };
    let overlay = Overlay::of(tx, ItemKind::Artist, id.0)?;
    let shown = ArtistFields { name: Some(row.name), sort_name: Some(row.sort_name.unwrap_or_default()) };
    let filed: ArtistFields = overlay.filed()?;
    let filed = ArtistFields {
        name: filed.name.or_else(|| shown.name.clone()),
        sort_name: filed.sort_name.or_else(|| shown.sort_name.clone()),
    };
    Ok(Some(Now { shown, filed, overlay, musicbrainz: row.musicbrainz }))
}

/// Edits one artist, which the caller has found to be there. Whether anything was different.
pub(crate) fn edit(tx: &mut Tx<'_>, edit: Edit, id: ArtistId, change: &Change) -> Result<bool, Fault> {
    store::lock(tx, id)?;
    let Some(now) = now(tx, id)? else { return Ok(false) };
    let mut overlay = now.overlay;
    let changes = overlay.change(change, &by_name(&now.filed)?);
    if changes.is_empty() {
        return Ok(false);
    }
    let edited: ArtistFields = overlay.edited()?;
    let name = edited.name.or(now.filed.name).unwrap_or_default();
    overlay.filed.leads =
        follow_name(tx, id, (now.shown.name.as_deref().unwrap_or_default(), &name), overlay.filed.leads)?;
    overlay.keep(tx, ItemKind::Artist, id.0)?;
    let sort = edited.sort_name.or(now.filed.sort_name).filter(|sort| !sort.is_empty());
    let key = fold::sort_key(sort.as_ref().unwrap_or(&name));
    store::rename(tx, id, &name, sort.as_deref(), &key)?;
    albums::follow_sort(tx, id, &key)?;
    edits::count_artist(tx, id.0)?;
    remember(tx, edit, (ItemKind::Artist, id.0), &changes)?;
    tx.wake(TOPIC_CATALOG);
    Ok(true)
}

/// Files that are tagged with the new name of an artist mean this one, too, and those with the last one that somebody
/// gave no longer. Whether the name leads here now because of that; `led` is whether the last one did.
fn follow_name(
    tx: &mut Tx<'_>,
    id: ArtistId,
    (before, name): (&str, &str),
    led: bool,
) -> Result<bool, Fault> {
    let (was, is) = (name_key(before), name_key(name));
    if was == is {
        return Ok(led);
    }
    if led {
        store::drop_alias(tx, &was, id)?;
    }
    if store::by_name(tx, &is)?.is_some() {
        return Ok(false);
    }
    store::add_alias(tx, &is, id)
}

/// Who else is meant by this name: the artist who has it, or to whom it leads since people said so.
pub(crate) fn is_taken(tx: &mut Tx<'_>, id: ArtistId, name: &str) -> Result<Option<ArtistId>, Fault> {
    let known = artists::meant(tx, &name_key(name))?;
    Ok(known.map(|known| known.id).filter(|known| *known != id))
}

/// A name that led to an artist since he is called so now leads there whatever he is called, since somebody who had it became
/// him. Whether it was such a name.
pub(super) fn keep_name(tx: &mut Tx<'_>, id: ArtistId, key: &[u8]) -> Result<bool, Fault> {
    let mut overlay = Overlay::of(tx, ItemKind::Artist, id.0)?;
    let name = overlay.edited.get("name").and_then(serde_json::Value::as_str);
    let led = overlay.filed.leads && name.is_some_and(|name| name_key(name) == key);
    if led {
        overlay.filed.leads = false;
        overlay.keep(tx, ItemKind::Artist, id.0)?;
    }
    Ok(led)
}
