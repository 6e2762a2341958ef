//! The index of media: where a source is, how far its encoding is, and every segment that a manifest names.
//!
//! **Encoding.** Somebody asks with [`request_encode`], which queues one job of kind [`ENCODE_JOB`] with the payload
//! [`EncodeRequest`] and the media's number as its key. The worker calls [`begin_encode`], which clears what an
//! earlier try left and gives a *generation*; each of [`add_rendition`], [`add_segment`], [`add_caption`],
//! [`complete_rendition`], [`complete_encode`] takes it, and answers with `false` or `None` when it is no longer the
//! current one: the source was replaced, or another worker began. Then the worker stops and throws away what it made.
//! The worker guards its lease in the same transactions.
//!
//! **Names of blobs.** Everything of a media lies under [`folder`]; names are made from content or include the
//! generation, so that a late worker overwrites nothing. [`blob_keys`] says which of them are in use.

mod bandwidth;
mod kept;
mod runs;
mod types;

use std::collections::{BTreeSet, HashMap};

use kernel::{
    Ctx, Fault,
    db::{Db, Tx},
    http::Viewer,
    jobs::{self, NewJob},
};

pub use bandwidth::{Bandwidth, bandwidth};
pub use kept::{ASKED_EVERY, asked, evict, is_underway, kept_bytes, newest_music, oldest_kept, unasked};
pub(crate) use runs::RunPiece;
pub use runs::{
    RUN_JOB, RUN_MS_MAX, RUN_TRACKS_MAX, RunBegun, RunPlace, RunTrack, begin_run, find as find_run,
    forget_run, lacks_run, make as make_run, make_ahead as make_run_ahead, set_run_ends, set_run_rate,
    stale_runs,
};
pub use types::{
    Caption, EncodeRequest, Kept, Media, MediaIndex, MediaKind, MediaState, NewCaption, NewRendition,
    Problem, Rendition, RenditionKind, Segment, Source, SourceFile,
};

use crate::{CaptionId, MediaId, PictureId, RenditionId, TrackId, VideoId, model, store, visibility};

/// The kind of the jobs that encode a media; their key is the media's number.
pub const ENCODE_JOB: &str = "ingest.encode";

/// The purpose of the signature in a media's paths; its subject is the media's number.
pub const GRANT: &str = "media";

/// Tries of such a job, those that only the program's own end broke off included. The worker ends it sooner when the
/// work itself fails again and again.
const ENCODE_ATTEMPTS_MAX: u32 = 50;

/// The folder of blobs that belong to one media.
pub fn folder(media: MediaId) -> String {
    format!("media/{media}")
}

/// Tracks whose files are asked for in one statement.
const TRACKS_AT_ONCE: usize = 500;

/// What [`request_encode`] is to do with a media whose encoding failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Leave it failed; asking again by itself mends nothing.
    Leave,
    /// Try again, because a person asked for it.
    TryAgain,
}

/// Asks for a media to be encoded: makes it [`MediaState::Waiting`] and queues the job, unless that was done before
/// or is not needed. Answers with the state that it has now; `None` when there is no such media.
///
/// `priority`: lower comes first, 100 is usual; the better of several wishes holds.
pub fn request_encode(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    media: MediaId,
    priority: i64,
    failed: AfterFailure,
) -> Result<Option<MediaState>, Fault> {
    let Some(state) = store::media::state(tx, media)? else { return Ok(None) };
    let wanted = match state {
        MediaState::Ready => false,
        MediaState::Failed => failed == AfterFailure::TryAgain,
        MediaState::None | MediaState::Waiting | MediaState::Encoding => true,
    };
    if !wanted {
        return Ok(Some(state));
    }
    // Queued again although it may be queued already: the job's key makes that one job, and a job that was lost
    // comes back.
    let job = NewJob::new(ENCODE_JOB, &EncodeRequest { media })?.key(media).priority(priority);
    let job = job.attempts_max(ENCODE_ATTEMPTS_MAX);
    jobs::enqueue(tx, ctx, &job)?;
    if state == MediaState::Encoding {
        return Ok(Some(state));
    }
    if state != MediaState::Waiting {
        store::media::set_state(tx, media, MediaState::Waiting, None)?;
        tx.wake(model::TOPIC_CATALOG);
    }
    Ok(Some(MediaState::Waiting))
}

