//! What may be done with an upload, and what happens then.

use std::sync::Arc;

use axum::body::Body;
use catalog::{
    MediaId,
    import::{self, Batch},
    media::{self, AfterFailure, ENCODE_JOB},
};
use kernel::{
    Ctx, Fault, Page, PageQuery, Time,
    db::Tx,
    http::{Role, Viewer},
    id::UserId,
    jobs::{self, NewJob},
};
use tokio::sync::Mutex;

use super::{
    ACCEPT_JOB, UploadConfig,
    accept::original_key,
    checksum::Checksum,
    headers::Metadata,
    holders::Holders,
    model::{Error, Row, Upload, UploadId, UploadProblem, UploadState},
    receive::Receiver,
    staging::Staging,
    store::{self, NewUpload},
};
use crate::{disk, encode::enqueue_sweep};

/// Tries of a job that the program's own restarts may use up; a failure of its own ends it sooner.
pub(crate) const ATTEMPTS_MAX: u32 = 50;

/// How soon the encode of an upload comes; what somebody wants to hear now comes before it.
pub(super) const ENCODE_PRIORITY: i64 = 100;

/// The uploads of this process. Cheap to clone; routes and jobs share one.
#[derive(Clone)]
pub struct Uploads {
    pub(super) ctx: Ctx,
    pub(super) config: Arc<UploadConfig>,
    pub(super) staging: Staging,
    pub(super) holders: Arc<Holders>,
    /// One creation at a time, so that two do not promise the same room.
    creating: Arc<Mutex<()>>,
}

/// The topic that wakes those who watch a user's uploads.
pub(crate) fn topic(owner: UserId) -> String {
    format!("uploads:{owner}")
}

/// Ends the receiving of an upload in the transaction that acknowledges its last byte.
pub(super) fn complete(tx: &mut Tx<'_>, ctx: &Ctx, id: UploadId) -> Result<(), Fault> {
    store::set_waiting(tx, id, ctx.now())?;
    jobs::enqueue(tx, ctx, &NewJob::new(ACCEPT_JOB, &id)?.key(id).attempts_max(ATTEMPTS_MAX))
}

/// Asks for the encode of an upload's media again.
fn again(tx: &mut Tx<'_>, ctx: &Ctx, row: &Row, now: Time) -> Result<(), Error> {
    let media = row.media.ok_or(Error::NotRetryable)?;
    let state = media::request_encode(tx, ctx, media, ENCODE_PRIORITY, AfterFailure::TryAgain)?;
    if state.is_none() {
        return Err(Error::NotRetryable);
    }
    store::set_encode_progress(tx, media, UploadState::Encoding, 0, now)?;
    Ok(())
}

/// Takes back what an upload became whose renditions are still being made.
fn withdraw(tx: &mut Tx<'_>, ctx: &Ctx, row: &Row) -> Result<(), Fault> {
    let mut batch = Batch::new(ctx.ids(), ctx.now());
    if let Some(video) = row.upload.video_id {
        import::hide_video(tx, &mut batch, video)?;
    }
    if let Some(track) = row.upload.track_id {
        import::hide_track(tx, &mut batch, track)?;
    }
    if let Some(media) = row.media {
        stop_encode(tx, ctx, row.upload.id, media)?;
    }
    Ok(())
}

/// Ends the encode of an upload that nobody wants any more, and has what was made swept, the file too.
pub(super) fn stop_encode(tx: &mut Tx<'_>, ctx: &Ctx, id: UploadId, media: MediaId) -> Result<(), Fault> {
    jobs::cancel(tx, ENCODE_JOB, &media.to_string(), ctx.now())?;
    let text = "It was taken back while it was being encoded.".to_owned();
    media::fail_encode(tx, media, &media::Problem { code: "cancelled".to_owned(), text })?;
    enqueue_sweep(tx, ctx, media, Some(original_key(id)?.as_str().to_owned()))
}

pub(super) fn expired_problem() -> UploadProblem {
    UploadProblem {
        code: "expired".to_owned(),
        detail:
            "The upload was not finished in time, and what had come was thrown away. Upload the file again."
                .to_owned(),
    }
}

