//! What is measured of sound, beside what ffmpeg's own meter says of the same files.

use std::path::{Path, PathBuf};

use catalog::sound::{Blocks, Sound, similarity};

use super::{World, cancel, run, world};

/// What ffmpeg's meter says of a sound: LUFS and dBTP.
#[derive(Clone, Copy, Debug)]
struct Metered {
    lufs: f64,
    peak_db: f64,
}

fn metered(inputs: &[&Path], graph: &str) -> Metered {
    let meter = format!("{graph}ebur128=metadata=1:peak=true,ametadata=mode=print:file=-");
    let mut args = vec!["-v", "error", "-nostats"];
    for input in inputs {
        args.extend(["-i", input.to_str().expect("plain")]);
    }
    args.extend(["-filter_complex", &meter, "-f", "null", "-"]);
    let said = run("ffmpeg", args);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let last = |key: &str| {
        let line = said.lines().rev().find_map(|line| line.strip_prefix(key));
        line.map(|value| value.parse::<f64>().expect("a number"))
    };
    Metered {
        lufs: last("lavfi.r128.I=").expect("the meter says it"),
        peak_db: 20.0 * last("lavfi.r128.true_peak=").expect("the meter says it").log10(),
    }
}

impl World {
    async fn hear(&self, path: &Path) -> Sound {
        self.engine.hear(path, &cancel()).await.expect("it is measured")
    }
}

fn lufs(sound: &Sound) -> f64 {
    sound.loudness.lufs.expect("it is to be heard").as_f64()
}

fn assert_as_metered(name: &str, sound: &Sound, metered: Metered, peak_off: f64) {
    let off = (lufs(sound) - metered.lufs).abs();
    assert!(off <= 0.1, "{name}: {} LUFS, ffmpeg {metered:?}", lufs(sound));
    let peak = sound.loudness.peak_db.expect("it is to be heard").as_f64();
    assert!((peak - metered.peak_db).abs() <= peak_off, "{name}: {peak} dBTP, ffmpeg {metered:?}");
    // Of the blocks that are kept, an album's is made: they must say the same.
    let kept = sound.blocks.integrated_lufs().expect("it is to be heard");
    assert!((kept - lufs(sound)).abs() <= 0.051, "{name}: {kept} of blocks");
}

/// A melody with chords, beats and breaths, in stereo, none of it twice the same.
const MUSIC: &str = "-f lavfi -i aevalsrc=exprs='0.3*sin(2*PI*220*t*(1+floor(mod(t*2\\,4))/8))*exp(-3*mod(t*2\\,1))\
                     +0.1*sin(2*PI*331*t)*gt(mod(t\\,5)\\,1)|0.3*sin(2*PI*277*t)*exp(-4*mod(t*3\\,1))+0.2*(random(0)-0.5)\
                     *exp(-30*mod(t*2\\,1))':s=44100:d=12";

/// Peaks that differ by this much are the same: that of ffmpeg is of a filter with more taps.
const SAME_DB: f64 = 0.15;
/// What the filter of BS.1770-4 (annex 2) may miss of a peak near half the rate: clicks and beginnings that are no
/// music's.
const SHARP_DB: f64 = 0.6;
/// ffmpeg says peaks in thousandths of full scale and after each whole tenth of a second: not to be compared.
const UNSAID_DB: f64 = f64::INFINITY;

/// Each with how far its peak may be from ffmpeg's, and what ffmpeg is told to make it.
fn sounds() -> Vec<(&'static str, f64, String)> {
    let sine = |hz: u32, volume: &str, more: &str| {
        format!("-f lavfi -i aevalsrc=exprs='{volume}*sin(2*PI*{hz}*t)':s=48000:d=5 {more}")
    };
    let noise = |rate: u32, seconds: f32, more: &str| {
        format!("-f lavfi -i anoisesrc=d={seconds}:r={rate}:seed=7:a=0.4:c=pink {more}")
    };
    vec![
        ("sine.wav", SAME_DB, sine(997, "0.1", "-ac 1 -c:a pcm_s24le")),
        ("stereo.flac", SAME_DB, sine(997, "0.7", "-ac 2")),
        ("low.flac", SAME_DB, sine(40, "0.5", "-ac 2")),
        ("high.wav", SHARP_DB, sine(11_000, "0.9", "-ac 2 -c:a pcm_f32le")),
        ("over.wav", SAME_DB, sine(997, "1.8", "-ac 2 -c:a pcm_f32le")),
        ("noise.flac", SAME_DB, noise(44_100, 6.0, "-ac 2")),
        ("phone.wav", SAME_DB, noise(8_000, 5.0, "-ac 1")),
        ("odd.wav", SAME_DB, noise(11_025, 5.0, "-ac 1")),
        ("fine.flac", SAME_DB, noise(96_000, 4.0, "-ac 2 -sample_fmt s32")),
        ("finest.wav", SAME_DB, noise(192_000, 3.0, "-ac 2")),
        (
            "surround.flac",
            SAME_DB,
            noise(48_000, 5.0, "-af pan='5.1|FL=c0|FR=0.8*c0|FC=0.5*c0|LFE=c0|BL=0.9*c0|BR=0.7*c0'"),
        ),
        ("quad.wav", SAME_DB, noise(48_000, 4.0, "-af pan='quad|FL=c0|FR=0.8*c0|BL=0.9*c0|BR=0.7*c0'")),
        ("music.flac", SHARP_DB, MUSIC.to_owned()),
        ("music.mp3", SAME_DB, format!("{MUSIC} -c:a libmp3lame -b:a 128k")),
        ("music.m4a", SAME_DB, format!("{MUSIC} -c:a aac -b:a 128k")),
        ("music.opus", SAME_DB, format!("{MUSIC} -c:a libopus -b:a 96k")),
        ("soft.flac", UNSAID_DB, format!("{MUSIC} -af volume=-45dB -sample_fmt s32")),
        ("half-silent.flac", SHARP_DB, format!("{MUSIC} -af apad=pad_dur=20")),
        ("short.wav", UNSAID_DB, noise(44_100, 0.45, "-ac 2")),
    ]
}

