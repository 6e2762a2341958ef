//! The fields of a tag in the catalogue's terms.

use catalog::import::{
    Advisory, CreditTag, Gains, LYRICS_MAX, LyricsSource, LyricsTag, MusicBrainz, RecordingTags, ReleaseTags,
    Role, TEXTS_MAX, TrackTags,
};
use lofty::tag::{ItemKey, Tag};

use super::{Cut, TEXT_BYTES_MAX, raw::Raw};
use crate::scan::lyrics;

/// Who did what, by the fields that say it.
const ROLES: [(ItemKey, Role); 12] = [
    (ItemKey::Composer, Role::Composer),
    (ItemKey::Lyricist, Role::Lyricist),
    (ItemKey::Writer, Role::Writer),
    (ItemKey::Arranger, Role::Arranger),
    (ItemKey::Conductor, Role::Conductor),
    (ItemKey::Performer, Role::Performer),
    (ItemKey::Producer, Role::Producer),
    (ItemKey::Engineer, Role::Engineer),
    (ItemKey::MixEngineer, Role::Mixer),
    (ItemKey::Remixer, Role::Remixer),
    (ItemKey::MixDj, Role::DjMixer),
    (ItemKey::Director, Role::Director),
];

/// What ID3 calls them in its lists of people; everything else in there is an instrument.
const PEOPLE: [(&str, Role); 14] = [
    ("composer", Role::Composer),
    ("lyricist", Role::Lyricist),
    ("writer", Role::Writer),
    ("arranger", Role::Arranger),
    ("conductor", Role::Conductor),
    ("performer", Role::Performer),
    ("producer", Role::Producer),
    ("engineer", Role::Engineer),
    ("mix", Role::Mixer),
    ("mixer", Role::Mixer),
    ("remixer", Role::Remixer),
    ("dj-mix", Role::DjMixer),
    ("djmixer", Role::DjMixer),
    ("director", Role::Director),
];

/// A tag, the fields beside it, and what was cut of them.
pub(super) struct Reading<'a> {
    pub(super) tag: &'a Tag,
    pub(super) raw: &'a Raw,
    pub(super) cut: &'a mut Cut,
}

