//! Libraries over HTTP: who may, which folders can be one, and what the list says.

use std::fs;

use http::StatusCode;
use ingest::library;
use kernel::{Ctx, http::Role, on_both_engines, testkit::World};
use serde_json::{Value, json};

use crate::{
    house::{House, ask, viewer, wait_until_settled},
    making::{put, song, write},
};

async fn admin(
    world: &World,
    ctx: &Ctx,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let routes = library::routes(ctx.clone(), world.folder.path().to_owned()).split_for_parts().0;
    ask(routes, Some(viewer(Role::Admin)), method, path, body).await
}

on_both_engines! {
    async fn only_administrators_may(world: World) {
        let routes = || library::routes(world.ctx.clone(), world.folder.path().to_owned()).split_for_parts().0;
        for (method, path) in [
            ("GET", "/api/v1/libraries"),
            ("POST", "/api/v1/libraries"),
            ("DELETE", "/api/v1/libraries/1"),
            ("POST", "/api/v1/libraries/1/scan"),
            ("GET", "/api/v1/libraries/1/problems"),
            ("GET", "/api/v1/folders?path=/"),
        ] {
            let body = (method == "POST").then(|| json!({"path": "/tmp"}));
            let (status, problem) = ask(routes(), None, method, path, body.clone()).await;
            assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("sign_in")), "{method} {path}");
            let (status, _) = ask(routes(), Some(viewer(Role::Moderator)), method, path, body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
        }
    }

    async fn a_folder_becomes_a_library_and_is_listed(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        write(&music.path().join("1.mp3"), 1, &song("Song", "A", 1));
        put(&music.path().join("bad.mp3"), b"words only");
        let ctx = world.ctx.clone();
        crate::house::start_worker(&ctx).await;
        let body = json!({"path": music.path(), "name": "Mine"});
        let (status, added) = admin(&world, &ctx, "POST", "/api/v1/libraries", Some(body)).await;
        assert_eq!((status, &added["state"], &added["name"]), (StatusCode::CREATED, &json!("scanning"), &json!("Mine")));
        assert_eq!(added["progress"], json!({"seen": 0, "changed": 0}));
        let known: library::Library = serde_json::from_value(added).expect("a library");
        wait_until_settled(&ctx, &known).await;
        let (status, page) = admin(&world, &ctx, "GET", "/api/v1/libraries", None).await;
        assert_eq!(status, StatusCode::OK);
        let row = &page["items"][0];
        for (key, value) in [
            ("id", json!(known.id.to_string())),
            ("path", json!(music.path().canonicalize().expect("a path"))),
            ("state", json!("idle")),
            ("problem", Value::Null),
            ("files", json!(2)),
            ("tracks", json!(1)),
            ("videos", json!(0)),
            ("broken", json!(1)),
            ("progress", Value::Null),
        ] {
            assert_eq!(row[key], value, "{key}");
        }
        let path = format!("/api/v1/libraries/{}/problems", known.id);
        let (_, problems) = admin(&world, &ctx, "GET", &path, None).await;
        assert_eq!(problems["items"][0]["path"], "bad.mp3");
        assert_eq!(problems["items"][0]["code"], "not_media");
        assert!(problems["items"][0]["id"].is_string() && problems["items"][0]["seen_at"].is_string());
        let (status, again) = admin(&world, &ctx, "POST", &format!("/api/v1/libraries/{}/scan", known.id), None).await;
        assert_eq!((status, &again["state"]), (StatusCode::ACCEPTED, &json!("scanning")));
        wait_until_settled(&ctx, &known).await;
        let (status, _) = admin(&world, &ctx, "DELETE", &format!("/api/v1/libraries/{}", known.id), None).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let (_, page) = admin(&world, &ctx, "GET", "/api/v1/libraries", None).await;
        assert_eq!(page["items"], json!([]));
        for (method, path) in [("DELETE", ""), ("POST", "/scan"), ("GET", "/problems")] {
            let path = format!("/api/v1/libraries/{}{path}", known.id);
            let (status, _) = admin(&world, &ctx, method, &path, None).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
        }
        ctx.shut_down().await;
    }

    async fn a_folder_that_can_be_no_library_is_refused_with_the_reason(world: World) {
        let place = tempfile::tempdir().expect("a folder");
        let at = |name: &str| place.path().join(name).to_str().expect("text").to_owned();
        for folder in ["music/inside", "music2"] {
            fs::create_dir_all(place.path().join(folder)).expect("a folder");
        }
        put(&place.path().join("file.mp3"), b"x");
        std::os::unix::fs::symlink(place.path().join("music"), place.path().join("link")).expect("a link");
        let add = async |path: &str| {
            admin(&world, &world.ctx, "POST", "/api/v1/libraries", Some(json!({"path": path}))).await
        };
        assert_eq!(add(&at("music")).await.0, StatusCode::CREATED);
        let data = world.folder.path();
        fs::create_dir(data.join("own")).expect("a folder");
        for (path, word) in [
            ("music".to_owned(), "whole path"),
            (String::new(), "whole path"),
            (at("absent"), "no folder"),
            (at("file.mp3"), "not a folder"),
            (at("music"), "already"),
            (at("link"), "already"),
            (at("music/inside"), "inside the library"),
            (place.path().to_str().expect("text").to_owned(), "inside it"),
            (data.to_str().expect("text").to_owned(), "its own data"),
            (data.join("own").to_str().expect("text").to_owned(), "its own data"),
            ("/".to_owned(), "its own data"),
            ("/proc".to_owned(), "operating system"),
            ("/proc/self".to_owned(), "operating system"),
            ("/sys".to_owned(), "operating system"),
            ("/dev".to_owned(), "operating system"),
            (at("music\0"), ""),
        ] {
            let (status, problem) = add(&path).await;
            assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("library_path")), "{path}");
            let detail = problem["detail"].as_str().expect("a reason");
            assert!(detail.contains(word), "{path}: {detail}");
        }
        // A name that begins alike is another folder.
        assert_eq!(add(&at("music2")).await.0, StatusCode::CREATED);
        let long = json!({"path": at("music2"), "name": "n".repeat(101)});
        let (status, problem) = admin(&world, &world.ctx, "POST", "/api/v1/libraries", Some(long)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("name")));
    }

    async fn one_library_too_many_is_refused(world: World) {
        let place = tempfile::tempdir().expect("a folder");
        let data = world.folder.path();
        let folder = |number: usize| {
            let folder = place.path().join(number.to_string());
            fs::create_dir(&folder).expect("a folder");
            folder
        };
        for number in 0..library::LIBRARIES_MAX {
            library::add_library(&world.ctx, data, &folder(number), None).await.expect("it is added");
        }
        let error = library::add_library(&world.ctx, data, &folder(1000), None).await.expect_err("one too many");
        assert!(error.to_string().contains("200 libraries"), "{error}");
    }

    async fn the_same_folder_given_at_each_start_is_one_library(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let data = world.folder.path();
        let first = library::ensure_library(&world.ctx, data, music.path()).await.expect("it is added");
        let second = library::ensure_library(&world.ctx, data, music.path()).await.expect("it is known");
        assert_eq!(first.id, second.id);
        assert_eq!(library::libraries(&world.ctx).await.expect("a list").len(), 1);
    }

    async fn a_library_that_is_not_there_at_a_start_is_scanned_and_a_folder_that_never_was_is_refused(world: World) {
        let place = tempfile::tempdir().expect("a folder");
        let (music, data) = (place.path().canonicalize().expect("a path").join("music"), world.folder.path());
        let absent = library::ensure_library(&world.ctx, data, &music).await;
        assert!(matches!(absent, Err(library::Error::Path(_))), "a slip of the pen is said");
        fs::create_dir(&music).expect("a folder");
        let first = library::ensure_library(&world.ctx, data, &music).await.expect("it is added");
        fs::remove_dir(&music).expect("it goes");
        let second = library::ensure_library(&world.ctx, data, &music).await.expect("it is known");
        assert_eq!((first.id, second.state), (second.id, library::LibraryState::Scanning));
    }

    async fn the_folder_chooser_shows_folders_and_nothing_else(world: World) {
        let place = tempfile::tempdir().expect("a folder");
        fs::create_dir(place.path().join("Music")).expect("a folder");
        put(&place.path().join("secret.txt"), b"x");
        let path = format!("/api/v1/folders?path={}", place.path().display());
        let (status, listed) = admin(&world, &world.ctx, "GET", &path, None).await;
        assert_eq!(status, StatusCode::OK);
        let root = place.path().canonicalize().expect("a path");
        assert_eq!(listed["path"], json!(root));
        assert_eq!(listed["parent"], json!(root.parent()));
        assert_eq!(listed["folders"], json!([{"name": "Music", "path": root.join("Music")}]));
        let (_, top) = admin(&world, &world.ctx, "GET", "/api/v1/folders", None).await;
        assert_eq!((&top["path"], &top["parent"]), (&json!("/"), &Value::Null));
        let (status, _) = admin(&world, &world.ctx, "GET", "/api/v1/folders?path=/no/such", None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn a_scan_asked_for_during_a_scan_follows_it(world: World) {
        let house = House::open(world).await;
        for number in 1..=20 {
            write(&house.path(format!("{number}.mp3")), number % 3, &song("Song", "A", number));
        }
        library::request_scan(&house.ctx, house.library.id).await.expect("it is asked for");
        write(&house.path("late.mp3"), 30, &song("Late", "B", 1));
        library::request_scan(&house.ctx, house.library.id).await.expect("it is asked for");
        house.wait_until_settled().await;
        assert_eq!(house.tracks().await.len(), 21);
        house.ctx.shut_down().await;
    }

    async fn a_library_is_looked_at_again_when_it_is_due(world: World) {
        let music = tempfile::tempdir().expect("a folder");
        let ctx = world.ctx.clone();
        let mut settings = crate::house::settings();
        settings.every = Some(std::time::Duration::from_hours(1));
        let runner = kernel::jobs::Runner::new("worker").handler(ingest::scan::scan_handler(settings));
        runner.start(&ctx).await.expect("the worker starts");
        tokio::spawn(ingest::scan::watch(ctx.clone()));
        let added = library::add_library(&ctx, world.folder.path(), music.path(), None).await.expect("it is added");
        wait_until_settled(&ctx, &added).await;
        write(&music.path().join("1.mp3"), 1, &song("Song", "A", 1));
        world.clock.advance(std::time::Duration::from_mins(50));
        assert_eq!(wait_until_settled(&ctx, &added).await.tracks, 0, "not yet");
        world.clock.advance(std::time::Duration::from_secs(590));
        kernel::testkit::eventually("it is looked at again", || async {
            // Slower than a lease runs out, else a busy machine loses the scan again and again.
            world.clock.advance(std::time::Duration::from_secs(2));
            library::library(&ctx, added.id).await.expect("it is there").tracks == 1
        })
        .await;
        ctx.shut_down().await;
    }
}
