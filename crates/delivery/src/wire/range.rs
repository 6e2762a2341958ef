//! The header `Range` (RFC 9110, section 14), of which one range is served.

use std::ops::Range;

/// What a `Range` header asks of a representation of known length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// No range, one that can't be read, or several: the whole is the answer that the standard allows.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Only bytes that are not there: 416.
    Beyond,
}

/// Reads a `Range` header's value for a representation of `length` bytes.
pub fn wanted(value: &str, length: u64) -> Wanted {
    let Some((unit, set)) = value.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let mut ranges = set.split(',').map(str::trim).filter(|range| !range.is_empty());
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Wanted::Whole };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    match (bound(first), bound(last)) {
        (Bound::Unreadable, _) | (_, Bound::Unreadable) | (Bound::Open, Bound::Open) => Wanted::Whole,
        (Bound::At(first), Bound::At(last)) if first > last => Wanted::Whole,
        (Bound::At(first), _) if first >= length => Wanted::Beyond,
        (Bound::At(first), Bound::At(last)) => Wanted::Part(first..last.saturating_add(1).min(length)),
        (Bound::At(first), Bound::Open) => Wanted::Part(first..length),
        (Bound::Open, Bound::At(suffix)) if suffix == 0 || length == 0 => Wanted::Beyond,
        (Bound::Open, Bound::At(suffix)) => Wanted::Part(length.saturating_sub(suffix)..length),
    }
}

enum Bound {
    Open,
    At(u64),
    Unreadable,
}

/// Digits alone; a number too large for 64 bits is as good as the largest.
fn bound(text: &str) -> Bound {
    match text {
        "" => Bound::Open,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Bound::At(digits.parse().unwrap_or(u64::MAX))
        }
        _ => Bound::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_is_cut_to_what_is_there() {
        for (header, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..100),
            ("bytes=10-19", 10..20),
            ("bytes=99-", 99..100),
            ("bytes=90-1000", 90..100),
            ("bytes=0-99999999999999999999999999", 0..100),
            ("bytes=-1", 99..100),
            ("bytes=-100", 0..100),
            ("bytes=-1000", 0..100),
            ("Bytes = 5-6", 5..7),
            ("bytes=5-6,", 5..7),
        ] {
            assert_eq!(wanted(header, 100), Wanted::Part(expected), "{header}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_cannot_be_satisfied() {
        for header in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(wanted(header, 100), Wanted::Beyond, "{header}");
        }
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(wanted(header, 0), Wanted::Beyond, "{header} of nothing");
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_and_several_ranges_give_the_whole() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-x",
            "bytes=x-5",
            "bytes=9-5",
            "bytes=+1-5",
            "bytes=1 - 5",
            "bytes=0x1-5",
            "items=0-5",
            "bytes=0-1,5-6",
            "bytes=--5",
            "bytes=1-2-3",
            "bytes=٣-٥",
        ] {
            assert_eq!(wanted(header, 100), Wanted::Whole, "{header}");
        }
    }
}
