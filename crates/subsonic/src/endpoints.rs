//! The methods of the API: each reads its parameters, asks a service, and shapes what it says.

mod alike;
mod annotation;
mod browsing;
mod chat;
mod drive;
mod info;
mod jukebox;
mod listener;
mod lists;
mod lyrics;
mod media;
mod playlists;
mod podcasts;
mod radio;
mod scanning;
mod search;
mod shares;
mod system;
mod transcoding;
mod users;

use std::pin::Pin;

use crate::{
    call::{App, Call, Reply},
    error::Error,
};

#[cfg(test)]
pub(crate) use chat::MESSAGES_MAX as CHAT_MESSAGES_MAX;

/// A method that anybody may call.
pub(crate) type OpenRun = fn(&App) -> Reply;
/// A method for those who are signed in.
pub(crate) type ClosedRun = for<'a> fn(&'a Call) -> Answer<'a>;
/// What a method answers in time.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send + 'a>>;

/// A method.
pub(crate) enum Endpoint {
    /// For anybody.
    Open(OpenRun),
    /// For those who are signed in.
    Closed(ClosedRun),
}

/// The table of methods from their names and functions: those that wait for something, and those that do not.
macro_rules! table {
    (waiting { $($name:literal => $run:path),* $(,)? } at_once { $($quick:literal => $now:path),* $(,)? }) => {
        &[
            $(($name, Endpoint::Closed(|call| Box::pin($run(call)))),)*
            $(($quick, Endpoint::Closed(|call| Box::pin(std::future::ready($now(call))))),)*
        ]
    };
}

/// The methods that are answered, apart from the one that is open.
const ENDPOINTS: &[(&str, Endpoint)] = table! {
    waiting {
        "getMusicFolders" => browsing::get_music_folders,
        "getIndexes" => browsing::get_indexes,
        "getMusicDirectory" => browsing::get_music_directory,
        "getArtists" => browsing::get_artists,
        "getArtist" => browsing::get_artist,
        "getAlbum" => browsing::get_album,
        "getSong" => browsing::get_song,
        "getVideos" => browsing::get_videos,
        "getVideoInfo" => browsing::get_video_info,
        "getAlbumList" => lists::get_album_list,
        "getAlbumList2" => lists::get_album_list2,
        "search" => search::search,
        "getRandomSongs" => lists::get_random_songs,
        "getSimilarSongs" => alike::get_similar_songs,
        "getSimilarSongs2" => alike::get_similar_songs2,
        "getTopSongs" => alike::get_top_songs,
        "getSonicSimilarTracks" => alike::get_sonic_similar_tracks,
        "findSonicPath" => alike::find_sonic_path,
        "getGenres" => lists::get_genres,
        "getSongsByGenre" => lists::get_songs_by_genre,
        "getLyrics" => lyrics::get_lyrics,
        "getLyricsBySongId" => lyrics::get_lyrics_by_song_id,
        "getStarred" => lists::get_starred,
        "getStarred2" => lists::get_starred2,
        "getNowPlaying" => lists::get_now_playing,
        "star" => annotation::star,
        "unstar" => annotation::unstar,
        "setRating" => annotation::set_rating,
        "scrobble" => annotation::scrobble,
        "reportPlayback" => annotation::report_playback,
        "search2" => search::search2,
        "search3" => search::search3,
        "getArtistInfo" => info::get_artist_info,
        "getArtistInfo2" => info::get_artist_info2,
        "getAlbumInfo" => info::get_album_info,
        "getAlbumInfo2" => info::get_album_info,
        "getPlaylists" => playlists::get_playlists,
        "getPlaylist" => playlists::get_playlist,
        "createPlaylist" => playlists::create_playlist,
        "updatePlaylist" => playlists::update_playlist,
        "deletePlaylist" => playlists::delete_playlist,
        "getShares" => shares::get_shares,
        "createShare" => shares::create_share,
        "updateShare" => shares::update_share,
        "deleteShare" => shares::delete_share,
        "getInternetRadioStations" => radio::get_internet_radio_stations,
        "createInternetRadioStation" => radio::create_internet_radio_station,
        "updateInternetRadioStation" => radio::update_internet_radio_station,
        "deleteInternetRadioStation" => radio::delete_internet_radio_station,
        "getPlayQueue" => listener::get_play_queue,
        "getPlayQueueByIndex" => listener::get_play_queue_by_index,
        "savePlayQueue" => listener::save_play_queue,
        "savePlayQueueByIndex" => listener::save_play_queue_by_index,
        "getBookmarks" => listener::get_bookmarks,
        "createBookmark" => listener::create_bookmark,
        "deleteBookmark" => listener::delete_bookmark,
        "stream" => media::stream,
        "download" => media::download,
        "hls" => media::hls,
        "getCaptions" => media::get_captions,
        "getCoverArt" => media::get_cover_art,
        "getTranscodeDecision" => transcoding::get_transcode_decision,
        "getTranscodeStream" => transcoding::get_transcode_stream,
        "getUser" => users::get_user,
        "getUsers" => users::get_users,
        "createUser" => users::create_user,
        "updateUser" => users::update_user,
        "deleteUser" => users::delete_user,
        "getPodcasts" => podcasts::get_podcasts,
        "getNewestPodcasts" => podcasts::get_newest_podcasts,
        "getPodcastEpisode" => podcasts::get_podcast_episode,
        "refreshPodcasts" => podcasts::refresh_podcasts,
        "createPodcastChannel" => podcasts::create_podcast_channel,
        "deletePodcastChannel" => podcasts::delete_podcast_channel,
        "deletePodcastEpisode" => podcasts::delete_podcast_episode,
        "downloadPodcastEpisode" => podcasts::download_podcast_episode,
        "getScanStatus" => scanning::get_scan_status,
        "startScan" => scanning::start_scan,
        "jukeboxControl" => jukebox::jukebox_control,
        "getChatMessages" => chat::get_chat_messages,
        "addChatMessage" => chat::add_chat_message,
    }
    at_once {
        "ping" => system::ping,
        "getLicense" => system::get_license,
        "tokenInfo" => system::token_info,
        "getAvatar" => media::get_avatar,
        "changePassword" => users::change_password,
    }
};

/// The one method of which the API wants that refusals have a status of HTTP.
pub(crate) const IN_HTTP: &str = "getTranscodeStream";

/// The one method that is open: what an app asks before it knows how to sign in.
static EXTENSIONS: Endpoint = Endpoint::Open(system::get_open_subsonic_extensions);

/// The method of this name.
pub(crate) fn find(name: &str) -> Option<&'static Endpoint> {
    if name == "getOpenSubsonicExtensions" {
        return Some(&EXTENSIONS);
    }
    ENDPOINTS.iter().find(|(each, _)| *each == name).map(|(_, found)| found)
}

/// The names of all methods.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ENDPOINTS.iter().map(|(name, _)| *name).chain(std::iter::once("getOpenSubsonicExtensions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_87_methods_of_the_api_are_known_once() {
        let mut names: Vec<_> = names().collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!((names.len(), all), (87, 87));
        assert!(names.iter().all(|name| find(name).is_some()));
    }
}
