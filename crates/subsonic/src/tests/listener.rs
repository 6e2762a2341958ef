use kernel::{on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn a_queue_goes_on_elsewhere_and_is_nobody_elses(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let songs: Vec<String> = house.album("Ann Other", "First").await.iter().map(|id| format!("tr-{id}")).collect();
        assert_eq!(house.good(&ann, "getPlayQueue", "", "playQueue").await, Value::Null, "none was saved");
        let ids = format!("id={}&id={}&id={}", songs[0], songs[1], songs[0]);
        house.good(&ann, "savePlayQueue", &format!("{ids}&current={}&position=1500", songs[1]), "x").await;
        let queue = house.good(&ann, "getPlayQueue", "", "playQueue").await;
        assert_eq!(each(&queue["entry"], "id"), [&songs[0], &songs[1], &songs[0]]);
        assert_eq!((&queue["current"], &queue["position"], &queue["changedBy"], &queue["username"]), (&json!(songs[1]), &json!(1500), &json!("test"), &json!("ann")));
        house.good(&ann, "savePlayQueueByIndex", &format!("{ids}&currentIndex=2&position=7"), "x").await;
        let queue = house.good(&ann, "getPlayQueueByIndex", "", "playQueueByIndex").await;
        assert_eq!((&queue["currentIndex"], &queue["position"]), (&json!(2), &json!(7)));
        assert_eq!(house.good(&eve, "getPlayQueue", "", "playQueue").await, Value::Null);
        assert_eq!(house.refused(&ann, "savePlayQueue", &format!("{ids}&current={}", songs[2])).await, 0);
        assert_eq!(house.refused(&ann, "savePlayQueue", "id=al-1").await, 70);
        assert_eq!(house.refused(&ann, "savePlayQueueByIndex", &format!("{ids}&currentIndex=3")).await, 10);
        house.good(&ann, "savePlayQueue", "", "x").await;
        assert_eq!(house.good(&ann, "getPlayQueue", "", "playQueue").await["entry"], json!([]));
    }

    async fn bookmarks_are_put_listed_and_removed(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let songs = house.album("Ann Other", "First").await;
        let source = SourceFile { mime: "video/mp4".to_owned(), codec: "h264".to_owned(), ..file("/films/a.mp4") };
        let film = house.film("A Film", source).await;
        house.good(&ann, "createBookmark", &format!("id=tr-{}&position=61000&comment=here", songs[0]), "x").await;
        house.good(&ann, "createBookmark", &format!("id=vi-{film}&position=5"), "x").await;
        let list = house.good(&ann, "getBookmarks", "", "bookmarks").await;
        let mut titles: Vec<_> = list["bookmark"].as_array().expect("a list").iter().map(|one| one["entry"]["title"].as_str().expect("a title")).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["A Film", "First 1"]);
        assert_eq!(house.good(&eve, "getBookmarks", "", "bookmarks").await["bookmark"], json!([]));
        assert_eq!(house.refused(&eve, "deleteBookmark", &format!("id=tr-{}", songs[0])).await, 70);
        house.good(&ann, "deleteBookmark", &format!("id=tr-{}", songs[0]), "x").await;
        house.good(&ann, "deleteBookmark", &format!("id=vi-{film}"), "x").await;
        assert_eq!(house.good(&ann, "getBookmarks", "", "bookmarks").await["bookmark"], json!([]));
        assert_eq!(house.refused(&ann, "createBookmark", "id=tr-1&position=1").await, 70);
        assert_eq!(house.refused(&ann, "createBookmark", &format!("id=tr-{}", songs[0])).await, 10);
        assert_eq!(house.refused(&ann, "createBookmark", "id=ar-1&position=1").await, 70);
    }
}
