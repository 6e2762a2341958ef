//! Loudness as the house keeps it beside that of ffmpeg's filter `ebur128` (EBU R128), over files of many kinds.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Anything, Setting,
    figure::{self, median},
    house::House,
    ingest::first_scan,
    machine,
};

/// Files that are compared, and in a quick run.
const FILES: (usize, usize) = (200, 40);
/// How long measuring all of them may take, and how often it is asked after.
const MEASURING: (Duration, Duration) = (Duration::from_mins(15), Duration::from_millis(200));
/// What is heard: steady, swinging, broken by silence, sliding, and near nothing.
const SOUNDS: [&str; 7] = [
    "sine=frequency=997:sample_rate=RATE:duration=SECONDS",
    "anoisesrc=color=pink:amplitude=0.5:sample_rate=RATE:seed=SEED:duration=SECONDS",
    "anoisesrc=color=white:amplitude=0.3:sample_rate=RATE:seed=SEED:duration=SECONDS,tremolo=f=0.5:d=0.95",
    "anoisesrc=color=brown:amplitude=0.9:sample_rate=RATE:seed=SEED:duration=SECONDS",
    "aevalsrc=exprs='0.6*sin(2*PI*(60+200*t)*t)*lt(mod(t\\,2)\\,1.2)':s=RATE:d=SECONDS",
    "aevalsrc=exprs='0.3*sin(2*PI*110*t)+0.2*sin(2*PI*1760*t)*gt(sin(2*PI*3*t)\\,0)':s=RATE:d=SECONDS",
    "anoisesrc=color=violet:amplitude=0.4:sample_rate=RATE:seed=SEED:duration=SECONDS,highpass=f=4000",
];
/// How files end, and what ffmpeg is asked for.
const KINDS: [(&str, &[&str]); 8] = [
    ("flac", &["-c:a", "flac", "-sample_fmt", "s16"]),
    ("flac", &["-c:a", "flac", "-sample_fmt", "s32"]),
    ("wav", &["-c:a", "pcm_s16le"]),
    ("wav", &["-c:a", "pcm_s24le"]),
    ("mp3", &["-c:a", "libmp3lame", "-b:a", "192k"]),
    ("ogg", &["-c:a", "libvorbis", "-q:a", "5"]),
    ("opus", &["-c:a", "libopus", "-b:a", "96k"]),
    ("m4a", &["-c:a", "aac", "-b:a", "160k"]),
];
const RATES: [&str; 3] = ["44100", "48000", "32000"];
const CHANNELS: [&str; 3] = ["2", "1", "2"];
const GAINS_DB: [&str; 6] = ["0", "-3", "-9", "-15", "-24", "-36"];

/// What is softer is not heard: then the house says no loudness, and ffmpeg says this one.
const GATE_LUFS: f64 = -70.0;

/// Prints the largest difference and what it is made of.
pub(super) fn measure(setting: &Setting) -> Result<(), Anything> {
    let count = if setting.quick { FILES.1 } else { FILES.0 };
    let place = setting.folder.join("loudness");
    eprintln!("making {count} sounds");
    let files = make(&place, count)?;
    let house = House::new(&setting.program, setting.folder.join("measured"))?;
    let (server, _) = house.serve()?;
    first_scan(&server, &place, files.len())?;
    let all = |list: &serde_json::Value| {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.len() == files.len() && items.iter().all(|track| !track["loudness"].is_null())
    };
    let list = server.wait_for(("GET", "/tracks?limit=200"), MEASURING, all)?;
    let mut kept = BTreeMap::new();
    for track in list["items"].as_array().into_iter().flatten() {
        let title = track["title"].as_str().unwrap_or_default().to_owned();
        kept.insert(title, track["loudness"]["lufs"].as_f64());
    }
    let mut differences = Vec::new();
    for (title, file) in &files {
        let own = kept.get(title).ok_or_else(|| format!("{title} was not measured"))?.unwrap_or(GATE_LUFS);
        let peer = ebur128(file)?;
        let off = (own - peer).abs();
        if off > 0.05 {
            eprintln!("{}: {own:.3} LUFS, ffmpeg says {peer:.3}", file.display());
        }
        differences.push(off);
    }
    let largest = differences.iter().copied().fold(0.0, f64::max);
    let peer = format!("{} ebur128, {count} files", machine::version("ffmpeg", "-version", 3));
    figure::print_alone("loudness_difference_median_lu", median(&differences), "LU", &peer);
    figure::print("loudness_difference_max_lu", largest, "LU", &format!("goal; {peer}"), 0.1);
    Ok(())
}

/// Titles and files: every combination is another one.
fn make(place: &Path, count: usize) -> Result<Vec<(String, PathBuf)>, Anything> {
    fs::create_dir_all(place)?;
    (0..count)
        .map(|at| {
            let (ending, coded) = KINDS[at % KINDS.len()];
            let seconds = (3 + at % 5).to_string();
            let sound = SOUNDS[at / 2 % SOUNDS.len()].replace("RATE", RATES[at % RATES.len()]);
            let sound = sound.replace("SECONDS", &seconds).replace("SEED", &at.to_string());
            let gain = format!("volume={}dB", GAINS_DB[at / 3 % GAINS_DB.len()]);
            let title = format!("Sound {at:03}");
            let named = format!("title={title}");
            let file = place.join(format!("{title}.{ending}"));
            let words = ["-f", "lavfi", "-i", &sound, "-af", &gain, "-ac", CHANNELS[at / 8 % CHANNELS.len()]];
            machine::ffmpeg(&[&words[..], coded, &["-metadata", &named]].concat(), &file)?;
            Ok((title, file))
        })
        .collect()
}

/// The integrated loudness in LUFS as ffmpeg measures it, with three digits.
fn ebur128(file: &Path) -> Result<f64, Anything> {
    let mut ffmpeg = machine::command("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin", "-i"]).arg(file);
    let filter = "ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-";
    let said = machine::run(ffmpeg.args(["-map", "0:a:0", "-af", filter, "-f", "null", "-"]))?;
    let last = said.lines().filter_map(|line| line.strip_prefix("lavfi.r128.I=")).next_back();
    let last = last.and_then(|text| text.trim().parse().ok());
    last.ok_or_else(|| format!("ffmpeg says no loudness of {}", file.display()).into())
}
