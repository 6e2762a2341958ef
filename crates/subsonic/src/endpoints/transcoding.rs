//! Files that are made into others while they are heard: what an app gets of a file by what it says that it can play, and
//! the streams themselves.

mod choose;
mod client;
mod send;

use catalog::{TrackId, media, media::SourceFile};
use ingest::media::{SoundCodec, SoundForm};
use podcasts::EpisodeId;

pub(super) use self::choose::Wish;
use self::{
    client::{ClientInfo, Source},
    send::{Asked, send},
};
use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
    tree::Element,
};

pub(super) async fn get_transcode_decision(call: &Call) -> Result<Reply, Error> {
    let source = Source::new(&file(call, medium(call)?).await?);
    let client = ClientInfo::read(&call.body)?;
    let made = choose::for_client(&client, &source).filter(|_| call.app.transcoder.makes_any());
    Reply::element("transcodeDecision", decide(&client, &source, made))
}

pub(super) async fn get_transcode_stream(call: &Call) -> Result<Reply, Error> {
    let source = file(call, medium(call)?).await?;
    let form = choose::read(call.params.required("transcodeParams")?).ok_or_else(|| {
        Error::refused("transcodeParams must be what getTranscodeDecision gave, unchanged. Ask it anew.")
    })?;
    send(call, &source, Asked { form, start_ms: call.params.seconds("offset")?, length: false }).await
}

/// A file in the form that is wished of a stream; `None` when that is its own.
pub(super) async fn wished(call: &Call, file: &SourceFile, wish: &Wish) -> Result<Option<Reply>, Error> {
    let form = wish.form(&Source::new(file)).filter(|_| call.app.transcoder.makes_any());
    let Some(form) = form else { return Ok(None) };
    let asked = Asked { form, start_ms: wish.start_ms, length: wish.length };
    send(call, file, asked).await.map(Some)
}

/// The file of a song, if the caller may have it.
pub(super) async fn song(call: &Call, id: TrackId) -> Result<SourceFile, Error> {
    let found = media::for_track(call.ctx(), call.viewer(), id).await?;
    found.map(|media| media.file).ok_or_else(Error::absent)
}

async fn file(call: &Call, what: Medium) -> Result<SourceFile, Error> {
    match what {
        Medium::Song(id) => song(call, id).await,
        Medium::Episode(id) => {
            let file = call.app.podcasts.told(call.viewer(), id).await?.file;
            let not_here = "This episode is not here yet; have it downloaded, or stream it, first.";
            file.ok_or_else(|| Error::refused(not_here))
        }
    }
}

fn decide(client: &ClientInfo, source: &Source, made: Option<SoundForm>) -> Element {
    let reasons: Vec<&str> =
        client.direct_play_profiles.iter().filter_map(|profile| source.unlike(profile)).collect();
    let beyond = source.beyond(client);
    let plays = reasons.len() < client.direct_play_profiles.len() && beyond.is_none();
    let mut element = Element::new()
        .with("canDirectPlay", plays)
        .with("canTranscode", made.is_some())
        .with("sourceStream", source.element());
    if let Some(form) = made {
        element = element.with("transcodeStream", told(&form)).with("transcodeParams", choose::told(&form));
    }
    if plays {
        return element;
    }
    let reasons: Vec<&str> = reasons.into_iter().chain(beyond).collect();
    let element = element.with("transcodeReason", reasons);
    if made.is_some() {
        return element;
    }
    let can = SoundCodec::ALL.map(|codec| format!("{} in {}", codec.name(), codec.container())).join(", ");
    element.with(
        "errorReason",
        format!(
            "Nothing that the app plays can be made here of it. By http there are {can}; HLS has a ladder."
        ),
    )
}

/// What becomes of a source.
fn told(form: &SoundForm) -> Element {
    Element::new()
        .with("protocol", "http")
        .with("container", form.codec().container())
        .with("codec", form.codec().name())
        .with("audioChannels", form.channels())
        .known("audioBitrate", u64::from(form.kbps()) * 1000)
        .with("audioSamplerate", form.rate_hz())
        .known("audioBitdepth", form.bits().unwrap_or(0))
}

/// What is asked about.
#[derive(Clone, Copy)]
pub(super) enum Medium {
    /// A piece of music.
    Song(TrackId),
    /// An episode of a podcast.
    Episode(EpisodeId),
}

