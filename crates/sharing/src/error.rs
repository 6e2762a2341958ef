//! What sharing can answer besides success.

use delivery::ArchiveError;
use http::StatusCode;
use kernel::{Fault, Problem};

/// Everything besides success.
#[derive(Debug)]
pub enum Error {
    /// It is not there, not any more, or not for the asker.
    NotFound,
    /// A field, or the request as a whole, can't be taken.
    Invalid(Box<Problem>),
    /// Something broke in the house.
    Fault(Fault),
}

/// Seconds after which a visitor who found the line full may try again.
const BUSY_RETRY_S: u64 = 2;
/// Seconds after which somebody may try again who found no place for an archive: one takes minutes.
const ARCHIVE_RETRY_S: u64 = 30;

impl Error {
    /// What the client is told.
    pub fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Invalid(problem) => *problem,
            Self::Fault(fault) => Problem::fault(&fault),
        }
    }

    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Problem::invalid(field, message).into()
    }

    /// One share more than there may be.
    pub(crate) fn full(detail: String) -> Self {
        Problem::new(StatusCode::CONFLICT, "full", "There is no room for more").detail(detail).into()
    }

    /// What is behind a password, asked for without it.
    pub(crate) fn locked() -> Self {
        Problem::new(StatusCode::FORBIDDEN, "locked", "This link is protected by a password")
            .detail("Open it with its password first.")
            .into()
    }

    /// A visitor's password that is wrong.
    pub(crate) fn wrong_password() -> Self {
        Problem::new(StatusCode::FORBIDDEN, "wrong_password", "That is not the password of this link")
            .detail("Check it, or ask whoever gave you the link.")
            .into()
    }

    /// More than goes into one archive.
    pub(crate) fn too_much(tracks_max: usize) -> Self {
        Problem::new(StatusCode::CONFLICT, "too_much", "This is too much for one archive")
            .detail(format!("At most {tracks_max} tracks go into one; take them in parts."))
            .into()
    }

    /// More visitors look at once than may.
    pub(crate) fn busy() -> Self {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Many people look at links right now")
            .detail("Try again in a moment.")
            .retry_after(BUSY_RETRY_S)
            .into()
    }
}

impl From<ArchiveError> for Error {
    fn from(error: ArchiveError) -> Self {
        let problem = match error {
            ArchiveError::Incomplete(name) => {
                Problem::new(StatusCode::CONFLICT, "incomplete", "Not all of the files are there")
                    .detail(format!("“{name}” is missing from the disk. Try again after the next scan."))
            }
            ArchiveError::AskerBusy => {
                let title = "You have as many archives under way as one may";
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_archives", title)
                    .detail("Wait until one of them is finished, or end it.")
                    .retry_after(ARCHIVE_RETRY_S)
            }
            ArchiveError::HouseBusy => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Many archives are under way right now")
                    .detail("Try again in a few minutes.")
                    .retry_after(ARCHIVE_RETRY_S)
            }
            ArchiveError::Fault(fault) => return Self::Fault(fault),
        };
        problem.into()
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

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        match error {
            catalog::Error::NotFound | catalog::Error::NotOwner => Self::NotFound,
            catalog::Error::Invalid(problem) => Self::Invalid(problem),
            catalog::Error::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<accounts::Error> for Error {
    fn from(error: accounts::Error) -> Self {
        match error {
            accounts::Error::NotFound => Self::NotFound,
            accounts::Error::Fault(fault) => Self::Fault(fault),
            other => other.problem().into(),
        }
    }
}

kernel::answer_with_problem!(Error);
