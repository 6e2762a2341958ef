//! Episodes come and go: fetched into a file, looked at in the sandbox, kept as a blob, deleted when nobody wants them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use catalog::{
    MediaId,
    media::{self, MediaKind, Source},
};
use http::StatusCode;
use ingest::{
    foreign::{self, Foreign},
    media::MediaError,
};
use kernel::{
    Ctx, Fault, Time,
    blob::BlobKey,
    fetch::{Ask, FetchError, Limits, discard},
    jobs::{self, Handler, JobError, Lease, NewJob},
};

use super::{DROP_JOB, LOAD_JOB, Settings, wake};
use crate::{
    EpisodeId,
    feed::{self, chapters},
    model::EpisodeState,
    service,
    store::{self, LoadRow},
};

/// Bytes of an episode.
const EPISODE_BYTES_MAX: u64 = 2 << 30;
/// Bytes of a document of chapters.
const CHAPTERS_BYTES_MAX: u64 = 512 << 10;
/// The folder of blobs that are episodes.
pub(super) const FOLDER: &str = "podcasts";

/// Episodes that come at once.
const AT_ONCE: usize = 6;
/// Of them from one server, so that a slow one does not hold all places.
const AT_ONCE_OF_ORIGIN: usize = 2;
/// When one is looked at again for which its server had no place.
const PAUSE_FOR_PLACE: Duration = Duration::from_secs(20);
/// Bytes in a second below which a server is too slow to wait for.
const BYTES_PER_S_MIN: u64 = 64 << 10;
/// When an episode that failed is tried again by itself: at first, and at most, for it doubles.
const RETRY_FIRST: Duration = Duration::from_hours(2);
const RETRY_MAX: Duration = Duration::from_hours(24);
/// How often that is done.
const RETRIES_MAX: u32 = 6;
/// What is said when this house is at fault; why stands in its log.
const BROKE: &str = "Something broke on this server while it fetched the episode. It is tried again later.";
const DISK_FULL: &str = "This server's disk has no room for the episode now. It is tried again later.";

/// Brings episodes here.
#[derive(Clone)]
pub(super) struct Load {
    settings: Settings,
    /// What is under way in this process: the server that each episode comes from.
    under_way: Arc<Mutex<HashMap<EpisodeId, String>>>,
}

/// Why an episode does not come.
enum Stop {
    /// It can't be had; the sentence is for those who want it.
    Refused(String),
    /// It can't be had now; the sentence is for those who want it, if this was the last try.
    Passing(String),
    /// It can't be had for hours: it is tried again after a long pause.
    Later(String),
    /// The job ends some other way.
    Job(JobError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Job(fault.into())
    }
}

/// A place among what is under way; given back when it is dropped.
struct Place {
    under_way: Arc<Mutex<HashMap<EpisodeId, String>>>,
    id: EpisodeId,
}

impl std::ops::Drop for Place {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[async_trait]
impl Handler for Load {
    fn kind(&self) -> &'static str {
        LOAD_JOB
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: EpisodeId = lease.payload()?;
        let path = self.path(id);
        let Some(row) = begin(ctx, lease, id).await? else {
            if self.place(id, "").is_some() {
                discard(&path).await;
            }
            return Ok(());
        };
        let origin = Ask::get(&row.enclosure).map(|ask| ask.address().origin().ascii_serialization());
        let Some(_place) = self.place(id, &origin.unwrap_or_default()) else {
            return put_off(ctx, lease, id).await;
        };
        let loaded = tokio::select! {
            loaded = self.load(ctx, lease, id, &row, &path) => loaded,
            () = lease.cancelled().cancelled() => Err(Stop::Job(JobError::HandBack)),
        };
        let (problem, retry) = match loaded {
            Ok(()) => {
                discard(&path).await;
                return Ok(());
            }
            Err(Stop::Job(error)) => {
                // A job that was taken back because nobody wants the episode is not begun again.
                let gone = lease.cancelled().is_cancelled() && !wanted(ctx, id).await?;
                if gone {
                    discard(&path).await;
                }
                return Err(error);
            }
            Err(Stop::Passing(problem)) if !lease.last_attempt => return Err(JobError::Retry(problem)),
            Err(Stop::Passing(problem) | Stop::Later(problem)) => (problem, retry_at(ctx.now(), row.tries)),
            Err(Stop::Refused(problem)) => (problem, None),
        };
        discard(&path).await;
        let lease = lease.clone();
        let failed = ctx.db().write(move |tx| {
            store::load_row(tx, id)?;
            lease.guard(tx)?;
            store::set_failed(tx, id, &problem, retry)?;
            let wanting = store::wanting(tx, id)?;
            wake(tx, &wanting);
            Ok::<_, Fault>(())
        });
        Ok(failed.await?)
    }

    async fn gave_up(&self, ctx: &Ctx, key: Option<&str>, _: &str) -> Result<(), Fault> {
        let Some(id) = key.and_then(|key| key.parse().ok()).map(EpisodeId) else { return Ok(()) };
        let now = ctx.now();
        let failed = ctx.db().write(move |tx| {
            let tries = store::load_row(tx, id)?.map_or(0, |row| row.tries);
            store::set_failed(tx, id, BROKE, retry_at(now, tries))
        });
        failed.await
    }
}

