//! Segments and manifests by signed paths.

use std::time::Duration;

use catalog::MediaId;
use http::{Method, StatusCode, header};
use kernel::{
    blob::BlobKey,
    db::Engine,
    testkit::{START, World},
};

use super::{House, blob_source};
use crate::Config;

const SEGMENT: &str = "v720/1-0ab.m4s";

/// A house with a segment of 1,000 bytes of media 42, of which the database knows nothing.
async fn house_with_segment(config: Config) -> (World, House, Vec<u8>) {
    let world = World::new(Engine::Sqlite).await;
    let house = House::with(&world.ctx, config);
    let bytes: Vec<u8> = (0..1000_u32).map(|number| number.to_le_bytes()[0]).collect();
    house.put(&format!("media/42/{SEGMENT}"), &bytes).await;
    (world, house, bytes)
}

/// Once kept in memory, and once read from its file for each request.
const WAYS: [Config; 2] =
    [Config { cache_bytes: 1 << 20, grant_hours: 12 }, Config { cache_bytes: 0, grant_hours: 12 }];

#[tokio::test]
async fn a_segment_needs_a_signature_and_no_row() {
    for config in WAYS {
        let (_world, house, bytes) = house_with_segment(config).await;
        for _ in 0..2 {
            let answer = house.get(&house.path(MediaId(42), SEGMENT)).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.body, bytes);
            assert_eq!(answer.header(&header::CONTENT_LENGTH), "1000");
            assert_eq!(answer.header(&header::CONTENT_TYPE), "video/mp4");
            assert_eq!(answer.header(&header::CACHE_CONTROL), "public, max-age=31536000, immutable");
            assert_eq!(answer.header(&header::ETAG), "\"1-0ab.m4s\"");
            assert_eq!(answer.header(&header::ACCEPT_RANGES), "bytes");
            assert_eq!(answer.header(&header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        }
    }
}

#[tokio::test]
async fn a_hot_segment_comes_out_of_memory() {
    for (config, expected) in WAYS.into_iter().zip([StatusCode::OK, StatusCode::NOT_FOUND]) {
        let (_world, house, _) = house_with_segment(config).await;
        let path = house.path(MediaId(42), SEGMENT);
        assert_eq!(house.get(&path).await.status, StatusCode::OK);
        let key = BlobKey::new(format!("media/42/{SEGMENT}")).expect("a good name");
        house.ctx.blobs().delete(&key).await.expect("is deleted");
        assert_eq!(house.get(&path).await.status, expected);
    }
}

#[tokio::test]
async fn a_token_that_is_wrong_is_answered_like_a_thing_that_is_absent() {
    let (world, house, _) = house_with_segment(Config::default()).await;
    let good = house.token(MediaId(42));
    house.put("media/43/v720/1-0ab.m4s", b"of another").await;
    let signer = house.ctx.signer();
    let foreign =
        kernel::sign::Signer::with_key([1; 32]).grant("media", "42", START.plus(Duration::from_hours(1)));
    let picture = signer.grant("picture", "42", START.plus(Duration::from_hours(1)));
    let longer = format!("f{good}");
    let forged = format!("{}A", &good[..good.len() - 1]);
    for token in
        [foreign.as_str(), &picture, &longer, &forged, "x", ".", "", "%00", "6a.é", &"a".repeat(5000)]
    {
        if token != good {
            let path = format!("/media/{token}/42/{SEGMENT}");
            if path.parse::<http::Uri>().is_ok() {
                house.get(&path).await.assert_absent();
            }
        }
    }
    // Good for its own media alone.
    house.get(&format!("/media/{good}/43/{SEGMENT}")).await.assert_absent();
    for absent in ["v720/2-0ab.m4s", "v721/1-0ab.m4s", "master.m3u8", "manifest.mpd", "original"] {
        house.get(&house.path(MediaId(42), absent)).await.assert_absent();
    }
    // It holds until its end and not a second longer, and a warm cache changes nothing about that.
    let path = format!("/media/{good}/42/{SEGMENT}");
    assert_eq!(house.get(&path).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(house.get(&path).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_secs(1));
    house.get(&path).await.assert_absent();
}

#[tokio::test]
async fn paths_that_lead_elsewhere_lead_nowhere() {
    let (world, house, _) = house_with_segment(Config::default()).await;
    std::fs::write(world.folder.path().join("blobs/secret.m4s"), b"secret").expect("written");
    house.put("media/43/v720/1-0ab.m4s", b"of another").await;
    for rest in [
        "../43/v720/1-0ab.m4s",
        "..%2f43/v720/1-0ab.m4s",
        "%2e%2e/43/v720/1-0ab.m4s",
        "v720/../../43/v720/1-0ab.m4s",
        "v720/..%2f..%2f..%2fsecret.m4s",
        "../../secret.m4s",
        "v720/1-0ab.m4s/",
        "v720//1-0ab.m4s",
        "v720",
        "v720/",
        "v720/1-0ab",
        "",
        "v720/1-0ab.m4s%00",
        "V720/1-0ab.m4s",
    ] {
        house.get(&house.path(MediaId(42), rest)).await.assert_absent();
    }
}

#[tokio::test]
async fn ranges_are_cut_from_memory_and_from_files_alike() {
    for config in WAYS {
        let (_world, house, bytes) = house_with_segment(config).await;
        let path = house.path(MediaId(42), SEGMENT);
        for (range, part) in [
            ("bytes=0-9", 0..10),
            ("bytes=990-", 990..1000),
            ("bytes=-10", 990..1000),
            ("bytes=5-5000", 5..1000),
        ] {
            let answer = house.ask(Method::GET, &path, &[(header::RANGE, range)]).await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(answer.body, bytes[part.clone()], "{range}");
            let said = format!("bytes {}-{}/1000", part.start, part.end - 1);
            assert_eq!(answer.header(&header::CONTENT_RANGE), said);
            assert_eq!(answer.header(&header::CONTENT_LENGTH), part.len().to_string());
        }
        let beyond = house.ask(Method::GET, &path, &[(header::RANGE, "bytes=1000-")]).await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(beyond.header(&header::CONTENT_RANGE), "bytes */1000");
        let several = house.ask(Method::GET, &path, &[(header::RANGE, "bytes=0-1,5-6")]).await;
        assert_eq!((several.status, several.body), (StatusCode::OK, bytes.clone()));
        let changed = [(header::RANGE, "bytes=0-9"), (header::IF_RANGE, "\"other\"")];
        assert_eq!(house.ask(Method::GET, &path, &changed).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn head_says_what_get_would_and_conditions_hold() {
    for config in WAYS {
        let (_world, house, _) = house_with_segment(config).await;
        let path = house.path(MediaId(42), SEGMENT);
        let get = house.get(&path).await;
        let head = house.ask(Method::HEAD, &path, &[(header::RANGE, "bytes=0-9")]).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.headers, get.headers);
        let tag = get.header(&header::ETAG).to_owned();
        let same = house.ask(Method::GET, &path, &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(same.header(&header::ETAG), tag);
        assert!(!same.header(&header::CACHE_CONTROL).is_empty());
        let other = house.ask(Method::GET, &path, &[(header::IF_MATCH, "\"other\"")]).await;
        assert_eq!(other.status, StatusCode::PRECONDITION_FAILED);
    }
}

#[tokio::test]
async fn only_reading_is_possible() {
    let (_world, house, _) = house_with_segment(Config::default()).await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = house.ask(method, &house.path(MediaId(42), SEGMENT), &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header(&header::ALLOW), "GET, HEAD");
    }
}

#[tokio::test]
async fn a_segment_above_the_share_of_the_cache_is_streamed_whole() {
    let config = Config { cache_bytes: 1 << 20, grant_hours: 12 };
    let (_world, house, _) = house_with_segment(config).await;
    let large: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    house.put("media/42/v720/2-0ab.m4s", &large).await;
    let path = house.path(MediaId(42), "v720/2-0ab.m4s");
    assert_eq!(house.get(&path).await.body, large);
    let part = house.ask(Method::GET, &path, &[(header::RANGE, "bytes=262100-1000000")]).await;
    assert_eq!(part.body, large[262_100..=1_000_000]);
}

#[tokio::test]
async fn an_empty_segment_is_empty_and_not_a_fault() {
    for config in WAYS {
        let (_world, house, _) = house_with_segment(config).await;
        house.put("media/42/v720/3-0ab.m4s", b"").await;
        let answer = house.get(&house.path(MediaId(42), "v720/3-0ab.m4s")).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
        assert_eq!(answer.header(&header::CONTENT_LENGTH), "0");
    }
}

kernel::on_both_engines! {
    async fn manifests_grow_with_the_encode_until_it_is_complete(world: World) {
        let house = House::new(&world.ctx);
        let (_, media) = house.add_video(blob_source("originals/1/a.mkv", "video/x-matroska", "h264")).await;
        let generation = house.begin(media).await;
        house.add_rung(media, generation, "v720", 2).await;
        house.add_rung(media, generation, "a128", 3).await;
        let (list, mpd) = (house.path(media, "v720.m3u8"), house.path(media, "manifest.mpd"));
        let first = house.get(&list).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text());
        assert_eq!(first.header(&header::CONTENT_TYPE), "application/vnd.apple.mpegurl");
        assert_eq!(first.header(&header::CACHE_CONTROL), "private, no-cache");
        assert!(first.text().contains("EVENT") && !first.text().contains("ENDLIST"));
        assert_eq!(first.text().matches("#EXTINF").count(), 2);
        assert!(house.get(&mpd).await.text().contains("type=\"dynamic\""));
        let tag = first.header(&header::ETAG).to_owned();
        let unchanged = house.ask(Method::GET, &list, &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);

        house.complete(media, generation).await;
        let last = house.ask(Method::GET, &list, &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!(last.status, StatusCode::OK, "what has grown has another tag");
        assert!(last.text().contains("VOD") && last.text().contains("#EXT-X-ENDLIST"));
        let mpd = house.get(&mpd).await;
        assert_eq!(mpd.header(&header::CONTENT_TYPE), "application/dash+xml");
        assert!(mpd.text().contains("type=\"static\""));
        house.get(&house.path(media, "v1080.m3u8")).await.assert_absent();
    }

    async fn every_path_that_a_manifest_names_can_be_fetched(world: World) {
        let house = House::new(&world.ctx);
        let (_, media) = house.add_video(blob_source("originals/1/a.mkv", "video/x-matroska", "h264")).await;
        let generation = house.begin(media).await;
        house.add_rung(media, generation, "v720", 3).await;
        house.add_rung(media, generation, "a128", 3).await;
        house.add_caption(media, generation, "WEBVTT\n").await;
        house.complete(media, generation).await;
        let mut found = Vec::new();
        let mut lists = vec!["master.m3u8".to_owned()];
        while let Some(list) = lists.pop() {
            let answer = house.get(&house.path(media, &list)).await;
            assert_eq!(answer.status, StatusCode::OK, "{list}");
            let folder = list.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            let quoted = answer.text().split("URI=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let bare = answer.text().lines().filter(|line| !line.starts_with('#'));
            for name in quoted.chain(bare) {
                let name = format!("{folder}{name}");
                if name.strip_suffix(".m3u8").is_some() { lists.push(name) } else { found.push(name) }
            }
        }
        let mpd = house.get(&house.path(media, "manifest.mpd")).await;
        for mark in [" media=\"", " sourceURL=\"", "<BaseURL>"] {
            let names = mpd.text().split(mark).skip(1).filter_map(|rest| rest.split(['"', '<']).next());
            found.extend(names.map(str::to_owned));
        }
        assert_eq!(found.len(), 2 * (2 * 4 + 1), "{found:?}");
        for name in found {
            let answer = house.get(&house.path(media, &name)).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}");
            let vtt = name.strip_suffix(".vtt").is_some();
            let kind = if vtt { "text/vtt; charset=utf-8" } else { "video/mp4" };
            assert_eq!(answer.header(&header::CONTENT_TYPE), kind, "{name}");
        }
        let other = house.path(MediaId(1), "captions/1.vtt");
        house.get(&other).await.assert_absent();
    }
}
