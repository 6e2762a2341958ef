//! Whatever runs in the sandbox ends: by itself, by a limit, or with us.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{io::AsyncBufReadExt as _, sync::mpsc, time::timeout};

use super::{
    super::{
        EncodeLimits, MediaError, ProbeLimits, plan_video,
        sandbox::{Pulse, STDERR_BYTES_MAX},
    },
    cancel, launcher, world,
};

fn shell() -> PathBuf {
    Path::new("/bin/sh").canonicalize().expect("a shell")
}

/// Says its number and then spins for ever.
const SPIN: [&str; 2] = ["-c", "echo $$; while :; do :; done"];

/// Waits until a process is gone, its corpse included.
async fn gone(pid: &str) {
    let path = PathBuf::from(format!("/proc/{pid}"));
    timeout(Duration::from_secs(10), async {
        while path.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the process is gone");
}

#[tokio::test]
async fn a_task_that_takes_too_long_is_ended() {
    let shell = shell();
    let mut task = super::escape::task(&shell, &SPIN, &[], &[]);
    // On a busy machine too it has begun by then, and said its number.
    task.time_max = Duration::from_secs(2);
    let mut pid = Vec::new();
    let mut keep = |bytes: &[u8]| {
        pid.extend_from_slice(bytes);
        Ok(())
    };
    let error = launcher().run(task, &cancel(), &Pulse::default(), &mut keep).await.expect_err("a limit");
    assert!(matches!(error, MediaError::Limit { code: "time", .. }), "{error:?}");
    gone(String::from_utf8_lossy(&pid).trim()).await;
}

#[tokio::test]
async fn a_task_that_stands_still_is_ended() {
    let shell = shell();
    let mut task = super::escape::task(&shell, &SPIN, &[], &[]);
    task.stall_max = Some(Duration::from_millis(200));
    let error =
        launcher().run(task, &cancel(), &Pulse::default(), &mut |_| Ok(())).await.expect_err("a limit");
    assert!(matches!(error, MediaError::Limit { code: "stalled", .. }), "{error:?}");
}

#[tokio::test]
async fn a_task_that_waits_for_its_reader_is_not_said_to_stand_still() {
    let shell = shell();
    let mut task = super::escape::task(&shell, &SPIN, &[], &[]);
    task.stall_max = Some(Duration::from_millis(100));
    task.time_max = Duration::from_millis(600);
    let pulse = Pulse::default();
    let busy = pulse.excused(std::future::pending::<()>());
    let (token, mut ignore) = (cancel(), |_: &[u8]| Ok(()));
    let start = launcher();
    let run = start.run(task, &token, &pulse, &mut ignore);
    let error = tokio::select! { result = run => result.expect_err("a limit"), () = busy => unreachable!() };
    assert!(matches!(error, MediaError::Limit { code: "time", .. }), "{error:?}");
}

#[tokio::test]
async fn a_cancelled_task_is_ended_and_reaped() {
    let shell = shell();
    let (sender, mut pids) = mpsc::unbounded_channel();
    let token = cancel();
    let running = tokio::spawn({
        let token = token.clone();
        async move {
            let task = super::escape::task(&shell, &SPIN, &[], &[]);
            let mut tell = |bytes: &[u8]| {
                let _ = sender.send(String::from_utf8_lossy(bytes).trim().to_owned());
                Ok(())
            };
            launcher().run(task, &token, &Pulse::default(), &mut tell).await.map(|_| ())
        }
    });
    let pid = pids.recv().await.expect("it has begun");
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    token.cancel();
    assert_eq!(running.await.expect("no panic"), Err(MediaError::Cancelled));
    gone(&pid).await;
}

#[tokio::test]
async fn a_dropped_task_is_ended() {
    let shell = shell();
    let (sender, mut pids) = mpsc::unbounded_channel();
    let running = tokio::spawn(async move {
        let task = super::escape::task(&shell, &SPIN, &[], &[]);
        let mut tell = |bytes: &[u8]| {
            let _ = sender.send(String::from_utf8_lossy(bytes).trim().to_owned());
            Ok(())
        };
        launcher().run(task, &cancel(), &Pulse::default(), &mut tell).await.map(|_| ())
    });
    let pid = pids.recv().await.expect("it has begun");
    running.abort();
    gone(&pid).await;
}

#[tokio::test]
async fn only_the_end_of_what_is_said_is_kept() {
    let shell = shell();
    let script =
        "i=0; while [ $i -lt 4000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo last >&2; exit 3";
    let task = super::escape::task(&shell, &["-c", script], &[], &[]);
    let finish = launcher().run(task, &cancel(), &Pulse::default(), &mut |_| Ok(())).await.expect("it runs");
    assert_eq!(finish.status.code(), Some(3));
    assert_eq!(finish.stderr.len(), STDERR_BYTES_MAX);
    assert!(finish.stderr.ends_with(b"last\n"));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let mut tools = super::Tools::find().expect("ffmpeg");
    tools.ffprobe = PathBuf::from("/usr/bin/ffprobe-of-nowhere");
    let world = world();
    let engine = super::Engine::new(tools, launcher());
    let error = engine.probe(&world.clip("a.mp4"), &cancel()).await.expect_err("no program");
    assert!(matches!(error, MediaError::Missing { .. } | MediaError::Unconfined { .. }), "{error:?}");
    let none = super::Tools::find_in(std::ffi::OsStr::new("/nowhere"));
    assert!(none.is_ok(), "the usual folders are looked at whatever PATH says");
}

#[tokio::test]
async fn a_program_that_is_no_sandbox_is_noticed() {
    let error = super::Launcher::other_program("/bin/true".into()).check().await.expect_err("no sandbox");
    assert!(matches!(error, MediaError::Unconfined { .. }), "{error:?}");
}

#[tokio::test]
async fn an_encode_that_grows_too_large_is_ended_and_leaves_nothing() {
    let world = world();
    let source = world.clip("a.mp4");
    let probe = world.probe(&source).await.expect("the probe");
    let plan = plan_video(&probe, "ultrafast").expect("video");
    let limits = EncodeLimits { output_bytes_max: 10_000, ..EncodeLimits::default() };
    let engine = world.engine.clone().with_limits(ProbeLimits::default(), limits);
    let folder = tempfile::tempdir().expect("a folder");
    let mut encoding =
        engine.encode(&source, &probe, &plan, folder.path(), &cancel()).await.expect("the start");
    while encoding.next().await.is_some() {}
    let error = encoding.finish().await.expect_err("a limit");
    assert!(matches!(error, MediaError::Limit { code: "output", .. }), "{error:?}");
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0);
}

#[tokio::test]
async fn an_abandoned_encode_leaves_nothing() {
    let world = world();
    let source =
        world.make("a.mp4", "-f lavfi -i testsrc2=s=320x180:r=25:d=60 -c:v libx264 -preset ultrafast");
    let probe = world.probe(&source).await.expect("the probe");
    let plan = plan_video(&probe, "veryfast").expect("video");
    let folder = tempfile::tempdir().expect("a folder");
    let mut encoding =
        world.engine.encode(&source, &probe, &plan, folder.path(), &cancel()).await.expect("the start");
    assert!(encoding.next().await.is_some());
    assert!(folder.path().read_dir().expect("the folder").count() > 0);
    drop(encoding);
    timeout(Duration::from_secs(10), async {
        while folder.path().read_dir().expect("the folder").count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the pipes are gone");
}

/// Whether a process runs; one that has ended but is not yet reaped does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn what_runs_in_the_sandbox_dies_with_the_program_that_started_it() {
    let script = format!(
        "'{}' {} --parent $$ --memory 1000000000 --cpu 60 -- {} -c 'echo $$; while :; do :; done' & wait",
        super::sandbox_program().display(),
        super::super::SANDBOX_WORD,
        shell().display()
    );
    #[expect(clippy::disallowed_methods, reason = "stands for the program that is killed")]
    let mut command = tokio::process::Command::new("/bin/sh");
    let mut program = command
        .args(["-c", &script])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a shell");
    let mut lines = tokio::io::BufReader::new(program.stdout.take().expect("piped")).lines();
    let pid = lines.next_line().await.expect("read").expect("its number");
    assert!(runs(&pid));
    program.kill().await.expect("killed");
    timeout(Duration::from_secs(10), async {
        while runs(&pid) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it died too");
}
