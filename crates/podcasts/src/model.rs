//! The shapes of podcasts and episodes.

use catalog::model::Picture;
use delivery::TrackGrant;
use kernel::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

kernel::id_type!(
    /// A podcast: a feed.
    PodcastId
);
kernel::id_type!(
    /// An episode of a podcast.
    EpisodeId
);

/// A podcast that the viewer subscribes to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Podcast {
    /// Which.
    pub id: PodcastId,
    /// The feed.
    pub address: String,
    /// Its name; the feed's address until it was read.
    pub title: String,
    /// Who makes it.
    pub author: String,
    /// What it is about, plain text.
    pub description: String,
    /// Its page.
    #[schema(required)]
    pub link: Option<String>,
    /// Its cover.
    #[schema(required)]
    pub picture: Option<Picture>,
    /// Whether it says that it is not for children.
    pub explicit: bool,
    /// Episodes that came since the viewer subscribed and that the viewer has not begun; 99 for more.
    pub new_count: u32,
    /// When the feed was last asked; absent while it never was.
    #[schema(required)]
    pub checked_at: Option<Time>,
    /// Why the feed could not be read the last time.
    #[schema(required)]
    pub problem: Option<String>,
    /// How the viewer has it.
    pub settings: PodcastSettings,
}

/// How a listener has a podcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PodcastSettings {
    /// Downloads that are kept, the newest; older ones go. 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    pub keep: u32,
    /// Whether new episodes are downloaded by themselves.
    pub fetch_new: bool,
    /// How fast episodes play, in percent, 50 to 300.
    #[schema(minimum = 50, maximum = 300)]
    pub speed_percent: u32,
}

/// A feed to subscribe to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPodcast {
    /// The address of the feed, beginning with `http://` or `https://`.
    #[schema(max_length = 2048)]
    pub address: String,
}

/// Where the bytes of an episode are, as far as this viewer asked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EpisodeState {
    /// Not asked for.
    Remote,
    /// Asked for, and on its way.
    Waiting,
    /// Here.
    Ready,
    /// It can't be had; the problem says why.
    Failed,
}

impl EpisodeState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "waiting" => Self::Waiting,
            "ready" => Self::Ready,
            "failed" => Self::Failed,
            _ => Self::Remote,
        }
    }
}

/// An episode.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    /// Which.
    pub id: EpisodeId,
    /// Of which podcast.
    pub podcast_id: PodcastId,
    /// Its name.
    pub title: String,
    /// When it came out.
    pub published_at: Time,
    /// How long it is, as the feed says until the file is here; 0 when unknown.
    pub duration_ms: u64,
    /// Its season, when it has one.
    #[schema(required)]
    pub season: Option<u32>,
    /// Its number, when it has one.
    #[schema(required)]
    pub number: Option<u32>,
    /// Whether it says that it is not for children.
    pub explicit: bool,
    /// The size that the feed names; 0 when it names none.
    pub bytes: u64,
    /// Where its bytes are.
    pub state: EpisodeState,
    /// Why they can't be had.
    #[schema(required)]
    pub problem: Option<String>,
    /// How far the viewer has heard it.
    pub position_ms: u64,
    /// Whether the viewer is done with it.
    pub played: bool,
}

/// An episode with all that is known of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EpisodeDetail {
    /// The episode.
    pub episode: Episode,
    /// Its podcast.
    pub podcast: Podcast,
    /// Its notes, plain text.
    pub notes: String,
    /// Its page.
    #[schema(required)]
    pub link: Option<String>,
    /// Where its transcript can be read, on the maker's server.
    #[schema(required)]
    pub transcript: Option<String>,
    /// Its chapters, known once the file is here.
    pub chapters: Vec<EpisodeChapter>,
}

/// A chapter of an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EpisodeChapter {
    /// When it begins.
    pub start_ms: u64,
    /// Its name.
    pub title: String,
}

/// How far somebody has heard an episode.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EpisodeProgress {
    /// The position.
    pub position_ms: u64,
    /// Whether the listener is done with it.
    pub played: bool,
    /// How long ago it was heard, when it is told late. What is older than what is known already changes nothing.
    #[serde(default)]
    pub heard_ms_ago: u64,
}

/// Leave to play an episode, once it is here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EpisodeGrant {
    /// Where its bytes are.
    pub state: EpisodeState,
    /// Why they can't be had.
    #[schema(required)]
    pub problem: Option<String>,
    /// The grant, when it is here.
    #[schema(required)]
    pub grant: Option<TrackGrant>,
}

/// What came of a list of subscriptions.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct OpmlImport {
    /// Feeds that the viewer now subscribes to and did not before.
    pub added: u32,
    /// Feeds that the viewer had already.
    pub known: u32,
    /// Addresses that can't be asked, or for which there was no room.
    pub refused: Vec<String>,
}
