//! Names that every system can keep: what a title says, without what Windows, macOS or a terminal would stumble over.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

/// Longest folder. With two of them and a file the whole stays below the 260 that Windows allows a path.
const FOLDER_CHARS_MAX: usize = 60;
/// Longest name of a file, without its ending.
const NAME_CHARS_MAX: usize = 100;
/// The same in bytes, since some systems count those: 255 less what numbers and endings add, whatever the alphabet.
const NAME_BYTES_MAX: usize = 200;
/// Stands for a name of which nothing is left.
const NAMELESS: &str = "Untitled";
/// What no file may be called on Windows, whatever its ending; besides `COM1` to `LPT9`.
const RESERVED: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];

/// A folder's name.
pub(super) fn folder(text: &str) -> String {
    safe(text, FOLDER_CHARS_MAX)
}

/// A file's name, without its ending.
pub(super) fn file(text: &str) -> String {
    safe(text, NAME_CHARS_MAX)
}

fn safe(text: &str, chars_max: usize) -> String {
    let mut name = String::new();
    let kept = text.nfc().filter_map(|letter| match letter {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        letter if letter.is_whitespace() => Some(' '),
        letter if is_unseen(letter) => None,
        letter => Some(letter),
    });
    let kept = kept.skip_while(|letter| *letter == ' ');
    for letter in kept.take(chars_max) {
        if name.len() + letter.len_utf8() > NAME_BYTES_MAX {
            break;
        }
        name.push(letter);
    }
    // Windows drops spaces and dots at the end, and then the name is another.
    name.truncate(name.trim_end_matches([' ', '.']).len());
    if name.starts_with('.') {
        // Else it would be hidden, or lead upwards.
        name.replace_range(..1, "_");
    }
    if name.is_empty() {
        return NAMELESS.to_owned();
    }
    if is_reserved(&name) { format!("_{name}") } else { name }
}

/// Whether a letter shows nothing: controls, turns of the direction, and what is no letter at all.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}')
        || u32::from(letter) & 0xfffe == 0xfffe
}

fn is_reserved(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    if RESERVED.contains(&base.as_str()) {
        return true;
    }
    let number = base.strip_prefix("COM").or_else(|| base.strip_prefix("LPT")).unwrap_or_default();
    let mut digits = number.chars();
    let is_digit = |letter: char| letter.is_ascii_digit() || matches!(letter, '¹' | '²' | '³');
    digits.next().is_some_and(is_digit) && digits.next().is_none()
}

/// The names that are given in one archive.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// As systems compare them that mind neither capitals nor how an accent is written, each with the number that was
    /// given to the last of that name.
    taken: HashMap<String, u32>,
}

impl Names {
    /// `stem` with `ending` behind it in `folder`, which is empty or ends with a slash; numbered when it is taken already.
    pub(super) fn take(&mut self, folder: &str, stem: &str, ending: &str) -> String {
        let plain = format!("{folder}{stem}{ending}");
        let key = folded(&plain);
        let Some(mut number) = self.taken.get(&key).copied() else {
            self.taken.insert(key, 1);
            return plain;
        };
        loop {
            number += 1;
            let numbered = format!("{folder}{stem} ({number}){ending}");
            if let std::collections::hash_map::Entry::Vacant(free) = self.taken.entry(folded(&numbered)) {
                free.insert(1);
                self.taken.insert(key, number);
                return numbered;
            }
        }
    }
}

/// Two names that any system takes for one are one here, and a few more.
fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_can_be_kept_everywhere() {
        for (given, kept) in [
            ("Song", "Song"),
            ("R.E.M.", "R.E.M"),
            ("AC/DC: \"Live\" <1>|?*\\", "AC_DC_ _Live_ _1_____"),
            ("..", NAMELESS),
            (".", NAMELESS),
            ("", NAMELESS),
            (" \t\n ", NAMELESS),
            ("...And more", "_..And more"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            (".hidden", "_hidden"),
            ("a\nb\u{0}c\u{7f}d", "a bcd"),
            ("a\u{202e}3pm.exe", "a3pm.exe"),
            ("\u{feff}\u{200b}", NAMELESS),
            ("a\u{301}", "á"),
            ("trailing. . ", "trailing"),
            ("CON", "_CON"),
            ("con.foo", "_con.foo"),
            ("Nul .x", "_Nul .x"),
            ("COM7", "_COM7"),
            ("lpt²", "_lpt²"),
            ("COM10", "COM10"),
            ("Console", "Console"),
            ("日本語 🎵", "日本語 🎵"),
        ] {
            assert_eq!(safe(given, 100), kept, "{given:?}");
        }
    }

    #[test]
    fn a_name_is_never_too_long_nor_cut_within_a_letter() {
        assert_eq!(file(&"x".repeat(500)).len(), NAME_CHARS_MAX);
        let wide = file(&"🎵".repeat(500));
        assert_eq!(wide.chars().count(), NAME_BYTES_MAX / 4);
        assert_eq!(safe("ab. cd", 4), "ab", "what the cut lays bare goes too");
    }

    #[test]
    fn names_that_a_system_takes_for_one_are_numbered() {
        let mut names = Names::default();
        let taken: Vec<String> = [("Song", ".mp3"), ("song", ".MP3"), ("Song (2)", ".mp3"), ("Song", ".mp3")]
            .iter()
            .map(|(stem, ending)| names.take("a/", stem, ending))
            .collect();
        assert_eq!(taken, ["a/Song.mp3", "a/song (2).MP3", "a/Song (2) (2).mp3", "a/Song (3).mp3"]);
        assert_eq!(names.take("b/", "Song", ".mp3"), "b/Song.mp3");
        let accents = [names.take("", "caf\u{e9}", ""), names.take("", "cafe\u{301}", "")];
        assert_eq!(accents, ["caf\u{e9}".to_owned(), "cafe\u{301} (2)".to_owned()]);
    }
}
