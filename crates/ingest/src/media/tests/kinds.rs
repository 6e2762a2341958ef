//! The kinds of files that people bring.

use std::ffi::OsStr;

use super::{
    super::{Ratio, RenditionKind},
    encode::assert_exact,
    world,
};

#[tokio::test]
async fn vp9_and_opus_in_matroska_become_h264_and_aac() {
    let world = world();
    let source = world.make(
        "a.mkv",
        "-f lavfi -i testsrc2=s=256x144:r=30000/1001:d=2 -f lavfi -i sine=d=2:r=48000 \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
    );
    let encoded = world.encode(&source).await;
    assert_eq!(encoded.plan.fps, Some(Ratio { num: 30_000, den: 1001 }));
    assert_eq!(encoded.names(), ["144p", "audio"]);
    assert_exact(&encoded, 60);
}

#[tokio::test]
async fn common_frame_rates_are_kept() {
    for (rate, fps, frames) in [
        ("24000/1001", Ratio { num: 24_000, den: 1001 }, 120),
        ("25", Ratio { num: 25, den: 1 }, 125),
        ("60", Ratio { num: 60, den: 1 }, 300),
        ("60000/1001", Ratio { num: 60_000, den: 1001 }, 300),
    ] {
        for container in ["mp4", "mkv"] {
            let world = world();
            let args = format!(
                "-f lavfi -i testsrc2=s=160x90:r={rate}:d=5.2 -frames:v {frames} -c:v libx264 -preset ultrafast"
            );
            let source = world.make(&format!("a.{container}"), &args);
            let encoded = world.encode(&source).await;
            assert_eq!(encoded.plan.fps, Some(fps), "{rate} in {container}");
            assert_exact(&encoded, frames);
        }
    }
}

#[tokio::test]
async fn a_film_from_a_telephone_held_upright_stays_upright() {
    let world = world();
    let flat =
        world.make("flat.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=1 -c:v libx264 -preset ultrafast");
    let args = format!("-i {} -c copy -metadata:s:v rotate=90", flat.display());
    let source = world.make("turned.mp4", &args);
    let encoded = world.encode(&source).await;
    let video = encoded.probe.video.as_ref().expect("video");
    assert_eq!((video.width, video.height), (640, 360));
    assert_eq!((video.display_width, video.display_height), (360, 640));
    assert!(video.rotation == 90 || video.rotation == 270);
    assert_eq!(encoded.inits[0].size, (360, 640));
    assert_eq!(encoded.names(), ["360p", "240p"]);
    assert_exact(&encoded, 25);
    // The pixels are turned, so no player must turn them again.
    assert_eq!(world.probe(&encoded.joined(0)).await.expect("it plays").video.expect("video").rotation, 0);
}

#[tokio::test]
async fn odd_sizes_become_even_and_pixels_square() {
    let world = world();
    let odd = world.make("odd.mkv", "-f lavfi -i testsrc2=s=321x181:r=25:d=1 -c:v ffv1 -pix_fmt yuv444p");
    let encoded = world.encode(&odd).await;
    assert_eq!(encoded.inits[0].size, (320, 180));
    assert_exact(&encoded, 25);
    let wide = world.make(
        "wide.mkv",
        "-f lavfi -i testsrc2=s=360x288:r=25:d=1 -vf setsar=2 -c:v libx264 -preset ultrafast",
    );
    let encoded = world.encode(&wide).await;
    assert_eq!(encoded.inits[0].size, (720, 288));
    assert_eq!(super::ask(&encoded.joined(0), "v", "stream=sample_aspect_ratio"), "1:1");
    assert_exact(&encoded, 25);
}

#[tokio::test]
async fn video_without_sound_and_sound_without_video_both_work() {
    let world = world();
    let silent =
        world.make("silent.mp4", "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -c:v libx264 -preset ultrafast");
    let encoded = world.encode(&silent).await;
    assert_eq!(encoded.names(), ["180p"]);
    assert_exact(&encoded, 25);
    let song = world.make("song.mp3", "-f lavfi -i sine=d=6:r=44100 -ac 2 -b:a 128k");
    let encoded = world.encode(&song).await;
    assert_eq!(encoded.names(), ["aac-128", "opus-128", "opus-64"]);
    assert_exact(&encoded, 0);
}

#[tokio::test]
async fn six_channels_are_mixed_down_to_two() {
    let world = world();
    let source = world.make(
        "a.mkv",
        "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -f lavfi -i anoisesrc=d=1:r=48000 -ac 6 -c:v libx264 -preset ultrafast -c:a ac3",
    );
    let encoded = world.encode(&source).await;
    assert_eq!(encoded.probe.audio[0].channels, 6);
    assert_eq!(encoded.inits[encoded.index("audio")].audio, (2, 48_000));
    assert_exact(&encoded, 25);
}

#[tokio::test]
async fn a_clip_of_a_fifth_of_a_second_is_one_segment() {
    let world = world();
    let source = world.make(
        "a.mp4",
        "-f lavfi -i testsrc2=s=320x180:r=25:d=0.2 -f lavfi -i anullsrc=r=48000:d=0.2 -shortest -c:v libx264 -preset ultrafast -c:a aac",
    );
    let encoded = world.encode(&source).await;
    assert_exact(&encoded, 5);
    assert!(encoded.segments.iter().all(|segments| segments.len() == 1));
}

