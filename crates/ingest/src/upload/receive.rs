//! Bytes from a request's body into a staging file, acknowledged only when they are durable.

use std::{fs::File, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use kernel::Ctx;
use tokio::time::Instant;

use super::{
    UploadConfig,
    checksum::Checksum,
    holders::Hold,
    model::{Error, Row, UploadId},
    service, staging, store,
};

/// Bytes that are gathered before they are written.
const WRITE_BYTES: usize = 512 * 1024;
/// Bytes that are written before they are synced and acknowledged.
const RECORD_BYTES: u64 = 16 * 1024 * 1024;
/// Longest time that bytes wait for being synced and acknowledged.
const RECORD_AFTER: Duration = Duration::from_secs(1);

/// A request that sends bytes, in the middle of it.
pub(super) struct Receiver {
    ctx: Ctx,
    config: Arc<UploadConfig>,
    hold: Hold,
    row: Row,
    file: Arc<File>,
    /// Gathered, not yet written.
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    /// Where the file ends.
    written: u64,
    /// What is durable and in the database.
    acknowledged: u64,
    acknowledged_at: Instant,
    checksum: Option<Checksum>,
    /// With a checksum nothing is acknowledged before all of it has come.
    all_or_nothing: bool,
    /// A sync failed: the system may have dropped those bytes, and a further sync would not say so.
    sync_failed: bool,
}

/// Why no more bytes come.
enum End {
    /// The body is complete.
    Complete,
    /// Something came between; what came so far is kept.
    Broken(Error),
}

impl Receiver {
    /// Ready to go on where the upload stands.
    pub(super) fn new(
        ctx: Ctx,
        config: Arc<UploadConfig>,
        hold: Hold,
        row: Row,
        file: Arc<File>,
        checksum: Option<Checksum>,
    ) -> Self {
        let acknowledged = row.upload.received_bytes;
        Self {
            ctx,
            config,
            hold,
            row,
            file,
            gathered: Vec::new(),
            gathered_bytes: 0,
            written: acknowledged,
            acknowledged,
            acknowledged_at: Instant::now(),
            all_or_nothing: checksum.is_some(),
            checksum,
            sync_failed: false,
        }
    }

    fn id(&self) -> UploadId {
        self.row.upload.id
    }

    fn bytes(&self) -> u64 {
        self.row.upload.bytes
    }

    /// Takes the whole body and says where the upload stands then. Whatever happens, what was acknowledged stays.
    pub(super) async fn run(mut self, mut body: Body, announced: Option<u64>) -> Result<Row, Error> {
        let begun_at = self.acknowledged;
        let end = match self.take(&mut body).await {
            // Some ways of losing a connection look like an end of the body.
            Ok(End::Complete) if announced.is_some_and(|bytes| begun_at + bytes != self.came()) => {
                End::Broken(Error::Cut)
            }
            Ok(end) => end,
            Err(error) => End::Broken(error),
        };
        let kept = self.finish(&end).await;
        match (end, kept) {
            (End::Complete, Ok(())) => Ok(self.row),
            // All bytes are here, so nobody misses the rest of the request.
            (End::Broken(Error::Cut), Ok(())) if self.acknowledged == self.bytes() => Ok(self.row),
            (End::Broken(error), _) | (End::Complete, Err(error)) => {
                tracing::debug!(upload.id = %self.id(), kept = self.acknowledged, "a request of an upload broke off: {error:?}");
                Err(error)
            }
        }
    }

    /// Where the upload stands with all that came, durable or not.
    fn came(&self) -> u64 {
        self.written + self.gathered_bytes as u64
    }

    async fn take(&mut self, body: &mut Body) -> Result<End, Error> {
        let mut quiet_until = Instant::now() + self.config.idle_max;
        loop {
            let unsaved = !self.all_or_nothing && self.came() > self.acknowledged;
            tokio::select! {
                biased;
                () = self.hold.give_way().cancelled() => return Ok(End::Broken(Error::Locked)),
                () = self.ctx.stop().cancelled() => return Ok(End::Broken(Error::Stopping)),
                () = tokio::time::sleep_until(self.acknowledged_at + RECORD_AFTER), if unsaved => {
                    let _saving = self.hold.saving();
                    self.write().await?;
                    self.acknowledge().await?;
                }
                () = tokio::time::sleep_until(quiet_until) => return Ok(End::Broken(Error::Idle)),
                frame = body.frame() => match frame {
                    None => return Ok(End::Complete),
                    Some(Err(_)) => return Ok(End::Broken(Error::Cut)),
                    Some(Ok(frame)) => {
                        let Ok(bytes) = frame.into_data() else { continue };
                        quiet_until = Instant::now() + self.config.idle_max;
                        let _saving = self.hold.saving();
                        self.gather(bytes).await?;
                    }
                },
            }
        }
    }

    async fn gather(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.came() + bytes.len() as u64 > self.bytes() {
            return Err(Error::TooLong { bytes: self.bytes() });
        }
        if self.came() == self.acknowledged {
            self.acknowledged_at = Instant::now();
        }
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes >= WRITE_BYTES {
            self.write().await?;
        }
        if !self.all_or_nothing && self.written - self.acknowledged >= RECORD_BYTES {
            self.acknowledge().await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Error> {
        if self.gathered_bytes == 0 {
            return Ok(());
        }
        let (pieces, bytes) = (std::mem::take(&mut self.gathered), std::mem::take(&mut self.gathered_bytes));
        self.checksum = staging::write(&self.file, pieces, self.checksum.take()).await?;
        self.written += bytes as u64;
        Ok(())
    }

    /// Makes what was written durable, then tells the database. The last byte is only acknowledged by
    /// [`Self::finish`], which knows that no further one follows.
    async fn acknowledge(&mut self) -> Result<(), Error> {
        self.acknowledged_at = Instant::now();
        if self.written == self.acknowledged || self.written == self.bytes() {
            return Ok(());
        }
        self.record().await
    }

    async fn record(&mut self) -> Result<(), Error> {
        if let Err(fault) = staging::sync(&self.file).await {
            self.sync_failed = true;
            return Err(fault.into());
        }
        let (ctx, id, owner) = (self.ctx.clone(), self.id(), self.row.owner);
        let (from, to, bytes) = (self.acknowledged, self.written, self.bytes());
        let now = self.ctx.now();
        let expires = now.plus(self.config.keep);
        let row = self.ctx.db().write(move |tx| {
            if !store::advance(tx, id, from, to, now, expires)? {
                return Err(Error::Locked);
            }
            if to == bytes {
                service::complete(tx, &ctx, id)?;
            }
            tx.wake(&service::topic(owner));
            store::find(tx, id)?.ok_or(Error::NotFound)
        });
        self.row = row.await?;
        self.acknowledged = to;
        Ok(())
    }

    /// Keeps what may be kept of what came, and cuts the rest off.
    async fn finish(&mut self, end: &End) -> Result<(), Error> {
        let outcome = self.keep(end).await;
        if matches!(end, End::Broken(_)) || outcome.is_err() {
            // Whoever goes on cuts the file too; this makes room at once. A write that the disk refused may have
            // left a part of itself.
            staging::cut(&self.file, self.acknowledged).await?;
        }
        outcome
    }

    async fn keep(&mut self, end: &End) -> Result<(), Error> {
        match end {
            End::Broken(Error::TooLong { .. }) => return Ok(()),
            End::Broken(_) if self.all_or_nothing || self.sync_failed => return Ok(()),
            // The disk refused these bytes; those before are whole.
            End::Broken(Error::NoSpace | Error::Fault(_)) => self.gathered.clear(),
            _ => self.write().await?,
        }
        self.gathered_bytes = self.gathered.iter().map(Bytes::len).sum();
        if let Some(checksum) = self.checksum.take()
            && !checksum.holds()
        {
            return Err(Error::Checksum);
        }
        if self.written > self.acknowledged {
            self.record().await?;
        }
        Ok(())
    }
}
