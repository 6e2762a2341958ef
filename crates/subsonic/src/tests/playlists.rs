use std::{io::Cursor, sync::Arc};

use catalog::{
    model::playlists::NewPlaylist,
    service::{self, Given, Pictured, playlists},
};
use image::{ImageFormat, RgbImage};
use kernel::{blob::BlobKey, http::Viewer, on_both_engines, testkit::World};

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

    async fn the_picture_that_a_playlist_was_given_is_its_cover_for_those_who_see_it(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let owner = Viewer { id: kernel::id::UserId(7), handle: "bob".to_owned(), role: Role::Listener, session: None, within: None };
        let new = NewPlaylist { name: "Open".to_owned(), public: true, ..NewPlaylist::default() };
        let open = playlists::create(&world.ctx, &owner, &new).await.expect("made").playlist.id;
        let private = NewPlaylist { name: "Mine".to_owned(), ..NewPlaylist::default() };
        let closed = playlists::create(&world.ctx, &owner, &private).await.expect("made").playlist.id;
        assert_eq!(house.refused(&ann, "getCoverArt", &format!("id=pl-{open}")).await, 70, "it has none yet");
        let mut png = Cursor::new(Vec::new());
        RgbImage::from_pixel(400, 300, image::Rgb([20, 30, 90])).write_to(&mut png, ImageFormat::Png).expect("a picture");
        let png = png.into_inner();
        let facts = catalog::picture::facts(&png).expect("a good picture");
        let blob = BlobKey::new(facts.blob_key.as_str()).expect("a good name");
        world.ctx.blobs().put(&blob, png.into()).await.expect("is kept");
        for list in [open, closed] {
            let given = Given::New(Arc::new(facts.clone()));
            service::give_picture(&world.ctx, &owner, Pictured::Playlist(list), Some(given)).await.expect("given");
        }
        let listed = house.good(&ann, "getPlaylists", "", "playlists").await["playlist"].clone();
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
        let opened = house.good(&ann, "getPlaylist", &format!("id=pl-{open}"), "playlist").await;
        assert_eq!(listed[0]["coverArt"], opened["coverArt"]);
        let cover = opened["coverArt"].as_str().expect("a cover");
        for id in [cover.to_owned(), format!("pl-{open}")] {
            let shown = house.get(&path(&ann, "getCoverArt", &format!("id={id}&size=300"))).await;
            assert_eq!(shown.header(&header::CONTENT_TYPE), "image/jpeg", "{}", shown.text());
            assert_eq!(image::load_from_memory(&shown.bytes).expect("a picture").width(), 384);
        }
        // With the number of the picture, too, it belongs to a playlist that is not there for others.
        let number = cover.split_once('_').expect("a number").1;
        for who in [&ann, &eve] {
            for id in [format!("pl-{closed}"), format!("pl-{closed}_{number}")] {
                assert_eq!(house.refused(who, "getCoverArt", &format!("id={id}")).await, 70, "{id}");
            }
        }
        service::give_picture(&world.ctx, &owner, Pictured::Playlist(open), None).await.expect("taken away");
        let bare = house.good(&ann, "getPlaylist", &format!("id=pl-{open}"), "playlist").await;
        assert_eq!(bare["coverArt"], Value::Null);
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
