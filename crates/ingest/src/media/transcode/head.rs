//! What stands before the sound and would be written last: how long it is. ffmpeg goes back to write it, and there is no
//! way back in a pipe; here it is foretold.

use bytes::{Bytes, BytesMut};

use super::{super::form::SoundCodec, Order};

/// Samples of a frame of MP3 at the rates that are made.
const FRAME: u64 = 1152;
/// Samples that the coder (LAME) puts before the first; decoders know of those that they add themselves.
const DELAY: u64 = 576;
/// The rate of the frame that says how long it is: it must have room for that.
const INFO_KBPS_MIN: u32 = 64;
/// Thousand bits a second in the order in which a frame's head counts them, from 1.
const INDEX: [u32; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// How much of FLAC holds its number of samples.
const FLAC_BYTES: usize = 26;

/// The beginning of a stream on its way.
pub(super) enum Head {
    /// Nothing is to be done, or all is.
    Passed,
    /// This comes first.
    Before(Bytes),
    /// So many samples are to be written into the beginning of FLAC, of which this has come.
    Flac(u64, BytesMut),
}

impl Head {
    pub(super) fn of(order: &Order) -> Self {
        let Some(samples) = order.samples() else { return Self::Passed };
        match order.form.codec() {
            SoundCodec::Mp3 => {
                let form = &order.form;
                Self::Before(Mp3::of(form.kbps(), form.rate_hz(), samples).info(form.channels(), order.exact))
            }
            // Players of FLAC end where it says that it ends, so it is said only when it is known.
            SoundCodec::Flac if order.exact => Self::Flac(samples, BytesMut::new()),
            _ => Self::Passed,
        }
    }

    /// What goes out when this came in.
    pub(super) fn pass(&mut self, piece: Bytes) -> [Bytes; 2] {
        match std::mem::replace(self, Self::Passed) {
            Self::Passed => [Bytes::new(), piece],
            Self::Before(head) => [head, piece],
            Self::Flac(samples, mut held) => {
                held.extend_from_slice(&piece);
                if held.len() < FLAC_BYTES {
                    *self = Self::Flac(samples, held);
                    return [Bytes::new(), Bytes::new()];
                }
                write_samples(&mut held, samples);
                [Bytes::new(), held.freeze()]
            }
        }
    }
}

/// Writes the number of samples into `STREAMINFO` (RFC 9639, section 8.2): 36 bits behind rate, channels and bits.
fn write_samples(flac: &mut [u8], samples: u64) {
    if !flac.starts_with(b"fLaC") || samples >> 36 != 0 {
        return;
    }
    let bytes = samples.to_be_bytes();
    flac[21] = (flac[21] & 0xf0) | bytes[3];
    flac[22..FLAC_BYTES].copy_from_slice(&bytes[4..]);
}

/// Whether the whole of an output is what is written before the sound, and nothing behind it.
pub(super) fn is_bare(codec: SoundCodec, whole: &[u8]) -> bool {
    match codec {
        SoundCodec::Mp3 | SoundCodec::Aac => false,
        // A page for each of the two heads of Opus (RFC 7845, section 3).
        SoundCodec::Opus => whole.windows(4).filter(|word| word == b"OggS").count() == 2,
        SoundCodec::Flac => {
            // Blocks, each with its kind and length before it; the last one says that it is (RFC 9639, section 8.1).
            let mut at = 4;
            while let Some([kind, length @ ..]) =
                whole.get(at..at + 4).and_then(|head| head.first_chunk::<4>())
            {
                at += 4 + length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                if kind & 0x80 != 0 {
                    return at >= whole.len();
                }
            }
            false
        }
    }
}

/// How much MP3 becomes of so many samples.
pub(super) struct Mp3 {
    kbps: u32,
    rate_hz: u32,
    frames: u64,
    /// Samples behind the last that fill the last frame.
    padding: u64,
}

impl Mp3 {
    /// The coder fills up to whole frames, and with half a frame at the least.
    pub(super) fn of(kbps: u32, rate_hz: u32, samples: u64) -> Self {
        let held = samples + DELAY;
        let rest = FRAME - held % FRAME;
        let padding = if rest < FRAME / 2 { rest + FRAME } else { rest };
        Self { kbps, rate_hz, frames: (held + padding) / FRAME, padding }
    }

    fn info_kbps(&self) -> u32 {
        self.kbps.max(INFO_KBPS_MIN)
    }

    fn info_bytes(&self) -> u64 {
        144_000 * u64::from(self.info_kbps()) / u64::from(self.rate_hz)
    }

    /// Bytes of all frames, the first that tells of them included.
    pub(super) fn bytes(&self) -> u64 {
        let sound = (self.frames * 144_000 * u64::from(self.kbps)).div_ceil(u64::from(self.rate_hz));
        self.info_bytes() + sound
    }

    /// Bytes that are certainly enough: a frame more.
    pub(super) fn bytes_max(&self) -> u64 {
        self.bytes() + 144_000 * u64::from(self.kbps) / u64::from(self.rate_hz) + 1
    }

    /// The frame that players read before the sound: how many frames follow, how many bytes, and which samples at both
    /// ends are the coder's and not the music's (the latter only when the length is `exact`). Laid out as LAME does it.
    fn info(&self, channels: u32, exact: bool) -> Bytes {
        let index = INDEX.iter().position(|kbps| *kbps == self.info_kbps()).unwrap_or(8);
        let (mode, side) = if channels == 1 { (0xc4, 17) } else { (0x44, 32) };
        let rate = usize::from(self.rate_hz == 48_000);
        let mut frame = vec![0xff, 0xfb, u8::try_from((index + 1) << 4 | rate << 2).unwrap_or(0), mode];
        frame.resize(4 + side, 0);
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes();
        // A constant rate, and behind it: frames, bytes, table of places, quality.
        frame.extend_from_slice(b"Info\0\0\0\x0f");
        frame.extend(number(self.frames));
        frame.extend(number(self.bytes()));
        frame.extend((0..100_u32).map(|part| u8::try_from(part * 256 / 100).unwrap_or(u8::MAX)));
        frame.extend(number(0));
        frame.extend_from_slice(b"LAME3.100\x01");
        frame.resize(frame.len() + 10, 0);
        frame.push(u8::try_from(self.kbps).unwrap_or(u8::MAX));
        let padding = if exact { self.padding } else { 0 };
        frame.extend(&number(DELAY << 12 | padding)[1..]);
        frame.resize(frame.len() + 4, 0);
        frame.extend(number(self.bytes()));
        frame.resize(frame.len() + 2, 0);
        frame.extend(crc16(&frame).to_be_bytes());
        frame.resize(usize::try_from(self.info_bytes()).unwrap_or(frame.len()).max(frame.len()), 0);
        frame.into()
    }
}

/// The checksum of that frame: CRC-16 with the polynomial 0x8005, lowest bit first, from zero.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xa001 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_catalogues() {
        assert_eq!(crc16(b"123456789"), 0xbb3d);
    }

    #[test]
    fn the_frame_before_the_sound_is_as_long_as_its_head_says() {
        for (kbps, rate, channels, length) in
            [(32, 48_000, 2, 192), (32, 44_100, 1, 208), (128, 44_100, 2, 417), (320, 48_000, 2, 960)]
        {
            let frame = Mp3::of(kbps, rate, 100_000).info(channels, true);
            assert_eq!(frame.len(), length, "{kbps} {rate} {channels}");
            let at = if channels == 1 { 21 } else { 36 };
            assert_eq!(&frame[at..at + 4], b"Info");
        }
    }

    #[test]
    fn the_number_of_samples_is_written_wherever_the_pieces_are_cut() {
        let flac: Vec<u8> = b"fLaC".iter().copied().chain((4..60).map(|byte| byte | 0x80)).collect();
        for cut in [1, 21, 25, 26, 40] {
            let mut head = Head::Flac(0x1_2345_6789, BytesMut::new());
            let mut out = Vec::new();
            for piece in [&flac[..cut], &flac[cut..]] {
                head.pass(Bytes::copy_from_slice(piece))
                    .iter()
                    .for_each(|piece| out.extend_from_slice(piece));
            }
            assert_eq!(out.len(), flac.len(), "cut at {cut}");
            assert_eq!(out[21] & 0xf0, flac[21] & 0xf0, "the bits of a sample are left");
            assert_eq!((out[21] & 0x0f, &out[22..26]), (1, &[0x23, 0x45, 0x67, 0x89][..]));
            assert_eq!((&out[..21], &out[26..]), (&flac[..21], &flac[26..]));
        }
    }
}
