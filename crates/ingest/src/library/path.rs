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

/// Where systems put what only looks like files, whatever it is that is mounted there.
const KERNEL_FOLDERS: [&str; 3] = ["/dev", "/proc", "/sys"];

/// File systems whose files the kernel makes up: its view of processes and devices, never anybody's media.
const KERNEL_FILE_SYSTEMS: [u32; 17] = [
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x1cd1,      // devpts
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0xcafe_4a11, // bpf
    0x6165_676c, // pstore
    0x6265_6570, // configfs
    0x1980_0202, // mqueue
    0x4249_4e4d, // binfmt_misc
    0x6e73_6673, // nsfs
    0xde5e_81e4, // efivarfs
    0xf97c_ff8c, // selinuxfs
    0x9584_58f6, // hugetlbfs
];

/// Whether the kernel makes up what is in a folder, given by its real path.
pub(super) fn is_of_the_kernel(folder: &Path) -> bool {
    KERNEL_FOLDERS.iter().any(|top| folder.starts_with(top))
        || rustix::fs::statfs(folder).is_ok_and(|system| {
            // The number is 32 bits wide; on some processors it comes with its sign.
            let bytes = system.f_type.to_le_bytes();
            KERNEL_FILE_SYSTEMS.iter().any(|known| bytes[..4] == known.to_le_bytes())
        })
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

    #[test]
    fn what_the_kernel_makes_up_is_known() {
        for folder in ["/proc", "/proc/self/fd", "/sys/kernel", "/dev", "/dev/shm"] {
            assert!(is_of_the_kernel(Path::new(folder)), "{folder}");
        }
        // Known by what it is, not only by where it usually is.
        let system = rustix::fs::statfs("/proc").expect("it is mounted").f_type;
        assert!(KERNEL_FILE_SYSTEMS.iter().any(|known| system.to_le_bytes()[..4] == known.to_le_bytes()));
        let place = tempfile::tempdir().expect("a folder can be made");
        for folder in [place.path(), Path::new("/"), Path::new("/development"), Path::new("/usr")] {
            assert!(!is_of_the_kernel(folder), "{}", folder.display());
        }
    }
}
