//! The checksum extension: a PATCH whose bytes differ from their checksum leaves nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use sha1::Digest as _;

use super::{headers::UPLOAD_CHECKSUM, model::Error};

/// The algorithms that are built, as `Tus-Checksum-Algorithm` names them.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// A checksum in the making, and what it shall be.
pub(super) struct Checksum {
    running: Running,
    expected: Vec<u8>,
}

enum Running {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Checksum {
    /// Reads `Upload-Checksum`: `algorithm base64`; `None` when the client sends none.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let Some(value) = headers.get(UPLOAD_CHECKSUM) else { return Ok(None) };
        let bad = |message: String| Error::Header { name: "Upload-Checksum", message };
        let (algorithm, digest) = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .ok_or_else(|| bad("Write the algorithm, a space and the digest in base64.".to_owned()))?;
        let running = match algorithm {
            "sha1" => Running::Sha1(sha1::Sha1::new()),
            "sha256" => Running::Sha256(sha2::Sha256::new()),
            _ => return Err(bad(format!("The algorithm is not one of {ALGORITHMS}."))),
        };
        let expected = STANDARD.decode(digest).map_err(|_| bad("The digest is not in base64.".to_owned()))?;
        Ok(Some(Self { running, expected }))
    }

    /// Takes the next bytes in.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.running {
            Running::Sha1(running) => running.update(bytes),
            Running::Sha256(running) => running.update(bytes),
        }
    }

    /// Whether the bytes were the ones that the client meant.
    pub(super) fn holds(self) -> bool {
        match self.running {
            Running::Sha1(running) => running.finalize().as_slice() == self.expected,
            Running::Sha256(running) => running.finalize().as_slice() == self.expected,
        }
    }
}
