use std::time::Duration;

use kernel::{http::Role, on_both_engines, testkit::World};
use serde_json::json;

use super::*;
use crate::{service::session::SESSIONS_MAX, sweep};

const DAY: Duration = Duration::from_hours(24);

async fn list(house: &House, cookie: &str) -> Vec<Value> {
    let answer = house.ask(Ask::get("/api/v1/me/sessions").header("cookie", cookie)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["items"].as_array().expect("items").clone()
}

fn end(cookie: &str, id: &Value) -> Ask {
    Ask::delete(&format!("/api/v1/me/sessions/{}", id.as_str().expect("a text"))).page(cookie)
}

on_both_engines! {
    async fn sessions_are_listed_newest_first_and_the_asking_one_is_marked(world: World) {
        let house = House::new(&world.ctx);
        house.member("bob", Role::Listener).await;
        house.account("ann", Role::Listener).await;
        let phone = house.ask(sign_in("ann", PASSWORD).header("user-agent", "Phone/1")).await.cookie();
        world.clock.advance(Duration::from_mins(1));
        let desk = house.ask(sign_in("ann", PASSWORD).header("user-agent", "Desk/2")).await.cookie();
        let seen: Vec<_> = list(&house, &phone).await.into_iter().map(|row| (row["agent"].clone(), row["current"].clone())).collect();
        assert_eq!(seen, [(json!("Desk/2"), json!(false)), (json!("Phone/1"), json!(true))]);
        let row = &list(&house, &desk).await[0];
        assert_eq!(row["created_at"], "2026-01-01T00:01:00.000Z");
        assert!(row["id"].is_string() && row["seen_at"].is_string());
    }

    async fn a_page_that_was_made_for_somebody_else_is_not_served(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let bob = house.member("bob", Role::Listener).await;
        let id = house.ask(whoami(&ann)).await.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(house.ask(whoami(&ann).header("x-odeon-user", &id)).await.status, StatusCode::OK);
        for made_for in [id.as_str(), "", "0", "\u{e9}"] {
            let answer = house.ask(whoami(&bob).raw_header("x-odeon-user", made_for.as_bytes())).await;
            assert_eq!(answer.problem(), (401, "sign_in".to_owned()), "a page for {made_for:?} with bob's cookie");
        }
    }

    async fn sessions_come_in_pages(world: World) {
        let house = House::new(&world.ctx);
        let mut cookie = house.member("ann", Role::Listener).await;
        for _ in 0..2 {
            cookie = house.signed_in("ann").await;
        }
        let (mut next, mut ids) = (String::new(), std::collections::BTreeSet::new());
        for round in 0..3 {
            let path = format!("/api/v1/me/sessions?limit=1{next}");
            let page = house.ask(Ask::get(&path).header("cookie", &cookie)).await.json();
            ids.insert(page["items"][0]["id"].as_str().expect("a row").to_owned());
            assert_eq!(page["next"].is_null(), round == 2);
            next = format!("&after={}", page["next"].as_str().unwrap_or_default());
        }
        assert_eq!(ids.len(), 3);
        let forged = house.ask(Ask::get("/api/v1/me/sessions?after=%F0%9F").header("cookie", &cookie)).await;
        assert_eq!(forged.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn an_ended_session_stops_working_at_once_on_every_node(world: World) {
        let house = House::new(&world.ctx);
        let here = house.member("ann", Role::Listener).await;
        let there = house.signed_in("ann").await;
        let other_node = House::new(&world.reopened().await);
        assert_eq!(other_node.ask(whoami(&there)).await.status, StatusCode::OK);
        let rows = list(&house, &here).await;
        let ended = rows.iter().find(|row| row["current"] == json!(false)).expect("the other one");
        assert_eq!(house.ask(end(&here, &ended["id"])).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(whoami(&there)).await.problem(), refused(401, "sign_in"));
        assert_eq!(other_node.ask(whoami(&there)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(whoami(&here)).await.status, StatusCode::OK);
        assert_eq!(house.ask(end(&here, &ended["id"])).await.problem(), refused(404, "not_found"));
    }

    async fn nobody_ends_or_sees_anothers_session(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let eve = house.member("eve", Role::Admin).await;
        let rows = list(&house, &ann).await;
        assert_eq!(house.ask(end(&eve, &rows[0]["id"])).await.problem(), refused(404, "not_found"));
        assert_eq!(house.ask(whoami(&ann)).await.status, StatusCode::OK);
        assert_eq!(list(&house, &eve).await.len(), 1);
    }

    async fn signing_out_ends_the_session_and_clears_the_cookie(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let answer = house.ask(Ask::delete("/api/v1/session").page(&cookie)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.set_cookie(), "odeon=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(house.ask(whoami(&cookie)).await.problem(), refused(401, "sign_in"));
        let again = house.ask(Ask::delete("/api/v1/session").page(&cookie)).await;
        assert_eq!(again.problem(), refused(401, "sign_in"));
    }

    async fn an_unused_session_ends_after_thirty_days(world: World) {
        let house = House::new(&world.ctx);
        let used = house.member("ann", Role::Listener).await;
        let idle = house.signed_in("ann").await;
        world.clock.advance(29 * DAY);
        assert_eq!(house.ask(whoami(&used)).await.status, StatusCode::OK);
        world.clock.advance(DAY);
        assert_eq!(house.ask(whoami(&used)).await.status, StatusCode::OK);
        assert_eq!(house.ask(whoami(&idle)).await.problem(), refused(401, "sign_in"));
        assert_eq!(list(&house, &used).await.len(), 1, "what has expired is not listed");
        assert_eq!(sweep(&world.ctx).await.expect("sweeps"), 2, "the session, and the address's faded count");
        assert_eq!(house.ask(whoami(&used)).await.status, StatusCode::OK);
    }

    async fn a_session_ends_after_a_year_however_much_it_is_used(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        for _ in 0..14 {
            world.clock.advance(26 * DAY);
            assert_eq!(house.ask(whoami(&cookie)).await.status, StatusCode::OK);
        }
        world.clock.advance(DAY);
        assert_eq!(house.ask(whoami(&cookie)).await.problem(), refused(401, "sign_in"));
    }

    async fn use_is_noted_at_most_every_five_minutes(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        for (minutes, noted) in [(4, "00:00"), (1, "00:05"), (4, "00:05"), (2, "00:11")] {
            world.clock.advance(Duration::from_mins(minutes));
            let seen = list(&house, &cookie).await[0]["seen_at"].clone();
            assert_eq!(seen, format!("2026-01-01T{noted}:00.000Z"));
        }
    }

    async fn one_session_too_many_ends_the_one_seen_least_lately(world: World) {
        let house = House::new(&world.ctx);
        let user = house.account("ann", Role::Listener).await;
        let mut cookies = Vec::new();
        for _ in 0..3 {
            cookies.push(house.signed_in("ann").await);
            world.clock.advance(Duration::from_mins(6));
        }
        // The first is used again, so the second is the one to go.
        house.ask(whoami(&cookies[0])).await;
        let rows: Vec<_> = (3..SESSIONS_MAX)
            .map(|number| crate::store::sessions::NewSession {
                id: crate::model::SessionId(world.ctx.next_id()),
                user: user.id,
                token_hash: *blake3::hash(&number.to_le_bytes()).as_bytes(),
                agent: String::new(),
                now: world.ctx.now(),
                expires: world.ctx.now().plus(DAY),
            })
            .collect();
        world.ctx.db().write(move |tx| {
            rows.iter().try_for_each(|row| crate::store::sessions::insert(tx, row))
        }).await.expect("they are entered");
        assert_eq!(house.ask(whoami(&cookies[1])).await.status, StatusCode::OK);
        world.clock.advance(Duration::from_mins(1));
        house.signed_in("ann").await;
        let held: Vec<u16> = [
            house.ask(whoami(&cookies[0])).await.status.as_u16(),
            house.ask(whoami(&cookies[2])).await.status.as_u16(),
        ].into();
        assert_eq!(held, [200, 401]);
    }

    async fn the_database_does_not_hold_the_cookie(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let token = cookie.split_once('=').expect("a pair").1;
        assert_eq!(token.len(), 43, "256 bits");
        let hash = *blake3::hash(token.as_bytes()).as_bytes();
        let found = crate::store::sessions::by_token(world.ctx.db(), hash, world.ctx.now()).await;
        assert_eq!(found.expect("answers").expect("the hash is known").viewer.handle, "ann");
    }

    async fn a_changed_role_counts_with_the_next_request(world: World) {
        let house = House::new(&world.ctx);
        let user = house.account("ann", Role::Listener).await;
        let cookie = house.signed_in("ann").await;
        let users = || Ask::get("/api/v1/users").header("cookie", &cookie);
        assert_eq!(house.ask(users()).await.problem(), refused(403, "forbidden"));
        let admin = house.member("eve", Role::Admin).await;
        let edit = Ask::new(Method::PATCH, &format!("/api/v1/users/{}", user.id)).json(&json!({ "role": "admin" }));
        assert_eq!(house.ask(edit.page(&admin)).await.status, StatusCode::OK);
        assert_eq!(house.ask(users()).await.status, StatusCode::OK);
    }
}
