//! Playlists: whose they are, who sees them, and what is in them.
//!
//! Its owner may do everything with a playlist, an editor may change the entries and the picture, everybody of the house may look at a
//! public one. Whoever sees none of it is told that it does not exist. Every function takes who asks and decides.

mod editors;
mod entries;
mod figures;
mod folders;
mod m3u;
mod smart;

use std::collections::HashMap;

use kernel::{Ctx, Fault, Page, PageQuery, Problem, Time, db::Tx, http::Viewer, id::UserId};

pub use editors::{invite_editor, remove_editor};
pub use entries::{
    ENTRIES_MAX, add_entries, list_entries, move_entry, remove_entries, replace_entries, tracks,
};
pub use figures::{Figures, figures};
pub use folders::{
    FOLDER_DEPTH_MAX, FOLDERS_MAX, add_folder, delete_folder, edit_folder, list_folders, put_in_folder,
};
pub use m3u::{IMPORT_BYTES_MAX, export_m3u, import_m3u};
pub use smart::preview;

use super::{Error, shape::Shaper};
use crate::{
    PictureId, fold,
    model::{
        Owner, Picture,
        playlists::{
            Editor, NewPlaylist, Playlist, PlaylistDetail, PlaylistEdit, PlaylistId, PlaylistRole,
            PlaylistScope,
        },
    },
    rules::{Compiled, Rules},
    store::{
        access, listener,
        playlists::{self as store, OldPlaylist, PlaylistRow},
        read::PictureRow,
    },
    visibility,
};

/// Playlists of one account.
pub const PLAYLISTS_MAX: u64 = 1_000;
/// People who may change one playlist besides its owner.
pub const EDITORS_MAX: usize = 50;
/// Longest name of a playlist or folder.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest description.
pub const DESCRIPTION_CHARS_MAX: usize = 5_000;
/// Covers that are shown of one that was not chosen.
const PICTURES_MAX: usize = 4;

/// Topic that is published when a playlist changed: bare for public ones, else with the account that may know after
/// a colon.
const TOPIC: &str = "playlists";

/// What must be allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Edit,
    Own,
}

/// Holds a playlist for a change that needs a right.
fn hold(tx: &mut Tx<'_>, viewer: UserId, id: PlaylistId, need: Need) -> Result<OldPlaylist, Error> {
    let old = store::lock(tx, id)?.ok_or(Error::NotFound)?;
    let owns = old.owner == viewer;
    let edits = owns || store::editors::is_editor(tx, id, viewer)?;
    if !edits && !old.public {
        return Err(Error::NotFound);
    }
    match need {
        Need::Own if !owns => Err(not_owner("Only its owner may do this.").into()),
        Need::Edit if !edits => {
            Err(not_owner("Only its owner and those whom the owner invited may do this.").into())
        }
        _ => Ok(old),
    }
}

fn not_owner(detail: &str) -> Problem {
    Problem::new(http::StatusCode::FORBIDDEN, "not_owner", "This is somebody else's playlist").detail(detail)
}

/// The answer to a change that was made of an older state than there is.
fn stale(version: u64) -> Problem {
    Problem::new(http::StatusCode::CONFLICT, "stale", "It was changed meanwhile").detail(format!(
        "Its version is {version} now. Fetch it, make the change again, and send that version."
    ))
}

/// The answer to one more than there may be.
fn full(what: &str) -> Problem {
    Problem::new(http::StatusCode::CONFLICT, "full", "There is no room for more").detail(what)
}

/// Has everybody who may know of a playlist told that it changed.
fn tell(tx: &mut Tx<'_>, id: PlaylistId, old: &OldPlaylist) -> Result<(), Fault> {
    if old.public {
        tx.wake(TOPIC);
        return Ok(());
    }
    tx.wake(&format!("{TOPIC}:{}", old.owner));
    for editor in store::editors::of(tx, id)? {
        tx.wake(&format!("{TOPIC}:{}", editor.id));
    }
    Ok(())
}

