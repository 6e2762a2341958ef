//! Songs.

use catalog::{
    import::Role,
    model::{Credit, TaggedGain, Track, TrackFacts},
    service::dialect::TrackFacts as FileFacts,
    sound::{Loudness, REPLAY_GAIN_LUFS},
};

use super::{cover, explicit, first_id, genres, joined, marked, named, names, seconds, shown, year};
use crate::{facts::Songs, ids::ItemId, tree::Element};

/// The loudness that R128 gains in tags bring everything to, LUFS.
const R128_LUFS: f64 = -23.0;

/// A track.
pub(crate) fn song(track: &Track, known: &Songs) -> Element {
    let artists = shown(track.artist_shown.as_deref(), &track.artists);
    let album_id = track.album.as_ref().map(|album| ItemId::from(album.id).to_string());
    let (file, tags) = (known.files.get(&track.id), known.tags.get(&track.id));
    let place = known.places.get(&track.id);
    let parent = place.map(|place| ItemId::from(place.folder).to_string()).or_else(|| album_id.clone());
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
        .text("displayComposer", &joined(&track.composers))
        .maybe("parent", parent)
        .maybe("albumId", album_id)
        .maybe("album", track.album.as_ref().map(|album| album.title.as_str()))
        .maybe("track", track.number)
        .with("discNumber", track.disc)
        .with("duration", seconds(track.duration_ms))
        .known("bitRate", track.bitrate_kbps)
        .known("samplingRate", track.sample_rate_hz)
        .known("channelCount", track.channels)
        .with("explicitStatus", explicit(track.advisory))
        .maybe("genre", track.genres.first().map(|genre| genre.name.as_str()))
        .list("genres", genres(&track.genres))
        .maybe("coverArt", song_cover(track, file))
        .maybe("replayGain", replay_gain(track, tags, known));
    let element = marked(element, &track.mark);
    // It was hidden a moment ago when it is not known.
    let element = match file {
        Some(file) => {
            let path = place.map_or_else(|| path(track, file), |place| place.path.clone());
            with_file(element, file).with("path", path)
        }
        None => element,
    };
    match tags {
        Some(tags) => with_tags(element, tags),
        None => element,
    }
}

/// A track's picture by the album where it is the album's: apps then fetch it once for all of an album.
fn song_cover(track: &Track, facts: Option<&FileFacts>) -> Option<String> {
    let album = track.album.as_ref().filter(|_| facts.is_some_and(|facts| !facts.own_picture));
    let of = album.map_or(ItemId::from(track.id), |album| album.id.into());
    cover(of, track.picture.as_ref())
}

fn with_file(element: Element, file: &FileFacts) -> Element {
    element
        .with("size", file.bytes)
        .with("contentType", file.mime.as_str())
        .with("suffix", file.suffix.as_str())
        .with("created", file.added_at.to_string())
        .text("displayAlbumArtist", &joined(&file.album_artists))
        .list("albumArtists", named(&file.album_artists))
}

fn with_tags(element: Element, tags: &TrackFacts) -> Element {
    let works = tags.work.iter().map(|work| Element::new().with("name", work.as_str()));
    let movements = tags.movement.iter().map(|movement| {
        let element = Element::new().with("name", movement.as_str());
        element.maybe("number", tags.movement_number).maybe("count", tags.movement_total)
    });
    element
        .maybe("year", tags.date.as_deref().and_then(year))
        .maybe("musicBrainzId", tags.musicbrainz.as_deref())
        .maybe("sortName", tags.sort_title.as_deref())
        .maybe("comment", tags.comment.as_deref())
        .maybe("bpm", tags.bpm_hundredths.map(|bpm| (bpm + 50) / 100).filter(|bpm| *bpm > 0))
        .with("isrc", tags.isrcs.clone())
        .with("moods", names(&tags.moods))
        .list("contributors", tags.credits.iter().map(contributor))
        .list("works", works)
        .list("movements", movements)
}

