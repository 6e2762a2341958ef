//! Manifests, read again by readers that we did not write.

use catalog::{
    CaptionId, MediaId, RenditionId,
    media::{
        Caption, Media, MediaIndex, MediaKind, MediaState, Rendition, RenditionKind, Segment, Source,
        SourceFile, bandwidth,
    },
};
use dash_mpd_core::MPD;
use m3u8_rs::{AlternativeMediaType, MasterPlaylist, MediaPlaylist, MediaPlaylistType};

use super::*;

const HOSTILE: &str = "\"'<>&]]>\n\r\0#EXT-X-KEY:URI=\"x\"</MPD>\u{ffff}é🎭";

fn rung(name: &str, kind: RenditionKind, codecs: &str, timescale: u32, parts: &[(u64, u64)]) -> Rendition {
    let mut segments = Vec::new();
    let mut start = 0;
    for (number, (duration_ticks, bytes)) in (1..).zip(parts.iter().copied()) {
        let blob_key = format!("media/42/{name}/{number}-0ab{number}.m4s");
        segments.push(Segment { number, start_ticks: start, duration_ticks, bytes, blob_key });
        start += duration_ticks;
    }
    let picture = kind == RenditionKind::Video;
    Rendition {
        id: RenditionId(1),
        name: name.to_owned(),
        kind,
        codecs: codecs.to_owned(),
        width: if picture { 1280 } else { 0 },
        height: if picture { 720 } else { 0 },
        frame_rate: if picture { (30000, 1001) } else { (0, 1) },
        channels: if picture { 0 } else { 2 },
        sample_rate_hz: if picture { 0 } else { 48000 },
        language: None,
        timescale,
        init_key: format!("media/42/{name}/init-0ff.mp4"),
        init_bytes: 700,
        complete: true,
        bandwidth: bandwidth(&segments, timescale),
        segments,
    }
}

fn video(name: &str, bytes: u64) -> Rendition {
    // 120 frames of 1001/30000 s are 4.004 s; the last segment is short.
    let parts = [(120_120, bytes), (120_120, bytes * 2), (30_030, bytes / 4)];
    rung(name, RenditionKind::Video, "avc1.64001f", 30_000, &parts)
}

fn audio(name: &str, codecs: &str, bytes: u64) -> Rendition {
    let parts = [(192_512, bytes), (191_488, bytes), (48_128, bytes / 4)];
    rung(name, RenditionKind::Audio, codecs, 48_000, &parts)
}

fn index(kind: MediaKind, renditions: Vec<Rendition>) -> MediaIndex {
    let file = SourceFile {
        place: Source::Blob { key: "originals/42/a".to_owned() },
        bytes: 1,
        stamp: 1,
        mime: "video/mp4".to_owned(),
        codec: "h264".to_owned(),
        bitrate_kbps: 1,
        sample_rate_hz: 48000,
        channels: 2,
        duration_ms: 600_000,
    };
    let media = Media {
        id: MediaId(42),
        kind,
        file,
        state: MediaState::Ready,
        problem: None,
        generation: 1,
        asked: kernel::Time(0),
    };
    MediaIndex { media, renditions, captions: Vec::new() }
}

fn film() -> MediaIndex {
    let renditions = vec![
        video("v720", 1_000_000),
        video("v360", 300_000),
        audio("a128", "mp4a.40.2", 64_000),
        audio("a64", "mp4a.40.2", 32_000),
    ];
    index(MediaKind::Video, renditions)
}

fn growing(mut index: MediaIndex) -> MediaIndex {
    index.media.state = MediaState::Encoding;
    for rendition in &mut index.renditions {
        rendition.complete = false;
    }
    index
}

fn shown(index: &MediaIndex) -> Presentation<'_> {
    Presentation::of(index).expect("a good index").expect("there is something to play")
}

fn read_master(index: &MediaIndex) -> MasterPlaylist {
    let text = master(&shown(index));
    let (rest, read) = m3u8_rs::parse_master_playlist(text.as_bytes()).expect("HLS");
    assert!(rest.is_empty(), "nothing is left over: {text}");
    read
}

fn read_playlist(index: &MediaIndex, name: &str) -> MediaPlaylist {
    let text = playlist(shown(index).rung(name).expect("the rung is there"));
    m3u8_rs::parse_media_playlist(text.as_bytes()).expect("HLS").1
}

