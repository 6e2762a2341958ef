//! Real folders, as dialects of other music servers show them: whole, with where each thing lies and how it looks.

use std::collections::{BTreeSet, HashMap};

use kernel::{Ctx, Fault, db::Tx, http::Viewer};

use super::{Pictured, ROWS_MAX};
use crate::{
    AlbumId, FolderId, PictureId, TrackId, VideoId,
    model::{ItemKind, Mark, Video},
    service::{Error, fill},
    store::{
        folders::{self as lists, FileRow, FolderRow},
        read::{folders as store, marks},
    },
    visibility,
};

/// Above the tops of libraries.
const TOP: FolderId = FolderId(0);
/// Deepest way from the top of a library to a folder.
const DEPTH_MAX: usize = 64;
/// How far below a folder something is looked for that it is shown by: as far as an artist's albums and their discs.
const LOOK_DEPTH: usize = 3;

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Which.
    pub id: FolderId,
    /// The folder above it; `None` for the top of a library.
    pub parent: Option<FolderId>,
    /// Its name as it is shown; the top is called as its library is.
    pub name: String,
    /// What puts it in its place among others.
    pub sort_key: String,
}

impl From<FolderRow> for Folder {
    fn from(row: FolderRow) -> Self {
        Self {
            id: row.id,
            parent: (row.parent != TOP).then_some(row.parent),
            name: row.name,
            sort_key: String::from_utf8_lossy(&row.sort_key).into_owned(),
        }
    }
}

/// A file in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum File {
    /// A track's.
    Track(TrackId),
    /// A video's.
    Video(VideoId),
}

/// Where something lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub folder: FolderId,
    /// The way to it from the top of its library, with the name of the file: `Artist/Album/01 Song.flac`.
    pub path: String,
}

/// How a folder looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The picture of the first track in it or not far below it, and of what that is the picture.
    pub picture: Option<(Pictured, PictureId)>,
    /// What the viewer has done with the album that it holds, if it holds one and nothing else.
    pub mark: Mark,
}

/// A folder, and the way to it from the top of its library: `Artist/Album`, empty for the top itself.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such folder.
pub async fn folder(ctx: &Ctx, viewer: &Viewer, id: FolderId) -> Result<(Folder, String), Error> {
    visibility::read(ctx, viewer, move |tx| {
        let folder = lists::one(tx, id)?.ok_or(Error::NotFound)?;
        let path = paths(tx, BTreeSet::from([id]))?.remove(&id).unwrap_or_default();
        Ok((folder.into(), path))
    })
    .await
}

/// The folders in a folder by name, at most `most`; without a folder the tops of the viewer's libraries.
pub async fn inside(
    ctx: &Ctx,
    viewer: &Viewer,
    parent: Option<FolderId>,
    most: usize,
) -> Result<Vec<Folder>, Fault> {
    let mut all: Vec<Folder> = Vec::new();
    loop {
        let last = all.last().map(|folder| (folder.sort_key.clone(), folder.id.0)).unwrap_or_default();
        let rows = step(most, all.len());
        let found = visibility::read(ctx, viewer, move |tx| {
            lists::inside(tx, parent.unwrap_or(TOP), (last.0.as_bytes(), last.1), rows)
        });
        let found = found.await?;
        let is_last = found.len() < rows as usize;
        all.extend(found.into_iter().map(Folder::from));
        if is_last || all.len() >= most {
            return Ok(all);
        }
    }
}

/// How many rows are read next of those that are still wanted.
fn step(most: usize, have: usize) -> u32 {
    u32::try_from(most.saturating_sub(have)).unwrap_or(ROWS_MAX).min(ROWS_MAX)
}

/// The files in a folder by their names, at most `most`.
pub async fn files(ctx: &Ctx, viewer: &Viewer, folder: FolderId, most: usize) -> Result<Vec<File>, Fault> {
    let tracks = whole(ctx, viewer, folder, most, lists::tracks).await?.into_iter();
    let videos = whole(ctx, viewer, folder, most, lists::videos).await?.into_iter();
    let tracks = tracks.map(|(id, key, _)| (key, File::Track(TrackId(id))));
    let mut all: Vec<_> = tracks.chain(videos.map(|(id, key, _)| (key, File::Video(VideoId(id))))).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.truncate(most);
    Ok(all.into_iter().map(|(_, file)| file).collect())
}

