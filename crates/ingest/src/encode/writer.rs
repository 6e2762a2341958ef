//! From the media engine's events to blobs and rows.

use std::time::Duration;

use bytes::Bytes;
use catalog::{
    CaptionId, MediaId, RenditionId,
    media::{self, NewCaption, NewRendition, RenditionKind, Segment},
};
use kernel::{
    Ctx, Fault,
    blob::BlobKey,
    db::Tx,
    jobs::{JobError, Lease},
};
use tokio::time::Instant;

use super::{Encoder, room};
use crate::{
    media as engine,
    media::{Plan, RenditionInit},
    upload,
};

/// Segments that wait for their rows.
const PENDING_MAX: usize = 16;
/// The same while not every rendition has begun.
const HELD_MAX: usize = 128;
/// How long a segment waits for its row, and progress for being told.
const PENDING_FOR: Duration = Duration::from_millis(750);

/// Writes one try of one encode.
pub(super) struct Writer<'a> {
    pub(super) encoder: &'a Encoder,
    pub(super) ctx: &'a Ctx,
    pub(super) lease: &'a Lease,
    pub(super) media: MediaId,
    pub(super) generation: i64,
    pub(super) plan: &'a Plan,
    /// By their places in the plan.
    renditions: Vec<Option<RenditionId>>,
    /// Renditions and segments that wait for their rows.
    begun: Vec<(RenditionId, NewRendition)>,
    pending: Vec<(RenditionId, Segment)>,
    /// Of a run: where tracks end, by their places.
    ends: Vec<(usize, u64)>,
    /// Renditions that have nothing to play yet. Players read the list of renditions once, so that the first ones are
    /// written when all of them have something.
    silent: usize,
    fraction: f64,
    written_at: Instant,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        encoder: &'a Encoder,
        ctx: &'a Ctx,
        lease: &'a Lease,
        (media, generation): (MediaId, i64),
        plan: &'a Plan,
    ) -> Self {
        Self {
            encoder,
            ctx,
            lease,
            media,
            generation,
            plan,
            renditions: vec![None; plan.renditions.len()],
            begun: Vec::new(),
            pending: Vec::new(),
            ends: Vec::new(),
            silent: plan.renditions.len(),
            fraction: 0.0,
            written_at: Instant::now(),
        }
    }

    /// Makes a blob durable; a full disk is waited for.
    pub(super) async fn put(&self, name: &str, bytes: Bytes, ending: &str) -> Result<String, JobError> {
        let hash = blake3::hash(&bytes).to_hex();
        let name =
            format!("{}/{}/{name}-{}.{ending}", media::folder(self.media), self.generation, &hash[..16]);
        let key = BlobKey::new(name)
            .ok_or_else(|| JobError::Fatal("a rendition's name is no name of a blob".to_owned()))?;
        room::wait(self.encoder, self.ctx, self.lease, self.media, bytes.len() as u64).await?;
        let mut refused = false;
        loop {
            match self.ctx.blobs().put(&key, bytes.clone()).await {
                Ok(()) => break,
                Err(fault) => {
                    refused = true;
                    room::wait_after_refusal(self.ctx, self.lease, self.media, fault).await?;
                }
            }
        }
        if refused {
            room::say(self.ctx, self.media, false).await;
        }
        Ok(key.as_str().to_owned())
    }

    /// Runs `write` in a transaction under the lease; when the media has passed to another try this one ends.
    async fn guarded<F>(&self, mut write: F) -> Result<(), JobError>
    where
        F: FnMut(&mut Tx<'_>) -> Result<bool, Fault> + Send + 'static,
    {
        let lease = self.lease.clone();
        let current = self.ctx.db().write(move |tx| {
            lease.guard(tx)?;
            write(tx)
        });
        match current.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(JobError::HandBack),
            Err(fault) => Err(super::fault_outcome(&fault, self.lease)),
        }
    }

    /// A rendition begins.
    pub(super) async fn begin(&mut self, init: RenditionInit) -> Result<(), JobError> {
        let planned = &self.plan.renditions[init.rendition];
        let bytes = init.data.len() as u64;
        let init_key = self.put(&format!("{}/init", planned.name), init.data, "mp4").await?;
        let (kind, language) = match &planned.kind {
            engine::RenditionKind::Video(_) => (RenditionKind::Video, None),
            engine::RenditionKind::Audio(rung) => (RenditionKind::Audio, rung.language.clone()),
        };
        let fps = self.plan.fps.filter(|_| kind == RenditionKind::Video);
        let new = NewRendition {
            name: planned.name.clone(),
            kind,
            codecs: init.codec,
            width: init.size.0,
            height: init.size.1,
            frame_rate: fps.map_or((0, 1), |fps| (fps.num, fps.den)),
            channels: init.audio.0,
            sample_rate_hz: init.audio.1,
            language,
            timescale: init.timescale,
            init_key,
            init_bytes: bytes,
        };
        let id = RenditionId(self.ctx.next_id());
        self.begun.push((id, new));
        self.renditions[init.rendition] = Some(id);
        Ok(())
    }

    /// A segment is complete.
    pub(super) async fn segment(&mut self, segment: engine::Segment) -> Result<(), JobError> {
        let Some(rendition) = self.renditions[segment.rendition] else {
            return Err(JobError::Fatal("a segment came before its rendition".to_owned()));
        };
        let name = format!("{}/{}", self.plan.renditions[segment.rendition].name, segment.number);
        let bytes = segment.data.len() as u64;
        let blob_key = self.put(&name, segment.data, "m4s").await?;
        let row = Segment {
            number: segment.number,
            start_ticks: segment.start,
            duration_ticks: segment.duration,
            bytes,
            blob_key,
        };
        let first = row.number == 0;
        self.pending.push((rendition, row));
        if first {
            self.silent = self.silent.saturating_sub(1);
        }
        // Somebody may be waiting for the beginning.
        if first && self.silent == 0 || self.pending.len() >= self.pending_max() {
            return self.flush(true).await;
        }
        self.flush_in_time().await
    }

    fn pending_max(&self) -> usize {
        if self.silent > 0 { HELD_MAX } else { PENDING_MAX }
    }

    /// A track of a run ends behind this sample.
    pub(super) fn track_ends(&mut self, position: usize, end: u64) {
        self.ends.push((position, end));
    }

    /// Says how far the work is.
    pub(super) async fn progress(&mut self, fraction: f64) -> Result<(), JobError> {
        self.fraction = fraction;
        self.lease.set_progress(fraction);
        self.flush_in_time().await
    }

    async fn flush_in_time(&mut self) -> Result<(), JobError> {
        if self.written_at.elapsed() >= PENDING_FOR { self.flush(self.silent == 0).await } else { Ok(()) }
    }

    /// Writes the rows that wait, if they may be, and how far the work is.
    async fn flush(&mut self, rows: bool) -> Result<(), JobError> {
        self.written_at = Instant::now();
        let begun = if rows { std::mem::take(&mut self.begun) } else { Vec::new() };
        let pending = if rows { std::mem::take(&mut self.pending) } else { Vec::new() };
        let ends = std::mem::take(&mut self.ends);
        let (media, generation, now) = (self.media, self.generation, self.ctx.now());
        let fraction = self.fraction;
        self.guarded(move |tx| {
            for (id, new) in &begun {
                if media::add_rendition(tx, *id, media, generation, new)? != Some(*id) {
                    return Ok(false);
                }
            }
            for (rendition, segment) in &pending {
                if !media::add_segment(tx, media, generation, *rendition, segment)? {
                    return Ok(false);
                }
            }
            if !ends.is_empty() && !media::set_run_ends(tx, media, generation, &ends)? {
                return Ok(false);
            }
            upload::encode_goes_on(tx, media, fraction, now)?;
            tx.wake(catalog::model::TOPIC_CATALOG);
            Ok(true)
        })
        .await
    }

    /// A text track.
    pub(super) async fn caption(&self, new: NewCaption) -> Result<(), JobError> {
        let (media, generation, id) = (self.media, self.generation, CaptionId(self.ctx.next_id()));
        self.guarded(move |tx| Ok(media::add_caption(tx, id, media, generation, &new)?.is_some())).await
    }

    /// Everything is written: sweeps what no row names while the job is still ours, then ends both.
    pub(super) async fn complete(mut self) -> Result<(), JobError> {
        self.flush(true).await?;
        let swept = super::sweep::strays(self.ctx, self.media, self.generation).await;
        swept.map_err(|fault| super::fault_outcome(&fault, self.lease))?;
        let (lease, media, generation, now) =
            (self.lease.clone(), self.media, self.generation, self.ctx.now());
        self.guarded(move |tx| {
            if !media::complete_encode(tx, media, generation)? {
                return Ok(false);
            }
            upload::encode_done(tx, media, now)?;
            lease.complete(tx, now)?;
            Ok(true)
        })
        .await?;
        // It is done whatever becomes of this; who looks now and then sees it as well.
        if let Err(fault) = super::evict::look(self.ctx, self.encoder).await {
            tracing::warn!("how much of the music that was encoded is kept can't be told: {fault}");
        }
        Ok(())
    }
}
