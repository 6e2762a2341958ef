//! Text made fit: cleaned for keeping, folded for telling things apart and for putting them in order.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Longest text of a tag.
pub(crate) const TEXT_CHARS_MAX: usize = 1000;
/// Longest key by which rows are put in order; the rest of a longer name does not count.
const SORT_KEY_BYTES_MAX: usize = 240;
/// Words that do not count at the beginning of a name.
const ARTICLES: [&str; 3] = ["the ", "an ", "a "];

/// A text for keeping: composed, without control characters and marks that turn the direction of what follows, runs
/// of space made one, at most [`TEXT_CHARS_MAX`] characters.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(4 * TEXT_CHARS_MAX));
    let (mut chars, mut space) = (0, false);
    // Bounded before composing: a hostile tag may be megabytes long.
    for letter in text.chars().take(4 * TEXT_CHARS_MAX).nfc() {
        if letter.is_whitespace() || letter.is_control() {
            space = !cleaned.is_empty();
            continue;
        }
        if turns_direction(letter) {
            continue;
        }
        if chars + usize::from(space) >= TEXT_CHARS_MAX {
            break;
        }
        if std::mem::take(&mut space) {
            cleaned.push(' ');
            chars += 1;
        }
        cleaned.push(letter);
        chars += 1;
    }
    cleaned
}

/// Several paragraphs for keeping: lines are kept, else as [`clean`] but with a longer bound.
pub(crate) fn clean_lines(text: &str, chars_max: usize) -> String {
    let kept = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = kept.chars().filter(|&c| c == '\n' || !(c.is_control() || turns_direction(c)));
    kept.take(chars_max).collect::<String>().trim().to_owned()
}

/// Overrides, isolates and such, with which a name can disguise itself, and bytes that no text may hold.
fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// What is the same for two spellings of one name: case, width, quotes and dashes do not count, accents do.
pub(crate) fn same(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).map(plain_mark).collect()
}

