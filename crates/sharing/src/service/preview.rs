//! What other sites are told of a link: tags in the page's head (Open Graph, Twitter cards) and oEmbed.
//!
//! A link with a password is called protected and nothing more. A link that leads nowhere has no preview at all. Every
//! word here comes from files, listeners or requests, so each goes through [`escape`].

use std::fmt::Write as _;

use axum::response::Response;
use catalog::picture::SIZES;
use delivery::{Asked, Playable};

use super::{Sharing, shown::Shown, visit::Open};
use crate::{
    Error,
    model::{Oembed, SharedKind},
};

/// Pixels of the frame in which a link is shown on other sites.
const FRAME_WIDTH: u32 = 600;
/// Of one track.
const FRAME_HEIGHT_ONE: u32 = 180;
/// Of several.
const FRAME_HEIGHT_MANY: u32 = 420;
/// Longest edge of the frame of a video.
const FRAME_EDGE_VIDEO: u32 = 640;
/// Smallest frame that is given, however small a site wants it.
const FRAME_LEAST: u32 = 120;
/// Longest edge of the picture that previews name.
const COVER_EDGE: u32 = SIZES[3];
/// Longest description in a preview.
const DESCRIPTION_CHARS_MAX: usize = 200;
/// How long other sites may keep what they were told, in seconds: a revoked link is to be gone soon.
const CACHE_AGE_S: u32 = 3600;
/// What is said of a link with a password.
const PROTECTED: &str = "A protected link";

/// What a preview says.
struct Words {
    title: String,
    by: String,
    description: String,
    /// Pixels of the cover.
    cover: Option<(u32, u32)>,
    /// Whether the first track may be had as it came.
    audio: bool,
    /// The video, if it is one.
    film: Option<Film>,
    kind: Option<SharedKind>,
    many: bool,
}

/// What a preview says of a video.
struct Film {
    /// Pixels of the frame in which it is shown.
    frame: (u32, u32),
    seconds: u64,
    /// The type of its file, where that may be had as it came and browsers play it.
    file: Option<String>,
}

impl Words {
    /// Pixels of the frame in which it is shown on other sites.
    fn frame(&self) -> (u32, u32) {
        match &self.film {
            Some(film) => film.frame,
            None if self.many => (FRAME_WIDTH, FRAME_HEIGHT_MANY),
            None => (FRAME_WIDTH, FRAME_HEIGHT_ONE),
        }
    }
}

impl Sharing {
    /// The preview's tags for a page's head, its title included; absent when the link leads nowhere. `base` is where the
    /// house is reached; without it nothing absolute can be said.
    pub(crate) async fn preview(&self, secret: &str, base: Option<&str>) -> Result<String, Error> {
        let words = self.words(secret).await?;
        Ok(head(&words, secret, base))
    }

    async fn words(&self, secret: &str) -> Result<Words, Error> {
        let open = self.open(secret).await?;
        let shown = self.look(&open).await?;
        if !self.is_let_in(&open.row, None) {
            return Ok(Words {
                title: PROTECTED.to_owned(),
                by: String::new(),
                description: "Whoever has its password can open it.".to_owned(),
                cover: None,
                audio: false,
                film: None,
                kind: None,
                many: true,
            });
        }
        let words = words_of(&open, &shown);
        let Some(video) = shown.video else { return Ok(words) };
        let thing = Playable::Video(video.id);
        let original = if open.row.downloads {
            self.inner.direct.original_until(&open.sharer, thing, self.until(&open.row)).await?
        } else {
            None
        };
        let film = Film {
            frame: frame_of(video.width, video.height),
            seconds: video.duration_ms / 1000,
            file: original.map(|file| file.mime.split(';').next().unwrap_or_default().to_owned()),
        };
        Ok(Words { audio: false, film: Some(film), ..words })
    }

