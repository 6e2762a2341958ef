//! The headers of tus 1.0: read strictly, written as the protocol wants them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::Time;

use super::model::Error;

/// The protocol's version.
pub(super) const VERSION: &str = "1.0.0";
/// What is built of the protocol's extensions.
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";
/// The type of a body with bytes.
pub(super) const BYTES_TYPE: &str = "application/offset+octet-stream";
/// Longest `Upload-Metadata`.
const METADATA_CHARS_MAX: usize = 4096;
/// Longest name of a file: what file systems take.
const FILENAME_BYTES_MAX: usize = 255;

pub(super) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(super) const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(super) const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub(super) const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
pub(super) const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
}

/// A problem unless the client speaks our version.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Error> {
    if text(headers, &TUS_RESUMABLE) == Some(VERSION) { Ok(()) } else { Err(Error::Version) }
}

/// Whether the body is announced as bytes of an upload.
pub(super) fn has_bytes(headers: &HeaderMap) -> bool {
    text(headers, &header::CONTENT_TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case(BYTES_TYPE))
}

/// A header that holds a number of bytes.
pub(super) fn number(
    headers: &HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<Option<u64>, Error> {
    let Some(text) = text(headers, name) else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // The database keeps 63 bits.
    let number = text.parse::<i64>().ok().filter(|_| digits).and_then(|number| u64::try_from(number).ok());
    let bad = || Error::Header { name: shown, message: "It must be a whole number of bytes.".to_owned() };
    number.map(Some).ok_or_else(bad)
}

/// The same, where the header must be there.
pub(super) fn number_needed(
    headers: &HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<u64, Error> {
    number(headers, name, shown)?
        .ok_or_else(|| Error::Header { name: shown, message: "It is missing.".to_owned() })
}

/// What a client says of its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The header as it came.
    pub(super) raw: String,
    /// The file's name.
    pub(super) filename: String,
}

/// Reads `Upload-Metadata`: `key base64,key base64`, values optional, keys unique.
pub(super) fn metadata(headers: &HeaderMap) -> Result<Metadata, Error> {
    let bad = |message: &str| Error::Header { name: "Upload-Metadata", message: message.to_owned() };
    let raw = text(headers, &UPLOAD_METADATA).unwrap_or_default();
    if raw.len() > METADATA_CHARS_MAX {
        return Err(bad(&format!("It is longer than {METADATA_CHARS_MAX} characters.")));
    }
    let mut pairs: Vec<(&str, Vec<u8>)> = Vec::new();
    for pair in raw.split(',').map(str::trim).filter(|_| !raw.trim().is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value).map_err(|_| bad("A value is not in base64."))?;
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("A key is empty or not plain ASCII."));
        }
        if pairs.iter().any(|(other, _)| *other == key) {
            return Err(bad("A key is there twice."));
        }
        pairs.push((key, value));
    }
    // Clients in the field also say `name`.
    let named = ["filename", "name"].iter().find_map(|key| pairs.iter().find(|pair| pair.0 == *key));
    let filename = match named {
        Some((_, name)) => checked_filename(name)?,
        None => "upload".to_owned(),
    };
    Ok(Metadata { raw: raw.to_owned(), filename })
}

/// A file's name is shown and becomes a title; it never becomes a path, and still may not look like one.
fn checked_filename(name: &[u8]) -> Result<String, Error> {
    let name = std::str::from_utf8(name).map_err(|_| Error::Filename("The file's name is not in UTF-8."))?;
    if name.len() > FILENAME_BYTES_MAX {
        return Err(Error::Filename("The file's name is longer than 255 bytes; rename the file."));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::Filename(
            "The file's name holds a line break or another control character; rename the file.",
        ));
    }
    if name.contains(['/', '\\']) {
        return Err(Error::Filename("Send the file's name alone, without folders."));
    }
    let name: String = name.chars().filter(|letter| !turns_text(*letter)).collect();
    if name.trim().is_empty() || name == "." || name == ".." {
        return Err(Error::Filename("The file has no name."));
    }
    Ok(name)
}

/// Marks that turn the direction of what follows, so that `fdp.4pm` is read as `mp4.pdf`: no part of a name.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A moment as HTTP writes it: `Tue, 24 Nov 2026 02:33:41 GMT`.
pub(super) fn http_date(time: Time) -> Option<HeaderValue> {
    let stamp = jiff::Timestamp::from_microsecond(time.0).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&stamp).ok()?;
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_metadata(value: &[u8]) -> Result<Metadata, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(UPLOAD_METADATA, HeaderValue::from_bytes(value).expect("a header"));
        metadata(&headers)
    }

    fn named(name: &[u8]) -> Result<Metadata, Error> {
        with_metadata(format!("filename {}", STANDARD.encode(name)).as_bytes())
    }

    #[test]
    fn a_plain_name_of_up_to_255_bytes_is_taken() {
        for name in ["film.mp4".to_owned(), "Übung — 映画.mkv".to_owned(), "x".repeat(255)] {
            assert_eq!(named(name.as_bytes()).expect("taken").filename, name);
        }
    }

    #[test]
    fn a_name_that_cannot_be_kept_is_refused() {
        let long = "x".repeat(256);
        for name in ["a\nb.mp4", "a\0b", "../../etc/passwd", "a\\b.mp4", "", " ", "..", &long] {
            assert!(matches!(named(name.as_bytes()), Err(Error::Filename(_))), "{name:?}");
        }
        assert!(matches!(named(b"\xff\xfe.mp4"), Err(Error::Filename(_))));
    }

    #[test]
    fn marks_that_turn_text_are_left_out_of_a_name() {
        assert_eq!(named("\u{202e}fdp.4pm".as_bytes()).expect("taken").filename, "fdp.4pm");
        assert!(matches!(named("\u{2066}\u{2069}".as_bytes()), Err(Error::Filename(_))));
    }

    #[test]
    fn metadata_may_be_absent_and_values_may_be_empty() {
        assert_eq!(metadata(&HeaderMap::new()).expect("taken").filename, "upload");
        let taken = with_metadata(b"is_confidential,name ZmlsbS5tcDQ=,filetype dmlkZW8vbXA0").expect("taken");
        assert_eq!(taken.filename, "film.mp4");
        assert!(taken.raw.starts_with("is_confidential,"));
    }

    #[test]
    fn metadata_that_cannot_be_read_is_refused() {
        let long = format!("filename {}", "A".repeat(METADATA_CHARS_MAX));
        for bad in ["filename %%%", "a,,b", "a YQ==,a YQ==", ",", "a YQ== YQ==", long.as_str()] {
            assert!(matches!(with_metadata(bad.as_bytes()), Err(Error::Header { .. })), "{bad:?}");
        }
        assert!(matches!(with_metadata(b"caf\xe9 YQ=="), Err(Error::Header { .. })));
    }

    #[test]
    fn a_number_of_bytes_has_only_digits() {
        for bad in ["", "-1", "+1", "1.0", "0x1", " 1", "99999999999999999999", "9223372036854775808"] {
            let mut headers = HeaderMap::new();
            headers.insert(UPLOAD_OFFSET, HeaderValue::from_str(bad).expect("a header"));
            assert!(number(&headers, &UPLOAD_OFFSET, "Upload-Offset").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_date_reads_as_http_writes_it() {
        let date = http_date(Time(1_795_487_621_120_999)).expect("a date");
        assert_eq!(date, "Tue, 24 Nov 2026 02:33:41 GMT");
    }
}
