//! True bandwidths, from the sizes of the segments that there are.

use super::Segment;

/// What a rung asks of the line, in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bandwidth {
    /// The largest rate of any run of segments that lasts between half and one and a half target durations, as
    /// RFC 8216 §4.1 defines the peak segment bit rate.
    pub peak_bps: u64,
    /// All bytes over the whole duration.
    pub average_bps: u64,
}

/// The bandwidth of segments, which are in order. Zero for none.
pub fn bandwidth(segments: &[Segment], timescale: u32) -> Bandwidth {
    let scale = u64::from(timescale.max(1));
    let target = segments.iter().map(|segment| segment.duration_ticks).max().unwrap_or(0);
    if target == 0 {
        return Bandwidth::default();
    }
    let mut peak = 0;
    for start in 0..segments.len() {
        let (mut bytes, mut ticks) = (0, 0);
        for segment in &segments[start..] {
            bytes += segment.bytes;
            ticks += segment.duration_ticks;
            if ticks * 2 > target * 3 {
                break;
            }
            if ticks * 2 >= target {
                peak = peak.max(rate(bytes, ticks, scale));
            }
        }
    }
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    let ticks = segments.iter().map(|segment| segment.duration_ticks).sum();
    Bandwidth { peak_bps: peak, average_bps: rate(bytes, ticks, scale) }
}

/// Bits per second, rounded up.
fn rate(bytes: u64, ticks: u64, scale: u64) -> u64 {
    if ticks == 0 {
        return 0;
    }
    let bits = u128::from(bytes) * 8 * u128::from(scale);
    u64::try_from(bits.div_ceil(u128::from(ticks))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: u32, duration_ticks: u64, bytes: u64) -> Segment {
        Segment { number, start_ticks: 0, duration_ticks, bytes, blob_key: String::new() }
    }

    #[test]
    fn a_short_last_segment_does_not_make_the_peak() {
        let segments = [segment(1, 4000, 500_000), segment(2, 4000, 400_000), segment(3, 100, 100_000)];
        let found = bandwidth(&segments, 1000);
        // 400,000 + 100,000 bytes in 4.1 s are less than 500,000 in 4 s.
        assert_eq!(found.peak_bps, 1_000_000);
        assert_eq!(found.average_bps, (8_000_000_u64 * 1000).div_ceil(8100));
    }

    #[test]
    fn short_segments_count_together() {
        let segments = [segment(1, 4000, 100), segment(2, 2000, 400), segment(3, 2000, 400)];
        assert_eq!(bandwidth(&segments, 1000).peak_bps, 400 * 8 / 2);
        let many = [segment(1, 4000, 100), segment(2, 1000, 400), segment(3, 1000, 400)];
        assert_eq!(bandwidth(&many, 1000).peak_bps, 800 * 8 / 2);
    }

    #[test]
    fn nothing_and_no_time_have_no_bandwidth() {
        assert_eq!(bandwidth(&[], 0), Bandwidth::default());
        assert_eq!(bandwidth(&[segment(1, 0, 10)], 1000), Bandwidth::default());
    }
}
