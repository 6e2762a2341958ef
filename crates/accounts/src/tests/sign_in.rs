use std::time::{Duration, Instant};

use kernel::{
    http::Role,
    on_both_engines,
    testkit::{World, eventually},
};
use serde_json::json;

use super::*;

fn change(cookie: &str, current: &str, new: &str) -> Ask {
    Ask::new(Method::PUT, "/api/v1/me/password").json(&json!({ "current": current, "new": new })).page(cookie)
}

on_both_engines! {
    async fn the_right_password_signs_in_whatever_the_case_of_the_handle(world: World) {
        let house = House::new(&world.ctx);
        let user = house.account("ann", Role::Listener).await;
        for handle in ["ann", "ANN", " Ann "] {
            let answer = house.ask(sign_in(handle, PASSWORD)).await;
            assert_eq!(answer.status, StatusCode::OK, "{handle}");
            assert_eq!(answer.json(), serde_json::to_value(&user).expect("JSON"));
        }
    }

    async fn an_unknown_handle_is_answered_as_a_wrong_password_is(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let wrong = house.ask(sign_in("ann", OTHER_PASSWORD)).await;
        let unknown = house.ask(sign_in("bob", OTHER_PASSWORD)).await;
        assert_eq!(wrong.problem(), refused(401, "credentials"));
        assert_eq!((wrong.status, &wrong.headers, &wrong.bytes), (unknown.status, &unknown.headers, &unknown.bytes));
    }

    async fn an_unknown_handle_costs_a_hash_and_the_time_of_one(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let mut quickest = [Duration::MAX; 2];
        // Without a hash the second is ten times as quick; the bounds leave room for a busy machine, and so do more rounds.
        let near = |quickest: &[Duration; 2]| {
            (0.4..2.5).contains(&(quickest[1].as_secs_f64() / quickest[0].as_secs_f64()))
        };
        for round in 0..20 {
            for (handle, quickest) in ["ann", "bob"].into_iter().zip(&mut quickest) {
                let (before, start) = (house.passwords.computed(), Instant::now());
                let answer = house.ask(sign_in(handle, OTHER_PASSWORD)).await;
                *quickest = (*quickest).min(start.elapsed());
                assert_eq!(answer.problem(), refused(401, "credentials"), "round {round}");
                assert_eq!(house.passwords.computed(), before + 1, "{handle}");
            }
            // What was counted against them fades, so that nobody has to wait.
            world.clock.advance(Duration::from_hours(1));
            if round >= 3 && near(&quickest) {
                break;
            }
        }
        assert!(near(&quickest), "{quickest:?}");
    }

    async fn signing_in_again_replaces_the_browsers_session(world: World) {
        let house = House::new(&world.ctx);
        let first = house.member("ann", Role::Listener).await;
        let second = house.ask(sign_in("ann", PASSWORD).page(&first)).await.cookie();
        assert_ne!(first, second);
        assert_eq!(house.ask(whoami(&first)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(whoami(&second)).await.status, StatusCode::OK);
    }

    async fn a_full_line_of_hashes_answers_503_and_counts_no_guess(world: World) {
        let closed = House::with_line(&world.ctx, Config::default(), Passwords::with_room(0, 0));
        closed.account("ann", Role::Listener).await;
        for _ in 0..40 {
            let answer = closed.ask(sign_in("ann", PASSWORD)).await;
            assert_eq!(answer.problem(), refused(503, "busy"));
            assert_eq!(answer.headers["retry-after"], "2");
        }
        House::new(&world.ctx).signed_in("ann").await;
    }

    async fn a_changed_password_ends_the_other_sessions_and_only_it_signs_in(world: World) {
        let house = House::new(&world.ctx);
        let here = house.member("ann", Role::Listener).await;
        let there = house.signed_in("ann").await;
        let others = house.member("bob", Role::Listener).await;
        let answer = house.ask(change(&here, PASSWORD, OTHER_PASSWORD)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(house.ask(whoami(&here)).await.status, StatusCode::OK);
        assert_eq!(house.ask(whoami(&there)).await.problem(), refused(401, "sign_in"));
        assert_eq!(house.ask(whoami(&others)).await.status, StatusCode::OK);
        assert_eq!(house.ask(sign_in("ann", PASSWORD)).await.problem(), refused(401, "credentials"));
        assert_eq!(house.ask(sign_in("ann", OTHER_PASSWORD)).await.status, StatusCode::OK);
    }

    async fn changing_the_password_needs_the_current_one_and_guessing_it_is_slowed(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        for _ in 0..6 {
            let answer = house.ask(change(&cookie, "not the right one", OTHER_PASSWORD)).await;
            assert_eq!(answer.problem(), refused(422, "current_password"));
            assert_eq!(answer.json()["errors"][0]["field"], "current");
        }
        let answer = house.ask(change(&cookie, PASSWORD, OTHER_PASSWORD)).await;
        assert_eq!(answer.problem(), refused(429, "too_many_guesses"));
        world.clock.advance(Duration::from_secs(10));
        assert_eq!(house.ask(sign_in("ann", PASSWORD)).await.status, StatusCode::OK);
    }

    async fn a_new_password_keeps_the_rules(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann.marie-smith", Role::Listener).await;
        let long = "x1".repeat(513);
        for new in ["short one", "Password1234", "QWERTYUIOP", "zzzzzzzzzzzzzz", "Ann.Marie-Smith", &long] {
            let answer = house.ask(change(&cookie, PASSWORD, new)).await;
            assert_eq!(answer.problem(), refused(422, "invalid"), "{new}");
            assert_eq!(answer.json()["errors"][0]["field"], "new");
        }
        let longest = "x1".repeat(512);
        assert_eq!(house.ask(change(&cookie, PASSWORD, &longest)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.ask(sign_in("ann.marie-smith", &longest)).await.status, StatusCode::OK);
    }

    async fn a_password_that_is_changed_while_it_is_checked_no_longer_signs_in(world: World) {
        let passwords = Passwords::with_room(1, 1);
        let house = std::sync::Arc::new(House::with_line(&world.ctx, Config::default(), passwords.clone()));
        let user = house.account("ann", Role::Listener).await;
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let blocker = passwords.clone();
        let blocked = tokio::spawn(async move {
            let hold = move || wait.recv().map_err(|_| crate::Error::Busy);
            blocker.run(hold).await
        });
        eventually("the line is held up", || async { passwords.in_line(2) == 1 }).await;
        let asked = house.clone();
        let signing_in = tokio::spawn(async move { asked.ask(sign_in("ann", PASSWORD)).await.problem() });
        eventually("the sign-in waits with the old hash", || async { passwords.in_line(2) == 2 }).await;
        let before = crate::store::users::password(world.ctx.db(), user.id).await.expect("answers").expect("a hash");
        world.ctx.db().write(move |tx| {
            crate::store::users::set_password(tx, user.id, &before, "$argon2id$another")
        }).await.expect("it is changed");
        go.send(()).expect("it waits");
        blocked.await.expect("it runs").expect("it was let go");
        assert_eq!(signing_in.await.expect("it runs"), refused(401, "credentials"));
    }

    async fn of_two_who_change_a_password_at_once_one_wins(world: World) {
        let house = std::sync::Arc::new(House::new(&world.ctx));
        let cookie = house.member("ann", Role::Listener).await;
        let tries = ["the first new one", "the second new one"].map(|new| {
            let (house, cookie) = (house.clone(), cookie.clone());
            tokio::spawn(async move { house.ask(change(&cookie, PASSWORD, new)).await.status.as_u16() })
        });
        let mut answers = Vec::new();
        for one in tries {
            answers.push(one.await.expect("it runs"));
        }
        answers.sort_unstable();
        assert_eq!(answers, [204, 422]);
    }
}
