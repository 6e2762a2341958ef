//! Lists of subscriptions as podcast apps exchange them (OPML 2.0).

use super::{
    TITLE_MAX, address, plain,
    xml::{self, Element, Walk},
};

/// Subscriptions that are read from one list.
const OUTLINES_MAX: usize = 1_000;

/// A feed's address and name, or what stands where an address should.
pub(crate) type Outline = Result<(String, String), String>;

#[derive(Default)]
struct Outlines {
    is_opml: bool,
    found: Vec<Outline>,
}

impl Walk for Outlines {
    fn open(&mut self, path: &[String], element: &Element) -> bool {
        if path.is_empty() {
            self.is_opml = element.name == "opml";
            return self.is_opml;
        }
        let Some(at) = element.attribute("xmlurl").filter(|_| element.name == "outline") else { return true };
        let title = element.attribute("title").or(element.attribute("text")).unwrap_or_default();
        let title = plain::line(title, TITLE_MAX);
        self.found.push(match address(at) {
            Some(address) => Ok((address, title)),
            None => Err(plain::line(at, 200)),
        });
        self.found.len() < OUTLINES_MAX
    }

    fn close(&mut self, _: &[String], _: &str, _: &str) {}
}

/// The feeds of a list, each with its name; what is no address is given as it stands.
pub(crate) fn read(text: &str) -> Result<Vec<Outline>, &'static str> {
    let mut outlines = Outlines::default();
    xml::walk(text, &mut outlines)?;
    if outlines.is_opml { Ok(outlines.found) } else { Err("it is no OPML") }
}

/// A list of feeds, each with its address and its name.
pub(crate) fn write(feeds: &[(String, String)]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n");
    out.push_str("<head><title>Podcasts</title></head>\n<body>\n");
    for (address, title) in feeds {
        let (address, title) = (quick_xml::escape::escape(address), quick_xml::escape::escape(title));
        for part in [
            "<outline type=\"rss\" text=\"",
            &title,
            "\" title=\"",
            &title,
            "\" xmlUrl=\"",
            &address,
            "\"/>\n",
        ] {
            out.push_str(part);
        }
    }
    out.push_str("</body>\n</opml>\n");
    out
}
