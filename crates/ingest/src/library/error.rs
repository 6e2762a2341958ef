//! What can go wrong with libraries, and what a client is told.

use http::StatusCode;
use kernel::{Fault, Problem};

/// Why a request about libraries was not done.
#[derive(Debug)]
pub enum Error {
    /// The folder can't be a library; the sentence says why and what to do.
    Path(String),
    /// The name can't be taken; the sentence says why.
    Name(String),
    /// Those who may see it can't be taken; boxed, since it is large.
    Access(Box<Problem>),
    /// There is no such library.
    NotFound,
    /// Something broke in the house.
    Fault(Fault),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<catalog::service::Error> for Error {
    fn from(error: catalog::service::Error) -> Self {
        match error {
            catalog::service::Error::NotFound => Self::NotFound,
            catalog::service::Error::Fault(fault) => Self::Fault(fault),
            refused => Self::Access(Box::new(refused.problem())),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(why) | Self::Name(why) => f.write_str(why),
            Self::Access(problem) => f.write_str(problem.detail.as_deref().unwrap_or(&problem.title)),
            Self::NotFound => f.write_str("There is no such library."),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The answer to a client.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Path(why) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "library_path",
                "This folder can't be a library",
            )
            .field("path", why),
            Self::Name(why) => Problem::invalid("name", why),
            Self::Access(problem) => Problem::clone(problem),
            Self::NotFound => Problem::not_found(),
            Self::Fault(fault) => Problem::fault(fault),
        }
    }
}

kernel::answer_with_problem!(Error);
