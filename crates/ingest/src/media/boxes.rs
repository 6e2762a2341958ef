//! ISO base media boxes, as far as fragments need them: a small reader that believes no length.
//!
//! Source: ISO/IEC 14496-12 (boxes), 14496-14 (mp4a), 14496-15 (avcC), the Opus and FLAC mappings to it, and
//! RFC 6381 for codec strings.

use super::error::MediaError;

/// Renders the error of everything here: ffmpeg wrote something that is no fragment of ours.
pub(super) fn broken(what: &str) -> MediaError {
    MediaError::refused("encoder_output", format!("ffmpeg's output could not be understood ({what})."))
}

/// A box: its type and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mp4Box<'a> {
    /// Four characters.
    pub(super) kind: [u8; 4],
    /// What follows the header.
    pub(super) content: &'a [u8],
}

/// The header of a box at the start of `bytes`: its type, the header's length and the whole length. `None` if
/// more bytes are needed to know.
pub(super) fn header(bytes: &[u8]) -> Result<Option<([u8; 4], usize, u64)>, MediaError> {
    let Some((start, rest)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    let [s0, s1, s2, s3, kind @ ..] = *start;
    let (header, length) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        1 => match rest.first_chunk::<8>() {
            Some(long) => (16, u64::from_be_bytes(*long)),
            None => return Ok(None),
        },
        short => (8, u64::from(short)),
    };
    if length < header as u64 {
        return Err(broken("a box shorter than its header"));
    }
    Ok(Some((kind, header, length)))
}

/// The boxes that fill `bytes`.
pub(super) fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = Result<Mp4Box<'_>, MediaError>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let next = split_box(bytes);
        match &next {
            Ok((_, rest)) => bytes = rest,
            Err(_) => bytes = &[],
        }
        Some(next.map(|(found, _)| found))
    })
}

fn split_box(bytes: &[u8]) -> Result<(Mp4Box<'_>, &[u8]), MediaError> {
    let (kind, header, length) = header(bytes)?.ok_or_else(|| broken("half a box"))?;
    let length = usize::try_from(length).map_err(|_| broken("a box too long"))?;
    let content = bytes.get(header..length).ok_or_else(|| broken("a box longer than its place"))?;
    Ok((Mp4Box { kind, content }, &bytes[length..]))
}

/// The first box of a type in `bytes`.
fn find(bytes: &[u8], kind: [u8; 4]) -> Result<Option<&[u8]>, MediaError> {
    for found in boxes(bytes) {
        let found = found?;
        if found.kind == kind {
            return Ok(Some(found.content));
        }
    }
    Ok(None)
}

/// Follows a path of box types downwards.
fn descend<'a>(mut bytes: &'a [u8], path: &[&[u8; 4]]) -> Result<&'a [u8], MediaError> {
    for kind in path {
        bytes = find(bytes, **kind)?.ok_or_else(|| broken("a box is missing"))?;
    }
    Ok(bytes)
}

/// Reads big-endian numbers off the front of a slice.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], MediaError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| broken("a box cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, MediaError> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, MediaError> {
        Ok(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn u32(&mut self) -> Result<u32, MediaError> {
        Ok(u32::from(self.u16()?) << 16 | u32::from(self.u16()?))
    }

    fn u64(&mut self) -> Result<u64, MediaError> {
        Ok(u64::from(self.u32()?) << 32 | u64::from(self.u32()?))
    }

    /// Version and flags of a full box.
    fn version_flags(&mut self) -> Result<(u8, u32), MediaError> {
        let word = self.u32()?;
        Ok((word.to_be_bytes()[0], word & 0x00ff_ffff))
    }
}

/// What an initialisation segment says of its one track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    /// Track number in the file.
    pub(super) id: u32,
    /// Ticks in a second.
    pub(super) timescale: u32,
    /// Ticks that the edit list cuts off the front: the delay of reordered frames or of the audio coder.
    pub(super) edit_start: u64,
    /// RFC 6381.
    pub(super) codec: String,
    /// Width and height, 0 for audio.
    pub(super) size: (u32, u32),
    /// Channels and sample rate, 0 for video.
    pub(super) audio: (u32, u32),
    /// Length and flags of a sample where a fragment does not say.
    defaults: Defaults,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Defaults {
    duration: u32,
    size: u32,
    flags: u32,
}

