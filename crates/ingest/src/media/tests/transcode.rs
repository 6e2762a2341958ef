//! Sounds made into others, decoded again: the right codec, for the right time, from the right place, and no longer than
//! somebody listens.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::timeout;

use super::{
    super::{MediaError, Order, SoundCodec, SoundForm, Transcode, transcode::QUEUE_PIECES_MAX},
    World, ask, cancel, run, world,
};

fn form(codec: SoundCodec, kbps: u32, rate_hz: u32, channels: u32) -> SoundForm {
    SoundForm::new(codec, kbps, rate_hz, channels, None).expect("it can be had")
}

fn order(form: SoundForm, start_ms: u64, duration_ms: u64) -> Order {
    Order { form, start_ms, duration_ms, exact: true, part: None }
}

/// Eight seconds, each with a tone of its own: 400, 500, … 1100 Hz.
fn steps(world: &World, name: &str, more: &str) -> PathBuf {
    let tones = "-f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*(400+100*floor(t))*t)':s=44100:d=8 -ac 2";
    world.make(name, &format!("{tones} {more}"))
}

async fn all(mut transcode: Transcode) -> Result<Vec<u8>, MediaError> {
    let mut bytes = Vec::new();
    while let Some(piece) = transcode.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

/// What a player that reads a pipe hears: samples of the left channel at 48 kHz.
fn heard(path: &Path) -> Vec<f64> {
    let file = path.to_str().expect("plain");
    let args =
        ["-v", "error", "-i", file, "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1"];
    let decoded = run("ffmpeg", args);
    assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
    let samples = decoded.stdout.as_chunks::<4>().0.iter();
    samples.map(|sample| f64::from(f32::from_le_bytes(*sample))).collect()
}

/// The tone of a tenth of a second around a place: from how often the wave rises through zero.
fn tone(samples: &[f64], at_ms: usize) -> f64 {
    let part = &samples[(at_ms - 50) * 48..(at_ms + 50) * 48];
    let rises = part.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let hertz = rises as f64 * 10.0;
    hertz
}

/// Milliseconds of some samples.
fn length_ms(samples: &[f64]) -> u64 {
    samples.len() as u64 / 48
}

/// Makes a source into a form, from a place on, and gives a file of it.
async fn made(world: &World, source: &Path, order: Order) -> PathBuf {
    let transcode = world.engine.transcode(source, order, (), &cancel()).await.expect("it begins");
    let bytes = all(transcode).await.expect("it is whole");
    world.write(&format!("made.{}", order.form.codec().container()), bytes)
}

const FORMS: [(SoundCodec, u32, u32); 4] = [
    (SoundCodec::Mp3, 128, 44_100),
    (SoundCodec::Aac, 96, 44_100),
    (SoundCodec::Opus, 64, 48_000),
    (SoundCodec::Flac, 0, 44_100),
];

#[tokio::test]
async fn each_form_is_what_it_says_and_plays_for_as_long_as_its_source() {
    let world = world();
    let source = steps(&world, "steps.flac", "");
    for (codec, kbps, rate) in FORMS {
        let file = made(&world, &source, order(form(codec, kbps, rate, 2), 0, 8_000)).await;
        assert_eq!(
            ask(&file, "a:0", "stream=codec_name,sample_rate,channels"),
            format!("{},{rate},2", codec.name())
        );
        let samples = heard(&file);
        // AAC in ADTS can't say which samples at its ends are the coder's: a frame at the beginning and one at the end.
        let off = if codec == SoundCodec::Aac { 50 } else { 2 };
        assert!(length_ms(&samples).abs_diff(8_000) <= off, "{codec:?}: {} ms", length_ms(&samples));
        for (second, hertz) in (0..8).zip([400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0, 1100.0]) {
            let tone = tone(&samples, second * 1000 + 500);
            assert!((tone - hertz).abs() <= 10.0, "{codec:?} in second {second}: {tone} Hz");
        }
        if kbps > 0 {
            let bytes = std::fs::metadata(&file).expect("the file").len();
            assert!(bytes * 8 / 8000 <= u64::from(kbps) * 13 / 10, "{codec:?}: {bytes} bytes");
        }
    }
}

#[tokio::test]
async fn what_says_its_length_says_the_right_one_before_the_sound_has_come() {
    let world = world();
    let source = steps(&world, "steps.flac", "");
    for (codec, kbps, rate) in [FORMS[0], FORMS[3]] {
        let order = order(form(codec, kbps, rate, 2), 1_500, 8_000);
        let mut transcode = world.engine.transcode(&source, order, (), &cancel()).await.expect("it begins");
        let mut begin = Vec::new();
        while begin.len() < 65_536 {
            begin.extend_from_slice(&transcode.next().await.expect("a piece").expect("good"));
        }
        let file = world.write(&format!("begin.{}", codec.name()), &begin[..65_536]);
        let told = run(
            "ffprobe",
            [
                "-v",
                "error",
                "-show_entries",
                "format=duration",
                "-of",
                "csv=p=0",
                file.to_str().expect("plain"),
            ],
        );
        let told = String::from_utf8_lossy(&told.stdout).trim().parse::<f64>().expect("seconds");
        assert!((told - 6.5).abs() <= 0.05, "{codec:?} says {told} s");
    }
}

#[tokio::test]
async fn it_begins_where_it_shall_whatever_the_source_is() {
    let world = world();
    let sources = [
        steps(&world, "a.flac", ""),
        steps(&world, "a.wav", "-c:a pcm_s16le"),
        steps(&world, "cbr.mp3", "-c:a libmp3lame -b:a 128k"),
        steps(&world, "vbr.mp3", "-c:a libmp3lame -q:a 4"),
        steps(&world, "a.m4a", "-c:a aac"),
        steps(&world, "a.ogg", "-c:a libvorbis"),
        steps(&world, "a.opus", "-c:a libopus"),
    ];
    for source in sources {
        for (codec, kbps, rate) in FORMS {
            let file = made(&world, &source, order(form(codec, kbps, rate, 2), 3_250, 8_000)).await;
            let samples = heard(&file);
            let (name, length) = (source.file_name().expect("a name"), length_ms(&samples));
            assert!(length.abs_diff(4_750) <= 80, "{name:?} to {codec:?}: {length} ms");
            // Up to a frame of the source, and with AAC one of the result, the change is heard elsewhere.
            for (at_ms, hertz) in [(300, 700.0), (600, 700.0), (900, 800.0), (2_900, 1000.0), (4_200, 1100.0)]
            {
                let tone = tone(&samples, at_ms);
                assert!((tone - hertz).abs() <= 10.0, "{name:?} to {codec:?} at {at_ms} ms: {tone} Hz");
            }
        }
    }
}

#[tokio::test]
async fn rate_and_channels_are_those_of_the_form() {
    let world = world();
    let source = world.make("wide.flac", "-f lavfi -i sine=f=500:r=96000:d=1 -ac 6 -sample_fmt s32");
    for (form, told) in [
        (form(SoundCodec::Mp3, 320, 48_000, 1), "mp3,48000,1"),
        (form(SoundCodec::Opus, 32, 48_000, 2), "opus,48000,2"),
        (form(SoundCodec::Flac, 0, 96_000, 6), "flac,96000,6"),
    ] {
        let file = made(&world, &source, order(form, 0, 1_000)).await;
        assert_eq!(ask(&file, "a:0", "stream=codec_name,sample_rate,channels"), told);
    }
    for (bits, told) in [(16, "s16"), (24, "s32")] {
        let form = SoundForm::new(SoundCodec::Flac, 0, 48_000, 2, Some(bits)).expect("it can be had");
        let file = made(&world, &source, order(form, 0, 1_000)).await;
        assert_eq!(ask(&file, "a:0", "stream=sample_fmt"), told);
    }
}

#[tokio::test]
async fn a_promised_length_is_kept_to_the_byte() {
    let world = world();
    let source = steps(&world, "steps.flac", "");
    for (kbps, rate, channels) in [(128, 44_100, 2), (320, 48_000, 2), (32, 48_000, 1), (48, 44_100, 1)] {
        let form = form(SoundCodec::Mp3, kbps, rate, channels);
        // As long as it is, and as a file says it that lies by a second in either direction.
        for duration_ms in [8_000, 9_000, 7_000] {
            let whole = order(form, 500, duration_ms);
            let foretold = whole.bytes().expect("of a constant rate");
            let order = Order { part: Some((0, foretold)), ..whole };
            let transcode = world.engine.transcode(&source, order, (), &cancel()).await.expect("it begins");
            let bytes = all(transcode).await.expect("it is whole");
            assert_eq!(bytes.len() as u64, foretold, "{kbps} {rate} {duration_ms}");
            if duration_ms == 8_000 {
                let file = made(&world, &source, whole).await;
                let begin = std::fs::read(&file).expect("the file");
                assert!(bytes.starts_with(&begin), "filled at its end");
                let less = foretold - std::fs::metadata(file).expect("the file").len();
                assert!(
                    less <= u64::from(kbps) * 144_000 / u64::from(rate) * 2 + 2,
                    "{kbps} {rate}: {less} were filled"
                );
            }
        }
    }
    assert_eq!(order(form(SoundCodec::Opus, 64, 48_000, 2), 0, 8_000).bytes(), None);
    assert_eq!(
        order(form(SoundCodec::Mp3, 64, 48_000, 2), 0, 0).bytes(),
        None,
        "nobody knows how long it is"
    );
}

#[tokio::test]
async fn parts_of_one_result_are_the_whole() {
    let world = world();
    let source = steps(&world, "steps.flac", "");
    let order = order(form(SoundCodec::Mp3, 96, 44_100, 2), 0, 8_000);
    let end = order.bytes().expect("of a constant rate");
    let part = async |start: u64, end: u64| {
        let order = Order { part: Some((start, end)), ..order };
        let transcode = world.engine.transcode(&source, order, (), &cancel()).await.expect("it begins");
        all(transcode).await.expect("it is whole")
    };
    let whole = part(0, end).await;
    for cuts in [vec![0, 2, end], vec![0, 417, 418, 65_536, end], vec![0, end - 1, end]] {
        let mut joined = Vec::new();
        for pair in cuts.windows(2) {
            let one = part(pair[0], pair[1]).await;
            assert_eq!(one.len() as u64, pair[1] - pair[0], "{pair:?}");
            joined.extend(one);
        }
        assert!(joined == whole, "{cuts:?}");
    }
}

/// The processes that this one has started and that read a file with this in their arguments.
fn children(of: &str) -> BTreeSet<u32> {
    let own = std::process::id().to_string();
    let processes = std::fs::read_dir("/proc").expect("the list of processes").flatten();
    let numbers =
        processes.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    let is_ours = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1).map(str::to_owned));
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        parent.as_deref() == Some(own.as_str()) && String::from_utf8_lossy(&line).contains(of)
    };
    numbers.filter(is_ours).collect()
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

