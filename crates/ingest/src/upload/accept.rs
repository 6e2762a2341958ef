//! The job that looks at a complete upload: refused with the reason, or into the blobs and the catalogue.

use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use catalog::{
    import::{self, Batch, SourceFile, TrackImport, TrackTags, VideoImport},
    media::{self, AfterFailure, Source},
};
use kernel::{
    Ctx, Fault,
    blob::BlobKey,
    db::Tx,
    error::FaultKind,
    jobs::{Handler, JobError, Lease},
};

use super::{
    ACCEPT_JOB,
    model::{Row, UploadId, UploadProblem, UploadState},
    service::{ENCODE_PRIORITY, Uploads, lost_problem, topic},
    store::{self, Became},
};
use crate::{
    encode::{fault_outcome, outcome},
    media::{Engine, MediaError, Probe},
    pictures::{self, Kept},
    scan::{self, Looked},
};

/// Looks at complete uploads.
pub(super) struct Accept {
    pub(super) uploads: Uploads,
    pub(super) engine: Engine,
}

/// What goes into the catalogue.
struct Found {
    looked: Looked,
    source: SourceFile,
    picture: Option<Kept>,
}

#[async_trait]
impl Handler for Accept {
    fn kind(&self) -> &'static str {
        ACCEPT_JOB
    }

    async fn run(&self, ctx: &Ctx, lease: &Lease) -> Result<(), JobError> {
        let id: UploadId = lease.payload()?;
        let Some(row) = begin(ctx, lease, id).await? else { return Ok(()) };
        match self.accept(ctx, lease, &row).await {
            Ok(()) => {
                // What stays because of a fault here goes at the next start.
                if let Err(fault) = self.uploads.staging.remove(id).await {
                    tracing::warn!(upload.id = %id, "the staging file of an accepted upload stays: {fault}");
                }
                Ok(())
            }
            Err(Stop::Job(error)) => Err(error),
            Err(Stop::Refused(problem)) => {
                tracing::info!(upload.id = %id, code = problem.code, "refused an upload");
                refuse(ctx, lease, &row, problem).await?;
                Ok(self.uploads.staging.remove(id).await?)
            }
        }
    }

    async fn gave_up(&self, ctx: &Ctx, key: Option<&str>, reason: &str) -> Result<(), Fault> {
        let Some(id) = key.and_then(|key| key.parse().ok()).map(UploadId) else { return Ok(()) };
        let detail =
            format!("The server could not look at the file. Try again, or tell the operator. ({reason})");
        let problem = UploadProblem { code: "not_looked_at".to_owned(), detail };
        let (now, expires) = (ctx.now(), ctx.now().plus(self.uploads.config.keep));
        let failed = ctx.db().write(move |tx| {
            let Some(row) = store::find(tx, id)? else { return Ok(()) };
            // The bytes are kept for a while, so that it can be tried again.
            store::set_failed(tx, id, &problem, Some(expires), now)?;
            tx.wake(&topic(row.owner));
            Ok(())
        });
        failed.await
    }
}

/// Why an upload was not accepted.
enum Stop {
    /// The file is not one that we take.
    Refused(UploadProblem),
    /// The job ends some other way.
    Job(JobError),
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

/// Takes the upload in hand; `None` when there is nothing to do.
async fn begin(ctx: &Ctx, lease: &Lease, id: UploadId) -> Result<Option<Row>, JobError> {
    let (lease, now) = (lease.clone(), ctx.now());
    let begun = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        let Some(row) = store::find(tx, id)? else { return Ok(None) };
        if !matches!(row.upload.state, UploadState::Waiting | UploadState::Probing) {
            return Ok(None);
        }
        store::set_probing(tx, id, now)?;
        tx.wake(&topic(row.owner));
        Ok::<_, Fault>(Some(row))
    });
    Ok(begun.await?)
}

