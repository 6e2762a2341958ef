//! Files and pictures that came from other servers, looked at with the eyes of an upload: in the sandbox, by the same
//! list of formats and under the same limits. For domains that fetch media and keep it by themselves.

use std::path::Path;

use bytes::Bytes;
use catalog::{
    PictureId,
    import::Batch,
    media::{MediaKind, Source, SourceFile},
};
use kernel::{Ctx, Fault};
use tokio_util::sync::CancellationToken;

use crate::{
    disk::{self, Floor},
    media::{Chapter, Engine, MediaError},
    pictures,
    scan::{self, Looked, Single},
};

/// A file that is sound or a film.
#[derive(Debug)]
pub struct Foreign {
    single: Single,
}

impl Foreign {
    /// Looks at the file at `path`; an error when it is no media that Odeon takes.
    pub async fn look(engine: &Engine, path: &Path, cancel: &CancellationToken) -> Result<Self, MediaError> {
        Ok(Self { single: scan::look(engine, path, "", cancel).await? })
    }

    /// Whether it has pictures that move.
    pub fn kind(&self) -> MediaKind {
        match self.single.looked {
            Looked::Track { .. } => MediaKind::Audio,
            Looked::Video { .. } => MediaKind::Video,
        }
    }

    /// The chapters that it names itself.
    pub fn chapters(&self) -> &[Chapter] {
        &self.single.probe.chapters
    }

    /// It as the catalogue keeps it.
    pub fn source(&self, place: Source, stamp: i64) -> SourceFile {
        self.single.source(place, stamp)
    }
}

/// Keeps a picture; `None` when the bytes are none that is taken.
pub async fn keep_picture(ctx: &Ctx, bytes: Bytes) -> Result<Option<PictureId>, Fault> {
    let Some(kept) = pictures::keep(ctx, bytes).await? else { return Ok(None) };
    let (inner, now) = (ctx.clone(), ctx.now());
    ctx.db().write(move |tx| kept.enter(tx, &mut Batch::new(inner.ids(), now)).map(Some)).await
}

/// The bytes that may still be written to the disk under `folder`.
pub async fn room(folder: &Path, floor: Floor) -> Result<u64, Fault> {
    disk::room(folder, floor).await
}
