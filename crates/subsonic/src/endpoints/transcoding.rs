//! Whether an app can play a file as it is. Nothing is made into something else on the way here, and what is decided says
//! so; the ladder behind `hls` is what narrow lines and other codecs have.

use catalog::{
    TrackId,
    media::SourceFile,
    service::{self, dialect},
};
use podcasts::EpisodeId;
use serde::Deserialize;

use crate::{
    call::{Call, Reply},
    error::Error,
    ids::ItemId,
    tree::Element,
};

/// What an app can play.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ClientInfo {
    /// Bits a second, 0 for no bound.
    max_audio_bitrate: u64,
    direct_play_profiles: Vec<DirectPlayProfile>,
    codec_profiles: Vec<CodecProfile>,
}

/// Files that an app plays as they are. An empty list allows everything.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DirectPlayProfile {
    containers: Vec<String>,
    audio_codecs: Vec<String>,
    protocols: Vec<String>,
    max_audio_channels: u64,
}

/// The bounds of one codec.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CodecProfile {
    name: String,
    limitations: Vec<Limitation>,
}

/// One bound.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Limitation {
    name: String,
    comparison: String,
    values: Vec<String>,
    required: bool,
}

/// A file as it would be played.
struct Source {
    container: String,
    codec: String,
    channels: u64,
    /// Bits a second, 0 when unknown.
    bitrate: u64,
    sample_rate: u64,
}

impl Source {
    fn new(file: &SourceFile) -> Self {
        Self {
            container: container(&file.mime, file.suffix()),
            codec: file.codec.to_ascii_lowercase(),
            channels: file.channels.into(),
            bitrate: u64::from(file.bitrate_kbps) * 1000,
            sample_rate: file.sample_rate_hz.into(),
        }
    }

    fn element(&self) -> Element {
        Element::new()
            .with("protocol", "http")
            .with("container", self.container.as_str())
            .with("codec", self.codec.as_str())
            .known("audioChannels", self.channels)
            .known("audioBitrate", self.bitrate)
            .known("audioSamplerate", self.sample_rate)
    }

    /// Why the file can't be played by this profile.
    fn unlike(&self, profile: &DirectPlayProfile) -> Option<&'static str> {
        if !names(&profile.containers, &self.container, container_kind) {
            return Some("ContainerNotSupported");
        }
        if !names(&profile.audio_codecs, &self.codec, codec_kind) {
            return Some("AudioCodecNotSupported");
        }
        if !names(&profile.protocols, "http", |name| name) {
            return Some("ProtocolNotSupported");
        }
        let bounded = profile.max_audio_channels > 0 && self.channels > profile.max_audio_channels;
        bounded.then_some("AudioChannelsNotSupported")
    }

    /// Why the file is outside of what the app says of all files, or of all of this codec.
    fn beyond(&self, client: &ClientInfo) -> Option<&'static str> {
        if client.max_audio_bitrate > 0 && self.bitrate > client.max_audio_bitrate {
            return Some("AudioBitrateNotSupported");
        }
        let own = client
            .codec_profiles
            .iter()
            .filter(|profile| codec_kind(&profile.name.to_ascii_lowercase()) == codec_kind(&self.codec));
        let broken = own
            .flat_map(|profile| &profile.limitations)
            .any(|limitation| limitation.required && !self.keeps(limitation));
        broken.then_some("CodecLimitationNotMet")
    }

    /// Whether the file keeps a bound. What is not known of it here is left to the app.
    fn keeps(&self, limitation: &Limitation) -> bool {
        let own = match limitation.name.as_str() {
            "audioChannels" => self.channels,
            "audioBitrate" => self.bitrate,
            "audioSamplerate" => self.sample_rate,
            _ => 0,
        };
        let mut values = limitation.values.iter().filter_map(|value| value.parse::<u64>().ok());
        own == 0
            || match limitation.comparison.as_str() {
                "Equals" => values.any(|value| own == value),
                "NotEquals" => values.all(|value| own != value),
                "LessThanEqual" => values.all(|value| own <= value),
                "GreaterThanEqual" => values.all(|value| own >= value),
                _ => true,
            }
    }
}

