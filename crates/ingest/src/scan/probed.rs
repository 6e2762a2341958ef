//! What ffprobe finds in a file, in the catalogue's terms.

use catalog::import::{MusicBrainz, TrackTags};

use super::tags::Sound;
use crate::media::Probe;

/// Containers by the names of ffmpeg's demuxers, and what a player is told of them: as a film, as sound.
const TYPES: &[(&str, &str, &str)] = &[
    ("mov", "video/mp4", "audio/mp4"),
    ("matroska", "video/x-matroska", "audio/x-matroska"),
    ("ogg", "video/ogg", "audio/ogg"),
    ("asf", "video/x-ms-wmv", "audio/x-ms-wma"),
    ("avi", "video/x-msvideo", "audio/x-msvideo"),
    ("flv", "video/x-flv", "audio/x-flv"),
    ("mpegts", "video/mp2t", "audio/mp2t"),
    ("mpeg", "video/mpeg", "audio/mpeg"),
    ("mp3", "audio/mpeg", "audio/mpeg"),
    ("flac", "audio/flac", "audio/flac"),
    ("wav", "audio/wav", "audio/wav"),
    ("aac", "audio/aac", "audio/aac"),
];

/// The title that the file gives, or its name.
pub(super) fn title(probe: &Probe, name: &str) -> String {
    tag(probe, "title").unwrap_or_else(|| name.to_owned())
}

/// Type, codec and figures of the first track of each kind.
pub(super) fn sound(probe: &Probe) -> Sound {
    let names: Vec<&str> = probe.container.split(',').collect();
    let known = TYPES.iter().find(|(name, ..)| names.contains(name));
    let mime = match (known, &probe.video) {
        // ffmpeg has one name for both.
        (Some(("matroska", ..)), Some(video)) if matches!(video.codec.as_str(), "vp8" | "vp9" | "av1") => {
            "video/webm"
        }
        (Some((_, film, _)), Some(_)) => film,
        (Some((.., sound)), None) => sound,
        (None, _) => "application/octet-stream",
    };
    let first = probe.audio.first();
    let codec = probe.video.as_ref().map(|video| &video.codec).or(first.map(|audio| &audio.codec));
    let average = u32::try_from((probe.bytes * 8).checked_div(probe.duration_ms).unwrap_or(0)).unwrap_or(0);
    Sound {
        mime: mime.into(),
        codec: codec.cloned().unwrap_or_default().into(),
        bitrate_kbps: first.filter(|_| probe.video.is_none()).and_then(|audio| audio.kbps).unwrap_or(average),
        sample_rate_hz: first.map_or(0, |audio| audio.rate_hz),
        channels: first.map_or(0, |audio| audio.channels),
        duration_ms: probe.duration_ms,
    }
}

/// The tags of sound that the tag library can't read.
pub(super) fn tags(probe: &Probe, name: &str) -> TrackTags {
    let one = |key| tag(probe, key);
    let several = |key| -> Vec<String> {
        let text = tag(probe, key).unwrap_or_default();
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.take(catalog::import::TEXTS_MAX).map(str::to_owned).collect()
    };
    // "7/12" is the seventh of twelve.
    let number = |key| -> Option<u32> { tag(probe, key)?.split('/').next()?.trim().parse().ok() };
    TrackTags {
        title: title(probe, name),
        artists: several("artist"),
        album: one("album"),
        album_artists: several("album_artist"),
        disc: number("disc"),
        number: number("track"),
        date: one("date"),
        genres: several("genre"),
        compilation: one("compilation").is_some_and(|flag| flag == "1"),
        musicbrainz: MusicBrainz {
            recording: one("musicbrainz_trackid").or_else(|| one("musicbrainz track id")),
            release: one("musicbrainz_albumid").or_else(|| one("musicbrainz album id")),
            ..MusicBrainz::default()
        },
        ..TrackTags::default()
    }
}

fn tag(probe: &Probe, key: &str) -> Option<String> {
    let found = probe.tags.iter().find(|(name, _)| name == key)?;
    let text = found.1.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
