use std::net::IpAddr;

use kernel::{http::Role, on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{
    model::TokenKind,
    music::{self, Proof},
};

/// Makes an app token of a kind; its number and its secret.
async fn make(house: &House, cookie: &str, kind: &str) -> (String, String) {
    let ask = Ask::post("/api/v1/me/tokens", &json!({ "label": "phone", "kind": kind })).page(cookie);
    let made = house.ask(ask).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(made["kind"], kind);
    (made["id"].as_str().expect("an id").to_owned(), made["token"].as_str().expect("a token").to_owned())
}

on_both_engines! {
    async fn an_app_password_signs_in_to_music_apps_and_to_nothing_else(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Admin).await;
        let (id, secret) = make(&house, &cookie, "subsonic").await;
        assert_eq!(secret.len(), 27, "{secret}");
        let me = house.ask(Ask::get("/api/v1/session").bearer(&secret)).await;
        assert_eq!(me.problem(), refused(401, "sign_in"));
        let caller = music::by_token(&world.ctx, &secret).await.expect("answers").expect("it holds");
        assert_eq!((caller.viewer.handle.as_str(), caller.kind), ("ann", TokenKind::Subsonic));
        let proof = music::by_proof(&world.ctx, "Ann", |password| password == secret).await.expect("answers");
        assert_eq!(proof, Proof::Holds(caller));
        let list = house.ask(Ask::get("/api/v1/me/tokens").header("cookie", &cookie)).await;
        assert!(!list.text().contains(&secret), "it is shown once");
        assert_eq!(list.json()["items"][0]["kind"], "subsonic");
        assert_ne!(list.json()["items"][0]["used_at"], Value::Null);
        let revoke = Ask::delete(&format!("/api/v1/me/tokens/{id}")).page(&cookie);
        assert_eq!(house.ask(revoke).await.status, StatusCode::NO_CONTENT);
        assert_eq!(music::by_token(&world.ctx, &secret).await.expect("answers"), None);
        let proof = music::by_proof(&world.ctx, "ann", |password| password == secret).await.expect("answers");
        assert_eq!(proof, Proof::NothingToProve);
    }

    async fn an_api_token_is_an_api_key_too_and_can_not_be_proven(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let (_, secret) = make(&house, &cookie, "api").await;
        let caller = music::by_token(&world.ctx, &secret).await.expect("answers").expect("it holds");
        assert_eq!(caller.kind, TokenKind::Api);
        assert_eq!(music::by_proof(&world.ctx, "ann", |_| true).await.expect("answers"), Proof::NothingToProve);
        assert_eq!(music::by_proof(&world.ctx, "nobody", |_| true).await.expect("answers"), Proof::NothingToProve);
        assert_eq!(music::by_proof(&world.ctx, "no\0body", |_| true).await.expect("answers"), Proof::NothingToProve);
    }

    async fn a_proof_is_asked_of_nobody_elses_app_passwords(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Listener).await);
        let (_, of_ann) = make(&house, &ann, "subsonic").await;
        make(&house, &eve, "subsonic").await;
        let proof = music::by_proof(&world.ctx, "eve", |password| password == of_ann).await.expect("answers");
        assert_eq!(proof, Proof::Wrong);
    }

    async fn another_kind_is_refused(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let ask = Ask::post("/api/v1/me/tokens", &json!({ "label": "x", "kind": "root" })).page(&cookie);
        assert_eq!(house.ask(ask).await.problem(), refused(422, "invalid"));
    }

    async fn failures_of_an_address_are_slowed_without_slowing_its_passwords(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let from: IpAddr = ADDRESS.parse().expect("an address");
        for number in 0..31 {
            assert!(!music::note_failure(&world.ctx, Some(from)).await.expect("counts"), "{number}");
        }
        assert!(music::note_failure(&world.ctx, Some(from)).await.expect("counts"));
        house.signed_in("ann").await;
        let other: IpAddr = "198.51.100.9".parse().expect("an address");
        assert!(!music::note_failure(&world.ctx, Some(other)).await.expect("counts"));
    }
}
