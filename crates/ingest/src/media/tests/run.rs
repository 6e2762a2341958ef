//! An album in one run, decoded again: nothing is missing at the seams and nothing was put there.

use std::path::{Path, PathBuf};

use catalog::media::{Source, SourceFile};

use super::{
    super::{EncodeEvent, MediaError, RunFile, RunPlan, RunRange, SampleFormat, plan_run},
    World, cancel, run, world,
};

/// A finished run.
struct Whole {
    plan: RunPlan,
    ranges: Vec<RunRange>,
    /// Initialisation and segments of each rendition in one file, as a player has them.
    joined: Vec<PathBuf>,
    edits: Vec<u64>,
    timescales: Vec<u32>,
    durations: Vec<u64>,
    _folder: tempfile::TempDir,
}

impl Whole {
    fn index(&self, name: &str) -> usize {
        let names = self.plan.plan.renditions.iter().position(|rendition| rendition.name == name);
        names.unwrap_or_else(|| panic!("no {name}"))
    }
}

/// The files as the catalogue knows them.
async fn files(world: &World, paths: &[PathBuf]) -> Vec<RunFile> {
    let mut files = Vec::new();
    for path in paths {
        let probe = world.probe(path).await.expect("the probe");
        let sound = &probe.audio[0];
        let file = SourceFile {
            place: Source::file(path),
            bytes: probe.bytes,
            stamp: 1,
            mime: String::new(),
            codec: sound.codec.clone(),
            bitrate_kbps: sound.kbps.unwrap_or(0),
            sample_rate_hz: sound.rate_hz,
            channels: sound.channels,
            duration_ms: probe.duration_ms,
        };
        files.push(RunFile::known(path, &file).expect("sound"));
    }
    files
}

async fn whole(world: &World, paths: &[PathBuf]) -> Result<Whole, MediaError> {
    let files = files(world, paths).await;
    let plan = plan_run(&files).expect("sound");
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = world.engine.encode_run(files, &plan, folder.path(), &cancel())?;
    let count = plan.plan.renditions.len();
    let (mut data, mut edits, mut timescales) = (vec![Vec::new(); count], vec![0; count], vec![0; count]);
    while let Some(event) = run.encoding.next().await {
        match event {
            EncodeEvent::Init(init) => {
                edits[init.rendition] = init.edit_start;
                timescales[init.rendition] = init.timescale;
                data[init.rendition].extend_from_slice(&init.data);
            }
            EncodeEvent::Segment(segment) => data[segment.rendition].extend_from_slice(&segment.data),
            EncodeEvent::Progress(_) => {}
        }
    }
    let summary = run.encoding.finish().await?;
    let mut ranges = Vec::new();
    while let Some(range) = run.ranges.recv().await {
        ranges.push(range);
    }
    let joined = (0..count).map(|index| folder.path().join(format!("{index}.mp4"))).collect::<Vec<_>>();
    joined.iter().zip(&data).for_each(|(path, data)| std::fs::write(path, data).expect("written"));
    let durations = summary.iter().map(|rendition| rendition.duration).collect();
    Ok(Whole { plan, ranges, joined, edits, timescales, durations, _folder: folder })
}

/// The samples of a file as its decoder gives them.
fn samples(path: &Path, format: &str, more: &[&str]) -> Vec<u8> {
    let mut args = vec!["-v", "error", "-i", path.to_str().expect("plain"), "-map", "0:a:0"];
    args.extend(more);
    let codec = format!("pcm_{format}");
    args.extend(["-c:a", &codec, "-f", format, "pipe:1"]);
    let decoded = run("ffmpeg", args);
    assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
    decoded.stdout
}

/// A sound without a break, cut where no wave, no codec's frame and no second ends.
fn cut_album(world: &World, ending: &str, more: &str, rate: u32) -> Vec<PathBuf> {
    let cuts = [0, 44_101, 97_777, 98_303, 230_001, 311_111];
    let piece = |at: usize| {
        let source = format!(
            "-f lavfi -i aevalsrc=exprs='0.4*sin(2*PI*(220+3*t)*t)+0.1*sin(2*PI*1733*t)|0.4*sin(2*PI*331*t)':s={rate}:d=9 \
             -af atrim=start_sample={}:end_sample={},asetpts=PTS-STARTPTS {more}",
            cuts[at],
            cuts[at + 1]
        );
        world.make(&format!("{at}.{ending}"), &source)
    };
    (0..cuts.len() - 1).map(piece).collect()
}

#[tokio::test]
async fn every_file_of_a_lossless_album_is_its_range_to_the_sample() {
    for (ending, more) in
        [("flac", "-sample_fmt s16"), ("flac", "-sample_fmt s32"), ("wav", "-c:a pcm_s16le")]
    {
        let world = world();
        let paths = cut_album(&world, ending, more, 44_100);
        let whole = whole(&world, &paths).await.expect("the run");
        assert_eq!(
            (whole.plan.format, whole.plan.rate_hz, whole.plan.channels),
            (SampleFormat::S32, 44_100, 2)
        );
        let mut start = 0;
        for (file, path) in paths.iter().enumerate() {
            let end = start + samples(path, "s32le", &[]).len() as u64 / 8;
            assert_eq!(whole.ranges[file], RunRange { file, start, end });
            start = end;
        }
        assert_eq!(whole.ranges.len(), paths.len());
        let names: Vec<&str> = whole.plan.plan.renditions.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["aac-256", "aac-128", "opus-128", "opus-64"], "lossless is joined from the files");
    }
}

/// Real numbers of the left channel.
fn left(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<4>().0.iter().step_by(2).map(|sample| f64::from(f32::from_le_bytes(*sample))).collect()
}

