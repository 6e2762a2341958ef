//! Asking other servers on behalf of users: feeds, episodes, covers, previews of links, scrobbles.
//!
//! An address that a user typed, or that a foreign server answered with, is hostile: it may lead into the house's own
//! network, never end, or be many thousand times larger than it says. So this is the one place that asks. It resolves
//! names itself, checks every address and connects to just the address that it checked, so that a name whose meaning
//! changes in between ("rebinding") changes nothing. It follows redirects itself and checks each like the first. It
//! sends no cookie, and what proves who asks stays with the origin it was meant for. Everything has a limit.
//!
//! Start at [`Fetcher::send`]; [`Fetcher::download`] is for what is too large for memory. What may be asked is in the
//! [`Policy`], which the operator sets and no request can.

mod address;
mod answer;
mod ask;
mod connect;
mod download;
mod own;
mod policy;
mod turns;

use std::{fmt, sync::Arc, time::Duration};

use http::StatusCode;
use url::Url;

pub use self::{
    address::{Network, is_public},
    answer::Answer,
    ask::{Ask, Limits, PATIENCE, Validators},
    download::{Downloaded, discard},
    policy::{Names, Policy, SystemNames},
};
use crate::Fault;

/// Why an answer could not be had.
#[derive(Debug)]
pub enum FetchError {
    /// What was given is no address that can be asked.
    Address(&'static str),
    /// The address leads to where this server does not go for its users.
    Refused,
    /// The answer is larger than the limit, in bytes.
    TooLarge(u64),
    /// The other server took longer than the limit.
    TooSlow,
    /// The other server answered with this status; it may have said after how many seconds to come again.
    Status(StatusCode, Option<u64>),
    /// One redirect led to the next, too often.
    Redirects,
    /// No connection, or one that broke off or spoke something else than HTTP.
    NotReachable(String),
    /// Too much is being asked already.
    Busy,
    /// What broke on our side.
    Fault(Fault),
}

impl FetchError {
    /// Whether the same may succeed later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Address(_) | Self::Refused | Self::TooLarge(_) | Self::Redirects => false,
            Self::TooSlow | Self::NotReachable(_) | Self::Busy | Self::Fault(_) => true,
            Self::Status(status, _) => {
                status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
            }
        }
    }

    /// A stable word for programs and for columns.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Refused => "refused",
            Self::TooLarge(_) => "too_large",
            Self::TooSlow => "too_slow",
            Self::Status(..) => "status",
            Self::Redirects => "redirects",
            Self::NotReachable(_) => "not_reachable",
            Self::Busy => "busy",
            Self::Fault(_) => "fault",
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(what) => f.write_str(what),
            Self::Refused => f.write_str(
                "This address leads to a private network, this server's own or an unusual port, which it does not ask. \
                 The operator can allow it.",
            ),
            Self::TooLarge(max) => {
                write!(f, "The other server sends more than {}, which is the limit.", size(*max))
            }
            Self::TooSlow => f.write_str("The other server took too long to answer."),
            Self::Status(status, _) => write!(f, "The other server answered: {}.", meaning(*status)),
            Self::Redirects => f.write_str("The other server keeps sending us from one address to the next."),
            Self::NotReachable(why) => write!(f, "The other server can't be reached: {why}."),
            Self::Busy => f.write_str("This server is asking for too much at once. Try again in a moment."),
            Self::Fault(_) => f.write_str("Something broke on this server while it asked the other one."),
        }
    }
}

impl std::error::Error for FetchError {}

impl From<Fault> for FetchError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Bytes in the unit in which a person would say them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// What the commonest statuses mean to somebody who typed the address.
fn meaning(status: StatusCode) -> String {
    match status.as_u16() {
        401 | 403 => format!("not allowed ({})", status.as_u16()),
        404 => "nothing is there (404)".to_owned(),
        410 => "it is gone for good (410)".to_owned(),
        429 => "asked too often (429)".to_owned(),
        code => format!("status {code}"),
    }
}

/// The one who asks. Cheap to clone; all clones share the limits on how much is asked at once.
#[derive(Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

struct Inner {
    policy: Policy,
    connector: connect::Connector,
    turns: turns::Turns,
}

impl Fetcher {
    /// One who asks what `policy` permits.
    pub fn new(policy: Policy) -> Result<Self, Fault> {
        let connector = connect::Connector::new(&policy)?;
        Ok(Self { inner: Arc::new(Inner { policy, connector, turns: turns::Turns::default() }) })
    }

    /// Asks, follows redirects of reading requests, and gives the answer as soon as its head is there.
    ///
    /// Any status that is not a followed redirect is an answer; [`Answer::good`] turns failures into errors.
    pub async fn send(&self, ask: &Ask) -> Result<Answer, FetchError> {
        let deadline = tokio::time::Instant::now() + ask.limits.total;
        let (mut address, mut moved_for_good) = (ask.address.clone(), true);
        let mut moved_to = None;
        for _ in 0..=ask.limits.redirects_max {
            let answer = within(deadline, self.send_once(ask, &address, deadline)).await?;
            let Some((next, permanent)) = redirect(ask, &address, &answer)? else {
                return Ok(answer.moved(moved_to));
            };
            moved_for_good &= permanent;
            if moved_for_good {
                moved_to = Some(next.clone());
            }
            address = next;
        }
        Err(FetchError::Redirects)
    }

    /// Asks and reads the whole answer, which must be a success.
    pub async fn read(&self, ask: &Ask) -> Result<bytes::Bytes, FetchError> {
        self.send(ask).await?.good()?.read().await
    }

    async fn send_once(
        &self,
        ask: &Ask,
        address: &Url,
        deadline: tokio::time::Instant,
    ) -> Result<Answer, FetchError> {
        let turn = self.inner.turns.take(&origin(address)).await?;
        let stream = self.inner.connector.connect(&self.inner.policy, address, ask.limits.connect).await?;
        let request = ask.request(address)?;
        let (response, connection) = connect::exchange(stream, request, ask.limits.head).await?;
        Answer::new(response, address.clone(), connection, turn, ask.limits, deadline)
    }
}

/// Where a redirect leads and whether for good; `None` for everything that is an answer.
fn redirect(ask: &Ask, from: &Url, answer: &Answer) -> Result<Option<(Url, bool)>, FetchError> {
    let permanent = match answer.status.as_u16() {
        301 | 308 => true,
        302 | 303 | 307 => false,
        _ => return Ok(None),
    };
    let Some(location) = answer.header(http::header::LOCATION).filter(|_| ask.is_reading()) else {
        return Ok(None);
    };
    let next = from.join(location).map_err(|_| FetchError::Address("A redirect leads to no address."))?;
    Ok(Some((ask::checked(next)?, permanent)))
}

/// Scheme, host and port: what a secret belongs to, and what takes turns.
fn origin(address: &Url) -> String {
    address.origin().ascii_serialization()
}

async fn within<T>(
    deadline: tokio::time::Instant,
    work: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::time::timeout_at(deadline, work).await.unwrap_or(Err(FetchError::TooSlow))
}

async fn at_most<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(FetchError::TooSlow))
}
