//! Exact frame rates and ratios.

use std::{cmp::Ordering, fmt};

/// A positive ratio in lowest terms, such as a frame rate of 30000/1001 per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Numerator, at least 1.
    pub num: u32,
    /// Denominator, at least 1.
    pub den: u32,
}

/// Rates that cameras and broadcasts really have. A container that keeps times in milliseconds reports a rate
/// a hair beside one of these.
const COMMON_RATES: [Ratio; 14] = [
    Ratio { num: 24000, den: 1001 },
    Ratio { num: 24, den: 1 },
    Ratio { num: 25, den: 1 },
    Ratio { num: 30000, den: 1001 },
    Ratio { num: 30, den: 1 },
    Ratio { num: 48000, den: 1001 },
    Ratio { num: 48, den: 1 },
    Ratio { num: 50, den: 1 },
    Ratio { num: 60000, den: 1001 },
    Ratio { num: 60, den: 1 },
    Ratio { num: 100, den: 1 },
    Ratio { num: 120_000, den: 1001 },
    Ratio { num: 120, den: 1 },
    Ratio { num: 15, den: 1 },
];

impl Ratio {
    /// `num / den` in lowest terms; `None` if either is zero or the lowest terms do not fit.
    pub fn new(num: u64, den: u64) -> Option<Self> {
        let divisor = gcd(num, den);
        if num == 0 || den == 0 {
            return None;
        }
        Some(Self { num: u32::try_from(num / divisor).ok()?, den: u32::try_from(den / divisor).ok()? })
    }

    /// Reads `30000/1001`, `16:9` or `25`.
    pub fn parse(text: &str) -> Option<Self> {
        let (num, den) = text.split_once(['/', ':']).unwrap_or((text, "1"));
        Self::new(num.trim().parse().ok()?, den.trim().parse().ok()?)
    }

    /// The value as a float, for display and coarse comparison only.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// The ratio times `factor`.
    pub fn times(self, factor: u32) -> Option<Self> {
        Self::new(u64::from(self.num) * u64::from(factor), u64::from(self.den))
    }

    /// The ratio divided by `divisor`.
    pub fn over(self, divisor: u32) -> Option<Self> {
        Self::new(u64::from(self.num), u64::from(self.den) * u64::from(divisor))
    }

    /// The common frame rate within one part in 20,000 of this one, or else this one.
    #[must_use]
    pub fn snapped(self) -> Self {
        COMMON_RATES
            .into_iter()
            .find(|rate| (rate.as_f64() / self.as_f64() - 1.0).abs() < 5e-5)
            .unwrap_or(self)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = u64::from(self.num) * u64::from(other.den);
        left.cmp(&(u64::from(other.num) * u64::from(self.den)))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}
