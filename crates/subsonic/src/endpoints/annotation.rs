//! What listeners say of things: favourites, ratings, plays.

use std::time::Duration;

use catalog::{
    TrackId,
    model::{ItemId as Marked, NewPlay, PlayReport, PlayState},
    service,
};
use kernel::Time;
use podcasts::{EpisodeId, model::EpisodeProgress};

use super::{drive, transcoding::Medium};
use crate::{
    call::{Call, Reply},
    error::{Code, Error},
    ids::ItemId,
};

/// Characters of an app's name that are kept.
const CLIENT_CHARS_MAX: usize = 64;
/// Most things that are marked, or plays that are told, at once.
pub(crate) const ITEMS_MAX: usize = 1_000;
/// A song is played when half of it is, or this much.
const PLAYED_MS: u64 = 4 * 60 * 1000;
/// An episode is heard when no more than this is left: what makers say at the end.
const NEAR_END_MS: u64 = 30 * 1000;
/// The progress of whoever has heard an episode.
const DONE: EpisodeProgress = EpisodeProgress { position_ms: 0, played: true, heard_ms_ago: 0 };

/// What is marked; a folder that is an album is that album.
async fn marked(call: &Call, id: ItemId) -> Result<Marked, Error> {
    Ok(match id {
        ItemId::Directory(id) => Marked::Album(drive::album_in(call, id).await?),
        ItemId::Track(id) => Marked::Track(id),
        ItemId::Album(id) => Marked::Album(id),
        ItemId::Artist(id) => Marked::Artist(id),
        ItemId::Video(id) => Marked::Video(id),
        _ => return Err(Error::absent()),
    })
}

pub(super) async fn star(call: &Call) -> Result<Reply, Error> {
    set_favourites(call, true).await
}

pub(super) async fn unstar(call: &Call) -> Result<Reply, Error> {
    set_favourites(call, false).await
}

async fn set_favourites(call: &Call, favourite: bool) -> Result<Reply, Error> {
    let mut items = Vec::new();
    for name in ["id", "albumId", "artistId"] {
        for text in call.params.all(name) {
            items.push(ItemId::parse(text)?);
        }
    }
    check_count(items.len(), "id, albumId or artistId")?;
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        found.push(marked(call, item).await?);
    }
    for item in found {
        service::set_favourite(call.ctx(), call.viewer(), item, favourite).await?;
    }
    Ok(Reply::Done)
}

fn check_count(count: usize, name: &str) -> Result<(), Error> {
    match count {
        0 => Err(Error::missing(name)),
        count if count > ITEMS_MAX => {
            Err(Error::refused(format!("At most {ITEMS_MAX} are taken at once, not {count}.")))
        }
        _ => Ok(()),
    }
}

/// Rates something from 1 to 5; 0 takes the rating away.
pub(super) async fn set_rating(call: &Call) -> Result<Reply, Error> {
    let item = marked(call, ItemId::parse(call.params.required("id")?)?).await?;
    call.params.required("rating")?;
    let rating = call.params.number("rating", 0, u32::MAX)?;
    let rating = (rating > 0).then_some(i64::from(rating));
    service::set_rating(call.ctx(), call.viewer(), item, rating).await?;
    Ok(Reply::Done)
}

/// Something that is heard.
#[derive(Clone, Copy)]
enum Heard {
    Track(TrackId),
    Episode(EpisodeId),
}

fn heard(text: &str) -> Result<Heard, Error> {
    match ItemId::parse(text)? {
        ItemId::Track(id) => Ok(Heard::Track(id)),
        ItemId::Episode(id) => Ok(Heard::Episode(id)),
        _ => Err(Error::absent()),
    }
}

/// What the app calls itself, as far as it is kept.
fn client(call: &Call) -> Option<String> {
    Some(call.params.filled("c")?.chars().take(CLIENT_CHARS_MAX).collect())
}

/// Milliseconds since 1970 as a moment.
fn moment(text: &str) -> Result<Time, Error> {
    let ms: i64 = text
        .parse()
        .map_err(|_| Error::refused(format!("time must be milliseconds since 1970, not {text:?}.")))?;
    Ok(Time(ms.saturating_mul(1000)))
}

