//! Input that nobody means well with.

use kernel::{http::Role, on_both_engines, testkit::World};
use serde_json::json;

use super::*;

on_both_engines! {
    async fn a_password_of_a_megabyte_is_refused_unread_and_one_too_long_unhashed(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let megabyte = house.ask(sign_in("ann", &"x".repeat(1 << 20))).await;
        assert_eq!(megabyte.problem(), refused(413, "too_large"));
        let hashes = house.passwords.computed();
        for handle in ["ann", "nobody"] {
            let answer = house.ask(sign_in(handle, &"x".repeat(200_000))).await;
            assert_eq!(answer.problem(), refused(401, "credentials"));
        }
        assert_eq!(house.passwords.computed(), hashes);
    }

    async fn handles_that_cannot_be_are_answered_as_unknown_ones(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let long = "a".repeat(100_000);
        let odd = ["", "a", "ann\0", "\0", "ann' OR '1'='1", "änn", "\u{202E}nna", "%", "ann;--", &long, "\u{FEFF}ann"];
        for (number, handle) in odd.into_iter().enumerate() {
            let before = house.passwords.computed();
            let answer = house.ask(sign_in(handle, PASSWORD).from(&format!("192.0.2.{number}"))).await;
            assert_eq!(answer.problem(), refused(401, "credentials"), "{handle:?}");
            assert_eq!(house.passwords.computed(), before + 1, "{handle:?}");
        }
    }

    async fn names_that_would_disturb_others_are_refused(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let add = |handle: &str, name: &str| {
            let body = json!({ "handle": handle, "name": name, "password": PASSWORD, "role": "listener" });
            Ask::post("/api/v1/users", &body).page(&admin)
        };
        for name in ["a\0b", "two\nlines", "\u{202E}eve", "a\u{2066}b", &"x".repeat(81)] {
            let answer = house.ask(add("bob", name)).await;
            assert_eq!(answer.problem(), refused(422, "invalid"), "{name:?}");
            assert_eq!(answer.json()["errors"][0]["field"], "name");
        }
        let answer = house.ask(add("bob", "  <b>Bøb</b> 李 🎧  ")).await;
        assert_eq!(answer.json()["name"], "<b>Bøb</b> 李 🎧");
    }

    async fn forged_cookies_sign_nobody_in(world: World) {
        let house = House::new(&world.ctx);
        let good = house.member("ann", Role::Listener).await;
        let (last, cut) = (good.chars().last().expect("a token"), &good[..good.len() - 1]);
        let changed = format!("{cut}{}", if last == 'A' { 'Q' } else { 'A' });
        let doubled = format!("{good}{}", &good[6..]);
        let long = format!("odeon={}", "A".repeat(30_000));
        let forged = [
            "odeon", "odeon=", "odeon=x", cut, &changed, &doubled, &long, "odeon=' OR 1=1 --", "ODEON=x",
            "odeon=\t\t", &good.replace("odeon=", "Odeon="), &good.replace("odeon=", "x-odeon="),
        ];
        for cookie in forged {
            assert_eq!(house.ask(whoami(cookie)).await.problem(), refused(401, "sign_in"), "{cookie}");
        }
        let raw = Ask::get("/api/v1/session").raw_header("cookie", b"odeon=\xff\xfe\xfd");
        assert_eq!(house.ask(raw).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(whoami(&good)).await.status, StatusCode::OK);
    }

    async fn what_a_browser_calls_itself_is_cut_and_cleaned(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let agent = [b"\xc3\xa9\xff\t".as_slice(), &[b'x'; 5000]].concat();
        let cookie = house.ask(sign_in("ann", PASSWORD).raw_header("user-agent", &agent)).await.cookie();
        let answer = house.ask(Ask::get("/api/v1/me/sessions").header("cookie", &cookie)).await;
        let seen = answer.json()["items"][0]["agent"].as_str().expect("a text").to_owned();
        assert_eq!(seen, format!("é\u{FFFD}{}", "x".repeat(198)));
    }

    async fn broken_bodies_and_paths_are_problems_and_not_faults(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        for body in ["", "{", "[]", "null", "{\"handle\":1,\"password\":2}", "{\"handle\":\"ann\"}", "\u{0}"] {
            let mut ask = sign_in("", "");
            ask.body = body.into();
            assert_eq!(house.ask(ask).await.problem(), refused(422, "invalid"), "{body:?}");
        }
        for id in ["x", "-1", "0", "99999999999999999999999", "1%00", "%F0%28"] {
            for path in ["sessions", "tokens"] {
                let ask = Ask::delete(&format!("/api/v1/me/{path}/{id}")).page(&admin);
                assert_eq!(house.ask(ask).await.problem(), refused(404, "not_found"), "{id}");
            }
        }
        let page = Ask::get("/api/v1/users?limit=many").header("cookie", &admin);
        assert_eq!(house.ask(page).await.problem(), refused(422, "invalid"));
    }

    async fn nothing_of_ones_own_is_shown_to_whoever_is_not_signed_in(world: World) {
        let house = House::new(&world.ctx);
        for (method, path) in [
            (Method::GET, "/api/v1/session"),
            (Method::DELETE, "/api/v1/session"),
            (Method::GET, "/api/v1/me/sessions"),
            (Method::DELETE, "/api/v1/me/sessions/1"),
            (Method::PUT, "/api/v1/me/password"),
            (Method::GET, "/api/v1/me/tokens"),
            (Method::POST, "/api/v1/me/tokens"),
            (Method::DELETE, "/api/v1/me/tokens/1"),
            (Method::GET, "/api/v1/users"),
            (Method::POST, "/api/v1/users"),
        ] {
            let answer = house.ask(Ask::new(method.clone(), path).json(&json!({}))).await;
            assert_eq!(answer.problem(), refused(401, "sign_in"), "{method} {path}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
}
