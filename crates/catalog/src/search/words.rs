//! A text becomes the words by which it is found, and a query the words that are asked for.
//!
//! Case, accents, width, quotes and the two kinds of kana do not count. Scripts that put no spaces between words (Han,
//! kana, Thai and their like) are taken apart into pairs of neighbouring characters, and Hangul into its letters, so
//! that a syllable that is half typed begins the whole one.

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{canonical_combining_class, is_combining_mark},
};

/// Letters of a word that count.
pub(crate) const LETTERS_MAX: usize = 40;
/// Characters of one text that are looked at.
const TEXT_CHARS_MAX: usize = 1000;
/// Words that a query may ask for; further ones do not count.
pub(crate) const ASKED_MAX: usize = 24;
/// Parts of `A.B.C` that are also taken together, as `abc`.
const JOINED_MAX: usize = 8;
/// Words that do not count when it is asked whether a name was named whole.
const ARTICLES: [&str; 3] = ["the", "an", "a"];

/// A word that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its folded letters.
    pub(crate) word: String,
    /// Whether it may be the beginning of a longer one.
    pub(crate) open: bool,
    /// How many typos are forgiven.
    pub(crate) edits_max: u8,
}

/// The words under which a text is found.
pub(crate) fn found_under(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in chunks(text) {
        for piece in &chunk {
            piece.found_under(&mut words);
        }
        // AC/DC is also looked for as acdc, R.E.M. as rem.
        let spelled = chunk.iter().all(|piece| !piece.unspaced);
        if (2..=JOINED_MAX).contains(&chunk.len()) && spelled {
            let joined = chunk.iter().flat_map(|piece| piece.letters.chars());
            words.push(joined.take(LETTERS_MAX).collect());
        }
    }
    words
}

/// The words that a query asks for, each once. The last one is open: it may be the beginning of a longer word.
pub(crate) fn asked_for(text: &str) -> Vec<Asked> {
    let chunks = chunks(text);
    let pieces: Vec<&Piece> = chunks.iter().flatten().collect();
    let mut asked: Vec<Asked> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        for word in piece.asked_for(at + 1 == pieces.len()) {
            match asked.iter().position(|known| known.word == word.word) {
                Some(known) => asked[known].open |= word.open,
                None if asked.len() < ASKED_MAX => asked.push(word),
                None => return asked,
            }
        }
    }
    asked
}

/// How many words it takes to name this text whole; a leading article does not count.
pub(crate) fn whole(text: &str) -> u8 {
    whole_of(&asked_for(text))
}

/// The same of words that are taken apart already.
pub(crate) fn whole_of(asked: &[Asked]) -> u8 {
    let article = asked.len() > 1 && ARTICLES.contains(&asked[0].word.as_str());
    u8::try_from(asked.len() - usize::from(article)).unwrap_or(u8::MAX)
}

/// Letters without a break between them.
struct Piece {
    letters: String,
    /// Its script puts no spaces between words.
    unspaced: bool,
    /// It is made of marks and was kept because there is nothing else.
    marks: bool,
}

impl Piece {
    fn found_under(&self, words: &mut Vec<String>) {
        if !self.unspaced {
            words.push(self.letters.chars().take(LETTERS_MAX).collect());
            return;
        }
        let letters: Vec<char> = self.letters.chars().collect();
        // The last character stands alone, so that every one begins a word.
        words.extend((0..letters.len()).map(|at| letters[at..letters.len().min(at + 2)].iter().collect()));
    }

    fn asked_for(&self, last: bool) -> Vec<Asked> {
        let letters: Vec<char> = self.letters.chars().collect();
        if !self.unspaced {
            let word: String = letters.iter().take(LETTERS_MAX).collect();
            let edits_max = if self.marks { 0 } else { edits_max(&letters) };
            return vec![Asked { word, open: last && !self.marks, edits_max }];
        }
        match letters.as_slice() {
            [one] => vec![Asked { word: one.to_string(), open: true, edits_max: 0 }],
            several => several
                .windows(2)
                .map(|pair| Asked { word: pair.iter().collect(), open: false, edits_max: 0 })
                .collect(),
        }
    }
}

