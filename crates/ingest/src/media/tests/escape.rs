//! The sandbox holds even where the format list and our own care are absent: here ffmpeg gets no list at all,
//! and other programs stand for an ffmpeg that was taken over.

use std::{
    ffi::OsString,
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    super::sandbox::{Finish, Pulse, Task},
    World, cancel, run, world,
};

/// A task with nothing but what the test gives it.
pub(super) fn task<'a>(program: &'a Path, args: &[&str], read: &[&Path], pipes: &[&Path]) -> Task<'a> {
    let owned = |paths: &[&Path]| paths.iter().map(|path| (*path).to_owned()).collect();
    Task {
        program,
        name: "the program",
        args: args.iter().map(OsString::from).collect(),
        read: owned(read),
        pipes: owned(pipes),
        folder: None,
        stdin: None,
        time_max: Duration::from_secs(20),
        stall_max: None,
        memory_bytes_max: 2 << 30,
        nice: 0,
    }
}

async fn confined(world: &World, task: Task<'_>) -> (Finish, Vec<u8>) {
    let mut output = Vec::new();
    let mut keep = |bytes: &[u8]| {
        output.extend_from_slice(bytes);
        Ok(())
    };
    let run = super::launcher();
    let finish = run.run(task, &cancel(), &Pulse::default(), &mut keep).await.expect("the sandbox stands");
    let _ = world;
    (finish, output)
}

/// A shell in the sandbox: an intruder who can run what they like.
async fn intruder(world: &World, script: &str) -> (String, String) {
    let shell = PathBuf::from("/bin/sh").canonicalize().expect("a shell");
    let (finish, output) = confined(world, task(&shell, &["-c", script], &[], &[])).await;
    (String::from_utf8_lossy(&output).into_owned(), String::from_utf8_lossy(&finish.stderr).into_owned())
}

#[tokio::test]
async fn a_list_of_files_yields_no_other_file_even_without_a_format_list() {
    let world = world();
    let secret = world.make("secret.ts", "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -c:v mpeg2video");
    let list = world.write("list.mp4", format!("ffconcat version 1.0\nfile {}\n", secret.display()));
    let args = [
        "-v",
        "error",
        "-safe",
        "0",
        "-f",
        "concat",
        "-i",
        list.to_str().expect("plain"),
        "-c",
        "copy",
        "-f",
        "mpegts",
        "pipe:1",
    ];
    let open = run("ffmpeg", args);
    assert!(open.stdout.len() > 1000, "outside the sandbox the trick works, or this test proves nothing");
    let ffmpeg = world.engine.tools().ffmpeg.clone();
    let (finish, output) = confined(&world, task(&ffmpeg, &args, &[&list], &[])).await;
    assert!(!finish.status.success());
    assert!(output.is_empty());
    assert!(String::from_utf8_lossy(&finish.stderr).contains("Permission denied"));
}

#[tokio::test]
async fn a_playlist_yields_no_other_file_even_without_a_format_list() {
    let world = world();
    let secret = world.make("secret.ts", "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -c:v mpeg2video");
    let text =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", secret.display());
    let list = world.write("list.mp4", text);
    let args = [
        "-v",
        "error",
        "-allowed_extensions",
        "ALL",
        "-i",
        list.to_str().expect("plain"),
        "-c",
        "copy",
        "-f",
        "mpegts",
        "pipe:1",
    ];
    let open = run("ffmpeg", args);
    assert!(open.stdout.len() > 1000, "outside the sandbox the trick works, or this test proves nothing");
    let ffmpeg = world.engine.tools().ffmpeg.clone();
    let (finish, output) = confined(&world, task(&ffmpeg, &args, &[&list], &[])).await;
    assert!(!finish.status.success());
    assert!(output.is_empty());
}

