//! What sounds alike, and what is played most. Nobody outside of the house is asked: likeness is what was measured, and
//! plays are those of its own listeners.

use catalog::{
    TrackId,
    model::{GenreKind, SimilarTrack, Track},
    search::{self, Slice, Wanted},
    service::{self, ALIKE_MAX, PATH_MAX, RandomFilter, Seed},
};

use super::drive;
use crate::{
    call::{Call, Reply},
    error::Error,
    facts,
    ids::ItemId,
    tree::Element,
};

/// Songs of these lists unless said.
const COUNT_DEFAULT: u32 = 50;
/// Songs that sound like one unless said.
const SONIC_COUNT_DEFAULT: u32 = 10;
/// Songs of a way unless said.
const PATH_COUNT_DEFAULT: u32 = 25;
/// From how many times as many of the nearest songs a mix is drawn.
const MIX_FACTOR: u32 = 4;
/// Matches among which an artist of a name is looked for.
const NAMED_MAX: u32 = 20;

/// A folder stands for the album of its first song.
async fn seed(call: &Call, text: &str) -> Result<Seed, Error> {
    Ok(match ItemId::parse(text)? {
        ItemId::Directory(id) => {
            let song = drive::first_song(call, id).await?;
            song.album.map_or(Seed::Track(song.id), |album| Seed::Album(album.id))
        }
        ItemId::Track(id) => Seed::Track(id),
        ItemId::Album(id) => Seed::Album(id),
        ItemId::Artist(id) => Seed::Artist(id),
        _ => return Err(Error::absent()),
    })
}

fn track_id(text: &str) -> Result<TrackId, Error> {
    match ItemId::parse(text)? {
        ItemId::Track(id) => Ok(id),
        _ => Err(Error::absent()),
    }
}

/// By folders.
pub(super) async fn get_similar_songs(call: &Call) -> Result<Reply, Error> {
    let songs = mix(call).await?;
    Reply::element("similarSongs", Element::new().list("song", songs))
}

/// By tags.
pub(super) async fn get_similar_songs2(call: &Call) -> Result<Reply, Error> {
    let songs = mix(call).await?;
    Reply::element("similarSongs2", Element::new().list("song", songs))
}

/// Songs like a song, the likest first; like an artist or an album, drawn from the likest. What was not measured has
/// songs of its genre in their place.
async fn mix(call: &Call) -> Result<Vec<Element>, Error> {
    let seed = seed(call, call.params.required("id")?).await?;
    let count = call.params.number("count", COUNT_DEFAULT, ALIKE_MAX)?;
    let (ctx, viewer) = (call.ctx(), call.viewer());
    let wide = if matches!(seed, Seed::Track(_)) { count } else { count.saturating_mul(MIX_FACTOR) };
    let mut near = service::similar_tracks(ctx, viewer, seed, wide).await?;
    if near.is_empty() && count > 0 {
        return facts::list(call, &of_genre(call, seed, count).await?).await;
    }
    // Each keeps its place among those that are kept.
    while near.len() > count as usize {
        let away = ctx.random().below(near.len() as u64);
        near.remove(usize::try_from(away).unwrap_or(0));
    }
    let tracks: Vec<&Track> = near.iter().map(|one| &one.track).collect();
    facts::songs(call, &tracks).await
}

/// Songs drawn from the first genre of something.
async fn of_genre(call: &Call, seed: Seed, count: u32) -> Result<Vec<Track>, Error> {
    let (ctx, viewer) = (call.ctx(), call.viewer());
    let (genres, own) = match seed {
        Seed::Track(id) => (service::track(ctx, viewer, id).await?.track.genres, Some(id)),
        Seed::Album(id) => (service::album(ctx, viewer, id).await?.album.genres, None),
        Seed::Artist(id) => {
            let albums = service::artist(ctx, viewer, id).await?.albums;
            (albums.into_iter().next().map(|album| album.genres).unwrap_or_default(), None)
        }
    };
    let Some(genre) = genres.first() else { return Ok(Vec::new()) };
    let found = service::genre_named(ctx, viewer, GenreKind::Genre, &genre.name).await?;
    let Some(genre) = found else { return Ok(Vec::new()) };
    let filter = RandomFilter { years: None, genre: Some(genre.id) };
    let mut tracks = service::random_tracks(ctx, viewer, filter, count).await?;
    tracks.retain(|track| Some(track.id) != own);
    Ok(tracks)
}

/// The songs of an artist that all listeners of this house together played most.
pub(super) async fn get_top_songs(call: &Call) -> Result<Reply, Error> {
    let count = call.params.number("count", COUNT_DEFAULT, ALIKE_MAX)?;
    let artist = match call.params.filled("id") {
        Some(text) => Some(super::browsing::artist_id(text)?),
        None => named(call, call.params.required("artist")?).await?,
    };
    let tracks = match artist {
        Some(id) => service::top_tracks(call.ctx(), call.viewer(), id, count).await?,
        None => Vec::new(),
    };
    Reply::element("topSongs", Element::new().list("song", facts::list(call, &tracks).await?))
}

/// The artist of this name, if there is one.
async fn named(call: &Call, name: &str) -> Result<Option<catalog::ArtistId>, Error> {
    let typed: String = name.trim().chars().take(search::QUERY_CHARS_MAX).collect();
    let wanted = Wanted { artists: Slice { offset: 0, limit: NAMED_MAX }, ..Wanted::default() };
    let found = search::search(call.ctx(), call.viewer(), &typed, &wanted).await?;
    let same = typed.to_lowercase();
    Ok(found.artists.into_iter().find(|artist| artist.name.to_lowercase() == same).map(|artist| artist.id))
}

pub(super) async fn get_sonic_similar_tracks(call: &Call) -> Result<Reply, Error> {
    let seed = Seed::Track(track_id(call.params.required("id")?)?);
    let count = call.params.number("count", SONIC_COUNT_DEFAULT, ALIKE_MAX)?;
    matches(call, &service::similar_tracks(call.ctx(), call.viewer(), seed, count).await?).await
}

pub(super) async fn find_sonic_path(call: &Call) -> Result<Reply, Error> {
    let from = track_id(call.params.required("startSongId")?)?;
    let to = track_id(call.params.required("endSongId")?)?;
    let count = call.params.number("count", PATH_COUNT_DEFAULT, PATH_MAX)?;
    matches(call, &service::sonic_path(call.ctx(), call.viewer(), (from, to), count).await?).await
}

/// Songs, each with how alike it is. They stand in the envelope without an element around them.
async fn matches(call: &Call, found: &[SimilarTrack]) -> Result<Reply, Error> {
    let tracks: Vec<&Track> = found.iter().map(|one| &one.track).collect();
    let songs = facts::songs(call, &tracks).await?;
    let each = songs.into_iter().zip(found).map(|(song, one)| {
        let similarity = (one.similarity * 1e6).round() / 1e6;
        serde_json::Value::from(Element::new().with("entry", song).with("similarity", similarity))
    });
    Ok(Reply::Element("sonicMatch", each.collect()))
}
