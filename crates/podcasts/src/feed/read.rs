//! From a document to a feed.

use super::{
    EPISODES_MAX, Feed, Item, TEXT_MAX, TITLE_MAX, address, plain,
    times::{duration, moment},
    xml::{self, Element, Walk},
};

/// Reads a feed. Why not, in words that go on after "This is no podcast: ".
pub(crate) fn parse(bytes: &[u8]) -> Result<Feed, &'static str> {
    let mut reading = Reading::default();
    xml::walk(&xml::decoded(bytes), &mut reading)?;
    if !reading.is_feed {
        return Err("it is no feed");
    }
    let mut feed = reading.feed;
    if feed.title.is_empty() && feed.items.is_empty() {
        return Err("it says nothing");
    }
    if feed.description.is_empty() {
        feed.description = reading.summary;
    }
    Ok(feed)
}

#[derive(Default)]
struct Reading {
    is_feed: bool,
    feed: Feed,
    summary: String,
    item: Option<Item>,
    /// How well the notes are that the item has so far.
    notes_rank: u8,
}

impl Walk for Reading {
    fn open(&mut self, path: &[String], element: &Element) -> bool {
        match element.name.as_str() {
            "rss" | "feed" | "rdf:rdf" if path.is_empty() => self.is_feed = true,
            "item" | "entry" => {
                if self.feed.items.len() >= EPISODES_MAX {
                    return false;
                }
                self.item = Some(Item::default());
                self.notes_rank = 0;
            }
            _ if !self.is_feed => return false,
            _ => match &mut self.item {
                Some(item) => open_in_item(item, element),
                None => self.open_in_feed(path, element),
            },
        }
        true
    }

    fn close(&mut self, path: &[String], name: &str, text: &str) {
        if matches!(name, "item" | "entry") {
            self.end_item();
        } else if self.item.is_some() {
            if path.last().is_some_and(|above| matches!(above.as_str(), "item" | "entry")) {
                self.close_in_item(name, text);
            }
        } else {
            self.close_in_feed(path, name, text);
        }
    }
}

impl Reading {
    fn open_in_feed(&mut self, path: &[String], element: &Element) {
        let atom = path.last().is_some_and(|above| above == "feed");
        match element.name.as_str() {
            "itunes:image" => {
                self.feed.image = element.attribute("href").and_then(address).or(self.feed.image.take());
            }
            "link" if atom && element.attribute("rel").unwrap_or("alternate") == "alternate" => {
                self.feed.link = element.attribute("href").and_then(address);
            }
            _ => {}
        }
    }

    fn close_in_feed(&mut self, path: &[String], name: &str, text: &str) {
        let above = path.last().map(String::as_str);
        if above == Some("image") && name == "url" {
            self.feed.image = self.feed.image.take().or_else(|| address(text));
            return;
        }
        if !matches!(above, Some("channel" | "feed")) {
            if above == Some("author") && name == "name" {
                self.feed.author = plain::line(text, TITLE_MAX);
            }
            return;
        }
        let feed = &mut self.feed;
        match name {
            "title" => feed.title = plain::line(text, TITLE_MAX),
            "itunes:author" => feed.author = plain::line(text, TITLE_MAX),
            "description" | "subtitle" => feed.description = plain::text(text, TEXT_MAX),
            "itunes:summary" => self.summary = plain::text(text, TEXT_MAX),
            "link" => feed.link = address(text).or(feed.link.take()),
            "language" => feed.language = Some(plain::line(text, 20)).filter(|code| !code.is_empty()),
            "itunes:explicit" => feed.explicit = is_yes(text),
            "ttl" => feed.ttl_minutes = text.trim().parse().ok(),
            "logo" => feed.image = feed.image.take().or_else(|| address(text)),
            _ => {}
        }
    }

    fn close_in_item(&mut self, name: &str, text: &str) {
        let Some(item) = &mut self.item else { return };
        let number = || text.trim().parse().ok().filter(|number| *number < 1_000_000);
        match name {
            "title" => item.title = plain::line(text, TITLE_MAX),
            "guid" | "id" => item.guid = text.trim().chars().take(1_000).collect(),
            "link" => item.link = address(text).or(item.link.take()),
            "pubdate" | "published" => item.published_us = moment(text),
            "updated" | "dc:date" => item.published_us = item.published_us.or_else(|| moment(text)),
            "itunes:duration" => item.duration_ms = duration(text),
            "itunes:season" | "podcast:season" => item.season = number(),
            "itunes:episode" | "podcast:episode" => item.number = number(),
            "itunes:explicit" => item.explicit = is_yes(text),
            "content:encoded" | "content" => self.note(text, 3),
            "description" => self.note(text, 2),
            "itunes:summary" | "summary" => self.note(text, 1),
            _ => {}
        }
    }

    /// Keeps the fullest of several texts.
    fn note(&mut self, text: &str, rank: u8) {
        if rank > self.notes_rank
            && !text.trim().is_empty()
            && let Some(item) = &mut self.item
        {
            item.notes = plain::text(text, TEXT_MAX);
            self.notes_rank = rank;
        }
    }

    fn end_item(&mut self) {
        let Some(mut item) = self.item.take() else { return };
        if item.enclosure.is_empty() {
            return;
        }
        if item.title.is_empty() {
            item.title = item.notes.lines().next().unwrap_or_default().chars().take(80).collect();
        }
        self.feed.items.push(item);
    }
}

fn open_in_item(item: &mut Item, element: &Element) {
    let of = |name: &str| element.attribute(name).and_then(address);
    match (element.name.as_str(), element.attribute("rel")) {
        ("enclosure", _) => enclose(item, of("url"), element),
        ("link", Some("enclosure")) => enclose(item, of("href"), element),
        ("link", None | Some("alternate")) => item.link = of("href").or(item.link.take()),
        ("podcast:chapters", _) => item.chapters = of("url"),
        ("podcast:transcript", _) => item.transcript = item.transcript.take().or_else(|| of("url")),
        _ => {}
    }
}

/// The first file that is sound or a film, as far as the feed says what it is.
fn enclose(item: &mut Item, at: Option<String>, element: &Element) {
    let kind = element.attribute("type").unwrap_or_default().to_ascii_lowercase();
    let plays =
        kind.is_empty() || ["audio/", "video/", "application/o"].iter().any(|start| kind.starts_with(start));
    if let Some(at) = at.filter(|_| item.enclosure.is_empty() && plays) {
        item.enclosure = at;
        let bytes = element.attribute("length").and_then(|length| length.trim().parse().ok());
        // What is larger than any file is a lie, and so may be every other number.
        item.enclosure_bytes = bytes.filter(|bytes| *bytes < 1 << 40).unwrap_or(0);
    }
}

fn is_yes(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "yes" | "true" | "explicit")
}
