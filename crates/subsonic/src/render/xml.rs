//! The tree as XML 1.0: scalars become attributes, arrays repeated elements, `value` the text.

use serde_json::{Map, Value};

/// The namespace of the API's schema.
const NAMESPACE: &str = "http://subsonic.org/restapi";
/// Elements whose scalars are elements themselves, as the schema has it.
const ALL_ELEMENTS: [&str; 3] = ["artistInfo", "artistInfo2", "albumInfo"];
/// What is text and not an attribute.
const TEXT: &str = "value";

/// The whole document.
pub(super) fn document(root: &Map<String, Value>) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<subsonic-response xmlns=\"");
    out.push_str(NAMESPACE);
    out.push('"');
    inside(&mut out, "subsonic-response", root);
    out.push('\n');
    out
}

fn element(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(each) => each.iter().for_each(|one| element(out, name, one)),
        Value::Object(parts) => {
            out.push('<');
            out.push_str(name);
            inside(out, name, parts);
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push('<');
            out.push_str(name);
            out.push('>');
            text(out, value);
            out.push_str("</");
            out.push_str(name);
            out.push('>');
        }
    }
}

/// What follows an element's name: attributes, content, end.
fn inside(out: &mut String, name: &str, parts: &Map<String, Value>) {
    let all_elements = ALL_ELEMENTS.contains(&name);
    let is_attribute = |part: &str, value: &Value| {
        !all_elements && part != TEXT && !matches!(value, Value::Null | Value::Array(_) | Value::Object(_))
    };
    for (part, value) in parts.iter().filter(|(part, value)| is_attribute(part, value)) {
        out.push(' ');
        out.push_str(part);
        out.push_str("=\"");
        attribute(out, value);
        out.push('"');
    }
    let content_at = out.len();
    out.push('>');
    for (part, value) in parts.iter().filter(|(part, value)| !is_attribute(part, value)) {
        match value {
            Value::Bool(_) | Value::Number(_) | Value::String(_) if part == TEXT => text(out, value),
            _ => element(out, part, value),
        }
    }
    if out.len() == content_at + 1 {
        out.truncate(content_at);
        out.push_str("/>");
    } else {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}

fn attribute(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => escape(out, text, true),
        other => out.push_str(&other.to_string()),
    }
}

fn text(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => escape(out, text, false),
        other => out.push_str(&other.to_string()),
    }
}

/// Writes a text so that a parser reads the same; characters that XML can't hold are left out.
fn escape(out: &mut String, text: &str, in_attribute: bool) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // Needed after "]]".
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            // Parsers make a space of these in attributes, and a line's end of a carriage return everywhere.
            '\t' if in_attribute => out.push_str("&#9;"),
            '\n' if in_attribute => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            letter if can_hold(letter) => out.push(letter),
            _ => {}
        }
    }
}

