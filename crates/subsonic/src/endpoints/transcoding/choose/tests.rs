use catalog::media::SourceFile;
use serde_json::{Value, json};

use super::*;

fn source(container: &str, codec: &str, kbps: u64) -> Source {
    Source {
        container: container.to_owned(),
        codec: codec.to_owned(),
        channels: 2,
        bitrate: kbps * 1000,
        sample_rate: 44_100,
        lossless: matches!(codec, "flac" | "alac"),
    }
}

fn flac() -> Source {
    source("flac", "flac", 900)
}

/// What a stream that is asked for like this comes to.
fn wished(source: &Source, query: &str) -> String {
    let params = Params::read(query, b"").expect("few");
    let form = Wish::read(&params).expect("understood").form(source);
    form.map_or("as it is".to_owned(), |form| told(&form))
}

#[test]
fn a_file_stays_as_it_is_unless_something_else_is_wished() {
    for query in [
        "",
        "format=raw&maxBitRate=64&timeOffset=9",
        "maxBitRate=0",
        "maxBitRate=1000",
        "format=flac",
        "format=FLAC&maxBitRate=900",
        "format=flv",
        "timeOffset=0",
        "estimateContentLength=true",
    ] {
        assert_eq!(wished(&flac(), query), "as it is", "{query}");
    }
    assert_eq!(wished(&source("mp3", "mp3", 192), "maxBitRate=192&format=mp3"), "as it is");
    assert_eq!(wished(&source("mp4", "aac", 192), "format=aac"), "as it is");
    assert_eq!(wished(&source("ogg", "vorbis", 160), "format=ogg"), "as it is");
    assert_eq!(wished(&source("wav", "pcm_s16le", 0), "maxBitRate=64"), "as it is", "nobody knows its rate");
}

#[test]
fn a_bound_is_kept_in_the_wished_format_or_in_the_one_that_plays_everywhere() {
    assert_eq!(wished(&flac(), "maxBitRate=128"), "mp3.128.44100.2.0");
    assert_eq!(wished(&flac(), "maxBitRate=200&format=opus"), "opus.192.48000.2.0");
    assert_eq!(wished(&flac(), "maxBitRate=100&format=aac"), "aac.96.44100.2.0");
    assert_eq!(wished(&flac(), "maxBitRate=1"), "mp3.32.44100.2.0", "less there is not");
    assert_eq!(wished(&flac(), "maxBitRate=320&format=flac"), "mp3.320.44100.2.0");
    assert_eq!(wished(&source("mp3", "mp3", 320), "maxBitRate=192"), "mp3.192.44100.2.0");
    assert_eq!(wished(&source("ogg", "vorbis", 320), "maxBitRate=192&format=ogg"), "opus.192.48000.2.0");
}

#[test]
fn a_format_comes_at_its_usual_rate_and_not_far_above_the_source() {
    assert_eq!(wished(&flac(), "format=mp3"), "mp3.192.44100.2.0");
    assert_eq!(wished(&flac(), "format=opus"), "opus.128.48000.2.0");
    assert_eq!(wished(&flac(), "format=ogg"), "opus.128.48000.2.0");
    assert_eq!(wished(&source("mp3", "mp3", 64), "format=opus"), "opus.96.48000.2.0");
    assert_eq!(wished(&source("mp3", "mp3", 64), "format=opus&maxBitRate=320"), "opus.96.48000.2.0");
    assert_eq!(wished(&source("mp3", "mp3", 128), "format=flac"), "flac.0.44100.2.16");
    assert_eq!(
        wished(&source("mp3", "mp3", 128), "format=flac&maxBitRate=320"),
        "as it is",
        "FLAC of it has more"
    );
    assert_eq!(wished(&source("mp4", "alac", 900), "format=flac"), "flac.0.44100.2.0");
}

#[test]
fn from_the_middle_it_stays_in_its_own_codec_where_that_is_made() {
    assert_eq!(wished(&flac(), "timeOffset=5"), "flac.0.44100.2.0");
    assert_eq!(wished(&source("mp3", "mp3", 245), "timeOffset=0.5"), "mp3.320.44100.2.0");
    assert_eq!(wished(&source("mp4", "aac", 96), "timeOffset=5"), "aac.128.44100.2.0");
    assert_eq!(wished(&source("ogg", "vorbis", 160), "timeOffset=5"), "mp3.224.44100.2.0");
    assert_eq!(wished(&source("mp4", "alac", 900), "timeOffset=5"), "mp3.320.44100.2.0");
    assert_eq!(wished(&flac(), "timeOffset=5&maxBitRate=96&format=opus"), "opus.96.48000.2.0");
}

