//! Who asks: an API key, an app password as it stands, or one that is proven by a salted hash. Never the account's own
//! password: these requests carry what they bring in their address, which ends in logs, and hashing it for each request
//! would take the machine.

use accounts::music::{self, Caller, Proof};
use md5::{Digest as _, Md5};

use crate::{
    call::Asking,
    error::{Code, Error},
};

/// Bytes of a salt; apps send about twelve, and it is hashed with each app password of an account.
const SALT_BYTES_MAX: usize = 256;

/// What a request brings to sign in with.
enum Brought<'a> {
    ApiKey(&'a str),
    Password { handle: &'a str, password: String },
    Proof { handle: &'a str, proof: &'a str, salt: &'a str },
}

/// Finds out who asks.
pub(crate) async fn sign_in(asking: &Asking<'_>) -> Result<Caller, Error> {
    let ctx = &asking.app.ctx;
    let refusal = match brought(asking)? {
        Brought::ApiKey(key) => match music::by_token(ctx, key).await? {
            Some(caller) => return Ok(caller),
            None => Error::new(Code::ApiKey, "This API key does not hold. Make one in your settings."),
        },
        Brought::Password { handle, password } => match music::by_token(ctx, &password).await? {
            Some(caller) if caller.viewer.handle.eq_ignore_ascii_case(handle.trim()) => return Ok(caller),
            _ => wrong(),
        },
        Brought::Proof { handle, proof, salt } => {
            match music::by_proof(ctx, handle, |password| proves(password, proof, salt)).await? {
                Proof::Holds(caller) => return Ok(caller),
                Proof::Wrong => wrong(),
                Proof::NothingToProve => Error::new(
                    Code::NoProof,
                    "A token can only be checked with an app password that was made for music apps. Make one in your \
                     settings, or use an API key.",
                ),
            }
        }
    };
    if music::note_failure(ctx, asking.address).await? && refusal.code != Code::ApiKey {
        return Err(Error::new(
            Code::Credentials,
            "Too many sign-ins have failed from this address; wait a little.",
        ));
    }
    Err(refusal)
}

fn wrong() -> Error {
    Error::new(
        Code::Credentials,
        "Wrong name or password. Music apps take an app password or an API key, which you make in your settings, not \
         the password of your account.",
    )
}

fn brought<'a>(asking: &Asking<'a>) -> Result<Brought<'a>, Error> {
    let [key, handle, password, proof, salt] =
        ["apiKey", "u", "p", "t", "s"].map(|name| asking.params.filled(name));
    let conflict = || {
        Err(Error::new(Code::Conflict, "Send one way to sign in: apiKey alone, u with p, or u with t and s."))
    };
    match (key, handle, password, (proof, salt)) {
        (Some(key), None, None, (None, None)) => Ok(Brought::ApiKey(key)),
        (Some(_), ..) | (None, _, Some(_), (Some(_), _) | (_, Some(_))) => conflict(),
        (None, None, None, (None, None)) => {
            let message = "The required parameter apiKey is missing, or else u with p, or u with t and s.";
            Err(Error::new(Code::Missing, message))
        }
        (None, None, ..) => Err(Error::missing("u")),
        (None, Some(handle), Some(password), _) => {
            Ok(Brought::Password { handle, password: decoded(password) })
        }
        (None, Some(handle), None, (Some(proof), Some(salt))) => Ok(Brought::Proof { handle, proof, salt }),
        (None, Some(_), None, (Some(_), None)) => Err(Error::missing("s")),
        (None, Some(_), None, (None, Some(_))) => Err(Error::missing("t")),
        (None, Some(_), None, (None, None)) => Err(Error::missing("p")),
    }
}

/// A password as it stands, or in hexadecimal digits after `enc:`. What only looks like the latter stands as it is.
pub(crate) fn decoded(text: &str) -> String {
    let Some(digits) = text.strip_prefix("enc:") else { return text.to_owned() };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

/// Whether `proof` is the MD5 of password and salt in hexadecimal digits; compared in constant time.
fn proves(password: &str, proof: &str, salt: &str) -> bool {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    if proof.len() != 32 || salt.len() > SALT_BYTES_MAX {
        return false;
    }
    let hash = Md5::new().chain_update(password.as_bytes()).chain_update(salt.as_bytes()).finalize();
    let digits = hash.iter().flat_map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    let given = proof.as_bytes();
    digits.zip(given).fold(0, |unlike, (digit, given)| unlike | (digit ^ given.to_ascii_lowercase())) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_proven() {
        assert!(proves("sesame", "26719a1196d2a940705a59634eb18eab", "c19b2d"));
        assert!(proves("sesame", "26719A1196D2A940705A59634EB18EAB", "c19b2d"));
        for wrong in ["", "26719a1196d2a940705a59634eb18ea", "26719a1196d2a940705a59634eb18eaa", "é"] {
            assert!(!proves("sesame", wrong, "c19b2d"), "{wrong}");
        }
        assert!(!proves("sesame", "26719a1196d2a940705a59634eb18eab", "c19b2e"));
    }

    #[test]
    fn an_encoded_password_is_decoded_and_a_broken_one_stands_as_it_is() {
        assert_eq!(decoded("enc:736573616d65"), "sesame");
        assert_eq!(decoded("enc:736573616D65"), "sesame");
        for same in ["sesame", "enc:7", "enc:zz", "enc:ff", "enc:é"] {
            assert_eq!(decoded(same), same);
        }
    }
}
