//! Which track of the house is meant by what a listen says: by its recording, else by who plays what.

use std::collections::HashMap;

use kernel::{Fault, db::Tx};

use crate::{
    TrackId, fold,
    store::listens::{self as store, Candidate},
};

/// Tracks of one artist that are looked through.
const CANDIDATES_MAX: u32 = 5_000;
/// Artists whose tracks one matcher remembers.
const ARTISTS_KEPT: usize = 200;
/// Names of one listen that are tried.
const NAMES_MAX: usize = 8;
/// What stands between an artist and a guest in one line.
const GUESTS: [&str; 5] = [" feat. ", " feat ", " ft. ", " featuring ", " (feat. "];

/// A listen as somebody else noted it.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    /// `MusicBrainz`: the recording.
    pub recording: Option<String>,
    /// `MusicBrainz`: the release.
    pub release: Option<String>,
    /// The title.
    pub title: String,
    /// Who plays: the whole line first, then single names.
    pub artists: Vec<String>,
    /// The album's title.
    pub album: Option<String>,
}

/// A track that a listen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Which.
    pub track: TrackId,
    /// How long it is.
    pub duration_ms: u64,
}

/// Finds tracks for the listens of one transaction, which must have been told what it sees. It remembers the artists
/// that it met, so make it anew for each transaction.
#[derive(Default)]
pub struct Matcher {
    artists: HashMap<Vec<u8>, Vec<Candidate>>,
}

impl Matcher {
    /// The track that is meant, if the listener sees one.
    pub fn find(&mut self, tx: &mut Tx<'_>, spoken: &Spoken) -> Result<Option<Matched>, Fault> {
        if let Some(recording) = spoken.recording.as_deref().and_then(fold::musicbrainz) {
            let found = store::by_recording(tx, &recording)?;
            if let Some(found) = best(spoken, found.iter()) {
                return Ok(Some(found));
            }
        }
        let title = plain_title(&spoken.title);
        if title.is_empty() {
            return Ok(None);
        }
        for name in names(spoken) {
            let tracks = self.tracks_of(tx, &name)?;
            let same = tracks.iter().filter(|one| plain_title(&one.title) == title);
            if let Some(found) = best(spoken, same) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn tracks_of(&mut self, tx: &mut Tx<'_>, name: &str) -> Result<&[Candidate], Fault> {
        let key = fold::key(&["artist", name]);
        if self.artists.len() >= ARTISTS_KEPT {
            self.artists.clear();
        }
        if !self.artists.contains_key(&key) {
            let tracks = store::by_artist(tx, &key, CANDIDATES_MAX)?;
            self.artists.insert(key.clone(), tracks);
        }
        Ok(self.artists.get(&key).map(Vec::as_slice).unwrap_or_default())
    }
}

/// The names to look under: as they stand, and each without its guests.
fn names(spoken: &Spoken) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let given = spoken.artists.iter().take(NAMES_MAX).map(|name| fold::clean(name));
    for name in given {
        let first = without_guests(&name);
        for one in [name.as_str(), first] {
            if !one.is_empty() && !names.iter().any(|known| known == one) {
                names.push(one.to_owned());
            }
        }
    }
    names
}

fn without_guests(line: &str) -> &str {
    let lower = line.to_ascii_lowercase();
    let at = GUESTS.iter().filter_map(|mark| lower.find(mark)).min();
    at.map_or(line, |at| line[..at].trim_end())
}

/// A title for comparing: folded, and without the guests that some write into it. What else stands in brackets tells
/// recordings apart and stays.
fn plain_title(title: &str) -> String {
    let folded = fold::loose(&fold::clean(title));
    let mut kept = folded.as_str();
    for mark in ["(feat", "[feat", "(ft.", "[ft.", " feat. ", " ft. "] {
        if let Some(at) = kept.find(mark).filter(|at| *at > 0) {
            kept = &kept[..at];
        }
    }
    kept.trim().to_owned()
}

/// The one on the album that is named, else the one that came into the house first.
fn best<'a>(spoken: &Spoken, found: impl Iterator<Item = &'a Candidate>) -> Option<Matched> {
    let release = spoken.release.as_deref().and_then(fold::musicbrainz);
    let album = spoken.album.as_deref().map(|album| fold::loose(&fold::clean(album)));
    let rank = |one: &Candidate| {
        let same_release = release.is_some() && one.release == release;
        let same_album = album.is_some() && one.album.as_deref().map(fold::loose) == album;
        (!same_release, !same_album, one.track)
    };
    let best = found.min_by_key(|one| rank(one))?;
    Some(Matched { track: best.track, duration_ms: best.duration_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_do_not_make_another_artist_or_title() {
        assert_eq!(without_guests("Ann feat. Bob"), "Ann");
        assert_eq!(without_guests("Ann FT. Bob & Eve"), "Ann");
        assert_eq!(without_guests("Ann"), "Ann");
        assert_eq!(without_guests("É ft. Ünal"), "É");
        assert_eq!(plain_title("Moon (feat. Bob)"), plain_title("MOON"));
        assert_ne!(plain_title("Moon (Live)"), plain_title("Moon"));
        assert_eq!(plain_title("Feat of Strength"), "feat of strength");
    }
}