fn read_mpd(index: &MediaIndex) -> MPD {
    let text = mpd(&shown(index));
    dash_mpd_core::parse(&text).unwrap_or_else(|error| panic!("no MPD: {error}\n{text}"))
}

#[test]
fn a_master_playlist_states_what_each_variant_truly_needs() {
    let film = film();
    let master = read_master(&film);
    assert_eq!(master.version, Some(7));
    assert!(master.independent_segments);
    assert!(master.start.is_none());
    let [high, low] = &master.variants[..] else { panic!("two variants: {master:?}") };
    // 2,000,000 bytes in 4.004 s, and 64,000 in 191,488 samples, are the worst that can be met.
    let video_peak = (2_000_000_u64 * 8 * 30_000).div_ceil(120_120);
    let audio_peak = (64_000_u64 * 8 * 48_000).div_ceil(191_488);
    assert_eq!(high.bandwidth, video_peak + audio_peak);
    let (video_average, audio_average) =
        ((3_250_000_u64 * 8 * 30_000).div_ceil(270_270), (144_000_u64 * 8 * 48_000).div_ceil(432_128));
    assert_eq!(high.average_bandwidth, Some(video_average + audio_average));
    assert_eq!(high.codecs.as_deref(), Some("avc1.64001f,mp4a.40.2"));
    assert_eq!(high.resolution.map(|size| (size.width, size.height)), Some((1280, 720)));
    assert!((high.frame_rate.expect("a rate") - 29.97).abs() < 0.001);
    assert_eq!((high.uri.as_str(), high.audio.as_deref()), ("v720.m3u8", Some("a128")));
    assert_eq!((low.uri.as_str(), low.audio.as_deref()), ("v360.m3u8", Some("a64")));
    assert!(high.subtitles.is_none());
    let groups: Vec<_> = master.alternatives.iter().map(|group| group.uri.as_deref()).collect();
    assert_eq!(groups, [Some("a128.m3u8"), Some("a64.m3u8")]);
}

#[test]
fn video_goes_with_aac_where_there_is_some() {
    let renditions =
        vec![video("v720", 1_000_000), audio("flac", "fLaC", 500_000), audio("a128", "mp4a.40.2", 64_000)];
    let master = read_master(&index(MediaKind::Video, renditions));
    assert_eq!(master.variants[0].audio.as_deref(), Some("a128"));
    assert_eq!(master.alternatives.len(), 1);
    let renditions = vec![video("v720", 1_000_000), audio("opus", "opus", 64_000)];
    let master = read_master(&index(MediaKind::Video, renditions));
    assert_eq!(master.variants[0].codecs.as_deref(), Some("avc1.64001f,opus"));
}

#[test]
fn sound_alone_is_a_ladder_of_its_own() {
    let renditions = vec![audio("flac", "fLaC", 500_000), audio("a128", "mp4a.40.2", 64_000)];
    let song = index(MediaKind::Audio, renditions);
    let master = read_master(&song);
    assert!(master.alternatives.is_empty());
    let codecs: Vec<_> = master.variants.iter().map(|variant| variant.codecs.as_deref()).collect();
    assert_eq!(codecs, [Some("fLaC"), Some("mp4a.40.2")]);
    assert!(master.variants.iter().all(|one| one.resolution.is_none() && one.audio.is_none()));
    let mpd = read_mpd(&song);
    assert_eq!(mpd.periods[0].adaptations.len(), 2, "no player changes the codec half-way");
}

#[test]
fn pictures_without_sound_name_no_sound() {
    let silent = index(MediaKind::Video, vec![video("v720", 1_000_000)]);
    let master = read_master(&silent);
    assert_eq!(master.variants[0].codecs.as_deref(), Some("avc1.64001f"));
    assert!(master.variants[0].audio.is_none() && master.alternatives.is_empty());
    assert_eq!(read_mpd(&silent).periods[0].adaptations.len(), 1);
}

