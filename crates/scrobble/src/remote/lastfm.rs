//! Last.fm, and servers that speak like it. Its API: <https://www.last.fm/api/scrobbling> and
//! <https://www.last.fm/api/authspec>.

use std::{collections::BTreeMap, time::Duration};

use catalog::service::listens::ListenFacts;
use http::StatusCode;
use kernel::{
    Fault,
    fetch::{Ask, FetchError, Fetcher},
};
use md5::{Digest as _, Md5};
use serde_json::Value;

use super::{AWAITED, Listen, Said, Secret, Sent, Wait, Whom, cut, read, unreached, words};
use crate::Lastfm;

/// Listens in one request, as documented.
pub(crate) const LISTENS_MAX: usize = 50;
/// An account that has told too much in a day is left alone for this long.
const DAILY_PAUSE: Duration = Duration::from_hours(6);
/// What is shown of what it ignored since it waited for too long.
pub(crate) const TOO_OLD: &str = "It was heard too long ago: Last.fm takes what is at most two weeks old.";
/// A house that has asked too often and was not told for how long leaves the service alone for this long.
const OFTEN_PAUSE: Duration = Duration::from_mins(1);

/// Codes of errors: <https://www.last.fm/api/errorcodes>.
mod code {
    pub(super) const AUTHENTICATION: i64 = 4;
    pub(super) const PARAMETERS: i64 = 6;
    pub(super) const SESSION: i64 = 9;
    pub(super) const NOT_ALLOWED_YET: i64 = 14;
    pub(super) const EXPIRED: i64 = 15;
    pub(super) const TOO_OFTEN: i64 = 29;
}

/// An account there.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) program: Lastfm,
    pub(crate) session: Secret,
}

/// What became of asking for a session.
pub(crate) enum Session {
    /// The account's name, and what speaks for it from now on.
    Open(String, Secret),
    /// It was not allowed yet.
    NotYet,
    /// The token holds no longer.
    Expired,
    /// Otherwise: the service's words.
    Failed(String),
}

/// A token that its owner must allow at the service's page.
pub(crate) async fn token(program: &Lastfm, fetch: &Fetcher) -> Result<Result<Secret, String>, FetchError> {
    let said = call(program, fetch, BTreeMap::from([("method", "auth.getToken".to_owned())])).await?;
    Ok(match said.body["token"].as_str().filter(|token| !token.is_empty() && token.len() <= 256) {
        Some(token) => Ok(Secret::new(token.to_owned())),
        None => Err(own_words(&said)),
    })
}

/// Where to allow a token.
pub(crate) fn page(program: &Lastfm, token: &Secret) -> String {
    let pairs = [("api_key", program.key.as_str()), ("token", token.reveal())];
    format!("{}?{}", program.page, form(pairs.into_iter()))
}

/// What a token that was allowed is exchanged for.
pub(crate) async fn session(
    program: &Lastfm,
    fetch: &Fetcher,
    token: &Secret,
) -> Result<Session, FetchError> {
    let fields =
        BTreeMap::from([("method", "auth.getSession".to_owned()), ("token", token.reveal().to_owned())]);
    let said = call(program, fetch, fields).await?;
    let session = &said.body["session"];
    if let (Some(name), Some(key)) = (session["name"].as_str(), session["key"].as_str()) {
        return Ok(Session::Open(words(name), Secret::new(key.to_owned())));
    }
    Ok(match error_code(&said) {
        Some(code::NOT_ALLOWED_YET) => Session::NotYet,
        Some(code::AUTHENTICATION | code::EXPIRED) => Session::Expired,
        _ => Session::Failed(own_words(&said)),
    })
}

