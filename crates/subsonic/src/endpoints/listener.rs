//! What follows a listener from device to device: the queue, and bookmarks.

use catalog::{
    TrackId,
    model::listener::{Bookmark, BookmarkKind, NewBookmark, Queue, QueueAnew, QueueItem, QueuePosition},
    service::listener::{self, CLIENT_CHARS_MAX},
};
use kernel::PageQuery;
use podcasts::{EpisodeId, model::EpisodeProgress};

use crate::{
    call::{Call, Reply},
    error::{Code, Error},
    facts,
    ids::ItemId,
    tree::Element,
};

/// How often a queue is written that somebody else writes at the same time.
const TRIES: usize = 3;
/// Most bookmarks of the list of all, which the API gives whole.
pub(crate) const BOOKMARKS_MAX: usize = 5_000;
/// Bookmarks of one step.
const STEP: u32 = 200;

/// What of the queue can be played, and which of it is the current one.
struct Playable {
    queue: Queue,
    items: Vec<QueueItem>,
}

impl Playable {
    async fn of(call: &Call) -> Result<Self, Error> {
        let queue = listener::get_queue(call.ctx(), call.viewer()).await?;
        let items = listener::queue_tracks(call.ctx(), call.viewer()).await?;
        Ok(Self { queue, items })
    }

    /// The place among what can be played: that of the current one, or of the next when that can't be.
    fn current(&self) -> Option<usize> {
        self.items.iter().position(|item| item.index >= self.queue.current)
    }

    /// The element without what is the current one; `None` when no queue was ever saved.
    async fn element(&self, call: &Call) -> Result<Option<Element>, Error> {
        let Some(changed) = self.queue.changed_at else { return Ok(None) };
        let tracks: Vec<_> = self.items.iter().map(|item| &item.track).collect();
        let element = Element::new()
            .with("username", call.viewer().handle.as_str())
            .with("changed", changed.to_string())
            .with("changedBy", self.queue.changed_by.as_str())
            .with("position", self.queue.position_ms)
            .list("entry", facts::songs(call, &tracks).await?);
        Ok(Some(element))
    }
}

pub(super) async fn get_play_queue(call: &Call) -> Result<Reply, Error> {
    let playable = Playable::of(call).await?;
    let Some(element) = playable.element(call).await? else { return Ok(Reply::Done) };
    let current = playable.current().map(|place| ItemId::from(playable.items[place].track.id).to_string());
    Reply::element("playQueue", element.maybe("current", current))
}

pub(super) async fn get_play_queue_by_index(call: &Call) -> Result<Reply, Error> {
    let playable = Playable::of(call).await?;
    let Some(element) = playable.element(call).await? else { return Ok(Reply::Done) };
    let current = playable.current().map(|place| place as u64);
    Reply::element("playQueueByIndex", element.maybe("currentIndex", current))
}

/// The queue with the current song named by its identifier.
pub(super) async fn save_play_queue(call: &Call) -> Result<Reply, Error> {
    let tracks = tracks(call)?;
    let current = match call.params.filled("current") {
        None => 0,
        Some(text) => {
            let wanted = track_id(text)?;
            let place = tracks.iter().position(|track| *track == wanted);
            place.ok_or_else(|| Error::refused("current must be one of the songs of the queue."))?
        }
    };
    save(call, tracks, u32::try_from(current).unwrap_or(u32::MAX)).await
}

/// The queue with the current song named by its place.
pub(super) async fn save_play_queue_by_index(call: &Call) -> Result<Reply, Error> {
    let tracks = tracks(call)?;
    if tracks.is_empty() {
        return save(call, tracks, 0).await;
    }
    call.params.required("currentIndex")?;
    let current = call.params.number("currentIndex", 0, u32::MAX)?;
    if current as usize >= tracks.len() {
        return Err(Error::new(Code::Missing, "currentIndex must be a place in the queue, counted from 0."));
    }
    save(call, tracks, current).await
}

/// The songs that a request names.
pub(super) fn tracks(call: &Call) -> Result<Vec<TrackId>, Error> {
    call.params.all("id").map(track_id).collect()
}

