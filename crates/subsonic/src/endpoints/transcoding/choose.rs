//! Into which form a source is made: by what an app says that it can play, or by what it wishes of a stream.

use ingest::media::{SoundCodec, SoundForm};

use super::client::{
    ClientInfo, Limitation, Source, TranscodingProfile, codec_kind, container_kind, is_named,
};
use crate::{error::Error, params::Params};

/// A form in the words of `transcodeParams`. There is nothing secret in it: whoever plays it needs the right to hear the
/// source, and it is read as strictly as anything from outside.
pub(super) fn told(form: &SoundForm) -> String {
    let (codec, bits) = (form.codec().name(), form.bits().unwrap_or(0));
    format!("{codec}.{}.{}.{}.{bits}", form.kbps(), form.rate_hz(), form.channels())
}

/// A form out of `transcodeParams`.
pub(super) fn read(text: &str) -> Option<SoundForm> {
    let mut parts = text.split('.');
    let codec =
        parts.next().and_then(|name| SoundCodec::ALL.into_iter().find(|codec| codec.name() == name))?;
    let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
    let (kbps, rate, channels, bits) = (number()?, number()?, number()?, number()?);
    let form = SoundForm::new(codec, kbps, rate, channels, Some(bits).filter(|bits| *bits > 0))?;
    // One text for each form, so that no sign or zero in front goes by.
    (told(&form) == text).then_some(form)
}

/// The first of an app's profiles that can be made of a source. FLAC brings back nothing of what is lost and has many times
/// the bits, so that of a lossy source it is made only where nothing else can be.
pub(super) fn for_client(client: &ClientInfo, source: &Source) -> Option<SoundForm> {
    let made =
        || client.transcoding_profiles.iter().filter_map(|profile| by_profile(client, source, profile));
    made().find(|form| source.lossless || form.codec() != SoundCodec::Flac).or_else(|| made().next())
}

fn by_profile(client: &ClientInfo, source: &Source, profile: &TranscodingProfile) -> Option<SoundForm> {
    if !matches!(profile.protocol.to_ascii_lowercase().as_str(), "http" | "" | "*") {
        return None;
    }
    let codec = SoundCodec::ALL.into_iter().find(|codec| {
        is_named(&profile.audio_codec, codec.name(), codec_kind)
            && is_named(&profile.container, codec.container(), container_kind)
    })?;
    let limits = client.limits_of(codec.name());
    let most = match profile.max_audio_channels {
        0 => codec.channels_max(),
        most => u32::try_from(most).unwrap_or(u32::MAX).min(codec.channels_max()),
    };
    // Fewer rather than more, and more only where the app takes no less.
    let own = channels_of(source, most);
    let channels = pick(&limits, "audioChannels", 1, (1..=own).rev().chain(own + 1..=most.min(2)))?;
    let source_hz = u32::try_from(source.sample_rate).unwrap_or(0);
    let rate = pick(&limits, "audioSamplerate", 1, codec.rates_hz(source_hz).into_iter())?;
    let bound = client.made_bitrate_max();
    if codec == SoundCodec::Flac {
        let bits = flac_bits(&limits, source)?;
        let bits = Some(bits).filter(|bits| *bits > 0);
        let largest = u64::from(rate) * u64::from(channels) * u64::from(bits.unwrap_or(24));
        let fits = bound.is_none_or(|most| largest <= most);
        return fits.then(|| SoundForm::new(codec, 0, rate, channels, bits)).flatten();
    }
    let bound_kbps = bound.map_or(codec.kbps_usual(), |most| u32::try_from(most / 1000).unwrap_or(u32::MAX));
    let ceiling = bound_kbps.min(useful_kbps(codec, source));
    let steps = codec.kbps(channels).iter().copied();
    // Where what is useful is less than there is, the least there is; a bound of the app's is never passed.
    let least = steps.clone().min().filter(|least| bound.is_none_or(|most| u64::from(*least) * 1000 <= most));
    let below = steps.filter(|step| *step <= ceiling);
    let kbps = pick(&limits, "audioBitrate", 1000, below.chain(least))?;
    SoundForm::new(codec, kbps, rate, channels, None)
}

/// The first value, in the app's unit, that keeps all bounds of this name, else the first that keeps those that it must.
fn pick(limits: &[&Limitation], name: &str, unit: u64, values: impl Iterator<Item = u32>) -> Option<u32> {
    let values: Vec<u32> = values.collect();
    let own: Vec<_> = limits.iter().filter(|limit| limit.name == name).collect();
    let keeps = |value: u32, all: bool| {
        own.iter().filter(|limit| all || limit.required).all(|limit| limit.allows(u64::from(value) * unit))
    };
    let first = |all: bool| values.iter().copied().find(|value| keeps(*value, all));
    first(true).or_else(|| first(false))
}

