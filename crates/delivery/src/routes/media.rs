//! Bytes by a signed path: no cookie, and for segments no database.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use catalog::{CaptionId, MediaId};
use http::{HeaderMap, HeaderValue, Method, header};
use kernel::blob::BlobKey;

use crate::{
    cache::Hot,
    error::Error,
    manifest::{self, Presentation},
    path::{self, Thing},
    service::{Delivery, files, playable, segment::Bytes},
    wire::{self, Representation},
};

const SEGMENT: HeaderValue = HeaderValue::from_static("video/mp4");
pub(crate) const PLAYLIST: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");
const MPD: HeaderValue = HeaderValue::from_static("application/dash+xml");
pub(crate) const VTT: HeaderValue = HeaderValue::from_static("text/vtt; charset=utf-8");
/// Should somebody open an original by itself: it may do nothing but be shown.
pub(crate) const NOTHING_ELSE: HeaderValue =
    HeaderValue::from_static("default-src 'none'; media-src 'self'; sandbox");

/// Answers everything under `/media/`.
pub(crate) async fn media(State(delivery): State<Arc<Delivery>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return wire::only_reading();
    }
    let sent = send(&delivery, request.method(), request.uri().path(), request.headers()).await;
    sent.unwrap_or_else(Error::into_response)
}

async fn send(
    delivery: &Delivery,
    method: &Method,
    path: &str,
    asked: &HeaderMap,
) -> Result<Response, Error> {
    let path = path::read(path).ok_or(Error::Absent)?;
    // A forged token, one that has ended and one for something else are answered alike, as if nothing were there.
    if !delivery.allows(path.subject, path.token, path.thing) {
        return Err(Error::Absent);
    }
    let request = (method, asked);
    match path.thing {
        Thing::Segment { name } => {
            let bytes = delivery.segment(name).await?;
            blob(delivery, request, bytes, SEGMENT, name).await
        }
        Thing::Original => original(delivery, request, path.media).await,
        Thing::Caption(id) => caption(delivery, request, path.media, id).await,
        Thing::Master => {
            show(delivery, request, path.media, PLAYLIST, |show| Some(manifest::master(show))).await
        }
        Thing::Mpd => show(delivery, request, path.media, MPD, |show| Some(manifest::mpd(show))).await,
        Thing::Playlist { rendition } => {
            let make = |show: &Presentation<'_>| show.rung(rendition).map(manifest::playlist);
            show(delivery, request, path.media, PLAYLIST, make).await
        }
        Thing::CaptionPlaylist(id) => {
            let make = |show: &Presentation<'_>| {
                let caption = show.captions.iter().find(|caption| caption.id == id)?;
                Some(manifest::caption_playlist(show, caption))
            };
            show(delivery, request, path.media, PLAYLIST, make).await
        }
    }
}

/// Sends a manifest, made now from what the index holds now.
async fn show(
    delivery: &Delivery,
    (method, asked): (&Method, &HeaderMap),
    media: MediaId,
    content_type: HeaderValue,
    make: impl FnOnce(&Presentation<'_>) -> Option<String>,
) -> Result<Response, Error> {
    let index = delivery.index(media).await?;
    let show = Presentation::of(&index)?.ok_or(Error::Absent)?;
    let text = make(&show).ok_or(Error::Absent)?;
    let it = Representation {
        content_type,
        etag: wire::tag_of(text.as_bytes()),
        modified_s: None,
        length: text.len() as u64,
        caching: wire::ASK_EACH_TIME,
    };
    Ok(attach_memory(wire::answer(method, asked, &it), &text.into()))
}

async fn caption(
    delivery: &Delivery,
    request: (&Method, &HeaderMap),
    media: MediaId,
    id: CaptionId,
) -> Result<Response, Error> {
    let index = delivery.index(media).await?;
    let caption = index.captions.into_iter().find(|caption| caption.id == id).ok_or(Error::Absent)?;
    let key = BlobKey::new(caption.blob_key.as_str()).ok_or(Error::Absent)?;
    let bytes = delivery.flights.share(&caption.blob_key, delivery.fetch(&caption.blob_key, key)).await?;
    blob(delivery, request, bytes, VTT, &caption.blob_key).await
}

/// Sends a blob whose name says its content, or bytes in memory with their tag.
pub(crate) async fn blob(
    delivery: &Delivery,
    (method, asked): (&Method, &HeaderMap),
    bytes: Bytes,
    content_type: HeaderValue,
    name: &str,
) -> Result<Response, Error> {
    let (length, etag) = match &bytes {
        Bytes::Hot(Hot { bytes, etag }) => (bytes.len() as u64, etag.clone()),
        Bytes::File(_, length) | Bytes::Store(_, length) => {
            let file_name = name.rsplit('/').next().unwrap_or_default();
            (*length, wire::tag(file_name).ok_or(Error::Absent)?)
        }
    };
    let it = Representation { content_type, etag, modified_s: None, length, caching: wire::FOR_EVER };
    attach(delivery, wire::answer(method, asked, &it), bytes).await
}

async fn original(
    delivery: &Delivery,
    (method, asked): (&Method, &HeaderMap),
    media: MediaId,
) -> Result<Response, Error> {
    let original = delivery.original(media).await?;
    let it = Representation {
        content_type: HeaderValue::from_static(playable::essence(original.mime)),
        etag: original.etag,
        modified_s: original.modified_s,
        length: original.length,
        caching: wire::ASK_EACH_TIME,
    };
    let mut response = attach(delivery, wire::answer(method, asked, &it), original.bytes).await?;
    // The file's own name may be anything, so a saved copy is called after its number.
    let name = format!("inline; filename=\"odeon-{media}.{}\"", playable::ending(original.mime));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, NOTHING_ELSE);
    Ok(response)
}

/// Puts the bytes behind the head that was decided.
pub(crate) async fn attach(
    delivery: &Delivery,
    (mut response, part): (Response, Option<std::ops::Range<u64>>),
    bytes: Bytes,
) -> Result<Response, Error> {
    let Some(part) = part else { return Ok(response) };
    match bytes {
        Bytes::Hot(hot) => return Ok(attach_memory((response, Some(part)), &hot.bytes)),
        Bytes::File(file, _) => *response.body_mut() = files::body(file, part),
        Bytes::Store(key, _) if part.is_empty() => drop(key),
        Bytes::Store(key, _) => {
            let stream = delivery.ctx.blobs().read(&key, part).await?.ok_or(Error::Absent)?;
            *response.body_mut() = Body::from_stream(stream);
        }
    }
    Ok(response)
}

pub(crate) fn attach_memory(
    (mut response, part): (Response, Option<std::ops::Range<u64>>),
    bytes: &bytes::Bytes,
) -> Response {
    if let Some(part) = part {
        // The part was cut to the length of these very bytes, so both ends fit.
        let end = usize::try_from(part.end).unwrap_or(bytes.len());
        let start = usize::try_from(part.start).unwrap_or(end);
        *response.body_mut() = Body::from(bytes.slice(start..end));
    }
    response
}
