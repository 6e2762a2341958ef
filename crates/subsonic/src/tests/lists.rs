use kernel::{on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn albums_are_paged_by_offset_without_a_gap_or_a_double(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        for number in 0..25 {
            let title = format!("Album {number:02}");
            house.song(file(&format!("/m/{number}.flac")), tags(&format!("Artist {:02}", 24 - number), &title)).await;
        }
        for (kind, first) in [("alphabeticalByName", "Album 00"), ("alphabeticalByArtist", "Album 24"), ("newest", "Album 24")] {
            let mut names = Vec::new();
            for offset in [0, 10, 20, 30] {
                let more = format!("type={kind}&size=10&offset={offset}");
                let list = house.good(&key, "getAlbumList2", &more, "albumList2").await;
                names.extend(each(&list["album"], "name").into_iter().map(str::to_owned));
            }
            assert_eq!((names.len(), names[0].as_str()), (25, first), "{kind}");
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 25, "{kind}");
        }
        let list = house.good(&key, "getAlbumList", "type=newest", "albumList").await;
        assert_eq!(list["album"].as_array().map(Vec::len), Some(10), "ten unless said");
        assert_eq!((&list["album"][0]["isDir"], &list["album"][0]["title"]), (&json!(true), &json!("Album 24")));
    }

    async fn lists_refuse_what_they_can_not_take(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        for method in ["getAlbumList", "getAlbumList2"] {
            assert_eq!(house.refused(&key, method, "").await, 10);
            for bad in ["type=nonsense", "type=newest&size=-1", "type=newest&offset=x"] {
                assert_eq!(house.refused(&key, method, bad).await, 0, "{bad}");
            }
            assert_eq!(house.refused(&key, method, "type=newest&musicFolderId=7").await, 70);
        }
        let none = house.good(&key, "getAlbumList2", "type=newest&size=0", "albumList2").await;
        assert_eq!(none["album"], json!([]));
    }

    async fn what_is_typed_is_found_also_when_it_is_mistyped(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        house.album("The Beatles", "Help").await;
        house.album("Queen", "Jazz").await;
        catalog::search::catch_up(&world.ctx).await.expect("the index follows");
        for query in ["beatles", "Beetles", "beat*", "%22beatles%22"] {
            let found = house.good(&key, "search3", &format!("query={query}&albumCount=1"), "searchResult3").await;
            assert_eq!(each(&found["artist"], "name"), ["The Beatles"], "{query}");
            assert_eq!(each(&found["album"], "name"), ["Help"], "{query}");
            assert_eq!(found["song"].as_array().map(Vec::len), Some(3), "{query}");
        }
        let found = house.good(&key, "search2", "query=jazz&songCount=2&songOffset=2", "searchResult2").await;
        assert_eq!(found["song"].as_array().map(Vec::len), Some(1));
        let found = house.good(&key, "search", "artist=queen&title=jazz&count=2", "searchResult").await;
        assert_eq!((found["match"].as_array().map(Vec::len), &found["offset"]), (Some(2), &json!(0)));
        assert_eq!(house.good(&key, "search3", "query=xyzzyq", "searchResult3").await["song"], json!([]));
        assert_eq!(house.refused(&key, "search", "").await, 10);
        assert_eq!(house.refused(&key, "search3", &format!("query={}", "x".repeat(201))).await, 0);
    }

    async fn an_empty_search_takes_the_whole_library_along(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        house.album("Ann", "One").await;
        house.album("Bob", "Two").await;
        for query in ["query=", "query=%22%22"] {
            let found = house.good(&key, "search3", &format!("{query}&songCount=4"), "searchResult3").await;
            assert_eq!(each(&found["artist"], "name"), ["Ann", "Bob"]);
            assert_eq!(each(&found["album"], "name"), ["One", "Two"]);
            assert_eq!(each(&found["song"], "title"), ["One 1", "One 2", "One 3", "Two 1"]);
        }
        let rest = "query=&songCount=4&songOffset=4&artistCount=0&albumCount=1&albumOffset=1";
        let found = house.good(&key, "search3", rest, "searchResult3").await;
        assert_eq!(each(&found["song"], "title"), ["Two 2", "Two 3"]);
        assert_eq!((each(&found["album"], "name"), &found["artist"]), (vec!["Two"], &json!([])));
        let found = house.good(&key, "search2", "query=&artistOffset=1", "searchResult2").await;
        assert_eq!((each(&found["artist"], "name"), each(&found["album"], "title")), (vec!["Bob"], vec!["One", "Two"]));
        assert_eq!(house.refused(&key, "search3", "").await, 10);
    }
}
