//! The arguments of the one ffmpeg process that makes a whole ladder.

use std::{ffi::OsString, fmt::Write as _, path::Path};

use super::{
    cutter::QUICK_MS,
    input::Input,
    ladder::{AudioCodec, AudioRung, Plan, RenditionKind, SEGMENT_MS, VideoRung, timescale},
    probe::{CONTAINERS, Probe, stream_of_input},
};

/// Maps high dynamic range to BT.709: to linear light, compressed by a film-like curve, and back.
pub(super) const TONEMAP: &str = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,\
     tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv";

/// Words as arguments.
pub(super) fn words(args: &mut Vec<OsString>, words: &[&str]) {
    args.extend(words.iter().map(OsString::from));
}

/// What stands before `-i` for every input: no other container, no protocol but a plain file.
pub(super) fn input(args: &mut Vec<OsString>, input: &Input) {
    let containers = CONTAINERS.join(",");
    words(args, &["-protocol_whitelist", "file,pipe", "-format_whitelist", &containers, "-i"]);
    args.push(input.argument());
}

/// Decode once, filter once, scale down rung by rung, encode each, write each to its pipe.
pub(super) fn ladder(
    source: &Input,
    probe: &Probe,
    plan: &Plan,
    pipes: &[std::path::PathBuf],
) -> Vec<OsString> {
    let mut args = beginning();
    input(&mut args, source);
    if let Some(graph) = filter_graph(probe, plan) {
        words(&mut args, &["-filter_complex", &graph]);
    }
    for (index, (rendition, pipe)) in plan.renditions.iter().zip(pipes).enumerate() {
        match &rendition.kind {
            RenditionKind::Video(rung) => video(&mut args, index, rung, plan),
            RenditionKind::Audio(rung) => audio(&mut args, rung, probe, plan.fps.is_some()),
        }
        output(&mut args, pipe);
    }
    args
}

/// Encode bare samples from standard input (their format, channels and samples a second), write each rendition to its
/// pipe. `whole` stands for a file that holds them all.
pub(super) fn run(
    (format, channels, rate_hz): (&str, u32, u32),
    whole: &Probe,
    plan: &Plan,
    pipes: &[std::path::PathBuf],
) -> Vec<OsString> {
    let mut args = beginning();
    words(&mut args, &["-protocol_whitelist", "pipe", "-f", format]);
    words(&mut args, &["-ac", &channels.to_string(), "-ar", &rate_hz.to_string(), "-i", "pipe:0"]);
    for (rendition, pipe) in plan.renditions.iter().zip(pipes) {
        if let RenditionKind::Audio(rung) = &rendition.kind {
            audio(&mut args, rung, whole, false);
        }
        output(&mut args, pipe);
    }
    args
}

fn beginning() -> Vec<OsString> {
    let mut args = Vec::new();
    words(&mut args, &["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y"]);
    words(&mut args, &["-progress", "pipe:1", "-stats_period", "0.5"]);
    args
}

fn filter_graph(probe: &Probe, plan: &Plan) -> Option<String> {
    let (video, fps) = (probe.video.as_ref()?, plan.fps?);
    let rungs: Vec<_> = plan
        .renditions
        .iter()
        .enumerate()
        .filter_map(|(index, rendition)| match rendition.kind {
            RenditionKind::Video(rung) => Some((index, rung)),
            RenditionKind::Audio(_) => None,
        })
        .collect();
    let mut graph = format!("[0:{}]", video.stream);
    if plan.deinterlace {
        graph += "bwdif=mode=send_frame:deint=interlaced,";
    }
    if lead_us(probe).is_some() {
        graph += "setpts=PTS-STARTPTS,";
    }
    // Beginning at zero fills a late start with the first picture, so that sound and picture begin together.
    let _ = write!(graph, "fps=fps={fps}:start_time=0");
    if plan.tonemap {
        let _ = write!(graph, ",{TONEMAP}");
    }
    // Each rung is scaled from the next larger one: a tenth less work than from the source each time.
    let mut pads = rungs.iter().peekable();
    while let Some((index, VideoRung { width, height, .. })) = pads.next() {
        let _ = write!(graph, ",scale={width}:{height},setsar=1,format=yuv420p");
        let _ = match pads.peek() {
            Some(_) => write!(graph, ",split[v{index}][s{index}];[s{index}]null"),
            None => write!(graph, "[v{index}]"),
        };
    }
    Some(graph)
}

