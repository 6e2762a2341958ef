//! Artists, albums, songs and videos, by tags and as folders.

use catalog::{
    AlbumId, ArtistId, VideoId,
    model::{AlbumDetail, Artist, Track},
    service::{
        self,
        dialect::{self, ROWS_MAX},
    },
};
use kernel::{PageQuery, http::Viewer};

use super::drive;
use crate::{
    call::{Call, Reply},
    error::Error,
    facts, folders,
    ids::{FOLDER, ItemId},
    shape,
    tree::Element,
};

/// Words that do not count at the beginning of a name, as the catalogue sorts.
const IGNORED_ARTICLES: &str = "The An A";
/// Most artists of an index, which the API gives whole.
pub(crate) const ARTISTS_MAX: usize = 200_000;
/// Most videos of the list of all, which the API gives whole.
pub(crate) const VIDEOS_MAX: usize = 10_000;
/// Rows of one step of what is given whole.
const STEP: u32 = 200;

/// The libraries that the caller may see.
pub(super) async fn get_music_folders(call: &Call) -> Result<Reply, Error> {
    let folders = folders::of(call.ctx(), call.viewer()).await?.into_iter();
    let each = folders.map(|folder| Element::new().with("id", folder.number).with("name", folder.name));
    Reply::element("musicFolders", Element::new().list("musicFolder", each))
}

/// Artists as folders, or the folders of the drive; none to those who have the latest already.
pub(super) async fn get_indexes(call: &Call) -> Result<Reply, Error> {
    let since = match call.params.filled("ifModifiedSince") {
        Some(_) => Some(call.params.moment("ifModifiedSince")?),
        None => None,
    };
    // Asked before the artists are read: what changes meanwhile is then told the next time.
    let changed = catalog::search::changed(call.ctx()).await?.unwrap_or(call.ctx().now());
    // What the app has may be folders of the other kind.
    let changed = call.caller.folders_since.map_or(changed, |since| changed.max(since));
    // Up to the next whole millisecond, which is what the app will ask with.
    let changed_ms = changed.0.div_euclid(1000) + 1;
    let (index, children) = match since {
        Some(since) if since.0 / 1000 >= changed_ms => (Vec::new(), Vec::new()),
        _ if call.is_by_drive() => drive::indexes(call).await?,
        _ => {
            let found = all_artists(call, call.viewer()).await?;
            (index(&found.keys, facts::artist_names(&found.artists)), Vec::new())
        }
    };
    // Folders stand where their names put them, articles and all.
    let ignored = if call.is_by_drive() { "" } else { IGNORED_ARTICLES };
    let element =
        Element::new().with("ignoredArticles", ignored).with("lastModified", changed_ms).list("index", index);
    let element = if children.is_empty() { element } else { element.list("child", children) };
    Reply::element("indexes", element)
}

pub(super) async fn get_artists(call: &Call) -> Result<Reply, Error> {
    let found = all_artists(call, call.viewer()).await?;
    let index = index(&found.keys, facts::artists(call, &found.artists).await?);
    Reply::element("artists", Element::new().with("ignoredArticles", IGNORED_ARTICLES).list("index", index))
}

/// Artists, or folders, under the letters with which they are sorted.
pub(super) fn index(keys: &[String], artists: Vec<Element>) -> Vec<Element> {
    let mut groups: Vec<(String, Vec<Element>)> = Vec::new();
    for (key, artist) in keys.iter().zip(artists) {
        let letter = index_letter(key);
        match groups.iter_mut().rev().find(|(name, _)| *name == letter) {
            Some((_, group)) => group.push(artist),
            None => groups.push((letter, vec![artist])),
        }
    }
    let each = groups.into_iter();
    each.map(|(name, group)| Element::new().with("name", name).list("artist", group)).collect()
}

/// Artists by name, and by which keys they are sorted.
#[derive(Default)]
struct Artists {
    artists: Vec<Artist>,
    keys: Vec<String>,
}

async fn all_artists(call: &Call, viewer: &Viewer) -> Result<Artists, Error> {
    let mut all = Artists::default();
    loop {
        let last = all.keys.last().cloned().zip(all.artists.last().map(|artist| artist.id));
        let step = dialect::artists_after(call.ctx(), viewer, last, ROWS_MAX).await?;
        let is_last = step.len() < ROWS_MAX as usize;
        let (artists, keys): (Vec<_>, Vec<_>) = step.into_iter().unzip();
        all.artists.extend(artists);
        all.keys.extend(keys);
        if is_last || all.keys.len() >= ARTISTS_MAX {
            all.artists.truncate(ARTISTS_MAX);
            return Ok(all);
        }
    }
}

/// The letter under which a name stands; what begins with none stands under `#`.
fn index_letter(sort_key: &str) -> String {
    match sort_key.chars().next() {
        Some(letter) if letter.is_alphabetic() => letter.to_uppercase().collect(),
        _ => "#".to_owned(),
    }
}

