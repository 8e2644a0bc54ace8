//! Which peers may speak for somebody else.

use std::net::IpAddr;

use ipnet::IpNet;

/// The most entries that `trusted_proxies` takes. Real deployments list a handful of networks.
pub const MAX_NETWORKS: usize = 64;

/// How many addresses of one `X-Forwarded-For` are looked at. Chains are two or three long.
const MAX_HOPS: usize = 32;

/// The networks of the reverse proxies in front of the server.
///
/// The forwarding headers of anybody else are ignored: they are text that the caller chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts the peers in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether the forwarding headers of this peer are believed.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// The address that a request comes from, out of the peer of the connection and the values of its
    /// `X-Forwarded-For` headers in their order.
    ///
    /// The list is read from its end, where the nearest proxy appended what it saw, and the first address
    /// that is not itself a trusted proxy wins. Text that is no address ends the walk: what stands left of it
    /// is not vouched for.
    pub fn client_address<'a, I>(&self, peer: IpAddr, forwarded_for: I) -> IpAddr
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: DoubleEndedIterator,
    {
        let mut nearest = peer.to_canonical();
        if !self.contains(nearest) {
            return nearest;
        }
        let hops = forwarded_for.into_iter().rev().flat_map(|value| value.rsplit(','));
        for hop in hops.take(MAX_HOPS) {
            let Some(address) = parse_hop(hop.trim()) else { return nearest };
            nearest = address;
            if !self.contains(address) {
                return nearest;
            }
        }
        nearest
    }
}

/// Some proxies write a port after the address, and brackets around IPv6.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    address.or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

/// Reads `10.0.0.0/8`, `fd00::/8` or a single address.
pub fn parse(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical())))
        .map(|network| network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[&str]) -> String {
        let proxies = TrustedProxies::new(vec![
            parse("10.0.0.0/8").unwrap(),
            parse("::1").unwrap(),
            parse("fd00::1").unwrap(),
        ]);
        proxies.client_address(peer.parse().unwrap(), headers.iter().copied()).to_string()
    }

    #[test]
    fn a_stranger_cannot_name_an_address() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_counts() {
        assert_eq!(client("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.1.2.3", &["198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["192.0.2.66, 198.51.100.1", "10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("::1", &["[2001:db8::7]"]), "2001:db8::7");
    }

    #[test]
    fn text_that_is_no_address_ends_the_walk() {
        assert_eq!(client("10.1.2.3", &["198.51.100.1, unknown, 10.9.9.9"]), "10.9.9.9");
        assert_eq!(client("10.1.2.3", &[""]), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn networks_are_read_strictly() {
        assert_eq!(parse("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(parse("192.0.2.1").unwrap().to_string(), "192.0.2.1/32");
        for wrong in ["", "10.0.0.0/33", "10.0.0", "everyone", "10.0.0.0/8 "] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }
}
