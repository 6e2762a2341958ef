//! The outer half of the sandbox: starts a program in it, watches it and ends it.
//!
//! This is the only place in Odeon that starts processes. What is started is always this program itself with
//! [`SANDBOX_WORD`](super::SANDBOX_WORD), which confines itself (see `jail`) before it becomes ffmpeg.

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    error::MediaError,
    jail::{COMPLAINT, EXIT_NO_PROGRAM, EXIT_UNCONFINED, SANDBOX_WORD},
    streams::{Stdout, Streams, read_all, write_all},
};

/// Bytes kept of the end of standard error.
pub(super) const STDERR_BYTES_MAX: usize = 16 * 1024;
/// Address space that a task gets: a 2160p ladder was seen to take 2.8 GiB of it on two cores, and ffmpeg starts
/// threads, each with a stack and a heap of its own, by the number of cores.
pub(super) fn memory_bytes_max() -> u64 {
    (6 + cores()) << 30
}

/// Where ffmpeg and ffprobe are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// ffmpeg, links resolved.
    pub ffmpeg: PathBuf,
    /// ffprobe, links resolved.
    pub ffprobe: PathBuf,
}

impl Tools {
    /// Looks for both programs in `PATH` and the usual folders.
    pub fn find() -> Result<Self, MediaError> {
        Self::find_in(&env::var_os("PATH").unwrap_or_default())
    }

    /// Looks for both programs in the folders of `path` (as in `PATH`) and the usual ones.
    pub fn find_in(path: &OsStr) -> Result<Self, MediaError> {
        let find = |program: &'static str| {
            env::split_paths(path)
                .chain(["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from))
                .filter(|folder| folder.is_absolute())
                .filter_map(|folder| folder.join(program).canonicalize().ok())
                .find(|file| file.is_file())
                .ok_or_else(|| missing(program))
        };
        Ok(Self { ffmpeg: find("ffmpeg")?, ffprobe: find("ffprobe")? })
    }
}

fn missing(program: &'static str) -> MediaError {
    MediaError::Missing {
        program,
        detail: format!("{program} is not installed. On Debian or Ubuntu: apt install ffmpeg"),
    }
}

/// How the sandbox is started: the program that calls [`sandbox_main`](super::sandbox_main) first.
#[derive(Debug, Clone)]
pub struct Launcher {
    program: PathBuf,
}

/// What protects the machine from ffmpeg here; for `odeon doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxReport {
    /// The version of landlock in effect (`V1` and up).
    pub landlock: String,
    /// The namespaces that ffmpeg gets for itself, or `none`.
    pub namespaces: String,
}

/// One program to run.
#[derive(Debug)]
pub(super) struct Task<'a> {
    /// Its file, absolute.
    pub(super) program: &'a Path,
    /// Its name in messages.
    pub(super) name: &'static str,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// The files that it may read.
    pub(super) read: Vec<PathBuf>,
    /// The named pipes that it may write.
    pub(super) pipes: Vec<PathBuf>,
    /// Its working folder (nothing in it is readable).
    pub(super) folder: Option<PathBuf>,
    /// What it reads from standard input, until nobody sends any more; without this there is none.
    pub(super) stdin: Option<mpsc::Receiver<Bytes>>,
    /// Wall-clock limit.
    pub(super) time_max: Duration,
    /// Longest pause without [`Pulse::beat`]; `None` for tasks that have only the wall-clock limit.
    pub(super) stall_max: Option<Duration>,
    /// Address space.
    pub(super) memory_bytes_max: u64,
    /// How much it steps back for others that want the processor: 0 not at all, 19 the most.
    pub(super) nice: u8,
}

/// How a program ended.
#[derive(Debug)]
pub(super) struct Finish {
    /// Its exit status.
    pub(super) status: ExitStatus,
    /// The end of what it said on standard error.
    pub(super) stderr: Vec<u8>,
}

/// Signs of life of a task, shared between those who see them and the watch.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    beats: AtomicU64,
    waiting: AtomicUsize,
}

impl Pulse {
    /// Something moved.
    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs `wait`, during which a lack of movement is our own fault (a slow reader) and not the task's.
    pub(super) async fn excused<T>(&self, wait: impl Future<Output = T>) -> T {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let result = wait.await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.beat();
        result
    }

    fn sign(&self) -> Option<u64> {
        (self.waiting.load(Ordering::Relaxed) == 0).then(|| self.beats.load(Ordering::Relaxed))
    }
}

