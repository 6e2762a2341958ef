//! What is refused, in the API's own numbers.

use http::StatusCode;
use kernel::{Fault, Problem, fetch::FetchError};

/// A refusal: a code of the API and a sentence for people.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// The HTTP status: 200 as the API has it, unless players must learn from it what to do.
    pub(crate) status: StatusCode,
    /// Whether the program must answer for it.
    fault: bool,
    /// In how many seconds it may go better.
    pub(crate) again_s: Option<u32>,
}

/// The codes of the API. 60, the end of a trial, is never given: nothing here is on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Anything else.
    Generic = 0,
    /// A parameter is missing.
    Missing = 10,
    /// The client speaks a version of the API that is too old.
    ClientTooOld = 20,
    /// The client speaks a version of the API that is newer than ours.
    ServerTooOld = 30,
    /// Wrong name or password.
    Credentials = 40,
    /// A salted proof can't be checked for this account.
    NoProof = 41,
    /// Two ways to sign in at once.
    Conflict = 43,
    /// An API key that does not hold.
    ApiKey = 44,
    /// Not for this caller.
    Forbidden = 50,
    /// It is not there, or not for this caller: the same answer.
    Absent = 70,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: StatusCode::OK, fault: false, again_s: None }
    }

    /// There is no place at this moment. Players know nothing of envelopes while they play, so HTTP says it as well.
    pub(crate) fn busy(message: impl Into<String>, again_s: u32) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, again_s: Some(again_s), ..Self::refused(message) }
    }

    /// The same, since the caller asks for too much.
    pub(crate) fn too_many(self) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..self }
    }

    /// The same with a status that says the kind of refusal, for methods of which the API wants that.
    pub(crate) fn in_http(self) -> Self {
        let status = match self.code {
            _ if self.status != StatusCode::OK => self.status,
            _ if self.fault => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Credentials | Code::NoProof | Code::ApiKey => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::Absent => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, ..self }
    }

    /// Something that can't be taken or done; the sentence says what would be right.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Code::Generic, message)
    }

    /// A parameter that must be there is not.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(Code::Missing, format!("The required parameter {name} is missing."))
    }

    /// The one answer for what is not there and for what the caller may not see.
    pub(crate) fn absent() -> Self {
        Self::new(Code::Absent, "It does not exist, or it is not shared with you.")
    }

    /// It is not for this caller.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }
}

impl From<Fault> for Error {
    /// Logs the fault; the caller is told a reference to it and nothing else.
    fn from(fault: Fault) -> Self {
        let problem = Problem::fault(&fault);
        let reference = problem.reference.clone().unwrap_or_default();
        let message = format!("{} Reference: {reference}.", told(problem));
        Self { fault: true, ..Self::refused(message) }
    }
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        match error {
            catalog::Error::NotFound => Self::absent(),
            catalog::Error::NotOwner => Self::forbidden("This is somebody else's."),
            catalog::Error::Invalid(problem) => match problem.status {
                403 => Self::forbidden(told(*problem)),
                404 => Self::absent(),
                _ => Self::refused(told(*problem)),
            },
            catalog::Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<accounts::Error> for Error {
    fn from(error: accounts::Error) -> Self {
        match error {
            accounts::Error::NotFound => Self::absent(),
            accounts::Error::Fault(fault) => fault.into(),
            other => Self::refused(told(other.problem())),
        }
    }
}

impl From<podcasts::Error> for Error {
    fn from(error: podcasts::Error) -> Self {
        match error {
            podcasts::Error::NotFound => Self::absent(),
            podcasts::Error::Fault(fault) | podcasts::Error::Feed(FetchError::Fault(fault)) => fault.into(),
            other => Self::refused(told(other.problem())),
        }
    }
}

impl From<messaging::Error> for Error {
    fn from(error: messaging::Error) -> Self {
        match error {
            messaging::Error::Invalid(problem) => Self::refused(told(*problem)),
            messaging::Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<ingest::library::Error> for Error {
    fn from(error: ingest::library::Error) -> Self {
        match error {
            ingest::library::Error::NotFound => Self::absent(),
            ingest::library::Error::Fault(fault) => fault.into(),
            other => Self::refused(told(other.problem())),
        }
    }
}

impl From<sharing::Error> for Error {
    fn from(error: sharing::Error) -> Self {
        match error {
            sharing::Error::NotFound => Self::absent(),
            sharing::Error::Invalid(problem) => match problem.status {
                403 => Self::forbidden(told(*problem)),
                404 => Self::absent(),
                status @ (429 | 503) => {
                    let again_s = problem.retry_after_s.and_then(|seconds| u32::try_from(seconds).ok());
                    let busy = Self::busy(told(*problem), again_s.unwrap_or(1));
                    if status == 429 { busy.too_many() } else { busy }
                }
                _ => Self::refused(told(*problem)),
            },
            sharing::Error::Fault(fault) => fault.into(),
        }
    }
}

fn told(problem: Problem) -> String {
    problem.detail.unwrap_or(problem.title)
}