type List = fn(&mut Tx<'_>, FolderId, (&[u8], i64), u32) -> Result<Vec<FileRow>, Fault>;

/// The files of one kind in a folder, step by step.
async fn whole(
    ctx: &Ctx,
    viewer: &Viewer,
    folder: FolderId,
    most: usize,
    of_kind: List,
) -> Result<Vec<FileRow>, Fault> {
    let mut all: Vec<FileRow> = Vec::new();
    loop {
        let last = all.last().map(|(id, key, _)| (key.clone(), *id)).unwrap_or_default();
        let rows = step(most, all.len());
        let found =
            visibility::read(ctx, viewer, move |tx| of_kind(tx, folder, (&last.0, last.1), rows)).await?;
        let is_last = found.len() < rows as usize;
        all.extend(found);
        if is_last || all.len() >= most {
            return Ok(all);
        }
    }
}

/// These videos as far as they are shown; any number of them.
///
/// # Errors
/// Only faults.
pub async fn videos_by_id(
    ctx: &Ctx,
    viewer: &Viewer,
    ids: Vec<VideoId>,
) -> Result<HashMap<VideoId, Video>, Error> {
    let mut videos = HashMap::with_capacity(ids.len());
    for some in ids.chunks(ROWS_MAX as usize) {
        let found = fill::videos(ctx, viewer, some.iter().map(|id| id.0).collect()).await?;
        videos.extend(found.into_iter().map(|video| (video.id, video)));
    }
    Ok(videos)
}

type Where = fn(&mut Tx<'_>, &[i64]) -> Result<Vec<store::Lies>, Fault>;

/// Where the files of these tracks lie, any number of them; what was uploaded lies in no folder.
pub async fn track_places(
    ctx: &Ctx,
    viewer: &Viewer,
    tracks: &[TrackId],
) -> Result<HashMap<TrackId, Place>, Fault> {
    let places = places(ctx, viewer, tracks.iter().map(|id| id.0).collect(), store::of_tracks).await?;
    Ok(places.into_iter().map(|(id, place)| (TrackId(id), place)).collect())
}

/// Where the files of these videos lie, likewise.
pub async fn video_places(
    ctx: &Ctx,
    viewer: &Viewer,
    videos: &[VideoId],
) -> Result<HashMap<VideoId, Place>, Fault> {
    let places = places(ctx, viewer, videos.iter().map(|id| id.0).collect(), store::of_videos).await?;
    Ok(places.into_iter().map(|(id, place)| (VideoId(id), place)).collect())
}

async fn places(ctx: &Ctx, viewer: &Viewer, ids: Vec<i64>, ask: Where) -> Result<HashMap<i64, Place>, Fault> {
    let mut places = HashMap::with_capacity(ids.len());
    for some in ids.chunks(ROWS_MAX as usize) {
        let some = some.to_vec();
        let found = visibility::read(ctx, viewer, move |tx| {
            let lie = ask(tx, &some)?;
            let ways = paths(tx, lie.iter().filter_map(|(_, folder, _)| *folder).collect())?;
            Ok::<_, Fault>((lie, ways))
        });
        let (lie, ways) = found.await?;
        places.extend(lie.into_iter().filter_map(|(id, folder, name)| {
            let folder = folder?;
            let path = joined(ways.get(&folder)?, &name.unwrap_or_default());
            Some((id, Place { folder, path }))
        }));
    }
    Ok(places)
}

/// The way to something in the folder to which `way` leads.
pub fn joined(way: &str, name: &str) -> String {
    if way.is_empty() { name.to_owned() } else { format!("{way}/{name}") }
}

/// The ways to folders from the tops of their libraries, for all of them at once: a statement for each level.
fn paths(tx: &mut Tx<'_>, wanted: BTreeSet<FolderId>) -> Result<HashMap<FolderId, String>, Fault> {
    let mut known: HashMap<FolderId, FolderRow> = HashMap::new();
    let mut next = wanted.clone();
    for _ in 0..=DEPTH_MAX {
        if next.is_empty() {
            break;
        }
        let ids: Vec<i64> = next.iter().map(|id| id.0).collect();
        let found = store::these(tx, &ids)?;
        next = found.iter().map(|row| row.parent).filter(|id| *id != TOP).collect();
        known.extend(found.into_iter().map(|row| (row.id, row)));
        next.retain(|id| !known.contains_key(id));
    }
    let way = |id: FolderId| {
        let mut names = Vec::new();
        let mut at = known.get(&id);
        // The top is the library itself.
        while let Some(row) = at.filter(|row| row.parent != TOP && names.len() <= DEPTH_MAX) {
            names.push(row.name.as_str());
            at = known.get(&row.parent);
        }
        names.reverse();
        names.join("/")
    };
    Ok(wanted.into_iter().filter(|id| known.contains_key(id)).map(|id| (id, way(id))).collect())
}

/// In which folder the first track of each of these albums lies, any number of them.
pub async fn album_folders(
    ctx: &Ctx,
    viewer: &Viewer,
    albums: &[AlbumId],
) -> Result<HashMap<AlbumId, FolderId>, Fault> {
    let mut folders = HashMap::with_capacity(albums.len());
    for some in albums.chunks(ROWS_MAX as usize) {
        let some: Vec<i64> = some.iter().map(|id| id.0).collect();
        let found = visibility::read(ctx, viewer, move |tx| store::of_albums(tx, &some)).await?;
        folders.extend(found.into_iter().filter_map(|(album, folder)| Some((album, folder?))));
    }
    Ok(folders)
}

/// How these folders look, any number of them; those that the viewer does not see are left out.
pub async fn looks(
    ctx: &Ctx,
    viewer: &Viewer,
    folders: &[FolderId],
) -> Result<HashMap<FolderId, Look>, Fault> {
    let (user, mut looks) = (viewer.id, HashMap::with_capacity(folders.len()));
    for some in folders.chunks(ROWS_MAX as usize) {
        let some = some.to_vec();
        looks.extend(visibility::read(ctx, viewer, move |tx| looks_of(tx, user, &some)).await?);
    }
    Ok(looks)
}

fn looks_of(
    tx: &mut Tx<'_>,
    user: kernel::id::UserId,
    folders: &[FolderId],
) -> Result<HashMap<FolderId, Look>, Fault> {
    let firsts = first_tracks(tx, folders)?;
    let mut tracks: Vec<i64> = firsts.values().filter_map(|first| Some(first.as_ref()?.track.0)).collect();
    tracks.sort_unstable();
    tracks.dedup();
    let covers: HashMap<TrackId, store::Cover> =
        store::covers(tx, &tracks)?.into_iter().map(|cover| (cover.track, cover)).collect();
    let pairs: Vec<(i64, i64)> = firsts
        .iter()
        .filter_map(|(folder, first)| {
            let first = first.as_ref().filter(|first| first.is_direct)?;
            Some((folder.0, covers.get(&first.track)?.album?.0))
        })
        .collect();
    let albums: HashMap<FolderId, AlbumId> = store::of_one_album(tx, &pairs)?.into_iter().collect();
    let marks = marks::of(tx, user, ItemKind::Album, albums.values().map(|album| album.0))?;
    let look = |folder: FolderId, first: Option<First>| Look {
        picture: first.and_then(|first| picture(covers.get(&first.track)?)),
        mark: albums
            .get(&folder)
            .and_then(|album| marks.get(&(ItemKind::Album, album.0)))
            .copied()
            .unwrap_or_default(),
    };
    Ok(firsts.into_iter().map(|(folder, first)| (folder, look(folder, first))).collect())
}

/// By the album where the picture is the album's, so that apps fetch it once.
fn picture(cover: &store::Cover) -> Option<(Pictured, PictureId)> {
    match (cover.own, cover.album.zip(cover.of_album)) {
        (Some(own), Some((_, of_album))) if own != of_album => Some((Pictured::Track(cover.track), own)),
        (_, Some((album, of_album))) => Some((Pictured::Album(album), of_album)),
        (Some(own), None) => Some((Pictured::Track(cover.track), own)),
        (None, None) => None,
    }
}

/// The first track in a folder, or not far below it.
#[derive(Clone, Copy)]
struct First {
    track: TrackId,
    /// It lies in the folder itself.
    is_direct: bool,
}

/// The first track of each of these folders as far as the viewer sees them: that in it, else that of the first folder in
/// it, down to [`LOOK_DEPTH`].
fn first_tracks(tx: &mut Tx<'_>, folders: &[FolderId]) -> Result<HashMap<FolderId, Option<First>>, Fault> {
    let mut firsts = HashMap::with_capacity(folders.len());
    // Where each of them is looked into next.
    let mut looking: Vec<(FolderId, FolderId)> = folders.iter().map(|folder| (*folder, *folder)).collect();
    for depth in 0..=LOOK_DEPTH {
        if looking.is_empty() {
            break;
        }
        let at: Vec<i64> = looking.iter().map(|(_, at)| at.0).collect();
        let heads: HashMap<FolderId, store::Head> =
            store::heads(tx, &at)?.into_iter().map(|head| (head.folder, head)).collect();
        let mut next = Vec::new();
        for (folder, at) in looking {
            let Some(head) = heads.get(&at) else { continue };
            firsts.insert(folder, head.track.map(|track| First { track, is_direct: depth == 0 }));
            if let (None, Some(below)) = (head.track, head.below) {
                next.push((folder, below));
            }
        }
        looking = next;
    }
    Ok(firsts)
}

/// The first track in a folder or not far below it, by which something is asked of a folder that only tags know.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such folder, or no track there.
pub async fn first_track(ctx: &Ctx, viewer: &Viewer, folder: FolderId) -> Result<TrackId, Error> {
    let found = visibility::read(ctx, viewer, move |tx| first_tracks(tx, &[folder])).await?;
    found.get(&folder).copied().flatten().map(|first| first.track).ok_or(Error::NotFound)
}

/// The album that a folder holds, if it holds one and nothing else.
///
/// # Errors
/// [`Error::NotFound`] when the viewer sees no such folder.
pub async fn album_in(ctx: &Ctx, viewer: &Viewer, folder: FolderId) -> Result<Option<AlbumId>, Error> {
    visibility::read(ctx, viewer, move |tx| {
        let firsts = first_tracks(tx, &[folder])?;
        let first = firsts.get(&folder).ok_or(Error::NotFound)?;
        let Some(first) = first.filter(|first| first.is_direct) else { return Ok(None) };
        let covers = store::covers(tx, &[first.track.0])?;
        let Some(album) = covers.first().and_then(|cover| cover.album) else { return Ok(None) };
        let found = store::of_one_album(tx, &[(folder.0, album.0)])?;
        Ok(found.first().map(|(_, album)| *album))
    })
    .await
}
