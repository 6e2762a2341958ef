//! One ffmpeg process, all renditions: starts it, reads its pipes, hands out segments as they are done.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use nix::{sys::stat::Mode, unistd::mkfifo};
use tokio::{io::AsyncReadExt as _, net::unix::pipe, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Engine, command,
    cutter::{Cut, Cutter, Piece},
    error::{MediaError, reason},
    input::Input,
    ladder::Plan,
    probe::Probe,
    progress::Progress,
    run::Feed,
    sandbox::{Pulse, Task, memory_bytes_max, violent_end},
};

/// Limits of an encode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeLimits {
    /// Wall-clock time of a whole encode.
    pub time_max: Duration,
    /// Longest time without a frame encoded.
    pub stall_max: Duration,
    /// Bytes of all renditions together.
    pub output_bytes_max: u64,
    /// Address space of ffmpeg, bytes.
    pub memory_bytes_max: u64,
}

impl Default for EncodeLimits {
    fn default() -> Self {
        Self {
            time_max: Duration::from_hours(24),
            stall_max: Duration::from_mins(2),
            output_bytes_max: 128 << 30,
            memory_bytes_max: memory_bytes_max(),
        }
    }
}

/// Events that wait for the caller; when there are more, ffmpeg waits.
pub(super) const EVENTS_MAX: usize = 4;

/// What happens during an encode, in order for each rendition.
#[derive(Debug, Clone)]
pub enum EncodeEvent {
    /// A rendition's initialisation segment: before its first segment.
    Init(RenditionInit),
    /// A segment is complete.
    Segment(Segment),
    /// This much of the source is done, 0 to 1, never falling. Not sent for every frame.
    Progress(f64),
}

/// The beginning of a rendition.
#[derive(Debug, Clone)]
pub struct RenditionInit {
    /// Index into [`Plan::renditions`].
    pub rendition: usize,
    /// The initialisation segment.
    pub data: Bytes,
    /// Exact codec string (RFC 6381): `avc1.64001f`, `mp4a.40.2`, `Opus`, `fLaC`.
    pub codec: String,
    /// Ticks in a second, for this rendition's segments.
    pub timescale: u32,
    /// Ticks that the edit list takes off every time stamp: a sample with time `t` is shown at `t - edit_start`.
    /// Players do this themselves; manifests count by decode time and need not.
    pub edit_start: u64,
    /// Width and height, 0 for audio.
    pub size: (u32, u32),
    /// Channels and sample rate in Hz, 0 for video.
    pub audio: (u32, u32),
}

/// A complete media segment, in memory: nothing of it is on disk.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Index into [`Plan::renditions`].
    pub rendition: usize,
    /// Counted from 0, without gaps.
    pub number: u32,
    /// Its bytes.
    pub data: Bytes,
    /// Decode time of its first sample in ticks of [`RenditionInit::timescale`]; exactly the end of the one before,
    /// 0 for the first.
    pub start: u64,
    /// Ticks.
    pub duration: u64,
    /// Frames (video) or codec frames (audio) in it.
    pub samples: u32,
}

/// Measured bit rates of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bandwidth {
    /// The highest of any segment, bit/s.
    pub peak_bps: u64,
    /// Of the whole, bit/s.
    pub average_bps: u64,
}

/// What became of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenditionSummary {
    /// Segments.
    pub segments: u32,
    /// Bytes of all segments, the initialisation segment not counted.
    pub bytes: u64,
    /// Ticks.
    pub duration: u64,
    /// Samples.
    pub samples: u64,
    /// Measured.
    pub bandwidth: Bandwidth,
}

/// A finished encode: one entry for each of [`Plan::renditions`].
pub type EncodeSummary = Vec<RenditionSummary>;

/// An encode under way. Dropping it kills ffmpeg.
#[derive(Debug)]
pub struct Encoding {
    events: mpsc::Receiver<EncodeEvent>,
    cancel: CancellationToken,
    task: JoinHandle<Result<EncodeSummary, MediaError>>,
}

