//! What the operator says about services.

use std::fmt;

/// Where Last.fm's API is.
const LASTFM_ROOT: &str = "https://ws.audioscrobbler.com/2.0/";
/// Where people allow a program to speak for them at Last.fm.
const LASTFM_PAGE: &str = "https://www.last.fm/api/auth/";

/// What the operator says about services.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The house's account as a program of Last.fm; without it nobody can connect there.
    pub lastfm: Option<Lastfm>,
}

/// The house as a program that Last.fm knows.
#[derive(Clone)]
pub struct Lastfm {
    /// Its key, which is no secret.
    pub key: String,
    /// What its calls are signed with.
    pub secret: String,
    /// Where the API is.
    pub root: String,
    /// Where people allow it.
    pub page: String,
}

impl Lastfm {
    /// With this key and secret, at Last.fm or at a server that speaks like it, such as `https://libre.fm/2.0/`. The
    /// reason in a sentence when the address is none.
    pub fn new(key: String, secret: String, root: Option<&str>) -> Result<Self, String> {
        let Some(root) = root else {
            return Ok(Self { key, secret, root: LASTFM_ROOT.to_owned(), page: LASTFM_PAGE.to_owned() });
        };
        let address =
            url::Url::parse(root).ok().filter(|address| matches!(address.scheme(), "http" | "https"));
        let page = address.and_then(|address| address.join("/api/auth/").ok());
        let page =
            page.ok_or_else(|| format!("`{root}` is no address; write it like https://libre.fm/2.0/"))?;
        Ok(Self { key, secret, root: root.to_owned(), page: page.into() })
    }
}

impl fmt::Debug for Lastfm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lastfm").field("root", &self.root).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_in_no_log_and_another_server_has_its_own_page() {
        let known = Lastfm::new("k".into(), "hush".into(), None).expect("fine");
        assert!(!format!("{known:?}").contains("hush"));
        let other = Lastfm::new("k".into(), "s".into(), Some("https://libre.fm/2.0/")).expect("fine");
        assert_eq!(
            (other.root.as_str(), other.page.as_str()),
            ("https://libre.fm/2.0/", "https://libre.fm/api/auth/")
        );
        for wrong in ["libre.fm", "ftp://libre.fm/", ""] {
            assert!(Lastfm::new("k".into(), "s".into(), Some(wrong)).is_err(), "{wrong}");
        }
    }
}
