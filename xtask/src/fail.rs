//! What went wrong and what to do about it: no command ends with only the first half.

use std::fmt;

/// The outcome of a command.
pub(crate) type Done = Result<(), Fail>;

/// A failure for the person at the keyboard.
#[derive(Debug)]
pub(crate) struct Fail {
    what: String,
    then: String,
}

impl Fail {
    /// `what` is wrong, and `then` is what to do, both without a final stop.
    pub(crate) fn new(what: impl Into<String>, then: impl Into<String>) -> Self {
        Self { what: what.into(), then: then.into() }
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "wrong: {}\n   do: {}", self.what, self.then)
    }
}
