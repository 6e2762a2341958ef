//! All of something as one archive: for visitors who may keep it, and for members.

use std::path::Path;

use super::*;

/// Songs of one album whose files are there, ten bytes each.
async fn songs(house: &House, folder: &Path, library: Option<LibraryId>, titles: &[&str]) -> Vec<TrackId> {
    let mut tracks = Vec::new();
    for (number, title) in (1..).zip(titles) {
        let path = folder.join(format!("{title}.flac"));
        std::fs::write(&path, format!("{number:010}")).expect("written");
        let tags = TrackTags {
            title: (*title).to_owned(),
            number: Some(number),
            artists: vec!["Ann Other".to_owned()],
            album: Some("Gift".to_owned()),
            album_artists: vec!["Ann Other".to_owned()],
            ..TrackTags::default()
        };
        tracks.push(house.song(path.to_str().expect("text"), library, tags).await.track);
    }
    tracks
}

async fn album_of(house: &House, viewer: &Viewer, track: TrackId) -> AlbumId {
    let found = catalog::service::track(&house.ctx, viewer, track).await.map_err(catalog::Error::problem);
    found.expect("it is seen").track.album.expect("on an album").id
}

/// The names in an archive, by its directory.
fn names(archive: &[u8]) -> Vec<String> {
    let at = |place: usize| usize::from(u16::from_le_bytes([archive[place], archive[place + 1]]));
    let begins = |place: &usize| archive[*place..].starts_with(b"PK\x01\x02");
    let name = |place: usize| archive[place + 46..place + 46 + at(place + 28)].to_vec();
    let places = (0..archive.len()).filter(begins);
    places.map(|place| String::from_utf8(name(place)).expect("text")).collect()
}