/// A short word has too many neighbours for a typo to mean it. The letters of Hangul are half as long as others.
fn edits_max(letters: &[char]) -> u8 {
    let hangul = letters.iter().any(|&letter| is_jamo(letter));
    let length = if hangul { letters.len() * 2 / 3 } else { letters.len() };
    match length {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The pieces of a text by the chunks that spaces make.
fn chunks(text: &str) -> Vec<Vec<Piece>> {
    let folded = folded(text);
    let mut chunks: Vec<Vec<Piece>> = folded.split_whitespace().map(pieces).collect();
    chunks.retain(|chunk| !chunk.is_empty());
    if chunks.is_empty() {
        // A name of marks alone, as !!! has it.
        let letters: String =
            folded.chars().filter(|letter| !letter.is_whitespace()).take(LETTERS_MAX).collect();
        let letters: String = letters.chars().filter(|letter| !letter.is_control()).collect();
        if !letters.is_empty() {
            chunks.push(vec![Piece { letters, unspaced: false, marks: true }]);
        }
    }
    chunks
}

fn pieces(chunk: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut broken = true;
    for letter in chunk.chars() {
        if is_apostrophe(letter) {
            continue;
        }
        if !(letter.is_alphanumeric() || is_combining_mark(letter)) {
            broken = true;
            continue;
        }
        let unspaced = is_unspaced(letter);
        if let Some(piece) = pieces.last_mut().filter(|piece| !broken && piece.unspaced == unspaced) {
            spell(letter, &mut piece.letters);
        } else {
            let mut letters = String::new();
            spell(letter, &mut letters);
            pieces.push(Piece { letters, unspaced, marks: false });
        }
        broken = false;
    }
    pieces
}

/// The text without what does not count.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.get(..text.len().min(TEXT_CHARS_MAX)).unwrap_or_default().to_ascii_lowercase();
    }
    let plain = text.chars().take(TEXT_CHARS_MAX).nfkd().filter(|&letter| !is_dropped(letter));
    let lower = plain.flat_map(char::to_lowercase).filter(|&letter| !is_dropped(letter));
    // Composed again: kana keep the marks that make other sounds of them.
    lower.flat_map(taken_apart).nfc().map(hiragana).collect()
}

/// Accents and what is not seen. Vowels that Indic scripts write as marks stay, and so do the marks of kana.
fn is_dropped(letter: char) -> bool {
    let invisible = matches!(letter, '\u{ad}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}');
    invisible
        || (letter >= '\u{300}'
            && matches!(canonical_combining_class(letter), 1 | 7 | 10..=36 | 107 | 122 | 200..=240))
}