/// Somebody who did something besides.
fn contributor(credit: &Credit) -> Element {
    let artist = Element::new()
        .with("id", ItemId::from(credit.artist_id).to_string())
        .with("name", credit.name.as_str());
    Element::new()
        .with("role", role(credit.role))
        .maybe("subRole", credit.detail.as_deref())
        .with("artist", artist)
}

/// A role in the word that the apps know.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::DjMixer => "djmixer",
        role => role.word(),
    }
}

/// What brings a track, or its album, to the level of others: as measured here, else as its tags say.
fn replay_gain(track: &Track, tags: Option<&TrackFacts>, known: &Songs) -> Option<Element> {
    let tagged = tags.map(|tags| tags.gain).unwrap_or_default();
    let album = track.album.as_ref().and_then(|album| known.albums.get(&album.id)).copied();
    let mut element = Element::new();
    for (gain, peak, measured, (tag_gain, tag_peak)) in [
        ("trackGain", "trackPeak", track.loudness, of_track(&tagged)),
        ("albumGain", "albumPeak", album, of_album(&tagged)),
    ] {
        let (db, amplitude) = match measured {
            Some(loudness) => (Loudness::replay_gain_db(loudness), Loudness::peak(loudness)),
            None => (tag_gain, tag_peak),
        };
        element = element.maybe(gain, db.map(hundredths)).maybe(peak, amplitude.map(millionths));
    }
    (!element.is_empty()).then_some(element)
}

/// Gain and peak of the track by its tags.
fn of_track(tagged: &TaggedGain) -> (Option<f64>, Option<f64>) {
    tagged_gain(tagged.track_cdb, tagged.r128_track_cdb, tagged.track_peak_millionths)
}

/// Gain and peak of the album by the tags of the track.
fn of_album(tagged: &TaggedGain) -> (Option<f64>, Option<f64>) {
    tagged_gain(tagged.album_cdb, tagged.r128_album_cdb, tagged.album_peak_millionths)
}

fn tagged_gain(gain: Option<i32>, r128: Option<i32>, peak: Option<u32>) -> (Option<f64>, Option<f64>) {
    let db = |cdb: i32| f64::from(cdb) / 100.0;
    let r128 = r128.map(|cdb| db(cdb) + REPLAY_GAIN_LUFS - R128_LUFS);
    (gain.map(db).or(r128), peak.map(|peak| f64::from(peak) / 1_000_000.0))
}

fn hundredths(db: f64) -> f64 {
    (db * 100.0).round() / 100.0
}

fn millionths(amplitude: f64) -> f64 {
    (amplitude * 1_000_000.0).round() / 1_000_000.0
}

/// A path made of the tags, for apps that know no other folders than those of tags.
fn path(track: &Track, file: &FileFacts) -> String {
    let artists = if file.album_artists.is_empty() { &track.artists } else { &file.album_artists };
    let artist = artists.first().map_or("Unknown artist", |artist| artist.name.as_str());
    let album = track.album.as_ref().map_or("Unknown album", |album| album.title.as_str());
    let number = match (track.disc, track.number) {
        (_, None) => String::new(),
        (0 | 1, Some(number)) => format!("{number:02} "),
        (disc, Some(number)) => format!("{disc}-{number:02} "),
    };
    let plain = |text: &str| text.replace(['/', '\\'], "_");
    format!("{}/{}/{number}{}.{}", plain(artist), plain(album), plain(&track.title), file.suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_of_tags_is_told_for_one_level_whichever_way_it_was_tagged() {
        let tagged =
            TaggedGain { track_cdb: Some(-650), r128_track_cdb: Some(-1_150), ..TaggedGain::default() };
        assert_eq!(of_track(&tagged), (Some(-6.5), None));
        let r128 = TaggedGain { track_cdb: None, ..tagged };
        assert_eq!(of_track(&r128).0, Some(-6.5), "towards -18 LUFS");
        assert_eq!(of_album(&tagged), (None, None));
    }
}
