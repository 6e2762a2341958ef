//! What a share holds now, seen through somebody's eyes.

use catalog::{
    AlbumId, ArtistId, Error as CatalogError, TrackId, VideoId, media,
    model::{NamedRef, Picture, Track, Video, playlists::PlaylistId},
    service::{self, playlists},
};
use delivery::Playable;
use kernel::{Ctx, PageQuery, http::Viewer};

use crate::{Error, model::What};

/// Tracks of a share that are shown; of a longer playlist the first.
pub const TRACKS_SHOWN_MAX: usize = 1_000;
/// Albums of an artist that are shown.
const ALBUMS_SHOWN_MAX: usize = 20;
/// Entries of a playlist that are read at once.
const STEP: u32 = 200;

/// What is there, in its order.
pub(crate) struct Shown {
    pub(crate) title: String,
    /// Whose it is; empty for a playlist.
    pub(crate) by: String,
    pub(crate) picture: Option<Picture>,
    pub(crate) tracks: Vec<Track>,
    /// The video, if it is one.
    pub(crate) video: Option<Video>,
    /// Whether there is more.
    pub(crate) more: bool,
}

/// What `viewer` sees of it; `None` when that is nothing.
pub(crate) async fn look(ctx: &Ctx, viewer: &Viewer, what: &What) -> Result<Option<Shown>, Error> {
    let found = match what {
        What::Tracks(ids) => chosen(ctx, viewer, ids).await,
        What::Album(id) => album(ctx, viewer, *id).await,
        What::Playlist(id) => playlist(ctx, viewer, *id).await,
        What::Artist(id) => artist(ctx, viewer, *id).await,
        What::Video(id) => film(ctx, viewer, *id).await,
    };
    match found {
        Ok(shown) => Ok((!shown.tracks.is_empty() || shown.video.is_some()).then_some(shown)),
        Err(CatalogError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether this is in it, as `viewer` sees it.
pub(crate) async fn holds(ctx: &Ctx, viewer: &Viewer, what: &What, thing: Playable) -> Result<bool, Error> {
    let track = match thing {
        Playable::Track(track) => track,
        Playable::Video(video) if *what == What::Video(video) => {
            return Ok(media::for_video(ctx, viewer, video).await?.is_some());
        }
        Playable::Video(_) => return Ok(false),
    };
    match what {
        What::Video(_) => Ok(false),
        What::Tracks(ids) if !ids.contains(&track) => Ok(false),
        What::Tracks(_) | What::Album(_) => match service::track(ctx, viewer, track).await {
            Ok(found) => Ok(match what {
                What::Album(album) => found.track.album.is_some_and(|of| of.id == *album),
                _ => true,
            }),
            Err(CatalogError::NotFound) => Ok(false),
            Err(error) => Err(error.into()),
        },
        What::Playlist(_) | What::Artist(_) => {
            let shown = look(ctx, viewer, what).await?;
            Ok(shown.is_some_and(|shown| shown.tracks.iter().any(|one| one.id == track)))
        }
    }
}

/// What it is called, if the viewer sees all of it.
pub(crate) async fn title(ctx: &Ctx, viewer: &Viewer, what: &What) -> Result<String, Error> {
    let shown = look(ctx, viewer, what).await?.ok_or(Error::NotFound)?;
    match what {
        // Another answer for some of them would tell which numbers are those of hidden tracks.
        What::Tracks(ids) if shown.tracks.len() < ids.len() => Err(Error::NotFound),
        _ => Ok(shown.title),
    }
}

async fn chosen(ctx: &Ctx, viewer: &Viewer, ids: &[TrackId]) -> Result<Shown, CatalogError> {
    let found = service::tracks_by_id(ctx, viewer, ids.to_vec()).await?;
    let tracks: Vec<Track> = ids.iter().filter_map(|id| found.get(id).cloned()).collect();
    let first = tracks.first();
    let picture = first.and_then(|track| track.picture.clone());
    let title = first.map(|track| track.title.clone()).unwrap_or_default();
    let (title, by) = match tracks.len() {
        0 | 1 => (title, first.map(artists_of).unwrap_or_default()),
        count => (format!("{title} and {} more", count - 1), String::new()),
    };
    Ok(Shown { title, by, picture, tracks, video: None, more: false })
}

async fn album(ctx: &Ctx, viewer: &Viewer, id: AlbumId) -> Result<Shown, CatalogError> {
    let found = service::album(ctx, viewer, id).await?;
    let by = shown(found.album.artist_shown.as_deref(), &found.album.artists);
    let mut tracks: Vec<Track> = found.discs.into_iter().flat_map(|disc| disc.tracks).collect();
    let more = tracks.len() > TRACKS_SHOWN_MAX;
    tracks.truncate(TRACKS_SHOWN_MAX);
    Ok(Shown { title: found.album.title, by, picture: found.album.picture, tracks, video: None, more })
}

async fn playlist(ctx: &Ctx, viewer: &Viewer, id: PlaylistId) -> Result<Shown, CatalogError> {
    let found = playlists::get(ctx, viewer, id).await?.playlist;
    let mut tracks: Vec<Track> = Vec::new();
    let mut query = PageQuery { after: None, limit: Some(STEP) };
    loop {
        let page = playlists::list_entries(ctx, viewer, id, &query).await?;
        tracks.extend(page.items.into_iter().map(|entry| entry.track));
        query.after = page.next;
        if query.after.is_none() || tracks.len() > TRACKS_SHOWN_MAX {
            break;
        }
    }
    let more = query.after.is_some() || tracks.len() > TRACKS_SHOWN_MAX;
    tracks.truncate(TRACKS_SHOWN_MAX);
    let picture = found.pictures.into_iter().next();
    let picture = picture.or_else(|| tracks.iter().find_map(|track| track.picture.clone()));
    Ok(Shown { title: found.name, by: String::new(), picture, tracks, video: None, more })
}

async fn artist(ctx: &Ctx, viewer: &Viewer, id: ArtistId) -> Result<Shown, CatalogError> {
    let found = service::artist(ctx, viewer, id).await?;
    let own = found.albums.iter().map(|album| album.id).filter(|album| !found.appears_on.contains(album));
    let own: Vec<AlbumId> = own.collect();
    let mut more = own.len() > ALBUMS_SHOWN_MAX;
    let mut tracks: Vec<Track> = Vec::new();
    for album in own.into_iter().take(ALBUMS_SHOWN_MAX) {
        let discs = match service::album(ctx, viewer, album).await {
            Ok(album) => album.discs,
            // It went between the two questions.
            Err(CatalogError::NotFound) => continue,
            Err(error) => return Err(error),
        };
        tracks.extend(discs.into_iter().flat_map(|disc| disc.tracks));
        if tracks.len() > TRACKS_SHOWN_MAX {
            more = true;
            tracks.truncate(TRACKS_SHOWN_MAX);
            break;
        }
    }
    let (title, picture) = (found.artist.name, found.artist.picture);
    Ok(Shown { title, by: String::new(), picture, tracks, video: None, more })
}

async fn film(ctx: &Ctx, viewer: &Viewer, id: VideoId) -> Result<Shown, CatalogError> {
    let video = service::bare_video(ctx, viewer, id).await?;
    let (title, picture) = (video.title.clone(), video.picture.clone());
    Ok(Shown { title, by: String::new(), picture, tracks: Vec::new(), video: Some(video), more: false })
}

/// Who plays a track.
pub(crate) fn artists_of(track: &Track) -> String {
    shown(track.artist_shown.as_deref(), &track.artists)
}

fn shown(artist_shown: Option<&str>, artists: &[NamedRef]) -> String {
    let joined = || artists.iter().map(|artist| artist.name.as_str()).collect::<Vec<_>>().join(", ");
    artist_shown.map_or_else(joined, str::to_owned)
}
