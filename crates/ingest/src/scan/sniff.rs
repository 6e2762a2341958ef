//! What the first bytes of a file tell, before any parser is let at it.

use super::trouble::Trouble;

/// Bytes that are looked at.
pub(super) const BYTES: usize = 512;

/// Words with which playlists begin.
const PLAYLISTS: &[&[u8]] =
    &[b"#EXTM3U", b"[playlist]", b"ffconcat", b"<?xml", b"<MPD", b"<smil", b"<asx", b"[Reference]"];

/// What is plainly wrong with a file that begins like this and is said to be sound or a film.
pub(super) fn plainly_wrong(head: &[u8]) -> Option<Trouble> {
    if is_picture(head) {
        return Some(Trouble::picture());
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if PLAYLISTS.iter().any(|word| starts_with(text, word)) {
        return Some(Trouble::playlist());
    }
    is_text(head).then(Trouble::not_media)
}

fn is_picture(head: &[u8]) -> bool {
    matches!(
        head,
        [0x89, b'P', b'N', b'G', ..]
            | [0xff, 0xd8, 0xff, ..]
            | [b'G', b'I', b'F', b'8', ..]
            | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..]
            | [b'I', b'I', b'*', 0, ..]
            | [b'M', b'M', 0, b'*', ..]
    )
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// How the files begin whose parsers may find that they end too early. What begins otherwise is not a cut file but
/// none at all.
const BEGINNINGS: &[(usize, &[u8])] = &[
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"wide"),
    (4, b"free"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"OggS"),
    (0, b"RIFF"),
    (0, b"FORM"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (0, b"FLV"),
    (0, b"\x30\x26\xb2\x75"),
    (0, b"\x00\x00\x01\xba"),
    (0, b"\x00\x00\x01\xb3"),
    (0, b"G"),
    (4, b"G"),
];

/// Whether a file begins like one that could have been whole.
pub(super) fn begins_well(head: &[u8]) -> bool {
    BEGINNINGS.iter().any(|(at, word)| head.get(*at..).is_some_and(|rest| rest.starts_with(word)))
}

/// Words and nothing else. Sound that begins like this for 512 bytes is not to be expected.
fn is_text(head: &[u8]) -> bool {
    let readable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    // A character may be cut by the end of what was looked at.
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > head.len(),
    };
    // A short file may be anything; the parsers decide about it.
    head.len() >= 4
        && whole
        && head.iter().all(readable)
        && !head.starts_with(b"RIFF")
        && !head.starts_with(b"FORM")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_pictures_and_playlists_are_told_from_sound() {
        let code = |head: &[u8]| plainly_wrong(head).map(|trouble| trouble.code);
        assert_eq!(code(b"\x89PNG\r\n\x1a\n"), Some("picture_not_audio"));
        assert_eq!(code(b"\xff\xd8\xff\xe0"), Some("picture_not_audio"));
        assert_eq!(code("just wörds".as_bytes()), Some("not_media"));
        assert_eq!(code(&"ö".repeat(300).as_bytes()[..511]), Some("not_media"));
        assert_eq!(code(b"\xef\xbb\xbf#extm3u\nfile:///etc/passwd"), Some("playlist"));
        assert_eq!(code(b"ID3\x04\0\0\0\0\0\0"), None);
        assert_eq!(code(b"fLaC\0\0\0\x22"), None);
        assert_eq!(code(b"\xff\xfb\x90\x64"), None);
        assert_eq!(code(b"RIFF\x24\x08\0\0WAVEfmt "), None);
    }
}
