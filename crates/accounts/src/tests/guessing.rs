use std::{net::IpAddr, sync::mpsc, time::Duration};

use kernel::{
    Fault, Time,
    http::Role,
    on_both_engines,
    testkit::{World, eventually},
};

use super::*;
use crate::{
    guesses::{keys, music_key},
    music,
    service::guess::Guess,
    store, sweep,
};

/// So many wrong passwords, each answered as such.
async fn guess_wrong(house: &House, handle: &str, times: usize) {
    for number in 0..times {
        let answer = house.ask(sign_in(handle, OTHER_PASSWORD)).await;
        assert_eq!(answer.problem(), refused(401, "credentials"), "guess {number} at {handle}");
    }
}

on_both_engines! {
    async fn after_six_wrong_passwords_even_the_right_one_is_refused_for_ten_seconds(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        guess_wrong(&house, "ann", 6).await;
        let hashes = house.passwords.computed();
        let answer = house.ask(sign_in("ann", PASSWORD)).await;
        assert_eq!(answer.problem(), refused(429, "too_many_guesses"));
        assert_eq!(answer.headers["retry-after"], "10");
        assert_eq!(answer.set_cookie(), "");
        assert_eq!(house.passwords.computed(), hashes, "what is refused is not hashed");
        world.clock.advance(Duration::from_millis(9_999));
        let answer = house.ask(sign_in("Ann", PASSWORD)).await;
        assert_eq!(answer.problem(), refused(429, "too_many_guesses"));
        assert_eq!(answer.headers["retry-after"], "1");
        world.clock.advance(Duration::from_millis(1));
        house.signed_in("ann").await;
    }

    async fn an_unknown_handle_is_slowed_just_like_a_known_one(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let mut answers = Vec::new();
        for (handle, address) in [("ann", "192.0.2.1"), ("nobody", "192.0.2.2")] {
            let mut seen = Vec::new();
            for round in 0..9 {
                let answer = house.ask(sign_in(handle, OTHER_PASSWORD).from(address)).await;
                seen.push((answer.status, answer.headers.clone(), answer.text()));
                if round == 7 {
                    world.clock.advance(Duration::from_secs(10));
                }
            }
            answers.push(seen);
        }
        assert_eq!(answers[0][6].0, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answers[0], answers[1]);
    }

    async fn pauses_of_an_account_hold_from_every_address_and_for_no_other_account(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        house.account("bob", Role::Listener).await;
        guess_wrong(&house, "ann", 6).await;
        let elsewhere = house.ask(sign_in("ann", PASSWORD).from("198.51.100.1")).await;
        assert_eq!(elsewhere.problem(), refused(429, "too_many_guesses"));
        house.signed_in("bob").await;
    }

    async fn an_address_that_tries_many_handles_is_refused_and_others_are_not(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        for number in 0..31 {
            guess_wrong(&house, &format!("victim{number}"), 1).await;
        }
        assert_eq!(house.ask(sign_in("ann", PASSWORD)).await.problem(), refused(429, "too_many_guesses"));
        let other = house.ask(sign_in("ann", PASSWORD).from("192.0.2.8")).await;
        assert_eq!(other.status, StatusCode::OK);
        world.clock.advance(Duration::from_secs(10));
        house.signed_in("ann").await;
    }

    async fn all_of_an_ipv6_network_is_one_address(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        for number in 0..31 {
            let ask = sign_in(&format!("victim{number}"), OTHER_PASSWORD).from(&format!("2001:db8::{number:x}"));
            assert_eq!(house.ask(ask).await.problem(), refused(401, "credentials"));
        }
        let neighbour = house.ask(sign_in("ann", PASSWORD).from("2001:db8::ffff:1")).await;
        assert_eq!(neighbour.problem(), refused(429, "too_many_guesses"));
        let stranger = house.ask(sign_in("ann", PASSWORD).from("2001:db8:0:1::1")).await;
        assert_eq!(stranger.status, StatusCode::OK);
    }

    async fn own_sign_ins_neither_pause_an_address_nor_clear_it_for_guessing(world: World) {
        let house = House::new(&world.ctx);
        house.account("eve", Role::Listener).await;
        for number in 0..30 {
            guess_wrong(&house, &format!("victim{number}"), 1).await;
            house.signed_in("eve").await;
        }
        guess_wrong(&house, "victim", 1).await;
        assert_eq!(house.ask(sign_in("eve", PASSWORD)).await.problem(), refused(429, "too_many_guesses"));
    }

    async fn the_right_password_clears_the_account(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        for _ in 0..2 {
            guess_wrong(&house, "ann", 5).await;
            house.signed_in("ann").await;
        }
    }

    async fn a_hundred_guesses_at_once_are_no_better_than_one_after_the_other(world: World) {
        let house = std::sync::Arc::new(House::new(&world.ctx));
        house.account("ann", Role::Listener).await;
        let tries: Vec<_> = (0..100)
            .map(|number| {
                let house = house.clone();
                let ask = sign_in("ann", OTHER_PASSWORD).from(&format!("198.51.100.{number}"));
                tokio::spawn(async move { house.ask(ask).await.problem().0 })
            })
            .collect();
        let mut taken = 0;
        for one in tries {
            match one.await.expect("it runs") {
                401 => taken += 1,
                other => assert_eq!(other, 429),
            }
        }
        assert_eq!(taken, 6);
    }

    async fn slowing_survives_a_restart(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        guess_wrong(&house, "ann", 6).await;
        let again = House::new(&world.reopened().await);
        assert_eq!(again.ask(sign_in("ann", PASSWORD)).await.problem(), refused(429, "too_many_guesses"));
    }

    async fn faded_counts_are_swept_and_others_stay(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        guess_wrong(&house, "bob", 1).await;
        assert_eq!(sweep(&world.ctx).await.expect("sweeps"), 0);
        // The address fades in a minute, the handle in an hour.
        world.clock.advance(Duration::from_mins(1));
        assert_eq!(sweep(&world.ctx).await.expect("sweeps"), 1);
        world.clock.advance(Duration::from_secs(3539));
        assert_eq!(sweep(&world.ctx).await.expect("sweeps"), 0);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(sweep(&world.ctx).await.expect("sweeps"), 1);
    }

    async fn a_guess_taken_back_lifts_its_own_pause_and_nobody_elses(world: World) {
        use crate::{guesses::{Count, Counted}, store::guesses as store};
        let start = world.ctx.now().0;
        let later = move |seconds: i64| Time(start + seconds * 1_000_000);
        let (now, forget) = (world.ctx.now(), later(3600));
        let made = Count { failures: 7, faded: now, until: later(20) };
        let left = world.ctx.db().write(move |tx| {
            let mut left = Vec::new();
            for meanwhile in [made, Count { failures: 8, until: later(40), ..made }] {
                store::lock(tx, "k", now)?;
                store::put(tx, "k", &Counted { count: meanwhile, forget })?;
                store::take_back(tx, "k", made, now)?;
                left.push(store::lock(tx, "k", now)?);
            }
            Ok::<_, kernel::Fault>(left)
        });
        let left = left.await.expect("the database answers");
        assert_eq!((left[0].failures, left[0].until), (6, now));
        assert_eq!((left[1].failures, left[1].until), (7, later(40)));
    }
    async fn who_is_over_the_limit_is_refused_without_waiting_for_a_write(world: World) {
        let house = House::new(&world.ctx);
        let ctx = &world.ctx;
        house.account("ann", Role::Listener).await;
        guess_wrong(&house, "ann", 6).await;
        let from: IpAddr = ADDRESS.parse().expect("an address");
        for _ in 0..31 {
            music::note_failure(ctx, Some(from)).await.expect("counts");
        }
        // Somebody else's write holds the only writer, or what was counted.
        let (signer, now) = (ctx.signer().clone(), ctx.now());
        let ([_, (handle, _)], (app, _)) = (keys(&signer, "ann", Some(from)), music_key(&signer, Some(from)));
        let (begun, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let writing = {
            let ctx = ctx.clone();
            tokio::spawn(async move {
                let held = ctx.db().write(move |tx| {
                    store::guesses::lock(tx, &handle, now)?;
                    store::guesses::lock(tx, &app, now)?;
                    begun.send(()).expect("somebody waits");
                    ends.recv().map_err(|error| Fault::from_error("nobody ended it", error))
                });
                held.await
            })
        };
        eventually("the write has begun", || async { begins.try_recv().is_ok() }).await;
        let app = { let ctx = ctx.clone(); tokio::spawn(async move { music::note_failure(&ctx, Some(from)).await }) };
        eventually("the app is refused", || async { app.is_finished() }).await;
        assert!(app.await.expect("it ended").expect("it answers"));
        let counting = { let ctx = ctx.clone(); tokio::spawn(async move { Guess::count(&ctx, "ann", Some(from)).await }) };
        eventually("the password is refused", || async { counting.is_finished() }).await;
        assert!(matches!(counting.await.expect("it ended"), Err(crate::Error::TooManyGuesses(wait)) if wait == Duration::from_secs(10)));
        end.send(()).expect("it waits");
        writing.await.expect("it ended").expect("written");
    }
}
