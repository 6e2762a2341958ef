//! What is in a file: ffprobe's answer, read in the sandbox, checked against limits and put into types.

use std::{path::Path, time::Duration};

use catalog::media::SourceFile;
use tokio_util::sync::CancellationToken;

use super::{
    Engine,
    answer::{Answer, is_lossless},
    command,
    error::{MediaError, reason},
    input::Input,
    rate::Ratio,
    sandbox::{Finish, Pulse, Task, memory_bytes_max, violent_end},
};

/// The container formats that are accepted, by the names of ffmpeg's demuxers.
///
/// What is not here is not opened at all, whatever the file's name says. Above all there is nothing here that
/// names other files or addresses (hls, dash, concat, imf, sdp, rtsp, image2, …): a film that is really a
/// playlist would otherwise copy another user's file into its own output.
pub const CONTAINERS: &[&str] = &[
    "mov", "matroska", "avi", "flv", "asf", "mpegts", "mpeg", "mxf", "rm", "dv", "ivf", "nut", // video
    "flac", "mp3", "ogg", "wav", "w64", "aiff", "caf", "aac", "ac3", "eac3", "dts", "dtshd", "truehd", "amr",
    "au", "ape", "wv", "tta", "tak", "dsf", "iff", "mpc", "mpc8", "voc", "oma", "shn",
];

/// Limits of what a file may claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeLimits {
    /// Streams of any kind in a file.
    pub streams_max: usize,
    /// Chapters that are kept; more are dropped.
    pub chapters_max: usize,
    /// Duration, milliseconds.
    pub duration_ms_max: u64,
    /// Width times height of a picture.
    pub pixels_max: u64,
    /// Either side of a picture.
    pub side_max: u32,
    /// Audio channels.
    pub channels_max: u32,
    /// Audio sample rate, Hz.
    pub rate_hz_max: u32,
    /// Tags that are kept, and characters of each; more are dropped.
    pub tags_max: usize,
    /// Characters kept of a tag.
    pub tag_chars_max: usize,
    /// Time that ffprobe gets.
    pub time_max: Duration,
}

impl Default for ProbeLimits {
    fn default() -> Self {
        Self {
            streams_max: 64,
            chapters_max: 500,
            duration_ms_max: 24 * 3600 * 1000,
            pixels_max: 7680 * 4320,
            side_max: 8192,
            channels_max: 16,
            rate_hz_max: 768_000,
            tags_max: 64,
            tag_chars_max: 4_000,
            time_max: Duration::from_mins(1),
        }
    }
}

/// What a media file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// ffmpeg's name of the container, for instance `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Duration, milliseconds; 0 if the file does not say.
    pub duration_ms: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// The first moving picture.
    pub video: Option<VideoTrack>,
    /// Audio tracks, the default one first.
    pub audio: Vec<AudioTrack>,
    /// Subtitle tracks.
    pub subtitles: Vec<SubtitleTrack>,
    /// Embedded still pictures, as stream indexes.
    pub pictures: Vec<u32>,
    /// Chapters in order.
    pub chapters: Vec<Chapter>,
    /// Tags of the container, keys in lower case.
    pub tags: Vec<(String, String)>,
}

impl Probe {
    /// A file of music, as the catalogue knows it; `None` when it knows too little, and then it must be probed.
    pub fn known(file: &SourceFile) -> Option<Self> {
        let sound = AudioTrack::known(file)?;
        // Whether there is anything lossless to be made hangs on the codec's name.
        let clear = sound.lossless || ["mp3", "aac", "opus", "vorbis"].contains(&sound.codec.as_str());
        clear.then(|| Self::of_sound(sound, file.bytes, file.duration_ms))
    }

    /// What holds one sound and nothing else.
    pub(super) fn of_sound(sound: AudioTrack, bytes: u64, duration_ms: u64) -> Self {
        Self {
            container: String::new(),
            duration_ms,
            bytes,
            video: None,
            audio: vec![sound],
            subtitles: Vec::new(),
            pictures: Vec::new(),
            chapters: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// Stands for the number of a file's first sound track where that is not known.
const FIRST_SOUND: u32 = u32::MAX;

/// How ffmpeg is told which stream of its input is meant.
pub(super) fn stream_of_input(stream: u32) -> String {
    if stream == FIRST_SOUND { "0:a:0".to_owned() } else { format!("0:{stream}") }
}

/// A video track.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoTrack {
    /// ffprobe's stream index.
    pub stream: u32,
    /// ffmpeg's codec name.
    pub codec: String,
    /// Coded width, pixels.
    pub width: u32,
    /// Coded height, pixels.
    pub height: u32,
    /// Width as shown: square pixels, after rotation.
    pub display_width: u32,
    /// Height as shown: square pixels, after rotation.
    pub display_height: u32,
    /// Clockwise rotation asked for by the file: 0, 90, 180 or 270 degrees.
    pub rotation: u32,
    /// Mean frame rate.
    pub average_fps: Option<Ratio>,
    /// Lowest rate on which all frames lie.
    pub base_fps: Option<Ratio>,
    /// Frames, if the container says so.
    pub frames: Option<u64>,
    /// Time from the beginning of the file to the first picture, microseconds.
    pub delay_us: u64,
    /// Pixel format.
    pub pixel_format: String,
    /// Whether frames are whole or made of fields.
    pub field: Field,
    /// Whether the transfer is PQ or HLG.
    pub hdr: bool,
    /// Colour transfer as ffmpeg names it, if the file says so.
    pub transfer: Option<String>,
}

/// How the frames of a video are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Whole frames.
    Progressive,
    /// Two fields a frame.
    Interlaced,
}

/// An audio track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioTrack {
    /// ffprobe's stream index.
    pub stream: u32,
    /// ffmpeg's codec name.
    pub codec: String,
    /// Channels.
    pub channels: u32,
    /// Sample rate, Hz.
    pub rate_hz: u32,
    /// Bits a sample of a lossless source, if known.
    pub bits: Option<u32>,
    /// Bit rate, kbit/s, if known.
    pub kbps: Option<u32>,
    /// Whether the codec keeps every bit.
    pub lossless: bool,
    /// Language tag, if any.
    pub language: Option<String>,
    /// Title, if any.
    pub title: Option<String>,
    /// Marked as the one to play.
    pub default: bool,
}

