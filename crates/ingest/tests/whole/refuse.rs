//! Files that are not what they say, or nothing at all: each a clear problem, and nothing left behind.

use ingest::upload::UploadState;
use kernel::{on_both_engines, testkit::World};

use crate::{
    films::{blobs, encode_config, ended, make, mp4, send, work},
    support::{ANN, House, noise},
};

/// Files that must be refused, and with which codes.
fn bad(world: &World) -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let whole = mp4(world, 3);
    let secret = world.folder.path().join("film.mp4");
    let png = std::fs::read(make(world, "p.png", "-f lavfi -i color=red:s=64x64 -frames:v 1")).unwrap();
    let jpeg = std::fs::read(make(world, "p.jpg", "-f lavfi -i color=red:s=64x64 -frames:v 1")).unwrap();
    let hls = format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", secret.display());
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", secret.display());
    let text = "Once upon a time there was a text that wanted to be a film. ".repeat(50);
    vec![
        ("empty.mp4", Vec::new(), &["empty_file"]),
        ("text.mp4", text.into_bytes(), &["not_media"]),
        ("truncated.mp4", whole[..whole.len() / 2].to_vec(), &["truncated"]),
        ("picture.mp3", png, &["picture"]),
        ("picture.mp4", jpeg, &["picture"]),
        ("playlist.mp4", hls.into_bytes(), &["playlist"]),
        ("concat.mp4", concat.into_bytes(), &["playlist"]),
        ("noise.flac", noise(100_000, 17), &["not_media", "container"]),
        ("zero.mkv", vec![0; 100_000], &["not_media", "container"]),
    ]
}

on_both_engines! {
    async fn a_file_that_is_not_what_it_says_is_refused_with_the_reason(world: World) {
        let house = House::open(&world).await;
        work(&house, encode_config(&world)).await;
        for (name, bytes, codes) in bad(&world) {
            let path = send(&house, name, &bytes).await;
            let upload = ended(&house, &path).await;
            assert_eq!(upload.state, UploadState::Failed, "{name}");
            let problem = upload.problem.clone().expect("a problem");
            assert!(codes.contains(&problem.code.as_str()), "{name}: {problem:?}");
            assert!(problem.detail.len() > 20 && !problem.detail.contains('/'), "{name}: {problem:?}");
            assert!(upload.video_id.is_none() && upload.track_id.is_none());
            let mine = format!("/api/v1/me/uploads/{}", upload.id);
            let retry = house.ask("POST", &format!("{mine}/retry"), &[("test-user", ANN)], b"").await;
            retry.refused(409, "not_retryable");
            assert_eq!(house.ask("DELETE", &mine, &[("test-user", ANN)], b"").await.status, 204);
        }
        assert!(house.staged_names().is_empty());
        assert!(blobs(&house.ctx, "originals").await.is_empty());
        assert!(blobs(&house.ctx, "media").await.is_empty());
        assert!(house.uploads().await.is_empty());
        house.ctx.shut_down().await;
    }
}
