//! Where a request comes from and whether the caller's end of it is encrypted, also behind a proxy.

use crate::config::Site;
use std::net::IpAddr;
use warp::http::{HeaderMap, header};

/// What is known of the caller's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Front {
    /// The address.
    pub address: Option<IpAddr>,
    /// Whether a browser there keeps a cookie marked `Secure`: over HTTPS, and on its own machine.
    pub secure: bool,
}

impl Front {
    /// Takes a proxy's word only when the connection comes from this machine or from a proxy that was named: anybody
    /// else may write what they like. Of the addresses that proxies added, the last that is not a proxy's is the
    /// caller's.
    #[must_use]
    pub fn of(site: &Site, peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let trusted = |address: &IpAddr| address.is_loopback() || site.trusted_proxies.contains(address);
        let proxied = peer.as_ref().is_some_and(trusted);
        let mut address = peer;
        if proxied {
            let values = headers.get_all("x-forwarded-for").iter();
            let hops: Vec<&str> =
                values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
            for hop in hops.iter().rev() {
                let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
                address = Some(hop.to_canonical());
                if !trusted(&hop.to_canonical()) {
                    break;
                }
            }
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let https = site.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
            || (proxied
                && text("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https")));
        Self { address, secure: https || text(header::HOST.as_str()).is_some_and(is_own_machine) }
    }
}

/// Whether a host is the browser's own machine, which browsers treat as encrypted.
fn is_own_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.unwrap_or_default();
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    fn front(peer: &str, pairs: &[(&'static str, &'static str)]) -> (String, bool) {
        let site = Site { trusted_proxies: vec!["10.0.0.1".parse().unwrap()], ..Site::default() };
        let mut headers = HeaderMap::new();
        pairs.iter().for_each(|(name, value)| {
            headers.append(*name, HeaderValue::from_static(value));
        });
        let front = Front::of(&site, peer.parse().ok(), &headers);
        (front.address.map(|address| address.to_string()).unwrap_or_default(), front.secure)
    }

    #[test]
    fn only_a_known_proxy_is_believed() {
        let said = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        assert_eq!(front("10.0.0.1", &said), ("203.0.113.9".into(), true));
        assert_eq!(front("127.0.0.1", &said), ("203.0.113.9".into(), true));
        assert_eq!(front("10.0.0.2", &said), ("10.0.0.2".into(), false));
    }

    #[test]
    fn the_last_hop_that_is_no_proxy_is_the_caller() {
        let of = |value| front("127.0.0.1", &[("x-forwarded-for", value)]).0;
        assert_eq!(of("1.1.1.1, 203.0.113.9, 10.0.0.1"), "203.0.113.9", "what stands before may be invented");
        assert_eq!(of("10.0.0.1"), "10.0.0.1");
        assert_eq!(of("203.0.113.9, nonsense"), "127.0.0.1");
        assert_eq!(of(""), "127.0.0.1");
        let two = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(front("127.0.0.1", &two).0, "203.0.113.9");
    }

    #[test]
    fn a_browser_trusts_its_own_machine() {
        for own in ["127.0.0.1:8124", "localhost", "localhost:1", "[::1]:8124", "127.9.9.9"] {
            assert!(is_own_machine(own), "{own}");
        }
        for other in ["10.0.0.1:8124", "localhost.example", "127.0.0.1.example", "", "pufa"] {
            assert!(!is_own_machine(other), "{other}");
        }
    }
}
