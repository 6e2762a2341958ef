//! What is known of artists and albums besides. There is no biography and there are no notes: nobody is asked for them.

use catalog::{
    model::{Artist, NamedRef, Picture},
    service::{self, ALIKE_MAX},
};
use http::header;

use super::drive;
use crate::{
    call::{Call, Reply},
    error::Error,
    facts,
    ids::ItemId,
    tree::Element,
};

/// Longest edges of the pictures that are named, small, middle and large.
const EDGES: [(&str, &str); 3] =
    [("smallImageUrl", "96"), ("mediumImageUrl", "384"), ("largeImageUrl", "1536")];

/// Artists who sound alike, unless said.
const SIMILAR_DEFAULT: u32 = 20;

/// By folders.
pub(super) async fn get_artist_info(call: &Call) -> Result<Reply, Error> {
    let (element, similar) = artist_info(call).await?;
    Reply::element("artistInfo", element.list("similarArtist", facts::artist_names(&similar)))
}

/// By tags.
pub(super) async fn get_artist_info2(call: &Call) -> Result<Reply, Error> {
    let (element, similar) = artist_info(call).await?;
    Reply::element("artistInfo2", element.list("similarArtist", facts::artists(call, &similar).await?))
}

/// What is known of an artist, or of the artist of an album, a song or a folder, and who sounds alike.
async fn artist_info(call: &Call) -> Result<(Element, Vec<Artist>), Error> {
    let (ctx, viewer) = (call.ctx(), call.viewer());
    let first = |artists: Vec<NamedRef>| artists.into_iter().next().map(|artist| artist.id);
    let id = match ItemId::parse(call.params.required("id")?)? {
        ItemId::Artist(id) => Some(id),
        ItemId::Album(id) => first(service::album(ctx, viewer, id).await?.album.artists),
        ItemId::Track(id) => first(service::track(ctx, viewer, id).await?.track.artists),
        ItemId::Directory(id) => {
            let song = drive::first_song(call, id).await?;
            match song.album {
                Some(album) => first(service::album(ctx, viewer, album.id).await?.album.artists),
                None => first(song.artists),
            }
        }
        _ => None,
    };
    let id = id.ok_or_else(Error::absent)?;
    let count = call.params.number("count", SIMILAR_DEFAULT, ALIKE_MAX)?;
    let found = service::artist(ctx, viewer, id).await?;
    let similar = service::similar_artists(ctx, viewer, id, count).await?;
    let element =
        pictures(call, found.artist.picture.as_ref()).maybe("musicBrainzId", found.musicbrainz.as_deref());
    Ok((element, similar.into_iter().map(|one| one.artist).collect()))
}

/// Of an album, or of the album of a song or of the first song in a folder, both by folders and by tags.
pub(super) async fn get_album_info(call: &Call) -> Result<Reply, Error> {
    let id = match ItemId::parse(call.params.required("id")?)? {
        ItemId::Album(id) => id,
        ItemId::Track(id) => {
            let track = service::track(call.ctx(), call.viewer(), id).await?.track;
            track.album.ok_or_else(Error::absent)?.id
        }
        ItemId::Directory(id) => drive::first_song(call, id).await?.album.ok_or_else(Error::absent)?.id,
        _ => return Err(Error::absent()),
    };
    let found = service::album(call.ctx(), call.viewer(), id).await?;
    let element = pictures(call, found.album.picture.as_ref())
        .maybe("musicBrainzId", found.facts.musicbrainz.as_deref());
    Reply::element("albumInfo", element)
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