/// Bits of a sample of FLAC; 0 says nothing of them, which is enough unless the app says something or there are none to
/// keep. `None` when the app takes none that can be had.
fn flac_bits(limits: &[&Limitation], source: &Source) -> Option<u32> {
    let some = if source.lossless { &[24, 16][..] } else { &[16] };
    let picked = pick(limits, "audioBitdepth", 1, some.iter().copied())?;
    let said = !source.lossless || limits.iter().any(|limit| limit.name == "audioBitdepth");
    Some(if said { picked } else { 0 })
}

/// As many channels as a source has; where nobody knows how many those are, two, so that none is lost of what mostly is.
fn channels_of(source: &Source, most: u32) -> u32 {
    let own = if source.channels == 0 { 2 } else { source.channels };
    u32::try_from(own).unwrap_or(u32::MAX).clamp(1, most.max(1))
}

/// The most that there is any use in: a third more than a lossy source has, since codecs differ.
fn useful_kbps(codec: SoundCodec, source: &Source) -> u32 {
    if source.lossless || source.bitrate == 0 {
        return u32::MAX;
    }
    let wanted = source.bitrate.saturating_mul(4) / 3000;
    let enough = codec.kbps(2).iter().copied().filter(|step| u64::from(*step) >= wanted).min();
    enough.unwrap_or(u32::MAX)
}

/// What an app wishes of a stream.
#[derive(Debug, Default)]
pub(in crate::endpoints) struct Wish {
    /// The file as it is, whatever else is said.
    raw: bool,
    /// The format by the name that was given, in small letters, and its codec if it is one that is made.
    format: String,
    codec: Option<SoundCodec>,
    /// Thousand bits a second, 0 for no bound.
    kbps_max: u32,
    /// From where on, milliseconds.
    pub(super) start_ms: u64,
    /// Whether the answer shall say how many bytes it has.
    pub(super) length: bool,
}

impl Wish {
    pub(in crate::endpoints) fn read(params: &Params) -> Result<Self, Error> {
        let format = params.filled("format").unwrap_or_default().to_ascii_lowercase();
        let codec = match format.as_str() {
            "mp3" => Some(SoundCodec::Mp3),
            "aac" | "adts" | "m4a" => Some(SoundCodec::Aac),
            "opus" | "ogg" | "oga" => Some(SoundCodec::Opus),
            "flac" => Some(SoundCodec::Flac),
            _ => None,
        };
        Ok(Self {
            raw: format == "raw",
            format,
            codec,
            kbps_max: params.number("maxBitRate", 0, u32::MAX)?,
            start_ms: params.seconds("timeOffset")?,
            length: params.flag("estimateContentLength")?.unwrap_or(false),
        })
    }

    /// The form that the wish comes to; `None` when it is that of the file as it is. What is not above the wished rate
    /// stays as it is unless it shall be in another format or from a place in its middle.
    pub(super) fn form(&self, source: &Source) -> Option<SoundForm> {
        let too_much = self.kbps_max > 0 && source.bitrate > u64::from(self.kbps_max) * 1000;
        // What loses nothing can't be told a rate.
        let unbounded = self.kbps_max == 0 || (source.lossless && !too_much);
        let named = self.codec.filter(|codec| *codec != SoundCodec::Flac || unbounded);
        let other = named.is_some_and(|codec| !self.is_in(codec, source));
        if !self.asks() || !(too_much || other || self.start_ms > 0) {
            return None;
        }
        let own = SoundCodec::ALL.into_iter().find(|codec| self.is_in(*codec, source)).filter(|_| !too_much);
        let codec = named.or(own).unwrap_or(SoundCodec::Mp3);
        let rate = codec.rates_hz(u32::try_from(source.sample_rate).unwrap_or(0)).first().copied()?;
        let channels = channels_of(source, codec.channels_max());
        if codec == SoundCodec::Flac {
            return SoundForm::new(codec, 0, rate, channels, (!source.lossless).then_some(16));
        }
        let ceiling = match self.kbps_max {
            0 if other => codec.kbps_usual(),
            0 => u32::MAX,
            most => most,
        };
        let ceiling = ceiling.min(useful_kbps(codec, source));
        let steps = codec.kbps(channels);
        let kbps = steps.iter().find(|step| **step <= ceiling).or(steps.last()).copied()?;
        SoundForm::new(codec, kbps, rate, channels, None)
    }

    /// Whether anything else is wished than the file as it is.
    pub(in crate::endpoints) fn asks(&self) -> bool {
        !self.raw && (self.codec.is_some() || self.kbps_max > 0 || self.start_ms > 0)
    }

    /// Whether a source is in a codec, and in a container in which those who ask for it expect it.
    fn is_in(&self, codec: SoundCodec, source: &Source) -> bool {
        let container = container_kind(&source.container);
        let ogg =
            container == "ogg" && (source.codec == "opus" || matches!(self.format.as_str(), "ogg" | "oga"));
        match codec {
            SoundCodec::Mp3 => source.codec == "mp3" && container == "mp3",
            SoundCodec::Aac => source.codec == "aac",
            SoundCodec::Opus => ogg,
            SoundCodec::Flac => source.codec == "flac" && container == "flac",
        }
    }
}

#[cfg(test)]
mod tests;