/// Begins a try: clears what an earlier one left, makes the media [`MediaState::Encoding`] and gives the generation
/// under which this try writes. `None` when there is no such media, or it is ready already.
pub fn begin_encode(tx: &mut Tx<'_>, media: MediaId) -> Result<Option<i64>, Fault> {
    let Some(state) = store::media::state(tx, media)? else { return Ok(None) };
    if state == MediaState::Ready {
        return Ok(None);
    }
    store::media::clear(tx, media)?;
    tx.wake(model::TOPIC_CATALOG);
    store::media::begin(tx, media)
}

/// Adds a rung that grows from now on. The same name again, in the same generation, gives the same rung.
pub fn add_rendition(
    tx: &mut Tx<'_>,
    id: RenditionId,
    media: MediaId,
    generation: i64,
    new: &NewRendition,
) -> Result<Option<RenditionId>, Fault> {
    if !store::media::is_current(tx, media, generation)? {
        return Ok(None);
    }
    store::media::insert_rendition(tx, id, media, new)
}

/// Adds a segment that is durable in the blobs. Adding the same number again replaces it. `false` when the
/// generation is over.
pub fn add_segment(
    tx: &mut Tx<'_>,
    media: MediaId,
    generation: i64,
    rendition: RenditionId,
    segment: &Segment,
) -> Result<bool, Fault> {
    add_segments(tx, media, generation, rendition, std::slice::from_ref(segment))
}

/// Adds several segments of one rung; see [`add_segment`].
pub fn add_segments(
    tx: &mut Tx<'_>,
    media: MediaId,
    generation: i64,
    rendition: RenditionId,
    segments: &[Segment],
) -> Result<bool, Fault> {
    if !store::media::is_current(tx, media, generation)? {
        return Ok(false);
    }
    for segment in segments {
        store::media::insert_segment(tx, rendition, segment)?;
    }
    Ok(true)
}

/// Adds a text track whose `WebVTT` is durable in the blobs. The same blob again gives the same text track.
pub fn add_caption(
    tx: &mut Tx<'_>,
    id: CaptionId,
    media: MediaId,
    generation: i64,
    new: &NewCaption,
) -> Result<Option<CaptionId>, Fault> {
    if !store::media::is_current(tx, media, generation)? {
        return Ok(None);
    }
    store::media::insert_caption(tx, id, media, new)
}

/// Ends a rung: no segment will follow, and its bandwidths are now known. `false` when the generation is over.
pub fn complete_rendition(
    tx: &mut Tx<'_>,
    media: MediaId,
    generation: i64,
    rendition: RenditionId,
) -> Result<bool, Fault> {
    if !store::media::is_current(tx, media, generation)? {
        return Ok(false);
    }
    let timescale = store::media::timescale(tx, rendition)?.unwrap_or(1);
    let segments = store::media::segments(tx, rendition)?;
    store::media::complete_rendition(tx, rendition, bandwidth(&segments, timescale))?;
    Ok(true)
}

/// Ends the encoding well: every rung still growing is completed, and the media is [`MediaState::Ready`]. `false`
/// when the generation is over.
pub fn complete_encode(tx: &mut Tx<'_>, media: MediaId, generation: i64) -> Result<bool, Fault> {
    if !store::media::is_current(tx, media, generation)? {
        return Ok(false);
    }
    for rendition in store::media::growing(tx, media)? {
        complete_rendition(tx, media, generation, rendition)?;
    }
    store::kept::set_bytes(tx, media)?;
    store::media::set_state(tx, media, MediaState::Ready, None)?;
    tx.wake(model::TOPIC_CATALOG);
    Ok(true)
}

/// Ends the encoding badly, with the reason that people are shown. What was made so far is forgotten; its blobs are
/// strays from now on. Does nothing to a media that is ready.
pub fn fail_encode(tx: &mut Tx<'_>, media: MediaId, problem: &Problem) -> Result<(), Fault> {
    match store::media::state(tx, media)? {
        None | Some(MediaState::Ready) => return Ok(()),
        Some(_) => {}
    }
    store::media::clear(tx, media)?;
    store::media::set_state(tx, media, MediaState::Failed, Some(problem))?;
    tx.wake(model::TOPIC_CATALOG);
    Ok(())
}

/// Gives a video its poster.
pub fn set_poster(tx: &mut Tx<'_>, media: MediaId, picture: PictureId) -> Result<(), Fault> {
    store::videos::set_picture(tx, media, picture)?;
    tx.wake(model::TOPIC_CATALOG);
    Ok(())
}

