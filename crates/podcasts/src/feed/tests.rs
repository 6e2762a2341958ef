//! Feeds as they are met, and as they are not wished for.

use super::{EPISODES_MAX, chapters, opml, parse, plain};

const FEED: &str = r#"<?xml version="1.0"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
    xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel>
  <title>Bell &amp; Book</title><link>https://show.test/</link><language>en</language><ttl>120</ttl>
  <itunes:author>Ann</itunes:author><itunes:explicit>yes</itunes:explicit>
  <description><![CDATA[<p>Of <b>bells</b>.</p><p>And books.</p>]]></description>
  <image><url>https://show.test/small.png</url><title>not this</title></image>
  <itunes:image href="https://show.test/cover.png"/>
  <item>
    <title>Two</title><guid isPermaLink="false">ep-2</guid><pubDate>Tue, 06 Jan 2026 10:00:00 GMT</pubDate>
    <itunes:duration>1:02:03</itunes:duration><itunes:season>3</itunes:season><itunes:episode>7</itunes:episode>
    <description>short</description>
    <content:encoded><![CDATA[Long <a href="https://x.test/?a=1&amp;b=2">notes</a><script>alert(1)</script>]]></content:encoded>
    <enclosure url="https://cdn.test/2.mp3?a=1&amp;b=2" length="1234" type="audio/mpeg"/>
    <podcast:chapters url="https://show.test/2.json" type="application/json+chapters"/>
    <podcast:transcript url="https://show.test/2.vtt" type="text/vtt"/>
  </item>
  <item><title>A text</title><guid>t</guid></item>
  <item><title>A picture</title><guid>p</guid><enclosure url="https://cdn.test/p.jpg" type="image/jpeg"/></item>
  <item><title>Unsafe</title><guid>u</guid><link>javascript:alert(1)</link>
    <enclosure url="file:///etc/passwd" type="audio/mpeg"/></item>
  <item><title>One</title><guid>ep-1</guid><pubDate>nonsense</pubDate><itunes:duration>95</itunes:duration>
    <enclosure url="http://cdn.test/1.mp3" length="99999999999999999" type="audio/mpeg"/></item>
</channel></rss>"#;

#[test]
fn a_feed_is_read_with_what_podcasts_add_to_rss() {
    let feed = parse(FEED.as_bytes()).expect("it is a feed");
    assert_eq!((feed.title.as_str(), feed.author.as_str()), ("Bell & Book", "Ann"));
    assert_eq!(feed.description, "Of bells.\n\nAnd books.");
    assert_eq!(feed.image.as_deref(), Some("https://show.test/cover.png"));
    assert!(
        feed.explicit && feed.ttl_minutes == Some(120) && feed.link.as_deref() == Some("https://show.test/")
    );
    let titles: Vec<_> = feed.items.iter().map(|item| item.title.as_str()).collect();
    assert_eq!(titles, ["Two", "One"], "what has no sound or film that can be asked for is left out");
    let (two, one) = (&feed.items[0], &feed.items[1]);
    assert_eq!(two.enclosure, "https://cdn.test/2.mp3?a=1&b=2");
    assert_eq!((two.duration_ms, two.season, two.number), (3_723_000, Some(3), Some(7)));
    assert_eq!(two.published_us, Some(1_767_693_600_000_000));
    assert_eq!(two.notes, "Long notes (https://x.test/?a=1&b=2)");
    assert_eq!(two.chapters.as_deref(), Some("https://show.test/2.json"));
    assert_eq!(two.transcript.as_deref(), Some("https://show.test/2.vtt"));
    assert_eq!((one.duration_ms, one.published_us, one.enclosure_bytes), (95_000, None, 0));
}

#[test]
fn atom_is_read_too() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><author><name>Bob</name></author>
        <link href="https://a.test/"/><entry><id>1</id><title>E</title><updated>2026-01-06T10:00:00Z</updated>
        <link href="https://a.test/1"/><link rel="enclosure" type="audio/ogg" href="https://a.test/1.ogg"/></entry></feed>"#;
    let feed = parse(atom.as_bytes()).expect("it is a feed");
    assert_eq!((feed.author.as_str(), feed.link.as_deref()), ("Bob", Some("https://a.test/")));
    let item = &feed.items[0];
    assert_eq!((item.guid.as_str(), item.link.as_deref()), ("1", Some("https://a.test/1")));
    assert_eq!(item.enclosure, "https://a.test/1.ogg");
    assert_eq!(item.published_us, Some(1_767_693_600_000_000));
}

