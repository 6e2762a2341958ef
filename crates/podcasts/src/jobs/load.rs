//! Episodes come and go: fetched into a file, looked at in the sandbox, kept as a blob, deleted when nobody wants them.

use std::path::Path;

use async_trait::async_trait;
use catalog::{
    MediaId,
    media::{self, MediaKind, Source},
};
use ingest::{
    foreign::{self, Foreign},
    media::MediaError,
};
use kernel::{
    Ctx, Fault,
    blob::BlobKey,
    fetch::{Ask, FetchError, Limits, discard},
    jobs::{Handler, JobError, Lease},
};

use super::{DROP_JOB, LOAD_JOB, Settings};
use crate::{
    EpisodeId,
    feed::chapters,
    model::EpisodeState,
    store::{self, LoadRow},
};

/// Bytes of an episode.
const EPISODE_BYTES_MAX: u64 = 2 << 30;
/// Bytes of a document of chapters.
const CHAPTERS_BYTES_MAX: u64 = 512 << 10;
/// The folder of blobs that are episodes.
const FOLDER: &str = "podcasts";

/// Brings episodes here.
pub(super) struct Load {
    pub(super) settings: Settings,
}

/// Why an episode does not come.
enum Stop {
    /// It can't be had; the sentence is for those who want it.
    Refused(String),
    /// The job ends some other way.
    Job(JobError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Job(fault.into())
    }
}

#[async_trait]
impl Handler for Load {
    fn kind(&self) -> &'static str {
        LOAD_JOB
    }

    fn at_once(&self) -> usize {
        2
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: EpisodeId = lease.payload()?;
        let path = self.settings.staging.join(id.to_string());
        let Some(row) = begin(ctx, lease, id).await? else {
            discard(&path).await;
            return Ok(());
        };
        let loaded = tokio::select! {
            loaded = self.load(ctx, lease, id, &row, &path) => loaded,
            () = lease.cancelled().cancelled() => Err(Stop::Job(JobError::HandBack)),
        };
        match loaded {
            Ok(()) => discard(&path).await,
            Err(Stop::Job(error)) => return Err(error),
            Err(Stop::Refused(problem)) => {
                discard(&path).await;
                fail(ctx, id, problem).await?;
            }
        }
        Ok(())
    }

    async fn gave_up(&self, ctx: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
        let Some(id) = key.and_then(|key| key.parse().ok()).map(EpisodeId) else { return Ok(()) };
        discard(&self.settings.staging.join(id.to_string())).await;
        fail(ctx, id, reason.to_owned()).await
    }
}

async fn fail(ctx: &Ctx, id: EpisodeId, problem: String) -> Result<(), Fault> {
    ctx.db().write(move |tx| store::set_state(tx, id, EpisodeState::Failed, Some(&problem))).await
}

/// The episode, while somebody wants it and it is not here.
async fn begin(ctx: &Ctx, lease: &Lease, id: EpisodeId) -> Result<Option<LoadRow>, JobError> {
    let lease = lease.clone();
    let begun = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        let Some(row) = store::load_row(tx, id)? else { return Ok(None) };
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

impl Load {
    async fn load(
        &self,
        ctx: &Ctx,
        lease: &Lease,
        id: EpisodeId,
        row: &LoadRow,
        path: &Path,
    ) -> Result<(), Stop> {
        tokio::fs::create_dir_all(&self.settings.staging).await.map_err(Fault::from)?;
        let room = foreign::room(&self.settings.staging, self.settings.floor).await?;
        if room == 0 {
            return Err(Stop::Job(JobError::Retry("The server's disk is full.".to_owned())));
        }
        let limits = Limits::FILE.bytes(EPISODE_BYTES_MAX.min(room));
        let ask = Ask::get(&row.enclosure).map_err(stop)?.limits(limits);
        ctx.fetch().download(ask, path).await.map_err(stop)?;
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
        let key = BlobKey::new(format!("{FOLDER}/{id}/{}", lease.id));
        let key = key.ok_or_else(|| Fault::new("an episode's number is no name of a blob"))?;
        ctx.blobs().put_file(&key, path).await?;
        let entered = enter(ctx, lease, id, &key, &found, &chapters).await;
        if !matches!(entered, Ok(true)) {
            ctx.blobs().delete(&key).await?;
        }
        entered?;
        Ok(())
    }
}

fn stop(error: FetchError) -> Stop {
    match error {
        FetchError::Fault(fault) => fault.into(),
        error if error.is_passing() => Stop::Job(JobError::Retry(error.to_string())),
        error => Stop::Refused(error.to_string()),
    }
}

/// The chapters that stand in a file of their own, else those that the episode's file names, as JSON.
async fn chapters_of(ctx: &Ctx, row: &LoadRow, found: &Foreign) -> String {
    let mut all = Vec::new();
    if let Some(ask) = row.chapters.as_deref().and_then(|address| Ask::get(address).ok()) {
        match ctx.fetch().read(&ask.limits(Limits::SMALL.bytes(CHAPTERS_BYTES_MAX))).await {
            Ok(bytes) => all = chapters::read(&bytes),
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
        lease.guard(tx)?;
        if !store::is_wanted(tx, id)? {
            store::set_state(tx, id, EpisodeState::Remote, None)?;
            return Ok(false);
        }
        media::insert_apart(tx, media, kind, &source)?;
        store::set_ready(tx, id, media, source.duration_ms, &chapters)?;
        Ok::<_, Fault>(true)
    });
    entered.await
}

/// Deletes the bytes of episodes that nobody wants.
pub(super) struct Drop;

#[async_trait]
impl Handler for Drop {
    fn kind(&self) -> &'static str {
        DROP_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: EpisodeId = lease.payload()?;
        let own = lease.clone();
        let begun = ctx.db().write(move |tx| {
            own.guard(tx)?;
            if store::is_wanted(tx, id)? {
                return Ok(None);
            }
            store::set_state(tx, id, EpisodeState::Remote, None)?;
            Ok::<_, Fault>(store::load_row(tx, id)?.and_then(|row| row.media))
        });
        let Some(media) = begun.await? else { return Ok(()) };
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
