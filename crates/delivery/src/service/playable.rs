//! Which sources a browser could play as they are.

use catalog::media::SourceFile;

/// The type to tell a player, with its codecs where the container alone says too little; `None` when no browser plays
/// it as it is. Whether this browser does is for the page to ask it.
pub(crate) fn mime(file: &SourceFile) -> Option<&'static str> {
    let container = file.mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let codec = file.codec.to_ascii_lowercase();
    Some(match (container.as_str(), codec.as_str()) {
        ("audio/flac" | "audio/x-flac", _) => "audio/flac",
        ("audio/mpeg" | "audio/mp3", "mp3") => "audio/mpeg",
        ("audio/ogg" | "application/ogg", "vorbis") => "audio/ogg; codecs=\"vorbis\"",
        ("audio/ogg" | "audio/opus" | "application/ogg", "opus") => "audio/ogg; codecs=\"opus\"",
        ("audio/ogg" | "application/ogg", "flac") => "audio/ogg; codecs=\"flac\"",
        ("audio/mp4" | "audio/x-m4a" | "audio/m4a", "aac") => "audio/mp4; codecs=\"mp4a.40.2\"",
        ("audio/mp4" | "audio/x-m4a" | "audio/m4a", "alac") => "audio/mp4; codecs=\"alac\"",
        ("audio/mp4", "flac") => "audio/mp4; codecs=\"flac\"",
        ("audio/mp4", "mp3") => "audio/mp4; codecs=\"mp3\"",
        ("audio/aac" | "audio/aacp", "aac") => "audio/aac",
        ("audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave", pcm) if pcm.starts_with("pcm") => {
            "audio/wav"
        }
        ("audio/webm", "opus") => "audio/webm; codecs=\"opus\"",
        ("audio/webm", "vorbis") => "audio/webm; codecs=\"vorbis\"",
        ("video/mp4", "h264") => "video/mp4",
        ("video/mp4", "av1") => "video/mp4; codecs=\"av01.0.08M.08\"",
        ("video/webm", "vp8") => "video/webm; codecs=\"vp8\"",
        ("video/webm", "vp9") => "video/webm; codecs=\"vp9\"",
        ("video/webm", "av1") => "video/webm; codecs=\"av01.0.08M.08\"",
        _ => return None,
    })
}

/// Whether nearly every browser plays it as it is, so that nothing is encoded unless somebody asks for it.
pub(crate) fn everywhere(file: &SourceFile) -> bool {
    // ALAC is played where Apple made the browser, FLAC in Ogg and MP3 in MP4 here and there.
    const SOME: [&str; 3] =
        ["audio/mp4; codecs=\"alac\"", "audio/ogg; codecs=\"flac\"", "audio/mp4; codecs=\"mp3\""];
    mime(file).is_some_and(|mime| !SOME.contains(&mime))
}

/// The ending that a file of this type has when it is saved.
pub(crate) fn ending(mime: &str) -> &'static str {
    match essence(mime) {
        "audio/flac" => "flac",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "audio/mp4" => "m4a",
        "audio/aac" => "aac",
        "audio/wav" => "wav",
        "audio/webm" | "video/webm" => "webm",
        "video/mp4" => "mp4",
        _ => "bin",
    }
}

/// A type without its parameters.
pub(crate) fn essence(mime: &str) -> &str {
    mime.split(';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use catalog::media::Source;

    use super::*;

    fn of(mime_given: &str, codec: &str) -> Option<&'static str> {
        let place = Source::Blob { key: "a".to_owned() };
        let (mime_given, codec) = (mime_given.to_owned(), codec.to_owned());
        mime(&SourceFile {
            place,
            bytes: 1,
            stamp: 1,
            mime: mime_given,
            codec,
            bitrate_kbps: 1,
            sample_rate_hz: 1,
            channels: 1,
            duration_ms: 1,
        })
    }

    #[test]
    fn what_browsers_play_is_offered_and_nothing_else() {
        assert_eq!(of("audio/flac", "flac"), Some("audio/flac"));
        assert_eq!(of("audio/mpeg", "mp3"), Some("audio/mpeg"));
        assert_eq!(of("Audio/OGG; codecs=opus", "opus"), Some("audio/ogg; codecs=\"opus\""));
        assert_eq!(of("audio/x-wav", "pcm_s24le"), Some("audio/wav"));
        assert_eq!(of("video/mp4", "h264"), Some("video/mp4"));
        for (mime, codec) in [
            ("video/mp4", "hevc"),
            ("video/x-matroska", "h264"),
            ("audio/mpeg", "mp2"),
            ("text/html", "flac"),
            ("image/svg+xml", ""),
            ("", ""),
        ] {
            assert_eq!(of(mime, codec), None, "{mime} {codec}");
        }
    }
}
