//! The forms into which sound is made for who plays it at once.

/// A codec that sound is made into while somebody listens, each in the container in which it can be played from its
/// first bytes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoundCodec {
    /// MP3, at a constant rate, so that its length can be foretold.
    Mp3,
    /// AAC in ADTS.
    Aac,
    /// Opus in Ogg.
    Opus,
    /// FLAC: without loss.
    Flac,
}

/// Thousand bits a second that are to be had, the most first. They are those of MP3, which has no others.
static KBPS: [u32; 14] = [320, 256, 224, 192, 160, 128, 112, 96, 80, 64, 56, 48, 40, 32];
/// Samples a second of FLAC: the fewest and the most that all of its players take.
const FLAC_HZ: (u32, u32) = (8_000, 192_000);

impl SoundCodec {
    /// All of them, what plays in most places first.
    pub const ALL: [Self; 4] = [Self::Mp3, Self::Aac, Self::Opus, Self::Flac];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Flac => "flac",
        }
    }

    /// The name of its container.
    pub fn container(self) -> &'static str {
        match self {
            Self::Opus => "ogg",
            other => other.name(),
        }
    }

    /// The type of what is made.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Aac => "audio/aac",
            Self::Opus => "audio/ogg",
            Self::Flac => "audio/flac",
        }
    }

    /// Thousand bits a second that are to be had in so many channels, the most first; none when nothing may be lost.
    pub fn kbps(self, channels: u32) -> &'static [u32] {
        match self {
            Self::Flac => &[],
            // Their coders have at most 256 for one channel: that of Opus refuses more, that of AAC makes less of it.
            Self::Aac | Self::Opus if channels == 1 => &KBPS[1..],
            Self::Mp3 | Self::Aac | Self::Opus => &KBPS,
        }
    }

    /// Thousand bits a second when nobody says how many: what most people can't tell from the source.
    pub fn kbps_usual(self) -> u32 {
        match self {
            Self::Mp3 | Self::Aac => 192,
            Self::Opus => 128,
            Self::Flac => 0,
        }
    }

    /// Samples a second that are to be had of a source with so many, the best first.
    pub fn rates_hz(self, source_hz: u32) -> Vec<u32> {
        let own = std::iter::once(source_hz).filter(|hz| self.takes_rate(*hz));
        // From a rate that is a multiple of another, nothing is smeared between samples.
        let near = if source_hz.is_multiple_of(11_025) { [44_100, 48_000] } else { [48_000, 44_100] };
        let mut rates: Vec<u32> = own.collect();
        for rate in near {
            if self.takes_rate(rate) && !rates.contains(&rate) {
                rates.push(rate);
            }
        }
        rates
    }

    fn takes_rate(self, hz: u32) -> bool {
        match self {
            Self::Mp3 | Self::Aac => matches!(hz, 44_100 | 48_000),
            Self::Opus => hz == 48_000,
            Self::Flac => (FLAC_HZ.0..=FLAC_HZ.1).contains(&hz),
        }
    }

    /// Most channels.
    pub fn channels_max(self) -> u32 {
        if self == Self::Flac { 8 } else { 2 }
    }
}

/// All that is to be known of what is made. It can't be made but of what can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundForm {
    codec: SoundCodec,
    kbps: u32,
    rate_hz: u32,
    channels: u32,
    bits: Option<u32>,
}

impl SoundForm {
    /// A form: thousand bits a second (0 without loss), samples a second, channels, and bits of a sample where something
    /// is to be said about them. `None` when it can't be had.
    pub fn new(codec: SoundCodec, kbps: u32, rate_hz: u32, channels: u32, bits: Option<u32>) -> Option<Self> {
        let lossless = codec == SoundCodec::Flac;
        let kbps_good = if lossless { kbps == 0 } else { codec.kbps(channels).contains(&kbps) };
        let bits_good = bits.is_none_or(|bits| lossless && matches!(bits, 16 | 24));
        let rest_good = codec.takes_rate(rate_hz) && (1..=codec.channels_max()).contains(&channels);
        (kbps_good && bits_good && rest_good).then_some(Self { codec, kbps, rate_hz, channels, bits })
    }

    /// Its codec.
    pub fn codec(&self) -> SoundCodec {
        self.codec
    }

    /// Thousand bits a second, 0 without loss.
    pub fn kbps(&self) -> u32 {
        self.kbps
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Channels.
    pub fn channels(&self) -> u32 {
        self.channels
    }

    /// Bits of a sample, where something was said about them.
    pub fn bits(&self) -> Option<u32> {
        self.bits
    }

    /// More bytes a second than it ever has.
    pub(super) fn bytes_a_second_max(&self) -> u64 {
        match self.codec {
            SoundCodec::Flac => u64::from(self.rate_hz) * u64::from(self.channels) * 5,
            _ => u64::from(self.kbps) * 250,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_cannot_be_had_is_none() {
        use SoundCodec::{Aac, Flac, Mp3, Opus};
        let good = [
            (Mp3, 320, 44_100, 2, None),
            (Aac, 32, 48_000, 1, None),
            (Opus, 128, 48_000, 2, None),
            (Opus, 320, 48_000, 2, None),
            (Opus, 256, 48_000, 1, None),
            (Mp3, 320, 48_000, 1, None),
            (Flac, 0, 96_000, 6, Some(24)),
            (Flac, 0, 8_000, 1, None),
        ];
        for (codec, kbps, rate, channels, bits) in good {
            let form = SoundForm::new(codec, kbps, rate, channels, bits).expect("it can be had");
            assert_eq!((form.codec(), form.kbps(), form.rate_hz()), (codec, kbps, rate));
        }
        for (codec, kbps, rate, channels, bits) in [
            (Mp3, 321, 44_100, 2, None),
            (Mp3, 0, 44_100, 2, None),
            (Mp3, 128, 96_000, 2, None),
            (Mp3, 128, 44_100, 3, None),
            (Mp3, 128, 44_100, 0, None),
            (Mp3, 128, 44_100, 2, Some(16)),
            (Opus, 128, 44_100, 2, None),
            (Opus, 320, 48_000, 1, None),
            (Aac, 320, 44_100, 1, None),
            (Flac, 900, 44_100, 2, None),
            (Flac, 0, 384_000, 2, None),
            (Flac, 0, 44_100, 9, None),
            (Flac, 0, 44_100, 2, Some(20)),
        ] {
            assert_eq!(SoundForm::new(codec, kbps, rate, channels, bits), None, "{codec:?} {kbps} {rate}");
        }
    }

    #[test]
    fn the_rate_is_kept_or_the_nearest_that_it_is_a_multiple_of() {
        assert_eq!(SoundCodec::Mp3.rates_hz(44_100), [44_100, 48_000]);
        assert_eq!(SoundCodec::Mp3.rates_hz(88_200), [44_100, 48_000]);
        assert_eq!(SoundCodec::Aac.rates_hz(96_000), [48_000, 44_100]);
        assert_eq!(SoundCodec::Opus.rates_hz(44_100), [48_000]);
        assert_eq!(SoundCodec::Flac.rates_hz(88_200), [88_200, 44_100, 48_000]);
        assert_eq!(SoundCodec::Flac.rates_hz(2_822_400), [44_100, 48_000], "of one bit a sample");
    }
}
