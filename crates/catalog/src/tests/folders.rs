//! Real folders beside tags: who sees which, in which order, at what cost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{on_both_engines, testkit::World};
use tokio::sync::Notify;

use super::*;
use crate::{
    FolderId, LibraryId,
    access::{self, Access},
    import::Place,
    store::folders,
};

/// Takes a song in that lies in this folder of a library; a zero byte is where a path has a slash.
async fn lay(
    ctx: &Ctx,
    library: i64,
    folder: &'static [u8],
    name: &'static [u8],
    title: &'static str,
) -> TrackId {
    change(ctx, move |tx, batch| {
        open(tx, library)?;
        let (library, tags, file) = (LibraryId(library), tags(title, "Air", "Moon"), file(title));
        let new = TrackImport {
            existing: None,
            library: Some(library),
            source: &file,
            tags: &tags,
            picture: None,
            folder: None,
        };
        let made = import::upsert_track(tx, batch, &new)?;
        let place = Place { library, library_name: "Music", folder, name, known: false };
        import::place_track(tx, batch, made.track, &place)?;
        batch.finish(tx)?;
        Ok(made.track)
    })
    .await
}

async fn inside(ctx: &Ctx, who: &Viewer, path: &str) -> Vec<(String, String)> {
    let (status, body) = ask(ctx, Some(who.clone()), "GET", path, None).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    let text = |item: &Value, field: &str| item[field].as_str().expect("text").to_owned();
    body["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| (text(item, "id"), text(item, "name")))
        .collect()
}

/// Goes down by names; the number of the last.
async fn down(ctx: &Ctx, names: &[&str]) -> String {
    let mut path = "/api/v1/browse".to_owned();
    let mut id = String::new();
    for name in names {
        let found = inside(ctx, &listener(), &path).await;
        id =
            found.into_iter().find(|(_, other)| other == name).unwrap_or_else(|| panic!("{name} is there")).0;
        path = format!("/api/v1/browse/{id}/folders");
    }
    id
}

fn names(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(_, name)| name.as_str()).collect()
}

