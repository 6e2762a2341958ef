//! Music folders are the libraries that the caller may see.

use catalog::{LibraryId, access::Access};
use kernel::{on_both_engines, testkit::World};

use super::*;

/// Two libraries with an album each, both of one artist; which folders they are.
async fn two_libraries(house: &House, world: &World) -> Vec<LibraryId> {
    let data = world.folder.path().join("data");
    std::fs::create_dir_all(&data).expect("made");
    let mut made = Vec::new();
    for name in ["House", "Attic"] {
        let folder = world.folder.path().join(name);
        std::fs::create_dir_all(&folder).expect("made");
        let library =
            ingest::library::add_library(&world.ctx, &data, &folder, None).await.expect("a library").id;
        made.push(library);
        for number in 1..=2 {
            let tags = TrackTags {
                title: format!("{name} {number}"),
                genres: vec!["Rock".to_owned()],
                ..tags("Both", &format!("{name} album"))
            };
            let source = file(&format!("/{name}/{number}.flac"));
            house
                .change(move |tx, batch| {
                    let (library, folder) = (Some(library), Some(name));
                    let new = TrackImport {
                        existing: None,
                        library,
                        source: &source,
                        tags: &tags,
                        picture: None,
                        folder,
                    };
                    upsert_track(tx, batch, &new)
                })
                .await;
        }
    }
    catalog::search::catch_up(&world.ctx).await.expect("the search follows");
    made
}

async fn restrict(house: &House, library: LibraryId) {
    let access = Access { everybody: false, members: Vec::new() };
    ingest::library::set_access(&house.ctx, library, access).await.expect("it is set");
    catalog::search::catch_up(&house.ctx).await.expect("the search follows");
}

fn titles(list: &Value) -> Vec<&str> {
    let mut titles: Vec<&str> = each(list, "title");
    titles.sort_unstable();
    titles
}

