//! Podcasts as music apps follow them, with a feed from a real server.

use std::time::Duration;

use kernel::{
    on_both_engines,
    testkit::{
        World,
        foreign::{Asked, Foreign, Step, answer, fetcher_on_loopback},
    },
};

use super::*;

/// A server with a feed of so many episodes, of which no file can be had.
pub(super) async fn show(episodes: usize) -> Foreign {
    told_at_length(episodes, "").await
}

/// The same with something at the end of all notes.
async fn told_at_length(episodes: usize, more: &str) -> Foreign {
    let item = |number: usize| {
        format!(
            "<item><title>Episode {number}</title><guid>{number}</guid><description>Notes {number}{more}</description>
            <pubDate>{:02} Jan 2026 10:00:00 GMT</pubDate>
            <enclosure url=\"http://127.0.0.1:1/{number}.mp3\" length=\"5\" type=\"audio/mpeg\"/></item>",
            number + 1
        )
    };
    let items = (0..episodes).map(item).collect::<Vec<_>>().concat();
    let feed = format!(
        "<rss><channel><title>The show</title><description>Talk</description>{items}</channel></rss>"
    );
    Foreign::start(move |asked: &Asked| -> Vec<Step> {
        if asked.path == "/feed" { answer(200, &[], &feed) } else { answer(404, &[], "") }
    })
    .await
}

fn house(world: &World) -> House {
    House::new(&world.ctx.clone().with_fetch(fetcher_on_loopback()))
}

impl House {
    async fn follows(&self, key: &str, show: &Foreign) -> Value {
        let url: String = form_urlencoded::byte_serialize(show.at("/feed").as_bytes()).collect();
        self.good(key, "createPodcastChannel", &format!("url={url}"), "x").await;
        self.good(key, "getPodcasts", "", "podcasts").await["channel"][0].clone()
    }

    async fn episode(&self, key: &str, id: &str) -> Value {
        self.good(key, "getPodcastEpisode", &format!("id={id}"), "podcastEpisode").await
    }
}