impl Launcher {
    /// This very program; its `main` must call [`sandbox_main`](super::sandbox_main) before anything else.
    pub fn this_program() -> Self {
        Self { program: PathBuf::from("/proc/self/exe") }
    }

    /// Another program whose `main` calls [`sandbox_main`](super::sandbox_main), for tests.
    pub fn other_program(program: PathBuf) -> Self {
        Self { program }
    }

    /// Builds the sandbox once without running anything in it and says what it is made of.
    pub async fn check(&self) -> Result<SandboxReport, MediaError> {
        let mut command = self.command();
        command.arg("--check");
        let mut said = Vec::new();
        let task = Watch { time_max: Duration::from_secs(10), stall_max: None, name: "the sandbox" };
        let pulse = Pulse::default();
        let finish = task
            .follow(
                start(command).await?,
                &CancellationToken::new(),
                &pulse,
                Streams {
                    stdin: None,
                    stdout: Stdout::Call(&mut |bytes| {
                        said.extend_from_slice(bytes);
                        Ok(())
                    }),
                },
            )
            .await?;
        own_failure(&finish)?;
        let said = String::from_utf8_lossy(&said);
        let value = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned()).unwrap_or_default()
        };
        if !finish.status.success() || value("landlock").is_empty() {
            return Err(unconfined("the program did not become its own sandbox"));
        }
        Ok(SandboxReport { landlock: value("landlock"), namespaces: value("namespaces") })
    }

    /// Runs a task to its end. `stdout` gets what it writes to standard output; while there is no place for more the
    /// task waits. When nobody receives any more the task is ended with the error [`UNHEARD`](super::streams::UNHEARD).
    pub(super) async fn run_into(
        &self,
        task: Task<'_>,
        cancel: &CancellationToken,
        pulse: &Pulse,
        stdout: mpsc::Sender<Bytes>,
    ) -> Result<Finish, MediaError> {
        self.run_to(task, cancel, pulse, Stdout::Queue(stdout)).await
    }

    /// Runs a task to its end. `stdout` gets what it writes to standard output and may stop it with an error.
    /// The process is killed, its whole group with it, when the future is dropped.
    pub(super) async fn run(
        &self,
        task: Task<'_>,
        cancel: &CancellationToken,
        pulse: &Pulse,
        stdout: &mut (dyn FnMut(&[u8]) -> Result<(), MediaError> + Send),
    ) -> Result<Finish, MediaError> {
        self.run_to(task, cancel, pulse, Stdout::Call(stdout)).await
    }

    async fn run_to(
        &self,
        mut task: Task<'_>,
        cancel: &CancellationToken,
        pulse: &Pulse,
        stdout: Stdout<'_>,
    ) -> Result<Finish, MediaError> {
        let mut command = self.command();
        let cpu_seconds = task.time_max.as_secs().saturating_mul(cores()).max(1);
        command.arg("--memory").arg(task.memory_bytes_max.to_string());
        command.arg("--cpu").arg(cpu_seconds.to_string());
        command.arg("--nice").arg(task.nice.to_string());
        if let Some(folder) = &task.folder {
            command.arg("--folder").arg(folder);
        }
        for (word, paths) in [("--read", &task.read), ("--pipe", &task.pipes)] {
            for path in paths {
                command.arg(word).arg(path);
            }
        }
        command.arg("--").arg(task.program).args(&task.args);
        let stdin = task.stdin.take();
        if stdin.is_some() {
            command.stdin(Stdio::piped());
        }
        let watch = Watch { time_max: task.time_max, stall_max: task.stall_max, name: task.name };
        let streams = Streams { stdin, stdout };
        let finish = watch.follow(start(command).await?, cancel, pulse, streams).await?;
        own_failure(&finish)?;
        Ok(finish)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that starts other processes")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(SANDBOX_WORD).arg("--parent").arg(std::process::id().to_string());
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }
}

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

/// Turns the sandbox's own failures, which are not the media's, into errors.
fn own_failure(finish: &Finish) -> Result<(), MediaError> {
    let said = String::from_utf8_lossy(&finish.stderr);
    let Some(complaint) = said.lines().find_map(|line| line.strip_prefix(COMPLAINT)) else {
        return Ok(());
    };
    match finish.status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(EXIT_UNCONFINED) => Err(unconfined(complaint)),
        Some(EXIT_NO_PROGRAM) => Err(MediaError::Missing {
            program: "ffmpeg",
            detail: format!("ffmpeg could not be started in the sandbox: {complaint}"),
        }),
        _ => Ok(()),
    }
}

