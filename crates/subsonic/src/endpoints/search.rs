//! Search; with an empty query it is how apps take the whole library along.

use catalog::{
    model::{Album, Artist, Track},
    search::{self, Slice, Wanted},
    service::{self, AlbumOrder, dialect},
};

use crate::{
    call::{Call, Reply},
    error::Error,
    facts,
    tree::Element,
};

/// Rows of each kind unless said.
const COUNT_DEFAULT: u32 = 20;
/// Most rows of each kind.
const COUNT_MAX: u32 = 500;

/// Matches of the search of old among which those newer than something are looked for.
const NEWER_MAX: u32 = 500;

/// What was found.
struct Found {
    artists: Vec<Artist>,
    albums: Vec<Album>,
    tracks: Vec<Track>,
}

/// By folders.
pub(super) async fn search2(call: &Call) -> Result<Reply, Error> {
    let found = find(call).await?;
    let element = Element::new()
        .list("artist", facts::artist_names(&found.artists))
        .list("album", facts::album_folders(call, &found.albums).await?)
        .list("song", facts::list(call, &found.tracks).await?);
    Reply::element("searchResult2", element)
}

/// By tags.
pub(super) async fn search3(call: &Call) -> Result<Reply, Error> {
    let found = find(call).await?;
    let element = Element::new()
        .list("artist", facts::artists(call, &found.artists).await?)
        .list("album", facts::albums(call, &found.albums).await?)
        .list("song", facts::list(call, &found.tracks).await?);
    Reply::element("searchResult3", element)
}

async fn find(call: &Call) -> Result<Found, Error> {
    let query = call.params.required("query")?;
    let params = &call.params;
    let slice = |count: &str, offset: &str| -> Result<Slice, Error> {
        let limit = params.number(count, COUNT_DEFAULT, COUNT_MAX)?;
        Ok(Slice { offset: params.number(offset, 0, u32::MAX)?, limit })
    };
    let wanted = Wanted {
        artists: slice("artistCount", "artistOffset")?,
        albums: slice("albumCount", "albumOffset")?,
        tracks: slice("songCount", "songOffset")?,
        videos: Slice::default(),
    };
    // Some apps write an empty query as two quotes.
    let words = query.trim().trim_matches('"');
    if words.is_empty() {
        return everything(call, &wanted).await;
    }
    // A star at the end asks for beginnings of words, which is what a search here looks for anyway.
    let words = words.trim_end_matches('*');
    let found = search::search(call.ctx(), call.viewer(), words, &wanted).await?;
    Ok(Found { artists: found.artists, albums: found.albums, tracks: found.tracks })
}

/// All there is, at the same cost at any offset.
async fn everything(call: &Call, wanted: &Wanted) -> Result<Found, Error> {
    let (ctx, viewer, title) = (call.ctx(), call.viewer(), AlbumOrder::Title);
    let Wanted { artists, albums, tracks, .. } = wanted;
    Ok(Found {
        artists: service::list_artists(ctx, viewer, artists.offset.into(), artists.limit).await?,
        albums: service::list_albums(ctx, viewer, title, albums.offset.into(), albums.limit).await?,
        tracks: service::list_tracks(ctx, viewer, tracks.offset.into(), tracks.limit).await?,
    })
}

/// The search of old: songs by what is typed for any of their tags, or for one; which tag it was does not narrow it down.
/// Of those newer than something the best [`NEWER_MAX`] matches are looked through.
pub(super) async fn search(call: &Call) -> Result<Reply, Error> {
    let params = &call.params;
    let newer_than = match params.filled("newerThan") {
        Some(_) => Some(params.moment("newerThan")?),
        None => None,
    };
    let offset = params.number("offset", 0, u32::MAX)?;
    let limit = params.number("count", COUNT_DEFAULT, COUNT_MAX)?;
    let typed: Vec<&str> =
        ["artist", "album", "title", "any"].into_iter().filter_map(|name| params.filled(name)).collect();
    if typed.is_empty() {
        return Err(Error::missing("any, title, album or artist"));
    }
    let tracks = match newer_than {
        None => Slice { offset, limit },
        Some(_) => Slice { offset: 0, limit: NEWER_MAX },
    };
    let wanted = Wanted { tracks, ..Wanted::default() };
    let mut found = search::search(call.ctx(), call.viewer(), &typed.join(" "), &wanted).await?.tracks;
    if let Some(time) = newer_than {
        let ids = found.iter().map(|track| track.id).collect();
        let files = dialect::track_facts(call.ctx(), call.viewer(), ids).await?;
        found.retain(|track| files.get(&track.id).is_some_and(|file| file.added_at > time));
        found = found.into_iter().skip(offset as usize).take(limit as usize).collect();
    }
    let matches = facts::list(call, &found).await?;
    Reply::element("searchResult", Element::new().with("offset", offset).list("match", matches))
}
