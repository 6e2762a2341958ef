//! Signatures that need no database to check: keyed BLAKE3 over a purpose and a text, cut to 128 bits.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{Fault, Time, db::Db, params, random::Random, sql};

/// Characters of a signature.
const SIGNATURE_CHARS: usize = 22;

/// Signs and checks; all nodes of a fleet hold the same key.
#[derive(Clone)]
pub struct Signer {
    key: [u8; 32],
}

impl Signer {
    /// The signer with the key that the database holds under `name`, made now if there is none.
    pub async fn load(db: &Db, random: &Random, name: &'static str) -> Result<Self, Fault> {
        let fresh = random.bytes::<32>();
        let bytes: Option<Vec<u8>> = db
            .write(move |tx| {
                tx.run(
                    sql!("INSERT INTO kernel_secret (name, bytes) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"),
                    params![name, fresh],
                )?;
                tx.one(sql!("SELECT bytes FROM kernel_secret WHERE name = $1"), params![name], |row| row.get(0))
            })
            .await?;
        let key = bytes.and_then(|bytes| bytes.try_into().ok());
        Ok(Self { key: key.ok_or_else(|| Fault::new("a secret in the database is not 32 bytes long"))? })
    }

    /// A signer with a known key.
    pub fn with_key(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The signature of `text` for `purpose`: 22 URL-safe characters.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac(purpose, text).as_bytes()[..16])
    }

    /// Whether `signature` is that of `text`; compared in constant time.
    pub fn verify(&self, purpose: &str, text: &str, signature: &str) -> bool {
        let mut given = [0; 16];
        let length = URL_SAFE_NO_PAD.decode_slice(signature, &mut given);
        let mut expected = [0; 32];
        expected[..16].copy_from_slice(&self.mac(purpose, text).as_bytes()[..16]);
        let mut padded = [0; 32];
        padded[..16].copy_from_slice(&given);
        // `Hash` compares in constant time.
        length == Ok(16) && blake3::Hash::from(expected) == blake3::Hash::from(padded)
    }

    /// A token that says that `subject` may be had until `expires`: `<seconds in hex>.<signature>`.
    pub fn grant(&self, purpose: &str, subject: &str, expires: Time) -> String {
        let seconds = format!("{:x}", expires.seconds());
        let signature = self.sign(purpose, &format!("{seconds}:{subject}"));
        format!("{seconds}.{signature}")
    }

    /// Whether `token` is a grant for `subject` that has not expired.
    pub fn allows(&self, purpose: &str, subject: &str, token: &str, now: Time) -> bool {
        let Some((seconds, signature)) = token.split_once('.') else { return false };
        let expires = i64::from_str_radix(seconds, 16).unwrap_or(0);
        signature.len() == SIGNATURE_CHARS
            && now.seconds() < expires
            && self.verify(purpose, &format!("{seconds}:{subject}"), signature)
    }

    fn mac(&self, purpose: &str, text: &str) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        hasher.update(text.as_bytes());
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_holds_for_its_subject_and_purpose_until_it_expires() {
        let signer = Signer::with_key([7; 32]);
        let token = signer.grant("media", "42", Time(2_000_000_000));
        let before = Time(1_999_000_000);
        assert!(signer.allows("media", "42", &token, before));
        assert!(!signer.allows("media", "43", &token, before));
        assert!(!signer.allows("picture", "42", &token, before));
        assert!(!signer.allows("media", "42", &token, Time(2_000_000_000)));
        assert!(!Signer::with_key([8; 32]).allows("media", "42", &token, before));
        let longer = token.replacen("7d0", "7d1", 1);
        assert_ne!(longer, token);
        assert!(!signer.allows("media", "42", &longer, before));
    }

    #[test]
    fn hostile_tokens_are_refused_without_a_panic() {
        let signer = Signer::with_key([7; 32]);
        for token in [
            "",
            ".",
            "..",
            "7d0.",
            "ffffffffffffffffffffff.AAAAAAAAAAAAAAAAAAAAAA",
            "-1.é",
            "7d0.ééééééééééé",
        ] {
            assert!(!signer.allows("media", "42", token, Time(0)), "{token}");
        }
    }
}