pub(super) fn lost_problem() -> UploadProblem {
    UploadProblem {
        code: "bytes_lost".to_owned(),
        detail: "The server no longer has the bytes that had come. Upload the file again.".to_owned(),
    }
}

impl Uploads {
    /// The uploads that are staged in the folder that `config` names.
    pub fn new(ctx: Ctx, config: UploadConfig) -> Self {
        Self {
            ctx,
            staging: Staging::new(config.folder.clone()),
            holders: Holders::new(config.sending_max, config.sending_per_user_max),
            config: Arc::new(config),
            creating: Arc::default(),
        }
    }

    /// Creates an upload of `bytes`.
    pub(super) async fn create(&self, viewer: &Viewer, bytes: u64, metadata: Metadata) -> Result<Row, Error> {
        viewer.require(Role::Creator)?;
        if bytes > self.config.bytes_max {
            return Err(Error::TooLarge { bytes_max: self.config.bytes_max });
        }
        let _alone = self.creating.lock().await;
        let room = disk::room(self.staging.folder(), self.config.floor).await?;
        if room.saturating_sub(store::promised_bytes(self.ctx.db()).await?) < bytes {
            return Err(Error::NoSpace);
        }
        let now = self.ctx.now();
        let new = NewUpload {
            id: UploadId(self.ctx.next_id()),
            owner: viewer.id,
            filename: metadata.filename,
            metadata: metadata.raw,
            bytes,
            now,
            expires: now.plus(self.config.keep),
        };
        let id = new.id;
        self.staging.create(id).await?;
        let created = self.insert(new).await;
        if created.is_err() {
            self.staging.remove(id).await?;
        }
        created
    }

    async fn insert(&self, new: NewUpload) -> Result<Row, Error> {
        let (ctx, open_max) = (self.ctx.clone(), self.config.open_per_user_max);
        let inserted = self.ctx.db().write(move |tx| {
            if store::open_count(tx, new.owner)? >= open_max {
                return Err(Error::TooMany { open_max });
            }
            store::insert(tx, &new)?;
            if new.bytes == 0 {
                complete(tx, &ctx, new.id)?;
            }
            tx.wake(&topic(new.owner));
            store::find(tx, new.id)?.ok_or(Error::NotFound)
        });
        inserted.await
    }

    async fn own(&self, viewer: &Viewer, id: UploadId) -> Result<Row, Error> {
        let row = store::read(self.ctx.db(), id).await?;
        row.filter(|row| row.owner == viewer.id).ok_or(Error::NotFound)
    }

    fn check_alive(&self, row: &Row) -> Result<(), Error> {
        if let (UploadState::Failed, Some(problem)) = (row.upload.state, &row.upload.problem) {
            return Err(Error::Gone(problem.clone()));
        }
        let over = row.upload.expires_at.is_some_and(|expires| expires <= self.ctx.now());
        if row.upload.state == UploadState::Receiving && over {
            return Err(Error::Gone(expired_problem()));
        }
        Ok(())
    }

    /// Where an upload stands. A request that is sending to it and has gone quiet is ended first.
    pub(super) async fn stand(&self, viewer: &Viewer, id: UploadId) -> Result<Row, Error> {
        viewer.require(Role::Creator)?;
        self.own(viewer, id).await?;
        self.holders.settle(id).await;
        let row = self.own(viewer, id).await?;
        self.check_alive(&row)?;
        Ok(row)
    }