impl Encoding {
    /// Starts a job.
    pub(super) fn of(events: mpsc::Receiver<EncodeEvent>, cancel: CancellationToken, job: Job) -> Self {
        Self { events, cancel, task: tokio::spawn(job.run()) }
    }

    /// The next event; `None` when there are no more, and then [`Encoding::finish`] says how it went.
    /// ffmpeg waits while the caller does something else, so a slow caller costs time but no memory.
    pub async fn next(&mut self) -> Option<EncodeEvent> {
        self.events.recv().await
    }

    /// How it went. Events that were not fetched are dropped. Until this has said `Ok`, the segments are not
    /// known to be all of them.
    pub async fn finish(mut self) -> Result<EncodeSummary, MediaError> {
        self.events.close();
        let joined = (&mut self.task).await;
        joined.unwrap_or_else(|_| Err(MediaError::transient("io", "The encode was interrupted.")))
    }
}

impl Drop for Encoding {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.task.abort();
    }
}

impl Engine {
    /// Makes the renditions of `plan` from the file that was probed. `folder` is an existing folder of the
    /// caller's for named pipes, one encode at a time; it is left as it was. Needs a tokio runtime.
    pub async fn encode(
        &self,
        input: &Path,
        probe: &Probe,
        plan: &Plan,
        folder: &Path,
        cancel: &CancellationToken,
    ) -> Result<Encoding, MediaError> {
        let input = Input::open(input).await?;
        input.check_size(probe.bytes)?;
        let pipes = Pipes::make(folder, plan.renditions.len())?;
        let cancel = cancel.child_token();
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let job = Job {
            engine: self.clone(),
            args: command::ladder(&input, probe, plan, &pipes.paths),
            source: Source::File(input),
            pipes,
            duration_ms: probe.duration_ms,
            renditions: plan.renditions.len(),
            quick: plan.fps.is_none(),
            sender,
            cancel: cancel.clone(),
            pulse: Arc::default(),
        };
        Ok(Encoding::of(events, cancel, job))
    }
}

/// The named pipes of an encode, removed with it.
#[derive(Debug)]
pub(super) struct Pipes {
    folder: PathBuf,
    pub(super) paths: Vec<PathBuf>,
}

impl Pipes {
    pub(super) fn make(folder: &Path, count: usize) -> Result<Self, MediaError> {
        let failed = |error: std::io::Error| MediaError::io("The working folder can't be used", &error);
        let folder = folder.canonicalize().map_err(failed)?;
        let mut pipes = Self { folder: folder.clone(), paths: Vec::new() };
        for index in 0..count {
            let path = folder.join(format!("rendition-{index}.pipe"));
            // One may be left over from a run that was killed.
            let _ = std::fs::remove_file(&path);
            mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).map_err(|error| failed(error.into()))?;
            pipes.paths.push(path);
        }
        Ok(pipes)
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What is encoded.
pub(super) enum Source {
    /// A file, which ffmpeg reads itself.
    File(Input),
    /// Samples on standard input, and who sends them; each is taken once.
    Run(Option<mpsc::Receiver<Bytes>>, Option<Box<Feed>>),
}

/// An encode as its task runs it.
pub(super) struct Job {
    pub(super) engine: Engine,
    pub(super) source: Source,
    pub(super) args: Vec<std::ffi::OsString>,
    pub(super) pipes: Pipes,
    pub(super) duration_ms: u64,
    pub(super) renditions: usize,
    /// Whether the first segments are short.
    pub(super) quick: bool,
    pub(super) sender: mpsc::Sender<EncodeEvent>,
    pub(super) cancel: CancellationToken,
    pub(super) pulse: Arc<Pulse>,
}

impl Job {
    async fn run(mut self) -> Result<EncodeSummary, MediaError> {
        let ended = CancellationToken::new();
        let budget = Arc::new(Budget::new(self.engine.encode_limits.output_bytes_max));
        let mut readers = tokio::task::JoinSet::new();
        for (rendition, path) in self.pipes.paths.iter().enumerate() {
            // Open for writing too, so that the pipe is not at its end before ffmpeg has begun.
            let receiver = pipe::OpenOptions::new().read_write(true).open_receiver(path);
            let reader = Reader {
                rendition,
                receiver: receiver.map_err(|error| MediaError::io("A pipe can't be opened", &error))?,
                quick: self.quick,
                ended: ended.clone(),
                sender: self.sender.clone(),
                pulse: self.pulse.clone(),
                budget: budget.clone(),
            };
            readers.spawn(reader.run());
        }
        let mut summary = vec![RenditionSummary::default(); self.renditions];
        let (samples, feed) = match &mut self.source {
            Source::File(_) => (None, None),
            Source::Run(samples, feed) => (samples.take(), feed.take()),
        };
        let feeding = async {
            match feed {
                Some(feed) => feed.run().await,
                None => Ok(()),
            }
        };
        let process = async {
            let result = self.process(samples).await;
            ended.cancel();
            result
        };
        let reading = async {
            while let Some(joined) = readers.join_next().await {
                let (rendition, result) =
                    joined.map_err(|_| MediaError::transient("io", "A reader stopped."))??;
                summary[rendition] = result;
            }
            Ok(())
        };
        // The first error ends all: a reader's failure drops the process, which kills it.
        tokio::try_join!(process, reading, feeding)?;
        if let Source::File(input) = &self.source {
            input.check_unchanged().await?;
        }
        let _ = self.sender.send(EncodeEvent::Progress(1.0)).await;
        Ok(summary)
    }

