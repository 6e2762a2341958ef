//! Bytes: songs, videos, playlists of HLS, text tracks, pictures.

use std::time::Duration;

use catalog::{
    CaptionId, PictureId,
    media::SourceFile,
    service::{
        self,
        dialect::{self, Pictured, folders as real},
        playlists,
    },
};
use delivery::{Hls, Playable};
use podcasts::{EpisodeId, model::EpisodeState};

use super::{
    browsing::video_id,
    transcoding::{self, Wish},
};
use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
};

/// Largest picture that is asked for by number; the largest there is comes for more.
const EDGE_MAX: u32 = 100_000;
/// How long somebody who plays an episode waits until it is here, and how often it is looked.
const COMING_TIME_MAX: Duration = Duration::from_secs(20);
const COMING_LOOK_EVERY: Duration = Duration::from_millis(500);

fn playable(item: ItemId) -> Result<Playable, Error> {
    match item {
        ItemId::Track(id) => Ok(Playable::Track(id)),
        ItemId::Video(id) => Ok(Playable::Video(id)),
        _ => Err(Error::absent()),
    }
}

/// The file as it came, or made into what is wished, as far as sound goes. Of films nothing else is made on the way: the
/// ladder behind `hls` is for narrow lines.
pub(super) async fn stream(call: &Call) -> Result<Reply, Error> {
    let item = ItemId::parse(call.params.required("id")?)?;
    let wish = Wish::read(&call.params)?;
    let made = match item {
        _ if !wish.asks() => None,
        ItemId::Track(id) => transcoding::wished(call, &transcoding::song(call, id).await?, &wish).await?,
        ItemId::Episode(id) => transcoding::wished(call, &here(call, id).await?, &wish).await?,
        _ => None,
    };
    match (made, item) {
        (Some(made), _) => Ok(made),
        (None, ItemId::Episode(id)) => episode(call, id, None).await,
        _ => Reply::raw(call.app.direct.file(call.viewer(), playable(item)?, None, call.asked()).await?),
    }
}

/// The file as it came, to be kept under its title; of an album or a playlist all of them in one archive.
pub(super) async fn download(call: &Call) -> Result<Reply, Error> {
    let item = ItemId::parse(call.params.required("id")?)?;
    if let ItemId::Episode(id) = item {
        let title = call.app.podcasts.told(call.viewer(), id).await?.episode.title;
        return episode(call, id, Some(&title)).await;
    }
    let sharing = &call.app.sharing;
    match item {
        ItemId::Album(id) => {
            return Reply::raw(Some(sharing.album_archive(call.viewer(), id, call.asked()).await?));
        }
        ItemId::Playlist(id) => {
            return Reply::raw(Some(sharing.playlist_archive(call.viewer(), id, call.asked()).await?));
        }
        _ => {}
    }
    let what = playable(item)?;
    let title = match what {
        Playable::Track(id) => service::track(call.ctx(), call.viewer(), id).await?.track.title,
        Playable::Video(id) => service::video(call.ctx(), call.viewer(), id).await?.video.title,
    };
    Reply::raw(call.app.direct.file(call.viewer(), what, Some(&title), call.asked()).await?)
}

/// The file of an episode as it came.
async fn episode(call: &Call, id: EpisodeId, saved_as: Option<&str>) -> Result<Reply, Error> {
    here(call, id).await?;
    let (podcasts, asked) = (&call.app.podcasts, call.asked());
    let file = podcasts.file(call.viewer(), id, saved_as, (asked.method, asked.headers)).await?;
    Reply::raw(file)
}

