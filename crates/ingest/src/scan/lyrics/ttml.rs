//! TTML as it is used for lyrics: paragraphs are lines, spans with times are words. All times count from the
//! beginning of the track, as every program that writes lyrics has them.
//!
//! A document type is refused, so there are no entities but the five that XML has; depth is bounded; nothing that a
//! document names is looked at.

use catalog::import::{LYRIC_LINES_MAX, LYRICS_MAX, LyricLine, LyricWord, LyricsSource, LyricsTag};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// Elements within each other.
const DEPTH_MAX: usize = 64;
/// Attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 32;
/// Words of one line that have times of their own.
const WORDS_MAX: usize = 1_000;
/// Longest line.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// Reads a document: one text of lyrics for each language in it. Why not, if it can't be read.
pub(super) fn parse(text: &str) -> Result<Vec<LyricsTag>, String> {
    let mut reader = Reader::from_str(text);
    let mut document = Document::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => document.open(&element)?,
            Ok(Event::Empty(element)) => {
                document.open(&element)?;
                document.close();
            }
            Ok(Event::End(_)) => document.close(),
            Ok(Event::Text(text)) => document.say(&text.xml10_content()),
            Ok(Event::CData(text)) => document.say(&text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => {
                let letter =
                    reference.resolve_char_ref().map_err(|_| "a character in it is none".to_owned())?;
                match (letter, reference.into_inner().as_ref()) {
                    (Some(letter), _) => document.say(letter.encode_utf8(&mut [0; 4])),
                    (None, "amp") => document.say("&"),
                    (None, "lt") => document.say("<"),
                    (None, "gt") => document.say(">"),
                    (None, "quot") => document.say("\""),
                    (None, "apos") => document.say("'"),
                    (None, _) => return Err("it uses entities of its own".to_owned()),
                }
            }
            Ok(Event::DocType(_)) => return Err("it declares a document type".to_owned()),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                return Err(format!("its XML is wrong at byte {}: {error}", reader.error_position()));
            }
        }
        if document.full() {
            break;
        }
    }
    document.finish()
}

/// What an element is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Body,
    Line,
    Word,
    /// A line once more in another language.
    Translation,
    /// Nothing in it is shown.
    Silent,
    /// A line goes on in the next one.
    Break,
    Other,
}

#[derive(Debug)]
struct Element {
    part: Part,
    language: Option<String>,
    start_ms: Option<u32>,
    end_ms: Option<u32>,
}

#[derive(Default)]
struct Document {
    path: Vec<Element>,
    rates: Rates,
    line: LyricLine,
    /// The text of the line in another language, and which.
    translations: Vec<(Option<String>, String)>,
    lines: Vec<(Option<String>, LyricLine)>,
    is_ttml: bool,
}

#[derive(Clone, Copy)]
struct Rates {
    frames: f64,
    ticks: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { frames: 30.0, ticks: 1.0 }
    }
}