/// The loudest that `decoded` differs from `source` around a sample, and what the source has there.
fn difference(source: &[f64], decoded: &[f64], at: usize) -> (f64, f64) {
    let around = at.saturating_sub(960)..(at + 960).min(source.len());
    let (mut off, mut loud) = (0.0_f64, 0.0_f64);
    for place in around {
        off = off.max((source[place] - decoded[place]).abs());
        loud = loud.max(source[place].abs());
    }
    (off, loud)
}

#[tokio::test]
async fn a_lossy_album_in_one_run_differs_by_its_codec_and_by_nothing_at_the_seams() {
    let world = world();
    let paths = cut_album(&world, "flac", "-sample_fmt s16", 48_000);
    let whole = whole(&world, &paths).await.expect("the run");
    let album: Vec<f64> = paths.iter().flat_map(|path| left(&samples(path, "f32le", &[]))).collect();
    let end = whole.ranges.last().expect("ranges").end;
    assert_eq!(end, album.len() as u64);
    // Of a fragmented file ffmpeg skips the delay that the Opus header says, and leaves in what the edit list takes off.
    for (name, frame, delay, left_in) in [("opus-128", 960, 312, 0), ("aac-256", 1024, 1024, 1024)] {
        let index = whole.index(name);
        assert_eq!(
            (whole.timescales[index], whole.edits[index]),
            (48_000, delay),
            "{name}: the delay is declared"
        );
        // Whole frames, as many as hold the delay and the album and not one more.
        let held = whole.durations[index];
        assert!(held >= delay + end && held < delay + end + 2 * frame, "{name}: {held} for {end}");
        let decoded = left(&samples(&whole.joined[index], "f32le", &[])).split_off(left_in);
        let more = decoded.len().checked_sub(album.len()).expect("nothing is missing");
        assert!((more as u64) < 2 * frame, "{name}: {more} samples of the last frame");
        let mut elsewhere = 0.0_f64;
        for at in (20_000..album.len() - 20_000).step_by(9_973) {
            elsewhere = elsewhere.max(difference(&album, &decoded, at).0);
        }
        for range in &whole.ranges[1..] {
            let seam = usize::try_from(range.start).expect("small");
            let (off, loud) = difference(&album, &decoded, seam);
            assert!(loud > 0.3, "there is something to be heard at the seam");
            assert!(off < 0.05 && off <= 2.0 * elsewhere, "{name} at {seam}: {off}, elsewhere {elsewhere}");
        }
    }
}

#[tokio::test]
async fn files_of_other_rates_and_channels_are_fitted_in() {
    let world = world();
    let paths = [
        world.make("a.flac", "-f lavfi -i sine=f=400:r=44100:d=2 -ac 2"),
        world.make("b.mp3", "-f lavfi -i sine=f=500:r=44100:d=2 -ac 2 -c:a libmp3lame"),
        world.make("c.wav", "-f lavfi -i sine=f=600:r=96000:d=1.5 -ac 1"),
    ];
    let whole = whole(&world, &paths).await.expect("the run");
    assert_eq!((whole.plan.rate_hz, whole.plan.channels, whole.plan.format), (44_100, 2, SampleFormat::F32));
    let lengths: Vec<u64> = whole.ranges.iter().map(|range| range.end - range.start).collect();
    assert_eq!(lengths[..2], [88_200, 88_200]);
    assert!(lengths[2].abs_diff(66_150) <= 32, "{lengths:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_decoded_ends_the_run_with_its_reason() {
    let world = world();
    let mut paths = cut_album(&world, "flac", "-sample_fmt s16", 44_100);
    let mut listed = files(&world, &paths).await;
    let plan = plan_run(&listed).expect("sound");
    // It was whole when it was looked at.
    let mut bytes = std::fs::read(&paths[3]).expect("the file");
    let begin = bytes.windows(2).position(|pair| pair == [0xff, 0xf8]).expect("a frame");
    bytes[begin..].fill(0);
    std::fs::write(&paths[3], bytes).expect("written");
    let run =
        world.engine.encode_run(listed.clone(), &plan, world.folder.path(), &cancel()).expect("the start");
    let error = drain(run).await.expect_err("it can't be decoded");
    assert!(matches!(error, MediaError::Refused { .. }), "{error:?}");
    std::fs::remove_file(paths.remove(2)).expect("removed");
    let run =
        world.engine.encode_run(listed.clone(), &plan, world.folder.path(), &cancel()).expect("the start");
    assert_eq!(drain(run).await.expect_err("it is gone").code(), "absent");
    listed.clear();
    let none = world.engine.encode_run(listed, &plan, world.folder.path(), &cancel());
    assert_eq!(none.expect_err("nothing to do").code(), "files");
    assert!(plan_run(&[]).is_none());
}

async fn drain(mut run: super::super::Run) -> Result<(), MediaError> {
    while run.encoding.next().await.is_some() {}
    run.encoding.finish().await.map(|_| ())
}

#[tokio::test]
async fn a_cancelled_run_ends_and_leaves_nothing() {
    let world = world();
    let paths = [world.make("a.flac", "-f lavfi -i anoisesrc=d=120:r=44100 -ac 2")];
    let listed = files(&world, &paths).await;
    let plan = plan_run(&listed).expect("sound");
    let (folder, stop) = (tempfile::tempdir().expect("a folder"), cancel());
    let mut run = world.engine.encode_run(listed, &plan, folder.path(), &stop).expect("the start");
    run.encoding.next().await.expect("it begins");
    stop.cancel();
    assert_eq!(drain(run).await.expect_err("cancelled").code(), "cancelled");
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the pipes are gone");
}
