//! Lyrics, from the tags of a track and from files beside it.

use kernel::{Fault, db::Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::batch::Batch;
use crate::{TrackId, fold, model::TOPIC_CATALOG, store::lyrics};

/// Most lyrics of one track, in as many languages or versions.
pub const LYRICS_MAX: usize = 8;
/// Most lines of one text of lyrics.
pub const LYRIC_LINES_MAX: usize = 5_000;
/// Longest line of lyrics.
const LINE_CHARS_MAX: usize = 1_000;
/// Most words of one text of lyrics that have times of their own; with more, the lines keep theirs alone.
const WORDS_MAX: usize = 20_000;

/// Where lyrics were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LyricsSource {
    /// In the tags.
    Tag,
    /// In a file `.lrc` beside the track.
    Lrc,
    /// In a file `.ttml` beside the track.
    Ttml,
    /// In a file `.txt` beside the track.
    Txt,
    /// Somebody wrote them in the page.
    Edit,
}

impl LyricsSource {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Lrc => "lrc",
            Self::Ttml => "ttml",
            Self::Txt => "txt",
            Self::Edit => "edit",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        // That there are none was written, too.
        let word = if word == "none" { "edit" } else { word };
        let known = [Self::Lrc, Self::Ttml, Self::Txt, Self::Edit];
        known.into_iter().find(|one| one.word() == word).unwrap_or(Self::Tag)
    }
}

/// A word of a line, or a part of one, with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LyricWord {
    /// When it begins.
    pub start_ms: u32,
    /// When it ends, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<u32>,
    /// The text, with the space that follows it; all words together are the line.
    pub text: String,
}

/// A line of lyrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LyricLine {
    /// When it begins; absent in lyrics that are not synced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<u32>,
    /// When it ends, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ms: Option<u32>,
    /// The text; may be empty, for a pause.
    pub text: String,
    /// Its words, when they have times of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<LyricWord>,
}

/// Lyrics of a track in one language. An offset that their file names is applied already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LyricsTag {
    /// BCP 47 or ISO 639, if known.
    pub language: Option<String>,
    /// Where they were found.
    pub source: LyricsSource,
    /// The lines; synced when the first has a time.
    pub lines: Vec<LyricLine>,
}

impl LyricsTag {
    /// Whether its lines have times.
    pub fn is_synced(&self) -> bool {
        self.lines.first().is_some_and(|line| line.start_ms.is_some())
    }

    /// The same made fit; `None` when nothing is left.
    pub(crate) fn cleaned(&self) -> Option<Self> {
        let synced = self.is_synced();
        let words: usize = self.lines.iter().map(|line| line.words.len()).sum();
        let clean_line = |line: &LyricLine| LyricLine {
            start_ms: line.start_ms.filter(|_| synced).or(synced.then_some(0)),
            end_ms: line.end_ms.filter(|_| synced),
            text: line_text(&line.text),
            words: if synced && words <= WORDS_MAX {
                line.words.iter().map(clean_word).collect()
            } else {
                Vec::new()
            },
        };
        let mut lines: Vec<LyricLine> = self.lines.iter().take(LYRIC_LINES_MAX).map(clean_line).collect();
        if synced {
            lines.sort_by_key(|line| line.start_ms);
        }
        let said = lines.iter().any(|line| !line.text.is_empty());
        said.then(|| Self {
            language: self.language.as_deref().and_then(language),
            source: self.source,
            lines,
        })
    }
}

fn clean_word(word: &LyricWord) -> LyricWord {
    LyricWord { text: kept_spaces(&word.text), ..word.clone() }
}

fn line_text(text: &str) -> String {
    kept_spaces(text).trim().to_owned()
}

/// Without anything that is not for reading; the spaces at both ends are kept, since words are put together.
fn kept_spaces(text: &str) -> String {
    let (lead, tail) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
    let short: String = text.chars().take(LINE_CHARS_MAX).collect();
    let inner = fold::clean(&short);
    match (inner.is_empty(), lead, tail) {
        (true, ..) => " ".repeat(usize::from(lead || tail)),
        (false, lead, tail) => {
            format!("{}{inner}{}", if lead { " " } else { "" }, if tail { " " } else { "" })
        }
    }
}

/// A code of a language as far as it looks like one; "unknown" in its several spellings is none.
fn language(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_lowercase().replace('_', "-");
    let good = (2..=35).contains(&code.len())
        && code.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    (good && !matches!(code.as_str(), "xxx" | "und" | "unknown" | "zxx")).then_some(code)
}

/// Puts lyrics that were found in files beside a track in the place of those that were found there before. Those in
/// its tags stay.
pub fn set_lyrics_beside(
    tx: &mut Tx<'_>,
    batch: &mut Batch,
    track: TrackId,
    beside: &[LyricsTag],
) -> Result<(), Fault> {
    lyrics::delete_beside(tx, track)?;
    let clean: Vec<LyricsTag> = beside.iter().filter_map(LyricsTag::cleaned).take(LYRICS_MAX).collect();
    insert(tx, batch, track, &clean)?;
    tx.wake(TOPIC_CATALOG);
    Ok(())
}

/// Enters lyrics; those in tags are offered after those beside the file, since somebody put these there by hand.
pub(super) fn insert(tx: &mut Tx<'_>, batch: &Batch, track: TrackId, all: &[LyricsTag]) -> Result<(), Fault> {
    for (at, one) in (0_i64..).zip(all) {
        let position = match one.source {
            LyricsSource::Tag => at + 100,
            LyricsSource::Edit => at - 1,
            _ => at,
        };
        let lines = serde_json::to_string(&one.lines)
            .map_err(|error| Fault::from_error("lyrics can't be written", error))?;
        lyrics::insert(tx, batch.ids.next(), track, position, one, &lines)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(start_ms: Option<u32>, text: &str) -> LyricLine {
        LyricLine { start_ms, text: text.to_owned(), ..LyricLine::default() }
    }

    #[test]
    fn lyrics_are_cleaned_cut_and_put_in_order() {
        let raw = LyricsTag {
            language: Some("de_AT".to_owned()),
            source: LyricsSource::Tag,
            lines: vec![
                line(Some(2000), "two\0\u{202e}"),
                line(Some(1000), &"x".repeat(5000)),
                line(None, "odd"),
            ],
        };
        let clean = raw.cleaned().expect("lyrics");
        assert_eq!(clean.language.as_deref(), Some("de-at"));
        let starts: Vec<_> = clean.lines.iter().map(|line| line.start_ms).collect();
        assert_eq!(starts, [Some(0), Some(1000), Some(2000)]);
        assert_eq!((clean.lines[1].text.len(), clean.lines[2].text.as_str()), (LINE_CHARS_MAX, "two"));
        let many = LyricsTag { lines: vec![line(None, "la"); 6_000], ..raw.clone() };
        assert_eq!(many.cleaned().expect("lyrics").lines.len(), LYRIC_LINES_MAX);
        let silent = LyricsTag { lines: vec![line(Some(1), " \0"); 3], ..raw };
        assert_eq!(silent.cleaned(), None);
    }

    #[test]
    fn only_what_looks_like_a_language_is_one() {
        for (code, read) in
            [("EN", Some("en")), ("pt-BR", Some("pt-br")), ("XXX", None), ("e", None), ("a b", None)]
        {
            assert_eq!(language(code).as_deref(), read, "{code}");
        }
    }
}
