//! ffprobe's JSON and what is read out of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    error::MediaError,
    probe::{AudioTrack, Chapter, Field, Probe, ProbeLimits, SubtitleTrack, VideoTrack},
    rate::Ratio,
};

/// The whole answer. Everything is optional: what a file does not say ffprobe leaves out.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    format: Format,
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    chapters: Vec<RawChapter>,
}

#[derive(Debug, Default, Deserialize)]
struct Format {
    #[serde(rename = "format_name")]
    name: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    bit_rate: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    index: u32,
    codec_type: Option<String>,
    codec_name: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    sample_aspect_ratio: Option<String>,
    pix_fmt: Option<String>,
    field_order: Option<String>,
    color_transfer: Option<String>,
    r_frame_rate: Option<String>,
    avg_frame_rate: Option<String>,
    nb_frames: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
    bit_rate: Option<String>,
    bits_per_raw_sample: Option<String>,
    bits_per_sample: Option<u32>,
    #[serde(default)]
    disposition: BTreeMap<String, i64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Debug, Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct RawChapter {
    start_time: Option<String>,
    end_time: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl Answer {
    /// The types that others see, if nothing passes a limit.
    pub(super) fn into_probe(self, bytes: u64, limits: &ProbeLimits) -> Result<Probe, MediaError> {
        if self.streams.len() > limits.streams_max {
            let detail = format!(
                "The file has {} streams; at most {} are accepted. Remove some and try again.",
                self.streams.len(),
                limits.streams_max
            );
            return Err(MediaError::limit("streams", detail));
        }
        let duration_ms = self.duration_ms();
        if duration_ms > limits.duration_ms_max {
            let hours = limits.duration_ms_max / 3_600_000;
            return Err(MediaError::limit(
                "duration",
                format!("The file lasts longer than {hours} hours, the most accepted. Cut it into parts."),
            ));
        }
        let file_start = self.format.start_time.as_deref().and_then(microseconds).unwrap_or(0);
        let file_kbps = self.format.bit_rate.as_deref().and_then(kbps);
        let mut probe = Probe {
            container: self.format.name.unwrap_or_default(),
            duration_ms,
            bytes,
            video: None,
            audio: Vec::new(),
            subtitles: Vec::new(),
            pictures: Vec::new(),
            chapters: chapters(self.chapters, limits),
            tags: Vec::new(),
        };
        for stream in self.streams {
            if probe.tags.is_empty() {
                // Ogg keeps the tags with the stream.
                probe.tags = if self.format.tags.is_empty() {
                    tags(&stream.tags, limits)
                } else {
                    tags(&self.format.tags, limits)
                };
            }
            stream.sort_into(&mut probe, file_start, limits)?;
        }
        if let ([only], None) = (probe.audio.as_mut_slice(), &probe.video) {
            only.kbps = only.kbps.or(file_kbps);
        }
        probe.audio.sort_by_key(|track| !track.default);
        Ok(probe)
    }

    fn duration_ms(&self) -> u64 {
        let streams = self
            .streams
            .iter()
            .filter_map(|stream| stream.duration.as_deref())
            .filter_map(milliseconds)
            .max();
        self.format.duration.as_deref().and_then(milliseconds).or(streams).unwrap_or(0)
    }
}

impl Stream {
    fn sort_into(
        self,
        probe: &mut Probe,
        file_start_us: i64,
        limits: &ProbeLimits,
    ) -> Result<(), MediaError> {
        match self.codec_type.as_deref() {
            Some("video") if self.is("attached_pic") => probe.pictures.push(self.index),
            // A file with several films shows its first.
            Some("video") if probe.video.is_none() => probe.video = self.video(file_start_us, limits)?,
            Some("audio") => probe.audio.extend(self.audio(limits)?),
            Some("subtitle") => probe.subtitles.push(self.subtitle(limits)),
            _ => {}
        }
        Ok(())
    }

    fn is(&self, disposition: &str) -> bool {
        self.disposition.get(disposition).is_some_and(|value| *value != 0)
    }

    fn tag(&self, key: &str, limits: &ProbeLimits) -> Option<String> {
        let (_, value) = self.tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(clip(value, limits)).filter(|value| !value.is_empty() && value != "und")
    }

    /// `None` for a stream that ffmpeg cannot decode or that has no size.
    fn video(&self, file_start_us: i64, limits: &ProbeLimits) -> Result<Option<VideoTrack>, MediaError> {
        let (Some(codec), Some(width), Some(height)) = (self.codec_name.clone(), self.width, self.height)
        else {
            return Ok(None);
        };
        if width == 0 || height == 0 {
            return Ok(None);
        }
        let pixels = u64::from(width) * u64::from(height);
        if width > limits.side_max || height > limits.side_max || pixels > limits.pixels_max {
            let detail = format!(
                "The picture is {width}×{height}; at most {} pixels, {} on a side, are accepted.",
                limits.pixels_max, limits.side_max
            );
            return Err(MediaError::limit("pixels", detail));
        }
        let start_us = self.start_time.as_deref().and_then(microseconds).unwrap_or(file_start_us);
        let degrees = self.side_data_list.iter().find_map(|data| data.rotation).unwrap_or(0.0);
        let rotation = clockwise(degrees);
        let aspect = self.sample_aspect_ratio.as_deref().and_then(Ratio::parse);
        let (display_width, display_height) = display_size(width, height, aspect, rotation, limits);
        let transfer = self.color_transfer.clone().filter(|transfer| transfer != "unknown");
        let field = match self.field_order.as_deref() {
            Some("tt" | "bb" | "tb" | "bt") => Field::Interlaced,
            _ => Field::Progressive,
        };
        Ok(Some(VideoTrack {
            stream: self.index,
            codec,
            width,
            height,
            display_width,
            display_height,
            rotation,
            average_fps: self.avg_frame_rate.as_deref().and_then(Ratio::parse),
            base_fps: self.r_frame_rate.as_deref().and_then(Ratio::parse),
            frames: self.nb_frames.as_deref().and_then(|frames| frames.parse().ok()),
            delay_us: u64::try_from(start_us - file_start_us).unwrap_or(0),
            pixel_format: self.pix_fmt.clone().unwrap_or_default(),
            field,
            hdr: matches!(transfer.as_deref(), Some("smpte2084" | "arib-std-b67")),
            transfer,
        }))
    }

    fn audio(&self, limits: &ProbeLimits) -> Result<Option<AudioTrack>, MediaError> {
        let rate_hz = self.sample_rate.as_deref().and_then(|rate| rate.parse().ok());
        let (Some(codec), Some(channels), Some(rate_hz)) = (self.codec_name.clone(), self.channels, rate_hz)
        else {
            return Ok(None);
        };
        if channels == 0 || rate_hz == 0 {
            return Ok(None);
        }
        if channels > limits.channels_max {
            let detail =
                format!("The sound has {channels} channels; at most {} are accepted.", limits.channels_max);
            return Err(MediaError::limit("channels", detail));
        }
        if rate_hz > limits.rate_hz_max {
            let detail = format!(
                "The sound has {rate_hz} samples a second; at most {} are accepted.",
                limits.rate_hz_max
            );
            return Err(MediaError::limit("sample_rate", detail));
        }
        let raw = self.bits_per_raw_sample.as_deref().and_then(|bits| bits.parse().ok());
        let bits = raw.or(self.bits_per_sample).filter(|bits| *bits > 0);
        Ok(Some(AudioTrack {
            stream: self.index,
            lossless: is_lossless(&codec),
            codec,
            channels,
            rate_hz,
            bits,
            kbps: self.bit_rate.as_deref().and_then(kbps),
            language: self.tag("language", limits),
            title: self.tag("title", limits),
            default: self.is("default"),
        }))
    }

    fn subtitle(&self, limits: &ProbeLimits) -> SubtitleTrack {
        const TEXT: [&str; 13] = [
            "subrip",
            "srt",
            "ass",
            "ssa",
            "mov_text",
            "webvtt",
            "text",
            "microdvd",
            "mpl2",
            "sami",
            "subviewer",
            "subviewer1",
            "realtext",
        ];
        let codec = self.codec_name.clone().unwrap_or_default();
        SubtitleTrack {
            stream: self.index,
            text: TEXT.contains(&codec.as_str()),
            codec,
            language: self.tag("language", limits),
            title: self.tag("title", limits),
            forced: self.is("forced"),
        }
    }
}

/// Whether a codec, by ffmpeg's name, keeps every bit that the best rendition can hold.
pub fn is_lossless(codec: &str) -> bool {
    const EXACT: [&str; 13] = [
        "flac",
        "alac",
        "ape",
        "wavpack",
        "tta",
        "tak",
        "truehd",
        "mlp",
        "shorten",
        "als",
        "wmalossless",
        "ralf",
        "mp4als",
    ];
    // Telephone codings are called PCM too, but there is nothing to keep.
    let pcm = codec.starts_with("pcm_") && !matches!(codec, "pcm_alaw" | "pcm_mulaw" | "pcm_vidc");
    pcm || codec.starts_with("dsd_") || EXACT.contains(&codec)
}

/// ffprobe's rotation counts anticlockwise and may be negative; ours is clockwise, in quarters.
fn clockwise(degrees: f64) -> u32 {
    match (-degrees).rem_euclid(360.0) {
        turn if (45.0..135.0).contains(&turn) => 90,
        turn if (135.0..225.0).contains(&turn) => 180,
        turn if (225.0..315.0).contains(&turn) => 270,
        _ => 0,
    }
}

/// The size in square pixels, turned the right way. Absurd pixel shapes are taken as square.
fn display_size(
    width: u32,
    height: u32,
    aspect: Option<Ratio>,
    rotation: u32,
    limits: &ProbeLimits,
) -> (u32, u32) {
    let shape = aspect.filter(|aspect| (0.2..=5.0).contains(&aspect.as_f64()));
    let wide = shape.map_or(u64::from(width), |shape| {
        let (num, den) = (u64::from(shape.num), u64::from(shape.den));
        (u64::from(width) * num + den / 2) / den
    });
    let wide = u32::try_from(wide).unwrap_or(width).clamp(1, limits.side_max);
    if rotation == 90 || rotation == 270 { (height, wide) } else { (wide, height) }
}

fn milliseconds(text: &str) -> Option<u64> {
    let seconds: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and is checked against a limit"
    )]
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1000.0).round() as u64)
}

