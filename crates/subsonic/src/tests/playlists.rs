use catalog::{model::playlists::NewPlaylist, service::playlists};
use kernel::{http::Viewer, on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn a_playlist_is_made_changed_and_deleted(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let songs: Vec<String> = house.album("Ann Other", "First").await.iter().map(|id| format!("tr-{id}")).collect();
        let made = house.good(&ann, "createPlaylist", &format!("name=Mine&songId={}&songId={}&songId={}", songs[2], songs[0], songs[0]), "playlist").await;
        assert_eq!(each(&made["entry"], "id"), [&songs[2], &songs[0], &songs[0]]);
        assert_eq!((&made["name"], &made["owner"], &made["songCount"], &made["public"]), (&json!("Mine"), &json!("ann"), &json!(3), &json!(false)));
        let id = made["id"].as_str().expect("an id");
        house.good(&ann, "updatePlaylist", &format!("playlistId={id}&name=Ours&comment=For+us&public=true&songIndexToRemove=0&songIndexToRemove=2&songIdToAdd={}", songs[1]), "x").await;
        let seen = house.good(&ann, "getPlaylist", &format!("id={id}"), "playlist").await;
        assert_eq!(each(&seen["entry"], "id"), [&songs[0], &songs[1]]);
        assert_eq!((&seen["name"], &seen["comment"], &seen["public"]), (&json!("Ours"), &json!("For us"), &json!(true)));
        let replaced = house.good(&ann, "createPlaylist", &format!("playlistId={id}&songId={}", songs[2]), "playlist").await;
        assert_eq!(each(&replaced["entry"], "id"), [&songs[2]]);
        let list = house.good(&ann, "getPlaylists", "username=ann", "playlists").await;
        assert_eq!(each(&list["playlist"], "name"), ["Ours"]);
        house.good(&ann, "deletePlaylist", &format!("id={id}"), "x").await;
        assert_eq!(house.refused(&ann, "getPlaylist", &format!("id={id}")).await, 70);
    }

    async fn playlists_are_seen_by_nobody_else_unless_public_and_changed_by_nobody_else(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let songs = house.album("Ann Other", "First").await;
        let made = house.good(&ann, "createPlaylist", &format!("name=Mine&songId=tr-{}", songs[0]), "playlist").await;
        let id = made["id"].as_str().expect("an id");
        for (method, more) in [("getPlaylist", format!("id={id}")), ("deletePlaylist", format!("id={id}")), ("updatePlaylist", format!("playlistId={id}&name=X")), ("createPlaylist", format!("playlistId={id}"))] {
            assert_eq!(house.refused(&eve, method, &more).await, 70, "{method}");
        }
        assert_eq!(house.good(&eve, "getPlaylists", "", "playlists").await["playlist"], json!([]));
        house.good(&ann, "updatePlaylist", &format!("playlistId={id}&public=true"), "x").await;
        let seen = house.good(&eve, "getPlaylist", &format!("id={id}"), "playlist").await;
        assert_eq!((&seen["name"], &seen["readonly"]), (&json!("Mine"), &json!(true)));
        assert_eq!(house.refused(&eve, "deletePlaylist", &format!("id={id}")).await, 50);
        assert_eq!(house.refused(&eve, "getPlaylists", "username=ann").await, 50);
    }

    async fn what_is_wrong_leaves_a_playlist_as_it_was(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let songs = house.album("Ann Other", "First").await;
        assert_eq!(house.refused(&ann, "createPlaylist", "").await, 10);
        assert_eq!(house.refused(&ann, "createPlaylist", "name=x&songId=al-1").await, 70);
        let made = house.good(&ann, "createPlaylist", &format!("name=Mine&songId=tr-{}", songs[0]), "playlist").await;
        let id = made["id"].as_str().expect("an id");
        for bad in ["songIndexToRemove=1", "songIndexToRemove=x", "public=perhaps", "name=Other&songIndexToRemove=7"] {
            assert_eq!(house.refused(&ann, "updatePlaylist", &format!("playlistId={id}&{bad}")).await, 0, "{bad}");
        }
        let seen = house.good(&ann, "getPlaylist", &format!("id={id}"), "playlist").await;
        assert_eq!((&seen["name"], &seen["songCount"]), (&json!("Mine"), &json!(1)));
    }
    async fn a_smart_playlist_is_listed_with_what_it_holds(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        house.album("Ann Other", "First").await;
        let rules = serde_json::from_value(json!({ "match": "all", "rules": [] })).expect("rules");
        let new = NewPlaylist { name: "Everything".to_owned(), public: true, rules: Some(rules), ..NewPlaylist::default() };
        let owner = Viewer { id: kernel::id::UserId(7), handle: "eve".to_owned(), role: Role::Admin, session: None, within: None };
        let id = playlists::create(&world.ctx, &owner, &new).await.expect("made").playlist.id;
        let listed = house.good(&ann, "getPlaylists", "", "playlists").await["playlist"][0].clone();
        let opened = house.good(&ann, "getPlaylist", &format!("id=pl-{id}"), "playlist").await;
        assert_eq!(listed["name"], "Everything");
        let songs = opened["entry"].as_array().expect("songs").len();
        assert!(songs > 0 && listed["songCount"] == songs, "{listed}");
        assert_eq!(listed["duration"], opened["duration"]);
    }
}
