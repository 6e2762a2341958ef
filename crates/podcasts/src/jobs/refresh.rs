//! Reading a feed: asked politely, entered at once or not at all, and less often the longer it fails.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use http::{HeaderValue, StatusCode, header};
use ingest::upload::Floor;
use kernel::{
    Ctx, Fault, Time,
    db::Tx,
    fetch::{Ask, FetchError, Limits, Validators},
    jobs::{Handler, JobError, Lease},
};

use super::{REFRESH_JOB, wake};
use crate::{
    EpisodeId, PodcastId,
    feed::{self, Feed},
    service::{self, PRIORITY_EAGER},
    store::{self, FeedRow},
};

/// Bytes of a feed.
const FEED_BYTES_MAX: u64 = 16 << 20;
/// Bytes of a cover.
const COVER_BYTES_MAX: u64 = 10 << 20;
/// Time between two readings when the feed does not say, and what it may say, in minutes.
const MINUTES: u64 = 60;
const MINUTES_MIN: u64 = 15;
const MINUTES_MAX: u64 = 24 * 60;
/// Pause after the first failure; it doubles with each further one, up to a day.
const PAUSE_FIRST: Duration = Duration::from_mins(15);
const PAUSE_MAX: Duration = Duration::from_hours(24);
/// Pause after this house was too busy to ask.
const PAUSE_BUSY: Duration = Duration::from_mins(5);
/// Time between two new covers of one feed, and until one that could not be had is asked for again.
const COVER_EVERY: Duration = Duration::from_hours(24);
const COVER_AGAIN: Duration = Duration::from_hours(1);
/// Pause after a feed has said that it is gone for good.
const PAUSE_GONE: Duration = Duration::from_hours(7 * 24);
/// A feed is not asked more often than this, whoever wishes it.
pub(crate) const PAUSE_MIN: Duration = Duration::from_mins(1);
/// Episodes that are kept of one feed, however many it has had.
const EPISODES_KEPT: u32 = 4_000;
/// New episodes that are downloaded by themselves at one reading.
const EAGER_MAX: u32 = 3;

/// A feed as it was read.
#[derive(Clone, Debug)]
pub(crate) struct ReadFeed {
    pub(crate) feed: Feed,
    pub(crate) validators: Validators,
    /// Where it moved for good.
    pub(crate) moved_to: Option<String>,
    /// What its bytes are known again by.
    pub(crate) body_hash: String,
}

/// A request for the feed at an address.
pub(crate) fn ask_for_feed(address: &str) -> Result<Ask, FetchError> {
    let accept =
        "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1";
    let ask = Ask::get(address)?.limits(Limits::SMALL.bytes(FEED_BYTES_MAX));
    Ok(ask.header(header::ACCEPT, HeaderValue::from_static(accept)))
}

/// Asks for a feed and reads it; `None` when it did not change.
pub(crate) async fn read_feed(ctx: &Ctx, ask: &Ask) -> Result<Option<ReadFeed>, FetchError> {
    let answer = ctx.fetch().send(ask).await?.good()?;
    if answer.is_unchanged() {
        return Ok(None);
    }
    let (validators, moved_to) = (answer.validators(), answer.moved_to.as_ref().map(ToString::to_string));
    let bytes = answer.read().await?;
    let parsed = feed::apart(move || (feed::parse(&bytes), body_hash(&bytes))).await?;
    let (feed, body_hash) = match parsed {
        Some((Ok(feed), hash)) => (feed, hash),
        Some((Err(why), _)) => {
            tracing::debug!("what was fetched is no feed: {why}");
            return Err(FetchError::Address("There is no podcast at this address, but something else."));
        }
        None => return Err(FetchError::Address("This feed can't be read.")),
    };
    Ok(Some(ReadFeed { feed, validators, moved_to, body_hash }))
}

/// What a body is known again by. It begins with a version, to be raised when more is read out of the same bytes.
fn body_hash(bytes: &[u8]) -> String {
    format!("1-{}", &blake3::hash(bytes).to_hex()[..32])
}

