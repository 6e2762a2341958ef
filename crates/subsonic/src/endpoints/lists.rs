//! Lists of albums.

use catalog::{
    model::{Album, AlbumSort, Track},
    service,
};
use kernel::PageQuery;

use super::not_yet;
use crate::{
    call::{Call, Reply},
    error::Error,
    shape,
    tree::Element,
};

/// Albums of a list unless said.
const SIZE_DEFAULT: u32 = 10;
/// Most albums of a list, as the API has it.
pub(super) const SIZE_MAX: u32 = 500;
/// Rows of one step.
const STEP: u32 = 200;

/// Albums as folders.
pub(super) async fn get_album_list(call: &Call) -> Result<Reply, Error> {
    let albums = album_list(call).await?;
    Reply::element("albumList", Element::new().list("album", albums.iter().map(shape::album_folder)))
}

/// Albums by tags.
pub(super) async fn get_album_list2(call: &Call) -> Result<Reply, Error> {
    let albums = album_list(call).await?;
    Reply::element("albumList2", Element::new().list("album", albums.iter().map(shape::album)))
}

async fn album_list(call: &Call) -> Result<Vec<Album>, Error> {
    let kind = call.params.required("type")?;
    call.check_folder()?;
    let size = call.params.number("size", SIZE_DEFAULT, SIZE_MAX)?;
    let offset = call.params.number("offset", 0, u32::MAX)?;
    let sort = match kind {
        "alphabeticalByName" => AlbumSort::Title,
        "alphabeticalByArtist" => AlbumSort::Artist,
        "newest" => AlbumSort::Added,
        "random" | "highest" | "frequent" | "recent" | "starred" | "byYear" | "byGenre" => {
            return Err(not_yet());
        }
        other => return Err(Error::refused(format!("There is no list of albums of type {other:?}."))),
    };
    albums_at(call, sort, offset, size).await
}

/// `size` albums after the first `offset` in one order.
pub(super) async fn albums_at(
    call: &Call,
    sort: AlbumSort,
    offset: u32,
    size: u32,
) -> Result<Vec<Album>, Error> {
    let mut query = PageQuery { after: None, limit: None };
    let (mut skip, mut albums) = (offset as usize, Vec::new());
    while albums.len() < size as usize {
        query.limit = Some(STEP);
        let page = service::albums(call.ctx(), &query, sort).await?;
        let skipped = skip.min(page.items.len());
        skip -= skipped;
        albums.extend(page.items.into_iter().skip(skipped));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    albums.truncate(size as usize);
    Ok(albums)
}

/// `size` tracks after the first `offset` by title.
pub(super) async fn tracks_at(call: &Call, offset: u32, size: u32) -> Result<Vec<Track>, Error> {
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    let (mut skip, mut tracks) = (offset as usize, Vec::new());
    while tracks.len() < size as usize {
        let page = service::tracks(call.ctx(), &query).await?;
        let skipped = skip.min(page.items.len());
        skip -= skipped;
        tracks.extend(page.items.into_iter().skip(skipped));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    tracks.truncate(size as usize);
    Ok(tracks)
}
