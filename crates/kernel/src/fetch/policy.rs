//! What may be asked. The operator's, made once at the start; nothing in a request reaches it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;

use super::{
    address::{Network, is_public},
    own,
};

/// Ports on which the world serves HTTP. Others belong to mail, databases and the like, which answer, in their way, to
/// whoever makes this server speak to them.
const PORTS: [u16; 6] = [80, 443, 8000, 8008, 8080, 8443];

/// Turns names into addresses.
#[async_trait]
pub trait Names: Send + Sync {
    /// Every address of a name.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The names that this machine's system knows.
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// What may be asked, and how names are resolved.
#[derive(Clone)]
pub struct Policy {
    pub(super) names: Arc<dyn Names>,
    pub(super) roots: Vec<Vec<u8>>,
    allow: Vec<Network>,
    /// The networks that this machine is in; looked up when it is asked, for they change.
    own: fn() -> Vec<Network>,
}

impl Default for Policy {
    /// The public internet on the usual ports, and nothing else.
    fn default() -> Self {
        Self { names: Arc::new(SystemNames), roots: Vec::new(), allow: Vec::new(), own: own::networks }
    }
}

impl Policy {
    /// Admits a network of the operator's own, on every port.
    #[must_use]
    pub fn allowing(mut self, network: Network) -> Self {
        self.allow.push(network);
        self
    }

    /// With other names than the system's.
    #[must_use]
    pub fn with_names(mut self, names: Arc<dyn Names>) -> Self {
        self.names = names;
        self
    }

    /// Also believes servers whose certificate this root vouches for (DER).
    #[must_use]
    pub fn trusting(mut self, root: Vec<u8>) -> Self {
        self.roots.push(root);
        self
    }

    /// Whether this address may be connected to.
    pub fn permits(&self, address: SocketAddr) -> bool {
        let allowed = self.allow.iter().any(|network| network.contains(address.ip()));
        let public = || is_public(address.ip()) && PORTS.contains(&address.port());
        allowed || public() && !(self.own)().iter().any(|network| network.contains(address.ip()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_with_public_addresses_are_asked_only_if_the_operator_admits_them() {
        let policy = Policy { own: || vec!["8.1.2.0/23".parse().unwrap()], ..Policy::default() };
        let (near, far) = ("8.1.3.4:80".parse().unwrap(), "8.1.4.4:80".parse().unwrap());
        assert!(!policy.permits(near) && policy.permits(far));
        assert!(policy.allowing("8.1.3.4".parse().unwrap()).permits(near));
    }
}
