//! Every operation of the API's description, and how it is asked.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Value, json};

use super::{Answers, House, tells};

/// How an operation is asked.
pub(super) enum Way {
    /// It lists or says something of the house or of oneself: with each of these queries.
    Lists(&'static [&'static str]),
    /// It is about one thing of this kind: with these queries. A hidden one must be answered like one that never was.
    Of(&'static str, &'static [&'static str]),
    /// The same with a body; what it does with a thing that is seen is told elsewhere.
    Does(&'static str, &'static str),
    /// Its body, in which `ID` stands for a thing of this kind. The answers must be the same but for fresh numbers.
    Names(&'static str, &'static str),
    /// It says nothing of the catalogue, for this reason.
    #[expect(dead_code, reason = "the reason is for those who read the table")]
    Apart(&'static str),
}
use Way::{Apart, Does, Lists, Names, Of};

const ADMIN: &str = "for administrators, who see everything";
const OWN: &str = "takes numbers of one's own things and of no others";
const PODCASTS: &str = "podcasts lie in no library; each sees only those subscribed to";
const ACCOUNT: &str = "about accounts";
const UPLOAD: &str = "takes numbers of one's own uploads and of no others";
const LIST: &str = "about a playlist, which has rights of its own; its tracks are walked below";
const RADIO: &str = "stations lie in no library; every member sees them";
const SHARED: &str = "looks through the eyes of who shares; told in the tests of sharing, `rights.rs`";
const ELSEWHERE: &str = "about one's own accounts elsewhere";
const BROWSED: &str = "told in the catalogue's tests of folders: a folder with nothing to see is not there";
const EDITED: &str = "told in the catalogue's tests of edits: nobody learns of what he does not see";
const PAGES: &[&str] = &["", "limit=1", "limit=3", "limit=200"];

/// All operations.
pub(super) const TABLE: &[(&str, &str, Way)] = &[
    (
        "get",
        "/api/v1/albums",
        Lists(&[
            "",
            "limit=1",
            "sort=added",
            "sort=released",
            "sort=artist",
            "from_year=1990&to_year=2005",
            "from_year=2005&to_year=1990",
        ]),
    ),
    ("get", "/api/v1/albums/{id}", Of("album", &[""])),
    ("get", "/api/v1/albums/{id}/archive", Does("album", "")),
    ("put", "/api/v1/albums/{id}/favourite", Does("album", "")),
    ("delete", "/api/v1/albums/{id}/favourite", Does("album", "")),
    ("put", "/api/v1/albums/{id}/rating", Does("album", r#"{"rating":3}"#)),
    ("get", "/api/v1/artists", Lists(&["", "limit=1", "limit=3", "performing=true", "performing=false"])),
    ("get", "/api/v1/artists/{id}", Of("artist", &[""])),
    ("put", "/api/v1/artists/{id}/favourite", Does("artist", "")),
    ("delete", "/api/v1/artists/{id}/favourite", Does("artist", "")),
    ("put", "/api/v1/artists/{id}/rating", Does("artist", r#"{"rating":3}"#)),
    ("get", "/api/v1/episodes/{id}", Apart(PODCASTS)),
    ("put", "/api/v1/episodes/{id}/download", Apart(PODCASTS)),
    ("delete", "/api/v1/episodes/{id}/download", Apart(PODCASTS)),
    ("post", "/api/v1/episodes/{id}/grant", Apart(PODCASTS)),
    ("put", "/api/v1/episodes/{id}/progress", Apart(PODCASTS)),
    ("get", "/api/v1/events", Apart("says which topic to fetch again, never what it is")),
    ("get", "/api/v1/folders", Apart(ADMIN)),
    ("get", "/api/v1/genres", Lists(&["", "limit=1", "kind=mood", "kind=genre&limit=200"])),
    ("get", "/api/v1/genres/{id}", Of("genre", &[""])),
    ("get", "/api/v1/genres/{id}/albums", Of("genre", PAGES)),
    ("get", "/api/v1/genres/{id}/tracks", Of("genre", PAGES)),
    ("get", "/api/v1/home", Lists(&[""])),
    ("get", "/api/v1/libraries", Apart(ADMIN)),
    ("post", "/api/v1/libraries", Apart(ADMIN)),
    ("delete", "/api/v1/libraries/{id}", Apart(ADMIN)),
    ("put", "/api/v1/libraries/{id}/access", Apart(ADMIN)),
    ("get", "/api/v1/libraries/{id}/problems", Apart(ADMIN)),
    ("post", "/api/v1/libraries/{id}/scan", Apart(ADMIN)),
    ("post", "/api/v1/link", Apart(ACCOUNT)),
    ("put", "/api/v1/link", Apart(ACCOUNT)),
    ("get", "/api/v1/me/bookmarks", Lists(PAGES)),
    ("put", "/api/v1/me/bookmarks/{kind}/{id}", Does("track", r#"{"position_ms":1}"#)),
    ("delete", "/api/v1/me/bookmarks/{kind}/{id}", Does("track", "")),
    ("get", "/api/v1/me/devices", Lists(&[""])),
    ("put", "/api/v1/me/devices/{id}", Apart(OWN)),
    ("delete", "/api/v1/me/devices/{id}", Apart(OWN)),
    ("post", "/api/v1/me/devices/{id}/command", Apart(OWN)),
    ("post", "/api/v1/me/devices/{id}/commands/take", Apart(OWN)),
    (
        "get",
        "/api/v1/me/favourites",
        Lists(&["kind=track", "kind=album", "kind=artist", "kind=video", "kind=track&limit=1"]),
    ),
    ("get", "/api/v1/me/now-playing", Lists(&[""])),
    ("put", "/api/v1/me/now-playing", Names("track", r#"{"track_id":"ID","position_ms":5}"#)),
    ("put", "/api/v1/me/password", Apart(ACCOUNT)),
    ("get", "/api/v1/me/playlist-folders", Lists(&[""])),
    ("post", "/api/v1/me/playlist-folders", Apart(OWN)),
    ("delete", "/api/v1/me/playlist-folders/{id}", Apart(OWN)),
    ("patch", "/api/v1/me/playlist-folders/{id}", Apart(OWN)),
    ("get", "/api/v1/me/plays", Lists(&["kind=track", "kind=album", "kind=artist", "kind=track&sort=most"])),
    ("get", "/api/v1/me/queue", Lists(&[""])),
    (
        "put",
        "/api/v1/me/queue",
        Apart("takes any number and never shows it; told in `a_queue_shows_nothing_hidden`"),
    ),
    ("patch", "/api/v1/me/queue", Apart(OWN)),
    ("get", "/api/v1/me/queue/tracks", Lists(PAGES)),
    ("get", "/api/v1/me/sessions", Apart(ACCOUNT)),
    ("delete", "/api/v1/me/sessions/{id}", Apart(ACCOUNT)),
    ("get", "/api/v1/me/tokens", Apart(ACCOUNT)),
    ("post", "/api/v1/me/tokens", Apart(ACCOUNT)),
    ("delete", "/api/v1/me/tokens/{id}", Apart(ACCOUNT)),
    ("patch", "/api/v1/me/tokens/{id}", Apart(ACCOUNT)),
    ("get", "/api/v1/me/uploads", Lists(PAGES)),
    ("delete", "/api/v1/me/uploads/{id}", Apart(UPLOAD)),
    ("post", "/api/v1/me/uploads/{id}/retry", Apart(UPLOAD)),
    ("get", "/api/v1/playlists", Lists(&["", "limit=1", "scope=public"])),
    ("post", "/api/v1/playlists", Names("track", r#"{"name":"N","tracks":["ID"]}"#)),
    ("post", "/api/v1/playlists/import", Apart("told in the catalogue's tests of lists of paths")),
    ("post", "/api/v1/playlists/preview", Names("track", r#"{"rules":{"match":"all","rules":[]}}"#)),
    ("get", "/api/v1/playlists/{id}", Apart(LIST)),
    ("delete", "/api/v1/playlists/{id}", Apart(LIST)),
    ("get", "/api/v1/playlists/{id}/archive", Apart(LIST)),
    ("patch", "/api/v1/playlists/{id}", Apart(LIST)),
    ("post", "/api/v1/playlists/{id}/editors", Apart(LIST)),
    ("delete", "/api/v1/playlists/{id}/editors/{user}", Apart(LIST)),
    ("get", "/api/v1/playlists/{id}/entries", Apart(LIST)),
    ("put", "/api/v1/playlists/{id}/entries", Apart(LIST)),
    ("post", "/api/v1/playlists/{id}/entries", Apart(LIST)),
    ("post", "/api/v1/playlists/{id}/entries/remove", Apart(LIST)),
    ("delete", "/api/v1/playlists/{id}/entries/{entry}", Apart(LIST)),
    ("patch", "/api/v1/playlists/{id}/entries/{entry}", Apart(LIST)),
    ("put", "/api/v1/playlists/{id}/folder", Apart(LIST)),
    ("get", "/api/v1/playlists/{id}/m3u8", Apart(LIST)),
    ("put", "/api/v1/playlists/{id}/picture", Apart(LIST)),
    ("delete", "/api/v1/playlists/{id}/picture", Apart(LIST)),
    ("post", "/api/v1/plays", Names("track", r#"{"track_id":"ID","id":"once"}"#)),
    ("get", "/api/v1/podcasts", Apart(PODCASTS)),
    ("post", "/api/v1/podcasts", Apart(PODCASTS)),
    ("get", "/api/v1/podcasts/opml", Apart(PODCASTS)),
    ("post", "/api/v1/podcasts/opml", Apart(PODCASTS)),
    ("get", "/api/v1/podcasts/{id}", Apart(PODCASTS)),
    ("put", "/api/v1/podcasts/{id}", Apart(PODCASTS)),
    ("delete", "/api/v1/podcasts/{id}", Apart(PODCASTS)),
    ("get", "/api/v1/podcasts/{id}/episodes", Apart(PODCASTS)),
    ("post", "/api/v1/podcasts/{id}/refresh", Apart(PODCASTS)),
    (
        "get",
        "/api/v1/search",
        Lists(&[
            "q=zyxhidden",
            "q=zyx",
            "q=plain",
            "q=rock",
            "q=both",
            "q=shared",
            "q=song&limit=1",
            "q=song&kinds=track&limit=100",
            "q=composer",
            "q=zyxhiden",
        ]),
    ),
    ("get", "/api/v1/oembed", Apart(SHARED)),
    ("get", "/api/v1/radio-stations", Lists(PAGES)),
    ("post", "/api/v1/radio-stations", Apart(RADIO)),
    ("get", "/api/v1/radio-stations/{id}", Apart(RADIO)),
    ("put", "/api/v1/radio-stations/{id}", Apart(RADIO)),
    ("delete", "/api/v1/radio-stations/{id}", Apart(RADIO)),
    ("get", "/api/v1/shared/{secret}", Apart(SHARED)),
    ("get", "/api/v1/shared/{secret}/archive", Apart(SHARED)),
    ("get", "/api/v1/shared/{secret}/tracks/{id}/file", Apart(SHARED)),
    ("post", "/api/v1/shared/{secret}/tracks/{id}/grant", Apart(SHARED)),
    ("post", "/api/v1/shared/{secret}/tracks/{id}/heard", Apart(SHARED)),
    ("post", "/api/v1/shared/{secret}/unlock", Apart(SHARED)),
    ("get", "/api/v1/shared/{secret}/videos/{id}/file", Apart(SHARED)),
    ("post", "/api/v1/shared/{secret}/videos/{id}/grant", Apart(SHARED)),
    ("post", "/api/v1/shared/{secret}/videos/{id}/watched", Apart(SHARED)),
    ("get", "/api/v1/shares", Lists(PAGES)),
    ("post", "/api/v1/shares", Names("track", r#"{"tracks":["ID"]}"#)),
    ("post", "/api/v1/shares", Names("video", r#"{"video":"ID"}"#)),
    ("get", "/api/v1/shares/{id}", Apart(SHARED)),
    ("delete", "/api/v1/shares/{id}", Apart(SHARED)),
    ("patch", "/api/v1/shares/{id}", Apart(SHARED)),
    ("get", "/api/v1/session", Apart(ACCOUNT)),
    ("post", "/api/v1/session", Apart(ACCOUNT)),
    ("delete", "/api/v1/session", Apart(ACCOUNT)),
    ("get", "/api/v1/setup", Apart(ACCOUNT)),
    ("post", "/api/v1/setup", Apart(ACCOUNT)),
    ("get", "/api/v1/tracks", Lists(PAGES)),
    ("get", "/api/v1/tracks/{id}", Of("track", &[""])),
    ("put", "/api/v1/tracks/{id}/favourite", Does("track", "")),
    ("delete", "/api/v1/tracks/{id}/favourite", Does("track", "")),
    ("post", "/api/v1/tracks/{id}/grant", Does("track", "")),
    ("get", "/api/v1/tracks/{id}/lyrics", Of("track", &[""])),
    ("put", "/api/v1/tracks/{id}/rating", Does("track", r#"{"rating":3}"#)),
    ("get", "/api/v1/tracks/{id}/waveform", Of("track", &[""])),
    ("put", "/api/v1/albums/{id}/picture", Does("album", "")),
    ("delete", "/api/v1/albums/{id}/picture", Does("album", "")),
    ("put", "/api/v1/artists/{id}/picture", Does("artist", "")),
    ("delete", "/api/v1/artists/{id}/picture", Does("artist", "")),
    ("get", "/api/v1/browse", Lists(&[""])),
    ("get", "/api/v1/browse/{id}", Apart(BROWSED)),
    ("get", "/api/v1/browse/{id}/below", Apart(BROWSED)),
    ("get", "/api/v1/browse/{id}/folders", Apart(BROWSED)),
    ("get", "/api/v1/browse/{id}/tracks", Apart(BROWSED)),
    ("get", "/api/v1/browse/{id}/videos", Apart(BROWSED)),
    ("get", "/api/v1/scrobbling", Apart(ELSEWHERE)),
    ("put", "/api/v1/scrobbling/lastfm", Apart(ELSEWHERE)),
    ("post", "/api/v1/scrobbling/lastfm", Apart(ELSEWHERE)),
    ("delete", "/api/v1/scrobbling/lastfm", Apart(ELSEWHERE)),
    ("put", "/api/v1/scrobbling/listenbrainz", Apart(ELSEWHERE)),
    ("delete", "/api/v1/scrobbling/listenbrainz", Apart(ELSEWHERE)),
    ("put", "/api/v1/scrobbling/listenbrainz/import", Apart(ELSEWHERE)),
    ("delete", "/api/v1/scrobbling/listenbrainz/import", Apart(ELSEWHERE)),
    ("post", "/api/v1/scrobbling/listenbrainz/favourites/import", Apart(ELSEWHERE)),
    ("get", "/api/v1/scrobbling/{service}/failed", Apart(ELSEWHERE)),
    ("delete", "/api/v1/scrobbling/{service}/failed", Apart(ELSEWHERE)),
    ("put", "/api/v1/scrobbling/{service}/favourites", Apart(ELSEWHERE)),
    ("post", "/api/v1/scrobbling/{service}/retry", Apart(ELSEWHERE)),
    ("get", "/api/v1/tags/albums/{id}", Does("album", "")),
    ("patch", "/api/v1/tags/albums/{id}", Does("album", r#"{"version":0,"changes":{"title":"Mine"}}"#)),
    ("get", "/api/v1/tags/artists/{id}", Does("artist", "")),
    ("patch", "/api/v1/tags/artists/{id}", Does("artist", r#"{"version":0,"changes":{"name":"Mine"}}"#)),
    ("post", "/api/v1/tags/artists/{id}/merge", Does("artist", r#"{"artist":"1"}"#)),
    ("post", "/api/v1/tags/edits/{id}/undo", Apart(EDITED)),
    ("get", "/api/v1/tags/tracks", Apart(EDITED)),
    ("patch", "/api/v1/tags/tracks", Apart(EDITED)),
    ("post", "/api/v1/uploads", Apart(UPLOAD)),
    ("options", "/api/v1/uploads", Apart(UPLOAD)),
    ("post", "/api/v1/uploads/{id}", Apart(UPLOAD)),
    ("delete", "/api/v1/uploads/{id}", Apart(UPLOAD)),
    ("head", "/api/v1/uploads/{id}", Apart(UPLOAD)),
    ("patch", "/api/v1/uploads/{id}", Apart(UPLOAD)),
    ("get", "/api/v1/users", Apart(ADMIN)),
    ("post", "/api/v1/users", Apart(ADMIN)),
    ("patch", "/api/v1/users/{id}", Apart(ADMIN)),
    ("delete", "/api/v1/users/{id}", Apart(ADMIN)),
    ("get", "/api/v1/users/{id}/libraries", Apart(ADMIN)),
    ("put", "/api/v1/users/{id}/libraries", Apart(ADMIN)),
    ("post", "/api/v1/users/{id}/link", Apart(ADMIN)),
    ("get", "/api/v1/videos", Lists(PAGES)),
    ("get", "/api/v1/videos/{id}", Of("video", &[""])),
    ("delete", "/api/v1/videos/{id}", Does("video", "")),
    ("patch", "/api/v1/videos/{id}", Does("video", r#"{"title":"Mine"}"#)),
    ("put", "/api/v1/videos/{id}/favourite", Does("video", "")),
    ("delete", "/api/v1/videos/{id}/favourite", Does("video", "")),
    ("post", "/api/v1/videos/{id}/grant", Does("video", "")),
    ("put", "/api/v1/videos/{id}/rating", Does("video", r#"{"rating":3}"#)),
];

/// A number that never was, of as many digits.
pub(super) fn absent(id: &str) -> String {
    let number: i64 = id.parse().expect("a number");
    (number ^ 0x0005_5555).to_string()
}

fn path(template: &str, id: &str, query: &str) -> String {
    let path = template.replace("{kind}", "track").replace("{id}", id);
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// Refuses to go on while an operation stands in the description and not in the table, or the other way round.
fn check_table(document: &Value) {
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            if ["get", "put", "post", "delete", "patch", "head", "options"].contains(&method.as_str()) {
                described.insert((method.clone(), path.clone()));
            }
        }
    }
    let known = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    let known: BTreeSet<_> = known.collect();
    let differs: Vec<_> = described.symmetric_difference(&known).collect();
    assert!(differs.is_empty(), "say in crates/odeon/src/leaks/api.rs how these are asked: {differs:?}");
}

/// Everything that lists, and everything about one thing that the member sees.
pub(super) async fn lists(house: &House, seen: &BTreeMap<&'static str, String>) -> Answers {
    check_table(&house.document);
    let mut answers = Answers::new();
    for (method, template, way) in TABLE.iter().filter(|(method, ..)| *method == "get") {
        let (id, queries) = match way {
            Lists(queries) => ("", queries),
            Of(kind, queries) => (seen[kind].as_str(), queries),
            _ => continue,
        };
        for query in *queries {
            let path = path(template, id, query);
            answers.insert(format!("{method} {path}"), house.get(&house.bob, &path).await);
        }
    }
    for place in ["artists", "albums", "genres"] {
        // What both libraries have is told as far as the member's has it.
        let shared = if place == "artists" { "Both" } else { "Rock" };
        if place == "albums" {
            continue;
        }
        let found = house.find(place, shared).await;
        let more: &[&str] =
            if place == "genres" { &["", "/albums", "/tracks", "/tracks?limit=1"] } else { &[""] };
        for rest in more {
            let path = format!("/api/v1/{place}/{found}{rest}");
            answers.insert(format!("get {path}"), house.get(&house.bob, &path).await);
        }
    }
    answers
}

/// What is a member's own: marks, a play, a bookmark, a queue, something that plays, a playlist.
pub(super) async fn of_ones_own(house: &House, seen: &BTreeMap<&'static str, String>) {
    let track = &seen["track"];
    let told = [
        (Method::PUT, format!("/api/v1/tracks/{track}/favourite"), None),
        (Method::PUT, format!("/api/v1/albums/{}/favourite", seen["album"]), None),
        (Method::PUT, format!("/api/v1/artists/{}/favourite", seen["artist"]), None),
        (Method::PUT, format!("/api/v1/videos/{}/favourite", seen["video"]), None),
        (Method::POST, "/api/v1/plays".to_owned(), Some(json!({ "track_id": track }))),
        (Method::PUT, format!("/api/v1/me/bookmarks/track/{track}"), Some(json!({ "position_ms": 7 }))),
        (
            Method::PUT,
            "/api/v1/me/now-playing".to_owned(),
            Some(json!({ "track_id": track, "position_ms": 7 })),
        ),
        (
            Method::PUT,
            "/api/v1/me/queue".to_owned(),
            Some(json!({ "tracks": [track], "changed_by": "x", "version": 0 })),
        ),
        (
            Method::PUT,
            "/api/v1/me/devices/leaks".to_owned(),
            Some(json!({ "name": "x", "state": "paused", "track": track })),
        ),
        (
            Method::POST,
            "/api/v1/playlists".to_owned(),
            Some(json!({ "name": "Own", "public": true, "tracks": [track] })),
        ),
    ];
    for (method, path, body) in told {
        let body = body.map(|body| body.to_string());
        let told = house.ask(&house.bob, method.clone(), &path, body.as_deref()).await;
        assert!(told.status < 300, "{method} {path}: {told:?}");
    }
}

/// Asks everything with a hidden number and with one that never was; gives what was read of hidden things.
pub(super) async fn hidden_is_absent(
    house: &House,
    hidden: &BTreeMap<&'static str, String>,
) -> Vec<(Method, String)> {
    let mut compared = Vec::new();
    for (word, template, way) in TABLE {
        let method = Method::from_bytes(word.to_uppercase().as_bytes()).expect("a method");
        let (kind, queries, body): (_, &[&str], _) = match way {
            Of(kind, queries) => (kind, queries, None),
            Does(kind, body) => (kind, &[""], Some(*body).filter(|body| !body.is_empty())),
            Names(kind, body) => (kind, &[""], Some(*body)),
            Lists(_) | Apart(_) => continue,
        };
        let ids = [hidden[kind].clone(), absent(&hidden[kind])];
        for query in queries {
            let [there, gone] = ids.each_ref().map(|id| {
                let id = id.as_str();
                let body = body.map(|body| body.replace("ID", id));
                let path = path(template, id, query);
                let method = method.clone();
                async move { house.ask(&house.bob, method, &path, body.as_deref()).await }
            });
            let (mut there, mut gone) = (there.await, gone.await);
            if matches!(way, Names(..)) {
                (there.body, gone.body) = (blurred(&there.text()), blurred(&gone.text()));
            } else {
                assert!(there.status >= 400, "{word} {template}: {there:?}");
            }
            assert_eq!(there, gone, "{word} {template} tells a hidden thing from one that never was");
            assert!(!tells(&there, hidden), "{word} {template}: {there:?}");
            if matches!(way, Of(..)) {
                compared.push((method.clone(), path(template, &ids[0], query)));
            }
        }
    }
    assert!(compared.len() > 10, "hidden things were asked for");
    queue_shows_nothing_hidden(house, hidden).await;
    compared
}

/// What is fresh each time is left out: long numbers.
fn blurred(text: &str) -> Vec<u8> {
    let (mut out, mut digits) = (Vec::new(), Vec::new());
    for byte in text.bytes().chain([0]) {
        if byte.is_ascii_digit() {
            digits.push(byte);
            continue;
        }
        out.extend(if digits.len() > 12 { vec![b'#'] } else { std::mem::take(&mut digits) });
        digits.clear();
        out.push(byte);
    }
    out
}

async fn queue_shows_nothing_hidden(house: &House, hidden: &BTreeMap<&'static str, String>) {
    let queue = house.get(&house.bob, "/api/v1/me/queue").await.json();
    let mut version = queue["version"].as_u64().expect("a version");
    let old = queue["tracks"].clone();
    let mut shown = Vec::new();
    for tracks in [json!([hidden["track"]]), json!([absent(&hidden["track"])]), old] {
        let body = json!({ "tracks": tracks, "changed_by": "x", "version": version }).to_string();
        let put = house.ask(&house.bob, Method::PUT, "/api/v1/me/queue", Some(&body)).await;
        version = put.json()["version"].as_u64().expect("a version");
        shown.push(house.get(&house.bob, "/api/v1/me/queue/tracks").await);
    }
    assert_eq!(shown[0], shown[1]);
    assert_eq!(shown[0].json()["items"], json!([]));
}
