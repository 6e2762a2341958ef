//! Folders as they lie on the drive, for apps whose owners chose that. What leads to them leads there whatever is chosen:
//! an app that knows a folder from before goes on.

use std::collections::HashMap;

use catalog::{
    AlbumId, FolderId, TrackId, VideoId,
    model::{Track, Video},
    service::{
        self,
        dialect::folders::{self as real, File, Folder, Look},
    },
};
use kernel::http::Viewer;

use super::browsing::{folder_of, index};
use crate::{
    call::Call,
    error::{Code, Error},
    facts,
    ids::{FOLDER, ItemId},
    shape,
    tree::Element,
};

/// Most folders of an index, which the API gives whole.
const INDEX_FOLDERS_MAX: usize = 200_000;
/// Most folders in one folder, each with how it looks.
const FOLDERS_MAX: usize = 10_000;
/// Most files in one folder, each with all that is known of it.
const FILES_MAX: usize = 10_000;

/// Of each library of the caller: the folders in it under the letters with which they begin, and the files beside them.
pub(super) async fn indexes(call: &Call) -> Result<(Vec<Element>, Vec<Element>), Error> {
    let (ctx, viewer) = (call.ctx(), call.viewer());
    let (mut folders, mut children) = (Vec::new(), Vec::new());
    for top in real::inside(ctx, viewer, None, FOLDERS_MAX).await? {
        let room = INDEX_FOLDERS_MAX - folders.len();
        folders.extend(real::inside(ctx, viewer, Some(top.id), room).await?);
        children.extend(files(call, viewer, top.id, FILES_MAX - children.len()).await?);
    }
    folders.sort_by(|one, other| (&one.sort_key, one.id).cmp(&(&other.sort_key, other.id)));
    let (keys, names): (Vec<_>, Vec<_>) = folders
        .into_iter()
        .map(|folder| (folder.sort_key, shape::folder_name(folder.id, &folder.name)))
        .unzip();
    Ok((index(&keys, names), children))
}

/// What is in a music folder: the tops of the libraries in that of everything, and in that of a library what its top holds.
pub(super) async fn music_folder(call: &Call, number: u32) -> Result<Element, Error> {
    let (name, viewer) = folder_of(call, number).await?;
    let element = Element::new().with("id", ItemId::Folder(number).to_string()).with("name", name.as_str());
    let tops = real::inside(call.ctx(), &viewer, None, FOLDERS_MAX).await?;
    if number == FOLDER {
        return Ok(element.list("child", shaped(call, &viewer, &tops, "").await?));
    }
    let mut children = Vec::new();
    for top in tops {
        children.extend(held(call, &viewer, top.id, "").await?);
    }
    Ok(element.list("child", children))
}

/// What is in a folder.
pub(super) async fn directory(call: &Call, id: FolderId) -> Result<Element, Error> {
    let (ctx, viewer) = (call.ctx(), call.viewer());
    let (folder, way) = real::folder(ctx, viewer, id).await?;
    let look = real::looks(ctx, viewer, &[id]).await?.remove(&id).unwrap_or_default();
    let element = Element::new()
        .with("id", ItemId::from(id).to_string())
        .with("parent", parent(&folder).to_string())
        .with("name", folder.name.as_str());
    Ok(shape::marked(element, &look.mark).list("child", held(call, viewer, id, &way).await?))
}

/// The folder above; the tops of libraries are in the music folder of everything.
fn parent(folder: &Folder) -> ItemId {
    folder.parent.map_or(ItemId::Folder(FOLDER), ItemId::from)
}

/// Folders and then files, as a folder to which this way leads holds them.
async fn held(call: &Call, viewer: &Viewer, id: FolderId, way: &str) -> Result<Vec<Element>, Error> {
    let folders = real::inside(call.ctx(), viewer, Some(id), FOLDERS_MAX).await?;
    let mut children = shaped(call, viewer, &folders, way).await?;
    children.extend(files(call, viewer, id, FILES_MAX).await?);
    Ok(children)
}

async fn shaped(call: &Call, viewer: &Viewer, folders: &[Folder], way: &str) -> Result<Vec<Element>, Error> {
    let ids: Vec<FolderId> = folders.iter().map(|folder| folder.id).collect();
    let looks = real::looks(call.ctx(), viewer, &ids).await?;
    let unknown = Look::default();
    let each = folders.iter().map(|folder| {
        let look = looks.get(&folder.id).unwrap_or(&unknown);
        // The top of a library is no part of the ways below it.
        let path = folder.parent.map(|_| real::joined(way, &folder.name));
        shape::folder(folder, &parent(folder), path, look)
    });
    Ok(each.collect())
}

/// Files in a folder, songs and videos by their names. Whatever else they have, here they are in this folder.
async fn files(call: &Call, viewer: &Viewer, id: FolderId, most: usize) -> Result<Vec<Element>, Error> {
    let found = real::files(call.ctx(), viewer, id, most).await?;
    let (mut tracks, mut videos): (Vec<TrackId>, Vec<VideoId>) = (Vec::new(), Vec::new());
    for file in &found {
        match file {
            File::Track(id) => tracks.push(*id),
            File::Video(id) => videos.push(*id),
        }
    }
    let tracks: Vec<Track> = service::tracks_by_id(call.ctx(), viewer, tracks).await?.into_values().collect();
    let videos: Vec<Video> = real::videos_by_id(call.ctx(), viewer, videos).await?.into_values().collect();
    let songs = facts::list(call, &tracks).await?;
    let films = facts::videos(call, &videos.iter().collect::<Vec<_>>()).await?;
    let mut shaped: HashMap<File, Element> =
        tracks.iter().map(|track| File::Track(track.id)).zip(songs).collect();
    shaped.extend(videos.iter().map(|video| File::Video(video.id)).zip(films));
    let parent = ItemId::from(id).to_string();
    let each = found.iter().filter_map(|file| shaped.remove(file));
    Ok(each.map(|element| element.with("parent", parent.as_str())).collect())
}

/// The song by which something is asked of a folder that only tags know.
pub(super) async fn first_song(call: &Call, id: FolderId) -> Result<Track, Error> {
    let track = real::first_track(call.ctx(), call.viewer(), id).await?;
    Ok(service::track(call.ctx(), call.viewer(), track).await?.track)
}

/// The album that a folder holds: what is said of such a folder is said of it.
pub(super) async fn album_in(call: &Call, id: FolderId) -> Result<AlbumId, Error> {
    let found = real::album_in(call.ctx(), call.viewer(), id).await?;
    found.ok_or_else(|| {
        Error::new(
            Code::Generic,
            "This folder holds more than one album, so it can't be marked as one. Mark what is in it.",
        )
    })
}
