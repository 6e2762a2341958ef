//! Stories of podcasts: real feeds from a real server on both engines.

mod races;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use delivery::Config;
use ingest::{
    media::{Engine as MediaEngine, Launcher, Tools},
    upload::Floor,
};
use kernel::{
    Ctx, PageQuery,
    db::STATEMENTS,
    http::{Role, Viewer},
    id::UserId,
    jobs::Runner,
    on_both_engines,
    testkit::{
        World, eventually,
        foreign::{Asked, Foreign, Step, answer, fetcher_on_loopback},
    },
};

use crate::{
    Error, Podcasts,
    jobs::{Settings, handlers, look, refresh_handler, sweep, sweep_blobs},
    model::{EpisodeProgress, EpisodeState, PodcastSettings},
};

fn house(world: &World) -> (Ctx, Podcasts) {
    let ctx = world.ctx.clone().with_fetch(fetcher_on_loopback());
    let (_, _, direct) = delivery::parts_and_direct(ctx.clone(), Config::default());
    (ctx.clone(), Podcasts::new(ctx, direct))
}

fn viewer(id: i64) -> Viewer {
    Viewer { id: UserId(id), handle: format!("v{id}"), role: Role::Listener, session: None, within: None }
}

fn feed(episodes: std::ops::Range<usize>) -> String {
    let item = |number: usize| {
        format!(
            "<item><title>Episode {number}</title><guid>{number}</guid>
            <pubDate>{:02} Jan 2026 10:00:00 GMT</pubDate>
            <enclosure url=\"http://cdn.test/{number}.mp3\" length=\"5\" type=\"audio/mpeg\"/></item>",
            number + 1
        )
    };
    let items = episodes.rev().map(item).collect::<Vec<_>>().concat();
    format!("<rss><channel><title>The show</title>{items}</channel></rss>")
}

/// A server with a feed that grows by an episode whenever `more` does.
async fn growing(more: &Arc<AtomicUsize>) -> Foreign {
    let more = Arc::clone(more);
    Foreign::start(move |asked: &Asked| -> Vec<Step> {
        let count = more.load(Ordering::SeqCst);
        let etag = format!("\"{count}\"");
        if asked.headers.get("if-none-match") == Some(&etag) {
            return answer(304, &[], "");
        }
        match asked.path.as_str() {
            "/feed" => answer(200, &[("etag", &etag)], feed(0..count)),
            "/moved" => answer(301, &[("location", "/feed")], ""),
            "/here" => {
                let own = feed(0..1).replace("http://cdn.test/0.mp3", &asked_at(asked, "/missing.mp3"));
                answer(200, &[], own)
            }
            "/page" => answer(200, &[], "<html></html>"),
            _ => answer(404, &[], ""),
        }
    })
    .await
}

/// Another path of the server that was asked.
fn asked_at(asked: &Asked, path: &str) -> String {
    format!("http://{}{path}", asked.headers.get("host").expect("HTTP names the server"))
}

/// Jobs that wait or run.
async fn jobs_left(ctx: &Ctx) -> i64 {
    let counts = kernel::jobs::counts(ctx.db()).await.expect("counted");
    counts
        .into_iter()
        .filter(|(_, state, _)| state == "ready" || state == "running")
        .map(|(.., count)| count)
        .sum()
}

fn absent<T>(result: Result<T, Error>) {
    match result {
        Err(error) => assert_eq!(error.problem().status, 404),
        Ok(_) => panic!("it is there"),
    }
}