impl Reading<'_> {
    /// Everything that the tag says; `title` is what the track is called when it has none.
    pub(super) fn track(&mut self, title: &str) -> TrackTags {
        let date =
            [ItemKey::RecordingDate, ItemKey::ReleaseDate, ItemKey::Year, ItemKey::OriginalReleaseDate];
        let own_title = self.one(ItemKey::TrackTitle).filter(|title| !title.trim().is_empty());
        let (artists, artists_shown) = self.artists(ItemKey::TrackArtists, ItemKey::TrackArtist);
        let (album_artists, album_artists_shown) = self.artists(ItemKey::AlbumArtists, ItemKey::AlbumArtist);
        TrackTags {
            title: own_title.unwrap_or_else(|| title.to_owned()),
            artists,
            album: self.one(ItemKey::AlbumTitle),
            album_artists,
            disc: self.number(ItemKey::DiscNumber),
            disc_title: self.one(ItemKey::SetSubtitle),
            number: self.number(ItemKey::TrackNumber),
            date: date.into_iter().find_map(|key| self.one(key)),
            genres: self.names(ItemKey::Genre, true),
            compilation: self.tag.get_string(ItemKey::FlagCompilation).is_some_and(|flag| flag.trim() == "1"),
            title_sort: self.one(ItemKey::TrackTitleSortOrder),
            album_sort: self.one(ItemKey::AlbumTitleSortOrder),
            artists_sort: self.names(ItemKey::TrackArtistSortOrder, true),
            album_artists_sort: self.names(ItemKey::AlbumArtistSortOrder, true),
            musicbrainz: MusicBrainz {
                recording: self.one(ItemKey::MusicBrainzRecordingId),
                release: self.one(ItemKey::MusicBrainzReleaseId),
                artists: self.names(ItemKey::MusicBrainzArtistId, true),
                album_artists: self.names(ItemKey::MusicBrainzReleaseArtistId, true),
            },
            moods: self.names(ItemKey::Mood, true),
            credits: self.credits(),
            release: ReleaseTags { artists_shown: album_artists_shown, ..self.release() },
            recording: RecordingTags { artists_shown, ..self.recording() },
            lyrics: self.lyrics(),
        }
    }

    fn one(&mut self, key: ItemKey) -> Option<String> {
        self.tag.get_string(key).map(|text| bounded(text, self.cut))
    }

    fn names(&mut self, key: ItemKey, split: bool) -> Vec<String> {
        names(self.tag.get_strings(key), split, self.cut)
    }

    /// Names one by one, and as they are shown where the tag has both.
    fn artists(&mut self, plural: ItemKey, single: ItemKey) -> (Vec<String>, Option<String>) {
        let named = self.names(plural, false);
        if named.is_empty() {
            return (self.names(single, true), None);
        }
        let shown = self.one(single).filter(|shown| named.len() > 1 || named.first() != Some(shown));
        (named, shown)
    }

    /// `7`, `07` or `7/12`.
    fn number(&self, key: ItemKey) -> Option<u32> {
        self.tag.get_string(key)?.split('/').next()?.trim().parse().ok()
    }

    fn raw_number(&self, name: &'static str) -> Option<u32> {
        self.raw.first(&[name])?.trim().parse().ok()
    }

    fn release(&mut self) -> ReleaseTags {
        let or_raw = |known: Vec<String>, raw: &Raw, names_of: &[&'static str], cut: &mut Cut| {
            if known.is_empty() {
                names(names_of.iter().flat_map(|name| raw.all(name)), true, cut)
            } else {
                known
            }
        };
        let types = self.names(ItemKey::MusicBrainzReleaseType, true);
        let types = or_raw(types, self.raw, &["RELEASETYPE", "MUSICBRAINZ_ALBUMTYPE"], self.cut);
        let mut labels = self.names(ItemKey::Label, true);
        labels = or_raw(labels, self.raw, &["LABEL"], self.cut);
        if labels.is_empty() {
            labels = self.names(ItemKey::Publisher, true);
        }
        let numbers = self.names(ItemKey::CatalogNumber, true);
        let barcode = self.one(ItemKey::Barcode);
        ReleaseTags {
            artists_shown: None,
            date: self.one(ItemKey::ReleaseDate),
            version: self.raw_text(&["ALBUMVERSION", "VERSION", "EDITION"]),
            types: types
                .iter()
                .flat_map(|kind| kind.split(" + "))
                .flat_map(|kind| kind.split('/'))
                .map(|kind| kind.trim().to_owned())
                .collect(),
            labels,
            catalogue_numbers: or_raw(numbers, self.raw, &["LABELNO"], self.cut),
            barcode: barcode.or_else(|| self.raw_text(&["UPC", "EAN"])),
            group: self.one(ItemKey::MusicBrainzReleaseGroupId),
        }
    }

    fn raw_text(&mut self, names: &[&'static str]) -> Option<String> {
        self.raw.first(names).map(|text| bounded(text, self.cut))
    }

    fn recording(&mut self) -> RecordingTags {
        // "1987-03" says more than "1987", whichever comes first.
        let original = self.tag.get_strings(ItemKey::OriginalReleaseDate);
        let original = original.chain(self.raw.all("ORIGINALDATE")).chain(self.raw.all("ORIGINALYEAR"));
        let original = original.map(str::trim).max_by_key(|date| date.len().min(10)).map(str::to_owned);
        let advisory = self.tag.get_string(ItemKey::ParentalAdvisory);
        let advisory = advisory.or_else(|| self.raw.first(&["ITUNESADVISORY", "EXPLICIT"]));
        let bpm = [ItemKey::Bpm, ItemKey::IntegerBpm].into_iter().find_map(|key| self.tag.get_string(key));
        RecordingTags {
            artists_shown: None,
            subtitle: self.one(ItemKey::TrackSubtitle),
            original,
            comment: self.comment(),
            isrcs: self.names(ItemKey::Isrc, true),
            work: self.one(ItemKey::Work),
            movement: self.one(ItemKey::Movement),
            movement_number: self.number(ItemKey::MovementNumber).or_else(|| self.raw_number("mvi")),
            movement_total: self.number(ItemKey::MovementTotal).or_else(|| self.raw_number("mvc")),
            medium: self.one(ItemKey::OriginalMediaType),
            advisory: advisory.and_then(|text| match text.trim().to_ascii_lowercase().as_str() {
                "1" | "4" | "true" | "yes" | "explicit" => Some(Advisory::Explicit),
                "2" | "clean" => Some(Advisory::Clean),
                _ => None,
            }),
            bpm_hundredths: bpm.or_else(|| self.raw.first(&["tmpo"])).and_then(|text| positive(text, 100.0)),
            gains: self.gains(),
        }
    }

    /// The comment for people; programs put theirs there as well, and say so.
    fn comment(&mut self) -> Option<String> {
        let comments = self.tag.get_items(ItemKey::Comment);
        let mut meant = comments.filter(|item| {
            let about = item.description();
            !about.starts_with("iTun") && !about.starts_with("ID3v1") && !about.starts_with("Songs-DB")
        });
        let text = meant.find_map(|item| item.value().text().filter(|text| !text.trim().is_empty()))?;
        Some(bounded(text, self.cut))
    }

    fn gains(&self) -> Gains {
        let text = |key| self.tag.get_string(key);
        let r128 = |key, name| text(key).or_else(|| self.raw.first(&[name])).and_then(r128);
        Gains {
            track_cdb: text(ItemKey::ReplayGainTrackGain).and_then(decibels),
            track_peak_millionths: text(ItemKey::ReplayGainTrackPeak).and_then(|text| positive(text, 1e6)),
            album_cdb: text(ItemKey::ReplayGainAlbumGain).and_then(decibels),
            album_peak_millionths: text(ItemKey::ReplayGainAlbumPeak).and_then(|text| positive(text, 1e6)),
            r128_track_cdb: r128(ItemKey::R128TrackGain, "R128_TRACK_GAIN"),
            r128_album_cdb: r128(ItemKey::R128AlbumGain, "R128_ALBUM_GAIN"),
        }
    }

    fn credits(&mut self) -> Vec<CreditTag> {
        let mut all = Vec::new();
        let mut sorts = self.names(ItemKey::ComposerSortOrder, true);
        if sorts.is_empty() {
            sorts = names(self.raw.all("COMPOSERSORT"), true, self.cut);
        }
        for (key, role) in ROLES {
            let found = self.names(key, true);
            for (at, name) in found.iter().enumerate() {
                let sort = sorts.get(at).filter(|_| role == Role::Composer && sorts.len() == found.len());
                all.push(credit(role, name, None, sort.cloned()));
            }
        }
        for (name, role) in
            [("ARRANGER", Role::Arranger), ("WRITER", Role::Writer), ("PERFORMER", Role::Performer)]
        {
            let found = names(self.raw.all(name), true, self.cut);
            all.extend(found.iter().map(|name| credit(role, name, None, None)));
        }
        for (part, who) in &self.raw.people {
            let part = bounded(part.trim(), self.cut);
            let known = PEOPLE.iter().find(|(word, _)| part.eq_ignore_ascii_case(word));
            let (role, detail) = match known {
                Some((_, role)) => (*role, None),
                None => (Role::Performer, Some(part).filter(|part| !part.is_empty())),
            };
            let found = names(std::iter::once(who.as_str()), true, self.cut);
            all.extend(found.iter().map(|name| credit(role, name, detail.clone(), None)));
        }
        all
    }

    fn lyrics(&mut self) -> Vec<LyricsTag> {
        let mut all: Vec<LyricsTag> = self.raw.synced.clone();
        let mut seen: Vec<&str> = Vec::new();
        let of_tag =
            [ItemKey::Lyrics, ItemKey::UnsyncLyrics].into_iter().flat_map(|key| self.tag.get_items(key));
        let of_tag = of_tag.filter_map(|item| Some((item.value().text()?, Some(item.lang()))));
        let raw = ["SYNCEDLYRICS", "LYRICS", "UNSYNCEDLYRICS"].into_iter();
        let of_raw = raw.flat_map(|name| self.raw.all(name)).map(|text| (text, None));
        for (text, language) in of_tag.chain(of_raw).filter(|(text, _)| !text.trim().is_empty()) {
            if all.len() >= LYRICS_MAX {
                break;
            }
            if seen.contains(&text) {
                continue;
            }
            seen.push(text);
            if text.len() > lyrics::BYTES_MAX {
                let most = lyrics::BYTES_MAX;
                self.cut.note(|| {
                    format!("The lyrics in its tags have {} bytes, at most {most} are taken.", text.len())
                });
                continue;
            }
            let Some(mut found) = lyrics::of_text(text, LyricsSource::Tag) else { continue };
            let code = language.map(|code| String::from_utf8_lossy(code).into_owned());
            found.language = found.language.or(code);
            all.push(found);
        }
        all.sort_by_key(|lyrics| !lyrics.is_synced());
        all
    }
}