    async fn process(&self, samples: Option<mpsc::Receiver<Bytes>>) -> Result<(), MediaError> {
        let limits = &self.engine.encode_limits;
        let input = match &self.source {
            Source::File(input) => Some(input),
            Source::Run(..) => None,
        };
        let task = Task {
            program: &self.engine.tools.ffmpeg,
            name: "ffmpeg",
            args: self.args.clone(),
            read: input.iter().map(|input| input.path().to_owned()).collect(),
            pipes: self.pipes.paths.clone(),
            folder: Some(self.pipes.folder.clone()),
            stdin: samples,
            time_max: limits.time_max,
            stall_max: Some(limits.stall_max),
            memory_bytes_max: limits.memory_bytes_max,
            nice: 0,
        };
        let mut progress = Progress::new(self.duration_ms);
        let mut on_stdout = |bytes: &[u8]| {
            if let Some(fraction) = progress.take(bytes, &self.pulse) {
                // A full queue is told of the next step.
                let _ = self.sender.try_send(EncodeEvent::Progress(fraction));
            }
            Ok(())
        };
        let finish = self.engine.launcher.run(task, &self.cancel, &self.pulse, &mut on_stdout).await?;
        if finish.status.success() {
            return Ok(());
        }
        Err(failure(&finish, input))
    }
}

/// Why ffmpeg failed on a file that ffprobe had read.
pub(super) fn failure(finish: &super::sandbox::Finish, input: Option<&Input>) -> MediaError {
    if let Some(error) = violent_end("ffmpeg", finish) {
        return error;
    }
    let reason = reason(&finish.stderr, input.map_or(Path::new("pipe:0"), Input::path));
    if reason.contains("Cannot allocate memory") {
        return MediaError::limit(
            "memory",
            format!("The file needs more memory than a file may take ({reason})."),
        );
    }
    MediaError::refused("undecodable", format!("The file could not be decoded: {reason}."))
}

/// What is left of the output limit, for all readers together.
struct Budget {
    left: std::sync::atomic::AtomicU64,
    total: u64,
}

impl Budget {
    fn new(total: u64) -> Self {
        Self { left: total.into(), total }
    }