impl Document {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        if self.path.len() >= DEPTH_MAX {
            return Err(format!("its elements are nested more than {DEPTH_MAX} deep"));
        }
        let name = element.local_name();
        let mut made = Element {
            part: Part::Other,
            language: self.path.last().and_then(|above| above.language.clone()),
            start_ms: None,
            end_ms: None,
        };
        let (mut role, mut duration) = (String::new(), None);
        for attribute in element.attributes().with_checks(false).take(ATTRIBUTES_MAX) {
            let attribute = attribute.map_err(|error| format!("an attribute in it is wrong: {error}"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| format!("an attribute in it is wrong: {error}"))?;
            match attribute.key.local_name().as_ref() {
                "lang" => made.language = Some(value.trim().to_owned()).filter(|code| !code.is_empty()),
                "begin" => made.start_ms = self.rates.time(&value),
                "end" => made.end_ms = self.rates.time(&value),
                "dur" => duration = self.rates.time(&value),
                "role" => role = value.into_owned(),
                "frameRate" => self.rates.frames = rate(&value, self.rates.frames),
                "tickRate" => self.rates.ticks = rate(&value, self.rates.ticks),
                _ => {}
            }
        }
        if let (Some(start), None, Some(duration)) = (made.start_ms, made.end_ms, duration) {
            made.end_ms = Some(start.saturating_add(duration));
        }
        let within = |part| self.path.iter().any(|above| above.part == part);
        made.part = match name.as_ref() {
            "tt" if self.path.is_empty() => {
                self.is_ttml = true;
                Part::Other
            }
            "head" | "metadata" => Part::Silent,
            "body" => Part::Body,
            "p" if within(Part::Body) && !within(Part::Line) => Part::Line,
            "span" if role.contains("x-translation") => Part::Translation,
            "span" if role.contains("x-roman") => Part::Silent,
            "span" if within(Part::Line) && made.start_ms.is_some() => Part::Word,
            "br" => Part::Break,
            _ => Part::Other,
        };
        let translated = within(Part::Translation);
        match made.part {
            Part::Line => {
                self.line =
                    LyricLine { start_ms: made.start_ms, end_ms: made.end_ms, ..LyricLine::default() };
                self.translations.clear();
            }
            Part::Break => self.say(" "),
            Part::Word if self.line.words.len() < WORDS_MAX && !translated => {
                let start_ms = made.start_ms.unwrap_or_default();
                self.line.words.push(LyricWord { start_ms, end_ms: made.end_ms, text: String::new() });
            }
            Part::Translation if self.translations.len() < LYRICS_MAX => {
                self.translations.push((made.language.clone(), String::new()));
            }
            _ => {}
        }
        self.path.push(made);
        Ok(())
    }

    fn say(&mut self, text: &str) {
        let has = |part| self.path.iter().any(|above| above.part == part);
        if !has(Part::Line) || has(Part::Silent) {
            return;
        }
        // Lines of the source are for its reader; a space between two words is meant.
        let blank = text.trim().is_empty();
        if blank && text.contains('\n') {
            return;
        }
        let space = |edge: bool| if edge { " " } else { "" };
        let inner = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lead = space(!blank && text.starts_with([' ', '\t', '\u{a0}']));
        let tail = space(text.ends_with([' ', '\t', '\u{a0}']));
        let said = format!("{lead}{inner}{tail}");
        let into = if has(Part::Translation) {
            self.translations.last_mut().map(|(_, text)| text)
        } else {
            let timed = has(Part::Word) || blank;
            if let Some(word) =
                self.line.words.last_mut().filter(|word| timed && word.text.len() < LINE_BYTES_MAX)
            {
                word.text.push_str(&said);
            }
            Some(&mut self.line.text)
        };
        if let Some(into) = into.filter(|into| into.len() + said.len() <= LINE_BYTES_MAX) {
            into.push_str(&said);
        }
    }

