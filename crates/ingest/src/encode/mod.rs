//! Encoding: what is in the catalogue gets its renditions.
//!
//! A job of kind [`ENCODE_JOB`] has the media engine make all rungs of one media in one process. Each segment becomes
//! a blob as it is cut, then a row, in small groups under the job's lease; so a film can be played while it is still
//! being made. A try that was broken off is begun anew: its rows are cleared by the next one, whose blobs lie in a
//! folder of their own (`media/<media>/<generation>/…`), and what no row names at the end is deleted.
//!
//! What is encoded of music is a cache: made when it is asked for or, if the operator wants that, ahead of it (`ahead`),
//! and let go when it is not asked for any more and there is no room (`evict`).
//!
//! Start reading at `job`, then `writer`.

mod ahead;
mod evict;
mod job;
mod room;
mod run;
mod source;
mod sweep;
mod writer;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use catalog::{
    MediaId,
    media::{self, ENCODE_JOB, EncodeRequest},
};
use kernel::{
    Ctx, Fault,
    error::FaultKind,
    jobs::{Handler, JobError, Lease},
};

use crate::{
    disk::Floor,
    media::{Engine, MediaError},
    upload,
};

pub use ahead::{Ahead, watch as watch_ahead};
pub use evict::{EVICT_JOB, watch as watch_cache};
pub(crate) use source::{fetch, local as local_source};
pub(crate) use sweep::{enqueue_sweep, scratch as sweep_scratch};

/// Tries after which a failure of the work itself is final. A try that the program's end broke off does not fail.
pub(crate) const FAILURES_MAX: u32 = 5;

/// Where and how encodes run.
#[derive(Clone, Debug)]
pub struct EncodeConfig {
    /// The folder for what an encode needs while it runs. One process owns it.
    pub scratch: PathBuf,
    /// The room on the disk that encodes leave free; below it they wait.
    pub floor: Floor,
    /// Encodes that run at once, each a child process of several threads.
    pub at_once: usize,
    /// x264's preset.
    pub preset: String,
    /// How much of the music that was encoded is kept, in bytes; all of it without.
    pub cache_bytes_max: Option<u64>,
}

impl EncodeConfig {
    /// The defaults, with scratch space in `scratch`: half as many encodes as there are cores, and at least two, so
    /// that a song does not wait for the end of a film.
    pub fn new(scratch: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            scratch: scratch.into(),
            floor: Floor::default(),
            at_once: (cores / 2).max(2),
            preset: "veryfast".to_owned(),
            cache_bytes_max: None,
        }
    }
}

/// Encodes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Encoder {
    engine: Engine,
    config: Arc<EncodeConfig>,
}

impl Encoder {
    /// An encoder that uses `engine`.
    pub fn new(engine: Engine, config: EncodeConfig) -> Self {
        Self { engine, config: Arc::new(config) }
    }

    /// Makes the scratch folder and removes what an earlier run of the program left in it. Before the first job.
    pub async fn sweep_at_start(&self) -> Result<(), Fault> {
        sweep::scratch(self.config.scratch.clone()).await
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The folder for what one job needs while it runs.
    pub(crate) fn scratch(&self, lease: &Lease) -> PathBuf {
        self.config.scratch.join(lease.id.to_string())
    }

    /// The jobs of encoding.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![
            Arc::new(self.clone()),
            Arc::new(run::AlbumRuns(self.clone())),
            Arc::new(sweep::SweepMedia),
            Arc::new(evict::Evict(self.clone())),
        ]
    }
}

#[async_trait]
impl Handler for Encoder {
    fn kind(&self) -> &'static str {
        ENCODE_JOB
    }

    fn at_once(&self) -> usize {
        self.config.at_once
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let request: EncodeRequest = lease.payload()?;
        let scratch = self.scratch(lease);
        let result = job::run(self, ctx, lease, request.media, &scratch).await;
        // Whatever is left of it goes at the next start.
        let _ = tokio::fs::remove_dir_all(&scratch).await;
        result
    }

    async fn gave_up(&self, ctx: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
        gave_up(ctx, key, reason).await
    }
}

/// Writes down that the encode of a media has failed for good.
async fn gave_up(ctx: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
    let Some(media) = key.and_then(|key| key.parse().ok()).map(MediaId) else { return Ok(()) };
    let problem = problem(reason);
    let now = ctx.now();
    let inner = ctx.clone();
    let failed = ctx.db().write(move |tx| {
        media::fail_encode(tx, media, &problem)?;
        upload::encode_failed(tx, media, &problem, now)?;
        enqueue_sweep(tx, &inner, media, None)
    });
    failed.await
}

/// How a failure goes through the job's one text: `code: sentence`.
pub(crate) fn reason(error: &MediaError) -> String {
    format!("{}: {error}", error.code())
}

/// The other way round. What did not come from the media engine says only that the encode broke.
fn problem(reason: &str) -> media::Problem {
    let code_good =
        |code: &str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match reason.split_once(": ").filter(|(code, _)| code_good(code)) {
        Some((code, text)) => media::Problem { code: code.to_owned(), text: text.to_owned() },
        None => media::Problem {
            code: "encode_failed".to_owned(),
            text: format!("The encode failed again and again. {reason}"),
        },
    }
}

/// What a failed step of a job means for the job.
pub(crate) fn outcome(error: &MediaError, lease: &Lease) -> JobError {
    match error {
        MediaError::Cancelled => JobError::HandBack,
        error if error.is_transient() && lease.attempt < FAILURES_MAX => JobError::Retry(reason(error)),
        error => JobError::Fatal(reason(error)),
    }
}

/// The same for a fault of the house.
pub(crate) fn fault_outcome(fault: &Fault, lease: &Lease) -> JobError {
    // A full disk is the operator's to mend, however long that takes.
    let passes = fault.kind() == FaultKind::NoSpace || lease.attempt < FAILURES_MAX;
    if passes { JobError::Retry(fault.to_string()) } else { JobError::Fatal(fault.to_string()) }
}
