//! The paths under `/media/`, read strictly: what is not exactly one that a grant or a manifest of ours gave is nothing.

use catalog::{CaptionId, MediaId};

/// Longest rendition name.
const RENDITION_CHARS_MAX: usize = 40;
/// Folders between a media and its segments: one for the try that made them, one for the rung, and one to spare.
const FOLDERS_MAX: usize = 3;
/// Longest path below a media.
const REST_CHARS_MAX: usize = 150;

/// A path under `/media/` that could be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MediaPath<'a> {
    /// The grant.
    pub token: &'a str,
    /// The media as the path says it, which is what the grant signs.
    pub subject: &'a str,
    /// The media.
    pub media: MediaId,
    /// What of it.
    pub thing: Thing<'a>,
}

/// What of a media is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing<'a> {
    /// An initialisation or media segment.
    Segment {
        /// The media and what is below it, which names the blob and the place in the cache.
        name: &'a str,
    },
    /// The HLS master playlist.
    Master,
    /// The HLS media playlist of one rung.
    Playlist {
        /// Which rung.
        rendition: &'a str,
    },
    /// The DASH manifest.
    Mpd,
    /// The file as it came.
    Original,
    /// A text track.
    Caption(CaptionId),
    /// The HLS media playlist of a text track.
    CaptionPlaylist(CaptionId),
}

/// Reads a path as it came over the wire; `None` when it is none of ours. Nothing is unescaped: our own paths hold
/// nothing that needs it.
pub(crate) fn read(path: &str) -> Option<MediaPath<'_>> {
    let (token, name) = path.strip_prefix("/media/")?.split_once('/')?;
    let (subject, rest) = name.split_once('/')?;
    let media = MediaId(number(subject)?);
    Some(MediaPath { token, subject, media, thing: thing(name, rest)? })
}

fn thing<'a>(name: &'a str, rest: &'a str) -> Option<Thing<'a>> {
    match rest {
        "master.m3u8" => return Some(Thing::Master),
        "manifest.mpd" => return Some(Thing::Mpd),
        "original" => return Some(Thing::Original),
        _ => {}
    }
    if let Some(caption) = rest.strip_prefix("captions/") {
        let (id, kind) = caption.split_once('.')?;
        let id = CaptionId(number(id)?);
        return match kind {
            "vtt" => Some(Thing::Caption(id)),
            "m3u8" => Some(Thing::CaptionPlaylist(id)),
            _ => None,
        };
    }
    if let Some(rendition) = rest.strip_suffix(".m3u8") {
        return is_rendition(rendition).then_some(Thing::Playlist { rendition });
    }
    is_segment(rest).then_some(Thing::Segment { name })
}

/// Whether this can be a rung's name in a path.
pub(crate) fn is_rendition(name: &str) -> bool {
    (1..=RENDITION_CHARS_MAX).contains(&name.len()) && is_part(name) && name != "captions"
}

/// Whether this can be a segment's name below its media: `<folder>/<folder>/<file>.m4s` or `.mp4`.
pub(crate) fn is_segment(rest: &str) -> bool {
    let Some((folders, file)) = rest.rsplit_once('/') else { return false };
    let stem = file.strip_suffix(".m4s").or_else(|| file.strip_suffix(".mp4"));
    rest.len() <= REST_CHARS_MAX
        && stem.is_some_and(is_part)
        && folders.split('/').count() <= FOLDERS_MAX
        && folders.split('/').all(is_rendition)
}

fn is_part(part: &str) -> bool {
    let good =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-');
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(good)
}

/// A number in the one way in which we write it, so that a thing has one path.
pub(crate) fn number(text: &str) -> Option<i64> {
    let well_written =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if well_written { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing_of(rest: &str) -> Option<Thing<'_>> {
        thing("42/x", rest)
    }

    #[test]
    fn our_own_paths_are_understood() {
        let found = read("/media/6a.sig/42/v720/3-0ab.m4s").expect("ours");
        assert_eq!((found.token, found.subject, found.media), ("6a.sig", "42", MediaId(42)));
        assert_eq!(found.thing, Thing::Segment { name: "42/v720/3-0ab.m4s" });
        assert_eq!(thing_of("master.m3u8"), Some(Thing::Master));
        assert_eq!(thing_of("manifest.mpd"), Some(Thing::Mpd));
        assert_eq!(thing_of("original"), Some(Thing::Original));
        assert_eq!(thing_of("a128.m3u8"), Some(Thing::Playlist { rendition: "a128" }));
        assert_eq!(thing_of("captions/7.vtt"), Some(Thing::Caption(CaptionId(7))));
        assert_eq!(thing_of("captions/7.m3u8"), Some(Thing::CaptionPlaylist(CaptionId(7))));
        for rest in ["v720/init-0ab.mp4", "3/v720/1-0ab.m4s", "3/v720/part/1-0ab.m4s"] {
            assert!(matches!(thing_of(rest), Some(Thing::Segment { .. })), "{rest}");
        }
    }

    #[test]
    fn odd_paths_are_nothing() {
        for path in [
            "/media/",
            "/media/t",
            "/media/t/42",
            "/media/t/42/",
            "/media/t//original",
            "/media/t/042/original",
            "/media/t/+42/original",
            "/media/t/-42/original",
            "/media/t/4a/original",
            "/media/t/99999999999999999999/original",
            "/media/t/42/original/",
            "/media/t/42/Original",
            "/media/t/42/../43/original",
            "/media/t/42/v720/../../43/v720/1.m4s",
            "/media/t/42/v720/..%2f1.m4s",
            "/media/t/42/v720/%2e%2e/1.m4s",
            "/media/t/42/./v720/1.m4s",
            "/media/t/42/v720//1.m4s",
            "/media/t/42/v720/.hidden.m4s",
            "/media/t/42/v720/.m4s",
            "/media/t/42/.unfinished/1.m4s",
            "/media/t/42/a/b/c/d/1.m4s",
            "/media/t/42/3/../v720/1.m4s",
            "/media/t/42/3/captions/1.m4s",
            "/media/t/42/v720/1.m4s/",
            "/media/t/42/v720/1.txt",
            "/media/t/42/v720/1\0.m4s",
            "/media/t/42/v720/1 .m4s",
            "/media/t/42/captions/7.m4s",
            "/media/t/42/captions/x.vtt",
            "/media/t/42/captions/7.vtt.m3u8",
            "/media/t/42/.m3u8",
            "/media/t/42/../x.m3u8",
            "/media/t/42/1.m4s",
            "/other/t/42/original",
        ] {
            assert_eq!(read(path), None, "{path:?}");
        }
        let long = format!("/media/t/42/v720/{}.m4s", "a".repeat(REST_CHARS_MAX));
        assert_eq!(read(&long), None);
    }
}
