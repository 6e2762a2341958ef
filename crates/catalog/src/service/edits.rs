//! Tags are looked at, corrected, and put back. Who may: moderators and administrators, and whoever uploaded a track.
//! Artists may stand in libraries that a moderator does not see, so administrators alone edit them.

use std::collections::BTreeMap;

use http::StatusCode;
use kernel::{
    Ctx, Fault, Problem, Time,
    db::Tx,
    http::{Role, Viewer},
    id::{Ids, UserId},
};

use super::Error;
use crate::{
    AlbumId, ArtistId, TrackId,
    import::{
        Batch,
        edits::{Change, Edit, albums, artists, by_name, check, merges, tracks},
    },
    model::{
        AlbumEdit, AlbumFields, ArtistEdit, ArtistFields, DiscTitle, EDITED_AT_ONCE_MAX, Edited, EditedItem,
        FieldChange, ItemKind, Merge, TrackFields, TracksEdit,
    },
    store, visibility,
};

mod look;
mod undo;

pub(crate) use look::{album_tags, artist_tags, track_tags};
pub(crate) use undo::undo;

/// Tracks of an album that are edited with it.
const ALBUM_TRACKS_MAX: u32 = 1_000;
/// Genres of an album that its history tells.
const ALBUM_GENRES_MAX: u32 = 32;

fn may_edit(viewer: &Viewer, owner: Option<UserId>) -> bool {
    viewer.role >= Role::Moderator || owner == Some(viewer.id)
}

/// Whether the viewer may edit an album: all of it that is shown, or all of it while nothing is.
fn may_edit_album(tx: &mut Tx<'_>, viewer: &Viewer, id: AlbumId) -> Result<bool, Fault> {
    if may_edit(viewer, None) {
        return Ok(true);
    }
    let mut owners = store::albums::owners_shown(tx, id)?;
    if owners.is_empty() {
        owners = store::albums::owners(tx, id)?;
    }
    Ok(!owners.is_empty() && owners.into_iter().all(|owner| may_edit(viewer, owner)))
}

fn not_allowed() -> Error {
    Problem::forbidden(
        "Tags are corrected by moderators and administrators, and by whoever uploaded the track.",
    )
    .into()
}

fn artists_need_admin(viewer: &Viewer) -> Result<(), Error> {
    if viewer.role >= Role::Admin {
        return Ok(());
    }
    Err(Problem::forbidden("An artist may stand in every library, so only administrators change one.").into())
}

fn changed_meanwhile(fields: &[String]) -> Error {
    let title = "Somebody changed this meanwhile";
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "changed", title)
        .detail("Nothing was saved. Look at what it says now, then make your change again.");
    fields.iter().fold(problem, |problem, field| problem.field(field, "It has other tags now.")).into()
}

fn too_many(field: &str) -> Problem {
    Problem::invalid(field, format!("Take 1 to {EDITED_AT_ONCE_MAX} tracks at once."))
}

/// Corrects tags of several tracks, all or none.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see one of them, [`Error::Invalid`] with 403 when he may not edit
/// one, with 412 when somebody changed one meanwhile, with 422 for what can't be taken.
pub(crate) async fn edit_tracks(ctx: &Ctx, viewer: &Viewer, asked: &TracksEdit) -> Result<Edited, Error> {
    if asked.tracks.is_empty() || asked.tracks.len() > EDITED_AT_ONCE_MAX {
        return Err(too_many("tracks").into());
    }
    let change = check::change::<TrackFields>(&asked.changes)?;
    // In order, so that two edits take their locks in the same one; each once.
    let mut wanted: Vec<(TrackId, i64)> = asked.tracks.iter().map(|seen| (seen.id, seen.version)).collect();
    wanted.sort_unstable();
    wanted.dedup_by_key(|(id, _)| *id);
    let (editor, edit, ids, now) = (viewer.clone(), new_edit(ctx, viewer), ctx.ids().clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        let mut stale = Vec::new();
        for &(id, version) in &wanted {
            let edits = may_edit_track(tx, &editor, id)?;
            if edits != version {
                stale.push(id.to_string());
            }
        }
        if !stale.is_empty() {
            return Err(changed_meanwhile(&stale));
        }
        let mut batch = memory(tx, &editor, &ids, now);
        let mut any = false;
        for &(id, _) in &wanted {
            any |= !tracks::edit(tx, &mut batch, edit, id, &change)?.is_empty();
        }
        let items = wanted.iter().map(|(id, _)| item_of_track(tx, *id)).collect::<Result<Vec<_>, Fault>>()?;
        Ok(Edited { edit: any.then(|| edit.id.to_string()), items })
    })
    .await
}

