//! Files that must be refused, each with its reason.

use std::{
    ffi::OsStr,
    io::Write as _,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    super::{MediaError, ProbeLimits},
    world,
};

fn assert_refused(error: &MediaError, code: &str) {
    assert!(matches!(error, MediaError::Refused { .. }), "{error:?}");
    assert_eq!(error.code(), code, "{error:?}");
    assert!(!error.is_transient());
    let said = error.to_string();
    assert!(said.ends_with('.') && !said.contains("/tmp") && !said.contains("0x"), "{said}");
}

#[tokio::test]
async fn an_empty_file_is_refused() {
    let world = world();
    assert_refused(&world.refusal(&world.write("a.mp4", "")).await, "empty_file");
}

#[tokio::test]
async fn a_text_is_refused() {
    let world = world();
    let text = "It was a bright cold day in April, and the clocks were striking thirteen.\n".repeat(100);
    assert_refused(&world.refusal(&world.write("a.mp3", text)).await, "not_media");
    let noise: Vec<u8> = (0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    let error = world.refusal(&world.write("b.mp4", noise)).await;
    assert!(matches!(error, MediaError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn a_truncated_film_is_refused_as_truncated() {
    let world = world();
    let whole = std::fs::read(world.clip("a.mp4")).expect("the clip");
    for part in [2, 10] {
        let path = world.write("cut.mp4", &whole[..whole.len() / part]);
        assert_refused(&world.refusal(&path).await, "truncated");
    }
}

#[tokio::test]
async fn a_picture_named_mp3_is_refused() {
    let world = world();
    let picture = world.make("a.png", "-f lavfi -i testsrc2=s=64x64 -frames:v 1");
    let named = world.path("a.mp3");
    std::fs::rename(picture, &named).expect("renamed");
    assert_refused(&world.refusal(&named).await, "container");
}

#[tokio::test]
async fn a_playlist_in_disguise_is_refused_and_nothing_of_the_other_file_is_seen() {
    let world = world();
    let secret = world
        .make("secret.ts", "-f lavfi -i testsrc2=s=144x80:r=25:d=1 -c:v mpeg2video -metadata title=Hidden");
    let secret = secret.display();
    for text in [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"),
        format!("\u{feff}\n  #extm3u\n#EXTINF:1,\n{secret}\n"),
        format!("ffconcat version 1.0\nfile {secret}\n"),
        format!("<?xml version=\"1.0\"?>\n<MPD><Period><BaseURL>{secret}</BaseURL></Period></MPD>"),
        format!("[playlist]\nFile1={secret}\n"),
    ] {
        let error = world.refusal(&world.write("film.mp4", text)).await;
        assert_refused(&error, "playlist");
        assert!(!error.to_string().contains("secret"));
    }
    // Past what we look at ourselves, ffmpeg's own list of formats stands, and behind it the sandbox.
    let hidden = format!("{}\nffconcat version 1.0\nfile {secret}\n", "#\n".repeat(400));
    assert!(matches!(world.refusal(&world.write("film.mp4", hidden)).await, MediaError::Refused { .. }));
}

#[tokio::test]
async fn the_format_list_alone_refuses_a_playlist() {
    let world = world();
    let secret = world.make("secret.ts", "-f lavfi -i testsrc2=s=144x80:r=25:d=1 -c:v mpeg2video");
    let text =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", secret.display());
    let list = world.write("list.mp4", text);
    let containers = super::super::CONTAINERS.join(",");
    let args = ["-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", &containers];
    let args: Vec<&OsStr> = args.iter().map(OsStr::new).chain([list.as_os_str()]).collect();
    let probed = super::run("ffprobe", args);
    assert!(String::from_utf8_lossy(&probed.stderr).contains("not on whitelist"));
    for never in ["hls", "dash", "concat", "image2", "sdp", "rtsp", "rtp", "imf", "lavfi", "applehttp"] {
        assert!(!super::super::CONTAINERS.contains(&never));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_grows_while_read_is_tried_later() {
    let world = world();
    let path = world.clip("a.mp4");
    let done = AtomicBool::new(false);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the clip");
    let runtime = tokio::runtime::Handle::current();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                file.write_all(b"more").expect("written");
            }
        });
        let error = scope.spawn(|| runtime.block_on(world.refusal(&path))).join().expect("no panic");
        done.store(true, Ordering::Relaxed);
        error
    });
    assert!(matches!(error, MediaError::Transient { code: "file_changing", .. }), "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn names_may_be_as_strange_as_the_system_allows() {
    let world = world();
    let clip = world.clip("a.mp4");
    let long = "ü".repeat(125) + ".mp4x";
    for name in
        [&b"two\nlines.mp4"[..], b"concat:a|b.mp4", b"-i.mp4", b"%d.mp4", b"\xff\xfe.mp4", long.as_bytes()]
    {
        let path = world.folder.path().join(OsStr::from_bytes(name));
        std::fs::copy(&clip, &path).expect("copied");
        let probe = world.probe(&path).await.unwrap_or_else(|error| panic!("{name:?}: {error:?}"));
        assert_eq!(probe.video.expect("video").width, 320);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_said() {
    let world = world();
    assert_refused(&world.refusal(&world.path("nowhere.mp4")).await, "absent");
    assert_refused(&world.refusal(world.folder.path()).await, "not_a_file");
    let path = world.clip("a.mp4");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("permissions");
    match world.probe(&path).await {
        // A root reads everything, and its sandbox keeps just that right.
        Ok(_) => assert!(nix::unistd::geteuid().is_root()),
        Err(error) => assert_refused(&error, "unreadable"),
    }
}

#[tokio::test]
async fn limits_are_named_when_they_are_passed() {
    let world = world();
    let clip = world.clip("a.mp4");
    let usual = ProbeLimits::default;
    for (code, limits) in [
        ("streams", ProbeLimits { streams_max: 1, ..usual() }),
        ("duration", ProbeLimits { duration_ms_max: 500, ..usual() }),
        ("pixels", ProbeLimits { pixels_max: 57_599, ..usual() }),
        ("pixels", ProbeLimits { side_max: 319, ..usual() }),
        ("channels", ProbeLimits { channels_max: 0, ..usual() }),
        ("sample_rate", ProbeLimits { rate_hz_max: 44_099, ..usual() }),
    ] {
        let engine = world.engine.clone().with_limits(limits, super::super::EncodeLimits::default());
        let error = engine.probe(&clip, &super::cancel()).await.expect_err("a limit");
        assert!(matches!(error, MediaError::Limit { .. }), "{error:?}");
        assert_eq!(error.code(), code);
    }
}

#[tokio::test]
async fn a_file_damaged_in_the_middle_is_shown_as_far_as_it_goes_or_refused() {
    let world = world();
    let mut bytes = std::fs::read(world.clip("a.mp4")).expect("the clip");
    let (from, to) = (bytes.len() / 3, bytes.len() / 3 + 2_000);
    bytes[from..to].fill(0x55);
    let path = world.write("damaged.mp4", bytes);
    let encoded = world.encode(&path).await;
    assert!(encoded.segments[0].iter().map(|segment| segment.samples).sum::<u32>() > 0);
}

#[tokio::test]
async fn a_file_that_grew_after_its_probe_is_not_encoded() {
    let world = world();
    let path = world.clip("a.mp4");
    let probe = world.probe(&path).await.expect("the probe");
    let plan = super::plan_video(&probe, "ultrafast").expect("video");
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the clip");
    file.write_all(b"more").expect("written");
    let begun = world.engine.encode(&path, &probe, &plan, world.folder.path(), &super::cancel()).await;
    assert_eq!(begun.expect_err("it changed").code(), "file_changing");
}
