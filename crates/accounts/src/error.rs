//! What can go wrong, and the one place that gives it a status.

use std::time::Duration;

use http::StatusCode;
use kernel::{Fault, Problem};

/// Everything that accounts can answer besides success.
#[derive(Debug)]
pub enum Error {
    /// A field of the request can't be taken.
    Invalid {
        /// The field's name in the request.
        field: &'static str,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// The house is set up already.
    SetupDone,
    /// The set-up token is not the one that holds now.
    SetupToken,
    /// No account has this handle and this password.
    Credentials,
    /// The current password, asked for once more, was wrong.
    CurrentPassword,
    /// Too many wrong passwords for this account or from this address; nothing is taken for this long.
    TooManyGuesses(Duration),
    /// The viewer's role does not allow this.
    Forbidden(Box<Problem>),
    /// More sign-ins wait for the processor than may.
    Busy,
    /// Somebody has this handle.
    HandleTaken,
    /// The account has as many app tokens as it may.
    TooManyTokens,
    /// The account is shut.
    Disabled,
    /// Nobody would be left to run the house.
    LastAdmin,
    /// One's own account is shut and removed by somebody else.
    OwnAccount,
    /// The one-time link holds no more, or never did.
    Link,
    /// It is not there, or is somebody else's.
    NotFound,
    /// Something broke in the house.
    Fault(Fault),
}

/// Seconds after which a sign-in that found the line full may try again.
const BUSY_RETRY_S: u64 = 2;

impl Error {
    /// What the client is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Invalid { field, message } => Problem::invalid(field, message),
            Self::SetupDone => {
                Problem::new(StatusCode::CONFLICT, "setup_done", "This house is set up already")
                    .detail("Sign in, or ask its administrator for an account.")
            }
            Self::SetupToken => {
                Problem::new(StatusCode::FORBIDDEN, "setup_token", "This set-up link does not hold")
                    .detail("Each start of the program prints a new link. Use the last one that it printed.")
            }
            Self::Credentials => {
                Problem::new(StatusCode::UNAUTHORIZED, "credentials", "That handle and password do not match")
                    .detail("Check both and try again.")
            }
            Self::CurrentPassword => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "current_password",
                "The current password is wrong",
            )
            .field("current", "This is not your current password."),
            Self::TooManyGuesses(pause) => {
                let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
                Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_guesses",
                    "Too many wrong passwords; wait a little",
                )
                .detail(format!("Try again in {seconds} seconds. Until then even the right one is refused."))
                .retry_after(seconds)
            }
            Self::Busy => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Many people are signing in right now")
                    .detail("Nothing was changed. Try again in a moment.")
                    .retry_after(BUSY_RETRY_S)
            }
            Self::HandleTaken => Problem::new(StatusCode::CONFLICT, "handle_taken", "This handle is taken")
                .field("handle", "Somebody has this handle; choose another."),
            Self::TooManyTokens => Problem::new(
                StatusCode::CONFLICT,
                "too_many_tokens",
                "You have as many app tokens as you may",
            )
            .detail("Remove one that you no longer use, then try again."),
            Self::Disabled => Problem::new(StatusCode::FORBIDDEN, "account_disabled", "This account is shut")
                .detail("An administrator of the house can open it again."),
            Self::LastAdmin => {
                Problem::new(StatusCode::CONFLICT, "last_admin", "This is the last administrator")
                    .detail("Make somebody else an administrator first, so that the house has one.")
            }
            Self::OwnAccount => Problem::new(StatusCode::CONFLICT, "own_account", "This is your own account")
                .detail(
                    "Ask another administrator to do this, so that nobody shuts the door behind himself.",
                ),
            Self::Link => Problem::new(StatusCode::NOT_FOUND, "link", "This link does not hold any more")
                .detail("It was used, replaced by a newer one, or is too old. Ask for a new one."),
            Self::Forbidden(problem) => Problem::clone(problem),
            Self::NotFound => Problem::not_found(),
            Self::Fault(fault) => Problem::fault(fault),
        }
    }

    /// A field that can't be taken.
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Invalid { field, message } => write!(f, "{field}: {message}"),
            other => {
                let problem = other.problem();
                write!(f, "{}", problem.detail.unwrap_or(problem.title))
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        error.problem()
    }
}

kernel::answer_with_problem!(Error);
