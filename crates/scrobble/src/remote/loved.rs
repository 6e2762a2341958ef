//! What an account at `ListenBrainz` loves, as it gives that back. Whatever of it makes no sense is left out.

use std::time::Duration;

use kernel::{
    Fault,
    fetch::{Ask, FetchError, Fetcher},
};
use serde_json::Value;
use url::Url;

use super::{Said, listenbrainz::ListenBrainz, read};

/// Loved things asked for at once; it gives up to 1,000.
const PAGE: usize = 100;
/// How it says that somebody loves a thing.
const LOVED: i64 = 1;

/// A recording that somebody loves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Love {
    /// Its `MusicBrainz` number, as it was said.
    pub(crate) recording: String,
    /// Since when, in seconds since 1970.
    pub(crate) since_s: Option<i64>,
}

/// What became of asking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Those that can be understood among so many.
    Loves { loves: Vec<Love>, count: u64, after: Option<Duration> },
    /// The token is not accepted.
    Token,
    /// The server gives none back.
    Never,
    /// Not now.
    Later { why: String, after: Option<Duration> },
}

impl ListenBrainz {
    /// What an account loves, after the first `offset`.
    pub(crate) async fn loved_from(&self, fetch: &Fetcher, name: &str, offset: u64) -> Result<Page, Fault> {
        let Some(address) = self.loved_address(name, offset) else { return Ok(Page::Never) };
        let asked = Ask::get(address.as_str()).and_then(|ask| ask.authorized(&self.authorization()));
        let answered = match asked {
            Ok(ask) => match fetch.send(&ask).await {
                Ok(answer) => read(answer).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match answered {
            Ok(said) => Ok(meaning(&said)),
            Err(FetchError::Fault(fault)) => Err(fault),
            Err(error) => Ok(Page::Later { why: error.to_string(), after: None }),
        }
    }

    fn loved_address(&self, name: &str, offset: u64) -> Option<Url> {
        let mut address = Url::parse(&self.root).ok()?;
        let path = ["1", "feedback", "user", name, "get-feedback"];
        address.path_segments_mut().ok()?.pop_if_empty().extend(path);
        address
            .query_pairs_mut()
            .append_pair("score", &LOVED.to_string())
            .append_pair("count", &PAGE.to_string())
            .append_pair("offset", &offset.to_string());
        Some(address)
    }
}

fn meaning(said: &Said) -> Page {
    match said.status.as_u16() {
        200 => match said.body["feedback"].as_array() {
            Some(all) => {
                let loves = all.iter().take(PAGE).filter_map(love).collect();
                Page::Loves { loves, count: all.len().min(PAGE) as u64, after: said.after }
            }
            None => Page::Never,
        },
        401 => Page::Token,
        404 | 405 | 501 => Page::Never,
        _ => Page::Later { why: FetchError::Status(said.status, None).to_string(), after: said.after },
    }
}

fn love(said: &Value) -> Option<Love> {
    // Some servers give everything whatever was asked for.
    let loved = said["score"].as_i64().is_none_or(|score| score == LOVED);
    let recording = said["recording_mbid"].as_str().filter(|number| loved && number.len() <= 64)?;
    let since_s = said["created"].as_i64().filter(|at| *at > 0);
    Some(Love { recording: recording.to_owned(), since_s })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn said(status: u16, body: Value) -> Said {
        let status = StatusCode::from_u16(status).expect("a status");
        Said { status, after: None, counts: true, body }
    }

    #[test]
    fn only_what_is_loved_and_has_a_number_is_taken_and_all_of_it_counts() {
        let feedback = json!([
            { "recording_mbid": "one", "score": 1, "created": 1_700_000_000 },
            { "recording_mbid": "hated", "score": -1 },
            { "recording_msid": "unmapped", "recording_mbid": null, "score": 1 },
            7,
        ]);
        let Page::Loves { loves, count, .. } = meaning(&said(200, json!({ "feedback": feedback }))) else {
            panic!("there are some")
        };
        assert_eq!(loves, [Love { recording: "one".to_owned(), since_s: Some(1_700_000_000) }]);
        assert_eq!(count, 4, "so that the next page begins behind them");
        assert_eq!(meaning(&said(200, json!({ "error": "Invalid Method" }))), Page::Never);
        assert_eq!(meaning(&said(404, Value::Null)), Page::Never);
        assert_eq!(meaning(&said(401, Value::Null)), Page::Token);
        assert!(matches!(meaning(&said(503, Value::Null)), Page::Later { .. }));
    }

    #[test]
    fn a_name_with_marks_stays_a_name() {
        let token = super::super::Secret::new("t".to_owned());
        let account = ListenBrainz { root: "https://a.example/x".to_owned(), token };
        assert_eq!(
            account.loved_address("a/../b?d", 200).expect("an address").as_str(),
            "https://a.example/x/1/feedback/user/a%2F..%2Fb%3Fd/get-feedback?score=1&count=100&offset=200"
        );
    }
}
