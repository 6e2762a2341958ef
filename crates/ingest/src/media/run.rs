//! Several files as one continuous sound: an album, encoded in one run.
//!
//! Coders of sound need some samples before the first and after the last one, so that pieces that were encoded apart
//! join with a gap or a click. Here each file is decoded by a process of its own, in order, and all samples pass through
//! Odeon into the one encoder, which never hears where one ends and the next begins. The samples of each are counted as
//! they pass, so that a track is a range in the whole, exact to the sample. No process can read more than one file.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use catalog::media::SourceFile;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Engine, command,
    encode::{EVENTS_MAX, Encoding, Job, Pipes, Source, failure},
    error::MediaError,
    input::Input,
    ladder::{AudioCodec, Plan, RenditionKind, plan_music},
    probe::{AudioTrack, Probe, stream_of_input},
    sandbox::{Pulse, Task, memory_bytes_max},
    streams::UNHEARD,
};

/// Files of one run; the longest audio books have fewer.
pub const RUN_FILES_MAX: usize = 2_000;
/// Pieces of 64 KiB that wait between a decoder and the encoder.
const PIECES_MAX: usize = 4;

/// A file of a run; its first sound track is taken.
#[derive(Debug, Clone)]
pub struct RunFile {
    path: PathBuf,
    bytes: u64,
    duration_ms: u64,
    sound: AudioTrack,
}

impl RunFile {
    /// A file of which the catalogue knows enough, so that it need not be probed; `None` when it does not.
    pub fn known(path: impl Into<PathBuf>, file: &SourceFile) -> Option<Self> {
        let sound = AudioTrack::known(file)?;
        Some(Self { path: path.into(), bytes: file.bytes, duration_ms: file.duration_ms, sound })
    }
}

/// How samples pass from the decoders to the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleFormat {
    /// 32 bits, for lossless sources: the catalogue does not know whether they have fewer.
    S32,
    /// Real numbers, when a source is lossy: nothing is cut off or rounded before the coder hears it.
    F32,
}

impl SampleFormat {
    fn name(self) -> &'static str {
        match self {
            Self::S32 => "s32le",
            Self::F32 => "f32le",
        }
    }
}

/// Bytes of a sample, however it passes.
const SAMPLE_BYTES: u64 = 4;

/// All that one run shall make.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPlan {
    /// The renditions: of the whole.
    pub plan: Plan,
    /// Samples a second of the whole; files with another rate are resampled.
    pub rate_hz: u32,
    /// Channels of the whole; files with others are mixed.
    pub channels: u32,
    /// How samples pass.
    pub format: SampleFormat,
    /// Stands for a file that holds all of it.
    whole: Probe,
}

/// Where a file is in the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRange {
    /// Its place among the files, from 0.
    pub file: usize,
    /// Its first sample, counted from the beginning of the whole at [`RunPlan::rate_hz`].
    pub start: u64,
    /// The sample after its last, which is the next one's first.
    pub end: u64,
}

/// The plan of a run: at the rate and in the channels that most of the files have (of two that are as common, the
/// higher). It has lossy renditions alone: what is lossless is joined from its files. `None` when there is none.
pub fn plan_run(files: &[RunFile]) -> Option<RunPlan> {
    let tracks: Vec<&AudioTrack> = files.iter().map(|file| &file.sound).collect();
    let rate_hz = most_common(tracks.iter().map(|track| track.rate_hz))?;
    let channels = most_common(tracks.iter().map(|track| track.channels))?;
    let lossless = tracks.iter().all(|track| track.lossless);
    let kbps =
        tracks.iter().map(|track| track.kbps).try_fold(0, |most, kbps| kbps.map(|kbps| kbps.max(most)));
    let whole = AudioTrack {
        stream: 0,
        codec: "pcm".to_owned(),
        channels,
        rate_hz,
        bits: None,
        kbps,
        lossless,
        language: None,
        title: None,
        default: true,
    };
    let whole = Probe::of_sound(whole, 0, files.iter().map(|file| file.duration_ms).sum());
    let mut plan = plan_music(&whole)?;
    plan.renditions.retain(|rendition| match &rendition.kind {
        RenditionKind::Audio(rung) => rung.codec != AudioCodec::Flac,
        RenditionKind::Video(_) => true,
    });
    let format = if lossless { SampleFormat::S32 } else { SampleFormat::F32 };
    Some(RunPlan { plan, rate_hz, channels, format, whole })
}

impl RunPlan {
    /// What the samples on standard input are: ffmpeg's name of their format, channels, samples a second.
    fn sample_input(&self) -> (&'static str, u32, u32) {
        (self.format.name(), self.channels, self.rate_hz)
    }
}

fn most_common(values: impl Iterator<Item = u32>) -> Option<u32> {
    let mut values: Vec<u32> = values.collect();
    values.sort_unstable();
    values.chunk_by(|one, other| one == other).max_by_key(|same| (same.len(), same[0])).map(|same| same[0])
}

/// A run under way. Dropping it kills its processes.
#[derive(Debug)]
pub struct Run {
    /// The encode: its events and how it went.
    pub encoding: Encoding,
    /// Where each file is in the whole, in order, as soon as it is known; there is room for all.
    pub ranges: mpsc::Receiver<RunRange>,
}