    /// Takes the bytes of a body at `offset`; `announced` is how many it is said to hold.
    pub(super) async fn append(
        &self,
        viewer: &Viewer,
        id: UploadId,
        offset: u64,
        announced: Option<u64>,
        checksum: Option<Checksum>,
        body: Body,
    ) -> Result<Row, Error> {
        viewer.require(Role::Creator)?;
        self.own(viewer, id).await?;
        let hold = self.holders.take(id, Some(viewer.id), false).await?;
        let row = self.own(viewer, id).await?;
        self.check_alive(&row)?;
        let expected = row.upload.received_bytes;
        if offset != expected {
            return Err(Error::WrongOffset { expected, given: offset });
        }
        let bytes = row.upload.bytes;
        if announced.is_some_and(|announced| announced > bytes - offset) {
            return Err(Error::TooLong { bytes });
        }
        if row.upload.state != UploadState::Receiving {
            return if announced == Some(0) { Ok(row) } else { Err(Error::TooLong { bytes }) };
        }
        let Some(file) = self.staging.open(id, offset).await? else {
            self.fail(id, row.owner, lost_problem()).await?;
            return Err(Error::Gone(lost_problem()));
        };
        let receiver = Receiver::new(self.ctx.clone(), Arc::clone(&self.config), hold, row, file, checksum);
        // In a task of its own: a connection that is gone drops its request, and what came shall be kept.
        let kept = self.ctx.spawn(receiver.run(body, announced)).await;
        kept.map_err(|error| Fault::from_error("receiving an upload broke off", error))?
    }

    /// Ends an upload as failed and lets its file go.
    pub(super) async fn fail(
        &self,
        id: UploadId,
        owner: UserId,
        problem: UploadProblem,
    ) -> Result<(), Fault> {
        let now = self.ctx.now();
        let failed = self.ctx.db().write(move |tx| {
            store::set_failed(tx, id, &problem, None, now)?;
            tx.wake(&topic(owner));
            Ok::<_, Fault>(())
        });
        failed.await?;
        self.staging.remove(id).await
    }

    /// A row says that its bytes are here, and they are not.
    pub(super) async fn lose(&self, row: &Row) -> Result<(), Fault> {
        self.fail(row.upload.id, row.owner, lost_problem()).await
    }

    /// Takes an upload off its owner's list. One that is under way is cancelled.
    pub(super) async fn remove(&self, viewer: &Viewer, id: UploadId) -> Result<(), Error> {
        self.own(viewer, id).await?;
        let _hold = self.holders.take(id, None, true).await?;
        let (ctx, owner, now) = (self.ctx.clone(), viewer.id, self.ctx.now());
        let removed = self.ctx.db().write(move |tx| {
            let Some(row) = store::find(tx, id)? else { return Err(Error::NotFound) };
            match row.upload.state {
                UploadState::Waiting | UploadState::Probing => {
                    jobs::cancel(tx, ACCEPT_JOB, &id.to_string(), now)?;
                }
                UploadState::Encoding => withdraw(tx, &ctx, &row)?,
                UploadState::Receiving | UploadState::Ready | UploadState::Failed => {}
            }
            store::delete(tx, id)?;
            tx.wake(&topic(owner));
            Ok(())
        });
        removed.await?;
        Ok(self.staging.remove(id).await?)
    }

    /// Tries an upload again that failed after all of its bytes had come.
    pub(super) async fn retry(&self, viewer: &Viewer, id: UploadId) -> Result<Upload, Error> {
        viewer.require(Role::Creator)?;
        self.own(viewer, id).await?;
        let (ctx, owner, now) = (self.ctx.clone(), viewer.id, self.ctx.now());
        let tried = self.ctx.db().write(move |tx| {
            let Some(row) = store::find(tx, id)? else { return Err(Error::NotFound) };
            let whole = row.upload.received_bytes == row.upload.bytes;
            if row.upload.state != UploadState::Failed || !whole {
                return Err(Error::NotRetryable);
            }
            if row.staged {
                complete(tx, &ctx, id)?;
            } else {
                again(tx, &ctx, &row, now)?;
            }
            tx.wake(&topic(owner));
            store::find(tx, id)?.ok_or(Error::NotFound)
        });
        Ok(tried.await?.upload)
    }

    /// A user's uploads, newest first.
    pub(super) async fn list(&self, viewer: &Viewer, query: &PageQuery) -> Result<Page<Upload>, Error> {
        let limit = query.limit();
        let rows = store::list(self.ctx.db(), viewer.id, query.key()?, limit + 1).await?;
        Ok(Page::cut(rows, limit, |upload| upload.id))
    }
}