fn track_id(text: &str) -> Result<TrackId, Error> {
    match ItemId::parse(text)? {
        ItemId::Track(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

/// Saves a queue, whatever was there: apps know no versions. When only the place has changed, the list is not written.
async fn save(call: &Call, tracks: Vec<TrackId>, current: u32) -> Result<Reply, Error> {
    let position_ms = call.params.number("position", 0, u32::MAX)?.into();
    let name = call.params.filled("c").unwrap_or("Subsonic");
    let changed_by: String = name.chars().take(CLIENT_CHARS_MAX).collect();
    let mut tries = 0;
    loop {
        tries += 1;
        let queue = listener::get_queue(call.ctx(), call.viewer()).await?;
        let (version, changed_by) = (queue.version, changed_by.clone());
        let saved = if version > 0 && queue.tracks == tracks {
            let place = QueuePosition { current, position_ms, changed_by, version };
            listener::set_queue_position(call.ctx(), call.viewer(), &place).await
        } else {
            let anew = QueueAnew { tracks: tracks.clone(), current, position_ms, changed_by, version };
            listener::put_queue(call.ctx(), call.viewer(), &anew).await.map(drop)
        };
        match saved {
            Ok(()) => return Ok(Reply::Done),
            Err(catalog::Error::Invalid(problem)) if problem.code == "stale" && tries < TRIES => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// All bookmarks, at most [`BOOKMARKS_MAX`], and then, as many, the episodes that the caller has begun.
pub(super) async fn get_bookmarks(call: &Call) -> Result<Reply, Error> {
    let mut elements = Vec::new();
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    loop {
        let page = listener::list_bookmarks(call.ctx(), call.viewer(), &query).await?;
        elements.extend(bookmarks(call, &page.items).await?);
        query.after = page.next;
        if query.after.is_none() || elements.len() >= BOOKMARKS_MAX {
            elements.truncate(BOOKMARKS_MAX);
            elements.extend(begun_episodes(call).await?);
            return Reply::element("bookmarks", Element::new().list("bookmark", elements));
        }
    }
}

/// How far the caller has heard episodes, as bookmarks.
async fn begun_episodes(call: &Call) -> Result<Vec<Element>, Error> {
    let mut told = Vec::new();
    let mut after = EpisodeId(0);
    while told.len() < BOOKMARKS_MAX {
        let step = call.app.podcasts.told_begun(call.viewer(), after, STEP).await?;
        let Some(last) = step.last() else { break };
        after = last.episode.id;
        told.extend(step);
    }
    let entries = super::podcasts::episodes(call, &told).await?;
    let elements = told.iter().zip(entries).map(|(one, entry)| {
        let changed = one.changed_at.unwrap_or(one.episode.published_at).to_string();
        Element::new()
            .with("position", one.episode.position_ms)
            .with("username", call.viewer().handle.as_str())
            .with("created", changed.as_str())
            .with("changed", changed.as_str())
            .with("entry", entry)
    });
    Ok(elements.collect())
}

async fn bookmarks(call: &Call, page: &[Bookmark]) -> Result<Vec<Element>, Error> {
    let tracks: Vec<_> = page.iter().filter_map(|one| one.track.as_ref()).collect();
    let mut songs = facts::songs(call, &tracks).await?.into_iter();
    let videos: Vec<_> = page.iter().filter_map(|one| one.video.as_ref()).collect();
    let mut videos = facts::videos(call, &videos).await?.into_iter();
    let elements = page.iter().filter_map(|one| {
        let entry = match (&one.track, &one.video) {
            (Some(_), _) => songs.next()?,
            (None, Some(_)) => videos.next()?,
            (None, None) => return None,
        };
        let element = Element::new()
            .with("position", one.position_ms)
            .with("username", call.viewer().handle.as_str())
            .text("comment", &one.comment)
            .with("created", one.created_at.to_string())
            .with("changed", one.changed_at.to_string())
            .with("entry", entry);
        Some(element)
    });
    Ok(elements.collect())
}

/// Something that a bookmark can be in.
enum Bookmarked {
    Kept(BookmarkKind, i64),
    Episode(EpisodeId),
}

fn bookmarked(text: &str) -> Result<Bookmarked, Error> {
    match ItemId::parse(text)? {
        ItemId::Track(id) => Ok(Bookmarked::Kept(BookmarkKind::Track, id.0)),
        ItemId::Video(id) => Ok(Bookmarked::Kept(BookmarkKind::Video, id.0)),
        ItemId::Episode(id) => Ok(Bookmarked::Episode(id)),
        _ => Err(Error::absent()),
    }
}

/// A bookmark in an episode is how far it was heard, which has no comment.
pub(super) async fn create_bookmark(call: &Call) -> Result<Reply, Error> {
    let what = bookmarked(call.params.required("id")?)?;
    call.params.required("position")?;
    let position_ms = call.params.number("position", 0, u32::MAX)?.into();
    match what {
        Bookmarked::Kept(kind, item) => {
            let comment = call.params.first("comment").unwrap_or_default().to_owned();
            let new = NewBookmark { position_ms, comment };
            listener::put_bookmark(call.ctx(), call.viewer(), kind, item, &new).await?;
        }
        Bookmarked::Episode(id) => {
            let progress = EpisodeProgress { position_ms, played: false, heard_ms_ago: 0 };
            call.app.podcasts.set_progress(call.viewer(), id, progress).await?;
        }
    }
    Ok(Reply::Done)
}

pub(super) async fn delete_bookmark(call: &Call) -> Result<Reply, Error> {
    match bookmarked(call.params.required("id")?)? {
        Bookmarked::Kept(kind, item) => {
            listener::delete_bookmark(call.ctx(), call.viewer(), kind, item).await?;
        }
        Bookmarked::Episode(id) => {
            let played = call.app.podcasts.told(call.viewer(), id).await?.episode.played;
            let progress = EpisodeProgress { position_ms: 0, played, heard_ms_ago: 0 };
            call.app.podcasts.set_progress(call.viewer(), id, progress).await?;
        }
    }
    Ok(Reply::Done)
}
