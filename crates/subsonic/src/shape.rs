//! What the catalogue shows, in the API's elements.

use std::collections::HashMap;

use catalog::{
    TrackId,
    model::{Album, Artist, Mark, NamedRef, Picture, Track, Video},
    service::dialect::{TrackFacts, VideoFacts},
};

use crate::{ids::ItemId, tree::Element};

/// Milliseconds as the whole seconds of the API.
pub(crate) fn seconds(ms: u64) -> u64 {
    (ms + 500) / 1000
}

/// With what the caller has done with it.
fn marked(element: Element, mark: &Mark) -> Element {
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

/// An artist by tags.
pub(crate) fn artist(artist: &Artist) -> Element {
    artist_name(artist)
        .with("albumCount", artist.album_count)
        .maybe("coverArt", cover(artist.id, artist.picture.as_ref()))
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
        .with("parent", ItemId::Folder.to_string())
        .with("isDir", true)
        .with("title", artist.name.as_str())
        .with("artist", artist.name.as_str())
        .with("mediaType", "artist")
        .maybe("coverArt", cover(artist.id, artist.picture.as_ref()))
}

/// What an album is in both ways of browsing.
fn album_parts(album: &Album) -> Element {
    let artists = joined(&album.artists);
    let element = Element::new()
        .with("id", ItemId::from(album.id).to_string())
        .with("title", album.title.as_str())
        .with("album", album.title.as_str())
        .text("artist", &artists)
        .text("displayArtist", &artists)
        .maybe("artistId", first_id(&album.artists))
        .maybe("coverArt", cover(album.id, album.picture.as_ref()))
        .with("songCount", album.track_count)
        .with("duration", seconds(album.duration_ms))
        .with("created", album.added_at.to_string())
        .maybe("year", album.year.map(u64::from));
    marked(element, &album.mark)
}

/// An album by tags.
pub(crate) fn album(album: &Album) -> Element {
    album_parts(album)
        .with("name", album.title.as_str())
        .list("artists", named(&album.artists))
        .maybe("releaseDate", album.released.as_deref().map(date))
}

/// An album as a folder.
pub(crate) fn album_folder(album: &Album) -> Element {
    album_parts(album)
        .maybe("parent", first_id(&album.artists))
        .with("isDir", true)
        .with("mediaType", "album")
}

/// Facts of several tracks.
pub(crate) type Facts = HashMap<TrackId, TrackFacts>;

/// A track.
pub(crate) fn song(track: &Track, facts: &Facts) -> Element {
    let artists = joined(&track.artists);
    let album_id = track.album.as_ref().map(|album| ItemId::from(album.id).to_string());
    let element = Element::new()
        .with("id", ItemId::from(track.id).to_string())
        .with("isDir", false)
        .with("isVideo", false)
        .with("type", "music")
        .with("mediaType", "song")
        .with("title", track.title.as_str())
        .text("artist", &artists)
        .text("displayArtist", &artists)
        .maybe("artistId", first_id(&track.artists))
        .list("artists", named(&track.artists))
        .maybe("parent", album_id.clone())
        .maybe("albumId", album_id)
        .maybe("album", track.album.as_ref().map(|album| album.title.as_str()))
        .maybe("track", track.number)
        .with("discNumber", track.disc)
        .with("duration", seconds(track.duration_ms))
        .known("bitRate", track.bitrate_kbps)
        .known("samplingRate", track.sample_rate_hz)
        .known("channelCount", track.channels)
        .maybe("coverArt", song_cover(track, facts.get(&track.id)));
    let element = marked(element, &track.mark);
    match facts.get(&track.id) {
        Some(facts) => with_facts(element, track, facts),
        // It was hidden a moment ago.
        None => element,
    }
}

/// A track's picture by the album where it is the album's: apps then fetch it once for all of an album.
fn song_cover(track: &Track, facts: Option<&TrackFacts>) -> Option<String> {
    let album = track.album.as_ref().filter(|_| facts.is_some_and(|facts| !facts.own_picture));
    let of = album.map_or(ItemId::from(track.id), |album| album.id.into());
    cover(of, track.picture.as_ref())
}

fn with_facts(element: Element, track: &Track, facts: &TrackFacts) -> Element {
    let album_artists = joined(&facts.album_artists);
    element
        .with("size", facts.bytes)
        .with("contentType", facts.mime.as_str())
        .with("suffix", facts.suffix.as_str())
        .with("created", facts.added_at.to_string())
        .with("path", path(track, facts))
        .maybe("year", facts.date.as_deref().and_then(year))
        .maybe("genre", facts.genres.first().map(String::as_str))
        .list("genres", facts.genres.iter().map(|genre| Element::new().with("name", genre.as_str())))
        .maybe("musicBrainzId", facts.musicbrainz.as_deref())
        .text("displayAlbumArtist", &album_artists)
        .list("albumArtists", named(&facts.album_artists))
}

/// A path made of the tags: where the file really lies is the operator's business.
fn path(track: &Track, facts: &TrackFacts) -> String {
    let artists = if facts.album_artists.is_empty() { &track.artists } else { &facts.album_artists };
    let artist = artists.first().map_or("Unknown artist", |artist| artist.name.as_str());
    let album = track.album.as_ref().map_or("Unknown album", |album| album.title.as_str());
    let number = match (track.disc, track.number) {
        (_, None) => String::new(),
        (0 | 1, Some(number)) => format!("{number:02} "),
        (disc, Some(number)) => format!("{disc}-{number:02} "),
    };
    let plain = |text: &str| text.replace(['/', '\\'], "_");
    format!("{}/{}/{number}{}.{}", plain(artist), plain(album), plain(&track.title), facts.suffix)
}

/// A video.
pub(crate) fn video(video: &Video, facts: Option<&VideoFacts>) -> Element {
    let element = Element::new()
        .with("id", ItemId::from(video.id).to_string())
        .with("parent", ItemId::Folder.to_string())
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
