//! The ladder of a film: CPU time of the program, from the request to the last row, beside one plain ffmpeg process that
//! makes the same rungs with the same filters and settings and cuts them by itself.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ::ingest::media::{
    AudioCodec, Engine, Launcher, Plan, Probe, RenditionKind, SEGMENT_MS, Tools, VideoRung, plan_video,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    Anything, Setting,
    figure::{self, median},
    house::House,
    machine::{self, command, run},
};

/// x264's preset, as the program uses it unless told otherwise.
const PRESET: &str = "veryfast";
/// How long an encode may take, and how often it is asked after.
const ENCODING: (Duration, Duration) = (Duration::from_mins(15), Duration::from_millis(250));

/// Prints `ladder_cpu_of_one_ffmpeg` and what it is made of.
pub(crate) fn measure(setting: &Setting) -> Result<(), Anything> {
    let (seconds, pairs) = if setting.quick { (4, 1) } else { (20, 3) };
    let films = setting.folder.join("films");
    fs::create_dir_all(&films)?;
    let film = films.join("film.mp4");
    eprintln!("making a film of {seconds} s");
    make_film(&film, seconds)?;
    let (probe, plan) = plan(&film)?;
    let (mut ratios, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=pairs {
        let out = setting.folder.join(format!("plain-{round}"));
        let peer = plain_ffmpeg(&film, &out, &plan, &probe)?;
        let house = House::new(&setting.program, setting.folder.join(format!("encoded-{round}")))?;
        let own = own_encode(&house, &films, &plan)?;
        eprintln!(
            "load {}: plain ffmpeg {:.2} s CPU in {:.1} s; Odeon {:.2} s CPU in {:.1} s",
            machine::load(),
            peer.0,
            peer.1,
            own.0,
            own.1
        );
        ratios.push(own.0 / peer.0);
        ours.push(own.0);
        theirs.push(peer.0);
    }
    let version = machine::version("ffmpeg", "-version", 3);
    let peer = format!("one {version} to HLS in fMP4, {seconds} s of 1080p, {} rungs", plan.renditions.len());
    figure::print("ladder_cpu_of_one_ffmpeg", median(&ratios), "ratio", &peer, 1.0);
    figure::print("ladder_cpu_s", median(&ours), "s CPU", &peer, median(&theirs));
    Ok(())
}

fn make_film(film: &Path, seconds: u32) -> Result<(), Anything> {
    let picture = format!("testsrc2=size=1920x1080:rate=30:duration={seconds},noise=alls=12:allf=t");
    let sound = format!("sine=frequency=330:duration={seconds}");
    let coded =
        ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    let sources = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound];
    machine::ffmpeg(&[&sources[..], &coded].concat(), film)
}

fn plan(film: &Path) -> Result<(Probe, Plan), Anything> {
    let engine = Engine::new(Tools::find()?, Launcher::this_program());
    let runtime = tokio::runtime::Runtime::new()?;
    let probe = runtime.block_on(engine.probe(film, &CancellationToken::new()))?;
    let plan = plan_video(&probe, PRESET).ok_or("the made film has a picture")?;
    Ok((probe, plan))
}

/// CPU seconds and seconds of one ffmpeg process.
fn plain_ffmpeg(film: &Path, out: &Path, plan: &Plan, probe: &Probe) -> Result<(f64, f64), Anything> {
    let arguments = plain_arguments(film, out, plan, probe)?;
    let (before, begun) = (machine::cpu_s("self")?, Instant::now());
    run(command("ffmpeg").args(&arguments))?;
    let took = begun.elapsed().as_secs_f64();
    Ok((machine::cpu_s("self")? - before, took))
}

