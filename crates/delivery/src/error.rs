//! Why something is not delivered.

use kernel::{Fault, Problem};

/// Why something is not delivered.
#[derive(Debug)]
pub(crate) enum Error {
    /// It is not there, or not for the asker: the same answer.
    Absent,
    /// The program must answer for it.
    Fault(Fault),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Error {
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Absent => Problem::not_found(),
            Self::Fault(fault) => Problem::fault(fault),
        }
    }
}

kernel::answer_with_problem!(Error);
