//! What a file sounds like, in 32 bytes: a hash of samples of its sound or picture data that leaves its tags out, so
//! that it stays the same when the file is tagged anew, renamed or moved.
//!
//! FLAC carries a hash of its own sound (MD5 in STREAMINFO). In MP4, WAV and AIFF the data has a box or chunk; in Ogg
//! it is the pages that carry sound; everything else is what is left between the tags at the front and at the end.
//! Of that: its length, and 4 KiB each of its beginning, middle and end. Two recordings that agree in all of that are
//! told apart by nothing here, which is why the scan asks for more before it takes one file for another.

use std::io;

use super::window::Window;

/// Bytes of each sample.
const SAMPLE_BYTES: u64 = 4 * 1024;
/// Boxes, chunks or pages that are looked at to find the data.
const PARTS_MAX: usize = 512;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) hash: [u8; 32],
    /// The file says that it is longer than it is.
    pub(super) truncated: bool,
}

/// Where the data is.
struct Region {
    start: u64,
    end: u64,
    truncated: bool,
}

/// Takes the sample of a file.
pub(super) fn sample(file: &mut Window<'_>) -> io::Result<Sample> {
    let front = after_id3(file)?;
    let mut head = [0; 12];
    let count = file.read_at(front, &mut head)?;
    match (&head[..count], front) {
        ([b'f', b'L', b'a', b'C', ..], _) => flac(file, front),
        ([b'O', b'g', b'g', b'S', ..], _) => ogg(file, front),
        ([_, _, _, _, b'f', b't', b'y', b'p', ..], 0) => {
            let region = mp4(file)?;
            of_region(file, &region)
        }
        ([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'], _) => {
            chunk(file, front, *b"data", false)
        }
        ([b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C'], _) => {
            chunk(file, front, *b"SSND", true)
        }
        _ => {
            let end = before_end_tags(file, front)?;
            of_region(file, &Region { start: front, end, truncated: false })
        }
    }
}

fn of_region(file: &mut Window<'_>, region: &Region) -> io::Result<Sample> {
    let (start, end) = (region.start.min(file.size()), region.end.min(file.size()));
    let length = end.saturating_sub(start);
    let mut hash = blake3::Hasher::new();
    hash.update(&length.to_le_bytes());
    let places = if length <= 3 * SAMPLE_BYTES {
        vec![(start, length)]
    } else {
        [start, start + length / 2, end - SAMPLE_BYTES].map(|at| (at, SAMPLE_BYTES)).to_vec()
    };
    let mut buffer = Vec::new();
    for (at, bytes) in places {
        buffer.resize(usize::try_from(bytes).unwrap_or(0), 0);
        let count = file.read_at(at, &mut buffer)?;
        hash.update(&buffer[..count]);
    }
    Ok(Sample { hash: *hash.finalize().as_bytes(), truncated: region.truncated })
}

/// Where the file goes on after `ID3v2` tags at its front.
fn after_id3(file: &mut Window<'_>) -> io::Result<u64> {
    let mut at = 0;
    // Some taggers leave an older tag behind the new one.
    for _ in 0..4 {
        let mut head = [0; 10];
        if file.read_at(at, &mut head)? < head.len() || !head.starts_with(b"ID3") {
            break;
        }
        let size = head[6..10].iter().fold(0u64, |size, byte| size << 7 | u64::from(byte & 0x7f));
        let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
        at += 10 + size + footer;
    }
    Ok(at.min(file.size()))
}

/// Where the data ends before `ID3v1` and APE tags at the end.
fn before_end_tags(file: &mut Window<'_>, front: u64) -> io::Result<u64> {
    let mut end = file.size();
    let mut head = [0; 3];
    if end >= front + 128 && file.read_at(end - 128, &mut head)? == 3 && &head == b"TAG" {
        end -= 128;
    }
    let mut footer = [0; 32];
    if end >= front + 32 && file.read_at(end - 32, &mut footer)? == 32 && footer.starts_with(b"APETAGEX") {
        let size = u64::from(u32_le(&footer, 12));
        let header = if footer[23] & 0x80 == 0 { 0 } else { 32 };
        end = end.saturating_sub(size + header).max(front);
    }
    Ok(end)
}

fn flac(file: &mut Window<'_>, front: u64) -> io::Result<Sample> {
    let mut info = [0; 42];
    let count = file.read_at(front, &mut info)?;
    let md5 = &info[26..42];
    if count == info.len() && md5.iter().any(|byte| *byte != 0) {
        // Rate, channels, depth, number of samples, and the sound's own hash.
        let hash = blake3::Hasher::new().update(b"flac").update(&info[18..42]).finalize();
        return Ok(Sample { hash: *hash.as_bytes(), truncated: false });
    }
    let mut at = front + 4;
    for _ in 0..PARTS_MAX {
        let mut head = [0; 4];
        if file.read_at(at, &mut head)? < head.len() {
            break;
        }
        at += 4 + (u64::from(head[1]) << 16 | u64::from(head[2]) << 8 | u64::from(head[3]));
        if head[0] & 0x80 != 0 {
            break;
        }
    }
    let end = before_end_tags(file, at.min(file.size()))?;
    of_region(file, &Region { start: at, end, truncated: at > file.size() })
}

/// The first `mdat` box, which holds the sound; the whole file when there is none.
fn mp4(file: &mut Window<'_>) -> io::Result<Region> {
    let size = file.size();
    let (mut at, mut data, mut truncated) = (0, None, false);
    for _ in 0..PARTS_MAX {
        let mut head = [0; 16];
        let count = file.read_at(at, &mut head)?;
        if count < 8 {
            break;
        }
        let (header, length) = match u64::from(u32_be(&head, 0)) {
            0 => (8, size - at),
            1 if count == 16 => (16, u64::from(u32_be(&head, 8)) << 32 | u64::from(u32_be(&head, 12))),
            length => (8, length),
        };
        let Some(end) = at.checked_add(length).filter(|_| length >= header) else { break };
        truncated |= end > size;
        if &head[4..8] == b"mdat" && data.is_none() {
            data = Some((at + header, end));
        }
        at = end;
    }
    let (start, end) = data.unwrap_or((0, size));
    Ok(Region { start, end, truncated })
}

/// A chunk of a RIFF or IFF file; the whole file when there is none.
fn chunk(file: &mut Window<'_>, front: u64, name: [u8; 4], big: bool) -> io::Result<Sample> {
    let size = file.size();
    let mut at = front + 12;
    for _ in 0..PARTS_MAX {
        let mut head = [0; 8];
        if file.read_at(at, &mut head)? < head.len() {
            break;
        }
        let length = u64::from(if big { u32_be(&head, 4) } else { u32_le(&head, 4) });
        let (start, end) = (at + 8, at + 8 + length);
        if head[..4] == name {
            // A recorder that could not go back to write the length leaves all ones or nothing.
            let open = length == 0 || length >= u64::from(u32::MAX) - 64;
            let end = if open { size } else { end };
            return of_region(file, &Region { start, end, truncated: end > size });
        }
        at = end + length % 2;
    }
    of_region(file, &Region { start: front, end: size, truncated: false })
}

/// The first page that carries sound and the number of samples on the last page. The pages between are numbered
/// anew when a longer comment moves them, and so say nothing.
fn ogg(file: &mut Window<'_>, front: u64) -> io::Result<Sample> {
    let mut hash = blake3::Hasher::new();
    hash.update(b"ogg");
    let mut at = front;
    for _ in 0..PARTS_MAX {
        let mut head = [0; 27];
        if file.read_at(at, &mut head)? < head.len() || !head.starts_with(b"OggS") {
            break;
        }
        let mut lacing = [0; 255];
        let lacing = &mut lacing[..usize::from(head[26])];
        file.read_at(at + 27, lacing)?;
        let start = at + 27 + lacing.len() as u64;
        let length: u64 = lacing.iter().map(|lace| u64::from(*lace)).sum();
        let granule =
            i64::from_le_bytes([head[6], head[7], head[8], head[9], head[10], head[11], head[12], head[13]]);
        if granule > 0 {
            let mut payload = vec![0; usize::try_from(length).unwrap_or(0)];
            let count = file.read_at(start, &mut payload)?;
            hash.update(&head[6..14]).update(&payload[..count]);
            break;
        }
        at = start + length;
    }
    hash.update(&last_granule(file)?);
    Ok(Sample { hash: *hash.finalize().as_bytes(), truncated: false })
}

fn last_granule(file: &mut Window<'_>) -> io::Result<[u8; 8]> {
    let mut tail = vec![0; 65_536 + 282];
    let at = file.size().saturating_sub(tail.len() as u64);
    let count = file.read_at(at, &mut tail)?;
    let mut granule = [0; 8];
    if let Some(last) = tail[..count].windows(14).rposition(|window| window.starts_with(b"OggS")) {
        granule.copy_from_slice(&tail[last + 6..last + 14]);
    }
    Ok(granule)
}

fn u32_be(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u32_le(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
