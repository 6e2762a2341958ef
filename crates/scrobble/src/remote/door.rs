//! An account at a service, whichever that is, as it is told something.

use catalog::service::listens::ListenFacts;
use kernel::{Fault, fetch::Fetcher};

use super::{Listen, Secret, Sent, lastfm, listenbrainz};
use crate::{Config, model::Service, store::ConnectionRow};

/// What is shown when the operator took the house's key for Last.fm away.
pub(crate) const NO_KEY: &str =
    "This house is no longer set up with Last.fm. Its operator can mend that; what waits is kept.";

/// An account at a service.
pub(crate) enum Door {
    ListenBrainz(listenbrainz::ListenBrainz),
    Lastfm(lastfm::Account),
    /// The house has no key for this service any more.
    Shut,
}

impl Door {
    /// The account of a connection.
    pub(crate) fn of(connection: &ConnectionRow, secret: Secret, config: &Config) -> Self {
        match (connection.service, &config.lastfm) {
            (Service::ListenBrainz, _) => Self::ListenBrainz(listenbrainz::ListenBrainz {
                root: connection.root.clone(),
                token: secret,
            }),
            (Service::Lastfm, Some(program)) => {
                Self::Lastfm(lastfm::Account { program: program.clone(), session: secret })
            }
            (Service::Lastfm, None) => Self::Shut,
        }
    }

    /// Sends listens, at most [`batch_max`].
    pub(crate) async fn submit(&self, fetch: &Fetcher, listens: &[Listen]) -> Result<Sent, Fault> {
        match self {
            Self::ListenBrainz(account) => account.submit(fetch, listens).await,
            Self::Lastfm(account) => account.submit(fetch, listens).await,
            Self::Shut => Ok(Sent::later(NO_KEY)),
        }
    }

    /// Tells what plays now.
    pub(crate) async fn playing(&self, fetch: &Fetcher, facts: &ListenFacts) -> Result<Sent, Fault> {
        match self {
            Self::ListenBrainz(account) => account.playing(fetch, facts).await,
            Self::Lastfm(account) => account.playing(fetch, facts).await,
            Self::Shut => Ok(Sent::later(NO_KEY)),
        }
    }

    /// Tells whether a thing is loved, by what the service keeps it under.
    pub(crate) async fn favour(
        &self,
        fetch: &Fetcher,
        (thing, facts): (&str, &ListenFacts),
        loved: bool,
    ) -> Result<Sent, Fault> {
        match self {
            Self::ListenBrainz(account) => {
                Ok(account.favour(fetch, thing, loved).await?.unwrap_or(Sent::Never))
            }
            Self::Lastfm(account) => account.favour(fetch, facts, loved).await,
            Self::Shut => Ok(Sent::later(NO_KEY)),
        }
    }
}

/// Listens that a connection's service is sent at once; ever fewer while it fails, for perhaps it is too much for it.
pub(crate) fn batch_max(connection: &ConnectionRow) -> usize {
    let most = match connection.service {
        _ if !connection.batches => 1,
        Service::ListenBrainz => listenbrainz::LISTENS_MAX,
        Service::Lastfm => lastfm::LISTENS_MAX,
    };
    (most >> connection.failures.min(16)).max(1)
}
