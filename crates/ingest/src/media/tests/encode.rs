//! What leaves the encoder is exact.

use super::{
    super::{ladder, plan_music, plan_video},
    Encoded, ask, run, world,
};

/// Every rule that holds for every encode.
pub(super) fn assert_exact(encoded: &Encoded, frames: u64) {
    for (index, segments) in encoded.segments.iter().enumerate() {
        let (init, summary) = (&encoded.inits[index], encoded.summary[index]);
        let mut end = 0;
        for (number, segment) in segments.iter().enumerate() {
            assert_eq!(segment.number as usize, number);
            assert_eq!(segment.start, end, "segments follow each other to the tick");
            end = segment.start + segment.duration;
        }
        assert_eq!(summary.segments as usize, segments.len());
        assert_eq!(summary.duration, end);
        assert_eq!(summary.bytes, segments.iter().map(|segment| segment.data.len() as u64).sum::<u64>());
        assert_eq!(summary.samples, segments.iter().map(|segment| u64::from(segment.samples)).sum::<u64>());
        assert!(summary.bandwidth.peak_bps >= summary.bandwidth.average_bps || segments.len() > 1);
        if init.size.0 > 0 {
            assert_exact_video(encoded, index, frames);
        }
    }
    assert!(encoded.progress.is_sorted() && encoded.progress.last() == Some(&1.0));
    // Keyframes lie at the same places in all rungs: the segments' times are equal.
    let times =
        |index: usize| encoded.segments[index].iter().map(|s| (s.start, s.duration)).collect::<Vec<_>>();
    let videos: Vec<_> = (0..encoded.inits.len()).filter(|index| encoded.inits[*index].size.0 > 0).collect();
    assert!(videos.windows(2).all(|pair| times(pair[0]) == times(pair[1])));
}

fn assert_exact_video(encoded: &Encoded, index: usize, frames: u64) {
    let (init, fps) = (&encoded.inits[index], encoded.plan.fps.expect("video has a rate"));
    let file = encoded.joined(index);
    assert_eq!(ask(&file, "v", "stream=nb_read_frames"), frames.to_string(), "every frame, once");
    assert_eq!(encoded.summary[index].samples, frames);
    let tick = u64::from(init.timescale) * u64::from(fps.den) / u64::from(fps.num);
    let mut times: Vec<u64> = ask(&file, "v", "packet=pts")
        .lines()
        .map(|line| line.trim_end_matches(',').parse().expect("a time stamp, not negative"))
        .collect();
    times.sort_unstable();
    let expected: Vec<u64> = (0..frames).map(|frame| frame * tick).collect();
    assert_eq!(times, expected, "the first frame is shown at zero and each next one a frame later");
    for segment in &encoded.segments[index][..encoded.segments[index].len() - 1] {
        assert_eq!(segment.samples, encoded.plan.segment_frames);
    }
    let key = ask(&file, "v", "packet=flags");
    let keys = key.lines().filter(|flags| flags.starts_with('K')).count() as u64;
    assert_eq!(keys, frames.div_ceil(u64::from(encoded.plan.gop_frames)), "closed groups of two seconds");
}

#[tokio::test]
async fn every_frame_of_the_source_is_in_the_segments_once() {
    let world = world();
    let source = world.make(
        "a.mp4",
        "-f lavfi -i testsrc2=s=640x360:r=25:d=9 -f lavfi -i sine=d=9 -c:v libx264 -preset ultrafast -bf 2 -c:a aac",
    );
    let probe = world.probe(&source).await.expect("the probe");
    let plan = plan_video(&probe, "veryfast").expect("video");
    let encoded = world.encode_as(&source, &probe, plan).await;
    assert_eq!(encoded.names(), ["360p", "240p", "audio"]);
    assert_exact(&encoded, 225);
    assert_eq!(encoded.segments[0].len(), 3);
    assert_eq!(encoded.inits[0].codec, "avc1.64001e");
    assert_eq!(encoded.inits[0].size, (640, 360));
    assert_eq!(encoded.inits[2].codec, "mp4a.40.2");
    assert_eq!(encoded.inits[2].audio, (1, 44_100));
}

#[tokio::test]
async fn the_same_input_gives_the_same_bytes() {
    let world = world();
    let source = world.clip("a.mp4");
    let (first, second) = (world.encode(&source).await, world.encode(&source).await);
    assert_eq!(first.data(), second.data());
    assert!(first.data().len() >= 4);
}

/// Where the sound of a finished rendition begins, in samples from the presentation's zero: the first one above a
/// tenth of full scale. ffmpeg would move a file's first time stamp, the coder's delay before zero, to zero; a
/// player does not, hence `-copyts`.
fn onset(encoded: &Encoded) -> usize {
    let joined = encoded.joined(encoded.index("audio"));
    let joined = joined.to_str().expect("plain");
    let from_zero = ["-af", "aresample=async=1:first_pts=0", "-ac", "1", "-f", "s16le", "pipe:1"];
    let heard = run("ffmpeg", ["-v", "error", "-copyts", "-i", joined].into_iter().chain(from_zero));
    let loud = |pair: &[u8]| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs() > 3_000;
    heard.stdout.chunks_exact(2).position(loud).expect("there is sound")
}