#[test]
fn what_is_no_wish_is_refused() {
    for query in [
        "maxBitRate=x",
        "maxBitRate=-1",
        "timeOffset=-1",
        "timeOffset=x",
        "timeOffset=inf",
        "estimateContentLength=maybe",
    ] {
        let params = Params::read(query, b"").expect("few");
        assert!(Wish::read(&params).is_err(), "{query}");
    }
}

#[test]
fn one_channel_has_no_more_than_its_coder_makes() {
    let mono = |source: Source| Source { channels: 1, ..source };
    assert_eq!(wished(&mono(flac()), "format=opus&maxBitRate=320"), "opus.256.48000.1.0");
    assert_eq!(wished(&mono(flac()), "format=aac&maxBitRate=320"), "aac.256.44100.1.0");
    assert_eq!(wished(&mono(flac()), "format=mp3&maxBitRate=320"), "mp3.320.44100.1.0");
    let client = json!({ "maxTranscodingAudioBitrate": 320_000, "transcodingProfiles": [profile("ogg", "opus", "http", 2)] });
    assert_eq!(made(&mono(flac()), client).as_deref(), Some("opus.256.48000.1.0"));
    assert_eq!(read("opus.320.48000.1.0"), None);
}

#[test]
fn nothing_is_lost_of_channels_that_nobody_counted() {
    let unknown = Source { channels: 0, ..flac() };
    assert_eq!(wished(&unknown, "format=mp3"), "mp3.192.44100.2.0");
    let client = json!({ "transcodingProfiles": [profile("mp3", "mp3", "http", 1)] });
    assert_eq!(made(&unknown, client).as_deref(), Some("mp3.192.44100.1.0"), "unless the app takes no more");
}

#[test]
fn a_wave_file_keeps_all_its_bits() {
    // As the scan enters it: of its bits nothing is known.
    let file = SourceFile {
        place: catalog::media::Source::File { path: "/m/a.wav".to_owned() },
        bytes: 1 << 20,
        stamp: 1,
        mime: "audio/wav".to_owned(),
        codec: "pcm".to_owned(),
        bitrate_kbps: 4608,
        sample_rate_hz: 96_000,
        channels: 2,
        duration_ms: 1_000,
    };
    assert_eq!(wished(&Source::new(&file), "format=flac"), "flac.0.96000.2.0");
    assert_eq!(wished(&Source::new(&file), "format=flac&maxBitRate=5000"), "flac.0.96000.2.0");
    let client = json!({ "transcodingProfiles": [profile("flac", "flac", "http", 2)] });
    assert_eq!(made(&Source::new(&file), client).as_deref(), Some("flac.0.96000.2.0"));
}

/// What an app that takes these profiles gets.
fn made(source: &Source, client: Value) -> Option<String> {
    let client: ClientInfo = serde_json::from_value(client).expect("it is understood");
    for_client(&client, source).map(|form| told(&form))
}

fn profile(container: &str, codec: &str, protocol: &str, channels: u64) -> Value {
    json!({ "container": container, "audioCodec": codec, "protocol": protocol, "maxAudioChannels": channels })
}

#[test]
fn the_first_profile_that_can_be_made_is_taken() {
    let profiles = |list: Value| json!({ "transcodingProfiles": list });
    let made_of = |list: Value| made(&flac(), profiles(list));
    assert_eq!(made_of(json!([])), None);
    assert_eq!(made_of(json!([profile("mp4", "aac", "http", 2), profile("mp3", "mp3", "hls", 2)])), None);
    let both = json!([
        profile("webm", "opus", "http", 2),
        profile("OGG", "Opus", "http", 2),
        profile("mp3", "mp3", "http", 2)
    ]);
    assert_eq!(made_of(both).as_deref(), Some("opus.128.48000.2.0"));
    assert_eq!(made_of(json!([profile("opus", "opus", "http", 1)])).as_deref(), Some("opus.128.48000.1.0"));
    assert_eq!(made_of(json!([profile("adts", "aac", "", 0)])).as_deref(), Some("aac.192.44100.2.0"));
    assert_eq!(made_of(json!([profile("flac", "flac", "*", 0)])).as_deref(), Some("flac.0.44100.2.0"));
    let surround = Source { channels: 6, sample_rate: 96_000, ..flac() };
    let one = profiles(json!([profile("flac", "flac", "http", 6)]));
    assert_eq!(made(&surround, one).as_deref(), Some("flac.0.96000.6.0"));
    assert_eq!(
        made(&surround, profiles(json!([profile("mp3", "mp3", "http", 6)]))).as_deref(),
        Some("mp3.192.48000.2.0")
    );
}

