//! What listeners do with podcasts.

mod told;
mod within;

use std::{collections::HashMap, sync::Arc};

use catalog::PictureId;
use delivery::{Asked, Direct};
use http::{HeaderMap, Method, StatusCode};
use kernel::{
    Ctx, Fault, Page, PageQuery, Problem, Time,
    http::Viewer,
    id::UserId,
    seats::{Seat, Seats},
};

use crate::{
    EpisodeId, Error, PodcastId, feed, jobs as work,
    model::{
        Episode, EpisodeDetail, EpisodeGrant, EpisodeProgress, EpisodeState, OpmlImport, Podcast,
        PodcastSettings,
    },
    store::{self, PodcastRow},
};

/// Podcasts that one listener subscribes to.
pub const SUBSCRIPTIONS_MAX: u64 = 500;
/// Feeds that one account subscribes to at the same moment, each of which is asked while it waits.
const SUBSCRIBING_MAX: usize = 3;
/// Episodes whose bytes one listener may want here at once.
pub const WANTED_MAX: u64 = 500;
/// How a podcast is had unless its listener says otherwise.
const SETTINGS: PodcastSettings = PodcastSettings { keep: 10, fetch_new: false, speed_percent: 100 };
/// Longest episode whose position is kept.
const POSITION_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// How long ago something heard may have been; earlier is that long ago.
const HEARD_MS_AGO_MAX: u64 = 366 * 24 * 3_600_000;
/// How often an episode is asked for in a row.
pub(crate) const LOAD_ATTEMPTS_MAX: u32 = 6;
/// Somebody waits.
const PRIORITY_AWAITED: i64 = 60;
/// It comes by itself.
pub(crate) const PRIORITY_EAGER: i64 = 140;

pub use told::ToldEpisode;
pub(crate) use within::feed_for;
pub(crate) use within::{enqueue_load, keep_newest, leave, let_go, load, want};
use within::{enqueue_refresh, hold_account, keep_newest_but, refresh_unless_recent};

/// Podcasts, for routes and dialects. Cheap to clone.
#[derive(Clone)]
pub struct Podcasts {
    pub(crate) ctx: Ctx,
    direct: Direct,
    subscribing: Arc<Subscribing>,
}

/// The feeds that each account is just subscribing to.
struct Subscribing(Seats);

impl Podcasts {
    /// Podcasts of this house.
    pub fn new(ctx: Ctx, direct: Direct) -> Self {
        // One for the house, however often this is called: dialects and routes count together.
        let subscribing = ctx.kept(|| Subscribing(Seats::new(SUBSCRIBING_MAX)));
        Self { ctx, direct, subscribing }
    }

    /// The viewer's podcasts, by when they came into the house.
    pub async fn list(&self, viewer: &Viewer, query: &PageQuery) -> Result<Page<Podcast>, Error> {
        let (user, limit) = (viewer.id, query.limit());
        let after = PodcastId(query.key::<i64>()?.unwrap_or(0));
        let rows = self.ctx.db().read(move |tx| store::podcasts(tx, user, after, limit + 1)).await;
        let page = Page::cut(rows.map_err(Error::Fault)?, limit, |row| row.id.0);
        let pictures = self.pictures(&page.items).await?;
        Ok(page.map(|row| shape(row, &pictures)))
    }

    /// One of the viewer's podcasts.
    pub async fn podcast(&self, viewer: &Viewer, id: PodcastId) -> Result<Podcast, Error> {
        let user = viewer.id;
        let row =
            self.ctx.db().read(move |tx| store::podcast_of(tx, user, id)).await.map_err(Error::Fault)?;
        let row = row.ok_or(Error::NotFound)?;
        let pictures = self.pictures(std::slice::from_ref(&row)).await?;
        Ok(shape(row, &pictures))
    }

    async fn pictures(
        &self,
        rows: &[PodcastRow],
    ) -> Result<HashMap<PictureId, catalog::model::Picture>, Fault> {
        let ids: Vec<PictureId> = rows.iter().filter_map(|row| row.picture).collect();
        catalog::service::pictures(&self.ctx, &ids).await
    }

