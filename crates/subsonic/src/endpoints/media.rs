//! Bytes: songs, videos, playlists of HLS, text tracks, pictures.

use catalog::{
    CaptionId, PictureId,
    service::{
        self,
        dialect::{self, Pictured},
        playlists,
    },
};
use delivery::{Hls, Playable};

use super::browsing::video_id;
use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
};

/// Largest picture that is asked for by number; the largest there is comes for more.
const EDGE_MAX: u32 = 100_000;

fn playable(text: &str) -> Result<Playable, Error> {
    match ItemId::parse(text)? {
        ItemId::Track(id) => Ok(Playable::Track(id)),
        ItemId::Video(id) => Ok(Playable::Video(id)),
        ItemId::Folder(_) | ItemId::Album(_) | ItemId::Artist(_) | ItemId::Playlist(_) => {
            Err(Error::absent())
        }
    }
}

/// The file as it came. Nothing is made smaller on the way, whatever `maxBitRate` and `format` wish for: the ladder
/// behind `hls` is for narrow lines.
pub(super) async fn stream(call: &Call) -> Result<Reply, Error> {
    let what = playable(call.params.required("id")?)?;
    Reply::raw(call.app.direct.file(call.viewer(), what, None, call.asked()).await?)
}

/// The file as it came, to be kept under its title.
pub(super) async fn download(call: &Call) -> Result<Reply, Error> {
    let what = playable(call.params.required("id")?)?;
    let title = match what {
        Playable::Track(id) => service::track(call.ctx(), call.viewer(), id).await?.track.title,
        Playable::Video(id) => service::video(call.ctx(), call.viewer(), id).await?.video.title,
    };
    Reply::raw(call.app.direct.file(call.viewer(), what, Some(&title), call.asked()).await?)
}

/// The master playlist of the ladder. `bitRate` is not looked at: players choose among the rungs.
pub(super) async fn hls(call: &Call) -> Result<Reply, Error> {
    let what = playable(call.params.required("id")?)?;
    match call.app.direct.hls(call.viewer(), what, call.asked()).await? {
        None => Err(Error::absent()),
        Some(Hls::Playlist(response)) => Ok(Reply::Raw(response)),
        Some(Hls::NotYet) => {
            Err(Error::refused("It is being encoded; its playlist will be here in a moment. Ask again."))
        }
        Some(Hls::Failed(why)) => {
            let why = why.unwrap_or_else(|| "It can't be encoded.".to_owned());
            Err(Error::refused(why))
        }
    }
}

/// A text track of a video, as `WebVTT`: the first unless `captionId` names one of those that `getVideoInfo` lists.
pub(super) async fn get_captions(call: &Call) -> Result<Reply, Error> {
    let video = video_id(call.params.required("id")?)?;
    let caption = match call.params.filled("captionId") {
        None => None,
        Some(text) => Some(text.parse::<CaptionId>().map_err(|_| Error::absent())?),
    };
    Reply::raw(call.app.direct.caption(call.viewer(), video, caption, call.asked()).await?)
}

pub(super) async fn get_cover_art(call: &Call) -> Result<Reply, Error> {
    let of = ItemId::parse_cover(call.params.required("id")?)?;
    let edge = match call.params.number("size", 0, EDGE_MAX)? {
        0 => None,
        edge => Some(edge),
    };
    let picture = picture_of(call, of).await?.ok_or_else(Error::absent)?;
    Reply::raw(call.app.direct.picture(picture, edge, call.asked()).await?)
}

/// Which picture stands for something.
async fn picture_of(call: &Call, of: ItemId) -> Result<Option<PictureId>, Error> {
    let of = match of {
        ItemId::Track(id) => Pictured::Track(id),
        ItemId::Album(id) => Pictured::Album(id),
        ItemId::Artist(id) => Pictured::Artist(id),
        ItemId::Video(id) => Pictured::Video(id),
        ItemId::Playlist(id) => {
            let found = playlists::get(call.ctx(), call.viewer(), id).await?;
            return Ok(found.playlist.pictures.first().map(|picture| picture.id));
        }
        ItemId::Folder(_) => return Ok(None),
    };
    Ok(dialect::picture_of(call.ctx(), call.viewer(), of).await?)
}

/// Accounts have no pictures, so nobody's is there.
pub(super) fn get_avatar(call: &Call) -> Result<Reply, Error> {
    call.params.required("username")?;
    Err(Error::absent())
}
