//! One file of sound made into another form while somebody listens.
//!
//! ffmpeg writes to a pipe, from which pieces go to the listener through a queue; while that is full ffmpeg stands still,
//! and when the listener goes ffmpeg is ended. Nothing of it is kept. A pipe has no way back, so what formats say of their
//! length at their beginning is foretold (`head`).

mod head;

use std::{any::Any, ffi::OsString, path::Path, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::head::{Head, Mp3, is_bare};
use super::{
    Engine, command,
    encode::failure,
    error::MediaError,
    form::{SoundCodec, SoundForm},
    input::Input,
    sandbox::{Pulse, Task, memory_bytes_max},
    streams::UNHEARD,
};

/// Pieces of at most 64 KiB that wait for the listener.
pub(super) const QUEUE_PIECES_MAX: usize = 16;
/// How long a listener may take nothing while pieces wait.
const IDLE_MAX: Duration = Duration::from_mins(3);
/// Longest time without a piece while the listener waits for one: so long a seek into a file without an index may take.
const STALL_MAX: Duration = Duration::from_mins(1);
/// The longest that any source plays, milliseconds.
const SOUND_MS_MAX: u64 = 24 * 3600 * 1000;
/// Time beside what the sound itself takes when it is heard at half its speed.
const TIME_MORE: Duration = Duration::from_mins(10);
/// How much is held until it is known that there is any sound: more than any format writes before it.
const BEGIN_BYTES: usize = 16 * 1024;
/// What an answer is filled with that turned out shorter than was promised; decoders pass over it.
const FILL: &[u8] = &[0; 4096];

/// What is to be made of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// In which form.
    pub form: SoundForm,
    /// From where on, milliseconds.
    pub start_ms: u64,
    /// How long the whole source plays, milliseconds; 0 if nobody knows.
    pub duration_ms: u64,
    /// Whether that is right to the millisecond, as it is of what was made without loss.
    pub exact: bool,
    /// Which bytes are wanted of the result, which then has exactly as many as [`Order::bytes`] foretells; without this all
    /// that there are. Those before are made and thrown away, so that parts of one result fit together.
    pub part: Option<(u64, u64)>,
}

impl Order {
    /// How long the result plays, milliseconds; 0 if nobody knows.
    pub fn left_ms(&self) -> u64 {
        self.duration_ms.saturating_sub(self.start_ms)
    }

    /// How many bytes it will be, where that can be foretold: of a constant rate, when the length is known.
    pub fn bytes(&self) -> Option<u64> {
        let samples = self.samples().filter(|_| self.form.codec() == SoundCodec::Mp3)?;
        Some(Mp3::of(self.form.kbps(), self.form.rate_hz(), samples).bytes_max())
    }

    /// Samples of the result, to the next millisecond.
    fn samples(&self) -> Option<u64> {
        let left = self.left_ms();
        (left > 0).then(|| (left.min(SOUND_MS_MAX) + 1) * u64::from(self.form.rate_hz()) / 1000)
    }

    fn time_max(&self) -> Duration {
        let left = if self.duration_ms == 0 { SOUND_MS_MAX } else { self.left_ms().min(SOUND_MS_MAX) };
        Duration::from_millis(left * 2) + TIME_MORE
    }
}

/// A sound on its way. Dropping it ends ffmpeg.
#[derive(Debug)]
pub struct Transcode {
    first: Option<Bytes>,
    pieces: mpsc::Receiver<Bytes>,
    task: Option<JoinHandle<Result<(), MediaError>>>,
    _end: DropGuard,
    _held: Option<Box<dyn Any + Send>>,
}

impl Engine {
    /// Makes the first sound of a file into another form; answers when its beginning is there, so that what can't be made
    /// is told as such and not by an answer that breaks off. `held` is let go when the process has ended. `cancel` ends it
    /// at any time. Needs a tokio runtime.
    pub async fn transcode(
        &self,
        input: &Path,
        order: Order,
        held: impl Send + 'static,
        cancel: &CancellationToken,
    ) -> Result<Transcode, MediaError> {
        let input = Input::open(input).await?;
        let cancel = cancel.child_token();
        let (sender, pieces) = mpsc::channel(QUEUE_PIECES_MAX);
        let job = Job { engine: self.clone(), input, order, cancel: cancel.clone(), listener: sender };
        let task = tokio::spawn(async move {
            let ended = job.run().await;
            drop(held);
            ended
        });
        let mut transcode =
            Transcode { first: None, pieces, task: Some(task), _end: cancel.drop_guard(), _held: None };
        transcode.first = Some(transcode.next().await.ok_or_else(no_sound)??);
        Ok(transcode)
    }
}

