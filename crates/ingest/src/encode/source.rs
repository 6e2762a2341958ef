//! The source as a local file, which is what ffmpeg is given.

use std::path::{Path, PathBuf};

use catalog::media::{Media, Source};
use futures_util::StreamExt as _;
use kernel::{
    Ctx, Fault,
    blob::BlobKey,
    jobs::{JobError, Lease},
};
use tokio::io::AsyncWriteExt as _;

use super::{Encoder, room};

const GONE: &str = "source_gone: The original file is not there any more. Bring it back, or upload it again, then try again.";

/// The path of a source; one that lies in an object store is fetched into `scratch` first.
pub(crate) async fn local(
    encoder: &Encoder,
    ctx: &Ctx,
    lease: &Lease,
    facts: &Media,
    scratch: &Path,
) -> Result<PathBuf, JobError> {
    let file = &facts.file;
    if let Some(path) = file.place.path() {
        return Ok(path);
    }
    let gone = || JobError::Fatal(GONE.to_owned());
    let Source::Blob { key } = &file.place else { return Err(gone()) };
    let key = BlobKey::new(key.clone()).ok_or_else(gone)?;
    if let Some(path) = ctx.blobs().local_path(&key) {
        return Ok(path);
    }
    room::wait(encoder, ctx, lease, facts.id, file.bytes).await?;
    let path = scratch.join("source");
    tokio::select! {
        fetched = fetch(ctx, &key, file.bytes, &path) => {
            let fetched = fetched.map_err(|fault| super::fault_outcome(&fault, lease))?;
            if fetched { Ok(path) } else { Err(gone()) }
        }
        () = lease.cancelled().cancelled() => Err(JobError::HandBack),
    }
}

/// Copies a blob to a file; `false` when there is no such blob.
pub(crate) async fn fetch(ctx: &Ctx, key: &BlobKey, bytes: u64, path: &Path) -> Result<bool, Fault> {
    let Some(mut stream) = ctx.blobs().read(key, 0..bytes).await? else { return Ok(false) };
    let mut file = tokio::fs::File::create(path).await?;
    while let Some(piece) = stream.next().await {
        file.write_all(&piece?).await?;
    }
    file.flush().await?;
    Ok(true)
}