fn name(given: &str) -> Result<String, Problem> {
    let name = fold::clean(given);
    match name.chars().count() {
        0 => Err(Problem::invalid("name", "Give it a name.")),
        count if count > NAME_CHARS_MAX => Err(Problem::invalid(
            "name",
            format!("The name has {count} characters; at most {NAME_CHARS_MAX} are taken."),
        )),
        _ => Ok(name),
    }
}

fn description(given: &str) -> Result<String, Problem> {
    match given.chars().count() {
        count if count > DESCRIPTION_CHARS_MAX => Err(Problem::invalid(
            "description",
            format!("The description has {count} characters; at most {DESCRIPTION_CHARS_MAX} are taken."),
        )),
        _ => Ok(fold::clean_lines(given, DESCRIPTION_CHARS_MAX)),
    }
}

/// Rules as they are kept, once they were found to be good.
fn checked_rules(ctx: &Ctx, rules: &Rules) -> Result<String, Error> {
    Compiled::new(rules, ctx.now())?;
    serde_json::to_string(rules)
        .map_err(|error| Error::Fault(Fault::from_error("rules can't be written", error)))
}

/// Playlists by name: one's own, those that one may change, and public ones, or one sort of them.
pub async fn list(
    ctx: &Ctx,
    viewer: &Viewer,
    scope: PlaylistScope,
    query: &PageQuery,
) -> Result<Page<Playlist>, Error> {
    let limit = query.limit();
    let (key, id) = query.key::<(String, i64)>()?.unwrap_or_default();
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let after = (key.as_bytes(), id);
        let mut rows = Vec::new();
        if matches!(scope, PlaylistScope::All | PlaylistScope::Mine) {
            rows.extend(store::mine(tx, user, after, limit + 1)?);
        }
        if matches!(scope, PlaylistScope::All | PlaylistScope::Shared) {
            rows.extend(store::edited(tx, user, after, limit + 1)?);
        }
        if matches!(scope, PlaylistScope::All | PlaylistScope::Public) {
            rows.extend(store::public(tx, user, after, limit + 1)?);
        }
        // Each sort comes in this order; together they are three short lists to be made one.
        rows.sort_by(|a, b| (&a.sort_key, a.id).cmp(&(&b.sort_key, b.id)));
        rows.truncate(limit as usize + 1);
        see_figures(tx, &mut rows)?;
        let fronts = fronts(tx, &rows)?;
        Ok::<_, Fault>((rows, fronts))
    });
    let (rows, mut fronts) = found.await?;
    let shaper = Shaper::new(ctx.signer(), ctx.now());
    let page =
        Page::cut(rows, limit, |row| (String::from_utf8(row.sort_key.clone()).unwrap_or_default(), row.id.0));
    Ok(page.map(|row| shape(&shaper, row, user, &mut fronts)))
}

/// The figures that are kept count what anybody sees; who does not see everything has them counted.
fn see_figures(tx: &mut Tx<'_>, rows: &mut [PlaylistRow]) -> Result<(), Fault> {
    let counted: Vec<PlaylistId> =
        rows.iter().filter(|row| row.rules.is_none() && row.track_count > 0).map(|row| row.id).collect();
    if counted.is_empty() || !access::is_partial(tx)? {
        return Ok(());
    }
    let figures = store::entries::figures(tx, &counted)?;
    for row in rows {
        (row.track_count, row.duration_ms) = figures.get(&row.id).copied().unwrap_or_default();
    }
    Ok(())
}

/// The front pictures of the playlists that have no chosen one.
fn fronts(tx: &mut Tx<'_>, rows: &[PlaylistRow]) -> Result<HashMap<PlaylistId, Vec<PictureRow>>, Fault> {
    let bare = rows.iter().filter(|row| row.picture.is_none() && row.rules.is_none());
    let bare: Vec<PlaylistId> = bare.map(|row| row.id).collect();
    let mut fronts = HashMap::<PlaylistId, Vec<PictureRow>>::new();
    for (playlist, picture) in store::entries::front_pictures(tx, &bare)? {
        let pictures = fronts.entry(playlist).or_default();
        if pictures.len() < PICTURES_MAX && !pictures.iter().any(|known| known.id == picture.id) {
            pictures.push(picture);
        }
    }
    Ok(fronts)
}

