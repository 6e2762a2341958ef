//! How guessing of passwords is slowed: the rule, without the database.
//!
//! Each wrong password counts against the account that was asked for, whether it exists or not, and against the
//! address that asked. Some are free; after those each further one doubles the pause in which nothing is taken, not
//! even the right password. Counts fade with time. A guess is counted before it is checked and taken back when it
//! was right, so that a thousand guesses at once are no better than one after the other.

use std::{net::IpAddr, time::Duration};

use kernel::{Time, sign::Signer};

/// How fast one kind of count pauses and fades.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// Wrong passwords that cost no pause.
    pub(crate) free: i64,
    /// The pause after the first one that does; each further one doubles it.
    pub(crate) pause_first: Duration,
    /// One wrong password is forgiven each time this has passed.
    pub(crate) fade: Duration,
}

/// The longest pause of either kind.
pub(crate) const PAUSE_MAX: Duration = Duration::from_mins(15);

/// Per account: five free, then 10 s, 20 s, 40 s … 15 min. Kept up day and night this allows about a hundred guesses
/// a day.
pub(crate) const PER_ACCOUNT: Rule =
    Rule { free: 5, pause_first: Duration::from_secs(10), fade: Duration::from_hours(1) };

/// Per address: thirty free, since a school may share one; fading by one a minute.
pub(crate) const PER_ADDRESS: Rule =
    Rule { free: 30, pause_first: Duration::from_secs(10), fade: Duration::from_mins(1) };

/// Per secret that is guarded by a password of its own, of all addresses together: a hundred free, fading by one a
/// minute, so that many machines are no way around the rule for one.
pub(crate) const PER_SECRET: Rule =
    Rule { free: 100, pause_first: Duration::from_secs(10), fade: Duration::from_mins(1) };

/// Doublings after which the pause is the longest anyway; counts grow no further, so that they fade in finite time.
const DOUBLINGS_MAX: i64 = 10;

/// What is known of one account's or one address's guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// Wrong passwords that were not forgiven up to `faded`.
    pub(crate) failures: i64,
    /// Up to when forgiving was reckoned.
    pub(crate) faded: Time,
    /// Nothing is taken before this.
    pub(crate) until: Time,
}

/// What a count becomes by one more guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The new count.
    pub(crate) count: Count,
    /// When all of it is forgiven.
    pub(crate) forget: Time,
}

impl Rule {
    /// Counts one more guess, or says for how long none is taken.
    pub(crate) fn guess(self, count: Count, now: Time) -> Result<Counted, Duration> {
        if now < count.until {
            return Err(count.until.since(now));
        }
        let steps = now.since(count.faded).as_micros() / self.fade.as_micros().max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let kept = count.failures.saturating_sub(i64::from(steps)).max(0);
        // Only whole steps are reckoned, so that what has passed of the next one is not lost to a steady trickle.
        let faded = if kept == 0 { now } else { count.faded.plus(self.fade.saturating_mul(steps)) };
        let failures = (kept + 1).min(self.free + DOUBLINGS_MAX);
        let until = now.plus(self.pause_after(failures));
        let forget = faded.plus(self.fade.saturating_mul(u32::try_from(failures).unwrap_or(u32::MAX)));
        Ok(Counted { count: Count { failures, faded, until }, forget: forget.max(until) })
    }

    fn pause_after(self, failures: i64) -> Duration {
        match u32::try_from(failures - self.free - 1) {
            Ok(doublings) => self.pause_first.saturating_mul(2u32.saturating_pow(doublings)).min(PAUSE_MAX),
            Err(_) => Duration::ZERO,
        }
    }
}

/// The keys under which a guess is counted, each with its rule, in the order in which rows are locked.
///
/// They are keyed hashes: the database is to hold neither addresses nor the handles that people mistype.
pub(crate) fn keys(signer: &Signer, handle: &str, address: Option<IpAddr>) -> [(String, Rule); 2] {
    let handle = handle.trim().to_ascii_lowercase();
    [
        (format!("a:{}", signer.sign("accounts.guess.address", &network(address))), PER_ADDRESS),
        (format!("h:{}", signer.sign("accounts.guess.handle", &handle)), PER_ACCOUNT),
    ]
}

/// The key under which failed sign-ins of music apps are counted: by address alone, and apart from passwords, so that an
/// app that keeps trying keeps nobody in its house from signing in.
pub(crate) fn music_key(signer: &Signer, address: Option<IpAddr>) -> (String, Rule) {
    (format!("m:{}", signer.sign("accounts.guess.address", &network(address))), PER_ADDRESS)
}