/// When an episode that failed for the `tries + 1`st time is tried again by itself.
fn retry_at(now: Time, tries: u32) -> Option<Time> {
    let pause = RETRY_FIRST.saturating_mul(2u32.saturating_pow(tries)).min(RETRY_MAX);
    (tries < RETRIES_MAX).then(|| now.plus(pause))
}

/// The episode, while somebody wants it and it is not here.
async fn begin(ctx: &Ctx, lease: &Lease, id: EpisodeId) -> Result<Option<LoadRow>, JobError> {
    let lease = lease.clone();
    let begun = ctx.db().write(move |tx| {
        // The episode before the job, as everybody does: otherwise two could wait for each other.
        let row = store::load_row(tx, id)?;
        lease.guard(tx)?;
        let Some(row) = row else { return Ok(None) };
        if row.state == EpisodeState::Ready {
            return Ok(None);
        }
        if !store::is_wanted(tx, id)? {
            store::set_state(tx, id, EpisodeState::Remote, None)?;
            return Ok(None);
        }
        Ok::<_, Fault>(Some(row))
    });
    Ok(begun.await?)
}

async fn wanted(ctx: &Ctx, id: EpisodeId) -> Result<bool, Fault> {
    ctx.db().read(move |tx| store::is_wanted(tx, id)).await
}

/// Another job does it a little later; this one is no failure.
async fn put_off(ctx: &Ctx, lease: &Lease, id: EpisodeId) -> Result<(), JobError> {
    let (lease, inner) = (lease.clone(), ctx.clone());
    let put_off = ctx.db().write(move |tx| {
        lease.complete(tx, inner.now())?;
        let job = NewJob::new(LOAD_JOB, &id)?.key(id).attempts_max(service::LOAD_ATTEMPTS_MAX);
        jobs::enqueue(tx, &inner, &job.run_at(inner.now().plus(PAUSE_FOR_PLACE)))
    });
    Ok(put_off.await?)
}

impl Load {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, under_way: Arc::default() }
    }

    fn path(&self, id: EpisodeId) -> PathBuf {
        self.settings.staging.join(id.to_string())
    }

    /// A place for an episode from a server; none while an earlier try still has the episode's file in its hands, or
    /// while too many come from that server.
    fn place(&self, id: EpisodeId, origin: &str) -> Option<Place> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let of_origin = under_way.values().filter(|own| *own == origin).count();
        if under_way.contains_key(&id) || of_origin >= AT_ONCE_OF_ORIGIN {
            return None;
        }
        under_way.insert(id, origin.to_owned());
        Some(Place { under_way: Arc::clone(&self.under_way), id })
    }

    async fn load(
        &self,
        ctx: &Ctx,
        lease: &Lease,
        id: EpisodeId,
        row: &LoadRow,
        path: &Path,
    ) -> Result<(), Stop> {
        tokio::fs::create_dir_all(&self.settings.staging).await.map_err(Fault::from)?;
        // Those that come at once share the room, for each may fill what it is given.
        let room = foreign::room(&self.settings.staging, self.settings.floor).await? / AT_ONCE as u64;
        let limits = Limits { bytes_per_s_min: BYTES_PER_S_MIN, ..Limits::FILE };
        let limits = limits.bytes(EPISODE_BYTES_MAX.min(room));
        let ask = Ask::get(&row.enclosure).map_err(stop)?.limits(limits);
        match ctx.fetch().download(ask, path).await {
            Ok(_) => {}
            Err(FetchError::TooLarge(max)) if max < EPISODE_BYTES_MAX => {
                return Err(Stop::Later(DISK_FULL.to_owned()));
            }
            Err(error) => return Err(stop(error)),
        }
        let found = match Foreign::look(&self.settings.engine, path, lease.cancelled()).await {
            Ok(found) => found,
            Err(MediaError::Cancelled) => return Err(Stop::Job(JobError::HandBack)),
            Err(error) if error.is_transient() => return Err(Stop::Job(JobError::Retry(error.to_string()))),
            Err(error) => {
                tracing::info!(episode.id = %id, "refused an episode: {error}");
                let words = "What the podcast's server sent is neither sound nor a film, or it is damaged.";
                return Err(Stop::Refused(words.to_owned()));
            }
        };
        let chapters = chapters_of(ctx, row, &found).await;
        // Each try has a name of its own, so that none takes away what another has entered.
        let key = BlobKey::new(format!("{FOLDER}/{id}/{}-{}", ctx.now().0, ctx.next_id()));
        let key = key.ok_or_else(|| Fault::new("an episode's number is no name of a blob"))?;
        ctx.blobs().put_file(&key, path).await?;
        // After an error it may be entered all the same: the sweep deletes what is not.
        if !enter(ctx, lease, id, &key, &found, &chapters).await? {
            ctx.blobs().delete(&key).await?;
        }
        Ok(())
    }
}

