//! The door for dialects: clients that bring their sign-in with each request and follow no redirect to a signed path.
//!
//! Visibility is decided here for each request, by catalog, and then the bytes go the same way as behind a signed path:
//! ranges, conditions, cache and limits are those of everything else.

use std::{fmt::Write as _, sync::Arc};

use axum::response::Response;
use catalog::{
    CaptionId, MediaId, PictureId, TrackId, VideoId,
    media::{self, Media},
    picture::SIZES,
};
use http::{HeaderMap, HeaderValue, Method, header};
use kernel::{Fault, Time, blob::BlobKey, http::Viewer};

use crate::{
    error::Error,
    manifest::{self, Presentation},
    model::{GrantState, MediaOriginal, Quality, TrackGrant, VideoGrant},
    routes::{media as answers, picture::JPEG},
    service::{Delivery, Reach, Wish, playable},
    wire::{self, Representation},
};

/// The type of a file of which nothing better is known.
const SOME_BYTES: &str = "application/octet-stream";

/// Something that plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playable {
    /// A piece of music.
    Track(TrackId),
    /// A film.
    Video(VideoId),
}

/// How something is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `GET` or `HEAD`; with any other there are no bytes in the answer.
    pub method: &'a Method,
    /// Ranges and conditions are read from these.
    pub headers: &'a HeaderMap,
}

/// What there is of a media in HLS.
#[derive(Debug)]
pub enum Hls {
    /// The master playlist, its paths absolute and granted.
    Playlist(Box<Response>),
    /// It waits for its encoding, which was asked for.
    NotYet,
    /// It can't be encoded; the sentence says why, where that is known.
    Failed(Option<String>),
}

/// Gives bytes to those who may have them, without a signed path in between. Cheap to clone.
#[derive(Clone)]
pub struct Direct {
    pub(crate) delivery: Arc<Delivery>,
}

impl Direct {
    pub(crate) fn new(delivery: Arc<Delivery>) -> Self {
        Self { delivery }
    }

    /// The file of something as it came, of whatever kind it is. `saved_as` is a file's name without ending for a client
    /// that wants to keep it. `None` when there is no such thing for this viewer.
    pub async fn file(
        &self,
        viewer: &Viewer,
        what: Playable,
        saved_as: Option<&str>,
        asked: Asked<'_>,
    ) -> Result<Option<Response>, Fault> {
        let Some(facts) = self.media(viewer, what).await? else { return Ok(None) };
        absent(self.send_file(&facts, saved_as, asked).await)
    }

    /// Leave to play something until a time, for somebody who is let in by `viewer`. Without `original` it opens renditions
    /// alone, which are then encoded where there are none, and never the file as it came. `None` when there is no such
    /// thing for the viewer.
    pub async fn grant_until(
        &self,
        viewer: &Viewer,
        what: Playable,
        until: Time,
        original: bool,
    ) -> Result<Option<TrackGrant>, Fault> {
        let Some(facts) = self.media(viewer, what).await? else { return Ok(None) };
        let quality = if original { Quality::Auto } else { Quality::High };
        let wish = Wish { quality, ..Wish::default() };
        let granted = self.delivery.grant_as_far_as(Reach { until, original }, facts, wish).await;
        absent(granted.map(|(grant, _)| grant))
    }

    /// The same for a video, with its text tracks.
    pub async fn grant_video_until(
        &self,
        viewer: &Viewer,
        video: VideoId,
        until: Time,
        original: bool,
    ) -> Result<Option<VideoGrant>, Fault> {
        let Some(facts) = self.media(viewer, Playable::Video(video)).await? else { return Ok(None) };
        absent(self.delivery.grant_film(Reach { until, original }, facts).await)
    }

    /// The path of something's file as it came, until a time. Nothing is encoded for this. `None` when browsers do not play
    /// it, and when there is no such thing for the viewer.
    pub async fn original_until(
        &self,
        viewer: &Viewer,
        what: Playable,
        until: Time,
    ) -> Result<Option<MediaOriginal>, Fault> {
        let Some(facts) = self.media(viewer, what).await? else { return Ok(None) };
        let Some(mime) = playable::mime(&facts.file) else { return Ok(None) };
        let base = self.delivery.base(facts.id, until);
        Ok(Some(MediaOriginal { url: format!("{base}/original"), mime: mime.to_owned() }))
    }

