use kernel::{http::Role, on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{add_user, setup_link_token};

fn set_up(token: &str, handle: &str) -> Ask {
    let body = json!({ "token": token, "handle": handle, "name": "Ann Example", "password": PASSWORD });
    Ask::post("/api/v1/setup", &body)
}

async fn link(ctx: &Ctx) -> String {
    setup_link_token(ctx).await.expect("the database answers").expect("there is no account yet")
}

async fn is_needed(house: &House) -> bool {
    house.ask(Ask::get("/api/v1/setup")).await.json()["needed"].as_bool().expect("a truth value")
}

on_both_engines! {
    async fn the_link_makes_the_first_administrator_and_signs_in(world: World) {
        let house = House::new(&world.ctx);
        assert!(is_needed(&house).await);
        let answer = house.ask(set_up(&link(&world.ctx).await, "Ann")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let user = answer.json();
        assert_eq!((&user["handle"], &user["name"], &user["role"]), (&json!("ann"), &json!("Ann Example"), &json!("admin")));
        assert!(user["id"].is_string());
        assert_eq!(user["created_at"], "2026-01-01T00:00:00.000Z");
        assert_eq!(house.ask(whoami(&answer.cookie())).await.json(), user);
        assert!(!is_needed(&house).await);
        assert!(setup_link_token(&world.ctx).await.expect("answers").is_none());
    }

    async fn a_used_link_is_refused_and_changes_nothing(world: World) {
        let house = House::new(&world.ctx);
        let token = link(&world.ctx).await;
        assert_eq!(house.ask(set_up(&token, "ann")).await.status, StatusCode::CREATED);
        let again = house.ask(set_up(&token, "eve")).await;
        assert_eq!(again.problem(), refused(409, "setup_done"));
        assert_eq!(again.set_cookie(), "");
        assert_eq!(house.ask(sign_in("eve", PASSWORD)).await.problem(), refused(401, "credentials"));
    }

    async fn only_the_link_of_the_last_start_holds(world: World) {
        let old = link(&world.ctx).await;
        let ctx = world.reopened().await;
        let new = link(&ctx).await;
        let house = House::new(&ctx);
        for token in [old.as_str(), "", "x", &"A".repeat(43), &"A".repeat(100_000), "\0"] {
            assert_eq!(house.ask(set_up(token, "ann")).await.problem(), refused(403, "setup_token"));
        }
        assert_eq!(house.passwords.computed(), 0, "whoever has no token makes nothing be hashed");
        assert_eq!(house.ask(set_up(&new, "ann")).await.status, StatusCode::CREATED);
    }

    async fn a_mistake_in_the_form_leaves_the_link_whole(world: World) {
        let house = House::new(&world.ctx);
        let token = link(&world.ctx).await;
        let answer = house.ask(set_up(&token, "a")).await;
        assert_eq!(answer.problem(), refused(422, "invalid"));
        assert_eq!(answer.json()["errors"][0]["field"], "handle");
        assert_eq!(house.ask(set_up(&token, "ann")).await.status, StatusCode::CREATED);
    }

    async fn of_many_who_set_up_at_once_one_wins(world: World) {
        let house = std::sync::Arc::new(House::new(&world.ctx));
        let token = link(&world.ctx).await;
        let tries: Vec<_> = (0..6)
            .map(|number| {
                let (house, token) = (house.clone(), token.clone());
                tokio::spawn(async move { house.ask(set_up(&token, &format!("ann{number}"))).await.problem() })
            })
            .collect();
        let mut answers = Vec::new();
        for one in tries {
            answers.push(one.await.expect("it runs"));
        }
        answers.sort();
        assert_eq!(answers[0], refused(201, ""));
        assert!(answers[1..].iter().all(|answer| *answer == refused(409, "setup_done")), "{answers:?}");
        let admin = kernel::http::Viewer {
            id: kernel::id::UserId(1),
            handle: "root".to_owned(),
            role: Role::Admin,
            session: None,
            within: None,
        };
        let query = kernel::PageQuery::default();
        let users = service::members::list(&world.ctx, &admin, &query).await.expect("a page");
        assert_eq!(users.items.len(), 1);
    }

    async fn an_account_from_the_command_line_ends_the_set_up(world: World) {
        let house = House::new(&world.ctx);
        let token = link(&world.ctx).await;
        add_user(&world.ctx, "ann", "Ann", Role::Admin, PASSWORD.into()).await.expect("an account");
        assert!(!is_needed(&house).await);
        assert_eq!(house.ask(set_up(&token, "eve")).await.problem(), refused(409, "setup_done"));
    }

    async fn the_database_does_not_hold_the_token(world: World) {
        let token = link(&world.ctx).await;
        let held = crate::store::setup::holds(world.ctx.db(), *blake3::hash(token.as_bytes()).as_bytes());
        assert!(held.await.expect("answers"), "only the hash is known");
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&token.as_bytes()[..32]);
        assert!(!crate::store::setup::holds(world.ctx.db(), bytes).await.expect("answers"));
    }
}
