//! Who sees a playlist, and who changes it.

use kernel::outbox::catch_up;

use super::*;
use crate::projections;

const CAT: i64 = 13;

fn cat() -> Viewer {
    viewer(CAT, Role::Admin)
}

/// Makes the accounts known, as their events do.
async fn introduce(ctx: &Ctx) {
    for (id, handle) in [(ANN, "ann"), (BOB, "bob"), (CAT, "cat")] {
        let event = json!({ "handle": handle, "name": "", "role": "listener" });
        let now = ctx.now();
        ctx.db().write(move |tx| tx.emit("accounts.user_added", id, &event, now)).await.expect("emitted");
    }
    catch_up(ctx, &projections()).await.expect("the events are applied");
}

/// Everything that can be asked of a playlist, with bodies that would be good.
fn questions(list: &str, entry: &str, track: TrackId) -> Vec<(&'static str, String, Value)> {
    let nothing = Value::Null;
    vec![
        ("GET", list.to_owned(), nothing.clone()),
        ("GET", format!("{list}/entries"), nothing.clone()),
        ("GET", format!("{list}/m3u8"), nothing.clone()),
        ("PUT", format!("{list}/folder"), json!({ "folder": null })),
        ("POST", format!("{list}/entries"), json!({ "tracks": [track] })),
        ("PUT", format!("{list}/entries"), json!({ "tracks": [track], "version": 1 })),
        ("PATCH", format!("{list}/entries/{entry}"), json!({ "after": null })),
        ("DELETE", format!("{list}/entries/{entry}"), nothing.clone()),
        ("POST", format!("{list}/entries/remove"), json!({ "entries": [entry] })),
        ("PATCH", list.to_owned(), json!({ "name": "Mine" })),
        ("POST", format!("{list}/editors"), json!({ "handle": "bob" })),
        ("DELETE", format!("{list}/editors/{ANN}"), nothing.clone()),
        ("DELETE", list.to_owned(), nothing),
    ]
}

