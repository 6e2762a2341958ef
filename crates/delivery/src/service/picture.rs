//! Pictures in the sizes that the page asks for: made when first asked for, kept as blobs.

use catalog::{PictureId, picture};
use kernel::{Fault, blob::BlobKey};

use crate::{
    cache::Hot,
    error::Error,
    service::{Delivery, segment::Bytes},
    wire,
};

/// Pictures that are decoded at once. Each may take hundreds of megabytes, by catalog's limits; further ones wait.
pub(crate) const DECODED_AT_ONCE: usize = 2;

impl Delivery {
    /// Whether a token allows this picture now.
    pub(crate) fn allows_picture(&self, subject: &str, token: &str) -> bool {
        self.ctx.signer().allows(picture::GRANT, subject, token, self.ctx.now())
    }

    /// A picture, no longer than `edge`, which is one of [`picture::SIZES`].
    pub(crate) async fn picture(&self, id: PictureId, edge: u32) -> Result<Bytes, Error> {
        // No media's name begins like this.
        let name = format!("picture/{id}/{edge}");
        if let Some(hot) = self.cache.get(&name) {
            return Ok(Bytes::Hot(hot));
        }
        self.flights.share(&name, self.fetch_picture(&name, id, edge)).await
    }

    async fn fetch_picture(&self, name: &str, id: PictureId, edge: u32) -> Result<Bytes, Error> {
        let (source, _) = picture::blob(self.ctx.db(), id).await?.ok_or(Error::Absent)?;
        // The name is the hash of the bytes, so it also names what is made of them.
        let hash = source.rsplit('/').next().unwrap_or_default();
        let kept = BlobKey::new(format!("pictures/{hash}/{edge}.jpg"));
        let etag = wire::tag(&format!("{hash}-{edge}"));
        let (kept, etag) = kept.zip(etag).ok_or_else(|| Fault::new(format!("odd picture {source:?}")))?;
        let bytes = match self.ctx.blobs().get(&kept).await? {
            Some(bytes) => bytes,
            None => self.make_picture(&source, &kept, edge).await?,
        };
        let hot = Hot { bytes, etag };
        self.cache.put(name, hot.clone());
        Ok(Bytes::Hot(hot))
    }

    async fn make_picture(&self, source: &str, kept: &BlobKey, edge: u32) -> Result<bytes::Bytes, Error> {
        let _turn = self.decodes.acquire().await.map_err(|_| Fault::new("the turns to decode are over"))?;
        let source = BlobKey::new(source).ok_or(Error::Absent)?;
        let original = self.ctx.blobs().get(&source).await?.ok_or(Error::Absent)?;
        let made = tokio::task::spawn_blocking(move || picture::sized(&original, edge)).await;
        let made = made.map_err(|error| Fault::from_error("making a picture broke off", error))?;
        // It was decoded when it came in; should it not be any more, it is as good as absent.
        let bytes = bytes::Bytes::from(made.map_err(|refused| {
            tracing::warn!(picture = %source, %refused, "a picture can't be decoded");
            Error::Absent
        })?);
        self.ctx.blobs().put(kept, bytes.clone()).await?;
        Ok(bytes)
    }
}
