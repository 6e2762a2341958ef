//! Whoever loses the right takes the link along.

use super::*;

on_both_engines! {
    async fn what_the_sharer_may_not_see_now_is_not_in_the_link(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let library = house.library(7, &[&ann]).await;
        let (album, tracks) = house.album("Rare", Some(library), 2).await;
        let (_, others) = house.album("Common", None, 1).await;
        for body in [json!({ "album": album }), json!({ "tracks": tracks }), json!({ "tracks": [others[0], tracks[0]] })] {
            let answer = house.ask(&bob, Method::POST, "/api/v1/shares", Some(&body)).await;
            let never = house.ask(&bob, Method::POST, "/api/v1/shares", Some(&json!({ "tracks": ["5"] }))).await;
            assert_eq!((answer.status, &answer.bytes), (StatusCode::NOT_FOUND, &never.bytes), "nobody shares what is hidden");
        }
        let whole = house.share(&ann, json!({ "album": album })).await;
        let mixed = house.share(&ann, json!({ "tracks": [others[0], tracks[0]] })).await;
        let grant = format!("{}/tracks/{}/grant", shared(&mixed), tracks[0]);
        assert_eq!(titles(&house, &whole).await.len(), 2);
        assert_eq!(house.post(&grant, &json!({})).await.status, StatusCode::OK);
        house.let_see(library, &[&bob]).await;
        assert_eq!(house.get(&shared(&whole)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.get(link(&whole)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(titles(&house, &mixed).await, ["Common 1"], "the rest stays");
        assert_eq!(house.post(&grant, &json!({})).await.status, StatusCode::NOT_FOUND);
        house.let_see(library, &[&ann, &bob]).await;
        assert_eq!(titles(&house, &whole).await.len(), 2);
    }

    async fn what_is_hidden_or_gone_leaves_the_link(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, tracks) = house.album("First", None, 2).await;
        let whole = house.share(&ann, json!({ "album": album })).await;
        let one = house.share(&ann, json!({ "tracks": [tracks[0]] })).await;
        house.hide(tracks[0]).await;
        assert_eq!(titles(&house, &whole).await, ["First 2"]);
        assert_eq!(house.get(&shared(&one)).await.status, StatusCode::NOT_FOUND);
        let grant = format!("{}/tracks/{}/grant", shared(&one), tracks[0]);
        assert_eq!(house.post(&grant, &json!({})).await.status, StatusCode::NOT_FOUND);
    }

    async fn the_link_of_an_account_that_is_gone_leads_nowhere(world: World) {
        let house = House::new(&world.ctx);
        let (album, _) = house.album("First", None, 1).await;
        // As if the account had been deleted: nobody of this number is in the house.
        let gone = Viewer { id: kernel::id::UserId(5), handle: "gone".to_owned(), role: Role::Listener, session: None, within: None };
        let share = house.share(&gone, json!({ "album": album })).await;
        assert_eq!(house.get(&shared(&share)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.get(link(&share)).await.status, StatusCode::NOT_FOUND);
    }

    async fn the_shares_of_who_is_removed_go_and_one_that_is_under_way_comes_too_late(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let root = house.member("root", Role::Admin).await;
        let (album, tracks) = house.album("First", None, 1).await;
        house.share(&ann, json!({ "album": album })).await;
        house.share(&ann, json!({ "tracks": tracks })).await;
        let bobs = house.share(&bob, json!({ "album": album })).await;
        accounts::members::remove(&world.ctx, &root, ann.id).await.expect("removed");
        kernel::outbox::catch_up(&world.ctx, &crate::projections()).await.expect("it is heard");
        let all = house.ask(&root, Method::GET, "/api/v1/shares?everybody=true", None).await.json();
        let left: Vec<_> = all["items"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
        assert_eq!(left, [&bobs["id"]]);
        let late = house.ask(&ann, Method::POST, "/api/v1/shares", Some(&json!({ "album": album }))).await;
        assert_eq!(late.status, StatusCode::NOT_FOUND, "{}", late.text());
        assert_eq!(house.get(&shared(&bobs)).await.status, StatusCode::OK);
    }

    async fn links_that_lead_nowhere_are_answered_alike(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, tracks) = house.album("First", None, 1).await;
        let end = world.ctx.now().plus(minutes(10));
        let ended = house.share(&ann, json!({ "album": album, "expires_at": end, "password": "a secret" })).await;
        let revoked = house.share(&ann, json!({ "album": album })).await;
        let good = house.share(&ann, json!({ "album": album })).await;
        let (_, hidden) = house.album("Hidden", None, 1).await;
        let emptied = house.share(&ann, json!({ "tracks": hidden })).await;
        let locked = json!({ "tracks": hidden, "password": "a secret", "downloads": true });
        let locked = house.share(&ann, locked).await;
        house.hide(hidden[0]).await;
        assert_eq!(house.get(&shared(&ended)).await.status, StatusCode::OK);
        world.clock.advance(minutes(10));
        assert_eq!(house.revoke(&ann, &revoked).await, StatusCode::NO_CONTENT);
        let wrong = "A".repeat(22);
        let odd = ["%00".to_owned(), "é".repeat(11), "x".repeat(5000), "..%2f..%2fapi".to_owned()];
        let paths = [shared(&emptied), shared(&locked), shared(&ended), shared(&revoked), format!("/api/v1/shared/{wrong}"), format!("/api/v1/shared/{}", "b".repeat(23))];
        let paths = paths.into_iter().chain(odd.into_iter().map(|odd| format!("/api/v1/shared/{}", odd.replace('é', "%C3%A9"))));
        let first = house.get(&format!("/api/v1/shared/{}", "C".repeat(22))).await;
        for path in paths {
            let answer = house.get(&path).await;
            assert_eq!((answer.status, &answer.bytes), (StatusCode::NOT_FOUND, &first.bytes), "{path}");
            let unlock = house.post(&format!("{path}/unlock"), &json!({ "password": "a secret" })).await;
            assert_eq!((unlock.status, &unlock.bytes), (StatusCode::NOT_FOUND, &first.bytes), "{path}");
            let archive = house.get(&format!("{path}/archive")).await;
            assert_eq!((archive.status, &archive.bytes), (StatusCode::NOT_FOUND, &first.bytes), "{path}");
            for (method, thing) in [(Method::POST, "grant"), (Method::POST, "heard"), (Method::GET, "file")] {
                for track in [tracks[0], hidden[0]] {
                    let path = format!("{path}/tracks/{track}/{thing}");
                    let request = Request::builder().method(method.clone()).uri(&path).body(Body::empty());
                    let answer = house.send(request.expect("a request")).await;
                    assert_eq!((answer.status, &answer.bytes), (StatusCode::NOT_FOUND, &first.bytes), "{path}");
                }
            }
        }
        for share in [&emptied, &locked] {
            assert_eq!(house.seen(&ann, share).await["plays"], 0, "nothing was heard");
        }
        assert_eq!(house.get(&shared(&good)).await.status, StatusCode::OK);
        // Its owner sees that it ended, and may let it go on.
        let now = house.seen(&ann, &ended).await;
        assert_eq!(now["expired"], true);
        let answer = house.edit(&ann, &ended, json!({ "expires_at": null, "password": null })).await;
        assert_eq!((answer.status, &answer.json()["expired"]), (StatusCode::OK, &json!(false)));
        assert_eq!(titles(&house, &ended).await, ["First 1"]);
    }
}
