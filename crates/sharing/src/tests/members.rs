//! Owners, others and administrators.

use super::*;

on_both_engines! {
    async fn only_its_owner_sees_the_link_and_changes_the_share(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Moderator).await);
        let root = house.member("root", Role::Admin).await;
        let (album, _) = house.album("First", None, 1).await;
        let share = house.share(&ann, json!({ "album": album })).await;
        let own = house.share(&root, json!({ "album": album })).await;
        let path = format!("/api/v1/shares/{}", share["id"].as_str().expect("an id"));
        assert_eq!(house.ask(&bob, Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.edit(&bob, &share, json!({ "downloads": true })).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.revoke(&bob, &share).await, StatusCode::NOT_FOUND);
        assert!(house.ask(&bob, Method::GET, "/api/v1/shares", None).await.json()["items"].as_array().expect("a list").is_empty());
        assert_eq!(house.ask(&bob, Method::GET, "/api/v1/shares?everybody=true", None).await.status, StatusCode::FORBIDDEN);
        for path in ["/api/v1/shares", path.as_str()] {
            assert_eq!(house.get(path).await.status, StatusCode::UNAUTHORIZED);
        }
        let all = house.ask(&root, Method::GET, "/api/v1/shares?everybody=true", None).await;
        let secret = link(&share).strip_prefix("/s/").expect("a link");
        assert!(!all.text().contains(secret), "an administrator needs no link to revoke one");
        let all = all.json();
        assert_eq!((&all["items"][0]["link"], &all["items"][1]["link"]), (&own["link"], &Value::Null));
        assert_eq!(all["items"][1]["owner"], json!({ "id": ann.id, "name": "ann" }));
        assert_eq!(house.seen(&root, &share).await["link"], Value::Null);
        assert_eq!(house.edit(&root, &share, json!({ "downloads": true })).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.revoke(&root, &share).await, StatusCode::NO_CONTENT);
        assert_eq!(house.get(&shared(&share)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.revoke(&ann, &share).await, StatusCode::NOT_FOUND);
    }

    async fn a_share_is_changed_in_parts(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (_, tracks) = house.album("First", None, 3).await;
        let end = world.ctx.now().plus(minutes(60));
        let body = json!({ "tracks": [tracks[1], tracks[0]], "description": "One", "expires_at": end, "password": "sesame" });
        let share = house.share(&ann, body).await;
        assert_eq!((&share["title"], &share["item"]), (&json!("First 2 and 1 more"), &Value::Null));
        let changed = house.edit(&ann, &share, json!({ "downloads": true })).await.json();
        assert_eq!((&changed["description"], &changed["has_password"], &changed["downloads"]), (&json!("One"), &json!(true), &json!(true)));
        assert_eq!(changed["expires_at"], json!(end));
        let changed = house.edit(&ann, &share, json!({ "description": "", "expires_at": null, "password": null })).await.json();
        assert_eq!((&changed["description"], &changed["has_password"], &changed["downloads"]), (&json!(""), &json!(false), &json!(true)));
        assert_eq!(changed["expires_at"], Value::Null);
        assert_eq!(titles(&house, &share).await, ["First 2", "First 1"]);
    }

    async fn shares_are_listed_by_pages_the_newest_first(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (_, tracks) = house.album("First", None, 3).await;
        for track in &tracks {
            house.share(&ann, json!({ "tracks": [track] })).await;
        }
        let first = house.ask(&ann, Method::GET, "/api/v1/shares?limit=2", None).await.json();
        let names = |page: &Value| page["items"].as_array().expect("a list").iter().map(|one| one["title"].clone()).collect::<Vec<_>>();
        assert_eq!(names(&first), ["First 3", "First 2"]);
        let next = format!("/api/v1/shares?limit=2&after={}", first["next"].as_str().expect("more"));
        let second = house.ask(&ann, Method::GET, &next, None).await.json();
        assert_eq!((names(&second), &second["next"]), (vec![json!("First 1")], &Value::Null));
        let bad = house.ask(&ann, Method::GET, "/api/v1/shares?after=x", None).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
