use kernel::{on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn the_envelope_says_who_answers_in_each_format(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let sign_in = format!("apiKey={key}&v=1.16.1&c=test");
        let json = house.get(&format!("/rest/ping.view?{sign_in}&f=json")).await;
        assert_eq!(json.header(&header::CONTENT_TYPE), "application/json");
        let expected = json!({ "subsonic-response": {
            "status": "ok", "version": "1.16.1", "type": "odeon",
            "serverVersion": env!("CARGO_PKG_VERSION"), "openSubsonic": true,
        }});
        assert_eq!(json.json(), expected);
        let jsonp = house.get(&format!("/rest/ping?{sign_in}&f=jsonp&callback=a.b")).await;
        assert_eq!(jsonp.header(&header::CONTENT_TYPE), "application/javascript; charset=utf-8");
        let inner = jsonp.text();
        let inner = inner.strip_prefix("/**/a.b(").and_then(|text| text.strip_suffix(");")).expect("a call");
        assert_eq!(serde_json::from_str::<Value>(inner).expect("JSON"), expected);
        let xml = house.get(&format!("/rest/ping?{sign_in}")).await;
        assert_eq!(xml.header(&header::CONTENT_TYPE), "text/xml; charset=utf-8");
        let text = xml.text();
        assert!(text.contains("<subsonic-response xmlns=\"http://subsonic.org/restapi\""), "{text}");
        assert!(text.contains("status=\"ok\"") && text.contains("openSubsonic=\"true\""), "{text}");
        let failed = house.get("/rest/ping").await;
        assert_eq!(failed.status, StatusCode::OK);
        assert!(failed.text().contains("<error code=\"10\" message=\""), "{}", failed.text());
    }

    async fn a_form_says_the_same_as_an_address(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let answer = house.send(form("ping.view", &format!("apiKey={key}&v=1.16.1&c=test&f=json"))).await;
        assert_eq!(answer.json()["subsonic-response"]["status"], "ok");
        let half = form(&format!("ping?apiKey={key}"), "v=1.16.1&c=test&f=json");
        assert_eq!(house.send(half).await.json()["subsonic-response"]["status"], "ok");
    }

    async fn a_body_that_is_too_large_is_refused_in_the_envelope(world: World) {
        let house = House::new(&world.ctx);
        let answer = house.send(form("ping?f=json", &"x".repeat(crate::routes::BODY_BYTES_MAX + 1))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 0);
        let many = "a&".repeat(crate::params::PARAMS_MAX + 1);
        let answer = house.send(form("ping?f=json", &many)).await;
        assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 0);
    }

    async fn what_the_server_can_is_told_to_anybody(world: World) {
        let house = House::new(&world.ctx);
        let answer = house.get("/rest/getOpenSubsonicExtensions?f=json").await.json();
        let extensions = answer["subsonic-response"]["openSubsonicExtensions"].clone();
        let published = [
            "apiKeyAuthentication", "formPost", "getPodcastEpisode", "indexBasedQueue", "playbackReport", "songLyrics",
            "sonicSimilarity", "topSongsByArtistId", "transcodeOffset", "transcoding",
        ];
        assert_eq!(each(&extensions, "name"), published, "all that are published");
        assert_eq!(extensions[0]["versions"], json!([1]));
        let xml = house.get("/rest/getOpenSubsonicExtensions.view").await.text();
        assert!(xml.contains("<openSubsonicExtensions name=\"formPost\"><versions>1</versions>"), "{xml}");
    }

    async fn every_other_method_wants_to_know_who_asks(world: World) {
        let house = House::new(&world.ctx);
        for method in crate::endpoints::names().filter(|name| *name != "getOpenSubsonicExtensions") {
            let answer = house.get(&format!("/rest/{method}?v=1.16.1&c=x&f=json&id=tr-1")).await;
            assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 10, "{method}");
        }
    }

    async fn an_unknown_method_is_refused(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        for method in ["nonsense", "ping.view.view", "%00", &"x".repeat(5000)] {
            assert_eq!(house.refused(&key, method, "id=1").await, 0, "{method}");
        }
    }

    async fn pages_of_other_sites_may_read_and_nothing_may_be_put(world: World) {
        let house = House::new(&world.ctx);
        let answer = house.get("/rest/ping").await;
        assert_eq!(answer.header(&header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        let asked = Request::builder().method(Method::OPTIONS).uri("/rest/ping").body(Body::empty());
        assert_eq!(house.send(asked.expect("a request")).await.status, StatusCode::NO_CONTENT);
        let put = Request::builder().method(Method::PUT).uri("/rest/ping").body(Body::empty());
        assert_eq!(house.send(put.expect("a request")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn the_license_is_good(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        assert_eq!(house.good(&key, "getLicense", "", "license").await, json!({ "valid": true }));
    }
}
