//! What delivery does, behind its routes.

pub(crate) mod files;
mod grant;
pub(crate) mod original;
mod picture;
pub(crate) mod playable;
mod run;
pub(crate) mod segment;

pub(crate) use grant::{Reach, Wish};
use kernel::Ctx;
use tokio::sync::Semaphore;

use crate::{archive::Archives, cache::Cache, error::Error, flight::Flights, model::Config};

/// What delivery holds while it runs.
pub(crate) struct Delivery {
    pub ctx: Ctx,
    pub config: Config,
    pub cache: Cache,
    pub flights: Flights<segment::Bytes>,
    pub reads: Semaphore,
    pub decodes: Semaphore,
    pub originals: original::Originals,
    pub archives: Archives,
}

impl Delivery {
    pub(crate) fn new(ctx: Ctx, config: Config) -> Self {
        Self {
            ctx,
            config,
            cache: Cache::new(config.cache_bytes),
            flights: Flights::default(),
            reads: Semaphore::new(segment::READS_AT_ONCE),
            decodes: Semaphore::new(picture::DECODED_AT_ONCE),
            originals: original::Originals::default(),
            archives: Archives::default(),
        }
    }

    /// Everything that a manifest needs.
    pub(crate) async fn index(&self, media: catalog::MediaId) -> Result<catalog::media::MediaIndex, Error> {
        catalog::media::index(self.ctx.db(), media).await?.ok_or(Error::Absent)
    }
}
