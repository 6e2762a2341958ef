//! Which renditions a source gets: pure functions from what was probed to a [`Plan`].
//!
//! The rungs start at the source's own size and go down, never up. Every rung has the same frames and the same
//! keyframes, so that a player can change between them at any segment.

use super::{
    probe::{AudioTrack, Field, Probe, VideoTrack},
    rate::Ratio,
};

/// Length of a segment. Four seconds are a fair price between the number of requests and the wait after a seek.
pub const SEGMENT_MS: u32 = 4_000;
/// Distance of keyframes; two of these make a segment, so a seek decodes at most two seconds.
pub const GOP_MS: u32 = 2_000;
/// Heights of the standard rungs, as the short side of a 16:9 picture.
pub const HEIGHTS: [u32; 7] = [2160, 1440, 1080, 720, 480, 360, 240];
/// Rates above this are divided: no eye gains from them and the encode costs twice.
pub const FPS_MAX: u32 = 60;
/// Rates below this are multiplied, since a segment must hold several frames.
const FPS_MIN: u32 = 5;
/// Languages (audio tracks) of a video that are kept.
pub const AUDIO_TRACKS_MAX: usize = 4;

/// All that one ffmpeg process shall make of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The renditions, videos first, best first. A rendition's place here is its `rendition` index in events.
    pub renditions: Vec<RenditionPlan>,
    /// Frame rate of every video rung; `None` when there is no video.
    pub fps: Option<Ratio>,
    /// Frames between keyframes (0 without video).
    pub gop_frames: u32,
    /// Frames in a segment (0 without video).
    pub segment_frames: u32,
    /// Whether the source must be deinterlaced first.
    pub deinterlace: bool,
    /// Whether the source's high dynamic range must be mapped to BT.709 first.
    pub tonemap: bool,
    /// x264 preset. `veryfast` unless the operator wants otherwise.
    pub preset: String,
}

/// One rendition to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenditionPlan {
    /// Short name, unique in the plan, fit for a path: `1080p`, `audio`, `audio-2`, `opus-128`, `flac`.
    pub name: String,
    /// What it holds.
    pub kind: RenditionKind,
}

/// What a rendition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenditionKind {
    /// H.264, High profile, 4:2:0, 8 bits.
    Video(VideoRung),
    /// One audio track.
    Audio(AudioRung),
}

/// A video rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoRung {
    /// Width in square pixels, even.
    pub width: u32,
    /// Height in square pixels, even.
    pub height: u32,
    /// Quality and its cap.
    pub rate: VideoRate,
}

/// Quality target of a video rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoRate {
    /// Constant rate factor of x264.
    pub crf: u32,
    /// Cap of the bit rate over one buffer, kbit/s.
    pub max_kbps: u32,
    /// The buffer, kbit.
    pub buffer_kbit: u32,
}

/// An audio rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioRung {
    /// ffprobe's stream index in the source.
    pub stream: u32,
    /// Codec made.
    pub codec: AudioCodec,
    /// Target bit rate, kbit/s; 0 for lossless.
    pub kbps: u32,
    /// Channels made.
    pub channels: u32,
    /// Sample rate made, Hz.
    pub rate_hz: u32,
    /// Language (BCP 47 or ISO 639, as the file says), if known.
    pub language: Option<String>,
    /// Title of the track, if any.
    pub title: Option<String>,
}

/// Codecs of audio renditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioCodec {
    /// AAC-LC.
    Aac,
    /// Opus.
    Opus,
    /// FLAC, exact.
    Flac,
}

