//! Which renditions a source gets.

use super::super::{
    AudioTrack, Field, HEIGHTS, Probe, Ratio, RenditionKind, VideoTrack,
    ladder::{frames_in, output_fps, timescale, video_rate, video_sizes},
    plan_music, plan_video,
};

const THIRTY: Ratio = Ratio { num: 30, den: 1 };

fn video(base: &str, average: &str) -> VideoTrack {
    VideoTrack {
        stream: 0,
        codec: "h264".to_owned(),
        width: 1920,
        height: 1080,
        display_width: 1920,
        display_height: 1080,
        rotation: 0,
        average_fps: Ratio::parse(average),
        base_fps: Ratio::parse(base),
        frames: None,
        delay_us: 0,
        pixel_format: "yuv420p".to_owned(),
        field: Field::Progressive,
        hdr: false,
        transfer: None,
    }
}

fn song(codec: &str, kbps: u32, lossless: bool, rate_hz: u32) -> Probe {
    let track = AudioTrack {
        stream: 0,
        codec: codec.to_owned(),
        channels: 2,
        rate_hz,
        bits: None,
        kbps: Some(kbps),
        lossless,
        language: None,
        title: None,
        default: true,
    };
    Probe {
        container: codec.to_owned(),
        duration_ms: 1000,
        bytes: 1,
        video: None,
        audio: vec![track],
        subtitles: Vec::new(),
        pictures: Vec::new(),
        chapters: Vec::new(),
        tags: Vec::new(),
    }
}

#[test]
fn a_source_gets_its_own_size_and_smaller_ones() {
    type Sizes = &'static [(&'static str, u32, u32)];
    let cases: [(u32, u32, Sizes); 9] = [
        (
            1920,
            1080,
            &[
                ("1080p", 1920, 1080),
                ("720p", 1280, 720),
                ("480p", 854, 480),
                ("360p", 640, 360),
                ("240p", 426, 240),
            ],
        ),
        (
            1080,
            1920,
            &[
                ("1080p", 1080, 1920),
                ("720p", 720, 1280),
                ("480p", 480, 854),
                ("360p", 360, 640),
                ("240p", 240, 426),
            ],
        ),
        (
            1920,
            800,
            &[
                ("1080p", 1920, 800),
                ("720p", 1280, 534),
                ("480p", 854, 356),
                ("360p", 640, 266),
                ("240p", 426, 178),
            ],
        ),
        (854, 480, &[("480p", 854, 480), ("360p", 640, 360), ("240p", 426, 240)]),
        (640, 360, &[("360p", 640, 360), ("240p", 426, 240)]),
        (400, 300, &[("300p", 400, 300), ("240p", 320, 240)]),
        (320, 180, &[("180p", 320, 180)]),
        (17, 13, &[("13p", 16, 12)]),
        (1, 1, &[("2p", 2, 2)]),
    ];
    for (width, height, expected) in cases {
        let sizes = video_sizes(width, height);
        let sizes: Vec<_> =
            sizes.iter().map(|(name, width, height)| (name.as_str(), *width, *height)).collect();
        assert_eq!(sizes, expected, "{width}×{height}");
    }
    assert_eq!(
        video_sizes(7680, 4320)[0],
        ("2160p".to_owned(), 3840, 2160),
        "nothing above the highest rung"
    );
}

#[test]
fn nothing_is_scaled_up_and_all_is_even() {
    for width in (1..5000).step_by(37) {
        for height in (1..5000).step_by(41) {
            let sizes = video_sizes(width, height);
            assert!(sizes.iter().all(|(_, w, h)| w % 2 == 0 && h % 2 == 0 && *w >= 2 && *h >= 2));
            assert!(
                sizes.iter().all(|(_, w, h)| *w <= width.max(2) && *h <= height.max(2)),
                "{width}×{height} {sizes:?}"
            );
            assert!(width.min(height) < 360 || sizes.len() >= 2, "{width}×{height}");
            let mut names: Vec<_> = sizes.iter().map(|(name, ..)| name).collect();
            names.dedup();
            assert_eq!(names.len(), sizes.len());
            assert!(sizes.len() <= HEIGHTS.len() + 1);
        }
    }
}

#[test]
fn frame_rates_are_those_of_the_source_within_reason() {
    let rate = |base: &str, average: &str| output_fps(&video(base, average)).to_string();
    assert_eq!(rate("25/1", "25/1"), "25/1");
    assert_eq!(rate("19001/317", "19001/317"), "60000/1001", "a clock in milliseconds");
    assert_eq!(rate("120/1", "120/1"), "60/1");
    assert_eq!(rate("144/1", "144/1"), "48/1");
    assert_eq!(rate("1/1", "1/1"), "5/1");
    assert_eq!(rate("1/10", "1/10"), "5/1");
    assert_eq!(rate("90000/1", "2871/100"), "30/1", "a telephone's wandering clock");
    assert_eq!(rate("1000/1", "11/1"), "24/1");
    assert_eq!(rate("0/0", "0/0"), "30/1");
    assert_eq!(rate("4294967295/4294967294", "0/0"), "30/1", "no nonsense from nonsense");
    let mut fields = video("50/1", "25/1");
    fields.field = Field::Interlaced;
    assert_eq!(output_fps(&fields).to_string(), "25/1");
}

#[test]
fn a_frame_is_a_whole_number_of_ticks() {
    for (num, den) in [
        (24_000, 1001),
        (24, 1),
        (25, 1),
        (30_000, 1001),
        (30, 1),
        (60_000, 1001),
        (60, 1),
        (17, 3),
        (997, 100),
    ] {
        let fps = Ratio { num, den };
        let ticks = u64::from(timescale(fps)) * u64::from(den);
        assert!(ticks.is_multiple_of(u64::from(num)), "{fps}");
        assert!(timescale(fps) >= 10_000);
    }
    assert_eq!(frames_in(Ratio { num: 30_000, den: 1001 }, 2_000), 60);
}

#[test]
fn larger_and_faster_pictures_may_cost_more() {
    let kbps = |width, height, fps| video_rate(width, height, fps).max_kbps;
    assert_eq!(kbps(1920, 1080, THIRTY), 6_000);
    assert!(kbps(1920, 1080, Ratio { num: 60, den: 1 }) > 6_000);
    assert!(kbps(1280, 720, THIRTY) < 6_000 && kbps(426, 240, THIRTY) < kbps(640, 360, THIRTY));
    assert!(kbps(3840, 2160, Ratio { num: 60, den: 1 }) <= 40_000);
}

#[test]
fn music_keeps_what_it_has_and_gains_nothing() {
    let names = |probe: &Probe| {
        let plan = plan_music(probe).expect("music");
        plan.renditions.into_iter().map(|rendition| rendition.name).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&song("flac", 900, true, 44_100)),
        ["flac", "aac-256", "aac-128", "opus-128", "opus-64"]
    );
    assert_eq!(names(&song("mp3", 320, false, 44_100)), ["aac-256", "aac-128", "opus-128", "opus-64"]);
    assert_eq!(names(&song("mp3", 64, false, 44_100)), ["aac-128", "opus-64"]);
    let dsd = plan_music(&song("dsd_lsbf", 5_000, true, 352_800)).expect("music");
    let RenditionKind::Audio(flac) = &dsd.renditions[0].kind else { panic!("FLAC first") };
    assert_eq!(flac.rate_hz, 176_400);
    assert!(plan_video(&song("mp3", 64, false, 44_100), "veryfast").is_none());
}
