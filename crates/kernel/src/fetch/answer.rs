//! What the other server said: the head at once, the body piece by piece and never more than the limit.

use std::io::Write as _;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, Incoming};
use tokio::time::Instant;
use url::Url;

use super::{
    FetchError, Limits, Validators,
    ask::PATIENCE,
    at_most,
    connect::{Driver, broke_off},
    turns::Turn,
    within,
};

/// Packed bytes unpacked at once. Gzip makes at most about a thousand bytes of one, so no more than 4 MiB are made
/// before they are counted.
const UNPACKED_AT_ONCE: usize = 4096;
/// Seconds that we let another server make us wait, at most.
const RETRY_AFTER_MAX_S: u64 = 7 * 24 * 3600;

/// An answer whose body was not read yet.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The address that answered, after redirects.
    pub address: Url,
    /// Where the first address moved for good, when it did.
    pub moved_to: Option<Url>,
    headers: HeaderMap,
    body: Incoming,
    unpack: Option<MultiGzDecoder<Vec<u8>>>,
    came: u64,
    came_packed: u64,
    since: Instant,
    limits: Limits,
    deadline: Instant,
    _driver: Driver,
    _turn: Turn,
}

impl Answer {
    pub(super) fn new(
        response: Response<Incoming>,
        address: Url,
        driver: Driver,
        turn: Turn,
        limits: Limits,
        deadline: Instant,
    ) -> Result<Self, FetchError> {
        let (head, body) = response.into_parts();
        if body.size_hint().lower() > limits.body_bytes_max {
            return Err(FetchError::TooLarge(limits.body_bytes_max));
        }
        let encoding =
            head.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        let unpack = match encoding.as_deref() {
            None | Some(b"identity" | b"") => None,
            Some(b"gzip" | b"x-gzip") => Some(MultiGzDecoder::new(Vec::new())),
            Some(_) => {
                let why = "it packs its answer in a way that was not asked for";
                return Err(FetchError::NotReachable(why.to_owned()));
            }
        };
        Ok(Self {
            status: head.status,
            address,
            moved_to: None,
            headers: head.headers,
            body,
            unpack,
            came: 0,
            came_packed: 0,
            since: Instant::now(),
            limits,
            deadline,
            _driver: driver,
            _turn: turn,
        })
    }

    pub(super) fn moved(mut self, moved_to: Option<Url>) -> Self {
        self.moved_to = moved_to;
        self
    }

    /// A header, when it is there and is text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without its parameters, in lower case.
    pub fn content_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE)?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// Whether nothing changed since the validators that the request bore.
    pub fn is_unchanged(&self) -> bool {
        self.status == StatusCode::NOT_MODIFIED
    }

    /// What to ask with the next time.
    pub fn validators(&self) -> Validators {
        let text = |name| self.header(name).filter(|value| value.len() <= 512).map(str::to_owned);
        Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) }
    }

    /// After how many seconds it wants to be asked again, when it says so as a number.
    pub fn retry_after_s(&self) -> Option<u64> {
        let seconds: u64 = self.header(header::RETRY_AFTER)?.trim().parse().ok()?;
        Some(seconds.min(RETRY_AFTER_MAX_S))
    }

    /// Itself if it is a success or says that nothing changed; the error that it is otherwise.
    pub fn good(self) -> Result<Self, FetchError> {
        if self.status.is_success() || self.is_unchanged() {
            Ok(self)
        } else {
            Err(FetchError::Status(self.status, self.retry_after_s()))
        }
    }

    /// The next piece of the body, unpacked; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        loop {
            let Some(piece) = self.next_as_it_came().await? else { return self.last() };
            self.fast_enough(piece.len())?;
            let Some(unpack) = &mut self.unpack else {
                self.came += piece.len() as u64;
                self.within_limit()?;
                return Ok(Some(piece));
            };
            let mut made = Vec::new();
            for part in piece.chunks(UNPACKED_AT_ONCE) {
                unpack.write_all(part).map_err(|_| badly_packed())?;
                self.came += unpack.get_ref().len() as u64;
                made.append(unpack.get_mut());
                if self.came > self.limits.body_bytes_max {
                    return Err(FetchError::TooLarge(self.limits.body_bytes_max));
                }
            }
            if !made.is_empty() {
                return Ok(Some(made.into()));
            }
        }
    }

    /// The whole body.
    pub async fn read(mut self) -> Result<Bytes, FetchError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }

    async fn next_as_it_came(&mut self) -> Result<Option<Bytes>, FetchError> {
        let idle = self.limits.idle;
        let body = &mut self.body;
        within(
            self.deadline,
            at_most(idle, async {
                loop {
                    match body.frame().await.transpose().map_err(broke_off)?.map(Frame::into_data) {
                        None => return Ok(None),
                        Some(Ok(data)) => return Ok(Some(data)),
                        // Trailers say nothing that anybody here asks for.
                        Some(Err(_)) => {}
                    }
                }
            }),
        )
        .await
    }

    /// What the unpacker still holds when the body has ended.
    fn last(&mut self) -> Result<Option<Bytes>, FetchError> {
        let Some(unpack) = self.unpack.take() else { return Ok(None) };
        let made = unpack.finish().map_err(|_| badly_packed())?;
        self.came += made.len() as u64;
        self.within_limit()?;
        Ok((!made.is_empty()).then(|| made.into()))
    }

    fn fast_enough(&mut self, more: usize) -> Result<(), FetchError> {
        self.came_packed += more as u64;
        let took = self.since.elapsed();
        if took > PATIENCE && self.came_packed < self.limits.bytes_per_s_min * took.as_secs() {
            return Err(FetchError::TooSlow);
        }
        Ok(())
    }

    fn within_limit(&self) -> Result<(), FetchError> {
        if self.came > self.limits.body_bytes_max {
            return Err(FetchError::TooLarge(self.limits.body_bytes_max));
        }
        Ok(())
    }
}

fn badly_packed() -> FetchError {
    FetchError::NotReachable("its answer is packed wrongly".to_owned())
}
