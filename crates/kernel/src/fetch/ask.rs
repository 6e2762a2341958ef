//! What is asked: where, with what, and how long and large the answer may be.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{FetchError, origin};

/// Characters of an address.
pub(super) const ADDRESS_MAX: usize = 2048;
/// What we say we are. A house does not say its name to every server that a listener names.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Odeon/", env!("CARGO_PKG_VERSION"), " (media server)"));

/// How long a body may come slowly before its average counts.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long and how large an answer may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the body, also after it is unpacked.
    pub body_bytes_max: u64,
    /// From the first name that is resolved to the last byte.
    pub total: Duration,
    /// For a name, a connection and its encryption.
    pub connect: Duration,
    /// From the request to the answer's head.
    pub head: Duration,
    /// Without a byte of the body.
    pub idle: Duration,
    /// Bytes of the body in a second, on average, once [`PATIENCE`] is over. A drip that never pauses is no download.
    pub bytes_per_s_min: u64,
    /// Redirects followed.
    pub redirects_max: u8,
}

impl Limits {
    /// For answers that are read into memory: a page, a feed, an answer of an API.
    pub const SMALL: Self = Self {
        body_bytes_max: 2 << 20,
        total: Duration::from_secs(30),
        connect: Duration::from_secs(10),
        head: Duration::from_secs(20),
        idle: Duration::from_secs(15),
        bytes_per_s_min: 0,
        redirects_max: 5,
    };
    /// For what goes to a file.
    pub const FILE: Self = Self {
        body_bytes_max: 2 << 30,
        total: Duration::from_hours(2),
        bytes_per_s_min: 8 << 10,
        redirects_max: 10,
        ..Self::SMALL
    };

    /// The same with another limit on the bytes.
    #[must_use]
    pub const fn bytes(self, body_bytes_max: u64) -> Self {
        Self { body_bytes_max, ..self }
    }
}

/// What a server said about the state of what it sent, to ask whether it changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, as it came.
    pub etag: Option<String>,
    /// `Last-Modified`, as it came.
    pub last_modified: Option<String>,
}

/// A request to another server.
#[derive(Clone, Debug)]
pub struct Ask {
    pub(super) address: Url,
    pub(super) limits: Limits,
    pub(super) packed: bool,
    method: Method,
    headers: HeaderMap,
    secret: Option<HeaderValue>,
    body: Bytes,
}

impl Ask {
    /// Reads what is at an address.
    pub fn get(address: &str) -> Result<Self, FetchError> {
        Self::new(Method::GET, address, Bytes::new())
    }

    /// Sends a body of this type to an address. Such a request follows no redirect.
    pub fn post(
        address: &str,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Self, FetchError> {
        let ask = Self::new(Method::POST, address, body.into())?;
        Ok(ask.header(header::CONTENT_TYPE, HeaderValue::from_static(content_type)))
    }

    fn new(method: Method, address: &str, body: Bytes) -> Result<Self, FetchError> {
        if address.len() > ADDRESS_MAX {
            return Err(FetchError::Address("This address is too long."));
        }
        let parsed = Url::parse(address.trim());
        let address = checked(parsed.map_err(|_| FetchError::Address("This is no web address."))?)?;
        let (headers, limits) = (HeaderMap::new(), Limits::SMALL);
        Ok(Self { address, limits, packed: true, method, headers, secret: None, body })
    }

    /// With these limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With a header that any server to which a redirect leads may read.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With `Authorization`, which is sent to the origin of the address and to no other.
    pub fn authorized(mut self, value: &str) -> Result<Self, FetchError> {
        let value = HeaderValue::from_str(value);
        let mut value =
            value.map_err(|_| FetchError::Address("This key holds characters that can't be sent."))?;
        value.set_sensitive(true);
        self.secret = Some(value);
        Ok(self)
    }

    /// Only if it changed since: otherwise the answer is 304.
    #[must_use]
    pub fn unless_unchanged(mut self, since: &Validators) -> Self {
        self.insert_if_sendable(header::IF_NONE_MATCH, since.etag.as_deref());
        self.insert_if_sendable(header::IF_MODIFIED_SINCE, since.last_modified.as_deref());
        self
    }

    /// The rest of what we have `have` bytes of, if it is still the same; otherwise all of it.
    pub(super) fn rest(mut self, have: u64, of: &Validators) -> Self {
        let validator = of.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        let Some(validator) = validator.or(of.last_modified.as_deref()) else { return self };
        self.insert_if_sendable(header::IF_RANGE, Some(validator));
        if self.headers.contains_key(header::IF_RANGE) {
            let range = HeaderValue::from_str(&format!("bytes={have}-"));
            self.headers.insert(header::RANGE, range.expect("a number and ASCII can stand in a header"));
        }
        self
    }

    /// Bytes as they are, not packed on the way.
    pub(super) fn unpacked(mut self) -> Self {
        self.packed = false;
        self
    }

    /// Where it goes first.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// Whether it changes nothing over there, so that it may follow redirects.
    pub(super) fn is_reading(&self) -> bool {
        self.method == Method::GET
    }

    fn insert_if_sendable(&mut self, name: HeaderName, value: Option<&str>) {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            self.headers.insert(name, value);
        }
    }

    /// The request as it goes to `address`, to which a redirect may have led.
    pub(super) fn request(&self, address: &Url) -> Result<Request<Full<Bytes>>, FetchError> {
        let unsendable = || FetchError::Address("This address holds characters that can't be sent.");
        let path = &address[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &address[url::Position::BeforeHost..url::Position::AfterPort];
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(path)
            .body(Full::new(self.body.clone()))
            .map_err(|_| unsendable())?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_str(host).map_err(|_| unsendable())?);
        headers.insert(header::USER_AGENT, USER_AGENT);
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        let packed = if self.packed { "gzip" } else { "identity" };
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(packed));
        headers.extend(self.headers.clone());
        if let Some(secret) = self.secret.as_ref().filter(|_| origin(address) == origin(&self.address)) {
            headers.insert(header::AUTHORIZATION, secret.clone());
        }
        Ok(request)
    }
}

/// What can be asked at all: HTTP with or without encryption, a host, no name and password in the address.
pub(super) fn checked(mut address: Url) -> Result<Url, FetchError> {
    if !matches!(address.scheme(), "http" | "https") {
        return Err(FetchError::Address("Only addresses that begin with http:// or https:// can be asked."));
    }
    if address.host_str().is_none_or(str::is_empty) {
        return Err(FetchError::Address("This address names no server."));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(FetchError::Address("An address with a user name or password in it can't be asked."));
    }
    if address.as_str().len() > ADDRESS_MAX {
        return Err(FetchError::Address("This address is too long."));
    }
    address.set_fragment(None);
    Ok(address)
}
