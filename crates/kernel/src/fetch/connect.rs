//! From an address to a connection over which one request goes.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, ServerName},
};
use rustls_platform_verifier::Verifier;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::AbortHandle,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::{FetchError, Policy, at_most};
use crate::Fault;

/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Header lines of it.
const HEADERS_MAX: usize = 128;
/// Addresses of a name that are tried.
const ADDRESSES_TRIED_MAX: usize = 4;

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) struct Connector {
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(policy: &Policy) -> Result<Self, Fault> {
        let broken = |error| Fault::from_error("encryption for asking other servers can't be set up", error);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = policy.roots.iter().map(|root| CertificateDer::from(root.clone()));
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(broken)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(broken)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Resolves, checks, connects to one of the addresses that were checked, and encrypts.
    pub(super) async fn connect(
        &self,
        policy: &Policy,
        address: &Url,
        limit: Duration,
    ) -> Result<Box<dyn Stream>, FetchError> {
        at_most(limit, async {
            let stream = connect_to_one(&permitted(policy, address).await?).await?;
            if address.scheme() == "http" {
                return Ok(Box::new(stream) as Box<dyn Stream>);
            }
            let name = server_name(address)?;
            let encrypted = self.tls.connect(name, stream).await;
            let encrypted = encrypted
                .map_err(|error| FetchError::NotReachable(format!("no safe connection ({error})")))?;
            Ok(Box::new(encrypted) as Box<dyn Stream>)
        })
        .await
    }
}

/// The addresses behind a host that may be connected to. These very addresses are then connected to: who resolves the
/// name a second time may get another answer.
async fn permitted(policy: &Policy, address: &Url) -> Result<Vec<SocketAddr>, FetchError> {
    let port = address.port_or_known_default().unwrap_or(0);
    let all: Vec<IpAddr> = match address.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        Some(Host::Domain(name)) => {
            let found = policy.names.addresses(name).await;
            found.map_err(|_| FetchError::NotReachable("its name is not known".to_owned()))?
        }
        None => return Err(FetchError::Address("This address names no server.")),
    };
    if all.is_empty() {
        return Err(FetchError::NotReachable("its name has no address".to_owned()));
    }
    let all = all.into_iter().map(|ip| SocketAddr::new(ip, port));
    let permitted: Vec<_> =
        all.filter(|address| policy.permits(*address)).take(ADDRESSES_TRIED_MAX).collect();
    if permitted.is_empty() { Err(FetchError::Refused) } else { Ok(permitted) }
}

async fn connect_to_one(addresses: &[SocketAddr]) -> Result<TcpStream, FetchError> {
    let mut why = String::new();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => why = error.kind().to_string(),
        }
    }
    Err(FetchError::NotReachable(why))
}

fn server_name(address: &Url) -> Result<ServerName<'static>, FetchError> {
    let name = match address.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(address)) => Some(ServerName::from(IpAddr::from(address))),
        Some(Host::Ipv6(address)) => Some(ServerName::from(IpAddr::from(address))),
        None => None,
    };
    name.ok_or(FetchError::Address("This address names no server."))
}

/// What drives a connection; it ends with whoever reads from it, so that a body without end ends too.
pub(super) struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One request and the head of its answer.
pub(super) async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    limit: Duration,
) -> Result<(Response<Incoming>, Driver), FetchError> {
    at_most(limit, async {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broke_off)?;
        let driver = Driver(tokio::spawn(connection).abort_handle());
        let response = sender.send_request(request).await.map_err(broke_off)?;
        Ok((response, driver))
    })
    .await
}

/// What hyper found wrong, for a reader.
#[expect(clippy::needless_pass_by_value, reason = "so that it can be named where an error is mapped")]
pub(super) fn broke_off(error: hyper::Error) -> FetchError {
    if error.is_parse_too_large() {
        return FetchError::TooLarge(HEAD_BYTES_MAX as u64);
    }
    let why = if error.is_parse() { "its answer is not HTTP" } else { "the connection broke off" };
    FetchError::NotReachable(why.to_owned())
}