#[tokio::test]
async fn the_password_file_cannot_be_read() {
    let world = world();
    let args =
        ["-v", "error", "-f", "data", "-i", "/etc/passwd", "-map", "0", "-c", "copy", "-f", "data", "pipe:1"];
    let open = run("ffmpeg", args);
    assert!(open.stdout.starts_with(b"root:"), "outside the sandbox this works");
    let ffmpeg = world.engine.tools().ffmpeg.clone();
    let (finish, output) = confined(&world, task(&ffmpeg, &args, &[], &[])).await;
    assert!(!finish.status.success() && output.is_empty());
    let (output, errors) =
        intruder(&world, "read line < /etc/passwd; echo \"$line\"; echo /root/* /home/* /proc/1/*").await;
    assert!(!output.contains("root:") && errors.contains("Permission denied"), "{output} {errors}");
    assert_eq!(output.trim(), "/root/* /home/* /proc/1/*", "folders cannot be listed");
}

#[tokio::test]
async fn nothing_can_be_written_anywhere() {
    let world = world();
    let source = world.clip("a.mp4");
    let before = std::fs::read(&source).expect("the clip");
    let other = world.path("other.ts");
    let ffmpeg = world.engine.tools().ffmpeg.clone();
    for target in [&other, &source] {
        let args = [
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            "sine=d=1",
            "-f",
            "mpegts",
            target.to_str().expect("plain"),
        ];
        let mut task = task(&ffmpeg, &args, &[&source], &[]);
        task.folder = Some(world.folder.path().to_owned());
        let (finish, _) = confined(&world, task).await;
        assert!(!finish.status.success());
    }
    assert!(!other.exists());
    assert_eq!(std::fs::read(&source).expect("the clip"), before);
    let place = world.path("note");
    let script = format!(
        "echo x > {0}; echo x >> {1}; mkdir {0}; echo x > /dev/shm/odeon-test",
        place.display(),
        source.display()
    );
    let (_, errors) = intruder(&world, &script).await;
    assert!(!place.exists() && !Path::new("/dev/shm/odeon-test").exists(), "{errors}");
    assert_eq!(std::fs::read(&source).expect("the clip"), before);
}

#[tokio::test]
async fn there_is_no_network() {
    let world = world();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("nonblocking");
    let port = listener.local_addr().expect("an address").port();
    let address = format!("tcp://127.0.0.1:{port}?timeout=300000");
    let args = ["-v", "error", "-rw_timeout", "300000", "-i", &address, "-f", "null", "-"];
    let ffmpeg = world.engine.tools().ffmpeg.clone();
    let (finish, _) = confined(&world, task(&ffmpeg, &args, &[], &[])).await;
    let said = String::from_utf8_lossy(&finish.stderr).into_owned();
    assert!(said.contains("Operation not permitted"), "the socket itself is refused: {said}");
    assert!(listener.accept().is_err(), "nobody came");
    run("ffmpeg", args);
    assert!(listener.accept().is_ok(), "outside the sandbox somebody comes");
}

#[tokio::test]
async fn no_other_program_can_be_started_and_nobody_signalled() {
    let world = world();
    let (output, errors) =
        intruder(&world, "echo begun; kill -0 $PPID || echo deaf; (echo child); echo after").await;
    assert_eq!(output, "begun\ndeaf\n", "{errors}");
    assert!(errors.contains("fork"), "{errors}");
    // Without a fork: the program itself becomes another one.
    let (output, errors) = intruder(&world, "exec /bin/ls /").await;
    assert!(output.is_empty() && errors.contains("Permission denied"), "{output} {errors}");
}

#[tokio::test]
async fn the_environment_is_empty_and_the_limits_stand() {
    let world = world();
    let (output, _) = intruder(&world, "export -p; ulimit -v; ulimit -c; ulimit -f; ulimit -n").await;
    assert!(!output.contains("HOME") && !output.contains("CARGO"), "{output}");
    let lines: Vec<_> = output.lines().filter(|line| !line.starts_with("export")).collect();
    assert_eq!(lines, ["2097152", "0", "0", "256"]);
}

#[tokio::test]
async fn a_pipe_named_for_writing_can_be_written() {
    // The other tests would also hold in a sandbox in which nothing works at all.
    let world = world();
    let (output, errors) =
        intruder(&world, "echo alive; read x < /dev/urandom && echo random > /dev/null").await;
    assert_eq!(output, "alive\n", "{errors}");
    let report = super::launcher().check().await.expect("a sandbox");
    assert!(report.landlock.starts_with('V'), "{report:?}");
}