/// A credit; what a performer plays may stand in brackets behind the name.
fn credit(role: Role, text: &str, detail: Option<String>, sort: Option<String>) -> CreditTag {
    let split = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    let (name, detail) = match (split, &detail) {
        (Some((name, part)), None) if role == Role::Performer && !name.trim().is_empty() => {
            (name.trim(), Some(part.trim().to_owned()).filter(|part| !part.is_empty()))
        }
        _ => (text, detail),
    };
    CreditTag { role, name: name.to_owned(), detail, sort, musicbrainz: None }
}

fn bounded(text: &str, cut: &mut Cut) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    cut.note(|| {
        format!("A text in its tags is {} bytes long, at most {TEXT_BYTES_MAX} are kept.", text.len())
    });
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

/// Several values of one kind. Besides being given several times, they may stand in one text with zero bytes (ID3),
/// semicolons or spaced slashes between them; a bare slash belongs to the name.
fn names<'a>(texts: impl Iterator<Item = &'a str>, split: bool, cut: &mut Cut) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts {
        let text = bounded(text, cut);
        let parts = text.split('\0').flat_map(|part| part.split(';')).flat_map(|part| part.split(" / "));
        let parts: Vec<&str> = if split { parts.collect() } else { text.split('\0').collect() };
        for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
            if found.len() == TEXTS_MAX {
                cut.note(|| {
                    format!("Its tags name more than {TEXTS_MAX} of one kind, and the rest was left out.")
                });
                return found;
            }
            found.push(part.to_owned());
        }
    }
    found
}