    fn close(&mut self) {
        let Some(element) = self.path.pop() else { return };
        if element.part != Part::Line {
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        line.words.retain(|word| !word.text.trim().is_empty());
        line.text = line.text.trim().into();
        if line.start_ms.is_none() {
            line.start_ms = line.words.first().map(|word| word.start_ms);
        }
        let together: String = line.words.iter().map(|word| word.text.as_str()).collect();
        if line.words.len() >= WORDS_MAX || together.trim() != line.text {
            // Words that are not the whole line can't stand for it.
            line.words.clear();
        }
        for (language, text) in self.translations.drain(..) {
            let text = text.trim().to_owned();
            let (start_ms, end_ms) = (line.start_ms, line.end_ms);
            self.lines.push((language, LyricLine { start_ms, end_ms, text, words: Vec::new() }));
        }
        self.lines.push((element.language, line));
    }

    fn full(&self) -> bool {
        self.lines.len() >= LYRIC_LINES_MAX
    }

    /// One text for each language, in the order in which they are met.
    fn finish(self) -> Result<Vec<LyricsTag>, String> {
        if !self.is_ttml {
            return Err("it is no TTML".to_owned());
        }
        let mut all: Vec<LyricsTag> = Vec::new();
        for (language, line) in self.lines {
            if let Some(one) = all.iter_mut().find(|one| one.language == language) {
                one.lines.push(line);
            } else if all.len() < LYRICS_MAX {
                all.push(LyricsTag { language, source: LyricsSource::Ttml, lines: vec![line] });
            }
        }
        for one in &mut all {
            one.lines.sort_by_key(|line| line.start_ms);
            if one.lines.iter().any(|line| line.start_ms.is_none()) {
                // Some lines without a time: none can be followed.
                for line in &mut one.lines {
                    *line = LyricLine { text: std::mem::take(&mut line.text), ..LyricLine::default() };
                }
            }
        }
        // The words as they are sung come first.
        all.sort_by_key(|one| one.lines.iter().all(|line| line.words.is_empty()));
        Ok(all)
    }
}

fn rate(text: &str, otherwise: f64) -> f64 {
    text.trim()
        .parse()
        .ok()
        .filter(|rate: &f64| rate.is_finite() && (0.1..=1e9).contains(rate))
        .unwrap_or(otherwise)
}

impl Rates {
    /// A time as TTML writes it (`01:02:03.500`, `01:02.5`, `3.5`, `3.5s`, `350ms`, `2m`, `1h`, `10f`, `100t`), in
    /// milliseconds.
    fn time(self, text: &str) -> Option<u32> {
        let text = text.trim();
        let units = [
            ("ms", 1.0),
            ("h", 3_600_000.0),
            ("m", 60_000.0),
            ("s", 1000.0),
            ("f", 1000.0 / self.frames),
            ("t", 1000.0 / self.ticks),
        ];
        if let Some((number, unit)) = units.iter().find_map(|(unit, ms)| Some((text.strip_suffix(unit)?, ms)))
        {
            return milliseconds(plain(number)? * unit);
        }
        let parts: Vec<&str> = text.splitn(5, ':').collect();
        let seconds =
            |parts: &[&str]| parts.iter().try_fold(0.0, |sum, part| Some(sum * 60.0 + plain(part)?));
        match parts.as_slice() {
            [clock @ .., frames] if clock.len() == 3 => {
                milliseconds((seconds(clock)? + plain(frames)? / self.frames) * 1000.0)
            }
            clock if clock.len() <= 3 => milliseconds(seconds(clock)? * 1000.0),
            _ => None,
        }
    }
}

fn plain(text: &str) -> Option<f64> {
    let good =
        (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    good.then(|| text.parse().ok()).flatten()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before, and the rest of a millisecond is not missed"
)]
fn milliseconds(ms: f64) -> Option<u32> {
    (0.0..=f64::from(u32::MAX)).contains(&ms).then(|| ms.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(body: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><tt xmlns=\"http://www.w3.org/ns/ttml\" \
             xmlns:ttm=\"http://www.w3.org/ns/ttml#metadata\" xml:lang=\"en\"><head><metadata><p>no</p></metadata>\
             </head><body><div>{body}</div></body></tt>"
        )
    }

    fn lines(lyrics: &LyricsTag) -> Vec<(Option<u32>, &str)> {
        lyrics.lines.iter().map(|line| (line.start_ms, line.text.as_str())).collect()
    }

    #[test]
    fn lines_and_words_are_read_with_their_times() {
        let all = parse(&document(
            "<p begin=\"00:09.500\" end=\"12.0s\"><span begin=\"9.500\" end=\"10.000\">Rock</span> <span \
             begin=\"00:00:10.000\" end=\"10500ms\">&amp; ro</span><span begin=\"10.5\" end=\"11\">ll</span></p>\n\
             <p begin=\"1:02.25\" dur=\"2s\">Plain <br/>line</p>",
        ));
        let all = all.expect("lyrics");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].language.as_deref(), Some("en"));
        assert_eq!(lines(&all[0]), [(Some(9_500), "Rock & roll"), (Some(62_250), "Plain  line")]);
        assert_eq!((all[0].lines[0].end_ms, all[0].lines[1].end_ms), (Some(12_000), Some(64_250)));
        let words: Vec<_> =
            all[0].lines[0].words.iter().map(|w| (w.start_ms, w.end_ms, w.text.as_str())).collect();
        assert_eq!(
            words,
            [(9_500, Some(10_000), "Rock "), (10_000, Some(10_500), "& ro"), (10_500, Some(11_000), "ll")]
        );
    }

    #[test]
    fn each_language_is_a_text_of_its_own() {
        let all = parse(&document(
            "<p begin=\"1s\"><span begin=\"1s\">Hello</span><span ttm:role=\"x-translation\" xml:lang=\"de\">Hallo\
             </span><span ttm:role=\"x-roman\">helo</span></p><p begin=\"2s\" xml:lang=\"fr\">Salut</p>",
        ));
        let all = all.expect("lyrics");
        let read: Vec<_> = all.iter().map(|one| (one.language.as_deref(), lines(one))).collect();
        assert_eq!(
            read,
            [
                (Some("en"), vec![(Some(1_000), "Hello")]),
                (Some("de"), vec![(Some(1_000), "Hallo")]),
                (Some("fr"), vec![(Some(2_000), "Salut")])
            ]
        );
    }

    #[test]
    fn times_of_every_notation_are_read() {
        let rates = Rates { frames: 25.0, ticks: 10_000.0 };
        for (text, ms) in [
            ("00:00:01.5", Some(1_500)),
            ("01:02", Some(62_000)),
            ("3", Some(3_000)),
            ("00:00:01:05", Some(1_200)),
            ("50f", Some(2_000)),
            ("5000t", Some(500)),
            ("1.5h", Some(5_400_000)),
            ("2m", Some(120_000)),
            ("-1s", None),
            ("1e9s", None),
            ("99999999999s", None),
            ("1:2:3:4:5", None),
            ("", None),
            ("wallclock(1)", None),
        ] {
            assert_eq!(rates.time(text), ms, "{text}");
        }
    }

    #[test]
    fn lines_without_times_are_plain() {
        let all = parse(&document("<p>One</p><p begin=\"2s\">Two</p>")).expect("lyrics");
        assert_eq!(lines(&all[0]), [(None, "One"), (None, "Two")]);
    }

    #[test]
    fn hostile_documents_are_refused_or_cut() {
        let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><tt><body><p>&lol2;</p></body></tt>";
        assert_eq!(parse(laughs), Err("it declares a document type".to_owned()));
        let file =
            "<!DOCTYPE tt [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><tt><body><p>&x;</p></body></tt>";
        assert!(parse(file).is_err());
        assert!(parse(&document("<p>&own;</p>")).is_err());
        assert!(parse(&document("<p>&#xD800;</p>")).is_err());
        assert!(parse(&"<a>".repeat(100_000)).is_err_and(|why| why.contains("deep")));
        assert!(parse(&document(&"<p>".repeat(80))).is_err());
        for broken in ["", "no xml", "<tt", "<tt><body></tt>", "<p>x</p>", "<html/>", "\0"] {
            assert!(parse(broken).is_err(), "{broken:?}");
        }
        let many = document(&"<p begin=\"1s\">x</p>".repeat(10_000));
        assert_eq!(parse(&many).expect("lyrics")[0].lines.len(), LYRIC_LINES_MAX);
        let attributes = (0..50_000).map(|at| format!(" a{at}=\"\"")).collect::<Vec<_>>().concat();
        assert!(parse(&document(&format!("<p begin=\"1s\"{attributes}>x</p>"))).is_ok());
        let languages =
            (0..100).map(|at| format!("<p xml:lang=\"l{at}\">x</p>")).collect::<Vec<_>>().concat();
        assert_eq!(parse(&document(&languages)).expect("lyrics").len(), LYRICS_MAX);
        let words = format!("<p begin=\"1s\">{}</p>", "<span begin=\"1s\">a</span>".repeat(15_000));
        assert!(parse(&document(&words)).expect("lyrics")[0].lines[0].words.is_empty());
    }
}