/// Reads an initialisation segment (`ftyp` and `moov`).
pub(super) fn parse_init(bytes: &[u8]) -> Result<Track, MediaError> {
    let moov = descend(bytes, &[b"moov"])?;
    if boxes(moov).filter(|found| found.as_ref().is_ok_and(|found| found.kind == *b"trak")).count() != 1 {
        return Err(broken("not one track"));
    }
    let trak = descend(moov, &[b"trak"])?;
    let mut tkhd = Fields(descend(trak, &[b"tkhd"])?);
    let (version, _) = tkhd.version_flags()?;
    tkhd.take(if version == 1 { 16 } else { 8 })?;
    let id = tkhd.u32()?;
    let mut mdhd = Fields(descend(trak, &[b"mdia", b"mdhd"])?);
    let (version, _) = mdhd.version_flags()?;
    mdhd.take(if version == 1 { 16 } else { 8 })?;
    let timescale = mdhd.u32()?;
    if timescale == 0 {
        return Err(broken("a clock that stands"));
    }
    let mut stsd = Fields(descend(trak, &[b"mdia", b"minf", b"stbl", b"stsd"])?);
    stsd.take(8)?;
    let (entry, _) = split_box(stsd.0)?;
    let (codec, size, audio) = sample_entry(entry)?;
    Ok(Track { id, timescale, edit_start: edit_start(trak)?, codec, size, audio, defaults: trex(moov, id)? })
}

fn edit_start(trak: &[u8]) -> Result<u64, MediaError> {
    let Some(edts) = find(trak, *b"edts")? else { return Ok(0) };
    let mut elst = Fields(descend(edts, &[b"elst"])?);
    let (version, _) = elst.version_flags()?;
    // An empty edit (a delayed start) can't be told to every player: the filters must have filled the gap.
    if elst.u32()? != 1 {
        return Err(broken("an edit list of several parts"));
    }
    let media_time = if version == 1 {
        elst.take(8)?;
        elst.u64()?.cast_signed()
    } else {
        elst.take(4)?;
        i64::from(elst.u32()?.cast_signed())
    };
    u64::try_from(media_time).map_err(|_| broken("an empty edit"))
}

fn trex(moov: &[u8], id: u32) -> Result<Defaults, MediaError> {
    let mut trex = Fields(descend(moov, &[b"mvex", b"trex"])?);
    trex.version_flags()?;
    if trex.u32()? != id {
        return Err(broken("defaults of another track"));
    }
    trex.u32()?;
    Ok(Defaults { duration: trex.u32()?, size: trex.u32()?, flags: trex.u32()? })
}

type Entry = (String, (u32, u32), (u32, u32));

fn sample_entry(entry: Mp4Box<'_>) -> Result<Entry, MediaError> {
    let mut fields = Fields(entry.content);
    fields.take(8)?;
    match &entry.kind {
        b"avc1" | b"avc3" => {
            fields.take(16)?;
            let size = (u32::from(fields.u16()?), u32::from(fields.u16()?));
            fields.take(50)?;
            let avcc = descend(fields.0, &[b"avcC"])?;
            let &[_, profile, compatibility, level, ..] = avcc else { return Err(broken("avcC")) };
            let kind = String::from_utf8_lossy(&entry.kind);
            Ok((format!("{kind}.{profile:02x}{compatibility:02x}{level:02x}"), size, (0, 0)))
        }
        b"mp4a" | b"Opus" | b"fLaC" => {
            fields.take(8)?;
            let channels = u32::from(fields.u16()?);
            fields.take(6)?;
            // 16.16; rates above 65,535 do not fit and stand in the codec's own box.
            let rate = fields.u32()? >> 16;
            match &entry.kind {
                b"mp4a" => {
                    let (codec, own_channels, own_rate) = aac(descend(fields.0, &[b"esds"])?)?;
                    Ok((codec, (0, 0), (own_channels.unwrap_or(channels), own_rate.unwrap_or(rate))))
                }
                b"Opus" => Ok(("Opus".to_owned(), (0, 0), (channels, rate))),
                _ => {
                    let mut info = Fields(descend(fields.0, &[b"dfLa"])?);
                    info.take(8 + 10)?; // full box, block header, block and frame sizes
                    let packed = info.u32()?;
                    Ok(("fLaC".to_owned(), (0, 0), (channels, packed >> 12)))
                }
            }
        }
        _ => Err(broken("a codec that was not asked for")),
    }
}

