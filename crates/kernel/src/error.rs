//! Errors: [`Fault`] for what broke in the house, [`Problem`] for what a client is told (RFC 9457).

use std::{borrow::Cow, fmt};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that the program, not its user, must answer for: a database that is away, a disk that is full.
///
/// It is logged once, where it becomes an answer; callers pass it on with `?`.
#[derive(Debug)]
pub struct Fault {
    what: Cow<'static, str>,
    kind: FaultKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The few kinds of fault that somebody acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Anything else.
    Other,
    /// A row with this key is there already.
    Unique,
    /// Two transactions stood in each other's way; trying again may succeed.
    Conflict,
    /// No room is left on the disk.
    NoSpace,
    /// The program is stopping and takes no more work.
    Stopping,
    /// The database can't be reached at this moment; trying again may succeed.
    Unavailable,
}

impl Fault {
    /// A fault in one sentence.
    pub fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), kind: FaultKind::Other, source: None }
    }

    /// A fault with the error that caused it.
    pub fn from_error(
        what: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        let kind = match source.downcast_ref::<std::io::Error>() {
            Some(error) if is_no_space(error) => FaultKind::NoSpace,
            _ => FaultKind::Other,
        };
        Self { what: what.into(), kind, source: Some(source) }
    }

    /// The same fault, marked as of `kind`.
    #[must_use]
    pub fn of_kind(mut self, kind: FaultKind) -> Self {
        self.kind = kind;
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }
}

fn is_no_space(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut next = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(source) = next {
            write!(f, ": {source}")?;
            next = source.source();
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::from_error("reading or writing failed", error)
    }
}

/// What a client is told when a request cannot be done: `application/problem+json`, RFC 9457.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:odeon:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status again, for readers that lost it.
    pub status: u16,
    /// A stable word for programs.
    pub code: String,
    /// What is wrong in general.
    pub title: String,
    /// What is wrong here and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to quote to the operator, who finds it in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The fields that were wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense; also the header `Retry-After`.
    #[serde(skip)]
    pub retry_after_s: Option<u64>,
}

/// One field that was wrong.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem with a status, a stable code and a title.
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:odeon:problem:{code}"),
            status: status.as_u16(),
            code: code.to_owned(),
            title: title.into(),
            detail: None,
            reference: None,
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// With what is wrong here and what to do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With one more field that was wrong; the first also becomes the detail.
    #[must_use]
    pub fn field(mut self, field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        self.detail.get_or_insert_with(|| message.clone());
        self.errors.push(FieldError { field: field.to_owned(), message });
        self
    }

    /// With the time after which to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The one answer for what is not there and for what the asker may not see.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Nothing is here")
            .detail("It does not exist, or it is not shared with you.")
    }

    /// The answer to somebody who has not signed in.
    pub fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in", "Sign in first")
    }

    /// The answer to somebody whose role does not allow this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Your role does not allow this").detail(detail)
    }

    /// The answer to a request whose content is wrong.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some of this can't be taken")
            .field(field, message)
    }

    /// Logs a fault once, with a reference, and gives the answer that hides everything but the reference.
    pub fn fault(fault: &Fault) -> Self {
        let reference = reference();
        tracing::error!(reference, "{fault}");
        let problem = match fault.kind() {
            FaultKind::NoSpace => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", "The server's disk is full")
                    .detail("Nothing was changed. The operator must make room, then try again.")
            }
            FaultKind::Stopping => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "The server is restarting")
                    .detail("Try again in a moment.")
                    .retry_after(2)
            }
            FaultKind::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The server can't reach its database",
            )
            .detail("Try again in a moment; if it stays, tell the operator the reference.")
            .retry_after(5),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "Something broke on the server")
                .detail("Nothing was changed. Try again; if it stays, tell the operator the reference."),
        };
        Self { reference: Some(reference), ..problem }
    }
}

/// Eight letters to find a log line by. They protect nothing, so a counter in disguise is random enough.
fn reference() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let hash = blake3::hash(&[number.to_le_bytes(), u64::from(std::process::id()).to_le_bytes()].concat());
    hash.to_hex()[..8].to_owned()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::fault(&fault)
    }
}

/// Makes a domain's error an HTTP answer through its `problem()`.
#[macro_export]
macro_rules! answer_with_problem {
    ($error:ty) => {
        impl axum::response::IntoResponse for $error {
            fn into_response(self) -> axum::response::Response {
                self.problem().into_response()
            }
        }
    };
}