impl Engine {
    /// Encodes `files` as one continuous sound into the renditions of `plan`, which [`plan_run`] made of them. `folder` is
    /// as in [`Engine::encode`]; needs a tokio runtime. A file that can't be decoded, or changes meanwhile, ends the run with its reason.
    pub fn encode_run(
        &self,
        files: Vec<RunFile>,
        plan: &RunPlan,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<Run, MediaError> {
        if files.is_empty() || files.len() > RUN_FILES_MAX {
            let detail = format!("One to {RUN_FILES_MAX} files become one sound; there are {}.", files.len());
            return Err(MediaError::limit("files", detail));
        }
        let pipes = Pipes::make(folder, plan.plan.renditions.len())?;
        let cancel = cancel.child_token();
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let (ranges_in, ranges) = mpsc::channel(files.len());
        let (samples_in, samples) = mpsc::channel(PIECES_MAX);
        let pulse = Arc::<Pulse>::default();
        let feed = Feed {
            engine: self.clone(),
            files,
            plan: plan.clone(),
            samples: samples_in,
            ranges: ranges_in,
            cancel: cancel.clone(),
        };
        let job = Job {
            engine: self.clone(),
            args: command::run(plan.sample_input(), &plan.whole, &plan.plan, &pipes.paths),
            source: Source::Run(Some(samples), Some(Box::new(feed))),
            pipes,
            duration_ms: plan.whole.duration_ms,
            renditions: plan.plan.renditions.len(),
            quick: true,
            sender,
            cancel: cancel.clone(),
            pulse,
        };
        Ok(Run { encoding: Encoding::of(events, cancel, job), ranges })
    }
}

/// Decodes one file after the other into the encoder.
pub(super) struct Feed {
    engine: Engine,
    files: Vec<RunFile>,
    plan: RunPlan,
    samples: mpsc::Sender<Bytes>,
    ranges: mpsc::Sender<RunRange>,
    cancel: CancellationToken,
}

impl Feed {
    pub(super) async fn run(self) -> Result<(), MediaError> {
        let mut start = 0;
        for (file, source) in self.files.iter().enumerate() {
            let Some(samples) = self.decode(source).await? else {
                // The encoder has ended, and says why.
                return Ok(());
            };
            let end = start + samples;
            // Who does not listen may ask the encode how it went.
            let _ = self.ranges.send(RunRange { file, start, end }).await;
            start = end;
        }
        Ok(())
    }

    /// Samples of one file that went to the encoder; `None` when it takes no more.
    async fn decode(&self, source: &RunFile) -> Result<Option<u64>, MediaError> {
        let input = Input::open(&source.path).await?;
        input.check_size(source.bytes)?;
        let limits = &self.engine.encode_limits;
        let task = Task {
            program: &self.engine.tools.ffmpeg,
            name: "ffmpeg",
            args: self.arguments(&input, source),
            read: vec![input.path().to_owned()],
            pipes: Vec::new(),
            folder: None,
            stdin: None,
            time_max: limits.time_max,
            stall_max: Some(limits.stall_max),
            memory_bytes_max: memory_bytes_max(),
            nice: 0,
        };
        let (sender, mut pieces) = mpsc::channel::<Bytes>(PIECES_MAX);
        let pulse = Pulse::default();
        let mut bytes = 0;
        let forward = async {
            while let Some(piece) = pieces.recv().await {
                bytes += piece.len() as u64;
                if self.samples.send(piece).await.is_err() {
                    break;
                }
            }
            // The decoder is told by this that nobody listens any more.
            drop(pieces);
        };
        let (ran, ()) =
            tokio::join!(self.engine.launcher.run_into(task, &self.cancel, &pulse, sender), forward);
        let finish = match ran {
            Ok(finish) => finish,
            Err(error) if error.code() == UNHEARD => return Ok(None),
            Err(error) => return Err(error),
        };
        input.check_unchanged().await?;
        if !finish.status.success() {
            return Err(failure(&finish, Some(&input)));
        }
        let sample_bytes = SAMPLE_BYTES * u64::from(self.plan.channels);
        if bytes == 0 || bytes % sample_bytes != 0 {
            return Err(MediaError::refused(
                "no_sound",
                "No sound could be decoded from a file of the album.",
            ));
        }
        Ok(Some(bytes / sample_bytes))
    }

    fn arguments(&self, input: &Input, source: &RunFile) -> Vec<OsString> {
        let mut args = Vec::new();
        command::words(&mut args, &["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]);
        command::input(&mut args, input);
        command::words(&mut args, &["-map", &stream_of_input(source.sound.stream), "-map_metadata", "-1"]);
        let (channels, rate) = (self.plan.channels.to_string(), self.plan.rate_hz.to_string());
        command::words(&mut args, &["-ac", &channels, "-ar", &rate, "-fflags", "+bitexact"]);
        let name = self.plan.format.name();
        command::words(
            &mut args,
            &["-flags", "+bitexact", "-c:a", &format!("pcm_{name}"), "-f", name, "pipe:1"],
        );
        args
    }
}