    /// What is said to a site that asks about a link of this house; absent for every other address.
    pub(crate) async fn oembed(
        &self,
        url: &str,
        base: Option<&str>,
        most: (Option<u32>, Option<u32>),
    ) -> Result<Oembed, Error> {
        let base = base.ok_or(Error::NotFound)?;
        let secret = secret_of(url, base).ok_or(Error::NotFound)?;
        let words = self.words(&secret).await?;
        let fit =
            |wanted: u32, most: Option<u32>| most.map_or(wanted, |most| wanted.min(most.max(FRAME_LEAST)));
        let frame = words.frame();
        let (width, height) = (fit(frame.0, most.0), fit(frame.1, most.1));
        let (width, height) = match words.film {
            // What is narrower is lower, too.
            Some(_) => in_shape(frame, (width, height)),
            None => (width, height),
        };
        let kind = if words.film.is_some() { "video" } else { "rich" };
        let html = format!(
            "<iframe src=\"{}/embed/{secret}\" width=\"{width}\" height=\"{height}\" title=\"{}\" frameborder=\"0\" \
             loading=\"lazy\" referrerpolicy=\"no-referrer\" allow=\"autoplay; encrypted-media; fullscreen; \
             picture-in-picture\"></iframe>",
            escape(base),
            escape(&words.title),
        );
        let cover = words.cover;
        Ok(Oembed {
            version: "1.0",
            kind,
            title: words.title,
            author_name: (!words.by.is_empty()).then_some(words.by),
            provider_name: "Odeon",
            provider_url: base.to_owned(),
            cache_age: CACHE_AGE_S,
            html,
            width,
            height,
            thumbnail_url: cover.map(|_| format!("{base}/s/{secret}/cover")),
            thumbnail_width: cover.map(|(width, _)| width),
            thumbnail_height: cover.map(|(_, height)| height),
        })
    }

    /// The picture of a link that needs no password, for previews.
    pub(crate) async fn cover(&self, secret: &str, asked: Asked<'_>) -> Result<Response, Error> {
        let open = self.open(secret).await?;
        if !self.is_let_in(&open.row, None) {
            return Err(Error::NotFound);
        }
        let picture = self.look(&open).await?.picture.ok_or(Error::NotFound)?;
        let sent = self.inner.direct.picture(picture.id, Some(COVER_EDGE), asked);
        sent.await?.ok_or(Error::NotFound)
    }

    /// The path at which the first track of a link that needs no password can be heard for a while, where visitors may
    /// have the file as it came.
    pub(crate) async fn audio(&self, secret: &str) -> Result<String, Error> {
        let open = self.open(secret).await?;
        if !self.is_let_in(&open.row, None) || !open.row.downloads {
            return Err(Error::NotFound);
        }
        let shown = self.look(&open).await?;
        let track = shown.tracks.iter().find(|track| track.playable).ok_or(Error::NotFound)?;
        let until = self.until(&open.row);
        let granted = self.inner.direct.grant_until(&open.sharer, Playable::Track(track.id), until, true);
        let original = granted.await?.and_then(|grant| grant.original);
        Ok(original.ok_or(Error::NotFound)?.url)
    }

    /// The same for a video. Whoever merely looks at a link has nothing encoded by this.
    pub(crate) async fn video(&self, secret: &str) -> Result<String, Error> {
        let open = self.open(secret).await?;
        if !self.is_let_in(&open.row, None) || !open.row.downloads {
            return Err(Error::NotFound);
        }
        let video = self.look(&open).await?.video.ok_or(Error::NotFound)?;
        let (thing, until) = (Playable::Video(video.id), self.until_played(&open, video.duration_ms));
        let original = self.inner.direct.original_until(&open.sharer, thing, until).await?;
        Ok(original.ok_or(Error::NotFound)?.url)
    }
}

fn words_of(open: &Open, shown: &Shown) -> Words {
    let count = shown.tracks.len();
    let counted = match (&shown.video, count, shown.more) {
        (Some(video), ..) if video.duration_ms < 90_000 => "A short film".to_owned(),
        (Some(video), ..) => format!("A film of {} minutes", (video.duration_ms + 30_000) / 60_000),
        (None, 1, _) => "One track".to_owned(),
        (None, count, true) => format!("More than {count} tracks"),
        (None, count, false) => format!("{count} tracks"),
    };
    let described = open.row.description.split_whitespace().collect::<Vec<_>>().join(" ");
    let described: String = described.chars().take(DESCRIPTION_CHARS_MAX).collect();
    let description =
        if described.is_empty() { format!("{counted}, shared by {}", open.sharer_name) } else { described };
    // As delivery makes it: no edge longer than this, and never larger than it is.
    let cover = shown.picture.as_ref().map(|picture| {
        let longest = picture.width.max(picture.height).max(1);
        let edge = COVER_EDGE.min(longest);
        let scaled =
            |side: u32| u32::try_from(u64::from(side) * u64::from(edge) / u64::from(longest)).unwrap_or(edge);
        (scaled(picture.width).max(1), scaled(picture.height).max(1))
    });
    Words {
        title: shown.title.clone(),
        by: shown.by.clone(),
        description,
        cover,
        audio: open.row.downloads,
        film: None,
        kind: Some(open.row.kind),
        many: count > 1,
    }
}