impl Account {
    /// Sends listens; at most [`LISTENS_MAX`].
    pub(crate) async fn submit(&self, fetch: &Fetcher, listens: &[Listen]) -> Result<Sent, Fault> {
        let mut fields = BTreeMap::new();
        for (place, listen) in listens.iter().enumerate() {
            fields.insert(format!("timestamp[{place}]"), listen.at_s.to_string());
            for (name, value) in described(&listen.facts) {
                fields.insert(format!("{name}[{place}]"), value);
            }
        }
        self.call(fetch, "track.scrobble", fields, listens.len()).await
    }

    /// Tells what plays now.
    pub(crate) async fn playing(&self, fetch: &Fetcher, facts: &ListenFacts) -> Result<Sent, Fault> {
        let fields = described(facts).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.call(fetch, "track.updateNowPlaying", fields, 0).await
    }

    /// Tells whether a track is loved.
    pub(crate) async fn favour(
        &self,
        fetch: &Fetcher,
        facts: &ListenFacts,
        loved: bool,
    ) -> Result<Sent, Fault> {
        let fields = [("artist", cut(&facts.artist)), ("track", cut(&facts.title))];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.call(fetch, if loved { "track.love" } else { "track.unlove" }, fields, 0).await
    }

    async fn call(
        &self,
        fetch: &Fetcher,
        method: &str,
        fields: BTreeMap<String, String>,
        listens: usize,
    ) -> Result<Sent, Fault> {
        let mut all: BTreeMap<&str, String> =
            fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        all.insert("method", method.to_owned());
        all.insert("sk", self.session.reveal().to_owned());
        match call(&self.program, fetch, all).await {
            Err(error) => unreached(error),
            Ok(said) => Ok(meaning(&said, listens)),
        }
    }
}

/// A track as Last.fm asks for it.
fn described(facts: &ListenFacts) -> Vec<(&'static str, String)> {
    let mut fields = vec![("artist", cut(&facts.artist)), ("track", cut(&facts.title))];
    let album_artist = facts.album_artist.as_ref().filter(|name| **name != facts.artist);
    for (name, value) in
        [("album", facts.album.as_ref()), ("albumArtist", album_artist), ("mbid", facts.recording.as_ref())]
    {
        fields.extend(value.map(|value| (name, cut(value))));
    }
    fields.extend(facts.number.map(|number| ("trackNumber", number.to_string())));
    if facts.duration_ms >= 1000 {
        fields.push(("duration", (facts.duration_ms / 1000).to_string()));
    }
    fields
}

/// A call, signed: MD5 over all names and values in order and the secret, as the service asks for it.
async fn call(
    program: &Lastfm,
    fetch: &Fetcher,
    mut fields: BTreeMap<&str, String>,
) -> Result<Said, FetchError> {
    fields.insert("api_key", program.key.clone());
    let signature = signature(&fields, &program.secret);
    fields.insert("api_sig", signature);
    fields.insert("format", "json".to_owned());
    let body = form(fields.iter().map(|(name, value)| (*name, value.as_str())));
    let ask = Ask::post(&program.root, "application/x-www-form-urlencoded", body)?;
    read(fetch.send(&ask.limits(AWAITED)).await?).await
}

