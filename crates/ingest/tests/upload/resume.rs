//! Lines that are cut, requests that fight, programs that die: what was acknowledged is kept, byte for byte.

use ingest::upload::UploadState;
use kernel::{
    on_both_engines,
    testkit::{World, eventually},
};

use crate::support::{ANN, House, config, noise};

/// Sends `bytes` of a PATCH that announces more, then cuts the line.
async fn send_and_cut(house: &House, path: &str, offset: u64, bytes: &[u8], sent: usize) {
    let mut line = house.line().await;
    line.patch_head(path, offset, bytes.len(), &[]).await;
    line.send(&bytes[..sent]).await;
    line.cut();
}

on_both_engines! {
    async fn a_line_cut_anywhere_costs_nothing_that_was_acknowledged(world: World) {
        let house = House::open(&world).await;
        let bytes = noise(2_500_000, 7);
        let path = house.create(bytes.len()).await;
        let random = world.ctx.random();
        let mut offset = 0_u64;
        let mut cuts = 0;
        while offset < bytes.len() as u64 {
            let rest = &bytes[usize::try_from(offset).unwrap()..];
            if cuts < 20 {
                let sent = usize::try_from(random.below(rest.len() as u64 / 4)).unwrap();
                send_and_cut(&house, &path, offset, rest, sent).await;
                cuts += 1;
                let stands = house.offset(&path).await;
                // A request that was cut may still be on its way through the server, so more may have come.
                assert!(stands >= offset, "{stands} after {offset}");
                let known = usize::try_from(stands).unwrap();
                assert!(house.staged(&path).unwrap()[..known] == bytes[..known]);
                offset = stands;
            } else {
                let answer = house.patch(&path, offset, rest).await;
                if answer.status == 204 {
                    offset += rest.len() as u64;
                } else {
                    // The cut request may still have been saving what had come.
                    answer.refused(409, "wrong_offset");
                    offset = house.offset(&path).await;
                }
            }
        }
        assert!(house.staged(&path).unwrap() == bytes);
        assert_eq!(house.upload(&path).await.state, UploadState::Waiting);
    }

    async fn what_came_before_the_cut_is_kept(world: World) {
        let house = House::open(&world).await;
        let bytes = noise(1_000_000, 3);
        let path = house.create(bytes.len()).await;
        let mut line = house.line().await;
        line.patch_head(&path, 0, bytes.len(), &[]).await;
        line.send(&bytes[..700_000]).await;
        // Recorded a second after it came, while the request still runs.
        eventually("the bytes are acknowledged", || async {
            house.upload(&path).await.received_bytes == 700_000
        }).await;
        line.cut();
        assert_eq!(house.offset(&path).await, 700_000);
        assert_eq!(house.patch(&path, 700_000, &bytes[700_000..]).await.status, 204);
        assert!(house.staged(&path).unwrap() == bytes);
    }

    async fn a_dead_request_gives_way_to_another(world: World) {
        let house = House::open(&world).await;
        let path = house.create(1000).await;
        let mut dead = house.line().await;
        dead.patch_head(&path, 0, 1000, &[]).await;
        dead.send(&[1; 300]).await;
        eventually("the bytes are on their way", || async { house.offset(&path).await == 300 }).await;
        assert_eq!(house.patch(&path, 300, &[2; 700]).await.status, 204);
        dead.answer("PATCH").await.refused(423, "locked");
        let staged = house.staged(&path).unwrap();
        assert!(staged[..300] == [1; 300] && staged[300..] == [2; 700]);
    }

    async fn a_live_request_keeps_the_upload(world: World) {
        let house = House::open(&world).await;
        let bytes = noise(400, 5);
        let path = house.create(bytes.len()).await;
        let mut line = house.line().await;
        line.patch_head(&path, 0, bytes.len(), &[]).await;
        let live = async {
            line.within_seconds(4, &bytes).await;
            line.answer("PATCH").await
        };
        let (live, second) = tokio::join!(live, async {
            eventually("the first is at it", || async { house.upload(&path).await.received_bytes > 0 }).await;
            house.patch(&path, 0, &bytes).await
        });
        second.refused(423, "locked");
        assert_eq!(second.header("retry-after"), "1");
        assert_eq!(live.status, 204);
        assert!(house.staged(&path).unwrap() == bytes);
    }

    async fn of_many_requests_at_once_each_byte_is_taken_from_one(world: World) {
        let house = House::open(&world).await;
        let bytes = noise(600_000, 11);
        let path = house.create(bytes.len()).await;
        let all = (0..6).map(|_| house.patch(&path, 0, &bytes));
        let mut done = 0;
        for answer in futures_util::future::join_all(all).await {
            match answer.status {
                204 => done += 1,
                409 | 423 | 413 => {}
                _ => panic!("{answer:?}"),
            }
        }
        assert_eq!(done, 1);
        assert!(house.staged(&path).unwrap() == bytes);
    }

    async fn a_request_with_a_checksum_that_is_cut_leaves_nothing(world: World) {
        let house = House::open(&world).await;
        let path = house.create(1000).await;
        house.patch(&path, 0, &[1; 100]).await;
        let mut line = house.line().await;
        let sum = [("upload-checksum", "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=")];
        line.patch_head(&path, 100, 900, &sum).await;
        line.send(&[2; 500]).await;
        eventually("the bytes came", || async { house.staged(&path).unwrap().len() >= 100 }).await;
        line.cut();
        assert_eq!(house.offset(&path).await, 100);
        eventually("they are gone again", || async { house.staged(&path).unwrap().len() == 100 }).await;
    }

    async fn what_was_not_acknowledged_is_overwritten_after_a_restart(world: World) {
        let bytes = noise(1000, 9);
        let path = {
            let house = House::open(&world).await;
            let path = house.create(bytes.len()).await;
            house.patch(&path, 0, &bytes[..400]).await;
            path
        };
        // A program that was killed after writing and before acknowledging leaves such a tail.
        let id = path.rsplit('/').next().unwrap();
        let file = config(&world).folder.join(id);
        std::fs::write(&file, [&bytes[..400], &[0xee; 800]].concat()).unwrap();
        let house = House::with(world.reopened().await, config(&world)).await;
        assert_eq!(house.offset(&path).await, 400);
        assert_eq!(house.patch(&path, 400, &bytes[400..]).await.status, 204);
        assert!(house.staged(&path).unwrap() == bytes);
    }

    async fn an_upload_whose_bytes_are_gone_says_so(world: World) {
        let (whole, short) = {
            let house = House::open(&world).await;
            let (whole, short) = (house.create(100).await, house.create(100).await);
            house.patch(&whole, 0, &[1; 50]).await;
            house.patch(&short, 0, &[1; 50]).await;
            std::fs::write(house.folder.join(short.rsplit('/').next().unwrap()), [1; 20]).unwrap();
            house.patch(&short, 50, &[1; 50]).await.refused(410, "bytes_lost");
            (whole, short)
        };
        std::fs::remove_file(config(&world).folder.join(whole.rsplit('/').next().unwrap())).unwrap();
        let house = House::with(world.reopened().await, config(&world)).await;
        for path in [whole, short] {
            let upload = house.upload(&path).await;
            assert_eq!(upload.state, UploadState::Failed);
            assert_eq!(upload.problem.unwrap().code, "bytes_lost");
            assert_eq!(house.head(&path).await.status, 410);
        }
        assert!(house.staged_names().is_empty());
    }

    async fn files_that_belong_to_no_upload_are_swept_at_start(world: World) {
        let (kept, folder) = {
            let house = House::open(&world).await;
            let kept = house.create(100).await;
            house.patch(&kept, 0, &[1; 50]).await;
            (kept, house.folder.clone())
        };
        for name in ["7", "note.txt", "12.out", "-3"] {
            std::fs::write(folder.join(name), b"stray").unwrap();
        }
        let house = House::with(world.reopened().await, config(&world)).await;
        assert_eq!(house.staged_names(), [kept.rsplit('/').next().unwrap()]);
        assert_eq!(house.offset(&kept).await, 50);
    }

    async fn a_program_that_stops_keeps_what_came(world: World) {
        let bytes = noise(1000, 13);
        let path = {
            let house = House::open(&world).await;
            let path = house.create(bytes.len()).await;
            let mut line = house.line().await;
            line.patch_head(&path, 0, bytes.len(), &[]).await;
            line.send(&bytes[..600]).await;
            eventually("the bytes came", || async { house.upload(&path).await.received_bytes == 600 }).await;
            house.ctx.stop().cancel();
            line.answer("PATCH").await.refused(503, "stopping");
            house.ctx.shut_down().await;
            path
        };
        let house = House::with(world.reopened().await, config(&world)).await;
        assert_eq!(house.offset(&path).await, 600);
        let answer = house.ask("DELETE", &path, &[("test-user", ANN), ("tus-resumable", "1.0.0")], b"").await;
        assert_eq!(answer.status, 204);
    }
}
