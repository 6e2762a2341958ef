//! Pictures that uploads and encodes bring: decoded off the async threads, kept once.

use std::sync::Arc;

use bytes::Bytes;
use catalog::{
    PictureId,
    import::{Batch, known_picture, upsert_picture},
    picture::{self, PictureFacts},
};
use kernel::{Ctx, Fault, blob::BlobKey, db::Tx};

/// A picture whose bytes are durable.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// The catalogue has it.
    Known(PictureId),
    /// Its row is still to be written.
    New(Arc<PictureFacts>),
}

impl Kept {
    /// The picture's row, made if it is new.
    pub(crate) fn enter(&self, tx: &mut Tx<'_>, batch: &mut Batch) -> Result<PictureId, Fault> {
        match self {
            Self::Known(id) => Ok(*id),
            Self::New(facts) => upsert_picture(tx, batch, facts),
        }
    }
}

/// Keeps a picture; `None` when the bytes are none that we take.
pub(crate) async fn keep(ctx: &Ctx, bytes: Bytes) -> Result<Option<Kept>, Fault> {
    if let Some(id) = known_picture(ctx.db(), picture::hash(&bytes)).await? {
        return Ok(Some(Kept::Known(id)));
    }
    let shared = bytes.clone();
    // A decoder that panics over hostile bytes ends its task and nothing else.
    let decoded = tokio::task::spawn_blocking(move || picture::facts(&shared)).await;
    let facts = match decoded {
        Ok(Ok(facts)) => facts,
        Ok(Err(refused)) => {
            tracing::debug!("a picture is left out: {refused}");
            return Ok(None);
        }
        Err(_) => return Ok(None),
    };
    let key = BlobKey::new(facts.blob_key.clone());
    let key = key.ok_or_else(|| Fault::new("the catalogue named a picture in a way that no blob can be"))?;
    ctx.blobs().put(&key, bytes).await?;
    Ok(Some(Kept::New(Arc::new(facts))))
}