/// What is in a folder: artists in the music folder, albums in an artist, songs in an album; or what lies in a folder of the
/// drive. Both are answered whatever the app is given as folders, so that it goes on with what it knows from before; what is
/// in a folder has that one as its parent here.
pub(super) async fn get_music_directory(call: &Call) -> Result<Reply, Error> {
    let id = ItemId::parse(call.params.required("id")?)?;
    let own = id.to_string();
    let inside =
        |children: Vec<Element>| children.into_iter().map(|child| child.with("parent", own.as_str()));
    let element = Element::new().with("id", own.as_str());
    let element = match id {
        ItemId::Directory(folder) => drive::directory(call, folder).await?,
        ItemId::Folder(number) if call.is_by_drive() => drive::music_folder(call, number).await?,
        ItemId::Folder(number) => {
            let (name, viewer) = folder_of(call, number).await?;
            let found = all_artists(call, &viewer).await?;
            let children = found.artists.iter().map(shape::artist_folder);
            element.with("name", name).list("child", children)
        }
        ItemId::Artist(artist) => {
            let found = service::artist(call.ctx(), call.viewer(), artist).await?;
            element
                .with("parent", ItemId::Folder(FOLDER).to_string())
                .with("name", found.artist.name)
                .list("child", inside(facts::album_folders(call, &found.albums).await?))
        }
        ItemId::Album(album) => {
            let (found, songs) = album_with_songs(call, album).await?;
            let lies = facts::where_albums_lie(call, std::slice::from_ref(&found.album)).await?;
            let parent = shape::album_parent(&found.album, lies.get(&album).copied());
            element.maybe("parent", parent).with("name", found.album.title).list("child", inside(songs))
        }
        _ => return Err(Error::absent()),
    };
    Reply::element("directory", element)
}

/// A folder's name, and the caller as one who asks about it alone.
pub(super) async fn folder_of(call: &Call, number: u32) -> Result<(String, Viewer), Error> {
    let mut viewer = call.viewer().clone();
    let library = folders::library(call.ctx(), &viewer, number).await?;
    let Some(library) = library else { return Ok((folders::EVERYTHING.to_owned(), viewer)) };
    let folders = folders::of(call.ctx(), &viewer).await?;
    let found = folders.into_iter().find(|folder| folder.number == number).ok_or_else(folders::absent)?;
    viewer.within = Some(library.0);
    Ok((found.name, viewer))
}

pub(super) async fn get_artist(call: &Call) -> Result<Reply, Error> {
    let id = artist_id(call.params.required("id")?)?;
    let found = service::artist(call.ctx(), call.viewer(), id).await?;
    let artist = facts::artists(call, &[found.artist]).await?.pop().ok_or_else(Error::absent)?;
    Reply::element("artist", artist.list("album", facts::albums(call, &found.albums).await?))
}

pub(super) async fn get_album(call: &Call) -> Result<Reply, Error> {
    let ItemId::Album(id) = ItemId::parse(call.params.required("id")?)? else { return Err(Error::absent()) };
    let (found, songs) = album_with_songs(call, id).await?;
    let titles = found.discs.iter().filter_map(|disc| {
        let title = disc.title.as_deref()?;
        Some(Element::new().with("disc", disc.number).with("title", title))
    });
    let element =
        shape::album(&found.album, Some(&found.facts)).list("discTitles", titles).list("song", songs);
    Reply::element("album", element)
}

/// An album with its songs in their order.
async fn album_with_songs(call: &Call, id: AlbumId) -> Result<(AlbumDetail, Vec<Element>), Error> {
    let found = service::album(call.ctx(), call.viewer(), id).await?;
    let tracks: Vec<&Track> = found.discs.iter().flat_map(|disc| &disc.tracks).collect();
    let songs = facts::songs(call, &tracks).await?;
    Ok((found, songs))
}

pub(super) async fn get_song(call: &Call) -> Result<Reply, Error> {
    let ItemId::Track(id) = ItemId::parse(call.params.required("id")?)? else { return Err(Error::absent()) };
    let track = service::track(call.ctx(), call.viewer(), id).await?.track;
    let song = facts::songs(call, &[&track]).await?.pop().ok_or_else(Error::absent)?;
    Reply::element("song", song)
}

pub(super) fn artist_id(text: &str) -> Result<ArtistId, Error> {
    match ItemId::parse(text)? {
        ItemId::Artist(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

/// All videos, the newest first, at most [`VIDEOS_MAX`].
pub(super) async fn get_videos(call: &Call) -> Result<Reply, Error> {
    let mut elements = Vec::new();
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    loop {
        let page = service::videos(call.ctx(), call.viewer(), &query).await?;
        elements.extend(facts::videos(call, &page.items.iter().collect::<Vec<_>>()).await?);
        query.after = page.next;
        if query.after.is_none() || elements.len() >= VIDEOS_MAX {
            elements.truncate(VIDEOS_MAX);
            return Reply::element("videos", Element::new().list("video", elements));
        }
    }
}

/// The text tracks of a video. Sound and conversions can't be chosen here: HLS carries them.
pub(super) async fn get_video_info(call: &Call) -> Result<Reply, Error> {
    let id = video_id(call.params.required("id")?)?;
    let found = service::video(call.ctx(), call.viewer(), id).await?;
    let captions = found.captions.iter().map(|caption| {
        let name = format!("{} ({}).vtt", caption.label, caption.language);
        Element::new().with("id", caption.id.to_string()).with("name", name)
    });
    let element = Element::new().with("id", ItemId::from(id).to_string()).list("captions", captions);
    Reply::element("videoInfo", element)
}

pub(super) fn video_id(text: &str) -> Result<VideoId, Error> {
    match ItemId::parse(text)? {
        ItemId::Video(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_under_the_letter_by_which_they_are_sorted() {
        for (key, letter) in
            [("abba", "A"), ("ärzte", "Ä"), ("2pac", "#"), ("", "#"), ("あ", "あ"), ("!", "#")]
        {
            assert_eq!(index_letter(key), letter, "{key}");
        }
    }
}
