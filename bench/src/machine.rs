//! What the machine says of processes: CPU time and memory; and the programs that are started on it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Anything, figure::number};

/// How long a program may take to end by itself before it is killed.
const STOP_MAX: Duration = Duration::from_secs(15);
/// Ticks in which Linux tells CPU time, per second, on every architecture that we build for.
const TICKS_PER_S: f64 = 100.0;

/// A command for `program`. The only place of the benchmarks that makes one.
#[expect(clippy::disallowed_methods, reason = "measuring a program and its peers begins with starting them")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    // A setting from outside would be measured along.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ODEON_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end; its standard output. Fails with what it said.
pub(crate) fn run(command: &mut Command) -> Result<String, Anything> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().map_err(|error| format!("`{name}` could not be started: {error}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    Err(format!("`{name}` failed ({}): {}", out.status, String::from_utf8_lossy(&out.stderr).trim()).into())
}

/// The first line that a program says of its version, on either output.
pub(crate) fn version(program: &str, flag: &str, words: usize) -> String {
    let said = command(program).arg(flag).output().map(|out| [out.stdout, out.stderr].concat());
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    said.lines().next().unwrap_or(program).split_whitespace().take(words).collect::<Vec<_>>().join(" ")
}

/// A running program that is stopped by its id when this is dropped.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Anything> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|error| format!("`{name}` could not be started: {error}"))?;
        Ok(Self { child })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says yes, looking every `pause`.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        pause: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), Anything> {
        let begun = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("a program that was started ended at once ({status})").into());
            }
            if begun.elapsed() > limit {
                return Err(format!("a program did not get ready within {} s", limit.as_secs()).into());
            }
            std::thread::sleep(pause);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < STOP_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        eprintln!("a program did not end within {} s and is killed", STOP_MAX.as_secs());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU seconds that a process and its children which have ended took so far, user and system.
pub(crate) fn cpu_s(process: &str) -> Result<f64, Anything> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    cpu_of_stat(&stat).ok_or_else(|| format!("/proc/{process}/stat is not understood: {stat}").into())
}

/// The name is in parentheses and may hold anything; utime, stime, cutime and cstime are the 12th to 15th after it.
fn cpu_of_stat(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u64> =
        fields.split_whitespace().skip(11).take(4).map(|field| field.parse().ok()).collect::<Option<_>>()?;
    (ticks.len() == 4).then(|| number(ticks.iter().sum()) / TICKS_PER_S)
}

/// The same of a process and of its children that still run, such as nginx's workers.
pub(crate) fn family_cpu_s(id: u32) -> Result<f64, Anything> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    let mut sum = cpu_s(&id.to_string())?;
    for child in children.split_whitespace() {
        sum += cpu_s(child)?;
    }
    Ok(sum)
}

/// Resident memory of a process in megabytes (10⁶).
pub(crate) fn resident_mb(id: u32) -> Result<f64, Anything> {
    memory_mb(id, "VmRSS:")
}

/// The most that a process has had resident so far, in megabytes.
pub(crate) fn peak_mb(id: u32) -> Result<f64, Anything> {
    memory_mb(id, "VmHWM:")
}

fn memory_mb(id: u32, field: &str) -> Result<f64, Anything> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(number(kib.ok_or_else(|| format!("the process tells no {field}"))?) * 1024.0 / 1e6)
}

/// The average number of processes that wanted to run in the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}

/// A port of the loopback address that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, Anything> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Makes media with ffmpeg.
pub(crate) fn ffmpeg(arguments: &[&str], file: &Path) -> Result<(), Anything> {
    let mut ffmpeg = command("ffmpeg");
    run(ffmpeg.args(["-v", "error", "-y"]).args(arguments).arg(file)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_a_name_with_a_parenthesis() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 5 6 7 8 100 50 30 20 20 0 9 0 12 13";
        assert!((cpu_of_stat(stat).expect("understood") - 2.0).abs() < 1e-9);
        assert_eq!(cpu_of_stat("7 (a) S 1"), None);
    }
}
