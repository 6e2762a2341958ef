//! Every method of the dialect, and how it is asked.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::Value;

use super::{Answers, House, Told, api::absent, tells};

/// How a method is asked.
enum Way {
    /// It lists: with each of these parameters.
    Lists(&'static [&'static str]),
    /// The same in an order of chance; what is told is held together sorted.
    Chance(&'static [&'static str]),
    /// It is about things of these kinds: with these parameters, in which `ID` stands for one.
    Of(&'static [&'static str], &'static [&'static str]),
    /// It says nothing of the catalogue, or needs a file, for this reason.
    #[expect(dead_code, reason = "the reason is for those who read the table")]
    Apart(&'static str),
}
use Way::{Apart, Chance, Lists, Of};

const ROOM: &str = "what people say lies in no library; every member reads it";
const PODCASTS: &str = "podcasts lie in no library; each sees only those subscribed to";
const ADMIN: &str = "for administrators, who see everything";
const ACCOUNT: &str = "about accounts and the server";
const SHARED: &str = "takes numbers of one's own shares and of no others";
const LIST: &str = "about a playlist, which has rights of its own";
const SEARCHES: &[&str] = &[
    "query=",
    "query=zyxhidden",
    "query=plain",
    "query=rock",
    "query=shared&songCount=1",
    "query=&songCount=500&albumCount=500",
    "query=&songOffset=2&albumOffset=1&artistOffset=1",
];
const ALBUMS: &[&str] = &[
    "type=alphabeticalByName&size=500",
    "type=alphabeticalByArtist&size=500",
    "type=newest&size=500",
    "type=highest",
    "type=frequent",
    "type=recent",
    "type=starred",
    "type=byYear&fromYear=1990&toYear=2005",
    "type=byGenre&genre=Rock",
    "type=newest&size=1&offset=1",
    "type=byGenre&genre=zyxhidden+genre",
];
const SONG: &[&str] = &["track"];
const ANY: &[&str] = &["track", "album", "artist", "folder"];

