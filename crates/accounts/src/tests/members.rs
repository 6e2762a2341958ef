//! Running the accounts of a house: invitations, other roles, shut doors, removal.

use std::sync::Arc;

use kernel::{
    http::{Role, Viewer},
    on_both_engines,
    testkit::World,
};

use super::*;
use crate::{members, music};

fn edit(id: &Value, body: &Value) -> Ask {
    Ask::new(Method::PATCH, &format!("/api/v1/users/{}", id.as_str().expect("an id"))).json(body)
}

fn remove(id: &Value) -> Ask {
    Ask::delete(&format!("/api/v1/users/{}", id.as_str().expect("an id")))
}

fn choose(token: &str, password: &str) -> Ask {
    Ask::new(Method::PUT, "/api/v1/link").json(&json!({ "token": token, "password": password }))
}

impl House {
    /// Invites somebody: the account as it is listed.
    async fn invited(&self, admin: &str, handle: &str, role: &str) -> Value {
        let body = json!({ "handle": handle, "name": "", "role": role });
        let answer = self.ask(Ask::post("/api/v1/users", &body).page(admin)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    /// A fresh link of an account.
    async fn link(&self, admin: &str, id: &Value) -> String {
        let path = format!("/api/v1/users/{}/link", id.as_str().expect("an id"));
        let answer = self.ask(Ask::new(Method::POST, &path).page(admin)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    async fn id_of(&self, admin: &str, handle: &str) -> Value {
        let list = self.ask(Ask::get("/api/v1/users").header("cookie", admin)).await.json();
        let found = list["items"].as_array().expect("items").iter().find(|one| one["handle"] == handle);
        found.expect("it is listed")["id"].clone()
    }
}

on_both_engines! {
    async fn somebody_invited_chooses_a_password_once_and_is_in(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let bob = house.invited(&admin, "bob", "creator").await;
        assert_eq!((&bob["invited"], &bob["link_until"]), (&json!(true), &Value::Null));
        // Nobody signs in before, with whatever password, the empty one among them.
        for password in ["", PASSWORD] {
            assert_eq!(house.ask(sign_in("bob", password)).await.problem(), refused(401, "credentials"));
        }
        let old = house.link(&admin, &bob["id"]).await;
        let token = house.link(&admin, &bob["id"]).await;
        assert_eq!(house.ask(choose(&old, PASSWORD)).await.problem(), refused(404, "link"), "replaced");
        let look = house.ask(Ask::post("/api/v1/link", &json!({ "token": token }))).await.json();
        assert_eq!((&look["handle"], &look["invited"]), (&json!("bob"), &json!(true)));
        assert_eq!(house.ask(choose(&token, "short")).await.problem(), refused(422, "invalid"));
        let answer = house.ask(choose(&token, PASSWORD)).await;
        assert_eq!((answer.status, &answer.json()["role"]), (StatusCode::OK, &json!("creator")));
        assert_eq!(house.ask(whoami(&answer.cookie())).await.json()["handle"], "bob");
        house.signed_in("bob").await;
        for token in [token.as_str(), "", "x", &"x".repeat(43)] {
            assert_eq!(house.ask(choose(token, PASSWORD)).await.problem(), refused(404, "link"));
            let look = house.ask(Ask::post("/api/v1/link", &json!({ "token": token }))).await;
            assert_eq!(look.problem(), refused(404, "link"));
        }
    }

    async fn a_link_is_used_by_one_of_many_and_does_not_hold_for_ever(world: World) {
        let house = Arc::new(House::new(&world.ctx));
        let admin = house.member("ann", Role::Admin).await;
        let bob = house.invited(&admin, "bob", "listener").await;
        let token = house.link(&admin, &bob["id"]).await;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (house, token) = (Arc::clone(&house), token.clone());
            tries.spawn(async move { house.ask(choose(&token, PASSWORD)).await.status });
        }
        let won = tries.join_all().await.into_iter().filter(|status| *status == StatusCode::OK).count();
        assert_eq!(won, 1);
        let late = house.link(&admin, &bob["id"]).await;
        let listed = house.ask(Ask::get("/api/v1/users").header("cookie", &admin)).await.json();
        assert!(listed["items"][1]["link_until"].is_string(), "{listed}");
        assert!(!listed.to_string().contains(&late));
        world.clock.advance(members::LINK_LIFE);
        assert_eq!(house.ask(choose(&late, OTHER_PASSWORD)).await.problem(), refused(404, "link"));
        let listed = house.ask(Ask::get("/api/v1/users").header("cookie", &admin)).await.json();
        assert!(listed["items"][1]["link_until"].is_null(), "{listed}");
        crate::sweep(&world.ctx).await.expect("it is swept");
    }

    async fn another_password_ends_every_session_and_the_old_password(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let cookie = house.member("bob", Role::Listener).await;
        let token = house.link(&admin, &house.id_of(&admin, "bob").await).await;
        assert_eq!(house.ask(whoami(&cookie)).await.status, StatusCode::OK, "a link alone changes nothing");
        assert_eq!(house.ask(choose(&token, OTHER_PASSWORD)).await.status, StatusCode::OK);
        assert_eq!(house.ask(whoami(&cookie)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(sign_in("bob", PASSWORD)).await.problem(), refused(401, "credentials"));
        assert_eq!(house.ask(sign_in("bob", OTHER_PASSWORD)).await.status, StatusCode::OK);
    }

    async fn who_chooses_another_password_ends_the_link_that_was_made_before(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let cookie = house.member("bob", Role::Listener).await;
        let id = house.id_of(&admin, "bob").await;
        let token = house.link(&admin, &id).await;
        let change = |current: &str| {
            let body = json!({ "current": current, "new": OTHER_PASSWORD });
            Ask::new(Method::PUT, "/api/v1/me/password").json(&body).page(&cookie)
        };
        assert_eq!(house.ask(change("not it at all")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let look = Ask::post("/api/v1/link", &json!({ "token": token }));
        assert_eq!(house.ask(look).await.status, StatusCode::OK, "a wrong guess ends nothing");
        assert_eq!(house.ask(change(PASSWORD)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(choose(&token, PASSWORD)).await.problem(), refused(404, "link"));
        assert_eq!(house.ask(sign_in("bob", OTHER_PASSWORD)).await.status, StatusCode::OK);
    }

    async fn a_link_is_not_used_by_a_page_of_another_site(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let bob = house.invited(&admin, "bob", "listener").await;
        let token = house.link(&admin, &bob["id"]).await;
        let forged = choose(&token, PASSWORD).header("origin", "https://evil.example");
        assert_eq!(house.ask(forged).await.problem(), refused(403, "csrf"));
    }

    async fn an_account_that_is_shut_opens_nothing_and_one_that_is_opened_again_does(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let cookie = house.member("bob", Role::Listener).await;
        let key = crate::add_token(&world.ctx, "bob", "key").await.expect("a key");
        let phone = Ask::post("/api/v1/me/tokens", &json!({ "label": "phone", "kind": "subsonic" }));
        house.ask(phone.page(&cookie)).await;
        let id = house.id_of(&admin, "bob").await;
        let link = house.link(&admin, &id).await;
        let shut = house.ask(edit(&id, &json!({ "disabled": true })).page(&admin)).await;
        assert!(shut.json()["disabled_at"].is_string(), "{}", shut.text());
        let by_key = || Ask::get("/api/v1/session").bearer(&key);
        assert_eq!(house.ask(whoami(&cookie)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(by_key()).await.problem(), refused(401, "sign_in"));
        assert!(music::by_token(&world.ctx, &key).await.expect("it answers").is_none());
        let proof = music::by_proof(&world.ctx, "bob", |_| true).await.expect("it answers");
        assert_eq!(proof, music::Proof::NothingToProve);
        // What was shared in its name leads nowhere either.
        let number = kernel::id::UserId(id.as_str().and_then(|id| id.parse().ok()).expect("a number"));
        assert!(crate::visitors::member(&world.ctx, number).await.expect("it answers").is_none());
        // Only whoever knows the password is told why.
        assert_eq!(house.ask(sign_in("bob", OTHER_PASSWORD)).await.problem(), refused(401, "credentials"));
        assert_eq!(house.ask(sign_in("bob", PASSWORD)).await.problem(), refused(403, "account_disabled"));
        assert_eq!(house.ask(choose(&link, PASSWORD)).await.problem(), refused(404, "link"));
        let path = format!("/api/v1/users/{}/link", id.as_str().expect("an id"));
        let more = house.ask(Ask::new(Method::POST, &path).page(&admin)).await;
        assert_eq!(more.problem(), refused(403, "account_disabled"));
        house.ask(edit(&id, &json!({ "disabled": false })).page(&admin)).await;
        assert_eq!(house.ask(whoami(&cookie)).await.problem(), refused(401, "sign_in"), "it was signed out");
        assert_eq!(house.ask(by_key()).await.status, StatusCode::OK);
        assert_eq!(house.ask(choose(&link, PASSWORD)).await.problem(), refused(404, "link"));
        house.signed_in("bob").await;
    }

    async fn one_administrator_who_can_come_in_is_always_left(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let ann = house.id_of(&admin, "ann").await;
        let demote = || edit(&ann, &json!({ "role": "listener" })).page(&admin);
        assert_eq!(house.ask(demote()).await.problem(), refused(409, "last_admin"));
        // Neither one who never came nor one who is shut out counts.
        let cid = house.invited(&admin, "cid", "admin").await;
        assert_eq!(house.ask(demote()).await.problem(), refused(409, "last_admin"));
        house.account("bob", Role::Admin).await;
        let bob = house.id_of(&admin, "bob").await;
        house.ask(edit(&bob, &json!({ "disabled": true })).page(&admin)).await;
        assert_eq!(house.ask(demote()).await.problem(), refused(409, "last_admin"));
        house.ask(edit(&bob, &json!({ "disabled": false })).page(&admin)).await;
        let other = house.signed_in("bob").await;
        for ask in [edit(&ann, &json!({ "disabled": true })), remove(&ann)] {
            assert_eq!(house.ask(ask.page(&admin)).await.problem(), refused(409, "own_account"));
        }
        assert_eq!(house.ask(demote()).await.status, StatusCode::OK);
        assert_eq!(house.ask(remove(&bob).page(&admin)).await.problem(), refused(403, "forbidden"));
        assert_eq!(house.ask(remove(&ann).page(&other)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(remove(&cid["id"]).page(&other)).await.status, StatusCode::NO_CONTENT);
    }

    async fn two_administrators_who_remove_each_other_do_not_both_succeed(world: World) {
        let house = House::new(&world.ctx);
        let mut viewers = Vec::new();
        for handle in ["ann", "bob"] {
            let user = house.account(handle, Role::Admin).await;
            let handle = user.handle;
            viewers.push(Viewer { id: user.id, handle, role: Role::Admin, session: None, within: None });
        }
        let (ann, bob) = (&viewers[0], &viewers[1]);
        let (one, other) = tokio::join!(
            members::remove(&world.ctx, ann, bob.id),
            members::change(&world.ctx, bob, ann.id, members::Edit { role: Some(Role::Listener), ..Default::default() })
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }

    async fn a_removed_account_is_gone_and_its_handle_is_free(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let cookie = house.member("bob", Role::Listener).await;
        let key = crate::add_token(&world.ctx, "bob", "key").await.expect("a key");
        let id = house.id_of(&admin, "bob").await;
        house.link(&admin, &id).await;
        assert_eq!(house.ask(remove(&id).page(&admin)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(remove(&id).page(&admin)).await.problem(), refused(404, "not_found"));
        assert_eq!(house.ask(whoami(&cookie)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(Ask::get("/api/v1/session").bearer(&key)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(sign_in("bob", PASSWORD)).await.problem(), refused(401, "credentials"));
        let again = house.invited(&admin, "bob", "listener").await;
        assert_ne!(again["id"], id);
    }

    async fn only_administrators_run_accounts(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        let cookie = house.member("bob", Role::Moderator).await;
        let id = house.id_of(&admin, "ann").await;
        let link = Ask::new(Method::POST, &format!("/api/v1/users/{}/link", id.as_str().expect("an id")));
        let add = Ask::post("/api/v1/users", &json!({ "handle": "!", "name": "", "role": "admin" }));
        for ask in [edit(&id, &json!({ "name": "Eve" })), remove(&id), link, Ask::get("/api/v1/users"), add] {
            assert_eq!(house.ask(ask.page(&cookie)).await.problem(), refused(403, "forbidden"));
        }
        // Also of a caller within the program that forgot to ask.
        let (ctx, query) = (&world.ctx, kernel::PageQuery::default());
        let bob = Viewer { id: kernel::id::UserId(1), handle: "bob".to_owned(), role: Role::Moderator, session: None, within: None };
        let ann = kernel::id::UserId(id.as_str().and_then(|id| id.parse().ok()).expect("a number"));
        let edit_of_bob = members::Edit { role: Some(Role::Listener), ..members::Edit::default() };
        assert!(matches!(members::change(ctx, &bob, ann, edit_of_bob).await, Err(crate::Error::Forbidden(_))));
        assert!(matches!(members::remove(ctx, &bob, ann).await, Err(crate::Error::Forbidden(_))));
        assert!(matches!(members::make_link(ctx, &bob, ann).await, Err(crate::Error::Forbidden(_))));
        assert!(members::list(ctx, &bob, &query).await.is_err_and(|problem| problem.status == 403));
        for id in ["1", "x", "-1"] {
            let answer = house.ask(edit(&json!(id), &json!({ "name": "Eve" })).page(&admin)).await;
            assert_eq!(answer.problem(), refused(404, "not_found"));
        }
        let named = house.ask(edit(&id, &json!({ "name": " Ann Ohm " })).page(&admin)).await;
        assert_eq!(named.json()["name"], "Ann Ohm");
    }
}