/// From an elementary stream descriptor: `mp4a.40.2` and the like, and the channels and sample rate, which the
/// sample entry need not know.
fn aac(esds: &[u8]) -> Result<(String, Option<u32>, Option<u32>), MediaError> {
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ];
    let mut fields = Fields(esds);
    fields.version_flags()?;
    let mut stream = descriptor(&mut fields, 3)?;
    stream.take(2)?;
    let flags = stream.u8()?;
    if flags & 0xe0 != 0 {
        return Err(broken("esds with options"));
    }
    let mut config = descriptor(&mut stream, 4)?;
    let object = config.u8()?;
    config.take(12)?;
    // Five bits of kind, four of rate, four of channels.
    let bits = descriptor(&mut config, 5)?.u16()?;
    let kind = bits >> 11;
    if kind == 31 {
        return Err(broken("an AAC of a kind that was not asked for"));
    }
    let channels = match bits >> 3 & 0x0f {
        0 => None,
        7 => Some(8),
        count => Some(u32::from(count)),
    };
    let rate = RATES.get(usize::from(bits >> 7 & 0x0f)).copied();
    Ok((format!("mp4a.{object:02x}.{kind}"), channels, rate))
}

fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Result<Fields<'a>, MediaError> {
    if fields.u8()? != tag {
        return Err(broken("esds"));
    }
    let mut length = 0_usize;
    for _ in 0..4 {
        let byte = fields.u8()?;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(Fields(fields.take(length)?));
        }
    }
    Err(broken("esds"))
}

/// What a fragment (`moof` and `mdat`) holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Decode time of its first sample, ticks.
    pub(super) start: u64,
    /// Sum of its samples' lengths, ticks.
    pub(super) duration: u64,
    /// Samples in it.
    pub(super) samples: u32,
    /// Whether decoding can begin at its first sample.
    pub(super) starts_with_key: bool,
}

/// Flag of a sample that needs others to be decoded.
const SAMPLE_IS_NOT_SYNC: u32 = 0x0001_0000;
/// Samples in a fragment: ten minutes of the shortest audio frames.
const SAMPLES_MAX: u32 = 250_000;

/// Reads a fragment of `track` and checks that its samples are all there.
pub(super) fn parse_fragment(bytes: &[u8], track: &Track) -> Result<Fragment, MediaError> {
    let traf = descend(bytes, &[b"moof", b"traf"])?;
    let mdat = descend(bytes, &[b"mdat"])?;
    let (mut defaults, first) = (track.defaults, None);
    let mut tfhd = Fields(descend(traf, &[b"tfhd"])?);
    let (_, flags) = tfhd.version_flags()?;
    if tfhd.u32()? != track.id {
        return Err(broken("a fragment of another track"));
    }
    if flags & 0x01 != 0 {
        return Err(broken("absolute offsets"));
    }
    for (flag, value) in [
        (0x02, None),
        (0x08, Some(&mut defaults.duration)),
        (0x10, Some(&mut defaults.size)),
        (0x20, Some(&mut defaults.flags)),
    ] {
        if flags & flag != 0 {
            let read = tfhd.u32()?;
            if let Some(value) = value {
                *value = read;
            }
        }
    }
    let mut tfdt = Fields(descend(traf, &[b"tfdt"])?);
    let (version, _) = tfdt.version_flags()?;
    let start = if version == 1 { tfdt.u64()? } else { u64::from(tfdt.u32()?) };
    let mut run = Run { duration: 0, bytes: 0, samples: 0, first_flags: first };
    for found in boxes(traf) {
        let found = found?;
        if found.kind == *b"trun" {
            run.add(Fields(found.content), defaults)?;
        }
    }
    if run.bytes != mdat.len() as u64 {
        return Err(broken("samples that do not fill their place"));
    }
    let first_flags = run.first_flags.ok_or_else(|| broken("a fragment without samples"))?;
    Ok(Fragment {
        start,
        duration: run.duration,
        samples: run.samples,
        starts_with_key: first_flags & SAMPLE_IS_NOT_SYNC == 0,
    })
}

struct Run {
    duration: u64,
    bytes: u64,
    samples: u32,
    first_flags: Option<u32>,
}

impl Run {
    fn add(&mut self, mut trun: Fields<'_>, defaults: Defaults) -> Result<(), MediaError> {
        let (_, flags) = trun.version_flags()?;
        let count = trun.u32()?;
        self.samples = self
            .samples
            .checked_add(count)
            .filter(|sum| *sum <= SAMPLES_MAX)
            .ok_or_else(|| broken("too many samples"))?;
        if flags & 0x01 != 0 {
            trun.u32()?;
        }
        let first = if flags & 0x04 != 0 { Some(trun.u32()?) } else { None };
        for index in 0..count {
            let mut field = |flag: u32, otherwise: u32| {
                if flags & flag == 0 { Ok(otherwise) } else { trun.u32() }
            };
            self.duration += u64::from(field(0x100, defaults.duration)?);
            self.bytes += u64::from(field(0x200, defaults.size)?);
            let own = field(0x400, defaults.flags)?;
            field(0x800, 0)?;
            if index == 0 {
                self.first_flags.get_or_insert(first.unwrap_or(own));
            }
        }
        Ok(())
    }
}
