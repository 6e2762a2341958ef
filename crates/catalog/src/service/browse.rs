//! Real folders, beside what tags make of the files in them. Numbers lead to folders, never paths, so nobody gets out of
//! a library; and a folder in which the viewer sees nothing is not there.

use kernel::{Ctx, Fault, Page, PageQuery, db::Tx, http::Viewer};

use super::{Error, fill, videos};
use crate::{
    FolderId, TrackId,
    model::{
        ItemKind,
        browse::{FileTrack, FileVideo, FolderDetail, FolderRef, FolderTracks},
    },
    store::{folders, read, read::marks},
    visibility,
};

/// Deepest way to a folder that is shown.
const DEPTH_MAX: usize = 64;
/// Tracks of a folder and of those below it that are given at once.
pub const FOLDER_TRACKS_MAX: usize = 5_000;
/// Folders that are looked into for them.
const FOLDERS_MAX: usize = 2_000;
/// Above the tops of libraries.
const TOP: FolderId = FolderId(0);

/// The keys that are in order are made of text.
type Key = (String, i64);

fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

/// The folders in a folder, by name, a page of them; without a folder the tops of the viewer's libraries.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such folder, [`Error::Invalid`] for a cursor that this list did not give.
pub async fn folders(
    ctx: &Ctx,
    viewer: &Viewer,
    parent: Option<FolderId>,
    query: &PageQuery,
) -> Result<Page<FolderRef>, Error> {
    let limit = query.limit();
    let (name, id) = query.key::<Key>()?.unwrap_or_default();
    let rows = visibility::read(ctx, viewer, move |tx| {
        if let Some(parent) = parent {
            folders::one(tx, parent)?.ok_or(Error::NotFound)?;
        }
        Ok::<_, Error>(folders::inside(tx, parent.unwrap_or(TOP), (name.as_bytes(), id), limit + 1)?)
    });
    let page = Page::cut(rows.await?, limit, |row| (text(&row.sort_key), row.id.0));
    Ok(page.map(|row| FolderRef { id: row.id, name: row.name }))
}

/// A folder and the way to it.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such folder.
pub async fn folder(ctx: &Ctx, viewer: &Viewer, id: FolderId) -> Result<FolderDetail, Error> {
    visibility::read(ctx, viewer, move |tx| {
        let folder = folders::one(tx, id)?.ok_or(Error::NotFound)?;
        let mut path = Vec::new();
        let mut above = folder.parent;
        while path.len() < DEPTH_MAX
            && let Some(row) = folders::one(tx, above)?
        {
            above = row.parent;
            path.push(FolderRef { id: row.id, name: row.name });
        }
        path.reverse();
        Ok(FolderDetail { folder: FolderRef { id: folder.id, name: folder.name }, path })
    })
    .await
}

/// The tracks in a folder by the names of their files, a page of them.
///
/// # Errors
/// As [`folders`].
pub async fn folder_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    id: FolderId,
    query: &PageQuery,
) -> Result<Page<FileTrack>, Error> {
    let limit = query.limit();
    let (name, last) = query.key::<Key>()?.unwrap_or_default();
    let rows = visibility::read(ctx, viewer, move |tx| {
        folders::one(tx, id)?.ok_or(Error::NotFound)?;
        Ok::<_, Error>(folders::tracks(tx, id, (name.as_bytes(), last), limit + 1)?)
    });
    let Page { items, next } = Page::cut(rows.await?, limit, |(id, key, _)| (text(key), *id));
    let names: std::collections::HashMap<i64, String> =
        items.iter().map(|(id, _, name)| (*id, name.clone())).collect();
    let tracks = fill::tracks(ctx, viewer, items.iter().map(|(id, ..)| *id).collect()).await?;
    let with_file = |track: crate::model::Track| FileTrack {
        file: names.get(&track.id.0).cloned().unwrap_or_default(),
        track,
    };
    Ok(Page { items: tracks.into_iter().map(with_file).collect(), next })
}

/// The videos in a folder by the names of their files, a page of them.
///
/// # Errors
/// As [`folders`].
pub async fn folder_videos(
    ctx: &Ctx,
    viewer: &Viewer,
    id: FolderId,
    query: &PageQuery,
) -> Result<Page<FileVideo>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let (name, last) = query.key::<Key>()?.unwrap_or_default();
    let rows = visibility::read(ctx, viewer, move |tx| {
        folders::one(tx, id)?.ok_or(Error::NotFound)?;
        let rows = folders::videos(tx, id, (name.as_bytes(), last), limit + 1)?;
        let Page { items, next } = Page::cut(rows, limit, |(id, key, _)| (text(key), *id));
        let mut found = read::videos::these(tx, &items.iter().map(|(id, ..)| *id).collect::<Vec<_>>())?;
        let place = |id: i64| items.iter().position(|(other, ..)| *other == id);
        found.sort_by_key(|row| place(row.id.0));
        let marks = marks::of(tx, user, ItemKind::Video, found.iter().map(|row| row.id.0))?;
        Ok::<_, Error>((items, next, found, marks))
    });
    let (items, next, found, marks) = rows.await?;
    let shaped = videos::shape_all(ctx, &super::music::shaper(ctx, marks), found).await?;
    let file = |id: i64| items.iter().find(|(other, ..)| *other == id).map(|(_, _, name)| name.clone());
    let with_file =
        shaped.into_iter().map(|video| FileVideo { file: file(video.id.0).unwrap_or_default(), video });
    Ok(Page { items: with_file.collect(), next })
}

/// All tracks of a folder and of those below it, in the order of their files, to be played: at most
/// [`FOLDER_TRACKS_MAX`].
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such folder.
pub async fn tracks_below(ctx: &Ctx, viewer: &Viewer, id: FolderId) -> Result<FolderTracks, Error> {
    let (ids, truncated) = visibility::read(ctx, viewer, move |tx| {
        folders::one(tx, id)?.ok_or(Error::NotFound)?;
        Ok::<_, Error>(below(tx, id)?)
    })
    .await?;
    let mut known = super::music::tracks_by_id(ctx, viewer, ids.clone()).await?;
    Ok(FolderTracks { tracks: ids.iter().filter_map(|id| known.remove(id)).collect(), truncated })
}

/// Depth first: what lies in a folder, then the folders in it.
fn below(tx: &mut Tx<'_>, top: FolderId) -> Result<(Vec<TrackId>, bool), Fault> {
    const PAGE: u32 = 1_000;
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut waiting = vec![top];
    while let Some(folder) = waiting.pop() {
        looked += 1;
        if looked > FOLDERS_MAX {
            return Ok((found, true));
        }
        let mut after = (Vec::new(), 0);
        loop {
            let rows = folders::tracks(tx, folder, (&after.0, after.1), PAGE)?;
            let whole = rows.len() < PAGE as usize;
            for (id, key, _) in rows {
                if found.len() >= FOLDER_TRACKS_MAX {
                    return Ok((found, true));
                }
                found.push(TrackId(id));
                after = (key, id);
            }
            if whole {
                break;
            }
        }
        let inside = folders::inside(tx, folder, (&[], 0), u32::try_from(FOLDERS_MAX).unwrap_or(u32::MAX))?;
        waiting.extend(inside.into_iter().rev().map(|row| row.id));
    }
    Ok((found, false))
}