/// A number with a fraction, in parts of one; also with a comma, and with something after it.
fn fraction(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    text[..end].parse().ok().filter(|number: &f64| number.is_finite())
}

/// `-6.50 dB`, in hundredths.
fn decibels(text: &str) -> Option<i32> {
    whole(fraction(text)? * 100.0)
}

/// R128 gains are whole numbers of 1/256 dB.
fn r128(text: &str) -> Option<i32> {
    let steps: i16 = text.trim().parse().ok()?;
    whole(f64::from(steps) * 100.0 / 256.0)
}

/// A number that is not negative, times `scale`.
fn positive(text: &str, scale: f64) -> Option<u32> {
    whole(fraction(text)? * scale).and_then(|number| u32::try_from(number).ok())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before, and it is rounded on purpose"
)]
fn whole(number: f64) -> Option<i32> {
    (number.abs() < f64::from(i32::MAX)).then(|| number.round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loudness_is_read_as_people_and_programs_write_it() {
        for (text, cdb) in [
            ("-6.50 dB", Some(-650)),
            ("+3,2dB", Some(320)),
            ("0", Some(0)),
            ("1e99999", Some(100)),
            ("", None),
            ("--", None),
            ("99999999999999999999", None),
            ("NaN", None),
        ] {
            assert_eq!(decibels(text), cdb, "{text}");
        }
        assert_eq!(
            (r128("-1280"), r128("256"), r128("70000"), r128("x")),
            (Some(-500), Some(100), None, None)
        );
        assert_eq!((positive("0.988547", 1e6), positive("-1", 1e6)), (Some(988_547), None));
        assert_eq!(positive("128.5", 100.0), Some(12_850));
    }

    #[test]
    fn what_a_performer_plays_may_stand_in_brackets() {
        let of = |role, text: &str| {
            let credit = credit(role, text, None, None);
            (credit.name, credit.detail)
        };
        assert_eq!(of(Role::Performer, "Ann (cello)"), ("Ann".to_owned(), Some("cello".to_owned())));
        assert_eq!(of(Role::Performer, "(cello)"), ("(cello)".to_owned(), None));
        assert_eq!(of(Role::Composer, "Bach (elder)"), ("Bach (elder)".to_owned(), None));
    }
}
