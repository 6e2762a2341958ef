//! Time: microseconds since 1970 in UTC, read from a clock that tests turn by hand.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::watch;

/// A moment: microseconds since 1970-01-01 UTC. In JSON an RFC 3339 string with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// This moment moved later by `duration` (saturating).
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{stamp:.3}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let stamp: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(stamp.as_microsecond()))
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Time {}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that only moves when [`Clock::advance`] or [`Clock::turn`] is called.
    Manual(Arc<watch::Sender<Hands>>),
}

/// Where a manual clock stands.
#[derive(Clone, Copy, Debug)]
pub struct Hands {
    /// What it shows.
    shown: Time,
    /// How much time has passed, which no turning of the hands changes.
    passed: Duration,
}

impl Clock {
    /// A clock for tests that stands at `start` until it is advanced.
    pub fn manual(start: Time) -> Self {
        Self::Manual(Arc::new(watch::Sender::new(Hands { shown: start, passed: Duration::ZERO })))
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> Time {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Manual(hands) => hands.borrow().shown,
        }
    }

    /// Waits until `duration` has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        self.stopwatch().reaches(duration).await;
    }

    /// Begins to measure from now.
    pub fn stopwatch(&self) -> Stopwatch {
        match self {
            Self::System => Stopwatch::System(tokio::time::Instant::now()),
            Self::Manual(hands) => {
                Stopwatch::Manual { hands: Arc::clone(hands), begun: hands.borrow().passed }
            }
        }
    }

    /// Moves a manual clock on; the machine's clock stays as it is.
    pub fn advance(&self, duration: Duration) {
        if let Self::Manual(hands) = self {
            hands.send_modify(|hands| {
                hands.shown = hands.shown.plus(duration);
                hands.passed = hands.passed.saturating_add(duration);
            });
        }
    }

    /// Turns a manual clock to a time, also back, as a time server does: no time passes, so nobody who sleeps wakes.
    pub fn turn(&self, to: Time) {
        if let Self::Manual(hands) = self {
            hands.send_modify(|hands| hands.shown = to);
        }
    }
}

/// Measures time from a moment. Whoever first looks and then waits begins it before the look: what passes during the
/// look then counts, and a manual clock that is advanced meanwhile is not slept through.
#[derive(Debug)]
pub enum Stopwatch {
    /// On the machine's clock.
    System(tokio::time::Instant),
    /// On a manual one.
    Manual {
        /// The clock.
        hands: Arc<watch::Sender<Hands>>,
        /// What had passed on it when the measuring began.
        begun: Duration,
    },
}

impl Stopwatch {
    /// Waits until `duration` has passed since the measuring began; not at all when it has already.
    pub async fn reaches(&self, duration: Duration) {
        match self {
            Self::System(begun) => tokio::time::sleep(duration.saturating_sub(begun.elapsed())).await,
            Self::Manual { hands, begun } => {
                let end = begun.saturating_add(duration);
                // The sender lives in `self`, so waiting cannot end in an error.
                let _ = hands.subscribe().wait_for(|hands| hands.passed >= end).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_rfc_3339_with_milliseconds() {
        assert_eq!(Time(1_795_487_621_120_999).to_string(), "2026-11-24T02:33:41.120Z");
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_advanced() {
        let clock = Clock::manual(Time(0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_mins(1)).await }
        });
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_mins(1));
        sleeper.await.expect("the sleeper ends");
    }

    #[tokio::test]
    async fn what_passes_between_a_look_and_the_wait_counts() {
        let clock = Clock::manual(Time(0));
        let begun = clock.stopwatch();
        clock.advance(Duration::from_mins(1));
        begun.reaches(Duration::from_mins(1)).await;
    }
}