#[test]
fn what_is_lossy_becomes_no_flac_where_something_else_is_taken() {
    // As Feishin has it by itself, with a bound for its MP3.
    let bound = json!({ "name": "audioBitrate", "comparison": "LessThanEqual", "values": ["256000"], "required": true });
    let all = json!({
        "transcodingProfiles": [profile("flac", "flac", "http", 0), profile("ogg", "opus", "http", 0), profile("mp3", "mp3", "http", 0)],
        "codecProfiles": [{ "type": "AudioCodec", "name": "mp3", "limitations": [bound] }],
    });
    assert_eq!(made(&source("mp4", "alac", 900), all.clone()).as_deref(), Some("flac.0.44100.2.0"));
    assert_eq!(made(&source("wma", "wmav2", 192), all.clone()).as_deref(), Some("opus.128.48000.2.0"));
    assert_eq!(made(&source("mp3", "mp3", 320), all).as_deref(), Some("opus.128.48000.2.0"));
    let flac_alone = json!({ "transcodingProfiles": [profile("flac", "flac", "http", 0)] });
    assert_eq!(made(&source("wma", "wmav2", 192), flac_alone).as_deref(), Some("flac.0.44100.2.16"));
}

#[test]
fn bounds_of_the_app_are_kept() {
    let client = |more: Value| {
        let mut all = json!({ "transcodingProfiles": [profile("mp3", "mp3", "http", 2), profile("flac", "flac", "http", 2)] });
        all.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        made(&flac(), all)
    };
    assert_eq!(
        client(json!({ "maxTranscodingAudioBitrate": 320_000 })).as_deref(),
        Some("mp3.320.44100.2.0")
    );
    let both = json!({ "maxTranscodingAudioBitrate": 256_000, "maxAudioBitrate": 100_000 });
    assert_eq!(client(both).as_deref(), Some("mp3.96.44100.2.0"));
    assert_eq!(client(json!({ "maxTranscodingAudioBitrate": 31_000 })), None, "so little can't be had");
    let limited = |name: &str, comparison: &str, values: &[&str], required: bool| {
        let limitation =
            json!({ "name": name, "comparison": comparison, "values": values, "required": required });
        client(
            json!({ "codecProfiles": [{ "type": "AudioCodec", "name": "mp3", "limitations": [limitation] }] }),
        )
    };
    assert_eq!(
        limited("audioBitrate", "LessThanEqual", &["130000"], true).as_deref(),
        Some("mp3.128.44100.2.0")
    );
    assert_eq!(limited("audioSamplerate", "Equals", &["48000"], true).as_deref(), Some("mp3.192.48000.2.0"));
    assert_eq!(limited("audioChannels", "Equals", &["1"], false).as_deref(), Some("mp3.192.44100.1.0"));
    assert_eq!(
        limited("audioSamplerate", "LessThanEqual", &["22050"], false).as_deref(),
        Some("mp3.192.44100.2.0"),
        "a wish"
    );
    assert_eq!(
        limited("audioSamplerate", "LessThanEqual", &["22050"], true).as_deref(),
        Some("flac.0.44100.2.0"),
        "the next profile"
    );
    let thin =
        json!({ "name": "audioBitdepth", "comparison": "LessThanEqual", "values": ["16"], "required": true });
    let lossless = json!({ "transcodingProfiles": [profile("flac", "flac", "http", 2)],
        "codecProfiles": [{ "type": "AudioCodec", "name": "flac", "limitations": [thin] }] });
    assert_eq!(made(&flac(), lossless).as_deref(), Some("flac.0.44100.2.16"));
}

#[test]
fn only_forms_that_can_be_had_are_read_and_each_in_one_way() {
    for good in ["mp3.128.44100.2.0", "flac.0.96000.6.24", "opus.64.48000.1.0"] {
        assert_eq!(read(good).map(|form| told(&form)).as_deref(), Some(good));
    }
    for bad in [
        "",
        "x",
        "mp3",
        "mp3.128.44100.2",
        "mp3.128.44100.2.0.0",
        "mp3.+128.44100.2.0",
        "mp3.0128.44100.2.0",
        "mp3.128.44100.2.16",
        "MP3.128.44100.2.0",
        "mp3.129.44100.2.0",
        "mp3.128.44100.99.0",
        "opus.128.44100.2.0",
        "flac.0.4294967296.2.0",
        "mp3.128.44100.2.0 -f concat",
    ] {
        assert_eq!(read(bad), None, "{bad:?}");
    }
}