/// So long that nobody makes all of it while a test runs.
fn long(world: &World, name: &str) -> PathBuf {
    world.make(name, "-f lavfi -i anoisesrc=r=8000:d=3000 -ac 1 -c:a pcm_u8")
}

/// Waits until a process has written nothing for a while; the bytes that it has written.
async fn wait_until_it_stands_still(pid: &str) -> u64 {
    let written = || {
        let io = std::fs::read_to_string(format!("/proc/{pid}/io")).expect("it runs");
        let count = io.lines().find_map(|line| line.strip_prefix("wchar: ")).expect("a count");
        count.parse::<u64>().expect("a number")
    };
    let mut before = written();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = written();
        if now == before {
            return now;
        }
        before = now;
    }
    panic!("it goes on writing: {before} bytes")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_ends_with_its_listener_and_does_not_run_ahead_of_him() {
    let world = world();
    let source = long(&world, "listened-to.wav");
    let order = order(form(SoundCodec::Flac, 0, 48_000, 2), 0, 3_000_000);
    let held = std::sync::Arc::new(());
    let mut transcode =
        world.engine.transcode(&source, order, held.clone(), &cancel()).await.expect("it begins");
    assert_eq!(children("listened-to.wav").len(), 1);
    until("the queue is full", || transcode.waiting() == QUEUE_PIECES_MAX).await;
    // It stands still: what it has written is what it has written.
    let pid = *children("listened-to.wav").first().expect("a process");
    let bytes = wait_until_it_stands_still(&pid.to_string()).await;
    assert!(bytes < 4 << 20, "{bytes} bytes were written that nobody took");
    // It goes on when something is taken.
    for _ in 0..QUEUE_PIECES_MAX * 2 {
        transcode.next().await.expect("a piece").expect("good");
    }
    drop(transcode);
    until("the process is gone", || children("listened-to.wav").is_empty()).await;
    until("what was held is let go", || std::sync::Arc::strong_count(&held) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_when_it_is_cancelled_and_says_that_it_is_not_whole() {
    let world = world();
    let source = long(&world, "cancelled.wav");
    let order = order(form(SoundCodec::Mp3, 320, 48_000, 2), 0, 3_000_000);
    let stop = cancel();
    let transcode = world.engine.transcode(&source, order, (), &stop).await.expect("it begins");
    stop.cancel();
    assert_eq!(all(transcode).await.expect_err("it is not whole"), MediaError::Cancelled);
    until("the process is gone", || children("cancelled.wav").is_empty()).await;
    // So it is when who waits for the beginning goes away.
    let far = Order { start_ms: 2_900_000, ..order };
    let (engine, path) = (world.engine.clone(), source.clone());
    let begun = tokio::spawn(async move { engine.transcode(&path, far, (), &cancel()).await });
    until("the process is there", || begun.is_finished() || !children("cancelled.wav").is_empty()).await;
    begun.abort();
    drop(begun.await);
    until("the process is gone", || children("cancelled.wav").is_empty()).await;
}

#[tokio::test]
async fn what_is_no_sound_is_refused_before_anything_is_sent() {
    let world = world();
    let secret = steps(&world, "secret.flac", "");
    let name = secret.display();
    let order = order(form(SoundCodec::Mp3, 128, 44_100, 2), 0, 8_000);
    let playlists = [
        format!("#EXTM3U\n#EXTINF:8,\n{name}\n"),
        format!("ffconcat version 1.0\nfile {name}\n"),
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>".to_owned(),
    ];
    for text in playlists {
        let list = world.write("song.flac", text);
        let refused =
            world.engine.transcode(&list, order, (), &cancel()).await.expect_err("it names other files");
        assert_eq!(refused.code(), "playlist");
    }
    // One that the look at its beginning does not know is refused by ffmpeg's list of formats.
    let padded = world.write("padded.mp3", format!("{}#EXTM3U\n#EXTINF:8,\n{name}\n", "#\n".repeat(600)));
    let image = world.make("cover.png", "-f lavfi -i color=red:s=16x16 -frames:v 1");
    let noise = world.write("noise.mp3", b"not a sound at all, and nothing else".repeat(100));
    let silent = world.make("silent.mp4", "-f lavfi -i testsrc2=s=64x64:d=1 -c:v libx264 -preset ultrafast");
    for file in [padded, image, noise, silent] {
        let refused = world.engine.transcode(&file, order, (), &cancel()).await.expect_err("it is no sound");
        assert!(matches!(refused, MediaError::Refused { .. }), "{file:?}: {refused:?}");
        assert!(!refused.to_string().contains("/tmp"), "{refused} names no path");
    }
    let gone = world.engine.transcode(&world.path("gone.mp3"), order, (), &cancel()).await;
    assert_eq!(gone.expect_err("it is not there").code(), "absent");
    // From behind its end there is nothing to hear, though some formats write a beginning of it; and a little is enough.
    for (codec, kbps, rate) in FORMS {
        let over = Order { form: form(codec, kbps, rate, 2), start_ms: 9_000, duration_ms: 0, ..order };
        let refused =
            world.engine.transcode(&secret, over, (), &cancel()).await.expect_err("it is over there");
        assert_eq!(refused.code(), "no_sound", "{codec:?}");
        let last = Order { start_ms: 7_950, ..over };
        let last = world.engine.transcode(&secret, last, (), &cancel()).await.expect("it begins");
        assert!(!all(last).await.expect("it is whole").is_empty(), "{codec:?}");
    }
}

#[tokio::test]
async fn the_most_and_the_least_of_each_codec_can_be_had() {
    let world = world();
    let source = world.make("short.flac", "-f lavfi -i sine=f=500:r=48000:d=0.3 -ac 1");
    for (codec, rate) in [(SoundCodec::Mp3, 44_100), (SoundCodec::Aac, 44_100), (SoundCodec::Opus, 48_000)] {
        for channels in [1, 2] {
            let kbps = codec.kbps(channels);
            for kbps in [kbps[0], kbps[kbps.len() - 1]] {
                let file = made(&world, &source, order(form(codec, kbps, rate, channels), 0, 300)).await;
                let told = format!("{},{rate},{channels}", codec.name());
                assert_eq!(ask(&file, "a:0", "stream=codec_name,sample_rate,channels"), told, "{kbps}");
            }
        }
    }
    for channels in 1..=SoundCodec::Flac.channels_max() {
        let file = made(&world, &source, order(form(SoundCodec::Flac, 0, 8_000, channels), 0, 300)).await;
        assert_eq!(ask(&file, "a:0", "stream=codec_name,channels"), format!("flac,{channels}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_in_the_middle_makes_no_sound_that_seems_whole() {
    let world = world();
    let source = long(&world, "dying.wav");
    let whole = order(form(SoundCodec::Mp3, 320, 48_000, 2), 0, 3_000_000);
    let end = whole.bytes().expect("of a constant rate");
    for order in [whole, Order { part: Some((0, end)), ..whole }] {
        let mut transcode = world.engine.transcode(&source, order, (), &cancel()).await.expect("it begins");
        transcode.next().await.expect("a piece").expect("good");
        let pid = children("dying.wav").first().expect("a process").to_string();
        assert!(run("kill", ["-9", pid.as_str()]).status.success());
        let broken = all(transcode).await.expect_err("it is not whole");
        assert!(broken.is_transient(), "{broken:?}");
        assert!(children("dying.wav").is_empty(), "and nothing of it is left");
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_not_followed() {
    let world = world();
    let elsewhere = steps(&world, "elsewhere.flac", "");
    let link = world.path("song.flac");
    std::os::unix::fs::symlink(&elsewhere, &link).expect("linked");
    let order = order(form(SoundCodec::Mp3, 128, 44_100, 2), 0, 8_000);
    let refused = world.engine.transcode(&link, order, (), &cancel()).await.expect_err("it leads elsewhere");
    assert_eq!(refused.code(), "absent");
    assert_eq!(world.refusal(&link).await.code(), "absent", "nor is it probed");
}
