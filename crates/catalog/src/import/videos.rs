//! A file of video becomes a video.

use kernel::{Fault, db::Tx, id::UserId};

use super::{batch::Batch, events, tracks::renew_source};
use crate::{
    LibraryId, MediaId, PictureId, VideoId, fold,
    media::{MediaKind, SourceFile},
    model::TOPIC_CATALOG,
    store::{
        media,
        videos::{self, VideoRow},
    },
};

/// A file of video on its way in.
#[derive(Clone, Copy, Debug)]
pub struct VideoImport<'a> {
    /// The video that this file is, when it was known before.
    pub existing: Option<VideoId>,
    /// The library that it lies in; `None` for an upload.
    pub library: Option<LibraryId>,
    /// Who uploaded it; `None` for what was found in a library. A known video keeps its owner.
    pub owner: Option<UserId>,
    /// The title that the file gives; one that a person wrote stays.
    pub title: &'a str,
    /// The file.
    pub source: &'a SourceFile,
    /// Pixels as they are shown, after rotation.
    pub width: u32,
    /// Pixels as they are shown, after rotation.
    pub height: u32,
    /// Its poster, if there is one yet.
    pub picture: Option<PictureId>,
}

/// What a file became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportedVideo {
    /// The video.
    pub video: VideoId,
    /// Its media.
    pub media: MediaId,
}

/// Makes or updates a video and its media. One that was hidden because its file was gone is shown again; one that
/// somebody deleted stays hidden.
pub fn upsert_video(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    new: &VideoImport<'_>,
) -> Result<ImportedVideo, Fault> {
    let cleaned = fold::clean(new.title);
    let title = if cleaned.is_empty() { "Untitled" } else { &cleaned };
    let known = match new.existing {
        Some(id) => videos::lock(tx, id)?.map(|old| (id, old)),
        None => None,
    };
    let (video, media) = match &known {
        Some((id, old)) => (*id, old.media),
        None => (VideoId(batch.ids.next()), MediaId(batch.ids.next())),
    };
    let row = VideoRow {
        id: video,
        media,
        library: new.library,
        owner: new.owner,
        title,
        width: new.width,
        height: new.height,
        picture: new.picture,
        scope: batch.scope_in(tx, new.library)?,
    };
    if let Some((_, old)) = known {
        renew_source(tx, media, new.source)?;
        videos::update(tx, &row)?;
        if old.hidden.is_some() && !old.deleted {
            videos::set_hidden(tx, video, None, None)?;
            super::folders::settle_video(tx, video)?;
            events::video_shown(tx, video, old.added, batch.now)?;
        }
    } else {
        media::insert(tx, media, MediaKind::Video, new.source)?;
        videos::insert(tx, &row, batch.now)?;
        events::video_added(tx, video, batch.now)?;
    }
    tx.wake(TOPIC_CATALOG);
    Ok(ImportedVideo { video, media })
}
