//! What takes too long with real bytes: files and places beyond 32 bits.

use std::{fs::OpenOptions, os::unix::fs::FileExt as _};

use crc32fast::Hasher;

use super::layout::Layout;
use crate::tests::archives::run;

/// What Python's own reader finds, without the bytes of the large file.
const LIST: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    for i in z.infolist():
        print(i.filename, i.file_size, i.header_offset, i.extract_version)
    print(z.read('a/far').decode(), z.open('a/large').read(3))
";

/// The checksum of so many zeros, put together out of two equal halves again and again.
fn sum_of_zeros(bytes: u64) -> Hasher {
    if bytes <= 1 << 20 {
        let mut sum = Hasher::new();
        sum.update(&vec![0; usize::try_from(bytes).expect("small")]);
        return sum;
    }
    let (half, mut odd) = (sum_of_zeros(bytes / 2), Hasher::new());
    let mut sum = half.clone();
    sum.combine(&half);
    odd.update(&vec![0; usize::try_from(bytes % 2).expect("small")]);
    sum.combine(&odd);
    sum
}

#[test]
fn what_is_beyond_32_bits_is_found_by_programs_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.zip");
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).expect("made");
    for large in [u64::from(u32::MAX) - 1, u32::MAX.into(), 5_000_000_000] {
        let files = [("a/large", large), ("a/far", 5)];
        let layout = Layout::new(files.map(|(name, bytes)| (name.to_owned(), bytes, None)));
        file.set_len(0).and_then(|()| file.set_len(layout.length())).expect("a file of holes");
        let sums = [sum_of_zeros(large).finalize(), crc32fast::hash(b"there")];
        let far = layout.piece_at(layout.length() - 1).1.start - 5;
        let head = layout.head(1, sums[1]);
        for (bytes, at) in [
            (&layout.head(0, sums[0])[..], 0),
            (&head[..], far - head.len() as u64),
            (b"there", far),
            (&layout.tail(&sums)[..], far + 5),
        ] {
            file.write_all_at(bytes, at).expect("written");
        }
        let said = run("python3", &["-c", LIST, path.to_str().expect("text")]);
        let needs = |is_large: bool| if is_large { 45 } else { 20 };
        let far_at = far - head.len() as u64;
        let expected = format!(
            "a/large {large} 0 {}\na/far 5 {far_at} {}\nthere b'\\x00\\x00\\x00'\n",
            needs(large >= u32::MAX.into()),
            needs(far_at >= u32::MAX.into()),
        );
        assert_eq!(said, expected);
    }
}