/// The memory of an edit. Names that the editor writes mean whom he sees; administrators see all.
fn memory(tx: &Tx<'_>, editor: &Viewer, ids: &Ids, now: Time) -> Batch {
    let batch = Batch::new(ids, now);
    if editor.role >= Role::Admin { batch } else { batch.seeing(tx.scope()) }
}

fn new_edit(ctx: &Ctx, viewer: &Viewer) -> Edit {
    Edit { id: ctx.next_id(), by: viewer.id, at: ctx.now(), undoes: false }
}

/// How often the track was edited, held for a change, if the viewer may edit it.
fn may_edit_track(tx: &mut Tx<'_>, viewer: &Viewer, id: TrackId) -> Result<i64, Error> {
    let scope = tx.scope();
    let old = store::tracks::lock(tx, id)?.filter(|old| old.hidden.is_none() && old.scope & scope != 0);
    let old = old.ok_or(Error::NotFound)?;
    if may_edit(viewer, old.owner) { Ok(old.edits) } else { Err(not_allowed()) }
}

fn item_of_track(tx: &mut Tx<'_>, id: TrackId) -> Result<EditedItem, Fault> {
    let old = store::tracks::lock(tx, id)?;
    let (version, album) = old.map(|old| (old.edits, old.album)).unwrap_or_default();
    Ok(EditedItem { kind: ItemKind::Track, id: id.to_string(), version, album })
}

fn item(kind: ItemKind, id: i64, version: i64) -> EditedItem {
    EditedItem { kind, id: id.to_string(), version, album: None }
}

/// How often the album was edited, held for a change, if the viewer may edit it.
pub(super) fn may_change_album(tx: &mut Tx<'_>, viewer: &Viewer, id: AlbumId) -> Result<i64, Error> {
    store::albums::lock(tx, id)?;
    let (version, _) = store::albums::seen(tx, id)?.ok_or(Error::NotFound)?;
    if may_edit_album(tx, viewer, id)? { Ok(version) } else { Err(not_allowed()) }
}

/// Corrects an album, and with it genres and names of discs on its tracks.
///
/// # Errors
/// As [`edit_tracks`].
pub(crate) async fn edit_album(
    ctx: &Ctx,
    viewer: &Viewer,
    id: AlbumId,
    asked: &AlbumEdit,
) -> Result<Edited, Error> {
    let change = check::change::<AlbumFields>(&asked.changes)?;
    let (discs, genres) = (check::discs(&asked.discs)?, check::genres(asked.genres.as_ref())?);
    let (editor, edit, ids, now) = (viewer.clone(), new_edit(ctx, viewer), ctx.ids().clone(), ctx.now());
    let version = asked.version;
    visibility::write(ctx, viewer, move |tx| {
        if may_change_album(tx, &editor, id)? != version {
            return Err(changed_meanwhile(&[id.to_string()]));
        }
        let mut batch = memory(tx, &editor, &ids, now);
        let (mut items, on_tracks) = match (&discs[..], &genres) {
            ([], None) => Default::default(),
            _ => edit_its_tracks(tx, &mut batch, edit, id, (&discs, genres.as_ref()))?,
        };
        let any = albums::edit(tx, &mut batch, edit, id, (&change, on_tracks))?;
        let version = store::albums::seen(tx, id)?.map_or(version, |(version, _)| version);
        items.insert(0, item(ItemKind::Album, id.0, version));
        Ok(Edited { edit: any.then(|| edit.id.to_string()), items })
    })
    .await
}