impl Transcode {
    /// It, holding something that is let go when the listener has gone or taken all.
    #[must_use]
    pub fn holding(self, held: impl Any + Send) -> Self {
        Self { _held: Some(Box::new(held)), ..self }
    }

    /// The next piece; `None` when it is whole. After an error there is nothing more, and what came is not all.
    pub async fn next(&mut self) -> Option<Result<Bytes, MediaError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if let Some(piece) = self.pieces.recv().await {
            return Some(Ok(piece));
        }
        let ended = self.task.take()?.await;
        let broke_off = |_| Err(MediaError::transient("io", "The transcoding broke off."));
        ended.unwrap_or_else(broke_off).err().map(Err)
    }

    /// All pieces, for the body of an answer.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, MediaError>> + Send {
        stream::unfold(
            self,
            |mut transcode| async move { transcode.next().await.map(|piece| (piece, transcode)) },
        )
    }

    /// Pieces that wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.pieces.len()
    }
}

/// A transcoding as its task runs it.
struct Job {
    engine: Engine,
    input: Input,
    order: Order,
    cancel: CancellationToken,
    listener: mpsc::Sender<Bytes>,
}

impl Job {
    async fn run(self) -> Result<(), MediaError> {
        let task = Task {
            program: &self.engine.tools.ffmpeg,
            name: "ffmpeg",
            args: arguments(&self.input, &self.order),
            read: vec![self.input.path().to_owned()],
            pipes: Vec::new(),
            folder: None,
            stdin: None,
            time_max: self.order.time_max(),
            stall_max: Some(STALL_MAX),
            memory_bytes_max: memory_bytes_max(),
            nice: 0,
        };
        let mut way = Way {
            to: self.listener,
            cancel: self.cancel.clone(),
            head: Head::of(&self.order),
            begin: Some(BytesMut::new()),
            seen: 0,
            bytes_max: self.order.form.bytes_a_second_max() * (SOUND_MS_MAX / 1000),
            part: self.order.part,
        };
        let end = Instant::now() + self.order.time_max();
        let (sender, pieces) = mpsc::channel(1);
        let pulse = Pulse::default();
        let run = self.engine.launcher.run_into(task, &self.cancel, &pulse, sender);
        let (ran, passed) = tokio::join!(run, way.pass_all(pieces));
        passed?;
        let finish = match ran {
            // All that was promised has been sent.
            Err(error) if error.code() == UNHEARD => return Ok(()),
            ran => ran?,
        };
        if !finish.status.success() {
            return Err(failure(&finish, Some(&self.input)));
        }
        if is_bare(self.order.form.codec(), way.begin.as_deref().unwrap_or_default()) {
            return Err(no_sound());
        }
        way.begin().await?;
        way.fill(end).await
    }
}

fn no_sound() -> MediaError {
    MediaError::refused("no_sound", "No sound could be decoded from there on. Try an earlier place.")
}

/// The way of the pieces to the listener.
struct Way {
    to: mpsc::Sender<Bytes>,
    cancel: CancellationToken,
    head: Head,
    /// What came first, until it is more than what formats write of a sound that is none; then nothing is held any more.
    begin: Option<BytesMut>,
    /// Bytes of the whole that have come.
    seen: u64,
    bytes_max: u64,
    /// The first byte that is wanted, and the one behind the last.
    part: Option<(u64, u64)>,
}

impl Way {
    /// Passes on what comes. Returning lets go of the other end, by which ffmpeg is ended if it has not.
    async fn pass_all(&mut self, mut from: mpsc::Receiver<Bytes>) -> Result<(), MediaError> {
        while let Some(piece) = from.recv().await {
            for piece in self.head.pass(piece) {
                self.pass_or_hold(piece).await?;
            }
            if self.left() == Some(0) {
                break;
            }
        }
        Ok(())
    }

    async fn pass_or_hold(&mut self, piece: Bytes) -> Result<(), MediaError> {
        let Some(begin) = &mut self.begin else { return self.pass(piece).await };
        begin.extend_from_slice(&piece);
        if begin.len() <= BEGIN_BYTES { Ok(()) } else { self.begin().await }
    }

