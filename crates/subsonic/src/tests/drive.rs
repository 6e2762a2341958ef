//! Folders as they lie on the drive, for apps whose owners chose that.

use catalog::{
    LibraryId,
    access::Access,
    import::{PictureFacts, Place, name_library, place_track, place_video, upsert_picture},
};
use kernel::{on_both_engines, testkit::World};

use super::*;

/// A file that is laid into a folder below a library's.
#[derive(Clone, Copy)]
struct Laid {
    library: LibraryId,
    folder: &'static str,
    name: &'static str,
    album: &'static str,
}

fn laid(library: LibraryId, folder: &'static str, name: &'static str, album: &'static str) -> Laid {
    Laid { library, folder, name, album }
}

impl Laid {
    /// Puts the file of a track there.
    fn track(&self, tx: &mut Tx<'_>, batch: &mut Batch, track: TrackId, known: bool) -> Result<(), Fault> {
        let folder = self.folder.replace('/', "\0");
        place_track(tx, batch, track, &self.place(folder.as_bytes(), known))?;
        batch.finish(tx)
    }

    fn place<'a>(&self, folder: &'a [u8], known: bool) -> Place<'a> {
        let library_name = if self.album == "Old" { "Attic" } else { "House" };
        Place { library: self.library, library_name, folder, name: self.name.as_bytes(), known }
    }
}

/// Two libraries that everybody may see, the house and the attic.
async fn libraries(house: &House, world: &World) -> [LibraryId; 2] {
    let data = world.folder.path().join("data");
    let mut made = [LibraryId(0); 2];
    for (name, made) in ["House", "Attic"].into_iter().zip(&mut made) {
        let folder = world.folder.path().join(name);
        for path in [&data, &folder] {
            std::fs::create_dir_all(path).expect("made");
        }
        *made = ingest::library::add_library(&house.ctx, &data, &folder, None).await.expect("a library").id;
    }
    made
}

impl House {
    /// Takes a song in that is called as its file is.
    async fn lay(&self, laid: Laid) -> String {
        let made = self.change(move |tx, batch| {
            let Laid { library, folder, name, album } = laid;
            let tags = TrackTags { title: name.to_owned(), ..tags("Ann Other", album) };
            let facts = PictureFacts {
                hash: *album.bytes().cycle().take(32).collect::<Vec<_>>().first_chunk().expect("32 bytes"),
                blob_key: format!("pictures/{album}"),
                mime: "image/png",
                width: 8,
                height: 8,
                blur: String::new(),
            };
            let picture = Some(upsert_picture(tx, batch, &facts)?);
            let source = file(&format!("/{}/{folder}/{name}", library.0));
            let (library, folder) = (Some(library), Some(folder));
            let new = TrackImport { existing: None, library, source: &source, tags: &tags, picture, folder };
            let made = upsert_track(tx, batch, &new)?.track;
            laid.track(tx, batch, made, false)?;
            Ok(made)
        });
        let made = made.await;
        catalog::search::catch_up(&self.ctx).await.expect("the search follows");
        format!("tr-{made}")
    }

    /// A key of whoever has this one, of an app that is given the folders of the drive; and its number.
    async fn by_drive(&self, key: &str) -> (String, String) {
        let body = json!({ "label": "player", "folders": "drive" });
        let made = self.api(key, Method::POST, "/api/v1/me/tokens", &body).await;
        (made["token"].as_str().expect("a token").to_owned(), made["id"].as_str().expect("an id").to_owned())
    }

    async fn api(&self, key: &str, method: Method, path: &str, body: &Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.expect("a request")).await.json()
    }

    async fn directory(&self, key: &str, id: &str) -> Value {
        self.good(key, "getMusicDirectory", &format!("id={id}"), "directory").await
    }

    /// Goes down from the index by names; the folder at the end.
    async fn down(&self, key: &str, names: &[&str]) -> Value {
        let indexes = self.good(key, "getIndexes", "", "indexes").await;
        let all = indexes["index"].as_array().expect("a list").iter();
        let mut all: Vec<Value> =
            all.flat_map(|index| index["artist"].as_array().expect("a list").clone()).collect();
        let mut found = Value::Null;
        for name in names {
            let is = |one: &&Value| one["name"] == *name || one["title"] == *name;
            let id = all.iter().find(is).unwrap_or_else(|| panic!("{name} in {all:?}"))["id"].clone();
            found = self.directory(key, id.as_str().expect("an id")).await;
            all = found["child"].as_array().expect("a list").clone();
        }
        found
    }
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

