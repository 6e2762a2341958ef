//! In which folder a file lies, beside what its tags make of it. A folder is seen while something in it or below it is.

use std::collections::BTreeSet;

use kernel::{Fault, db::Tx};

use super::batch::Batch;
use crate::{
    FolderId, LibraryId, TrackId, VideoId, fold,
    model::TOPIC_CATALOG,
    store::{
        folders::{self, FolderRow},
        search::note_rights,
    },
};

/// Deepest folder that is kept; what lies deeper is shown in the one at this depth.
const DEPTH_MAX: usize = 64;
/// Placed files that wait to be written together.
const WAITING_MAX: usize = 1_000;
/// The folder above the top of a library.
const NONE: FolderId = FolderId(0);

/// Where a file lies.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The library.
    pub library: LibraryId,
    /// What the library is called.
    pub library_name: &'a str,
    /// The path of its folder below the library's, with a zero byte where a path has a slash; empty for the top.
    pub folder: &'a [u8],
    /// The name of the file.
    pub name: &'a [u8],
    /// The track or video was known before and may have lain elsewhere.
    pub known: bool,
}

/// What was placed in this transaction.
#[derive(Default)]
pub(super) struct Placing {
    known: std::collections::HashMap<Vec<u8>, FolderId>,
    tracks: Vec<folders::Placed>,
    videos: Vec<folders::Placed>,
    pub(super) touched: BTreeSet<FolderId>,
    /// Something that was known lies elsewhere now, or is called otherwise, as far as was looked.
    moved: bool,
}

/// Notes where the file of a track lies. It is written when the batch is finished.
pub fn place_track(tx: &mut Tx<'_>, batch: &mut Batch, id: TrackId, place: &Place<'_>) -> Result<(), Fault> {
    let folder = resolve(tx, batch, place)?;
    let before = if place.known { folders::of_track(tx, id)? } else { None };
    batch.placing.touched.extend(before.filter(|before| *before != folder));
    batch.placing.touched.insert(folder);
    batch.placing.moved |= place.known;
    let (key, name) = named(place.name);
    batch.placing.tracks.push((id.0, folder.0, key, name));
    write_soon(tx, batch)
}

/// Notes where the file of a video lies, likewise.
pub fn place_video(tx: &mut Tx<'_>, batch: &mut Batch, id: VideoId, place: &Place<'_>) -> Result<(), Fault> {
    let folder = resolve(tx, batch, place)?;
    let before = if place.known { folders::of_video(tx, id)? } else { None };
    batch.placing.touched.extend(before.filter(|before| *before != folder));
    batch.placing.touched.insert(folder);
    batch.placing.moved |= place.known;
    let (key, name) = named(place.name);
    batch.placing.videos.push((id.0, folder.0, key, name));
    write_soon(tx, batch)
}

fn write_soon(tx: &mut Tx<'_>, batch: &mut Batch) -> Result<(), Fault> {
    if batch.placing.tracks.len() + batch.placing.videos.len() < WAITING_MAX {
        return Ok(());
    }
    write(tx, batch)
}

/// Writes what was placed.
fn write(tx: &mut Tx<'_>, batch: &mut Batch) -> Result<(), Fault> {
    let tracks = std::mem::take(&mut batch.placing.tracks);
    if !tracks.is_empty() {
        folders::place_tracks(tx, &tracks)?;
    }
    let videos = std::mem::take(&mut batch.placing.videos);
    if !videos.is_empty() {
        folders::place_videos(tx, &videos)?;
    }
    Ok(())
}

/// Writes what was placed, and brings the folders that it touched up to date.
pub(super) fn finish(tx: &mut Tx<'_>, batch: &mut Batch) -> Result<(), Fault> {
    write(tx, batch)?;
    if std::mem::take(&mut batch.placing.moved) {
        note_rights(tx)?;
    }
    settle(tx, std::mem::take(&mut batch.placing.touched))
}

