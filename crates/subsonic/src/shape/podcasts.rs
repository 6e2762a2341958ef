//! Podcasts and their episodes.

use podcasts::{
    model::{EpisodeState, Podcast},
    service::ToldEpisode,
};

use super::{cover, seconds, year};
use crate::{ids::ItemId, tree::Element};

/// Letters of a podcast's description that are told where it is one of many.
const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// A podcast, `alone` or as one of many. Where its maker keeps the cover is not told: whoever fetched it there would be
/// known there.
pub(crate) fn channel(podcast: &Podcast, alone: bool) -> Element {
    let most = if alone { usize::MAX } else { DESCRIPTION_CHARS_MAX };
    let description: String = podcast.description.chars().take(most).collect();
    let status = match (&podcast.problem, podcast.checked_at) {
        (Some(_), _) => "error",
        (None, None) => "new",
        (None, Some(_)) => "completed",
    };
    Element::new()
        .with("id", ItemId::from(podcast.id).to_string())
        .with("url", podcast.address.as_str())
        .with("title", podcast.title.as_str())
        .text("description", &description)
        .maybe("coverArt", cover(podcast.id, podcast.picture.as_ref()))
        .with("status", status)
        .maybe("errorMessage", podcast.problem.as_deref())
}

/// An episode of a podcast. By `streamId` apps know that it can be played at once.
pub(crate) fn episode(told: &ToldEpisode, podcast: Option<&Podcast>) -> Element {
    let episode = &told.episode;
    let (id, channel) = (ItemId::from(episode.id).to_string(), ItemId::from(episode.podcast_id).to_string());
    let published = episode.published_at.to_string();
    let ready = episode.state == EpisodeState::Ready;
    let element = Element::new()
        .with("id", id.as_str())
        .maybe("streamId", ready.then_some(id.as_str()))
        .with("channelId", channel.as_str())
        .with("parent", channel)
        .with("isDir", false)
        .with("isVideo", told.file.as_ref().is_some_and(|file| file.mime.starts_with("video/")))
        .with("type", "podcast")
        .with("title", episode.title.as_str())
        .text("description", &told.notes)
        .with("status", status(episode.state))
        .maybe("errorMessage", episode.problem.as_deref())
        .maybe("year", year(&published))
        .with("publishDate", published.as_str())
        .with("created", published)
        .known("duration", seconds(episode.duration_ms))
        .maybe("track", episode.number)
        .with("explicitStatus", if episode.explicit { "explicit" } else { "" })
        .known("bookmarkPosition", episode.position_ms);
    let element = match podcast {
        Some(podcast) => element
            .with("album", podcast.title.as_str())
            .text("artist", &podcast.author)
            .maybe("coverArt", cover(podcast.id, podcast.picture.as_ref())),
        None => element,
    };
    let Some(file) = &told.file else { return element.known("size", episode.bytes) };
    element
        .with("size", file.bytes)
        .with("contentType", file.mime.as_str())
        .with("suffix", file.suffix())
        .known("bitRate", file.bitrate_kbps)
        .known("samplingRate", file.sample_rate_hz)
        .known("channelCount", file.channels)
}

/// How far its bytes are, in the API's word. What nobody asked for is skipped until somebody does.
fn status(state: EpisodeState) -> &'static str {
    match state {
        EpisodeState::Remote => "skipped",
        EpisodeState::Waiting => "downloading",
        EpisodeState::Ready => "completed",
        EpisodeState::Failed => "error",
    }
}
