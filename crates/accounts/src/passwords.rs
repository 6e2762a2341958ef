//! Passwords: which are taken, and how they are hashed without taking the machine.
//!
//! Argon2id (RFC 9106). A hash costs memory and tens of milliseconds of a core, so hashes run on blocking threads, a
//! few at once, and only so many may wait; whoever finds the line full is told to come back.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use kernel::{Fault, random::Random};
use tokio::sync::Semaphore;

use crate::{Error, model::Handle};

/// Fewest bytes of a password.
pub const PASSWORD_BYTES_MIN: usize = 10;
/// Most bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Memory of one hash in KiB: what OWASP recommends for two passes in one lane.
pub const ARGON2_MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
pub const ARGON2_PASSES: u32 = 2;
/// Lanes; one, since one hash is to use one core.
pub const ARGON2_LANES: u32 = 1;
/// Bytes of salt.
const SALT_BYTES: usize = 16;

/// Hashes at once in one line, which bounds their memory to 38 MiB. A house has three lines, so that those in one keep
/// nobody in another waiting: of sign-ins, of accounts that music apps make, and of visitors of links. Together they take
/// at most 114 MiB.
pub const HASHES_AT_ONCE: usize = 2;
/// Hashes that may wait for a place; at about 30 ms each the last one waits a second.
pub const HASHES_WAITING_MAX: usize = 64;

/// A hash that no password has, verified against when the handle is unknown so that both take the same time. Its
/// parameters are those above; a test holds them together.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$b2Rlb24gbm9ib2R5IGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Passwords of at least ten bytes that head every list of stolen ones, in small letters.
const COMMON: &[&str] = &[
    "0123456789",
    "0987654321",
    "1029384756",
    "11111111111",
    "1122334455",
    "123123123123",
    "12345678900",
    "1234567890",
    "12345678910",
    "123456789a",
    "123456789q",
    "1234567891",
    "1234554321",
    "123qwe123qwe",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "147258369a",
    "9876543210",
    "abcd123456",
    "abcdefghij",
    "administrator",
    "admin12345",
    "admin123456",
    "asdfghjkl1",
    "asdfghjkl;",
    "basketball",
    "changeme123",
    "changemenow",
    "chocolate1",
    "correcthorsebatterystaple",
    "football123",
    "helloworld",
    "iloveyou12",
    "iloveyou123",
    "iloveyou1234",
    "jesuschrist",
    "letmein123",
    "letmein1234",
    "letmeinnow",
    "manchester",
    "michaeljordan",
    "minecraft123",
    "password01",
    "password10",
    "password11",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "password123456",
    "password2024",
    "password2025",
    "password2026",
    "passwordpassword",
    "p@ssw0rd123",
    "passw0rd123",
    "pokemon123",
    "princess123",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwer123456",
    "qwerty12345",
    "qwerty123456",
    "qwerty1234",
    "qwertyuiop",
    "qwertyuiop[]",
    "qwertyuiop1",
    "qwertyuiop123",
    "starwars123",
    "sunshine123",
    "superman123",
    "unbelievable",
    "welcome123",
    "welcome1234",
    "zaq12wsxcde3",
    "zxcvbnm123",
    "zxcvbnm,./",
];

/// Whether an account with this handle may choose this password; `field` is where it stood in the request.
pub(crate) fn check_choice(field: &'static str, password: &str, handle: &Handle) -> Result<(), Error> {
    if password.len() < PASSWORD_BYTES_MIN {
        return Err(Error::invalid(
            field,
            format!(
                "A password has at least {PASSWORD_BYTES_MIN} characters. Several words make a good one."
            ),
        ));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::invalid(field, format!("A password has at most {PASSWORD_BYTES_MAX} bytes.")));
    }
    let small = password.to_lowercase();
    if COMMON.contains(&small.as_str()) || is_one_repeated(&small) {
        return Err(Error::invalid(
            field,
            "This is among the first passwords that anybody would try; choose another.",
        ));
    }
    if small.trim() == handle.as_str() {
        return Err(Error::invalid(field, "The password is your handle; choose another."));
    }
    Ok(())
}

fn is_one_repeated(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| chars.all(|c| c == first))
}

/// Hashes and checks passwords. Cheap to clone; all clones share one line.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    /// Those that hash now.
    running: Arc<Semaphore>,
    /// Those that hash or wait.
    line: Arc<Semaphore>,
    /// Hashes computed since the start.
    computed: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::with_room(HASHES_AT_ONCE, HASHES_WAITING_MAX)
    }
}

impl Passwords {
    /// With room for so many hashes at once and so many waiting.
    pub(crate) fn with_room(at_once: usize, waiting: usize) -> Self {
        let (running, line) = (Semaphore::new(at_once), Semaphore::new(at_once + waiting));
        let inner = Inner { running: Arc::new(running), line: Arc::new(line), computed: AtomicU64::new(0) };
        Self { inner: Arc::new(inner) }
    }