/// Says of folders, and of those above them as far as that changes them, whether something in them is shown.
///
/// The youngest first. A folder is younger than the one above it, so that children go before their parents, each is
/// looked at once, and two transactions take their locks in the same order. Where a clock was turned back between
/// the two it is looked at again, and the database tells the transactions apart if need be.
pub(super) fn settle(tx: &mut Tx<'_>, mut wanted: BTreeSet<FolderId>) -> Result<(), Fault> {
    let mut changed = false;
    while let Some(at) = wanted.pop_last() {
        let Some((parent, scope)) = folders::lock(tx, at)? else { continue };
        let now = folders::scope_inside(tx, at)?;
        if now != scope {
            folders::set_scope(tx, at, now)?;
            wanted.insert(parent);
            changed = true;
        }
    }
    // Music apps that look through folders ask whether anything changed since they last did.
    if changed { note_rights(tx) } else { Ok(()) }
}

/// The folder, made with those above it where they are new.
fn resolve(tx: &mut Tx<'_>, batch: &mut Batch, place: &Place<'_>) -> Result<FolderId, Fault> {
    let parts: Vec<&[u8]> = place.folder.split(|byte| *byte == 0).filter(|part| !part.is_empty()).collect();
    let parts = &parts[..parts.len().min(DEPTH_MAX)];
    let whole = key(place.library, parts);
    if let Some(known) = batch.placing.known.get(&whole) {
        return Ok(*known);
    }
    let mut parent = NONE;
    for depth in 0..=parts.len() {
        let key = key(place.library, &parts[..depth]);
        let name = match depth {
            0 => fold::clean(place.library_name),
            depth => shown(parts[depth - 1]),
        };
        let known = match folders::by_key(tx, &key)? {
            Some(id) => id,
            None => insert(tx, batch, (place.library, parent), name, &key)?,
        };
        parent = known;
    }
    if batch.placing.known.len() >= super::batch::REMEMBERED_MAX {
        batch.placing.known.clear();
    }
    batch.placing.known.insert(whole, parent);
    Ok(parent)
}

fn insert(
    tx: &mut Tx<'_>,
    batch: &Batch,
    (library, parent): (LibraryId, FolderId),
    name: String,
    key: &[u8],
) -> Result<FolderId, Fault> {
    let id = FolderId(batch.ids.next());
    let sort_key = fold::file_key(&name).into_bytes();
    if folders::insert(tx, &FolderRow { id, parent, name, sort_key }, library, key)? {
        return Ok(id);
    }
    let found = folders::by_key(tx, key)?;
    found.ok_or_else(|| Fault::new("a folder was entered and removed at the same time"))
}

fn key(library: LibraryId, parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&library.0.to_le_bytes());
    for part in parts {
        hasher.update(part);
        hasher.update(&[0]);
    }
    hasher.finalize().as_bytes()[..16].to_vec()
}

/// A name as it is shown: what is no text becomes a mark for it.
fn shown(name: &[u8]) -> String {
    let name = fold::clean(&String::from_utf8_lossy(name));
    if name.is_empty() { "?".to_owned() } else { name }
}

fn named(name: &[u8]) -> (String, String) {
    let name = shown(name);
    (fold::file_key(&name), name)
}

/// Writes what a library is called now, where its folders are looked through.
pub fn name_library(tx: &mut Tx<'_>, library: LibraryId, name: &str) -> Result<(), Fault> {
    let name = fold::clean(name);
    if folders::rename(tx, &key(library, &[]), &name, fold::file_key(&name).as_bytes())? {
        tx.wake(TOPIC_CATALOG);
    }
    Ok(())
}

/// Whether the files of a library that were known before folders were kept are in theirs.
pub fn is_placed(tx: &mut Tx<'_>, library: LibraryId) -> Result<bool, Fault> {
    folders::is_placed(tx, library)
}

/// Notes that they are.
pub fn set_placed(tx: &mut Tx<'_>, library: LibraryId) -> Result<(), Fault> {
    folders::set_placed(tx, library)
}

/// Brings the folder of a video up to date that was hidden or shown.
pub(crate) fn settle_video(tx: &mut Tx<'_>, id: VideoId) -> Result<(), Fault> {
    match folders::of_video(tx, id)? {
        Some(folder) => settle(tx, BTreeSet::from([folder])),
        None => Ok(()),
    }
}
