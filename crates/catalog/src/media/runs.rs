//! Albums that are encoded as one continuous sound, so that their lossy renditions have no seam either.
//!
//! A run is a media of its own: its renditions, segments, grants and generations are those of every media. What it has
//! beside them is the list of tracks that it was made of, and where each ends. It holds for exactly that list: when a track
//! of the album is added, hidden, moved or has another source, [`find`] gives the run no more, and [`make`] makes another.
//!
//! **Rights.** Whoever is granted a run can hear all of it. So it is given only to a viewer who sees every track that is
//! in it.

use kernel::{
    Ctx, Fault,
    db::{Db, Tx},
    http::Viewer,
    jobs::{self, NewJob},
};

use super::{
    ENCODE_ATTEMPTS_MAX, EncodeRequest, Media, MediaKind, MediaState, Source, SourceFile, begin_encode,
};
use crate::{
    AlbumId, MediaId, TrackId, model,
    store::{self, albums},
    visibility,
};

/// The kind of the jobs that encode an album in one run; their key is the run's number.
pub const RUN_JOB: &str = "ingest.encode_run";

/// An album of more tracks is none that anybody joins.
pub const RUN_TRACKS_MAX: usize = 200;
/// One that is longer is a book, whose chapters are not joined either.
pub const RUN_MS_MAX: u64 = 6 * 3_600_000;

/// A track in the state in which a run has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunTrack {
    /// Which.
    pub track: TrackId,
    /// Its media.
    pub source: MediaId,
    /// The size of that one's source.
    pub bytes: u64,
    /// What changes whenever that source does.
    pub stamp: i64,
}

/// A track of an album as it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunPiece {
    pub(crate) track: RunTrack,
    pub(crate) duration_ms: u64,
    /// Whether the viewer sees it.
    pub(crate) seen: bool,
}

/// Where a track is in the run of its album.
#[derive(Clone, Debug)]
pub struct RunPlace {
    /// The run.
    pub media: Media,
    /// Its place among the tracks, from 0.
    pub position: usize,
    /// Samples a second by which the range counts, 0 while that is not known.
    pub rate_hz: u32,
    /// Its first sample, once that is known.
    pub start: Option<u64>,
    /// The sample behind its last, once that is known.
    pub end: Option<u64>,
}

/// The run of a track's album as that stands, if there is one and the viewer may hear all of it.
pub async fn find(ctx: &Ctx, viewer: &Viewer, track: TrackId) -> Result<Option<RunPlace>, Fault> {
    visibility::read(ctx, viewer, move |tx| {
        let Some(album) = store::runs::album_of(tx, track)? else { return Ok(None) };
        let Some(pieces) = pieces(tx, album)? else { return Ok(None) };
        place(tx, album, &pieces, track)
    })
    .await
}

/// The same, and it is made where there is none. `None` when the album is none to be joined: of one track, of more than
/// [`RUN_TRACKS_MAX`], longer than [`RUN_MS_MAX`], or with something in it that this viewer does not see.
pub async fn make(
    ctx: &Ctx,
    viewer: &Viewer,
    track: TrackId,
    priority: i64,
) -> Result<Option<RunPlace>, Fault> {
    let inner = ctx.clone();
    visibility::write(ctx, viewer, move |tx| {
        let Some(album) = store::runs::album_of(tx, track)? else { return Ok(None) };
        let Some(pieces) = make_in(tx, &inner, album, priority)? else { return Ok(None) };
        place(tx, album, &pieces, track)
    })
    .await
}

/// Whether an album is to be joined and has no run of what it is now, or has one that still waits to be encoded.
pub async fn lacks_run(db: &Db, album: AlbumId) -> Result<bool, Fault> {
    db.read(move |tx| {
        // The house itself sees everything.
        tx.see(i64::MAX);
        let Some(pieces) = pieces(tx, album)? else { return Ok(false) };
        let Some((run, _)) = current(tx, album, &pieces)? else { return Ok(true) };
        Ok(store::media::media(tx, run)?.is_some_and(|media| media.state == MediaState::Waiting))
    })
    .await
}

