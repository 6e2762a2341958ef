//! What a probe says of ordinary files.

use super::{super::Ratio, world};

#[tokio::test]
async fn a_film_is_described_in_full() {
    let world = world();
    let meta = world.write(
        "meta.txt",
        ";FFMETADATA1\ntitle=Evening\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n\
         [CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Two\n",
    );
    let args = format!(
        "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=1 -f lavfi -i sine=d=1:r=48000 -i {} -map 0 -map 1 -map_metadata 2 \
         -map_chapters 2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -metadata:s:a language=deu -metadata:s:a title=Ton",
        meta.display()
    );
    let probe = world.probe(&world.make("a.mkv", &args)).await.expect("the probe");
    assert_eq!(probe.container, "matroska,webm");
    assert!((900..1200).contains(&probe.duration_ms));
    let video = probe.video.expect("video");
    assert_eq!((video.codec.as_str(), video.width, video.height), ("h264", 320, 180));
    assert_eq!(video.base_fps.map(Ratio::snapped), Some(Ratio { num: 30_000, den: 1001 }));
    assert!(!video.hdr);
    let audio = &probe.audio[0];
    assert_eq!((audio.codec.as_str(), audio.channels, audio.rate_hz), ("aac", 1, 48_000));
    assert_eq!((audio.language.as_deref(), audio.title.as_deref()), (Some("deu"), Some("Ton")));
    let chapters: Vec<_> =
        probe.chapters.iter().map(|c| (c.start_ms, c.end_ms, c.title.as_deref())).collect();
    assert_eq!(chapters, [(0, 500, Some("One")), (500, 1000, Some("Two"))]);
    assert!(probe.tags.contains(&("title".to_owned(), "Evening".to_owned())), "{:?}", probe.tags);
}

#[tokio::test]
async fn a_cover_is_a_picture_and_not_a_film() {
    let world = world();
    let cover = world.make("cover.png", "-f lavfi -i testsrc2=s=64x64 -frames:v 1");
    let args = format!(
        "-f lavfi -i sine=d=1 -i {} -map 0 -map 1 -c:a libmp3lame -c:v copy -disposition:v attached_pic -id3v2_version 3",
        cover.display()
    );
    let probe = world.probe(&world.make("a.mp3", &args)).await.expect("the probe");
    assert!(probe.video.is_none());
    assert_eq!(probe.pictures, [1]);
    assert!(!probe.audio[0].lossless);
}

#[tokio::test]
async fn every_accepted_container_that_ffmpeg_can_make_is_read() {
    let world = world();
    let sound = "-f lavfi -i sine=d=1:r=48000 -ac 2";
    for (name, codec) in [
        ("a.flac", "flac"),
        ("a.mp3", "libmp3lame"),
        ("a.ogg", "libvorbis"),
        ("a.opus", "libopus"),
        ("a.m4a", "aac"),
        ("b.m4a", "alac"),
        ("a.wav", "pcm_s16le"),
        ("a.w64", "pcm_s24le"),
        ("a.aiff", "pcm_s16be"),
        ("a.caf", "pcm_s16be"),
        ("a.aac", "aac"),
        ("a.ac3", "ac3"),
        ("a.eac3", "eac3"),
        ("a.wma", "wmav2"),
        ("a.wv", "wavpack"),
        ("a.tta", "tta"),
        ("a.au", "pcm_s16be"),
        ("a.dts", "dca -strict -2"),
        ("a.voc", "pcm_s16le"),
        ("a.mka", "libopus"),
        ("a.webm", "libvorbis"),
    ] {
        let file = world.make(name, &format!("{sound} -c:a {codec}"));
        let probe = world.probe(&file).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((probe.audio.len(), probe.audio[0].channels), (1, 2), "{name}");
        assert!((900..1300).contains(&probe.duration_ms), "{name}: {}", probe.duration_ms);
    }
    let picture = "-f lavfi -i testsrc2=s=352x288:r=25:d=1";
    for (name, codec) in [
        ("a.mp4", "libx264"),
        ("a.mov", "prores"),
        ("a.mkv", "ffv1"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.flv", "flv"),
        ("a.wmv", "wmv2"),
        ("a.ts", "mpeg2video"),
        ("a.mpg", "mpeg1video"),
        ("a.mxf", "mpeg2video"),
        ("a.nut", "mpeg4"),
        ("a.3gp", "h263"),
        ("a.ogv", "libtheora"),
        ("a.ivf", "libvpx"),
        ("a.rm", "rv10"),
    ] {
        let file = world.make(name, &format!("{picture} -c:v {codec}"));
        let probe = world.probe(&file).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(probe.video.map(|video| (video.width, video.height)), Some((352, 288)), "{name}");
    }
}
