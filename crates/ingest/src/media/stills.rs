//! Small things taken from a video: one picture for its card, and its text subtitles as `WebVTT`.

use std::{ffi::OsString, path::Path, time::Duration};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::{
    Engine, command,
    encode::failure,
    error::MediaError,
    input::Input,
    probe::{Probe, SubtitleTrack},
    sandbox::{Pulse, Task, memory_bytes_max},
};

/// The longest edge of a poster, pixels.
pub const POSTER_EDGE_MAX: u32 = 1920;
/// The largest poster, bytes.
const POSTER_BYTES_MAX: usize = 16 << 20;
/// The largest caption file, bytes.
const CAPTION_BYTES_MAX: usize = 16 << 20;
/// Time for a poster.
const POSTER_TIME_MAX: Duration = Duration::from_mins(2);
/// How far key pictures are looked for, seconds of the film: some films have none but the first.
const KEYS_WITHIN_S: &str = "120";
/// Time for captions, for which the whole file must be read.
const CAPTION_TIME_MAX: Duration = Duration::from_mins(30);

impl Engine {
    /// One JPEG of the video, its longest edge at most [`POSTER_EDGE_MAX`]: from a tenth into it (at most a
    /// minute), the most typical of the key pictures there, so that it is not the black of a fade. What has none
    /// there, or says so, is decoded from there.
    pub async fn poster(
        &self,
        input: &Path,
        probe: &Probe,
        cancel: &CancellationToken,
    ) -> Result<Bytes, MediaError> {
        let no_video = || MediaError::refused("no_video", "The file has no moving picture.");
        let video = probe.video.as_ref().ok_or_else(no_video)?;
        let input = Input::open(input).await?;
        let place_ms = (probe.duration_ms / 10).min(60_000);
        let tonemap = if video.hdr { format!("{},", command::TONEMAP) } else { String::new() };
        let (width, height) = fitted(video.display_width, video.display_height, POSTER_EDGE_MAX);
        let shaped = format!("{tonemap}scale={width}:{height},setsar=1,format=yuvj420p");
        // A header may promise more than there is, so that nothing is found there: then the beginning.
        let mut tries = vec![(place_ms, Some("nokey"), 6), (place_ms, None, 24), (0, None, 24)];
        tries.dedup_by_key(|(place, skipped, _)| (*place, *skipped));
        for (place, skipped, choice) in tries {
            let filter = format!("thumbnail=n={choice},{shaped}");
            let mut args = Vec::new();
            command::words(&mut args, &["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]);
            if let Some(skipped) = skipped {
                // Neither read, where the container allows, nor decoded.
                command::words(
                    &mut args,
                    &["-discard", skipped, "-skip_frame", skipped, "-t", KEYS_WITHIN_S],
                );
            }
            command::words(&mut args, &["-ss", &format!("{place}ms")]);
            command::input(&mut args, &input);
            command::words(
                &mut args,
                &["-map", &format!("0:{}", video.stream), "-frames:v", "1", "-vf", &filter],
            );
            command::words(
                &mut args,
                &["-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"],
            );
            command::words(&mut args, &["-c:v", "mjpeg", "-q:v", "3", "-f", "image2pipe", "pipe:1"]);
            let jpeg = self.collect(&input, args, POSTER_BYTES_MAX, POSTER_TIME_MAX, cancel).await?;
            if !jpeg.is_empty() {
                return Ok(jpeg);
            }
        }
        Err(MediaError::refused("no_picture", "No picture could be decoded from the video."))
    }

    /// A text subtitle track as `WebVTT`.
    pub async fn captions(
        &self,
        input: &Path,
        track: &SubtitleTrack,
        cancel: &CancellationToken,
    ) -> Result<Bytes, MediaError> {
        if !track.text {
            let detail = "These subtitles are pictures. Only text can be turned into captions.";
            return Err(MediaError::refused("not_text", detail));
        }
        let input = Input::open(input).await?;
        let mut args = Vec::new();
        command::words(&mut args, &["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]);
        command::input(&mut args, &input);
        command::words(&mut args, &["-map", &format!("0:{}", track.stream), "-map_metadata", "-1"]);
        command::words(&mut args, &["-fflags", "+bitexact", "-c:s", "webvtt", "-f", "webvtt", "pipe:1"]);
        self.collect(&input, args, CAPTION_BYTES_MAX, CAPTION_TIME_MAX, cancel).await
    }

    /// Runs ffmpeg and keeps what it writes to standard output.
    async fn collect(
        &self,
        input: &Input,
        args: Vec<OsString>,
        bytes_max: usize,
        time_max: Duration,
        cancel: &CancellationToken,
    ) -> Result<Bytes, MediaError> {
        let task = Task {
            program: &self.tools.ffmpeg,
            name: "ffmpeg",
            args,
            read: vec![input.path().to_owned()],
            pipes: Vec::new(),
            folder: None,
            stdin: None,
            time_max,
            stall_max: None,
            memory_bytes_max: memory_bytes_max(),
            nice: 0,
        };
        let mut output = Vec::new();
        let mut keep = |bytes: &[u8]| {
            output.extend_from_slice(bytes);
            if output.len() > bytes_max {
                return Err(MediaError::limit(
                    "output",
                    format!("It would be larger than {bytes_max} bytes."),
                ));
            }
            Ok(())
        };
        let finish = self.launcher.run(task, cancel, &Pulse::default(), &mut keep).await?;
        if !finish.status.success() {
            return Err(failure(&finish, Some(input)));
        }
        Ok(output.into())
    }
}

/// A size of the same shape whose longest edge is at most `edge`; never larger than the source.
fn fitted(width: u32, height: u32, edge: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= edge {
        return (width.max(2), height.max(2));
    }
    let scale = |side: u32| {
        u32::try_from(u64::from(side) * u64::from(edge) / u64::from(longest)).unwrap_or(edge).max(2)
    };
    (scale(width), scale(height))
}