    /// Passes what was held.
    async fn begin(&mut self) -> Result<(), MediaError> {
        let begin = self.begin.take().unwrap_or_default();
        self.pass(begin.freeze()).await
    }

    /// Bytes that are still to come of what was promised.
    fn left(&self) -> Option<u64> {
        self.part.map(|(_, end)| end.saturating_sub(self.seen))
    }

    /// Passes what is missing of what was promised, if there was anything at all, until a time: ffmpeg, which has one, has
    /// ended, and a file can say of itself that it plays for a day.
    async fn fill(&mut self, end: Instant) -> Result<(), MediaError> {
        let filling = async {
            while self.seen > 0 && self.left().is_some_and(|left| left > 0) {
                self.pass(Bytes::from_static(FILL)).await?;
            }
            Ok(())
        };
        let late = |_| MediaError::limit("time", "It was not taken in the time that it may take.");
        tokio::time::timeout_at(end, filling).await.map_err(late)?
    }

    async fn pass(&mut self, mut piece: Bytes) -> Result<(), MediaError> {
        let at = self.seen;
        self.seen += piece.len() as u64;
        if self.seen > self.bytes_max {
            return Err(MediaError::limit("output", "It plays for longer than a day, the most allowed."));
        }
        if let Some((start, end)) = self.part {
            let within = |place: u64| usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX);
            piece.truncate(within(end));
            piece = piece.split_off(within(start).min(piece.len()));
        }
        if piece.is_empty() {
            return Ok(());
        }
        tokio::select! {
            sent = tokio::time::timeout(IDLE_MAX, self.to.send(piece)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(MediaError::transient(UNHEARD, "The listener has gone.")),
                Err(_) => Err(MediaError::limit("idle", "Nothing was taken for too long.")),
            },
            () = self.cancel.cancelled() => Err(MediaError::Cancelled),
        }
    }
}

fn arguments(input: &Input, order: &Order) -> Vec<OsString> {
    let mut args = Vec::new();
    command::words(&mut args, &["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]);
    if order.start_ms > 0 {
        // Before the input: it goes there without decoding, then drops samples up to the very place.
        command::words(&mut args, &["-ss", &format!("{}ms", order.start_ms)]);
    }
    command::words(&mut args, &["-threads", "1"]);
    command::input(&mut args, input);
    command::words(&mut args, &["-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1"]);
    let form = &order.form;
    let (channels, rate) = (form.channels().to_string(), form.rate_hz().to_string());
    command::words(&mut args, &["-ac", &channels, "-ar", &rate]);
    let kbps = format!("{}k", form.kbps());
    match form.codec() {
        SoundCodec::Mp3 => {
            command::words(&mut args, &["-c:a", "libmp3lame", "-b:a", &kbps, "-f", "mp3"]);
            command::words(&mut args, &["-write_xing", "0", "-id3v2_version", "0"]);
        }
        SoundCodec::Aac => command::words(&mut args, &["-c:a", "aac", "-b:a", &kbps, "-f", "adts"]),
        SoundCodec::Opus => {
            command::words(&mut args, &["-c:a", "libopus", "-b:a", &kbps, "-f", "ogg"]);
            // Left to itself it takes nearly twice what was said for pure tones, and somebody's line has no more.
            command::words(&mut args, &["-vbr", "constrained"]);
        }
        SoundCodec::Flac => {
            command::words(&mut args, &["-c:a", "flac", "-f", "flac"]);
            if let Some(bits) = form.bits() {
                command::words(&mut args, &["-sample_fmt", if bits <= 16 { "s16" } else { "s32" }]);
            }
        }
    }
    command::words(&mut args, &["-fflags", "+bitexact", "-flags", "+bitexact", "pipe:1"]);
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_missing_is_filled_until_a_time_and_no_longer() {
        let (to, _listener) = mpsc::channel(1);
        let (cancel, part) = (CancellationToken::new(), Some((0, u64::MAX)));
        let mut way = Way { to, cancel, head: Head::Passed, begin: None, seen: 1, bytes_max: u64::MAX, part };
        let ended = way.fill(Instant::now() + Duration::from_millis(50)).await;
        assert_eq!(ended.expect_err("nobody takes it").code(), "time");
    }
}