#[tokio::test]
async fn loudness_and_true_peak_are_those_of_ffmpegs_meter() {
    let world = world();
    for (name, peak_off, recipe) in sounds() {
        let path = world.make(name, &recipe);
        let sound = world.hear(&path).await;
        assert_as_metered(name, &sound, metered(&[&path], ""), peak_off);
    }
}

#[tokio::test]
async fn an_albums_loudness_is_that_of_its_tracks_played_on_end() {
    let world = world();
    let recipes = [
        MUSIC.to_owned(),
        format!("{MUSIC} -af volume=-25dB"),
        "-f lavfi -i anoisesrc=d=7:r=44100:seed=3:a=0.05:c=brown -ac 2".to_owned(),
        "-f lavfi -i anullsrc=r=44100:cl=stereo -t 9".to_owned(),
    ];
    let tracks: Vec<PathBuf> =
        recipes.iter().enumerate().map(|(at, recipe)| world.make(&format!("{at}.flac"), recipe)).collect();
    let (mut album, mut peak) = (Blocks::default(), None);
    for track in &tracks {
        let sound = world.hear(track).await;
        album.merge(&sound.blocks);
        peak = peak.max(sound.loudness.peak_db);
    }
    let inputs: Vec<&Path> = tracks.iter().map(PathBuf::as_path).collect();
    let all = metered(&inputs, "concat=n=4:v=0:a=1,");
    let own = album.integrated_lufs().expect("it is to be heard");
    assert!((own - all.lufs).abs() <= 0.1, "{own} LUFS, ffmpeg {all:?}");
    // The first is the loudest by far. Where they meet in the joined one there may be a click that none of them has.
    let loudest = metered(&inputs[..1], "");
    assert!(
        (peak.expect("a peak").as_f64() - loudest.peak_db).abs() <= SHARP_DB,
        "{peak:?}, ffmpeg {loudest:?}"
    );
}

#[tokio::test]
async fn samples_and_silence_are_counted_exactly() {
    let world = world();
    let tone =
        "-f lavfi -i aevalsrc=exprs='gte(n\\,4410)*lt(n\\,30870)*0.5*cos(2*PI*441*n/44100)':s=44100:d=1";
    for (name, more) in [("a.flac", ""), ("a.wav", "-ac 2"), ("b.flac", "-ac 6")] {
        let sound = world.hear(&world.make(name, &format!("{tone} {more}"))).await;
        let edges = sound.edges;
        assert_eq!((edges.sample_rate_hz, edges.samples), (44_100, 44_100), "{name}");
        assert_eq!((edges.lead_samples, edges.tail_samples), (4_410, 13_230), "{name}");
    }
    // Coders that put samples before and after say so in their files, and those are not counted.
    for (name, codec) in [("a.mp3", "libmp3lame"), ("a.opus", "libopus")] {
        let source =
            format!("-f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*441*t)':s=48000:d=1.2345 -c:a {codec}");
        let sound = world.hear(&world.make(name, &source)).await;
        assert_eq!(sound.edges.samples, 59_256, "{name}");
    }
}

#[tokio::test]
async fn what_is_silent_or_shorter_than_a_block_has_no_loudness() {
    let world = world();
    let silence = world.make("silence.flac", "-f lavfi -i anullsrc=r=44100:cl=stereo -t 3");
    let sound = world.hear(&silence).await;
    assert_eq!((sound.loudness.lufs, sound.loudness.peak_db, sound.range_lu), (None, None, None));
    assert_eq!((sound.edges.lead_samples, sound.edges.tail_samples), (132_300, 0));
    assert!(sound.vector.is_empty() && sound.blocks == Blocks::default());
    assert_eq!(sound.waveform.peaks, [0; 800]);
    let click = world.make("click.wav", "-f lavfi -i aevalsrc=exprs='0.5*sin(2*PI*997*t)':s=44100:d=0.05");
    let sound = world.hear(&click).await;
    assert_eq!(sound.loudness.lufs, None);
    let peak = sound.loudness.peak_db.expect("it is to be heard").as_f64();
    assert!((peak + 6.02).abs() < 0.1, "{peak}");
}

