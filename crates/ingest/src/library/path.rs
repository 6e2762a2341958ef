//! Paths are bytes. Here they become text that a person can read and that leads back to the same bytes.

use std::{
    ffi::OsStr,
    fmt::Write,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Characters that turn or hide the text around them, so that one name could look like another.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A path as text: what is no text, and what would deceive the reader, becomes `\xNN`, a backslash two.
pub fn show(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                c if c.is_control() || is_deceptive(c) => {
                    escape(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                c => text.push(c),
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

/// The bytes that [`show`] made this text of; a backslash that begins none of its escapes stands for itself.
pub fn read(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, left) = match (first, after) {
            (b'\\', [b'\\', left @ ..]) => (b'\\', left),
            (b'\\', [b'x', high, low, left @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, left),
                _ => (b'\\', after),
            },
            _ => (first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    PathBuf::from(OsStr::from_bytes(&bytes))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The path that a person or a program gave: as [`show`] wrote it, or as it is when that leads nowhere.
pub(crate) fn given(text: &str) -> PathBuf {
    let read = read(text);
    let plain = Path::new(text);
    if !text.contains('\\') || read.exists() || !plain.exists() { read } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_path_leads_back_to_its_bytes() {
        for bytes in [
            &b"/plain/name.mp3"[..],
            b"/new\nline",
            b"/bad\xff\xfebytes",
            b"/back\\slash\\x41",
            "/ünï/\u{202e}3pm.exe".as_bytes(),
            b"/cut\xe2\x80",
        ] {
            let shown = show(bytes);
            assert!(shown.chars().all(|c| !c.is_control() && !is_deceptive(c)), "{shown:?}");
            assert_eq!(read(&shown).as_os_str().as_bytes(), bytes, "{shown}");
        }
        assert_eq!(show(b"a\nb\xff"), "a\\x0ab\\xff");
    }

    #[test]
    fn a_typed_backslash_stays_one() {
        assert_eq!(read("/a\\b\\xzz\\"), Path::new("/a\\b\\xzz\\"));
    }
}