/// Enters a media that is no part of the catalogue: nobody finds it there, and who may have it is its owner's to decide.
/// Its sound is not measured.
pub fn insert_apart(
    tx: &mut Tx<'_>,
    media: MediaId,
    kind: MediaKind,
    file: &SourceFile,
) -> Result<(), Fault> {
    store::media::insert(tx, media, kind, file)?;
    store::media::never_hear(tx, media)
}

/// Removes a media that [`insert_apart`] entered, with all that was encoded of it. The names of its blobs, which the
/// caller deletes once this is committed.
pub fn remove_apart(tx: &mut Tx<'_>, media: MediaId) -> Result<BTreeSet<String>, Fault> {
    let keys = keys_in(tx, media)?;
    store::media::clear(tx, media)?;
    store::media::delete(tx, media)?;
    Ok(keys)
}

/// The facts of one media, within a transaction.
pub fn get(tx: &mut Tx<'_>, media: MediaId) -> Result<Option<Media>, Fault> {
    store::media::media(tx, media)
}

/// The files of several media, within a transaction; of what is not there nothing is said.
pub fn files(tx: &mut Tx<'_>, media: &[MediaId]) -> Result<HashMap<MediaId, SourceFile>, Fault> {
    if media.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::media::several(tx, media)?.into_iter().map(|one| (one.id, one.file)).collect())
}

/// Everything that a manifest needs, in one snapshot. No visibility is decided here: come with a media that
/// [`for_track`] or [`for_video`] gave, or that a signature names.
pub async fn index(db: &Db, media: MediaId) -> Result<Option<MediaIndex>, Fault> {
    db.read(move |tx| {
        let Some(facts) = store::media::media(tx, media)? else { return Ok(None) };
        let mut renditions = store::media::renditions(tx, media)?;
        for rendition in &mut renditions {
            rendition.segments = store::media::segments(tx, rendition.id)?;
            if !rendition.complete {
                rendition.bandwidth = bandwidth(&rendition.segments, rendition.timescale);
            }
        }
        let captions = store::media::captions(tx, media)?;
        Ok(Some(MediaIndex { media: facts, renditions, captions }))
    })
    .await
}

/// The media of a track, if this viewer may have it.
pub async fn for_track(ctx: &Ctx, viewer: &Viewer, track: TrackId) -> Result<Option<Media>, Fault> {
    visibility::read(ctx, viewer, move |tx| store::media::of_track(tx, track)).await
}

/// The files of these tracks, as far as this viewer may have them, all of one moment.
pub async fn for_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    tracks: Vec<TrackId>,
) -> Result<HashMap<TrackId, SourceFile>, Fault> {
    visibility::read(ctx, viewer, move |tx| {
        let mut files = HashMap::with_capacity(tracks.len());
        for step in tracks.chunks(TRACKS_AT_ONCE) {
            files.extend(store::read::dialect::track_files(tx, step)?);
        }
        Ok(files)
    })
    .await
}

/// The media of a video, if this viewer may have it.
pub async fn for_video(ctx: &Ctx, viewer: &Viewer, video: VideoId) -> Result<Option<Media>, Fault> {
    visibility::read(ctx, viewer, move |tx| store::media::of_video(tx, video)).await
}

/// The names of all blobs that a media uses, its source included; empty when there is no such media. What else lies
/// in [`folder`] is stray, unless a worker is about to enter it: leave what is young.
pub async fn blob_keys(db: &Db, media: MediaId) -> Result<BTreeSet<String>, Fault> {
    db.read(move |tx| keys_in(tx, media)).await
}

fn keys_in(tx: &mut Tx<'_>, media: MediaId) -> Result<BTreeSet<String>, Fault> {
    let mut keys: BTreeSet<String> = store::media::segment_keys(tx, media)?.into_iter().collect();
    keys.extend(store::media::renditions(tx, media)?.into_iter().map(|rendition| rendition.init_key));
    keys.extend(store::media::captions(tx, media)?.into_iter().map(|caption| caption.blob_key));
    if let Some(Source::Blob { key }) = store::media::media(tx, media)?.map(|media| media.file.place) {
        keys.insert(key);
    }
    Ok(keys)
}

/// Whether some media has this blob as its source.
pub async fn is_source(db: &Db, key: &str) -> Result<bool, Fault> {
    store::media::is_source(db, key).await
}
