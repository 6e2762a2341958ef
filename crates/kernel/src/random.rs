//! Randomness: the operating system's, or in tests a stream that a seed repeats.

use std::sync::{Arc, Mutex, PoisonError};

/// Where random bytes come from.
#[derive(Clone)]
pub enum Random {
    /// The operating system's generator.
    System,
    /// A repeatable stream; for tests only, it protects nothing.
    Seeded(Arc<Mutex<blake3::OutputReader>>),
}

impl Random {
    /// A stream that is the same for the same seed.
    pub fn seeded(seed: u64) -> Self {
        let reader = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
        Self::Seeded(Arc::new(Mutex::new(reader)))
    }

    /// Fresh random bytes.
    ///
    /// # Panics
    /// If the operating system has no randomness to give, since nothing that follows would be safe.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for ambient randomness")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
            Self::Seeded(reader) => reader.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes),
        }
        bytes
    }

    /// A random number below `bound` (0 for a bound of 0). The bias is below 2⁻³² for bounds that fit 32 bits.
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()).checked_rem(bound).unwrap_or(0)
    }

    /// A secret of 256 random bits in URL-safe base64 (43 characters).
    pub fn token(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}
