//! Albums, by tags and as folders.

use catalog::{
    FolderId,
    model::{Album, AlbumFacts},
};

use super::{cover, date, explicit, first_id, genres, marked, named, names, seconds, shown};
use crate::{ids::ItemId, tree::Element};

/// What an album is in both ways of browsing.
fn album_parts(album: &Album, facts: Option<&AlbumFacts>) -> Element {
    let artists = shown(album.artist_shown.as_deref(), &album.artists);
    let element = Element::new()
        .with("id", ItemId::from(album.id).to_string())
        .with("title", album.title.as_str())
        .with("album", album.title.as_str())
        .text("artist", &artists)
        .text("displayArtist", &artists)
        .maybe("artistId", first_id(&album.artists))
        .list("artists", named(&album.artists))
        .maybe("coverArt", cover(album.id, album.picture.as_ref()))
        .with("songCount", album.track_count)
        .with("duration", seconds(album.duration_ms))
        .with("created", album.added_at.to_string())
        .with("mediaType", "album")
        .maybe("year", album.year.map(u64::from))
        .maybe("genre", album.genres.first().map(|genre| genre.name.as_str()))
        .list("genres", genres(&album.genres));
    let element = marked(element, &album.mark);
    let Some(facts) = facts else { return element };
    element
        .maybe("sortName", facts.sort_title.as_deref())
        .maybe("musicBrainzId", facts.musicbrainz.as_deref())
        .with("moods", names(&facts.moods))
        .with("explicitStatus", explicit(facts.advisory))
}

/// An album by tags.
pub(crate) fn album(album: &Album, facts: Option<&AlbumFacts>) -> Element {
    let element = album_parts(album, facts)
        .with("name", album.title.as_str())
        .maybe("version", album.version.as_deref())
        .with("releaseTypes", album.types.clone())
        .maybe("releaseDate", album.released.as_deref().map(date));
    let Some(facts) = facts else { return element };
    let labels = facts.labels.iter().map(|label| Element::new().with("name", label.as_str()));
    element
        .maybe("originalReleaseDate", facts.original_date.as_deref().map(date))
        .with("isCompilation", facts.compilation)
        .list("recordLabels", labels)
}

/// An album as a folder.
pub(crate) fn album_folder(album: &Album, facts: Option<&AlbumFacts>, lies: Option<FolderId>) -> Element {
    album_parts(album, facts).maybe("parent", album_parent(album, lies)).with("isDir", true)
}

/// In which folder an album is: in the one where it lies, for apps that are told, else in its artist.
pub(crate) fn album_parent(album: &Album, lies: Option<FolderId>) -> Option<String> {
    let lies = lies.map(|folder| ItemId::from(folder).to_string());
    lies.or_else(|| first_id(&album.artists))
}