/// Sound often begins a few milliseconds before the picture (the delay of its coder). Then time counts from the
/// first picture and the sound's lead is cut, since a picture filled in there would be one that the source has
/// not. Of a longer lead nothing is cut: the first picture stands until the second.
fn lead_us(probe: &Probe) -> Option<u64> {
    const LEAD_US_MAX: u64 = 100_000;
    probe.video.as_ref().map(|video| video.delay_us).filter(|delay| *delay <= LEAD_US_MAX)
}

fn video(args: &mut Vec<OsString>, index: usize, rung: &VideoRung, plan: &Plan) {
    let rate = rung.rate;
    words(args, &["-map", &format!("[v{index}]"), "-c:v", "libx264", "-preset", &plan.preset]);
    words(args, &["-profile:v", "high", "-crf", &rate.crf.to_string()]);
    words(args, &["-maxrate", &format!("{}k", rate.max_kbps), "-bufsize", &format!("{}k", rate.buffer_kbit)]);
    let gop = plan.gop_frames.to_string();
    words(args, &["-g", &gop, "-keyint_min", &gop, "-sc_threshold", "0", "-flags", "+cgop+bitexact"]);
    if plan.tonemap {
        words(args, &["-colorspace", "bt709", "-color_trc", "bt709", "-color_primaries", "bt709"]);
    }
    if let Some(fps) = plan.fps {
        // The filter has made the rate constant; anything after it would only count anew.
        words(args, &["-fps_mode", "passthrough", "-video_track_timescale", &timescale(fps).to_string()]);
    }
    // Fragments begin at keyframes, and at the first keyframe of each segment only.
    let least_us = (u64::from(SEGMENT_MS) * 900).to_string();
    words(args, &["-min_frag_duration", &least_us, "-movflags", &format!("+frag_keyframe{MOVFLAGS}")]);
}

fn audio(args: &mut Vec<OsString>, rung: &AudioRung, probe: &Probe, beside_video: bool) {
    words(args, &["-map", &stream_of_input(rung.stream)]);
    if beside_video {
        // Silence where the source has holes or begins late, so that the sound stays with the picture.
        let lead_us = lead_us(probe).unwrap_or(0);
        words(args, &["-af", &format!("asetpts=PTS-{lead_us}/1000000/TB,aresample=async=1:first_pts=0")]);
    }
    words(args, &["-ac", &rung.channels.to_string(), "-ar", &rung.rate_hz.to_string()]);
    let kbps = format!("{}k", rung.kbps);
    match rung.codec {
        AudioCodec::Aac => words(args, &["-c:a", "aac", "-b:a", &kbps]),
        AudioCodec::Opus => words(args, &["-c:a", "libopus", "-b:a", &kbps]),
        AudioCodec::Flac => {
            let bits =
                probe.audio.iter().find(|track| track.stream == rung.stream).and_then(|track| track.bits);
            // ffmpeg 5.1 calls FLAC in MP4 experimental; players have read it for years.
            words(args, &["-c:a", "flac", "-strict", "experimental"]);
            // Where nobody told, ffmpeg takes the bits that the decoder gives.
            if let Some(bits) = bits {
                words(args, &["-sample_fmt", if bits <= 16 { "s16" } else { "s32" }]);
            }
        }
    }
    // Several fragments make a segment of music, so that its first ones can be short.
    let length = if beside_video { SEGMENT_MS } else { QUICK_MS };
    let length_us = (u64::from(length) * 1000).to_string();
    words(args, &["-flags", "+bitexact", "-frag_duration", &length_us, "-movflags", MOVFLAGS]);
}

/// `delay_moov` so that the edit list is right (it tells what the coder's delay is), `skip_trailer` since a
/// stream has no end to look things up in.
const MOVFLAGS: &str = "+empty_moov+default_base_moof+delay_moov+skip_trailer";

fn output(args: &mut Vec<OsString>, pipe: &Path) {
    words(args, &["-map_metadata", "-1", "-map_chapters", "-1", "-write_tmcd", "0", "-fflags", "+bitexact"]);
    words(args, &["-f", "mp4"]);
    let mut name = OsString::from("file:");
    name.push(pipe);
    args.push(name);
}