    /// Leave to play a media that is no part of the catalogue. Whether its asker may have it is the caller's to know. An
    /// encode is asked for only when browsers do not play the original. `None` when there is no such media.
    pub async fn grant_apart(&self, media: MediaId) -> Result<Option<TrackGrant>, Fault> {
        let found = self.delivery.ctx.db().read(move |tx| media::get(tx, media)).await?;
        let Some(facts) = found else { return Ok(None) };
        let reach = Reach { until: self.delivery.latest_expiry(), original: true };
        let granted = self.delivery.grant_as_far_as(reach, facts, Wish::default()).await;
        absent(granted.map(|(grant, _)| grant))
    }

    /// The file of a media that is no part of the catalogue; see [`Direct::file`] and [`Direct::grant_apart`].
    pub async fn file_apart(
        &self,
        media: MediaId,
        saved_as: Option<&str>,
        asked: Asked<'_>,
    ) -> Result<Option<Response>, Fault> {
        let found = self.delivery.ctx.db().read(move |tx| media::get(tx, media)).await?;
        let Some(facts) = found else { return Ok(None) };
        absent(self.send_file(&facts, saved_as, asked).await)
    }

    /// A text track of a video; the first one unless one is named.
    pub async fn caption(
        &self,
        viewer: &Viewer,
        video: VideoId,
        caption: Option<CaptionId>,
        asked: Asked<'_>,
    ) -> Result<Option<Response>, Fault> {
        let Some(facts) = self.media(viewer, Playable::Video(video)).await? else { return Ok(None) };
        absent(self.send_caption(&facts, caption, asked).await)
    }

    /// The master playlist of something. The paths in it are granted as a grant's are.
    pub async fn hls(&self, viewer: &Viewer, what: Playable, asked: Asked<'_>) -> Result<Option<Hls>, Fault> {
        let Some(facts) = self.media(viewer, what).await? else { return Ok(None) };
        absent(self.send_hls(facts, asked).await)
    }

    /// A picture, its longest edge about `edge` pixels; as large as pictures are given out unless that is said. Whether
    /// the viewer may have it is the caller's to know: it comes with what it is a picture of.
    pub async fn picture(
        &self,
        id: PictureId,
        edge: Option<u32>,
        asked: Asked<'_>,
    ) -> Result<Option<Response>, Fault> {
        let largest = SIZES[SIZES.len() - 1];
        let edge = edge.unwrap_or(largest);
        let edge = SIZES.into_iter().find(|size| *size >= edge).unwrap_or(largest);
        absent(self.send_picture(id, edge, asked).await)
    }

    async fn media(&self, viewer: &Viewer, what: Playable) -> Result<Option<Media>, Fault> {
        let ctx = &self.delivery.ctx;
        match what {
            Playable::Track(id) => media::for_track(ctx, viewer, id).await,
            Playable::Video(id) => media::for_video(ctx, viewer, id).await,
        }
    }

