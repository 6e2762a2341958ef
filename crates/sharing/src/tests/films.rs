//! Videos in links.

use catalog::media::{self, MediaState};

use super::*;

/// A film whose file is there, ten bytes of it.
async fn film(house: &House, world: &World, library: Option<LibraryId>, duration_ms: u64) -> VideoId {
    let path = world.folder.path().join("film.mp4");
    std::fs::write(&path, b"0123456789").expect("written");
    house.film("Waves", path.to_str().expect("text"), library, duration_ms).await
}

/// Everything below a link that is about this video: how it is asked, and whether only where the file may be kept.
fn ways(share: &Value, video: &str) -> [(Method, String, bool); 3] {
    let below = |thing: &str| format!("{}/videos/{video}/{thing}", shared(share));
    [
        (Method::POST, below("grant"), false),
        (Method::POST, below("watched"), false),
        (Method::GET, below("file"), true),
    ]
}

async fn ask(house: &House, method: &Method, path: &str) -> Answer {
    let request = Request::builder().method(method.clone()).uri(path);
    house.send(request.body(Body::empty()).expect("a request")).await
}

on_both_engines! {
    async fn a_video_is_watched_by_its_link_and_nothing_else_is(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let video = film(&house, &world, None, 60_000).await;
        let (_, tracks) = house.album("First", None, 1).await;
        let closed = house.share(&ann, json!({ "video": video })).await;
        let open = house.share(&ann, json!({ "video": video, "downloads": true })).await;
        assert_eq!((&closed["kind"], &closed["item"], &closed["title"]), (&json!("video"), &json!(video), &json!("Waves")));
        for (share, bytes) in [(&closed, Value::Null), (&open, json!(10))] {
            let page = house.get(&shared(share)).await.json();
            let seen = &page["shared"];
            assert_eq!((&seen["kind"], &seen["title"], &seen["tracks"]), (&json!("video"), &json!("Waves"), &json!([])));
            assert_eq!((&seen["video"]["id"], &seen["video"]["width"], &seen["video"]["state"]), (&json!(video), &json!(1920), &json!("waiting")));
            assert_eq!((&seen["video"]["file_bytes"], &seen["archive_bytes"]), (&bytes, &Value::Null));
            assert_eq!(house.get(&format!("{}/archive", shared(share))).await.status, StatusCode::NOT_FOUND);
            // Of this link there is this video alone.
            let others = [tracks[0].to_string(), "5".to_owned(), "x".to_owned()];
            for (method, path, _) in others.iter().flat_map(|id| ways(share, id)) {
                assert_eq!(ask(&house, &method, &path).await.status, StatusCode::NOT_FOUND, "{path}");
            }
            let track = format!("{}/tracks/{video}/grant", shared(share));
            assert_eq!(house.post(&track, &json!({})).await.status, StatusCode::NOT_FOUND);
        }
        let music = house.share(&ann, json!({ "tracks": tracks, "downloads": true })).await;
        for (method, path, _) in ways(&music, &video.to_string()) {
            assert_eq!(ask(&house, &method, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // Without leave to keep it, the file can't be had by any path that was given or can be guessed.
        let grant = house.post(&ways(&closed, &video.to_string())[0].1, &json!({})).await.json();
        assert_eq!((&grant["original"], &grant["state"], &grant["captions"]), (&Value::Null, &json!("waiting"), &json!([])));
        assert_eq!(ask(&house, &Method::GET, &ways(&closed, &video.to_string())[2].1).await.status, StatusCode::NOT_FOUND);
        let media = grant["media_id"].as_str().expect("a number").to_owned();
        let rungs = world.ctx.signer().grant("media.rungs", &media, world.ctx.now().plus(minutes(5)));
        assert_eq!(house.get(&format!("/media/{rungs}/{media}/original")).await.status, StatusCode::NOT_FOUND);
        let grant = house.post(&ways(&open, &video.to_string())[0].1, &json!({})).await.json();
        let original = grant["original"]["url"].as_str().expect("a path").to_owned();
        let file = ask(&house, &Method::GET, &ways(&open, &video.to_string())[2].1).await;
        assert_eq!((house.get(&original).await.bytes, file.bytes.as_slice()), (b"0123456789".to_vec(), &b"0123456789"[..]));
        assert!(file.header("content-disposition").starts_with("attachment; filename=\"Waves.mp4\""));
        assert_eq!(house.post(&ways(&open, &video.to_string())[1].1, &json!({})).await.status, StatusCode::NO_CONTENT);
        house.ask(&ann, Method::POST, &ways(&open, &video.to_string())[1].1, None).await;
        let now = house.seen(&ann, &open).await;
        assert_eq!((&now["visits"], &now["plays"]), (&json!(1), &json!(1)), "the owner's own count for nothing");
    }

    async fn a_film_is_granted_to_its_end_and_never_beyond_its_link(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let video = film(&house, &world, None, 3 * 3_600_000).await;
        let start = world.ctx.now();
        let ends = start.plus(minutes(90));
        let long = house.share(&ann, json!({ "video": video, "downloads": true })).await;
        let short = house.share(&ann, json!({ "video": video, "downloads": true, "expires_at": ends })).await;
        let grant = |share: &Value| ways(share, &video.to_string())[0].1.clone();
        let brief = house.post(&grant(&short), &json!({})).await.json();
        assert_eq!(brief["expires_at"], json!(ends));
        let given = house.post(&grant(&long), &json!({})).await.json();
        let path = given["original"]["url"].as_str().expect("a path").to_owned();
        world.clock.advance(minutes(4 * 60));
        assert_eq!(house.get(&path).await.status, StatusCode::OK, "a film of three hours is not cut off");
        world.clock.advance(minutes(20));
        assert_eq!(house.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.post(&grant(&short), &json!({})).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.revoke(&ann, &long).await, StatusCode::NO_CONTENT);
        assert_eq!(house.post(&grant(&long), &json!({})).await.status, StatusCode::NOT_FOUND);
    }

    async fn a_video_that_the_sharer_may_not_see_now_is_not_there(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let library = house.library(7, &[&ann]).await;
        let video = film(&house, &world, Some(library), 60_000).await;
        let refused = house.ask(&bob, Method::POST, "/api/v1/shares", Some(&json!({ "video": video }))).await;
        let never = house.ask(&bob, Method::POST, "/api/v1/shares", Some(&json!({ "video": "5" }))).await;
        assert_eq!((refused.status, &refused.bytes), (StatusCode::NOT_FOUND, &never.bytes), "nobody shares what is hidden");
        let share = house.share(&ann, json!({ "video": video, "downloads": true })).await;
        let locked = house.share(&ann, json!({ "video": video, "downloads": true, "password": "sesame" })).await;
        let wrong = house.get(&format!("/api/v1/shared/{}", "A".repeat(22))).await;
        for turn in ["open", "withdrawn", "given again", "hidden"] {
            match turn {
                "withdrawn" => house.let_see(library, &[&bob]).await,
                "given again" => house.let_see(library, &[&ann]).await,
                "hidden" => house.hide_film(video).await,
                _ => {}
            }
            let there = ["open", "given again"].contains(&turn);
            for (method, path, _) in ways(&share, &video.to_string()) {
                let answer = ask(&house, &method, &path).await;
                assert_eq!(answer.status.is_success(), there, "{turn} {path}");
                assert!(there || answer.bytes == wrong.bytes, "{turn} {path}");
            }
            for (method, path, _) in ways(&locked, &video.to_string()) {
                let answer = ask(&house, &method, &path).await;
                let expected = if there { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
                assert_eq!(answer.status, expected, "{turn} {path}");
            }
            for path in [shared(&share), link(&share).to_owned(), link(&share).replace("/s/", "/embed/")] {
                let status = if there { StatusCode::OK } else { StatusCode::NOT_FOUND };
                assert_eq!(house.get(&path).await.status, status, "{turn} {path}");
            }
            let status = if there { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::NOT_FOUND };
            assert_eq!(house.get(&format!("{}/video", link(&share))).await.status, status, "{turn}");
        }
    }

    async fn other_sites_are_told_of_a_film_without_having_it_encoded(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let video = film(&house, &world, None, 45 * 60_000).await;
        let open = house.share(&ann, json!({ "video": video, "downloads": true })).await;
        let closed = house.share(&ann, json!({ "video": video })).await;
        let locked = house.share(&ann, json!({ "video": video, "downloads": true, "password": "sesame" })).await;
        let tag = |name: &str, value: &str| format!("<meta property=\"{name}\" content=\"{value}\" />");
        let page = house.get(link(&open)).await.text();
        let (file, frame) = (format!("http://{HOST}{}/video", link(&open)), format!("http://{HOST}{}", link(&open).replace("/s/", "/embed/")));
        for expected in [
            tag("og:type", "video.other"),
            tag("og:title", "Waves"),
            tag("og:description", "A film of 45 minutes, shared by ann"),
            tag("og:video", &file),
            tag("og:video:type", "video/mp4"),
            tag("og:video", &frame),
            tag("og:video:type", "text/html"),
            tag("og:video:width", "640"),
            tag("og:video:height", "360"),
            tag("video:duration", "2700"),
        ] {
            assert!(page.contains(&expected), "{expected} in {page}");
        }
        let to = house.get(&format!("{}/video", link(&open))).await;
        assert_eq!(house.get(to.header("location")).await.bytes, b"0123456789");
        let page = house.get(link(&closed)).await.text();
        assert!(page.contains(&tag("og:video:type", "text/html")) && !page.contains("video/mp4"), "{page}");
        assert_eq!(house.get(&format!("{}/video", link(&closed))).await.status, StatusCode::NOT_FOUND, "not without downloads");
        let said = house.get(&format!("/api/v1/oembed?url=http://{HOST}{}&maxwidth=320", link(&closed))).await.json();
        assert_eq!((&said["type"], &said["width"], &said["height"]), (&json!("video"), &json!(320), &json!(180)), "{said}");
        let said = house.get(&format!("/api/v1/oembed?url=http://{HOST}{}", link(&locked))).await;
        for text in [house.get(link(&locked)).await.text(), said.text()] {
            assert!(text.contains("A protected link"), "{text}");
            for word in ["Waves", "ann", "video", "film", "minutes"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
        assert_eq!(house.get(&format!("{}/video", link(&locked))).await.status, StatusCode::NOT_FOUND);
        let media = media::for_video(&world.ctx, &ann, video).await.expect("answers").expect("it is seen");
        assert_eq!(media.state, MediaState::None, "whoever merely looks has nothing encoded");
    }
}
