//! An album in one run (ADR 12): all of its tracks through one encoder, so that nothing lies between them.

use std::path::Path;

use async_trait::async_trait;
use catalog::media::{self, EncodeRequest, Media, RUN_JOB, RunBegun, Source};
use kernel::{
    Ctx, Fault,
    jobs::{Handler, JobError, Lease},
};

use super::{Encoder, fault_outcome, outcome, room, source, sweep, writer::Writer};
use crate::media::{EncodeEvent, MediaError, RunFile, plan_run};

/// Encodes albums.
pub(super) struct AlbumRuns(pub(super) Encoder);

#[async_trait]
impl Handler for AlbumRuns {
    fn kind(&self) -> &'static str {
        RUN_JOB
    }

    fn at_once(&self) -> usize {
        self.0.config.at_once
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let request: EncodeRequest = lease.payload()?;
        let scratch = self.0.scratch(lease);
        let result = encode(&self.0, ctx, lease, request.media, &scratch).await;
        // Whatever is left of it goes at the next start.
        let _ = tokio::fs::remove_dir_all(&scratch).await;
        result
    }

    async fn gave_up(&self, ctx: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
        super::gave_up(ctx, key, reason).await
    }
}

async fn encode(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    run: catalog::MediaId,
    scratch: &Path,
) -> Result<(), JobError> {
    room::wait(encoder, ctx, lease, run, 1).await?;
    let (held, inner) = (lease.clone(), ctx.clone());
    let begun = ctx.db().write(move |tx| {
        held.guard(tx)?;
        let begun = media::begin_run(tx, run)?;
        if begun.is_none() {
            // What it was is swept with it.
            sweep::enqueue_sweep(tx, &inner, run, None)?;
        }
        Ok(begun)
    });
    let begun = begun.await.map_err(|fault: Fault| fault_outcome(&fault, lease))?;
    let Some(begun) = begun else { return Ok(()) };
    let made = make(encoder, ctx, lease, &begun, scratch).await;
    if made.is_err()
        && let Err(fault) = sweep::passed_generation(ctx, run, begun.generation).await
    {
        tracing::warn!(media.id = %run, "blobs of a lost try stay for now: {fault}");
    }
    made
}

async fn make(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    begun: &RunBegun,
    scratch: &Path,
) -> Result<(), JobError> {
    let told = |error: MediaError| outcome(&error, lease);
    let folder = tokio::fs::create_dir_all(scratch).await.map_err(Fault::from);
    folder.map_err(|fault| fault_outcome(&fault, lease))?;
    let mut files = Vec::with_capacity(begun.sources.len());
    for (position, source) in begun.sources.iter().enumerate() {
        files.push(file(encoder, ctx, lease, source, &scratch.join(position.to_string())).await?);
    }
    let plan = plan_run(&files).ok_or_else(nothing)?;
    let (run, generation, rate_hz) = (begun.media.id, begun.generation, plan.rate_hz);
    let held = lease.clone();
    let known = ctx.db().write(move |tx| {
        held.guard(tx)?;
        media::set_run_rate(tx, run, generation, rate_hz)
    });
    if !known.await.map_err(|fault: Fault| fault_outcome(&fault, lease))? {
        return Err(JobError::HandBack);
    }
    let mut writer = Writer::new(encoder, ctx, lease, (run, generation), &plan.plan);
    let begun = encoder.engine.encode_run(files, &plan, scratch, lease.cancelled());
    let mut going = begun.map_err(told)?;
    while let Some(event) = going.encoding.next().await {
        while let Ok(range) = going.ranges.try_recv() {
            writer.track_ends(range.file, range.end);
        }
        match event {
            EncodeEvent::Init(init) => writer.begin(init).await?,
            EncodeEvent::Segment(segment) => writer.segment(segment).await?,
            EncodeEvent::Progress(fraction) => writer.progress(fraction).await?,
        }
    }
    going.encoding.finish().await.map_err(told)?;
    while let Ok(range) = going.ranges.try_recv() {
        writer.track_ends(range.file, range.end);
    }
    writer.complete().await
}

/// A source as a local file; one that lies in an object store is fetched into a folder of its own.
async fn file(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    source: &Media,
    folder: &Path,
) -> Result<RunFile, JobError> {
    if matches!(source.file.place, Source::Blob { .. }) {
        let made = tokio::fs::create_dir_all(folder).await.map_err(Fault::from);
        made.map_err(|fault| fault_outcome(&fault, lease))?;
    }
    let path = source::local(encoder, ctx, lease, source, folder).await?;
    RunFile::known(path, &source.file).ok_or_else(nothing)
}

fn nothing() -> JobError {
    JobError::Fatal("nothing_to_encode: A track of the album holds no sound that can be encoded.".to_owned())
}