impl AudioTrack {
    /// The first sound track of a file, as the catalogue knows it: how many bits a sample has and which stream it is it
    /// does not. `None` when it knows too little.
    pub fn known(file: &SourceFile) -> Option<Self> {
        let enough = file.channels > 0 && file.sample_rate_hz > 0 && !file.codec.is_empty();
        enough.then(|| Self {
            stream: FIRST_SOUND,
            codec: file.codec.clone(),
            channels: file.channels,
            rate_hz: file.sample_rate_hz,
            bits: None,
            kbps: (file.bitrate_kbps > 0).then_some(file.bitrate_kbps),
            // The tag library says no more of WAV and AIFF.
            lossless: is_lossless(&file.codec) || file.codec == "pcm",
            language: None,
            title: None,
            default: true,
        })
    }
}

/// A subtitle track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubtitleTrack {
    /// ffprobe's stream index.
    pub stream: u32,
    /// ffmpeg's codec name.
    pub codec: String,
    /// Whether it is text, which can become `WebVTT`, rather than pictures.
    pub text: bool,
    /// Language tag, if any.
    pub language: Option<String>,
    /// Title, if any.
    pub title: Option<String>,
    /// Shown even when captions are off.
    pub forced: bool,
}

/// A chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Start, milliseconds.
    pub start_ms: u64,
    /// End, milliseconds.
    pub end_ms: u64,
    /// Title, if any.
    pub title: Option<String>,
}

/// The largest answer of ffprobe that is read.
const ANSWER_BYTES_MAX: usize = 8 << 20;

impl Engine {
    /// What the file holds. Refuses what is not media, what is in a container that is not accepted, what passes
    /// a limit and what changes while it is read.
    pub async fn probe(&self, input: &Path, cancel: &CancellationToken) -> Result<Probe, MediaError> {
        let input = Input::open(input).await?;
        let mut args = Vec::new();
        command::words(&mut args, &["-hide_banner", "-loglevel", "error", "-of", "json"]);
        command::words(&mut args, &["-show_format", "-show_streams", "-show_chapters"]);
        command::input(&mut args, &input);
        let task = Task {
            program: &self.tools.ffprobe,
            name: "ffprobe",
            args,
            read: vec![input.path().to_owned()],
            pipes: Vec::new(),
            folder: None,
            stdin: None,
            time_max: self.probe_limits.time_max,
            stall_max: None,
            memory_bytes_max: memory_bytes_max(),
            nice: 0,
        };
        let mut answer = Vec::new();
        let mut keep = |bytes: &[u8]| {
            answer.extend_from_slice(bytes);
            if answer.len() > ANSWER_BYTES_MAX {
                return Err(MediaError::limit("tags", "The file says more about itself than is accepted."));
            }
            Ok(())
        };
        let finish = self.launcher.run(task, cancel, &Pulse::default(), &mut keep).await?;
        // First of all: whatever is wrong with a file that changes may be right in a moment.
        input.check_unchanged().await?;
        if !finish.status.success() {
            return Err(refusal(&finish, &input));
        }
        let answer: Answer = serde_json::from_slice(&answer).map_err(|_| {
            MediaError::refused(
                "not_media",
                "What ffprobe says of this file makes no sense. The file is damaged.",
            )
        })?;
        let probe = answer.into_probe(input.bytes(), &self.probe_limits)?;
        if probe.video.is_none() && probe.audio.is_empty() {
            let detail = "The file holds neither sound nor moving pictures that can be decoded.";
            return Err(MediaError::refused("no_media", detail));
        }
        Ok(probe)
    }
}

/// Why ffprobe did not read the file.
fn refusal(finish: &Finish, input: &Input) -> MediaError {
    if let Some(error) = violent_end("ffprobe", finish) {
        return error;
    }
    let reason = reason(&finish.stderr, input.path());
    if reason.contains("moov atom not found") || reason.contains("End of file") {
        let detail = "The file is cut off: its end, which says where everything is, is missing. Copy or upload it again.";
        return MediaError::refused("truncated", detail);
    }
    if reason.contains("not on whitelist") {
        let detail = "The file is of a kind that is not accepted, whatever its name says: a picture, a playlist or \
                      a rare container. Convert it to MP4, Matroska, FLAC or MP3.";
        return MediaError::refused("container", detail);
    }
    MediaError::refused("not_media", format!("This is not a media file, or it is damaged ({reason})."))
}
