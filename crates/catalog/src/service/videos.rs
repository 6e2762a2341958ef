//! Videos, and what their owners change.

use std::time::Duration;

use kernel::{
    Ctx, Fault, Page, PageQuery, Problem,
    db::Tx,
    http::{Role, Viewer},
    jobs,
};

use super::{Error, shape::Shaper};
use crate::{
    MediaId, VideoId, fold,
    import::{self, events},
    media::{self, ENCODE_JOB, MediaIndex, MediaState, Rendition, RenditionKind},
    model::{Caption, ItemKind, Rung, RungKind, RungState, TOPIC_CATALOG, Video, VideoDetail, VideoEdit},
    store::{self, read, read::marks, read::videos::VideoRow, videos::OldVideo},
    visibility,
};

/// Longest title that a person may give.
const TITLE_CHARS_MAX: usize = 300;
/// Longest description.
const DESCRIPTION_CHARS_MAX: usize = 10_000;
/// How long the path of a text track holds.
const CAPTION_HOLDS: Duration = Duration::from_hours(24);

/// Shapes videos, with the progress of those that are being encoded.
pub(super) async fn shape_all(ctx: &Ctx, shaper: &Shaper, rows: Vec<VideoRow>) -> Result<Vec<Video>, Fault> {
    let mut videos = Vec::with_capacity(rows.len());
    for row in rows {
        let progress = if row.state == MediaState::Encoding { progress(ctx, row.media).await? } else { 0.0 };
        videos.push(shaper.video(row, progress));
    }
    Ok(videos)
}

async fn progress(ctx: &Ctx, media: MediaId) -> Result<f64, Fault> {
    let job = jobs::view_by_key(ctx.db(), ENCODE_JOB, media.to_string()).await?;
    Ok(job.map_or(0.0, |job| job.progress))
}

/// Videos, the newest first, a page of them.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that this list did not give.
pub async fn videos(ctx: &Ctx, viewer: &Viewer, query: &PageQuery) -> Result<Page<Video>, Error> {
    let (limit, user) = (query.limit(), viewer.id);
    let key = query.key::<(i64, i64)>()?.unwrap_or((i64::MAX, i64::MAX));
    let found = visibility::read(ctx, viewer, move |tx| {
        let rows = read::videos::by_added(tx, key, limit + 1)?;
        let marks = marks::of(tx, user, ItemKind::Video, rows.iter().map(|row| row.id.0))?;
        Ok::<_, Fault>((rows, marks))
    });
    let (rows, marks) = found.await?;
    let shaper = Shaper::new(ctx.signer(), ctx.now()).with_marks(marks);
    let Page { items, next } = Page::cut(rows, limit, |row| (row.added.0, row.id.0));
    Ok(Page { items: shape_all(ctx, &shaper, items).await?, next })
}

/// A video with its text tracks and rungs.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see.
pub async fn video(ctx: &Ctx, viewer: &Viewer, id: VideoId) -> Result<VideoDetail, Error> {
    let (media, video) = seen(ctx, viewer, id).await?;
    let index = media::index(ctx.db(), media).await?;
    let (captions, renditions) = index.map(|index| parts(ctx, index)).unwrap_or_default();
    Ok(VideoDetail { video, captions, renditions })
}

/// A video by itself, for which its index is not read.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see.
pub async fn bare_video(ctx: &Ctx, viewer: &Viewer, id: VideoId) -> Result<Video, Error> {
    Ok(seen(ctx, viewer, id).await?.1)
}

async fn seen(ctx: &Ctx, viewer: &Viewer, id: VideoId) -> Result<(MediaId, Video), Error> {
    let user = viewer.id;
    let found = visibility::read(ctx, viewer, move |tx| {
        let Some(row) = read::videos::one(tx, id)? else { return Ok(None) };
        Ok::<_, Fault>(Some((row, marks::of(tx, user, ItemKind::Video, [id.0].into_iter())?)))
    });
    let (row, marks) = found.await?.ok_or(Error::NotFound)?;
    let (media, shaper) = (row.media, Shaper::new(ctx.signer(), ctx.now()).with_marks(marks));
    let video = shape_all(ctx, &shaper, vec![row]).await?.pop().ok_or(Error::NotFound)?;
    Ok((media, video))
}

