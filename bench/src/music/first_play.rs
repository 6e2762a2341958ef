//! The first play of music that was never encoded: from the grant to the first bytes of an Opus rendition, over the whole
//! program and loopback, beside what one plain ffmpeg needs to its first Opus packet of the same file.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{
    Anything, Setting, client,
    figure::{self, median},
    house::{House, Server},
    ingest::first_scan,
    machine,
};

/// Tracks that are played.
const TRACKS: usize = 48;
/// What the first bytes may take.
const GOAL_MS: f64 = 250.0;
/// How long an encode may take, and how often it is asked after.
const ENCODING: (Duration, Duration) = (Duration::from_mins(2), Duration::from_millis(50));
/// How files end, and what ffmpeg is asked for: two lossless kinds and two lossy ones.
const KINDS: [(&str, &[&str]); 4] = [
    ("flac", &["-c:a", "flac"]),
    ("wav", &["-c:a", "pcm_s16le"]),
    ("mp3", &["-c:a", "libmp3lame", "-b:a", "192k"]),
    ("m4a", &["-c:a", "aac", "-b:a", "192k"]),
];

/// Prints `first_play_first_byte_p95_ms`.
pub(super) fn measure(setting: &Setting) -> Result<(), Anything> {
    let seconds = if setting.quick { 5 } else { 120 };
    let place = setting.folder.join("first-plays");
    eprintln!("making {TRACKS} tracks of {seconds} s");
    let files = make(&place, seconds)?;
    let house = House::new(&setting.program, setting.folder.join("first-play"))?;
    // What is measured in the background would be measured along.
    fs::write(house.data.join("odeon.toml"), "measure_sound = false\nscan_every_minutes = 0\n")?;
    let (server, _) = house.serve()?;
    first_scan(&server, &place, files.len())?;
    let list = server.api("GET", "/tracks?limit=200", "")?;
    let tracks: Vec<String> = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|track| Some(track["id"].as_str()?.to_owned()))
        .collect();
    if tracks.len() != files.len() {
        return Err("not every track is listed".into());
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (track, file) in tracks.iter().zip(&files) {
        ours.push(first_play(&server, track)?);
        // The next one is measured on a quiet machine.
        let grant = format!("/tracks/{track}/grant?quality=high");
        server.wait_for(("POST", &grant), ENCODING, |grant| grant["state"] == "ready")?;
        theirs.push(first_packet(file)?);
    }
    let (version, count) = (machine::version("ffmpeg", "-version", 3), ours.len());
    let peer = format!("one {version} to its first Opus packet, {count} files of {seconds} s");
    let middle =
        |times: &[Duration]| median(&times.iter().map(|time| time.as_secs_f64() * 1e3).collect::<Vec<_>>());
    eprintln!("load {}", machine::load());
    figure::print("first_play_first_byte_median_ms", middle(&ours), "ms", &peer, middle(&theirs));
    let (own, plain) = (super::quantile_ms(&mut ours, 0.95), super::quantile_ms(&mut theirs, 0.95));
    figure::print("first_play_first_byte_p95_ms", own, "ms", "goal", GOAL_MS);
    figure::print("first_play_of_plain_ffmpeg_p95", own / plain, "ratio", &peer, 1.0);
    Ok(())
}

/// Music that differs from file to file, a title each.
fn make(place: &Path, seconds: u32) -> Result<Vec<PathBuf>, Anything> {
    fs::create_dir_all(place)?;
    (0..TRACKS)
        .map(|number| {
            let (ending, coded) = KINDS[number % KINDS.len()];
            let sound = format!(
                "anoisesrc=color=pink:amplitude=0.2:sample_rate=44100:seed={number}:duration={seconds},\
                 tremolo=f=2:d=0.7"
            );
            let title = format!("title=Song {number:02}");
            let file = place.join(format!("{number:02}.{ending}"));
            let words = ["-f", "lavfi", "-i", &sound, "-ac", "2", "-metadata", &title];
            machine::ffmpeg(&[&words[..], coded].concat(), &file)?;
            Ok(file)
        })
        .collect()
}

/// As a player does: leave, the list of renditions, that of the best Opus one, its beginning and its first segment.
fn first_play(server: &Server, track: &str) -> Result<Duration, Anything> {
    let begun = Instant::now();
    let grant = server.api("POST", &format!("/tracks/{track}/grant?quality=high&wait_ms=5000"), "")?;
    let master = grant["hls"].as_str().ok_or_else(|| format!("nothing plays after five seconds: {grant}"))?;
    let folder = master.rsplit_once('/').map_or("", |(folder, _)| folder);
    let get = |path: &str| -> Result<Vec<u8>, Anything> {
        let answer = client::ask(server.port, "GET", &format!("{folder}/{path}"), "")?;
        if answer.status == 200 { Ok(answer.body) } else { Err(format!("{path}: {}", answer.status).into()) }
    };
    let text = String::from_utf8(get("master.m3u8")?)?;
    let opus = text.lines().find(|line| line.starts_with("opus-")).ok_or("there is an Opus rendition")?;
    let list = String::from_utf8(get(opus)?)?;
    let init = list.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")?.strip_suffix('"'));
    get(init.ok_or("the list names a beginning")?)?;
    let segment = list.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
    let bytes = get(segment.ok_or("the list names a segment")?)?;
    let took = begun.elapsed();
    if bytes.len() < 1_000 {
        return Err("the first segment holds no sound".into());
    }
    Ok(took)
}

/// From the start of a plain ffmpeg to the first page of Ogg that holds sound, which holds one packet.
fn first_packet(file: &Path) -> Result<Duration, Anything> {
    let begun = Instant::now();
    let mut ffmpeg = machine::command("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin", "-i"]).arg(file);
    ffmpeg.args(["-map", "0:a:0", "-c:a", "libopus", "-b:a", "128k", "-f", "ogg", "-page_duration", "20000"]);
    let mut child = ffmpeg.args(["-flush_packets", "1", "pipe:1"]).stdout(Stdio::piped()).spawn()?;
    let mut out = child.stdout.take().ok_or("it has an output")?;
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    let took = loop {
        let count = out.read(&mut buffer)?;
        if count == 0 {
            break None;
        }
        seen.extend_from_slice(&buffer[..count]);
        // Two pages of headers come first.
        if seen.windows(4).filter(|window| *window == b"OggS").count() > 2 {
            break Some(begun.elapsed());
        }
    };
    drop(out);
    let _ = child.kill();
    let _ = child.wait();
    took.ok_or_else(|| format!("ffmpeg gave no Opus of {}", file.display()).into())
}