fn shape(
    shaper: &Shaper,
    row: PlaylistRow,
    viewer: UserId,
    fronts: &mut HashMap<PlaylistId, Vec<PictureRow>>,
) -> Playlist {
    let pictures = row.picture.map_or_else(|| fronts.remove(&row.id).unwrap_or_default(), |row| vec![row]);
    let pictures: Vec<Picture> = pictures.into_iter().map(|row| shaper.picture(row)).collect();
    let smart = row.rules.is_some();
    let role = match (row.owner == viewer, row.edits) {
        (true, _) => PlaylistRole::Owner,
        (false, true) => PlaylistRole::Editor,
        _ => PlaylistRole::Listener,
    };
    Playlist {
        id: row.id,
        name: row.name,
        description: row.description,
        public: row.public,
        owner: Owner { id: row.owner, name: row.owner_name },
        role,
        smart,
        track_count: (!smart).then_some(row.track_count),
        duration_ms: (!smart).then_some(row.duration_ms),
        pictures,
        folder: row.folder,
        version: row.version,
        created_at: row.created,
        changed_at: row.changed,
    }
}

/// A playlist that the viewer sees, as it is kept.
async fn seen(ctx: &Ctx, viewer: &Viewer, id: PlaylistId) -> Result<PlaylistRow, Error> {
    let user = viewer.id;
    let found =
        visibility::read(ctx, viewer, move |tx| store::one(tx, user, id)).await.map_err(Error::Fault)?;
    found.ok_or(Error::NotFound)
}

/// The rules that a row holds; they were checked when they were written.
fn rules_of(row: &PlaylistRow) -> Result<Option<Rules>, Error> {
    let read = |text: &String| {
        serde_json::from_str(text)
            .map_err(|error| Error::Fault(Fault::from_error("kept rules can't be read", error)))
    };
    row.rules.as_ref().map(read).transpose()
}

/// One playlist, with its rules and editors.
pub async fn get(ctx: &Ctx, viewer: &Viewer, id: PlaylistId) -> Result<PlaylistDetail, Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(mut row) = store::one(tx, user, id)? else { return Ok(None) };
        see_figures(tx, std::slice::from_mut(&mut row))?;
        let fronts = fronts(tx, std::slice::from_ref(&row))?;
        let inside = row.owner == user || row.edits;
        let editors = if inside { store::editors::of(tx, id)? } else { Vec::new() };
        Ok::<_, Fault>(Some((row, fronts, editors)))
    });
    let (row, mut fronts, editors) = found.await?.ok_or(Error::NotFound)?;
    let (rules, cover_album, given) = (rules_of(&row)?, row.cover_album, row.given);
    let shaper = Shaper::new(ctx.signer(), ctx.now());
    let editors = editors.into_iter();
    let playlist = shape(&shaper, row, user, &mut fronts);
    Ok(PlaylistDetail {
        given_picture: playlist.pictures.first().filter(|_| given).cloned(),
        playlist,
        rules,
        cover_album,
        editors: editors.map(|row| Editor { id: row.id, handle: row.handle, name: row.name }).collect(),
    })
}

/// Makes a playlist, with its first tracks or its rules.
///
/// 409 `full` when the account has [`PLAYLISTS_MAX`] already; 422 when something of it can't be taken.
pub async fn create(ctx: &Ctx, viewer: &Viewer, new: &NewPlaylist) -> Result<PlaylistDetail, Error> {
    let (name, description) = (name(&new.name)?, description(&new.description)?);
    let rules = new.rules.as_ref().map(|rules| checked_rules(ctx, rules)).transpose()?;
    if rules.is_some() && !new.tracks.is_empty() {
        let message = "A smart playlist holds what its rules find; leave tracks out, or rules.";
        return Err(Problem::invalid("tracks", message).into());
    }
    entries::check_count(new.tracks.len())?;
    let id = PlaylistId(ctx.next_id());
    let (user, public, tracks) = (viewer.id, new.public, new.tracks.clone());
    let (ids, now) = (ctx.ids().clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        listener::lock(tx, user)?;
        if store::count_of(tx, user)? >= PLAYLISTS_MAX {
            let what = format!("You have {PLAYLISTS_MAX} playlists, the most that there may be; delete one.");
            return Err(full(&what).into());
        }
        let held = entries::hold_shown(tx, &tracks)?;
        let row = store::NewRow {
            id,
            owner: user,
            name: &name,
            sort_key: &fold::sort_key(&name),
            description: &description,
            public,
            rules: rules.as_deref(),
        };
        store::insert(tx, &row, now)?;
        entries::fill(tx, id, &tracks, &held, user, (&ids, now))?;
        let made = OldPlaylist { owner: user, public, smart: false, entry_count: 0, version: 1 };
        tell(tx, id, &made)?;
        Ok::<_, Error>(())
    })
    .await?;
    get(ctx, viewer, id).await
}

