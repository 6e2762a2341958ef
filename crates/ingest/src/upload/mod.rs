//! Uploads: tus 1.0, and what is happening to my uploads.
//!
//! Bytes go to one staging file an upload, are synced, and only then acknowledged by the row in `ingest_upload`: what
//! the database says is there is there, whatever is killed when. Everything behind the acknowledged offset is cut off
//! when somebody goes on. One request at a time sends to an upload; a dead one gives way within half a second.
//!
//! When the last byte is acknowledged the job [`ACCEPT_JOB`] looks at the file, refuses it with the reason or moves it
//! into the blobs and the catalogue, and asks for its encode.
//!
//! Start reading at `service`, then `receive`, then `accept`.

mod accept;
mod checksum;
mod config;
mod encoding;
mod headers;
mod holders;
mod mine;
mod model;
mod receive;
mod routes;
mod service;
mod staging;
mod store;
mod sweep;

use std::sync::Arc;

use kernel::{jobs::Handler, outbox::Projection};
use utoipa_axum::router::OpenApiRouter;

pub use crate::disk::Floor;
use crate::media::Engine;
pub(crate) use encoding::{encode_done, encode_failed, encode_goes_on, encode_waits_for_room};

pub use config::UploadConfig;
pub use model::{Upload, UploadId, UploadProblem, UploadState};
pub use service::Uploads;

/// The kind of the jobs that look at complete uploads; their key is the upload's number.
pub const ACCEPT_JOB: &str = "ingest.accept";

impl Uploads {
    /// The routes: `/api/v1/uploads` (tus) and `/api/v1/me/uploads`.
    pub fn routes(&self) -> OpenApiRouter {
        routes::routes(self.clone()).merge(mine::routes(self.clone()))
    }

    /// The jobs of uploads. Only the process that stages them may run these.
    pub fn handlers(&self, engine: Engine) -> Vec<Arc<dyn Handler>> {
        vec![
            Arc::new(accept::Accept { uploads: self.clone(), engine }),
            Arc::new(sweep::Sweep::new(self.clone())),
        ]
    }

    /// What uploads hear of the catalogue.
    pub fn projections(&self) -> Vec<Arc<dyn Projection>> {
        vec![Arc::new(encoding::Withdrawn(self.ctx.clone()))]
    }
}
