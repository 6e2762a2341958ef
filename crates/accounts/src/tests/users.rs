use std::sync::{Arc, Mutex};

use kernel::{
    Fault,
    db::Tx,
    http::Role,
    on_both_engines,
    outbox::{Event, Projection, catch_up},
    testkit::World,
};
use serde_json::json;

use super::*;
use crate::{USER_ADDED, UserAdded, model::Handle};

fn add(cookie: &str, handle: &str, role: &str) -> Ask {
    let body = json!({ "handle": handle, "name": "", "password": PASSWORD, "role": role });
    Ask::post("/api/v1/users", &body).page(cookie)
}

/// Keeps the events that it is shown.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Event>>>);

impl Projection for Heard {
    fn name(&self) -> &'static str {
        "test.heard"
    }

    fn apply(&self, _: &mut Tx<'_>, event: &Event) -> Result<(), Fault> {
        self.0.lock().expect("nobody panicked").push(event.clone());
        Ok(())
    }

    fn clear(&self, _: &mut Tx<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

on_both_engines! {
    async fn an_administrator_makes_accounts_of_every_role_that_can_sign_in(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        for role in ["listener", "creator", "moderator", "admin"] {
            let answer = house.ask(add(&admin, role, role)).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
            assert_eq!((&answer.json()["role"], &answer.json()["name"]), (&json!(role), &json!(role)));
            house.signed_in(role).await;
        }
        let answer = house.ask(add(&admin, "eve", "owner")).await;
        assert_eq!(answer.problem(), refused(422, "invalid"));
    }

    async fn only_administrators_see_and_make_accounts(world: World) {
        let house = House::new(&world.ctx);
        for role in [Role::Listener, Role::Creator, Role::Moderator] {
            let cookie = house.member(role.word(), role).await;
            assert_eq!(house.ask(add(&cookie, "eve", "admin")).await.problem(), refused(403, "forbidden"));
            let list = Ask::get("/api/v1/users").header("cookie", &cookie);
            assert_eq!(house.ask(list).await.problem(), refused(403, "forbidden"));
        }
        assert_eq!(house.ask(Ask::get("/api/v1/users")).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(add("odeon=x", "eve", "admin")).await.problem(), refused(401, "sign_in"));
    }

    async fn a_handle_is_taken_once_whatever_its_case(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        assert_eq!(house.ask(add(&admin, "Bob", "listener")).await.json()["handle"], "bob");
        for handle in ["bob", "BOB", "bOb "] {
            let answer = house.ask(add(&admin, handle, "listener")).await;
            assert_eq!(answer.problem(), refused(409, "handle_taken"), "{handle}");
            assert_eq!(answer.json()["errors"][0]["field"], "handle");
        }
    }

    async fn accounts_come_in_pages_oldest_first_without_passwords(world: World) {
        let house = House::new(&world.ctx);
        let admin = house.member("ann", Role::Admin).await;
        for handle in ["bob", "cid", "abe"] {
            house.account(handle, Role::Listener).await;
        }
        let first = house.ask(Ask::get("/api/v1/users?limit=3").header("cookie", &admin)).await;
        assert!(!first.text().contains("argon2"));
        let first = first.json();
        let path = format!("/api/v1/users?limit=3&after={}", first["next"].as_str().expect("more"));
        let second = house.ask(Ask::get(&path).header("cookie", &admin)).await.json();
        let handles: Vec<_> = [&first, &second]
            .into_iter()
            .flat_map(|page| page["items"].as_array().expect("items").iter().map(|user| user["handle"].clone()))
            .collect();
        assert_eq!(handles, ["ann", "bob", "cid", "abe"]);
        assert!(second["next"].is_null());
    }

    async fn a_new_account_is_told_to_the_other_domains(world: World) {
        let house = House::new(&world.ctx);
        let user = house.account("ann", Role::Creator).await;
        let heard = Heard::default();
        catch_up(&world.ctx, &[Arc::new(heard.clone())]).await.expect("events are read");
        let events = heard.0.lock().expect("nobody panicked").clone();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].kind.as_str(), events[0].subject), (USER_ADDED, user.id.0));
        let added: UserAdded = events[0].payload().expect("readable");
        assert_eq!((added.handle.as_str(), added.role), ("ann", Role::Creator));
        assert!(!events[0].payload.contains("argon2"));
    }
}

#[test]
fn handles_keep_the_rules() {
    for good in ["ab", "a1", "0x", "ann.marie", "a_b-c.d", &"a".repeat(32), " Ann "] {
        assert!(Handle::parse(good).is_ok(), "{good}");
    }
    let long = "a".repeat(33);
    let huge = "a".repeat(1 << 20);
    let bad = [
        "",
        "a",
        " a ",
        &long,
        &huge,
        "a b",
        "ann@x",
        "a/b",
        ".ab",
        "ab.",
        "-ab",
        "ab_",
        "a..b",
        "änn",
        "аnn",
        "a\0b",
        "a\u{200B}b",
        "\u{212A}en",
        "ann\n.b",
    ];
    for bad in bad {
        assert!(Handle::parse(bad).is_err(), "{bad:?}");
    }
}
