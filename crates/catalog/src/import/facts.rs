//! What tags say beyond title, artists and album: credits, the release, the recording; and how it is made fit.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tags::{Named, text, texts};
use crate::fold;

/// Most credits of one track besides its artists.
pub const CREDITS_MAX: usize = 128;
/// Longest comment; the rest of a longer one is left out.
const COMMENT_CHARS_MAX: usize = 2_000;
/// Beats a minute that anybody can mean, in hundredths.
const BPM_HUNDREDTHS: std::ops::RangeInclusive<u32> = 100..=99_999;
/// Loudness corrections that anybody can mean, in hundredths of a decibel.
const GAIN_CDB: std::ops::RangeInclusive<i32> = -10_000..=10_000;
/// Highest peak that is believed, in millionths of full scale.
const PEAK_MILLIONTHS_MAX: u32 = 100_000_000;

/// What somebody did for a track, besides being its artist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = CreditRole)]
pub enum Role {
    /// Wrote the music.
    Composer,
    /// Wrote the words.
    Lyricist,
    /// Wrote it, without the tag saying what.
    Writer,
    /// Arranged it.
    Arranger,
    /// Conducted.
    Conductor,
    /// Played or sang; the detail says what, if the tag does.
    Performer,
    /// Produced it.
    Producer,
    /// Recorded it.
    Engineer,
    /// Mixed it.
    Mixer,
    /// Made another version of it.
    Remixer,
    /// Mixed it with what comes before and after.
    DjMixer,
    /// Directed it.
    Director,
}

impl Role {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Composer,
        Self::Lyricist,
        Self::Writer,
        Self::Arranger,
        Self::Conductor,
        Self::Performer,
        Self::Producer,
        Self::Engineer,
        Self::Mixer,
        Self::Remixer,
        Self::DjMixer,
        Self::Director,
    ];

    /// The word for it in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Composer => "composer",
            Self::Lyricist => "lyricist",
            Self::Writer => "writer",
            Self::Arranger => "arranger",
            Self::Conductor => "conductor",
            Self::Performer => "performer",
            Self::Producer => "producer",
            Self::Engineer => "engineer",
            Self::Mixer => "mixer",
            Self::Remixer => "remixer",
            Self::DjMixer => "dj-mixer",
            Self::Director => "director",
        }
    }

    /// The role with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// Somebody who did something for a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditTag {
    /// What.
    pub role: Role,
    /// Who.
    pub name: String,
    /// What a performer plays.
    pub detail: Option<String>,
    /// The name as it is to be sorted.
    pub sort: Option<String>,
    /// Who, by `MusicBrainz`.
    pub musicbrainz: Option<String>,
}

/// Whether a track or album is fit for children, as its tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Advisory {
    /// It is not.
    Explicit,
    /// It is an edited version that is.
    Clean,
}

impl Advisory {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Clean => "clean",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Explicit, Self::Clean].into_iter().find(|advisory| advisory.word() == word)
    }
}

/// What the tags say of the album as a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseTags {
    /// The album's artists as they are shown, `A & B`, where they are also named one by one.
    pub artists_shown: Option<String>,
    /// When this edition came out, where the tags tell it from the date of the recording; `YYYY[-MM[-DD]]`.
    pub date: Option<String>,
    /// Which edition it is.
    pub version: Option<String>,
    /// What it is: `album`, `live`, …
    pub types: Vec<String>,
    /// Who put it out.
    pub labels: Vec<String>,
    /// Under which numbers.
    pub catalogue_numbers: Vec<String>,
    /// Its barcode.
    pub barcode: Option<String>,
    /// `MusicBrainz`: what all editions of it share.
    pub group: Option<String>,
}

