//! What was measured of the sound of music: loudness, peaks, edges, the shape for the seek bar, and what it resembles.
//!
//! A media of music is *due* until it was heard once in its present state. The worker asks for what is [`due`],
//! [`begin`]s one, measures it, and writes with [`put`], [`fail`] or [`set_away`]; each is refused when the source
//! changed meanwhile, and then the media is due again. What was measured of an earlier state is never shown.
//!
//! **Loudness** is that of EBU R128 and ITU-R BS.1770-4. An album's is gated over all its tracks together, from the
//! [`Blocks`] that are kept for each ([`of_album`]); its peak is the highest of theirs. The gain that brings either to
//! the level of others is [`replay_gain_db`].

mod blocks;
mod decibels;

use std::collections::HashMap;

use kernel::{
    Ctx, Fault,
    db::{Db, Tx},
    http::Viewer,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use blocks::{Blocks, GATE_LUFS, energy, gated, lufs};
pub use decibels::Decibels;

use crate::{AlbumId, MediaId, TrackId, media::Media, store, visibility};

/// The kind of the jobs that measure sound.
pub const HEAR_JOB: &str = "ingest.hear";

/// The way of measuring. When it changes, a migration makes everything due again.
pub const VERSION: u32 = 1;

/// Topic that is published when something was heard.
pub(crate) const TOPIC_SOUND: &str = "catalog.sound";

/// Buckets of a [`Waveform`].
pub const WAVEFORM_BUCKETS: usize = 800;

/// Dimensions of a [`Sound::vector`].
pub const VECTOR_DIMENSIONS: usize = 48;

/// The loudness that [`replay_gain_db`] brings everything to, LUFS: that of `ReplayGain` 2.0.
pub const REPLAY_GAIN_LUFS: f64 = -18.0;

/// Tracks of an album that are looked at together; the longest audio books have fewer.
const ALBUM_TRACKS_MAX: u32 = 5_000;
/// Tracks of several albums that are looked at together.
const PARTS_MAX: u32 = 20_000;
/// Tracks that are asked for at once in [`of_tracks`] and [`vectors`].
pub const TRACKS_MAX: u32 = 5_000;

/// How loud something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loudness {
    /// Integrated loudness in LUFS (EBU R128); `null` when it is silent, or shorter than 400 ms.
    #[schema(required)]
    pub lufs: Option<Decibels>,
    /// True peak in dBTP; `null` when it is silent.
    #[schema(required)]
    pub peak_db: Option<Decibels>,
}

impl Loudness {
    /// The gain of `ReplayGain` 2.0 in decibels; `None` for silence.
    pub fn replay_gain_db(self) -> Option<f64> {
        self.lufs.map(replay_gain_db)
    }

    /// The true peak as an amplitude, 1 at full scale; `None` for silence.
    pub fn peak(self) -> Option<f64> {
        self.peak_db.map(Decibels::amplitude)
    }
}

/// What to add to something of this loudness so that it is as loud as [`REPLAY_GAIN_LUFS`], decibels.
pub fn replay_gain_db(lufs: Decibels) -> f64 {
    REPLAY_GAIN_LUFS - lufs.as_f64()
}

/// The shape of a sound, a byte for each of [`WAVEFORM_BUCKETS`] equal parts of it; 255 is full scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waveform {
    /// The highest amplitude in any channel.
    pub peaks: Vec<u8>,
    /// The root of the mean square of all channels.
    pub means: Vec<u8>,
}

/// Where the sound of a file begins and ends, in samples of each channel as they are decoded, without what the coder
/// put before and after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edges {
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// All samples.
    pub samples: u64,
    /// Samples of silence (below −60 dBFS) at the beginning; all of them when nothing is to be heard.
    pub lead_samples: u64,
    /// Samples of silence at the end.
    pub tail_samples: u64,
}

/// All that one pass over a file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Its edges.
    pub edges: Edges,
    /// Its loudness.
    pub loudness: Loudness,
    /// Its loudness range (EBU Tech 3342), LU; `None` when it is too short or silent.
    pub range_lu: Option<Decibels>,
    /// What an album's loudness is made of.
    pub blocks: Blocks,
    /// Its shape.
    pub waveform: Waveform,
    /// What it sounds like: [`VECTOR_DIMENSIONS`] numbers whose cosine ([`similarity`]) says how alike two sounds are.
    /// Empty when nothing is to be heard.
    pub vector: Vec<i8>,
}

