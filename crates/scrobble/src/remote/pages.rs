//! What an account at `ListenBrainz` has noted, read back page by page.

use kernel::{
    Fault,
    fetch::{Ask, FetchError, Fetcher},
};
use serde_json::Value;
use url::Url;

use super::{Said, Wait, listenbrainz::ListenBrainz, read};

/// Things asked for at once; it gives up to 1,000.
pub(super) const PAGE: usize = 100;

/// What became of asking for a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Page<T> {
    /// What it holds. Nothing more is to be asked for this long, if it says so.
    Found(T, Option<Wait>),
    /// The token is not accepted.
    Token,
    /// The server gives nothing of this kind back.
    Never,
    /// Not now.
    Later { why: String, after: Option<Wait> },
}

impl ListenBrainz {
    /// The address of a page: `path` below the version of the API, `query` behind it.
    pub(super) fn page_address(&self, path: &[&str], query: &[(&str, String)]) -> Option<Url> {
        let mut address = Url::parse(&self.root).ok()?;
        address.path_segments_mut().ok()?.pop_if_empty().push("1").extend(path);
        address.query_pairs_mut().extend_pairs(query);
        Some(address)
    }

    /// Asks for a page, in whose body `find` finds what it is asked for.
    pub(super) async fn page<T>(
        &self,
        fetch: &Fetcher,
        address: Option<Url>,
        find: impl Fn(&Value) -> Option<T>,
    ) -> Result<Page<T>, Fault> {
        let Some(address) = address else { return Ok(Page::Never) };
        match self.said(fetch, &address).await {
            Ok(said) => Ok(meaning(&said, find)),
            Err(FetchError::Fault(fault)) => Err(fault),
            Err(error) => Ok(Page::Later { why: error.to_string(), after: None }),
        }
    }

    async fn said(&self, fetch: &Fetcher, address: &Url) -> Result<Said, FetchError> {
        let ask = Ask::get(address.as_str())?.authorized(&self.authorization())?;
        read(fetch.send(&ask).await?).await
    }
}

/// What an answer to a page means.
pub(super) fn meaning<T>(said: &Said, find: impl Fn(&Value) -> Option<T>) -> Page<T> {
    match said.status.as_u16() {
        200 => find(&said.body).map_or(Page::Never, |found| Page::Found(found, said.after)),
        401 => Page::Token,
        404 | 405 | 501 => Page::Never,
        _ => Page::Later { why: FetchError::Status(said.status, None).to_string(), after: said.after },
    }
}
