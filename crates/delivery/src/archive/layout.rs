//! How a ZIP is laid out (PKWARE's APPNOTE 6.3.10), with nothing compressed: sound and pictures are compressed already, and
//! so every byte's place is known before one is read.
//!
//! Each file has its checksum in front of it, not behind: programs that read an archive as it comes can take no stored
//! file whose length they learn afterwards.

use std::ops::Range;

use jiff::{Timestamp, tz::TimeZone};

/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// What a reader must know: nothing special, or numbers of 64 bits.
const NEEDS_LITTLE: u16 = 20;
const NEEDS_64: u16 = 45;
/// Made on Unix, which says how the attributes are read.
const UNIX: u16 = 3 << 8;
/// A plain file that everybody may read.
const ATTRIBUTES: u32 = 0o100_644 << 16;
/// Stands where a number has its place elsewhere, in 64 bits.
const ELSEWHERE: u32 = u32::MAX;
const ELSEWHERE_16: u16 = u16::MAX;
/// The field with numbers of 64 bits.
const FIELD_64: u16 = 1;
/// The first moment that the format can say.
const FIRST_MOMENT: u32 = (1 << 21) | (1 << 16);

/// One file.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path, with slashes.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it changed, date and time as the format says them.
    modified: u32,
    /// Where its header is.
    at: u64,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// The header of a file.
    Head(usize),
    /// Its bytes.
    Data(usize),
    /// The directory, at the end.
    Tail,
}

/// Where everything is.
#[derive(Debug)]
pub(super) struct Layout {
    pub entries: Vec<Entry>,
    directory_at: u64,
    length: u64,
}

impl Layout {
    /// Files by path and size, each with when it changed in seconds since 1970, where that is known.
    pub(super) fn new(files: impl IntoIterator<Item = (String, u64, Option<i64>)>) -> Self {
        let mut at = 0;
        let mut entries = Vec::new();
        for (name, bytes, modified_s) in files {
            let modified = modified_s.map_or(FIRST_MOMENT, moment);
            let entry = Entry { name, bytes, modified, at };
            at = entry.data().end;
            entries.push(entry);
        }
        let mut layout = Self { entries, directory_at: at, length: 0 };
        let no_sums = vec![0; layout.entries.len()];
        layout.length = at.saturating_add(layout.tail(&no_sums).len() as u64);
        layout
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What lies at `at`, which is less than the length, and from where to where that goes.
    pub(super) fn piece_at(&self, at: u64) -> (Piece, Range<u64>) {
        if at >= self.directory_at {
            return (Piece::Tail, self.directory_at..self.length);
        }
        // The first entry is at 0, so there is one before or at every place.
        let number = self.entries.partition_point(|entry| entry.at <= at).saturating_sub(1);
        let data = self.entries[number].data();
        if at < data.start {
            (Piece::Head(number), self.entries[number].at..data.start)
        } else {
            (Piece::Data(number), data)
        }
    }

    /// The header of a file with this checksum.
    pub(super) fn head(&self, number: usize, sum: u32) -> Vec<u8> {
        let entry = &self.entries[number];
        let mut out = Out::default();
        out.u32(0x0403_4b50);
        out.u16(entry.needs());
        entry.common(&mut out, sum);
        out.u16(if entry.is_large() { 20 } else { 0 });
        out.bytes(entry.name.as_bytes());
        if entry.is_large() {
            out.u16(FIELD_64);
            out.u16(16);
            out.u64(entry.bytes);
            out.u64(entry.bytes);
        }
        out.0
    }

    /// The directory and what ends the archive, with the checksums of all files.
    pub(super) fn tail(&self, sums: &[u32]) -> Vec<u8> {
        let mut out = Out::default();
        for (entry, sum) in self.entries.iter().zip(sums) {
            entry.in_directory(&mut out, *sum);
        }
        let (count, bytes) = (self.entries.len() as u64, out.0.len() as u64);
        let short = (u16::try_from(count), u32::try_from(bytes), u32::try_from(self.directory_at));
        let fits = matches!(short, (Ok(count), Ok(bytes), Ok(at))
            if count != ELSEWHERE_16 && bytes != ELSEWHERE && at != ELSEWHERE);
        if !fits {
            let end_64_at = self.directory_at.saturating_add(bytes);
            out.u32(0x0606_4b50);
            out.u64(44);
            out.u16(UNIX | NEEDS_64);
            out.u16(NEEDS_64);
            out.u32(0);
            out.u32(0);
            for number in [count, count, bytes, self.directory_at] {
                out.u64(number);
            }
            out.u32(0x0706_4b50);
            out.u32(0);
            out.u64(end_64_at);
            out.u32(1);
        }
        out.u32(0x0605_4b50);
        out.u32(0);
        out.u16(short.0.unwrap_or(ELSEWHERE_16));
        out.u16(short.0.unwrap_or(ELSEWHERE_16));
        out.u32(short.1.unwrap_or(ELSEWHERE));
        out.u32(short.2.unwrap_or(ELSEWHERE));
        out.u16(0);
        out.0
    }
}

impl Entry {
    fn is_large(&self) -> bool {
        self.bytes >= ELSEWHERE.into()
    }

