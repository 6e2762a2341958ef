//! What messaging can answer besides success.

use kernel::{Fault, Problem};

/// Everything besides success.
#[derive(Debug)]
pub enum Error {
    /// The message can't be taken, or not now; the problem says why.
    Invalid(Box<Problem>),
    /// Something broke in the house.
    Fault(Fault),
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