/// Gives the tracks of an album these genres and names of discs; says which it touched, and what that changed on the
/// album as people see it.
fn edit_its_tracks(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    edit: Edit,
    id: AlbumId,
    (discs, genres): (&[DiscTitle], Option<&Vec<String>>),
) -> Result<(Vec<EditedItem>, Vec<FieldChange>), Error> {
    let mut tracks = store::albums::tracks(tx, id, ALBUM_TRACKS_MAX + 1)?;
    if tracks.len() > ALBUM_TRACKS_MAX as usize {
        let message = format!("This album has more than {ALBUM_TRACKS_MAX} tracks; select some of them.");
        return Err(Problem::invalid("genres", message).into());
    }
    tracks.sort_by_key(|track| track.id);
    let had = store::genres::names_of_album(tx, id, ALBUM_GENRES_MAX)?;
    let (mut items, mut changed) = (Vec::new(), BTreeMap::new());
    for track in tracks {
        let disc_title = discs.iter().find(|disc| disc.disc == track.disc).map(|disc| disc.title.clone());
        let fields = TrackFields { genres: genres.cloned(), disc_title, ..TrackFields::default() };
        let change = Change { set: by_name(&fields)?, back: Vec::new() };
        let different = tracks::edit(tx, batch, edit, track.id, &change)?;
        if different.is_empty() {
            continue;
        }
        items.push(item_of_track(tx, track.id)?);
        for FieldChange { field, before, after, .. } in different {
            // The album has the genres of all its tracks; the name of a disc is the same on most.
            let (field, before) = match field.as_str() {
                "genres" => (field, had.clone().into()),
                _ => (format!("disc_{}", track.disc), before),
            };
            changed.entry(field).or_insert((before, after));
        }
    }
    let told = changed.into_iter().map(|(field, (before, after))| FieldChange {
        field,
        before,
        edited_before: false,
        after,
    });
    Ok((items, told.collect()))
}

/// How often the artist was edited, held for a change, if the viewer may edit one.
pub(super) fn may_change_artist(tx: &mut Tx<'_>, viewer: &Viewer, id: ArtistId) -> Result<i64, Error> {
    store::artists::lock(tx, id)?;
    let (version, _) = store::artists::seen(tx, id)?.ok_or(Error::NotFound)?;
    artists_need_admin(viewer)?;
    Ok(version)
}

/// Corrects an artist.
///
/// # Errors
/// As [`edit_tracks`], and with 409 when another artist has the name.
pub(crate) async fn edit_artist(
    ctx: &Ctx,
    viewer: &Viewer,
    id: ArtistId,
    asked: &ArtistEdit,
) -> Result<Edited, Error> {
    let change = check::change::<ArtistFields>(&asked.changes)?;
    let (editor, edit, version) = (viewer.clone(), new_edit(ctx, viewer), asked.version);
    visibility::write(ctx, viewer, move |tx| {
        if may_change_artist(tx, &editor, id)? != version {
            return Err(changed_meanwhile(&[id.to_string()]));
        }
        edit_one_artist(tx, edit, id, &change)
    })
    .await
}

fn edit_one_artist(tx: &mut Tx<'_>, edit: Edit, id: ArtistId, change: &Change) -> Result<Edited, Error> {
    let name = change.set.get("name").and_then(|name| name.as_str());
    if let Some(name) = name
        && artists::now(tx, id)?.is_some_and(|now| now.musicbrainz.is_none())
        && let Some(other) = artists::is_taken(tx, id, name)?
    {
        let title = "There is already an artist of this name";
        let problem = Problem::new(StatusCode::CONFLICT, "taken", title);
        let other = store::artists::names_of(tx, &[other])?.concat();
        let detail =
            format!("Files with it mean {other}. Merge the two instead: open that one and take this one in.");
        return Err(problem.detail(detail).into());
    }
    let any = artists::edit(tx, edit, id, change)?;
    let version = store::artists::seen(tx, id)?.map_or(0, |(version, _)| version);
    Ok(Edited { edit: any.then(|| edit.id.to_string()), items: vec![item(ItemKind::Artist, id.0, version)] })
}

/// Makes one artist of two.
///
/// # Errors
/// As [`edit_artist`].
pub(crate) async fn merge_artists(
    ctx: &Ctx,
    viewer: &Viewer,
    to: ArtistId,
    asked: &Merge,
) -> Result<Edited, Error> {
    let from = asked.from;
    if from == to {
        return Err(Problem::invalid("from", "Take another artist than this one.").into());
    }
    let (editor, edit, ids, now) = (viewer.clone(), new_edit(ctx, viewer), ctx.ids().clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        // In order, so that two merges take their locks in the same one.
        store::artists::lock(tx, to.min(from))?;
        store::artists::lock(tx, to.max(from))?;
        may_change_artist(tx, &editor, to)?;
        may_change_artist(tx, &editor, from).map_err(absent_from)?;
        merges::merge(tx, &mut Batch::new(&ids, now), edit, (from, to))?;
        let version = store::artists::seen(tx, to)?.map_or(0, |(version, _)| version);
        Ok(Edited { edit: Some(edit.id.to_string()), items: vec![item(ItemKind::Artist, to.0, version)] })
    })
    .await
}

/// Whoever is named in the body and is not there is a wrong field.
fn absent_from(error: Error) -> Error {
    match error {
        Error::NotFound => Problem::invalid("from", "There is no such artist.").into(),
        other => other,
    }
}