fn unconfined(complaint: &str) -> MediaError {
    MediaError::Unconfined {
        detail: format!("Media cannot be processed safely on this machine: {complaint}. Run `odeon doctor`."),
    }
}

struct Order {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<std::io::Result<Child>>,
}

/// Starts the process from a thread that lives as long as the program. The kernel ends a child when the
/// THREAD that started it ends, and the async runtime's threads come and go.
async fn start(command: Command) -> Result<Child, MediaError> {
    static STARTER: OnceLock<std::sync::mpsc::Sender<Order>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, orders) = std::sync::mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for mut order in orders {
                let _runtime = order.runtime.enter();
                // If nobody waits any more the child is dropped, and so killed.
                let _ = order.reply.send(order.command.spawn());
            }
        });
        sender
    });
    let (reply, answer) = oneshot::channel();
    let failed = |error: std::io::Error| MediaError::io("The sandbox could not be started", &error);
    starter
        .send(Order { command, runtime: Handle::current(), reply })
        .map_err(|_| failed(std::io::ErrorKind::BrokenPipe.into()))?;
    answer.await.map_err(|_| failed(std::io::ErrorKind::BrokenPipe.into()))?.map_err(failed)
}

/// Kills the process group on drop, unless the process was already reaped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // The child makes its own session first of all; before that the group does not exist and tokio's
            // kill-on-drop ends the child alone.
            let _ = killpg(pid, Signal::SIGKILL);
        }
    }
}

struct Watch {
    time_max: Duration,
    stall_max: Option<Duration>,
    name: &'static str,
}

impl Watch {
    async fn follow(
        &self,
        mut child: Child,
        cancel: &CancellationToken,
        pulse: &Pulse,
        given: Streams<'_>,
    ) -> Result<Finish, MediaError> {
        let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
        let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut stderr = Vec::new();
        let streams = async {
            let keep_end = &mut |bytes: &[u8]| {
                stderr.extend_from_slice(bytes);
                let excess = stderr.len().saturating_sub(STDERR_BYTES_MAX);
                stderr.drain(..excess);
                Ok(())
            };
            tokio::try_join!(
                write_all(given.stdin, input, pulse),
                given.stdout.take(out, pulse),
                read_all(err, keep_end)
            )?;
            Ok::<_, MediaError>(())
        };
        let all = async {
            streams.await?;
            child.wait().await.map_err(|error| MediaError::io("The end of a process was missed", &error))
        };
        let ended = tokio::select! {
            ended = all => ended,
            () = cancel.cancelled() => Err(MediaError::Cancelled),
            error = self.patience(pulse) => Err(error),
        };
        match ended {
            Ok(status) => {
                group.0 = None;
                Ok(Finish { status, stderr })
            }
            Err(error) => {
                drop(group);
                // Reap it; SIGKILL can't be ignored, so this is short.
                let _ = child.kill().await;
                Err(error)
            }
        }
    }

    /// Resolves when the task has used up its time or stands still.
    async fn patience(&self, pulse: &Pulse) -> MediaError {
        let end = Instant::now() + self.time_max;
        let mut last = pulse.sign();
        loop {
            let pause = self.stall_max.unwrap_or(self.time_max);
            tokio::time::sleep_until((Instant::now() + pause).min(end)).await;
            if Instant::now() >= end {
                let seconds = self.time_max.as_secs();
                return MediaError::limit(
                    "time",
                    format!("{} was stopped after {seconds} s, the longest that a file may take.", self.name),
                );
            }
            let now = pulse.sign();
            if now.is_some() && now == last {
                let detail =
                    format!("{} made no progress for {} s and was stopped.", self.name, pause.as_secs());
                return MediaError::limit("stalled", detail);
            }
            last = now;
        }
    }
}

/// What an end by a signal or a crash means; `None` for an ordinary exit.
pub(super) fn violent_end(name: &str, finish: &Finish) -> Option<MediaError> {
    let signal = finish.status.signal()?;
    Some(match Signal::try_from(signal) {
        Ok(Signal::SIGXCPU) => {
            MediaError::limit("time", format!("{name} used up the processor time that a file may take."))
        }
        Ok(Signal::SIGKILL) => MediaError::transient(
            "killed",
            format!("{name} was killed by the system, perhaps for lack of memory. It is tried again."),
        ),
        Ok(Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP) => {
            MediaError::transient("killed", format!("{name} was told to stop. It is tried again."))
        }
        _ => MediaError::refused(
            "crashed",
            format!("{name} crashed on this file (signal {signal}). The file is damaged or malicious."),
        ),
    })
}