on_both_engines! {
    async fn a_listener_follows_a_podcast(world: World) {
        let house = house(&world);
        let ann = house.member("ann", Role::Listener).await;
        assert_eq!(house.good(&ann, "getPodcasts", "", "podcasts").await["channel"], json!([]));
        let channel = house.follows(&ann, &show(4).await).await;
        assert_eq!((&channel["title"], &channel["description"], &channel["status"]), (&json!("The show"), &json!("Talk"), &json!("completed")));
        assert_eq!(each(&channel["episode"], "title"), ["Episode 3", "Episode 2", "Episode 1", "Episode 0"]);
        let first = &channel["episode"][0];
        assert_eq!((&first["description"], &first["type"], &first["status"]), (&json!("Notes 3"), &json!("podcast"), &json!("skipped")));
        assert_eq!((&first["album"], &first["publishDate"]), (&json!("The show"), &json!("2026-01-04T10:00:00.000Z")));
        assert_eq!(first["streamId"], Value::Null, "it is not here");
        let id = channel["id"].as_str().expect("an id");
        let alone = house.good(&ann, "getPodcasts", &format!("id={id}&includeEpisodes=false"), "podcasts").await;
        assert_eq!((alone["channel"].as_array().map(Vec::len), &alone["channel"][0]["episode"]), (Some(1), &Value::Null));
        let newest = house.good(&ann, "getNewestPodcasts", "count=2", "newestPodcasts").await;
        assert_eq!(each(&newest["episode"], "title"), ["Episode 3", "Episode 2"]);
        house.good(&ann, "refreshPodcasts", "", "x").await;
        let episode = first["id"].as_str().expect("an id");
        house.good(&ann, "downloadPodcastEpisode", &format!("id={episode}"), "x").await;
        assert_eq!(house.episode(&ann, episode).await["status"], "downloading");
        house.good(&ann, "deletePodcastEpisode", &format!("id={episode}"), "x").await;
        assert_eq!(house.episode(&ann, episode).await["status"], "skipped");
        house.good(&ann, "deletePodcastChannel", &format!("id={id}"), "x").await;
        assert_eq!(house.good(&ann, "getPodcasts", "", "podcasts").await["channel"], json!([]));
        assert_eq!(house.refused(&ann, "getPodcastEpisode", &format!("id={episode}")).await, 70);
    }

    async fn lists_come_with_the_begin_of_long_notes_and_an_episode_with_all_of_them(world: World) {
        let house = house(&world);
        let ann = house.member("ann", Role::Listener).await;
        let channel = house.follows(&ann, &told_at_length(3, &"é".repeat(3_000)).await).await;
        let newest = house.good(&ann, "getNewestPodcasts", "", "newestPodcasts").await;
        for list in [&channel["episode"], &newest["episode"]] {
            for notes in each(list, "description") {
                assert!(notes.starts_with("Notes ") && notes.ends_with("é…"), "{notes}");
                assert_eq!(notes.chars().count(), 500);
            }
        }
        let id = channel["episode"][0]["id"].as_str().expect("an id");
        let whole = house.episode(&ann, id).await;
        assert_eq!(whole["description"].as_str().expect("notes").chars().count(), "Notes 2".len() + 3_000);
        house.good(&ann, "createBookmark", &format!("id={id}&position=61000"), "x").await;
        let entry = house.good(&ann, "getBookmarks", "", "bookmarks").await["bookmark"][0]["entry"].clone();
        assert_eq!((&entry["title"], &entry["description"]), (&json!("Episode 2"), &Value::Null));
    }

    async fn an_episode_goes_on_where_an_app_left_it(world: World) {
        let house = house(&world);
        let ann = house.member("ann", Role::Listener).await;
        let channel = house.follows(&ann, &show(2).await).await;
        let id = channel["episode"][0]["id"].as_str().expect("an id");
        let bookmarks = || async { house.good(&ann, "getBookmarks", "", "bookmarks").await["bookmark"].clone() };
        house.good(&ann, "createBookmark", &format!("id={id}&position=61000"), "x").await;
        let list = bookmarks().await;
        assert_eq!((&list[0]["position"], &list[0]["entry"]["id"], &list[0]["entry"]["album"]), (&json!(61_000), &json!(id), &json!("The show")));
        assert_eq!(house.episode(&ann, id).await["bookmarkPosition"], 61_000);
        house.good(&ann, "deleteBookmark", &format!("id={id}"), "x").await;
        assert_eq!(bookmarks().await, json!([]));
        let report = format!("mediaId={id}&mediaType=podcast&positionMs=7000");
        house.good(&ann, "reportPlayback", &format!("{report}&state=playing"), "x").await;
        assert_eq!(bookmarks().await[0]["position"], 7_000);
        house.good(&ann, "scrobble", &format!("id={id}&submission=false"), "x").await;
        assert_eq!(bookmarks().await[0]["position"], 7_000, "that it plays does not put it back");
        house.good(&ann, "scrobble", &format!("id={id}"), "x").await;
        assert_eq!(bookmarks().await, json!([]), "who heard it is done with it");
        assert_eq!(house.refused(&ann, "reportPlayback", &format!("mediaId={id}&mediaType=song&positionMs=1&state=playing")).await, 70);
        assert_eq!(house.refused(&ann, "star", &format!("id={id}")).await, 70);
    }

    async fn what_an_app_tells_late_does_not_undo_where_somebody_went_on(world: World) {
        let house = house(&world);
        let ann = house.member("ann", Role::Listener).await;
        let channel = house.follows(&ann, &show(1).await).await;
        let id = channel["episode"][0]["id"].as_str().expect("an id");
        let ms = |time: kernel::Time| time.0 / 1_000;
        let early = ms(world.clock.now());
        let scrobble = |at: i64| {
            let (house, ann, more) = (&house, &ann, format!("id={id}&time={at}"));
            async move { house.good(ann, "scrobble", &more, "x").await }
        };
        world.clock.advance(Duration::from_hours(1));
        house.good(&ann, "createBookmark", &format!("id={id}&position=61000"), "x").await;
        world.clock.advance(Duration::from_hours(1));
        for at in [early, 0, -1, i64::MIN] {
            let _ = scrobble(at).await;
            assert_eq!(house.episode(&ann, id).await["bookmarkPosition"], 61_000, "{at}");
        }
        // What was heard after that counts, also by a phone whose clock is ahead.
        let _ = scrobble(ms(world.clock.now()) - 60_000).await;
        assert_eq!(house.episode(&ann, id).await["bookmarkPosition"], Value::Null);
        house.good(&ann, "createBookmark", &format!("id={id}&position=5000"), "x").await;
        let _ = scrobble(i64::MAX).await;
        assert_eq!(house.episode(&ann, id).await["bookmarkPosition"], Value::Null);
    }

    async fn what_somebody_follows_is_not_there_for_others(world: World) {
        let house = house(&world);
        let (ann, eve) = (house.member("ann", Role::Listener).await, house.member("eve", Role::Admin).await);
        let channel = house.follows(&ann, &show(2).await).await;
        let (id, episode) = (channel["id"].as_str().expect("an id"), channel["episode"][0]["id"].as_str().expect("an id"));
        assert_eq!(house.good(&eve, "getPodcasts", "", "podcasts").await["channel"], json!([]));
        assert_eq!(house.good(&eve, "getNewestPodcasts", "", "newestPodcasts").await["episode"], json!([]));
        for method in ["getPodcasts", "deletePodcastChannel", "getCoverArt"] {
            assert_eq!(house.refused(&eve, method, &format!("id={id}")).await, 70, "{method}");
        }
        for method in ["getPodcastEpisode", "deletePodcastEpisode", "downloadPodcastEpisode", "stream", "download",
            "getCoverArt", "deleteBookmark", "scrobble", "scrobble?submission=false"] {
            let (method, more) = method.split_once('?').unwrap_or((method, ""));
            assert_eq!(house.refused(&eve, method, &format!("id={episode}&{more}")).await, 70, "{method}");
        }
        assert_eq!(house.refused(&eve, "createBookmark", &format!("id={episode}&position=1")).await, 70);
        let report = format!("mediaId={episode}&mediaType=podcast&positionMs=1&state=playing");
        assert_eq!(house.refused(&eve, "reportPlayback", &report).await, 70);
        assert_eq!(house.episode(&ann, episode).await["status"], "skipped", "nothing was done");
    }

    async fn what_is_no_feed_is_refused_with_a_reason(world: World) {
        let house = house(&world);
        let ann = house.member("ann", Role::Listener).await;
        let server = show(1).await;
        for address in [server.at("/none"), "http://10.0.0.1/feed".to_owned(), "ftp://x/".to_owned(), String::new()] {
            let url: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
            assert_eq!(house.refused(&ann, "createPodcastChannel", &format!("url={url}")).await, 0, "{address}");
        }
        for method in ["createPodcastChannel", "deletePodcastChannel", "getPodcastEpisode", "downloadPodcastEpisode", "deletePodcastEpisode"] {
            assert_eq!(house.refused(&ann, method, "").await, 10, "{method}");
        }
        assert_eq!(house.refused(&ann, "deletePodcastChannel", "id=tr-1").await, 70);
        assert_eq!(house.refused(&ann, "getPodcasts", "includeEpisodes=maybe").await, 0);
    }

    async fn who_plays_what_is_not_here_waits_while_it_comes_but_not_for_ever(world: World) {
        let house = house(&world);
        let ann = house.member("ann", Role::Listener).await;
        let channel = house.follows(&ann, &show(1).await).await;
        let id = channel["episode"][0]["id"].as_str().expect("an id").to_owned();
        let clock = world.ctx.clock().clone();
        let turned = tokio::spawn(async move {
            loop {
                clock.advance(Duration::from_millis(500));
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(house.refused(&ann, "stream", &format!("id={id}")).await, 0);
        turned.abort();
        assert_eq!(house.episode(&ann, &id).await["status"], "downloading", "it was asked for");
    }
}
