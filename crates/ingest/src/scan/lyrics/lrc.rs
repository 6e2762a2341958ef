//! LRC: lines behind times in brackets, `[mm:ss.xx]`, several for a line that comes again; in the enhanced form with
//! times before words, `<mm:ss.xx>`; and facts such as `[offset:+250]`, by which everything comes earlier.

use catalog::import::{LYRIC_LINES_MAX, LyricLine, LyricWord};

/// Times that one line may stand behind.
const STAMPS_MAX: usize = 64;
/// Words of one line that have times of their own.
const WORDS_MAX: usize = 1_000;
/// Largest shift that anybody can mean.
const OFFSET_MS_MAX: i64 = 3_600_000;

/// A text with times.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lrc {
    pub(super) language: Option<String>,
    pub(super) lines: Vec<LyricLine>,
}

/// Reads a text; `None` when no line has a time, which makes it a plain one.
pub(super) fn parse(text: &str) -> Option<Lrc> {
    let (mut language, mut offset_ms) = (None, 0);
    let mut lines = Vec::new();
    for line in text.split(['\n', '\r']) {
        let line = line.trim();
        let (stamps, rest) = stamps(line);
        if let Some(first) = stamps.first() {
            for stamp in &stamps {
                if lines.len() == LYRIC_LINES_MAX {
                    break;
                }
                lines.push(timed(*stamp, stamp - first, rest));
            }
        } else if let Some((key, value)) = fact(line) {
            match key.to_ascii_lowercase().as_str() {
                "offset" => {
                    offset_ms = value.parse::<i64>().unwrap_or(0).clamp(-OFFSET_MS_MAX, OFFSET_MS_MAX);
                }
                "la" | "lang" | "language" => language = Some(value.to_owned()),
                _ => {}
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    for line in &mut lines {
        line.start_ms = line.start_ms.map(|ms| shifted(ms, -offset_ms));
        for word in &mut line.words {
            word.start_ms = shifted(word.start_ms, -offset_ms);
            word.end_ms = word.end_ms.map(|ms| shifted(ms, -offset_ms));
        }
    }
    lines.sort_by_key(|line| line.start_ms);
    Some(Lrc { language, lines })
}

fn shifted(ms: u32, by: i64) -> u32 {
    u32::try_from((i64::from(ms) + by).max(0)).unwrap_or(u32::MAX)
}

/// The times at the beginning of a line, and what follows them.
fn stamps(mut line: &str) -> (Vec<i64>, &str) {
    let mut found = Vec::new();
    while let Some((inner, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let Some(ms) = time(inner) else { break };
        if found.len() < STAMPS_MAX {
            found.push(i64::from(ms));
        }
        line = rest.trim_start();
    }
    (found, line)
}

/// `key:value` in brackets.
fn fact(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    let (key, value) = inner.split_once(':')?;
    Some((key.trim(), value.trim()))
}

/// `mm:ss`, `mm:ss.xx`, `mm:ss:xx` or `hh:mm:ss.xx`, as milliseconds.
fn time(text: &str) -> Option<u32> {
    let text = text.trim();
    let (whole, fraction) = match text.split_once('.').or_else(|| text.split_once(',')) {
        Some((whole, fraction)) => (whole, fraction),
        None if text.matches(':').count() == 2 => text.rsplit_once(':')?,
        None => (text, ""),
    };
    let mut seconds: u64 = 0;
    let parts: Vec<&str> = whole.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    for part in parts {
        seconds = seconds.checked_mul(60)?.checked_add(digits(part, 5)?)?;
    }
    let fraction_ms = match fraction.len() {
        0 => 0,
        1 => digits(fraction, 1)? * 100,
        2 => digits(fraction, 2)? * 10,
        _ => {
            digits(fraction, 9)?;
            digits(&fraction[..3], 3)?
        }
    };
    u32::try_from(seconds.checked_mul(1000)?.checked_add(fraction_ms)?).ok()
}

fn digits(text: &str, most: usize) -> Option<u64> {
    let good = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// A line that begins at `start`, with its words, whose times are `later` than written when the line comes again.
fn timed(start: i64, later: i64, text: &str) -> LyricLine {
    let start_ms = shifted(0, start);
    let words = words(start, later, text);
    let text = if words.is_empty() {
        text.to_owned()
    } else {
        words.iter().map(|word: &LyricWord| word.text.as_str()).collect()
    };
    LyricLine { start_ms: Some(start_ms), end_ms: None, text: text.trim().to_owned(), words }
}

/// The words between times `<mm:ss.xx>`; a time at the end says when the last one ends.
fn words(start: i64, later: i64, text: &str) -> Vec<LyricWord> {
    let mut words: Vec<LyricWord> = Vec::new();
    let (mut at, mut rest, mut since) = (0, text, None);
    let mut open = start;
    while let Some((begin, end, ms)) = next_stamp(text, at) {
        let before = &text[text.len() - rest.len()..begin];
        let ms = i64::from(ms) + later;
        push(&mut words, open, Some(ms), before);
        if words.len() >= WORDS_MAX {
            return Vec::new();
        }
        (open, since) = (ms, Some(ms));
        (at, rest) = (end, &text[end..]);
    }
    if since.is_none() {
        return Vec::new();
    }
    push(&mut words, open, None, rest);
    words
}

fn push(words: &mut Vec<LyricWord>, start: i64, end: Option<i64>, text: &str) {
    if text.trim().is_empty() {
        // A space between two times belongs to the word before it.
        if let Some(last) = words.last_mut().filter(|last| !text.is_empty() && !last.text.ends_with(' ')) {
            last.text.push(' ');
        }
        return;
    }
    let end_ms = end.map(|end| shifted(0, end));
    words.push(LyricWord { start_ms: shifted(0, start), end_ms, text: text.to_owned() });
}

/// The next time in angle brackets from `at` on: where it begins and ends, and what it says.
fn next_stamp(text: &str, mut at: usize) -> Option<(usize, usize, u32)> {
    loop {
        let begin = at + text[at..].find('<')?;
        // No time is longer; so a line of brackets is not looked through again and again.
        let inner = text[begin + 1..].bytes().take(20).position(|byte| byte == b'>');
        if let Some(length) = inner
            && let Some(ms) = text.get(begin + 1..begin + 1 + length).and_then(time)
        {
            return Some((begin, begin + length + 2, ms));
        }
        at = begin + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u32, String)> {
        let lines = parse(text).map(|lrc| lrc.lines).unwrap_or_default();
        lines.into_iter().map(|line| (line.start_ms.expect("a time"), line.text)).collect()
    }

    fn pair(ms: u32, text: &str) -> (u32, String) {
        (ms, text.to_owned())
    }

    #[test]
    fn lines_are_read_with_their_times_in_order() {
        let text =
            "[ti:Song]\n[ar:Ann]\r\n[00:12.50] Second\n[00:01]First\n[01:02:03.004]Late\n[00:20:50]Colon\n";
        let wanted =
            [pair(1_000, "First"), pair(12_500, "Second"), pair(20_500, "Colon"), pair(3_723_004, "Late")];
        assert_eq!(read(text), wanted);
    }

    #[test]
    fn a_line_behind_several_times_comes_several_times() {
        assert_eq!(
            read("[00:30.1][00:10.00] Chorus\n[00:20.000]Verse"),
            [pair(10_000, "Chorus"), pair(20_000, "Verse"), pair(30_100, "Chorus")]
        );
    }

    #[test]
    fn a_positive_offset_makes_everything_come_earlier_but_never_before_the_beginning() {
        assert_eq!(read("[offset:+500]\n[00:00.10]a\n[00:02.00]b"), [pair(0, "a"), pair(1_500, "b")]);
        assert_eq!(read("[00:02.00]b\n[offset: -250 ]"), [pair(2_250, "b")]);
        assert_eq!(read("[offset:99999999999999999999]\n[00:02.00]b"), [pair(2_000, "b")]);
    }

    #[test]
    fn words_have_their_times_also_when_their_line_comes_again() {
        let lrc = parse("[la:en]\n[00:10.00][01:10.00]<00:10.00>Hel<00:10.50>lo <00:11.00>you<00:12.00>")
            .expect("lrc");
        assert_eq!(lrc.language.as_deref(), Some("en"));
        assert_eq!(lrc.lines.len(), 2);
        assert_eq!(lrc.lines[0].text, "Hello you");
        let words: Vec<_> =
            lrc.lines[1].words.iter().map(|w| (w.start_ms, w.end_ms, w.text.as_str())).collect();
        assert_eq!(
            words,
            [(70_000, Some(70_500), "Hel"), (70_500, Some(71_000), "lo "), (71_000, Some(72_000), "you")]
        );
        let before = parse("[00:01.00]One <00:02.00>two").expect("lrc");
        let words: Vec<_> = before.lines[0].words.iter().map(|w| (w.start_ms, w.text.as_str())).collect();
        assert_eq!(words, [(1_000, "One "), (2_000, "two")]);
    }

    #[test]
    fn what_has_no_times_is_no_lrc() {
        for text in
            ["", "Just words", "[Chorus]\nla la", "[ti:Song]\nwords", "[00:xx]no", "[:]\n[00]", "<00:01.00>a"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn hostile_texts_end_soon_and_are_cut() {
        let stamps = "[00:01.00]".repeat(50_000);
        assert_eq!(read(&stamps).len(), STAMPS_MAX);
        assert_eq!(read(&format!("{}x\n", "[00:01.00]".repeat(60)).repeat(800)).len(), LYRIC_LINES_MAX);
        let brackets = format!("[00:01.00]{}", "<".repeat(500_000));
        assert_eq!(read(&brackets)[0].1.len(), 500_000);
        let words = format!("[00:01.00]{}", "<00:01.00>a".repeat(40_000));
        assert!(parse(&words).expect("lrc").lines[0].words.is_empty(), "too many words have no times");
        // 99,999 minutes are more milliseconds than anybody counts.
        assert_eq!(read("[99999:59.99]far\n[999999:00]not"), []);
        assert_eq!(read("[00:01.00]é<é<00:02.00>ü"), [pair(1_000, "é<éü")]);
    }
}
