//! XML without document types and entities, as a walk over elements with the text in them.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// Elements within each other.
const DEPTH_MAX: usize = 64;
/// Attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 32;
/// Bytes of text in one element; more is cut before anything is made of it.
const TEXT_BYTES_MAX: usize = 200_000;

/// An element as it opens: its name with a prefix in small letters where the prefix says something, as in
/// `itunes:author`, and its attributes.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// What is done on the walk. Answering `false` ends it.
pub(super) trait Walk {
    /// An element opens; `path` are the names above it.
    fn open(&mut self, path: &[String], element: &Element) -> bool;
    /// An element ends; `text` is what stood in it, also in elements within it that are not XML's own business.
    fn close(&mut self, path: &[String], name: &str, text: &str);
}

/// Bytes of a feed as text: UTF-8, or what old programs write when they say nothing that is true.
pub(super) fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if says_latin(bytes) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn says_latin(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_ascii_lowercase();
    head.contains("iso-8859-1") || head.contains("windows-1252")
}

/// Walks over a document. Why not, when it is none.
pub(super) fn walk(text: &str, walk: &mut impl Walk) -> Result<(), &'static str> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut path: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if path.len() >= DEPTH_MAX {
                    return Err("its elements are nested too deep");
                }
                let element = element(&start);
                if !walk.open(&path, &element) {
                    return Ok(());
                }
                path.push(element.name);
                texts.push(String::new());
            }
            Ok(Event::Empty(start)) => {
                let element = element(&start);
                if !walk.open(&path, &element) {
                    return Ok(());
                }
                walk.close(&path, &element.name, "");
            }
            Ok(Event::End(_)) => {
                if let (Some(name), Some(text)) = (path.pop(), texts.pop()) {
                    walk.close(&path, &name, &text);
                }
            }
            Ok(Event::Text(text)) => add(&mut texts, &text.xml10_content()),
            Ok(Event::CData(text)) => add(&mut texts, &text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => {
                let letter = reference.resolve_char_ref().ok().flatten();
                match letter {
                    Some(letter) => add(&mut texts, letter.encode_utf8(&mut [0; 4])),
                    None => {
                        add(&mut texts, super::plain::named(reference.into_inner().as_ref()).unwrap_or(" "));
                    }
                }
            }
            Ok(Event::DocType(kind)) if kind.contains('[') => return Err("it declares entities of its own"),
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err("its XML is broken"),
        }
    }
}

fn add(texts: &mut [String], more: &str) {
    if let Some(text) = texts.last_mut().filter(|text| text.len() + more.len() <= TEXT_BYTES_MAX) {
        text.push_str(more);
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    let name = start.name().as_ref().to_ascii_lowercase();
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false).take(ATTRIBUTES_MAX).flatten() {
        if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
            attributes.push((attribute.key.as_ref().to_ascii_lowercase(), value.into_owned()));
        }
    }
    Element { name, attributes }
}