/// Within a year of zero, so that differences cannot overflow; anything else is no time.
fn microseconds(text: &str) -> Option<i64> {
    const SECONDS_MAX: f64 = 31_536_000.0;
    let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.abs() < SECONDS_MAX)?;
    #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
    Some((seconds * 1e6).round() as i64)
}

fn kbps(text: &str) -> Option<u32> {
    let bits: u64 = text.parse().ok()?;
    u32::try_from(bits / 1000).ok().filter(|kbps| *kbps > 0)
}

fn chapters(raw: Vec<RawChapter>, limits: &ProbeLimits) -> Vec<Chapter> {
    raw.into_iter()
        .take(limits.chapters_max)
        .filter_map(|chapter| {
            let start_ms = milliseconds(chapter.start_time.as_deref()?)?;
            let end_ms = chapter.end_time.as_deref().and_then(milliseconds).unwrap_or(start_ms).max(start_ms);
            let title = chapter.tags.get("title").map(|title| clip(title, limits));
            Some(Chapter { start_ms, end_ms, title })
        })
        .collect()
}

fn tags(raw: &BTreeMap<String, String>, limits: &ProbeLimits) -> Vec<(String, String)> {
    let clipped = raw.iter().map(|(key, value)| (clip(&key.to_lowercase(), limits), clip(value, limits)));
    clipped.take(limits.tags_max).collect()
}

fn clip(text: &str, limits: &ProbeLimits) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').take(limits.tag_chars_max).collect()
}
