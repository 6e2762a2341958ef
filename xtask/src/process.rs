//! Starting other programs, and ending what was started whatever happens.
//!
//! A step runs in a process group of its own. When a signal comes, it is passed to that whole group, the step ends,
//! and the ordinary way out of `main` drops every server and folder: there is one way to clean up, not two.

use std::{
    ffi::OsStr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use std::os::unix::process::CommandExt as _;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::fail::{Done, Fail};

/// How often a condition is looked at that nobody announces.
const LOOK_MS: u64 = 25;

/// How long a server may take to stop by itself before it is killed.
const STOP_MS_MAX: u64 = 10_000;

static SIGNALS_SEEN: AtomicU8 = AtomicU8::new(0);
static STEP: Mutex<Option<Pid>> = Mutex::new(None);

/// A command for `program`, not yet started. The only place in the sources outside the media sandbox that makes one.
#[expect(
    clippy::disallowed_methods,
    reason = "building and testing is starting programs; the product never does it here"
)]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    // Cargo tells us about our own package. What we start must not take that for its own: build scripts that
    // watch these variables would run again.
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The trimmed standard output of a command that succeeds, or nothing.
pub(crate) fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let out = command(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// From here on signals end the step that runs, and with it the command; call once, before the first [`step`].
pub(crate) fn listen() -> Done {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|error| {
        Fail::new(format!("signals cannot be received: {error}"), "report this with your system's name")
    })?;
    thread::spawn(move || {
        for _ in signals.forever() {
            let seen = SIGNALS_SEEN.fetch_add(1, Ordering::SeqCst);
            end_step(if seen == 0 { Signal::TERM } else { Signal::KILL });
        }
    });
    Ok(())
}

fn end_step(signal: Signal) {
    let step = *STEP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(group) = step {
        // It may have ended this moment; then there is nothing to do.
        let _ = kill_process_group(group, signal);
    }
}

/// Fails when a signal asked us to stop.
pub(crate) fn check_interrupted() -> Done {
    if SIGNALS_SEEN.load(Ordering::SeqCst) == 0 {
        return Ok(());
    }
    Err(Fail::new("stopped by a signal", "everything that was started is being ended; run the command again"))
}

/// Runs a command to its end in a process group of its own, without standard input.
pub(crate) fn step(command: &mut Command) -> Result<ExitStatus, Fail> {
    check_interrupted()?;
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child =
        command.stdin(Stdio::null()).process_group(0).spawn().map_err(|error| cannot_start(&name, &error))?;
    let group = pid(&child);
    *STEP.lock().unwrap_or_else(PoisonError::into_inner) = Some(group);
    // A signal between the start and the line above found no step to end.
    if check_interrupted().is_err() {
        end_step(Signal::TERM);
    }
    let status = child.wait();
    *STEP.lock().unwrap_or_else(PoisonError::into_inner) = None;
    // What the step left running in its group goes with it.
    let _ = kill_process_group(group, Signal::KILL);
    check_interrupted()?;
    status.map_err(|error| {
        Fail::new(format!("`{name}` could not be waited for: {error}"), "run the command again")
    })
}

/// Runs a step that must succeed. `otherwise` says what to do when it does not.
pub(crate) fn must(command: &mut Command, what: &str, otherwise: &str) -> Done {
    let status = step(command)?;
    if status.success() { Ok(()) } else { Err(Fail::new(format!("{what} ({status})"), otherwise)) }
}

fn cannot_start(name: &str, error: &std::io::Error) -> Fail {
    Fail::new(
        format!("`{name}` could not be started: {error}"),
        format!("see that `{name}` is installed and on PATH"),
    )
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A server that runs beside the steps and is stopped by its id when this is dropped.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    stop: Signal,
}

impl Server {
    /// Starts a server in a process group of its own. `stop` is the signal that makes it end in good order.
    pub(crate) fn start(name: &'static str, command: &mut Command, stop: Signal) -> Result<Self, Fail> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| cannot_start(name, &error))?;
        Ok(Self { name, child, stop })
    }

    /// Waits until `ready` says yes. Fails when the server ends, when `limit` is over, or on a signal.
    pub(crate) fn wait_ready(&mut self, limit: Duration, ready: impl Fn() -> bool) -> Done {
        let start = Instant::now();
        loop {
            check_interrupted()?;
            if let Ok(Some(status)) = self.child.try_wait() {
                let what = format!("{} ended while it was starting ({status})", self.name);
                return Err(Fail::new(
                    what,
                    "its own words are above; its port may have been taken: run again",
                ));
            }
            if ready() {
                return Ok(());
            }
            if start.elapsed() > limit {
                let what = format!("{} did not answer within {} s", self.name, limit.as_secs());
                return Err(Fail::new(what, "its own words are above; is the machine very busy? Run again"));
            }
            thread::sleep(Duration::from_millis(LOOK_MS));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = pid(&self.child);
        let _ = kill_process(pid, self.stop);
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(STOP_MS_MAX) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(LOOK_MS));
        }
        eprintln!("{} did not stop within {} s and is killed", self.name, STOP_MS_MAX / 1000);
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_gone_when_it_is_dropped() {
        let server = Server::start("sleep", command("sleep").arg("60"), Signal::TERM).unwrap();
        let id = server.child.id();
        assert!(std::path::Path::new(&format!("/proc/{id}")).exists());
        drop(server);
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn a_server_that_ends_at_once_is_not_waited_for() {
        let mut server = Server::start("false", &mut command("false"), Signal::TERM).unwrap();
        let fail = server.wait_ready(Duration::from_secs(30), || false).unwrap_err();
        assert!(fail.to_string().contains("ended while it was starting"), "{fail}");
    }

    #[test]
    fn what_a_step_leaves_running_ends_with_it() {
        let folder = std::env::temp_dir().join(format!("odeon-xtask-step-{}", std::process::id()));
        let script = format!("sleep 60 & echo $! > {}", folder.display());
        step(command("sh").arg("-c").arg(script)).unwrap();
        let id = std::fs::read_to_string(&folder).unwrap();
        std::fs::remove_file(&folder).unwrap();
        let state_file = format!("/proc/{}/stat", id.trim());
        wait_for_end(&state_file);
    }

    fn wait_for_end(state_file: &str) {
        let start = Instant::now();
        // A killed process whose parent is gone stays in the list until it is collected; `Z` is dead.
        while std::fs::read_to_string(state_file).is_ok_and(|text| !text.contains(") Z ")) {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "{state_file} still tells of a running process"
            );
            thread::sleep(Duration::from_millis(LOOK_MS));
        }
    }

    #[test]
    fn a_failing_step_says_what_to_do() {
        let fail = must(&mut command("false"), "the sky is grey", "wait for rain").unwrap_err();
        assert!(fail.to_string().contains("do: wait for rain"), "{fail}");
    }
}
