//! What the catalogue shows, in the API's elements.

mod albums;
mod artists;
mod folders;
mod podcasts;
mod songs;

use catalog::{
    import::Advisory,
    model::{GenreRef, Mark, NamedRef, Picture, Video},
    service::dialect::{VideoFacts, folders::Place},
};

pub(crate) use self::{
    albums::{album, album_folder, album_parent},
    artists::{artist, artist_folder, artist_name},
    folders::{folder, folder_name},
    podcasts::{channel, episode},
    songs::song,
};
use crate::{
    ids::{FOLDER, ItemId},
    tree::Element,
};

/// Milliseconds as the whole seconds of the API.
pub(crate) fn seconds(ms: u64) -> u64 {
    (ms + 500) / 1000
}

/// With what the caller has done with it.
pub(crate) fn marked(element: Element, mark: &Mark) -> Element {
    element
        .maybe("starred", mark.favourite_at.map(|at| at.to_string()))
        .maybe("userRating", mark.rating)
        .known("playCount", mark.plays)
        .maybe("played", mark.played_at.map(|at| at.to_string()))
}

fn cover(of: impl Into<ItemId>, picture: Option<&Picture>) -> Option<String> {
    picture.map(|picture| of.into().cover(picture.id))
}

/// Several names as one.
fn joined(artists: &[NamedRef]) -> String {
    artists.iter().map(|artist| artist.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn first_id(artists: &[NamedRef]) -> Option<String> {
    artists.first().map(|artist| ItemId::from(artist.id).to_string())
}

/// Artists as parts of something else: who, and nothing more.
fn named(artists: &[NamedRef]) -> Vec<Element> {
    let each = artists.iter();
    each.map(|one| {
        Element::new().with("id", ItemId::from(one.id).to_string()).with("name", one.name.as_str())
    })
    .collect()
}

/// `YYYY[-MM[-DD]]` as a year, a month and a day.
fn date(text: &str) -> Element {
    let mut parts = text.split('-').map(|part| part.parse::<u64>().unwrap_or(0));
    let mut element = Element::new();
    for name in ["year", "month", "day"] {
        element = element.known(name, parts.next().unwrap_or(0));
    }
    element
}

fn year(text: &str) -> Option<u64> {
    text.get(..4)?.parse().ok()
}

/// Artists as they are shown: as the tags show them, else their names in a row.
fn shown(artist_shown: Option<&str>, artists: &[NamedRef]) -> String {
    artist_shown.map_or_else(|| joined(artists), str::to_owned)
}

/// Names one by one.
fn names(refs: &[GenreRef]) -> Vec<String> {
    refs.iter().map(|one| one.name.clone()).collect()
}

/// Genres as the elements of the API.
fn genres(refs: &[GenreRef]) -> Vec<Element> {
    refs.iter().map(|one| Element::new().with("name", one.name.as_str())).collect()
}

/// Whether it is fit for children, in the API's word; empty when nothing says so.
fn explicit(advisory: Option<Advisory>) -> &'static str {
    match advisory {
        Some(Advisory::Explicit) => "explicit",
        Some(Advisory::Clean) => "clean",
        None => "",
    }
}

/// A video; with where it lies for apps that look through folders.
pub(crate) fn video(video: &Video, facts: Option<&VideoFacts>, place: Option<&Place>) -> Element {
    let parent = place.map_or(ItemId::Folder(FOLDER), |place| place.folder.into());
    let element = Element::new()
        .with("id", ItemId::from(video.id).to_string())
        .with("parent", parent.to_string())
        .maybe("path", place.map(|place| place.path.as_str()))
        .with("isDir", false)
        .with("isVideo", true)
        .with("type", "video")
        .with("title", video.title.as_str())
        .with("duration", seconds(video.duration_ms))
        .with("created", video.added_at.to_string())
        .known("originalWidth", video.width)
        .known("originalHeight", video.height)
        .maybe("coverArt", cover(video.id, video.picture.as_ref()));
    let element = marked(element, &video.mark);
    let Some(facts) = facts else { return element };
    element
        .with("size", facts.bytes)
        .with("contentType", facts.mime.as_str())
        .with("suffix", facts.suffix.as_str())
        .known("bitRate", facts.bitrate_kbps)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_date_says_as_much_as_is_known() {
        assert_eq!(Value::from(date("1999-05-01")), json!({ "year": 1999, "month": 5, "day": 1 }));
        assert_eq!(Value::from(date("1999-05")), json!({ "year": 1999, "month": 5 }));
        assert_eq!(Value::from(date("1999")), json!({ "year": 1999 }));
        assert_eq!((year("1999-05"), year("é999")), (Some(1999), None));
    }

    #[test]
    fn seconds_are_rounded() {
        assert_eq!([0, 499, 500, 1499, 1500].map(seconds), [0, 0, 1, 1, 2]);
    }
}