const TABLE: &[(&str, Way)] = &[
    ("getIndexes", Lists(&["", "musicFolderId=2"])),
    ("getMusicDirectory", Lists(&["id=1", "id=2"])),
    ("getMusicDirectory", Of(&["artist", "album", "folder", "track", "video"], &["id=ID"])),
    ("getArtists", Lists(&[""])),
    ("getArtist", Of(&["artist"], &["id=ID"])),
    ("getAlbum", Of(&["album"], &["id=ID"])),
    ("getSong", Of(SONG, &["id=ID"])),
    ("getVideos", Lists(&[""])),
    ("getVideoInfo", Of(&["video"], &["id=ID"])),
    ("getAlbumList", Lists(ALBUMS)),
    ("getAlbumList2", Lists(ALBUMS)),
    ("search", Lists(&["any=zyxhidden", "any=plain", "any=song&count=1&offset=1", "artist=both"])),
    ("getRandomSongs", Chance(&["size=500", "size=500&genre=Rock", "size=500&fromYear=1990&toYear=2000"])),
    ("getSimilarSongs", Of(ANY, &["id=ID", "id=ID&count=1"])),
    ("getSimilarSongs2", Of(&["artist"], &["id=ID", "id=ID&count=1"])),
    (
        "getTopSongs",
        Lists(&["artist=Both", "artist=plain+artist", "artist=zyxhidden+artist", "artist=nobody"]),
    ),
    ("getSonicSimilarTracks", Of(SONG, &["id=ID", "id=ID&count=2"])),
    ("findSonicPath", Of(SONG, &["startSongId=ID&endSongId=ID", "startSongId=ID&endSongId=ID&count=2"])),
    ("getGenres", Lists(&[""])),
    (
        "getSongsByGenre",
        Lists(&[
            "genre=Rock&count=500",
            "genre=Rock&count=1&offset=1",
            "genre=zyxhidden+genre",
            "genre=none",
        ]),
    ),
    (
        "getLyrics",
        Lists(&["artist=zyxhidden+artist&title=zyxhidden+song+1", "artist=plain+artist&title=plain+song+1"]),
    ),
    ("getLyricsBySongId", Of(SONG, &["id=ID"])),
    ("getStarred", Lists(&[""])),
    ("getStarred2", Lists(&[""])),
    ("getNowPlaying", Lists(&[""])),
    ("star", Of(ANY, &["id=ID"])),
    ("unstar", Of(ANY, &["id=ID"])),
    ("setRating", Of(ANY, &["id=ID&rating=3"])),
    ("scrobble", Of(SONG, &["id=ID", "id=ID&submission=false"])),
    ("reportPlayback", Of(SONG, &["mediaId=ID&mediaType=song&positionMs=5&state=playing"])),
    ("search2", Lists(SEARCHES)),
    ("search3", Lists(SEARCHES)),
    ("getArtistInfo", Of(ANY, &["id=ID"])),
    ("getArtistInfo2", Of(&["artist"], &["id=ID"])),
    ("getAlbumInfo", Of(&["track", "album", "folder"], &["id=ID"])),
    ("getAlbumInfo2", Of(&["album"], &["id=ID"])),
    ("getPlaylists", Lists(&[""])),
    ("getPlaylist", Apart(LIST)),
    ("createPlaylist", Apart(LIST)),
    ("updatePlaylist", Apart(LIST)),
    ("deletePlaylist", Apart(LIST)),
    ("getPlayQueue", Lists(&[""])),
    ("getPlayQueueByIndex", Lists(&[""])),
    ("savePlayQueue", Apart("takes any number and never shows it")),
    ("savePlayQueueByIndex", Apart("takes any number and never shows it")),
    ("getBookmarks", Lists(&[""])),
    ("createBookmark", Of(SONG, &["id=ID&position=5"])),
    ("deleteBookmark", Of(SONG, &["id=ID"])),
    (
        "stream",
        Of(
            &["track", "video"],
            &["id=ID", "id=ID&format=mp3&maxBitRate=64", "id=ID&timeOffset=5", "id=ID&timeOffset=500"],
        ),
    ),
    ("download", Of(&["track", "video", "album"], &["id=ID"])),
    ("hls", Of(&["track", "video"], &["id=ID"])),
    ("getCaptions", Of(&["video"], &["id=ID"])),
    (
        "getCoverArt",
        Of(&["track", "album", "artist", "video", "folder"], &["id=ID", "id=ID_ff", "id=ID&size=100"]),
    ),
    ("getTranscodeDecision", Of(SONG, &["mediaId=ID&mediaType=song"])),
    ("getUser", Lists(&["username=bob"])),
    ("getUsers", Apart(ADMIN)),
    ("createUser", Apart(ADMIN)),
    ("updateUser", Apart(ADMIN)),
    ("deleteUser", Apart(ADMIN)),
    ("changePassword", Apart(ACCOUNT)),
    ("getScanStatus", Lists(&[""])),
    ("startScan", Apart(ADMIN)),
    ("ping", Apart(ACCOUNT)),
    ("getLicense", Apart(ACCOUNT)),
    ("tokenInfo", Apart(ACCOUNT)),
    ("getMusicFolders", Lists(&[""])),
    ("getAvatar", Apart(ACCOUNT)),
    (
        "getTranscodeStream",
        Of(
            SONG,
            &[
                "mediaId=ID&mediaType=song&offset=0&transcodeParams=x",
                "mediaId=ID&mediaType=song&offset=5&transcodeParams=mp3.128.44100.2.0",
                "mediaId=ID&mediaType=song&offset=500&transcodeParams=mp3.128.44100.2.0",
            ],
        ),
    ),
    ("jukeboxControl", Lists(&["action=get", "action=status"])),
    ("jukeboxControl", Of(SONG, &["action=set&id=ID", "action=add&id=ID"])),
    ("getOpenSubsonicExtensions", Apart(ACCOUNT)),
    ("addChatMessage", Apart(ROOM)),
    ("createInternetRadioStation", Apart(ADMIN)),
    ("createPodcastChannel", Apart(PODCASTS)),
    ("createShare", Of(&["track", "album"], &["id=ID"])),
    ("deleteInternetRadioStation", Apart(ADMIN)),
    ("deletePodcastChannel", Apart(PODCASTS)),
    ("deletePodcastEpisode", Apart(PODCASTS)),
    ("deleteShare", Apart(SHARED)),
    ("downloadPodcastEpisode", Apart(PODCASTS)),
    ("getChatMessages", Apart(ROOM)),
    ("getInternetRadioStations", Lists(&[""])),
    ("getNewestPodcasts", Apart(PODCASTS)),
    ("getPodcastEpisode", Apart(PODCASTS)),
    ("getPodcasts", Apart(PODCASTS)),
    ("getShares", Lists(&[""])),
    ("refreshPodcasts", Apart(PODCASTS)),
    ("updateInternetRadioStation", Apart(ADMIN)),
    ("updateShare", Apart(SHARED)),
];