/// Makes the run of an album for nobody in particular, where there is none. The run, if there is one now.
pub async fn make_ahead(ctx: &Ctx, album: AlbumId, priority: i64) -> Result<Option<MediaId>, Fault> {
    let inner = ctx.clone();
    let made = ctx.db().write(move |tx| {
        // The house itself sees everything.
        tx.see(i64::MAX);
        let Some(pieces) = make_in(tx, &inner, album, priority)? else { return Ok(None) };
        current(tx, album, &pieces).map(|found| found.map(|(run, _)| run))
    });
    made.await
}

fn make_in(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    album: AlbumId,
    priority: i64,
) -> Result<Option<Vec<RunPiece>>, Fault> {
    // Two who make one at the same time do so one after the other.
    if albums::lock(tx, album)?.is_none() {
        return Ok(None);
    }
    let Some(pieces) = pieces(tx, album)? else { return Ok(None) };
    if let Some((run, _)) = current(tx, album, &pieces)? {
        let state = store::media::state(tx, run)?;
        if state == Some(MediaState::Waiting) {
            enqueue(tx, ctx, run, priority)?;
        }
        return Ok(Some(pieces));
    }
    let run = MediaId(ctx.next_id());
    let source = SourceFile {
        place: Source::Run { album },
        bytes: 0,
        stamp: 0,
        mime: String::new(),
        codec: String::new(),
        bitrate_kbps: 0,
        sample_rate_hz: 0,
        channels: 0,
        duration_ms: pieces.iter().map(|piece| piece.duration_ms).sum(),
    };
    super::insert_apart(tx, run, MediaKind::Audio, &source)?;
    store::runs::insert(tx, run, album)?;
    for (position, piece) in pieces.iter().enumerate() {
        store::runs::insert_track(tx, run, position, &piece.track)?;
    }
    store::media::set_state(tx, run, MediaState::Waiting, None)?;
    enqueue(tx, ctx, run, priority)?;
    Ok(Some(pieces))
}

fn enqueue(tx: &mut Tx<'_>, ctx: &Ctx, run: MediaId, priority: i64) -> Result<(), Fault> {
    let job = NewJob::new(RUN_JOB, &EncodeRequest { media: run })?.key(run).priority(priority);
    jobs::enqueue(tx, ctx, &job.attempts_max(ENCODE_ATTEMPTS_MAX))
}

/// What an album consists of, if that can be one run and the viewer sees all of it.
fn pieces(tx: &mut Tx<'_>, album: AlbumId) -> Result<Option<Vec<RunPiece>>, Fault> {
    let pieces = store::runs::album_tracks(tx, album, RUN_TRACKS_MAX + 1)?;
    let long: u64 = pieces.iter().map(|piece| piece.duration_ms).sum();
    let good = (2..=RUN_TRACKS_MAX).contains(&pieces.len())
        && long <= RUN_MS_MAX
        && pieces.iter().all(|piece| piece.seen);
    Ok(good.then_some(pieces))
}

/// The run that was made of exactly these tracks, and its rate.
fn current(tx: &mut Tx<'_>, album: AlbumId, pieces: &[RunPiece]) -> Result<Option<(MediaId, u32)>, Fault> {
    for (run, rate_hz) in store::runs::of_album(tx, album)? {
        let made_of = store::runs::tracks(tx, run)?;
        let same = made_of.iter().map(|(track, _)| track).eq(pieces.iter().map(|piece| &piece.track));
        if same {
            return Ok(Some((run, rate_hz)));
        }
    }
    Ok(None)
}

fn place(
    tx: &mut Tx<'_>,
    album: AlbumId,
    pieces: &[RunPiece],
    track: TrackId,
) -> Result<Option<RunPlace>, Fault> {
    let Some((run, rate_hz)) = current(tx, album, pieces)? else { return Ok(None) };
    let ends: Vec<_> = store::runs::tracks(tx, run)?.into_iter().map(|(_, end)| end).collect();
    let Some(position) = pieces.iter().position(|piece| piece.track.track == track) else { return Ok(None) };
    let Some(media) = store::media::media(tx, run)? else { return Ok(None) };
    let start = if position == 0 { Some(0) } else { ends.get(position - 1).copied().flatten() };
    Ok(Some(RunPlace { media, position, rate_hz, start, end: ends.get(position).copied().flatten() }))
}

