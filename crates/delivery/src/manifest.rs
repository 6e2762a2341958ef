//! Manifests, made from the index of segments: what HLS and DASH say about a media, from the same view of it.

mod dash;
mod hls;
#[cfg(test)]
mod tests;

use catalog::media::{Caption, MediaIndex, MediaKind, Rendition, RenditionKind, Segment};
use kernel::Fault;

use crate::path;

pub(crate) use dash::mpd;
pub(crate) use hls::{caption_playlist, master, playlist};

/// The length that segments are meant to have; a growing playlist must name a target that will hold.
const SEGMENT_S_MEANT: u64 = 4;

/// What of a media can be played now.
#[derive(Debug)]
pub(crate) struct Presentation<'a> {
    /// Rungs with pictures, the best first.
    pub video: Vec<Rung<'a>>,
    /// Rungs with sound, the best first.
    pub audio: Vec<Rung<'a>>,
    /// Text tracks; none where there are no pictures to put them on.
    pub captions: &'a [Caption],
    /// Whether nothing will follow.
    pub complete: bool,
    /// How long it plays: of what there is when complete, of the source before.
    pub duration_us: u64,
}

/// A rung and those of its segments that follow one another from the first.
#[derive(Debug)]
pub(crate) struct Rung<'a> {
    /// The rung.
    pub rendition: &'a Rendition,
    /// Its segments without a gap.
    pub segments: &'a [Segment],
    /// Where its names begin, to be cut off: a path below the media is what manifests say.
    folder: String,
}

impl<'a> Presentation<'a> {
    /// What can be played of an indexed media; `None` while some rung has nothing to play yet, since players read the
    /// list of rungs once.
    pub(crate) fn of(index: &'a MediaIndex) -> Result<Option<Self>, Fault> {
        let mut rungs = Vec::new();
        for rendition in &index.renditions {
            let rung = Rung::of(index, rendition)?;
            if rung.segments.is_empty() {
                return Ok(None);
            }
            rungs.push(rung);
        }
        let complete = rungs.iter().all(|rung| rung.rendition.complete);
        let end = rungs.iter().map(Rung::end_us).max().unwrap_or(0);
        let (video, audio): (Vec<_>, Vec<_>) =
            rungs.into_iter().partition(|rung| rung.rendition.kind == RenditionKind::Video);
        if video.is_empty() && (audio.is_empty() || index.media.kind == MediaKind::Video && !complete) {
            return Ok(None);
        }
        let captions = if video.is_empty() { &[] } else { &*index.captions };
        let duration_us = if complete { end } else { (index.media.file.duration_ms * 1000).max(end) };
        Ok(Some(Self { video, audio, captions, complete, duration_us }))
    }

    /// How much of it every rung has.
    pub(crate) fn whole_us(&self) -> u64 {
        self.video.iter().chain(&self.audio).map(Rung::end_us).min().unwrap_or(0)
    }

    /// The rung of this name.
    pub(crate) fn rung(&self, name: &str) -> Option<&Rung<'a>> {
        self.video.iter().chain(&self.audio).find(|rung| rung.rendition.name == name)
    }
}

impl<'a> Rung<'a> {
    fn of(index: &MediaIndex, rendition: &'a Rendition) -> Result<Self, Fault> {
        let all = &rendition.segments;
        let whole = all.windows(2).take_while(|pair| pair[1].number == pair[0].number + 1).count() + 1;
        // The packager counts from 0 or from 1; with a larger first number the beginning is not there yet.
        let begun = all.first().is_some_and(|first| first.number <= 1);
        let segments = if begun { &all[..whole.min(all.len())] } else { &[] };
        let folder = format!("{}/", catalog::media::folder(index.media.id));
        let rung = Self { rendition, segments, folder };
        let names = std::iter::once(&rendition.init_key).chain(segments.iter().map(|one| &one.blob_key));
        for name in names {
            if !path::is_segment(rung.below(name)) {
                return Err(Fault::new(format!(
                    "the index names the blob {name}, which delivery can't serve"
                )));
            }
        }
        if !path::is_rendition(&rendition.name) || rendition.timescale == 0 {
            return Err(Fault::new(format!("the index holds an odd rendition, {:?}", rendition.name)));
        }
        Ok(rung)
    }

    /// A blob's path below its media.
    fn below<'n>(&self, blob_key: &'n str) -> &'n str {
        blob_key.strip_prefix(&self.folder).unwrap_or_default()
    }

    /// The path of its initialisation segment.
    fn init(&self) -> &str {
        self.below(&self.rendition.init_key)
    }

    /// A moment on its timeline in microseconds, rounded.
    fn us(&self, ticks: u64) -> u64 {
        let scale = u128::from(self.rendition.timescale);
        let us = (u128::from(ticks) * 1_000_000 + scale / 2) / scale;
        u64::try_from(us).unwrap_or(u64::MAX)
    }

    fn end_us(&self) -> u64 {
        self.segments.last().map_or(0, |last| self.us(last.start_ticks + last.duration_ticks))
    }
}

/// Microseconds as seconds with six digits.
fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}