#[tokio::test]
async fn a_variable_frame_rate_becomes_constant() {
    let world = world();
    // Every third frame of 60 a second is missing, irregularly.
    let source = world.make(
        "a.mkv",
        "-f lavfi -i testsrc2=s=160x90:r=60:d=3 -vf select='not(eq(mod(n\\,7)\\,3)+eq(mod(n\\,5)\\,1))' -vsync vfr -c:v libx264 -preset ultrafast",
    );
    let encoded = world.encode(&source).await;
    let fps = encoded.plan.fps.expect("a rate");
    assert_eq!(fps, Ratio { num: 60, den: 1 });
    assert_exact(&encoded, 180);
}

#[tokio::test]
async fn languages_are_kept_apart() {
    let world = world();
    let source = world.make(
        "a.mkv",
        "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=f=880:d=1 -map 0 -map 1 -map 2 \
         -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra -metadata:s:a:1 title=Version \
         -disposition:a:0 0 -disposition:a:1 default -c:v libx264 -preset ultrafast -c:a aac",
    );
    let encoded = world.encode(&source).await;
    assert_eq!(encoded.names(), ["90p", "audio", "audio-2"]);
    let languages: Vec<_> = encoded
        .plan
        .renditions
        .iter()
        .filter_map(|rendition| match &rendition.kind {
            RenditionKind::Audio(rung) => rung.language.as_deref(),
            RenditionKind::Video(_) => None,
        })
        .collect();
    assert_eq!(languages, ["fra", "eng"], "the default track comes first");
    assert_exact(&encoded, 25);
}

#[tokio::test]
async fn high_dynamic_range_is_mapped_to_what_every_screen_shows() {
    let world = world();
    let source = world.make(
        "a.mkv",
        "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -pix_fmt yuv420p10le -c:v libx265 -preset ultrafast -x265-params \
         log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc",
    );
    let encoded = world.encode(&source).await;
    assert!(encoded.plan.tonemap);
    assert_exact(&encoded, 25);
    let colours =
        super::ask(&encoded.joined(0), "v", "stream=pix_fmt,color_space,color_transfer,color_primaries");
    assert_eq!(colours, "yuv420p,bt709,bt709,bt709");
}

#[tokio::test]
async fn fields_are_woven_into_frames() {
    let world = world();
    let source = world.make(
        "a.ts",
        "-f lavfi -i testsrc2=s=352x288:r=25:d=1 -flags +ildct+ilme -top 1 -vf setfield=tff -c:v mpeg2video",
    );
    let encoded = world.encode(&source).await;
    assert!(encoded.plan.deinterlace);
    assert_eq!(encoded.plan.fps, Some(Ratio { num: 25, den: 1 }));
    assert_exact(&encoded, 25);
}

#[tokio::test]
async fn a_poster_is_a_picture_of_the_film() {
    let world = world();
    let source = world.clip("a.mp4");
    let probe = world.probe(&source).await.expect("the probe");
    let poster = world.engine.poster(&source, &probe, &super::cancel()).await.expect("a poster");
    let path = world.write("poster.jpg", &poster);
    assert_eq!(super::ask(&path, "v", "stream=codec_name,width,height"), "mjpeg,320,180");
    let again = world.engine.poster(&source, &probe, &super::cancel()).await.expect("a poster");
    assert_eq!(poster, again);
}

#[tokio::test]
async fn a_film_without_key_pictures_behind_its_first_has_a_poster_from_a_tenth_into_it() {
    let world = world();
    // Red for a tenth of a second, then green; only the first picture is a key picture.
    let source = world.make(
        "one-key.mp4",
        "-f lavfi -i color=red:s=320x180:r=25:d=0.12 -f lavfi -i color=green:s=320x180:r=25:d=3 \
         -filter_complex concat=n=2 -c:v libx264 -preset ultrafast -g 9999 -keyint_min 9999 -sc_threshold 0",
    );
    let probe = world.probe(&source).await.expect("the probe");
    let poster = world.engine.poster(&source, &probe, &super::cancel()).await.expect("a poster");
    let path = world.write("poster.jpg", &poster);
    let args = ["-v", "error", "-i"].map(OsStr::new).into_iter().chain([path.as_os_str()]);
    let one_pixel = ["-vf", "scale=1:1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"].map(OsStr::new);
    let output = super::run("ffmpeg", args.chain(one_pixel));
    let [red, green, _] = output.stdout[..] else { panic!("no pixel: {output:?}") };
    assert!(green > 100 && red < 50, "it is red {red} and green {green}");
}

#[tokio::test]
async fn text_subtitles_become_captions() {
    let world = world();
    let srt = world.write("a.srt", "1\n00:00:00,100 --> 00:00:00,900\nGood <i>evening</i>\n");
    let args = format!(
        "-f lavfi -i testsrc2=s=160x90:r=25:d=1 -i {} -map 0 -map 1 -c:v libx264 -preset ultrafast -c:s srt -metadata:s:s language=eng",
        srt.display()
    );
    let source = world.make("a.mkv", &args);
    let probe = world.probe(&source).await.expect("the probe");
    let track = &probe.subtitles[0];
    assert_eq!((track.text, track.language.as_deref()), (true, Some("eng")));
    let captions = world.engine.captions(&source, track, &super::cancel()).await.expect("captions");
    let text = String::from_utf8(captions.to_vec()).expect("text");
    assert!(
        text.starts_with("WEBVTT") && text.contains("00:00.100 --> 00:00.900") && text.contains("evening"),
        "{text}"
    );
}