fn signature(fields: &BTreeMap<&str, String>, secret: &str) -> String {
    let mut hasher = Md5::new();
    for (name, value) in fields {
        hasher.update(name);
        hasher.update(value);
    }
    hasher.update(secret);
    hasher.finalize().iter().fold(String::with_capacity(32), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn form<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn error_code(said: &Said) -> Option<i64> {
    let code = &said.body["error"];
    code.as_i64().or_else(|| code.as_str()?.parse().ok())
}

fn own_words(said: &Said) -> String {
    let own = said.body["message"].as_str().map(words).filter(|own| !own.is_empty());
    own.unwrap_or_else(|| FetchError::Status(said.status, None).to_string())
}

/// What an answer to `count` listens means.
fn meaning(said: &Said, count: usize) -> Sent {
    match error_code(said) {
        None if said.status.is_success() && said.body.is_object() => taken(said, count),
        Some(code::AUTHENTICATION | code::SESSION) => Sent::Token(own_words(said)),
        Some(code::PARAMETERS) => Sent::Refused(own_words(said)),
        // Also what is wrong with the house's own key: the operator can mend that, and nobody's listens are lost.
        code => {
            let often = code == Some(code::TOO_OFTEN) || said.status == StatusCode::TOO_MANY_REQUESTS;
            let long = said.after.map_or(OFTEN_PAUSE, |after| after.long);
            let after = if often { Some(Wait { whom: Whom::House, long }) } else { said.after };
            Sent::Later { why: format!("Last.fm answered: {}", own_words(said)), after }
        }
    }
}

fn taken(said: &Said, count: usize) -> Sent {
    let each = match &said.body["scrobbles"]["scrobble"] {
        Value::Array(each) => each.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let mut refused = Vec::new();
    for (place, one) in each.iter().take(count).enumerate() {
        let ignored = &one["ignoredMessage"]["code"];
        let code = ignored.as_i64().or_else(|| ignored.as_str()?.parse().ok()).unwrap_or(0);
        let own = one["ignoredMessage"]["#text"].as_str().map(words).filter(|own| !own.is_empty());
        let why = match code {
            0 => continue,
            // The whole of it is not taken today, also what was not looked at.
            5 => {
                let why = "Last.fm takes no more listens of this account today.".to_owned();
                let after = Some(Wait { whom: Whom::Queue, long: DAILY_PAUSE });
                return Sent::Later { why, after };
            }
            1 => "Last.fm does not take this artist.".to_owned(),
            2 => "Last.fm does not take this title.".to_owned(),
            3 => TOO_OLD.to_owned(),
            4 => "Its time lies in the future.".to_owned(),
            _ => own.unwrap_or_else(|| "Last.fm gave no reason.".to_owned()),
        };
        refused.push((place, why));
    }
    Sent::Taken { refused, pause: said.pause() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(status: u16, body: Value) -> Said {
        Said { status: StatusCode::from_u16(status).expect("a status"), after: None, counts: false, body }
    }

    #[test]
    fn calls_are_signed_over_all_fields_in_order() {
        let fields = BTreeMap::from([("method", "auth.getToken".to_owned()), ("api_key", "k".to_owned())]);
        // md5 of "api_keykmethodauth.getTokens", made with md5sum.
        assert_eq!(signature(&fields, "s"), "fcb68e4c03131d77e8851e889687a441");
    }

    #[test]
    fn each_answer_means_what_it_says() {
        let error = |code: i64| json!({ "error": code, "message": "words" });
        assert_eq!(meaning(&said(403, error(9)), 1), Sent::Token("words".to_owned()));
        assert_eq!(meaning(&said(400, error(6)), 1), Sent::Refused("words".to_owned()));
        for code in [8, 10, 11, 13, 16, 26, 29] {
            assert!(matches!(meaning(&said(200, error(code)), 1), Sent::Later { .. }), "{code}");
        }
        assert!(matches!(meaning(&said(500, Value::Null), 1), Sent::Later { .. }));
        assert!(matches!(meaning(&said(200, Value::Null), 1), Sent::Later { .. }), "a page, not an answer");
        let one = |code: &str| json!({ "ignoredMessage": { "code": code, "#text": "" } });
        let all = |each: Value| json!({ "scrobbles": { "scrobble": each, "@attr": {} } });
        let taken = Sent::Taken { refused: Vec::new(), pause: Duration::ZERO };
        assert_eq!(meaning(&said(200, all(one("0"))), 1), taken);
        let Sent::Taken { refused, .. } = meaning(&said(200, all(json!([one("0"), one("3")]))), 2) else {
            panic!("they are taken")
        };
        assert_eq!(refused.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1]);
        assert!(matches!(meaning(&said(200, all(json!([one("5")]))), 1), Sent::Later { .. }));
    }
}
