//! Podcasts: each caller's own, as the page has them.

use std::collections::HashMap;

use podcasts::{EpisodeId, PodcastId, model::Podcast, service::ToldEpisode};

use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
    shape,
    tree::Element,
};

/// Episodes of all podcasts together that are told at once, shared by the podcasts; of one podcast its newest.
pub(crate) const EPISODES_MAX: u32 = 5_000;
/// Episodes of each that are told however many podcasts there are.
const EPISODES_EACH_MIN: u32 = 20;
/// Newest episodes unless said, and at most.
const NEWEST_DEFAULT: u32 = 20;
const NEWEST_MAX: u32 = 500;

fn podcast_id(call: &Call) -> Result<PodcastId, Error> {
    match ItemId::parse(call.params.required("id")?)? {
        ItemId::Podcast(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

fn episode_id(call: &Call) -> Result<EpisodeId, Error> {
    match ItemId::parse(call.params.required("id")?)? {
        ItemId::Episode(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

/// All of the caller's podcasts or one of them, with their newest episodes unless those are not wished for.
pub(super) async fn get_podcasts(call: &Call) -> Result<Reply, Error> {
    let with_episodes = call.params.flag("includeEpisodes")? != Some(false);
    let (service, viewer) = (&call.app.podcasts, call.viewer());
    let podcasts = match call.params.filled("id") {
        Some(_) => vec![service.podcast(viewer, podcast_id(call)?).await?],
        None => service.all(viewer).await?,
    };
    let count = u32::try_from(podcasts.len()).unwrap_or(u32::MAX).max(1);
    let each = (EPISODES_MAX / count).max(EPISODES_EACH_MIN);
    let mut channels = Vec::with_capacity(podcasts.len());
    for podcast in &podcasts {
        let channel = shape::channel(podcast, podcasts.len() == 1);
        if !with_episodes {
            channels.push(channel);
            continue;
        }
        let told = service.told_of(viewer, podcast.id, each).await?;
        let episodes = told.iter().map(|one| shape::episode(one, Some(podcast)));
        channels.push(channel.list("episode", episodes));
    }
    Reply::element("podcasts", Element::new().list("channel", channels))
}

pub(super) async fn get_newest_podcasts(call: &Call) -> Result<Reply, Error> {
    let count = call.params.number("count", NEWEST_DEFAULT, NEWEST_MAX)?;
    let told = call.app.podcasts.told_newest(call.viewer(), count).await?;
    Reply::element("newestPodcasts", Element::new().list("episode", episodes(call, &told).await?))
}

/// Episodes of several podcasts.
pub(super) async fn episodes(call: &Call, told: &[ToldEpisode]) -> Result<Vec<Element>, Error> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let all = call.app.podcasts.all(call.viewer()).await?;
    let all: HashMap<PodcastId, Podcast> = all.into_iter().map(|podcast| (podcast.id, podcast)).collect();
    Ok(told.iter().map(|one| shape::episode(one, all.get(&one.episode.podcast_id))).collect())
}

pub(super) async fn get_podcast_episode(call: &Call) -> Result<Reply, Error> {
    let told = call.app.podcasts.told(call.viewer(), episode_id(call)?).await?;
    let podcast = call.app.podcasts.podcast(call.viewer(), told.episode.podcast_id).await?;
    Reply::element("podcastEpisode", shape::episode(&told, Some(&podcast)))
}

/// Has all feeds of the caller read again.
pub(super) async fn refresh_podcasts(call: &Call) -> Result<Reply, Error> {
    call.app.podcasts.refresh_all(call.viewer()).await?;
    Ok(Reply::Done)
}

/// Subscribes to the feed at an address.
pub(super) async fn create_podcast_channel(call: &Call) -> Result<Reply, Error> {
    call.app.podcasts.subscribe(call.viewer(), call.params.required("url")?).await?;
    Ok(Reply::Done)
}

/// Ends the caller's subscription.
pub(super) async fn delete_podcast_channel(call: &Call) -> Result<Reply, Error> {
    call.app.podcasts.unsubscribe(call.viewer(), podcast_id(call)?).await?;
    Ok(Reply::Done)
}

/// Lets go of an episode's bytes. What a feed lists stays listed.
pub(super) async fn delete_podcast_episode(call: &Call) -> Result<Reply, Error> {
    call.app.podcasts.delete_download(call.viewer(), episode_id(call)?).await?;
    Ok(Reply::Done)
}

/// Has an episode's bytes brought here.
pub(super) async fn download_podcast_episode(call: &Call) -> Result<Reply, Error> {
    call.app.podcasts.download(call.viewer(), episode_id(call)?).await?;
    Ok(Reply::Done)
}