on_both_engines! {
    async fn an_app_looks_through_the_folders_of_the_drive_when_its_owner_chose_that(world: World) {
        let house = House::new(&world.ctx);
        let by_tags = house.member("ann", Role::Listener).await;
        let [music, attic] = libraries(&house, &world).await;
        for one in [
            laid(music, "Live/2001/CD 1", "10 Last.flac", "Twice"),
            laid(music, "Live/2001/CD 1", "2 First.flac", "Twice"),
            laid(music, "Live/2001/CD 2", "1 Third.flac", "Twice"),
            laid(music, "Live", "Bonus.flac", "Other"),
            laid(music, "", "Loose.flac", "Other"),
            laid(attic, "The Attic", "Old.flac", "Old"),
        ] {
            house.lay(one).await;
        }
        let (key, _) = house.by_drive(&by_tags).await;
        let indexes = house.good(&key, "getIndexes", "", "indexes").await;
        assert_eq!(each(&indexes["index"], "name"), ["L", "T"], "{indexes}");
        assert_eq!((&indexes["index"][1]["artist"][0]["name"], &indexes["ignoredArticles"]), (&json!("The Attic"), &json!("")));
        assert_eq!(each(&indexes["child"], "title"), ["Loose.flac"]);
        assert_eq!(indexes["child"][0]["path"], "Loose.flac");
        let live = house.down(&key, &["Live"]).await;
        assert_eq!((live["name"].as_str(), each(&live["child"], "title")), (Some("Live"), vec!["2001", "Bonus.flac"]));
        let year = live["child"][0].clone();
        assert_eq!((&year["isDir"], &year["parent"], &year["path"]), (&json!(true), &live["id"], &json!("Live/2001")));
        assert!(year["coverArt"].as_str().is_some_and(|cover| cover.starts_with("al-")), "of what lies below: {year}");
        assert_eq!(live["child"][1]["parent"], live["id"]);
        let disc = house.down(&key, &["Live", "2001", "CD 1"]).await;
        assert_eq!((each(&disc["child"], "title"), &disc["parent"]), (vec!["2 First.flac", "10 Last.flac"], &year["id"]));
        let song = disc["child"][0].clone();
        assert_eq!(song["path"], "Live/2001/CD 1/2 First.flac");
        // Up again, to all libraries.
        let top = house.directory(&key, live["parent"].as_str().expect("a folder")).await;
        assert_eq!((&top["name"], &top["parent"]), (&json!("House"), &json!("1")));
        assert_eq!(each(&top["child"], "title"), ["Live", "Loose.flac"]);
        let all = house.directory(&key, "1").await;
        assert_eq!(each(&all["child"], "title"), ["Attic", "House"]);
        assert!(all["child"][0].get("path").is_none() && all.get("parent").is_none());
        assert_eq!(each(&house.directory(&key, "3").await["child"], "title"), ["The Attic"]);
        let narrow = house.good(&key, "getIndexes", "musicFolderId=3", "indexes").await;
        assert_eq!((each(&narrow["index"], "name"), narrow.get("child")), (vec!["T"], None));
        // The other app of the same account is given tags as before.
        let tags = house.good(&by_tags, "getIndexes", "", "indexes").await;
        assert_eq!((each(&tags["index"], "name"), &tags["ignoredArticles"]), (vec!["A"], &json!("The An A")));
        assert!(tags.get("child").is_none());
    }

    async fn what_leads_to_a_folder_leads_there_whatever_is_chosen_and_parents_follow_the_choice(world: World) {
        let house = House::new(&world.ctx);
        let by_tags = house.member("ann", Role::Listener).await;
        let [music, _] = libraries(&house, &world).await;
        let song = house.lay(laid(music, "Live/2001", "1.flac", "Twice")).await;
        let upload = format!("tr-{}", house.song(file("/upload.flac"), tags("Bob", "Sent")).await.track);
        let (by_drive, number) = house.by_drive(&by_tags).await;
        let year = house.down(&by_drive, &["Live", "2001"]).await;
        let of = |id: &str| format!("id={id}");
        let tagged = house.good(&by_tags, "getSong", &of(&song), "song").await;
        let (album, artist) = (tagged["albumId"].as_str().expect("an id"), tagged["artistId"].as_str().expect("an id"));
        assert_eq!((&tagged["parent"], &tagged["path"]), (&json!(album), &json!("Ann Other/Twice/1.flac.flac")));
        let placed = house.good(&by_drive, "getSong", &of(&song), "song").await;
        assert_eq!((&placed["parent"], &placed["path"]), (&year["id"], &json!("Live/2001/1.flac")));
        assert_eq!(placed["albumId"], album);
        let sent = house.good(&by_drive, "getSong", &of(&upload), "song").await;
        assert_eq!(sent["parent"], sent["albumId"], "what was uploaded lies in no folder");
        for key in [&by_tags, &by_drive] {
            let folder = house.directory(key, id(&year)).await;
            assert_eq!((&folder["child"][0]["id"], &folder["child"][0]["parent"]), (&json!(song), &year["id"]));
            let folder = house.directory(key, album).await;
            assert_eq!((&folder["child"][0]["id"], &folder["child"][0]["parent"]), (&json!(song), &json!(album)));
            assert_eq!(folder["parent"], if key == &by_tags { json!(artist) } else { year["id"].clone() });
            let folder = house.directory(key, artist).await;
            assert_eq!((&folder["child"][0]["id"], &folder["child"][0]["parent"]), (&json!(album), &json!(artist)));
        }
        for item in [song.as_str(), album] {
            assert_eq!(house.call(&by_tags, "star", &of(item)).await["status"], "ok");
        }
        for (key, folder) in [(&by_tags, json!(artist)), (&by_drive, year["id"].clone())] {
            let parent_of_song = if key == &by_tags { json!(album) } else { folder.clone() };
            for (method, query, name) in [
                ("getStarred", "", "starred"),
                ("search2", "query=twice", "searchResult2"),
                ("getAlbumList", "type=starred", "albumList"),
            ] {
                let found = house.good(key, method, query, name).await;
                assert_eq!((&found["album"][0]["id"], &found["album"][0]["parent"]), (&json!(album), &folder), "{method}");
                if method != "getAlbumList" {
                    assert_eq!(found["song"][0]["parent"], parent_of_song, "{method}");
                }
            }
        }
        // It is chosen otherwise, and the app learns that what it knows is of the other kind.
        let known = house.good(&by_drive, "getIndexes", "", "indexes").await["lastModified"].as_u64().expect("a moment");
        let again = house.good(&by_drive, "getIndexes", &format!("ifModifiedSince={known}"), "indexes").await;
        assert_eq!(again["index"], json!([]));
        world.clock.advance(std::time::Duration::from_secs(5));
        let path = format!("/api/v1/me/tokens/{number}");
        house.api(&by_tags, Method::PATCH, &path, &json!({ "folders": "tags" })).await;
        let again = house.good(&by_drive, "getIndexes", &format!("ifModifiedSince={known}"), "indexes").await;
        assert_eq!(each(&again["index"], "name"), ["A", "B"]);
    }

    async fn an_app_is_told_when_files_lie_elsewhere_though_no_tag_changed(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let [music, _] = libraries(&house, &world).await;
        let here = laid(music, "Here", "1.flac", "Twice");
        let song = house.lay(here).await;
        house.lay(laid(music, "There", "2.flac", "Twice")).await;
        house.lay(laid(music, "Here", "3.flac", "Twice")).await;
        let (key, _) = house.by_drive(&ann).await;
        let moment = async || house.good(&key, "getIndexes", "", "indexes").await["lastModified"].as_u64().expect("a moment");
        let track: TrackId = song.strip_prefix("tr-").expect("a song").parse().expect("a number");
        // Into a folder that is there, and then to the others beside it: no folder comes or goes.
        for folder in ["There", ""] {
            let known = moment().await;
            assert_eq!(moment().await, known);
            world.clock.advance(std::time::Duration::from_secs(5));
            house.change(move |tx, batch| Laid { folder, ..here }.track(tx, batch, track, true)).await;
            catalog::search::catch_up(&world.ctx).await.expect("the search follows");
            assert!(moment().await > known, "{folder}");
        }
        let indexes = house.good(&key, "getIndexes", "", "indexes").await;
        assert_eq!(each(&indexes["child"], "id"), [song]);
        // The folder is the same one whatever comes and goes in it, and whatever its library is called.
        let before = house.down(&key, &["Here"]).await;
        house.change(move |tx, _| name_library(tx, music, "Mansion")).await;
        assert_eq!(id(&house.down(&key, &["Here"]).await), id(&before));
    }

    async fn a_folder_that_is_an_album_is_marked_as_that_album(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let [music, _] = libraries(&house, &world).await;
        for one in [
            laid(music, "Live/2001", "1.flac", "Twice"),
            laid(music, "Live/2001", "2.flac", "Twice"),
            laid(music, "Mixed", "1.flac", "One"),
            laid(music, "Mixed", "2.flac", "Two"),
        ] {
            house.lay(one).await;
        }
        let (key, _) = house.by_drive(&ann).await;
        let live = house.down(&key, &["Live"]).await;
        let (year, mixed) = (id(&live["child"][0]).to_owned(), id(&house.down(&key, &["Mixed"]).await).to_owned());
        assert!(live["child"][0].get("starred").is_none());
        assert_eq!(house.call(&key, "star", &format!("id={year}")).await["status"], "ok");
        assert_eq!(house.call(&key, "setRating", &format!("id={year}&rating=4")).await["status"], "ok");
        let live = house.directory(&key, id(&live)).await;
        assert!(live["child"][0]["starred"].is_string() && live["child"][0]["userRating"] == 4, "{live}");
        let itself = house.directory(&key, &year).await;
        assert_eq!((&itself["userRating"], itself["child"][0].get("starred")), (&json!(4), None));
        let starred = house.good(&key, "getStarred", "", "starred").await;
        assert_eq!((each(&starred["album"], "title"), &starred["album"][0]["parent"]), (vec!["Twice"], &json!(year)));
        for folder in [&mixed, &id(&live).to_owned()] {
            assert_eq!(house.refused(&key, "star", &format!("id={folder}")).await, 0, "it is not one album");
        }
        assert_eq!(house.call(&key, "unstar", &format!("id={year}")).await["status"], "ok");
        assert_eq!(house.good(&key, "getStarred", "", "starred").await["album"], json!([]));
        // What only tags know is asked of its first song.
        house.good(&key, "getAlbumInfo", &format!("id={year}"), "albumInfo").await;
        let info = house.good(&key, "getArtistInfo", &format!("id={}", id(&live)), "artistInfo").await;
        assert!(info["similarArtist"].is_array());
        assert!(house.good(&key, "getSimilarSongs", &format!("id={year}"), "similarSongs").await["song"].is_array());
    }

    async fn what_lies_in_another_ones_library_is_not_there(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let [music, attic] = libraries(&house, &world).await;
        house.lay(laid(music, "Open", "1.flac", "One")).await;
        house.lay(laid(attic, "Secret", "1.flac", "Old")).await;
        let (key, _) = house.by_drive(&ann).await;
        let secret = house.down(&key, &["Secret"]).await;
        let (secret, above) = (id(&secret).to_owned(), secret["parent"].as_str().expect("a folder").to_owned());
        assert_eq!(house.good(&key, "getIndexes", "", "indexes").await["index"].as_array().map(Vec::len), Some(2));
        let access = Access { everybody: false, members: Vec::new() };
        ingest::library::set_access(&world.ctx, attic, access).await.expect("it is set");
        world.clock.advance(std::time::Duration::from_secs(3));
        assert_eq!(each(&house.good(&key, "getIndexes", "", "indexes").await["index"], "name"), ["O"]);
        assert_eq!(each(&house.directory(&key, "1").await["child"], "title"), ["House"]);
        for folder in [secret.as_str(), &above, "fo-1", "fo-0", "fo-", "fo-01", "fo--1", "fo-9223372036854775807", "3"] {
            for method in ["getMusicDirectory", "star", "unstar", "getAlbumInfo", "getArtistInfo", "getSimilarSongs", "getCoverArt"] {
                // The music folder of another one's library is no folder to mark.
                let answer = house.refused(&key, method, &format!("id={folder}")).await;
                assert_eq!(answer, 70, "{method} {folder}");
            }
        }
        assert_eq!(house.refused(&key, "getIndexes", "musicFolderId=3").await, 70);
    }

    async fn films_lie_in_folders_too(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let [music, _] = libraries(&house, &world).await;
        house.lay(laid(music, "Live", "b.flac", "Twice")).await;
        house.change(move |tx, batch| {
            let source = SourceFile { mime: "video/mp4".to_owned(), ..file("/Live/a.mp4") };
            let new = VideoImport {
                existing: None, library: Some(music), owner: None, title: "A film", source: &source,
                width: 1280, height: 720, picture: None,
            };
            let made = upsert_video(tx, batch, &new)?;
            place_video(tx, batch, made.video, &laid(music, "Live", "a.mp4", "").place(b"Live", false))?;
            batch.finish(tx)
        }).await;
        let (key, _) = house.by_drive(&ann).await;
        let live = house.down(&key, &["Live"]).await;
        assert_eq!(each(&live["child"], "title"), ["A film", "b.flac"]);
        let film = &live["child"][0];
        assert_eq!((&film["isVideo"], &film["path"], &film["parent"]), (&json!(true), &json!("Live/a.mp4"), &live["id"]));
        let videos = house.good(&key, "getVideos", "", "videos").await;
        assert_eq!(videos["video"][0]["parent"], live["id"]);
        assert_eq!(house.good(&ann, "getVideos", "", "videos").await["video"][0]["parent"], "1");
    }
}
