//! Listens as services speak of them that keep what people hear: what a play was of, and which track a listen that was
//! noted elsewhere means; and the same of favourites.

mod favourites;
mod matching;

use kernel::{Fault, Time, db::Tx, id::UserId};
use serde::{Deserialize, Serialize};

pub use favourites::{Favour, favour_recording, is_favoured};
pub use matching::{Matched, Matcher, Spoken};

use super::plays;
use crate::{
    TrackId,
    store::{listens as store, marks},
};

pub use super::{
    marks::{FAVOURED, Favoured},
    plays::{PLAYED, Played},
};

/// Artists of one track that are named.
const ARTISTS_MAX: u32 = 20;

/// What somebody listened to, in the words that such services ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListenFacts {
    /// The track's title.
    pub title: String,
    /// Who plays, in one line, as the tags show it; empty when they name nobody.
    pub artist: String,
    /// Who plays, one by one.
    pub artists: Vec<ListenArtist>,
    /// The album's title.
    pub album: Option<String>,
    /// Whose album it is, in one line.
    pub album_artist: Option<String>,
    /// Its number on its disc.
    pub number: Option<u32>,
    /// How long it is.
    pub duration_ms: u64,
    /// `MusicBrainz`: the recording.
    pub recording: Option<String>,
    /// `MusicBrainz`: the release.
    pub release: Option<String>,
    /// `MusicBrainz`: the release group.
    pub release_group: Option<String>,
    /// Its first ISRC.
    pub isrc: Option<String>,
}

/// One of those who play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenArtist {
    /// The name.
    pub name: String,
    /// `MusicBrainz`: the artist.
    pub musicbrainz: Option<String>,
}

/// What a listen of a track says; `None` when there never was such a track.
///
/// Whether the track is shown is not asked: it is for plays that were counted, so the listener saw it when it played,
/// and what somebody heard stays heard.
pub fn listen_facts(tx: &mut Tx<'_>, id: TrackId) -> Result<Option<ListenFacts>, Fault> {
    let Some((mut facts, album, shown)) = store::facts(tx, id)? else { return Ok(None) };
    facts.artists = store::artists(tx, id, ARTISTS_MAX)?;
    facts.artist = shown.unwrap_or_else(|| joined(facts.artists.iter().map(|artist| artist.name.as_str())));
    if let (Some(album), None) = (album, &facts.album_artist) {
        let names = store::album_artists(tx, album, ARTISTS_MAX)?;
        facts.album_artist = (!names.is_empty()).then(|| joined(names.iter().map(String::as_str)));
    }
    Ok(Some(facts))
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Counts a play that was noted elsewhere, in a transaction that sees what the listener sees, for a track that was
/// found in it; false when one of this track in this second was counted before. The event says that it came from
/// elsewhere.
pub fn count_foreign_play(
    tx: &mut Tx<'_>,
    user: UserId,
    track: TrackId,
    at: Time,
    client: &str,
    now: Time,
) -> Result<bool, Fault> {
    if !marks::hold(tx, track.into())? {
        return Ok(false);
    }
    let key = plays::key(track, None, at);
    let played = Played { user, at_us: at.min(now).0, client: client.to_owned(), foreign: true };
    plays::count(tx, track, &key, &played, now)
}