/// The name of a container by a file's type, else by the ending of its name.
fn container(mime: &str, suffix: String) -> String {
    let known = match mime.split(';').next().unwrap_or_default().trim() {
        "audio/mpeg" | "audio/mp3" => "mp3",
        "audio/flac" | "audio/x-flac" => "flac",
        "audio/mp4" | "audio/x-m4a" | "audio/m4a" => "mp4",
        "audio/ogg" | "audio/opus" | "application/ogg" => "ogg",
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "wav",
        "audio/aac" | "audio/aacp" => "aac",
        "audio/webm" => "webm",
        _ => return suffix,
    };
    known.to_owned()
}

/// Whether a list, in which nothing and a star stand for everything, names this.
fn names(list: &[String], own: &str, kind: fn(&str) -> &str) -> bool {
    list.is_empty()
        || list.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            name == "*" || kind(&name) == kind(own)
        })
}

/// One name for the containers that go by several.
fn container_kind(name: &str) -> &str {
    match name {
        "m4a" | "m4b" | "mp4" => "mp4",
        "ogg" | "oga" | "opus" => "ogg",
        "wav" | "wave" => "wav",
        other => other,
    }
}

/// One name for the codecs that go by several.
fn codec_kind(name: &str) -> &str {
    if name.starts_with("pcm") || name == "wav" { "pcm" } else { name }
}

pub(super) async fn get_transcode_decision(call: &Call) -> Result<Reply, Error> {
    let what = medium(call)?;
    let client = if call.body.is_empty() {
        return Err(Error::missing("(the body, a JSON object that says what the app can play)"));
    } else {
        serde_json::from_slice::<ClientInfo>(&call.body)
            .map_err(|error| Error::refused(format!("The body can't be read: {error}.")))?
    };
    let source = match what {
        Medium::Song(id) => of_song(call, id).await?,
        Medium::Episode(id) => {
            let file = call.app.podcasts.told(call.viewer(), id).await?.file;
            let not_here = "This episode is not here yet; have it downloaded, or stream it, first.";
            Source::new(&file.ok_or_else(|| Error::refused(not_here))?)
        }
    };
    Reply::element("transcodeDecision", decide(&client, &source))
}

async fn of_song(call: &Call, id: TrackId) -> Result<Source, Error> {
    let track = service::track(call.ctx(), call.viewer(), id).await?.track;
    let facts = dialect::track_facts(call.ctx(), call.viewer(), vec![id]).await?.remove(&id);
    let facts = facts.ok_or_else(Error::absent)?;
    Ok(Source {
        container: container(&facts.mime, facts.suffix),
        codec: track.codec.to_ascii_lowercase(),
        channels: track.channels.into(),
        bitrate: u64::from(track.bitrate_kbps) * 1000,
        sample_rate: track.sample_rate_hz.into(),
    })
}

fn decide(client: &ClientInfo, source: &Source) -> Element {
    let reasons: Vec<&str> =
        client.direct_play_profiles.iter().filter_map(|profile| source.unlike(profile)).collect();
    let plays = reasons.len() < client.direct_play_profiles.len();
    let beyond = source.beyond(client);
    let element = Element::new()
        .with("canDirectPlay", plays && beyond.is_none())
        .with("canTranscode", false)
        .with("sourceStream", source.element());
    if plays && beyond.is_none() {
        return element;
    }
    let reasons: Vec<&str> = reasons.into_iter().chain(beyond).collect();
    element.with("transcodeReason", reasons).with(
        "errorReason",
        "This server does not make files into others on the way; HLS has several codecs.",
    )
}

/// There is none, since no decision leads here.
pub(super) fn get_transcode_stream(call: &Call) -> Result<Reply, Error> {
    medium(call)?;
    call.params.required("transcodeParams")?;
    Err(Error::refused("This server does not make files into others on the way."))
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
        };
        decide(&client, &source).into()
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
        let narrow = json!({ "directPlayProfiles": [any], "maxAudioBitrate": 320_000 });
        assert_eq!(decided(narrow)["canDirectPlay"], false);
    }
}