    /// Subscribes to a feed, which is read at once: also one that others have, so that nobody learns that they do.
    pub async fn subscribe(&self, viewer: &Viewer, address: &str) -> Result<Podcast, Error> {
        let ask = work::ask_for_feed(address).map_err(Error::Feed)?;
        let _one = self.begin_subscribing(viewer.id)?;
        let read = work::read_feed(&self.ctx, &ask).await.map_err(Error::Feed)?;
        let Some(read) = read else { return Err(Error::NotFound) };
        let address = read.moved_to.clone().unwrap_or_else(|| ask.address().to_string());
        let (user, now, ctx) = (viewer.id, self.ctx.now(), self.ctx.clone());
        let entered = self.ctx.db().write(move |tx| {
            hold_account(tx, user)?;
            let id = feed_for(tx, &ctx, &address, &read.feed.title)?;
            let known = store::podcast_of(tx, user, id)?.is_some();
            if !known && store::count_subscriptions(tx, user)? >= SUBSCRIPTIONS_MAX {
                return Err(subscriptions_full());
            }
            work::enter(tx, &ctx, id, &read)?;
            store::subscribe(tx, user, id, SETTINGS, now)?;
            // The cover comes by itself; episodes are there already.
            enqueue_refresh(tx, &ctx, id, PRIORITY_AWAITED)?;
            Ok(id)
        });
        let id = entered.await?;
        self.podcast(viewer, id).await
    }

