//! Listens as `ListenBrainz` gives them back. Whatever of it makes no sense is left out.

use catalog::service::listens::Spoken;
use kernel::{Fault, fetch::Fetcher};
use serde_json::Value;
use url::Url;

use super::{
    listenbrainz::ListenBrainz,
    pages::{PAGE, Page},
};

/// Names of artists that are looked at in one listen.
const NAMES_MAX: usize = 8;
/// Characters of a text that is looked at.
const TEXT_CHARS_MAX: usize = 500;

/// A listen that was noted there.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    /// Seconds since 1970.
    pub(crate) at_s: i64,
    pub(crate) spoken: Spoken,
}

impl ListenBrainz {
    /// The listens of an account before a moment (not including it), the newest first.
    pub(crate) async fn listens_before(
        &self,
        fetch: &Fetcher,
        name: &str,
        before_s: Option<i64>,
    ) -> Result<Page<Vec<Noted>>, Fault> {
        self.page(fetch, self.address(name, before_s), listens).await
    }

    fn address(&self, name: &str, before_s: Option<i64>) -> Option<Url> {
        let before = before_s.map(|before_s| ("max_ts", before_s.to_string()));
        let query: Vec<_> = std::iter::once(("count", PAGE.to_string())).chain(before).collect();
        self.page_address(&["user", name, "listens"], &query)
    }
}

fn listens(body: &Value) -> Option<Vec<Noted>> {
    let listens = body["payload"]["listens"].as_array()?;
    Some(listens.iter().take(PAGE).filter_map(noted).collect())
}

fn noted(listen: &Value) -> Option<Noted> {
    let at_s = listen["listened_at"].as_i64().filter(|at| *at > 0)?;
    let told = &listen["track_metadata"];
    let (more, mapped) = (&told["additional_info"], &told["mbid_mapping"]);
    let either = |name: &str| text(&mapped[name]).or_else(|| text(&more[name]));
    let singles = more["artist_names"].as_array().into_iter().flatten();
    let credited =
        mapped["artists"].as_array().into_iter().flatten().map(|artist| &artist["artist_credit_name"]);
    let artists = std::iter::once(&told["artist_name"]).chain(singles).chain(credited);
    let spoken = Spoken {
        recording: either("recording_mbid"),
        release: either("release_mbid"),
        title: text(&told["track_name"])?,
        artists: artists.filter_map(text).take(NAMES_MAX).collect(),
        album: text(&told["release_name"]),
    };
    Some(Noted { at_s, spoken })
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.chars().take(TEXT_CHARS_MAX).collect::<String>();
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::remote::{Said, Secret, pages};

    fn meaning(said: &Said) -> Page<Vec<Noted>> {
        pages::meaning(said, listens)
    }

    fn said(status: u16, body: Value) -> Said {
        let status = StatusCode::from_u16(status).expect("a status");
        Said { status, after: None, counts: true, body }
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let good = json!({ "listened_at": 1_700_000_000, "track_metadata": { "artist_name": "Air", "track_name": "Moon",
            "additional_info": { "recording_mbid": "typed" }, "mbid_mapping": { "recording_mbid": "mapped" } } });
        let listens =
            json!([good, {}, 7, { "listened_at": "x" }, { "listened_at": -1, "track_metadata": {} }]);
        let Page::Found(found, _) = meaning(&said(200, json!({ "payload": { "listens": listens } }))) else {
            panic!("there are listens")
        };
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].spoken.recording.as_deref(),
            Some("mapped"),
            "what was looked up outweighs what was said"
        );
    }

    #[test]
    fn a_server_that_gives_nothing_back_is_told_from_one_that_is_away() {
        assert!(matches!(meaning(&said(200, json!({ "error": "Invalid Method" }))), Page::Never));
        assert!(matches!(meaning(&said(404, Value::Null)), Page::Never));
        assert!(matches!(meaning(&said(503, Value::Null)), Page::Later { .. }));
        assert!(matches!(meaning(&said(401, Value::Null)), Page::Token));
    }

    #[test]
    fn a_name_with_marks_stays_a_name() {
        let account =
            ListenBrainz { root: "https://a.example/x".to_owned(), token: Secret::new("t".to_owned()) };
        let address = account.address("a/../b c?d", Some(7)).expect("an address");
        assert_eq!(
            address.as_str(),
            "https://a.example/x/1/user/a%2F..%2Fb%20c%3Fd/listens?count=100&max_ts=7"
        );
    }
}
