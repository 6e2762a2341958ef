//! The media engine on real media, made on the spot by the real ffmpeg.

mod bad;
mod boxes;
mod encode;
mod escape;
mod kinds;
mod ladder;
mod probe;
mod run;
mod sound;
mod transcode;
mod watch;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Output,
};

use bytes::Bytes;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{
    EncodeEvent, EncodeSummary, Engine, Launcher, MediaError, Plan, Probe, RenditionInit, Segment, Tools,
    plan_music, plan_video,
};

/// A folder with media in it and an engine to treat them with.
struct World {
    folder: TempDir,
    engine: Engine,
}

fn world() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tools = Tools::find().expect("ffmpeg is installed (apt install ffmpeg)");
    World { folder, engine: Engine::new(tools, launcher()) }
}

fn launcher() -> Launcher {
    Launcher::other_program(sandbox_program())
}

/// The test program has a main of its own, so the sandbox is an example beside it.
fn sandbox_program() -> PathBuf {
    let tests = std::env::current_exe().expect("a test knows its own file");
    let sandbox = tests.parent().and_then(Path::parent).expect("target/…/deps").join("examples/sandbox");
    assert!(sandbox.is_file(), "build it first: cargo build -p ingest --examples");
    sandbox
}

fn cancel() -> CancellationToken {
    CancellationToken::new()
}

/// Runs a program outside the sandbox, on the test's own media.
fn run<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Output {
    #[expect(clippy::disallowed_methods, reason = "the test's own media and measurements, not the engine's")]
    let mut command = std::process::Command::new(program);
    command.args(args).output().expect("the program starts")
}

/// Asks ffprobe one thing of a file.
fn ask(file: &Path, stream: &str, entries: &str) -> String {
    let args = [
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        stream,
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
    ];
    let output = run("ffprobe", args.iter().map(OsStr::new).chain([file.as_os_str()]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().trim_end_matches(',').to_owned()
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the folder can be written");
        path
    }

    /// Makes a file with ffmpeg; `args` in shell-like words.
    fn make(&self, name: &str, args: &str) -> PathBuf {
        let path = self.path(name);
        let start = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"].map(OsStr::new);
        let words =
            start.into_iter().chain(args.split_whitespace().map(OsStr::new)).chain([path.as_os_str()]);
        let output = run("ffmpeg", words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        path
    }

    /// A little H.264 and AAC.
    fn clip(&self, name: &str) -> PathBuf {
        self.make(name, "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -f lavfi -i sine=d=1 -c:v libx264 -preset ultrafast -c:a aac")
    }

    async fn probe(&self, path: &Path) -> Result<Probe, MediaError> {
        self.engine.probe(path, &cancel()).await
    }

    async fn refusal(&self, path: &Path) -> MediaError {
        self.probe(path).await.expect_err("it must be refused")
    }

    async fn encode(&self, path: &Path) -> Encoded {
        let probe = self.probe(path).await.expect("the probe");
        let plan = plan_video(&probe, "ultrafast").or_else(|| plan_music(&probe)).expect("sound or picture");
        self.encode_as(path, &probe, plan).await
    }

    async fn encode_as(&self, path: &Path, probe: &Probe, plan: Plan) -> Encoded {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut encoding =
            self.engine.encode(path, probe, &plan, folder.path(), &cancel()).await.expect("the start");
        let mut inits: Vec<Option<RenditionInit>> = vec![None; plan.renditions.len()];
        let mut segments: Vec<Vec<Segment>> = vec![Vec::new(); plan.renditions.len()];
        let mut progress = Vec::new();
        while let Some(event) = encoding.next().await {
            match event {
                EncodeEvent::Init(init) => {
                    let place = init.rendition;
                    assert!(inits[place].replace(init).is_none(), "an init comes once");
                }
                EncodeEvent::Segment(segment) => {
                    assert!(inits[segment.rendition].is_some(), "the init comes first");
                    segments[segment.rendition].push(segment);
                }
                EncodeEvent::Progress(fraction) => progress.push(fraction),
            }
        }
        let summary = encoding.finish().await.expect("the encode");
        assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the pipes are gone");
        let inits = inits.into_iter().map(|init| init.expect("each rendition begins")).collect();
        Encoded { probe: probe.clone(), plan, inits, segments, progress, summary, folder }
    }
}

/// All that an encode gave.
struct Encoded {
    probe: Probe,
    plan: Plan,
    inits: Vec<RenditionInit>,
    segments: Vec<Vec<Segment>>,
    progress: Vec<f64>,
    summary: EncodeSummary,
    folder: TempDir,
}

impl Encoded {
    fn index(&self, name: &str) -> usize {
        let names: Vec<_> = self.plan.renditions.iter().map(|rendition| rendition.name.as_str()).collect();
        names.iter().position(|other| *other == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
    }

    fn names(&self) -> Vec<&str> {
        self.plan.renditions.iter().map(|rendition| rendition.name.as_str()).collect()
    }

    /// Initialisation and segments of a rendition in one file, as a player sees them.
    fn joined(&self, rendition: usize) -> PathBuf {
        let mut whole = self.inits[rendition].data.to_vec();
        self.segments[rendition].iter().for_each(|segment| whole.extend_from_slice(&segment.data));
        let path = self.folder.path().join(format!("joined-{rendition}.mp4"));
        std::fs::write(&path, whole).expect("the folder can be written");
        path
    }

    fn data(&self) -> Vec<Bytes> {
        let inits = self.inits.iter().map(|init| init.data.clone());
        inits.chain(self.segments.iter().flatten().map(|segment| segment.data.clone())).collect()
    }
}