/// Changes what the owner says of a playlist. 403 for others who see it.
pub async fn edit(
    ctx: &Ctx,
    viewer: &Viewer,
    id: PlaylistId,
    edit: &PlaylistEdit,
) -> Result<PlaylistDetail, Error> {
    let name = edit.name.as_deref().map(name).transpose()?;
    let description = edit.description.as_deref().map(description).transpose()?;
    let rules = edit.rules.as_ref().map(|rules| checked_rules(ctx, rules)).transpose()?;
    let (user, now, public, cover) = (viewer.id, ctx.now(), edit.public, edit.cover_album);
    visibility::write(ctx, viewer, move |tx| {
        let old = hold(tx, user, id, Need::Own)?;
        if rules.is_some() && !old.smart {
            let message = "This playlist has entries of its own; make a smart one for rules.";
            return Err(Problem::invalid("rules", message).into());
        }
        if let Some(Some(album)) = cover
            && !store::album_is_shown(tx, album)?
        {
            return Err(Problem::invalid("cover_album", "There is no such album.").into());
        }
        let sort_key = name.as_deref().map(fold::sort_key);
        let row = store::EditRow {
            name: name.as_deref(),
            sort_key: sort_key.as_deref(),
            description: description.as_deref(),
            public,
            rules: rules.as_deref(),
        };
        store::update(tx, id, &row, now)?;
        if let Some(key) = &sort_key {
            store::editors::set_sort_key(tx, id, key)?;
        }
        if let Some(album) = cover {
            store::set_cover(tx, id, album)?;
        }
        if rules.is_some() {
            store::found::forget(tx, id)?;
        }
        // Those who no longer see it must hear of it too.
        tell(tx, id, &OldPlaylist { public: old.public || public == Some(true), ..old })?;
        Ok::<_, Error>(())
    })
    .await?;
    get(ctx, viewer, id).await
}

/// Whether the viewer may give a playlist a picture: its owner and editors.
pub(super) fn check_pictured(tx: &mut Tx<'_>, viewer: &Viewer, id: PlaylistId) -> Result<(), Error> {
    hold(tx, viewer.id, id, Need::Edit).map(|_| ())
}

/// Gives a playlist a picture, or takes away the one that it was given.
pub(super) fn set_picture(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    id: PlaylistId,
    picture: Option<PictureId>,
    now: Time,
) -> Result<(), Error> {
    let old = hold(tx, viewer.id, id, Need::Edit)?;
    store::set_given_picture(tx, id, picture, now)?;
    Ok(tell(tx, id, &old)?)
}

/// Deletes a playlist with everything that belongs to it. 403 for others who see it.
pub async fn delete(ctx: &Ctx, viewer: &Viewer, id: PlaylistId) -> Result<(), Error> {
    let user = viewer.id;
    visibility::write(ctx, viewer, move |tx| {
        let old = hold(tx, user, id, Need::Own)?;
        tell(tx, id, &old)?;
        store::entries::delete_all(tx, id)?;
        store::editors::delete_all(tx, id)?;
        store::folders::forget(tx, id)?;
        store::found::forget(tx, id)?;
        store::delete(tx, id)?;
        Ok(())
    })
    .await
}
