//! `ListenBrainz`, and servers that speak like it. Its API: <https://listenbrainz.readthedocs.io/en/latest/users/api/>.

use catalog::service::listens::ListenFacts;
use http::StatusCode;
use kernel::{
    Fault,
    fetch::{Ask, FetchError, Fetcher},
};
use serde_json::{Map, Value, json};
use url::Url;

use crate::store::Account;

use super::{AWAITED, Listen, Said, Secret, Sent, cut, read, unreached, words};

/// Where it is.
pub(crate) const ROOT: &str = "https://api.listenbrainz.org";
/// Listens in one request, as documented.
pub(crate) const LISTENS_MAX: usize = 1_000;
/// It takes nothing that was heard before 1 October 2002, when the first service of this kind began.
const EARLIEST_S: i64 = 1_033_430_400;
/// What is shown of what was heard before.
pub(crate) const TOO_OLD: &str = "ListenBrainz takes nothing that was heard before October 2002.";
/// Artists that are named one by one.
const ARTISTS_MAX: usize = 8;
/// Characters of each of their names.
const NAME_CHARS_MAX: usize = 100;
/// Bytes of one listen, as documented.
#[cfg(test)]
const LISTEN_BYTES_MAX: usize = 10_240;

/// An account there.
#[derive(Clone, Debug)]
pub(crate) struct ListenBrainz {
    pub(crate) root: String,
    pub(crate) token: Secret,
}

/// The root of a server's API as it is kept: whoever types it may or may not write the version, and a slash, behind it.
pub(crate) fn root(typed: &str) -> Result<String, FetchError> {
    let address = Ask::get(typed)?.address().clone();
    if address.query().is_some() {
        return Err(FetchError::Address("The address of a server has no question mark in it."));
    }
    let text = address.as_str().trim_end_matches('/');
    Ok(text.strip_suffix("/1").unwrap_or(text).trim_end_matches('/').to_owned())
}

/// Why a listen can't be sent at all.
pub(crate) fn unfit(listen: &Listen) -> Option<&'static str> {
    if listen.at_s < EARLIEST_S {
        return Some(TOO_OLD);
    }
    None
}

impl ListenBrainz {
    /// The account; `None` when the token is not accepted.
    ///
    /// Servers that only speak like it do not all know single listens again within a batch: Maloja 3.2 stops at the first
    /// that it has, and says that all is well. So only one that counts requests as `ListenBrainz` does is sent batches.
    pub(crate) async fn validate(&self, fetch: &Fetcher) -> Result<Option<Account>, FetchError> {
        let ask = Ask::get(&format!("{}/1/validate-token", self.root))?.authorized(&self.authorization())?;
        let said = read(fetch.send(&ask.limits(AWAITED)).await?).await?;
        if said.status == StatusCode::UNAUTHORIZED
            || (said.status == StatusCode::FORBIDDEN && said.body.is_object())
        {
            return Ok(None);
        }
        if !said.status.is_success() {
            return Err(FetchError::Status(said.status, said.after.map(|after| after.long.as_secs())));
        }
        let Some(valid) = said.body["valid"].as_bool() else {
            return Err(FetchError::NotReachable("it does not speak like ListenBrainz".to_owned()));
        };
        let name = said.body["user_name"].as_str().map(words).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "you".to_owned());
        Ok(valid.then(|| Account { root: self.root.clone(), name, batches: said.counts }))
    }

    /// Sends listens; at most [`LISTENS_MAX`].
    pub(crate) async fn submit(&self, fetch: &Fetcher, listens: &[Listen]) -> Result<Sent, Fault> {
        let kind = if listens.len() == 1 { "single" } else { "import" };
        let payload: Vec<Value> = listens
            .iter()
            .map(|listen| json!({ "listened_at": listen.at_s, "track_metadata": metadata(&listen.facts) }))
            .collect();
        self.send(fetch, kind, &payload).await
    }

    /// Tells what plays now.
    pub(crate) async fn playing(&self, fetch: &Fetcher, facts: &ListenFacts) -> Result<Sent, Fault> {
        self.send(fetch, "playing_now", &[json!({ "track_metadata": metadata(facts) })]).await
    }

    /// Tells whether a recording is loved, by its `MusicBrainz` number; `None` when the server keeps nothing of the kind.
    pub(crate) async fn favour(
        &self,
        fetch: &Fetcher,
        recording: &str,
        loved: bool,
    ) -> Result<Option<Sent>, Fault> {
        let body = json!({ "recording_mbid": recording, "score": i32::from(loved) });
        match self.post(fetch, "feedback/recording-feedback", &body).await {
            Err(error) => unreached(error).map(Some),
            Ok(said) => Ok(favoured(&said)),
        }
    }

    async fn send(&self, fetch: &Fetcher, kind: &str, payload: &[Value]) -> Result<Sent, Fault> {
        let body = json!({ "listen_type": kind, "payload": payload });
        match self.post(fetch, "submit-listens", &body).await {
            Err(error) => unreached(error),
            Ok(said) => Ok(meaning(&said)),
        }
    }

    async fn post(&self, fetch: &Fetcher, method: &str, body: &Value) -> Result<Said, FetchError> {
        let ask = Ask::post(&format!("{}/1/{method}", self.root), "application/json", body.to_string())?;
        read(fetch.send(&ask.authorized(&self.authorization())?).await?).await
    }

    pub(crate) fn authorization(&self) -> String {
        format!("Token {}", self.token.reveal())
    }
}