/// What is read of a hidden thing once it is no longer hidden; the others need a file, or change something.
const READS: [&str; 11] = [
    "getMusicDirectory",
    "getArtist",
    "getAlbum",
    "getSong",
    "getVideoInfo",
    "getSimilarSongs2",
    "getSonicSimilarTracks",
    "getLyricsBySongId",
    "getArtistInfo2",
    "getAlbumInfo2",
    "findSonicPath",
];

fn path(key: &str, method: &str, more: &str) -> String {
    format!("/rest/{method}?f=json&v=1.16.1&c=leaks&apiKey={key}&{more}")
}

/// A thing as the dialect names it.
fn named(kind: &str, id: &str) -> String {
    let prefix = match kind {
        "track" => "tr",
        "album" => "al",
        "artist" => "ar",
        "folder" => "fo",
        _ => "vi",
    };
    format!("{prefix}-{id}")
}

fn check_table() {
    let all: BTreeSet<&str> = subsonic::methods().collect();
    let known: BTreeSet<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let differs: Vec<_> = all.symmetric_difference(&known).collect();
    assert!(differs.is_empty(), "say in crates/odeon/src/leaks/dialect.rs how these are asked: {differs:?}");
}

/// The moment of the last change of all is told to everybody; what changed is not.
fn without_moment(mut told: Told) -> Told {
    let text = told.text();
    if let Some((before, after)) = text.split_once("\"lastModified\":") {
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        told.body = format!("{before}{rest}").into_bytes();
        told.headers.retain(|(name, _)| name != "content-length");
    }
    told
}

/// The same in one order.
fn sorted(mut told: Told) -> Told {
    let mut value = told.json();
    order(&mut value);
    told.body = value.to_string().into_bytes();
    told
}

fn order(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(order);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(order),
        _ => {}
    }
}

/// The member's keys, and which folders apps that have them are given.
fn keys(house: &House) -> [(&String, &'static str); 2] {
    [(&house.bob, "by tags"), (&house.bob_by_drive, "by drive")]
}

/// Everything that lists, and everything about one thing that the member sees.
pub(super) async fn lists(house: &House, seen: &BTreeMap<&'static str, String>) -> Answers {
    check_table();
    let mut answers = Answers::new();
    for (method, way) in TABLE {
        let asked: Vec<String> = match way {
            Lists(queries) | Chance(queries) => queries.iter().map(|&query| query.to_owned()).collect(),
            Of(kinds, queries) if READS.contains(method) => {
                let kinds = kinds.iter().filter(|kind| **kind != "track" || *method != "getMusicDirectory");
                let kinds = kinds.filter(|kind| **kind != "video" || *method != "getMusicDirectory");
                kinds
                    .flat_map(|kind| {
                        queries.iter().map(move |query| query.replace("ID", &named(kind, &seen[kind])))
                    })
                    .collect()
            }
            _ => continue,
        };
        for (query, (key, folders)) in asked.iter().flat_map(|query| keys(house).map(|key| (query, key))) {
            let told = house.get(key, &path(key, method, query)).await;
            let told = if matches!(way, Chance(_)) { sorted(told) } else { without_moment(told) };
            answers.insert(format!("{method} {query} {folders}"), told);
        }
    }
    answers
}

/// Asks everything with a hidden number and with one that never was; gives what was read of hidden things.
pub(super) async fn hidden_is_absent(
    house: &House,
    hidden: &BTreeMap<&'static str, String>,
) -> Vec<(Method, String)> {
    let mut compared = Vec::new();
    for (method, way) in TABLE {
        let Of(kinds, queries) = way else { continue };
        let asked = kinds.iter().flat_map(|kind| queries.iter().map(move |query| (*kind, *query)));
        for ((kind, query), (key, _)) in asked.flat_map(|asked| keys(house).map(|key| (asked, key))) {
            let asked = |id: &str| path(key, method, &query.replace("ID", &named(kind, id)));
            let there = house.get(key, &asked(&hidden[kind])).await;
            let gone = house.get(key, &asked(&absent(&hidden[kind]))).await;
            assert_eq!(there, gone, "{method} {query} tells a hidden {kind} from one that never was");
            assert!(!tells(&there, hidden), "{method} {query}: {there:?}");
            let is_whole = *method != "getMusicDirectory" || ["album", "folder"].contains(&kind);
            if READS.contains(method) && is_whole {
                compared.push((Method::GET, asked(&hidden[kind])));
            }
        }
    }
    compared
}