    /// How many hashes were computed since the start.
    pub fn computed(&self) -> u64 {
        self.inner.computed.load(Ordering::Relaxed)
    }

    /// Hashes a password into a PHC string with a fresh salt.
    pub async fn hash(&self, random: &Random, password: String) -> Result<String, Error> {
        let salt = random.bytes::<SALT_BYTES>();
        self.run(move || {
            let hash = argon2()?
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map_err(|error| broken(&error))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one that was hashed. Without a hash, as for an unknown handle, it takes the same
    /// time and says no. A password that nobody may choose is refused unhashed, whoever's it would be.
    pub async fn verify(&self, hash: Option<String>, password: String) -> Result<bool, Error> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(NOBODY);
            match PasswordVerifier::<str>::verify_password(&argon2()?, password.as_bytes(), hash) {
                Ok(()) => Ok(known),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(broken(&error)),
            }
        })
        .await
    }

    /// How many hash or wait.
    #[cfg(test)]
    pub(crate) fn in_line(&self, room: usize) -> usize {
        room - self.inner.line.available_permits()
    }

    /// Runs `work` in its turn on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.inner.line).try_acquire_owned().map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.inner.running)
            .acquire_owned()
            .await
            .map_err(|error| Fault::from_error("the line of hashes is closed", error))?;
        self.inner.computed.fetch_add(1, Ordering::Relaxed);
        // The permits go with the work: when the client goes away the hash goes on, and must still be counted.
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        task.await.map_err(|error| Fault::from_error("a hash broke off", error))?
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None)
        .map_err(|error| Fault::from_error("argon2 refuses its parameters", error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn broken(error: &argon2::password_hash::Error) -> Error {
    Fault::from_error("a password can't be hashed", error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashes_are_argon2id_with_the_named_parameters_and_a_fresh_salt() {
        let passwords = Passwords::default();
        let one = passwords.hash(&Random::System, "a good long one".into()).await.expect("hashes");
        let two = passwords.hash(&Random::System, "a good long one".into()).await.expect("hashes");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        assert!(passwords.verify(Some(one.clone()), "a good long one".into()).await.expect("verifies"));
        assert!(!passwords.verify(Some(one), "a good long onE".into()).await.expect("verifies"));
    }

    #[tokio::test]
    async fn a_password_is_compared_to_its_end_even_behind_a_zero_byte() {
        let passwords = Passwords::default();
        let hash = passwords.hash(&Random::System, "0123456789\0one".into()).await.expect("hashes");
        assert!(!passwords.verify(Some(hash.clone()), "0123456789\0two".into()).await.expect("verifies"));
        assert!(passwords.verify(Some(hash), "0123456789\0one".into()).await.expect("verifies"));
    }

    #[test]
    fn the_hash_of_nobody_costs_what_everybodys_does() {
        let parts: Vec<&str> = NOBODY.split('$').collect();
        let expected = format!("m={ARGON2_MEMORY_KIB},t={ARGON2_PASSES},p={ARGON2_LANES}");
        assert_eq!(parts[1..4], ["argon2id", "v=19", &expected]);
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::default();
        for password in ["", "anything at all", "odeon nobody here"] {
            assert!(!passwords.verify(None, password.into()).await.expect("verifies"));
        }
        assert_eq!(passwords.computed(), 3);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_finds_the_line_full_is_turned_away_and_the_others_are_served() {
        let passwords = Passwords::with_room(1, 2);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let busy = passwords.clone();
        let first = tokio::spawn(async move {
            busy.run(move || {
                wait.recv().expect("the test lets go");
                Ok(1)
            })
            .await
        });
        let line = Arc::clone(&passwords.inner.line);
        kernel::testkit::eventually("the first hash runs", || async { line.available_permits() == 2 }).await;
        let waiting: Vec<_> = (2..4)
            .map(|number| {
                let busy = passwords.clone();
                tokio::spawn(async move { busy.run(move || Ok(number)).await })
            })
            .collect();
        kernel::testkit::eventually("the line is full", || async { line.available_permits() == 0 }).await;
        let late = passwords.verify(None, "late to the line".into());
        let late = tokio::time::timeout(std::time::Duration::from_secs(5), late).await;
        assert!(matches!(late, Ok(Err(Error::Busy))), "it is told at once");
        go.send(()).expect("the first hash waits");
        assert_eq!(first.await.expect("runs").expect("served"), 1);
        for (task, number) in waiting.into_iter().zip(2..) {
            assert_eq!(task.await.expect("runs").expect("served"), number);
        }
        assert_eq!(line.available_permits(), 3);
    }
}