#[tokio::test]
async fn what_sounds_the_same_has_the_same_vector_however_it_is_coded() {
    let world = world();
    let heard = |name: &'static str, recipe: String| {
        let path = world.make(name, &recipe);
        let world = &world;
        async move { world.hear(&path).await }
    };
    let music = heard("a.flac", MUSIC.to_owned()).await;
    assert_eq!(music, world.hear(&world.path("a.flac")).await, "each time the same");
    for (name, more) in
        [("b.mp3", "-b:a 128k"), ("c.opus", "-b:a 96k"), ("d.wav", "-ar 96000 -af volume=-12dB")]
    {
        let same = heard(name, format!("{MUSIC} {more}")).await;
        let alike = similarity(&music.vector, &same.vector);
        assert!(alike > 0.95, "{name}: {alike}");
    }
    let noise = heard("e.flac", "-f lavfi -i anoisesrc=d=8:r=44100:seed=3 -ac 2".to_owned()).await;
    let alike = similarity(&music.vector, &noise.vector);
    assert!(alike < 0.8, "{alike}");
}

#[tokio::test]
async fn files_that_mean_harm_are_refused_or_measured_as_far_as_they_go() {
    let world = world();
    let whole = std::fs::read(world.make("whole.flac", MUSIC)).expect("the sound");
    for (name, bytes) in [
        ("empty.flac", Vec::new()),
        ("text.mp3", b"It was a bright cold day in April.\n".repeat(100)),
        ("list.mp3", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n".to_vec()),
        ("head.flac", whole[..60].to_vec()),
    ] {
        let error = world.engine.hear(&world.write(name, bytes), &cancel()).await.expect_err(name);
        assert!(!error.is_transient(), "{name}: {error:?}");
        assert!(!error.to_string().contains("/tmp"), "{error}");
    }
    // A picture has no sound.
    let picture = world.make("a.mkv", "-f lavfi -i testsrc2=s=64x64:d=1 -c:v mpeg2video");
    world.engine.hear(&picture, &cancel()).await.expect_err("no sound");
    let mut damaged = whole.clone();
    let (from, to) = (damaged.len() / 3, damaged.len() / 3 + 5_000);
    damaged[from..to].fill(0x55);
    let sound = world.hear(&world.write("damaged.flac", damaged)).await;
    assert!(sound.edges.samples > 100_000 && sound.loudness.lufs.is_some());
    // Numbers that are none, and some that no sound has.
    let mut wave =
        std::fs::read(world.make("a.wav", &format!("{MUSIC} -c:a pcm_f32le -bitexact"))).expect("the sound");
    for (at, value) in [(100, f32::NAN), (5_000, f32::INFINITY), (9_000, f32::MAX), (9_001, f32::MIN)] {
        let place = wave.len() / 8 * 4 + at * 4;
        wave[place..place + 4].copy_from_slice(&value.to_le_bytes());
    }
    let sound = world.hear(&world.write("b.wav", wave)).await;
    assert!(sound.loudness.lufs.is_some() && sound.loudness.peak_db.is_some(), "{:?}", sound.loudness);
}

#[tokio::test]
async fn measuring_ends_when_it_is_cancelled_or_passes_a_limit() {
    let world = world();
    let path = world.make("a.flac", MUSIC);
    let cancelled = cancel();
    cancelled.cancel();
    let error = world.engine.hear(&path, &cancelled).await.expect_err("cancelled");
    assert_eq!(error.code(), "cancelled");
    let usual = super::super::ProbeLimits::default;
    for (code, limits) in [
        ("duration", super::super::ProbeLimits { duration_ms_max: 3_000, ..usual() }),
        ("channels", super::super::ProbeLimits { channels_max: 1, ..usual() }),
        ("sample_rate", super::super::ProbeLimits { rate_hz_max: 44_099, ..usual() }),
    ] {
        let engine = world.engine.clone().with_limits(limits, super::super::EncodeLimits::default());
        assert_eq!(engine.hear(&path, &cancel()).await.expect_err("a limit").code(), code);
    }
    let slow = world.make("long.wav", "-f lavfi -i anoisesrc=d=600:r=48000 -ac 2");
    let later = cancel();
    let hearing = world.engine.hear(&slow, &later);
    tokio::pin!(hearing);
    tokio::select! {
        biased;
        heard = &mut hearing => panic!("{heard:?} came too soon"),
        () = tokio::task::yield_now() => later.cancel(),
    }
    assert_eq!(hearing.await.expect_err("cancelled").code(), "cancelled");
}
