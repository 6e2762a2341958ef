use kernel::{on_both_engines, testkit::World};
use md5::{Digest as _, Md5};

use super::*;

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn proof(password: &str, salt: &str) -> String {
    digits(&Md5::digest(format!("{password}{salt}")))
}

impl House {
    /// The code with which a ping is refused; 0 when it is good.
    async fn ping(&self, parameters: &str) -> i64 {
        let answer = self.get(&format!("/rest/ping?v=1.16.1&c=test&f=json&{parameters}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        let answer = answer.json()["subsonic-response"].clone();
        answer["error"]["code"].as_i64().unwrap_or_else(|| {
            assert_eq!(answer["status"], "ok");
            0
        })
    }
}

on_both_engines! {
    async fn an_api_key_signs_in_alone_and_never_beside_a_name(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        assert_eq!(house.ping(&format!("apiKey={key}")).await, 0);
        for beside in ["u=ann", "p=x", "t=x", "s=x", "u=ann&p=x"] {
            assert_eq!(house.ping(&format!("apiKey={key}&{beside}")).await, 43, "{beside}");
        }
        assert_eq!(house.ping("apiKey=odeon_nonsense").await, 44);
        assert_eq!(house.ping(&format!("apiKey={}", "x".repeat(5000))).await, 44);
        assert_eq!(house.refused("wrong", "tokenInfo", "").await, 44);
        assert_eq!(house.good(&key, "tokenInfo", "", "tokenInfo").await["username"], "ann");
    }

    async fn an_app_password_signs_in_as_it_stands_encoded_and_proven(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let password = house.app_password(&key).await;
        let digits = digits(password.as_bytes());
        let proven = proof(&password, "salt42");
        for good in [
            format!("u=ann&p={password}"),
            format!("u=Ann&p={password}"),
            format!("u=ann&p=enc:{digits}"),
            format!("u=ann&t={proven}&s=salt42"),
            format!("apiKey={password}"),
            // An API key is a password too.
            format!("u=ann&p={key}"),
        ] {
            assert_eq!(house.ping(&good).await, 0, "{good}");
        }
        for wrong in [
            format!("u=ann&t={proven}&s=salt43"),
            format!("u=ann&t={}&s=x", proof(PASSWORD, "x")),
            "u=ann&p=wrong".to_owned(),
            format!("u=eve&p={password}"),
        ] {
            assert_eq!(house.ping(&wrong).await, 40, "{wrong}");
        }
    }

    async fn the_accounts_own_password_is_never_taken(world: World) {
        let house = House::new(&world.ctx);
        house.member("ann", Role::Listener).await;
        let password = PASSWORD.replace(' ', "%20");
        assert_eq!(house.ping(&format!("u=ann&p={password}")).await, 40);
        // Without an app password there is nothing that could be proven, whether or not there is such an account.
        for handle in ["ann", "nobody"] {
            assert_eq!(house.ping(&format!("u={handle}&t={}&s=x", proof(PASSWORD, "x"))).await, 41, "{handle}");
        }
    }

    async fn what_is_missing_is_named(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        for missing in ["", "u=ann", "p=x", "t=x&s=y", "u=ann&t=x", "u=ann&s=x", "apiKey="] {
            assert_eq!(house.ping(missing).await, 10, "{missing}");
        }
        for conflict in ["u=ann&p=x&t=y&s=z", "u=ann&p=x&s=z"] {
            assert_eq!(house.ping(conflict).await, 43, "{conflict}");
        }
        for missing in ["c=x", "v=1.16.1"] {
            let answer = house.get(&format!("/rest/ping?apiKey={key}&f=json&{missing}")).await;
            assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 10, "{missing}");
        }
    }

    async fn versions_are_compared_as_the_api_has_it(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        for (version, code) in
            [("1.16.1", 0), ("1.8.0", 0), ("1.16", 0), ("0.9.0", 20), ("1.17.0", 30), ("2.0.0", 30)]
        {
            let answer = house.get(&format!("/rest/ping?apiKey={key}&c=x&f=json&v={version}")).await;
            let code_given = answer.json()["subsonic-response"]["error"]["code"].as_i64().unwrap_or(0);
            assert_eq!(code_given, code, "{version}");
        }
        let answer = house.get(&format!("/rest/ping?apiKey={key}&c=x&f=json&v=latest")).await;
        assert_eq!(answer.json()["subsonic-response"]["status"], "failed");
    }

    async fn a_revoked_key_stops_at_once(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        let other = accounts::add_token(&world.ctx, "ann", "other").await.expect("a key");
        let list = Request::get("/api/v1/me/tokens").header("authorization", format!("Bearer {other}"));
        let list = house.send(list.body(Body::empty()).expect("a request")).await.json();
        let id = list["items"].as_array().expect("a list").iter().find(|one| one["label"] == "key").expect("it")["id"].clone();
        let end = Request::delete(format!("/api/v1/me/tokens/{}", id.as_str().expect("an id")))
            .header("authorization", format!("Bearer {other}"));
        assert_eq!(house.send(end.body(Body::empty()).expect("a request")).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ping(&format!("apiKey={key}")).await, 44);
    }

    async fn after_many_failures_nothing_more_is_told_and_what_is_right_is_taken(world: World) {
        let house = House::new(&world.ctx);
        let key = house.member("ann", Role::Listener).await;
        for _ in 0..31 {
            assert_eq!(house.ping("u=nobody&t=x&s=y").await, 41);
        }
        // From now on a name without an app password is told like one with.
        assert_eq!(house.ping("u=nobody&t=x&s=y").await, 40);
        assert_eq!(house.ping("u=ann&p=x").await, 40);
        assert_eq!(house.ping(&format!("apiKey={key}")).await, 0);
    }

    async fn a_cookie_means_nothing_here(world: World) {
        let house = House::new(&world.ctx);
        house.member("ann", Role::Listener).await;
        let body = json!({ "handle": "ann", "password": PASSWORD }).to_string();
        let request = Request::post("/api/v1/session").header("content-type", "application/json");
        let signed_in = house.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(signed_in.status, StatusCode::OK);
        let cookie = signed_in.header(&header::SET_COOKIE).split(';').next().expect("a cookie").to_owned();
        let request = Request::get("/rest/ping?v=1.16.1&c=x&f=json").header("cookie", cookie);
        let answer = house.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 10);
    }
}