/// The tags of a head. Every value is escaped here and nowhere earlier.
fn head(words: &Words, secret: &str, base: Option<&str>) -> String {
    let full =
        if words.by.is_empty() { words.title.clone() } else { format!("{} by {}", words.title, words.by) };
    let mut out = String::with_capacity(2048);
    let _ = write!(out, "<title>{} · Odeon</title>", escape(&full));
    let mut tag = |attribute: &str, name: &str, value: &str| {
        let _ = write!(out, "<meta {attribute}=\"{name}\" content=\"{}\" />", escape(value));
    };
    tag("name", "robots", "noindex, nofollow");
    tag("property", "og:site_name", "Odeon");
    tag("property", "og:type", og_type(words.kind));
    tag("property", "og:title", &full);
    tag("property", "og:description", &words.description);
    tag("name", "twitter:title", &full);
    tag("name", "twitter:description", &words.description);
    let Some(base) = base else {
        tag("name", "twitter:card", "summary");
        return out;
    };
    let page = format!("{base}/s/{secret}");
    tag("property", "og:url", &page);
    if let Some((width, height)) = words.cover {
        let cover = format!("{page}/cover");
        tag("property", "og:image", &cover);
        tag("property", "og:image:type", "image/jpeg");
        tag("property", "og:image:width", &width.to_string());
        tag("property", "og:image:height", &height.to_string());
        let what = if words.film.is_some() { "Still of" } else { "Cover of" };
        tag("property", "og:image:alt", &format!("{what} {}", words.title));
        tag("name", "twitter:image", &cover);
    }
    if words.audio {
        tag("property", "og:audio", &format!("{page}/audio"));
    }
    if let Some(film) = &words.film {
        film_tags(film, &mut tag, base, secret);
    }
    // A card with a player must come by HTTPS and needs a picture.
    if base.starts_with("https://") && words.cover.is_some() {
        tag("name", "twitter:card", "player");
        tag("name", "twitter:player", &format!("{base}/embed/{secret}"));
        let (width, height) =
            if words.film.is_some() { words.frame() } else { (FRAME_WIDTH, FRAME_HEIGHT_MANY) };
        tag("name", "twitter:player:width", &width.to_string());
        tag("name", "twitter:player:height", &height.to_string());
    } else {
        tag("name", "twitter:card", "summary");
    }
    for (kind, format) in [("application/json+oembed", "json"), ("text/xml+oembed", "xml")] {
        let asked: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
        let href = format!("{base}/api/v1/oembed?url={asked}&format={format}");
        let _ = write!(out, "<link rel=\"alternate\" type=\"{kind}\" href=\"{}\" />", escape(&href));
    }
    out
}

/// What a video is: the file itself for sites that show such, else the player in a frame.
fn film_tags(film: &Film, tag: &mut impl FnMut(&str, &str, &str), base: &str, secret: &str) {
    let original = film.file.as_deref().map(|kind| (format!("{base}/s/{secret}/video"), kind));
    let ways = original.into_iter().chain([(format!("{base}/embed/{secret}"), "text/html")]);
    for (address, kind) in ways {
        tag("property", "og:video", &address);
        if address.starts_with("https://") {
            tag("property", "og:video:secure_url", &address);
        }
        tag("property", "og:video:type", kind);
        tag("property", "og:video:width", &film.frame.0.to_string());
        tag("property", "og:video:height", &film.frame.1.to_string());
    }
    tag("property", "video:duration", &film.seconds.to_string());
}

/// The largest frame of this shape that is no larger than `most` either way.
fn in_shape((width, height): (u32, u32), most: (u32, u32)) -> (u32, u32) {
    let scaled = |side: u32, by: (u32, u32)| {
        let scaled = u64::from(side) * u64::from(by.0) / u64::from(by.1.max(1));
        u32::try_from(scaled).unwrap_or(side)
    };
    let lower = scaled(height, (most.0, width));
    if lower <= most.1 { (most.0, lower) } else { (scaled(width, (most.1, height)), most.1) }
}

/// The frame of a video of so many pixels: of its shape, as far as that is one that can be looked at.
fn frame_of(width: u32, height: u32) -> (u32, u32) {
    let edge = u64::from(FRAME_EDGE_VIDEO);
    let (wide, high) =
        if width == 0 || height == 0 { (16, 9) } else { (u64::from(width), u64::from(height)) };
    let scaled = |side: u64| u32::try_from(side * edge / wide.max(high)).unwrap_or(FRAME_LEAST);
    (scaled(wide).max(FRAME_LEAST), scaled(high).max(FRAME_LEAST))
}

