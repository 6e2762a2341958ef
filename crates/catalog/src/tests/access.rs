//! Who may see which library, and what is left of who is gone.

use std::time::Duration;

use kernel::{on_both_engines, outbox::catch_up, testkit::World};
use serde_json::json;

use super::*;
use crate::{
    LibraryId,
    access::{self, Access},
    projections,
};

const LIBRARY: LibraryId = LibraryId(1);

/// What a listener sees of the one song.
async fn sees(ctx: &Ctx, track: TrackId) -> bool {
    status_of(ctx, &format!("/api/v1/tracks/{track}")).await == StatusCode::OK
}

/// What somebody is told who asks for the song.
async fn told(ctx: &Ctx, id: i64, role: Role, track: TrackId) -> StatusCode {
    ask(ctx, Some(viewer(id, role)), "GET", &format!("/api/v1/tracks/{track}"), None).await.0
}

/// Changes rights in one transaction.
async fn rights(
    ctx: &Ctx,
    mut run: impl FnMut(&mut Tx<'_>) -> Result<(), crate::service::Error> + Send + 'static,
) {
    ctx.db()
        .write(move |tx| run(tx))
        .await
        .map_err(|error| format!("{error:?}"))
        .expect("rights are changed");
}

fn closed() -> Access {
    Access { everybody: false, members: Vec::new() }
}

/// Has an account known here.
async fn arrives(ctx: &Ctx, id: i64, handle: &'static str) {
    let now = ctx.now();
    let user = json!({ "handle": handle, "name": handle });
    ctx.db().write(move |tx| tx.emit("accounts.user_added", id, &user, now)).await.expect("emitted");
    catch_up(ctx, &projections()).await.expect("projections follow");
}

async fn leaves(ctx: &Ctx, id: i64) {
    let now = ctx.now();
    ctx.db().write(move |tx| tx.emit("accounts.user_removed", id, &json!({}), now)).await.expect("emitted");
    catch_up(ctx, &projections()).await.expect("projections follow");
}

on_both_engines! {
    async fn a_right_holds_at_once_here_and_soon_in_every_process(world: World) {
        let ctx = &world.ctx;
        let track = take_in_one(ctx, song("/a/1.flac", tags("One", "Ann", "First"))).await.track;
        // Another process, which hears nothing of this one's bus.
        let other = world.reopened().await;
        assert!(sees(ctx, track).await && sees(&other, track).await);
        rights(ctx, |tx| access::set(tx, LIBRARY, &closed())).await;
        assert!(!sees(ctx, track).await);
        world.clock.advance(access::REMEMBERED);
        assert!(!sees(&other, track).await);
        rights(ctx, |tx| access::set_named(tx, UserId(1), &[LIBRARY])).await;
        assert!(sees(ctx, track).await);
        assert_eq!(told(ctx, 2, Role::Moderator, track).await, StatusCode::NOT_FOUND);
        assert_eq!(told(ctx, 3, Role::Admin, track).await, StatusCode::OK);
        rights(ctx, |tx| access::set_named(tx, UserId(1), &[])).await;
        assert!(!sees(ctx, track).await);
    }

    async fn a_library_that_comes_back_is_for_those_who_might_see_it_before(world: World) {
        let ctx = &world.ctx;
        let track = take_in_one(ctx, song("/a/1.flac", tags("One", "Ann", "First"))).await.track;
        rights(ctx, |tx| {
            access::set(tx, LIBRARY, &closed())?;
            access::set_named(tx, UserId(7), &[LIBRARY])
        })
        .await;
        let known = || async { ctx.db().read(|tx| access::get(tx, LIBRARY)).await.expect("it answers") };
        for gone in [false, true] {
            let now = ctx.now();
            rights(ctx, move |tx| {
                access::shut(tx, LIBRARY)?;
                if gone {
                    access::forget(tx, LIBRARY, now)?;
                }
                Ok(())
            })
            .await;
            assert_eq!(known().await, None);
            assert_eq!(told(ctx, 3, Role::Admin, track).await, StatusCode::NOT_FOUND, "nobody sees what is going");
            // Its bit may have been given away meanwhile.
            if gone {
                world.clock.advance(Duration::from_hours(1));
                let now = ctx.now();
                rights(ctx, move |tx| {
                    let most = i64::try_from(access::RESTRICTED_MAX).expect("a small number");
                    for other in 2..=most + 1 {
                        access::enter(tx, LibraryId(other), None, now)?;
                    }
                    access::shut(tx, LibraryId(5))?;
                    access::forget(tx, LibraryId(5), kernel::testkit::START)?;
                    Ok(())
                })
                .await;
            }
            let now = ctx.now();
            rights(ctx, move |tx| access::enter(tx, LIBRARY, None, now)).await;
            assert_eq!(known().await, Some(Access { everybody: false, members: vec![UserId(7)] }));
            // What was still shown when its bit was given away is the removal's to hide first.
            assert!(gone || !sees(ctx, track).await);
        }
    }

    async fn one_who_is_named_for_nothing_or_for_what_is_not_there_is_refused(world: World) {
        let ctx = &world.ctx;
        rights(ctx, |tx| access::enter(tx, LIBRARY, Some(&closed()), kernel::testkit::START)).await;
        for wrong in [vec![LibraryId(9)], vec![LIBRARY, LibraryId(9)]] {
            let refused = ctx.db().write(move |tx| access::set_named(tx, UserId(1), &wrong)).await;
            assert!(matches!(refused, Err(crate::service::Error::Invalid(_))), "{refused:?}");
        }
        let named = ctx.db().read(|tx| access::named(tx, UserId(1))).await.expect("it answers");
        assert!(named.is_empty(), "nothing is half-done");
        rights(ctx, |tx| access::set_named(tx, UserId(1), &[LIBRARY, LIBRARY])).await;
    }

    async fn of_who_is_gone_nothing_is_left_but_what_was_given_to_the_house(world: World) {
        let ctx = &world.ctx;
        let track = take_in_one(ctx, song("/a/1.flac", tags("One", "Ann", "First"))).await.track;
        arrives(ctx, 1, "ann").await;
        arrives(ctx, 2, "bob").await;
        rights(ctx, |tx| access::set_named(tx, UserId(1), &[LIBRARY])).await;
        let mut lists = Vec::new();
        for who in [1, 2] {
            let me = || Some(viewer(who, Role::Listener));
            for (method, path, body) in [
                ("PUT", format!("/api/v1/tracks/{track}/favourite"), None),
                ("POST", "/api/v1/plays".to_owned(), Some(json!({ "track_id": track }))),
                ("PUT", format!("/api/v1/me/bookmarks/track/{track}"), Some(json!({ "position_ms": 1 }))),
                ("PUT", "/api/v1/me/now-playing".to_owned(), Some(json!({ "track_id": track }))),
                ("PUT", "/api/v1/me/queue".to_owned(), Some(json!({ "tracks": [track], "changed_by": "x", "version": 0 }))),
                ("PUT", "/api/v1/me/devices/x".to_owned(), Some(json!({ "name": "x" }))),
                ("POST", "/api/v1/me/playlist-folders".to_owned(), Some(json!({ "name": "x" }))),
            ] {
                let (status, body) = ask(ctx, me(), method, &path, body).await;
                assert!(status.is_success(), "{method} {path}: {body}");
            }
            let (_, made) = ask(ctx, me(), "POST", "/api/v1/playlists", Some(json!({ "name": "x", "public": true, "tracks": [track] }))).await;
            lists.push(made["id"].as_str().expect("an id").to_owned());
        }
        // A smart list of more than a page keeps what it held for who opened it.
        take_in_one(ctx, song("/a/2.flac", tags("Two", "Ann", "First"))).await;
        let rows = async |who: i64| crate::store::erase::rows_of(ctx.db(), UserId(who)).await.expect("it answers");
        let before = rows(1).await;
        let rules = json!({ "name": "y", "public": true, "rules": { "match": "all", "rules": [] } });
        let (status, smart) = ask(ctx, Some(viewer(2, Role::Listener)), "POST", "/api/v1/playlists", Some(rules)).await;
        assert!(status.is_success(), "{smart}");
        for who in [1, 2] {
            let path = format!("/api/v1/playlists/{}/entries?limit=1", smart["id"].as_str().expect("an id"));
            assert_eq!(ask(ctx, Some(viewer(who, Role::Listener)), "GET", &path, None).await.0, StatusCode::OK);
        }
        assert_eq!(rows(1).await, before + 1);
        for (list, owner, friend) in [(&lists[0], 1, "bob"), (&lists[1], 2, "ann")] {
            let path = format!("/api/v1/playlists/{list}/editors");
            let (status, body) = ask(ctx, Some(viewer(owner, Role::Listener)), "POST", &path, Some(json!({ "handle": friend }))).await;
            assert!(status.is_success(), "{body}");
        }
        leaves(ctx, 1).await;
        assert_eq!(rows(1).await, 0);
        assert!(rows(2).await > 8, "others keep theirs");
        let me = || Some(viewer(2, Role::Listener));
        let (status, _) = ask(ctx, me(), "GET", &format!("/api/v1/playlists/{}", lists[0]), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, mine) = ask(ctx, me(), "GET", &format!("/api/v1/playlists/{}", lists[1]), None).await;
        assert_eq!((status, &mine["editors"]), (StatusCode::OK, &json!([])));
        // The handle is somebody else's now, who has nothing of the first one's.
        arrives(ctx, 3, "ann").await;
        let path = format!("/api/v1/playlists/{}/editors", lists[1]);
        let (status, body) = ask(ctx, me(), "POST", &path, Some(json!({ "handle": "ann" }))).await;
        assert!(status.is_success(), "{body}");
    }
}
