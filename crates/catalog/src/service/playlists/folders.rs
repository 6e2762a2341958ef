//! A listener's own tree of folders for playlists, those of others too. Nobody else ever sees it.

use kernel::{Ctx, Problem, http::Viewer};

use super::{full, name, seen};
use crate::{
    fold,
    model::playlists::{Folder, FolderEdit, FolderId, NewFolder, PlaylistId},
    service::Error,
    store::{listener, playlists::folders as store},
};

/// Folders of one account.
pub const FOLDERS_MAX: usize = 500;
/// How deep folders may lie in each other.
pub const FOLDER_DEPTH_MAX: usize = 5;

/// All of one's folders, by name; each says in which it lies.
pub async fn list_folders(ctx: &Ctx, viewer: &Viewer) -> Result<Vec<Folder>, Error> {
    let user = viewer.id;
    ctx.db().read(move |tx| store::of(tx, user)).await.map_err(Error::Fault)
}

/// How many folders lie above one, itself counted; `None` when it is not there or lies in itself.
fn depth(folders: &[Folder], id: FolderId) -> Option<usize> {
    let mut next = Some(id);
    for depth in 0..=folders.len() {
        let Some(id) = next else { return Some(depth) };
        next = folders.iter().find(|folder| folder.id == id)?.parent;
    }
    None
}

/// How many folders lie below one in a row, itself counted.
fn height(folders: &[Folder], id: FolderId) -> usize {
    let inside = folders.iter().filter(|folder| folder.parent == Some(id));
    1 + inside.map(|folder| height(folders, folder.id)).max().unwrap_or(0)
}

/// Whether a folder that is `height` high may go into another.
fn check_place(folders: &[Folder], parent: Option<FolderId>, height: usize) -> Result<(), Problem> {
    let Some(parent) = parent else { return Ok(()) };
    let above =
        depth(folders, parent).ok_or_else(|| Problem::invalid("parent", "There is no such folder."))?;
    if above + height > FOLDER_DEPTH_MAX {
        let message = format!("Folders lie at most {FOLDER_DEPTH_MAX} deep in each other.");
        return Err(Problem::invalid("parent", message));
    }
    Ok(())
}

/// Makes a folder. 409 `full` beyond [`FOLDERS_MAX`]; 422 for a wrong name or place.
pub async fn add_folder(ctx: &Ctx, viewer: &Viewer, new: &NewFolder) -> Result<Folder, Error> {
    let folder = Folder { id: FolderId(ctx.next_id()), name: name(&new.name)?, parent: new.parent };
    let user = viewer.id;
    ctx.db()
        .write(move |tx| {
            listener::lock(tx, user)?;
            let folders = store::of(tx, user)?;
            if folders.len() >= FOLDERS_MAX {
                return Err(full(&format!("You have {FOLDERS_MAX} folders; delete one first.")).into());
            }
            check_place(&folders, folder.parent, 1)?;
            store::insert(tx, user, &folder, &fold::sort_key(&folder.name))?;
            tx.wake(&format!("playlists:{user}"));
            Ok(folder.clone())
        })
        .await
}

/// Renames a folder or moves it with all that is in it. 422 for a place in itself or too deep.
pub async fn edit_folder(
    ctx: &Ctx,
    viewer: &Viewer,
    id: FolderId,
    edit: &FolderEdit,
) -> Result<Folder, Error> {
    let new_name = edit.name.as_deref().map(name).transpose()?;
    let (user, parent) = (viewer.id, edit.parent);
    ctx.db()
        .write(move |tx| {
            listener::lock(tx, user)?;
            let folders = store::of(tx, user)?;
            let old = folders.iter().find(|folder| folder.id == id).ok_or(Error::NotFound)?;
            let folder = Folder {
                id,
                name: new_name.clone().unwrap_or_else(|| old.name.clone()),
                parent: parent.unwrap_or(old.parent),
            };
            let mut after = folders.clone();
            after.retain(|folder| folder.id != id);
            after.push(folder.clone());
            if depth(&after, id).is_none() {
                let message = "There is no such folder, or it lies in the one that is to go into it.";
                return Err(Problem::invalid("parent", message).into());
            }
            check_place(&folders, folder.parent, height(&folders, id))?;
            store::update(tx, &folder, &fold::sort_key(&folder.name))?;
            tx.wake(&format!("playlists:{user}"));
            Ok(folder)
        })
        .await
}

/// Deletes a folder with the folders in it. Playlists in them lie in none then; they are not deleted.
pub async fn delete_folder(ctx: &Ctx, viewer: &Viewer, id: FolderId) -> Result<(), Error> {
    let user = viewer.id;
    ctx.db()
        .write(move |tx| {
            listener::lock(tx, user)?;
            let folders = store::of(tx, user)?;
            if !folders.iter().any(|folder| folder.id == id) {
                return Err(Error::NotFound);
            }
            let mut gone = vec![id];
            let mut at = 0;
            while let Some(&parent) = gone.get(at) {
                gone.extend(
                    folders.iter().filter(|folder| folder.parent == Some(parent)).map(|folder| folder.id),
                );
                at += 1;
            }
            for folder in gone {
                store::empty(tx, folder)?;
                store::delete(tx, folder)?;
            }
            tx.wake(&format!("playlists:{user}"));
            Ok(())
        })
        .await
}

/// Puts a playlist that one sees into a folder of one's own, or takes it out of all.
pub async fn put_in_folder(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    folder: Option<FolderId>,
) -> Result<(), Error> {
    seen(ctx, viewer, playlist).await?;
    let user = viewer.id;
    ctx.db()
        .write(move |tx| {
            listener::lock(tx, user)?;
            match folder {
                Some(folder) if store::is_of(tx, user, folder)? => store::put(tx, user, playlist, folder)?,
                Some(_) => return Err(Problem::invalid("folder", "There is no such folder.").into()),
                None => store::take(tx, user, playlist)?,
            }
            tx.wake(&format!("playlists:{user}"));
            Ok(())
        })
        .await
}