fn plain_mark(letter: char) -> char {
    match letter {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{02bc}' | '`' | '\u{00b4}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// The hash of several folded parts: an identity of fixed length whatever the tags hold.
pub(crate) fn key(parts: &[&str]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        let folded = same(part);
        hasher.update(&(folded.len() as u64).to_le_bytes());
        hasher.update(folded.as_bytes());
    }
    hasher.finalize().as_bytes()[..16].to_vec()
}

/// The key that puts a name in its place: without case, accents, leading article and marks. Compared byte by byte.
pub(crate) fn sort_key(name: &str) -> Vec<u8> {
    let folded: String = name
        .nfkd()
        .filter(|&c| !is_combining_mark(c))
        .flat_map(char::to_lowercase)
        .flat_map(split_letter)
        .collect();
    let folded = folded.trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = ARTICLES.iter().find_map(|article| folded.strip_prefix(article));
    // "The" alone is a name, and so is a name of marks only.
    let folded = rest.map(str::trim).filter(|rest| !rest.is_empty()).unwrap_or(folded);
    let chosen = if folded.is_empty() { name } else { folded };
    let mut end = chosen.len().min(SORT_KEY_BYTES_MAX);
    while !chosen.is_char_boundary(end) {
        end -= 1;
    }
    chosen.as_bytes()[..end].to_vec()
}

/// The key that puts files and folders in order as people count: without case and accents, numbers by their size.
pub(crate) fn file_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 8);
    let folded = loose(name);
    let mut rest = folded.as_str();
    while let Some(letter) = rest.chars().next() {
        if key.len() > SORT_KEY_BYTES_MAX {
            break;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            key.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let number = rest[..digits].trim_start_matches('0');
        let number = &number[..number.len().min(40)];
        // A longer number is a larger one: `:` and what follows come after every digit.
        key.push(char::from(b'0' + u8::try_from(number.len()).unwrap_or(40)));
        key.push_str(number);
        rest = &rest[digits..];
    }
    key
}

/// A text for comparing loosely: without case, accents and width.
pub(crate) fn loose(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.nfkd().filter(|&c| !is_combining_mark(c)).map(plain_mark);
    plain.flat_map(char::to_lowercase).flat_map(split_letter).collect()
}

/// Letters that no decomposition takes apart.
fn split_letter(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ł' => ('l', None),
        'þ' => ('t', Some('h')),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// A date `YYYY[-MM[-DD]]` out of what a tag says, as far as it makes sense: also `YYYYMMDD`, other marks, and with a
/// time after it. `None` when there is no year in front.
pub(crate) fn date(text: &str) -> Option<String> {
    let mut parts = text.trim().split(['-', '/', '.', 'T', ' ']);
    let first = parts.next()?;
    let (year, month, day) = match first.len() {
        4 => (first, parts.next(), parts.next()),
        8 => (first.get(..4)?, first.get(4..6), first.get(6..)),
        _ => return None,
    };
    let year = number(year, 1, 9999)?;
    let Some(month) = month.and_then(|month| number(month, 1, 12)) else {
        return Some(format!("{year:04}"));
    };
    match day.and_then(|day| number(day, 1, 31)) {
        Some(day) => Some(format!("{year:04}-{month:02}-{day:02}")),
        None => Some(format!("{year:04}-{month:02}")),
    }
}

fn number(text: &str, least: u32, most: u32) -> Option<u32> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    (least..=most).contains(&number).then_some(number)
}

/// A date as the number `YYYYMMDD`, with zeros for what is unknown.
pub(crate) fn date_key(date: Option<&str>) -> i64 {
    let mut parts = date.unwrap_or_default().split('-').map(|part| part.parse::<i64>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    next() * 10_000 + next() * 100 + next()
}

/// A `MusicBrainz` identifier, or `None` when it is not one.
pub(crate) fn musicbrainz(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let dashes = [8, 13, 18, 23];
    let good = text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if dashes.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    good.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_tag_becomes_a_short_clean_line() {
        assert_eq!(clean("  a\0b\r\n\tc\u{202e}d  "), "a b cd");
        assert_eq!(clean(&"x".repeat(5_000_000)).len(), TEXT_CHARS_MAX);
        assert_eq!(clean(&"\u{301}".repeat(100_000)).chars().count(), TEXT_CHARS_MAX);
        assert_eq!(clean("\u{1}\u{7f}\n"), "");
        assert!(clean(&"a ".repeat(5000)).chars().count() <= TEXT_CHARS_MAX);
        assert_eq!(clean_lines("a\r\nb\0\u{202e}\rc\n\n", 100), "a\nb\nc");
    }

    #[test]
    fn spellings_of_one_name_are_the_same_and_other_names_are_not() {
        assert_eq!(key(&["Guns N’ Roses"]), key(&["guns n' roses"]));
        assert_eq!(key(&["ＡＢＢＡ"]), key(&["abba"]));
        assert_ne!(key(&["Möwe"]), key(&["Mowe"]));
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }

    #[test]
    fn names_sort_without_article_case_and_accents() {
        assert_eq!(sort_key("The Beatles"), b"beatles");
        assert_eq!(sort_key("Émilie Simon"), b"emilie simon");
        assert_eq!(sort_key("...And Justice"), b"and justice");
        assert_eq!(sort_key("The The"), b"the");
        assert_eq!(sort_key("The"), b"the");
        assert_eq!(sort_key("Øystein"), b"oystein");
        assert_eq!(sort_key("!!!"), b"!!!");
        assert!(sort_key(&"é".repeat(5000)).len() <= SORT_KEY_BYTES_MAX);
        assert!(String::from_utf8(sort_key(&"漢".repeat(500))).is_ok());
    }

    #[test]
    fn dates_are_read_as_far_as_they_make_sense() {
        for (text, read) in [
            ("1999", Some("1999")),
            ("1999-07", Some("1999-07")),
            ("1999-07-31T10:00:00", Some("1999-07-31")),
            ("1999/7/3", Some("1999-07-03")),
            ("1999-13-01", Some("1999")),
            ("19990731", Some("1999-07-31")),
            ("1999 (remaster)", Some("1999")),
            ("99999999999-99", None),
            ("0000", None),
            ("199", None),
            ("", None),
            ("sometime", None),
            ("éééééééé", None),
        ] {
            assert_eq!(date(text).as_deref(), read, "{text}");
        }
        assert_eq!(date_key(Some("1999-07")), 19_990_700);
        assert_eq!(date_key(None), 0);
    }

    #[test]
    fn only_musicbrainz_identifiers_are_taken_for_such() {
        let good = "F59C5520-5F46-4D2C-B2C4-822EABF53419";
        assert_eq!(musicbrainz(good), Some(good.to_lowercase()));
        assert_eq!(musicbrainz("f59c5520-5f46-4d2c-b2c4-822eabf5341"), None);
        assert_eq!(musicbrainz("f59c5520x5f46x4d2cxb2c4x822eabf53419"), None);
    }

    #[test]
    fn files_are_in_the_order_in_which_people_count() {
        let mut names = ["10 b.mp3", "2 a.mp3", "002 z.mp3", "A.mp3", "á b.mp3", "x100", "x20"];
        names.sort_by_key(|name| file_key(name));
        assert_eq!(names, ["2 a.mp3", "002 z.mp3", "10 b.mp3", "á b.mp3", "A.mp3", "x20", "x100"]);
        assert!(file_key(&"9".repeat(10_000)).len() < 300);
    }
}
