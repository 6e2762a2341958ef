//! How a request reached us: which cookie it gets, and from which address it counts.

use kernel::{http::Role, on_both_engines, testkit::World};

use super::*;

const PLAIN: &str = "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax";
const SECURE: &str = "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure";

fn proxied(ask: Ask, client: &str) -> Ask {
    ask.from("10.0.0.1").header("x-forwarded-for", client)
}

/// The cookie's name and attributes.
async fn cookie_of(house: &House, ask: Ask) -> (String, String) {
    let answer = house.ask(ask).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let (pair, attributes) = answer.set_cookie().split_at(answer.cookie().len());
    (pair.split('=').next().unwrap_or_default().to_owned(), attributes.to_owned())
}

fn secure() -> (String, String) {
    ("__Host-odeon".to_owned(), SECURE.to_owned())
}

fn plain() -> (String, String) {
    ("odeon".to_owned(), PLAIN.to_owned())
}

on_both_engines! {
    async fn the_cookie_is_secure_on_a_loopback_host_and_plain_on_plain_http(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        for host in ["127.0.0.1:8420", "localhost:8420", "LOCALHOST", "[::1]:8420", "odeon.localhost:1"] {
            assert_eq!(cookie_of(&house, sign_in("ann", PASSWORD).header("host", host)).await, secure(), "{host}");
        }
        for host in ["192.168.1.5:8420", "odeon.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", ""] {
            assert_eq!(cookie_of(&house, sign_in("ann", PASSWORD).header("host", host)).await, plain(), "{host}");
        }
    }

    async fn a_clients_word_for_https_counts_only_from_a_trusted_proxy(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let ask = |scheme: &str| sign_in("ann", PASSWORD).header("x-forwarded-proto", scheme);
        assert_eq!(cookie_of(&house, ask("https")).await, plain());
        let behind = House::with(&world.ctx, Config { public_url: None, trust_proxy: true });
        assert_eq!(cookie_of(&behind, ask("https")).await, secure());
        assert_eq!(cookie_of(&behind, ask("http")).await, plain());
        assert_eq!(cookie_of(&behind, ask("https, http")).await, plain(), "the nearest proxy's word is the last");
        // Behind a proxy the host says nothing of what the browser sees.
        assert_eq!(cookie_of(&behind, ask("http").header("host", "127.0.0.1:8420")).await, plain());
    }

    async fn an_https_public_url_makes_the_cookie_secure_at_that_host(world: World) {
        let config = |trust_proxy| Config { public_url: Some("https://Odeon.example".into()), trust_proxy };
        let house = House::with(&world.ctx, config(false));
        house.account("ann", Role::Listener).await;
        assert_eq!(cookie_of(&house, sign_in("ann", PASSWORD)).await, secure());
        let lan = sign_in("ann", PASSWORD).header("host", "192.168.1.5:8420");
        assert_eq!(cookie_of(&house, lan).await, plain());
        let behind = House::with(&world.ctx, config(true));
        let no_scheme = sign_in("ann", PASSWORD).header("host", "127.0.0.1:8420");
        assert_eq!(cookie_of(&behind, no_scheme).await, secure());
    }

    async fn a_plain_cookie_does_not_sign_in_where_the_secure_one_is_due(world: World) {
        let house = House::new(&world.ctx);
        let cookie = house.member("ann", Role::Listener).await;
        let on_loopback = |cookie: &str| whoami(cookie).header("host", "localhost:8420");
        assert_eq!(house.ask(on_loopback(&cookie)).await.problem(), refused(401, "sign_in"));
        let promoted = cookie.replace("odeon=", "__Host-odeon=");
        assert_eq!(house.ask(on_loopback(&promoted)).await.status, StatusCode::OK);
        let among_others = format!("a=b; x; ={}; {promoted}; odeon=zzz", "y".repeat(500));
        assert_eq!(house.ask(on_loopback(&among_others)).await.status, StatusCode::OK);
    }

    async fn forwarded_addresses_count_only_from_a_trusted_proxy_and_only_the_last(world: World) {
        let house = House::with(&world.ctx, Config { public_url: None, trust_proxy: true });
        house.account("ann", Role::Listener).await;
        for number in 0..31 {
            // What stands first is the client's own claim and changes with each try.
            let claim = format!("203.0.113.{number}, 198.51.100.9");
            let ask = proxied(sign_in(&format!("victim{number}"), OTHER_PASSWORD), &claim);
            assert_eq!(house.ask(ask).await.problem(), refused(401, "credentials"));
        }
        for same in ["198.51.100.9", "8.8.8.8,198.51.100.9:4711", "x, ::ffff:198.51.100.9", "[::ffff:198.51.100.9]:1"] {
            let ask = proxied(sign_in("ann", PASSWORD), same);
            assert_eq!(house.ask(ask).await.problem(), refused(429, "too_many_guesses"), "{same}");
        }
        for other in ["198.51.100.10", "198.51.100.9, 192.0.2.77", "198.51.100.9, nonsense", ""] {
            assert_eq!(house.ask(proxied(sign_in("ann", PASSWORD), other)).await.status, StatusCode::OK, "{other}");
        }
        let direct = House::new(&world.ctx);
        let ask = sign_in("ann", PASSWORD).from("192.0.2.50").header("x-forwarded-for", "198.51.100.9");
        assert_eq!(direct.ask(ask).await.status, StatusCode::OK, "not believed without a trusted proxy");
    }

    async fn connections_without_an_address_count_together(world: World) {
        let house = House::new(&world.ctx);
        house.account("ann", Role::Listener).await;
        let ask = |handle: &str, password: &str| {
            let mut ask = sign_in(handle, password);
            ask.from = None;
            ask
        };
        for number in 0..31 {
            let answer = house.ask(ask(&format!("victim{number}"), OTHER_PASSWORD)).await;
            assert_eq!(answer.problem(), refused(401, "credentials"));
        }
        assert_eq!(house.ask(ask("ann", PASSWORD)).await.problem(), refused(429, "too_many_guesses"));
        house.signed_in("ann").await;
    }
}
