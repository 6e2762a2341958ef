//! HTML becomes plain text: paragraphs become lines, links keep their address, everything else goes.

/// Bytes of HTML that are read for each letter that may come of it; markup is rarely that wordy.
const BYTES_FOR_A_LETTER: usize = 20;
/// Bytes of HTML that are read however short its text may be.
const BYTES_AT_LEAST: usize = 4096;

/// The text of a piece of HTML, at most `max` letters of it.
pub(crate) fn text(html: &str, max: usize) -> String {
    let html = &html[..html.floor_char_boundary(max * BYTES_FOR_A_LETTER + BYTES_AT_LEAST)];
    let mut out = String::new();
    let mut link: Option<(String, usize)> = None;
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        push_words(&mut out, &rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            let (letters, length) = reference(rest);
            push_words(&mut out, &letters);
            rest = &rest[length..];
            continue;
        }
        let Some(end) = tag_end(rest) else {
            push_words(&mut out, rest);
            rest = "";
            break;
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        rest = meet(tag, rest, &mut out, &mut link);
        if out.len() > max * 8 {
            break;
        }
    }
    push_words(&mut out, rest);
    tidy(&out, max)
}

/// One line of text, at most `max` letters.
pub(crate) fn line(html: &str, max: usize) -> String {
    let text = text(html, max);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a tag ends; `None` when this `<` begins none.
fn tag_end(rest: &str) -> Option<usize> {
    let next = rest[1..].chars().next()?;
    if !(next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
        return None;
    }
    if rest.starts_with("<!--") {
        return rest.find("-->").map(|at| at + 2);
    }
    rest.find('>')
}

/// Takes a tag; what is left to read, which is less when the tag's content is no text.
fn meet<'a>(tag: &str, rest: &'a str, out: &mut String, link: &mut Option<(String, usize)>) -> &'a str {
    let name: String = tag
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .take(12)
        .collect::<String>()
        .to_ascii_lowercase();
    match (name.as_str(), tag.starts_with('/')) {
        ("script" | "style" | "template" | "iframe", false) => {
            return find_end(rest, &name).map_or("", |at| &rest[at..]);
        }
        ("br" | "tr", _) => out.push('\n'),
        ("li", false) => out.push_str("\n• "),
        ("p" | "div" | "ul" | "ol" | "table" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6", _) => {
            out.push_str("\n\n");
        }
        ("a", false) => *link = href(tag).map(|address| (address, out.len())),
        ("a", true) => {
            if let Some((address, from)) = link.take()
                && !out.get(from..).is_some_and(|words| words.contains(&address))
            {
                out.extend([" (", &address, ")"]);
            }
        }
        _ => {}
    }
    rest
}

/// Where `</name` stands. It looks no further than that and copies nothing: there may be thousands of such tags.
fn find_end(rest: &str, name: &str) -> Option<usize> {
    rest.match_indices("</").map(|(at, _)| at).find(|at| {
        let own = rest.as_bytes().get(at + 2..at + 2 + name.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes()))
    })
}

fn href(tag: &str) -> Option<String> {
    // Lower case of ASCII keeps every place.
    let at = tag.to_ascii_lowercase().find("href=")?;
    let value = &tag[at + 5..];
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let value = match quote {
        Some(quote) => value[1..].split(quote).next()?,
        None => value.split_whitespace().next()?,
    };
    super::address(&value.replace("&amp;", "&"))
}

fn push_words(out: &mut String, words: &str) {
    out.extend(words.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter }));
}

/// What a reference stands for, and how long it is.
fn reference(rest: &str) -> (String, usize) {
    let end = rest.bytes().take(12).position(|byte| byte == b';');
    let Some(end) = end else { return ("&".to_owned(), 1) };
    let name = &rest[1..end];
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    });
    let letter = number.and_then(char::from_u32).map(String::from);
    match letter.or_else(|| named(name).map(str::to_owned)) {
        Some(letters) => (letters, end + 1),
        None => ("&".to_owned(), 1),
    }
}

/// What the names stand for that are met in feeds.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 30] = [
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", " "),
        ("ndash", "–"),
        ("mdash", "—"),
        ("hellip", "…"),
        ("rsquo", "’"),
        ("lsquo", "‘"),
        ("rdquo", "”"),
        ("ldquo", "“"),
        ("bdquo", "„"),
        ("laquo", "«"),
        ("raquo", "»"),
        ("auml", "ä"),
        ("ouml", "ö"),
        ("uuml", "ü"),
        ("Auml", "Ä"),
        ("Ouml", "Ö"),
        ("Uuml", "Ü"),
        ("szlig", "ß"),
        ("eacute", "é"),
        ("egrave", "è"),
        ("agrave", "à"),
        ("ccedil", "ç"),
        ("copy", "©"),
        ("euro", "€"),
        ("middot", "·"),
    ];
    NAMES.iter().find(|(own, _)| *own == name).map(|(_, letters)| *letters)
}

/// Words one space apart, at most one empty line in between, no letters that turn others around.
fn tidy(text: &str, max: usize) -> String {
    let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\0');
    let mut out = String::new();
    let mut empty = 0;
    for line in text.split('\n') {
        let line: String = line.chars().filter(|letter| !turns(*letter)).collect();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(&line);
    }
    match out.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", out[..at].trim_end()),
        None => out,
    }
}