    fn is_far(&self) -> bool {
        self.at >= ELSEWHERE.into()
    }

    fn needs(&self) -> u16 {
        if self.is_large() || self.is_far() { NEEDS_64 } else { NEEDS_LITTLE }
    }

    /// Where its bytes are.
    fn data(&self) -> Range<u64> {
        let head = 30 + self.name.len() as u64 + if self.is_large() { 20 } else { 0 };
        let start = self.at.saturating_add(head);
        start..start.saturating_add(self.bytes)
    }

    /// From the flags to the length of the name: the same in the header and in the directory.
    fn common(&self, out: &mut Out, sum: u32) {
        out.u16(FLAGS);
        // Stored as it is.
        out.u16(0);
        out.u32(self.modified);
        out.u32(sum);
        let bytes = u32::try_from(self.bytes).unwrap_or(ELSEWHERE);
        out.u32(bytes);
        out.u32(bytes);
        // Names are made short.
        out.u16(u16::try_from(self.name.len()).unwrap_or(ELSEWHERE_16));
    }

    fn in_directory(&self, out: &mut Out, sum: u32) {
        let mut large = Out::default();
        if self.is_large() {
            large.u64(self.bytes);
            large.u64(self.bytes);
        }
        if self.is_far() {
            large.u64(self.at);
        }
        let extra = u16::try_from(large.0.len()).unwrap_or(0);
        out.u32(0x0201_4b50);
        out.u16(UNIX | self.needs());
        out.u16(self.needs());
        self.common(out, sum);
        out.u16(if extra > 0 { extra + 4 } else { 0 });
        // No comment, on the first disk, with no attributes of the old kind.
        out.bytes(&[0; 6]);
        out.u32(ATTRIBUTES);
        out.u32(u32::try_from(self.at).unwrap_or(ELSEWHERE));
        out.bytes(self.name.as_bytes());
        if extra > 0 {
            out.u16(FIELD_64);
            out.u16(extra);
            out.bytes(&large.0);
        }
    }
}

/// A moment as MS-DOS says it, in UTC and in steps of two seconds: the date in the upper half, the time in the lower.
fn moment(seconds: i64) -> u32 {
    let Ok(at) = Timestamp::from_second(seconds) else { return FIRST_MOMENT };
    let at = at.to_zoned(TimeZone::UTC);
    let field = |number: i8| u32::try_from(number).unwrap_or(0);
    let Ok(year) = u32::try_from(i32::from(at.year()) - 1980) else { return FIRST_MOMENT };
    if year > 127 {
        return FIRST_MOMENT;
    }
    let date = (year << 9) | (field(at.month()) << 5) | field(at.day());
    let time = (field(at.hour()) << 11) | (field(at.minute()) << 5) | (field(at.second()) / 2);
    (date << 16) | time
}

/// Numbers with their lowest byte first.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn u16(&mut self, number: u16) {
        self.0.extend(number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_piece() {
        use Piece::{Data, Head, Tail};
        let files = [("a", 3), ("b", 0), ("cc", 10)];
        let layout = Layout::new(files.map(|(name, bytes)| (name.to_owned(), bytes, None)));
        let mut at = 0;
        let mut pieces = Vec::new();
        while at < layout.length() {
            let (piece, whole) = layout.piece_at(at);
            assert_eq!(whole.start, at, "one piece ends where the next begins");
            assert_eq!(layout.piece_at(whole.end - 1), (piece, whole.clone()));
            pieces.push(piece);
            at = whole.end;
        }
        assert_eq!(pieces, [Head(0), Data(0), Head(1), Head(2), Data(2), Tail]);
        let heads: usize = (0..3).map(|number| layout.head(number, 0).len()).sum();
        assert_eq!(layout.length(), (heads + 13 + layout.tail(&[0; 3]).len()) as u64);
    }

    #[test]
    fn moments_are_said_as_far_as_the_format_goes() {
        // 2026-11-30 11:22:33 UTC.
        let (date, time) = (46 * 512 + 11 * 32 + 30, 11 * 2048 + 22 * 32 + 16);
        assert_eq!(moment(1_796_037_753), date * 65_536 + time);
        for beyond in [0, -5, i64::MIN, i64::MAX, 5_000_000_000] {
            assert_eq!(moment(beyond), FIRST_MOMENT, "{beyond}");
        }
    }
}