/// What an answer to listens means.
fn meaning(said: &Said) -> Sent {
    let own = said.body["error"].as_str().or(said.body["message"].as_str()).map(words);
    let own = own.filter(|own| !own.is_empty());
    match said.status.as_u16() {
        200..300 => Sent::Taken { refused: Vec::new(), pause: said.pause() },
        401 => Sent::Token(own.unwrap_or_default()),
        // A proxy before the server forbids without words of the API's kind, and means us and not the token.
        403 if said.body.is_object() => Sent::Token(own.unwrap_or_default()),
        400 | 413 | 422 => Sent::Refused(own.unwrap_or_else(|| "It gave no reason.".to_owned())),
        code => {
            let why = FetchError::Status(said.status, None).to_string();
            let why =
                own.filter(|_| code != 429).map_or(why, |own| format!("The other server answered: {own}"));
            Sent::Later { why, after: said.after }
        }
    }
}

/// What an answer to a favourite means; `None` when the server has never heard of such. Maloja 3.2 says so with a status
/// of 200.
fn favoured(said: &Said) -> Option<Sent> {
    match said.status.as_u16() {
        404 | 405 | 501 => None,
        200..300 if said.body.get("error").is_some() => None,
        _ => Some(meaning(said)),
    }
}

/// A track as `ListenBrainz` describes it.
fn metadata(facts: &ListenFacts) -> Value {
    let mut more = Map::new();
    more.insert("media_player".to_owned(), "Odeon".into());
    more.insert("submission_client".to_owned(), "Odeon".into());
    more.insert("submission_client_version".to_owned(), env!("CARGO_PKG_VERSION").into());
    if facts.duration_ms > 0 {
        more.insert("duration_ms".to_owned(), facts.duration_ms.into());
    }
    if let Some(number) = facts.number {
        more.insert("tracknumber".to_owned(), number.into());
    }
    let single = [
        ("recording_mbid", &facts.recording),
        ("release_mbid", &facts.release),
        ("release_group_mbid", &facts.release_group),
        ("isrc", &facts.isrc),
    ];
    for (name, value) in single {
        if let Some(value) = value {
            more.insert(name.to_owned(), cut(value).into());
        }
    }
    let artists = || facts.artists.iter().take(ARTISTS_MAX);
    let numbers: Vec<&str> = artists().filter_map(|artist| artist.musicbrainz.as_deref()).collect();
    if !numbers.is_empty() {
        more.insert("artist_mbids".to_owned(), json!(numbers));
    }
    if facts.artists.len() > 1 {
        let names: Vec<String> =
            artists().map(|artist| artist.name.chars().take(NAME_CHARS_MAX).collect()).collect();
        more.insert("artist_names".to_owned(), json!(names));
    }
    let mut metadata = json!({
        "artist_name": cut(&facts.artist), "track_name": cut(&facts.title), "additional_info": more
    });
    if let Some(album) = &facts.album {
        metadata["release_name"] = cut(album).into();
    }
    metadata
}

/// The server of a root, for people.
pub(crate) fn host(root: &str) -> String {
    let address = Url::parse(root).ok();
    let host = address.as_ref().and_then(Url::host_str).unwrap_or(root);
    match address.as_ref().and_then(Url::port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: Value) -> Said {
        Said { status: StatusCode::from_u16(status).expect("a status"), after: None, counts: false, body }
    }

    #[test]
    fn a_root_is_the_same_however_it_is_typed() {
        for typed in [
            "https://a.example/x",
            "https://a.example/x/",
            "https://a.example/x/1",
            " https://a.example/x/1/ ",
        ] {
            assert_eq!(root(typed).expect("an address"), "https://a.example/x");
        }
        assert_eq!(root("https://a.example/1").expect("an address"), "https://a.example");
        for wrong in ["a.example", "ftp://a.example", "https://u:p@a.example", "https://a.example/?q=1"] {
            assert!(root(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_answer_means_what_it_says() {
        let error = |text: &str| json!({ "code": 0, "error": text });
        assert_eq!(meaning(&said(401, error("no"))), Sent::Token("no".to_owned()));
        assert_eq!(meaning(&said(403, error("no"))), Sent::Token("no".to_owned()));
        assert!(matches!(meaning(&said(403, Value::Null)), Sent::Later { .. }), "a proxy forbids");
        assert_eq!(meaning(&said(400, error("bad\n  one"))), Sent::Refused("bad one".to_owned()));
        for status in [302, 404, 405, 429, 500, 503] {
            assert!(matches!(meaning(&said(status, error("x"))), Sent::Later { .. }), "{status}");
        }
    }

    #[test]
    fn a_server_without_favourites_is_told_from_one_that_refuses_them() {
        let taken = Sent::Taken { refused: Vec::new(), pause: std::time::Duration::ZERO };
        assert_eq!(favoured(&said(200, json!({ "status": "ok" }))), Some(taken));
        assert_eq!(favoured(&said(200, json!({ "error": "Invalid Method" }))), None);
        assert_eq!(favoured(&said(404, json!({ "error": "Not found" }))), None);
        assert!(matches!(favoured(&said(400, json!({ "error": "x" }))), Some(Sent::Refused(_))));
        assert!(matches!(favoured(&said(401, json!({ "error": "x" }))), Some(Sent::Token(_))));
        assert!(matches!(favoured(&said(503, Value::Null)), Some(Sent::Later { .. })));
    }

    #[test]
    fn a_listen_of_the_longest_texts_stays_below_what_is_taken() {
        let long = "𝄞".repeat(1_000);
        let artist = catalog::service::listens::ListenArtist { name: long.clone(), musicbrainz: None };
        let facts = ListenFacts {
            title: long.clone(),
            artist: long.clone(),
            artists: vec![artist; 20],
            album: Some(long),
            ..ListenFacts::default()
        };
        assert!(metadata(&facts).to_string().len() < LISTEN_BYTES_MAX);
    }
}