/// What `mediaId` and `mediaType` name.
pub(super) fn medium(call: &Call) -> Result<Medium, Error> {
    let id = call.params.required("mediaId")?;
    let kind = call.params.required("mediaType")?;
    if !matches!(kind, "song" | "podcast") {
        return Err(Error::refused(format!("mediaType must be song or podcast, not {kind:?}.")));
    }
    match (kind, ItemId::parse(id)?) {
        ("song", ItemId::Track(id)) => Ok(Medium::Song(id)),
        ("podcast", ItemId::Episode(id)) => Ok(Medium::Episode(id)),
        _ => Err(Error::absent()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decided(client: Value) -> Value {
        let client: ClientInfo = serde_json::from_value(client).expect("it is understood");
        let source = Source {
            container: "mp4".to_owned(),
            codec: "alac".to_owned(),
            channels: 6,
            bitrate: 900_000,
            sample_rate: 96_000,
            lossless: true,
        };
        decide(&client, &source, choose::for_client(&client, &source)).into()
    }

    fn profile(containers: &[&str], codecs: &[&str], channels: u64) -> Value {
        json!({ "containers": containers, "audioCodecs": codecs, "protocols": ["http"], "maxAudioChannels": channels })
    }

    #[test]
    fn a_file_plays_when_one_profile_takes_it() {
        let one = json!({ "directPlayProfiles": [profile(&["mp3"], &["mp3"], 2), profile(&["M4A"], &["alac"], 6)] });
        assert_eq!(decided(one)["canDirectPlay"], true);
        assert_eq!(
            decided(json!({ "directPlayProfiles": [profile(&["*"], &[], 0)] }))["canDirectPlay"],
            true
        );
    }

    #[test]
    fn each_profile_that_does_not_take_it_says_why() {
        let all = decided(json!({ "directPlayProfiles": [
            profile(&["mp3"], &["mp3"], 2), profile(&["mp4"], &["aac"], 2), profile(&["mp4"], &["alac"], 2),
            { "containers": [], "audioCodecs": [], "protocols": ["hls"] },
        ]}));
        let reasons = [
            "ContainerNotSupported",
            "AudioCodecNotSupported",
            "AudioChannelsNotSupported",
            "ProtocolNotSupported",
        ];
        assert_eq!(all["transcodeReason"], json!(reasons));
        assert_eq!((&all["canDirectPlay"], &all["canTranscode"]), (&json!(false), &json!(false)));
        assert_eq!(decided(json!({}))["canDirectPlay"], false, "an app that plays nothing");
    }

    #[test]
    fn what_is_made_is_told_also_where_it_need_not_be() {
        let made =
            json!({ "container": "mp3", "audioCodec": "mp3", "protocol": "http", "maxAudioChannels": 2 });
        let told = decided(
            json!({ "directPlayProfiles": [profile(&["mp3"], &["mp3"], 2)], "transcodingProfiles": [made] }),
        );
        assert_eq!((&told["canDirectPlay"], &told["canTranscode"]), (&json!(false), &json!(true)));
        assert_eq!(told["transcodeReason"], json!(["ContainerNotSupported"]));
        let stream = json!({ "protocol": "http", "container": "mp3", "codec": "mp3", "audioChannels": 2,
            "audioBitrate": 192_000, "audioSamplerate": 48_000 });
        assert_eq!(
            (&told["transcodeStream"], &told["transcodeParams"]),
            (&stream, &json!("mp3.192.48000.2.0"))
        );
        assert_eq!(told.get("errorReason"), None);
        let both =
            decided(json!({ "directPlayProfiles": [profile(&[], &[], 0)], "transcodingProfiles": [made] }));
        assert_eq!((&both["canDirectPlay"], &both["canTranscode"]), (&json!(true), &json!(true)));
        assert_eq!(both.get("transcodeReason"), None);
        let neither = decided(json!({ "transcodingProfiles": [profile(&["mp4"], &["aac"], 2)] }));
        assert!(neither["errorReason"].as_str().is_some_and(|why| why.contains("mp3 in mp3")), "{neither}");
    }

    /// Profiles as a page that asks its browser makes them (those of Feishin), and as an app for phones sends them.
    const OF_A_PAGE: &str = r#"[
        { "containers": ["mp3"], "audioCodecs": ["mp3"], "protocols": ["http"] },
        { "containers": ["mp4"], "audioCodecs": ["aac"], "protocols": ["http"] },
        { "containers": ["aac"], "audioCodecs": ["aac"], "protocols": ["http"] },
        { "containers": ["ogg"], "audioCodecs": ["opus"], "protocols": ["http"] },
        { "containers": ["ogg"], "audioCodecs": ["vorbis"], "protocols": ["http"] },
        { "containers": ["flac"], "audioCodecs": ["flac"], "protocols": ["http"] },
        { "containers": ["wav"], "audioCodecs": ["pcm", "wav"], "protocols": ["http"] }]"#;
    const OF_A_PHONE: &str = r#"[
        { "containers": ["mpeg"], "audioCodecs": ["mp3"], "protocols": [], "maxAudioChannels": null },
        { "containers": ["m4a", "m4b", "aac"], "audioCodecs": ["aac", "alac"], "protocols": null },
        { "containers": ["oga", "opus"], "audioCodecs": ["opus", "vorbis"], "protocols": ["http"], "maxAudioChannels": 2.0 },
        { "containers": ["FLAC"], "audioCodecs": ["FLAC"] }, { "containers": ["aif"], "audioCodecs": ["pcm"] },
        { "containers": ["wv"], "audioCodecs": ["wv"] }]"#;

    #[test]
    fn files_as_the_scan_enters_them_play_where_apps_say_so_in_their_words() {
        let plays = |profiles: &str, (mime, codec, ending): (&str, &str, &str)| {
            let body =
                format!(r#"{{ "name": "x", "directPlayProfiles": {profiles}, "codecProfiles": null }}"#);
            let client = ClientInfo::read(body.as_bytes()).expect("it is understood");
            let file = SourceFile {
                place: media::Source::File { path: format!("/m/a.{ending}") },
                bytes: 1,
                stamp: 1,
                mime: mime.to_owned(),
                codec: codec.to_owned(),
                bitrate_kbps: 200,
                sample_rate_hz: 44_100,
                channels: 2,
                duration_ms: 1_000,
            };
            Value::from(decide(&client, &Source::new(&file), None))["canDirectPlay"] == true
        };
        for (file, page, phone) in [
            (("audio/mpeg", "mp3", "mp3"), true, true),
            (("audio/mp4; codecs=\"mp4a.40.2\"", "aac", "m4a"), true, true),
            (("audio/aac", "aac", "aac"), true, true),
            (("audio/mp4; codecs=\"alac\"", "alac", "m4a"), false, true),
            (("audio/ogg; codecs=\"opus\"", "opus", "opus"), true, true),
            (("audio/ogg; codecs=\"vorbis\"", "vorbis", "ogg"), true, true),
            (("audio/flac", "flac", "flac"), true, true),
            (("audio/wav", "pcm", "wav"), true, false),
            (("audio/aiff", "pcm", "aiff"), false, true),
            (("audio/x-wavpack", "wavpack", "wv"), false, true),
            (("audio/x-ms-wma", "wmav2", "wma"), false, false),
        ] {
            assert_eq!((plays(OF_A_PAGE, file), plays(OF_A_PHONE, file)), (page, phone), "{file:?}");
        }
    }

    #[test]
    fn what_an_app_can_play_is_said_in_few_bytes() {
        for body in
            [r#"{"maxAudioBitrate":null}"#, r#"{"maxAudioBitrate":-1}"#, r#"{"maxAudioBitrate":1e300}"#]
        {
            ClientInfo::read(body.as_bytes()).expect(body);
        }
        for body in ["", "x", "null", r#"{"maxAudioBitrate":"1"}"#, r#"{"directPlayProfiles":{}}"#] {
            assert!(ClientInfo::read(body.as_bytes()).is_err(), "{body}");
        }
        let profiles = [r#"{"container":"mp3","audioCodec":"mp3"}"#; 1_000].join(",");
        let long = format!(r#"{{"transcodingProfiles":[{profiles}]}}"#);
        assert!(ClientInfo::read(long.as_bytes()).is_err(), "{} bytes", long.len());
    }

    #[test]
    fn bounds_that_are_required_are_kept() {
        let any = profile(&[], &[], 0);
        let bound = |name: &str, comparison: &str, values: &[&str], required: bool| {
            let limitation =
                json!({ "name": name, "comparison": comparison, "values": values, "required": required });
            let codec = json!({ "type": "AudioCodec", "name": "alac", "limitations": [limitation] });
            decided(json!({ "directPlayProfiles": [any], "codecProfiles": [codec] }))["canDirectPlay"].clone()
        };
        assert_eq!(bound("audioSamplerate", "LessThanEqual", &["48000"], true), false);
        assert_eq!(bound("audioSamplerate", "LessThanEqual", &["48000"], false), true);
        assert_eq!(bound("audioChannels", "Equals", &["1", "2"], true), false);
        assert_eq!(bound("audioChannels", "Equals", &["2", "6"], true), true);
        assert_eq!(bound("audioChannels", "NotEquals", &["6"], true), false);
        assert_eq!(bound("audioBitrate", "GreaterThanEqual", &["900001"], true), false);
        assert_eq!(bound("audioBitdepth", "LessThanEqual", &["16"], true), true, "it is not known here");
        assert_eq!(
            bound("audioSamplerate", "LessThanEqual", &["96000", "48000"], true),
            true,
            "the first counts"
        );
        assert_eq!(bound("audioChannels", "GreaterThanEqual", &["2", "8"], true), true, "the first counts");
        let narrow = json!({ "directPlayProfiles": [any], "maxAudioBitrate": 320_000 });
        assert_eq!(decided(narrow)["canDirectPlay"], false);
    }
}
