//! What an account at `ListenBrainz` loves, as it gives that back. Whatever of it makes no sense is left out.

use kernel::{Fault, fetch::Fetcher};
use serde_json::Value;
use url::Url;

use super::{
    listenbrainz::ListenBrainz,
    pages::{PAGE, Page},
};

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

/// Some of what somebody loves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loves {
    /// Those that can be understood.
    pub(crate) loves: Vec<Love>,
    /// Among so many.
    pub(crate) count: u64,
}

impl ListenBrainz {
    /// What an account loves, after the first `offset`.
    pub(crate) async fn loved_from(
        &self,
        fetch: &Fetcher,
        name: &str,
        offset: u64,
    ) -> Result<Page<Loves>, Fault> {
        self.page(fetch, self.loved_address(name, offset), loves).await
    }

    fn loved_address(&self, name: &str, offset: u64) -> Option<Url> {
        let query =
            [("score", LOVED.to_string()), ("count", PAGE.to_string()), ("offset", offset.to_string())];
        self.page_address(&["feedback", "user", name, "get-feedback"], &query)
    }
}

fn loves(body: &Value) -> Option<Loves> {
    let all = body["feedback"].as_array()?;
    let loves = all.iter().take(PAGE).filter_map(love).collect();
    Some(Loves { loves, count: all.len().min(PAGE) as u64 })
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
    use crate::remote::{Said, Secret, pages};

    fn meaning(said: &Said) -> Page<Loves> {
        pages::meaning(said, loves)
    }

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
        let Page::Found(Loves { loves, count }, _) = meaning(&said(200, json!({ "feedback": feedback })))
        else {
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
        let token = Secret::new("t".to_owned());
        let account = ListenBrainz { root: "https://a.example/x".to_owned(), token };
        assert_eq!(
            account.loved_address("a/../b?d", 200).expect("an address").as_str(),
            "https://a.example/x/1/feedback/user/a%2F..%2Fb%3Fd/get-feedback?score=1&count=100&offset=200"
        );
    }
}
