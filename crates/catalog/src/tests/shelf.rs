//! The shelf of what is new, and pictures' paths.

use std::time::Duration;

use kernel::{
    Time, on_both_engines,
    outbox::{catch_up, rebuild},
    testkit::World,
};

use super::*;
use crate::{import::VideoImport, picture, projections};

async fn shelf(ctx: &Ctx) -> Vec<(String, i64, i64)> {
    crate::store::shelf::all(ctx.db()).await.expect("read")
}

async fn caught_up(ctx: &Ctx) {
    catch_up(ctx, &projections()).await.expect("the events are applied");
}

async fn take_in_video(ctx: &Ctx, title: &'static str) -> crate::VideoId {
    let made = change(ctx, move |tx, batch| {
        let source = file("/v/1.mkv");
        let new = VideoImport {
            existing: None,
            library: None,
            owner: Some(UserId(7)),
            title,
            source: &source,
            width: 1920,
            height: 1080,
            picture: None,
        };
        import::upsert_video(tx, batch, &new)
    });
    made.await.video
}

on_both_engines! {
    async fn the_newest_albums_and_videos_are_shown_first(world: World) {
        let ctx = &world.ctx;
        for at in 0..25 {
            world.clock.advance(Duration::from_secs(1));
            let tags = tags("x", "Air", &format!("Album {at:02}"));
            take_in_one(ctx, song(&format!("/m/{at}/1.flac"), tags)).await;
        }
        take_in_video(ctx, "First").await;
        world.clock.advance(Duration::from_secs(1));
        take_in_video(ctx, "Second").await;
        caught_up(ctx).await;
        let home = get(ctx, "/api/v1/home").await;
        let albums = each(&home["recent_albums"], "title");
        assert_eq!((albums.len(), albums[0], albums[19]), (20, "Album 24", "Album 05"));
        assert_eq!(each(&home["recent_videos"], "title"), ["Second", "First"]);
        assert_eq!(home["counts"]["videos"], 2);
    }

    async fn a_rebuilt_shelf_equals_the_one_that_grew(world: World) {
        let ctx = &world.ctx;
        let made = take_in(ctx, vec![
            song("/m/1/1.flac", tags("a", "Air", "Moon")),
            song("/m/2/1.flac", tags("b", "Moby", "Play")),
            song("/m/3/1.flac", tags("c", "Low", "Drums")),
        ]).await;
        caught_up(ctx).await;
        world.clock.advance(Duration::from_mins(1));
        hide(ctx, made[0].track).await;
        hide(ctx, made[1].track).await;
        let video = take_in_video(ctx, "Film").await;
        change(ctx, move |tx, batch| import::hide_video(tx, batch, video)).await;
        take_in_video(ctx, "Other").await;
        caught_up(ctx).await;
        world.clock.advance(Duration::from_mins(1));
        let back = made[0].track;
        change(ctx, move |tx, batch| import::show_track(tx, batch, back)).await;
        let retagged = Song { existing: Some(made[2].track), ..song("/m/3/1.flac", tags("c", "Low", "Hey")) };
        take_in_one(ctx, retagged).await;
        caught_up(ctx).await;
        let grown = shelf(ctx).await;
        assert_eq!(grown.len(), 3, "Moon, Hey and Other");
        let moon = made[0].album.expect("an album").0;
        assert!(grown.contains(&("album".to_owned(), moon, kernel::testkit::START.0)), "it keeps its first date");
        for projection in projections() {
            rebuild(ctx, &projection).await.expect("it is made again");
        }
        assert_eq!(shelf(ctx).await, grown);
    }

    async fn what_was_just_hidden_is_gone_before_the_shelf_has_heard_of_it(world: World) {
        let ctx = &world.ctx;
        let made = take_in_one(ctx, song("/m/1/1.flac", tags("a", "Air", "Moon"))).await;
        caught_up(ctx).await;
        assert_eq!(get(ctx, "/api/v1/home").await["recent_albums"].as_array().expect("a list").len(), 1);
        hide(ctx, made.track).await;
        assert_eq!(get(ctx, "/api/v1/home").await["recent_albums"].as_array().expect("a list").len(), 0);
    }

    async fn an_owner_is_named_as_accounts_say(world: World) {
        let ctx = &world.ctx;
        let video = take_in_video(ctx, "Film").await;
        let path = format!("/api/v1/videos/{video}");
        assert_eq!(get(ctx, &path).await["owner"], serde_json::json!({ "id": "7", "name": "" }));
        let event = serde_json::json!({ "handle": "ann", "name": "Ann", "role": "creator", "more": 1 });
        let now = ctx.now();
        ctx.db()
            .write(move |tx| tx.emit("accounts.user_added", 7, &event, now))
            .await
            .expect("emitted");
        caught_up(ctx).await;
        assert_eq!(get(ctx, &path).await["owner"]["name"], "Ann");
    }

    async fn a_picture_is_kept_once_and_its_path_is_stable_and_signed(world: World) {
        let ctx = &world.ctx;
        let facts = picture::facts(&super::hostile::png(20, 10)).expect("a picture");
        let (one, two) = (facts.clone(), facts.clone());
        let id = change(ctx, move |tx, batch| import::upsert_picture(tx, batch, &one)).await;
        assert_eq!(change(ctx, move |tx, batch| import::upsert_picture(tx, batch, &two)).await, id);
        assert_eq!(import::known_picture(ctx.db(), facts.hash).await.expect("read"), Some(id));
        let blob = picture::blob(ctx.db(), id).await.expect("read");
        assert_eq!(blob, Some((facts.blob_key.clone(), "image/png".to_owned())));
        assert!(picture::is_used(ctx.db(), &facts.blob_key).await.expect("read"));

        let made = change(ctx, move |tx, batch| {
            let (source, tags) = (file("/m/1.flac"), tags("a", "Air", "Moon"));
            let new = TrackImport {
                existing: None, library: None, source: &source, tags: &tags, picture: Some(id), folder: None,
            };
            import::upsert_track(tx, batch, &new)
        }).await;
        let album = format!("/api/v1/albums/{}", made.album.expect("an album"));
        let shown = get(ctx, &album).await;
        let url = shown["picture"]["url"].as_str().expect("a path").to_owned();
        assert_eq!((&shown["picture"]["width"], &shown["picture"]["height"]), (&20.into(), &10.into()));
        assert_eq!(shown["discs"][0]["tracks"][0]["picture"], shown["picture"]);
        assert_eq!(get(ctx, "/api/v1/artists").await["items"][0]["picture"], shown["picture"]);
        let (path, token) = url.split_once("?t=").expect("a token");
        assert_eq!(path, format!("/pictures/{id}/{{size}}"));
        let week = Duration::from_hours(7 * 24);
        let allows = |at: Time| ctx.signer().allows(picture::GRANT, &id.to_string(), token, at);
        assert!(allows(ctx.now().plus(week)));
        assert!(!allows(ctx.now().plus(2 * week)));
        world.clock.advance(Duration::from_hours(1));
        assert_eq!(get(ctx, &album).await["picture"]["url"], url.as_str(), "it is the same an hour later");
    }
}