    fn spend(&self, bytes: usize) -> Result<(), MediaError> {
        use std::sync::atomic::Ordering::Relaxed;
        let spent = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes as u64));
        spent.map(|_| ()).map_err(|_| {
            let detail =
                format!("The file becomes larger than {} bytes when encoded, the most allowed.", self.total);
            MediaError::limit("output", detail)
        })
    }
}

/// Reads one rendition's pipe.
struct Reader {
    rendition: usize,
    quick: bool,
    receiver: pipe::Receiver,
    ended: CancellationToken,
    sender: mpsc::Sender<EncodeEvent>,
    pulse: Arc<Pulse>,
    budget: Arc<Budget>,
}

impl Reader {
    async fn run(mut self) -> Result<(usize, RenditionSummary), MediaError> {
        let mut cutter = Cutter::new(self.quick);
        let mut books = Books::default();
        let mut pieces = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        while let Some(count) = self.read(&mut buffer).await? {
            self.pulse.beat();
            self.budget.spend(count)?;
            cutter.push(&buffer[..count], &mut pieces)?;
            self.hand_out(&mut pieces, &mut books).await;
        }
        cutter.finish(&mut pieces)?;
        self.hand_out(&mut pieces, &mut books).await;
        Ok((self.rendition, books.summary()))
    }

    /// Bytes read, or `None` when the process has ended and the pipe is empty.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, MediaError> {
        let lost = |error: std::io::Error| MediaError::io("Output of ffmpeg was lost", &error);
        tokio::select! {
            biased;
            read = self.receiver.read(buffer) => read.map(Some).map_err(lost),
            () = self.ended.cancelled() => match self.receiver.try_read(buffer) {
                Ok(count) => Ok(Some(count)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(lost(error)),
            },
        }
    }

    async fn hand_out(&self, pieces: &mut Vec<Piece>, books: &mut Books) {
        for piece in pieces.drain(..) {
            let event = match piece {
                Piece::Init(data, track) => {
                    books.timescale = track.timescale;
                    let (codec, size, audio) = (track.codec, track.size, track.audio);
                    let (timescale, edit_start) = (track.timescale, track.edit_start);
                    let rendition = self.rendition;
                    EncodeEvent::Init(RenditionInit {
                        rendition,
                        data,
                        codec,
                        timescale,
                        edit_start,
                        size,
                        audio,
                    })
                }
                Piece::Segment(cut) => {
                    books.add(&cut);
                    let Cut { number, start, duration, samples, data } = cut;
                    EncodeEvent::Segment(Segment {
                        rendition: self.rendition,
                        number,
                        data,
                        start,
                        duration,
                        samples,
                    })
                }
            };
            // A caller who listens no more still gets the result.
            let _ = self.pulse.excused(self.sender.send(event)).await;
        }
    }
}

#[derive(Default)]
struct Books {
    timescale: u32,
    summary: RenditionSummary,
}

impl Books {
    fn add(&mut self, cut: &Cut) {
        let summary = &mut self.summary;
        summary.segments += 1;
        summary.bytes += cut.data.len() as u64;
        summary.duration += cut.duration;
        summary.samples += u64::from(cut.samples);
        let segment = bits_per_second(cut.data.len() as u64, cut.duration, self.timescale);
        // The last segment may be a sliver whose few bytes in no time say nothing of what a line must carry.
        if cut.number == 0 || cut.duration * 2 >= u64::from(self.timescale) {
            summary.bandwidth.peak_bps = summary.bandwidth.peak_bps.max(segment);
        }
    }

    fn summary(mut self) -> RenditionSummary {
        let summary = &mut self.summary;
        summary.bandwidth.average_bps = bits_per_second(summary.bytes, summary.duration, self.timescale);
        self.summary
    }
}

/// Rounded up. Bits that last no time count as lasting a tick.
fn bits_per_second(bytes: u64, ticks: u64, timescale: u32) -> u64 {
    let bits = u128::from(bytes) * 8 * u128::from(timescale);
    u64::try_from(bits.div_ceil(u128::from(ticks.max(1)))).unwrap_or(u64::MAX)
}
