//! What the tags of a file say, made fit.

use std::collections::HashSet;

use super::{
    facts::{self, CleanRecording, CleanRelease, CreditTag, RecordingTags, ReleaseTags, Role},
    lyrics::{LYRICS_MAX, LyricsTag},
};
use crate::fold;

/// Most entries of a list of names.
pub const TEXTS_MAX: usize = 32;
/// Highest number of a disc or of a track on it; more is taken for nonsense and dropped.
const NUMBER_MAX: u32 = 9999;

/// `MusicBrainz` identifiers of a track. Ones that have not the form of such are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MusicBrainz {
    /// The recording.
    pub recording: Option<String>,
    /// The release, which tells editions of an album apart.
    pub release: Option<String>,
    /// The artists, in the order of [`TrackTags::artists`]; used only when there are as many.
    pub artists: Vec<String>,
    /// The album's artists, in the order of [`TrackTags::album_artists`]; used only when there are as many.
    pub album_artists: Vec<String>,
}

/// What the tags of a file say. Anything may stand in here: it is cleaned and bounded when it is taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackTags {
    /// The title; the caller puts the file's name when there is none.
    pub title: String,
    /// Who plays, each by itself.
    pub artists: Vec<String>,
    /// The album.
    pub album: Option<String>,
    /// Whose album it is, each by itself.
    pub album_artists: Vec<String>,
    /// Number of the disc.
    pub disc: Option<u32>,
    /// Name of the disc.
    pub disc_title: Option<String>,
    /// Number on the disc.
    pub number: Option<u32>,
    /// When it was released, `YYYY[-MM[-DD]]`.
    pub date: Option<String>,
    /// Genres, each by itself.
    pub genres: Vec<String>,
    /// Whether the album gathers pieces by several artists.
    pub compilation: bool,
    /// The title as it is to be sorted.
    pub title_sort: Option<String>,
    /// The album's title as it is to be sorted.
    pub album_sort: Option<String>,
    /// The artists' names as they are to be sorted, in the order of `artists`; used only when there are as many.
    pub artists_sort: Vec<String>,
    /// The same for the album's artists.
    pub album_artists_sort: Vec<String>,
    /// Identifiers.
    pub musicbrainz: MusicBrainz,
    /// Moods, each by itself.
    pub moods: Vec<String>,
    /// Who did what besides the artists.
    pub credits: Vec<CreditTag>,
    /// The album as a release.
    pub release: ReleaseTags,
    /// The recording.
    pub recording: RecordingTags,
    /// Lyrics, those to be offered first in front.
    pub lyrics: Vec<LyricsTag>,
}

/// Somebody named by a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) sort: Option<String>,
    pub(crate) musicbrainz: Option<String>,
}

impl Named {
    pub(crate) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), sort: None, musicbrainz: None }
    }
}

/// The tags as they are kept.
pub(crate) struct CleanTags {
    pub(crate) title: String,
    pub(crate) title_sort: Vec<u8>,
    pub(crate) artists: Vec<Named>,
    pub(crate) album: Option<String>,
    pub(crate) album_sort: Option<String>,
    pub(crate) album_artists: Vec<Named>,
    pub(crate) disc: u32,
    pub(crate) disc_title: Option<String>,
    pub(crate) number: Option<u32>,
    pub(crate) date: Option<String>,
    pub(crate) genres: Vec<String>,
    pub(crate) moods: Vec<String>,
    pub(crate) compilation: bool,
    pub(crate) recording: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) credits: Vec<(Named, Role, Option<String>)>,
    pub(crate) release_facts: CleanRelease,
    pub(crate) recording_facts: CleanRecording,
    pub(crate) lyrics: Vec<LyricsTag>,
    /// When the edition came out.
    pub(crate) released: Option<String>,
}