/// Enters what a feed says.
pub(crate) fn enter(tx: &mut Tx<'_>, ctx: &Ctx, id: PodcastId, read: &ReadFeed) -> Result<(), Fault> {
    let Some(row) = store::feed(tx, id)? else { return Ok(()) };
    let now = ctx.now();
    // What is there at the first reading is not new to anybody. Readings that failed do not count.
    let first = row.body_hash.is_none() && !store::has_episodes(tx, id)?;
    let found = if first { Time(0) } else { now };
    if row.body_hash.as_deref() != Some(&read.body_hash) {
        store::set_feed(tx, id, &read.feed, &read.body_hash)?;
        for (at, (item, key)) in read.feed.items.iter().zip(read.feed.keys()).enumerate() {
            // Episodes without a date keep the order in which the feed has them.
            let published = item.published_us.unwrap_or(now.0 - i64::try_from(at).unwrap_or(0));
            store::put_episode(tx, EpisodeId(ctx.next_id()), id, &key, item, (found, published))?;
        }
        store::prune(tx, id, EPISODES_KEPT)?;
        if read.feed.image != row.image {
            store::set_picture(tx, id, read.feed.image.as_deref(), None)?;
        }
        let subscribers = store::subscribers(tx, id)?;
        wake(tx, &subscribers);
    }
    let minutes = read.feed.ttl_minutes.unwrap_or(MINUTES).clamp(MINUTES_MIN, MINUTES_MAX);
    store::set_read(tx, id, &read.validators, now, now.plus(Duration::from_secs(minutes * 60)))?;
    if first { Ok(()) } else { bring_new(tx, ctx, id, now) }
}

/// Has the episodes that were found at `now` brought here for those who want that of this feed.
fn bring_new(tx: &mut Tx<'_>, ctx: &Ctx, id: PodcastId, now: Time) -> Result<(), Fault> {
    let fresh = store::found_at(tx, id, now, EAGER_MAX)?;
    if fresh.is_empty() {
        return Ok(());
    }
    for user in store::eager(tx, id)? {
        let held = store::hold_account(tx, user)? && store::lock_subscription(tx, user, id)?;
        if !held || store::count_wanted(tx, user)? >= service::WANTED_MAX {
            continue;
        }
        let Some(podcast) = store::podcast_of(tx, user, id)? else { continue };
        for episode in &fresh {
            let wanted = service::want(tx, ctx, user, *episode, id, PRIORITY_EAGER);
            wanted.map_err(|_| Fault::new("a new episode is gone already"))?;
        }
        service::keep_newest(tx, ctx, user, id, podcast.settings.keep)?;
    }
    Ok(())
}

/// Reads feeds again.
pub(super) struct Refresh {
    /// Where the room for covers is measured, and what must stay of it.
    pub(super) disk: Option<(PathBuf, Floor)>,
}

#[async_trait]
impl Handler for Refresh {
    fn kind(&self) -> &'static str {
        REFRESH_JOB
    }

    fn at_once(&self) -> usize {
        4
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: PodcastId = lease.payload()?;
        let Some(row) = begin(ctx, lease, id).await? else { return Ok(()) };
        let recent = row.checked.is_some_and(|checked| ctx.now().since(checked) < PAUSE_MIN);
        if !recent {
            tokio::select! {
                read = read_again(ctx, &row) => settle(ctx, lease, id, &row, read).await?,
                () = lease.cancelled().cancelled() => return Err(JobError::HandBack),
            }
        }
        tokio::select! {
            done = self.cover(ctx, lease, id) => done,
            () = lease.cancelled().cancelled() => Err(JobError::HandBack),
        }
    }
}

/// The feed, if anybody still subscribes to it; otherwise it goes as soon as no bytes of it are here.
async fn begin(ctx: &Ctx, lease: &Lease, id: PodcastId) -> Result<Option<FeedRow>, JobError> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        if !store::hold_feed(tx, id)? || store::has_subscribers(tx, id)? {
            return store::feed(tx, id);
        }
        if store::has_media(tx, id)? {
            store::set_failing(tx, id, "", now, now.plus(PAUSE_FIRST))?;
        } else {
            store::delete_feed(tx, id)?;
        }
        Ok::<_, Fault>(None)
    });
    Ok(begun.await?)
}

async fn read_again(ctx: &Ctx, row: &FeedRow) -> Result<Option<ReadFeed>, FetchError> {
    let ask = ask_for_feed(&row.address)?;
    let ask = if row.checked.is_some() { ask.unless_unchanged(&row.validators) } else { ask };
    read_feed(ctx, &ask).await
}