/// How a server's answer ends a load. Being refused passes more often than not: addresses are signed anew, a file is
/// announced before it is there.
fn stop(error: FetchError) -> Stop {
    match error {
        FetchError::Fault(fault) => fault.into(),
        FetchError::Status(StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _) => {
            Stop::Later(format!("{error} It is tried again later."))
        }
        error if error.is_passing() => Stop::Passing(error.to_string()),
        error => Stop::Refused(error.to_string()),
    }
}

/// The chapters that stand in a file of their own, else those that the episode's file names, as JSON.
async fn chapters_of(ctx: &Ctx, row: &LoadRow, found: &Foreign) -> String {
    let mut all = Vec::new();
    if let Some(ask) = row.chapters.as_deref().and_then(|address| Ask::get(address).ok()) {
        match ctx.fetch().read(&ask.limits(Limits::SMALL.bytes(CHAPTERS_BYTES_MAX))).await {
            Ok(bytes) => {
                let read = feed::apart(move || chapters::read(&bytes)).await;
                all = read.ok().flatten().unwrap_or_default();
            }
            Err(error) => tracing::debug!("no chapters: {error}"),
        }
    }
    if all.is_empty() {
        let own = found.chapters().iter().map(|own| (own.start_ms, own.title.clone().unwrap_or_default()));
        all = chapters::in_order(own);
    }
    serde_json::to_string(&all).unwrap_or_else(|_| "[]".to_owned())
}

/// Makes the bytes the episode's; false when nobody wants them any more.
async fn enter(
    ctx: &Ctx,
    lease: &Lease,
    id: EpisodeId,
    key: &BlobKey,
    found: &Foreign,
    chapters: &str,
) -> Result<bool, Fault> {
    let source = found.source(Source::Blob { key: key.as_str().to_owned() }, lease.id);
    let (media, kind): (MediaId, MediaKind) = (MediaId(ctx.next_id()), found.kind());
    let (lease, chapters) = (lease.clone(), chapters.to_owned());
    let entered = ctx.db().write(move |tx| {
        let there = store::load_row(tx, id)?.is_some();
        lease.guard(tx)?;
        if !there || !store::is_wanted(tx, id)? {
            store::set_state(tx, id, EpisodeState::Remote, None)?;
            return Ok(false);
        }
        media::insert_apart(tx, media, kind, &source)?;
        store::set_ready(tx, id, media, source.duration_ms, &chapters)?;
        let wanting = store::wanting(tx, id)?;
        wake(tx, &wanting);
        Ok::<_, Fault>(true)
    });
    entered.await
}

/// Deletes the bytes of episodes that nobody wants.
pub(super) struct Drop {
    /// Whose unfinished files go too.
    pub(super) load: Load,
}

#[async_trait]
impl Handler for Drop {
    fn kind(&self) -> &'static str {
        DROP_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: EpisodeId = lease.payload()?;
        let (own, now) = (lease.clone(), ctx.now());
        let begun = ctx.db().write(move |tx| {
            let row = store::load_row(tx, id)?;
            own.guard(tx)?;
            let Some(row) = row else { return Ok(None) };
            if store::is_wanted(tx, id)? {
                return Ok(None);
            }
            store::set_state(tx, id, EpisodeState::Remote, None)?;
            // What is on its way for nobody holds a place for hours otherwise.
            jobs::cancel(tx, LOAD_JOB, &id.to_string(), now)?;
            Ok::<_, Fault>(row.media)
        });
        let media = begun.await?;
        if !wanted(ctx, id).await?
            && let Some(_place) = self.load.place(id, "")
        {
            discard(&self.load.path(id)).await;
        }
        let Some(media) = media else { return Ok(()) };
        // First the blobs: after a crash the row still says what is to be deleted.
        for key in media::blob_keys(ctx.db(), media).await? {
            if let Some(key) = BlobKey::new(key) {
                ctx.blobs().delete(&key).await?;
            }
        }
        let own = lease.clone();
        let gone = ctx.db().write(move |tx| {
            own.guard(tx)?;
            store::forget_media(tx, id, media)?;
            media::remove_apart(tx, media).map(drop)
        });
        Ok(gone.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_refuses_for_now_is_tried_again_hours_later_but_not_for_ever() {
        let status = |status| stop(FetchError::Status(status, None));
        assert!(matches!(status(StatusCode::NOT_FOUND), Stop::Later(_)));
        assert!(matches!(status(StatusCode::FORBIDDEN), Stop::Later(_)));
        assert!(matches!(status(StatusCode::GONE), Stop::Refused(_)));
        assert!(matches!(status(StatusCode::BAD_GATEWAY), Stop::Passing(_)));
        let now = Time(0);
        assert_eq!(retry_at(now, 0), Some(now.plus(RETRY_FIRST)));
        assert_eq!(retry_at(now, 5), Some(now.plus(RETRY_MAX)));
        assert_eq!(retry_at(now, RETRIES_MAX), None);
    }
}
