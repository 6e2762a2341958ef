//! What scrobbling can answer besides success.

use http::StatusCode;
use kernel::{Fault, Problem};

/// Everything besides success.
#[derive(Debug)]
pub enum Error {
    /// It is not there.
    NotFound,
    /// A field, or the request as a whole, can't be taken.
    Invalid(Box<Problem>),
    /// Something broke in the house.
    Fault(Fault),
}

impl Error {
    /// What the client is told.
    pub fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Invalid(problem) => *problem,
            Self::Fault(fault) => Problem::fault(&fault),
        }
    }

    /// Something else must happen first.
    pub(crate) fn not_yet(code: &str, title: &str, detail: &str) -> Self {
        Self::Invalid(Box::new(Problem::new(StatusCode::CONFLICT, code, title).detail(detail)))
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
