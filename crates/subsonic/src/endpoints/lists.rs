//! Lists of albums and songs, by offset at the same cost wherever it is.

use catalog::{
    model::{Album, MarkOrder, PlayState, Track},
    service::{self, AlbumOrder, LIST_MAX, RandomFilter, Years},
};

use super::{browsing::songs, not_yet};
use crate::{
    call::{Call, Reply},
    error::Error,
    shape,
    tree::Element,
};

/// Rows of a list unless said.
const SIZE_DEFAULT: u32 = 10;
/// Most rows of a list, as the API has it.
const SIZE_MAX: u32 = 500;
/// Most favourites of a kind, which the API gives whole.
pub(crate) const STARRED_MAX: usize = 10_000;
/// Last year that is understood.
const YEAR_MAX: u32 = 9_999;

/// Albums as folders.
pub(super) async fn get_album_list(call: &Call) -> Result<Reply, Error> {
    let albums = album_list(call).await?;
    Reply::element("albumList", Element::new().list("album", albums.iter().map(shape::album_folder)))
}

/// Albums by tags.
pub(super) async fn get_album_list2(call: &Call) -> Result<Reply, Error> {
    let albums = album_list(call).await?;
    Reply::element("albumList2", Element::new().list("album", albums.iter().map(shape::album)))
}

async fn album_list(call: &Call) -> Result<Vec<Album>, Error> {
    let kind = call.params.required("type")?;
    call.check_folder()?;
    let size = call.params.number("size", SIZE_DEFAULT, SIZE_MAX)?;
    let offset = call.params.number("offset", 0, u32::MAX)?;
    let order = match kind {
        "alphabeticalByName" => AlbumOrder::Title,
        "alphabeticalByArtist" => AlbumOrder::Artist,
        "newest" => AlbumOrder::Newest,
        "random" => AlbumOrder::Random,
        "highest" => AlbumOrder::Marked(MarkOrder::HighestRated),
        "frequent" => AlbumOrder::Marked(MarkOrder::MostPlayed),
        "recent" => AlbumOrder::Marked(MarkOrder::RecentlyPlayed),
        "starred" => AlbumOrder::Marked(MarkOrder::Favourites),
        "byYear" => {
            for name in ["fromYear", "toYear"] {
                call.params.required(name)?;
            }
            AlbumOrder::Years(years(call)?.unwrap_or(Years { from: 0, to: YEAR_MAX }))
        }
        "byGenre" => {
            call.params.required("genre")?;
            return Err(not_yet());
        }
        other => return Err(Error::refused(format!("There is no list of albums of type {other:?}."))),
    };
    Ok(service::list_albums(call.ctx(), call.viewer(), order, offset.into(), size).await?)
}

/// The years between which something is asked for, if it is.
fn years(call: &Call) -> Result<Option<Years>, Error> {
    if call.params.filled("fromYear").is_none() && call.params.filled("toYear").is_none() {
        return Ok(None);
    }
    let from = call.params.number("fromYear", 0, YEAR_MAX)?;
    let to = call.params.number("toYear", YEAR_MAX, YEAR_MAX)?;
    Ok(Some(Years { from, to }))
}

pub(super) async fn get_random_songs(call: &Call) -> Result<Reply, Error> {
    call.check_folder()?;
    if call.params.filled("genre").is_some() {
        return Err(not_yet());
    }
    let size = call.params.number("size", SIZE_DEFAULT, SIZE_MAX)?;
    let filter = RandomFilter { years: years(call)? };
    let tracks = service::random_tracks(call.ctx(), call.viewer(), filter, size).await?;
    let songs = songs(call, &tracks.iter().collect::<Vec<_>>()).await?;
    Reply::element("randomSongs", Element::new().list("song", songs))
}

/// Favourites as folders.
pub(super) async fn get_starred(call: &Call) -> Result<Reply, Error> {
    let starred = starred(call).await?;
    let element = Element::new()
        .list("artist", starred.artists.iter().map(shape::artist_name))
        .list("album", starred.albums.iter().map(shape::album_folder))
        .list("song", songs(call, &starred.tracks.iter().collect::<Vec<_>>()).await?);
    Reply::element("starred", element)
}

/// Favourites by tags.
pub(super) async fn get_starred2(call: &Call) -> Result<Reply, Error> {
    let starred = starred(call).await?;
    let element = Element::new()
        .list("artist", starred.artists.iter().map(shape::artist))
        .list("album", starred.albums.iter().map(shape::album))
        .list("song", songs(call, &starred.tracks.iter().collect::<Vec<_>>()).await?);
    Reply::element("starred2", element)
}

/// The caller's favourites, the latest first.
struct Starred {
    artists: Vec<catalog::model::Artist>,
    albums: Vec<Album>,
    tracks: Vec<Track>,
}

/// Takes all of a list step by step, at most [`STARRED_MAX`] rows.
macro_rules! whole {
    ($offset:ident, $step:expr) => {{
        let mut all = Vec::new();
        loop {
            let $offset = all.len() as u64;
            let step = $step;
            let is_last = step.len() < LIST_MAX as usize;
            all.extend(step);
            if is_last || all.len() >= STARRED_MAX {
                all.truncate(STARRED_MAX);
                break all;
            }
        }
    }};
}

async fn starred(call: &Call) -> Result<Starred, Error> {
    call.check_folder()?;
    let (ctx, viewer, order) = (call.ctx(), call.viewer(), MarkOrder::Favourites);
    let albums = AlbumOrder::Marked(order);
    Ok(Starred {
        artists: whole!(at, service::list_marked_artists(ctx, viewer, order, at, LIST_MAX).await?),
        albums: whole!(at, service::list_albums(ctx, viewer, albums, at, LIST_MAX).await?),
        tracks: whole!(at, service::list_marked_tracks(ctx, viewer, order, at, LIST_MAX).await?),
    })
}

/// What the caller's own players play: who listens to what is nobody else's business.
pub(super) async fn get_now_playing(call: &Call) -> Result<Reply, Error> {
    let playing = service::now_playing(call.ctx(), call.viewer()).await?;
    let songs = songs(call, &playing.iter().map(|one| &one.track).collect::<Vec<_>>()).await?;
    let now = call.ctx().now();
    let entries = (1_u64..).zip(songs).zip(&playing).map(|((number, song), one)| {
        let state = if one.state == PlayState::Paused { "paused" } else { "playing" };
        song.with("username", call.viewer().handle.as_str())
            .with("minutesAgo", now.since(one.reported_at).as_secs() / 60)
            .with("playerId", number)
            .with("playerName", one.client.as_str())
            .with("state", state)
            .with("positionMs", one.position_ms)
            .with("playbackRate", one.rate)
    });
    Reply::element("nowPlaying", Element::new().list("entry", entries))
}
