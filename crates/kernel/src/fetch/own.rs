//! The networks that this machine is in itself, as Linux tells them. Their addresses may be public ones, and yet what
//! answers there trusts its neighbours.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::Network;

/// Networks of this machine's interfaces, and its own addresses; none on systems that do not tell.
pub(super) fn networks() -> Vec<Network> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let mut all = routes(&read("/proc/net/route"));
    all.extend(addresses(&read("/proc/net/fib_trie")));
    all.extend(addresses_v6(&read("/proc/net/if_inet6")));
    all
}

/// Of a table of routes those that lead to neighbours: without a gateway.
fn routes(table: &str) -> Vec<Network> {
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::to_ne_bytes);
    let network = |line: &str| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let (base, gateway) = (number(fields.get(1)?)?, number(fields.get(2)?)?);
        let bits = u32::from_be_bytes(number(fields.get(7)?)?).leading_ones();
        // What leads everywhere is no network of neighbours.
        let near = gateway == [0; 4] && bits > 0;
        near.then(|| Network::new(Ipv4Addr::from(base).into(), bits))
    };
    table.lines().skip(1).filter_map(network).collect()
}

/// This machine's own addresses, which stand above a line that says so.
fn addresses(trie: &str) -> Vec<Network> {
    let mut above: Option<IpAddr> = None;
    let mut all = Vec::new();
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            above = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            all.extend(above.map(|address| Network::new(address, 32)));
        }
    }
    all
}

/// The networks of addresses of the newer kind.
fn addresses_v6(table: &str) -> Vec<Network> {
    let network = |line: &str| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let address = Ipv6Addr::from(u128::from_str_radix(fields.first()?, 16).ok()?);
        let bits = u32::from_str_radix(fields.get(2)?, 16).ok().filter(|bits| (1..=128).contains(bits))?;
        Some(Network::new(address.into(), bits))
    };
    table.lines().filter_map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(networks: &[Network], address: &str) -> bool {
        networks.iter().any(|network| network.contains(address.parse().unwrap()))
    }

    #[test]
    fn neighbours_and_oneself_are_known_from_what_linux_tells() {
        let be = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let line = |base, gateway, mask| {
            format!("eth0\t{}\t{}\t0001\t0\t0\t0\t{}\t0\t0\t0\n", be(base), be(gateway), be(mask))
        };
        let table = [
            "Iface\tDestination\tGateway\n".to_owned(),
            line([0; 4], [8, 1, 2, 1], [0; 4]),
            line([8, 1, 2, 0], [0; 4], [255, 255, 254, 0]),
            line([9, 0, 0, 0], [8, 1, 2, 1], [255, 0, 0, 0]),
            line([0; 4], [0; 4], [0; 4]),
        ];
        let near = routes(&table.concat());
        assert!(holds(&near, "8.1.3.4") && !holds(&near, "8.1.4.1") && !holds(&near, "9.0.0.1"), "{near:?}");
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 8.1.2.3\n        /32 host LOCAL\n     |-- 8.1.3.255\n        /32 link BROADCAST\n";
        let own = addresses(trie);
        assert!(holds(&own, "8.1.2.3") && !holds(&own, "8.1.3.255"));
        let v6 = addresses_v6("26064700000000010000000000000005 02 40 00 80     eth0\nnonsense\n");
        assert!(holds(&v6, "2606:4700:0:1::9") && !holds(&v6, "2606:4700:0:2::9"));
    }
}
