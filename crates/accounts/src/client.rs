//! What a request says about the client that sent it: its address, how it reached us, its cookie, and whether it
//! came from our own page.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use kernel::{Fault, Problem};

use crate::{model::AGENT_CHARS_MAX, service::session::SESSION_DAYS_MAX};

/// What accounts must know of how the program is reached.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where people reach the program, such as `https://odeon.example.org`, if the operator said so.
    pub public_url: Option<String>,
    /// Whether every request comes through a proxy of the operator's that sets `X-Forwarded-For` and
    /// `X-Forwarded-Proto`. Only then are these believed, and of the first only the last address, which is the one
    /// that the proxy saw itself; what stands before it is the client's own claim.
    pub trust_proxy: bool,
}

/// The cookie of a connection that nobody between can read: the browser itself then refuses it from other hosts,
/// other paths and plain HTTP.
const COOKIE_SECURE: &str = "__Host-odeon";
/// The cookie on plain HTTP, where a browser would not take the other.
const COOKIE_PLAIN: &str = "odeon";
/// The header that a page of another site can't add without being asked first whether it may.
const OWN_PAGE: &str = "x-odeon";

/// The client of a request.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Where it is; `None` when the connection has no address.
    pub(crate) address: Option<IpAddr>,
    /// Whether nobody between can read the connection.
    pub(crate) secure: bool,
    /// What it calls itself.
    pub(crate) agent: String,
}

impl Client {
    /// Reads what `parts` says, as far as `config` lets it be believed.
    pub(crate) fn of(parts: &Parts, config: &Config) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let forwarded = if config.trust_proxy { forwarded_address(&parts.headers) } else { None };
        let address = forwarded.or(peer).map(|address| address.to_canonical());
        Self { address, secure: is_secure(&parts.headers, config), agent: agent(&parts.headers) }
    }

    /// The name of the cookie that this client gets and sends.
    fn cookie_name(&self) -> &'static str {
        if self.secure { COOKIE_SECURE } else { COOKIE_PLAIN }
    }

    /// The session token that the request's cookie holds, if any.
    pub(crate) fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.cookie_name()).map(|(_, value)| value).next()
    }

    /// The header that gives the client its session.
    pub(crate) fn set_cookie(&self, token: &str) -> Result<HeaderValue, Fault> {
        self.cookie_header(token, SESSION_DAYS_MAX * 24 * 3600)
    }

    /// The header that takes the session from the client.
    pub(crate) fn clear_cookie(&self) -> Result<HeaderValue, Fault> {
        self.cookie_header("", 0)
    }

    fn cookie_header(&self, token: &str, seconds: u64) -> Result<HeaderValue, Fault> {
        let name = self.cookie_name();
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).map_err(|error| Fault::from_error("a cookie can't be written", error))
    }
}

impl<S> FromRequestParts<S> for Client
where
    Config: FromRef<S>,
    S: Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &Config::from_ref(state)))
    }
}

/// The last address of `X-Forwarded-For`, with or without a port.
fn forwarded_address(headers: &HeaderMap) -> Option<IpAddr> {
    let last = last_entry(headers, "x-forwarded-for")?;
    let address = last.parse::<IpAddr>().or_else(|_| last.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().or_else(|| last.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// The last entry of a header that is a list; the last is what the nearest proxy wrote.
fn last_entry<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

fn is_secure(headers: &HeaderMap, config: &Config) -> bool {
    let public = config.public_url.as_deref().and_then(Origin::parse);
    if config.trust_proxy {
        // The host is then the proxy's business; only the scheme that it names counts.
        return match last_entry(headers, "x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => public.is_some_and(|public| public.https),
        };
    }
    let Some(host) = host(headers) else { return false };
    is_loopback(&host) || public.is_some_and(|public| public.https && public.is_at(&host))
}

fn host(headers: &HeaderMap) -> Option<String> {
    headers.get(header::HOST)?.to_str().ok().map(str::to_ascii_lowercase)
}

/// Where this request reached us, as `https://name:port`: the public address if the operator said one, else what the
/// request asked for. `None` when it names no host that could be one.
pub(crate) fn origin(headers: &HeaderMap, config: &Config) -> Option<String> {
    if let Some(public) = &config.public_url {
        return Some(public.trim().trim_end_matches('/').to_owned());
    }
    let host = host(headers)?;
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if host.is_empty() || !host.bytes().all(plain) {
        return None;
    }
    let forwarded = if config.trust_proxy { last_entry(headers, "x-forwarded-proto") } else { None };
    let https = forwarded.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    Some(format!("{}://{host}", if https { "https" } else { "http" }))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

fn agent(headers: &HeaderMap) -> String {
    let bytes = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|c| !c.is_control()).take(AGENT_CHARS_MAX).collect()
}

/// A scheme with a host and port, as browsers name where a page came from.
struct Origin {
    https: bool,
    authority: String,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.trim().parse().ok()?;
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Some(Self { https, authority: uri.authority()?.as_str().to_ascii_lowercase() })
    }

    /// Whether this is at `host`, the usual port said or not.
    fn is_at(&self, host: &str) -> bool {
        let usual = if self.https { ":443" } else { ":80" };
        let bare = |text: &str| text.strip_suffix(usual).unwrap_or(text).to_owned();
        bare(&self.authority) == bare(host)
    }
}

/// Refuses a request that changes something and that a page of another site may have sent with our cookie.
///
/// What browsers say of a request's origin is checked whenever they say it, so that nobody is signed in to somebody
/// else's account either; `with_cookie` also asks for the header `X-Odeon`.
pub(crate) fn check_origin(parts: &Parts, config: &Config, with_cookie: bool) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let headers = &parts.headers;
    if with_cookie && !headers.contains_key(OWN_PAGE) {
        return Err(csrf("Send the header X-Odeon: 1 with requests that change something."));
    }
    if let Some(site) = headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(csrf("The request came from a page of another site."));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().ok().and_then(Origin::parse);
        if !origin.is_some_and(|origin| is_ours(&origin, headers, config)) {
            return Err(csrf(
                "The request's Origin is not this server's Host. If a proxy stands between, have it pass Host on or \
                 set the public URL.",
            ));
        }
    }
    Ok(())
}

fn is_ours(origin: &Origin, headers: &HeaderMap, config: &Config) -> bool {
    let public = config.public_url.as_deref().and_then(Origin::parse);
    host(headers).is_some_and(|host| origin.is_at(&host))
        || public.is_some_and(|public| public.https == origin.https && origin.is_at(&public.authority))
}

fn csrf(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "csrf", "This request may not come from our own page").detail(detail)
}