/// Plays that were played, each with its time; or what plays now.
pub(super) async fn scrobble(call: &Call) -> Result<Reply, Error> {
    let items = call.params.all("id").map(heard).collect::<Result<Vec<_>, _>>()?;
    let times = call.params.all("time").map(moment).collect::<Result<Vec<_>, _>>()?;
    check_count(items.len(), "id")?;
    if call.params.flag("submission")? == Some(false) {
        // Only one can play in one place.
        return now_plays(call, items[0]).await;
    }
    // An app sends what it gathered offline again until it is taken: one song that is gone must not hold up the others.
    let (mut taken, mut absent) = (0, None);
    for (place, item) in items.into_iter().enumerate() {
        let told = match item {
            Heard::Track(id) => record(call, id, times.get(place).copied()).await,
            Heard::Episode(id) => finish(call, id, times.get(place).copied()).await,
        };
        match told {
            Ok(()) => taken += 1,
            Err(error) if error.code == Code::Absent => absent = Some(error),
            Err(error) => return Err(error),
        }
    }
    match absent {
        Some(error) if taken == 0 => Err(error),
        _ => Ok(Reply::Done),
    }
}

async fn record(call: &Call, track_id: TrackId, played_at: Option<Time>) -> Result<(), Error> {
    let play = NewPlay { track_id, played_at, id: None, client: client(call) };
    service::record_play(call.ctx(), call.viewer(), &play).await?;
    Ok(())
}

/// Notes that an episode was heard to its end. Apps tell late what was heard offline, with the time at which it began:
/// where the listener has gone on since then stays.
async fn finish(call: &Call, id: EpisodeId, began: Option<Time>) -> Result<(), Error> {
    let podcasts = &call.app.podcasts;
    let heard_ms_ago = match began {
        None => 0,
        Some(began) => {
            let length = Duration::from_millis(podcasts.told(call.viewer(), id).await?.episode.duration_ms);
            let ago = call.ctx().now().since(began.plus(length));
            u64::try_from(ago.as_millis()).unwrap_or(u64::MAX)
        }
    };
    podcasts.set_progress(call.viewer(), id, EpisodeProgress { heard_ms_ago, ..DONE }).await?;
    Ok(())
}

/// Notes a song as what plays. Of an episode that is no news: how far it was heard says more, and is told by itself.
async fn now_plays(call: &Call, item: Heard) -> Result<Reply, Error> {
    match item {
        Heard::Track(track_id) => {
            let report = PlayReport {
                track_id,
                state: PlayState::Playing,
                position_ms: 0,
                rate: 1.0,
                client: client(call),
            };
            service::report_playing(call.ctx(), call.viewer(), call.caller.key, &report).await?;
        }
        Heard::Episode(id) => drop(call.app.podcasts.told(call.viewer(), id).await?),
    }
    Ok(Reply::Done)
}

/// What a player does now. One that stops after it played enough of a song has played it.
pub(super) async fn report_playback(call: &Call) -> Result<Reply, Error> {
    let params = &call.params;
    let item = super::transcoding::medium(call)?;
    params.required("positionMs")?;
    let position_ms = params.number("positionMs", 0, u32::MAX)?.into();
    let state = match params.required("state")? {
        // Its clock stands until it plays.
        "starting" | "paused" => PlayState::Paused,
        "playing" => PlayState::Playing,
        "stopped" => PlayState::Stopped,
        other => {
            let message = format!("state must be starting, playing, paused or stopped, not {other:?}.");
            return Err(Error::refused(message));
        }
    };
    let rate = match params.filled("playbackRate") {
        None => 1.0,
        Some(text) => text
            .parse()
            .map_err(|_| Error::refused(format!("playbackRate must be a number, not {text:?}.")))?,
    };
    let ignored = params.flag("ignoreScrobble")? == Some(true);
    let track_id = match item {
        Medium::Song(id) => id,
        Medium::Episode(id) => return report_episode(call, id, position_ms, state).await,
    };
    let track = service::track(call.ctx(), call.viewer(), track_id).await?.track;
    let report = PlayReport { track_id, state, position_ms, rate, client: client(call) };
    service::report_playing(call.ctx(), call.viewer(), call.caller.key, &report).await?;
    let enough = position_ms >= PLAYED_MS || 2 * position_ms >= track.duration_ms;
    if state == PlayState::Stopped && enough && !ignored {
        record(call, track_id, None).await?;
    }
    Ok(Reply::Done)
}

/// How far an episode is heard. One that stops near its end is done with.
async fn report_episode(
    call: &Call,
    id: EpisodeId,
    position_ms: u64,
    state: PlayState,
) -> Result<Reply, Error> {
    let episode = call.app.podcasts.told(call.viewer(), id).await?.episode;
    let near_end = episode.duration_ms > 0 && position_ms + NEAR_END_MS >= episode.duration_ms;
    let progress = if state == PlayState::Stopped && near_end {
        DONE
    } else {
        EpisodeProgress { position_ms, played: false, heard_ms_ago: 0 }
    };
    call.app.podcasts.set_progress(call.viewer(), id, progress).await?;
    Ok(Reply::Done)
}