on_both_engines! {
    async fn each_sees_the_folders_of_the_own_libraries_and_lists_of_one(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Listener).await, house.member("root", Role::Admin).await);
        let libraries = two_libraries(&house, &world).await;
        let folders = house.good(&ann, "getMusicFolders", "", "musicFolders").await;
        assert_eq!(folders, json!({ "musicFolder": [{ "id": 2, "name": "House" }, { "id": 3, "name": "Attic" }] }));
        assert_eq!(house.good(&ann, "getUser", "username=ann", "user").await["folder"], json!([2, 3]));
        for (method, query, name, list) in [
            ("getRandomSongs", "size=50", "randomSongs", "song"),
            ("getSongsByGenre", "genre=Rock&count=50", "songsByGenre", "song"),
            ("search2", "query=&songCount=50", "searchResult2", "song"),
            ("search3", "query=attic&songCount=50", "searchResult3", "song"),
            ("search3", "query=both&songCount=50", "searchResult3", "song"),
        ] {
            let found = house.good(&ann, method, &format!("{query}&musicFolderId=3"), name).await;
            assert_eq!(titles(&found[list]), ["Attic 1", "Attic 2"], "{method} {query}");
        }
        for (method, name) in [("getAlbumList", "albumList"), ("getAlbumList2", "albumList2")] {
            for kind in ["newest", "random", "alphabeticalByName", "byGenre&genre=Rock", "byYear&fromYear=1900&toYear=2100"] {
                let found = house.good(&ann, method, &format!("type={kind}&musicFolderId=2"), name).await;
                let albums = found["album"].as_array().expect("a list");
                assert!(albums.len() == 1 && albums[0].to_string().contains("House album"), "{method} {kind}: {albums:?}");
            }
        }
        let directory = house.good(&ann, "getMusicDirectory", "id=3", "directory").await;
        assert_eq!((&directory["name"], directory["child"].as_array().map(Vec::len)), (&json!("Attic"), Some(1)));
        let of = |song: &Value| format!("id={}", song["id"].as_str().expect("an id"));
        let song = house.good(&ann, "getRandomSongs", "size=1&musicFolderId=3", "randomSongs").await["song"][0].clone();
        assert_eq!(house.call(&ann, "star", &of(&song)).await["status"], "ok");
        for (method, name) in [("getStarred", "starred"), ("getStarred2", "starred2")] {
            for (folder, count) in [(1, 1), (2, 0), (3, 1)] {
                let starred = house.good(&ann, method, &format!("musicFolderId={folder}"), name).await;
                assert_eq!(starred["song"].as_array().map(Vec::len), Some(count), "{method} {folder}");
            }
        }
        let artists = house.good(&ann, "getArtists", "musicFolderId=2", "artists").await;
        assert_eq!(artists["index"][0]["artist"][0]["albumCount"], 1);
        // Not even that there is another folder is told once it is for others.
        restrict(&house, libraries[1]).await;
        let folders = house.good(&ann, "getMusicFolders", "", "musicFolders").await;
        assert_eq!(folders, json!({ "musicFolder": [{ "id": 2, "name": "House" }] }));
        assert_eq!(house.good(&ann, "getUser", "username=ann", "user").await["folder"], json!([2]));
        for query in ["type=newest&musicFolderId=3", "type=newest&musicFolderId=4", "type=newest&musicFolderId=x"] {
            assert_eq!(house.refused(&ann, "getAlbumList2", query).await, 70, "{query}");
        }
        for id in [3, 4] {
            assert_eq!(house.refused(&ann, "getMusicDirectory", &format!("id={id}")).await, 70);
        }
        assert_eq!(house.refused(&ann, "getSong", &of(&song)).await, 70);
        let all = house.good(&root, "getMusicFolders", "", "musicFolders").await;
        assert_eq!(all["musicFolder"].as_array().map(Vec::len), Some(2));
    }

    async fn apps_are_told_that_the_artists_changed_when_rights_did(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let libraries = two_libraries(&house, &world).await;
        let known = house.good(&ann, "getIndexes", "", "indexes").await["lastModified"].as_u64().expect("a moment");
        let again = house.good(&ann, "getIndexes", &format!("ifModifiedSince={known}"), "indexes").await;
        assert_eq!(again["index"], json!([]));
        world.clock.advance(std::time::Duration::from_secs(5));
        restrict(&house, libraries[0]).await;
        let again = house.good(&ann, "getIndexes", &format!("ifModifiedSince={known}"), "indexes").await;
        assert_eq!(again["index"].as_array().map(Vec::len), Some(1), "{again}");
    }

    async fn an_administrator_chooses_folders_for_accounts(world: World) {
        let house = House::new(&world.ctx);
        let root = house.member("root", Role::Admin).await;
        let libraries = two_libraries(&house, &world).await;
        let new = "username=bob&password=rather+good+one&musicFolderId=2";
        assert_eq!(house.refused(&root, "createUser", new).await, 0, "the other is open to everybody");
        assert_eq!(house.refused(&root, "getUser", "username=bob").await, 70, "nothing is half-done");
        restrict(&house, libraries[0]).await;
        restrict(&house, libraries[1]).await;
        assert_eq!(house.call(&root, "createUser", new).await["status"], "ok");
        let folders = |user: Value| user["folder"].clone();
        assert_eq!(folders(house.good(&root, "getUser", "username=bob", "user").await), json!([2]));
        for (chosen, seen) in [("3", json!([3])), ("2&musicFolderId=3", json!([2, 3])), ("1", json!([2, 3]))] {
            let query = format!("username=bob&musicFolderId={chosen}");
            assert_eq!(house.call(&root, "updateUser", &query).await["status"], "ok", "{chosen}");
            assert_eq!(folders(house.good(&root, "getUser", "username=bob", "user").await), seen, "{chosen}");
        }
        assert_eq!(house.refused(&root, "updateUser", "username=bob&musicFolderId=9").await, 70);
    }
}
