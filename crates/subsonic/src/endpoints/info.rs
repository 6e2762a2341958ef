//! What is known of artists and albums besides. There is no biography and there are no notes: nobody is asked for them.

use catalog::{model::Picture, service};
use http::header;

use super::browsing::artist_id;
use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
    tree::Element,
};

/// Longest edges of the pictures that are named, small, middle and large.
const EDGES: [(&str, &str); 3] =
    [("smallImageUrl", "96"), ("mediumImageUrl", "384"), ("largeImageUrl", "1536")];

/// By folders.
pub(super) async fn get_artist_info(call: &Call) -> Result<Reply, Error> {
    Reply::element("artistInfo", artist_info(call).await?)
}

/// By tags.
pub(super) async fn get_artist_info2(call: &Call) -> Result<Reply, Error> {
    Reply::element("artistInfo2", artist_info(call).await?)
}

async fn artist_info(call: &Call) -> Result<Element, Error> {
    let id = artist_id(call.params.required("id")?)?;
    let found = service::artist(call.ctx(), call.viewer(), id).await?;
    Ok(pictures(call, found.artist.picture.as_ref()))
}

/// Of an album, or of the album of a song, both by folders and by tags.
pub(super) async fn get_album_info(call: &Call) -> Result<Reply, Error> {
    let id = match ItemId::parse(call.params.required("id")?)? {
        ItemId::Album(id) => id,
        ItemId::Track(id) => {
            let track = service::track(call.ctx(), call.viewer(), id).await?.track;
            track.album.ok_or_else(Error::absent)?.id
        }
        _ => return Err(Error::absent()),
    };
    let found = service::album(call.ctx(), call.viewer(), id).await?;
    Reply::element("albumInfo", pictures(call, found.album.picture.as_ref()))
}

/// Whole addresses of a picture in three sizes, which hold for at least seven days.
fn pictures(call: &Call, picture: Option<&Picture>) -> Element {
    let Some((picture, base)) = picture.zip(base(call)) else { return Element::new() };
    EDGES.into_iter().fold(Element::new(), |element, (name, edge)| {
        element.with(name, format!("{base}{}", picture.url.replace("{size}", edge)))
    })
}

/// Where the caller reaches this server.
fn base(call: &Call) -> Option<String> {
    if let Some(url) = &call.app.config.public_url {
        return Some(url.trim_end_matches('/').to_owned());
    }
    let host = call.headers.get(header::HOST)?.to_str().ok()?;
    Some(format!("http://{host}"))
}