/// What is known of the file of an episode. Whoever asks for one that is not here waits while it is brought, for a while:
/// apps that play it at the first touch then play it, and others are told to ask again.
async fn here(call: &Call, id: EpisodeId) -> Result<SourceFile, Error> {
    let (podcasts, viewer) = (&call.app.podcasts, call.viewer());
    let mut waited = Duration::ZERO;
    loop {
        let told = podcasts.told(viewer, id).await?;
        if let Some(file) = told.file {
            return Ok(file);
        }
        let state = if waited.is_zero() { podcasts.download(viewer, id).await? } else { told.episode.state };
        if state == EpisodeState::Failed {
            let problem = told.episode.problem;
            return Err(Error::refused(problem.unwrap_or_else(|| "This episode can't be had.".to_owned())));
        }
        if waited >= COMING_TIME_MAX {
            return Err(Error::refused("This episode is being brought here. Ask again in a moment."));
        }
        call.ctx().clock().sleep(COMING_LOOK_EVERY).await;
        waited += COMING_LOOK_EVERY;
    }
}

/// The master playlist of the ladder. `bitRate` is not looked at: players choose among the rungs.
pub(super) async fn hls(call: &Call) -> Result<Reply, Error> {
    let what = playable(ItemId::parse(call.params.required("id")?)?)?;
    match call.app.direct.hls(call.viewer(), what, call.asked()).await? {
        None => Err(Error::absent()),
        Some(Hls::Playlist(response)) => Ok(Reply::Raw(response)),
        Some(Hls::NotYet) => {
            Err(Error::refused("It is being encoded; its playlist will be here in a moment. Ask again."))
        }
        Some(Hls::Failed(why)) => {
            let why = why.unwrap_or_else(|| "It can't be encoded.".to_owned());
            Err(Error::refused(why))
        }
    }
}

/// A text track of a video, as `WebVTT`: the first unless `captionId` names one of those that `getVideoInfo` lists.
pub(super) async fn get_captions(call: &Call) -> Result<Reply, Error> {
    let video = video_id(call.params.required("id")?)?;
    let caption = match call.params.filled("captionId") {
        None => None,
        Some(text) => Some(text.parse::<CaptionId>().map_err(|_| Error::absent())?),
    };
    Reply::raw(call.app.direct.caption(call.viewer(), video, caption, call.asked()).await?)
}

pub(super) async fn get_cover_art(call: &Call) -> Result<Reply, Error> {
    let of = ItemId::parse_cover(call.params.required("id")?)?;
    let edge = match call.params.number("size", 0, EDGE_MAX)? {
        0 => None,
        edge => Some(edge),
    };
    let picture = picture_of(call, of).await?.ok_or_else(Error::absent)?;
    Reply::raw(call.app.direct.picture(picture, edge, call.asked()).await?)
}

/// Which picture stands for something.
async fn picture_of(call: &Call, of: ItemId) -> Result<Option<PictureId>, Error> {
    let of = match of {
        ItemId::Track(id) => Pictured::Track(id),
        ItemId::Album(id) => Pictured::Album(id),
        ItemId::Artist(id) => Pictured::Artist(id),
        ItemId::Video(id) => Pictured::Video(id),
        ItemId::Playlist(id) => {
            let found = playlists::get(call.ctx(), call.viewer(), id).await?;
            return Ok(found.playlist.pictures.first().map(|picture| picture.id));
        }
        ItemId::Podcast(id) => {
            let found = call.app.podcasts.podcast(call.viewer(), id).await?;
            return Ok(found.picture.map(|picture| picture.id));
        }
        ItemId::Episode(id) => {
            let of = call.app.podcasts.told(call.viewer(), id).await?.episode.podcast_id;
            let found = call.app.podcasts.podcast(call.viewer(), of).await?;
            return Ok(found.picture.map(|picture| picture.id));
        }
        ItemId::Directory(id) => {
            let look = real::looks(call.ctx(), call.viewer(), &[id]).await?.remove(&id);
            return Ok(look.and_then(|look| look.picture).map(|(_, picture)| picture));
        }
        ItemId::Folder(_) => return Ok(None),
    };
    Ok(dialect::picture_of(call.ctx(), call.viewer(), of).await?)
}

/// Accounts have no pictures, so nobody's is there.
pub(super) fn get_avatar(call: &Call) -> Result<Reply, Error> {
    call.params.required("username")?;
    Err(Error::absent())
}
