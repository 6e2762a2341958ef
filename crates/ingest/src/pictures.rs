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
    /// The same, to be given to something.
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

/// What a decoder makes of bytes, off the async threads; why it makes nothing. One that panics over hostile bytes ends its
/// task and nothing else.
async fn decoded<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, picture::Refused> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(refused)) => Err(refused.to_string()),
        Err(_) => Err("it is damaged".to_owned()),
    }
}

fn check(mime: &str, types: &[&str]) -> Result<(), String> {
    if types.contains(&mime) { Ok(()) } else { Err(format!("{mime} is not taken here")) }
}

/// Keeps of a picture of one of these types the largest size in which it is given out: what everybody may give takes no
/// more room than that, and nothing stays of what a camera wrote beside it.
pub(crate) async fn look_reduced(
    ctx: &Ctx,
    bytes: Bytes,
    types: &'static [&'static str],
) -> Result<Looked, Fault> {
    let [.., largest] = picture::SIZES;
    let reduced = decoded(move || picture::reduced(&bytes, largest)).await;
    match reduced.and_then(|(jpeg, mime)| check(mime, types).map(|()| jpeg)) {
        Ok(jpeg) => look(ctx, jpeg.into(), &[]).await,
        Err(why) => Ok(Looked::Refused(why)),
    }
}

/// Keeps a picture if it is of one of these types, or of any that is read when none is named.
pub(crate) async fn look(ctx: &Ctx, bytes: Bytes, types: &'static [&'static str]) -> Result<Looked, Fault> {
    if let Some(id) = known_picture(ctx.db(), picture::hash(&bytes)).await? {
        return Ok(Looked::Kept(Kept::Known(id)));
    }
    let shared = bytes.clone();
    let facts = match decoded(move || picture::facts(&shared)).await {
        Ok(facts) => facts.kept_at(ctx.now()),
        Err(why) => return Ok(Looked::Refused(why)),
    };
    if !types.is_empty()
        && let Err(why) = check(facts.mime, types)
    {
        return Ok(Looked::Refused(why));
    }
    let key = BlobKey::new(facts.blob_key.clone());
    let key = key.ok_or_else(|| Fault::new("the catalogue named a picture in a way that no blob can be"))?;
    ctx.blobs().put(&key, bytes).await?;
    Ok(Looked::Kept(Kept::New(Arc::new(facts))))
}