impl TrackTags {
    /// Cleans and bounds everything.
    pub(crate) fn cleaned(&self) -> CleanTags {
        let title = text(Some(&self.title)).unwrap_or_else(|| "Untitled".to_owned());
        let title_sort = fold::sort_key(&text(self.title_sort.as_deref()).unwrap_or_else(|| title.clone()));
        let ids = &self.musicbrainz;
        let date = self.date.as_deref().and_then(fold::date);
        let album_sort = text(self.album_sort.as_deref());
        let release = ids.release.as_deref().and_then(fold::musicbrainz);
        let release_facts = CleanRelease {
            sort_title: album_sort.clone(),
            musicbrainz: release.clone(),
            ..CleanRelease::of(&self.release, self.recording.original.as_deref())
        };
        let recording_facts = CleanRecording {
            sort_title: text(self.title_sort.as_deref()),
            ..CleanRecording::of(&self.recording)
        };
        CleanTags {
            title,
            title_sort,
            artists: named(&self.artists, &self.artists_sort, &ids.artists),
            album: text(self.album.as_deref()),
            album_sort,
            album_artists: named(&self.album_artists, &self.album_artists_sort, &ids.album_artists),
            disc: self.disc.filter(|disc| (1..=NUMBER_MAX).contains(disc)).unwrap_or(1),
            disc_title: text(self.disc_title.as_deref()),
            number: self.number.filter(|number| (1..=NUMBER_MAX).contains(number)),
            released: self.release.date.as_deref().and_then(fold::date).or_else(|| date.clone()),
            date,
            genres: texts(&self.genres),
            moods: texts(&self.moods),
            compilation: self.compilation,
            recording: ids.recording.as_deref().and_then(fold::musicbrainz),
            release,
            credits: facts::credits(&self.credits),
            release_facts,
            recording_facts,
            lyrics: self.lyrics.iter().filter_map(LyricsTag::cleaned).take(LYRICS_MAX).collect(),
        }
    }
}

pub(super) fn text(raw: Option<&str>) -> Option<String> {
    raw.map(fold::clean).filter(|text| !text.is_empty())
}

pub(super) fn texts(raw: &[String]) -> Vec<String> {
    let mut seen = Vec::new();
    for cleaned in raw.iter().take(TEXTS_MAX).filter_map(|raw| text(Some(raw))) {
        if !seen.contains(&cleaned) {
            seen.push(cleaned);
        }
    }
    seen
}

/// Names with what belongs to each, the same name once.
fn named(names: &[String], sorts: &[String], ids: &[String]) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    let mut seen = HashSet::new();
    for (at, raw) in names.iter().take(TEXTS_MAX).enumerate() {
        let Some(name) = text(Some(raw)) else { continue };
        if !seen.insert(fold::same(&name)) {
            continue;
        }
        let sort = (sorts.len() == names.len()).then(|| text(Some(&sorts[at]))).flatten();
        let musicbrainz = (ids.len() == names.len()).then(|| fold::musicbrainz(&ids[at])).flatten();
        all.push(Named { name, sort, musicbrainz });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn absurd_tags_are_cut_to_something_sane() {
        let tags = TrackTags {
            title: "\0\n".to_owned(),
            artists: (0..10_000).map(|n| format!("artist {n}\u{202e}")).collect(),
            disc: Some(0),
            number: Some(u32::MAX),
            date: Some("tomorrow".to_owned()),
            genres: strings(&["Rock\nPop", "", "Rock\nPop"]),
            musicbrainz: MusicBrainz { release: Some("' OR 1=1".to_owned()), ..Default::default() },
            ..Default::default()
        };
        let clean = tags.cleaned();
        assert_eq!(clean.title, "Untitled");
        assert_eq!(clean.artists.len(), TEXTS_MAX);
        assert_eq!(clean.artists[0].name, "artist 0");
        assert_eq!((clean.disc, clean.number, clean.date, clean.release), (1, None, None, None));
        assert_eq!(clean.genres, ["Rock Pop"]);
    }

    #[test]
    fn identifiers_are_only_given_to_names_when_each_has_one() {
        let id = "f59c5520-5f46-4d2c-b2c4-822eabf53419".to_owned();
        let two = named(&strings(&["A", "B"]), &[], std::slice::from_ref(&id));
        assert!(two.iter().all(|named| named.musicbrainz.is_none()));
        let one = named(&strings(&["A"]), &strings(&["Z"]), std::slice::from_ref(&id));
        assert_eq!(one[0].musicbrainz, Some(id));
        assert_eq!(one[0].sort.as_deref(), Some("Z"));
    }

    #[test]
    fn the_same_name_twice_counts_once() {
        assert_eq!(named(&strings(&["Air", " AIR ", "", "Moby"]), &[], &[]).len(), 2);
    }
}
