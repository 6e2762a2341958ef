//! What a file sounds like: decoded once in the sandbox, measured as it comes.
//!
//! ffmpeg writes samples to a pipe at the file's own rate, in its own channels; a thread of ours takes them and
//! measures everything at once: loudness and peaks (`measure`), the shape and the edges (`shape`), what it resembles
//! (`alike`). Neither holds more than some pieces of it. Both step back for everybody else who wants the processor.

mod alike;
mod fft;
mod measure;
mod shape;
mod wave;

use std::{ffi::OsString, path::Path, time::Duration};

use bytes::Bytes;
use catalog::sound::Sound;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use self::measure::Measure;
use super::{
    Engine, command,
    encode::failure,
    error::MediaError,
    input::Input,
    probe::ProbeLimits,
    sandbox::{Pulse, Task, memory_bytes_max},
    streams::UNHEARD,
};

/// Time that one file may take: a day of sound is decoded in less.
const TIME_MAX: Duration = Duration::from_hours(2);
/// Longest time without a sample.
const STALL_MAX: Duration = Duration::from_mins(2);
/// Pieces of 64 KiB that wait to be measured.
const PIECES_MAX: usize = 4;
/// How much measuring steps back: it is never urgent.
const NICE: u8 = 10;

impl Engine {
    /// Measures the sound of a file: the first sound track in it. The same file gives the same result to the bit on the
    /// same machine with the same ffmpeg.
    pub async fn hear(&self, input: &Path, cancel: &CancellationToken) -> Result<Sound, MediaError> {
        let input = Input::open(input).await?;
        let (sender, receiver) = mpsc::channel(PIECES_MAX);
        let measured = measure_apart(receiver, self.probe_limits.clone())?;
        let task = Task {
            program: &self.tools.ffmpeg,
            name: "ffmpeg",
            args: arguments(&input),
            read: vec![input.path().to_owned()],
            pipes: Vec::new(),
            folder: None,
            stdin: None,
            time_max: TIME_MAX,
            stall_max: Some(STALL_MAX),
            memory_bytes_max: memory_bytes_max(),
            nice: NICE,
        };
        let ran = self.launcher.run_into(task, cancel, &Pulse::default(), sender).await;
        let broke_off = |_| MediaError::transient("io", "The measuring broke off.");
        let finish = match ran {
            Ok(finish) => finish,
            Err(error) if error.code() == UNHEARD => return measured.await.map_err(broke_off)?,
            Err(error) => return Err(error),
        };
        input.check_unchanged().await?;
        if !finish.status.success() {
            return Err(failure(&finish, Some(&input)));
        }
        measured.await.map_err(broke_off)?
    }
}

fn arguments(input: &Input) -> Vec<OsString> {
    let mut args = Vec::new();
    command::words(&mut args, &["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]);
    command::input(&mut args, input);
    // The header of this format says rate and channels, and which channel is which.
    command::words(&mut args, &["-map", "0:a:0", "-map_metadata", "-1", "-fflags", "+bitexact"]);
    command::words(&mut args, &["-flags", "+bitexact", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]);
    args
}

/// Measures what comes in a thread of its own, which steps back as ffmpeg does.
fn measure_apart(
    mut receiver: mpsc::Receiver<Bytes>,
    limits: ProbeLimits,
) -> Result<oneshot::Receiver<Result<Sound, MediaError>>, MediaError> {
    let (done, measured) = oneshot::channel();
    let thread = std::thread::Builder::new().name("measure sound".to_owned());
    let started = thread.spawn(move || {
        // On Linux this is of the thread alone. Whatever comes of it, it is measured.
        let _ = rustix::process::nice(i32::from(NICE));
        let mut measure = Measure::new(limits);
        let mut all = || {
            while let Some(piece) = receiver.blocking_recv() {
                measure.push(&piece)?;
            }
            Ok(())
        };
        let pushed = all();
        drop(receiver);
        // Who waited may have gone.
        let _ = done.send(pushed.and_then(|()| measure.finish()));
    });
    started.map_err(|error| MediaError::io("The measuring could not begin", &error))?;
    Ok(measured)
}