/// The plan for a video: its rungs, and each of up to [`AUDIO_TRACKS_MAX`] audio tracks once in stereo AAC.
/// `None` if the probe found no video.
pub fn plan_video(probe: &Probe, preset: &str) -> Option<Plan> {
    let video = probe.video.as_ref()?;
    let fps = output_fps(video);
    let gop_frames = frames_in(fps, GOP_MS);
    let mut renditions: Vec<_> = video_sizes(video.display_width, video.display_height)
        .into_iter()
        .map(|(name, width, height)| RenditionPlan {
            name,
            kind: RenditionKind::Video(VideoRung { width, height, rate: video_rate(width, height, fps) }),
        })
        .collect();
    renditions.extend(probe.audio.iter().take(AUDIO_TRACKS_MAX).enumerate().map(|(index, track)| {
        let name = if index == 0 { "audio".to_owned() } else { format!("audio-{}", index + 1) };
        let rate_hz = if track.rate_hz % 11_025 == 0 && track.rate_hz >= 44_100 { 44_100 } else { 48_000 };
        RenditionPlan {
            name,
            kind: RenditionKind::Audio(rung(track, AudioCodec::Aac, 128, track.channels.min(2), rate_hz)),
        }
    }));
    Some(Plan {
        renditions,
        fps: Some(fps),
        gop_frames,
        segment_frames: gop_frames * (SEGMENT_MS / GOP_MS),
        deinterlace: video.field == Field::Interlaced,
        tonemap: video.hdr,
        preset: preset.to_owned(),
    })
}

/// The plan for music: Opus 64 and 128, AAC for players without Opus, FLAC where the source is lossless. Lossy
/// rungs far above a lossy source's own rate are left out: they would only spend room. `None` without audio.
pub fn plan_music(probe: &Probe) -> Option<Plan> {
    let track = probe.audio.first()?;
    let channels = track.channels.min(2);
    let source_kbps = if track.lossless { u32::MAX } else { track.kbps.unwrap_or(u32::MAX) };
    let worth = |kbps: u32| source_kbps.saturating_mul(5) / 4 >= kbps;
    let aac_hz = if track.rate_hz % 11_025 == 0 { 44_100 } else { 48_000 };
    let mut rungs = Vec::new();
    if track.lossless {
        let (codec, channels) = (AudioCodec::Flac, track.channels.min(8));
        rungs.push(("flac".to_owned(), rung(track, codec, 0, channels, flac_hz(track.rate_hz))));
    }
    for kbps in [256, 128] {
        if kbps == 128 || worth(kbps) {
            rungs.push((format!("aac-{kbps}"), rung(track, AudioCodec::Aac, kbps, channels, aac_hz)));
        }
    }
    for kbps in [128, 64] {
        if kbps == 64 || worth(kbps) {
            rungs.push((format!("opus-{kbps}"), rung(track, AudioCodec::Opus, kbps, channels, 48_000)));
        }
    }
    let renditions = rungs
        .into_iter()
        .map(|(name, audio)| RenditionPlan { name, kind: RenditionKind::Audio(audio) })
        .collect();
    Some(Plan {
        renditions,
        fps: None,
        gop_frames: 0,
        segment_frames: 0,
        deinterlace: false,
        tonemap: false,
        preset: String::new(),
    })
}

/// The source's own sample rate, or the highest of its family that browsers decode.
fn flac_hz(rate_hz: u32) -> u32 {
    match rate_hz {
        ..=192_000 => rate_hz,
        high if high.is_multiple_of(44_100) => 176_400,
        _ => 192_000,
    }
}

fn rung(track: &AudioTrack, codec: AudioCodec, kbps: u32, channels: u32, rate_hz: u32) -> AudioRung {
    let (language, title) = (track.language.clone(), track.title.clone());
    AudioRung { stream: track.stream, codec, kbps, channels, rate_hz, language, title }
}

