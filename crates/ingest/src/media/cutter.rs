//! From ffmpeg's stream of bytes to segments: collects whole boxes, cuts at keyframes, keeps the books.

use bytes::{Bytes, BytesMut};

use super::{
    boxes::{self, Track, broken},
    error::MediaError,
    ladder::SEGMENT_MS,
};

/// The largest initialisation segment; ours have under 2 KiB.
const INIT_BYTES_MAX: u64 = 256 * 1024;
/// The largest fragment: four seconds at 250 Mbit/s.
const FRAGMENT_BYTES_MAX: u64 = 128 << 20;

/// What the stream yields.
#[derive(Debug)]
pub(super) enum Piece {
    /// The initialisation segment, always first.
    Init(Bytes, Track),
    /// A whole segment.
    Segment(Cut),
}

/// A segment.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    /// Counted from 0.
    pub(super) number: u32,
    /// Decode time of its first sample, ticks.
    pub(super) start: u64,
    /// Ticks.
    pub(super) duration: u64,
    /// Samples.
    pub(super) samples: u32,
    /// Its bytes.
    pub(super) data: Bytes,
}

/// Length of the first segments of music, of which somebody may be waiting for the first.
pub(super) const QUICK_MS: u32 = 1_000;
/// How many of them there are.
const QUICK: u32 = 2;

/// Cuts the stream of one rendition.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// Whether the first segments are short.
    quick: bool,
    buffer: BytesMut,
    track: Option<Track>,
    /// Fragments of the segment in the making, which begin at the front of the buffer.
    open: Option<Open>,
    /// Bytes at the front of the buffer that are whole boxes already looked at.
    seen: usize,
    /// Where the fragment in the making begins.
    fragment_at: usize,
    next_start: Option<u64>,
    number: u32,
}

#[derive(Debug)]
struct Open {
    start: u64,
    duration: u64,
    samples: u32,
}

impl Cutter {
    /// With short segments at the beginning, if `quick`.
    pub(super) fn new(quick: bool) -> Self {
        Self { quick, ..Self::default() }
    }

    /// Takes bytes and hands out what they complete.
    pub(super) fn push(&mut self, bytes: &[u8], pieces: &mut Vec<Piece>) -> Result<(), MediaError> {
        self.buffer.extend_from_slice(bytes);
        loop {
            let rest = &self.buffer[self.seen..];
            let Some((kind, _, length)) = boxes::header(rest)? else { return Ok(()) };
            let limit = if self.track.is_some() { FRAGMENT_BYTES_MAX } else { INIT_BYTES_MAX };
            if length > limit {
                return Err(broken("a box too long"));
            }
            let length = usize::try_from(length).map_err(|_| broken("a box too long"))?;
            if rest.len() < length {
                return Ok(());
            }
            self.seen += length;
            match &kind {
                b"ftyp" | b"styp" | b"sidx" | b"prft" | b"free" | b"moof" => {}
                b"moov" if self.track.is_none() => {
                    let init = self.buffer.split_to(self.seen).freeze();
                    self.seen = 0;
                    let track = boxes::parse_init(&init)?;
                    self.track = Some(track.clone());
                    pieces.push(Piece::Init(init, track));
                }
                b"mdat" => self.fragment_complete(pieces)?,
                _ => return Err(broken("an unexpected box")),
            }
            if self.seen as u64 > 2 * FRAGMENT_BYTES_MAX {
                return Err(broken("a segment too long"));
            }
        }
    }

    /// The stream has ended: the last segment.
    pub(super) fn finish(mut self, pieces: &mut Vec<Piece>) -> Result<(), MediaError> {
        if self.buffer.len() != self.fragment_at {
            return Err(broken("it ends in the middle of a fragment"));
        }
        self.close(pieces);
        Ok(())
    }

    fn fragment_complete(&mut self, pieces: &mut Vec<Piece>) -> Result<(), MediaError> {
        let track = self.track.as_ref().ok_or_else(|| broken("a fragment before the track"))?;
        let fragment = boxes::parse_fragment(&self.buffer[self.fragment_at..self.seen], track)?;
        if fragment.start != self.next_start.unwrap_or(0) {
            return Err(broken("a gap in time"));
        }
        // ffmpeg was told to begin fragments at keyframes only; a segment that did not could not be sought to.
        if self.open.is_none() && !fragment.starts_with_key {
            return Err(broken("a segment that does not begin with a keyframe"));
        }
        let timescale = u64::from(track.timescale);
        self.next_start = Some(fragment.start + fragment.duration);
        let open = self.open.get_or_insert(Open { start: fragment.start, duration: 0, samples: 0 });
        open.duration += fragment.duration;
        open.samples += fragment.samples;
        self.fragment_at = self.seen;
        let meant_ms = if self.quick && self.number < QUICK { QUICK_MS } else { SEGMENT_MS };
        if open.is_full(timescale, meant_ms) {
            self.close(pieces);
        }
        Ok(())
    }

    /// Hands out the fragments collected so far, which are the first `fragment_at` bytes of the buffer.
    fn close(&mut self, pieces: &mut Vec<Piece>) {
        let Some(open) = self.open.take() else { return };
        let data = self.buffer.split_to(self.fragment_at).freeze();
        self.seen -= self.fragment_at;
        self.fragment_at = 0;
        let Open { start, duration, samples } = open;
        pieces.push(Piece::Segment(Cut { number: self.number, start, duration, samples, data }));
        self.number += 1;
    }
}

impl Open {
    /// Nearly the length of a segment: rates such as 30000/1001 do not hit it exactly.
    fn is_full(&self, timescale: u64, meant_ms: u32) -> bool {
        self.duration * 1000 >= timescale * u64::from(meant_ms) * 9 / 10
    }
}