fn og_type(kind: Option<SharedKind>) -> &'static str {
    match kind {
        Some(SharedKind::Album) => "music.album",
        Some(SharedKind::Playlist | SharedKind::Tracks) => "music.playlist",
        Some(SharedKind::Artist) => "profile",
        Some(SharedKind::Video) => "video.other",
        None => "website",
    }
}

/// The secret of a link of the house at `base`; `None` for every other address.
fn secret_of(url: &str, base: &str) -> Option<String> {
    let (url, base) = (url::Url::parse(url).ok()?, url::Url::parse(base).ok()?);
    let is_ours = url.scheme() == base.scheme()
        && url.host_str() == base.host_str()
        && url.port_or_known_default() == base.port_or_known_default()
        && url.username().is_empty()
        && url.password().is_none();
    let below = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
    let secret = below.strip_prefix("/s/").or_else(|| below.strip_prefix("/embed/"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (is_ours && secret.len() == super::LINK_CHARS && secret.bytes().all(plain)).then(|| secret.to_owned())
}

/// Text for an attribute or an element of HTML and XML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Neither language may hold them.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The answer in XML, for sites that ask so.
pub(crate) fn xml(said: &Oembed) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><oembed>");
    let mut put = |name: &str, value: &str| {
        let _ = write!(out, "<{name}>{}</{name}>", escape(value));
    };
    put("version", said.version);
    put("type", said.kind);
    put("title", &said.title);
    put("provider_name", said.provider_name);
    put("provider_url", &said.provider_url);
    put("cache_age", &said.cache_age.to_string());
    put("html", &said.html);
    put("width", &said.width.to_string());
    put("height", &said.height.to_string());
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let more = [
        ("author_name", said.author_name.clone()),
        ("thumbnail_url", said.thumbnail_url.clone()),
        ("thumbnail_width", number(said.thumbnail_width)),
        ("thumbnail_height", number(said.thumbnail_height)),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            put(name, &value);
        }
    }
    out.push_str("</oembed>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AbCdEfGhIjKlMnOpQrStU_";

    #[test]
    fn only_links_of_this_house_are_known() {
        let base = "https://music.example.org";
        let good = format!("{base}/s/{SECRET}");
        assert_eq!(secret_of(&good, base).as_deref(), Some(SECRET));
        assert_eq!(secret_of(&format!("{base}:443/embed/{SECRET}?x=1#y"), base).as_deref(), Some(SECRET));
        assert_eq!(
            secret_of(&format!("{base}/house/s/{SECRET}"), "https://music.example.org/house").as_deref(),
            Some(SECRET)
        );
        for url in [
            format!("http://music.example.org/s/{SECRET}"),
            format!("https://music.example.org:8443/s/{SECRET}"),
            format!("https://music.example.org.evil.test/s/{SECRET}"),
            format!("https://evil.test/s/{SECRET}?https://music.example.org/s/{SECRET}"),
            format!("https://music.example.org@evil.test/s/{SECRET}"),
            format!("https://ann@music.example.org/s/{SECRET}"),
            format!("{base}/s/{SECRET}/cover"),
            format!("{base}/s/../api/{SECRET}"),
            format!("{base}/albums/{SECRET}"),
            format!("{base}/s/short"),
            format!("javascript://music.example.org/s/{SECRET}"),
            format!("/s/{SECRET}"),
            String::new(),
        ] {
            assert_eq!(secret_of(&url, base), None, "{url}");
        }
    }

    #[test]
    fn a_hostile_title_stays_text() {
        let words = Words {
            title: "</title><script>alert(1)</script>\" onload='x' \0&".to_owned(),
            by: "<b>".to_owned(),
            description: "\"><img src=x>".to_owned(),
            cover: Some((1, 1)),
            audio: true,
            film: Some(Film { frame: (640, 360), seconds: 1, file: Some("\"video/mp4".to_owned()) }),
            kind: Some(SharedKind::Album),
            many: true,
        };
        let head = head(&words, SECRET, Some("https://h.test/\"><x"));
        for bad in ["<script", "<img", "<b>", "<x", "onload='"] {
            assert!(!head.contains(bad), "{bad} in {head}");
        }
        assert_eq!((head.matches("<title>").count(), head.matches("</title>").count()), (1, 1));
        // Outside of the tags themselves there is not one quote that was not put there.
        assert_eq!(head.matches('"').count() % 2, 0);
    }
}
