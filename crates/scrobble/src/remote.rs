//! How services are spoken to. Whatever they answer is foreign: of limited size, and believed only as far as it is
//! looked at here.

mod door;
pub(crate) mod lastfm;
pub(crate) mod listenbrainz;
pub(crate) mod loved;
pub(crate) mod noted;
mod pages;

use std::{fmt, time::Duration};

use catalog::service::listens::ListenFacts;
use http::{HeaderName, StatusCode};
use kernel::{
    Fault,
    fetch::{Answer, FetchError, Limits},
};

pub(crate) use door::{Door, NO_KEY, batch_max};
pub(crate) use pages::Page;

/// Characters of one text that is sent; services refuse listens that are larger than some kilobytes.
const TEXT_CHARS_MAX: usize = 300;
/// Characters of a service's own words that are shown.
const WORDS_CHARS_MAX: usize = 200;
/// Longest time for which a service can have us wait.
pub(crate) const WAIT_MAX: Duration = Duration::from_hours(24);

/// How long a service is left alone after this house was too busy to ask it.
pub(crate) const PAUSE_BUSY: Duration = Duration::from_mins(5);

/// For what somebody waits for in front of the page.
pub(crate) const AWAITED: Limits = Limits {
    total: Duration::from_secs(15),
    connect: Duration::from_secs(8),
    head: Duration::from_secs(12),
    ..Limits::SMALL
};

/// What proves to a service who asks. It shows itself to nobody but by [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A listen on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    /// The place of the play's event.
    pub(crate) seq: i64,
    /// Seconds since 1970.
    pub(crate) at_s: i64,
    pub(crate) facts: ListenFacts,
}

/// What became of listens that were sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// They were taken, but for these, by their places in the batch. Nothing more is to be sent for this long.
    Taken { refused: Vec<(usize, String)>, pause: Duration },
    /// Something in the batch is not acceptable; none was taken.
    Refused(String),
    /// The token is not accepted.
    Token(String),
    /// The service keeps nothing of this kind.
    Never,
    /// The service can't take them now. It may have said for how long.
    Later { why: String, after: Option<Wait> },
}

/// How long a service wants to be left alone, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) whom: Whom,
    pub(crate) long: Duration,
}

/// By whom a service wants to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// By what was just sent.
    Queue,
    /// By everything of this account: `ListenBrainz` counts the requests of each token.
    Account,
    /// By the whole house: Last.fm counts those of an address, and a server that is away is away for all.
    House,
}

impl Sent {
    pub(crate) fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after: None }
    }
}

/// An answer that was read whole.
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    /// How long the service wants to be left alone, as far as its headers say.
    pub(crate) after: Option<Wait>,
    /// Whether its headers speak of an allowance as `ListenBrainz` itself does.
    pub(crate) counts: bool,
    pub(crate) body: serde_json::Value,
}

impl Said {
    /// How long nothing more is to be sent after what was taken.
    pub(crate) fn pause(&self) -> Duration {
        self.after.map_or(Duration::ZERO, |after| after.long)
    }
}

/// Reads an answer whatever its status; a body that is not JSON is null.
pub(crate) async fn read(answer: Answer) -> Result<Said, FetchError> {
    let status = answer.status;
    let after = wait_of(&answer);
    let counts = answer.header(HeaderName::from_static("x-ratelimit-limit")).is_some();
    let bytes = answer.read().await?;
    Ok(Said { status, after, counts, body: serde_json::from_slice(&bytes).unwrap_or_default() })
}

/// `Retry-After`, else the time until the allowance is renewed once it is used up, as `ListenBrainz` says it.
fn wait_of(answer: &Answer) -> Option<Wait> {
    let number = |name: &'static str| -> Option<u64> {
        answer.header(HeaderName::from_static(name))?.trim().parse().ok()
    };
    let used_up =
        number("x-ratelimit-remaining") == Some(0) || answer.status == StatusCode::TOO_MANY_REQUESTS;
    let reset = number("x-ratelimit-reset-in").filter(|_| used_up);
    let seconds = answer.retry_after_s().or(reset)?;
    let whom = if answer.status.is_server_error() { Whom::House } else { Whom::Account };
    Some(Wait { whom, long: Duration::from_secs(seconds).min(WAIT_MAX) })
}

/// What a failure to get an answer at all means.
pub(crate) fn unreached(error: FetchError) -> Result<Sent, Fault> {
    match error {
        FetchError::Fault(fault) => Err(fault),
        error => Ok(Sent::later(error.to_string())),
    }
}

/// Whether this reason for coming later is our own: the house asks for too much at once. No service can help that.
pub(crate) fn is_ours(why: &str) -> bool {
    why == FetchError::Busy.to_string()
}

/// A service's own words, fit to be shown: one short line.
pub(crate) fn words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(WORDS_CHARS_MAX).collect()
}

/// A text that is not longer than services take.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}
