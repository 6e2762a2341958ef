//! A file as the tag library reads it: through one buffer, where a seek costs nothing, and with an end to patience.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};

/// Bytes that are read ahead.
const BUFFER_BYTES: usize = 32 * 1024;
/// How long one file may be read for its tags.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes that may be read of one file besides three times its size: a parser that runs in circles is stopped.
const BYTES_SPARE: u64 = 64 * 1024 * 1024;

/// Reads a file at any place through a buffer.
pub(super) struct Window<'a> {
    file: &'a File,
    size: u64,
    position: u64,
    start: u64,
    buffer: Vec<u8>,
    bytes_left: u64,
    until: Instant,
}

impl<'a> Window<'a> {
    pub(super) fn new(file: &'a File, size: u64) -> Self {
        let bytes_left = size.saturating_mul(3).saturating_add(BYTES_SPARE);
        let until = Instant::now() + TIME_MAX;
        Self { file, size, position: 0, start: 0, buffer: Vec::new(), bytes_left, until }
    }

    /// Whether patience has ended, which is why a reader failed.
    pub(super) fn is_spent(&self) -> bool {
        self.bytes_left == 0 || Instant::now() > self.until
    }

    /// Reads as much of `out` as the file has from `at`.
    pub(super) fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        self.position = at;
        let mut done = 0;
        while done < out.len() {
            match self.read(&mut out[done..])? {
                0 => break,
                more => done += more,
            }
        }
        Ok(done)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    fn fetch(&mut self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        if self.is_spent() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "reading the file takes too long"));
        }
        let count = self.file.read_at(out, at)?;
        self.bytes_left = self.bytes_left.saturating_sub(count as u64);
        Ok(count)
    }
}

impl Read for Window<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let offset = self.position.checked_sub(self.start).and_then(|offset| usize::try_from(offset).ok());
        let mut ready = offset.and_then(|offset| self.buffer.get(offset..)).unwrap_or_default();
        if ready.is_empty() && out.len() >= BUFFER_BYTES {
            let count = self.fetch(self.position, out)?;
            self.position += count as u64;
            return Ok(count);
        }
        if ready.is_empty() {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.resize(BUFFER_BYTES, 0);
            let count = self.fetch(self.position, &mut buffer)?;
            buffer.truncate(count);
            self.buffer = buffer;
            self.start = self.position;
            ready = &self.buffer;
        }
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn any_order_of_seeks_reads_what_is_there() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
        let mut file = tempfile::tempfile().expect("a file can be made");
        file.write_all(&bytes).expect("it can be written");
        let mut window = Window::new(&file, bytes.len() as u64);
        for (at, length) in [
            (0, 10),
            (5, 100),
            (100_000, 40_000),
            (99_990, 20),
            (199_990, 100),
            (31_000, 5_000),
            (300_000, 3),
        ] {
            let mut out = vec![0; length];
            let count = window.read_at(at, &mut out).expect("it reads");
            let from = usize::try_from(at).expect("small").min(bytes.len());
            let wanted = &bytes[from..(from + length).min(bytes.len())];
            assert_eq!(&out[..count], wanted, "at {at}");
        }
        assert_eq!(window.seek(SeekFrom::End(-1)).expect("it seeks"), 199_999);
        assert!(window.seek(SeekFrom::Current(-300_000)).is_err());
    }

    #[test]
    fn a_reader_that_runs_in_circles_is_stopped() {
        let mut file = tempfile::tempfile().expect("a file can be made");
        file.write_all(&vec![1; 40_000]).expect("it can be written");
        let mut window = Window::new(&file, 40_000);
        let mut out = vec![0; 40_000];
        let rounds = (0..).take_while(|_| window.read_at(0, &mut out).is_ok()).take(10_000).count();
        assert!(rounds < 10_000 && window.is_spent(), "{rounds}");
    }
}