/// The constant frame rate that the rungs get: the source's own, unless it is above [`FPS_MAX`], below
/// [`FPS_MIN`] or not constant at all.
pub(super) fn output_fps(video: &VideoTrack) -> Ratio {
    let thirty = Ratio { num: 30, den: 1 };
    let limit = Ratio { num: FPS_MAX, den: 1 };
    let average = video.average_fps.map(Ratio::snapped);
    // The base rate is the lowest one on which every frame's time lies. It is the true rate unless the frames
    // are fields, or their times are so irregular that the base is only the container's clock.
    let base = video.base_fps.map(Ratio::snapped).filter(|base| {
        video.field == Field::Progressive
            && average.is_none_or(|average| base.as_f64() <= 4.0 * average.as_f64())
    });
    let mut fps = match (base, average) {
        (Some(base), _) => base,
        (None, Some(average)) if video.field == Field::Interlaced => average,
        (None, Some(average)) => [24, 25, 30, 50, 60]
            .into_iter()
            .map(|num| Ratio { num, den: 1 })
            .find(|rate| rate.as_f64() > average.as_f64() * 0.98)
            .unwrap_or(limit),
        (None, None) => thirty,
    };
    if fps > limit {
        let divisor = fps.num.div_ceil(fps.den).div_ceil(FPS_MAX);
        fps = fps.over(divisor).unwrap_or(thirty);
    }
    if fps < (Ratio { num: FPS_MIN, den: 1 }) {
        let factor = (u64::from(FPS_MIN) * u64::from(fps.den)).div_ceil(u64::from(fps.num));
        fps = u32::try_from(factor).ok().and_then(|factor| fps.times(factor)).unwrap_or(thirty);
    }
    // Odd ratios (from broken clocks) would need a clock too fine to count with; a whole rate serves as well.
    if fps.num > 240_000 { Ratio { num: fps.num.div_ceil(fps.den), den: 1 } } else { fps }
}

/// Ticks of a video rung's clock in a second, such that a frame lasts a whole number of them.
pub(super) fn timescale(fps: Ratio) -> u32 {
    let ninety = 90_000;
    if (u64::from(ninety) * u64::from(fps.den)).is_multiple_of(u64::from(fps.num)) {
        ninety
    } else {
        fps.num * 10_000_u32.div_ceil(fps.num)
    }
}

/// Frames that last `ms` at `fps`, rounded, at least one.
pub(super) fn frames_in(fps: Ratio, ms: u32) -> u32 {
    let frames = (f64::from(ms) / 1000.0 * fps.as_f64()).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
    let frames = frames as u32;
    frames.max(1)
}

/// The rungs' names and even sizes for a picture of `width` × `height` square pixels: its own size first, then
/// each standard size that is at most four fifths of it. A size means a 16:9 box, whichever way it is turned,
/// so that 1920×800 and 1080×1920 both are of the 1080 class.
pub(super) fn video_sizes(width: u32, height: u32) -> Vec<(String, u32, u32)> {
    let (long, short) = (width.max(height).max(2), width.min(height).max(2));
    let own = short.max(u32::try_from((u64::from(long) * 9 + 8) / 16).unwrap_or(u32::MAX));
    let top = own.min(HEIGHTS[0]);
    let mut rungs = vec![top];
    rungs.extend(HEIGHTS.into_iter().filter(|rung| u64::from(*rung) * 5 <= u64::from(top) * 4));
    // Odd pixels are rounded down at the top, so as not to invent any.
    let scaled = |side: u32, rung: u32| {
        let exact = u64::from(side) * u64::from(rung);
        let even = if rung == own { exact / u64::from(own) / 2 } else { exact.div_ceil(u64::from(own)) / 2 };
        u32::try_from(even * 2).unwrap_or(u32::MAX).max(2)
    };
    rungs.into_iter().map(|rung| (rung_name(rung), scaled(width, rung), scaled(height, rung))).collect()
}

/// `1080p`, also for sizes within a fiftieth of a standard one (1088 lines are 1080 with a codec's padding).
fn rung_name(height: u32) -> String {
    let near = HEIGHTS.into_iter().find(|standard| height.abs_diff(*standard) * 50 <= *standard);
    format!("{}p", near.unwrap_or(height))
}

/// The one place that says how good a rung shall be. The cap grows with the picture's area to the power of
/// 3/4 (from 6 Mbit/s at 1920×1080 and 30 frames/s) and with half of what the frame rate grows.
pub(super) fn video_rate(width: u32, height: u32, fps: Ratio) -> VideoRate {
    let area = f64::from(width) * f64::from(height) / (1920.0 * 1080.0);
    let motion = 0.5 + 0.5 * (fps.as_f64() / 30.0).clamp(1.0, 2.0);
    let kbps = 6_000.0 * area.powf(0.75) * motion;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the largest rung"
    )]
    let max_kbps = (kbps.clamp(150.0, 40_000.0) / 10.0).round() as u32 * 10;
    VideoRate { crf: 23, max_kbps, buffer_kbit: max_kbps * 2 }
}