#[test]
fn what_is_no_feed_is_refused() {
    for bytes in [
        &b""[..],
        b"<html><body>Not found</body></html>",
        b"{\"a\":1}",
        b"\xff\xfe\x00<rss>",
        b"<!DOCTYPE rss [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><rss><channel><title>&b;</title></channel></rss>",
        b"<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><rss><channel><title>&x;</title></channel></rss>",
    ] {
        assert!(parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
    }
    let deep = format!("<rss>{}", "<a>".repeat(100_000));
    assert!(parse(deep.as_bytes()).is_err());
}

#[test]
fn what_is_too_much_is_left_out() {
    let item = "<item><title>x</title><enclosure url=\"https://a.test/1.mp3\"/></item>";
    let many = format!("<rss><channel>{}</channel></rss>", item.repeat(EPISODES_MAX + 500));
    assert_eq!(parse(many.as_bytes()).expect("a feed").items.len(), EPISODES_MAX);
    let long = format!("<rss><channel><title>{}</title></channel></rss>", "a".repeat(100_000));
    assert_eq!(parse(long.as_bytes()).expect("a feed").title.chars().count(), 301);
    let attributes = (0..50_000).map(|at| format!(" a{at}=\"\"")).collect::<Vec<_>>().concat();
    let wide = format!("<rss><channel><title>x</title><image{attributes}/></channel></rss>");
    assert!(parse(wide.as_bytes()).is_ok());
}

#[test]
fn episodes_that_are_called_the_same_are_told_apart() {
    let item = |guid: &str, n: u32| {
        format!("<item><guid>{guid}</guid><enclosure url=\"https://a.test/{n}.mp3\"/></item>")
    };
    let keys = |items: &str| {
        parse(format!("<rss><channel>{items}</channel></rss>").as_bytes()).expect("a feed").keys()
    };
    let same = keys(&format!("{}{}{}", item("x", 1), item("x", 2), item("", 3)));
    assert_eq!(same.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    // A newcomer, which stands first, does not take the name that another has.
    assert_eq!(keys(&format!("{}{}", item("x", 2), item("x", 1)))[1], keys(&item("x", 1))[0]);
    // Without a name it is known by its page, or by name and date, or by its file without what changes daily.
    let bare = |words: &str, file: &str| {
        keys(&format!("<item>{words}<enclosure url=\"https://a.test/{file}\"/></item>"))
    };
    let page = "<link>https://a.test/1</link>";
    assert_eq!(bare(page, "1.mp3"), bare(page, "2.mp3"));
    let dated = "<title>A</title><pubDate>Tue, 06 Jan 2026 10:00:00 GMT</pubDate>";
    assert_eq!(bare(dated, "1.mp3"), bare(dated, "2.mp3"));
    assert_eq!(bare("", "1.mp3?day=1"), bare("", "1.mp3?day=2"));
    assert_ne!(bare("", "1.mp3"), bare("", "2.mp3"));
    // A file that moves keeps its episode.
    assert_eq!(keys(&item("one", 1)), keys(&item("one", 2)));
    // What one feed calls by an address can't be mistaken for what another does by file.
    assert_ne!(keys(&item("", 1)), keys(&item("\nhttps://a.test/1.mp3", 1)));
}

#[test]
fn html_becomes_words_and_nothing_runs() {
    for (html, words) in [
        ("<p>a</p><ul><li>b<li>c</ul>", "a\n\n• b\n• c"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
        ("&lt;b&gt; &#x41;&#66; &eacute; &unknown; &#0;", "<b> AB é &unknown;"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href=https://a.test>https://a.test</a>", "https://a.test"),
        ("<style>p{}</style>a<!-- <b>hidden</b> -->b<iframe src=x>no</iframe>", "ab"),
        ("<img src=x onerror=alert(1)>a<", "a<"),
        ("a\u{202e}b\u{0}c", "ab c"),
    ] {
        assert_eq!(plain::text(html, 1_000), words, "{html}");
    }
    assert_eq!(plain::text("äöü", 2), "äö…");
    assert_eq!(plain::line("a\n\n b", 10), "a b");
    for odd in ["<", "<a", "&", "&#", "&#xffffffff;", "<!--", "<a href=", "<a href='", "</", "<ä>"] {
        plain::text(odd, 10);
    }
}

#[test]
fn markup_that_does_not_end_costs_no_more_than_its_length() {
    let many = "<style></STYLE>".repeat(100_000);
    let begun = std::time::Instant::now();
    assert_eq!(plain::text(&format!("a{many}b"), many.len()), "ab");
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "it took {:?}", begun.elapsed());
    assert_eq!(plain::text("a<script>x</scrip></SCRIPT>b", 10), "ab");
    // However long, only what may become of it is read.
    assert_eq!(plain::line(&format!("{}b", "<b>".repeat(1_000_000)), 10), "");
}

#[test]
fn chapters_come_in_order_and_hidden_ones_do_not() {
    let json = br#"{"version":"1.2","chapters":[{"startTime":60.5,"title":"<b>Two</b>"},{"startTime":0,"title":"One"},
        {"startTime":30,"title":"no","toc":false},{"startTime":-1,"title":"never"},{"startTime":1e300}]}"#;
    let read = chapters::read(json);
    let read: Vec<_> = read.iter().map(|chapter| (chapter.start_ms, chapter.title.as_str())).collect();
    assert_eq!(read, [(0, "One"), (60_500, "Two")]);
    assert!(chapters::read(b"[]").is_empty() && chapters::read(b"<html>").is_empty());
}

#[test]
fn a_list_of_subscriptions_survives_its_way_out_and_in() {
    let feeds = vec![("https://a.test/?x=1&y=\"2\"".to_owned(), "A & B".to_owned())];
    let list = opml::write(&feeds);
    assert_eq!(opml::read(&list), Ok(vec![Ok(feeds[0].clone())]));
    let nested = r#"<opml><body><outline text="f"><outline text="T" xmlUrl="http://b.test/f"/></outline>
        <outline xmlUrl="javascript:alert(1)"/></body></opml>"#;
    let read = opml::read(nested).expect("a list");
    assert_eq!(
        read,
        [Ok(("http://b.test/f".to_owned(), "T".to_owned())), Err("javascript:alert(1)".to_owned())]
    );
    assert!(opml::read("<html/>").is_err());
}
