//! Tiny sound in each format, and how a copy is made to sound like nothing else.
//!
//! Real libraries hold no two tracks with the same sound. Copies of one file would be that, and a scan that knows files
//! again by their sound would be measured on something that nobody has. So a number is written into the sound data of
//! each copy; decoders would hear a click.

use std::{fs, path::Path};

use crate::{Anything, machine};

/// A format: how files end, and what ffmpeg is asked for.
pub(crate) struct Format {
    pub(crate) ending: &'static str,
    encoder: &'static [&'static str],
}

/// The formats of music that people have.
pub(crate) const FORMATS: [Format; 6] = [
    Format { ending: "flac", encoder: &["-c:a", "flac"] },
    Format { ending: "mp3", encoder: &["-c:a", "libmp3lame", "-b:a", "128k", "-id3v2_version", "0"] },
    Format { ending: "ogg", encoder: &["-c:a", "libvorbis", "-q:a", "3"] },
    Format { ending: "opus", encoder: &["-c:a", "libopus", "-b:a", "48k"] },
    Format { ending: "m4a", encoder: &["-c:a", "aac", "-b:a", "96k"] },
    Format { ending: "wav", encoder: &["-c:a", "pcm_s16le"] },
];

/// One second of sound in a format.
pub(crate) fn make(format: &Format, folder: &Path) -> Result<Vec<u8>, Anything> {
    let file = folder.join(format!("sound.{}", format.ending));
    let source = ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=44100:duration=1"];
    let plain = ["-ac", "1", "-map_metadata", "-1", "-fflags", "+bitexact"];
    machine::ffmpeg(&[&source[..], format.encoder, &plain].concat(), &file)?;
    let bytes = fs::read(&file)?;
    fs::remove_file(&file)?;
    Ok(bytes)
}

/// Writes a number into the sound data. `None` when it can't be found.
pub(crate) fn mark(bytes: &mut [u8], ending: &str, number: u64) -> Option<()> {
    let number = number.to_le_bytes();
    let at = match ending {
        // The hash of the sound in STREAMINFO stands for the sound.
        "flac" => 26,
        "m4a" => find(bytes, b"mdat")? + 40,
        "ogg" | "opus" => return mark_page(bytes, number),
        _ => bytes.len().checked_sub(64)?,
    };
    bytes.get_mut(at..at + number.len())?.copy_from_slice(&number);
    Some(())
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

/// In Ogg: near the end of the first page that carries sound, whose checksum then is made anew.
fn mark_page(bytes: &mut [u8], number: [u8; 8]) -> Option<()> {
    let mut at = 0;
    loop {
        let head = bytes.get(at..at + 27)?;
        let granule = i64::from_le_bytes(head[6..14].try_into().ok()?);
        let lacing = usize::from(head[26]);
        let payload: usize =
            bytes.get(at + 27..at + 27 + lacing)?.iter().map(|lace| usize::from(*lace)).sum();
        let end = at + 27 + lacing + payload;
        if granule > 0 {
            bytes.get_mut(end.checked_sub(16)?..end - 8)?.copy_from_slice(&number);
            bytes.get_mut(at + 22..at + 26)?.fill(0);
            let sum = checksum(bytes.get(at..end)?);
            bytes[at + 22..at + 26].copy_from_slice(&sum.to_le_bytes());
            return Some(());
        }
        at = end;
    }
}

/// The checksum of Ogg pages (RFC 3533): CRC-32 with the polynomial 0x04c11db7, not reflected, from 0.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum: u32, _| {
            if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_ogg() {
        // The check value of CRC-32 with this polynomial, start and end of 0, unreflected.
        assert_eq!(checksum(b"123456789"), 0x89a1_897f);
    }

    #[test]
    fn a_page_of_headers_is_left_alone_and_the_first_with_sound_marked() {
        let page = |granule: i64, payload: &[u8]| {
            let mut page = b"OggS\0\0".to_vec();
            page.extend(granule.to_le_bytes());
            page.extend([0; 12]);
            page.extend([1, u8::try_from(payload.len()).expect("short")]);
            page.extend(payload);
            page
        };
        let headers = page(0, &[1; 30]);
        let mut bytes = [headers.clone(), page(960, &[2; 30])].concat();
        mark(&mut bytes, "opus", 7).expect("it has sound");
        assert_eq!(bytes[..headers.len()], headers);
        assert_eq!(bytes[bytes.len() - 16..bytes.len() - 8], 7_u64.to_le_bytes());
        assert!(mark(&mut headers.clone(), "opus", 7).is_none());
    }
}