on_both_engines! {
    async fn who_may_keep_the_files_has_them_all_at_once(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = songs(&house, world.folder.path(), None, &["One", "Two: live?"]).await;
        let album = album_of(&house, &ann, tracks[0]).await;
        let open = house.share(&ann, json!({ "album": album, "downloads": true })).await;
        let closed = house.share(&ann, json!({ "album": album })).await;
        let archive = house.get(&format!("{}/archive", shared(&open))).await;
        assert_eq!(archive.status, StatusCode::OK, "{}", archive.text());
        assert_eq!(archive.header("content-type"), "application/zip");
        assert!(archive.header("content-disposition").starts_with("attachment; filename=\"Ann Other - Gift.zip\""));
        assert_eq!(names(&archive.bytes), ["Ann Other - Gift/01 One.flac", "Ann Other - Gift/02 Two_ live_.flac"]);
        let page = house.get(&shared(&open)).await.json();
        assert_eq!(page["shared"]["archive_bytes"], archive.bytes.len(), "the page tells its size");
        assert_eq!(house.get(&shared(&closed)).await.json()["shared"]["archive_bytes"], Value::Null);
        assert_eq!(house.get(&format!("{}/archive", shared(&closed))).await.status, StatusCode::NOT_FOUND);
        // What is decided is decided for each request.
        let tag = archive.header("etag").to_owned();
        let part = || Request::get(format!("{}/archive", shared(&open))).header("range", "bytes=5-").header("if-range", &tag);
        let rest = house.send(part().body(Body::empty()).expect("a request")).await;
        assert_eq!((rest.status, &rest.bytes[..]), (StatusCode::PARTIAL_CONTENT, &archive.bytes[5..]));
        house.edit(&ann, &open, json!({ "downloads": false })).await;
        let rest = house.send(part().body(Body::empty()).expect("a request")).await;
        assert_eq!(rest.status, StatusCode::NOT_FOUND);
        house.edit(&ann, &open, json!({ "downloads": true, "expires_at": world.ctx.now().plus(minutes(5)) })).await;
        assert_eq!(house.get(&format!("{}/archive", shared(&open))).await.status, StatusCode::OK);
        world.clock.advance(minutes(5));
        assert_eq!(house.get(&format!("{}/archive", shared(&open))).await.status, StatusCode::NOT_FOUND);
    }

    async fn a_password_opens_the_archive_too(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = songs(&house, world.folder.path(), None, &["One"]).await;
        let body = json!({ "tracks": tracks, "downloads": true, "password": "sesame" });
        let share = house.share(&ann, body).await;
        let path = format!("{}/archive", shared(&share));
        assert_eq!(house.get(&path).await.status, StatusCode::FORBIDDEN);
        let unlock = house.post(&format!("{}/unlock", shared(&share)), &json!({ "password": "sesame" })).await;
        let pass = unlock.json()["token"].as_str().expect("a pass").to_owned();
        for answer in [house.get(&format!("{path}?pass={pass}")).await, house.get_with(&path, &pass).await] {
            assert_eq!((answer.status, names(&answer.bytes)), (StatusCode::OK, vec!["Ann Other - One/01 Ann Other - One.flac".to_owned()]));
        }
    }

    async fn members_have_albums_and_playlists_as_far_as_they_see_them(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let (rare, common) = (world.folder.path().join("rare"), world.folder.path().join("common"));
        for folder in [&rare, &common] {
            std::fs::create_dir(folder).expect("made");
        }
        let library = house.library(7, &[&ann]).await;
        let hidden = songs(&house, &rare, Some(library), &["Rare"]).await;
        let seen = songs(&house, &common, None, &["Common"]).await;
        let new = json!({ "name": "Mixed", "public": true, "tracks": [seen[0], hidden[0], seen[0]] });
        let list = house.ask(&ann, Method::POST, "/api/v1/playlists", Some(&new)).await.json();
        let list = format!("/api/v1/playlists/{}/archive", list["id"].as_str().expect("an id"));
        let own = house.ask(&ann, Method::GET, &list, None).await;
        assert_eq!(names(&own.bytes), ["Mixed/01 Ann Other - Common.flac", "Mixed/02 Ann Other - Rare.flac"], "each once");
        let part = house.ask(&bob, Method::GET, &list, None).await;
        assert_eq!(names(&part.bytes), ["Mixed/01 Ann Other - Common.flac"]);
        let share = house.share(&ann, json!({ "tracks": [hidden[0], seen[0]], "downloads": true })).await;
        house.let_see(library, &[]).await;
        let archive = house.get(&format!("{}/archive", shared(&share))).await;
        assert_eq!(names(&archive.bytes), ["Ann Other - Common/01 Ann Other - Common.flac"], "as the sharer sees it now");

        let album = album_of(&house, &bob, seen[0]).await;
        let path = format!("/api/v1/albums/{album}/archive");
        let archive = house.ask(&bob, Method::GET, &path, None).await;
        assert_eq!((archive.status, names(&archive.bytes).len()), (StatusCode::OK, 1));
        for path in [&path, &list] {
            assert_eq!(house.get(path).await.status, StatusCode::UNAUTHORIZED);
        }
        let never = house.ask(&bob, Method::GET, "/api/v1/albums/5/archive", None).await;
        house.hide(seen[0]).await;
        let gone = house.ask(&bob, Method::GET, &path, None).await;
        assert_eq!((gone.status, &gone.bytes), (StatusCode::NOT_FOUND, &never.bytes));
    }

    async fn albums_of_an_artist_lie_in_folders_of_their_own(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let mut tracks = Vec::new();
        for (number, (album, disc, place)) in [("Same", 1, 1), ("Same", 2, 1), ("Other", 1, 7)].into_iter().enumerate() {
            let path = world.folder.path().join(format!("{number}.mp3"));
            std::fs::write(&path, "0123456789").expect("written");
            let tags = TrackTags {
                title: "Song".to_owned(),
                number: Some(place),
                disc: Some(disc),
                artists: vec!["AC/DC".to_owned()],
                album: Some(album.to_owned()),
                album_artists: vec!["AC/DC".to_owned()],
                ..TrackTags::default()
            };
            tracks.push(house.song(path.to_str().expect("text"), None, tags).await.track);
        }
        let found = catalog::service::track(&world.ctx, &ann, tracks[0]).await.map_err(catalog::Error::problem);
        let artist = found.expect("it is seen").track.artists[0].id;
        let share = house.share(&ann, json!({ "artist": artist, "downloads": true })).await;
        let mut names = names(&house.get(&format!("{}/archive", shared(&share))).await.bytes);
        names.sort();
        assert_eq!(names, ["AC_DC/Other/07 Song.mp3", "AC_DC/Same/1-01 Song.mp3", "AC_DC/Same/2-01 Song.mp3"]);
    }

    async fn at_the_limits_an_archive_is_refused_with_what_to_do(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = songs(&house, world.folder.path(), None, &["One"]).await;
        let share = house.share(&ann, json!({ "tracks": tracks, "downloads": true })).await;
        let ask = |address: &'static str| {
            let address: IpAddr = address.parse().expect("an address");
            let request = Request::get(format!("{}/archive", shared(&share)));
            let request = request.extension(ConnectInfo(SocketAddr::new(address, 40_000)));
            house.app.clone().oneshot(request.body(Body::empty()).expect("a request"))
        };
        let mut held = Vec::new();
        for _ in 0..3 {
            let response = ask("2001:db8::1").await.expect("the router answers");
            assert_eq!(response.status(), StatusCode::OK);
            held.push(response);
        }
        // A network is one visitor.
        let refused = ask("2001:db8::2").await.expect("the router answers");
        assert_eq!((refused.status(), &refused.headers()["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &HeaderValue::from_static("30")));
        assert_eq!(ask("2001:db8:1::2").await.expect("the router answers").status(), StatusCode::OK);
        drop(held);
        assert_eq!(ask("2001:db8::2").await.expect("the router answers").status(), StatusCode::OK);

        let path = world.folder.path().join("One.flac");
        std::fs::remove_file(&path).expect("removed");
        let missing = house.get(&format!("{}/archive", shared(&share))).await;
        assert_eq!((missing.status, &missing.json()["code"]), (StatusCode::CONFLICT, &json!("incomplete")));
        assert!(missing.text().contains("01 Ann Other - One.flac"), "{}", missing.text());

        let new = json!({ "name": "Long", "tracks": vec![tracks[0]; 500] });
        let list = house.ask(&ann, Method::POST, "/api/v1/playlists", Some(&new)).await.json();
        let list = format!("/api/v1/playlists/{}", list["id"].as_str().expect("an id"));
        for count in [500, 1] {
            let more = json!({ "tracks": vec![tracks[0]; count] });
            let added = house.ask(&ann, Method::POST, &format!("{list}/entries"), Some(&more)).await;
            assert!(added.status.is_success(), "{}", added.text());
        }
        let long = house.ask(&ann, Method::GET, &format!("{list}/archive"), None).await;
        assert_eq!((long.status, &long.json()["code"]), (StatusCode::CONFLICT, &json!("too_much")));
    }
}
