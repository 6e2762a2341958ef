use std::time::Duration;

use kernel::{http::Role, on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{
    add_token,
    model::AppFolders,
    service::{music, tokens::TOKENS_MAX},
};

async fn make(house: &House, cookie: &str, label: &str) -> Answer {
    house.ask(Ask::post("/api/v1/me/tokens", &json!({ "label": label })).page(cookie)).await
}

on_both_engines! {
    async fn an_app_token_signs_in_until_it_is_revoked(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Creator).await;
        let made = make(&house, &cookie, " my phone ").await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let made = made.json();
        let token = made["token"].as_str().expect("a token").to_owned();
        assert!(token.starts_with("odeon_") && token.len() == 49, "{token}");
        assert_eq!(made["label"], "my phone");
        let me = || Ask::get("/api/v1/session").bearer(&token);
        assert_eq!(house.ask(me()).await.json()["handle"], "ann");
        let lower = Ask::get("/api/v1/session").header("authorization", &format!("bearer  {token} "));
        assert_eq!(house.ask(lower).await.status, StatusCode::OK);
        let revoke = || Ask::delete(&format!("/api/v1/me/tokens/{}", made["id"].as_str().expect("an id"))).page(&cookie);
        assert_eq!(house.ask(revoke()).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(me()).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(revoke()).await.problem(), refused(404, "not_found"));
    }

    async fn app_tokens_are_listed_without_their_secret_and_with_their_use(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Creator).await;
        let token = make(&house, &cookie, "phone").await.json()["token"].as_str().expect("a token").to_owned();
        let list = || Ask::get("/api/v1/me/tokens").header("cookie", &cookie);
        let before = house.ask(list()).await;
        assert!(!before.text().contains(&token) && !before.text().contains("\"token\""));
        assert_eq!(before.json()["items"][0]["used_at"], Value::Null);
        for (minutes, used) in [(1, "00:01"), (4, "00:01"), (1, "00:06")] {
            world.clock.advance(Duration::from_mins(minutes));
            assert_eq!(house.ask(Ask::get("/api/v1/session").bearer(&token)).await.status, StatusCode::OK);
            let row = house.ask(list()).await.json()["items"][0].clone();
            assert_eq!(row["used_at"], format!("2026-01-01T{used}:00.000Z"));
        }
    }

    async fn nobody_sees_or_revokes_anothers_app_token(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let eve = house.member("eve", Role::Admin).await;
        let made = make(&house, &ann, "phone").await.json();
        let path = format!("/api/v1/me/tokens/{}", made["id"].as_str().expect("an id"));
        assert_eq!(house.ask(Ask::delete(&path).page(&eve)).await.problem(), refused(404, "not_found"));
        let list = house.ask(Ask::get("/api/v1/me/tokens").header("cookie", &eve)).await;
        assert_eq!(list.json()["items"], json!([]));
        let token = made["token"].as_str().expect("a token");
        assert_eq!(house.ask(Ask::get("/api/v1/session").bearer(token)).await.status, StatusCode::OK);
    }

    async fn forged_app_tokens_sign_nobody_in_and_do_not_fall_back_to_the_cookie(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let session = cookie.split_once('=').expect("a pair").1.to_owned();
        let prefixed = format!("odeon_{session}");
        let long = format!("odeon_{}", "A".repeat(60_000));
        for token in ["", "odeon_", "x", session.as_str(), &prefixed, &long] {
            let ask = Ask::get("/api/v1/session").bearer(token).header("cookie", &cookie);
            assert_eq!(house.ask(ask).await.problem(), refused(401, "sign_in"), "{token}");
        }
        let basic = Ask::get("/api/v1/session").header("authorization", "Basic YTpi").header("cookie", &cookie);
        assert_eq!(house.ask(basic).await.status, StatusCode::OK, "another scheme is none of ours");
        let unreadable = Ask::get("/api/v1/session").raw_header("authorization", b"Bearer \xff\xfe");
        assert_eq!(house.ask(unreadable).await.problem(), refused(401, "sign_in"));
    }

    async fn a_token_from_the_command_line_works_as_a_bearer_token(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Admin).await;
        let token = add_token(&world.ctx, "Ann", "backup script").await.expect("a token");
        assert_eq!(house.ask(Ask::get("/api/v1/users").bearer(&token)).await.status, StatusCode::OK);
        let nobody = add_token(&world.ctx, "bob", "x").await.expect_err("nobody is called bob");
        assert_eq!(nobody.to_string(), "handle: Nobody has the handle bob.");
    }

    async fn with_an_app_token_there_is_no_session_to_end(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let token = add_token(&world.ctx, "ann", "x").await.expect("a token");
        let answer = house.ask(Ask::delete("/api/v1/session").bearer(&token)).await;
        assert_eq!(answer.problem(), refused(404, "not_found"));
    }

    async fn there_are_at_most_fifty_app_tokens_even_when_made_at_once(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        for _ in 2..TOKENS_MAX {
            add_token(&world.ctx, "ann", "x").await.expect("a token");
        }
        // All wait for each other first, so that they really are at once.
        let together = std::sync::Arc::new(tokio::sync::Barrier::new(16));
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let (ctx, together) = (world.ctx.clone(), together.clone());
                tokio::spawn(async move {
                    together.wait().await;
                    add_token(&ctx, "ann", "x").await.is_ok()
                })
            })
            .collect();
        let mut made = 0;
        for one in tries {
            made += u32::from(one.await.expect("it runs"));
        }
        assert_eq!(made, 2);
        let cookie = house.signed_in("ann").await;
        assert_eq!(make(&house, &cookie, "x").await.problem(), refused(409, "too_many_tokens"));
    }

    async fn what_an_app_is_given_as_folders_is_said_for_each_token_alone(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let eve = house.member("eve", Role::Admin).await;
        let plain = make(&house, &cookie, "phone").await.json();
        assert_eq!(plain["folders"], "tags");
        let body = json!({ "label": "player", "kind": "subsonic", "folders": "drive" });
        let made = house.ask(Ask::post("/api/v1/me/tokens", &body).page(&cookie)).await.json();
        assert_eq!(made["folders"], "drive");
        let secret = made["token"].as_str().expect("a token").to_owned();
        let caller = async |secret: &str| music::by_token(&world.ctx, secret).await.expect("asked").expect("it holds");
        assert_eq!((caller(&secret).await.folders, caller(&secret).await.folders_since), (AppFolders::Drive, None));
        let path = format!("/api/v1/me/tokens/{}", made["id"].as_str().expect("an id"));
        let say = |folders: &str, cookie: &str| {
            Ask::new(Method::PATCH, &path).json(&json!({ "folders": folders })).page(cookie)
        };
        world.clock.advance(Duration::from_mins(1));
        let told = house.ask(say("tags", &cookie)).await;
        assert_eq!((told.status, &told.json()["folders"]), (StatusCode::OK, &json!("tags")));
        let since = caller(&secret).await.folders_since;
        assert_eq!((caller(&secret).await.folders, since), (AppFolders::Tags, Some(world.ctx.now())));
        // What is so already does not become new, or every app would read everything again.
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(house.ask(say("tags", &cookie)).await.status, StatusCode::OK);
        assert_eq!(caller(&secret).await.folders_since, since);
        let list = house.ask(Ask::get("/api/v1/me/tokens").header("cookie", &cookie)).await.json();
        assert_eq!((&list["items"][0]["folders"], &list["items"][1]["folders"]), (&json!("tags"), &json!("tags")));
        assert_eq!(house.ask(say("drive", &eve)).await.problem(), refused(404, "not_found"));
        assert_eq!(caller(&secret).await.folders, AppFolders::Tags);
        for wrong in [json!({}), json!({ "folders": "attic" }), json!({ "folders": null })] {
            let answer = house.ask(Ask::new(Method::PATCH, &path).json(&wrong).page(&cookie)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn a_label_is_one_line_that_says_something(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        for label in ["", "   ", "a\0b", "two\nlines", "\u{202E}desrever", &"x".repeat(81)] {
            assert_eq!(make(&house, &cookie, label).await.problem(), refused(422, "invalid"), "{label:?}");
        }
        assert_eq!(make(&house, &cookie, &"é".repeat(80)).await.status, StatusCode::CREATED);
    }
}