/// Whether XML 1.0 can hold a character at all.
pub(super) fn can_hold(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use kernel::random::Random;
    use quick_xml::{Reader, XmlVersion, escape::resolve_predefined_entity, events::Event};
    use serde_json::json;

    use super::*;

    const NAMES: [&str; 6] = ["artist", "album", "song", "name", "coverArt", "artistInfo"];
    const TEXTS: [&str; 12] = [
        "",
        "plain",
        "<&>\"'",
        "]]>",
        "tab\tline\nreturn\rboth\r\n",
        "  spaces  ",
        "\u{0}\u{1}\u{8}\u{1f}",
        "\u{fffe}\u{ffff}x",
        "é 漢字 🎵 \u{10ffff}",
        "\u{85}\u{2028}\u{202e}",
        "<!-- --><![CDATA[x]]>",
        "&amp;&#10;",
    ];

    fn scalar(random: &Random) -> Value {
        match random.below(4) {
            0 => random.below(u64::MAX).into(),
            1 => (random.below(2) == 0).into(),
            _ => {
                let place = usize::try_from(random.below(TEXTS.len() as u64)).expect("small");
                TEXTS[place].into()
            }
        }
    }

    /// A made element, at most `depth` deep.
    fn made(random: &Random, depth: u64) -> Map<String, Value> {
        let mut parts = Map::new();
        for name in NAMES {
            let value = match random.below(if depth > 0 { 7 } else { 3 }) {
                0 => continue,
                1 => Value::Null,
                2 => scalar(random),
                3 => Value::Object(made(random, depth - 1)),
                4 => (0..random.below(4)).map(|_| Value::Object(made(random, depth - 1))).collect(),
                5 => (0..random.below(4)).map(|_| scalar(random)).collect(),
                _ => {
                    let mut text = Map::new();
                    text.insert(TEXT.to_owned(), scalar(random));
                    text.insert("lang".to_owned(), scalar(random));
                    Value::Object(text)
                }
            };
            parts.insert(name.to_owned(), value);
        }
        parts
    }

    /// What of a scalar XML can hold.
    fn told(value: &Value) -> String {
        match value {
            Value::String(text) => text.chars().filter(|&c| can_hold(c)).collect(),
            other => other.to_string(),
        }
    }

    /// An element as a parser sees it: name, attributes, children, text.
    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        name: String,
        attributes: Vec<(String, String)>,
        children: Vec<Seen>,
        text: String,
    }

    /// What a parser is to see of an element.
    fn expected(name: &str, value: &Value) -> Seen {
        let mut seen = Seen { name: name.to_owned(), ..Seen::default() };
        let Value::Object(parts) = value else {
            seen.text = told(value);
            return seen;
        };
        for (part, value) in parts {
            match value {
                Value::Null => {}
                Value::Array(each) => seen.children.extend(each.iter().map(|one| expected(part, one))),
                Value::Object(_) => seen.children.push(expected(part, value)),
                _ if part == TEXT => seen.text = told(value),
                _ if ALL_ELEMENTS.contains(&name) => seen.children.push(expected(part, value)),
                _ => seen.attributes.push((part.clone(), told(value))),
            }
        }
        seen
    }

    /// Parses with a parser that is not ours.
    fn parsed(text: &str) -> Seen {
        let mut reader = Reader::from_str(text);
        let mut stack = vec![Seen::default()];
        let open = |start: &quick_xml::events::BytesStart<'_>| Seen {
            name: start.name().as_ref().to_owned(),
            attributes: start
                .attributes()
                .map(|attribute| {
                    let attribute = attribute.expect("well-formed");
                    let value =
                        attribute.normalized_value(XmlVersion::Explicit1_0).expect("escapes are known");
                    (attribute.key.as_ref().to_owned(), value.into_owned())
                })
                .collect(),
            ..Seen::default()
        };
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Start(start) => stack.push(open(&start)),
                Event::Empty(start) => {
                    let seen = open(&start);
                    stack.last_mut().expect("a parent").children.push(seen);
                }
                Event::End(_) => {
                    let seen = stack.pop().expect("an element");
                    stack.last_mut().expect("a parent").children.push(seen);
                }
                Event::Text(text) => {
                    stack.last_mut().expect("a parent").text.push_str(&text.xml10_content());
                }
                Event::GeneralRef(name) => {
                    let letter = match name.resolve_char_ref().expect("a good number") {
                        Some(letter) => letter.to_string(),
                        None => resolve_predefined_entity(&name).expect("predefined").to_owned(),
                    };
                    stack.last_mut().expect("a parent").text.push_str(&letter);
                }
                Event::Eof => break,
                Event::Decl(_) => {}
                other => panic!("{other:?} is not written"),
            }
        }
        assert_eq!(stack.len(), 1, "every element ends");
        stack.remove(0).children.remove(0)
    }

    #[test]
    fn whatever_tree_is_made_a_foreign_parser_reads_the_same_from_it() {
        let random = Random::seeded(11);
        for _ in 0..500 {
            let root = made(&random, 4);
            let text = document(&root);
            let mut seen = parsed(&text);
            assert_eq!(seen.attributes.remove(0), ("xmlns".to_owned(), NAMESPACE.to_owned()));
            // Between elements there is nothing but what `value` says.
            assert_eq!(seen, expected("subsonic-response", &Value::Object(root)), "{text}");
        }
    }

    #[test]
    fn the_parts_stand_where_the_schema_has_them() {
        let root = json!({
            "status": "ok", "genres": { "genre": [{ "value": "Hip \"&\" Hop", "songCount": 3 }] },
            "artistInfo2": { "biography": "a<b", "similarArtist": [{ "id": "ar-1" }] },
            "list": { "versions": [1, 2], "empty": [], "none": null },
        });
        let Value::Object(root) = root else { panic!("an object") };
        let text = document(&root);
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <subsonic-response xmlns=\"http://subsonic.org/restapi\" status=\"ok\">\
            <artistInfo2><biography>a&lt;b</biography><similarArtist id=\"ar-1\"/></artistInfo2>\
            <genres><genre songCount=\"3\">Hip \"&amp;\" Hop</genre></genres>\
            <list><versions>1</versions><versions>2</versions></list></subsonic-response>\n";
        assert_eq!(text, expected);
    }
}
