//! Artists.

use catalog::model::{Artist, ArtistFacts};

use super::cover;
use crate::{
    ids::{FOLDER, ItemId},
    tree::Element,
};

/// An artist by tags.
pub(crate) fn artist(artist: &Artist, facts: Option<&ArtistFacts>) -> Element {
    let element = artist_name(artist)
        .with("albumCount", artist.album_count)
        .with("mediaType", "artist")
        .maybe("coverArt", cover(artist.id, artist.picture.as_ref()));
    let Some(facts) = facts else { return element };
    element
        .maybe("sortName", facts.sort_name.as_deref())
        .maybe("musicBrainzId", facts.musicbrainz.as_deref())
        .with("roles", roles(facts))
}

/// What an artist does in the house, in the words that the apps know.
fn roles(facts: &ArtistFacts) -> Vec<&'static str> {
    let own = [(facts.has_albums, "albumartist"), (facts.has_tracks, "artist")];
    let own = own.into_iter().filter_map(|(is, word)| is.then_some(word));
    own.chain(facts.roles.iter().map(|role| super::songs::role(*role))).collect()
}

/// An artist as a name in an index of folders.
pub(crate) fn artist_name(artist: &Artist) -> Element {
    let element =
        Element::new().with("id", ItemId::from(artist.id).to_string()).with("name", artist.name.as_str());
    element
        .maybe("starred", artist.mark.favourite_at.map(|at| at.to_string()))
        .maybe("userRating", artist.mark.rating)
}

/// An artist as a folder.
pub(crate) fn artist_folder(artist: &Artist) -> Element {
    Element::new()
        .with("id", ItemId::from(artist.id).to_string())
        .with("parent", ItemId::Folder(FOLDER).to_string())
        .with("isDir", true)
        .with("title", artist.name.as_str())
        .with("artist", artist.name.as_str())
        .with("mediaType", "artist")
        .maybe("coverArt", cover(artist.id, artist.picture.as_ref()))
}
