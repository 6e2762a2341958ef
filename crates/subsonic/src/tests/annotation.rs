use std::time::Duration;

use kernel::{on_both_engines, testkit::World};

use super::*;

/// The identifiers of a song, its album and its artist.
async fn ids(house: &House, key: &str, track: TrackId) -> [String; 3] {
    let song = house.good(key, "getSong", &format!("id=tr-{track}"), "song").await;
    ["id", "albumId", "artistId"].map(|name| song[name].as_str().expect("an id").to_owned())
}

on_both_engines! {
    async fn favourites_are_listed_in_both_ways_and_are_nobody_elses(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let tracks = house.album("Ann Other", "First").await;
        let [song, album, artist] = ids(&house, &ann, tracks[0]).await;
        house.call(&ann, "star", &format!("id={song}&albumId={album}&artistId={artist}")).await;
        for (method, name, title) in [("getStarred", "starred", "title"), ("getStarred2", "starred2", "name")] {
            let starred = house.good(&ann, method, "", name).await;
            assert_eq!(each(&starred["song"], "id"), [&song]);
            assert_eq!(each(&starred["album"], title), ["First"]);
            assert_eq!(each(&starred["artist"], "name"), ["Ann Other"]);
            assert!(starred["album"][0]["starred"].as_str().is_some_and(|at| at.starts_with("2026-01-01T")));
            let of_eve = house.good(&eve, method, "", name).await;
            assert_eq!(of_eve, json!({ "artist": [], "album": [], "song": [] }));
        }
        let list = house.good(&ann, "getAlbumList2", "type=starred", "albumList2").await;
        assert_eq!(each(&list["album"], "id"), [&album]);
        assert_eq!(house.good(&eve, "getSong", &format!("id={song}"), "song").await["starred"], Value::Null);
        house.call(&ann, "unstar", &format!("id={song}&id={album}&id={artist}")).await;
        let none = house.good(&ann, "getStarred2", "", "starred2").await;
        assert_eq!(none, json!({ "artist": [], "album": [], "song": [] }));
        for method in ["star", "unstar"] {
            assert_eq!(house.refused(&ann, method, "").await, 10);
            assert_eq!(house.refused(&ann, method, "id=tr-1").await, 70);
            assert_eq!(house.refused(&ann, method, "id=1").await, 70);
        }
    }

    async fn ratings_are_given_changed_and_taken_away(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let tracks = house.album("Ann Other", "First").await;
        let [song, album, _] = ids(&house, &ann, tracks[0]).await;
        for (rating, seen) in [(5, json!(5)), (1, json!(1)), (0, Value::Null)] {
            for id in [&song, &album] {
                house.good(&ann, "setRating", &format!("id={id}&rating={rating}"), "x").await;
            }
            assert_eq!(house.good(&ann, "getSong", &format!("id={song}"), "song").await["userRating"], seen);
            let best = house.good(&ann, "getAlbumList2", "type=highest", "albumList2").await;
            assert_eq!(best["album"].as_array().map(Vec::len), Some(usize::from(rating > 0)));
        }
        assert_eq!(house.refused(&ann, "setRating", &format!("id={song}&rating=6")).await, 0);
        assert_eq!(house.refused(&ann, "setRating", &format!("id={song}&rating=-1")).await, 0);
        assert_eq!(house.refused(&ann, "setRating", &format!("id={song}")).await, 10);
        assert_eq!(house.refused(&ann, "setRating", "id=tr-1&rating=3").await, 70);
    }

    async fn plays_are_counted_once_with_their_times(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Listener).await);
        let tracks = house.album("Ann Other", "First").await;
        let both = format!("id=tr-{}&id=tr-{}&time=1700000000000&time=1700000100000", tracks[0], tracks[1]);
        for _ in 0..2 {
            house.good(&ann, "scrobble", &both, "x").await;
        }
        let song = house.good(&ann, "getSong", &format!("id=tr-{}", tracks[1]), "song").await;
        assert_eq!((&song["playCount"], &song["played"]), (&json!(1), &json!("2023-11-14T22:15:00.000Z")));
        let recent = house.good(&ann, "getAlbumList2", "type=recent", "albumList2").await;
        assert_eq!(recent["album"][0]["playCount"], 2);
        assert_eq!(house.good(&eve, "getAlbumList2", "type=frequent", "albumList2").await["album"], json!([]));
        assert_eq!(house.refused(&ann, "scrobble", "").await, 10);
        assert_eq!(house.refused(&ann, "scrobble", "id=tr-1").await, 70);
        assert_eq!(house.refused(&ann, "scrobble", &format!("id=tr-{}&time=x", tracks[0])).await, 0);
        let offline = format!("id=tr-{}&id=tr-1&id=tr-{}&time=1800000000000&time=1&time=1800000300000", tracks[0], tracks[1]);
        house.good(&ann, "scrobble", &offline, "x").await;
        let song = house.good(&ann, "getSong", &format!("id=tr-{}", tracks[1]), "song").await;
        assert_eq!(song["playCount"], 2, "what is gone holds up nothing behind it");
    }

    async fn what_plays_now_is_shown_to_whom_it_plays_for(world: World) {
        let house = House::new(&world.ctx);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let tracks = house.album("Ann Other", "First").await;
        house.good(&ann, "scrobble", &format!("id=tr-{}&submission=false", tracks[0]), "x").await;
        let playing = house.good(&ann, "getNowPlaying", "", "nowPlaying").await;
        let entry = &playing["entry"][0];
        assert_eq!((&entry["username"], &entry["playerName"], &entry["minutesAgo"]), (&json!("ann"), &json!("test"), &json!(0)));
        assert_eq!(entry["title"], "First 1");
        assert_eq!(house.good(&eve, "getNowPlaying", "", "nowPlaying").await["entry"], json!([]));
        let report = |state: &str, ms: u32| format!("mediaId=tr-{}&mediaType=song&state={state}&positionMs={ms}", tracks[1]);
        house.good(&ann, "reportPlayback", &report("playing", 10_000), "x").await;
        world.clock.advance(Duration::from_secs(5));
        let playing = house.good(&ann, "getNowPlaying", "", "nowPlaying").await;
        assert_eq!((&playing["entry"][0]["title"], &playing["entry"][0]["positionMs"]), (&json!("First 2"), &json!(15_000)));
        house.good(&ann, "reportPlayback", &report("stopped", 40_000), "x").await;
        assert_eq!(house.good(&ann, "getNowPlaying", "", "nowPlaying").await["entry"], json!([]));
        let song = house.good(&ann, "getSong", &format!("id=tr-{}", tracks[1]), "song").await;
        assert_eq!(song["playCount"], 1, "more than half of it was heard");
        house.good(&ann, "reportPlayback", &format!("{}&ignoreScrobble=true", report("stopped", 60_000)), "x").await;
        house.good(&ann, "reportPlayback", &report("stopped", 1_000), "x").await;
        let song = house.good(&ann, "getSong", &format!("id=tr-{}", tracks[1]), "song").await;
        assert_eq!(song["playCount"], 1);
        for bad in [report("dancing", 0), format!("{}&playbackRate=x", report("playing", 0))] {
            assert_eq!(house.refused(&ann, "reportPlayback", &bad).await, 0);
        }
        assert_eq!(house.refused(&ann, "reportPlayback", "mediaId=tr-1&mediaType=song&state=playing&positionMs=0").await, 70);
    }

    async fn songs_are_drawn_at_random_each_once(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        house.album("Ann Other", "First").await;
        let drawn = house.good(&ann, "getRandomSongs", "size=500", "randomSongs").await;
        let mut titles = each(&drawn["song"], "title");
        titles.sort_unstable();
        assert_eq!(titles, ["First 1", "First 2", "First 3"]);
        let none = house.good(&ann, "getRandomSongs", "fromYear=2000&toYear=2010", "randomSongs").await;
        assert_eq!(none["song"], json!([]));
        let years = house.good(&ann, "getAlbumList2", "type=byYear&fromYear=2000&toYear=1990", "albumList2").await;
        assert_eq!(each(&years["album"], "name"), ["First"]);
        assert_eq!(house.refused(&ann, "getAlbumList2", "type=byYear&fromYear=2000").await, 10);
    }
    async fn the_same_app_on_two_devices_plays_two_songs(world: World) {
        let house = House::new(&world.ctx);
        let phone = house.member("ann", Role::Listener).await;
        let tablet = accounts::add_token(&world.ctx, "ann", "tablet").await.expect("a key is made");
        let tracks = house.album("Ann Other", "First").await;
        for (key, track) in [(&phone, &tracks[0]), (&tablet, &tracks[1])] {
            let report = format!("mediaId=tr-{track}&mediaType=song&state=playing&positionMs=0");
            house.good(key, "reportPlayback", &report, "x").await;
        }
        let playing = house.good(&phone, "getNowPlaying", "", "nowPlaying").await;
        let mut titles = each(&playing["entry"], "title");
        titles.sort_unstable();
        assert_eq!(titles, ["First 1", "First 2"]);
        assert_eq!(each(&playing["entry"], "playerName"), ["test", "test"]);
        // One of them stops, and the other plays on.
        let stopped = format!("mediaId=tr-{}&mediaType=song&state=stopped&positionMs=0", tracks[0]);
        house.good(&phone, "reportPlayback", &stopped, "x").await;
        let playing = house.good(&phone, "getNowPlaying", "", "nowPlaying").await;
        assert_eq!(each(&playing["entry"], "title"), ["First 2"]);
    }
}
