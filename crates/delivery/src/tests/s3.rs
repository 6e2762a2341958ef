//! The same out of an object store.

use std::sync::Arc;

use catalog::{MediaId, media::SourceFile};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use kernel::{
    Ctx,
    blob::S3Blobs,
    bus::LocalBus,
    db::{Db, Engine},
    id::UserId,
    random::Random,
    testkit::{S3_VARIABLE, World},
};

use super::{House, blob_source};
use crate::{Archive, Asked, Config, Packed, PackedFolder, Packer, parts_and_direct};

/// A world whose objects are in a real S3 server's bucket.
async fn on_s3(world: &World) -> Ctx {
    let url = std::env::var(S3_VARIABLE).unwrap_or_else(|_| {
        panic!("{S3_VARIABLE} names no S3 bucket; run the tests with `cargo xtask test`")
    });
    let bus = Arc::new(LocalBus::default());
    let db = Db::open(&world.location, bus.clone()).await.expect("the database opens");
    let blobs = Arc::new(S3Blobs::open(&url).expect("the bucket opens"));
    Ctx::new(db, blobs, bus, world.ctx.clock().clone(), Random::System).await.expect("the context is made")
}

/// A number that nothing else has: the bucket outlives the test, and others are in it.
fn number() -> i64 {
    i64::try_from(Random::System.below(1 << 62)).expect("it is below")
}

#[tokio::test]
async fn segments_and_originals_come_out_of_a_bucket() {
    let world = World::new(Engine::Sqlite).await;
    let ctx = on_s3(&world).await;
    let house = House::with(&ctx, Config { cache_bytes: 1 << 20, grant_hours: 12 });
    let media = MediaId(number());
    let large: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
    house.put(&format!("media/{media}/v720/1-0ab.m4s"), &large[..50_000]).await;
    house.put(&format!("media/{media}/v720/2-0ab.m4s"), &large).await;
    for (name, expected) in [("v720/1-0ab.m4s", &large[..50_000]), ("v720/2-0ab.m4s", &large[..])] {
        let path = house.path(media, name);
        // The first is kept in memory after the first time, the second is too large for that.
        for _ in 0..2 {
            let answer = house.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.body == expected, "{name}");
        }
        let part = house.ask(Method::GET, &path, &[(header::RANGE, "bytes=1000-40999")]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        assert!(part.body == large[1000..41_000], "{name}");
    }
    house.get(&house.path(media, "v720/3-0ab.m4s")).await.assert_absent();

    let key = format!("originals/{media}/a.flac");
    house.put(&key, &large).await;
    let (_, upload) = house.add_track(blob_source(&key, "audio/flac", "flac")).await;
    let path = house.path(upload, "original");
    let part = house.ask(Method::GET, &path, &[(header::RANGE, "bytes=-8")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, large[large.len() - 8..]);
    let head = house.ask(Method::HEAD, &path, &[]).await;
    assert_eq!(head.header(&header::CONTENT_LENGTH), "2000000");
}

#[tokio::test]
async fn an_archive_is_made_out_of_a_bucket_and_breaks_off_when_a_blob_is_another() {
    let world = World::new(Engine::Sqlite).await;
    let ctx = on_s3(&world).await;
    let house = House::with(&ctx, Config::default());
    let large: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
    let key = format!("originals/{}/a.flac", number());
    house.put(&key, &large).await;
    let file = SourceFile { bytes: large.len() as u64, ..blob_source(&key, "audio/flac", "flac") };
    let archive = || {
        let files = vec![Packed { name: "01 Air".to_owned(), file: file.clone() }];
        Archive::new("Gift", vec![PackedFolder { name: None, files }])
    };
    let door = parts_and_direct(ctx.clone(), Config::default()).2;
    let send = async |range: &'static str| {
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
        let asked = Asked { method: &Method::GET, headers: &headers };
        let sent = door.archive(archive(), &Packer::Member(UserId(1)), asked).await.expect("there is one");
        sent.into_body().collect().await.map(|body| body.to_bytes().to_vec())
    };
    let all = send("bytes=0-").await.expect("it comes whole");
    assert_eq!(all.len() as u64, archive().bytes());
    let head = "Gift/01 Air.flac".len() + 30;
    assert!(all[head..head + large.len()] == large);
    assert!(send("bytes=500000-1500000").await.expect("it comes whole") == all[500_000..=1_500_000]);
    house.put(&key, &large[1..]).await;
    assert!(send("bytes=0-").await.is_err());
}
