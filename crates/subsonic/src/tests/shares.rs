use kernel::{on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn an_app_shares_an_album_and_manages_its_own_links_alone(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Listener).await, house.member("root", Role::Admin).await);
        let tracks = house.album("Ann Other", "First").await;
        let song = house.good(&ann, "getSong", &format!("id=tr-{}", tracks[0]), "song").await;
        let album = song["albumId"].as_str().expect("an album").to_owned();
        assert_eq!(house.good(&ann, "getUser", "username=ann", "user").await["shareRole"], true);
        let more = format!("id={album}&description=Listen&expires=1767229200000");
        let made = house.good(&ann, "createShare", &more, "shares").await["share"][0].clone();
        assert_eq!((&made["description"], &made["username"], &made["visitCount"]), (&json!("Listen"), &json!("ann"), &json!(0)));
        assert_eq!(made["expires"], "2026-01-01T01:00:00.000Z");
        assert_eq!(each(&made["entry"], "title"), ["First 1", "First 2", "First 3"]);
        let id = made["id"].as_str().expect("an id").to_owned();
        assert!(made["url"].as_str().expect("a link").contains("/s/"), "{made}");
        let some = format!("id=tr-{}&id=tr-{}", tracks[2], tracks[0]);
        let some = house.good(&ann, "createShare", &some, "shares").await["share"][0].clone();
        assert_eq!((each(&some["entry"], "title"), &some["expires"]), (vec!["First 3", "First 1"], &Value::Null));
        let mixed = house.good(&ann, "createShare", &format!("id={album}&id=tr-{}", tracks[0]), "shares").await;
        assert_eq!(each(&mixed["share"][0]["entry"], "title").len(), 4);
        let listed = house.good(&ann, "getShares", "", "shares").await;
        assert_eq!(listed["share"].as_array().expect("a list").len(), 3);
        // Whoever else is asked knows nothing of them, and an administrator revokes in the page.
        let bob = house.member("bob", Role::Moderator).await;
        let others = house.good(&bob, "getShares", "", "shares").await;
        assert!(others["share"].as_array().is_none_or(Vec::is_empty), "{others}");
        for method in ["updateShare", "deleteShare"] {
            assert_eq!(house.refused(&bob, method, &format!("id={id}&description=x")).await, 70, "{method}");
            assert_eq!(house.refused(&root, method, &format!("id={id}&description=x")).await, 50, "{method}");
        }
        assert_eq!(house.call(&ann, "updateShare", &format!("id={id}&description=&expires=0")).await["status"], "ok");
        let listed = house.good(&ann, "getShares", "", "shares").await;
        let now = listed["share"].as_array().expect("a list").iter().find(|share| share["id"] == id.as_str()).expect("it is there");
        assert_eq!((&now["description"], &now["expires"]), (&Value::Null, &Value::Null));
        assert_eq!(house.call(&ann, "deleteShare", &format!("id={id}")).await["status"], "ok");
        assert_eq!(house.refused(&ann, "deleteShare", &format!("id={id}")).await, 70);
        for (bad, code) in [("", 10), ("id=tr-5", 70), ("id=pl-5", 70), ("id=1", 0), ("id=x", 70), ("id=tr-1&id=pl-1", 0)] {
            assert_eq!(house.refused(&ann, "createShare", bad).await, code, "{bad}");
        }
        assert_eq!(house.refused(&ann, "createShare", &format!("id={album}&expires=1000")).await, 0, "it would have ended already");
    }

    async fn an_app_shares_a_film(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let source = SourceFile { mime: "video/mp4".to_owned(), codec: "h264".to_owned(), ..file("/films/a.mp4") };
        let film = house.film("Waves", source).await;
        let made = house.good(&ann, "createShare", &format!("id=vi-{film}"), "shares").await["share"][0].clone();
        assert_eq!((&made["entry"][0]["title"], &made["entry"][0]["isVideo"]), (&json!("Waves"), &json!(true)), "{made}");
        assert_eq!(house.refused(&ann, "createShare", "id=vi-5").await, 70);
        assert_eq!(house.refused(&ann, "createShare", &format!("id=vi-{film}&id=vi-{film}")).await, 0, "one alone");
    }
}
