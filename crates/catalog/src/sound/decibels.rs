//! Levels that can be kept, compared and shown without rounding twice.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A level in thousandths of a decibel (or of a loudness unit, which is as large); a number with up to three decimals
/// in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = f64, example = -14.203)]
pub struct Decibels(pub i32);

impl Decibels {
    /// Rounded; `None` for what no sound has: infinities, and more than a million either way.
    pub fn of(level: f64) -> Option<Self> {
        let thousandths = (level * 1000.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
        (thousandths.abs() <= 1e9).then_some(Self(thousandths as i32))
    }

    /// As a number of decibels.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// The amplitude that has this level over full scale: 1 for 0 dB.
    pub fn amplitude(self) -> f64 {
        10.0_f64.powf(self.as_f64() / 20.0)
    }
}

impl Serialize for Decibels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

impl<'de> Deserialize<'de> for Decibels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let level = f64::deserialize(deserializer)?;
        Self::of(level).ok_or_else(|| serde::de::Error::custom("this is no level"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_shown_as_it_is_kept() {
        let level = Decibels::of(-14.202_6).expect("a level");
        assert_eq!(serde_json::to_string(&level).expect("json"), "-14.203");
        assert_eq!(serde_json::from_str::<Decibels>("-14.203").expect("a level"), level);
        assert!((Decibels(-6_021).amplitude() - 0.5).abs() < 1e-4);
    }

    #[test]
    fn silence_and_nonsense_have_no_level() {
        for level in [f64::NEG_INFINITY, f64::INFINITY, f64::NAN, 1e12] {
            assert_eq!(Decibels::of(level), None);
        }
    }
}