#[test]
fn a_finished_playlist_lists_every_segment_with_its_exact_length() {
    let film = film();
    let list = read_playlist(&film, "a128");
    assert_eq!(list.playlist_type, Some(MediaPlaylistType::Vod));
    assert!(list.end_list && list.independent_segments);
    assert_eq!((list.version, list.media_sequence, list.target_duration), (Some(7), 0, 4));
    let map = list.segments[0].map.as_ref().expect("an init segment");
    assert_eq!(map.uri, "a128/init-0ff.mp4");
    let uris: Vec<_> = list.segments.iter().map(|segment| segment.uri.as_str()).collect();
    assert_eq!(uris, ["a128/1-0ab1.m4s", "a128/2-0ab2.m4s", "a128/3-0ab3.m4s"]);
    let text = playlist(shown(&film).rung("a128").expect("there"));
    // 192,512 / 48,000, then up to 384,000 and to 432,128, each end rounded.
    for length in ["#EXTINF:4.010667,", "#EXTINF:3.989333,", "#EXTINF:1.002667,"] {
        assert!(text.contains(length), "{length} in {text}");
    }
}

#[test]
fn lengths_add_up_to_the_end_however_many_segments_there_are() {
    let parts = vec![(100_100, 1000); 1800];
    let long = rung("v720", RenditionKind::Video, "avc1.64001f", 30_001, &parts);
    let text = playlist(shown(&index(MediaKind::Video, vec![long])).rung("v720").expect("there"));
    let lengths = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(','));
    let us: u64 = lengths.map(|length| length.replace('.', "").parse::<u64>().expect("digits")).sum();
    assert_eq!(us, (1800 * 100_100_u64 * 1_000_000 + 15_000) / 30_001);
}

#[test]
fn a_growing_playlist_is_an_event_from_its_beginning() {
    let film = growing(film());
    let list = read_playlist(&film, "v720");
    assert_eq!(list.playlist_type, Some(MediaPlaylistType::Event));
    assert!(!list.end_list);
    assert_eq!(list.start.map(|start| start.time_offset), Some(0.0));
    assert_eq!(list.target_duration, 4);
    assert!(read_master(&film).start.is_some());
    let mpd = read_mpd(&film);
    assert_eq!(mpd.mpdtype.as_deref(), Some("dynamic"));
    assert!(mpd.minimumUpdatePeriod.is_some() && mpd.availabilityStartTime.is_some());
    assert_eq!(mpd.mediaPresentationDuration.map(|length| length.as_secs()), Some(600));
}

#[test]
fn a_list_ends_before_the_first_gap_and_does_not_begin_late() {
    let mut film = growing(film());
    film.renditions[0].segments.remove(1);
    assert_eq!(read_playlist(&film, "v720").segments.len(), 1);
    film.renditions[0].segments[0].number = 2;
    assert!(Presentation::of(&film).expect("a good index").is_none());
}

#[test]
fn a_segment_counted_from_zero_is_the_first_too() {
    let mut film = film();
    for segment in &mut film.renditions[0].segments {
        segment.number -= 1;
    }
    assert_eq!(read_playlist(&film, "v720").segments.len(), 3);
}

#[test]
fn nothing_is_shown_before_every_rung_has_something() {
    let mut film = growing(film());
    film.renditions[3].segments.clear();
    assert!(Presentation::of(&film).expect("a good index").is_none());
    assert!(Presentation::of(&index(MediaKind::Audio, vec![])).expect("good").is_none());
    let sound_first = growing(index(MediaKind::Video, vec![audio("a128", "mp4a.40.2", 64_000)]));
    assert!(Presentation::of(&sound_first).expect("good").is_none(), "a film waits for its pictures");
}

#[test]
fn a_dash_manifest_says_when_each_segment_begins_to_the_tick() {
    let mpd = read_mpd(&film());
    assert_eq!(mpd.mpdtype.as_deref(), Some("static"));
    assert_eq!(mpd.mediaPresentationDuration.map(|length| length.as_micros()), Some(9_009_000));
    let sets = &mpd.periods[0].adaptations;
    assert_eq!(sets.len(), 2);
    assert_eq!(sets[0].contentType.as_deref(), Some("video"));
    let ids: Vec<_> = sets[0].representations.iter().filter_map(|one| one.id.as_deref()).collect();
    assert_eq!(ids, ["v720", "v360"]);
    let high = &sets[0].representations[0];
    assert_eq!(high.bandwidth, Some((2_000_000_u64 * 8 * 30_000).div_ceil(120_120)));
    assert_eq!((high.width, high.height), (Some(1280), Some(720)));
    assert_eq!(high.frameRate.as_deref(), Some("30000/1001"));
    let list = high.SegmentList.as_ref().expect("a list");
    assert_eq!(list.timescale, Some(30_000));
    let init = list.Initialization.as_ref().and_then(|init| init.sourceURL.as_deref());
    assert_eq!(init, Some("v720/init-0ff.mp4"));
    let urls: Vec<_> = list.segment_urls.iter().filter_map(|url| url.media.as_deref()).collect();
    assert_eq!(urls, ["v720/1-0ab1.m4s", "v720/2-0ab2.m4s", "v720/3-0ab3.m4s"]);
    let times = &list.SegmentTimeline.as_ref().expect("a timeline").segments;
    let times: Vec<_> = times.iter().map(|time| (time.t, time.d, time.r)).collect();
    assert_eq!(times, [(Some(0), 120_120, Some(1)), (None, 30_030, None)]);
    let sound = &sets[1].representations[0];
    assert_eq!(sound.audioSamplingRate.as_deref(), Some("48000"));
}

