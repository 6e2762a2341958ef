//! The header of the stream that ffmpeg writes, which is of the kind WAVE, and the samples after it.
//!
//! Source: Microsoft's "Multiple channel audio data and WAVE files" for the extensible format and its channel mask.

use super::super::error::MediaError;

/// The longest header; ours have under 100 bytes.
const HEADER_BYTES_MAX: usize = 4096;
/// The only samples that were asked for: 32 bits, real.
const BITS: u16 = 32;

/// What the samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// Channels, at least one.
    pub(super) channels: usize,
    /// Samples a second, at least one.
    pub(super) rate_hz: u32,
    /// A bit for each channel, in their order; 0 when nobody said.
    pub(super) mask: u32,
}

fn broken() -> MediaError {
    MediaError::refused("decoder_output", "ffmpeg's output could not be understood.")
}

/// Looks for the header at the front of `bytes`: the format, and where the samples begin. `None` when more bytes are
/// needed.
pub(super) fn header(bytes: &[u8]) -> Result<Option<(Format, usize)>, MediaError> {
    let found = find(bytes)?;
    if found.is_none() && bytes.len() > HEADER_BYTES_MAX {
        return Err(broken());
    }
    Ok(found)
}

fn find(bytes: &[u8]) -> Result<Option<(Format, usize)>, MediaError> {
    let Some(riff) = bytes.first_chunk::<12>() else { return Ok(None) };
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return Err(broken());
    }
    let (mut at, mut format) = (12, None);
    loop {
        let Some(head) = bytes.get(at..at + 8) else { return Ok(None) };
        let length = u32_at(head, 4).ok_or_else(broken)? as usize;
        at += 8;
        if &head[..4] == b"data" {
            return Ok(Some((format.ok_or_else(broken)?, at)));
        }
        if length > HEADER_BYTES_MAX {
            return Err(broken());
        }
        let Some(content) = bytes.get(at..at + length) else { return Ok(None) };
        if &head[..4] == b"fmt " {
            format = Some(read_format(content).ok_or_else(broken)?);
        }
        at += length + length % 2;
    }
}

fn read_format(content: &[u8]) -> Option<Format> {
    const REAL: u16 = 3;
    const EXTENSIBLE: u16 = 0xfffe;
    let (tag, channels, rate_hz) = (u16_at(content, 0)?, u16_at(content, 2)?, u32_at(content, 4)?);
    let mask = match tag {
        REAL => 0,
        // The mask, then a name of 16 bytes that begins with the tag.
        EXTENSIBLE if u16_at(content, 24)? == REAL => u32_at(content, 20)?,
        _ => return None,
    };
    let good = u16_at(content, 14)? == BITS && channels > 0 && rate_hz > 0;
    good.then_some(Format { channels: usize::from(channels), rate_hz, mask })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extensible(channels: u16, mask: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVEfmt \x28\0\0\0\xfe\xff".to_vec();
        bytes.extend(channels.to_le_bytes());
        bytes.extend(96_000_u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(32_u16.to_le_bytes());
        bytes.extend([22, 0, 32, 0]);
        bytes.extend(mask.to_le_bytes());
        bytes.extend([3, 0]);
        bytes.extend([0; 14]);
        bytes.extend(b"LIST\x03\0\0\0abc\0data\xff\xff\xff\xff");
        bytes
    }

    #[test]
    fn a_header_is_found_as_soon_as_it_is_whole() {
        let bytes = extensible(6, 0x3f);
        for length in 0..bytes.len() {
            assert_eq!(header(&bytes[..length]), Ok(None), "{length}");
        }
        let format = Format { channels: 6, rate_hz: 96_000, mask: 0x3f };
        assert_eq!(header(&bytes), Ok(Some((format, bytes.len()))));
    }

    #[test]
    fn nonsense_is_refused() {
        let mut long = extensible(2, 3);
        long[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut early = b"RIFF\0\0\0\0WAVEdata\0\0\0\0".to_vec();
        early.extend([0; 10]);
        for bytes in [extensible(0, 0), long, early, vec![b'x'; 20]] {
            assert_eq!(header(&bytes), Err(broken()));
        }
        assert_eq!(
            header(&[b"RIFF\0\0\0\0WAVE".as_slice(), &b"junk\x02\0\0\0ab".repeat(500)].concat()),
            Err(broken())
        );
    }
}
