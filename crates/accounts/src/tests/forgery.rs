//! Requests that pages of other sites send with our cookie.

use kernel::{http::Role, on_both_engines, testkit::World};
use serde_json::json;

use super::*;

fn make_token() -> Ask {
    Ask::post("/api/v1/me/tokens", &json!({ "label": "x" }))
}

on_both_engines! {
    async fn a_change_in_the_name_of_a_cookie_needs_the_header_of_our_page(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Admin).await;
        let bare = house.ask(make_token().header("cookie", &cookie)).await;
        assert_eq!(bare.problem(), refused(403, "csrf"));
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
            let ask = Ask::new(method, "/api/v1/me/sessions/1").header("cookie", &cookie);
            assert_eq!(house.ask(ask).await.problem(), refused(403, "csrf"), "whatever the path");
        }
        assert_eq!(house.ask(make_token().page(&cookie)).await.status, StatusCode::CREATED);
    }

    async fn what_the_browser_says_of_the_origin_is_believed(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let foreign = [
            ("origin", "http://evil.example"),
            ("origin", "https://odeon.example.evil.example"),
            ("origin", "http://odeon.example:8080"),
            ("origin", "null"),
            ("origin", ""),
            ("origin", "file://odeon.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "Same-Origin?"),
        ];
        for (name, value) in foreign {
            let answer = house.ask(make_token().page(&cookie).header(name, value)).await;
            assert_eq!(answer.problem(), refused(403, "csrf"), "{name}: {value}");
        }
        let own = [
            ("origin", "http://odeon.example"),
            ("origin", "http://ODEON.example:80"),
            ("origin", "https://odeon.example"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ];
        for (name, value) in own {
            let answer = house.ask(make_token().page(&cookie).header(name, value)).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{name}: {value}");
        }
    }

    async fn reading_needs_no_header(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let ask = whoami(&cookie).header("sec-fetch-site", "cross-site").header("origin", "http://evil.example");
        assert_eq!(house.ask(ask).await.status, StatusCode::OK);
    }

    async fn a_bearer_token_needs_no_header_since_no_form_can_send_one(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let token = crate::add_token(&world.ctx, "ann", "x").await.expect("a token");
        assert_eq!(house.ask(make_token().bearer(&token)).await.status, StatusCode::CREATED);
        let elsewhere = make_token().bearer(&token).header("origin", "http://player.example");
        assert_eq!(house.ask(elsewhere).await.status, StatusCode::CREATED);
    }

    async fn no_other_site_signs_anybody_in(world: World) {
        let house = House::new(&world.ctx);
        house.account("eve", Role::Listener).await;
        for (name, value) in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
            let answer = house.ask(sign_in("eve", PASSWORD).header(name, value)).await;
            assert_eq!(answer.problem(), refused(403, "csrf"));
            assert_eq!(answer.set_cookie(), "");
            let set_up = Ask::post("/api/v1/setup", &json!({})).header(name, value);
            assert_eq!(house.ask(set_up).await.problem(), refused(403, "csrf"));
        }
    }

    async fn a_form_of_another_site_signs_nobody_in_even_from_an_old_browser(world: World) {
        let house = House::new(&world.ctx);
        house.account("eve", Role::Listener).await;
        let kinds = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""];
        for kind in kinds {
            let answer = house.ask(sign_in("eve", PASSWORD).header("content-type", kind)).await;
            assert_eq!(answer.problem(), refused(415, "not_json"), "{kind}");
        }
    }

    async fn a_proxy_that_changes_the_host_is_told_by_the_public_url(world: World) {
        let config = Config { public_url: Some("https://odeon.example/".into()), trust_proxy: true };
        let house = House::with(&world.ctx, config);
        house.account("ann", Role::Listener).await;
        let behind = |origin: &str| {
            sign_in("ann", PASSWORD).header("host", "127.0.0.1:8420").header("origin", origin)
        };
        assert_eq!(house.ask(behind("https://odeon.example")).await.status, StatusCode::OK);
        assert_eq!(house.ask(behind("http://odeon.example")).await.problem(), refused(403, "csrf"));
        assert_eq!(house.ask(behind("https://evil.example")).await.problem(), refused(403, "csrf"));
    }
}