#[test]
fn captions_are_a_text_track_in_both() {
    let mut film = film();
    let blob_key = "media/42/captions/0ab.vtt".to_owned();
    let caption =
        Caption { id: CaptionId(7), language: "en".to_owned(), label: "English".to_owned(), blob_key };
    film.captions.push(caption);
    let master = read_master(&film);
    let track = master.alternatives.iter().find(|one| one.media_type == AlternativeMediaType::Subtitles);
    let track = track.expect("a text track");
    assert_eq!(track.uri.as_deref(), Some("captions/7.m3u8"));
    assert_eq!((track.name.as_str(), track.language.as_deref()), ("English", Some("en")));
    assert!(master.variants.iter().all(|variant| variant.subtitles.as_deref() == Some("captions")));
    let text = caption_playlist(&shown(&film), &film.captions[0]);
    let list = m3u8_rs::parse_media_playlist(text.as_bytes()).expect("HLS").1;
    assert_eq!((list.segments.len(), list.segments[0].uri.as_str()), (1, "7.vtt"));
    assert!(list.end_list && list.target_duration >= 10);
    let mpd = read_mpd(&film);
    let set = mpd.periods[0].adaptations.last().expect("a text track");
    assert_eq!((set.mimeType.as_deref(), set.lang.as_deref()), (Some("text/vtt"), Some("en")));
    assert_eq!(set.representations[0].BaseURL[0].base, "captions/7.vtt");
}

#[test]
fn hostile_labels_stay_labels() {
    let mut film = film();
    let blob_key = "media/42/captions/0ab.vtt".to_owned();
    let (language, label) = (HOSTILE.to_owned(), HOSTILE.to_owned());
    film.captions.push(Caption { id: CaptionId(7), language, label, blob_key });
    for rendition in &mut film.renditions {
        rendition.language = Some(HOSTILE.to_owned());
        rendition.codecs.push_str(HOSTILE);
    }
    let text = master(&shown(&film));
    assert!(!text.lines().any(|line| line.starts_with("#EXT-X-KEY")), "{text}");
    let read = read_master(&film);
    assert_eq!((read.variants.len(), read.alternatives.len()), (2, 5 - 2));
    let safe = "''<>&]]>   #EXT-X-KEY:URI='x'</MPD>\u{ffff}é🎭";
    assert!(read.alternatives.iter().all(|one| one.language.as_deref() == Some(safe)), "{text}");
    let mpd = read_mpd(&film);
    assert_eq!(mpd.periods[0].adaptations.len(), 3);
    let label = &mpd.periods[0].adaptations[2].Label[0].content;
    assert_eq!(label, "\"'<>&]]>   #EXT-X-KEY:URI=\"x\"</MPD> é🎭");
}

#[test]
fn an_index_that_points_elsewhere_is_a_fault_and_not_a_manifest() {
    for key in [
        "media/43/v720/1.m4s",
        "media/42/../43/1.m4s",
        "originals/42/1.m4s",
        "media/42/1.m4s",
        "media/42/v720/1.m4s\n#EXT",
    ] {
        let mut film = film();
        film.renditions[0].segments[1].blob_key = key.to_owned();
        assert!(Presentation::of(&film).is_err(), "{key}");
    }
    let mut film = film();
    film.renditions[0].name = "v\"720".to_owned();
    assert!(Presentation::of(&film).is_err());
}