/// What the tags say of the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingTags {
    /// The artists as they are shown, `A feat. B`, where they are also named one by one.
    pub artists_shown: Option<String>,
    /// More to the title.
    pub subtitle: Option<String>,
    /// When it first came out, `YYYY[-MM[-DD]]`; the album takes it for its own.
    pub original: Option<String>,
    /// A comment, maybe of several lines.
    pub comment: Option<String>,
    /// Its international standard recording codes.
    pub isrcs: Vec<String>,
    /// The work that is played.
    pub work: Option<String>,
    /// The part of the work.
    pub movement: Option<String>,
    /// The number of the part.
    pub movement_number: Option<u32>,
    /// How many parts the work has.
    pub movement_total: Option<u32>,
    /// What its disc is: `CD`.
    pub medium: Option<String>,
    /// Whether it is fit for children.
    pub advisory: Option<Advisory>,
    /// Beats a minute, in hundredths.
    pub bpm_hundredths: Option<u32>,
    /// What it takes to level it.
    pub gains: Gains,
}

/// Loudness as tagged. What is out of any sensible range is dropped when it is taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gains {
    /// `ReplayGain` of the track, in hundredths of a decibel.
    pub track_cdb: Option<i32>,
    /// Peak of the track, in millionths of full scale.
    pub track_peak_millionths: Option<u32>,
    /// `ReplayGain` of the album, in hundredths of a decibel.
    pub album_cdb: Option<i32>,
    /// Peak of the album, in millionths of full scale.
    pub album_peak_millionths: Option<u32>,
    /// R128 gain of the track towards -23 LUFS, in hundredths of a decibel.
    pub r128_track_cdb: Option<i32>,
    /// R128 gain of the album, likewise.
    pub r128_album_cdb: Option<i32>,
}

impl Gains {
    fn cleaned(self) -> Self {
        let gain = |cdb: Option<i32>| cdb.filter(|cdb| GAIN_CDB.contains(cdb));
        let peak = |peak: Option<u32>| peak.filter(|peak| *peak <= PEAK_MILLIONTHS_MAX);
        Self {
            track_cdb: gain(self.track_cdb),
            track_peak_millionths: peak(self.track_peak_millionths),
            album_cdb: gain(self.album_cdb),
            album_peak_millionths: peak(self.album_peak_millionths),
            r128_track_cdb: gain(self.r128_track_cdb),
            r128_album_cdb: gain(self.r128_album_cdb),
        }
    }
}

/// The credits as they are kept: who, what, and what they play; the same once.
pub(super) fn credits(raw: &[CreditTag]) -> Vec<(Named, Role, Option<String>)> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    for credit in raw.iter().take(CREDITS_MAX) {
        let Some(name) = text(Some(&credit.name)) else { continue };
        let detail = text(credit.detail.as_deref());
        if !seen.insert((fold::same(&name), credit.role, detail.as_deref().map(fold::same))) {
            continue;
        }
        let sort = text(credit.sort.as_deref());
        let musicbrainz = credit.musicbrainz.as_deref().and_then(fold::musicbrainz);
        all.push((Named { name, sort, musicbrainz }, credit.role, detail));
    }
    all
}

/// The facts of a release as they are kept, several of one kind one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CleanRelease {
    pub(crate) artists_shown: Option<String>,
    pub(crate) sort_title: Option<String>,
    pub(crate) original: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) types: Option<String>,
    pub(crate) labels: Option<String>,
    pub(crate) catalogue_numbers: Option<String>,
    pub(crate) barcode: Option<String>,
    pub(crate) musicbrainz: Option<String>,
    pub(crate) group: Option<String>,
}

impl CleanRelease {
    pub(super) fn of(release: &ReleaseTags, original: Option<&str>) -> Self {
        Self {
            artists_shown: text(release.artists_shown.as_deref()),
            sort_title: None,
            original: original.and_then(fold::date),
            version: text(release.version.as_deref()),
            types: lines(&release.types).map(|types| types.to_lowercase()),
            labels: lines(&release.labels),
            catalogue_numbers: lines(&release.catalogue_numbers),
            barcode: text(release.barcode.as_deref()),
            musicbrainz: None,
            group: release.group.as_deref().and_then(fold::musicbrainz),
        }
    }

    fn fields(&mut self) -> [&mut Option<String>; 10] {
        [
            &mut self.artists_shown,
            &mut self.sort_title,
            &mut self.original,
            &mut self.version,
            &mut self.types,
            &mut self.labels,
            &mut self.catalogue_numbers,
            &mut self.barcode,
            &mut self.musicbrainz,
            &mut self.group,
        ]
    }