/// How alike two vectors are: 1 the same, 0 nothing in common, −1 opposites. 0 when one is empty or of another version.
pub fn similarity(one: &[i8], other: &[i8]) -> f64 {
    if one.len() != other.len() {
        return 0.0;
    }
    let dot =
        |a: &[i8], b: &[i8]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    let lengths = (dot(one, one) * dot(other, other)).sqrt();
    if lengths > 0.0 { dot(one, other) / lengths } else { 0.0 }
}

/// What a listener is shown of a track's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackSound {
    /// Its loudness.
    pub loudness: Loudness,
    /// Its edges.
    pub edges: Edges,
}

/// How far the measuring of a media is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Not yet, or its file is away.
    Due,
    /// Measured.
    Done,
    /// It can't be; a code, a colon and a sentence for people.
    Failed(String),
}

/// Whether anything is due.
pub async fn any_due(db: &Db) -> Result<bool, Fault> {
    store::sound::any_due(db).await
}

/// Media that are due, by their numbers after `after`; of several workers each takes a `shard` of `shards`.
pub async fn due(
    db: &Db,
    after: MediaId,
    (shard, shards): (u32, u32),
    limit: u32,
) -> Result<Vec<MediaId>, Fault> {
    store::sound::due(db, after, (shard, shards), limit).await
}

/// Begins a try: the facts of a media that is due, and which try this is, from 1. `None` when it no longer is.
pub fn begin(tx: &mut Tx<'_>, media: MediaId) -> Result<Option<(Media, u32)>, Fault> {
    let Some(tries) = store::sound::begin(tx, media)? else { return Ok(None) };
    Ok(store::media::media(tx, media)?.map(|facts| (facts, tries)))
}

/// Takes a try back that the program's end broke off: it does not count.
pub fn hand_back(tx: &mut Tx<'_>, media: MediaId) -> Result<(), Fault> {
    store::sound::hand_back(tx, media)
}

/// Writes what was measured of `source`; `false` when the source is another by now.
pub fn put(tx: &mut Tx<'_>, source: &Media, sound: &Sound) -> Result<bool, Fault> {
    if !store::sound::end(tx, source, "done", None)? {
        return Ok(false);
    }
    store::sound::put(tx, source, sound)?;
    store::sound::put_waveform(tx, source.id, &sound.waveform)?;
    tx.wake(TOPIC_SOUND);
    Ok(true)
}

/// Ends the measuring of `source` badly, for good; `false` when the source is another by now.
pub fn fail(tx: &mut Tx<'_>, source: &Media, reason: &str) -> Result<bool, Fault> {
    store::sound::end(tx, source, "failed", Some(reason))
}

/// The file is not there: it is due again when it comes back. `false` when the source is another by now.
pub fn set_away(tx: &mut Tx<'_>, source: &Media) -> Result<bool, Fault> {
    store::sound::end(tx, source, "away", None)
}

/// How far the measuring of a track's sound is, if this viewer may see it.
pub async fn state(ctx: &Ctx, viewer: &Viewer, track: TrackId) -> Result<Option<Heard>, Fault> {
    visibility::read(ctx, viewer, move |tx| store::sound::state(tx, track)).await
}

/// Loudness and edges of tracks that this viewer may see and that were heard; the others are left out. At most
/// [`TRACKS_MAX`] are looked at.
pub async fn of_tracks(
    ctx: &Ctx,
    viewer: &Viewer,
    tracks: &[TrackId],
) -> Result<HashMap<TrackId, TrackSound>, Fault> {
    let wanted = tracks[..tracks.len().min(TRACKS_MAX as usize)].to_vec();
    let found = visibility::read(ctx, viewer, move |tx| store::sound::of_tracks(tx, &wanted)).await?;
    Ok(found.into_iter().collect())
}

/// The loudness of an album as far as this viewer may see it, gated over all of its tracks; `None` while some of them
/// were not heard, so that it does not change from hour to hour, and when none can be.
pub async fn of_album(ctx: &Ctx, viewer: &Viewer, album: AlbumId) -> Result<Option<Loudness>, Fault> {
    visibility::read(ctx, viewer, move |tx| album_loudness(tx, album)).await
}

