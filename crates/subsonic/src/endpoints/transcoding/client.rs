//! What an app says that it can play, and whether that takes a file as it is.

use catalog::media::SourceFile;
use ingest::media::is_lossless;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{error::Error, tree::Element};

/// Most bytes in which an app says what it can play. Each of what it has made is held against all that bounds it, so long
/// lists would take the machine; apps send one or two KiB.
const BYTES_MAX: usize = 32 * 1024;

/// What an app can play.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ClientInfo {
    /// Bits a second, 0 for no bound.
    #[serde(deserialize_with = "bound")]
    max_audio_bitrate: u64,
    /// Bits a second of what is made for it, 0 for no bound.
    #[serde(deserialize_with = "bound")]
    max_transcoding_audio_bitrate: u64,
    pub(super) direct_play_profiles: Vec<DirectPlayProfile>,
    pub(super) transcoding_profiles: Vec<TranscodingProfile>,
    codec_profiles: Vec<CodecProfile>,
}

/// Files that an app plays as they are. An empty list allows everything.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DirectPlayProfile {
    containers: Vec<String>,
    audio_codecs: Vec<String>,
    protocols: Vec<String>,
    #[serde(deserialize_with = "bound")]
    max_audio_channels: u64,
}

/// Something that may be made for an app.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TranscodingProfile {
    pub(super) container: String,
    pub(super) audio_codec: String,
    pub(super) protocol: String,
    /// 0 for no bound.
    #[serde(deserialize_with = "bound")]
    pub(super) max_audio_channels: u64,
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
pub(super) struct Limitation {
    pub(super) name: String,
    comparison: String,
    values: Vec<String>,
    pub(super) required: bool,
}

impl Limitation {
    /// Whether a value keeps the bound. What is not known here is left to the app.
    pub(super) fn allows(&self, own: u64) -> bool {
        let mut values = self.values.iter().filter_map(|value| value.parse::<u64>().ok());
        own == 0
            || match self.comparison.as_str() {
                "Equals" => values.any(|value| own == value),
                "NotEquals" => values.all(|value| own != value),
                // Of these two only the first value counts.
                "LessThanEqual" => values.next().is_none_or(|value| own <= value),
                "GreaterThanEqual" => values.next().is_none_or(|value| own >= value),
                _ => true,
            }
    }
}

/// A number of JSON: no bound is less than 0, and some languages write whole numbers with a point.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, as is meant")]
fn bound<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    f64::deserialize(from).map(|number| number as u64)
}

/// What an app says without the parts of which it says nothing: some write `null` for them.
fn said(value: Value) -> Value {
    match value {
        Value::Array(parts) => parts.into_iter().filter(|part| !part.is_null()).map(said).collect(),
        Value::Object(parts) => parts
            .into_iter()
            .filter(|(_, part)| !part.is_null())
            .map(|(name, part)| (name, said(part)))
            .collect(),
        other => other,
    }
}

impl ClientInfo {
    /// Reads the body of a request.
    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        if body.is_empty() {
            return Err(Error::missing("(the body, a JSON object that says what the app can play)"));
        }
        if body.len() > BYTES_MAX {
            return Err(Error::refused(format!("What the app can play must be said in {BYTES_MAX} bytes.")));
        }
        serde_json::from_slice(body)
            .and_then(|value| serde_json::from_value(said(value)))
            .map_err(|error| Error::refused(format!("The body can't be read: {error}.")))
    }

    /// The bounds of a codec.
    pub(super) fn limits_of(&self, codec: &str) -> Vec<&Limitation> {
        let own = self.codec_profiles.iter().filter(|profile| {
            let name = profile.name.to_ascii_lowercase();
            codec_kind(&name) == codec_kind(codec)
        });
        own.flat_map(|profile| &profile.limitations).collect()
    }

    /// The most bits a second of what is made for it, if there is a bound.
    pub(super) fn made_bitrate_max(&self) -> Option<u64> {
        [self.max_audio_bitrate, self.max_transcoding_audio_bitrate]
            .into_iter()
            .filter(|most| *most > 0)
            .min()
    }
}

/// A file as it would be played.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) container: String,
    pub(super) codec: String,
    pub(super) channels: u64,
    /// Bits a second, 0 when unknown.
    pub(super) bitrate: u64,
    pub(super) sample_rate: u64,
    pub(super) lossless: bool,
}

impl Source {
    pub(super) fn new(file: &SourceFile) -> Self {
        let codec = file.codec.to_ascii_lowercase();
        let told = u64::from(file.bitrate_kbps) * 1000;
        // Where nobody told, the size of the file does.
        let counted = || (file.bytes.saturating_mul(8000)).checked_div(file.duration_ms).unwrap_or(0);
        Self {
            container: container(&file.mime, file.suffix()),
            // Of WAV and AIFF the catalogue knows no more than that. Their length is not trusted for it: it is often written
            // before anybody knows it.
            lossless: is_lossless(&codec) || codec == "pcm",
            codec,
            channels: file.channels.into(),
            bitrate: if told > 0 { told } else { counted() },
            sample_rate: file.sample_rate_hz.into(),
        }
    }

    pub(super) fn element(&self) -> Element {
        Element::new()
            .with("protocol", "http")
            .with("container", self.container.as_str())
            .with("codec", self.codec.as_str())
            .known("audioChannels", self.channels)
            .known("audioBitrate", self.bitrate)
            .known("audioSamplerate", self.sample_rate)
    }

    /// Why the file can't be played by this profile.
    pub(super) fn unlike(&self, profile: &DirectPlayProfile) -> Option<&'static str> {
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
    pub(super) fn beyond(&self, client: &ClientInfo) -> Option<&'static str> {
        if client.max_audio_bitrate > 0 && self.bitrate > client.max_audio_bitrate {
            return Some("AudioBitrateNotSupported");
        }
        let limits = client.limits_of(&self.codec);
        let broken = limits.iter().any(|limitation| limitation.required && !self.keeps(limitation));
        broken.then_some("CodecLimitationNotMet")
    }

    fn keeps(&self, limitation: &Limitation) -> bool {
        limitation.allows(match limitation.name.as_str() {
            "audioChannels" => self.channels,
            "audioBitrate" => self.bitrate,
            "audioSamplerate" => self.sample_rate,
            _ => 0,
        })
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
    list.is_empty() || list.iter().any(|name| is_named(name, own, kind))
}

/// Whether a name, of which a star stands for everything, is that of this.
pub(super) fn is_named(name: &str, own: &str, kind: fn(&str) -> &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "*" || kind(&name) == kind(own)
}

/// One name for the containers that go by several.
pub(super) fn container_kind(name: &str) -> &str {
    match name {
        "m4a" | "m4b" | "m4p" | "mp4" => "mp4",
        "mp3" | "mpeg" | "mpga" => "mp3",
        "ogg" | "oga" | "opus" => "ogg",
        "wav" | "wave" => "wav",
        "aac" | "adts" => "aac",
        "aif" | "aiff" | "aifc" => "aiff",
        "wma" | "asf" => "wma",
        "wv" | "wavpack" => "wv",
        "mpc" | "mpp" | "musepack" => "mpc",
        other => other,
    }
}

/// One name for the codecs that go by several.
pub(super) fn codec_kind(name: &str) -> &str {
    match name {
        "lpcm" | "wav" => "pcm",
        pcm if pcm.starts_with("pcm") => "pcm",
        "adts" => "aac",
        "wmav1" | "wmav2" => "wma",
        "wv" => "wavpack",
        "mpc" | "mpc7" | "mpc8" | "musepack7" | "musepack8" => "musepack",
        other => other,
    }
}