fn parts(ctx: &Ctx, index: MediaIndex) -> (Vec<Caption>, Vec<Rung>) {
    let media = index.media.id;
    let token = ctx.signer().grant(media::GRANT, &media.to_string(), ctx.now().plus(CAPTION_HOLDS));
    let captions = index.captions.into_iter().map(|caption| Caption {
        url: format!("/media/{token}/{media}/captions/{}.vtt", caption.id),
        id: caption.id,
        language: caption.language,
        label: caption.label,
    });
    (captions.collect(), index.renditions.into_iter().map(rung).collect())
}

fn rung(rendition: Rendition) -> Rung {
    let (kind, name) = match rendition.kind {
        RenditionKind::Video => (RungKind::Video, format!("{}p", rendition.width.min(rendition.height))),
        RenditionKind::Audio => (RungKind::Audio, rendition.name),
    };
    Rung {
        kind,
        name,
        codec: rendition.codecs,
        width: rendition.width,
        height: rendition.height,
        bitrate_kbps: rendition.bandwidth.average_bps.div_ceil(1000),
        state: if rendition.complete { RungState::Complete } else { RungState::Growing },
    }
}

/// Whether the viewer whom the transaction serves sees a video.
fn is_seen(tx: &Tx<'_>, video: &OldVideo) -> bool {
    video.hidden.is_none() && video.scope & tx.scope() != 0
}

/// Whether the viewer may change a video that he sees.
fn may_change(viewer: &Viewer, owner: Option<kernel::id::UserId>) -> bool {
    owner == Some(viewer.id) || viewer.role >= Role::Admin
}

/// Changes title or description of a video.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see, [`Error::NotOwner`] when it is somebody else's,
/// [`Error::Invalid`] for a text that is empty or too long.
pub async fn edit_video(
    ctx: &Ctx,
    viewer: &Viewer,
    id: VideoId,
    edit: &VideoEdit,
) -> Result<VideoDetail, Error> {
    let title = edit.title.as_deref().map(title).transpose()?;
    let description = edit.description.as_deref().map(description).transpose()?;
    let editor = viewer.clone();
    visibility::write(ctx, viewer, move |tx| {
        let old = store::videos::lock(tx, id)?.filter(|old| is_seen(tx, old));
        let old = old.ok_or(Error::NotFound)?;
        if !may_change(&editor, old.owner) {
            return Err(Error::NotOwner);
        }
        if title.is_some() || description.is_some() {
            store::videos::edit(tx, id, title.as_deref(), description.as_deref())?;
            tx.wake(TOPIC_CATALOG);
        }
        Ok(())
    })
    .await?;
    video(ctx, viewer, id).await
}

fn title(given: &str) -> Result<String, Problem> {
    let title = fold::clean(given);
    match title.chars().count() {
        0 => Err(Problem::invalid("title", "A video needs a title.")),
        count if count > TITLE_CHARS_MAX => Err(Problem::invalid(
            "title",
            format!("The title has {count} characters; at most {TITLE_CHARS_MAX} are taken."),
        )),
        _ => Ok(title),
    }
}

fn description(given: &str) -> Result<String, Problem> {
    match given.chars().count() {
        count if count > DESCRIPTION_CHARS_MAX => Err(Problem::invalid(
            "description",
            format!("The description has {count} characters; at most {DESCRIPTION_CHARS_MAX} are taken."),
        )),
        _ => Ok(fold::clean_lines(given, DESCRIPTION_CHARS_MAX)),
    }
}

/// Takes a video out of sight for good: its encoding ends, and no scan brings it back.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer may see, [`Error::NotOwner`] when it is somebody else's.
pub async fn delete_video(ctx: &Ctx, viewer: &Viewer, id: VideoId) -> Result<(), Error> {
    let (deleter, now) = (viewer.clone(), ctx.now());
    visibility::write(ctx, viewer, move |tx| {
        let old = store::videos::lock(tx, id)?.filter(|old| is_seen(tx, old));
        let old = old.ok_or(Error::NotFound)?;
        if !may_change(&deleter, old.owner) {
            return Err(Error::NotOwner);
        }
        store::videos::set_hidden(tx, id, Some(now), Some("deleted"))?;
        import::settle_video(tx, id)?;
        events::video_hidden(tx, id, old.added, now)?;
        jobs::cancel(tx, ENCODE_JOB, &old.media.to_string(), now)?;
        tx.wake(TOPIC_CATALOG);
        Ok(())
    })
    .await
}
