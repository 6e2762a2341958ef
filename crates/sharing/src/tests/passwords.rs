//! Links with a password.

use super::*;

async fn unlock(house: &House, share: &Value, password: &str, address: &str) -> Answer {
    let address: IpAddr = address.parse().expect("an address");
    let request = Request::post(format!("{}/unlock", shared(share)))
        .header("content-type", "application/json")
        .extension(ConnectInfo(SocketAddr::new(address, 40_000)));
    let body = json!({ "password": password }).to_string();
    house.send(request.body(Body::from(body)).expect("a request")).await
}

on_both_engines! {
    async fn nothing_is_seen_without_the_password(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, tracks) = house.album("Hidden", None, 1).await;
        let body = json!({ "album": album, "password": "sesame", "description": "My words", "downloads": true });
        let share = house.share(&ann, body).await;
        assert_eq!(share["has_password"], true);
        assert!(!share.to_string().contains("sesame"));
        let page = house.get(&shared(&share)).await;
        assert_eq!(page.json(), json!({ "locked": true, "shared": null }));
        for (method, thing) in [(Method::POST, "grant"), (Method::POST, "heard"), (Method::GET, "file"), (Method::GET, "file?pass=x")] {
            let request = Request::builder().method(method).uri(format!("{}/tracks/{}/{thing}", shared(&share), tracks[0]));
            let answer = house.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::FORBIDDEN, &json!("locked")), "{thing}");
        }
        for thing in ["archive", "archive?pass=x"] {
            let answer = house.get(&format!("{}/{thing}", shared(&share))).await;
            assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::FORBIDDEN, &json!("locked")), "{thing}");
        }
        for thing in ["cover", "audio"] {
            assert_eq!(house.get(&format!("{}/{thing}", link(&share))).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(house.seen(&ann, &share).await["visits"], 0);
        let wrong = unlock(&house, &share, "Sesame", ADDRESS).await;
        assert_eq!((wrong.status, &wrong.json()["code"]), (StatusCode::FORBIDDEN, &json!("wrong_password")));
        let right = unlock(&house, &share, "sesame", ADDRESS).await;
        assert_eq!(right.status, StatusCode::OK, "{}", right.text());
        let pass = right.json()["token"].as_str().expect("a pass").to_owned();
        let open = house.get_with(&shared(&share), &pass).await.json();
        assert_eq!(open["shared"]["title"], "Hidden");
        assert_eq!(house.seen(&ann, &share).await["visits"], 1);
        // It opens this link alone.
        let other = house.share(&ann, json!({ "album": album, "password": "sesame" })).await;
        assert_eq!(house.get_with(&shared(&other), &pass).await.json()["locked"], true);
        // Another password ends what was proven, and so does time.
        let again = unlock(&house, &share, "sesame", ADDRESS).await.json();
        world.clock.advance(Duration::from_hours(12));
        assert_eq!(house.get_with(&shared(&share), again["token"].as_str().expect("a pass")).await.json()["locked"], true);
        let pass = unlock(&house, &share, "sesame", ADDRESS).await.json()["token"].as_str().expect("a pass").to_owned();
        house.edit(&ann, &share, json!({ "description": "Other words" })).await;
        assert_eq!(house.get_with(&shared(&share), &pass).await.json()["locked"], false);
        house.edit(&ann, &share, json!({ "password": "sesame too" })).await;
        assert_eq!(house.get_with(&shared(&share), &pass).await.json()["locked"], true);
        house.edit(&ann, &share, json!({ "password": null })).await;
        assert_eq!(titles(&house, &share).await, ["Hidden 1"]);
    }

    async fn guessing_is_slowed_for_each_link_and_address(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, _) = house.album("First", None, 1).await;
        let share = house.share(&ann, json!({ "album": album, "password": "sesame" })).await;
        let other = house.share(&ann, json!({ "album": album, "password": "sesame" })).await;
        for _ in 0..6 {
            assert_eq!(unlock(&house, &share, "guess!", ADDRESS).await.status, StatusCode::FORBIDDEN);
        }
        let paused = unlock(&house, &share, "sesame", ADDRESS).await;
        assert_eq!(paused.status, StatusCode::TOO_MANY_REQUESTS, "even the right one");
        assert_eq!(paused.header("retry-after"), "10");
        assert_eq!(unlock(&house, &share, "sesame", "192.0.2.8").await.status, StatusCode::OK, "from elsewhere it is taken");
        assert_eq!(unlock(&house, &other, "sesame", ADDRESS).await.status, StatusCode::OK, "and of another link");
        world.clock.advance(Duration::from_secs(10));
        assert_eq!(unlock(&house, &share, "sesame", ADDRESS).await.status, StatusCode::OK);
        // The right one forgives what was guessed here before.
        assert_eq!(unlock(&house, &share, "guess!", ADDRESS).await.status, StatusCode::FORBIDDEN);
        assert_eq!(unlock(&house, &share, "sesame", ADDRESS).await.status, StatusCode::OK);
    }

    async fn many_addresses_are_no_way_around(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, _) = house.album("First", None, 1).await;
        let share = house.share(&ann, json!({ "album": album, "password": "sesame" })).await;
        let mut refused = 0;
        for number in 0..110 {
            let address = format!("198.51.100.{number}");
            // Longer than any password that was taken: counted, and not worth a hash.
            let guess = unlock(&house, &share, &"x".repeat(2000), &address).await;
            refused += usize::from(guess.status == StatusCode::TOO_MANY_REQUESTS);
        }
        assert_eq!(refused, 9);
    }
}