/// What a try to encode a run begins with.
#[derive(Clone, Debug)]
pub struct RunBegun {
    /// The run.
    pub media: Media,
    /// Under which this try writes.
    pub generation: i64,
    /// The sources, one after the other.
    pub sources: Vec<Media>,
}

/// Begins a try, as [`begin_encode`] does. `None` when there is nothing to do: the run is gone, ready, or no longer what
/// its album is, and then it is forgotten.
pub fn begin_run(tx: &mut Tx<'_>, run: MediaId) -> Result<Option<RunBegun>, Fault> {
    tx.see(i64::MAX);
    let Some(album) = store::runs::album(tx, run)? else { return Ok(None) };
    if !is_current(tx, run, album)? {
        forget_run(tx, run)?;
        return Ok(None);
    }
    let Some(generation) = begin_encode(tx, run)? else { return Ok(None) };
    store::runs::clear_ends(tx, run)?;
    let mut sources = Vec::new();
    for (track, _) in store::runs::tracks(tx, run)? {
        let Some(source) = store::media::media(tx, track.source)? else { return Ok(None) };
        sources.push(source);
    }
    Ok(store::media::media(tx, run)?.map(|media| RunBegun { media, generation, sources }))
}

/// Says by how many samples a second the ranges of a run count. `false` when the generation is over.
pub fn set_run_rate(tx: &mut Tx<'_>, run: MediaId, generation: i64, rate_hz: u32) -> Result<bool, Fault> {
    if !store::media::is_current(tx, run, generation)? {
        return Ok(false);
    }
    store::runs::set_rate(tx, run, rate_hz)?;
    Ok(true)
}

/// Says where tracks of a run end, by their places. `false` when the generation is over.
pub fn set_run_ends(
    tx: &mut Tx<'_>,
    run: MediaId,
    generation: i64,
    ends: &[(usize, u64)],
) -> Result<bool, Fault> {
    if !store::media::is_current(tx, run, generation)? {
        return Ok(false);
    }
    for (position, end) in ends {
        store::runs::set_end(tx, run, *position, *end)?;
    }
    tx.wake(model::TOPIC_CATALOG);
    Ok(true)
}

fn is_current(tx: &mut Tx<'_>, run: MediaId, album: AlbumId) -> Result<bool, Fault> {
    let Some(pieces) = pieces(tx, album)? else { return Ok(false) };
    Ok(current(tx, album, &pieces)?.is_some_and(|(found, _)| found == run))
}

/// Runs behind one that are no longer what their albums are, among the next `limit`; and the last that was looked at.
pub async fn stale_runs(db: &Db, after: MediaId, limit: u32) -> Result<(Vec<Media>, Option<MediaId>), Fault> {
    let page = store::runs::all(db, after, limit).await?;
    let last = page.last().map(|(run, _)| *run);
    let mut stale = Vec::new();
    for (run, album) in page {
        let found = db.read(move |tx| {
            tx.see(i64::MAX);
            if is_current(tx, run, album)? {
                return Ok::<_, Fault>(None);
            }
            store::media::media(tx, run)
        });
        stale.extend(found.await?);
    }
    Ok((stale, last))
}

/// Forgets a run and all that was encoded of it, whose blobs are strays from now on; who is encoding it is stopped by his
/// next write.
pub fn forget_run(tx: &mut Tx<'_>, run: MediaId) -> Result<(), Fault> {
    store::media::clear(tx, run)?;
    store::runs::delete(tx, run)?;
    store::media::delete(tx, run)
}

/// As [`forget_run`], for a media that need be none. Whether it was one.
pub(super) fn forget_if_run(tx: &mut Tx<'_>, media: MediaId) -> Result<bool, Fault> {
    if store::runs::album(tx, media)?.is_none() {
        return Ok(false);
    }
    forget_run(tx, media)?;
    Ok(true)
}