on_both_engines! {
    async fn folders_and_files_come_in_the_order_in_which_people_count(world: World) {
        let ctx = &world.ctx;
        for (name, title) in [(&b"10.flac"[..], "Ten"), (b"2.flac", "Two"), (b"1 a.flac", "One")] {
            lay(ctx, 1, b"Air\0Disc 2", name, title).await;
        }
        lay(ctx, 1, b"Air\0Disc 10", b"x.flac", "Far").await;
        lay(ctx, 1, b"Air", b"front.flac", "Front").await;
        let air = down(ctx, &["Music", "Air"]).await;
        let found = inside(ctx, &listener(), &format!("/api/v1/browse/{air}/folders")).await;
        assert_eq!(names(&found), ["Disc 2", "Disc 10"]);
        let disc = down(ctx, &["Music", "Air", "Disc 2"]).await;
        let first = get(ctx, &format!("/api/v1/browse/{disc}/tracks?limit=2")).await;
        assert_eq!(each(&first, "file"), ["1 a.flac", "2.flac"]);
        let next = first["next"].as_str().expect("more");
        let second = get(ctx, &format!("/api/v1/browse/{disc}/tracks?limit=2&after={next}")).await;
        assert_eq!((each(&second, "title"), &second["next"]), (vec!["Ten"], &Value::Null));
        let shown = get(ctx, &format!("/api/v1/browse/{disc}")).await;
        assert_eq!((&shown["name"], each(&shown["path"], "name")), (&"Disc 2".into(), vec!["Music", "Air"]));
        let below = get(ctx, &format!("/api/v1/browse/{air}/below")).await;
        assert_eq!(each(&below["tracks"], "title"), ["Front", "One", "Two", "Ten", "Far"]);
        assert_eq!(below["truncated"], false);
    }

    async fn a_folder_with_nothing_to_see_is_not_there(world: World) {
        let ctx = &world.ctx;
        let lone = lay(ctx, 1, b"a\0b\0c", b"1.flac", "One").await;
        let deep = down(ctx, &["Music", "a", "b", "c"]).await;
        hide(ctx, lone).await;
        assert_eq!(names(&inside(ctx, &listener(), "/api/v1/browse").await), Vec::<&str>::new());
        for path in ["", "/folders", "/tracks", "/videos", "/below"] {
            assert_eq!(status_of(ctx, &format!("/api/v1/browse/{deep}{path}")).await, StatusCode::NOT_FOUND, "{path}");
        }
        change(ctx, move |tx, batch| import::show_track(tx, batch, lone)).await;
        assert_eq!(down(ctx, &["Music", "a", "b", "c"]).await, deep);
        // It moves: the old folders go, the new ones come.
        change(ctx, move |tx, batch| {
            let place = Place { library: LibraryId(1), library_name: "Music", folder: b"z", name: b"1.flac", known: true };
            import::place_track(tx, batch, lone, &place)?;
            batch.finish(tx)
        }).await;
        assert_eq!(status_of(ctx, &format!("/api/v1/browse/{deep}")).await, StatusCode::NOT_FOUND);
        let top = down(ctx, &["Music"]).await;
        assert_eq!(names(&inside(ctx, &listener(), &format!("/api/v1/browse/{top}/folders")).await), ["z"]);
    }

    async fn a_restricted_library_has_no_folders_for_others(world: World) {
        let ctx = &world.ctx;
        lay(ctx, 1, b"x", b"1.flac", "One").await;
        lay(ctx, 2, b"secret", b"1.flac", "Two").await;
        let all = inside(ctx, &listener(), "/api/v1/browse").await;
        assert_eq!(all.len(), 2);
        let access = Access { everybody: false, members: Vec::new() };
        change(ctx, move |tx, _| {
            access::set(tx, LibraryId(2), &access).map_err(|error| Fault::new(format!("{error:?}")))
        }).await;
        world.clock.advance(Duration::from_secs(3));
        let left = inside(ctx, &listener(), "/api/v1/browse").await;
        assert_eq!(left.len(), 1);
        let (hidden, _) = all.iter().find(|one| !left.contains(one)).expect("one is gone");
        assert_eq!(status_of(ctx, &format!("/api/v1/browse/{hidden}")).await, StatusCode::NOT_FOUND);
        assert_eq!(status_of(ctx, &format!("/api/v1/browse/{hidden}/below")).await, StatusCode::NOT_FOUND);
        assert_eq!(inside(ctx, &viewer(9, Role::Admin), "/api/v1/browse").await.len(), 2);
    }

    async fn a_library_that_is_renamed_is_looked_through_under_its_new_name(world: World) {
        let ctx = &world.ctx;
        lay(ctx, 1, b"x", b"1.flac", "One").await;
        let top = down(ctx, &["Music"]).await;
        change(ctx, |tx, _| import::name_library(tx, LibraryId(1), " Songs \u{202e}")).await;
        assert_eq!(down(ctx, &["Songs"]).await, top);
        assert!(!down(ctx, &["Songs", "x"]).await.is_empty());
    }

    async fn two_transactions_hold_folders_in_the_same_order(world: World) {
        let ctx = &world.ctx;
        let tracks = [lay(ctx, 1, b"p\0a", b"1.flac", "One").await, lay(ctx, 1, b"p\0b", b"1.flac", "Two").await];
        let folder = async |names: &[&str]| FolderId(down(ctx, names).await.parse().expect("a number"));
        let (parent, young) = (folder(&["Music", "p"]).await, folder(&["Music", "p", "b"]).await);
        // One holds a child and then the parent, while another hides what is in both children.
        let (tried, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (db, told, first) = (ctx.db().clone(), Arc::clone(&held), Arc::clone(&tried));
        let one = tokio::spawn(async move {
            db.write(move |tx| {
                first.fetch_add(1, Ordering::Relaxed);
                folders::lock(tx, young)?;
                told.notify_one();
                let came = (0..100_000).try_fold(false, |came, _| if came { Ok(true) } else { folders::is_waited_for(tx) });
                assert!(came?, "the other one comes");
                folders::lock(tx, parent).map(|_| ())
            }).await
        });
        held.notified().await;
        let second = Arc::clone(&tried);
        change(ctx, move |tx, batch| {
            second.fetch_add(1, Ordering::Relaxed);
            import::hide_tracks(tx, batch, &tracks)
        }).await;
        one.await.expect("it ends").expect("it is done");
        assert_eq!(tried.load(Ordering::Relaxed), 2, "neither stood in the other's way");
        assert_eq!(names(&inside(ctx, &listener(), "/api/v1/browse").await), Vec::<&str>::new());
    }

    async fn names_that_are_no_text_are_shown_and_lead_nowhere_else(world: World) {
        let ctx = &world.ctx;
        lay(ctx, 1, b"..\0\xff\xfe", b"\xe9.flac", "One").await;
        lay(ctx, 1, b"..\0\xff\xfd", b"../../etc/passwd", "Two").await;
        lay(ctx, 1, b"\xe2\x80\xae", b"\n", "Three").await;
        let dots = down(ctx, &["Music", ".."]).await;
        let found = inside(ctx, &listener(), &format!("/api/v1/browse/{dots}/folders")).await;
        assert_eq!(found.len(), 2, "two names that look the same are two folders");
        for (id, name) in found {
            assert!(name.contains('\u{fffd}'), "{name}");
            assert_eq!(get(ctx, &format!("/api/v1/browse/{id}/tracks")).await["items"].as_array().expect("a list").len(), 1);
        }
        let top = down(ctx, &["Music"]).await;
        assert_eq!(names(&inside(ctx, &listener(), &format!("/api/v1/browse/{top}/folders")).await), ["..", "?"]);
        for nowhere in ["..%2F..%2Fetc", "0", "-1", "99999999999999999999", "x"] {
            assert_eq!(status_of(ctx, &format!("/api/v1/browse/{nowhere}")).await, StatusCode::NOT_FOUND, "{nowhere}");
        }
    }

    async fn a_huge_folder_is_read_along_its_index_without_sorting(world: World) {
        let mut asked = 0;
        let lists = kernel::db::STATEMENTS.iter().filter(|one| one.place.contains("store/folders.rs"));
        for statement in lists.filter(|one| one.sqlite.contains("ORDER BY")) {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared").join("\n");
            let index = ["catalog_folder_in", "catalog_track_in", "catalog_video_in"];
            assert!(index.iter().any(|name| plan.contains(name)), "{}:\n{plan}", statement.place);
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{}:\n{plan}", statement.place);
            asked += 1;
        }
        assert_eq!(asked, 3);
    }
}
