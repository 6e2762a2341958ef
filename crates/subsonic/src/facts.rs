//! What is asked of the catalogue besides, for all rows of an answer at once, before they are shaped.

use std::collections::HashMap;

use catalog::{
    AlbumId, ArtistId, FolderId, TrackId, VideoId,
    model::{Album, AlbumFacts, Artist, ArtistFacts, Track, TrackFacts, Video},
    service::{
        self, FACTS_AT_ONCE_MAX,
        dialect::{
            self, TrackFacts as FileFacts,
            folders::{self as real, Place},
        },
    },
    sound::{self, Loudness},
};

use crate::{call::Call, error::Error, shape, tree::Element};

/// What is known of songs.
#[derive(Debug, Default)]
pub(crate) struct Songs {
    /// What their files are.
    pub(crate) files: HashMap<TrackId, FileFacts>,
    /// What their tags say.
    pub(crate) tags: HashMap<TrackId, TrackFacts>,
    /// How loud their albums are.
    pub(crate) albums: HashMap<AlbumId, Loudness>,
    /// Where their files lie, for apps that look through folders.
    pub(crate) places: HashMap<TrackId, Place>,
}

/// What is known of albums.
pub(crate) type Albums = HashMap<AlbumId, AlbumFacts>;
/// What is known of artists.
pub(crate) type Artists = HashMap<ArtistId, ArtistFacts>;

impl Songs {
    async fn of(call: &Call, tracks: &[&Track]) -> Result<Self, Error> {
        let (ctx, viewer) = (call.ctx(), call.viewer());
        let mut known = Self::default();
        for some in tracks.chunks(FACTS_AT_ONCE_MAX) {
            let ids: Vec<TrackId> = some.iter().map(|track| track.id).collect();
            known.tags.extend(service::track_facts(ctx, viewer, &ids).await?);
            if call.is_by_drive() {
                known.places.extend(real::track_places(ctx, viewer, &ids).await?);
            }
            known.files.extend(dialect::track_facts(ctx, viewer, ids).await?);
            let mut albums: Vec<AlbumId> =
                some.iter().filter_map(|track| Some(track.album.as_ref()?.id)).collect();
            albums.sort_unstable();
            albums.dedup();
            albums.retain(|album| !known.albums.contains_key(album));
            known.albums.extend(sound::of_albums(ctx, viewer, &albums).await?);
        }
        Ok(known)
    }
}

/// Tracks as songs.
pub(crate) async fn songs(call: &Call, tracks: &[&Track]) -> Result<Vec<Element>, Error> {
    let known = Songs::of(call, tracks).await?;
    Ok(tracks.iter().map(|track| shape::song(track, &known)).collect())
}

/// Tracks of a list as songs.
pub(crate) async fn list(call: &Call, tracks: &[Track]) -> Result<Vec<Element>, Error> {
    songs(call, &tracks.iter().collect::<Vec<_>>()).await
}

async fn of_albums(call: &Call, albums: &[Album]) -> Result<Albums, Error> {
    let mut known = Albums::new();
    for some in albums.chunks(FACTS_AT_ONCE_MAX) {
        let ids: Vec<AlbumId> = some.iter().map(|album| album.id).collect();
        known.extend(service::album_facts(call.ctx(), call.viewer(), &ids).await?);
    }
    Ok(known)
}

/// Albums by tags.
pub(crate) async fn albums(call: &Call, albums: &[Album]) -> Result<Vec<Element>, Error> {
    let known = of_albums(call, albums).await?;
    Ok(albums.iter().map(|album| shape::album(album, known.get(&album.id))).collect())
}

/// Albums as folders.
pub(crate) async fn album_folders(call: &Call, albums: &[Album]) -> Result<Vec<Element>, Error> {
    let known = of_albums(call, albums).await?;
    let lies = where_albums_lie(call, albums).await?;
    let shaped = |album: &Album| {
        let (facts, lies) = (known.get(&album.id), lies.get(&album.id).copied());
        shape::album_folder(album, facts, lies)
    };
    Ok(albums.iter().map(shaped).collect())
}

/// In which folders albums lie; of none for apps that are given folders by tags.
pub(crate) async fn where_albums_lie(
    call: &Call,
    albums: &[Album],
) -> Result<HashMap<AlbumId, FolderId>, Error> {
    if !call.is_by_drive() {
        return Ok(HashMap::new());
    }
    let ids: Vec<AlbumId> = albums.iter().map(|album| album.id).collect();
    Ok(real::album_folders(call.ctx(), call.viewer(), &ids).await?)
}

/// Videos.
pub(crate) async fn videos(call: &Call, videos: &[&Video]) -> Result<Vec<Element>, Error> {
    let (ctx, viewer) = (call.ctx(), call.viewer());
    let (mut known, mut places) = (HashMap::new(), HashMap::new());
    for some in videos.chunks(FACTS_AT_ONCE_MAX) {
        let ids: Vec<VideoId> = some.iter().map(|video| video.id).collect();
        if call.is_by_drive() {
            places.extend(real::video_places(ctx, viewer, &ids).await?);
        }
        known.extend(dialect::video_facts(ctx, viewer, ids).await?);
    }
    let each = videos.iter();
    Ok(each.map(|video| shape::video(video, known.get(&video.id), places.get(&video.id))).collect())
}

/// Artists by tags.
pub(crate) async fn artists(call: &Call, artists: &[Artist]) -> Result<Vec<Element>, Error> {
    let mut known = Artists::new();
    for some in artists.chunks(FACTS_AT_ONCE_MAX) {
        let ids: Vec<ArtistId> = some.iter().map(|artist| artist.id).collect();
        known.extend(service::artist_facts(call.ctx(), call.viewer(), &ids).await?);
    }
    Ok(artists.iter().map(|artist| shape::artist(artist, known.get(&artist.id))).collect())
}

/// Artists as names of folders, about which nothing besides is said.
pub(crate) fn artist_names(artists: &[Artist]) -> Vec<Element> {
    artists.iter().map(shape::artist_name).collect()
}
