//! Identifiers: 64-bit integers that grow with time, each domain's its own type, strings in JSON.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::{Clock, random::Random};

/// Milliseconds since 1970 at which the identifiers begin (2024-01-01), so that 63 bits last until 2302.
const EPOCH_MS: i64 = 1_704_067_200_000;
const COUNTER_BITS: u32 = 10;
const NODE_BITS: u32 = 10;

/// Makes identifiers: 43 bits of milliseconds, 10 bits of a counter, 10 bits that tell processes apart.
///
/// Within one process they are unique and grow. Two processes that drew the same number out of 1,024 could make
/// the same identifier in the same millisecond; the primary key then refuses the second, and the write fails
/// cleanly.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    node: i64,
    last: Arc<AtomicI64>,
}

impl Ids {
    /// A maker for this process.
    pub fn new(clock: Clock, random: &Random) -> Self {
        let node = i64::try_from(random.below(1 << NODE_BITS)).unwrap_or(0);
        Self { clock, node, last: Arc::new(AtomicI64::new(0)) }
    }

    /// The next identifier.
    pub fn next(&self) -> i64 {
        let now = (self.clock.now().0 / 1000 - EPOCH_MS).max(1) << COUNTER_BITS;
        let mut seen = self.last.load(Ordering::Relaxed);
        loop {
            // When a millisecond's counter is used up the next millisecond is borrowed.
            let next = now.max(seen + 1);
            match self.last.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return next << NODE_BITS | self.node,
                Err(other) => seen = other,
            }
        }
    }
}

/// Declares an identifier type over `i64`: a string in JSON, a number in the database.
#[macro_export]
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl From<$name> for $crate::db::Value {
            fn from(id: $name) -> Self {
                Self::Int(id.0)
            }
        }
        impl $crate::db::Column for $name {
            fn take(cell: $crate::db::Cell<'_>) -> Result<Self, $crate::Fault> {
                <i64 as $crate::db::Column>::take(cell).map(Self)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some("^[0-9]+$"))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}

id_type!(
    /// Somebody with an account. The kernel knows no more than that requests have a sender.
    UserId
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;

    #[test]
    fn identifiers_grow_and_never_repeat_while_the_clock_stands() {
        let clock = Clock::manual(Time(1_800_000_000_000_000));
        let ids = Ids::new(clock, &Random::seeded(1));
        let made: Vec<i64> = (0..5000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
    }
}