/// The keys under which a visitor's guess at the password of something is counted: of all visitors together, and of those
/// at this address. Apart from sign-ins, so that a visitor who guesses keeps no member out.
pub(crate) fn visitor_keys(signer: &Signer, what: &str, address: Option<IpAddr>) -> [(String, Rule); 2] {
    let here = format!("{what}|{}", network(address));
    [
        (format!("v:{}", signer.sign("accounts.guess.secret", what)), PER_SECRET),
        (format!("w:{}", signer.sign("accounts.guess.visitor", &here)), PER_ACCOUNT),
    ]
}

/// What counts as one address: all of an IPv6 /64, which one household or server owns whole.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => format!("{:x?}/64", &address.segments()[..4]),
        Some(IpAddr::V4(address)) => address.to_string(),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Count = Count { failures: 0, faded: Time(0), until: Time(0) };
    const NOW: Time = Time(1_800_000_000_000_000);

    /// So many wrong passwords, each as soon as it is taken; also when the last one was.
    fn after(rule: Rule, guesses: usize) -> (Counted, Time) {
        let mut now = NOW;
        let mut counted = rule.guess(FRESH, now).expect("a fresh count is open");
        for _ in 1..guesses {
            now = counted.count.until.max(now);
            counted = rule.guess(counted.count, now).expect("the pause is over");
        }
        (counted, now)
    }

    #[test]
    fn pauses_begin_after_the_free_guesses_and_double_up_to_the_longest() {
        let pauses: Vec<u64> = (1..=14)
            .map(|guesses| {
                let (counted, now) = after(PER_ACCOUNT, guesses);
                counted.count.until.since(now).as_secs()
            })
            .collect();
        assert_eq!(pauses, [0, 0, 0, 0, 0, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    #[test]
    fn within_a_pause_nothing_is_taken_and_the_rest_of_it_is_said() {
        let (counted, now) = after(PER_ACCOUNT, 6);
        let four_later = now.plus(Duration::from_secs(4));
        assert_eq!(PER_ACCOUNT.guess(counted.count, four_later), Err(Duration::from_secs(6)));
        assert!(PER_ACCOUNT.guess(counted.count, counted.count.until).is_ok());
    }

    #[test]
    fn counts_fade_and_are_forgotten_when_they_have() {
        let (counted, now) = after(PER_ACCOUNT, 5);
        let three_hours = now.plus(Duration::from_hours(3));
        assert_eq!(PER_ACCOUNT.guess(counted.count, three_hours).expect("open").count.failures, 3);
        assert_eq!(counted.forget, now.plus(Duration::from_hours(5)));
        assert_eq!(PER_ACCOUNT.guess(counted.count, counted.forget).expect("open").count.failures, 1);
    }

    #[test]
    fn a_steady_trickle_of_mistakes_from_a_shared_address_never_pauses_it() {
        let (mut now, mut count) = (NOW, FRESH);
        for _ in 0..1000 {
            count = PER_ADDRESS.guess(count, now).expect("never paused").count;
            assert_eq!(count.until, now);
            now = now.plus(Duration::from_secs(61));
        }
        assert!(count.failures <= 2, "{count:?}");
    }

    #[test]
    fn guessing_day_and_night_gains_little_more_than_a_hundred_guesses_a_day() {
        let (mut now, mut count, mut guesses) = (NOW, FRESH, 0);
        while now < NOW.plus(Duration::from_hours(24)) {
            count = PER_ACCOUNT.guess(count, now).expect("the pause is over").count;
            now = count.until.max(now.plus(Duration::from_millis(1)));
            guesses += 1;
        }
        assert!((90..=120).contains(&guesses), "{guesses}");
    }

    #[test]
    fn counts_stop_growing_so_that_they_can_fade() {
        let (counted, _) = after(PER_ACCOUNT, 1000);
        assert_eq!(counted.count.failures, PER_ACCOUNT.free + DOUBLINGS_MAX);
    }

    #[test]
    fn neighbours_in_an_ipv6_network_count_as_one_and_mapped_addresses_as_what_they_map() {
        let signer = Signer::with_key([1; 32]);
        let key =
            |address: &str| keys(&signer, "ann", Some(address.parse().expect("an address")))[0].0.clone();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn a_handle_counts_as_one_however_it_is_written() {
        let signer = Signer::with_key([1; 32]);
        assert_eq!(keys(&signer, " Ann ", None)[1].0, keys(&signer, "ann", None)[1].0);
        assert_ne!(keys(&signer, "ann", None)[1].0, keys(&signer, "bob", None)[1].0);
    }
}
