//! What somebody with a link sees and hears.

use super::*;

on_both_engines! {
    async fn an_album_is_seen_and_counted_by_its_link(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let (album, tracks) = house.album("First", None, 2).await;
        let share = house.share(&ann, json!({ "album": album, "description": " For you\n\u{202e}all\u{7} " })).await;
        assert_eq!((&share["title"], &share["kind"], &share["item"]), (&json!("First"), &json!("album"), &json!(album)));
        assert_eq!(link(&share).len(), "/s/".len() + 22);
        catalog::service::set_favourite(&world.ctx, &ann, tracks[0], true)
            .await
            .map_err(catalog::Error::problem)
            .expect("a favourite");
        let answer = house.get(&shared(&share)).await;
        assert!(!answer.text().contains("favourite"), "what the sharer did with it is nobody's business");
        let page = answer.json();
        let seen = &page["shared"];
        assert_eq!((&page["locked"], &seen["title"], &seen["by"]), (&json!(false), &json!("First"), &json!("Ann Other")));
        assert_eq!((&seen["description"], &seen["sharer"], &seen["more"]), (&json!("For you\nall"), &json!("ann"), &json!(false)));
        assert_eq!(titles(&house, &share).await, ["First 1", "First 2"]);
        // A member who is not the owner is a visitor like any other; the owner is none.
        for viewer in [&bob, &ann, &ann] {
            let answer = house.ask(viewer, Method::GET, &shared(&share), None).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
        let heard = format!("{}/tracks/{}/heard", shared(&share), tracks[0]);
        assert_eq!(house.post(&heard, &json!({})).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(&ann, Method::POST, &heard, None).await.status, StatusCode::NO_CONTENT);
        world.clock.advance(minutes(1));
        let now = house.seen(&ann, &share).await;
        assert_eq!((&now["visits"], &now["plays"]), (&json!(3), &json!(1)));
        assert_eq!(now["visited_at"], json!(kernel::testkit::START));
        assert_eq!(link(&now), link(&share), "its owner can copy the link at any time");
    }

    async fn a_playlist_is_seen_as_it_is_now_and_goes_with_its_deletion(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (_, tracks) = house.album("First", None, 3).await;
        let new = json!({ "name": "Mine", "tracks": [tracks[2], tracks[0], tracks[2]] });
        let list = house.ask(&ann, Method::POST, "/api/v1/playlists", Some(&new)).await.json();
        let list = list["id"].as_str().expect("an id").to_owned();
        let share = house.share(&ann, json!({ "playlist": list })).await;
        assert_eq!(titles(&house, &share).await, ["First 3", "First 1", "First 3"]);
        let more = json!({ "tracks": [tracks[1]] });
        house.ask(&ann, Method::POST, &format!("/api/v1/playlists/{list}/entries"), Some(&more)).await;
        assert_eq!(titles(&house, &share).await.len(), 4);
        let grant = format!("{}/tracks/{}/grant", shared(&share), tracks[1]);
        assert_eq!(house.post(&grant, &json!({})).await.status, StatusCode::OK);
        house.ask(&ann, Method::DELETE, &format!("/api/v1/playlists/{list}"), None).await;
        assert_eq!(house.get(&shared(&share)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&grant, &json!({})).await.status, StatusCode::NOT_FOUND);
    }

    async fn an_artist_is_seen_with_the_own_albums_alone(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (_, tracks) = house.album("First", None, 1).await;
        house.album("Second", None, 2).await;
        let tags = TrackTags {
            title: "Elsewhere".to_owned(),
            artists: vec!["Ann Other".to_owned()],
            album: Some("Various".to_owned()),
            album_artists: vec!["Bob".to_owned()],
            ..TrackTags::default()
        };
        let elsewhere = house.song("/music/elsewhere.flac", None, tags).await.track;
        let found = catalog::service::track(&world.ctx, &ann, tracks[0]).await.map_err(catalog::Error::problem);
        let artist = found.expect("a track").track.artists[0].id;
        let share = house.share(&ann, json!({ "artist": artist })).await;
        assert_eq!((&share["title"], titles(&house, &share).await.len()), (&json!("Ann Other"), 3));
        let grant = format!("{}/tracks/{elsewhere}/grant", shared(&share));
        assert_eq!(house.post(&grant, &json!({})).await.status, StatusCode::NOT_FOUND);
    }

    async fn nothing_but_what_is_shared_is_granted_and_that_briefly(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let path = world.folder.path().join("a.flac");
        std::fs::write(&path, b"0123456789").expect("written");
        let tags = TrackTags { title: "Air".to_owned(), ..TrackTags::default() };
        let air = house.song(path.to_str().expect("text"), None, tags).await.track;
        let (_, others) = house.album("Other", None, 1).await;
        let soon = world.ctx.now().plus(minutes(20));
        let closed = house.share(&ann, json!({ "tracks": [air], "expires_at": soon })).await;
        let open = house.share(&ann, json!({ "tracks": [air], "downloads": true })).await;
        for share in [&closed, &open] {
            for (method, thing) in [(Method::POST, "grant"), (Method::POST, "heard"), (Method::GET, "file")] {
                for id in [others[0].to_string(), "1".to_owned(), "x".to_owned()] {
                    let path = format!("{}/tracks/{id}/{thing}", shared(share));
                    let request = Request::builder().method(method.clone()).uri(path);
                    let answer = house.send(request.body(Body::empty()).expect("a request")).await;
                    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{thing} {id}");
                }
            }
        }
        // Without leave to keep it, the file as it came can't be had by any path that was given or can be guessed.
        let grant = house.post(&format!("{}/tracks/{air}/grant", shared(&closed)), &json!({})).await.json();
        assert_eq!((&grant["original"], &grant["state"]), (&Value::Null, &json!("waiting")), "it is encoded for visitors");
        assert_eq!(grant["expires_at"], json!(soon), "no grant outlives its link");
        assert_eq!(house.get(&format!("{}/tracks/{air}/file", shared(&closed))).await.status, StatusCode::NOT_FOUND);
        let media = grant["media_id"].as_str().expect("a number").to_owned();
        let rungs = world.ctx.signer().grant("media.rungs", &media, soon);
        assert_eq!(house.get(&format!("/media/{rungs}/{media}/original")).await.status, StatusCode::NOT_FOUND);
        let grant = house.post(&format!("{}/tracks/{air}/grant", shared(&open)), &json!({})).await.json();
        let original = grant["original"]["url"].as_str().expect("a path").to_owned();
        assert_eq!(house.get(&original).await.bytes, b"0123456789");
        let file = house.get(&format!("{}/tracks/{air}/file", shared(&open))).await;
        assert_eq!((file.status, file.bytes.as_slice()), (StatusCode::OK, &b"0123456789"[..]));
        assert!(file.header("content-disposition").starts_with("attachment; filename=\""), "{:?}", file.headers);
        world.clock.advance(minutes(75));
        assert_eq!(house.get(&original).await.status, StatusCode::NOT_FOUND, "a visitor's paths end soon");
    }
}