    pub(crate) fn begin_subscribing(&self, user: UserId) -> Result<Seat, Error> {
        self.subscribing.0.take(user).ok_or_else(|| {
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "Too many feeds at once");
            problem.detail("Wait until the other feeds are read.").retry_after(10).into()
        })
    }

    /// Sets how the viewer has a podcast.
    pub async fn set_settings(
        &self,
        viewer: &Viewer,
        id: PodcastId,
        settings: PodcastSettings,
    ) -> Result<Podcast, Error> {
        if !(1..=100).contains(&settings.keep) {
            return Err(Problem::invalid("keep", "Keep 1 to 100 downloads.").into());
        }
        if !(50..=300).contains(&settings.speed_percent) {
            return Err(Problem::invalid("speed_percent", "Play at 50 to 300 percent.").into());
        }
        let (user, ctx) = (viewer.id, self.ctx.clone());
        let set = self.ctx.db().write(move |tx| {
            if !store::set_settings(tx, user, id, settings)? {
                return Err(Error::NotFound);
            }
            keep_newest(tx, &ctx, user, id, settings.keep)?;
            Ok(())
        });
        set.await?;
        self.podcast(viewer, id).await
    }

    /// Ends a subscription: downloads that nobody else wants go.
    pub async fn unsubscribe(&self, viewer: &Viewer, id: PodcastId) -> Result<(), Error> {
        let (user, ctx) = (viewer.id, self.ctx.clone());
        let ended = self.ctx.db().write(move |tx| {
            if !store::unsubscribe(tx, user, id)? {
                return Err(Error::NotFound);
            }
            keep_newest(tx, &ctx, user, id, 0)?;
            // It removes the feed when nobody is left.
            enqueue_refresh(tx, &ctx, id, PRIORITY_EAGER)?;
            Ok(())
        });
        ended.await
    }

    /// Has a feed read again soon.
    pub async fn refresh(&self, viewer: &Viewer, id: PodcastId) -> Result<(), Error> {
        let (user, ctx) = (viewer.id, self.ctx.clone());
        let asked = self.ctx.db().write(move |tx| {
            let row = store::podcast_of(tx, user, id)?.ok_or(Error::NotFound)?;
            refresh_unless_recent(tx, &ctx, id, row.checked).map_err(Error::Fault)
        });
        asked.await
    }

    /// The episodes of one of the viewer's podcasts, the newest first.
    pub async fn episodes(
        &self,
        viewer: &Viewer,
        id: PodcastId,
        query: &PageQuery,
    ) -> Result<Page<Episode>, Error> {
        let (user, limit) = (viewer.id, query.limit());
        let key = query.key::<(i64, i64)>()?.unwrap_or((i64::MAX, i64::MAX));
        let rows = self.ctx.db().read(move |tx| {
            store::podcast_of(tx, user, id)?.ok_or(Error::NotFound)?;
            store::episodes(tx, user, id, key, limit + 1).map_err(Error::Fault)
        });
        Ok(Page::cut(rows.await?, limit, |row| (row.published_at.0, row.id.0)))
    }

    /// One episode with its notes and chapters.
    pub async fn episode(&self, viewer: &Viewer, id: EpisodeId) -> Result<EpisodeDetail, Error> {
        let user = viewer.id;
        let row =
            self.ctx.db().read(move |tx| store::episode_of(tx, user, id)).await.map_err(Error::Fault)?;
        let row = row.ok_or(Error::NotFound)?;
        let podcast = self.podcast(viewer, row.episode.podcast_id).await?;
        Ok(EpisodeDetail {
            podcast,
            notes: row.notes,
            link: row.link,
            transcript: row.transcript,
            chapters: serde_json::from_str(&row.chapters).unwrap_or_default(),
            episode: row.episode,
        })
    }

    /// Notes how far the viewer has heard an episode.
    pub async fn set_progress(
        &self,
        viewer: &Viewer,
        id: EpisodeId,
        progress: EpisodeProgress,
    ) -> Result<(), Error> {
        if progress.position_ms > POSITION_MS_MAX {
            return Err(Problem::invalid("position_ms", "No episode is that long.").into());
        }
        let ago = i64::try_from(progress.heard_ms_ago.min(HEARD_MS_AGO_MAX)).unwrap_or(0);
        let (user, heard) = (viewer.id, Time(self.ctx.now().0 - ago * 1_000));
        let noted = self.ctx.db().write(move |tx| {
            let podcast = store::episode_of(tx, user, id)?.ok_or(Error::NotFound)?.episode.podcast_id;
            // It must not end meanwhile, as it does when the account is removed: what is noted after that would stay.
            if !store::lock_subscription(tx, user, podcast)? {
                return Err(Error::NotFound);
            }
            store::put_progress(tx, user, id, progress, heard).map_err(Error::Fault)
        });
        noted.await
    }

    /// Has the bytes of an episode brought here, and kept among the newest of its podcast. What failed is tried again.
    pub async fn download(&self, viewer: &Viewer, id: EpisodeId) -> Result<EpisodeState, Error> {
        self.bring(viewer, id, true).await
    }

    async fn bring(&self, viewer: &Viewer, id: EpisodeId, again: bool) -> Result<EpisodeState, Error> {
        let (user, ctx) = (viewer.id, self.ctx.clone());
        let asked = self.ctx.db().write(move |tx| {
            hold_account(tx, user)?;
            let found = store::episode_of(tx, user, id)?.ok_or(Error::NotFound)?.episode;
            if found.state == EpisodeState::Remote && store::count_wanted(tx, user)? >= WANTED_MAX {
                let detail =
                    format!("You have {WANTED_MAX} downloads, the most that there may be; delete one.");
                return Err(Error::full(detail));
            }
            // It must not end meanwhile: what is wanted without a subscription would stay for ever.
            if !store::lock_subscription(tx, user, found.podcast_id)? {
                return Err(Error::NotFound);
            }
            let mut state = want(tx, &ctx, user, id, found.podcast_id, PRIORITY_AWAITED)?;
            if again && state == EpisodeState::Failed {
                state = load(tx, &ctx, id, PRIORITY_AWAITED)?;
            }
            let keep = store::podcast_of(tx, user, found.podcast_id)?.map_or(1, |row| row.settings.keep);
            keep_newest_but(tx, &ctx, user, found.podcast_id, keep, Some(id))?;
            Ok(state)
        });
        asked.await
    }

    /// Lets go of an episode's bytes; they are deleted when nobody else wants them.
    pub async fn delete_download(&self, viewer: &Viewer, id: EpisodeId) -> Result<(), Error> {
        let (user, ctx) = (viewer.id, self.ctx.clone());
        let asked = self.ctx.db().write(move |tx| {
            store::episode_of(tx, user, id)?.ok_or(Error::NotFound)?;
            let_go(tx, &ctx, user, id).map_err(Error::Fault)
        });
        asked.await
    }

    /// Leave to play an episode. The first time it is asked for the bytes are brought here: ask again while `waiting`.
    pub async fn grant(&self, viewer: &Viewer, id: EpisodeId) -> Result<EpisodeGrant, Error> {
        let user = viewer.id;
        // Asked again and again while one waits: who waits is told why it failed.
        let state = self.bring(viewer, id, false).await?;
        let row =
            self.ctx.db().read(move |tx| store::episode_of(tx, user, id)).await.map_err(Error::Fault)?;
        let row = row.ok_or(Error::NotFound)?;
        let grant = match row.media.filter(|_| state == EpisodeState::Ready) {
            Some(media) => self.direct.grant_apart(media).await.map_err(Error::Fault)?,
            None => None,
        };
        Ok(EpisodeGrant { state: row.episode.state, problem: row.episode.problem, grant })
    }

    /// The file of an episode that the viewer has here; `None` while it is not.
    pub async fn file(
        &self,
        viewer: &Viewer,
        id: EpisodeId,
        saved_as: Option<&str>,
        (method, headers): (&Method, &HeaderMap),
    ) -> Result<Option<axum::response::Response>, Error> {
        let user = viewer.id;
        let row =
            self.ctx.db().read(move |tx| store::episode_of(tx, user, id)).await.map_err(Error::Fault)?;
        let row = row.ok_or(Error::NotFound)?;
        let here = row.media.filter(|_| row.episode.state == EpisodeState::Ready);
        let Some(media) = here else { return Ok(None) };
        let sent = self.direct.file_apart(media, saved_as, Asked { method, headers }).await;
        sent.map_err(Error::Fault)
    }

    /// The viewer's subscriptions as a list that other apps read.
    pub async fn export(&self, viewer: &Viewer) -> Result<String, Error> {
        let user = viewer.id;
        let limit = u32::try_from(SUBSCRIPTIONS_MAX).unwrap_or(u32::MAX);
        let rows = self.ctx.db().read(move |tx| store::podcasts(tx, user, PodcastId(0), limit)).await;
        let feeds: Vec<_> =
            rows.map_err(Error::Fault)?.into_iter().map(|row| (row.address, row.title)).collect();
        Ok(feed::opml::write(&feeds))
    }

    /// Subscribes to every feed of such a list; they are read one after the other afterwards.
    pub async fn import(&self, viewer: &Viewer, list: &str) -> Result<OpmlImport, Error> {
        let list = list.to_owned();
        let read = feed::apart(move || feed::opml::read(&list)).await?;
        let found = read
            .unwrap_or(Err("it can't be read"))
            .map_err(|why| Problem::invalid("body", format!("This is no list of podcasts: {why}.")))?;
        let (user, now, ctx) = (viewer.id, self.ctx.now(), self.ctx.clone());
        let entered = self.ctx.db().write(move |tx| {
            hold_account(tx, user)?;
            let mut done = OpmlImport::default();
            let mut room = SUBSCRIPTIONS_MAX.saturating_sub(store::count_subscriptions(tx, user)?);
            for outline in &found {
                let (address, title) = match outline {
                    Ok(both) => both,
                    Err(text) => {
                        done.refused.push(text.clone());
                        continue;
                    }
                };
                let Ok(ask) = work::ask_for_feed(address) else {
                    done.refused.push(address.clone());
                    continue;
                };
                let at = ask.address().as_str();
                let known = match store::feed_at(tx, at)? {
                    Some(id) => store::podcast_of(tx, user, id)?.is_some(),
                    None => false,
                };
                if known {
                    done.known += 1;
                } else if room == 0 {
                    // Before the feed is entered: one without a subscriber would only have to go again.
                    done.refused.push(address.clone());
                } else {
                    let id = feed_for(tx, &ctx, at, title)?;
                    store::subscribe(tx, user, id, SETTINGS, now)?;
                    enqueue_refresh(tx, &ctx, id, PRIORITY_EAGER)?;
                    (room, done.added) = (room - 1, done.added + 1);
                }
            }
            Ok(done)
        });
        entered.await
    }
}

fn subscriptions_full() -> Error {
    Error::full(format!(
        "You subscribe to {SUBSCRIPTIONS_MAX} podcasts, the most that there may be; end one first."
    ))
}

fn shape(row: PodcastRow, pictures: &HashMap<PictureId, catalog::model::Picture>) -> Podcast {
    let title = if row.title.is_empty() { row.address.clone() } else { row.title };
    Podcast {
        id: row.id,
        address: row.address,
        title,
        author: row.author,
        description: row.description,
        link: row.link,
        picture: row.picture.and_then(|id| pictures.get(&id)).cloned(),
        explicit: row.explicit,
        new_count: row.new_count,
        checked_at: row.checked,
        problem: row.problem,
        settings: row.settings,
    }
}