on_both_engines! {
    async fn another_s_private_playlist_is_not_there_even_for_an_admin(world: World) {
        let ctx = &world.ctx;
        introduce(ctx).await;
        let tracks = some_tracks(ctx, 1).await;
        let list = made(ctx, &ann(), "Secret", &tracks).await;
        let entry = entries(ctx, &ann(), &list).await.remove(0);
        for who in [bob(), cat()] {
            for (method, path, body) in questions(&list, &entry, tracks[0]) {
                let there = call(ctx, &who, method, &path, body.clone()).await;
                assert_eq!(there.0, StatusCode::NOT_FOUND, "{method} {path}");
                let absent = call(ctx, &who, method, &path.replace(&list, "/playlists/5"), body).await;
                assert_eq!(there, absent, "{method} {path}: the same as if it did not exist");
            }
            for scope in ["all", "mine", "shared", "public"] {
                let all = good(ctx, &who, "GET", &format!("/playlists?scope={scope}"), Value::Null).await;
                assert_eq!(all["items"], json!([]), "{scope}");
            }
        }
        assert_eq!(titles(ctx, &ann(), &list).await, ["T00"], "it is as it was");
    }

    async fn a_public_playlist_is_looked_at_by_all_and_changed_by_its_owner(world: World) {
        let ctx = &world.ctx;
        introduce(ctx).await;
        let tracks = some_tracks(ctx, 1).await;
        let list = made(ctx, &ann(), "Open", &tracks).await;
        good(ctx, &ann(), "PATCH", &list, json!({ "public": true })).await;
        let entry = entries(ctx, &bob(), &list).await.remove(0);
        let shown = good(ctx, &bob(), "GET", &list, Value::Null).await;
        assert_eq!((&shown["role"], &shown["owner"]["id"]), (&"listener".into(), &ANN.to_string().into()));
        for (method, path, body) in questions(&list, &entry, tracks[0]).into_iter().skip(4) {
            assert_eq!(refused(ctx, &bob(), method, &path, body).await, (403, "not_owner".to_owned()), "{method} {path}");
        }
        assert_eq!(titles(ctx, &bob(), &list).await, ["T00"]);
        good(ctx, &ann(), "PATCH", &list, json!({ "public": false })).await;
        assert_eq!(refused(ctx, &bob(), "GET", &list, Value::Null).await.0, 404);
    }

    async fn whom_the_owner_invites_changes_the_entries_and_nothing_else(world: World) {
        let ctx = &world.ctx;
        introduce(ctx).await;
        let tracks = some_tracks(ctx, 3).await;
        let list = made(ctx, &ann(), "Ours", &tracks[..1]).await;
        for whom in [json!({ "handle": "nobody" }), json!({ "user": "99" }), json!({ "handle": "ann" }), json!({}),
            json!({ "handle": "bob", "user": BOB.to_string() })] {
            assert_eq!(refused(ctx, &ann(), "POST", &format!("{list}/editors"), whom.clone()).await.0, 422, "{whom}");
        }
        let shown = good(ctx, &ann(), "POST", &format!("{list}/editors"), json!({ "handle": " @Bob " })).await;
        assert_eq!(shown["editors"], json!([{ "id": BOB.to_string(), "handle": "bob", "name": "bob" }]));
        good(ctx, &ann(), "POST", &format!("{list}/editors"), json!({ "user": BOB.to_string() })).await;
        let shown = good(ctx, &bob(), "GET", &list, Value::Null).await;
        assert_eq!((&shown["role"], shown["editors"].as_array().map(Vec::len)), (&"editor".into(), Some(1)));
        let added = good(ctx, &bob(), "POST", &format!("{list}/entries"), json!({ "tracks": [tracks[1], tracks[2]] })).await;
        let first = added["entries"][0].as_str().expect("an id");
        good(ctx, &bob(), "PATCH", &format!("{list}/entries/{first}"), json!({ "after": null })).await;
        assert_eq!(titles(ctx, &ann(), &list).await, ["T01", "T00", "T02"]);
        let page = good(ctx, &ann(), "GET", &format!("{list}/entries"), Value::Null).await;
        assert_eq!(each(&page, "added_by"), [BOB.to_string(), ANN.to_string(), BOB.to_string()]);
        for (method, path, body) in [
            ("PATCH", list.clone(), json!({ "name": "Mine" })),
            ("POST", format!("{list}/editors"), json!({ "handle": "cat" })),
            ("DELETE", list.clone(), Value::Null),
        ] {
            assert_eq!(refused(ctx, &bob(), method, &path, body).await, (403, "not_owner".to_owned()), "{method} {path}");
        }
        // Another who is no guest still sees nothing.
        assert_eq!(refused(ctx, &cat(), "GET", &list, Value::Null).await.0, 404);
    }

    async fn an_editor_may_leave_and_the_owner_may_end_it(world: World) {
        let ctx = &world.ctx;
        introduce(ctx).await;
        let list = made(ctx, &ann(), "Ours", &[]).await;
        let editors = format!("{list}/editors");
        good(ctx, &ann(), "POST", &editors, json!({ "handle": "bob" })).await;
        good(ctx, &ann(), "POST", &editors, json!({ "handle": "cat" })).await;
        assert_eq!(refused(ctx, &bob(), "DELETE", &format!("{editors}/{CAT}"), Value::Null).await.0, 403);
        assert_eq!(call(ctx, &bob(), "DELETE", &format!("{editors}/{BOB}"), Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(refused(ctx, &bob(), "GET", &list, Value::Null).await.0, 404);
        assert_eq!(call(ctx, &ann(), "DELETE", &format!("{editors}/{CAT}"), Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(refused(ctx, &ann(), "DELETE", &format!("{editors}/{CAT}"), Value::Null).await.0, 404);
        assert_eq!(refused(ctx, &cat(), "GET", &list, Value::Null).await.0, 404);
    }

    async fn so_many_people_change_one_playlist_and_no_more(world: World) {
        let ctx = &world.ctx;
        introduce(ctx).await;
        let list = made(ctx, &ann(), "Ours", &[]).await;
        let id = playlist(&list);
        change(ctx, move |tx, batch| {
            let many = i64::try_from(service::EDITORS_MAX).expect("few");
            for user in 0..many {
                crate::store::playlists::editors::insert(tx, id, UserId(1_000 + user), kernel::testkit::START)?;
            }
            let _ = batch;
            Ok(())
        }).await;
        let invite = json!({ "handle": "bob" });
        assert_eq!(refused(ctx, &ann(), "POST", &format!("{list}/editors"), invite).await, (409, "full".to_owned()));
    }

    async fn lists_come_by_name_page_by_page_from_all_three_sides(world: World) {
        let ctx = &world.ctx;
        introduce(ctx).await;
        for name in ["Delta", "alpha", "The Golf"] {
            made(ctx, &ann(), name, &[]).await;
        }
        for (name, public, guest) in [("Bravo", true, true), ("Charlie", false, true), ("Echo", true, false), ("Foxtrot", false, false)] {
            let list = made(ctx, &bob(), name, &[]).await;
            good(ctx, &bob(), "PATCH", &list, json!({ "public": public })).await;
            if guest {
                good(ctx, &bob(), "POST", &format!("{list}/editors"), json!({ "handle": "ann" })).await;
            }
            if name == "Charlie" {
                good(ctx, &bob(), "PATCH", &list, json!({ "name": "Hotel" })).await;
            }
        }
        for (scope, names) in [
            ("all", &["alpha", "Bravo", "Delta", "Echo", "The Golf", "Hotel"][..]),
            ("mine", &["alpha", "Delta", "The Golf"][..]),
            ("shared", &["Bravo", "Hotel"][..]),
            ("public", &["Echo"][..]),
        ] {
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let page = good(ctx, &ann(), "GET", &format!("/playlists?scope={scope}&limit=2{after}"), Value::Null).await;
                seen.extend(each(&page, "name").into_iter().map(str::to_owned));
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            assert_eq!(seen, names, "{scope}");
        }
    }
}
