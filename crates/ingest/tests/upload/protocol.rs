//! The rules of tus 1.0, one by one.

use ingest::upload::UploadState;
use kernel::{on_both_engines, testkit::World};

use crate::support::{ANN, BOB, House, LEO, noise};

fn checksum_of(algorithm: &str, bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha1::Digest as _;
    let digest = match algorithm {
        "sha1" => sha1::Sha1::digest(bytes).to_vec(),
        _ => sha2::Sha256::digest(bytes).to_vec(),
    };
    format!("{algorithm} {}", STANDARD.encode(digest))
}

on_both_engines! {
    async fn options_announce_exactly_what_is_built(world: World) {
        let house = House::open(&world).await;
        let answer = house.ask("OPTIONS", "/api/v1/uploads", &[], b"").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("tus-version"), "1.0.0");
        assert_eq!(answer.header("tus-extension"), "creation,creation-with-upload,expiration,checksum,termination");
        assert_eq!(answer.header("tus-checksum-algorithm"), "sha1,sha256");
        assert_eq!(answer.header("tus-max-size"), (50_u64 << 30).to_string());
    }

    async fn a_file_arrives_byte_for_byte(world: World) {
        let house = House::open(&world).await;
        let bytes = noise(3_000_000, 1);
        let path = house.create_named(bytes.len(), "Übung.mp4").await;
        assert_eq!(house.upload(&path).await.state, UploadState::Receiving);
        let mut offset = 0;
        for piece in bytes.chunks(1_100_000) {
            let answer = house.patch(&path, offset, piece).await;
            assert_eq!(answer.status, 204, "{}", answer.text());
            offset += piece.len() as u64;
            assert_eq!(answer.header("upload-offset"), offset.to_string());
            assert_eq!(answer.header("tus-resumable"), "1.0.0");
            assert_eq!(house.offset(&path).await, offset);
        }
        assert!(house.staged(&path).unwrap() == bytes);
        let upload = house.upload(&path).await;
        assert_eq!((upload.filename.as_str(), upload.bytes), ("Übung.mp4", 3_000_000));
        assert_eq!((upload.received_bytes, upload.state), (3_000_000, UploadState::Waiting));
        assert_eq!(upload.expires_at, None);
    }

    async fn head_says_where_the_upload_stands(world: World) {
        let house = House::open(&world).await;
        let path = house.create(10).await;
        house.patch(&path, 0, b"1234").await;
        let answer = house.head(&path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("upload-offset"), "4");
        assert_eq!(answer.header("upload-length"), "10");
        assert_eq!(answer.header("upload-metadata"), "filename ZmlsbS5tcDQ=");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("upload-expires"), "Sun, 04 Jan 2026 00:00:00 GMT");
    }

    async fn creation_may_bring_the_first_bytes_or_all(world: World) {
        let house = House::open(&world).await;
        for sent in [3, 6] {
            let headers = [
                ("test-user", ANN), ("tus-resumable", "1.0.0"), ("upload-length", "6"),
                ("content-type", "application/offset+octet-stream"),
            ];
            let answer = house.ask("POST", "/api/v1/uploads", &headers, &b"abcdef"[..sent]).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
            assert_eq!(answer.header("upload-offset"), sent.to_string());
            let path = answer.header("location").to_owned();
            assert_eq!(house.offset(&path).await, sent as u64);
            assert_eq!(house.staged(&path).unwrap(), &b"abcdef"[..sent]);
        }
    }

    async fn an_upload_without_bytes_is_complete_at_once(world: World) {
        let house = House::open(&world).await;
        let path = house.create(0).await;
        assert_eq!(house.offset(&path).await, 0);
        assert_eq!(house.upload(&path).await.state, UploadState::Waiting);
        assert_eq!(house.patch(&path, 0, b"").await.status, 204);
    }

    async fn another_offset_is_a_conflict(world: World) {
        let house = House::open(&world).await;
        let path = house.create(10).await;
        house.patch(&path, 0, b"1234").await;
        for offset in [0, 3, 5, 10] {
            house.patch(&path, offset, b"x").await.refused(409, "wrong_offset");
        }
        assert_eq!(house.staged(&path).unwrap(), b"1234");
    }

    async fn more_bytes_than_announced_are_refused(world: World) {
        let house = House::open(&world).await;
        let path = house.create(10).await;
        house.patch(&path, 0, b"1234").await;
        house.patch(&path, 4, b"1234567").await.refused(413, "too_long");
        let mut line = house.line().await;
        let headers = [
            ("test-user", ANN), ("tus-resumable", "1.0.0"), ("upload-offset", "4"),
            ("content-type", "application/offset+octet-stream"),
        ];
        line.head("PATCH", &path, &headers, None).await;
        line.send_chunk(b"1234567").await;
        line.answer("PATCH").await.refused(413, "too_long");
        assert_eq!(house.offset(&path).await, 4);
        assert_eq!(house.patch(&path, 4, b"567890").await.status, 204);
        house.patch(&path, 10, b"x").await.refused(413, "too_long");
        assert_eq!(house.staged(&path).unwrap(), b"1234567890");
    }

    async fn a_chunked_body_is_taken(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        let mut line = house.line().await;
        let headers = [
            ("test-user", ANN), ("tus-resumable", "1.0.0"), ("upload-offset", "0"),
            ("content-type", "application/offset+octet-stream"),
        ];
        line.head("PATCH", &path, &headers, None).await;
        line.send_chunk(b"123").await;
        line.send_chunk(b"456").await;
        line.send_chunk(b"").await;
        assert_eq!(line.answer("PATCH").await.status, 204);
        assert_eq!(house.staged(&path).unwrap(), b"123456");
    }

    async fn bytes_that_fit_their_checksum_are_kept(world: World) {
        let house = House::open(&world).await;
        for algorithm in ["sha1", "sha256"] {
            let path = house.create(6).await;
            let sum = checksum_of(algorithm, b"123");
            let answer = house.patch_with(&path, 0, b"123", &[("upload-checksum", &sum)]).await;
            assert_eq!((answer.status, answer.header("upload-offset")), (204, "3"));
        }
    }

    async fn bytes_that_differ_from_their_checksum_leave_nothing(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        house.patch(&path, 0, b"12").await;
        for algorithm in ["sha1", "sha256"] {
            let sum = checksum_of(algorithm, b"345");
            let answer = house.patch_with(&path, 2, b"3x5", &[("upload-checksum", &sum)]).await;
            answer.refused(460, "checksum");
            assert_eq!(house.offset(&path).await, 2);
            assert_eq!(house.staged(&path).unwrap(), b"12");
        }
        let sum = checksum_of("sha1", b"3456");
        house.patch_with(&path, 2, b"345x", &[("upload-checksum", &sum)]).await.refused(460, "checksum");
        assert_eq!(house.upload(&path).await.state, UploadState::Receiving);
    }

    async fn a_checksum_that_cannot_be_read_is_refused(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        for bad in ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 %%%", ""] {
            house.patch_with(&path, 0, b"123", &[("upload-checksum", bad)]).await.refused(400, "header");
        }
        assert_eq!(house.offset(&path).await, 0);
    }

    async fn termination_frees_everything(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        house.patch(&path, 0, b"123").await;
        let own = [("test-user", ANN), ("tus-resumable", "1.0.0")];
        let answer = house.ask("DELETE", &path, &own, b"").await;
        assert_eq!((answer.status, answer.header("tus-resumable")), (204, "1.0.0"));
        assert_eq!(house.head(&path).await.status, 404);
        house.patch(&path, 3, b"456").await.refused(404, "not_found");
        house.ask("DELETE", &path, &own, b"").await.refused(404, "not_found");
        assert!(house.staged_names().is_empty());
        assert!(house.uploads().await.is_empty());
    }

    async fn another_version_of_the_protocol_is_refused(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        for version in ["0.2.2", "2.0.0", ""] {
            for (method, at) in [("POST", "/api/v1/uploads"), ("PATCH", &*path), ("DELETE", &*path), ("HEAD", &*path)] {
                let answer = house.ask(method, at, &[("test-user", ANN), ("tus-resumable", version)], b"").await;
                assert_eq!((answer.status, answer.header("tus-version")), (412, "1.0.0"), "{method}");
                assert_eq!(answer.header("tus-resumable"), "1.0.0");
            }
        }
        let answer = house.ask("POST", "/api/v1/uploads", &[("test-user", ANN)], b"").await;
        answer.refused(412, "tus_version");
    }

    async fn a_body_of_another_type_is_refused(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        let mut headers = vec![("test-user", ANN), ("tus-resumable", "1.0.0"), ("upload-offset", "0")];
        house.ask("PATCH", &path, &headers, b"123").await.refused(415, "media_type");
        headers.push(("content-type", "application/octet-stream"));
        house.ask("PATCH", &path, &headers, b"123").await.refused(415, "media_type");
        let create = [("test-user", ANN), ("tus-resumable", "1.0.0"), ("upload-length", "3")];
        house.ask("POST", "/api/v1/uploads", &create, b"123").await.refused(415, "media_type");
    }

    async fn a_missing_or_broken_header_is_refused_with_its_name(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        let base = [("test-user", ANN), ("tus-resumable", "1.0.0"), ("content-type", "application/offset+octet-stream")];
        for offset in [None, Some("-1"), Some("x"), Some("99999999999999999999")] {
            let headers: Vec<_> = base.into_iter().chain(offset.map(|offset| ("upload-offset", offset))).collect();
            let answer = house.ask("PATCH", &path, &headers, b"123").await;
            answer.refused(400, "header");
            assert_eq!(answer.problem().errors[0].field, "Upload-Offset");
        }
        for (name, value) in [("upload-length", "many"), ("upload-defer-length", "1"), ("x-none", "")] {
            let headers: Vec<_> = base[..2].iter().copied().chain([(name, value)]).collect();
            house.ask("POST", "/api/v1/uploads", &headers, b"").await.refused(400, "header");
        }
    }

    async fn post_stands_in_where_only_post_gets_through(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        let base = [("test-user", ANN), ("tus-resumable", "1.0.0"), ("content-type", "application/offset+octet-stream")];
        let with = |meant| base.into_iter().chain([("upload-offset", "0"), ("x-http-method-override", meant)]).collect::<Vec<_>>();
        assert_eq!(house.ask("POST", &path, &with("PATCH"), b"123").await.status, 204);
        let answer = house.ask("POST", &path, &with("HEAD"), b"").await;
        assert_eq!((answer.status, answer.header("upload-offset")), (200, "3"));
        house.ask("POST", &path, &with("BREW"), b"").await.refused(405, "method");
        house.ask("POST", &path, &base, b"").await.refused(405, "method");
        assert_eq!(house.ask("POST", &path, &with("delete"), b"").await.status, 204);
        assert_eq!(house.head(&path).await.status, 404);
    }

    async fn somebody_elses_upload_is_not_there(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        let id = path.rsplit('/').next().unwrap();
        let mine = format!("/api/v1/me/uploads/{id}");
        let bob = [
            ("test-user", BOB), ("tus-resumable", "1.0.0"), ("upload-offset", "0"),
            ("content-type", "application/offset+octet-stream"),
        ];
        assert_eq!(house.ask("HEAD", &path, &bob, b"").await.status, 404);
        house.ask("PATCH", &path, &bob, b"123").await.refused(404, "not_found");
        house.ask("DELETE", &path, &bob, b"").await.refused(404, "not_found");
        house.ask("DELETE", &mine, &bob, b"").await.refused(404, "not_found");
        house.ask("POST", &format!("{mine}/retry"), &bob, b"").await.refused(404, "not_found");
        let absent = house.ask("PATCH", "/api/v1/uploads/7", &bob, b"123").await;
        let hidden = house.ask("PATCH", &path, &bob, b"123").await;
        assert_eq!(absent.text(), hidden.text());
        house.ask("PATCH", "/api/v1/uploads/..%2f..", &bob, b"123").await.refused(404, "not_found");
        assert_eq!(house.offset(&path).await, 0);
        assert_eq!(house.uploads().await.len(), 1);
    }

    async fn only_a_creator_uploads(world: World) {
        let house = House::open(&world).await;
        let path = house.create(6).await;
        let leo = [
            ("test-user", LEO), ("tus-resumable", "1.0.0"), ("upload-length", "6"), ("upload-offset", "0"),
            ("content-type", "application/offset+octet-stream"),
        ];
        house.ask("POST", "/api/v1/uploads", &leo, b"").await.refused(403, "forbidden");
        house.ask("PATCH", &path, &leo, b"123").await.refused(403, "forbidden");
        house.ask("DELETE", &path, &leo, b"").await.refused(404, "not_found");
        let nobody = &leo[1..];
        for method in ["POST", "PATCH"] {
            let at = if method == "POST" { "/api/v1/uploads" } else { &*path };
            assert_eq!(house.ask(method, at, nobody, b"").await.status, 401);
        }
        assert!(house.staged_names().len() == 1);
    }
}