    /// Takes what `other` says and this does not. Whether that changed it.
    pub(crate) fn learn(&mut self, other: &Self) -> bool {
        if self == other {
            return false;
        }
        let mut other = other.clone();
        let mut changed = false;
        for (mine, theirs) in self.fields().into_iter().zip(other.fields()) {
            if mine.is_none() && theirs.is_some() {
                *mine = theirs.take();
                changed = true;
            }
        }
        changed
    }
}

/// The facts of a recording as they are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct CleanRecording {
    pub(crate) artists_shown: Option<String>,
    pub(crate) sort_title: Option<String>,
    pub(crate) subtitle: Option<String>,
    pub(crate) original: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) isrcs: Option<String>,
    pub(crate) work: Option<String>,
    pub(crate) movement: Option<String>,
    pub(crate) movement_number: Option<u32>,
    pub(crate) movement_total: Option<u32>,
    pub(crate) medium: Option<String>,
    pub(crate) advisory: Option<&'static str>,
    pub(crate) bpm_hundredths: Option<u32>,
    pub(crate) gains: Gains,
}

impl CleanRecording {
    pub(super) fn of(recording: &RecordingTags) -> Self {
        let number = |number: Option<u32>| number.filter(|number| (1..=9999).contains(number));
        let comment = recording.comment.as_deref().map(|text| fold::clean_lines(text, COMMENT_CHARS_MAX));
        Self {
            artists_shown: text(recording.artists_shown.as_deref()),
            sort_title: None,
            subtitle: text(recording.subtitle.as_deref()),
            original: recording.original.as_deref().and_then(fold::date),
            comment: comment.filter(|text| !text.is_empty()),
            isrcs: lines(&recording.isrcs),
            work: text(recording.work.as_deref()),
            movement: text(recording.movement.as_deref()),
            movement_number: number(recording.movement_number),
            movement_total: number(recording.movement_total),
            medium: text(recording.medium.as_deref()),
            advisory: recording.advisory.map(Advisory::word),
            bpm_hundredths: recording.bpm_hundredths.filter(|bpm| BPM_HUNDREDTHS.contains(bpm)),
            gains: recording.gains.cleaned(),
        }
    }
}

/// Several texts, one a line; `None` without any.
pub(super) fn lines(raw: &[String]) -> Option<String> {
    let kept = texts(raw);
    (!kept.is_empty()).then(|| kept.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_word_that_leads_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
            assert_eq!(serde_json::to_value(role).expect("json"), role.word());
        }
    }

    #[test]
    fn nonsense_of_numbers_is_dropped() {
        let recording = RecordingTags {
            bpm_hundredths: Some(u32::MAX),
            movement_number: Some(0),
            gains: Gains { track_cdb: Some(i32::MIN), album_cdb: Some(-650), ..Gains::default() },
            ..RecordingTags::default()
        };
        let clean = CleanRecording::of(&recording);
        assert_eq!((clean.bpm_hundredths, clean.movement_number), (None, None));
        assert_eq!((clean.gains.track_cdb, clean.gains.album_cdb), (None, Some(-650)));
    }

    #[test]
    fn the_same_credit_twice_counts_once_and_another_role_is_another() {
        let credit = |role, name: &str| CreditTag {
            role,
            name: name.to_owned(),
            detail: None,
            sort: None,
            musicbrainz: None,
        };
        let raw =
            [credit(Role::Composer, "Bach"), credit(Role::Composer, " BACH"), credit(Role::Lyricist, "Bach")];
        assert_eq!(credits(&raw).len(), 2);
        let many: Vec<_> = (0..1000).map(|at| credit(Role::Performer, &at.to_string())).collect();
        assert_eq!(credits(&many).len(), CREDITS_MAX);
    }

    #[test]
    fn an_album_learns_what_it_did_not_know_and_keeps_what_it_did() {
        let said = |label: &str| CleanRelease { labels: Some(label.to_owned()), ..CleanRelease::default() };
        let mut album = CleanRelease::default();
        assert!(album.learn(&said("Warp")));
        assert!(!album.learn(&said("Ninja Tune")));
        assert!(!album.learn(&CleanRelease::default()));
        assert_eq!(album, said("Warp"));
    }
}