async fn refuse(ctx: &Ctx, lease: &Lease, row: &Row, problem: UploadProblem) -> Result<(), JobError> {
    let (lease, id, owner, now) = (lease.clone(), row.upload.id, row.owner, ctx.now());
    let refused = ctx.db().write(move |tx| {
        store::set_failed(tx, id, &problem, None, now)?;
        tx.wake(&topic(owner));
        lease.complete(tx, now)
    });
    Ok(refused.await?)
}

/// The blob of an upload's file.
pub(super) fn original_key(id: UploadId) -> Result<BlobKey, Fault> {
    BlobKey::new(format!("{ORIGINALS}/{id}/source"))
        .ok_or_else(|| Fault::new("an upload's number is no name of a blob"))
}

/// The folder of blobs that are uploaded files.
const ORIGINALS: &str = "originals";

impl Accept {
    async fn accept(&self, ctx: &Ctx, lease: &Lease, row: &Row) -> Result<(), Stop> {
        let id = row.upload.id;
        let fault = |fault: Fault| Stop::Job(fault_outcome(&fault, lease));
        if self.uploads.staging.bytes(id).await.map_err(fault)? != Some(row.upload.bytes) {
            return Err(Stop::Refused(lost_problem()));
        }
        let found = self.look(ctx, lease, row).await?;
        let key = original_key(id).map_err(fault)?;
        self.hand_over(ctx, id, row.upload.bytes, &key).await.map_err(fault)?;
        let entered = enter(ctx, lease, row, found).await;
        if let Err(error) = entered {
            // Nobody may want the file any more: then its blob must go with it.
            if store::read(ctx.db(), id).await.map_err(fault)?.is_none() {
                ctx.blobs().delete(&key).await.map_err(fault)?;
            }
            return Err(fault(error));
        }
        Ok(())
    }

    async fn look(&self, ctx: &Ctx, lease: &Lease, row: &Row) -> Result<Found, Stop> {
        let path = self.uploads.staging.path(row.upload.id);
        let refused = |error: MediaError| {
            if error.is_transient() || matches!(error, MediaError::Cancelled) {
                return Stop::Job(outcome(&error, lease));
            }
            Stop::Refused(for_uploader(&error))
        };
        let single = scan::look(&self.engine, &path, &row.upload.filename, lease.cancelled());
        let single = single.await.map_err(refused)?;
        let picture = self.picture(ctx, lease, &path, &single.looked, &single.probe).await?;
        let key = original_key(row.upload.id).map_err(|fault| fault_outcome(&fault, lease))?;
        let source = single.source(Source::Blob { key: key.as_str().to_owned() }, row.upload.id.0);
        Ok(Found { looked: single.looked, source, picture })
    }

    async fn picture(
        &self,
        ctx: &Ctx,
        lease: &Lease,
        path: &Path,
        looked: &Looked,
        probe: &Probe,
    ) -> Result<Option<Kept>, JobError> {
        let bytes = match looked {
            Looked::Track { picture, .. } => picture.clone().map(Bytes::from),
            Looked::Video { .. } => match self.engine.poster(path, probe, lease.cancelled()).await {
                Ok(jpeg) => Some(jpeg),
                Err(MediaError::Cancelled) => return Err(JobError::HandBack),
                Err(error) => {
                    // A film without a poster is still a film.
                    tracing::warn!("no poster: {error}");
                    None
                }
            },
        };
        let Some(bytes) = bytes else { return Ok(None) };
        pictures::keep(ctx, bytes).await.map_err(|fault| fault_outcome(&fault, lease))
    }

    /// Gives the file to the blobs. The staging file keeps the bytes until the upload is in the catalogue.
    async fn hand_over(&self, ctx: &Ctx, id: UploadId, bytes: u64, key: &BlobKey) -> Result<(), Fault> {
        if ctx.blobs().info(key).await?.is_some_and(|blob| blob.bytes == bytes) {
            return Ok(());
        }
        let second = self.uploads.staging.second_name(id).await?;
        ctx.blobs().put_file(key, &second).await?;
        self.uploads.staging.remove_path(second).await
    }
}