#[tokio::test]
async fn sound_and_picture_stay_together() {
    let world = world();
    // Silence, then a full-scale tone from the first second on.
    let source = world.make(
        "a.mkv",
        "-f lavfi -i color=black:s=320x180:r=25:d=3 -f lavfi -i aevalsrc='gt(t\\,1)*sin(2000*t)':s=48000:d=3 \
         -c:v libx264 -preset ultrafast -c:a pcm_s16le",
    );
    let encoded = world.encode(&source).await;
    let late = onset(&encoded).abs_diff(48_000);
    assert!(late < 48, "the tone is {late} samples off its place (48 are a millisecond)");
}

#[tokio::test]
async fn a_late_sound_is_not_pulled_to_the_front() {
    let world = world();
    let source = world.make(
        "a.mkv",
        "-f lavfi -i color=black:s=320x180:r=25:d=3 -itsoffset 1 -f lavfi -i aevalsrc='sin(2000*t)':s=48000:d=2 \
         -c:v libx264 -preset ultrafast -c:a pcm_s16le",
    );
    let encoded = world.encode(&source).await;
    let late = onset(&encoded).abs_diff(48_000);
    assert!(late < 48, "the tone is {late} samples off its place (48 are a millisecond)");
}

#[tokio::test]
async fn a_lossless_song_stays_lossless() {
    for (name, format, bits) in [("a.flac", "s16", 16), ("b.flac", "s32", 24)] {
        let world = world();
        let source = world.make(
            name,
            &format!("-f lavfi -i anoisesrc=d=5:r=44100:seed=1 -ac 2 -sample_fmt {format} -c:a flac"),
        );
        let probe = world.probe(&source).await.expect("the probe");
        assert_eq!((probe.audio[0].lossless, probe.audio[0].bits), (true, Some(bits)));
        let plan = plan_music(&probe).expect("music");
        let encoded = world.encode_as(&source, &probe, plan).await;
        assert_eq!(encoded.names(), ["flac", "aac-256", "aac-128", "opus-128", "opus-64"]);
        assert_exact(&encoded, 0);
        let sum = |path: &std::path::Path| {
            let args = [
                "-v",
                "error",
                "-i",
                path.to_str().expect("plain"),
                "-c:a",
                "pcm_s32le",
                "-f",
                "md5",
                "pipe:1",
            ];
            String::from_utf8(run("ffmpeg", args).stdout).expect("a sum")
        };
        assert_eq!(sum(&source), sum(&encoded.joined(0)), "sample for sample");
        let codecs: Vec<_> = encoded.inits.iter().map(|init| init.codec.as_str()).collect();
        assert_eq!(codecs, ["fLaC", "mp4a.40.2", "mp4a.40.2", "Opus", "Opus"]);
        assert_eq!(encoded.inits[0].audio, (2, 44_100));
    }
}

#[tokio::test]
async fn bandwidths_are_those_of_the_segments() {
    let world = world();
    let source =
        world.make("a.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=9 -c:v libx264 -preset ultrafast");
    let encoded = world.encode(&source).await;
    for (index, summary) in encoded.summary.iter().enumerate() {
        let timescale = u64::from(encoded.inits[index].timescale);
        let rate =
            |segment: &super::Segment| (segment.data.len() as u64 * 8 * timescale).div_ceil(segment.duration);
        assert_eq!(
            summary.bandwidth.peak_bps,
            encoded.segments[index].iter().map(rate).max().expect("segments")
        );
        let average = (summary.bytes * 8 * timescale).div_ceil(summary.duration);
        assert_eq!(summary.bandwidth.average_bps, average);
    }
}

#[tokio::test]
async fn a_segment_is_handed_out_while_the_encode_still_runs() {
    let world = world();
    let source =
        world.make("a.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=60 -c:v libx264 -preset ultrafast");
    let probe = world.probe(&source).await.expect("the probe");
    let plan = plan_video(&probe, "veryfast").expect("video");
    let mut encoding = world
        .engine
        .encode(&source, &probe, &plan, world.folder.path(), &super::cancel())
        .await
        .expect("the start");
    // The caller stops taking events after the first segment: ffmpeg must wait for it and not run ahead, since
    // every event waits in memory.
    let mut seen = 0.0;
    loop {
        match encoding.next().await.expect("a segment comes") {
            super::EncodeEvent::Progress(fraction) => seen = fraction,
            super::EncodeEvent::Segment(segment) => {
                assert_eq!(segment.start, 0);
                break;
            }
            super::EncodeEvent::Init(_) => {}
        }
    }
    assert!(seen < 0.9, "the first of 15 segments came at {seen}");
    let mut segments = 1;
    while let Some(event) = encoding.next().await {
        segments += usize::from(matches!(event, super::EncodeEvent::Segment(_)));
    }
    encoding.finish().await.expect("the encode");
    assert_eq!(segments, 15 * plan.renditions.len());
    assert_eq!(ladder::SEGMENT_MS, 4_000);
}
