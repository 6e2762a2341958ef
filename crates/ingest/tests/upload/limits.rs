//! The limits of uploads, each reached.

use std::time::Duration;

use ingest::upload::{Floor, UploadConfig, UploadState};
use kernel::{
    jobs::Runner,
    on_both_engines,
    testkit::{World, eventually},
};

use crate::support::{ANN, BOB, House, config};

on_both_engines! {
    async fn a_file_that_is_too_large_is_refused_at_once(world: World) {
        let house = House::with(world.ctx.clone(), UploadConfig { bytes_max: 1000, ..config(&world) }).await;
        house.try_create(1001, b"a.mp4").await.refused(413, "too_large");
        assert_eq!(house.try_create(1000, b"a.mp4").await.status, 201);
        let answer = house.ask("OPTIONS", "/api/v1/uploads", &[], b"").await;
        assert_eq!(answer.header("tus-max-size"), "1000");
    }

    async fn a_user_has_only_so_many_unfinished_uploads(world: World) {
        let house = House::with(world.ctx.clone(), UploadConfig { open_per_user_max: 2, ..config(&world) }).await;
        let (first, _) = (house.create(1).await, house.create(1).await);
        house.try_create(1, b"a.mp4").await.refused(429, "too_many_uploads");
        assert_eq!(house.staged_names().len(), 2);
        let bob = [("test-user", BOB), ("tus-resumable", "1.0.0"), ("upload-length", "1")];
        assert_eq!(house.ask("POST", "/api/v1/uploads", &bob, b"").await.status, 201);
        house.patch(&first, 0, b"x").await;
        assert_eq!(house.try_create(1, b"a.mp4").await.status, 201);
    }

    async fn a_file_that_the_disk_has_no_room_for_is_refused_at_creation(world: World) {
        let house = House::with(world.ctx.clone(), UploadConfig { floor: Floor::Bytes(1 << 60), ..config(&world) }).await;
        house.try_create(1, b"a.mp4").await.refused(507, "no_space");
        assert!(house.staged_names().is_empty() && house.uploads().await.is_empty());
    }

    async fn room_is_promised_once(world: World) {
        let config = UploadConfig { bytes_max: 1 << 60, ..config(&world) };
        let house = House::with(world.ctx.clone(), config).await;
        let disk = rustix::fs::statvfs(world.folder.path()).unwrap();
        let half = usize::try_from(disk.f_bavail * disk.f_frsize / 10 * 6).unwrap();
        let path = house.create(half).await;
        house.try_create(half, b"a.mp4").await.refused(507, "no_space");
        house.ask("DELETE", &path, &[("test-user", ANN), ("tus-resumable", "1.0.0")], b"").await;
        assert_eq!(house.try_create(half, b"a.mp4").await.status, 201);
    }

    async fn only_so_many_requests_send_at_once(world: World) {
        let house = House::with(world.ctx.clone(), UploadConfig { sending_max: 1, ..config(&world) }).await;
        let (one, other) = (house.create(10).await, house.create(10).await);
        let mut line = house.line().await;
        line.patch_head(&one, 0, 10, &[]).await;
        line.send(b"12345").await;
        eventually("the first is at it", || async { house.upload(&one).await.received_bytes == 5 }).await;
        house.patch(&other, 0, b"2").await.refused(503, "busy");
        line.send(b"67890").await;
        assert_eq!(line.answer("PATCH").await.status, 204);
        assert_eq!(house.patch(&other, 0, b"2").await.status, 204);
    }

    async fn one_user_does_not_take_the_places_of_others_and_may_always_cancel(world: World) {
        let limits = UploadConfig { sending_max: 2, sending_per_user_max: 1, ..config(&world) };
        let house = House::with(world.ctx.clone(), limits).await;
        let (one, other) = (house.create(10).await, house.create(10).await);
        let mut line = house.line().await;
        line.patch_head(&one, 0, 10, &[]).await;
        line.send(b"12345").await;
        eventually("the first is at it", || async { house.upload(&one).await.received_bytes == 5 }).await;
        house.patch(&other, 0, b"2").await.refused(503, "busy");
        let bob = [("test-user", BOB), ("tus-resumable", "1.0.0"), ("upload-length", "1")];
        let bobs = house.ask("POST", "/api/v1/uploads", &bob, b"").await.header("location").to_owned();
        let bob = [
            ("test-user", BOB),
            ("tus-resumable", "1.0.0"),
            ("upload-offset", "0"),
            ("content-type", "application/offset+octet-stream"),
        ];
        assert_eq!(house.ask("PATCH", &bobs, &bob, b"x").await.status, 204);
        let ann = [("test-user", ANN), ("tus-resumable", "1.0.0")];
        assert_eq!(house.ask("DELETE", &other, &ann, b"").await.status, 204);
        line.send(b"67890").await;
        assert_eq!(line.answer("PATCH").await.status, 204);
    }

    async fn a_request_that_sends_nothing_is_ended(world: World) {
        let config = UploadConfig { idle_max: Duration::from_secs(2), ..config(&world) };
        let house = House::with(world.ctx.clone(), config).await;
        let path = house.create(10).await;
        let mut line = house.line().await;
        line.patch_head(&path, 0, 10, &[]).await;
        line.send(b"123").await;
        line.answer("PATCH").await.refused(408, "idle");
        assert_eq!(house.offset(&path).await, 3);
    }

    async fn metadata_that_is_too_long_is_refused(world: World) {
        let house = House::open(&world).await;
        let long = format!("comment {}", "QUFB".repeat(1100));
        let headers = [("test-user", ANN), ("tus-resumable", "1.0.0"), ("upload-length", "1"), ("upload-metadata", &long)];
        house.ask("POST", "/api/v1/uploads", &headers, b"").await.refused(400, "header");
    }

    async fn a_name_that_cannot_be_kept_is_refused_with_the_reason(world: World) {
        let house = House::open(&world).await;
        let long = "é".repeat(128);
        for name in ["two\nlines.mp4", "a/b.mp4", "..\\b.mp4", "nul\0.mp4", "", &long] {
            let answer = house.try_create(1, name.as_bytes()).await;
            answer.refused(422, "invalid");
            assert_eq!(answer.problem().errors[0].field, "filename");
        }
        let longest = format!("{}.mp4", "x".repeat(251));
        let path = house.create_named(1, &longest).await;
        assert_eq!(house.upload(&path).await.filename, longest);
    }

    async fn an_upload_expires_after_its_last_bytes(world: World) {
        let house = House::open(&world).await;
        let day = Duration::from_hours(24);
        let (path, other) = (house.create(10).await, house.create(10).await);
        world.clock.advance(2 * day);
        assert_eq!(house.patch(&path, 0, b"123").await.header("upload-expires"), "Tue, 06 Jan 2026 00:00:00 GMT");
        world.clock.advance(day);
        assert_eq!(house.offset(&path).await, 3);
        assert_eq!(house.head(&other).await.status, 410);
        house.patch(&other, 0, b"1").await.refused(410, "expired");
        assert_eq!(house.offset(&path).await, 3);
    }

    async fn an_expired_upload_is_swept_with_its_file(world: World) {
        let house = House::open(&world).await;
        let day = Duration::from_hours(24);
        let path = house.create(10).await;
        house.patch(&path, 0, b"123").await;
        let handlers = house.service.handlers(crate::support::no_engine());
        Runner::new("test").handlers(handlers).start(&house.ctx).await.unwrap();
        world.clock.advance(4 * day);
        eventually("the file is gone", || async { house.staged_names().is_empty() }).await;
        let upload = house.upload(&path).await;
        assert_eq!(upload.state, UploadState::Failed);
        assert_eq!(upload.problem.unwrap().code, "expired");
        assert_eq!(house.head(&path).await.status, 410);
        // And a month later the entry too.
        world.clock.advance(31 * day);
        eventually("the entry is gone", || async { house.uploads().await.is_empty() }).await;
        house.ctx.shut_down().await;
    }

    async fn a_list_of_uploads_is_paged_newest_first(world: World) {
        let house = House::open(&world).await;
        let mut paths = Vec::new();
        for _ in 0..5 {
            paths.push(house.create(1).await);
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let at = format!("/api/v1/me/uploads?limit=2{after}");
            let answer = house.ask("GET", &at, &[("test-user", ANN)], b"").await;
            let page: kernel::Page<ingest::upload::Upload> = serde_json::from_slice(&answer.body).unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items.into_iter().map(|upload| format!("/api/v1/uploads/{}", upload.id)));
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        paths.reverse();
        assert_eq!(seen, paths);
    }
}
