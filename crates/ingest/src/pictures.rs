//! Pictures that uploads and encodes bring: decoded off the async threads, kept once, and swept when nothing names them.

mod sweep;

use std::sync::Arc;

use bytes::Bytes;
use catalog::{
    PictureId,
    import::{Batch, known_picture, upsert_picture},
    picture::{self, PictureFacts},
    service::Given,
};
use kernel::{Ctx, Fault, blob::BlobKey, db::Tx};

pub use sweep::{NamedElsewhere, SWEEP_JOB, enqueue as enqueue_sweep, handlers, watch};

/// A picture whose bytes are durable.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// The catalogue has it.
    Known(PictureId),
    /// Its row is still to be written.
    New(Arc<PictureFacts>),
}

impl Kept {
    /// The same, to be given to an album or artist.
    pub(crate) fn given(self) -> Given {
        match self {
            Self::Known(id) => Given::Known(id),
            Self::New(facts) => Given::New(facts),
        }
    }

    /// The picture's row, made if it is new.
    pub(crate) fn enter(&self, tx: &mut Tx<'_>, batch: &mut Batch) -> Result<PictureId, Fault> {
        match self {
            Self::Known(id) => Ok(*id),
            Self::New(facts) => upsert_picture(tx, batch, facts),
        }
    }
}

/// What became of the bytes of a picture.
pub(crate) enum Looked {
    /// They are durable.
    Kept(Kept),
    /// They are none that is taken; why.
    Refused(String),
}

/// Keeps a picture; `None` when the bytes are none that we take.
pub(crate) async fn keep(ctx: &Ctx, bytes: Bytes) -> Result<Option<Kept>, Fault> {
    match look(ctx, bytes, &[]).await? {
        Looked::Kept(kept) => Ok(Some(kept)),
        Looked::Refused(why) => {
            tracing::debug!("a picture is left out: {why}");
            Ok(None)
        }
    }
}

/// Keeps a picture if it is of one of these types, or of any that is read when none is named.
pub(crate) async fn look(ctx: &Ctx, bytes: Bytes, types: &'static [&'static str]) -> Result<Looked, Fault> {
    if let Some(id) = known_picture(ctx.db(), picture::hash(&bytes)).await? {
        return Ok(Looked::Kept(Kept::Known(id)));
    }
    let shared = bytes.clone();
    // A decoder that panics over hostile bytes ends its task and nothing else.
    let decoded = tokio::task::spawn_blocking(move || picture::facts(&shared)).await;
    let facts = match decoded {
        Ok(Ok(facts)) => facts.kept_at(ctx.now()),
        Ok(Err(refused)) => return Ok(Looked::Refused(refused.to_string())),
        Err(_) => return Ok(Looked::Refused("it is damaged".to_owned())),
    };
    if !types.is_empty() && !types.contains(&facts.mime) {
        return Ok(Looked::Refused(format!("{} is not taken here", facts.mime)));
    }
    let key = BlobKey::new(facts.blob_key.clone());
    let key = key.ok_or_else(|| Fault::new("the catalogue named a picture in a way that no blob can be"))?;
    ctx.blobs().put(&key, bytes).await?;
    Ok(Looked::Kept(Kept::New(Arc::new(facts))))
}
