//! DASH manifests (ISO/IEC 23009-1).
//!
//! Segments' names carry hashes, so they can't be computed from numbers or times as `SegmentTemplate` wants;
//! `SegmentList` names each, and its `SegmentTimeline` says when each begins, in exact ticks. Shaka Player plays
//! this; dash.js 5.2 reads no timeline in a list and does not.

use std::fmt::Write as _;

use catalog::media::RenditionKind;

use super::{Presentation, Rung, seconds};

/// How often a player looks for new segments while there may be some.
const LOOK_EVERY_S: u32 = 2;

/// The manifest.
pub(crate) fn mpd(show: &Presentation<'_>) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"",
    );
    attribute(&mut out, "profiles", "urn:mpeg:dash:profile:isoff-main:2011");
    if show.complete {
        attribute(&mut out, "type", "static");
    } else {
        // A known end makes this a recording in progress. A player that is told no time to begin at may begin at
        // what is newest. Everything that is listed may be fetched, however much faster than life it was made, so
        // availability began long ago.
        attribute(&mut out, "type", "dynamic");
        attribute(&mut out, "availabilityStartTime", "1970-01-01T00:00:00Z");
        attribute(&mut out, "minimumUpdatePeriod", format_args!("PT{LOOK_EVERY_S}S"));
    }
    attribute(&mut out, "mediaPresentationDuration", format_args!("PT{}S", seconds(show.duration_us)));
    attribute(&mut out, "minBufferTime", "PT2S");
    out.push_str(">\n<Period id=\"0\" start=\"PT0S\">\n");
    let mut rungs: Vec<&Rung<'_>> = show.video.iter().chain(&show.audio).collect();
    while let Some(first) = rungs.first().copied() {
        let (set, others): (Vec<_>, Vec<_>) = rungs.into_iter().partition(|rung| switchable(first, rung));
        adaptation_set(&mut out, &set);
        rungs = others;
    }
    for caption in show.captions {
        out.push_str("<AdaptationSet contentType=\"text\" mimeType=\"text/vtt\"");
        attribute(&mut out, "lang", &caption.language);
        let (label, id) = (escaped(&caption.label), caption.id);
        let _ = write!(
            out,
            ">\n<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n<Label>{label}</Label>\n<Representation id=\"caption-{id}\" bandwidth=\"256\"><BaseURL>captions/{id}.vtt</BaseURL></Representation>\n</AdaptationSet>\n"
        );
    }
    out.push_str("</Period>\n</MPD>\n");
    out
}

/// Whether a player may go from one rung to the other half-way.
fn switchable(one: &Rung<'_>, other: &Rung<'_>) -> bool {
    let traits = |rung: &Rung<'_>| {
        let rendition = rung.rendition;
        let codec = rendition.codecs.split('.').next().unwrap_or_default().to_owned();
        (rendition.kind == RenditionKind::Video, codec, rendition.language.clone(), rendition.channels)
    };
    traits(one) == traits(other)
}

fn adaptation_set(out: &mut String, rungs: &[&Rung<'_>]) {
    let Some(first) = rungs.first().map(|rung| rung.rendition) else { return };
    let kind = if first.kind == RenditionKind::Video { "video" } else { "audio" };
    out.push_str("<AdaptationSet");
    attribute(out, "contentType", kind);
    attribute(out, "mimeType", format_args!("{kind}/mp4"));
    if let Some(language) = first.language.as_deref().filter(|tag| *tag != "und" && !tag.is_empty()) {
        attribute(out, "lang", language);
    }
    out.push_str(" segmentAlignment=\"true\" startWithSAP=\"1\">\n");
    for rung in rungs {
        representation(out, rung);
    }
    out.push_str("</AdaptationSet>\n");
}

fn representation(out: &mut String, rung: &Rung<'_>) {
    let rendition = rung.rendition;
    out.push_str("<Representation");
    attribute(out, "id", &rendition.name);
    attribute(out, "codecs", &rendition.codecs);
    attribute(out, "bandwidth", rendition.bandwidth.peak_bps.max(rendition.bandwidth.average_bps).max(1));
    if rendition.width > 0 && rendition.height > 0 {
        attribute(out, "width", rendition.width);
        attribute(out, "height", rendition.height);
        attribute(out, "sar", "1:1");
    }
    if let (frames @ 1.., per @ 1..) = rendition.frame_rate {
        attribute(out, "frameRate", format_args!("{frames}/{per}"));
    }
    if rendition.sample_rate_hz > 0 {
        attribute(out, "audioSamplingRate", rendition.sample_rate_hz);
    }
    out.push_str(">\n");
    if rendition.channels > 0 {
        out.push_str("<AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\"");
        attribute(out, "value", rendition.channels);
        out.push_str("/>\n");
    }
    out.push_str("<SegmentList");
    attribute(out, "timescale", rendition.timescale);
    out.push_str(">\n<Initialization");
    attribute(out, "sourceURL", rung.init());
    out.push_str("/>\n");
    timeline(out, rung);
    for segment in rung.segments {
        out.push_str("<SegmentURL");
        attribute(out, "media", rung.below(&segment.blob_key));
        out.push_str("/>\n");
    }
    out.push_str("</SegmentList>\n</Representation>\n");
}

/// When each segment begins and how long it is; those of equal length that follow one another are one line.
fn timeline(out: &mut String, rung: &Rung<'_>) {
    out.push_str("<SegmentTimeline>\n");
    let mut segments = rung.segments.iter().peekable();
    let mut expected = None;
    while let Some(segment) = segments.next() {
        out.push_str("<S");
        if expected != Some(segment.start_ticks) {
            attribute(out, "t", segment.start_ticks);
        }
        attribute(out, "d", segment.duration_ticks);
        let mut end = segment.start_ticks + segment.duration_ticks;
        let mut more = 0_u32;
        while segments
            .next_if(|next| next.start_ticks == end && next.duration_ticks == segment.duration_ticks)
            .is_some()
        {
            end += segment.duration_ticks;
            more += 1;
        }
        if more > 0 {
            attribute(out, "r", more);
        }
        out.push_str("/>\n");
        expected = Some(end);
    }
    out.push_str("</SegmentTimeline>\n");
}

fn attribute(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = write!(out, " {name}=\"{}\"", escaped(&value.to_string()));
}

/// Text that means nothing but itself, within quotes and without. What XML has no way to say becomes a space.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}