async fn settle(
    ctx: &Ctx,
    lease: &Lease,
    id: PodcastId,
    row: &FeedRow,
    read: Result<Option<ReadFeed>, FetchError>,
) -> Result<(), JobError> {
    if let Err(FetchError::Fault(fault)) = read {
        return Err(fault.into());
    }
    let (inner, lease, row) = (ctx.clone(), lease.clone(), row.clone());
    let settled = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        let now = inner.now();
        match &read {
            Ok(Some(read)) => {
                if let Some(address) = &read.moved_to {
                    store::move_feed(tx, id, address)?;
                }
                enter(tx, &inner, id, read)
            }
            Ok(None) => {
                let next = now.plus(Duration::from_secs(MINUTES * 60));
                store::set_read(tx, id, &row.validators, now, next)
            }
            // This house asks too much; the feed can't help it.
            Err(FetchError::Busy) => store::put_off(tx, id, now.plus(PAUSE_BUSY)),
            Err(error) => {
                let next = now.plus(pause_after(row.failures, error));
                store::set_failing(tx, id, &error.to_string(), now, next)
            }
        }
    });
    Ok(settled.await?)
}

/// How long a feed is left alone after a failure.
fn pause_after(failures: u32, error: &FetchError) -> Duration {
    let grown = PAUSE_FIRST.saturating_mul(2u32.saturating_pow(failures.min(16))).min(PAUSE_MAX);
    match error {
        FetchError::Status(StatusCode::GONE, _) => PAUSE_GONE,
        FetchError::Status(_, Some(seconds)) => grown.max(Duration::from_secs(*seconds)),
        _ => grown,
    }
}

impl Refresh {
    /// Fetches the cover when the feed names another than is here. A podcast without a cover is still a podcast.
    async fn cover(&self, ctx: &Ctx, lease: &Lease, id: PodcastId) -> Result<(), JobError> {
        let Some(row) = ctx.db().read(move |tx| store::feed(tx, id)).await? else { return Ok(()) };
        let (Some(image), None) = (row.image, row.picture) else { return Ok(()) };
        // A feed that names another cover at every reading must not fill the disk, and whoever has it read again and
        // again must not have a server asked as often.
        if row.cover.is_some_and(|asked| ctx.now().since(asked) < COVER_EVERY) {
            return Ok(());
        }
        if let Some((folder, floor)) = &self.disk {
            tokio::fs::create_dir_all(folder).await.map_err(Fault::from)?;
            if ingest::foreign::room(folder, *floor).await? < COVER_BYTES_MAX {
                return Ok(());
            }
        }
        let Ok(ask) = Ask::get(&image) else { return Ok(()) };
        note_cover(ctx, lease, id).await?;
        let bytes = match ctx.fetch().read(&ask.limits(Limits::SMALL.bytes(COVER_BYTES_MAX))).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::debug!(podcast.id = %id, "no cover: {error}");
                return Ok(());
            }
        };
        let Some(picture) = ingest::foreign::keep_picture(ctx, bytes).await? else { return Ok(()) };
        let (lease, now) = (lease.clone(), ctx.now());
        let kept = ctx.db().write(move |tx| {
            lease.guard(tx)?;
            store::set_picture(tx, id, Some(&image), Some(picture))?;
            store::set_cover_asked(tx, id, now)?;
            let subscribers = store::subscribers(tx, id)?;
            wake(tx, &subscribers);
            Ok::<_, Fault>(())
        });
        Ok(kept.await?)
    }
}

/// Notes that a cover is asked for before it is, so that what becomes of that changes nothing: until it is here it counts
/// as asked for so long ago that it is due again after [`COVER_AGAIN`].
async fn note_cover(ctx: &Ctx, lease: &Lease, id: PodcastId) -> Result<(), JobError> {
    let lead = i64::try_from(COVER_EVERY.saturating_sub(COVER_AGAIN).as_micros()).unwrap_or(0);
    let (lease, asked) = (lease.clone(), Time(ctx.now().0 - lead));
    let noted = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        store::set_cover_asked(tx, id, asked)
    });
    let noted: Result<(), Fault> = noted.await;
    Ok(noted?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_that_fails_is_asked_ever_less_often_and_one_that_is_gone_hardly() {
        let slow = FetchError::TooSlow;
        assert_eq!(pause_after(0, &slow), PAUSE_FIRST);
        assert_eq!(pause_after(2, &slow), PAUSE_FIRST * 4);
        assert_eq!(pause_after(1_000, &slow), PAUSE_MAX);
        let gone = FetchError::Status(StatusCode::GONE, None);
        assert_eq!(pause_after(0, &gone), PAUSE_GONE);
        let later = FetchError::Status(StatusCode::TOO_MANY_REQUESTS, Some(7_200));
        assert_eq!(pause_after(0, &later), Duration::from_hours(2));
    }
}
