//! Lyrics in files beside a track, and what such texts say.
//!
//! A file belongs to the track with the same stem (`Song.flac`: `Song.lrc`), maybe with a language after it
//! (`Song.en.lrc`). `.lrc` and `.ttml` are synced, `.txt` is plain unless it is really the former. What they hold is
//! parsed as hostile: sizes, lines and depths are bounded, and nothing that they name is opened.

mod lrc;
mod ttml;

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use catalog::import::{LYRIC_LINES_MAX, LYRICS_MAX, LyricLine, LyricsSource, LyricsTag};

use super::{kind, read::open, trouble::Trouble, walk::Stat};

/// Largest file of lyrics that is read, and largest text of lyrics in a tag.
pub(super) const BYTES_MAX: usize = 512 * 1024;
/// Files of lyrics that are read for one track.
pub(super) const FILES_MAX: usize = LYRICS_MAX;

/// A file of lyrics beside a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) name: Vec<u8>,
    pub(super) format: LyricsSource,
    pub(super) language: Option<String>,
    pub(super) stat: Stat,
}

impl Beside {
    /// The order in which they are offered: what follows the song best first.
    pub(super) fn rank(&self) -> u8 {
        match self.format {
            LyricsSource::Ttml => 0,
            LyricsSource::Lrc => 1,
            LyricsSource::Txt | LyricsSource::Tag | LyricsSource::Edit => 2,
        }
    }
}

/// What the files beside a track hold.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) lyrics: Vec<LyricsTag>,
    /// What could not be taken: name of the file, and why.
    pub(super) troubles: Vec<(Vec<u8>, Trouble)>,
    /// Hash of what was read; `None` without files, and when one of them must be read again.
    pub(super) mark: Option<[u8; 32]>,
}

impl Words {
    /// Whether what is wrong may mend itself.
    pub(super) fn is_passing(&self) -> bool {
        self.troubles.iter().any(|(_, trouble)| trouble.passing)
    }
}

/// Hash of names, sizes and times of the files beside a track; `None` without any.
pub(super) fn mark(beside: &[Beside]) -> Option<[u8; 32]> {
    if beside.is_empty() {
        return None;
    }
    let mut hash = blake3::Hasher::new();
    for file in beside {
        hash.update(&file.name);
        hash.update(&[0]);
        for number in [file.stat.bytes, file.stat.mtime_ns, file.stat.inode] {
            hash.update(&number.to_le_bytes());
        }
    }
    Some(*hash.finalize().as_bytes())
}

/// The track that a file of lyrics belongs to, by its stem: those of this name, else, when it ends with a language,
/// those of the name before that.
pub(super) fn belongs_to(name: &[u8]) -> [Option<(&[u8], Option<String>)>; 2] {
    let stem = kind::stem_bytes(name);
    let dot = stem.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0);
    let in_language = dot.and_then(|dot| {
        let code = std::str::from_utf8(&stem[dot + 1..]).ok()?;
        let mut parts = code.split(['-', '_']);
        let first = parts.next()?;
        let good = (2..=3).contains(&first.len())
            && first.bytes().all(|byte| byte.is_ascii_alphabetic())
            && parts
                .all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        good.then(|| (&stem[..dot], Some(code.to_owned())))
    });
    [Some((stem, None)), in_language]
}

/// What kind of lyrics a name promises.
pub(super) fn format(name: &[u8]) -> Option<LyricsSource> {
    match kind::ending_lower(name)?.as_str() {
        "lrc" => Some(LyricsSource::Lrc),
        "ttml" => Some(LyricsSource::Ttml),
        "txt" => Some(LyricsSource::Txt),
        _ => None,
    }
}

/// Reads the files beside a track.
pub(super) fn read_beside(folder: &Path, beside: &[Beside]) -> Words {
    let mut words = Words { mark: mark(beside), ..Words::default() };
    for file in beside {
        match read_one(folder, file) {
            Ok(lyrics) => words.lyrics.extend(lyrics),
            Err(trouble) => words.troubles.push((file.name.clone(), trouble)),
        }
    }
    if words.is_passing() {
        words.mark = None;
    }
    words
}