/// What is wrong with a file, in words for somebody who can only upload another.
fn for_uploader(error: &MediaError) -> UploadProblem {
    let (code, detail) = match error.code() {
        "empty" => ("empty_file", "The file is empty. Choose the right one and upload it again."),
        "not_media" => {
            ("not_media", "This is neither sound nor a film, whatever its name says, or it is damaged.")
        }
        "picture_not_audio" => ("picture", "This is a picture. Upload sound or a film."),
        "playlist" => {
            ("playlist", "This is a playlist, which only names other files. Upload those files themselves.")
        }
        "truncated" => ("truncated", "The file ends before its contents do. Upload a whole copy of it."),
        code => return UploadProblem { code: code.to_owned(), detail: error.to_string() },
    };
    UploadProblem { code: code.to_owned(), detail: detail.to_owned() }
}

/// Enters the file in the catalogue, asks for its encode and ends the job, all at once or not at all.
async fn enter(ctx: &Ctx, lease: &Lease, row: &Row, found: Found) -> Result<(), Fault> {
    let (inner, lease, now) = (ctx.clone(), lease.clone(), ctx.now());
    let (id, owner) = (row.upload.id, row.owner);
    let entered = ctx.db().write(move |tx| {
        lease.guard(tx)?;
        let wanted = store::find(tx, id)?.is_some_and(|row| row.upload.state == UploadState::Probing);
        if !wanted {
            return Err(Fault::new("the upload was taken back").of_kind(FaultKind::Other));
        }
        let mut batch = Batch::new(inner.ids(), now);
        let picture = found.picture.as_ref().map(|kept| kept.enter(tx, &mut batch)).transpose()?;
        let (media, became) = match &found.looked {
            Looked::Track { tags, .. } => {
                let entered = enter_track(tx, &mut batch, tags, &found.source, picture)?;
                if let Some(track) = entered.1.track {
                    import::own_track(tx, track, owner)?;
                }
                entered
            }
            Looked::Video { title, width, height } => {
                let new = VideoImport {
                    existing: None,
                    library: None,
                    owner: Some(owner),
                    title,
                    source: &found.source,
                    width: *width,
                    height: *height,
                    picture,
                };
                let imported = import::upsert_video(tx, &mut batch, &new)?;
                (imported.media, Became { video: Some(imported.video), ..Became::default() })
            }
        };
        store::set_accepted(tx, id, media, became, now)?;
        media::request_encode(tx, &inner, media, ENCODE_PRIORITY, AfterFailure::Leave)?;
        tx.wake(&topic(owner));
        lease.complete(tx, now)
    });
    entered.await
}

fn enter_track(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    tags: &TrackTags,
    source: &SourceFile,
    picture: Option<catalog::PictureId>,
) -> Result<(catalog::MediaId, Became), Fault> {
    let new = TrackImport { existing: None, library: None, source, tags, picture, folder: None };
    let imported = import::upsert_track(tx, batch, &new)?;
    let became = Became { track: Some(imported.track), album: imported.album, video: None };
    Ok((imported.media, became))
}

/// Deletes uploaded files in the blobs that neither the catalogue nor a running acceptance knows.
pub(super) async fn sweep_originals(ctx: &Ctx) -> Result<(), Fault> {
    let folder = BlobKey::new(ORIGINALS).ok_or_else(|| Fault::new("a folder's name is no name of a blob"))?;
    for blob in ctx.blobs().list(&folder).await? {
        let id = blob.key.as_str().split('/').nth(1).and_then(|id| id.parse().ok());
        // Asked in this order: an acceptance makes it a source in the transaction in which it lets go of it.
        if let Some(id) = id
            && store::read(ctx.db(), UploadId(id)).await?.is_some_and(|row| row.staged)
        {
            continue;
        }
        if !media::is_source(ctx.db(), blob.key.as_str()).await? {
            ctx.blobs().delete(&blob.key).await?;
        }
    }
    Ok(())
}