    async fn send_file(
        &self,
        facts: &Media,
        saved_as: Option<&str>,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        let original = self.delivery.open(&facts.file.place, SOME_BYTES).await?;
        let it = Representation {
            content_type: content_type(&facts.file.mime),
            etag: original.etag,
            modified_s: original.modified_s,
            length: original.length,
            caching: wire::ASK_EACH_TIME,
        };
        let head = wire::answer(asked.method, asked.headers, &it);
        let mut response = answers::attach(&self.delivery, head, original.bytes).await?;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, answers::NOTHING_ELSE);
        if let Some(disposition) = saved_as.and_then(|name| attachment(name, &facts.file.suffix())) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        Ok(response)
    }

    async fn send_caption(
        &self,
        facts: &Media,
        wanted: Option<CaptionId>,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        let delivery = &self.delivery;
        let captions = delivery.index(facts.id).await?.captions;
        let found = captions.into_iter().find(|one| wanted.is_none_or(|wanted| one.id == wanted));
        let name = found.ok_or(Error::Absent)?.blob_key;
        let key = BlobKey::new(name.as_str()).ok_or(Error::Absent)?;
        let bytes = delivery.flights.share(&name, delivery.fetch(&name, key)).await?;
        answers::blob(delivery, (asked.method, asked.headers), bytes, answers::VTT, &name).await
    }

    async fn send_hls(&self, facts: Media, asked: Asked<'_>) -> Result<Hls, Error> {
        let (grant, index) = self.delivery.grant(facts, Wish::ENCODED).await?;
        let Some(show) = Presentation::of(&index)? else {
            return Ok(match grant.state {
                GrantState::Failed => Hls::Failed(grant.problem),
                _ => Hls::NotYet,
            });
        };
        let base = self.delivery.base(grant.media_id, grant.expires_at);
        let text = below(&manifest::master(&show), &base);
        let it = Representation {
            content_type: answers::PLAYLIST,
            etag: wire::tag_of(text.as_bytes()),
            modified_s: None,
            length: text.len() as u64,
            caching: wire::ASK_EACH_TIME,
        };
        let head = wire::answer(asked.method, asked.headers, &it);
        Ok(Hls::Playlist(Box::new(answers::attach_memory(head, &text.into()))))
    }

    async fn send_picture(&self, id: PictureId, edge: u32, asked: Asked<'_>) -> Result<Response, Error> {
        let bytes = self.delivery.picture(id, edge).await?;
        let name = id.to_string();
        let sent = answers::blob(&self.delivery, (asked.method, asked.headers), bytes, JPEG, &name).await?;
        Ok(private(sent))
    }
}

/// What is absent is the caller's to tell in its own way.
fn absent<T>(result: Result<T, Error>) -> Result<Option<T>, Fault> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::Absent) => Ok(None),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

/// The path here says whose picture it is, not what is on it, so the answer can't be kept for ever.
fn private(mut response: Response) -> Response {
    let day = HeaderValue::from_static("private, max-age=86400");
    response.headers_mut().insert(header::CACHE_CONTROL, day);
    response
}

/// The type of a source, where it is one of sound or picture: nothing that came from outside is ever a page.
fn content_type(mime: &str) -> HeaderValue {
    let plays = mime.starts_with("audio/") || mime.starts_with("video/") || mime == "application/ogg";
    let known = plays.then(|| HeaderValue::from_str(mime).ok()).flatten();
    known.unwrap_or(HeaderValue::from_static(SOME_BYTES))
}

/// The same playlist with its paths below `base`.
fn below(playlist: &str, base: &str) -> String {
    let mut out = String::with_capacity(playlist.len() + 512);
    for line in playlist.lines() {
        // The path is the last that a tag of ours says, so that a name is not taken for one.
        let (before, path) = match line.rsplit_once(",URI=\"") {
            Some((before, path)) if line.starts_with("#EXT-X-MEDIA:") => (format!("{before},URI=\""), path),
            _ if line.starts_with('#') => {
                out.push_str(line);
                out.push('\n');
                continue;
            }
            _ => (String::new(), line),
        };
        for part in [&before, base, "/", path, "\n"] {
            out.push_str(part);
        }
    }
    out
}

/// `attachment` with the name in the two ways in which clients read it (RFC 6266).
pub(crate) fn attachment(name: &str, ending: &str) -> Option<HeaderValue> {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    let text = format!("attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{escaped}.{ending}");
    HeaderValue::from_str(&text).ok()
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '.' | '_' | '-' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_playlist_is_put_below_a_path_of_its_own() {
        let text = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"x,URI=\",URI=\"a128.m3u8\"\n#EXT-X-STREAM-INF:X=1\nv720.m3u8\n";
        let base = "/media/t/1";
        let expected = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"x,URI=\",URI=\"/media/t/1/a128.m3u8\"\n\
            #EXT-X-STREAM-INF:X=1\n/media/t/1/v720.m3u8\n";
        assert_eq!(below(text, base), expected);
    }

    #[test]
    fn no_file_from_outside_is_a_page() {
        assert_eq!(content_type("audio/x-ape"), "audio/x-ape");
        for mime in ["text/html", "image/svg+xml", "application/xhtml+xml", "", "audio/\u{7}"] {
            assert_eq!(content_type(mime), SOME_BYTES, "{mime:?}");
        }
    }
}