fn read_one(folder: &Path, file: &Beside) -> Result<Vec<LyricsTag>, Trouble> {
    let read = || -> io::Result<Vec<u8>> {
        let opened: File = open(&folder.join(OsStr::from_bytes(&file.name)))?;
        if !opened.metadata()?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut bytes = Vec::new();
        opened.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| Trouble::of_file(&error))?;
    if bytes.len() > BYTES_MAX {
        return Err(Trouble::lyrics(&format!("they are larger than {BYTES_MAX} bytes")));
    }
    let text = decoded(&bytes);
    let mut all = match file.format {
        LyricsSource::Ttml => ttml::parse(&text).map_err(|why| Trouble::lyrics(&why))?,
        format => of_text(&text, format).into_iter().collect(),
    };
    if let [only] = all.as_mut_slice() {
        only.language = only.language.take().or_else(|| file.language.clone());
    }
    Ok(all)
}

/// The lyrics that a text is: synced when it has times, else plain. `None` when nothing is said.
pub(super) fn of_text(text: &str, source: LyricsSource) -> Option<LyricsTag> {
    if let Some(lrc::Lrc { language, lines }) = lrc::parse(text) {
        return Some(LyricsTag { language, source, lines });
    }
    let lines: Vec<LyricLine> = text
        .lines()
        .flat_map(|line| line.split('\r'))
        .take(LYRIC_LINES_MAX)
        .map(|line| LyricLine { text: line.trim().to_owned(), ..LyricLine::default() })
        .collect();
    let first = lines.iter().position(|line| !line.text.is_empty())?;
    let last = lines.iter().rposition(|line| !line.text.is_empty())?;
    Some(LyricsTag { language: None, source, lines: lines[first..=last].to_vec() })
}

/// Text as it mostly is: UTF-8, UTF-16 with its mark, or else the old western one.
fn decoded(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        char::decode_utf16(units).map(|letter| letter.unwrap_or('\u{fffd}')).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(name: &str) -> Vec<(String, Option<String>)> {
        let found = belongs_to(name.as_bytes()).into_iter().flatten();
        found.map(|(stem, code)| (String::from_utf8_lossy(stem).into_owned(), code)).collect()
    }

    #[test]
    fn a_file_belongs_to_the_track_of_its_stem_maybe_with_a_language() {
        assert_eq!(owners("Song.lrc"), [("Song".to_owned(), None)]);
        assert_eq!(
            owners("Song.pt-BR.lrc"),
            [("Song.pt-BR".to_owned(), None), ("Song".to_owned(), Some("pt-BR".to_owned()))]
        );
        assert_eq!(owners("Mr. Brightside.lrc").len(), 1, "a dot in a title is no language");
        assert_eq!(owners(".lrc").len(), 1);
    }

    #[test]
    fn texts_of_every_encoding_are_read() {
        assert_eq!(decoded("\u{feff}Grüße".as_bytes()), "Grüße");
        assert_eq!(decoded(b"Gr\xfc\xdfe"), "Grüße");
        assert_eq!(decoded(b"\xff\xfeG\0r\0\xfc\0"), "Grü");
        assert_eq!(decoded(b"\xfe\xff\0G\0r\0\xfc\0"), "Grü", "half a letter is left out");
    }

    #[test]
    fn a_plain_text_is_its_lines_without_those_at_the_ends() {
        let plain = of_text("\n\nOne\r\n\r\n two \n\n", LyricsSource::Txt).expect("lyrics");
        let lines: Vec<_> = plain.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["One", "", "two"]);
        assert!(!plain.is_synced());
        assert_eq!(of_text(" \n\n", LyricsSource::Txt), None);
        assert_eq!(
            of_text(&"la\n".repeat(100_000), LyricsSource::Txt).expect("lyrics").lines.len(),
            LYRIC_LINES_MAX
        );
    }
}
