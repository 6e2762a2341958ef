//! The shapes of connections and listens.

use std::fmt;

use kernel::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

kernel::id_type!(
    /// A listener's account at a service.
    ConnectionId
);

kernel::id_type!(
    /// A listen in a queue.
    ListenId
);

/// Who keeps listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ScrobbleService)]
pub enum Service {
    /// `ListenBrainz`, or a server that speaks like it.
    ListenBrainz,
    /// Last.fm, or a server that speaks like it.
    Lastfm,
}

impl Service {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ListenBrainz => "listenbrainz",
            Self::Lastfm => "lastfm",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        if word == "lastfm" { Self::Lastfm } else { Self::ListenBrainz }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ListenBrainz => "ListenBrainz",
            Self::Lastfm => "Last.fm",
        })
    }
}

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ScrobbleState)]
pub enum State {
    /// Listens are sent.
    Working,
    /// The service no longer takes the token. What waits is kept until its listener connects again.
    Refused,
    /// Nothing succeeded for two weeks, so the service is asked no more. What waits is kept until its listener tries again.
    Gone,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Refused => "refused",
            Self::Gone => "gone",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "refused" => Self::Refused,
            "gone" => Self::Gone,
            _ => Self::Working,
        }
    }
}

/// The viewer's accounts elsewhere, to which plays are told.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Scrobbling)]
pub struct Overview {
    /// At `ListenBrainz`.
    #[schema(required)]
    pub listenbrainz: Option<Connection>,
    /// Whether the operator of this house has set it up with Last.fm; otherwise nobody can connect there.
    pub lastfm_available: bool,
    /// At Last.fm.
    #[schema(required)]
    pub lastfm: Option<Connection>,
}

/// An account elsewhere. Its token is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScrobbleConnection)]
pub struct Connection {
    /// At which service.
    pub service: Service,
    /// The address of its server.
    pub server: String,
    /// What the account is called there.
    pub name: String,
    /// Whether it works.
    pub state: State,
    /// Since when the viewer is connected.
    pub created_at: Time,
    /// Listens that wait to be sent.
    pub waiting: u64,
    /// Whether the queue is full, so that further plays follow when there is room; none is lost.
    pub full: bool,
    /// Listens that the service has taken.
    pub sent: u64,
    /// When it last took one.
    #[schema(required)]
    pub sent_at: Option<Time>,
    /// Why the last try failed, and what to do.
    #[schema(required)]
    pub problem: Option<String>,
    /// When it is tried again, while something failed.
    #[schema(required)]
    pub next_at: Option<Time>,
    /// Until when the service wants to be left alone, by this account or by the whole house; nothing is sent or read before.
    #[schema(required)]
    pub quiet_until: Option<Time>,
    /// Listens that the service will not take; at most 500 are kept.
    pub failed: u64,
    /// Listens and favourites that it did not take and that are no longer listed, until the viewer forgets what failed.
    pub unlisted: u64,
    /// What is taken over from there, when the viewer asked for it.
    #[schema(required)]
    pub import: Option<Import>,
    /// What is told there of the viewer's favourites.
    pub favourites: Favourites,
}

/// What is told of favourites: which songs somebody loves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScrobbleFavourites)]
pub struct Favourites {
    /// Whether they are told.
    pub told: bool,
    /// Changes that wait to be told, at most 10,000.
    pub waiting: u64,
    /// Changes that the service has taken.
    pub sent: u64,
    /// Changes that it will not take; at most 500 are kept.
    pub failed: u64,
    /// What stands in the way.
    #[schema(required)]
    pub problem: Option<String>,
    /// How taking over those that are loved there went, when the viewer asked for it.
    #[schema(required)]
    pub import: Option<FavouritesImport>,
}

/// How taking over what is loved elsewhere goes. Nothing here ceases to be a favourite by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScrobbleFavouritesImport)]
pub struct FavouritesImport {
    /// Songs that became favourites.
    pub added: u64,
    /// Songs that were favourites already.
    pub known: u64,
    /// Songs that this house does not have.
    pub unmatched: u64,
    /// How it is.
    pub state: TakeoverState,
    /// When it goes on by itself, while it waits for a moment.
    #[schema(required)]
    pub next_at: Option<Time>,
    /// When it was through; absent while it reads.
    #[schema(required)]
    pub finished_at: Option<Time>,
    /// Why the last try failed.
    #[schema(required)]
    pub problem: Option<String>,
}

/// How taking over is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ScrobbleTakeoverState)]
pub enum TakeoverState {
    /// It waits for its turn, or for a service that failed or asked for a pause; it goes on by itself.
    Waiting,
    /// It reads.
    Reading,
    /// It was read through.
    Done,
    /// It does not go on by itself any more; the problem says why and what to do.
    Gone,
}

/// Whether favourites are told.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScrobbleFavouritesSwitch)]
pub struct FavouritesSwitch {
    /// From now on; what waits is forgotten when it is switched off.
    pub told: bool,
}

/// What it was that a service will not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ScrobbleFailedKind)]
pub enum FailedKind {
    /// That it was heard.
    Listen,
    /// That it became a favourite.
    Love,
    /// That it ceased to be one.
    Unlove,
}

/// A listen, or a change of a favourite, that a service will not take. It is not tried again by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailedListen {
    /// Which.
    pub id: ListenId,
    /// What it was.
    pub kind: FailedKind,
    /// Its title.
    pub title: String,
    /// Who plays.
    pub artist: String,
    /// When it was played; absent of a favourite.
    #[schema(required)]
    pub listened_at: Option<Time>,
    /// Why it was not taken.
    pub problem: String,
    /// What can be done.
    pub advice: String,
}

/// An account at `ListenBrainz`, or at a server that speaks like it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenBrainzAccount {
    /// The user token, from the settings there.
    #[schema(max_length = 256)]
    pub token: String,
    /// The address of another server's API, such as `https://music.example.org/apis/listenbrainz`; `ListenBrainz` unless
    /// said.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub server: Option<String>,
}

/// Where to allow this house to speak for somebody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LastfmLink {
    /// The page at which to allow it; then finish here. It can be used for an hour.
    pub address: String,
}

/// How taking over what was noted elsewhere goes. It is read from the newest listen back, and then again every half hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScrobbleImport)]
pub struct Import {
    /// Nothing from before is taken over; absent for all there is.
    #[schema(required)]
    pub since: Option<Time>,
    /// Listens that were counted as plays.
    pub counted: u64,
    /// Listens that were known already, also because they came from here.
    pub known: u64,
    /// Listens of what this house does not have.
    pub unmatched: u64,
    /// How it is.
    pub state: TakeoverState,
    /// When it goes on by itself, while it waits for a moment.
    #[schema(required)]
    pub next_at: Option<Time>,
    /// While it reads: how far back it is; absent at its very beginning and between two readings.
    #[schema(required)]
    pub at: Option<Time>,
    /// Whether it has been read through at least once, and when that was last.
    #[schema(required)]
    pub finished_at: Option<Time>,
    /// Why the last try failed.
    #[schema(required)]
    pub problem: Option<String>,
}

/// What is to be taken over.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScrobbleImportStart)]
pub struct ImportStart {
    /// Nothing from before; all there is unless said.
    #[serde(default)]
    pub since: Option<Time>,
}