/// Letters that no decomposition takes apart.
fn taken_apart(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ł' => ('l', None),
        'ı' => ('i', None),
        'ħ' => ('h', None),
        'ŧ' => ('t', None),
        'ŋ' => ('n', None),
        'ĸ' => ('k', None),
        'ς' => ('σ', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

fn hiragana(letter: char) -> char {
    match letter {
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(letter as u32 - 0x60).unwrap_or(letter),
        other => other,
    }
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{2032}')
}

/// Scripts without spaces between words: Han, kana, bopomofo, Thai, Lao, Myanmar, Khmer.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{312f}' | '\u{31a0}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

fn is_jamo(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{11ff}')
}

const SYLLABLES: u32 = 0xac00;
const LEADS: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
const TAILS: u32 = 28;
/// The leading letters that a trailing one is written with; `.` is none.
const TAIL_LEADS: [&str; TAILS as usize] = [
    "", "ᄀ", "ᄁ", "ᄀᄉ", "ᄂ", "ᄂᄌ", "ᄂᄒ", "ᄃ", "ᄅ", "ᄅᄀ", "ᄅᄆ", "ᄅᄇ", "ᄅᄉ", "ᄅᄐ", "ᄅᄑ",
    "ᄅᄒ", "ᄆ", "ᄇ", "ᄇᄉ", "ᄉ", "ᄊ", "ᄋ", "ᄌ", "ᄎ", "ᄏ", "ᄐ", "ᄑ", "ᄒ",
];

/// A letter, or the letters of a syllable of Hangul: a trailing one is written as the leading one that it sounds
/// like, since while somebody types, the first letter of the next syllable ends the one before.
fn spell(letter: char, word: &mut String) {
    let code = (letter as u32).wrapping_sub(SYLLABLES);
    if code >= 11_172 {
        return word.push(letter);
    }
    let (lead, vowel, tail) = (code / TAILS / 21, code / TAILS % 21, code % TAILS);
    word.extend(char::from_u32(LEADS + lead));
    word.extend(char::from_u32(VOWELS + vowel));
    word.push_str(TAIL_LEADS[tail as usize]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Vec<String> {
        asked_for(text).into_iter().map(|asked| asked.word).collect()
    }

    #[test]
    fn accents_case_width_and_quotes_do_not_count() {
        for (text, words) in [
            ("Björk Guðmundsdóttir", vec!["bjork", "gudmundsdottir"]),
            ("Motörhead ＡＢＢＡ ﬁne", vec!["motorhead", "abba", "fine"]),
            ("STRAßE Æon Øre Łódź", vec!["strasse", "aeon", "ore", "lodz"]),
            ("Ёлка, чай", vec!["елка", "чаи"]),
            ("Μέσα Σ’ Ἀγαπῶς", vec!["μεσα", "σ", "αγαπωσ"]),
            ("İstanbul ISPARTA ılık", vec!["istanbul", "isparta", "ilik"]),
            ("Don't Rockin’", vec!["dont", "rockin"]),
            ("مُحَمَّد", vec!["محمد"]),
        ] {
            assert_eq!(asked(text), words, "{text}");
        }
    }

    #[test]
    fn vowels_that_are_written_as_marks_count() {
        assert_ne!(asked("की"), asked("का"));
        assert_ne!(asked("ติ"), asked("ตา"));
    }

    #[test]
    fn han_and_kana_are_taken_in_pairs_and_both_kana_are_one() {
        assert_eq!(found_under("宇多田"), ["宇多", "多田", "田"]);
        assert_eq!(asked("宇多田"), ["宇多", "多田"]);
        assert_eq!(found_under("ミク"), found_under("みく"));
        assert_eq!(found_under("ﾐｸ"), found_under("ミク"));
        assert_ne!(asked("がく"), asked("かく"), "voiced kana are others");
        assert_eq!(asked("初音ミクV4"), ["初音", "音み", "みく", "v4"]);
        assert!(asked_for("東")[0].open, "one character begins pairs");
    }

    #[test]
    fn a_half_typed_syllable_begins_the_whole_one() {
        let whole = &found_under("가나다")[0];
        for typed in ["가", "간", "가나", "가낟"] {
            assert!(whole.starts_with(&asked(typed)[0]), "{typed}");
        }
    }

    #[test]
    fn spelled_names_are_also_taken_together() {
        assert!(found_under("AC/DC").contains(&"acdc".to_owned()));
        assert!(found_under("R.E.M.").contains(&"rem".to_owned()));
        assert_eq!(asked("AC/DC"), ["ac", "dc"]);
        assert_eq!(found_under("!!!"), ["!!!"]);
        assert_eq!(asked("!!!"), ["!!!"]);
        assert_eq!(asked("+ / -"), ["+/-"]);
    }

    #[test]
    fn nothing_comes_of_nothing_and_little_of_very_much() {
        for text in ["", "   ", "\0", "\u{301}\u{301}", "\u{200b}", "'"] {
            assert!(asked_for(text).is_empty() || text == "'", "{text:?}: {:?}", asked(text));
        }
        assert_eq!(asked_for(&"word ".repeat(10_000)).len(), 1);
        let many = (0..10_000).map(|at| format!("w{at}")).collect::<Vec<_>>().join(" ");
        assert_eq!(asked_for(&many).len(), ASKED_MAX);
        let long = asked(&"é".repeat(100_000));
        assert_eq!(long[0].chars().count(), LETTERS_MAX);
        assert!(found_under(&"漢".repeat(100_000)).len() <= TEXT_CHARS_MAX);
    }

    #[test]
    fn only_the_last_word_is_open_and_short_ones_forgive_nothing() {
        let asked = asked_for("the beatles abbey");
        assert_eq!(asked.iter().map(|one| one.open).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(asked.iter().map(|one| one.edits_max).collect::<Vec<_>>(), [0, 1, 1]);
        assert_eq!(asked_for("metallica")[0].edits_max, 2);
        assert_eq!((whole("The Beatles"), whole("Beatles"), whole("The")), (1, 1, 1));
    }
}