on_both_engines! {
    async fn a_listener_subscribes_and_sees_episodes_by_pages(world: World) {
        let (_, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(7))).await;
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        assert_eq!((podcast.title.as_str(), podcast.new_count, podcast.problem), ("The show", 0, None));
        let again = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("twice is once");
        assert_eq!(again.id, podcast.id);
        assert_eq!(podcasts.list(&ann, &PageQuery::default()).await.expect("a list").items.len(), 1);
        let mut query = PageQuery { after: None, limit: Some(3) };
        let mut titles = Vec::new();
        loop {
            let page = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes");
            titles.extend(page.items.into_iter().map(|episode| episode.title));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (0..7).rev().map(|number| format!("Episode {number}")).collect();
        assert_eq!(titles, expected);
    }

    async fn what_is_no_podcast_is_told_and_leaves_nothing(world: World) {
        let (_, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(1))).await;
        let ann = viewer(1);
        let inside = "http://10.0.0.1/feed".to_owned();
        for address in [server.at("/page"), server.at("/none"), inside, "feed".to_owned()] {
            let problem = podcasts.subscribe(&ann, &address).await.expect_err("refused").problem();
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "address"), "{address}");
        }
        assert!(podcasts.list(&ann, &PageQuery::default()).await.expect("a list").items.is_empty());
    }

    async fn nobody_sees_what_another_subscribes_to_or_does(world: World) {
        let (_, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(2))).await;
        let (ann, bob) = (viewer(1), viewer(2));
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        let query = PageQuery::default();
        let episode = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items[0].id;
        let half = EpisodeProgress { position_ms: 1_000, played: false, heard_ms_ago: 0 };
        assert!(podcasts.list(&bob, &query).await.expect("a list").items.is_empty());
        absent(podcasts.podcast(&bob, podcast.id).await);
        absent(podcasts.episodes(&bob, podcast.id, &query).await);
        absent(podcasts.episode(&bob, episode).await);
        absent(podcasts.set_progress(&bob, episode, half).await);
        absent(podcasts.download(&bob, episode).await);
        absent(podcasts.delete_download(&bob, episode).await);
        absent(podcasts.grant(&bob, episode).await);
        absent(podcasts.refresh(&bob, podcast.id).await);
        absent(podcasts.unsubscribe(&bob, podcast.id).await);
        // When both have it, what one does with it stays the one's own.
        podcasts.set_progress(&ann, episode, half).await.expect("noted");
        assert_eq!(podcasts.download(&ann, episode).await.expect("asked for"), EpisodeState::Waiting);
        let asked = server.asked().len();
        podcasts.subscribe(&bob, &server.at("/feed")).await.expect("it is a feed");
        assert!(server.asked().len() > asked, "also a feed that is here is asked for, so it looks like any other");
        let bobs = podcasts.episode(&bob, episode).await.expect("now it is there").episode;
        assert_eq!((bobs.position_ms, bobs.state), (0, EpisodeState::Remote));
        let anns = podcasts.episode(&ann, episode).await.expect("it is there").episode;
        assert_eq!((anns.position_ms, anns.state), (1_000, EpisodeState::Waiting));
    }

    async fn a_feed_is_read_again_by_itself_and_new_episodes_are_counted(world: World) {
        let (ctx, podcasts) = house(&world);
        let more = Arc::new(AtomicUsize::new(2));
        let server = growing(&more).await;
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/moved")).await.expect("it is a feed");
        assert_eq!(podcast.address, server.at("/feed"), "it moved for good");
        let eager = PodcastSettings { keep: 2, fetch_new: true, speed_percent: 150 };
        podcasts.set_settings(&ann, podcast.id, eager).await.expect("set");
        more.store(7, Ordering::SeqCst);
        world.clock.advance(Duration::from_hours(2));
        Runner::new("test").handlers(vec![refresh_handler()]).start(&ctx).await.expect("it starts");
        look(&ctx).await.expect("looked");
        let now = || async { podcasts.podcast(&ann, podcast.id).await.expect("it is there") };
        eventually("the new episodes are counted", || async { now().await.new_count == 5 }).await;
        let page = podcasts.episodes(&ann, podcast.id, &PageQuery::default()).await.expect("episodes");
        let waiting: Vec<_> = page.items.iter().map(|one| one.state == EpisodeState::Waiting).collect();
        assert_eq!(waiting, [true, true, false, false, false, false, false], "the two newest that are kept");
        let begun = EpisodeProgress { position_ms: 5, played: true, heard_ms_ago: 0 };
        podcasts.set_progress(&ann, page.items[0].id, begun).await.expect("noted");
        assert_eq!(now().await.new_count, 4);
    }

    async fn a_feed_that_vanishes_keeps_its_episodes_and_says_so(world: World) {
        let (ctx, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(2))).await;
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        drop(server);
        world.clock.advance(Duration::from_hours(2));
        Runner::new("test").handlers(vec![refresh_handler()]).start(&ctx).await.expect("it starts");
        look(&ctx).await.expect("looked");
        let failed = || async {
            let now = podcasts.podcast(&ann, podcast.id).await.expect("it is there");
            now.problem.is_some_and(|problem| problem.contains("can't be reached"))
        };
        eventually("it says that the feed is away", failed).await;
        let page = podcasts.episodes(&ann, podcast.id, &PageQuery::default()).await.expect("episodes");
        assert_eq!(page.items.len(), 2);
    }

    async fn a_cover_that_can_not_be_had_is_asked_for_once_an_hour_however_often_the_feed_is_read(world: World) {
        let (ctx, podcasts) = house(&world);
        let server = Foreign::start(|asked: &Asked| match asked.path.as_str() {
            "/feed" => {
                let image = format!("<channel><image><url>{}</url></image>", asked_at(asked, "/cover.jpg"));
                answer(200, &[], feed(0..1).replace("<channel>", &image))
            }
            _ => answer(503, &[], ""),
        }).await;
        let asked = |path: &'static str| server.asked().iter().filter(|asked| asked.path == path).count();
        Runner::new("test").handlers(vec![refresh_handler()]).start(&ctx).await.expect("it starts");
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        eventually("the cover is asked for at once", || async { asked("/cover.jpg") == 1 }).await;
        eventually("that is noted", || async { jobs_left(&ctx).await == 0 }).await;
        podcasts.refresh_all(&ann).await.expect("asked for");
        for read in 2..=5 {
            world.clock.advance(Duration::from_mins(2));
            if read % 2 == 0 {
                podcasts.refresh_all(&ann).await.expect("asked for");
            } else {
                podcasts.refresh(&ann, podcast.id).await.expect("asked for");
            }
            eventually("it was read again", || async { asked("/feed") == read }).await;
            eventually("that is noted", || async { jobs_left(&ctx).await == 0 }).await;
            podcasts.refresh_all(&ann).await.expect("asked for");
            assert_eq!(jobs_left(&ctx).await, 0, "what was just read is not read again");
        }
        assert_eq!(asked("/cover.jpg"), 1);
        world.clock.advance(Duration::from_hours(1));
        podcasts.refresh(&ann, podcast.id).await.expect("asked for");
        eventually("it is asked for again", || async { asked("/cover.jpg") == 2 }).await;
    }

    async fn a_feed_goes_with_its_last_subscriber(world: World) {
        let (ctx, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(2))).await;
        let (ann, bob) = (viewer(1), viewer(2));
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        podcasts.subscribe(&bob, &server.at("/feed")).await.expect("it is a feed");
        Runner::new("test").handlers(vec![refresh_handler()]).start(&ctx).await.expect("it starts");
        podcasts.unsubscribe(&ann, podcast.id).await.expect("ended");
        absent(podcasts.podcast(&ann, podcast.id).await);
        assert!(podcasts.podcast(&bob, podcast.id).await.is_ok());
        podcasts.unsubscribe(&bob, podcast.id).await.expect("ended");
        let gone = || async {
            // A job that runs just now does not see that the last one left; the next one does.
            world.clock.advance(Duration::from_mins(5));
            look(&ctx).await.expect("looked");
            let address = server.at("/feed");
            ctx.db().read(move |tx| crate::store::feed_at(tx, &address)).await.expect("asked").is_none()
        };
        eventually("the feed is gone", gone).await;
    }

    async fn downloads_beyond_what_is_kept_are_let_go(world: World) {
        let (_, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(5))).await;
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        let keep = PodcastSettings { keep: 2, fetch_new: false, speed_percent: 100 };
        podcasts.set_settings(&ann, podcast.id, keep).await.expect("set");
        let query = PageQuery::default();
        let all = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items;
        for number in [0, 1, 4] {
            podcasts.download(&ann, all[number].id).await.expect("asked for");
        }
        let states = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items;
        let here: Vec<_> = states.iter().map(|one| one.state != EpisodeState::Remote).collect();
        assert_eq!(here, [true, false, false, false, true], "the one just asked for stays, though it is the oldest");
        for wrong in [0, 101] {
            let wrong = PodcastSettings { keep: wrong, ..keep };
            let problem = podcasts.set_settings(&ann, podcast.id, wrong).await.expect_err("refused");
            assert_eq!(problem.problem().status, 422);
        }
    }

    async fn a_list_from_another_app_is_taken_over(world: World) {
        let (ctx, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(3))).await;
        let ann = viewer(1);
        let list = format!(
            "<opml><body><outline text=\"Mine\" xmlUrl=\"{}\"/><outline xmlUrl=\"ftp://x/\"/></body></opml>",
            server.at("/feed")
        );
        let done = podcasts.import(&ann, &list).await.expect("a list");
        assert_eq!((done.added, done.known, done.refused.len()), (1, 0, 1));
        let done = podcasts.import(&ann, &list).await.expect("a list");
        assert_eq!((done.added, done.known), (0, 1));
        Runner::new("test").handlers(vec![refresh_handler()]).start(&ctx).await.expect("it starts");
        let read = || async {
            let all = podcasts.list(&ann, &PageQuery::default()).await.expect("a list").items;
            all[0].title == "The show" && all[0].new_count == 0
        };
        eventually("the feed was read", read).await;
        assert!(podcasts.export(&ann).await.expect("a list").contains(&server.at("/feed")));
    }

    async fn the_newest_of_several_podcasts_come_first_whichever_they_are_of(world: World) {
        let (_, podcasts) = house(&world);
        let (old, new) = (growing(&Arc::new(AtomicUsize::new(5))).await, growing(&Arc::new(AtomicUsize::new(9))).await);
        let ann = viewer(1);
        for server in [&old, &new] {
            podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        }
        let titles = |told: Vec<crate::service::ToldEpisode>| -> Vec<String> {
            told.into_iter().map(|one| one.episode.title.replace("Episode ", "")).collect()
        };
        let newest = podcasts.told_newest(&ann, 6).await.expect("told");
        assert_eq!(titles(newest), ["8", "7", "6", "5", "4", "4"]);
        assert_eq!(podcasts.told_newest(&ann, 500).await.expect("told").len(), 14);
        assert!(podcasts.told_newest(&ann, 0).await.expect("told").is_empty());
        assert!(podcasts.told_newest(&viewer(2), 500).await.expect("told").is_empty());
        let begun = podcasts.told_newest(&ann, 2).await.expect("told");
        for (one, played) in begun.iter().zip([false, true]) {
            let progress = EpisodeProgress { position_ms: 5, played, heard_ms_ago: 0 };
            podcasts.set_progress(&ann, one.episode.id, progress).await.expect("noted");
        }
        let told = podcasts.told_begun(&ann, crate::EpisodeId(0), 10).await.expect("told");
        assert_eq!(titles(told), ["8"], "one that is played is not begun");
        let after = podcasts.told_begun(&ann, begun[0].episode.id, 10).await.expect("told");
        assert!(after.is_empty());
    }

    async fn what_was_heard_earlier_does_not_undo_what_was_heard_later(world: World) {
        let (_, podcasts) = house(&world);
        let server = growing(&Arc::new(AtomicUsize::new(1))).await;
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        let query = PageQuery::default();
        let id = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items[0].id;
        let heard = |position_ms, heard_ms_ago| EpisodeProgress { position_ms, played: false, heard_ms_ago };
        let at = || async { podcasts.episode(&ann, id).await.expect("it is there").episode.position_ms };
        podcasts.set_progress(&ann, id, heard(5_000, 0)).await.expect("noted");
        world.clock.advance(Duration::from_mins(1));
        podcasts.set_progress(&ann, id, heard(1_000, 90_000)).await.expect("no error, but old");
        assert_eq!(at().await, 5_000);
        podcasts.set_progress(&ann, id, heard(7_000, 30_000)).await.expect("noted");
        podcasts.set_progress(&ann, id, heard(9_000, u64::MAX)).await.expect("no error, but old");
        assert_eq!(at().await, 7_000);
    }

    async fn what_failed_is_tried_again_by_a_person_in_time_and_with_another_file(world: World) {
        let (ctx, podcasts) = house(&world);
        let more = Arc::new(AtomicUsize::new(1));
        let server = growing(&more).await;
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/feed")).await.expect("it is a feed");
        let query = PageQuery::default();
        let id = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items[0].id;
        let state = || async { podcasts.episode(&ann, id).await.expect("it is there").episode.state };
        let fail = |retry| {
            let ctx = ctx.clone();
            async move {
                let failed = ctx.db().write(move |tx| crate::store::set_failed(tx, id, "away", retry)).await;
                failed.expect("written");
            }
        };
        podcasts.download(&ann, id).await.expect("asked for");
        fail(None).await;
        assert_eq!(podcasts.grant(&ann, id).await.expect("an answer").state, EpisodeState::Failed);
        assert_eq!(podcasts.download(&ann, id).await.expect("again"), EpisodeState::Waiting);
        fail(Some(world.clock.now().plus(Duration::from_hours(2)))).await;
        sweep(&ctx).await.expect("swept");
        assert_eq!(state().await, EpisodeState::Failed, "not yet");
        world.clock.advance(Duration::from_hours(3));
        sweep(&ctx).await.expect("swept");
        assert_eq!(state().await, EpisodeState::Waiting);
        fail(None).await;
        podcasts.delete_download(&ann, id).await.expect("let go");
        assert_eq!(state().await, EpisodeState::Remote);
    }

    async fn a_full_list_enters_no_feed_and_feeds_without_subscriber_go(world: World) {
        let (ctx, podcasts) = house(&world);
        let ann = viewer(1);
        let list = |range: std::ops::Range<u64>| {
            let one = |number| format!("<outline xmlUrl=\"http://feeds.test/{number}\"/>");
            format!("<opml><body>{}</body></opml>", range.map(one).collect::<String>())
        };
        let done = podcasts.import(&ann, &list(0..crate::service::SUBSCRIPTIONS_MAX)).await.expect("a list");
        assert_eq!(u64::from(done.added), crate::service::SUBSCRIPTIONS_MAX);
        let done = podcasts.import(&ann, &list(900..910)).await.expect("a list");
        assert_eq!((done.added, done.refused.len()), (0, 10));
        let known = |address: &'static str| {
            let ctx = ctx.clone();
            async move { ctx.db().read(move |tx| crate::store::feed_at(tx, address)).await.expect("asked") }
        };
        assert!(known("http://feeds.test/905").await.is_none(), "nothing is left behind");
        let id = known("http://feeds.test/1").await.expect("it is there");
        let gone = ctx.db().write(move |tx| crate::store::unsubscribe(tx, UserId(1), id)).await;
        assert!(gone.expect("ended"));
        look(&ctx).await.expect("looked");
        assert!(known("http://feeds.test/1").await.is_none(), "nobody subscribes to it");
        assert!(known("http://feeds.test/2").await.is_some());
    }

    async fn an_episode_that_is_not_there_yet_is_tried_again_and_let_go(world: World) {
        let (ctx, podcasts) = house(&world);
        let more = Arc::new(AtomicUsize::new(1));
        let server = growing(&more).await;
        let folder = tempfile::tempdir().expect("a folder");
        let tools = Tools { ffmpeg: "/none".into(), ffprobe: "/none".into() };
        let engine = MediaEngine::new(tools, Launcher::this_program());
        let settings = Settings { engine, staging: folder.path().join("podcasts"), floor: Floor::Bytes(0) };
        Runner::new("test").handlers(handlers(&settings)).start(&ctx).await.expect("it starts");
        let ann = viewer(1);
        let podcast = podcasts.subscribe(&ann, &server.at("/here")).await.expect("it is a feed");
        let query = PageQuery::default();
        let id = podcasts.episodes(&ann, podcast.id, &query).await.expect("episodes").items[0].id;
        let now = || async { podcasts.episode(&ann, id).await.expect("it is there").episode };
        let asked = || server.asked().iter().filter(|asked| asked.path == "/missing.mp3").count();
        podcasts.download(&ann, id).await.expect("asked for");
        eventually("it failed", || async { now().await.state == EpisodeState::Failed }).await;
        eventually("that is noted", || async { jobs_left(&ctx).await == 0 }).await;
        assert!(now().await.problem.expect("why").ends_with("It is tried again later."));
        sweep(&ctx).await.expect("swept");
        assert_eq!((now().await.state, asked()), (EpisodeState::Failed, 1), "not at once");
        world.clock.advance(Duration::from_hours(3));
        sweep(&ctx).await.expect("swept");
        eventually("it was asked for again", || async { asked() == 2 }).await;
        podcasts.delete_download(&ann, id).await.expect("let go");
        let remote = || async {
            let row = ctx.db().write(move |tx| crate::store::load_row(tx, id)).await.expect("asked");
            row.expect("it is there").state == EpisodeState::Remote
        };
        eventually("nothing is left of it", remote).await;
    }

    async fn bytes_that_no_episode_has_are_deleted_when_no_try_can_enter_them_any_more(world: World) {
        let (ctx, _) = house(&world);
        let name = format!("podcasts/7/{}-1", ctx.now().0);
        let key = kernel::blob::BlobKey::new(name).expect("a name");
        ctx.blobs().put(&key, "bytes".into()).await.expect("kept");
        let there = || async { ctx.blobs().info(&key).await.expect("asked").is_some() };
        sweep_blobs(&ctx).await.expect("swept");
        assert!(there().await, "it may be on its way");
        world.clock.advance(Duration::from_hours(25));
        sweep_blobs(&ctx).await.expect("swept");
        assert!(!there().await);
    }

    async fn no_statement_reads_a_whole_table(world: World) {
        let mut asked = 0;
        for statement in STATEMENTS.iter().filter(|one| one.place.contains("podcasts/src/store")) {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared").join("\n");
            let whole = plan.contains("Seq Scan")
                || plan.lines().any(|line| line.starts_with("SCAN ") && !line.contains("fresh")
                    && !line.contains("CONSTANT ROW"));
            assert!(!whole || statement.scan.is_some(), "{}:\n{plan}", statement.place);
            asked += 1;
        }
        assert!(asked > 30, "the statements are found: {asked}");
    }
}
