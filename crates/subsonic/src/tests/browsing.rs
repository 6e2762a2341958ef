use catalog::import::hide_tracks;
use kernel::{on_both_engines, testkit::World};

use super::*;

/// Numbers that no test enters.
const ABSENT: [&str; 8] = ["", "1", "tr-1", "al-1", "ar-1", "vi-1", "pl-1", "al-99999999999999999999"];

on_both_engines! {
    async fn artists_albums_and_songs_lead_to_one_another(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let tracks = house.album("The Beatles", "Help!").await;
        house.album("2Pac", "All Eyez").await;
        let artists = house.good(&key, "getArtists", "", "artists").await;
        assert_eq!(artists["ignoredArticles"], "The An A");
        assert_eq!(each(&artists["index"], "name"), ["#", "B"]);
        let beatles = artists["index"][1]["artist"][0].clone();
        assert_eq!((&beatles["name"], &beatles["albumCount"]), (&json!("The Beatles"), &json!(1)));
        let id = beatles["id"].as_str().expect("an id");
        let artist = house.good(&key, "getArtist", &format!("id={id}"), "artist").await;
        assert_eq!(artist["name"], "The Beatles");
        let album_id = artist["album"][0]["id"].as_str().expect("an id").to_owned();
        let album = house.good(&key, "getAlbum", &format!("id={album_id}"), "album").await;
        assert_eq!((&album["name"], &album["artist"], &album["year"]), (&json!("Help!"), &json!("The Beatles"), &json!(1999)));
        assert_eq!((&album["songCount"], &album["duration"]), (&json!(3), &json!(182)));
        assert_eq!(album["releaseDate"], json!({ "year": 1999, "month": 5, "day": 1 }));
        assert_eq!(each(&album["song"], "title"), ["Help! 1", "Help! 2", "Help! 3"]);
        let song = house.good(&key, "getSong", &format!("id=tr-{}", tracks[1]), "song").await;
        assert_eq!(song, album["song"][1]);
        let parts = json!({
            "isDir": false, "type": "music", "mediaType": "song", "track": 2, "discNumber": 1, "duration": 61,
            "size": 1234, "contentType": "audio/flac", "suffix": "flac", "bitRate": 900, "samplingRate": 44100,
            "channelCount": 2, "artist": "The Beatles", "album": "Help!", "genre": "Rock", "year": 1999,
            "path": "The Beatles/Help!/02 Help! 2.flac", "displayAlbumArtist": "The Beatles",
        });
        for (name, part) in parts.as_object().expect("parts") {
            assert_eq!(&song[name], part, "{name}");
        }
        assert_eq!(song["genres"], json!([{ "name": "Rock" }, { "name": "Jazz" }]));
        assert_eq!(song["albumArtists"], json!([{ "id": id, "name": "The Beatles" }]));
        assert_eq!((&song["albumId"], &song["parent"]), (&json!(album_id), &json!(album_id)));
    }

    async fn folders_are_artists_albums_and_songs(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        house.album("Ann Other", "First").await;
        let folders = house.good(&key, "getMusicFolders", "", "musicFolders").await;
        assert_eq!(folders, json!({ "musicFolder": [{ "id": 1, "name": "Music" }] }));
        let indexes = house.good(&key, "getIndexes", "musicFolderId=1", "indexes").await;
        assert!(indexes["lastModified"].as_u64().is_some());
        let artist = indexes["index"][0]["artist"][0].clone();
        assert_eq!(artist["name"], "Ann Other");
        let top = house.good(&key, "getMusicDirectory", "id=1", "directory").await;
        assert_eq!(top["child"][0]["id"], artist["id"]);
        assert_eq!(top["child"][0]["isDir"], true);
        let of_artist = format!("id={}", artist["id"].as_str().expect("an id"));
        let folder = house.good(&key, "getMusicDirectory", &of_artist, "directory").await;
        assert_eq!((&folder["name"], &folder["parent"]), (&json!("Ann Other"), &json!("1")));
        assert_eq!((&folder["child"][0]["title"], &folder["child"][0]["isDir"]), (&json!("First"), &json!(true)));
        let of_album = format!("id={}", folder["child"][0]["id"].as_str().expect("an id"));
        let folder = house.good(&key, "getMusicDirectory", &of_album, "directory").await;
        assert_eq!(folder["parent"], artist["id"]);
        assert_eq!(each(&folder["child"], "title"), ["First 1", "First 2", "First 3"]);
        for method in ["getIndexes", "getArtists"] {
            assert_eq!(house.refused(&key, method, "musicFolderId=2").await, 70);
        }
    }

    async fn what_is_absent_hidden_or_no_identifier_is_answered_alike(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let song = house.good(&key, "getSong", &format!("id=tr-{}", tracks[0]), "song").await;
        let (album, artist) = (song["albumId"].as_str().expect("an id"), song["artistId"].as_str().expect("an id"));
        let hidden = tracks.clone();
        house.change(move |tx, batch| hide_tracks(tx, batch, &hidden)).await;
        let gone = [format!("tr-{}", tracks[0]), album.to_owned(), artist.to_owned()];
        let absent: Vec<&str> = ABSENT.into_iter().chain(gone.iter().map(String::as_str)).collect();
        let mut told = std::collections::BTreeSet::new();
        for method in ["getSong", "getAlbum", "getArtist", "getVideoInfo", "stream", "download", "hls", "getCoverArt", "getCaptions"] {
            for id in &absent {
                let answer = house.call(&key, method, &format!("id={id}")).await;
                assert_eq!(answer["error"]["code"], 70, "{method} {id}");
                told.insert(answer.to_string());
            }
            assert_eq!(house.refused(&key, method, "").await, 10, "{method}");
        }
        assert_eq!(told.len(), 1, "{told:?}");
        for id in absent.iter().filter(|id| **id != "1") {
            assert_eq!(house.refused(&key, "getMusicDirectory", &format!("id={id}")).await, 70, "{id}");
        }
        assert_eq!(house.good(&key, "getArtists", "", "artists").await["index"], json!([]));
    }

    async fn videos_are_listed_with_what_they_are(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let source = SourceFile { mime: "video/mp4".to_owned(), codec: "h264".to_owned(), ..file("/films/a.MP4") };
        let id = house.film("A Film", source).await;
        let videos = house.good(&key, "getVideos", "", "videos").await;
        let video = &videos["video"][0];
        let id = format!("vi-{id}");
        assert_eq!((&video["id"], &video["title"], &video["isVideo"]), (&json!(id), &json!("A Film"), &json!(true)));
        assert_eq!((&video["suffix"], &video["originalWidth"], &video["size"]), (&json!("mp4"), &json!(1280), &json!(1234)));
        let info = house.good(&key, "getVideoInfo", &format!("id={id}"), "videoInfo").await;
        assert_eq!(info, json!({ "id": id, "captions": [] }));
    }

    async fn names_that_xml_can_hardly_hold_come_through(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let tags = TrackTags { title: "<\"A&B\">\u{7}\u{202e}".to_owned(), ..tags("R&B <x>", "']]>'") };
        let id = house.song(file("/a.flac"), tags).await.track;
        let xml = house.get(&format!("/rest/getSong?apiKey={key}&v=1.16.1&c=x&id=tr-{id}")).await.text();
        assert!(xml.contains("title=\"&lt;&quot;A&amp;B&quot;&gt;\""), "{xml}");
        assert!(xml.contains("artist=\"R&amp;B &lt;x&gt;\""), "{xml}");
    }
}
