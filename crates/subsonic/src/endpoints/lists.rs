//! Lists of albums and songs, by offset at the same cost wherever it is.

use catalog::{
    GenreId,
    model::{Album, GenreKind, MarkOrder, PlayState, Track},
    service::{self, AlbumOrder, LIST_MAX, RandomFilter, Years},
};

use crate::{
    call::{Call, Reply},
    error::Error,
    facts,
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
    Reply::element("albumList", Element::new().list("album", facts::album_folders(call, &albums).await?))
}

/// Albums by tags.
pub(super) async fn get_album_list2(call: &Call) -> Result<Reply, Error> {
    let albums = album_list(call).await?;
    Reply::element("albumList2", Element::new().list("album", facts::albums(call, &albums).await?))
}

async fn album_list(call: &Call) -> Result<Vec<Album>, Error> {
    let kind = call.params.required("type")?;
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
        "byGenre" => return of_genre(call, size, offset).await,
        other => return Err(Error::refused(format!("There is no list of albums of type {other:?}."))),
    };
    Ok(service::list_albums(call.ctx(), call.viewer(), order, offset.into(), size).await?)
}

/// Albums of a genre, by title.
async fn of_genre(call: &Call, size: u32, offset: u32) -> Result<Vec<Album>, Error> {
    match genre(call, call.params.required("genre")?).await? {
        Some(id) => Ok(service::albums_of_genre_at(call.ctx(), call.viewer(), id, offset, size).await?),
        None => Ok(Vec::new()),
    }
}

/// The genre of this name; of one that nobody has heard of there is nothing.
async fn genre(call: &Call, name: &str) -> Result<Option<GenreId>, Error> {
    let found = service::genre_named(call.ctx(), call.viewer(), GenreKind::Genre, name).await?;
    Ok(found.map(|genre| genre.id))
}

pub(super) async fn get_genres(call: &Call) -> Result<Reply, Error> {
    let genres = service::every_genre(call.ctx(), call.viewer(), GenreKind::Genre).await?;
    let each = genres.into_iter().map(|genre| {
        Element::new()
            .with("value", genre.name)
            .with("songCount", genre.track_count)
            .with("albumCount", genre.album_count)
    });
    Reply::element("genres", Element::new().list("genre", each))
}

/// Songs of a genre in the order in which they came in, which keeps albums together.
pub(super) async fn get_songs_by_genre(call: &Call) -> Result<Reply, Error> {
    let name = call.params.required("genre")?;
    let count = call.params.number("count", SIZE_DEFAULT, SIZE_MAX)?;
    let offset = call.params.number("offset", 0, u32::MAX)?;
    let tracks = match genre(call, name).await? {
        Some(id) => service::tracks_of_genre_at(call.ctx(), call.viewer(), id, offset, count).await?,
        None => Vec::new(),
    };
    let songs = facts::list(call, &tracks).await?;
    Reply::element("songsByGenre", Element::new().list("song", songs))
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
    let size = call.params.number("size", SIZE_DEFAULT, SIZE_MAX)?;
    let mut filter = RandomFilter { years: years(call)?, genre: None };
    if let Some(name) = call.params.filled("genre") {
        let Some(id) = genre(call, name).await? else {
            return Reply::element("randomSongs", Element::new().list("song", []));
        };
        filter.genre = Some(id);
    }
    let tracks = service::random_tracks(call.ctx(), call.viewer(), filter, size).await?;
    let songs = facts::list(call, &tracks).await?;
    Reply::element("randomSongs", Element::new().list("song", songs))
}

/// Favourites as folders.
pub(super) async fn get_starred(call: &Call) -> Result<Reply, Error> {
    let starred = starred(call).await?;
    let element = Element::new()
        .list("artist", facts::artist_names(&starred.artists))
        .list("album", facts::album_folders(call, &starred.albums).await?)
        .list("song", facts::list(call, &starred.tracks).await?);
    Reply::element("starred", element)
}

/// Favourites by tags.
pub(super) async fn get_starred2(call: &Call) -> Result<Reply, Error> {
    let starred = starred(call).await?;
    let element = Element::new()
        .list("artist", facts::artists(call, &starred.artists).await?)
        .list("album", facts::albums(call, &starred.albums).await?)
        .list("song", facts::list(call, &starred.tracks).await?);
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
    let songs = facts::songs(call, &playing.iter().map(|one| &one.track).collect::<Vec<_>>()).await?;
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