pub(crate) fn album_loudness(tx: &mut Tx<'_>, album: AlbumId) -> Result<Option<Loudness>, Fault> {
    together(store::sound::album_parts(tx, album, ALBUM_TRACKS_MAX)?)
}

/// The loudness of several albums, likewise; those of which it is not known are left out. Albums whose tracks together
/// are more than [`PARTS_MAX`] are not all looked at.
pub async fn of_albums(
    ctx: &Ctx,
    viewer: &Viewer,
    albums: &[AlbumId],
) -> Result<HashMap<AlbumId, Loudness>, Fault> {
    let albums = albums.to_vec();
    let parts =
        visibility::read(ctx, viewer, move |tx| store::sound::albums_parts(tx, &albums, PARTS_MAX + 1))
            .await?;
    let cut_off = parts.len() > PARTS_MAX as usize;
    let last = parts.last().map(|(album, _)| *album);
    let mut by_album: HashMap<AlbumId, Vec<store::sound::AlbumPart>> = HashMap::new();
    for (album, part) in parts {
        by_album.entry(album).or_default().push(part);
    }
    if let Some(last) = last.filter(|_| cut_off) {
        // Not all of it was read.
        by_album.remove(&last);
    }
    let mut found = HashMap::with_capacity(by_album.len());
    for (album, parts) in by_album {
        if let Some(loudness) = together(parts)? {
            found.insert(album, loudness);
        }
    }
    Ok(found)
}

/// What tracks are together; `None` while some were not heard and when none can be.
fn together(parts: Vec<store::sound::AlbumPart>) -> Result<Option<Loudness>, Fault> {
    if parts.iter().any(|part| part.pending) {
        return Ok(None);
    }
    let mut heard = parts.into_iter().filter_map(|part| part.heard).peekable();
    if heard.peek().is_none() {
        return Ok(None);
    }
    let mut all = Blocks::default();
    let mut peak_db = None;
    for (blocks, peak) in heard {
        all.merge(&Blocks::from_bytes(&blocks).ok_or_else(|| Fault::new("kept loudness can't be read"))?);
        peak_db = peak_db.max(peak);
    }
    Ok(Some(Loudness { lufs: all.integrated_lufs().and_then(Decibels::of), peak_db }))
}

/// The shape of a track's sound with its edges and the version in its path, if this viewer may see it and it was
/// heard.
pub async fn waveform(
    ctx: &Ctx,
    viewer: &Viewer,
    track: TrackId,
) -> Result<Option<(Edges, Waveform, String)>, Fault> {
    visibility::read(ctx, viewer, move |tx| store::sound::waveform(tx, track)).await
}

/// The version of what was measured: changes with the source and with the way of measuring.
pub(crate) fn version_tag(version: i64, bytes: i64, stamp: i64) -> String {
    let hash = blake3::hash(format!("{version} {bytes} {stamp}").as_bytes());
    hash.to_hex()[..16].to_owned()
}

/// Vectors of tracks that this viewer may see, by their numbers after `after`, at most `limit`; silent ones are left
/// out. For those who look for what is alike.
pub async fn vectors(
    ctx: &Ctx,
    viewer: &Viewer,
    after: TrackId,
    limit: u32,
) -> Result<Vec<(TrackId, Vec<i8>)>, Fault> {
    let limit = limit.min(TRACKS_MAX);
    visibility::read(ctx, viewer, move |tx| store::sound::vectors(tx, after, limit)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_compared_by_their_direction() {
        assert!((similarity(&[3, 4], &[6, 8]) - 1.0).abs() < 1e-12);
        assert!((similarity(&[3, 4], &[-3, -4]) + 1.0).abs() < 1e-12);
        for (one, other) in [(&[][..], &[][..]), (&[0, 0], &[1, 2]), (&[1], &[1, 2])] {
            assert!(similarity(one, other).abs() < 1e-12);
        }
    }

    #[test]
    fn a_soft_track_gains_and_a_loud_one_loses() {
        let loud = Loudness { lufs: Some(Decibels(-8_000)), peak_db: Some(Decibels(0)) };
        assert_eq!(loud.replay_gain_db(), Some(-10.0));
        assert_eq!(loud.peak(), Some(1.0));
        assert_eq!(Loudness { lufs: None, peak_db: None }.replay_gain_db(), None);
    }
}
