//! What podcasts can answer besides success.

use http::StatusCode;
use kernel::{Fault, Problem, fetch::FetchError};

/// Everything besides success.
#[derive(Debug)]
pub enum Error {
    /// It is not there, or the viewer does not subscribe to it.
    NotFound,
    /// A field, or the request as a whole, can't be taken.
    Invalid(Box<Problem>),
    /// The feed can't be had.
    Feed(FetchError),
    /// Something broke in the house.
    Fault(Fault),
}

impl Error {
    /// What the client is told.
    pub fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Invalid(problem) => *problem,
            Self::Feed(FetchError::Fault(fault)) | Self::Fault(fault) => Problem::fault(&fault),
            Self::Feed(error @ FetchError::Busy) => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once")
                    .detail(error.to_string())
                    .retry_after(30)
            }
            Self::Feed(error) => Problem::invalid("address", error.to_string()),
        }
    }

    /// The answer to one more than `max` of something.
    pub(crate) fn full(detail: String) -> Self {
        let full = Problem::new(StatusCode::CONFLICT, "full", "There is no room for more");
        Self::Invalid(Box::new(full.detail(detail)))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Invalid(Box::new(problem))
    }
}

kernel::answer_with_problem!(Error);