/// Decoded once, scaled from rung to rung, each rung with the program's own settings, cut by ffmpeg's HLS muxer.
fn plain_arguments(film: &Path, out: &Path, plan: &Plan, probe: &Probe) -> Result<Vec<String>, Anything> {
    let fps = plan.fps.ok_or("a film has a frame rate")?;
    let rungs: Vec<(usize, VideoRung)> = plan
        .renditions
        .iter()
        .enumerate()
        .filter_map(|(at, rendition)| match rendition.kind {
            RenditionKind::Video(rung) => Some((at, rung)),
            RenditionKind::Audio(_) => None,
        })
        .collect();
    let mut graph = format!("[0:v]fps=fps={fps}:start_time=0");
    for (place, (at, VideoRung { width, height, .. })) in rungs.iter().enumerate() {
        let _ = write!(graph, ",scale={width}:{height},setsar=1,format=yuv420p");
        if place + 1 == rungs.len() {
            let _ = write!(graph, "[v{at}]");
        } else {
            let _ = write!(graph, ",split[v{at}][s{at}];[s{at}]null");
        }
    }
    let mut arguments: Vec<String> = words(&["-v", "error", "-nostdin", "-y", "-i"]);
    arguments.extend([film.display().to_string(), "-filter_complex".to_owned(), graph]);
    for (at, rendition) in plan.renditions.iter().enumerate() {
        let folder = out.join(&rendition.name);
        fs::create_dir_all(&folder)?;
        match &rendition.kind {
            RenditionKind::Video(rung) => {
                let (gop, rate) = (plan.gop_frames.to_string(), rung.rate);
                arguments.extend(words(&[
                    "-map",
                    &format!("[v{at}]"),
                    "-c:v",
                    "libx264",
                    "-preset",
                    &plan.preset,
                ]));
                arguments.extend(words(&["-profile:v", "high", "-crf", &rate.crf.to_string()]));
                let (most, buffer) = (format!("{}k", rate.max_kbps), format!("{}k", rate.buffer_kbit));
                arguments.extend(words(&["-maxrate", &most, "-bufsize", &buffer, "-flags", "+cgop"]));
                arguments.extend(words(&["-g", &gop, "-keyint_min", &gop, "-sc_threshold", "0"]));
            }
            RenditionKind::Audio(rung) => {
                let stream = probe.audio.first().map_or(rung.stream, |_| rung.stream);
                let codec = if rung.codec == AudioCodec::Aac { "aac" } else { "libopus" };
                let (kbps, channels, hz) =
                    (format!("{}k", rung.kbps), rung.channels.to_string(), rung.rate_hz.to_string());
                arguments.extend(words(&[
                    "-map",
                    &format!("0:{stream}"),
                    "-af",
                    "aresample=async=1:first_pts=0",
                ]));
                arguments.extend(words(&["-ac", &channels, "-ar", &hz, "-c:a", codec, "-b:a", &kbps]));
            }
        }
        let seconds = (SEGMENT_MS / 1000).to_string();
        arguments.extend(words(&["-f", "hls", "-hls_time", &seconds, "-hls_segment_type", "fmp4"]));
        arguments.extend(words(&["-hls_playlist_type", "vod", "-hls_segment_filename"]));
        arguments.push(folder.join("%d.m4s").display().to_string());
        arguments.push(folder.join("rung.m3u8").display().to_string());
    }
    Ok(arguments)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// CPU seconds and seconds of the program and all that it starts, from the request to the last row.
fn own_encode(house: &House, films: &Path, plan: &Plan) -> Result<(f64, f64), Anything> {
    let (server, _) = house.serve()?;
    server.api("POST", "/libraries", &json!({ "path": films }).to_string())?;
    let videos =
        server.wait_for(("GET", "/videos"), ENCODING, |videos| videos["items"][0]["id"].is_string())?;
    let id = videos["items"][0]["id"].as_str().ok_or("a film has an id")?.to_owned();
    let quiet = |list: &serde_json::Value| list["items"][0]["state"] == "idle";
    server.wait_for(("GET", "/libraries"), ENCODING, quiet)?;
    let (before, begun) = (server.cpu_s()?, Instant::now());
    server.api("POST", &format!("/videos/{id}/grant"), "")?;
    let path = format!("/videos/{id}");
    let ended = |video: &serde_json::Value| video["state"] == "ready" || video["state"] == "failed";
    let video = server.wait_for(("GET", &path), ENCODING, ended)?;
    let (cpu, took) = (server.cpu_s()? - before, begun.elapsed().as_secs_f64());
    let made = video["renditions"].as_array().map_or(0, Vec::len);
    if video["state"] != "ready" || made != plan.renditions.len() {
        return Err(format!("the film was not encoded as planned: {video}").into());
    }
    check_blobs(&house.data.join("blobs"))?;
    Ok((cpu, took))
}

/// The rungs must lie there as files, or nothing was measured.
fn check_blobs(place: &Path) -> Result<(), Anything> {
    let (mut segments, mut folders): (usize, Vec<PathBuf>) = (0, vec![place.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "m4s") {
                segments += 1;
            }
        }
    }
    if segments > 0 { Ok(()) } else { Err("the encode left no segments".into()) }
}
