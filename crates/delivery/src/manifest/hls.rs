//! HLS playlists (RFC 8216).

use std::fmt::Write as _;

use catalog::media::Caption;

use super::{Presentation, Rung, SEGMENT_S_MEANT, seconds};

/// The group of all text tracks.
const CAPTIONS: &str = "captions";

/// The master playlist.
pub(crate) fn master(show: &Presentation<'_>) -> String {
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    if !show.complete {
        // Else players would begin near what was encoded last.
        out.push_str("#EXT-X-START:TIME-OFFSET=0\n");
    }
    if show.video.is_empty() {
        for rung in &show.audio {
            variant(&mut out, rung, None, false);
        }
        return out;
    }
    let audio = companions(&show.audio);
    for rung in &audio {
        audio_group(&mut out, rung);
    }
    for caption in show.captions {
        caption_rendition(&mut out, caption);
    }
    for (place, rung) in show.video.iter().enumerate() {
        // The best pictures get the best sound, and so on down both ladders.
        let sound = audio.get(place * audio.len() / show.video.len());
        variant(&mut out, rung, sound.copied(), !show.captions.is_empty());
    }
    out
}

/// The sound to go with pictures: AAC where there is some, since every player of HLS has it.
fn companions<'a, 'b>(audio: &'b [Rung<'a>]) -> Vec<&'b Rung<'a>> {
    let aac: Vec<_> = audio.iter().filter(|rung| rung.rendition.codecs.starts_with("mp4a.40")).collect();
    if aac.is_empty() { audio.iter().collect() } else { aac }
}

fn audio_group(out: &mut String, rung: &Rung<'_>) {
    let rendition = rung.rendition;
    let name = rendition.language.as_deref().unwrap_or("Sound");
    line(
        out,
        format_args!(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{id}\",NAME=\"{name}\",{language}DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"{channels}\",URI=\"{id}.m3u8\"",
            id = rendition.name,
            name = quoted(name),
            language = language(rendition.language.as_deref()),
            channels = rendition.channels,
        ),
    );
}

fn caption_rendition(out: &mut String, caption: &Caption) {
    line(
        out,
        format_args!(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{CAPTIONS}\",NAME=\"{name}\",{language}DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"captions/{id}.m3u8\"",
            name = quoted(&caption.label),
            language = language(Some(&caption.language)),
            id = caption.id,
        ),
    );
}

fn language(tag: Option<&str>) -> String {
    tag.filter(|tag| *tag != "und" && !tag.is_empty())
        .map(|tag| format!("LANGUAGE=\"{}\",", quoted(tag)))
        .unwrap_or_default()
}

/// A variant: what it needs of the line is the sum of its own peak and that of its sound.
fn variant(out: &mut String, rung: &Rung<'_>, sound: Option<&Rung<'_>>, captions: bool) {
    let rendition = rung.rendition;
    let sound = sound.map(|sound| sound.rendition);
    let (mut peak, mut average) = (rendition.bandwidth.peak_bps, rendition.bandwidth.average_bps);
    let mut codecs = rendition.codecs.clone();
    if let Some(sound) = sound {
        peak += sound.bandwidth.peak_bps;
        average += sound.bandwidth.average_bps;
        codecs = format!("{codecs},{}", sound.codecs);
    }
    let mut tag = format!(
        "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={average},CODECS=\"{}\"",
        peak.max(average),
        quoted(&codecs)
    );
    if rendition.width > 0 && rendition.height > 0 {
        let _ = write!(tag, ",RESOLUTION={}x{}", rendition.width, rendition.height);
    }
    if let (frames @ 1.., per @ 1..) = rendition.frame_rate {
        let _ = write!(tag, ",FRAME-RATE={:.3}", f64::from(frames) / f64::from(per));
    }
    if let Some(sound) = sound {
        let _ = write!(tag, ",AUDIO=\"{}\"", sound.name);
    }
    if captions {
        let _ = write!(tag, ",SUBTITLES=\"{CAPTIONS}\"");
    }
    line(out, format_args!("{tag}\n{}.m3u8", rendition.name));
}

/// The media playlist of one rung.
pub(crate) fn playlist(rung: &Rung<'_>) -> String {
    let complete = rung.rendition.complete;
    let lengths = lengths_us(rung);
    // A segment's length rounded to whole seconds must not be above the target.
    let longest = lengths.iter().map(|us| (us + 500_000) / 1_000_000).max().unwrap_or(0);
    let mut out = head(longest.max(SEGMENT_S_MEANT), complete);
    // A packager that counts from 1 must not make players believe that something fell off the front.
    line(&mut out, format_args!("#EXT-X-MAP:URI=\"{}\"", rung.init()));
    for (segment, us) in rung.segments.iter().zip(lengths) {
        line(&mut out, format_args!("#EXTINF:{},\n{}", seconds(us), rung.below(&segment.blob_key)));
    }
    end(out, complete)
}

/// The lengths of a rung's segments. Each end is rounded, not each length, so that no error adds up.
fn lengths_us(rung: &Rung<'_>) -> Vec<u64> {
    let length = |start: u64, end: u64| rung.us(end).saturating_sub(rung.us(start));
    let mut lengths: Vec<_> =
        rung.segments.windows(2).map(|pair| length(pair[0].start_ticks, pair[1].start_ticks)).collect();
    if let Some(last) = rung.segments.last() {
        lengths.push(length(last.start_ticks, last.start_ticks + last.duration_ticks));
    }
    lengths
}

/// The media playlist of a text track: one file for the whole length.
pub(crate) fn caption_playlist(show: &Presentation<'_>, caption: &Caption) -> String {
    let mut out = head(show.duration_us.div_ceil(1_000_000).max(1), true);
    line(&mut out, format_args!("#EXTINF:{},\n{}.vtt", seconds(show.duration_us), caption.id));
    end(out, true)
}

fn head(target_s: u64, complete: bool) -> String {
    let kind = if complete { "VOD" } else { "EVENT" };
    let mut out = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target_s}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:{kind}\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    );
    if !complete {
        out.push_str("#EXT-X-START:TIME-OFFSET=0\n");
    }
    out
}

fn end(mut out: String, complete: bool) -> String {
    if complete {
        out.push_str("#EXT-X-ENDLIST\n");
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
    out.push('\n');
}

/// Text for a quoted attribute, which has no way to escape: what would end it is replaced.
fn quoted(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '"' => '\'',
            control if control.is_control() => ' ',
            other => other,
        })
        .collect()
}
